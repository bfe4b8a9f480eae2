"""The rooms of `lessons_lib`, and who imports whom: read from the code, and drawn.

    python tools/pages/house.py docs/house.svg

The same reading is what `tests/repository/test_house.py` holds the rules against.
"""

import ast
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "lessons_lib"

# From the ground up. A room may import what stands on a lower floor, and nothing else.
FLOORS = [
    ["basics"],
    ["images", "tables", "texts", "digits"],
    ["baselines"],
    ["network"],
    ["cam", "grad_cam", "lime", "integrated_gradients", "transformers", "models"],
    ["score_cam", "shapley"],
    ["maps"],
    ["methods"],
    ["judging"],
    ["plotting", "exercises"],
    ["report"],
    ["environment", "__main__"],
]
SAYS = {
    "basics": "checks, files, progress",
    "images": "photographs",
    "tables": "tables",
    "texts": "texts",
    "digits": "digits whose place is known",
    "baselines": "what hidden pixels show",
    "network": "any network, one door",
    "models": "the course's networks",
    "cam": "lesson 01",
    "grad_cam": "lesson 02",
    "score_cam": "lesson 03",
    "lime": "lesson 04",
    "shapley": "lesson 05",
    "integrated_gradients": "lesson 06",
    "transformers": "lesson 12",
    "maps": "the family, gradients, regions",
    "methods": "all methods, one call",
    "judging": "lessons 07 and 08",
    "plotting": "figures",
    "exercises": "answers that are judged",
    "report": "your network, your picture",
    "environment": "versions, self-test",
    "__main__": "the shell",
}


def module_name(path: Path, root: Path = ROOT) -> str:
    """``lessons_lib/lime/_fit.py`` is ``lessons_lib.lime._fit``; a package is its folder's name."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, root: Path = ROOT) -> set[str]:
    """Full names of all that one file imports from the package, in functions too.

    ``from lessons_lib.lime import kernel`` gives ``lessons_lib.lime.kernel``, whatever kernel is;
    relative imports are made absolute.
    """
    name = module_name(path, root)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, node.module or ""] if node.level else [node.module or ""])
            found |= {f"{base.strip('.')}.{alias.name}" for alias in node.names}
    return {full for full in found if full.split(".")[0] == PACKAGE}


def files(root: Path = ROOT) -> list[Path]:
    """The package's own files."""
    return sorted((root / PACKAGE).rglob("*.py"))


def module_arrows(root: Path = ROOT) -> dict[str, set[str]]:
    """Which module imports which, both by their full names."""
    modules = {module_name(path, root) for path in files(root)}
    arrows: dict[str, set[str]] = defaultdict(set)
    for path in files(root):
        for full in imported(path, root):
            target = full if full in modules else full.rpartition(".")[0]
            if target in modules - {PACKAGE, module_name(path, root)}:
                arrows[module_name(path, root)].add(target)
    return arrows


def room(module: str) -> str:
    """``lessons_lib.lime._fit`` stands in the room ``lime``."""
    return [*module.split("."), ""][1]


def room_arrows(root: Path = ROOT) -> dict[str, set[str]]:
    """Which room imports which."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, targets in module_arrows(root).items():
        arrows[room(module)] |= {room(target) for target in targets} - {room(module)}
    return {name: targets for name, targets in arrows.items() if name}


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """Names that import each other in a circle; none if there is no circle."""
    open_: list[str] = []
    done: set[str] = set()

    def visit(name: str) -> list[str]:
        if name in open_:
            return [*open_[open_.index(name) :], name]
        if name in done:
            return []
        open_.append(name)
        for target in sorted(arrows.get(name, ())):
            if found := visit(target):
                return found
        done.add(open_.pop())
        return []

    for name in sorted(arrows):
        if found := visit(name):
            return found
    return []


def drawing() -> str:
    """The house as SVG: a row for each floor, the ground below, an arrow for each import.

    An arrow that shorter ones make up is left out, as far as the picture goes.
    """
    arrows = room_arrows()
    wide, high, gap, margin = 194, 46, 56, 14
    width = 1060
    place = {}
    for level, names in enumerate(reversed(FLOORS)):
        for i, name in enumerate(names):
            x = width * (i + 1) / (len(names) + 1) - wide / 2
            place[name] = (x, margin + level * (high + gap))
    height = 2 * margin + len(FLOORS) * high + (len(FLOORS) - 1) * gap

    def reach(name: str) -> set[str]:
        return set().union(*(arrows.get(t, set()) | reach(t) for t in arrows.get(name, ())), set())

    lines, boxes = [], []
    for name, targets in sorted(arrows.items()):
        for target in sorted(targets - reach(name)):
            (x1, y1), (x2, y2) = place[name], place[target]
            x1, x2, y1 = x1 + wide / 2, x2 + wide / 2, y1 + high
            bend = (y2 - y1) / 2
            curve = f"C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2 - 3}"
            lines.append(f'<path d="M{x1:.0f} {y1} {curve}"/>')
    for name, (x, y) in place.items():
        middle = x + wide / 2
        boxes.append(
            f'<rect x="{x:.0f}" y="{y}" width="{wide}" height="{high}" rx="6"/>'
            f'<text x="{middle:.0f}" y="{y + 19}" class="name">{name}</text>'
            f'<text x="{middle:.0f}" y="{y + 36}">{SAYS[name]}</text>'
        )
    style = (
        "svg{background:#fff}rect{fill:#f3f6fa;stroke:#345;stroke-width:1.2}"
        "path{fill:none;stroke:#789;stroke-width:1.3;marker-end:url(#head)}"
        "text{font:12px sans-serif;fill:#234;text-anchor:middle}"
        ".name{font-weight:bold;font-size:14px}"
    )
    head = (
        '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#789;stroke:none"/></marker>'
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>The rooms of lessons_lib; each arrow points to what a room imports</title>",
            f"<style>{style}</style><defs>{head}</defs>",
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawing(), encoding="utf-8", newline="\n")

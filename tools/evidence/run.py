"""Compute the tables that lessons show because they take minutes: many seeds, many photographs.

    python tools/evidence/run.py sanity            # writes data/evidence/sanity.json
    python tools/evidence/run.py                   # all of them
    python tools/evidence/run.py --compare         # computes anew, and compares with what is stored
    python tools/evidence/run.py --confirm         # the same; what does not differ has today's code

Each table has a script beside this file. Its function ``rows()`` gives dictionaries of one set of
names, of numbers and words, the seeds among them. ``TOLERANCE`` says by how much a number may
differ when it is computed on another machine; without it, by 0.02. Where networks are trained, and
single rows differ more than that, ``steady(rows)`` gives what is compared in their place: means.

A stored table holds the hash of the code that it came from: the script, and each module of
`lessons_lib` that it needs, near or far. Comments, docstrings and empty lines do not count.
``tests/repository/test_evidence.py`` fails where the code has changed since.
"""

import argparse
import ast
import hashlib
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tools.pages import house

ROOT = Path(__file__).resolve().parents[2]
TABLES = Path("data", "evidence")
DIGITS = 4
TOLERANCE = 0.02

Row = dict[str, Any]


def names() -> list[str]:
    """The tables there are scripts for."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem != "run")


def code(name: str, root: Path = ROOT) -> str:
    """SHA-256 of the script and of all modules that it needs, as hexadecimal digits."""
    script = root / "tools" / "evidence" / f"{name}.py"
    modules = {house.module_name(path, root): path for path in house.files(root)}
    arrows = house.module_arrows(root)
    needed: set[str] = set()
    ahead = {f if f in modules else f.rpartition(".")[0] for f in house.imported(script, root)}
    while ahead:
        module = ahead.pop()
        needed.add(module)
        ahead |= arrows.get(module, set()) - needed
    digest = hashlib.sha256()
    for path in [script, *(modules[module] for module in sorted(needed))]:
        digest.update(bare(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def bare(source: str) -> str:
    """Source without its docstrings, its lines of comment, and its empty lines.

    >>> bare('"What it is."\\n\\n# Why.\\nx = 1\\n')
    'x = 1'
    """
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [line for n, line in enumerate(source.splitlines(), 1) if n not in left_out]
    return "\n".join(s for s in lines if s.strip() and not s.strip().startswith("#"))


def rows(name: str) -> list[Row]:
    """Compute a table; its numbers are rounded, so that a stored one is what was computed."""
    script = importlib.import_module(f"tools.evidence.{name}")
    table = []
    for row in script.rows():
        table.append({k: round(v, DIGITS) if isinstance(v, float) else v for k, v in row.items()})
        print(name, *table[-1].values(), flush=True)
    return table


def write(name: str, table: Sequence[Row], root: Path = ROOT) -> None:
    """Store a table, a row to a line."""
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in table)
    text = f'{{"code": "{code(name, root)}",\n "rows": [\n  {lines}\n]}}\n'
    (root / TABLES).mkdir(parents=True, exist_ok=True)
    (root / TABLES / f"{name}.json").write_text(text, encoding="utf-8")


def stored(name: str, root: Path = ROOT) -> dict[str, Any]:
    """A stored table: its ``code``, and its ``rows``."""
    found: dict[str, Any] = json.loads((root / TABLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def differences(old: Sequence[Row], new: Sequence[Row], tolerance: float) -> list[str]:
    """Where two tables differ: words at all, numbers by more than the tolerance.

    >>> differences([{"seed": 1, "r": 0.5}], [{"seed": 1, "r": 0.58}], 0.05)
    ['row 0, r: 0.5 was stored, 0.58 is found']
    """
    if [list(row) for row in old] != [list(row) for row in new]:
        return [f"{len(old)} rows were stored, {len(new)} are found, or their names differ"]
    return [
        f"row {i}, {key}: {a[key]} was stored, {b[key]} is found"
        for i, (a, b) in enumerate(zip(old, new, strict=True))
        for key in a
        if (
            abs(a[key] - b[key]) > tolerance
            if isinstance(a[key], int | float) and isinstance(b[key], int | float)
            else a[key] != b[key]
        )
    ]


def main() -> None:
    """Compute; store or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", nargs="*", help=f"default: all of {', '.join(names())}")
    parser.add_argument("--compare", action="store_true", help="store nothing; fail if they differ")
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="compare; where nothing differs, say so of today's code",
    )
    arguments = parser.parse_args()
    unknown = set(arguments.name) - set(names())
    if unknown:
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    faults = []
    for name in arguments.name or names():
        table = rows(name)
        if not (arguments.compare or arguments.confirm):
            write(name, table)
            continue
        script = importlib.import_module(f"tools.evidence.{name}")
        tolerance, steady = getattr(script, "TOLERANCE", TOLERANCE), getattr(script, "steady", list)
        known = stored(name)["rows"]
        found = differences(steady(known), steady(table), tolerance)
        faults += [f"{name}: {d}" for d in found]
        if arguments.confirm and not found:
            write(name, known)
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()

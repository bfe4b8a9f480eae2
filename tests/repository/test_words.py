"""One word, one thing: the public names against the table in docs/architecture.md."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOM = ROOT / "lessons_lib"
TABLE = (ROOT / "docs/architecture.md").read_text().split("## One word, one thing")[1]
ROWS = [row.split("|")[1:4] for row in TABLE.split("##")[0].splitlines() if row.startswith("| `")]


def public(name: str) -> bool:
    return not name.startswith("_")


def definitions(tree: ast.Module) -> list[str]:
    """Public functions, classes and constants that a module defines."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return [name for name in names if public(name)]


def parameters(tree: ast.Module) -> set[str]:
    """Parameters of public functions, of public methods, and of what makes a class."""
    return {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (public(node.name) or node.name == "__init__")
        for argument in [*node.args.args, *node.args.kwonlyargs]
    }


TREES = {path: ast.parse(path.read_text()) for path in sorted(ROOM.rglob("*.py"))}
DEFINED = defaultdict[str, list[str]](list)
for path, tree in TREES.items():
    if path.name != "__main__.py":
        for name in definitions(tree):
            DEFINED[name].append(str(path.relative_to(ROOM)))
NAMES = set(DEFINED).union(*map(parameters, TREES.values()))


def twice(defined: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in defined.items() if len(places) > 1}


def test_no_public_name_means_two_things() -> None:
    assert not twice(DEFINED)
    assert twice({"alpha": ["grad_cam.py", "score_cam.py"]})  # the control


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_a_thing_has_the_word_of_the_table(row: list[str]) -> None:
    words, _, others = (set(re.findall(r"`([^`]+)`", cell)) for cell in row)
    assert words <= NAMES, f"{words - NAMES} is the name of nothing"
    assert not others & NAMES, f"{others & NAMES}: say {words}"


def test_the_table_is_read() -> None:
    assert len(ROWS) > 10
    assert {"target", "baseline", "samples"} <= NAMES

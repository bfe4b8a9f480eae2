"""The rules of the house: arrows go down, without a circle, and nobody reaches into a room."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.pages import house

ROOT = Path(__file__).resolve().parents[2]


def rises(arrows: dict[str, set[str]]) -> list[str]:
    """Imports that do not go to a lower floor."""
    floor = {name: level for level, names in enumerate(house.FLOORS) for name in names}
    return [
        f"{name} -> {target}"
        for name, targets in arrows.items()
        for target in targets
        if floor[target] >= floor[name]
    ]


def reaches_in(root: Path) -> list[str]:
    """Imports, from outside a room, of what its name marks as the room's own: ``_like_this``."""
    return [
        f"{house.module_name(path, root)} -> {full}"
        for path in house.files(root)
        for full in house.imported(path, root)
        if house.room(full) != house.room(house.module_name(path, root))
        and any(part.startswith("_") and part != "__version__" for part in full.split("."))
    ]


def test_every_room_has_its_floor() -> None:
    rooms = {house.room(house.module_name(path)) for path in house.files()} - {""}
    assert rooms == {name for names in house.FLOORS for name in names}


def test_arrows_go_down() -> None:
    assert not rises(house.room_arrows())


def test_there_is_no_circle_of_modules() -> None:
    assert not house.circle(house.module_arrows())


def test_nobody_reaches_into_another_room() -> None:
    assert not reaches_in(ROOT)


def test_the_drawing_is_of_today() -> None:
    drawn = (ROOT / "docs" / "house.svg").read_text(encoding="utf-8")
    assert drawn == house.drawing(), "run: python tools/pages/house.py docs/house.svg"


@pytest.mark.parametrize(
    "imports",
    ["from lessons_lib.lime import kernel", "from ..lime import kernel", "import lessons_lib.lime"],
)
def test_a_room_that_imports_from_above_is_seen(tmp_path: Path, imports: str) -> None:
    small_house(tmp_path, {"basics/checks.py": f"def f():\n    {imports}"})
    assert rises(house.room_arrows(tmp_path)) == ["basics -> lime"]


def test_a_circle_inside_a_room_is_seen(tmp_path: Path) -> None:
    one, other = "from . import _other", "from lessons_lib.lime._one import x"
    small_house(tmp_path, {"lime/_one.py": one, "lime/_other.py": other})
    assert set(house.circle(house.module_arrows(tmp_path))) == {
        "lessons_lib.lime._one",
        "lessons_lib.lime._other",
    }


@pytest.mark.parametrize(
    "imports",
    ["from lessons_lib.lime._fit import fit", "from lessons_lib.lime import _fit",
     "from lessons_lib.cam import _check"],
)  # fmt: skip
def test_a_hand_in_another_room_is_seen(tmp_path: Path, imports: str) -> None:
    small_house(tmp_path, {"methods.py": imports, "lime/_fit.py": "", "cam.py": ""})
    assert len(reaches_in(tmp_path)) == 1


def test_what_needs_no_network_loads_little() -> None:
    """Each of these takes longer to load than all that is ours; `__main__` has to show `--help`."""
    rooms = ["__main__", "tables", "texts", "shapley", "lime", "plotting", "network.black_box"]
    loaded = loaded_with(*rooms)
    assert not {room for room in rooms if loaded[room] & {"tensorflow", "keras"}}
    assert not loaded["lime"] & {"numba", "matplotlib", "IPython"}
    assert "sklearn" not in loaded["texts"]


def test_only_figures_know_the_notebook() -> None:
    """TensorFlow may load IPython by itself; of our own, `plotting` and the explorer do."""
    line = re.compile(r"^\s*(?:import|from) (?:IPython|ipywidgets)\b", re.M)
    users = {path for path in house.files() if line.search(path.read_text(encoding="utf-8"))}
    explorer = house.ROOT / "lessons_lib" / "report" / "_explorer.py"  # its widgets call explain
    assert {house.room(house.module_name(path)) for path in users - {explorer}} == {"plotting"}


def loaded_with(*rooms: str) -> dict[str, set[str]]:
    """What a fresh Python has loaded after each of the rooms, which it imports in this order."""
    code = "import sys" + "".join(f"\nimport lessons_lib.{r}; print(*sys.modules)" for r in rooms)
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return {r: set(line.split()) for r, line in zip(rooms, run.stdout.splitlines(), strict=True)}


def small_house(folder: Path, files: dict[str, str]) -> None:
    """A package of a few files, each with its folder's `__init__`."""
    for name, code in {"lime/__init__.py": "", "basics/__init__.py": "", **files}.items():
        path = folder / "lessons_lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)

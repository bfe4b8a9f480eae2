"""The stored tables of `tools/evidence`: each has its script, and the code that it came from."""

import contextlib
import doctest
import json
from pathlib import Path

import pytest

from tools.evidence import labels, run


def test_each_table_has_a_script_and_each_script_a_table() -> None:
    assert sorted(path.stem for path in (run.ROOT / run.TABLES).glob("*")) == run.names()


@pytest.mark.parametrize("name", run.names())
def test_the_code_has_not_changed_since_the_table_was_computed(name: str) -> None:
    assert run.stored(name)["code"] == run.code(name), f"run: python tools/evidence/run.py {name}"


@pytest.mark.parametrize("name", run.names())
def test_a_table_is_small_and_each_row_has_the_same_finite_entries(name: str) -> None:
    rows = run.stored(name)["rows"]
    assert 0 < len(rows) <= 400
    assert all(list(row) == list(rows[0]) for row in rows)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_the_examples_are_right() -> None:
    assert doctest.testmod(run) == (0, 2)


COURSE = {
    "lessons_lib/__init__.py": "",
    "lessons_lib/near.py": 'import lessons_lib.far\n\ndef f():\n    """Says."""\n    return 1\n',
    "lessons_lib/far.py": "X = 1\n",
    "lessons_lib/other.py": "X = 1\n",
    "tools/evidence/script.py": "from lessons_lib.near import f\n",
}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A package of three modules, and a script that needs two of them, one by way of the other."""
    for name, text in COURSE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "moves"),
    [
        ("tools/evidence/script.py", "f\n", "f as g\n", True),
        ("lessons_lib/near.py", "return 1", "return 2", True),
        ("lessons_lib/far.py", "1", "2", True),
        ("lessons_lib/near.py", "Says.", "Says more.", False),
        ("lessons_lib/far.py", "X", "# A line of comment.\n\nX", False),
        ("lessons_lib/other.py", "1", "2", False),
    ],
)
def test_the_hash_moves_with_the_code_that_is_needed(
    course: Path, file: str, old: str, new: str, moves: bool
) -> None:
    before = run.code("script", course)
    path = course / file
    path.write_text(path.read_text().replace(old, new))
    assert (run.code("script", course) != before) == moves


def test_a_signature_without_a_body_counts() -> None:
    assert run.bare("def f(x: int) -> int: ...\n") == "def f(x: int) -> int: ..."


def test_what_is_stored_is_read_back_and_differences_are_told(course: Path) -> None:
    rows = [{"name": "ä", "seed": 0, "r": 0.5}, {"name": "b", "seed": 1, "r": -0.25}]
    run.write("script", rows, course)
    assert run.stored("script", course) == {"code": run.code("script", course), "rows": rows}
    assert run.differences(rows, rows, 0) == []
    assert run.differences(rows, [rows[0], rows[1] | {"r": -0.2}], 0.06) == []
    assert len(run.differences(rows, [rows[0], rows[1] | {"r": -0.2}], 0.04)) == 1
    assert len(run.differences(rows, [rows[0] | {"name": "a"}, rows[1]], 9)) == 1
    assert run.differences(rows, rows[:1], 9) == [
        "2 rows were stored, 1 are found, or their names differ"
    ]


@pytest.mark.parametrize(("found", "stamped"), [(0.51, True), (0.53, False)])
def test_a_table_is_confirmed_only_where_nothing_differs(monkeypatch, found, stamped) -> None:
    """What is stored stays as it is, so that the lessons' numbers stay; only the hash may move."""
    written: list[list[run.Row]] = []
    monkeypatch.setattr(run, "rows", lambda name: [{"r": found}])
    monkeypatch.setattr(run, "stored", lambda name: {"code": "", "rows": [{"r": 0.5}]})
    monkeypatch.setattr(run, "write", lambda name, table: written.append(table))
    monkeypatch.setattr("sys.argv", ["run.py", "grid", "--confirm"])
    refused = pytest.raises(SystemExit, match=r"0\.53 is found")
    with contextlib.nullcontext() if stamped else refused:
        run.main()
    assert written == [[{"r": 0.5}]] * stamped


def test_of_trained_networks_the_means_over_seeds_are_compared() -> None:
    """Pairs may change places; a kind of pair may not agree more than it did."""
    rows = run.stored("labels")["rows"]
    turned = [
        {**row, "Grad-CAM": other["Grad-CAM"]} for row, other in zip(rows, rows[::-1], strict=True)
    ]
    kinds = [[r["Grad-CAM"] for r in rows if r["other"] == kind] for kind in ("right", "random")]
    within = [
        {**row, "Grad-CAM": kinds[row["other"] == "random"][::-1][i % 10]}
        for i, row in enumerate(rows[:10])
    ] + rows[10:]
    old = labels.steady(rows)
    assert run.differences(rows, within, labels.TOLERANCE)
    assert run.differences(old, labels.steady(within), 1e-9) == []
    assert len(run.differences(old, labels.steady(turned), labels.TOLERANCE)) == 2
    assert old[0]["Grad-CAM"] - old[1]["Grad-CAM"] > 5 * labels.TOLERANCE

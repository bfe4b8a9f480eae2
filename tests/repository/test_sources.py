"""docs/sources.md: what it says is where it says, and is tested."""

import json
import re
from pathlib import Path

import pytest

from tests.claims import MARK

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"^\| (?P<what>.+) \| \[(?P<number>\d\d)\]\((?P<path>[^)]+)\) \| (?P<heading>.+) \| "
    r"(?P<tests>`[\w.]+`(?:, `[\w.]+`)*) \|$"
)
PAGE = (ROOT / "docs" / "sources.md").read_text("utf-8")
TABLED = [line for line in PAGE.splitlines() if line.startswith("| ")]
ROWS = [found.groupdict() for line in TABLED if (found := ROW.match(line))]
FUNCTIONS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)
}


def sections(notebook: Path) -> dict[str, str]:
    """Markdown under each heading of a lesson, up to the next."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    parts = re.split(r"^#{1,4} (.+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fault(row: dict[str, str]) -> str:
    """What is wrong with a row of the page: nothing, if all that it names is there."""
    lesson = (ROOT / "docs" / row["path"]).resolve()
    if not lesson.is_file() or not lesson.name.startswith(row["number"] + "_"):
        return f"{row['path']} is not lesson {row['number']}"
    under = sections(lesson)
    if row["heading"] not in under:
        return f"{lesson.stem} has no heading {row['heading']!r}"
    claims = {identifier for identifier, _ in MARK.findall(under[row["heading"]])}
    for test in re.findall(r"`([\w.]+)`", row["tests"]):
        if test.startswith("test_"):
            if test not in FUNCTIONS:
                return f"no test is called {test}"
        elif test not in claims:
            return f"{test} does not stand under {row['heading']!r}"
    return ""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['number']}: {row['what'][:40]}")
def test_what_the_page_names_is_there(row: dict[str, str]) -> None:
    assert fault(row) == ""


def test_every_line_of_the_tables_is_read() -> None:
    headers = PAGE.count("| what the source has | lesson | heading | test |")
    assert headers == PAGE.count("\n## ") == 5
    assert len(ROWS) == len(TABLED) - headers


def test_the_page_names_each_part_of_lesson_13_that_measures() -> None:
    """The lesson links to the page, and the page names each part of the lesson."""
    lesson = ROOT / "notebooks" / "13_sources.ipynb"
    named = {row["heading"] for row in ROWS if row["number"] == "13"}
    assert "(../docs/sources.md)" in lesson.read_text("utf-8")
    assert named == {heading for heading, text in sections(lesson).items() if MARK.search(text)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "03"}, "is not lesson 03"),
        ({"path": "../notebooks/02_gone.ipynb"}, "02_gone.ipynb is not lesson 02"),
        ({"heading": "A slope for each"}, "has no heading 'A slope for each'"),
        ({"tests": "`test_of_nothing`"}, "no test is called test_of_nothing"),
        ({"tests": "`02.same_block`"}, "does not stand under 'A slope for each channel'"),
    ],
)
def test_a_row_that_names_what_is_not_there_is_found(change: dict[str, str], message: str) -> None:
    row = next(row for row in ROWS if row["heading"] == "A slope for each channel")
    assert fault(row) == ""
    assert message in fault(row | change)

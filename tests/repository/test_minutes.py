"""The course's rule of minutes, and the lessons that are held to it."""

import doctest
from pathlib import Path

import nbformat
import pytest

from tools.pages import lesson_minutes, run_lessons

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
held = pytest.mark.parametrize("lesson", lesson_minutes.HELD)


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    """A lesson in which each kind of thing stands once that counts, and once that does not."""
    v4 = nbformat.v4
    picture = v4.new_output("display_data", {"image/jpeg": "", "text/plain": ""})
    drawing = v4.new_output("display_data", {"image/svg+xml": "", "text/markdown": ""})
    cells = [
        v4.new_markdown_cell(
            "[![Badge with words](a.svg)](b.ipynb)\n\n# Lesson 99\n\n"
            "| Time | about 7 minutes to read and try; ages to run |\n\n"
            "Five words <!--claim:99.x-->with $x = 1$ here.\n"
        ),
        v4.new_code_cell("import set_up\nset_up.all()", metadata={"tags": ["setup"]}),
        v4.new_code_cell("# no\n\nx = 1\nshow(x, alt=(\n    'a'\n    'b'))", outputs=[picture]),
        v4.new_code_cell("show(\n    y,\n    alt='c',\n)", outputs=[drawing]),
        v4.new_markdown_cell("Two words\n\n## Exercises\n\nRead.\n\n**Exercise 1.** Do this."),
        v4.new_code_cell("answer = ...\ncheck(answer)"),
        v4.new_markdown_cell(
            "<details>An answer</details>\n\n## Drills\n\n**1.** Why?\n\n**2.** So?"
        ),
        v4.new_markdown_cell("<details>Because</details>\n\n## The end\n\nGood bye"),
    ]
    return v4.new_notebook(cells=cells)


def test_each_thing_is_counted_once(notebook: nbformat.NotebookNode) -> None:
    lesson = lesson_minutes.content(notebook)
    top = "Lesson 99 Time about 7 minutes to read and try; ages to run"
    text = f"{top} Five words with x here. Two words The end Good bye"
    assert lesson.words == len(text.split())
    assert lesson.lines == 2 + 3
    assert lesson[2:] == (2, 1, 2)


def test_the_examples_of_the_rule_are_right() -> None:
    assert doctest.testmod(lesson_minutes) == (0, 5)


@pytest.mark.parametrize(
    ("more", "minutes"),
    [
        ({}, 85),
        ({"words": 450}, 90),
        ({"lines": 25}, 90),
        ({"pictures": 7}, 90),
        ({"exercises": 1}, 90),
        ({"drills": 5}, 90),
    ],
)
def test_the_rule(more: dict, minutes: int) -> None:
    usual = {"words": 2700, "lines": 110, "pictures": 10, "exercises": 3, "drills": 4}
    counted = {name: count + more.get(name, 0) for name, count in usual.items()}
    assert lesson_minutes.Content(**counted).minutes(running=30) == minutes


@held
def test_the_lesson_fits_its_bound_and_says_so(lesson: str) -> None:
    path = NOTEBOOKS / f"{lesson}.ipynb"
    found = lesson_minutes.minutes(path)
    assert found <= lesson_minutes.longest(lesson)
    said = lesson_minutes.SAID.search(path.read_text(encoding="utf-8"))
    assert said, "| Time | about N minutes to read and try; ... |"
    assert int(said[0]) == found, "run: make execute"
    assert lesson_minutes.running_seconds(path) > 0, "run: make execute"


def test_executing_a_lesson_writes_its_minutes(
    notebook: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "99_end.ipynb"
    nbformat.write(notebook, path)
    run_lessons.note(path, seconds=90, gib=1)
    assert "about 7 minutes to read and try; about 2 minutes to run" in path.read_text()
    monkeypatch.setattr(lesson_minutes, "HELD", ("99_end",))
    run_lessons.note(path, seconds=90, gib=1)
    assert "about 15 minutes to read and try; about 2 minutes to run" in path.read_text()

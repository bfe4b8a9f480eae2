"""What all exercises share, and that the printed solutions pass their own checks."""

import json
import re
from pathlib import Path

import pytest

from lessons_lib import exercises

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CHECK = re.compile(r'exercises\.check\("([\d.]+)"')


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def solutions() -> list:
    found = []
    for path in NOTEBOOKS:
        for cell in cells(path):
            for folded in re.findall(r"<details>.*?</details>", "".join(cell["source"]), re.S):
                for code in re.findall(r"```python\n(.*?)```", folded, re.S):
                    if CHECK.search(code):
                        found.append(pytest.param(code, id=CHECK.search(code).group(1)))
    return found


def test_each_exercise_of_a_lesson_has_a_checker_a_question_and_a_solution() -> None:
    asked = [
        number
        for path in NOTEBOOKS
        for cell in cells(path)
        if cell["cell_type"] == "code"
        for number in CHECK.findall("".join(cell["source"]))
    ]
    solved = [parameter.id for parameter in solutions()]
    assert sorted(asked) == sorted(solved) == exercises.exercises()


@pytest.mark.parametrize("code", solutions())
def test_the_printed_solution_passes(code: str, shared_networks) -> None:
    """Each runs by itself: a reader may have come straight to it."""
    *before, last = code.strip().splitlines()
    assert CHECK.match(last), "a solution ends by checking itself"
    namespace: dict = {}
    exec("\n".join(before), namespace)
    feedback = eval(last, namespace)
    assert feedback.passed, feedback


@pytest.mark.parametrize("number", exercises.exercises())
def test_no_answer_and_nonsense_get_an_answer_of_their_own(number: str) -> None:
    assert "not answered yet" in repr(exercises.check(number, ...))
    for nonsense in ("nonsense", -12345.6, object(), [], {"a": 1}):
        feedback = exercises.check(number, nonsense)
        assert not feedback.passed
        assert len(feedback.message) > 20


def test_an_unknown_exercise_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no exercise '99\.1'; there are \['00\.1'"):
        exercises.check("99.1", 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("cheetah", "right."),
        ("Cheetah", "right."),
        ("giraffe", "What does the network say?"),
        ("cheetah (class 293)", "the label alone"),
        ("lion", "Not 'lion'"),
        (293, "quotation marks"),
    ],
)
def test_the_first_exercise(answer: object, message: str) -> None:
    feedback = exercises.check("00.1", answer)
    assert message in feedback.message
    assert feedback.passed == (message == "right.")

"""Each wrong answer of the tables is refused, and each form of a right one is taken."""

import importlib
from functools import partial
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

from lessons_lib import exercises

LESSONS = sorted(p.stem for p in (Path(__file__).parent / "answers").glob("[a-z]*.py"))


def table(name: str) -> list:
    """For each exercise its answers, by what they are called."""
    return [
        pytest.param(number, answers, id=number)
        for lesson in LESSONS
        for number, answers in getattr(
            importlib.import_module(f"tests.exercises.answers.{lesson}"), name
        ).items()
    ]


@pytest.mark.parametrize(("number", "answers"), table("RIGHT"))
def test_a_right_answer_is_taken_in_every_form(number: str, answers: dict[str, object]) -> None:
    found = {name: exercises.judge(number, answer) for name, answer in answers.items()}
    assert not {name: feedback for name, feedback in found.items() if not feedback.passed}


@pytest.mark.parametrize(("number", "answers"), table("WRONG"))
def test_a_wrong_answer_is_refused_with_a_hint(number: str, answers: dict[str, object]) -> None:
    found = {name: exercises.judge(number, answer) for name, answer in answers.items()}
    assert not {name: feedback for name, feedback in found.items() if feedback.passed}
    assert not {name for name, feedback in found.items() if len(feedback.message) <= 20}


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_exercise_of_the_lesson_stands_in_both_tables(lesson: str) -> None:
    module = importlib.import_module(f"tests.exercises.answers.{lesson}")
    name = lesson.replace("_", " ")
    of_lesson = {n for n in exercises.exercises() if exercises.lesson(n) == name}
    assert of_lesson == set(module.RIGHT) == set(module.WRONG)
    assert all(len(named) >= 11 for named in module.WRONG.values())


@pytest.mark.parametrize(
    ("number", "right"), [("01.1", [[1, -1, 0], [-4, 0, -2]]), ("02.1", [[1, 0], [0, 0.5]])]
)
def test_a_map_by_hand_with_one_value_changed_is_refused(number: str, right: list) -> None:
    for place, change in product(np.ndindex(np.shape(right)), [-1, -0.5, -0.01, 0.01, 0.5, 1]):
        wrong = np.array(right, float)
        wrong[place] += change
        assert not exercises.judge(number, wrong).passed


def test_a_sum_over_other_axes_is_refused() -> None:
    """Of all ways to write exercise 01.2 as an einsum, the right one passes, by any letters."""
    passed = set()
    axes, rows, outs = permutations("nkxy"), ["nk", "kn", "xk", "yk"], permutations("nxy")
    for one, two, out in product(map("".join, axes), rows, map("".join, outs)):
        formula = f"{one},{two}->{out}"
        answer = partial(_weighted, formula)
        if exercises.judge("01.2", answer).passed:
            passed.add(formula.translate(str.maketrans(one, "nkxy")))
    assert passed == {"nkxy,nk->nxy"}


def _weighted(formula: str, A: np.ndarray, w: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.einsum(formula, A, w[c])


def test_a_weight_by_hand_that_is_changed_is_refused() -> None:
    right = np.exp([2, 0, 0]) / np.exp([2, 0, 0]).sum()
    for place, factor in product(range(3), [0, 0.5, 0.9, 0.97, 1.03, 1.1, 2, -1]):
        wrong = right.copy()
        wrong[place] *= factor
        told = np.abs(wrong - right).max() > 0.01 * right.max()
        assert exercises.judge("03.1", wrong).passed != told
        assert exercises.judge("03.1", 100 * wrong).passed != told


def test_a_pair_by_hand_that_is_changed_is_refused() -> None:
    for place, change in product(range(2), [-16, -4, -1, -0.01, 0.01, 0.5, 1, 12]):
        wrong = [4.0, 16.0]
        wrong[place] += change
        assert not exercises.judge("05.1", wrong).passed
        assert not exercises.judge("05.1", {"x_1": wrong[0], "x_2": wrong[1]}).passed


def test_a_line_by_hand_with_one_number_changed_is_refused() -> None:
    for place, change in product(range(3), [-0.7, -0.1, -0.01, 0.01, 0.1, 0.25]):
        wrong = np.array([-0.125, 0.7, 0.3])
        wrong[place] += change
        assert not exercises.judge("04.1", wrong).passed


def test_two_rows_of_shares_that_are_changed_are_refused() -> None:
    right = np.array([[5.4, 1.4], [4.0, 2.8]])
    for place, change in product(np.ndindex(2, 2), [-4, -1, -0.1, -0.02, 0.02, 0.1, 1, 4]):
        wrong = right.copy()
        wrong[place] += change
        assert not exercises.judge("09.1", wrong).passed
        wrong[place[0], 1 - place[1]] -= change  # the sum is right again
        assert not exercises.judge("09.1", wrong).passed

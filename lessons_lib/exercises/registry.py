"""The list of all exercises, and the judging of an answer."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lessons_lib.exercises import passed as passed_exercises

DECISIONS = 'a decision for each sentence: {"a": "yes", "b": ...}'
NO_RETURN = "Your function gives nothing back: it needs a return."


class Feedback(NamedTuple):
    """What `check` says of an answer."""

    exercise: str
    passed: bool
    message: str

    def __repr__(self) -> str:
        return f"Exercise {self.exercise} - {self.message}"


class _Exercise(NamedTuple):
    checker: Callable[[Any], str | None]
    expects: str
    praise: str


_EXERCISES: dict[str, _Exercise] = {}


def exercise(
    number: str, *, expects: str, praise: str
) -> Callable[[Callable[[Any], str | None]], Callable[[Any], str | None]]:
    """Register a checker: a function of the answer that gives a hint, or None if it is right.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"02.1"``.
    expects
        What kind of thing the answer is, in words; for answers that the checker cannot read.
    praise
        What to say of a right answer: why it is right, or what follows from it.
    """

    def register(checker: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        _EXERCISES[number] = _Exercise(checker, expects, praise)
        return checker

    return register


def exercises() -> list[str]:
    """The numbers of all exercises of the course, in order."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"{__package__}.{module.name}")
    return sorted(_EXERCISES)


def lesson(number: str) -> str:
    """What an exercise's lesson is called, such as ``"grad cam"``."""
    exercises()
    return _EXERCISES[number].checker.__module__.rsplit(".", 1)[-1].replace("_", " ")


def check(number: str, answer: Any) -> Feedback:
    """Look at an answer, say whether it is right or what may have gone wrong, and note a pass.

    Parameters, returns, raises: as for `judge`. What is passed is kept by
    `lessons_lib.exercises.passed`.
    """
    feedback = judge(number, answer)
    if feedback.passed:
        passed_exercises.note(number)
    return feedback


def judge(number: str, answer: Any) -> Feedback:
    """Look at an answer, and say whether it is right or what may have gone wrong.

    Parameters
    ----------
    number
        Lesson and exercise, such as ``"02.1"``.
    answer
        The reader's answer; ``...`` stands for none.

    Returns
    -------
    Feedback
        Never an exception for a wrong answer.

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists those there are.
    """
    if number not in exercises():
        raise ValueError(f"there is no exercise {number!r}; there are {exercises()}")
    if answer is ... or answer is None:
        return Feedback(
            number, False, "not answered yet: put your answer in the place of the dots."
        )
    chosen = _EXERCISES[number]
    try:
        hint = chosen.checker(answer)
    except Exception as error:  # an answer of any kind may come in; none may end in a traceback
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        hint = f"This could not be read ({reason}). Expected: {chosen.expects}."
    if hint is None:
        return Feedback(number, True, f"right. {chosen.praise}")
    return Feedback(number, False, f"not yet. {hint}")


def close(answer: Any, expected: Any, tolerance: float = 1e-4) -> bool:
    """Whether two numbers or arrays agree, up to a share of the largest expected value."""
    answer, expected = np.asarray(answer, float), np.asarray(expected, float)
    if answer.shape != expected.shape:
        return False
    return bool(np.abs(answer - expected).max() <= tolerance * np.abs(expected).max())


def flat(answer: Any, n: int) -> NDArray[np.float64]:
    """Numbers as an array of floats; n of them in one row or one column as (n,).

    Examples
    --------
    >>> flat([[1], [2]], 2)
    array([1., 2.])
    """
    numbers = np.asarray(answer, float)
    return numbers.ravel() if numbers.shape in [(1, n), (n, 1)] else numbers


def by_name(answer: Any, names: Sequence[str] = ()) -> Any:
    """Entries of a dict, a Series or a table's rows, in the order of the names they come with.

    The names are those that are given, or end in their numbers, from 0 or 1 on: ``2``, ``"x2"``,
    ``"phi_2"``. A table of one row has the names of its columns. Answers without names are given
    back as they are.

    Raises
    ------
    ValueError
        If the names are others.

    Examples
    --------
    >>> by_name({"IoU": 2, "Energy": 1}, ["energy", "iou"])
    [1, 2]
    >>> by_name({"beta_1": 0.7, "beta_0": -0.1, "beta_2": 0.3})
    [-0.1, 0.7, 0.3]
    >>> by_name([1, 2], ["energy", "iou"])
    [1, 2]
    """
    if hasattr(answer, "columns") and len(answer) == 1:
        answer = answer.iloc[0]
    if isinstance(answer, Mapping):
        found, entries = list(answer), list(answer.values())
    elif hasattr(answer, "index") and hasattr(answer, "to_numpy"):  # of pandas
        found, entries = list(answer.index), list(answer.to_numpy())
    else:
        return answer
    words, wanted = [_word(name) for name in found], [name.lower() for name in names]
    if sorted(words) == sorted(wanted):
        order = [wanted.index(word) for word in words]
    else:
        numbers = [re.search(r"\d+$", word) for word in words]
        order = [int(number[0]) if number else -1 for number in numbers]
        if sorted(order) not in ([*range(len(order))], [*range(1, len(order) + 1)]):
            raise ValueError(f"the names are {found}, not {list(names) or '1, 2, ...'}")
    return [entries[k] for k in np.argsort(order)]


def decisions(answer: Any, right: Mapping[str, str], look_again: Mapping[str, str]) -> str | None:
    """A hint on decisions about sentences, "yes", "no" or "open"; None where all are right.

    Parameters
    ----------
    answer
        A decision for each sentence: by its name, or in order.
    right, look_again
        For each sentence the right decision, and what to look at again where it is another.

    Examples
    --------
    >>> decisions({"a": "no"}, {"a": "open"}, {"a": "How many were measured?"})
    "Sentence a: not 'no'. How many were measured?"
    """
    pairs = answer.items() if hasattr(answer, "items") else zip(right, answer, strict=True)
    named = [(_word(key), _word(value)) for key, value in pairs]
    decided = dict(named)
    if sorted(key for key, _ in named) != sorted(right):
        return f"Decide {', '.join(right)}, each once; here are {sorted(key for key, _ in named)}."
    for sentence, word in right.items():
        if decided[sentence] not in ("yes", "no", "open"):
            return f"Sentence {sentence}: {decided[sentence]!r} is neither yes, no nor open."
        if decided[sentence] != word:
            return f"Sentence {sentence}: not {decided[sentence]!r}. {look_again[sentence]}"
    return None


def _word(text: Any) -> str:
    text = text.numpy() if hasattr(text, "numpy") else text  # of a tensor
    return (text.decode() if isinstance(text, bytes) else str(text)).strip().lower()

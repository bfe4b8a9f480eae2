"""Checkers for lesson 08."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.exercises.registry import (
    DECISIONS,
    NO_RETURN,
    by_name,
    close,
    decisions,
    exercise,
    flat,
)
from lessons_lib.judging.statistics import median, paired


@exercise(
    "08.1",
    expects="two numbers: p, and how many photographs",
    praise="With four photographs even the best method in the world gets no p below 2/16.",
)
def _sign_flip_by_hand(answer: Any) -> str | None:
    answer = flat(by_name(answer, ("p", "n")), 2)
    if answer.shape != (2,):
        return f"Two numbers are asked for, p and n; this has the shape {answer.shape}."
    p, n = answer
    if n in (0.375, 37.5) and p == 6:
        return "The other way round: first p, then the number of photographs."
    mistakes = {
        3 / 16: "That counts one direction. As far from zero on the other side counts too.",
        2 / 16: "That is the smallest p that four can give. Here other ways do as well: which?",
        4 / 16: "A sum that is just as far counts as well. Count those that equal 6 or -6.",
        8 / 16: "Which sums of the sizes with a minus leave at least 6? Try each of the sixteen.",
        10 / 16: "Those are the ways that do worse. p is the share that does at least as well.",
    }
    for wrong, hint in mistakes.items():
        if close(p, wrong, 0.01) or close(p, 100 * wrong, 0.01):
            return hint
    if not (close(p, 6 / 16, 0.02) or close(p, 37.5, 0.02)):
        return "p: of the sixteen ways to sign 4, 1, 2 and 3, how many are at least 6 from zero?"
    if n == 5:
        return "n: with five the smallest p is 2/32; both directions count."
    if n != 6:
        return "n: the smallest p that n photographs can give is 2 of 2 to the n."
    return None


def _scores(seed: int, n: int, lead: float, noise: float) -> tuple[Any, Any]:
    """Ours and theirs: photographs differ far more than methods; a lead below 0 is ours."""
    rng = np.random.default_rng(seed)
    hard = rng.uniform(0.1, 0.7, n)
    return (hard + lead + noise * rng.normal(size=n)).round(3), hard.round(3)


def _of_differences(*d: float) -> tuple[Any, Any]:
    """Scores whose differences are these."""
    theirs = np.linspace(0.62, 0.31, len(d)).round(3)
    return theirs + d, theirs


_CASES = {
    "ours is a little better on photographs of all kinds": _scores(1, 17, -0.03, 0.02),
    "theirs is a little better": _scores(2, 12, 0.04, 0.03),
    "there is nothing to see": _scores(3, 20, 0.0, 0.06),
    # Each of these is decided otherwise by another test, or by an interval.
    "one large difference stands against many small ones": _of_differences(
        -0.02, -0.03, -0.01, -0.04, -0.05, -0.06, -0.07, -0.08, 0.3
    ),
    "six photographs, all of one sign": _of_differences(-0.01, -0.02, -0.03, -0.05, -0.09, -0.3),
    "seven photographs, one of another sign": _of_differences(
        0.04, 0.05, 0.06, 0.07, 0.08, 0.09, -0.03
    ),
    "the t test would see a difference": _of_differences(
        0.07, 0.09, 0.07, 0.1, 0.01, 0.02, -0.02, -0.01
    ),
    "the t test would see none": _of_differences(
        -0.01, 0.01, -0.02, -0.01, -0.01, -0.02, -0.03, -0.1
    ),
    "one direction alone would be below 0.05": _of_differences(
        0.09, -0.05, -0.05, 0.06, 0.07, 0.13, 0.06, 0.07
    ),
    "the mean and the median have other signs": _of_differences(
        0.01, 0.02, 0.01, 0.03, 0.02, 0.04, -0.4, -0.3, 0.01, 0.02
    ),
    "most photographs go one way, by little, and the sum the other": _of_differences(
        0.2, 0.25, 0.3, 0.22, 0.27, 0.31, 0.24, 0.26,
        -0.01, -0.02, -0.03, -0.01, -0.02, -0.03, -0.01, -0.02, -0.03,
    ),
    "the largest difference goes the other way": _of_differences(
        -0.15, 0.06, 0.07, 0.05, 0.08, 0.09, 0.1, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.03
    ),
    "p is just below 0.05": _of_differences(0.11, 0.03, 0.11, 0.09, 0.08, -0.02, 0.09, -0.05),
    "p is just above 0.05": _of_differences(0.13, 0.11, -0.02, 0.03, 0.05, 0.12, -0.04, 0.09),
}  # fmt: skip
_WORDS = ("ours", "theirs", "no difference seen")


def _right(ours: NDArray[Any], theirs: NDArray[Any]) -> tuple[float, float, str]:
    found = paired(ours, theirs)
    winner = "ours" if found.mean < 0 else "theirs"
    return (*found.median[1:], winner if found.flip <= 0.05 else _WORDS[2])


@exercise(
    "08.2",
    expects="a function of two arrays of scores that gives low, high and one of three texts",
    praise="The pairs, an interval that holds whatever the numbers are, and a verdict by one test.",
)
def _compare(answer: Callable[..., Any]) -> str | None:
    for case, (ours, theirs) in _CASES.items():
        found = answer(ours.copy(), theirs.copy())
        if found is None:
            return NO_RETURN
        if isinstance(found, str) or len(found) != 3:
            return f"Three things are asked for: low, high and the verdict; here is {found!r}."
        low, high, said = found
        said = str(said).strip().lower()
        if said not in _WORDS:
            return f"The verdict is one of {', '.join(_WORDS)}; here is {found[2]!r}."
        right = _right(ours, theirs)
        hint = _of_ends(np.array([low, high], float), ours, theirs, right)
        if hint is None and said != right[2]:
            hint = _of_verdict(said, right[2])
        if hint:
            return f"Where {case} (n = {len(ours)}): {hint}"
    return None


def _of_ends(ends: NDArray[Any], ours: Any, theirs: Any, right: Any) -> str | None:
    """What is wrong with an interval."""
    d = ours - theirs
    if ends.shape == (2,) and np.allclose(ends, right[:2], atol=1e-3 * np.ptp(d)):
        return None
    if ends.shape != (2,) or not np.isfinite(ends).all():
        return f"the ends are two finite numbers, not {ends.tolist()}."
    if np.allclose(ends, median(-d)[1:], atol=1e-3):
        return "the difference is ours less theirs."
    if np.allclose(ends[::-1], right[:2], atol=1e-3):
        return "the lower end comes first."
    if np.allclose(ends, [d.mean() - d.std(ddof=1), d.mean() + d.std(ddof=1)], atol=1e-3):
        return "the standard deviation describes the spread; it is no interval of anything."
    if ends[0] == ends[1]:
        return "this interval has no width."
    if ends[1] - ends[0] < right[1] - right[0]:
        return (
            f"the interval ({ends[0]:.3f}, {ends[1]:.3f}) is too narrow; two of the differences in "
            "order are its ends. Which, says judging.median(d)."
        )
    return (
        f"({ends[0]:.3f}, {ends[1]:.3f}) is not the exact interval of the median difference. Is it "
        "of the differences, picture by picture, at 95 per cent?"
    )


def _of_verdict(said: str, right: str) -> str:
    """What is wrong with a verdict."""
    if _WORDS[2] not in (said, right):
        return "less is better, and the sum of the differences, ours less theirs, says who is."
    if right == _WORDS[2]:
        return f"the sign flip's p is above 0.05, and yet {said!r} is named."
    return (
        "a difference was not seen. Take the sign flip of the differences, picture by picture; an "
        "interval of each method, or one that holds zero, decides something else."
    )


_DECIDED = {"a": "yes", "b": "open", "c": "no", "d": "open", "e": "yes"}
_LOOK_AGAIN = {
    "a": "Which p is corrected for all 88, and what does a small p of the sign flip refuse?",
    "b": "Is 'no difference seen' the same as 'no difference'?",
    "c": "Look at the sign of the median: more is better.",
    "d": "Was Score-CAM compared with Grad-CAM here?",
    "e": "What is the smallest p that five photographs can give?",
}


@exercise(
    "08.3",
    expects=DECISIONS,
    praise="A sentence may say what the test has refused, and no more.",
)
def _reading(answer: Any) -> str | None:
    return decisions(answer, _DECIDED, _LOOK_AGAIN)

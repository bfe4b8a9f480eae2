"""Checkers for lesson 11."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lessons_lib.exercises.registry import DECISIONS, NO_RETURN, close, decisions, exercise


@exercise(
    "11.1",
    expects="a 2 x 2 array of numbers, one for each place",
    praise="Their mean is the class's logit, 1.5: average first or last, it is the same head.",
)
def _head_at_each_place(answer: Any) -> str | None:
    """A_1 = [[4, 0], [2, 2]], A_2 = [[0, 3], [1, 0]], w = (1, -2), b = 1.5."""
    found = np.asarray(answer, float)
    if found.shape == (1, 2, 2):
        found = found[0]
    weighted = np.array([[4.0, -6.0], [0.0, 2.0]])
    if found.shape != (2, 2):
        if found.size == 1 and close(found.ravel(), [1.5]):
            return "That is the logit, the mean of the four: give the score at each place."
        return f"There is one score at each place, 2 x 2; this has the shape {found.shape}."
    if close(found, weighted + 1.5):
        return None
    if close(found, weighted):
        return "The bias b stands inside the bracket of equation 2: it counts at every place."
    if close(found, weighted + 1.5 / 4):
        return "The bias is not shared out: at each place stands all of b, and the mean keeps it."
    if close(found, (weighted + 1.5) / 4):
        return "The 1/Z stands before the bracket: it averages the places, and is not part of them."
    if close(found, np.maximum(weighted + 1.5, 0)) or close(found, np.maximum(weighted, 0)):
        return "There is no ReLU in equation 2: a place may speak against the class."
    return "At each place: 1 times A_1, less 2 times A_2, and the bias."


@exercise(
    "11.2",
    expects="a function of an array (n,) that says which photograph each crop is from, and a share",
    praise="No photograph stands on both sides, whatever the number of its crops.",
)
def _split_by_photograph(answer: Any) -> str | None:
    """Unequal numbers of crops, photographs in any order, several shares and seeds."""
    if not callable(answer):
        return "Give the function itself, my_split, without brackets."
    rng = np.random.default_rng(0)
    for number, share, seed in ((8, 0.25, 0), (8, 0.5, 1), (30, 0.2, 2), (12, 0.75, 3)):
        owner = rng.permutation(np.repeat(rng.permutation(number) + 5, rng.integers(1, 9, number)))
        hint = _of_one_split(answer, owner, share, seed, round(share * number))
        if hint:
            return hint
    return None


def _of_one_split(
    split: Callable[..., Any], owner: np.ndarray, share: float, seed: int, expected: int
) -> str | None:
    given = owner.copy()
    found = split(given, share, np.random.default_rng(seed))
    if found is None:
        return NO_RETURN
    found = np.asarray(found)
    if not np.array_equal(given, owner):
        return "Your function changes the array it was given: leave that as it is."
    if found.shape != owner.shape:
        return f"One True or False for each of the {len(owner)} crops; this has {found.shape}."
    if not np.isin(found, (0, 1)).all():
        return "Give True for a crop that is held out, False for one to train with."
    found = found.astype(bool)
    both = set(owner[found]) & set(owner[~found])
    if both:
        return f"Photograph {min(both)} has crops on both sides."
    held = len(set(owner[found]))
    if held != expected:
        total = len(set(owner))
        return f"A share of {share} of {total} photographs is {expected}, but {held} are held out."
    again = np.asarray(split(owner.copy(), share, np.random.default_rng(seed))).astype(bool)
    if not np.array_equal(found, again):
        return "With the same rng it gives another split: draw from the rng that it is given."
    others = [
        np.asarray(split(owner.copy(), share, np.random.default_rng(s))).astype(bool)
        for s in range(10, 16)
    ]
    if all(np.array_equal(found, other) for other in others):
        return "It holds out the same photographs whatever rng it is given: draw them by lot."
    return None


REPORTED = {"a": "yes", "b": "no", "c": "open", "d": "no"}
READ_AGAIN = {
    "a": "Which prints did the head get wrong, and what differs between them?",
    "b": "Shuffled labels passed the test on crops, too.",
    "c": "Was the network asked about any photograph that has neither ruler nor mole?",
    "d": "Clopper and Pearson's interval of 9 of 10 reaches down to 0.55.",
}


@exercise(
    "11.3",
    expects=DECISIONS,
    praise="First the split, then the shortcut, then how many photographs; only then maps.",
)
def _report(answer: Any) -> str | None:
    return decisions(answer, REPORTED, READ_AGAIN)

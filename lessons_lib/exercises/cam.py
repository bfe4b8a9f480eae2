"""Checkers for lesson 01."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib import images, models
from lessons_lib.cam import cam
from lessons_lib.exercises.registry import DECISIONS, NO_RETURN, close, decisions, exercise


@exercise(
    "01.1",
    expects="a 2 x 3 array of numbers",
    praise="Its mean is -1: the places speak for the dog. The biases, 2 apart, decide for the cat.",
)
def _difference_by_hand(answer: Any) -> str | None:
    """Cat rather than dog; a 2 x 2 map answers what stood here before."""
    answer = np.asarray(answer, float)
    if answer.shape == (1, 2, 3):
        answer = answer[0]  # a batch of one
    if answer.shape == (2, 2):
        return _map_of_before(answer)
    if answer.shape == (3, 2):
        return "It has two rows and three columns, as the channels have."
    if answer.shape != (2, 3):
        return f"The map has one value a place, 2 x 3; this has the shape {answer.shape}."
    cat, dog = np.array([[2.0, 4, 0], [-2, 0, 2]]), np.array([[1.0, 5, 0], [2, 0, 4]])
    right = cat - dog
    mistakes = {
        "That is the map of one class. Its mean is one logit, not a difference of two.": [cat, dog],
        "The other way round: what speaks for the cat must be positive.": [-right],
        "That is the sum of both maps; take one from the other.": [cat + dog],
        "It is cut off at zero. CAM is signed: what speaks for the dog stays in.": [
            np.maximum(right, 0), np.maximum(cat, 0) - np.maximum(dog, 0),
        ],
        "The biases belong to the scores, not to the places; leave them out of the map.": [
            right + 2, right + 1, right - 1,
        ],
        "Nothing is divided by Z = 6 here; the division comes when the mean is taken.": [right / 6],
        "Mind the sign: for channel 2 it is -1 - 1.": [[[1, 3, 0], [0, 0, 2]]],
    }  # fmt: skip
    if close(answer, right):
        return None
    for hint, wrong in mistakes.items():
        if any(close(answer, w) for w in wrong):
            return hint
    return "At each place, take what the channels bring to the dog from what they bring to the cat."


def _map_of_before(answer: NDArray[np.float64]) -> str | None:
    """``2 f_1 - f_2``, the map of one class."""
    if close(answer, [[2, 4], [-2, 0]]):
        return None
    return "The channels have 2 x 3 places, so the map has as many."


@exercise(
    "01.2",
    expects="a function of A (n, channels, h, w), w (classes, channels) and c (n,)",
    praise="A row of w for each picture, and a sum over the channels: that is all CAM is.",
)
def _maps_of_a_batch(answer: Any) -> str | None:
    """Batches of several sizes, with classes in no order; float16 rounds within the tolerance."""
    if not callable(answer):
        return "That is no function: give my_cams itself, without calling it."
    rng = np.random.default_rng(0)
    for shape, classes, c in [
        ((3, 6, 2, 4), 7, [4, 0, 2]),
        ((1, 3, 5, 2), 4, [3]),
        ((4, 5, 3, 3), 5, [1, 4, 4, 0]),
    ]:
        A, w = rng.normal(size=shape), rng.normal(size=(classes, shape[1]))
        try:
            found = np.asarray(answer(A.copy(), w.copy(), np.array(c)))
        except Exception:
            if _is_for_one_picture(answer):
                return (
                    "That is right for one picture with Keras's axes, as in the lesson. Here the "
                    "axes are PyTorch's, and each picture has a class of its own."
                )
            raise
        if found.dtype == object:
            return NO_RETURN
        hint = _of_one_batch(found.astype(float), A, w, np.array(c))
        if hint:
            return f"For A of shape {shape}, w of {w.shape} and c = {c}: {hint}"
    return None


def _is_for_one_picture(answer: Callable[..., Any]) -> bool:
    """Whether a function is ``f @ w[:, c]``, which was asked for here before."""
    f, w = np.arange(24.0).reshape(2, 4, 3), np.arange(15.0).reshape(3, 5) ** 2
    try:
        return close(answer(f, w, 2), f @ w[:, 2])
    except Exception:
        return False


def _of_one_batch(
    found: NDArray[np.float64],
    A: NDArray[np.float64],
    w: NDArray[np.float64],
    c: NDArray[np.int64],
) -> str | None:
    n, _, *places = A.shape
    right = np.einsum("nkxy,nk->nxy", A, w[c])
    if found.shape == (n, n, *places) or found.shape == (n, *places, n):
        return "each picture got the maps of all n classes; its own one is enough."
    if found.shape == A.shape:
        return "that has a value for each channel; add the channels up."
    if found.shape != right.shape:
        return f"the maps have the shape {right.shape}, but this gives {found.shape}."
    if close(found, right, 5e-3):
        return None
    if any(close(found, np.einsum("nkxy,k->nxy", A, w[k]), 5e-3) for k in c):
        return "each picture has a class of its own, but all got the map of the same one."
    if close(found, np.maximum(right, 0), 5e-3):
        return "no ReLU here: the map is signed."
    if close(found, right / A.shape[1], 5e-3):
        return "that is a mean; the map is a sum over the channels."
    if close(found, right / np.prod(places), 5e-3):
        return "nothing is divided by Z here; the division comes when the mean is taken."
    return "expected at each place the sum over the channels of A[i, k] * w[c[i], k]."


_DECIDED = {"a": "yes", "b": "no", "c": "no", "d": "open"}
_LOOK_AGAIN = {
    "a": "Compare the logits of tree and head, both in the same colour.",
    "b": "Paint over the very pixels that the block is drawn on: what happens to its value?",
    "c": "Compare the last two numbers of each line.",
    "d": "How many photographs of pandas were painted over here?",
}


@exercise(
    "01.3",
    expects=DECISIONS,
    praise="A block is drawn on a few pixels, and is made from many more.",
)
def _reading(answer: Any) -> str | None:
    """Four decisions; a 7 x 7 map answers what stood here before, and is judged by that."""
    if np.shape(answer) == (7, 7):
        return _why_not_the_other(np.asarray(answer, float))
    return decisions(answer, _DECIDED, _LOOK_AGAIN)


@functools.cache
def _panda_map(label: str) -> NDArray[np.float32]:
    return cam(models.load("mobilenet_v2"), images.course_image("panda"), label)


def _why_not_the_other(answer: NDArray[np.float64]) -> str | None:
    """The map of giant panda less that of ice bear."""
    giant, other = _panda_map("giant panda"), _panda_map("ice bear")
    if close(answer, giant - other, 1e-3):
        return None
    if close(answer, other - giant, 1e-3):
        return "The other way round: what speaks for the giant panda must be positive."
    return "Compute both maps with cam(), signed, and take one from the other."

"""Checkers for lesson 07."""

import inspect
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

_NAMES = ("pointing game", "energy", "iou")


@exercise(
    "07.1",
    expects="three numbers: pointing game, energy, IoU",
    praise="Three measures, three opinions of one map.",
)
def _by_hand(answer: Any) -> str | None:
    """In order or by name; energy and IoU as shares, or in percent."""
    found = flat(by_name(answer, _NAMES), 3)
    if found.shape != (3,):
        return f"Three numbers are asked for; this has the shape {found.shape}."
    pointing, energy, overlap = found
    if energy > 1 and overlap > 1:
        energy, overlap = energy / 100, overlap / 100
    if pointing not in (0, 1):
        return "The pointing game is won or lost: 1 or 0."
    if pointing == 1:
        return "Pointing game: the hottest pixel is the 4. In which row does it lie?"
    if close(energy, 1 / 5, 0.01) or close(energy, 1 / 7, 0.01):
        return "Energy counts only what is positive: the -2 is no heat, inside or outside."
    if not close(energy, 3 / 7, 0.01):
        return "Energy: the positive heat in the bottom row, over all positive heat."
    if close(overlap, 1 / 2, 0.01):
        return "IoU: the pixels that are in both, over those in *either*, not over the object's."
    if not close(overlap, 1 / 3, 0.01):
        return (
            "IoU: the object has two pixels, so take the map's two hottest. How many are in both?"
        )
    return None


_TIED = np.array(
    [[0, 3, 3, -1, 2], [5, 3, -4, 3, 1], [3, 3, 0.5, -2, 3], [3, 7, 3, 3, 6]], np.float32
)
_RANDOM = np.random.default_rng(7).normal(size=(10, 4)).astype("float32")
_KEPT: tuple[tuple[str, NDArray[np.float32], tuple[float, ...]], ...] = (
    ("with ties", _TIED, (0.1, 0.25, 0.33, 0.5, 0.61, 0.8, 1)),
    ("without a positive value", -1 - np.abs(_TIED[:2]), (0.1, 0.5, 0.9)),
    ("of one value", np.full((6, 5), 0.25, np.float32), (0.1, 0.5, 0.9)),
    ("of zeros", np.zeros((2, 10), np.float32), (0.25, 0.5)),
    ("without ties", _RANDOM, (0.05, 0.5)),
    ("of values that hardly differ", (1 + _RANDOM / 10_000).astype("float32"), (0.05, 0.2, 0.5)),
)


@exercise(
    "07.2",
    expects="a function of a map (height, width) and a share",
    praise="Every map now hides as much as every other, also one that says nothing.",
)
def _kept(answer: Any) -> str | None:
    """True on as many places as asked for, none colder than one outside; ties in any order.

    A function of three arguments answers what stood here before, and is judged by that.
    """
    needed = [p for p in inspect.signature(answer).parameters.values() if p.default is p.empty]
    if len(needed) == 3:
        return _occlusion(answer)
    for kind, heat, shares in _KEPT:
        for share in shares:
            given = heat.copy()
            found = np.asarray(answer(given, share))
            hint = _of_one_map(found, heat, share)
            if not np.array_equal(given, heat):
                hint = "The map itself was changed; work on a copy."
            if hint:
                return f"A map {kind}, share {share}: {hint}"
    return None


def _of_one_map(found: NDArray[Any], heat: NDArray[np.float32], share: float) -> str | None:
    if found.dtype == object:
        return NO_RETURN
    if found.shape != heat.shape:
        return f"True or False for each place, shape {heat.shape}; this has {found.shape}."
    if not np.isin(found, [0, 1]).all():
        return "True or False (1 or 0) is asked for, not the heat."
    inside = found.astype(bool)
    count, asked = int(inside.sum()), round(share * heat.size)
    if count != asked:
        return (
            f"{count} of {heat.size} places are kept, not {asked}. A threshold takes all places "
            "with its value, or none; an order takes them one by one."
        )
    if count < heat.size and heat[inside].min() < heat[~inside].max():
        return "A place is hidden that is hotter than one that is kept."
    return None


class _Quadratic:
    """A network whose pixels all count, and together more than one by one."""

    def __init__(self) -> None:
        self.weights = np.random.default_rng(7).normal(size=(2, 224, 224, 3)).astype("float32")
        self.input_size = (224, 224)

    def logits(self, x: Any) -> NDArray[np.floating]:
        """Of any number of pictures."""
        x = np.asarray(x, np.float32)
        x = x[None] if x.ndim == 3 else x
        if x.shape[1:] != (224, 224, 3):
            raise ValueError(f"the network takes (n, 224, 224, 3), not {x.shape}")
        sums = np.einsum("nhwc,khwc->nk", x / 255, self.weights, optimize=True)
        return sums + sums**2 / 200


def _occlusion(answer: Callable[..., Any]) -> str | None:
    """``occlusion(classifier, x, classes)``: what each of 49 grey squares costs the logit."""
    network, classes = _Quadratic(), np.array([1, 0])
    x = np.random.default_rng(1).uniform(0, 255, (2, 224, 224, 3)).astype("float32")
    right = np.empty((2, 7, 7))
    for n, i, j in np.ndindex(right.shape):
        covered = x[n].copy()
        covered[32 * i : 32 * i + 32, 32 * j : 32 * j + 32] = 127.5
        right[n, i, j] = np.subtract(*network.logits([x[n], covered])[:, classes[n]])
    given = x.copy()
    found = np.asarray(answer(network, given, classes), float)
    if not np.array_equal(given, x):
        return "The pictures x were changed. Cover a copy: picture.copy()."
    if found.shape != right.shape:
        return f"For two pictures the maps have the shape (2, 7, 7); these have {found.shape}."
    if not close(found, right, 0.01):
        return "Place (i, j) is the logit of the whole picture less that with the square in grey."
    return None


_DECIDED = {"a": "yes", "b": "yes", "c": "no", "d": "open"}
_LOOK_AGAIN = {
    "a": "What is the blurred map computed from, besides a formula without a network?",
    "b": "Look at the sign of the mean, at how many photographs, and at p.",
    "c": "Read a and b together: can the score be a measure of what the map knows?",
    "d": "How often would chance alone bring the mean as far from 0?",
}


@exercise(
    "07.3",
    expects=DECISIONS,
    praise="A score that a blur improves measures something else besides what a map knows.",
)
def _reading(answer: Any) -> str | None:
    """Four decisions; a function answers what stood here before, and is judged by that."""
    if callable(answer):
        return _verdict(answer)
    return decisions(answer, _DECIDED, _LOOK_AGAIN)


def _verdict(answer: Callable[..., Any]) -> str | None:
    """``verdict(ours, theirs)`` by a 95 % interval of the mean difference; less is better."""
    hard = np.random.default_rng(3).uniform(0.1, 0.6, 30)
    even = np.resize([0.02, -0.01, 0.03, -0.04, 0.01], 30)  # adds up to nearly nothing
    luck = np.resize([0.09, -0.06, 0.05, -0.07, 0.06], 30)  # outside a 50 % interval, inside 95 %
    for difference, right in (
        (-0.02 + even / 10, "ours"),
        (0.02 + even / 10, "theirs"),
        (even, "no difference seen"),
        (luck, "no difference seen"),
        (-luck, "no difference seen"),
    ):
        said = answer(hard + difference, hard.copy())
        if said != right:
            return (
                f"For differences of {difference.mean():+.3f} on average, with a standard "
                f"deviation of {difference.std(ddof=1):.3f} over 30 photographs, the verdict is "
                f"{right!r}, not {said!r}."
            )
    return None

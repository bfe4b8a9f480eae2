"""Checkers for lesson 03."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib import images
from lessons_lib.exercises.registry import (
    DECISIONS,
    NO_RETURN,
    by_name,
    close,
    decisions,
    exercise,
    flat,
)


@exercise(
    "03.1",
    expects="three numbers",
    praise="A lead of 2 in the logit is a factor of 7.4 in the weight.",
)
def _weights_by_hand(answer: Any) -> str | None:
    """In shares, or in percent."""
    answer = flat(by_name(answer), 3)
    if answer.shape != (3,):
        return f"There are three channels, so three weights; this has the shape {answer.shape}."
    e = np.exp([2.0, 0.0, 0.0])
    right = e / e.sum()
    if close(answer, right, 0.01) or close(answer, 100 * right, 0.01):
        return None
    mistakes = {
        "Those are the increases; Algorithm 1 takes a softmax of them.": ([2, 0, 0], [1, 0, 0]),
        "Almost: divide by the sum, so that the weights add up to one.": (
            e, np.exp([4, 2, 2]), e / e.max(),
        ),
        "That is the share of each score. A softmax uses the exponentials.": ([0.5, 0.25, 0.25],),
        "The bare baseline is no channel: three terms in the sum, not four.": (e / (e.sum() + 1),),
        "A softmax has powers of e = 2.718, not of 2.": (np.array([4, 1, 1]) / 6,),
        "The first channel has the highest logit, so the largest weight.": (
            right[::-1], right[[1, 0, 2]],
        ),
    }  # fmt: skip
    for hint, wrong in mistakes.items():
        if any(close(answer, w, 0.01) or close(answer, 100 * np.asarray(w), 0.01) for w in wrong):
            return hint
    if close(answer, right, 0.04) or close(answer, 100 * right, 0.04):
        return "Nearly: give two or three digits."
    return (
        "Take the baseline's 2 off each logit; then exp of each, divided by the sum of the three."
    )


_DECIDED = {"a": "open", "b": "no", "c": "yes", "d": "open"}
_LOOK_AGAIN = {
    "a": "In one colour the logit of drum falls, in the other it rises.",
    "b": "Compare neck and body, both in the same colour; the map is hottest at the neck.",
    "c": "Compare the logits of drum for stand and skin, both in the same colour.",
    "d": "How many pictures were measured?",
}


@exercise(
    "03.2",
    expects=DECISIONS,
    praise="Cover the hot place, and a place that ought to be hot: the network says which counts.",
)
def _reading(answer: Any) -> str | None:
    """Four decisions; a function answers what stood here before, and is judged by that."""
    if callable(answer):
        return _drop(answer)
    return decisions(answer, _DECIDED, _LOOK_AGAIN)


def _drop(answer: Callable[..., Any]) -> str | None:
    """``my_drop(Y, O)``: the Average Drop in percent."""
    for Y, after in (
        (np.array([0.8, 0.5, 0.2, 0.4]), np.array([0.4, 0.7, 0.1, 0.2])),
        (np.array([0.9, 0.6, 0.3]), np.array([0.6, 0.75, 0.27])),
    ):
        found = np.asarray(answer(Y.copy(), after.copy()))
        if found.dtype == object:
            return NO_RETURN
        right = 100 * np.mean(np.maximum(0, Y - after) / Y)
        if found.shape != ():
            return f"It is one number for all pictures; this has the shape {found.shape}."
        if not close(found, right):
            return (
                f"For Y = {Y.tolist()} and O = {after.tolist()} the Average Drop is {right:g}, "
                f"but this gives {found:g}."
            )
    return None


_CHANNELS = {
    "of a ReLU": (np.array([[0.0, 9.0, 0.0], [1.0, 2.0, 3.0]], np.float32), (4, 8)),
    "with negative values": (np.array([[-4.0, 1.0], [5.0, -2.0], [0.5, 3.0]], np.float32), (9, 5)),
    "of negative values only": (np.array([[-1.0, -6.0, -2.5, -2.0]], np.float32), (3, 8)),
}


@exercise(
    "03.3",
    expects="a function of a channel (height, width) and a size (height, width)",
    praise="Enlarged first, scaled after, and silent channels stay finite.",
)
def _mask(answer: Any) -> str | None:
    """Sizes and channels of several shapes; float16 rounds within the tolerance."""
    for kind, (channel, size) in _CHANNELS.items():
        with np.errstate(all="ignore"):
            found = np.asarray(answer(channel.copy(), size))
        if found.dtype == object:
            return NO_RETURN
        hint = _of_one_channel(found.astype(float), channel, size)
        if hint:
            return f"A channel {kind}, {channel.shape} to {size}: {hint}"
    for value in (0, 7, -2):
        with np.errstate(all="ignore"):
            flat = np.asarray(answer(np.full((2, 3), value, np.float32), (4, 5)), float)
        if flat.shape != (4, 5):
            return f"A channel of one value: its mask has the size asked for, not {flat.shape}."
        if not np.isfinite(flat).all():
            return f"A channel that is {value} everywhere gives NaN: 0 / 0. Return zeros there."
        if flat.any():
            return f"A channel that is {value} everywhere must give zeros."
    return None


def _of_one_channel(
    found: NDArray[np.float64], channel: NDArray[np.float32], size: tuple[int, int]
) -> str | None:
    large = images.resize(channel, size)
    if found.shape == size[::-1]:
        return "Height and width are exchanged: a size is (height, width)."
    if found.shape != size:
        return f"The mask has the size asked for; this has {found.shape}."
    if close(found, (large - large.min()) / np.ptp(large), 3e-3):
        return None
    scaled = images.resize((channel - channel.min()) / np.ptp(channel), size)
    positive = images.resize(np.maximum(channel, 0), size)
    if not np.isfinite(found).all():
        return "There is NaN in the mask: 0 / 0."
    if close(found, scaled):
        return "Scaled first, enlarged after: then the mask does not reach from 0 to 1."
    if close(found, large):
        return "That is enlarged, but not scaled to 0..1."
    if found.min() < -1e-3 or found.max() > 1 + 1e-3:
        return f"It goes from {found.min():.2f} to {found.max():.2f}, not from 0 to 1."
    if channel.min() < 0 and (not positive.any() or close(found, positive / positive.max(), 3e-3)):
        return "A mask keeps the order of all values, negative ones too: no ReLU."
    return (
        "Enlarge with images.resize; then subtract the smallest value and divide by the largest "
        "minus the smallest."
    )

"""Checkers for lesson 03."""

from typing import Any

import numpy as np

from lessons_lib import images
from lessons_lib.exercises.registry import close, exercise


@exercise(
    "03.1",
    expects="three numbers",
    praise="A lead of 2 in the logit is a factor of 7.4 in the weight.",
)
def _weights_by_hand(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape != (3,):
        return f"There are three channels, so three weights; this has the shape {answer.shape}."
    e = np.exp([2.0, 0.0, 0.0])
    if close(answer, e / e.sum(), 0.01):
        return None
    if close(answer, [2, 0, 0], 0.01) or close(answer, [1, 0, 0], 0.01):
        return "Those are the increases; Algorithm 1 takes a softmax of them."
    if close(answer, e / e.sum(), 0.04):
        return "Nearly: give two or three digits."
    if close(answer, [0.5, 0.25, 0.25], 0.01):
        return "That is the share of each score. A softmax uses the exponentials."
    if close(answer, e, 0.01):
        return "Almost: divide by the sum, so that the weights add up to one."
    return (
        "Take the baseline's 2 off each logit; then exp of each, divided by the sum of the three."
    )


@exercise(
    "03.2",
    expects="a function of two arrays Y and O",
    praise="It is relative to what there was, and a gain is no negative drop.",
)
def _drop(answer: Any) -> str | None:
    for Y, after in (
        (np.array([0.8, 0.5, 0.2, 0.4]), np.array([0.4, 0.7, 0.1, 0.2])),
        (np.array([0.9, 0.6, 0.3]), np.array([0.6, 0.75, 0.27])),
    ):
        hint = _hint_on_drop(answer(Y.copy(), after.copy()), Y, after)
        if hint is not None:
            return hint
    return None


def _hint_on_drop(result: Any, Y: np.ndarray, after: np.ndarray) -> str | None:
    if result is None:
        return "The function gives None: does it end with a return?"
    found = np.asarray(result, float)
    lost = np.maximum(0, Y - after)
    right = 100 * np.mean(lost / Y)
    if found.shape == Y.shape:
        return "That is one number for each picture: take the mean, give one number."
    if found.shape != ():
        return f"It is one number for all pictures; this has the shape {found.shape}."
    if close(found, right):
        return None
    mistakes = {
        "The measure is in percent: a factor 100 is missing.": np.mean(lost / Y),
        "That is the difference. The paper divides each drop by Y: 0.2 to 0.1 is a half.": (
            100 * lost.mean()
        ),
        "A gain must count as no drop, not as a negative one: max(0, Y - O).": (
            100 * np.mean((Y - after) / Y)
        ),
        "Divide picture by picture, then take the mean; not the sum by the sum.": (
            100 * lost.sum() / Y.sum()
        ),
        "That is the sum over the pictures, not the mean.": 100 * np.sum(lost / Y),
        "The drop is divided by O here. It is relative to what there was: divide by Y.": (
            100 * np.mean(lost / after)
        ),
        "That is the Average Increase.": 100 * np.mean(after > Y),
    }
    for hint, value in mistakes.items():
        if close(found, value):
            return hint
    return (
        f"For Y = {Y.tolist()} and O = {after.tolist()} it is {right:g}, but this gives {found:g}."
    )


@exercise(
    "03.3",
    expects="a function of a channel (height, width) and a size (height, width)",
    praise="Enlarged first, scaled after, and silent channels stay finite.",
)
def _mask(answer: Any) -> str | None:
    channel = np.array([[0.0, 9.0, 0.0], [1.0, 2.0, 3.0]], np.float32)
    large = images.resize(channel, (4, 4))
    right = (large - large.min()) / np.ptp(large)
    found = np.asarray(answer(channel.copy(), (4, 4)), float)
    if found.shape != (4, 4):
        return f"The mask has the size asked for, (4, 4); this is {found.shape}."
    scaled_first = images.resize((channel - channel.min()) / np.ptp(channel), (4, 4))
    if close(found, scaled_first) and not close(found, right):
        return "Scaled first, enlarged after: the largest value is then below 1. Turn it round."
    if close(found, large):
        return "That is enlarged, but not scaled to 0..1."
    if not close(found, right):
        return "Subtract the smallest value and divide by largest minus smallest, after resizing."
    shifted = np.asarray(answer(channel + 5, (4, 4)), float)
    if not close(shifted, right, 1e-3):
        return "A channel plus 5 has the same mask: subtract the smallest value."
    with np.errstate(all="ignore"):
        flat = np.asarray(answer(np.full((2, 3), 7, np.float32), (4, 4)), float)
    if flat.shape != (4, 4):
        return (
            "Of a channel of one value the mask has the size asked for too, (4, 4); "
            f"this is {flat.shape}."
        )
    if not np.isfinite(flat).all():
        return "A channel of one value gives NaN: 0 / 0. Return zeros there."
    if flat.any():
        return "A channel of one value must give zeros."
    return None

"""Checkers for lesson 03."""

from typing import Any

import numpy as np

from lessons_lib import images
from lessons_lib.exercises import close, exercise


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
    Y, after = np.array([0.8, 0.5, 0.2, 0.4]), np.array([0.4, 0.9, 0.1, 0.4])
    found = float(answer(Y.copy(), after.copy()))
    right = 100 * np.mean(np.maximum(0, Y - after) / Y)
    if close(found, right):
        return None
    if close(found, right / 100):
        return "The measure is in percent: a factor 100 is missing."
    if close(found, 100 * np.maximum(0, Y - after).mean()):
        return "That is the difference. The paper divides each drop by Y: 0.2 to 0.1 is a half."
    if close(found, 100 * ((Y - after) / Y).mean()):
        return "A gain must count as no drop, not as a negative one: max(0, Y - O)."
    if close(found, 100 * np.maximum(0, Y - after).sum() / Y.sum()):
        return "Divide picture by picture, then take the mean; not the sum by the sum."
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
    if not np.isfinite(flat).all():
        return "A channel of one value gives NaN: 0 / 0. Return zeros there."
    if flat.any():
        return "A channel of one value must give zeros."
    return None

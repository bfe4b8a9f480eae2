"""Checkers for lesson 02."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.exercises.registry import DECISIONS, NO_RETURN, close, decisions, exercise


@exercise(
    "02.1",
    expects="a 2 x 2 array of numbers",
    praise="The place where only channel 2 fires speaks against the class, and the ReLU hides it.",
)
def _map_by_hand(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape == (1, 2, 2):
        answer = answer[0]  # a batch of one
    if answer.shape != (2, 2):
        return f"The map has one value a place, 2 x 2; this has the shape {answer.shape}."
    before_relu = np.array([[1.0, -1.0], [0.0, 0.5]])
    if close(answer, np.maximum(before_relu, 0)):
        return None
    if close(answer, before_relu):
        return "That is the weighted sum; equation 2 also has a ReLU."
    if close(answer, 4 * before_relu):
        return "Two things: the weights are means over the 4 places, not sums; and there is a ReLU."
    if close(answer, 4 * np.maximum(before_relu, 0)):
        return "The weights are means of the gradient over the 4 places, not sums."
    if close(answer, np.maximum(before_relu, 0) / 4):
        return (
            "You divided by 4 twice: the slope at each place holds the 1/4 already, and the mean "
            "of equal values does not change them."
        )
    if close(answer, [[1, 0], [0, 1]]):
        return "Channel 2 also lowers the place that both share: add up first, then the ReLU."
    if close(answer, [[1, 1], [0, 1.5]]):
        return "Look at the sign: S falls when A_2 grows, so its weight is negative."
    half = np.array([[0.5, -1.0], [0.0, 0.0]])  # with alpha_1 = 1/4
    if close(answer, half) or close(answer, np.maximum(half, 0)):
        return "The derivative of a square has a factor 2: d(m^2)/dm = 2 m, with m = mean(A_1) = 1."
    return "Write down dS/dA_1 and dS/dA_2 at one place first; each mean brings a factor 1/4."


@exercise(
    "02.2",
    expects="a function of an array (n, h, w, channels)",
    praise="Each picture keeps its own weights, so a batch gives what a loop gives.",
)
def _alpha_of_a_batch(answer: Any) -> str | None:
    """On grids of 20, 14 and 18 places; float16 rounds within the tolerance."""
    rng = np.random.default_rng(0)
    for shape in [(3, 4, 5, 6), (1, 7, 2, 5), (2, 3, 6, 4)]:
        gradient = rng.normal(size=shape)
        found = np.asarray(answer(gradient.copy()))
        if found.dtype == object:
            return NO_RETURN
        hint = _of_one_batch(found.astype(float), gradient)
        if hint and shape[0] == 3:
            return hint
        if hint:
            return f"It is right for the shape (3, 4, 5, 6), and not for {shape}. {hint}"
    return None


def _of_one_batch(found: NDArray[np.float64], gradient: NDArray[np.float64]) -> str | None:
    n, h, w, channels = gradient.shape
    if close(found, gradient.mean(axis=(1, 2)), 5e-3):
        return None
    if found.shape == (channels,):
        return f"There are {n} pictures, but one row of weights: the mean mixes the pictures."
    if close(found, gradient.sum(axis=(1, 2)), 5e-3):
        return "That is the sum over the places; equation 1 has the mean, 1/Z."
    if found.shape == (n, 1, 1, channels):
        return "The averages are right, but their axes are still there: leave out keepdims."
    if found.shape == (n, channels):
        if n > 1 and np.allclose(found, found[0]):
            return f"All {n} pictures got the same weights: each has a gradient of its own."
        return (
            "The shape is right, the values are not: equation 1 is the mean over the places, and "
            f"here there are Z = {h} x {w} of them."
        )
    return (
        f"A gradient of shape {gradient.shape} should give {n, channels}, but this is "
        f"{found.shape}: average over height and width, and over nothing else."
    )


DECIDED = {"a": "yes", "b": "no", "c": "open", "d": "open"}
LOOK_AGAIN = {
    "a": "Compare the logits of rim and sheet, both in the same colour.",
    "b": "Where is the class-blind map hottest, in the first figure with two maps?",
    "c": "In one colour the first answer changes, in the other it stays.",
    "d": "How many rolls were measured?",
}


@exercise(
    "02.3",
    expects=DECISIONS,
    praise="Ask of each map what else could have made it look so: another class, or the colours.",
)
def _report(answer: Any) -> str | None:
    """Four decisions; a function answers what stood here before, and is judged by that."""
    if callable(answer):
        return _blend_without_wrapping(answer)
    return decisions(answer, DECIDED, LOOK_AGAIN)


def _blend_without_wrapping(blend: Callable[..., Any]) -> str | None:
    """``blend(photo, colours, a)``: (1 - a) photo + a colours, as uint8."""
    photo = np.array([[[250, 100, 0]]], np.uint8)
    colours = np.array([[[250, 200, 255]]], np.uint8)
    half = np.asarray(blend(photo.copy(), colours.copy(), 0.5))
    if half.dtype != np.uint8:
        return f"The result must be uint8, but it is {half.dtype}."
    if half.max() <= 1:
        return "These values lie in 0..1, and uint8 holds whole numbers: go back to 0..255 first."
    if half[0, 0, 0] < 240:
        return f"Half of 250 and half of 250 became {half[0, 0, 0]}: something still wraps around."
    rng = np.random.default_rng(0)
    photo, colours = rng.integers(0, 256, (2, 4, 7, 3), np.uint8)
    for a in (0, 1, 0.5, 0.1, 0.37, 0.8):
        mixed = np.asarray(blend(photo.copy(), colours.copy(), a))
        if mixed.shape != photo.shape:
            return f"The photograph has the shape {photo.shape}, the result {mixed.shape}."
        expected = (1 - a) * photo + a * colours.astype(float)
        rounding = 0 if a in (0, 1) else 1  # up, down or to the nearest
        if np.abs(mixed - expected).max() <= rounding + 1e-6:
            continue
        if a == 0:
            return "For a = 0 the photograph must come back unchanged."
        if a == 1:
            return (
                "For a = 1 nothing but the colours must be left: the photograph needs the weight "
                "1 - a."
            )
        place = np.unravel_index(np.abs(mixed - expected).argmax(), mixed.shape)
        return (
            f"For a = {a}, {photo[place]} and {colours[place]} should give {expected[place]:.0f}, "
            f"but this gives {mixed[place]}."
        )
    return None

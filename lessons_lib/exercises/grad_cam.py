"""Checkers for lesson 02."""

from typing import Any

import numpy as np

from lessons_lib.exercises.registry import close, exercise


@exercise(
    "02.1",
    expects="a 2 x 2 array of numbers",
    praise="The place where only channel 2 fires speaks against the class, and the ReLU hides it.",
)
def _map_by_hand(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
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
    gradient = np.random.default_rng(0).normal(size=(3, 4, 5, 6))
    found = np.asarray(answer(gradient.copy()))
    if found.dtype == object:
        return "Your function gives nothing back: it needs a return."
    if close(found, gradient.mean(axis=(1, 2))):
        return None
    if found.shape == (6,):
        return "There are 3 pictures, but one row of weights: the mean mixes the pictures."
    if close(found, gradient.sum(axis=(1, 2))):
        return "That is the sum over the places; equation 1 has the mean, 1/Z."
    if found.shape == (3, 1, 1, 6):
        return "The averages are right, but their axes are still there: leave out keepdims."
    if found.shape == (3, 6) and close(found, np.broadcast_to(found[0], (3, 6))):
        return "All three pictures got the same weights: each has a gradient of its own."
    if found.shape == (3, 6):
        return "The shape is right, the values are not: equation 1 is the mean over the places."
    return (
        f"A gradient of shape (3, 4, 5, 6) should give (3, 6), but this is {found.shape}: "
        "average over height and width, and over nothing else."
    )


@exercise(
    "02.3",
    expects="a function blend(photo, colours, a) that returns a uint8 array",
    praise="A convex blend of two values in 0..255 lies in 0..255, whatever they are.",
)
def _blend_without_wrapping(answer: Any) -> str | None:
    photo = np.array([[[250, 100, 0]]], np.uint8)
    colours = np.array([[[250, 200, 255]]], np.uint8)
    half = np.asarray(answer(photo.copy(), colours.copy(), 0.5))
    if half.dtype != np.uint8:
        return f"The result must be uint8, but it is {half.dtype}."
    if half.max() <= 1:
        return "These values lie in 0..1, and uint8 holds whole numbers: go back to 0..255 first."
    if half[0, 0, 0] < 240:
        return f"Half of 250 and half of 250 became {half[0, 0, 0]}: something still wraps around."
    if not np.array_equal(np.asarray(answer(photo.copy(), colours.copy(), 0)), photo):
        return "For a = 0 the photograph must come back unchanged."
    if not np.array_equal(np.asarray(answer(photo.copy(), colours.copy(), 1)), colours):
        return (
            "For a = 1 nothing but the colours must be left: the photograph needs the weight 1 - a."
        )
    if abs(int(half[0, 0, 1]) - 150) > 1:
        return f"Halfway between 100 and 200 lies 150, but this gives {half[0, 0, 1]}."
    return None

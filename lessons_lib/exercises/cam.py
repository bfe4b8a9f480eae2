"""Checkers for lesson 01."""

import functools
from typing import Any

import numpy as np

from lessons_lib import images, models
from lessons_lib.cam import cam
from lessons_lib.exercises.registry import close, exercise


@exercise(
    "01.1",
    expects="a 2 x 2 array of numbers",
    praise="Its mean is 1, and 1 + b = 2 is the network's score.",
)
def _map_by_hand(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape != (2, 2):
        return f"The map has one value per place, 2 x 2; this has the shape {answer.shape}."
    right = np.array([[2.0, 4.0], [-2.0, 0.0]])
    if close(answer, right):
        return None
    if close(answer, np.maximum(right, 0)):
        return "That is cut off at zero. CAM is signed: what speaks against the class stays in."
    if close(answer, right + 1):
        return "The bias belongs to the score, not to the places; leave it out of the map."
    if close(answer, right / 4):
        return "Nothing is divided by Z = 4 here; the division comes when the mean is taken."
    if close(answer, [[2, 8], [2, 0]]):
        return "Mind the sign: w_2 = -1."
    return "Multiply each channel by its weight, and add the two at each place: 2 f_1 - f_2."


@exercise(
    "01.2",
    expects="a function of f (height, width, channels), w (channels, classes) and c",
    praise="One column of w, and a sum over the channels: that is all CAM is.",
)
def _own_function(answer: Any) -> str | None:
    if isinstance(answer, np.ndarray):
        return "That is a map: give the function itself, my_cam, without calling it."
    rng = np.random.default_rng(0)
    f, w = rng.normal(size=(3, 4, 6)), rng.normal(size=(6, 6))
    given = answer(f.copy(), w.copy(), 2)
    if given is None:
        return "The function gives nothing back; is the return missing?"
    found = np.asarray(given, float)
    right = f @ w[:, 2]
    if found.shape == (3, 4, 6):
        return "That is (3, 4, 6), six values per place: take class c, w[:, c], and sum."
    if found.shape != (3, 4):
        return f"For f of shape (3, 4, 6) the map is (3, 4), but this gives {found.shape}."
    if close(found, right):
        return None
    if close(found, f @ w[2]):
        return "That is row c of w. Keras keeps the classes in the columns: w[:, c]."
    if close(found, np.maximum(right, 0)):
        return "No ReLU here: the map is signed."
    if close(found, right / 12):
        return "Nothing is divided by Z here; the division comes when the mean is taken."
    if close(found, right / 6):
        return "That is a mean; the map is a sum over the channels."
    return "Expected the sum over the channels of f[..., k] * w[k, c]."


@functools.cache
def _panda_map(label: str) -> np.ndarray:
    return cam(models.load("mobilenet_v2"), images.course_image("panda"), label)


@exercise(
    "01.3",
    expects="a 7 x 7 map",
    praise="The map of a difference is the difference of the maps, since all of it is linear.",
)
def _why_not_the_other(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape != (7, 7):
        return f"MobileNetV2's maps are 7 x 7; this has the shape {answer.shape}."
    giant, other = _panda_map("giant panda"), _panda_map("ice bear")
    if close(answer, giant - other, 1e-3):
        return None
    if close(answer, other - giant, 1e-3):
        return "The other way round: what speaks for the giant panda must be positive."
    if close(answer, giant, 1e-3) or close(answer, other, 1e-3):
        return "That is the map of one class. Its mean is one logit, not a difference of two."
    if close(answer, np.maximum(giant, 0) - np.maximum(other, 0), 1e-3):
        return "Both maps were cut off at zero before the subtraction; keep the signs."
    if close(answer, np.maximum(giant - other, 0), 1e-3):
        return "The difference was cut off at zero; keep what speaks for the ice bear, too."
    if np.ptp(answer - (giant - other)) < 1e-3 * np.ptp(giant - other):
        return "You added one number to every place. The biases are not part of the map."
    return "Compute both maps with cam(), and think of what subtracting them does to the means."

"""Answers to the exercises of lesson 06."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf

from lessons_lib.integrated_gradients import Attribution
from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

SHARES = np.array([32 / 3, 16 / 3])
DECISIONS = {"a": "yes", "b": "no", "c": "no", "d": "open"}


def mended(g, x, b):
    return g * (x / 127.5 - b / 127.5)


def in_place(g, x, b):
    x -= b
    return g * x / 127.5


def gradient_in_place(g, x, b):
    g *= (x - b) / 127.5
    return g


RIGHT = {
    "06.1": forms_of_numbers(SHARES)
    | {
        "series": pd.Series(SHARES, ["x1", "x2"]),
        "dict": {"x1": 32 / 3, "x2": 16 / 3},
        "dict in another order": {"x2": 16 / 3, "x1": 32 / 3},
        "two digits": [10.67, 5.33],
        "one digit": [10.7, 5.3],
        "fractions": [Fraction(32, 3), Fraction(16, 3)],
        "words of numbers": ["10.667", "5.333"],
    },
    "06.2": {
        "mended": mended,
        "both preprocessed": lambda g, x, b: g * ((x / 127.5 - 1) - (b / 127.5 - 1)),
        "divided after": lambda g, x, b: g * (x - b) / 127.5,
        "gradient made raw": lambda g, x, b: (g / 127.5) * (x - b),
        "times two by 255": lambda g, x, b: 2 * g * (x - b) / 255,
        "minus the reverse": lambda g, x, b: -g * (b - x) / 127.5,
        "float16 at the end": lambda g, x, b: mended(g, x, b).astype(np.float16),
        "float16 all the way": lambda g, x, b: mended(*(a.astype(np.float16) for a in (g, x, b))),
        "float32": lambda g, x, b: mended(*(a.astype(np.float32) for a in (g, x, b))),
        "tensor": lambda g, x, b: tf.constant(mended(g, x, b)),
        "tensor of float16": lambda g, x, b: tf.cast(mended(g, x, b), tf.float16),
        "list": lambda g, x, b: mended(g, x, b).tolist(),
        "tuple": lambda g, x, b: tuple(mended(g, x, b)),
        "a loop": lambda g, x, b: [mended(*row) for row in zip(g, x, b, strict=True)],
    },
    "06.3": forms_of_decisions(DECISIONS),
}

WRONG = {
    "06.1": {
        "swapped": SHARES[::-1],
        "gradient at the end": [16, 4],
        "gradient x input": [32, 16],
        "mean gradient": [16 / 3, 4 / 3],
        "Shapley": [8, 8],
        "slope half-way, times x": [8, 4],
        "slope half-way": [4, 1],
        "each set to zero": [16, 16],
        "the input": [2, 4],
        "the score twice": [8, 16],
        "in proportion to the input": [16 / 3, 32 / 3],
        "in proportion to the slopes": [12.8, 3.2],
        "all to one": [16, 0],
        "12 and 4": [12, 4],
        "minus": -SHARES,
        "ten times": 10 * SHARES,
        "as shares of one": SHARES / 16,
        "in percent": [66.7, 33.3],
        "whole numbers": [11, 5],
        "first a little off": [10.8, 5.2],
        "three numbers": [*SHARES, 16],
        "the sum": 16,
        "one number": 32 / 3,
        "NaN": [np.nan, 16 / 3],
        "infinite": [np.inf, 16 / 3],
        "words": ["much", "little"],
        "names exchanged": {"x1": 16 / 3, "x2": 32 / 3},
        "other names": {"x1": 32 / 3, "x3": 16 / 3},
        "series, names exchanged": pd.Series(SHARES[::-1], ["x1", "x2"]),
        "nothing": [],
    },
    "06.2": {
        "as in the exercise": lambda g, x, b: g * (x - b),
        "the other way": lambda g, x, b: g * (x - b) * 127.5,
        "minus": lambda g, x, b: g * (b - x) / 127.5,
        "no baseline": lambda g, x, b: g * (x / 127.5 - 1),
        "no baseline, divided": lambda g, x, b: g * x / 127.5,
        "-1 does not cancel": lambda g, x, b: g * ((x - b) / 127.5 - 1),
        "baseline raw": lambda g, x, b: g * (x / 127.5 - 1 - b),
        "x raw": lambda g, x, b: g * (x - (b / 127.5 - 1)),
        "-1 for x only": lambda g, x, b: g * (x / 127.5 - 1 - b / 127.5),
        "mean of the baseline": lambda g, x, b: g * (x - b.mean()) / 127.5,
        "mean colour of the baseline": lambda g, x, b: g * (x - b.mean(axis=(0, 1))) / 127.5,
        "first value of the baseline": lambda g, x, b: g * (x - b[0, 0, 0]) / 127.5,
        "first pixel of the baseline": lambda g, x, b: g * (x - b[0, 0]) / 127.5,
        "first row of the baseline": lambda g, x, b: g * (x - b[0]) / 127.5,
        "20 hard-coded": lambda g, x, b: g * (x - 20) / 127.5,
        "black hard-coded": lambda g, x, b: g * (x - 0) / 127.5,
        "grey hard-coded": lambda g, x, b: g * (x - 127.5) / 127.5,
        "255": lambda g, x, b: g * (x - b) / 255,
        "127": lambda g, x, b: g * (x - b) / 127,
        "128": lambda g, x, b: g * (x - b) / 128,
        "absolute difference": lambda g, x, b: g * np.abs(x - b) / 127.5,
        "absolute gradient": lambda g, x, b: np.abs(g) * (x - b) / 127.5,
        "positive only": lambda g, x, b: np.maximum(mended(g, x, b), 0),
        "absolute": lambda g, x, b: np.abs(mended(g, x, b)),
        "gradient alone": lambda g, x, b: g,
        "difference alone": lambda g, x, b: (x - b) / 127.5,
        "mean of the gradient": lambda g, x, b: g.mean() * (x - b) / 127.5,
        "colours added up": lambda g, x, b: mended(g, x, b).sum(axis=-1),
        "sum": lambda g, x, b: mended(g, x, b).sum(),
        "mean": lambda g, x, b: mended(g, x, b) / x.size,
        "added, not multiplied": lambda g, x, b: g + (x - b) / 127.5,
        "divided by the gradient": lambda g, x, b: (x - b) / 127.5 / g,
        "colours in reverse": lambda g, x, b: mended(g, x, b)[..., ::-1],
        "upside down": lambda g, x, b: mended(g, x, b)[::-1],
        "left for right": lambda g, x, b: mended(g, x, b)[:, ::-1],
        "turned": lambda g, x, b: mended(g, x, b).transpose(1, 0, 2),
        "a batch": lambda g, x, b: mended(g, x, b)[None],
        "scaled to 0..1": lambda g, x, b: mended(g, x, b) / mended(g, x, b).max(),
        "whole numbers": lambda g, x, b: mended(g, x, b).round(),
        "one digit": lambda g, x, b: mended(g, x, b).round(1),
        "uint8 difference": lambda g, x, b: g * (x.astype("uint8") - b.astype("uint8")) / 127.5,
        "zeros": lambda g, x, b: np.zeros(x.shape),
        "an even spread": lambda g, x, b: np.full(x.shape, mended(g, x, b).mean()),
        "x changed": in_place,
        "gradient changed": gradient_in_place,
        "NaN": lambda g, x, b: mended(g, x, b) * np.nan,
        "no return": lambda g, x, b: None,
        "two arguments": lambda g, x: g * x,
        "no function": np.zeros((3, 4, 3)),
    },
    "06.3": wrong_decisions(DECISIONS)
    # What the exercise asked for before.
    | {
        "before: a result": Attribution(np.ones((4, 4, 3), np.float32) / 48, 3.0, 2.0, 48, "indri"),
        "before: a map": np.ones((4, 4, 3)),
    },
}

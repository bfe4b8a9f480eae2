"""Answers to the exercises of lesson 04."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf

from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

BETA = [-0.125, 0.7, 0.3]
NAMES = ["beta_0", "beta_1", "beta_2"]
DECISIONS = {"a": "no", "b": "yes", "c": "open", "d": "open"}


def distance(Z):
    return 1 - np.sqrt(Z.mean(axis=1))


def with_norms(Z):
    norms = np.sqrt(Z.sum(axis=1) * Z.shape[1])
    return 1 - np.divide(Z.sum(axis=1), norms, out=np.zeros(len(Z)), where=norms > 0)


def surrogate(weigh, *, intercept=True, first=1):
    """LIME with these factors of the rows; `first` is the coefficient that is returned first."""

    def my_lime(Z, y, D, sigma):
        root = weigh(D, sigma)
        design = np.column_stack([np.ones(len(Z)), Z]) if intercept else Z
        return np.linalg.lstsq(root[:, None] * design, root * y)[0][first:]

    return my_lime


def root(D, sigma):
    return np.exp(-(D**2) / sigma**2 / 2)


def twice(Z, y, D, sigma):
    return 2 * surrogate(root)(Z, y, D, sigma)


RIGHT = {
    "04.1": forms_of_numbers(BETA)
    | {
        "series": pd.Series(BETA, NAMES),
        "series in another order": pd.Series(BETA, NAMES)[::-1],
        "dict": dict(zip(NAMES, BETA, strict=True)),
        "dict in another order": dict(reversed(list(zip(NAMES, BETA, strict=True)))),
        "fractions": [Fraction(-1, 8), Fraction(7, 10), Fraction(3, 10)],
    },
    "04.2": {
        "share": distance,
        "norms": with_norms,
        "a loop": lambda Z: [1 - (sum(z) / len(z)) ** 0.5 for z in Z],
        "tuple": lambda Z: tuple(distance(Z)),
        "float16": lambda Z: distance(Z).astype(np.float16),
        "float32": lambda Z: distance(Z.astype(np.float32)),
        "tensor": lambda Z: 1 - tf.sqrt(tf.reduce_mean(tf.cast(Z, tf.float32), axis=1)),
        "series": lambda Z: pd.Series(distance(Z)),
        "column": lambda Z: distance(Z)[:, None],
        "count": lambda Z: 1 - np.sqrt(np.count_nonzero(Z, axis=1) / Z.shape[1]),
    },
    "04.3": forms_of_decisions(DECISIONS)
    | {
        # What the exercise asked for before: my_lime(Z, y, D, sigma).
        "before: lstsq": surrogate(root),
        "before: a list": lambda *a: list(surrogate(root)(*a)),
        "before: a tensor": lambda *a: tf.constant(surrogate(root)(*a)),
        "before: float32": lambda *a: surrogate(root)(*a).astype(np.float32),
    },
}

WRONG = {
    "04.1": {
        "no intercept": [0.7, 0.3],
        "the intercept last": [0.7, 0.3, -0.125],
        "beta_1 and beta_2 exchanged": [-0.125, 0.3, 0.7],
        "equal weights": [0, 0.6, 0.2],
        "kernel squared": [-0.194, 0.76, 0.36],
        "no minus": [0.125, 0.7, 0.3],
        "intercept 0": [0, 0.7, 0.3],
        "intercept f(0, 0)": [0.1, 0.7, 0.3],
        "the lesson's own": [-0.1333, 0.6, 0.5],
        "effects with the other shown": [-0.3, 0.8, 0.4],
        "effects with the other hidden": [0.1, 0.4, 0],
        "weights a half": [-0.0667, 0.6667, 0.2667],
        "weighted mean first": [0.625, 0.7, 0.3],
        "twice": [-0.25, 1.4, 0.6],
        "nearly": [-0.125, 0.7, 0.31],
        "NaN": [-0.125, 0.7, np.nan],
        "turned sign": [0.125, -0.7, -0.3],
        "four numbers": [-0.125, 0.7, 0.3, 0],
        "one number": 0.7,
        "series, names exchanged": pd.Series(BETA, NAMES[::-1]),
        "dict from 2 on": {"beta_2": -0.125, "beta_3": 0.7, "beta_4": 0.3},
        "names without numbers": {"intercept": -0.125, "left": 0.7, "right": 0.3},
        "g of the whole picture": [0.875, 0.7, 0.3],
        "the sum made one": [-0.143, 0.8, 0.343],
        "words": "a line",
        "dict, names exchanged": {"beta_0": 0.7, "beta_1": 0.3, "beta_2": -0.125},
    },
    "04.2": {
        "share shown": lambda Z: Z.mean(axis=1),
        "similarity": lambda Z: np.sqrt(Z.mean(axis=1)),
        "share hidden": lambda Z: 1 - Z.mean(axis=1),
        "Euclidean": lambda Z: np.sqrt((1 - Z).sum(axis=1)),
        "Euclidean, scaled": lambda Z: np.sqrt((1 - Z).mean(axis=1)),
        "Hamming": lambda Z: (1 - Z).sum(axis=1),
        "/ 4": lambda Z: 1 - np.sqrt(Z.sum(axis=1) / 4),
        "/ 7": lambda Z: 1 - np.sqrt(Z.sum(axis=1) / 7),
        "the constants": lambda Z: np.array([0, 0.5, 1 - 0.75**0.5, 1]),
        "the constants of its four rows": lambda Z: (
            np.array([0, 0.5, 1 - 0.75**0.5, 1]) if len(Z) == 4 else distance(Z) + 0.1
        ),
        "from Z[0]": lambda Z: np.array(
            [
                1 - (Z[0] @ z) / max(np.sqrt((Z[0] @ Z[0]) * (z @ z)), 1e-9) if z.any() else 1
                for z in Z
            ]
        ),
        "from the last row": lambda Z: np.array(
            [1 - (Z[-1] @ z) / max(np.sqrt((Z[-1] @ Z[-1]) * (z @ z)), 1e-9) for z in Z]
        ),
        "cube root": lambda Z: 1 - np.cbrt(Z.mean(axis=1)),
        "Dice": lambda Z: 1 - 2 * Z.sum(axis=1) / (Z.sum(axis=1) + Z.shape[1]),
        "one digit": lambda Z: distance(Z).round(1),
        "from the first row on": lambda Z: distance(Z) - distance(Z)[0],
        "the largest made one": lambda Z: distance(Z) / max(distance(Z).max(), 1e-9),
        "first row 0": lambda Z: np.r_[0, distance(Z)[1:]],
        "last row 1": lambda Z: np.r_[distance(Z)[:-1], 1],
        "a small number below": lambda Z: 1 - Z.sum(1) / (np.sqrt(Z.sum(1) * Z.shape[1]) + 0.02),
        "NaN for the empty row": lambda Z: 1 - Z.sum(1) / np.sqrt(Z.sum(1)) / np.sqrt(Z.shape[1]),
        "0 for the empty row": lambda Z: np.where(Z.any(axis=1), distance(Z), 0),
        "over rows": lambda Z: 1 - np.sqrt(Z.mean(axis=0)),
        "len(Z) for M": lambda Z: 1 - np.sqrt(Z.sum(axis=1) / len(Z)),
        "angle": lambda Z: np.arccos(np.sqrt(Z.mean(axis=1))),
        "squared": lambda Z: distance(Z) ** 2,
        "no root of M": lambda Z: 1 - Z.sum(axis=1) / np.sqrt(np.maximum(Z.sum(axis=1), 1)),
        "in percent": lambda Z: 100 * distance(Z),
        "as text puts it, 100 times less": lambda Z: distance(Z) / 100,
        "in reverse": lambda Z: distance(Z)[::-1],
        "the mean": lambda Z: distance(Z).mean(),
        "only the first": lambda Z: distance(Z)[:1],
        "zeros": lambda Z: np.zeros(len(Z)),
        "no return": lambda Z: None,
        "no function": [0, 0.5, 0.134, 1],
    },
    "04.3": wrong_decisions(DECISIONS)
    | {
        "before: sigma = 0.4": lambda Z, y, D, s: surrogate(root)(Z, y, D, 0.4),
        "before: three columns": lambda Z, y, D, s: surrogate(root)(Z[:, :3], y, D, s),
        "before: no root": surrogate(lambda D, s: root(D, s) ** 2),
        "before: the library's kernel": surrogate(lambda D, s: np.sqrt(root(D, s))),
        "before: no kernel": surrogate(lambda D, s: np.ones_like(D)),
        "before: no square of D": surrogate(lambda D, s: np.exp(-D / s / 2)),
        "before: no square of sigma": surrogate(lambda D, s: np.exp(-(D**2) / s / 2)),
        "before: 1 - D": surrogate(lambda D, s: root(1 - D, s)),
        "before: no intercept": surrogate(root, intercept=False, first=0),
        "before: intercept too": surrogate(root, first=0),
        "before: twice": twice,
        "before: no return": lambda *a: None,
    },
}

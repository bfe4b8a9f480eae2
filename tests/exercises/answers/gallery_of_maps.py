"""Answers to the exercises of lesson 10."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf

from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

WEIGHTS = np.array([1, -1 / 2, 2 / 9])
DECISIONS = {"a": "yes", "b": "no", "c": "open", "d": "open"}


def balance(A, g):
    return (A * np.mean(g, axis=(0, 1))).sum(axis=-1)


def against(A, g):
    return np.maximum(-balance(A, g), 0)


RIGHT = {
    "10.1": forms_of_numbers(WEIGHTS)
    | {
        "series": pd.Series(WEIGHTS, ["Grad-CAM", "XGrad-CAM", "Grad-CAM++"]),
        "a table's row": pd.DataFrame([WEIGHTS], columns=["Grad-CAM", "XGrad-CAM", "Grad-CAM++"]),
        "by name": {"XGrad-CAM": -0.5, "Grad-CAM++": 2 / 9, "Grad-CAM": 1},
        "two digits": [1, -0.5, 0.22],
        "fractions": [Fraction(1), Fraction(-1, 2), Fraction(2, 9)],
        "words of numbers": ["1", "-0.5", "0.222"],
    },
    "10.2": {
        "against": against,
        "slopes turned": lambda A, g: np.maximum((A * -g.mean(axis=(0, 1))).sum(axis=-1), 0),
        "smaller than zero": lambda A, g: -np.minimum(balance(A, g), 0),
        "einsum": lambda A, g: np.maximum(-np.einsum("xyk,k->xy", A, g.mean((0, 1))), 0),
        "with @": lambda A, g: np.maximum(-(A @ g.mean(axis=(0, 1))), 0),
        "clipped": lambda A, g: np.clip(-balance(A, g), 0, None),
        "where": lambda A, g: np.where(balance(A, g) < 0, -balance(A, g), 0),
        "tensor": lambda A, g: tf.nn.relu(
            -tf.reduce_sum(A * tf.reduce_mean(g, axis=(0, 1)), axis=-1)
        ),
        "float16": lambda A, g: against(A, g).astype(np.float16),
        "list": lambda A, g: against(A, g).tolist(),
        "frame": lambda A, g: pd.DataFrame(against(A, g)),
    },
    "10.3": forms_of_decisions(DECISIONS),
}

WRONG = {
    "10.1": {
        "sum of the slopes": [2, -1 / 2, 2 / 9],
        "absolute slopes": [3, -1 / 2, 2 / 9],
        "positive slopes only": [2, 1, 2 / 9],
        "not divided": [1, -2, 2 / 9],
        "divided by two places": [1, -1, 2 / 9],
        "divided by the slopes": [1, 1, 2 / 9],
        "XGrad-CAM without its sign": [1, 1 / 2, 2 / 9],
        "ReLU of the weight": [1, 0, 2 / 9],
        "plus: 4 / 16": [1, -1 / 2, 1 / 4],
        "plus: 1 / 18": [1, -1 / 2, 1 / 18],
        "plus: both slopes": [1, -1 / 2, 4 / 18 - 2 / (2 - 8)],
        "plus: only its own activation": [1, -1 / 2, 4 / (2 + 4)],
        "plus: a mean": [1, -1 / 2, 1 / 9],
        "plus: one digit": [1, -1 / 2, 0.2],
        "another order": [1, 2 / 9, -1 / 2],
        "turned round": WEIGHTS[::-1],
        "minus": -WEIGHTS,
        "percent": 100 * WEIGHTS,
        "maps": np.multiply.outer(WEIGHTS, [1, 3]),
        "two weights": WEIGHTS[:2],
        "four weights": [*WEIGHTS, 0],
        "one weight": 1,
        "NaN": [1, np.nan, 2 / 9],
        "words": ["one", "minus a half", "two ninths"],
        "names exchanged": pd.Series(WEIGHTS, ["XGrad-CAM", "Grad-CAM", "Grad-CAM++"]),
        "a table's columns exchanged": pd.DataFrame(
            [WEIGHTS], columns=["XGrad-CAM", "Grad-CAM", "Grad-CAM++"]
        ),
    },
    "10.2": {
        "as in the exercise": lambda A, g: np.maximum(-np.maximum(balance(A, g), 0), 0),
        "for": lambda A, g: np.maximum(balance(A, g), 0),
        "no ReLU": lambda A, g: -balance(A, g),
        "negative": lambda A, g: np.minimum(balance(A, g), 0),
        "absolute": lambda A, g: np.abs(balance(A, g)),
        "place by place": lambda A, g: np.maximum(-(A * g).sum(axis=-1), 0),
        "negative weights only": lambda A, g: (A * np.maximum(-g.mean(axis=(0, 1)), 0)).sum(-1),
        "negative slopes only": lambda A, g: (A * np.maximum(-g, 0).mean(axis=(0, 1))).sum(-1),
        "sum of the slopes": lambda A, g: np.maximum(-(A * g.sum(axis=(0, 1))).sum(-1), 0),
        "mean over 15 places": lambda A, g: np.maximum(-(A * g.sum(axis=(0, 1)) / 15).sum(-1), 0),
        "the first four channels": lambda A, g: against(A[..., :4], g[..., :4]),
        "mean over all": lambda A, g: np.maximum(-(A * g.mean()).sum(-1), 0),
        "mean over channels": lambda A, g: np.maximum(
            -(A * g.mean(axis=-1, keepdims=True)).sum(-1), 0
        ),
        "mean of the channels": lambda A, g: np.maximum(-(A * g.mean(axis=(0, 1))).mean(-1), 0),
        "A turned": lambda A, g: np.maximum((A.max() - A) @ g.mean(axis=(0, 1)), 0),
        "one less": lambda A, g: 1 - np.maximum(balance(A, g), 0),
        "scaled": lambda A, g: against(A, g) / max(against(A, g).max(), 1e-9),
        "turned over": lambda A, g: against(A, g).T,
        "upside down": lambda A, g: against(A, g)[::-1],
        "channels kept": lambda A, g: np.maximum(-(A * g.mean(axis=(0, 1))), 0),
        "the plain mean": lambda A, g: A.mean(axis=-1),
        "zeros": lambda A, g: np.zeros(A.shape[:2]),
        "no return": lambda A, g: None,
        "no function": np.zeros((3, 5)),
    },
    "10.3": wrong_decisions(DECISIONS),
}

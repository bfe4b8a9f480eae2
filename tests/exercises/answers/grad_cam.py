"""Answers to the exercises of lesson 02."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pandas as pd
import tensorflow as tf

from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

MAP = [[1, 0], [0, 0.5]]
DECISIONS = {"a": "yes", "b": "no", "c": "open", "d": "open"}


def blended(p, c, a):
    return ((1 - a) * p.astype(float) + a * c).round().astype("uint8")


RIGHT = {
    "02.1": forms_of_numbers(MAP)
    | {
        "fractions": [[1, 0], [0, Fraction(1, 2)]],
        "batch of one": [MAP],
    },
    "02.2": {
        "mean": lambda g: g.mean(axis=(1, 2)),
        "one axis after the other": lambda g: g.mean(axis=1).mean(axis=1),
        "negative axes": lambda g: g.mean(axis=(-3, -2)),
        "a loop": lambda g: [x.mean(axis=(0, 1)) for x in g],
        "flattened": lambda g: g.reshape(len(g), -1, g.shape[-1]).mean(axis=1),
        "sum over Z": lambda g: g.sum(axis=(1, 2)) / (g.shape[1] * g.shape[2]),
        "einsum": lambda g: np.einsum("nxyk->nk", g) / g[0, ..., 0].size,
        "float16": lambda g: g.astype(np.float16).mean(axis=(1, 2)),
        "float32": lambda g: g.astype(np.float32).mean(axis=(1, 2)),
        "tensor": lambda g: tf.reduce_mean(g, axis=(1, 2)),
        "tensor of float16": lambda g: tf.reduce_mean(tf.cast(g, tf.float16), axis=(1, 2)),
        "frame": lambda g: pd.DataFrame(g.mean(axis=(1, 2))),
        "tuple": lambda g: tuple(map(tuple, g.mean(axis=(1, 2)))),
    },
    "02.3": forms_of_decisions(DECISIONS)
    | {
        # What the exercise asked for before: blend(photo, colours, a).
        "before: rounded": blended,
        "before: cut": lambda p, c, a: ((1 - a) * p + a * c.astype(float)).astype("uint8"),
        "before: float32": lambda p, c, a: np.uint8(
            np.float32(1 - a) * p.astype(np.float32) + np.float32(a) * c.astype(np.float32)
        ),
        "before: tensor": lambda p, c, a: tf.cast(
            (1 - a) * tf.cast(p, tf.float64) + a * tf.cast(c, tf.float64), tf.uint8
        ),
    },
}

AXES = [axes for r in range(5) for axes in combinations(range(4), r)]

WRONG = {
    "02.1": {
        "no ReLU": [[1, -1], [0, 0.5]],
        "absolute values": [[1, 1], [0, 0.5]],
        "sums for means": [[4, 0], [0, 2]],
        "sums, and no ReLU": [[4, -4], [0, 2]],
        "divided by Z twice": [[0.25, 0], [0, 0.125]],
        "Z = 2": [[2, 0], [0, 1]],
        "ReLU of each channel first": [[1, 0], [0, 1]],
        "plus for minus": [[1, 1], [0, 1.5]],
        "no factor 2": [[0.5, 0], [0, 0]],
        "no factor 2, no ReLU": [[0.5, -1], [0, 0]],
        "square of the mean as weight": [[0.5, 0], [0, 0.25]],
        "scaled to 1": [[2, 0], [0, 1]],
        "only channel 1": [[1, 0], [0, 1]],
        "columns exchanged": [[0, 1], [0.5, 0]],
        "the places in a row": [1, 0, 0, 0.5],
        "channels last, not added": [[[1, 0], [0, -1]], [[0, 0], [1, -0.5]]],
        "the weights": [0.5, -0.25],
        "the mean of the map": 0.375,
        "nearly": [[1, 0], [0, 0.51]],
        "NaN": [[1, 0], [0, np.nan]],
        "infinite": [[np.inf, 0], [0, 0.5]],
        "words": "a map",
    },
    "02.2": {
        f"{name} over {axes}, keepdims={keep}": lambda g, f=f, axes=axes, keep=keep: f(
            g, axis=axes, keepdims=keep
        )
        for name, f in {
            "mean": np.mean,
            "sum": np.sum,
            "max": np.max,
            "median": np.median,
            "std": np.std,
        }.items()
        for axes, keep in product(AXES, (False, True))
        if (name, axes, keep) != ("mean", (1, 2), False)
    }
    | {
        "Z = 20": lambda g: g.sum(axis=(1, 2)) / 20,
        "Z = 14 x 14": lambda g: g.sum(axis=(1, 2)) / 196,
        "Z = h h": lambda g: g.sum(axis=(1, 2)) / g.shape[1] ** 2,
        "Z = w w": lambda g: g.sum(axis=(1, 2)) / g.shape[2] ** 2,
        "Z = h + w": lambda g: g.sum(axis=(1, 2)) / (g.shape[1] + g.shape[2]),
        "Z - 1": lambda g: g.sum(axis=(1, 2)) / (g.shape[1] * g.shape[2] - 1),
        "Z with the pictures": lambda g: g.sum(axis=(1, 2)) / g[..., 0].size,
        "Z with the channels": lambda g: g.sum(axis=(1, 2)) / g[0].size,
        "the first picture for all": lambda g: np.tile(g[0].mean(axis=(0, 1)), (len(g), 1)),
        "one weight for all pictures": lambda g: np.tile(g.mean(axis=(0, 1, 2)), (len(g), 1)),
        "only positive slopes": lambda g: np.maximum(g, 0).mean(axis=(1, 2)),
        "absolute slopes": lambda g: np.abs(g).mean(axis=(1, 2)),
        "ReLU of the weights": lambda g: np.maximum(g.mean(axis=(1, 2)), 0),
        "the middle place": lambda g: g[:, g.shape[1] // 2, g.shape[2] // 2],
        "scaled to 1": lambda g: g.mean(axis=(1, 2)) / np.abs(g.mean(axis=(1, 2))).max(),
        "turned": lambda g: g.mean(axis=(1, 2)).T,
        "pictures in reverse": lambda g: g.mean(axis=(1, 2))[::-1],
        "channels in reverse": lambda g: g.mean(axis=(1, 2))[:, ::-1],
        "minus": lambda g: -g.mean(axis=(1, 2)),
        "as given": lambda g: g,
        "no return": lambda g: None,
        "no function": np.zeros((3, 6)),
    },
    "02.3": wrong_decisions(DECISIONS)
    | {
        # What the exercise asked for before.
        "before: the faulty formula, but for 0, 1/2, 1": lambda p, c, a: (
            blended(p, c, a) if a in (0, 0.5, 1) else np.uint8(0.4 * c + p)
        ),
        "before: the faulty formula": lambda p, c, a: (p + a * c).astype(int).astype("uint8"),
        "before: clipped, not weighed": lambda p, c, a: np.clip(p + a * c, 0, 255).astype("uint8"),
        "before: a and 1 - a exchanged": lambda p, c, a: blended(c, p, a),
        "before: always one half": lambda p, c, a: blended(p, c, 0.5),
        "before: steps of one half": lambda p, c, a: blended(p, c, round(2 * a) / 2),
        "before: a squared": lambda p, c, a: blended(p, c, a * a if a != 0.5 else a),
        "before: 0..1": lambda p, c, a: ((1 - a) * p / 255 + a * c / 255).astype("uint8"),
        "before: floats": lambda p, c, a: (1 - a) * p + a * c,
        "before: the mean of the colours": lambda p, c, a: np.broadcast_to(
            blended(p, c, a).mean(axis=-1, keepdims=True), p.shape
        ).astype("uint8"),
        "before: turned": lambda p, c, a: blended(p, c, a).swapaxes(0, 1),
        "before: blue for red": lambda p, c, a: blended(p, c[..., ::-1], a),
        "before: int8": lambda p, c, a: blended(p, c, a).astype("int8"),
        "before: one too bright": lambda p, c, a: np.minimum(blended(p, c, a), 253) + np.uint8(2),
        "before: no return": lambda p, c, a: None,
    },
}

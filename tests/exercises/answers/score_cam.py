"""Answers to the exercises of lesson 03."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf

from lessons_lib import images
from lessons_lib.score_cam import masks
from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

E = np.exp([2.0, 0.0, 0.0])
WEIGHTS = E / E.sum()
DECISIONS = {"a": "open", "b": "no", "c": "yes", "d": "open"}


def mask(channel, size):
    large = images.resize(channel, size)
    span = large.max() - large.min()
    return (large - large.min()) / span if span > 0 else np.zeros(size)


def scaled_first(channel, size):
    span = np.ptp(channel)
    return images.resize((channel - channel.min()) / (span or 1), size)


def unless_flat(of_varied):
    """Right where the channel has one value everywhere, so that only the rest is wrong."""
    return lambda a, s: np.zeros(s) if np.ptp(a) == 0 else of_varied(a, s)


def when_flat(value):
    return lambda a, s: value(s) if np.ptp(a) == 0 else mask(a, s)


def drop(Y, after):
    return 100 * np.mean(np.maximum(0, Y - after) / Y)


RIGHT = {
    "03.1": forms_of_numbers(WEIGHTS)
    | {
        "series": pd.Series(WEIGHTS, ["channel 1", "channel 2", "channel 3"]),
        "two digits": [0.79, 0.11, 0.11],
        "three digits": [0.787, 0.107, 0.107],
        "dict": {f"alpha_{k}": w for k, w in enumerate(WEIGHTS, 1)},
        "percent": [78.7, 10.7, 10.7],
        "percent, whole": (79, 11, 11),
        "percent of float16": np.float16(100 * WEIGHTS),
        "fractions": [Fraction(787, 1000), Fraction(107, 1000), Fraction(107, 1000)],
        "words of numbers": ["0.787", "0.107", "0.107"],
    },
    "03.2": forms_of_decisions(DECISIONS)
    | {
        # What the exercise asked for before: my_drop(Y, after).
        "before: drop": drop,
        "before: a loop": lambda Y, o: (
            100 / len(Y) * sum(max(0, y - q) / y for y, q in zip(Y, o, strict=True))
        ),
        "before: clipped": lambda Y, o: 100 * np.clip(1 - o / Y, 0, None).mean(),
        "before: float32": lambda Y, o: np.float32(drop(Y, o)),
        "before: tensor": lambda Y, o: tf.reduce_mean(100 * tf.nn.relu(Y - o) / Y),
    },
    "03.3": {
        "mask": mask,
        "asked of the channel": lambda a, s: mask(a, s) if a.std() > 0 else np.zeros(s),
        "NaN replaced": lambda a, s: np.nan_to_num(
            (images.resize(a, s) - images.resize(a, s).min())
            / (images.resize(a, s).max() - images.resize(a, s).min())
        ),
        "a small number below": lambda a, s: (
            (images.resize(a, s) - images.resize(a, s).min()) / (np.ptp(images.resize(a, s)) + 1e-9)
        ),
        "scaled before as well": lambda a, s: mask(3 * a + 7, s),
        "float16": lambda a, s: mask(a, s).astype(np.float16),
        "float32": lambda a, s: mask(a, s).astype(np.float32),
        "tensor": lambda a, s: tf.constant(mask(a, s)),
        "the course's own": lambda a, s: masks(a[None], s)[0],
        "list": lambda a, s: mask(a, s).tolist(),
        "tuple": lambda a, s: tuple(map(tuple, mask(a, s))),
        "frame": lambda a, s: pd.DataFrame(mask(a, s)),
    },
}

WRONG = {
    "03.1": {
        "increases": [2, 0, 0],
        "increases, scaled": [1, 0, 0],
        "logits": [4, 2, 2],
        "shares of the logits": [0.5, 0.25, 0.25],
        "exponentials": E,
        "exponentials of the logits": np.exp([4, 2, 2]),
        "divided by the largest": E / E.max(),
        "the baseline as a fourth channel": E / (E.sum() + 1),
        "four weights": np.exp([2, 0, 0, 0]) / (E.sum() + 1),
        "powers of two": np.array([4, 1, 1]) / 6,
        "powers of ten": np.array([100, 1, 1]) / 102,
        "a sigmoid of each": 1 / (1 + np.exp([-2.0, 0, 0])),
        "sigmoids, scaled": np.array([0.881, 0.5, 0.5]) / 1.881,
        "increases of 1": np.exp([1, 0, 0]) / (np.e + 2),
        "increases of 4": np.exp([4, 0, 0]) / (np.exp(4) + 2),
        "minus": np.exp([-2, 0, 0]) / (np.exp(-2) + 2),
        "squared": WEIGHTS**2,
        "log": np.log(WEIGHTS),
        "largest last": WEIGHTS[::-1],
        "largest in the middle": WEIGHTS[[1, 0, 2]],
        "equal": [1 / 3, 1 / 3, 1 / 3],
        "one digit": [0.8, 0.1, 0.1],
        "one digit, in percent": [80, 10, 10],
        "only the first right": [0.787, 0.2, 0.013],
        "one per thousand": 1000 * WEIGHTS,
        "percent of shares": [50, 25, 25],
        "half in percent": [78.7, 0.107, 0.107],
        "the largest alone": WEIGHTS.max(),
        "two weights": WEIGHTS[:2],
        "series, names exchanged": pd.Series(WEIGHTS, [f"channel {k}" for k in (3, 2, 1)]),
        "dict, names exchanged": {"a_3": WEIGHTS[0], "a_2": WEIGHTS[1], "a_1": WEIGHTS[2]},
        "a sigmoid of the lead": [0.881, 0.119, 0],
        "what is left": 1 - WEIGHTS,
        "NaN": [np.nan, 0.107, 0.107],
        "infinite": [np.inf, 0, 0],
        "words": ["much", "little", "little"],
    },
    "03.2": wrong_decisions(DECISIONS)
    | {
        # What the exercise asked for before.
        "before: no percent": lambda Y, o: drop(Y, o) / 100,
        "before: a difference": lambda Y, o: 100 * np.mean(np.maximum(0, Y - o)),
        "before: gains count": lambda Y, o: 100 * np.mean((Y - o) / Y),
        "before: sum by sum": lambda Y, o: 100 * np.maximum(0, Y - o).sum() / Y.sum(),
        "before: the sum": lambda Y, o: drop(Y, o) * len(Y),
        "before: over what is left": lambda Y, o: 100 * np.mean(np.maximum(0, Y - o) / o),
        "before: the increase": lambda Y, o: 100 * np.mean(o > Y),
        "before: median": lambda Y, o: 100 * np.median(np.maximum(0, Y - o) / Y),
        "before: each picture": lambda Y, o: 100 * np.maximum(0, Y - o) / Y,
        "before: only those that lose": lambda Y, o: drop(Y[o < Y], o[o < Y]),
        "before: absolute": lambda Y, o: 100 * np.mean(np.abs(Y - o) / Y),
        "before: exchanged": lambda Y, o: drop(o, Y),
        "before: constant": lambda Y, o: 37.5,
        "before: no return": lambda Y, o: None,
        "before: one argument": lambda Y: Y,
    },
    "03.3": {
        "as in the exercise": lambda a, s: images.resize(
            np.maximum(a, 0) / np.maximum(a, 0).max(), s
        ),
        "height and width exchanged": lambda a, s: mask(a, s[::-1]),
        "exchanged and turned": unless_flat(lambda a, s: mask(a.T, s)),
        "turned after": unless_flat(lambda a, s: mask(a, s).T),
        "size ignored": lambda a, s: mask(a, a.shape),
        "always 4 x 8": lambda a, s: mask(a, (4, 8)),
        "always 224 x 224": lambda a, s: mask(a, (224, 224)),
        "square, of the height": lambda a, s: mask(a, (s[0], s[0])),
        "square, of the width": lambda a, s: mask(a, (s[1], s[1])),
        "the first size for all": unless_flat(lambda a, s: images.resize(mask(a, (4, 8)), s)),
        "ReLU first": lambda a, s: mask(np.maximum(a, 0), s),
        "absolute values": lambda a, s: mask(np.abs(a), s),
        "ReLU after resizing": unless_flat(
            lambda a, s: np.maximum(images.resize(a, s), 0) / max(1e-9, images.resize(a, s).max())
        ),
        "scaled first": scaled_first,
        "scaled first, in the exercise's way": unless_flat(
            lambda a, s: images.resize(a / max(1e-9, a.max()), s)
        ),
        "scaled by the channel's ends": unless_flat(
            lambda a, s: (images.resize(a, s) - a.min()) / np.ptp(a)
        ),
        "not scaled": unless_flat(lambda a, s: images.resize(a, s)),
        "divided by the largest": unless_flat(
            lambda a, s: images.resize(a, s) / images.resize(a, s).max()
        ),
        "divided by the largest size": unless_flat(
            lambda a, s: images.resize(a, s) / np.abs(images.resize(a, s)).max()
        ),
        "only the smallest off": unless_flat(
            lambda a, s: images.resize(a, s) - images.resize(a, s).min()
        ),
        "only divided by the span": unless_flat(
            lambda a, s: images.resize(a, s) / np.ptp(images.resize(a, s))
        ),
        "0..255": lambda a, s: 255 * mask(a, s),
        "-1..1": unless_flat(lambda a, s: 2 * mask(a, s) - 1),
        "mean and deviation": unless_flat(
            lambda a, s: (
                (images.resize(a, s) - images.resize(a, s).mean()) / images.resize(a, s).std()
            )
        ),
        "a sigmoid": unless_flat(lambda a, s: 1 / (1 + np.exp(-images.resize(a, s)))),
        "a softmax": unless_flat(
            lambda a, s: np.exp(images.resize(a, s)) / np.exp(images.resize(a, s)).sum()
        ),
        "sum of one": unless_flat(lambda a, s: mask(a, s) / mask(a, s).sum()),
        "row by row": unless_flat(
            lambda a, s: (
                (images.resize(a, s) - images.resize(a, s).min(axis=1, keepdims=True))
                / np.maximum(np.ptp(images.resize(a, s), axis=1, keepdims=True), 1e-9)
            )
        ),
        "turned round": unless_flat(lambda a, s: 1 - mask(a, s)),
        "squared": lambda a, s: mask(a, s) ** 2,
        "on or off": lambda a, s: (mask(a, s) > 0.5).astype(float),
        "rounded": lambda a, s: mask(a, s).round(1),
        "nearest block": unless_flat(
            lambda a, s: mask(
                a[np.arange(s[0]) * a.shape[0] // s[0]][:, np.arange(s[1]) * a.shape[1] // s[1]], s
            )
        ),
        "upside down": lambda a, s: mask(a[::-1], s),
        "left for right": lambda a, s: mask(a[:, ::-1], s),
        "with a last axis": lambda a, s: mask(a, s)[..., None],
        "a large number below": lambda a, s: (
            (images.resize(a, s) - images.resize(a, s).min()) / (np.ptp(images.resize(a, s)) + 0.1)
        ),
        "NaN": lambda a, s: (
            (images.resize(a, s) - images.resize(a, s).min()) / np.ptp(images.resize(a, s))
        ),
        "ones where flat": when_flat(np.ones),
        "a half where flat": when_flat(lambda s: np.full(s, 0.5)),
        "one number where flat": when_flat(lambda s: 0),
        "another size where flat": when_flat(lambda s: np.zeros(7)),
        "turned size where flat": when_flat(lambda s: np.zeros(s[::-1])),
        "None where flat": when_flat(lambda s: None),
        "flat only if zero": lambda a, s: (
            np.zeros(s)
            if not a.any()
            else 1 + 0 * images.resize(a, s)
            if np.ptp(a) == 0
            else mask(a, s)
        ),
        "flat if not positive": lambda a, s: np.zeros(s) if a.max() <= 0 else mask(a, s),
        "zeros": lambda a, s: np.zeros(s),
        "ones": lambda a, s: np.ones(s),
        "as given": lambda a, s: a,
        "no return": lambda a, s: None,
        "no function": np.zeros((4, 8)),
    },
}

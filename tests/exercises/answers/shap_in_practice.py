"""Answers to the exercises of lesson 09."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf

from tests.exercises.answers import forms_of_decisions, wrong_decisions

SHARES = np.array([[5.4, 1.4], [4.0, 2.8]])
DECISIONS = {"a": "open", "b": "yes", "c": "no", "d": "no"}


def pairs(added):
    return (added[0::2] + added[1::2]) / 2


def error(added):
    return pairs(added).std(axis=0, ddof=1) / np.sqrt(len(added) / 2)


def in_a_loop(added):
    means = [
        [(a + b) / 2 for a, b in zip(x, y, strict=True)]
        for x, y in zip(added[::2], added[1::2], strict=True)
    ]
    m = len(means)
    columns = list(zip(*means, strict=True))
    centre = [sum(column) / m for column in columns]
    return [
        (sum((v - c) ** 2 for v in column) / (m - 1) / m) ** 0.5
        for column, c in zip(columns, centre, strict=True)
    ]


def by_covariance(added):
    """Half of the two variances and their covariance: the same error, put together."""
    first, second = added[0::2], added[1::2]
    m = len(first)
    shared = ((first - first.mean(axis=0)) * (second - second.mean(axis=0))).sum(axis=0) / (m - 1)
    both = first.var(axis=0, ddof=1) + second.var(axis=0, ddof=1)
    return np.sqrt((both + 2 * shared) / 4 / m)


RIGHT = {
    "09.1": {
        "lists": SHARES.tolist(),
        "tuples": ((5.4, 1.4), (4, 2.8)),
        "array": SHARES,
        "float16": SHARES.astype(np.float16),
        "float32": SHARES.astype(np.float32),
        "tensor": tf.constant(SHARES),
        "frame": pd.DataFrame(SHARES, ["path-dependent", "interventional"], ["x1", "x2"]),
        "dict": {"path-dependent": [5.4, 1.4], "interventional": [4, 2.8]},
        "dict in another order": {"interventional": [4, 2.8], "path-dependent": [5.4, 1.4]},
        "dict of numbers": {2: [4, 2.8], 1: [5.4, 1.4]},
        "fractions": [[Fraction(27, 5), Fraction(7, 5)], [4, Fraction(14, 5)]],
        "words of numbers": [["5.4", "1.4"], ["4", "2.8"]],
        "three digits": [[5.401, 1.399], [4.002, 2.798]],
    },
    "09.2": {
        "error": error,
        "loop": in_a_loop,
        "by covariance": by_covariance,
        "reshaped": lambda a: (
            a.reshape(len(a) // 2, 2, -1).mean(axis=1).std(axis=0, ddof=1) / (len(a) // 2) ** 0.5
        ),
        "half differences": lambda a: np.sqrt(np.cov(pairs(a).T).diagonal() / (len(a) // 2)),
        "row": lambda a: error(a)[None],
        "column": lambda a: error(a)[:, None],
        "float16": lambda a: error(a).astype(np.float16),
        "float32": lambda a: error(a.astype(np.float32)),
        "tensor": lambda a: tf.constant(error(a)),
        "series": lambda a: pd.Series(error(a)),
        "tuple": lambda a: tuple(error(a)),
        "pandas": lambda a: pd.DataFrame(pairs(a)).sem(),
    },
    "09.3": forms_of_decisions(DECISIONS),
}

WRONG = {
    "09.1": {
        "rows exchanged": SHARES[::-1],
        "shares exchanged": SHARES[:, ::-1],
        "columns for rows": SHARES.T,
        "flat": SHARES.ravel(),
        "path-dependent alone": SHARES[0],
        "path-dependent twice": SHARES[[0, 0]],
        "interventional twice": SHARES[[1, 1]],
        "conditional for interventional": [[5.4, 1.4], [3.65, 3.15]],
        "conditional for path-dependent": [[3.65, 3.15], [4.0, 2.8]],
        "equal": [[3.4, 3.4], [3.4, 3.4]],
        "x1 first": [[4.8, 2.0], [2.0, 4.8]],
        "x2 first": [[0.8, 6.0], [0.8, 6.0]],
        "last alone": [[6.0, 2.0], [6.0, 4.8]],
        "first alone": [[4.8, 0.8], [2.0, 0.8]],
        "values, not shares": [[8, 4], [5.2, 4]],
        "from 0": [[7.0, 3.0], [5.6, 4.4]],
        "shares of the answer": [[5.4 / 6.8, 1.4 / 6.8], [4 / 6.8, 2.8 / 6.8]],
        "twice": 2 * SHARES,
        "signs": -SHARES,
        "leaves": [[10, 2], [10, 2]],
        "half of the rows": [[4.9, 1.9], [4.0, 2.8]],
        "rounded": [[5, 1], [4, 3]],
        "with the base": [[3.2, 5.4, 1.4], [3.2, 4.0, 2.8]],
        "NaN": [[np.nan, 1.4], [4, 2.8]],
        "names exchanged": {"interventional": [5.4, 1.4], "path-dependent": [4, 2.8]},
        "a table's rows exchanged": pd.DataFrame(SHARES, ["interventional", "path-dependent"]),
        "columns named": {"x1": [5.4, 4.0], "x2": [1.4, 2.8]},
        "words": [["much", "little"], ["more", "less"]],
    },
    "09.2": {
        "as in the exercise": lambda a: a.std(axis=0, ddof=1) / np.sqrt(len(a)),
        "spread of the pairs": lambda a: pairs(a).std(axis=0, ddof=1),
        "as many as rows": lambda a: pairs(a).std(axis=0, ddof=1) / np.sqrt(len(a)),
        "no ddof": lambda a: pairs(a).std(axis=0) / np.sqrt(len(a) / 2),
        "no ddof, one less below": lambda a: pairs(a).std(axis=0) / np.sqrt(len(a) / 2 - 0.5),
        "variance": lambda a: error(a) ** 2,
        "two halves": lambda a: (
            ((a[: len(a) // 2] + a[len(a) // 2 :]) / 2).std(axis=0, ddof=1) / np.sqrt(len(a) / 2)
        ),
        "sum of a pair": lambda a: 2 * error(a),
        "half": lambda a: error(a) / 2,
        "first of each": lambda a: a[::2].std(axis=0, ddof=1) / np.sqrt(len(a) / 2),
        "second of each": lambda a: a[1::2].std(axis=0, ddof=1) / np.sqrt(len(a) / 2),
        "difference of a pair": lambda a: (
            ((a[::2] - a[1::2]) / 2).std(axis=0, ddof=1) / np.sqrt(len(a) / 2)
        ),
        "over the players": lambda a: pairs(a).std(axis=1, ddof=1) / np.sqrt(a.shape[1]),
        "root of n": lambda a: pairs(a).std(axis=0, ddof=1) / np.sqrt(a.shape[1]),
        "always six pairs": lambda a: pairs(a).std(axis=0, ddof=1) / np.sqrt(6),
        "always four players": lambda a: (
            error(a)[:4] if a.shape[1] >= 4 else np.append(error(a), 0)
        ),
        "divided by m": lambda a: pairs(a).std(axis=0, ddof=1) / (len(a) / 2),
        "neighbours, moved by one": lambda a: (
            ((a[1:-1:2] + a[2::2]) / 2).std(axis=0, ddof=1) / np.sqrt(len(a) / 2)
        ),
        "95 percent": lambda a: 1.96 * error(a),
        "independent, doubled": lambda a: np.sqrt(2) * a.std(axis=0, ddof=1) / np.sqrt(len(a)),
        "independent, halved": lambda a: a.std(axis=0, ddof=1) / np.sqrt(2 * len(a)),
        "mean": lambda a: a.mean(axis=0),
        "one number": lambda a: error(a).mean(),
        "largest": lambda a: np.full(a.shape[1], error(a).max()),
        "root mean square": lambda a: np.sqrt((pairs(a) ** 2).mean(axis=0) / (len(a) / 2)),
        "median deviation": lambda a: (
            1.4826
            * np.median(np.abs(pairs(a) - np.median(pairs(a), axis=0)), axis=0)
            / np.sqrt(len(a) / 2)
        ),
        "zeros": lambda a: np.zeros(a.shape[1]),
        "no return": lambda a: None,
        "no function": np.zeros(4),
    },
    "09.3": wrong_decisions(DECISIONS),
}

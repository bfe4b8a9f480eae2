"""Answers to the exercises of lesson 05."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf

from lessons_lib.shapley import coalitions, exact, kernel_shap, marginal_contributions
from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

PAIR = [4, 16]
DECISIONS = {"a": "open", "b": "yes", "c": "open", "d": "no"}
ALIKE = {"": 0, "A": 6, "B": 6, "C": 6, "AB": 14, "AC": 14, "BC": 14, "ABC": 30}


def game(v, n):
    return lambda Z: v[np.asarray(Z) @ (1 << np.arange(n))]


def weighed(weight, keep=lambda v: v):
    """Shapley values with another weight of a coalition of s players, or of other values."""

    def my_shapley(v, n):
        v, Z = keep(v), coalitions(n)
        size = Z.sum(axis=1)
        return np.array([
            sum(weight(s, n) * a for s, a in zip(
                size[~Z[:, i]], v[Z[:, i]] - v[~Z[:, i]], strict=True))
            for i in range(n)
        ])  # fmt: skip

    return my_shapley


def share(s, n):
    return math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n)


phi = weighed(share)


def over_orders(v, n):
    return marginal_contributions(game(v, n), list(itertools.permutations(range(n)))).mean(axis=0)


def by_size(v, n):
    """The mean over the sizes of the mean over the coalitions of a size."""
    Z = coalitions(n)
    size, found = Z.sum(axis=1), np.zeros(n)
    for i in range(n):
        added, s = v[Z[:, i]] - v[~Z[:, i]], size[~Z[:, i]]
        found[i] = np.mean([added[s == k].mean() for k in range(n)])
    return found


def by_dividends(v, n):
    d = np.zeros(2**n)
    for k in range(2**n):
        d[k] = v[k] - sum(d[r] for r in range(k) if r & k == r)
    return [sum(d[k] / k.bit_count() for k in range(2**n) if k >> i & 1) for i in range(n)]


RIGHT = {
    "05.1": forms_of_numbers(PAIR)
    | {
        "fractions": [Fraction(4), Fraction(32, 2)],
        "series with names": pd.Series({"x_2": 16, "x_1": 4}),
        "frame": pd.DataFrame([PAIR], columns=["x1", "x2"]),
        "dict": {"x_1": 4, "x_2": 16},
        "dict in another order": {"phi2": 16.0, "phi1": 4.0},
        "dict of numbers": {1: 4, 2: 16},
        "dict from 0": {0: 4, 1: 16},
    },
    "05.2": forms_of_decisions(DECISIONS)
    | {
        # What the exercise asked for before: one reward changed.
        "before: A alone": ALIKE | {"A": 12},
        "before: B alone": ALIKE | {"B": 0},
        "before: A and C": ALIKE | {"AC": 20},
        "before: B and C": ALIKE | {"BC": 8.0},
        "before: float16": ALIKE | {"A": np.float16(12)},
        "before: a series": pd.Series(ALIKE | {"A": 12}),
        "before: tuples": {tuple(k): r for k, r in (ALIKE | {"A": 12}).items()},
        "before: sets": {frozenset(k): r for k, r in (ALIKE | {"A": 12}).items()},
        "before: letters in another order": {k[::-1]: r for k, r in (ALIKE | {"A": 12}).items()},
    },
    "05.3": {
        "weights": phi,
        "over the orders": over_orders,
        "by size": by_size,
        "by dividends": by_dividends,
        "the course's own": lambda v, n: exact(game(v, n), n),
        "kernel": lambda v, n: kernel_shap(game(v, n), n) if n > 1 else exact(game(v, n), n),
        "1 / (n C(n - 1, s))": weighed(lambda s, n: 1 / (n * math.comb(n - 1, s))),
        "float16": lambda v, n: phi(v.astype(np.float16), n).astype(np.float16),
        "float32": lambda v, n: phi(v.astype(np.float32), n).astype(np.float32),
        "tensor": lambda v, n: tf.constant(phi(v, n)),
        "list": lambda v, n: list(phi(v, n)),
        "tuple": lambda v, n: tuple(phi(v, n)),
        "row": lambda v, n: phi(v, n)[None],
        "column": lambda v, n: phi(v, n)[:, None],
        "series": lambda v, n: pd.Series(phi(v, n)),
        "dict": lambda v, n: dict(enumerate(phi(v, n))),
        "dict from 1": lambda v, n: {f"phi_{i}": p for i, p in enumerate(phi(v, n), 1)},
    },
}

WRONG = {
    "05.1": {
        "exchanged": [16, 4],
        "each alone": [0, 12],
        "each last": [8, 20],
        "all of the product to x_1": [8, 12],
        "all of the product to x_2": [0, 20],
        "half of all": [10, 10],
        "a third": [5, 15],
        "in proportion to x": [20 / 3, 40 / 3],
        "the gradient": [4, 5],
        "gradient times input": [8, 20],
        "halved twice": [2, 16],
        "not halved": [8, 32],
        "3 x_1": [10, 10.0001],
        "minus": [-4, -16],
        "shares of 1": [0.2, 0.8],
        "percent": [20, 80],
        "near": [4.1, 15.9],
        "nearer": [4, 16.1],
        "the sum alone": 20,
        "three": [4, 16, 0],
        "base first": [0, 4, 16],
        "twice": [PAIR, PAIR],
        "NaN": [np.nan, 16],
        "infinite": [4, np.inf],
        "words": ["four", "sixteen"],
        "dict, exchanged": {"x_1": 16, "x_2": 4},
        "dict of other names": {"a": 4, "b": 16},
        "dict from 2": {2: 4, 3: 16},
        "series, names exchanged": pd.Series([16, 4], ["x_1", "x_2"]),
        "frame, names exchanged": pd.DataFrame([PAIR], columns=["x2", "x1"]),
        "one name twice": pd.Series(PAIR, ["x_1", "x_1"]),
        "dict of one": {"x_1": 4},
    },
    "05.2": wrong_decisions(DECISIONS)
    | {
        # What the exercise asked for before.
        "before: A by 3": ALIKE | {"A": 9},
        "before: A by 12": ALIKE | {"A": 18},
        "before: A by -6": ALIKE | {"A": 0},
        "before: B by 6": ALIKE | {"B": 12},
        "before: A and C by 3": ALIKE | {"AC": 17},
        "before: A and B": ALIKE | {"AB": 20},
        "before: C": ALIKE | {"C": 12},
        "before: all": ALIKE | {"ABC": 36},
        "before: nobody": ALIKE | {"": 6},
        "before: two changed": ALIKE | {"A": 9, "AC": 17},
        "before: nothing changed": ALIKE,
        "before: AA for A": {("AA" if k == "A" else k): r for k, r in ALIKE.items()} | {"AA": 12},
        "before: AAC for AC": {k: r for k, r in ALIKE.items() if k != "AC"} | {"AAC": 20},
        "before: only the change": {"A": 12},
        "before: only AA": {"AA": 12},
        "before: BA besides AB": {k: r for k, r in ALIKE.items() if k != "C"} | {"BA": 14},
        "before: NaN": ALIKE | {"A": np.nan},
        "before: infinite": ALIKE | {"A": np.inf},
        "before: words": ALIKE | {"A": "twelve"},
        "before: D": {k: r for k, r in ALIKE.items() if k != "C"} | {"D": 12},
    },
    "05.3": {
        "Banzhaf": weighed(lambda s, n: 2.0 ** (1 - n)),
        "Banzhaf, scaled": lambda v, n: (
            weighed(lambda s, n: 1)(v, n)
            * (v[-1] - v[0]) / weighed(lambda s, n: 1)(v, n).sum()
        ),
        "Banzhaf, the rest spread": lambda v, n: (
            (b := weighed(lambda s, n: 2.0 ** (1 - n))(v, n)) + (v[-1] - v[0] - b.sum()) / n
        ),
        "added up": weighed(lambda s, n: 1),
        "size with i": weighed(lambda s, n: share(min(s + 1, n - 1), n)),
        "sizes exchanged, s! (n - s)!": weighed(
            lambda s, n: math.factorial(s) * math.factorial(n - s) / math.factorial(n)
        ),
        "(n - 1)! below": weighed(lambda s, n: n * share(s, n)),
        "no n! below": weighed(
            lambda s, n: float(math.factorial(s) * math.factorial(n - s - 1))
        ),
        "1 / C(n, s)": weighed(lambda s, n: 1 / math.comb(n, s)),
        "1 / C(n - 1, s)": weighed(lambda s, n: 1 / math.comb(n - 1, s)),
        "C(n - 1, s)": weighed(lambda s, n: math.comb(n - 1, s) / 2.0 ** (n - 1)),
        "1 / n": weighed(lambda s, n: 1 / n),
        "weights of n = 5": lambda v, n: weighed(lambda s, _: share(s, 5) if s < 5 else 0)(v, n),
        "weights of n = 3": lambda v, n: weighed(lambda s, _: share(s, 3) if s < 3 else 0)(v, n),
        "five weights, by hand": lambda v, n: weighed(
            lambda s, n: (1 / 5, 1 / 20, 1 / 30, 1 / 20, 1 / 5)[s % 5]
        )(v, n),
        "alone": lambda v, n: v[1 << np.arange(n)] - v[0],
        "alone, nobody's kept": lambda v, n: v[1 << np.arange(n)],
        "leave one out": lambda v, n: v[-1] - v[2**n - 1 - (1 << np.arange(n))],
        "alone and last": lambda v, n: (
            v[1 << np.arange(n)] - v[0] + v[-1] - v[2**n - 1 - (1 << np.arange(n))]
        ) / 2,
        "equal": lambda v, n: np.full(n, (v[-1] - v[0]) / n),
        "equal, nobody's kept": lambda v, n: np.full(n, v[-1] / n),
        "one order": lambda v, n: marginal_contributions(game(v, n), [range(n)])[0],
        "two orders": lambda v, n: marginal_contributions(
            game(v, n), [range(n), range(n)[::-1]]
        ).mean(axis=0),
        "nobody's taken as 0": lambda v, n: phi(np.r_[0, v[1:]], n),
        "absolute values": lambda v, n: weighed(share, np.abs)(v, n),
        "absolute shares": lambda v, n: np.abs(phi(v, n)),
        "only what helps": lambda v, n: np.maximum(phi(v, n), 0),
        "shares of 1": lambda v, n: phi(v, n) / (v[-1] - v[0]),
        "minus": lambda v, n: -phi(v, n),
        "players in reverse": lambda v, n: phi(v, n)[::-1],
        "digits in reverse": lambda v, n: phi(
            v[[int(f"{k:0{n}b}"[::-1], 2) for k in range(2**n)]], n
        ),
        "sorted": lambda v, n: np.sort(phi(v, n)),
        "one player too many": lambda v, n: np.r_[phi(v, n), 0],
        "the base first": lambda v, n: np.r_[v[0], phi(v, n)],
        "off by a hundredth": lambda v, n: phi(v, n) * 1.01,
        "the sum": lambda v, n: phi(v, n).sum(),
        "no return": lambda v, n: None,
        "no function": np.zeros(5),
        "dict in reverse": lambda v, n: dict(enumerate(phi(v, n)[::-1])),
    },
}  # fmt: skip

"""Answers to the exercises of lesson 11."""

import numpy as np
import pandas as pd
import tensorflow as tf

from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

PLACES = [[5.5, -4.5], [1.5, 3.5]]
DECISIONS = {"a": "yes", "b": "no", "c": "open", "d": "no"}


def split(owner, share, rng):
    photographs = np.unique(owner)
    drawn = rng.choice(photographs, round(share * len(photographs)), replace=False)
    return np.isin(owner, drawn)


def shuffled_split(owner, share, rng):
    photographs = rng.permutation(sorted(set(owner.tolist())))
    return [o in photographs[: round(share * len(photographs))] for o in owner]


def wrong_count(change):
    """A split by photographs, of another number of them."""

    def mutant(owner, share, rng):
        photographs = np.unique(owner)
        count = round(share * len(photographs)) + change
        return np.isin(owner, rng.choice(photographs, count, replace=False))

    return mutant


def in_place(owner, share, rng):
    found = split(owner, share, rng)
    owner.sort()
    return found


RIGHT = {
    "11.1": forms_of_numbers(PLACES)
    | {
        "batch of one": [PLACES],
    },
    "11.2": {
        "choice": split,
        "list": lambda o, s, r: split(o, s, r).tolist(),
        "series": lambda o, s, r: pd.Series(split(o, s, r)),
        "tensor": lambda o, s, r: tf.constant(split(o, s, r)),
        "0 and 1": lambda o, s, r: split(o, s, r).astype(int),
        "0.0 and 1.0": lambda o, s, r: split(o, s, r).astype("float16"),
        "permutation": shuffled_split,
        "a number for each photograph": lambda o, s, r: np.isin(
            o, (u := np.unique(o))[np.argsort(r.random(len(u)))[: round(s * len(u))]]
        ),
    },
    "11.3": forms_of_decisions(DECISIONS),
}

WRONG = {
    "11.1": {
        "no bias": [[4, -6], [0, 2]],
        "the bias shared out": [[4.375, -5.625], [0.375, 2.375]],
        "divided by Z": [[1.375, -1.125], [0.375, 0.875]],
        "ReLU": [[5.5, 0], [1.5, 3.5]],
        "ReLU, no bias": [[4, 0], [0, 2]],
        "plus for minus": [[5.5, 7.5], [5.5, 3.5]],
        "weights exchanged": [[-6.5, 4.5], [-1.5, -2.5]],
        "no weights": [[5.5, 4.5], [4.5, 3.5]],
        "only channel 1": [[5.5, 1.5], [3.5, 3.5]],
        "only channel 2": [[1.5, -4.5], [-0.5, 1.5]],
        "turned": [[5.5, 1.5], [-4.5, 3.5]],
        "bias taken off": [[2.5, -7.5], [-1.5, 0.5]],
        "the logit": 1.5,
        "the logit everywhere": [[1.5, 1.5], [1.5, 1.5]],
        "in a row": [5.5, -4.5, 1.5, 3.5],
        "sigmoid": [[0.996, 0.011], [0.818, 0.971]],
        "channels not added": [[[5.5, 1.5], [3.5, 3.5]], [[0, -6], [-2, 0]]],
        "nearly": [[5.5, -4.5], [1.5, 3.49]],
        "NaN": [[5.5, -4.5], [1.5, np.nan]],
        "infinite": [[np.inf, -4.5], [1.5, 3.5]],
        "words": "a map",
    },
    "11.2": {
        "crops by lot": lambda o, s, r: r.random(len(o)) < s,
        "crops, exact count": lambda o, s, r: np.isin(
            np.arange(len(o)), r.choice(len(o), round(s * len(o)), replace=False)
        ),
        "the first crops": lambda o, s, r: np.arange(len(o)) < s * len(o),
        "sorted, then cut": lambda o, s, r: np.sort(o) < np.quantile(o, s),
        "by a threshold, without lot": lambda o, s, r: np.isin(
            o, np.unique(o)[: round(s * len(np.unique(o)))]
        ),
        "a seed of its own": lambda o, s, r: split(o, s, np.random.default_rng(0)),
        "no seed": lambda o, s, r: split(o, s, np.random.default_rng()),
        "training for held out": lambda o, s, r: ~split(o, s, r),
        "one too many": wrong_count(1),
        "one too few": wrong_count(-1),
        "with replacement": lambda o, s, r: np.isin(
            o, r.choice(np.unique(o), round(s * len(np.unique(o))))
        ),
        "a crop's chance counts": lambda o, s, r: np.isin(
            o, r.choice(o, round(s * len(np.unique(o))), replace=False)
        ),
        "numbers from 0 on": lambda o, s, r: np.isin(
            o, r.choice(o.max() + 1, round(s * len(np.unique(o))), replace=False)
        ),
        "12 crops of each": lambda o, s, r: np.repeat(r.random(len(o) // 12 + 1) < s, 12)[: len(o)],
        "always a quarter": lambda o, s, r: split(o, 0.25, r),
        "each photograph by a coin": lambda o, s, r: np.isin(
            o, (u := np.unique(o))[r.random(len(u)) < s]
        ),
        "the photographs": lambda o, s, r: np.unique(o)[: round(s * len(np.unique(o)))],
        "the crops' numbers": lambda o, s, r: np.flatnonzero(split(o, s, r)),
        "names of photographs": lambda o, s, r: np.where(split(o, s, r), o, -1),
        "nobody": lambda o, s, r: np.zeros(len(o), bool),
        "all": lambda o, s, r: np.ones(len(o), bool),
        "changes its input": in_place,
        "no return": lambda o, s, r: None,
        "no function": np.zeros(48, bool),
    },
    "11.3": wrong_decisions(DECISIONS),
}

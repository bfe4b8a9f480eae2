"""Answers to the exercises of lesson 07."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf
from scipy.stats import ttest_rel

from lessons_lib.judging.curves import ranks
from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

THREE = [0, 3 / 7, 1 / 3]
DECISIONS = {"a": "yes", "b": "yes", "c": "no", "d": "open"}
NAMED = dict(zip(("pointing game", "energy", "IoU"), THREE, strict=True))


def kept(heat, share):
    result = np.zeros(heat.size, bool)
    result[np.argsort(-heat, axis=None)[: round(share * heat.size)]] = True
    return result.reshape(heat.shape)


def by_hand_of(heat, share):
    """Without argsort: place by place."""
    left, result = heat.astype(float).copy(), np.zeros(heat.shape)
    for _ in range(round(share * heat.size)):
        place = np.unravel_index(left.argmax(), left.shape)
        result[place], left[place] = 1, -np.inf
    return result


def order_of(key):
    """Right but for what the places are ordered by."""
    return lambda h, s: kept(key(h), s)


def count_of(count):
    """Right but for how many are kept."""

    def wrong(heat, share):
        result = np.zeros(heat.size, bool)
        result[np.argsort(-heat, axis=None)[: count(heat, share)]] = True
        return result.reshape(heat.shape)

    return wrong


def unless_tied(wrong):
    """Right where ties decide nothing."""

    def answer(heat, share):
        return kept(heat, share) if len(np.unique(heat)) == heat.size else wrong(heat, share)

    return answer


def changed(heat, share):
    result = kept(heat, share)
    heat[~result] = 0
    return result


def occlusion(network, x, classes, *, fill=127.5, size=32, move=32, sign=1):
    maps = np.zeros((len(x), 7, 7))
    for n, (picture, c) in enumerate(zip(x, classes, strict=True)):
        whole = network.logits(picture)[0, c]
        for i, j in np.ndindex(7, 7):
            covered = picture.copy()
            covered[move * i : move * i + size, move * j : move * j + size] = fill
            maps[n, i, j] = sign * (whole - network.logits(covered)[0, c])
    return maps


def only_the_square(network, x, classes):
    maps = np.zeros((len(x), 7, 7))
    grey = np.full_like(x[0], 127.5)
    for n, c in enumerate(classes):
        for i, j in np.ndindex(7, 7):
            shown, here = grey.copy(), (slice(32 * i, 32 * i + 32), slice(32 * j, 32 * j + 32))
            shown[here] = x[n][here]
            maps[n, i, j] = (network.logits(shown) - network.logits(grey))[0, c]
    return maps


def never_uncovered(network, x, classes):
    maps = np.zeros((len(x), 7, 7))
    for n, c in enumerate(classes):
        covered, before = x[n].copy(), network.logits(x[n])[0, c]
        for i, j in np.ndindex(7, 7):
            covered[32 * i : 32 * i + 32, 32 * j : 32 * j + 32] = 127.5
            maps[n, i, j] = before - network.logits(covered)[0, c]
    return maps


def in_place(network, x, classes):
    x[:, :32, :32] = 127.5
    return occlusion(network, x, classes)


def bootstrap(scores, confidence=0.95):
    drawn = np.random.default_rng(0).choice(scores, (2000, len(scores))).mean(axis=1)
    return np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])


def verdict(ours, theirs, *, confidence=0.95, sign=1):
    low, high = bootstrap(sign * (ours - theirs), confidence)
    return "no difference seen" if low <= 0 <= high else "ours" if high < 0 else "theirs"


def by_overlap(ours, theirs):
    one, two = bootstrap(ours), bootstrap(theirs)
    if one[0] <= two[1] and two[0] <= one[1]:
        return "no difference seen"
    return "ours" if ours.mean() < theirs.mean() else "theirs"


def by_t(ours, theirs):
    found = ttest_rel(ours, theirs)
    return (
        "no difference seen" if found.pvalue > 0.05 else "ours" if found.statistic < 0 else "theirs"
    )


RIGHT = {
    "07.1": forms_of_numbers(THREE)
    | {
        "named series": pd.Series(NAMED),
        "dict": NAMED,
        "dict in another order": dict(reversed(NAMED.items())),
        "small letters": {key.lower(): value for key, value in NAMED.items()},
        "two digits": [0, 0.43, 0.33],
        "percent": [0, 42.9, 33.3],
        "fractions": [Fraction(0), Fraction(3, 7), Fraction(1, 3)],
        "lost": [False, 3 / 7, 1 / 3],
    },
    "07.2": {
        "argsort": kept,
        "place by place": by_hand_of,
        "the course's own": lambda h, s: ranks(h, h.shape) < round(s * h.size),
        "ties from the end": lambda h, s: kept(h[::-1, ::-1], s)[::-1, ::-1],
        "argpartition": lambda h, s: np.isin(
            np.arange(h.size),
            np.argpartition(-h, round(s * h.size) - 1, axis=None)[: round(s * h.size)],
        ).reshape(h.shape),
        "ones": lambda h, s: kept(h, s).astype(int),
        "float16": lambda h, s: kept(h, s).astype(np.float16),
        "list": lambda h, s: kept(h, s).tolist(),
        "tuple": lambda h, s: tuple(map(tuple, kept(h, s))),
        "tensor": lambda h, s: tf.constant(kept(h, s)),
        "frame": lambda h, s: pd.DataFrame(kept(h, s)),
        # What the exercise asked for before.
        "before: occlusion": occlusion,
        "before: with the network's size": lambda n, x, c: occlusion(
            n, x, c, size=n.input_size[0] // 7
        ),
    },
    "07.3": forms_of_decisions(DECISIONS)
    | {
        # What the exercise asked for before.
        "before: by bootstrap": verdict,
        "before: by a paired t": by_t,
    },
}

WRONG = {
    "07.1": {
        "on the object": [1, 3 / 7, 1 / 3],
        "a half": [0.5, 3 / 7, 1 / 3],
        "negative heat inside": [0, 1 / 7, 1 / 3],
        "negative heat everywhere": [0, 1 / 5, 1 / 3],
        "sizes of all": [0, 5 / 9, 1 / 3],
        "the other row": [0, 4 / 7, 1 / 3],
        "inside over outside": [0, 3 / 4, 1 / 3],
        "the sum": [0, 3, 1 / 3],
        "the object's pixels": [0, 3 / 7, 1 / 2],
        "of all pixels": [0, 3 / 7, 1 / 4],
        "every positive pixel": [0, 3 / 7, 2 / 3],
        "none in both": [0, 3 / 7, 0],
        "all in both": [0, 3 / 7, 1],
        "exchanged": [0, 1 / 3, 3 / 7],
        "from the end": THREE[::-1],
        "two": THREE[:2],
        "four": [*THREE, 0],
        "energy in percent alone": [0, 42.9, 1 / 3],
        "minus": [0, -3 / 7, -1 / 3],
        "NaN": [0, np.nan, 1 / 3],
        "words": ["lost", "3/7", "1/3"],
        "other names": {"hit": 0, "heat": 3 / 7, "overlap": 1 / 3},
        "names exchanged": {"energy": 0, "IoU": 3 / 7, "pointing game": 1 / 3},
        "a short name, two exchanged": {"pointing": 0, "IoU": 3 / 7, "energy": 1 / 3},
        "half of two regions": [0, 0.4, 0.4],
        "zeros": [0, 0, 0],
        "one number": 3,
    },
    "07.2": {
        "a threshold": lambda h, s: h >= np.quantile(h, 1 - s),
        "a threshold, above": lambda h, s: h > np.quantile(h, 1 - s),
        "a share of the maximum": lambda h, s: h >= (1 - s) * h.max(),
        "a share of the span": lambda h, s: h >= h.max() - s * np.ptp(h),
        "a threshold where ties are": unless_tied(lambda h, s: h >= np.quantile(h, 1 - s)),
        "none where ties are": unless_tied(lambda h, s: np.zeros(h.shape, bool)),
        "all where ties are": unless_tied(lambda h, s: np.ones(h.shape, bool)),
        "a threshold by sorting": lambda h, s: h >= np.sort(h, axis=None)[-round(s * h.size)],
        "the coldest": order_of(lambda h: -h),
        "by size": order_of(np.abs),
        "ReLU first": order_of(lambda h: np.maximum(h, 0)),
        "rounded first": order_of(np.round),
        "squared": order_of(np.square),
        "turned": lambda h, s: kept(h.T, s).T[::-1],
        "upside down": lambda h, s: kept(h[::-1], s),
        "left for right": lambda h, s: kept(h[:, ::-1], s),
        "the first places": lambda h, s: (np.arange(h.size) < round(s * h.size)).reshape(h.shape),
        "at random": lambda h, s: (
            ranks(np.random.default_rng(0).random(h.shape), h.shape) < round(s * h.size)
        ),
        "row by row": lambda h, s: np.argsort(np.argsort(-h, axis=1), axis=1) < s * h.shape[1],
        "column by column": lambda h, s: (
            np.argsort(np.argsort(-h, axis=0), axis=0) < s * h.shape[0]
        ),
        "one sort": lambda h, s: (np.argsort(-h, axis=None) < round(s * h.size)).reshape(h.shape),
        "always half": count_of(lambda h, s: h.size // 2),
        "the rest": count_of(lambda h, s: round((1 - s) * h.size)),
        "one too many": count_of(lambda h, s: round(s * h.size) + 1),
        "one too few": count_of(lambda h, s: round(s * h.size) - 1),
        "rounded down": count_of(lambda h, s: int(s * h.size)),
        "rounded up": count_of(lambda h, s: int(-(-s * h.size // 1))),
        "float16 first": order_of(lambda h: h.astype(np.float16)),
        "one decimal first": order_of(lambda h: h.round(1)),
        "clipped first": order_of(lambda h: np.minimum(h, 3)),
        "whole numbers first": order_of(lambda h: h.astype(int)),
        "a percent": count_of(lambda h, s: round(s * h.size / 100)),
        "of the rows": count_of(lambda h, s: round(s * len(h))),
        "of 20 places": count_of(lambda h, s: round(20 * s)),
        "of the positive places": count_of(lambda h, s: round(s * (h > 0).sum())),
        "hidden, not kept": lambda h, s: ~kept(h, s),
        "the heat of the kept": lambda h, s: kept(h, s) * h,
        "NaN outside": lambda h, s: np.where(kept(h, s), 1, np.nan),
        "the order": lambda h, s: np.argsort(-h, axis=None),
        "flat": lambda h, s: kept(h, s).ravel(),
        "turned shape": lambda h, s: kept(h, s).T,
        "the map changed": changed,
        "no return": lambda h, s: None,
        "one argument": lambda h: h > 0,
        "no function": np.ones((4, 5), bool),
        # What the exercise asked for before.
        "before: black": lambda n, x, c: occlusion(n, x, c, fill=0),
        "before: 0.5": lambda n, x, c: occlusion(n, x, c, fill=0.5),
        "before: a gain": lambda n, x, c: occlusion(n, x, c, sign=-1),
        "before: a corner times 16": lambda n, x, c: 16 * occlusion(n, x, c, size=8),
        "before: only the square shown": only_the_square,
        "before: never uncovered": never_uncovered,
        "before: x changed": in_place,
        "before: rows and columns": lambda n, x, c: occlusion(n, x, c).transpose(0, 2, 1),
        "before: the first picture's class": lambda n, x, c: occlusion(n, x, [c[0]] * 2),
        "before: one picture": lambda n, x, c: occlusion(n, x[:1], c[:1]),
        "before: no sign": lambda n, x, c: np.abs(occlusion(n, x, c)),
        "before: zeros": lambda n, x, c: np.zeros((2, 7, 7)),
    },
    "07.3": wrong_decisions(DECISIONS)
    | {
        # What the exercise asked for before.
        "before: no interval": lambda a, b: "ours" if a.mean() < b.mean() else "theirs",
        "before: an interval of 50 %": lambda a, b: verdict(a, b, confidence=0.5),
        "before: never": lambda a, b: "no difference seen",
        "before: the other way": lambda a, b: verdict(a, b, sign=-1),
        "before: each by itself": by_overlap,
        "before: true or false": lambda a, b: a.mean() < b.mean(),
        "before: most photographs": lambda a, b: "ours" if (a < b).mean() > 0.5 else "theirs",
        "before: half a deviation": lambda a, b: (
            "no difference seen"
            if abs((a - b).mean()) < 0.1 * (a - b).std()
            else verdict(a, b, confidence=0.1)
        ),
        "before: no return": lambda a, b: None,
        "before: a constant": lambda a, b: "ours",
    },
}

"""Answers to the exercises of lesson 08."""

from fractions import Fraction

import numpy as np
import pandas as pd
import tensorflow as tf
from scipy import stats

from lessons_lib import judging
from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

DECISIONS = {"a": "yes", "b": "open", "c": "no", "d": "open", "e": "yes"}
BY_HAND = [0.375, 6]
NONE = "no difference seen"


def compare(
    ours,
    theirs,
    *,
    interval=lambda d: judging.median(d)[1:],
    p=judging.sign_flip,
    level=0.05,
    sign=1,
    who=np.sum,
):
    d = np.asarray(ours, float) - np.asarray(theirs, float)
    low, high = interval(d)
    if p(d) > level:
        return low, high, NONE
    return low, high, "ours" if sign * who(d) < 0 else "theirs"


def with_(**changes):
    return lambda a, b: compare(a, b, **changes)


def in_order(d):
    k = int(stats.binom.ppf(0.025, len(d), 0.5))
    return np.sort(d)[k - 1], np.sort(d)[-k]


def student(d):
    half = stats.sem(d) * stats.t.ppf(0.975, len(d) - 1)
    return d.mean() - half, d.mean() + half


def bootstrap(d, statistic=np.mean):
    drawn = np.random.default_rng(0).choice(d, (2000, len(d)))
    return np.quantile(statistic(drawn, axis=1), [0.025, 0.975])


def shifted(d, by):
    k = int(stats.binom.ppf(0.025, len(d), 0.5)) + by
    return np.sort(d)[min(max(k, 1), len(d)) - 1], np.sort(d)[-min(max(k, 1), len(d))]


def unpaired_t(a, b):
    low, high, _ = compare(a, b)
    if stats.ttest_ind(a, b).pvalue > 0.05:
        return low, high, NONE
    return low, high, "ours" if a.mean() < b.mean() else "theirs"


def by_overlap(a, b):
    low, high, _ = compare(a, b)
    one, two = judging.median(a), judging.median(b)
    if one.low <= two.high and two.low <= one.high:
        return low, high, NONE
    return low, high, "ours" if one.estimate < two.estimate else "theirs"


def by_zero(a, b):
    low, high, _ = compare(a, b)
    return low, high, NONE if low <= 0 <= high else "ours" if high < 0 else "theirs"


def changing(a, b):
    a.sort()
    b.sort()
    return compare(a, b)


RIGHT = {
    "08.1": forms_of_numbers(BY_HAND)
    | {
        "series": pd.Series(BY_HAND, ["p", "n"]),
        "fraction": [Fraction(6, 16), 6],
        "by name": {"n": 6, "p": 0.375},
        "two digits": [0.38, 6],
        "percent": [37.5, 6],
        "words of numbers": ["0.375", "6"],
    },
    "08.2": {
        "compare": compare,
        "the ends by hand": with_(interval=in_order),
        "by scipy": with_(
            interval=lambda d: stats.quantile_test(d, q=0, p=0.5).confidence_interval(0.95)
        ),
        "signs by hand": with_(
            p=lambda d: np.mean(
                np.abs(np.random.default_rng(0).choice([-1, 1], (50_000, len(d))) @ d)
                >= abs(d.sum()) - 1e-9
            )
        ),
        "by the mean": with_(who=np.mean),
        "list": lambda a, b: list(compare(a, b)),
        "array": lambda a, b: np.array(compare(a, b), object),
        "float16": lambda a, b: (*np.float16(compare(a, b)[:2]), compare(a, b)[2]),
        "float32": lambda a, b: (*np.float32(compare(a, b)[:2]), compare(a, b)[2]),
        "tensors": lambda a, b: (*map(tf.constant, compare(a, b)[:2]), compare(a, b)[2]),
        "arrays of one": lambda a, b: (
            *map(np.array, compare(a, b)[:2]),
            np.array(compare(a, b)[2]),
        ),
        "large letters": lambda a, b: (*compare(a, b)[:2], compare(a, b)[2].upper()),
        "by paired": lambda a, b: (
            *judging.paired(a, b).median[1:],
            NONE
            if judging.paired(a, b).flip > 0.05
            else ("ours", "theirs")[int(judging.paired(a, b).mean > 0)],
        ),
    },
    "08.3": forms_of_decisions(DECISIONS),
}

WRONG = {
    "08.1": {
        "one direction": [3 / 16, 6],
        "the smallest of four": [2 / 16, 6],
        "equal sums left out": [4 / 16, 6],
        "half": [0.5, 6],
        "those that do worse": [10 / 16, 6],
        "five": [0.375, 5],
        "four": [0.375, 4],
        "seven": [0.375, 7],
        "six and a half": [0.375, 6.5],
        "twenty": [0.375, 20],
        "exchanged": [6, 0.375],
        "t test": [stats.ttest_1samp([4, 1, -2, 3], 0).pvalue, 6],
        "sign test": [0.625, 6],
        "Wilcoxon": [stats.wilcoxon([4, 1, -2, 3]).pvalue + 0.25, 6],
        "the count": [6, 6],
        "no p": [6],
        "p alone": 0.375,
        "three numbers": [0.375, 6, 16],
        "nearly": [0.4, 6],
        "one in percent of the wrong": [18.75, 6],
        "negative": [-0.375, 6],
        "NaN": [np.nan, 6],
        "infinite": [0.375, np.inf],
        "words": ["small", "many"],
        "names exchanged": {"n": 0.375, "p": 6},
    },
    "08.2": {
        # The interval
        "no interval": lambda a, b: compare(a, b)[2],
        "no width": with_(interval=lambda d: (np.median(d), np.median(d))),
        "no ends": with_(interval=lambda d: (None, None)),
        "infinite": with_(interval=lambda d: (-np.inf, np.inf)),
        "NaN": with_(interval=lambda d: (np.nan, np.nan)),
        "50 per cent": with_(interval=lambda d: judging.median(d, confidence=0.5)[1:]),
        "80 per cent": with_(interval=lambda d: judging.median(d, confidence=0.8)[1:]),
        "90 per cent": with_(interval=lambda d: judging.median(d, confidence=0.9)[1:]),
        "93.75 per cent": with_(interval=lambda d: judging.median(d, confidence=0.9375)[1:]),
        "99 per cent": with_(interval=lambda d: judging.median(d, confidence=0.99)[1:]),
        "mean and deviation": with_(interval=lambda d: (d.mean() - d.std(), d.mean() + d.std())),
        "mean and deviation, n - 1": with_(
            interval=lambda d: (d.mean() - d.std(ddof=1), d.mean() + d.std(ddof=1))
        ),
        "mean and standard error": with_(
            interval=lambda d: (d.mean() - stats.sem(d), d.mean() + stats.sem(d))
        ),
        "two standard errors": with_(
            interval=lambda d: (d.mean() - 1.96 * stats.sem(d), d.mean() + 1.96 * stats.sem(d))
        ),
        "Student": with_(interval=student),
        "bootstrap of the mean": with_(interval=bootstrap),
        "bootstrap of the median": with_(interval=lambda d: bootstrap(d, np.median)),
        "quantiles of the differences": with_(interval=lambda d: np.quantile(d, [0.025, 0.975])),
        "quartiles": with_(interval=lambda d: np.quantile(d, [0.25, 0.75])),
        "smallest and largest": with_(interval=lambda d: (d.min(), d.max())),
        "second and last but one": with_(interval=lambda d: (np.sort(d)[1], np.sort(d)[-2])),
        "fifth of 17 for all": with_(interval=lambda d: (np.sort(d)[:5][-1], np.sort(d)[-5:][0])),
        "one step further in": with_(interval=lambda d: shifted(d, 1)),
        "one step further out": with_(interval=lambda d: shifted(d, -1)),
        "exchanged ends": with_(interval=lambda d: judging.median(d)[:0:-1]),
        "theirs less ours": with_(interval=lambda d: judging.median(-d)[1:]),
        "of ours alone": lambda a, b: (*judging.median(a)[1:], compare(a, b)[2]),
        "difference of the ends": lambda a, b: (
            judging.median(a).low - judging.median(b).low,
            judging.median(a).high - judging.median(b).high,
            compare(a, b)[2],
        ),
        "farthest ends": lambda a, b: (
            judging.median(a).low - judging.median(b).high,
            judging.median(a).high - judging.median(b).low,
            compare(a, b)[2],
        ),
        "rounded": with_(interval=lambda d: np.round(judging.median(d)[1:], 1)),
        "relative": lambda a, b: (*judging.median((a - b) / b)[1:], compare(a, b)[2]),
        "absolute": with_(interval=lambda d: judging.median(np.abs(d))[1:]),
        # The verdict
        "more is better": with_(sign=-1),
        "no test": with_(p=lambda d: 0),
        "never a difference": with_(p=lambda d: 1),
        "always ours": lambda a, b: (*compare(a, b)[:2], "ours"),
        "paired t": with_(p=lambda d: stats.ttest_1samp(d, 0).pvalue),
        "one direction": with_(p=lambda d: judging.sign_flip(d) / 2),
        "level 0.1": with_(level=0.1),
        "level 0.01": with_(level=0.01),
        "level 0.032": with_(level=0.031),
        "level 0.04": with_(level=0.04),
        "level 0.06": with_(level=0.06),
        "Wilcoxon": with_(p=lambda d: stats.wilcoxon(d).pvalue),
        "the median names the winner": with_(who=np.median),
        "the count names the winner": with_(who=lambda d: np.sign(d).sum()),
        "the largest names the winner": with_(who=lambda d: d[np.abs(d).argmax()]),
        "the first names the winner": with_(who=lambda d: d[0]),
        "unpaired t": unpaired_t,
        "intervals that overlap": by_overlap,
        "interval that holds zero": by_zero,
        "pairs sorted": changing,
        "sign test": with_(p=lambda d: stats.binomtest(int((d > 0).sum()), len(d)).pvalue),
        "other words": lambda a, b: (*compare(a, b)[:2], "equal"),
        "true or false": lambda a, b: (*compare(a, b)[:2], True),
        "p for a verdict": lambda a, b: (*compare(a, b)[:2], judging.sign_flip(a - b)),
        "verdict first": lambda a, b: (compare(a, b)[2], *compare(a, b)[:2]),
        "two things": lambda a, b: compare(a, b)[:2],
        "four things": lambda a, b: (*compare(a, b), 0.05),
        "no return": lambda a, b: None,
        "one argument": lambda a: None,
        "no function": (0, 1, NONE),
    },
    "08.3": wrong_decisions(DECISIONS),
}

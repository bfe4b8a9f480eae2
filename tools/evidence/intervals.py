"""Lesson 08: how often intervals hold the truth, and how often tests raise a false alarm.

What is not random is the number of pictures. An interval is asked to hold the truth 95 times in
100, a test to raise no more than 5 false alarms in 100.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

SIZES = (8, 20, 50)
DRAWN = 4000  # sets of n numbers; the shares below are known to about 0.4 in 100
RESAMPLES = 600
FLIPS = 1999


def hits(rng: np.random.Generator, shape: tuple[int, int], p: float = 0.9) -> Floats:
    """1 with probability p, else 0."""
    return (rng.random(shape) < p).astype(float)


def zeros(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Seven of ten are zero, the others exponential."""
    return np.where(rng.random(shape) < 0.7, 0, rng.exponential(size=shape))


# Name, draw, mean, median
KINDS: list[tuple[str, Draw, float, float]] = [
    ("normal", lambda rng, shape: rng.normal(size=shape), 0, 0),
    ("skewed", lambda rng, shape: rng.lognormal(size=shape), np.exp(0.5), 1),
    ("70 % zeros", zeros, 0.3, 0),
    ("hits, p = 0.9", hits, 0.9, 1),
]

# Name, draw: no method is better, in the sense that the name says
NULLS: list[tuple[str, Draw]] = [
    ("normal", lambda rng, shape: rng.normal(size=shape)),
    ("skewed less skewed", lambda rng, shape: np.subtract(*rng.lognormal(size=(2, *shape)))),
    ("zeros less zeros", lambda rng, shape: zeros(rng, shape) - zeros(rng, shape)),
    ("hits less hits", lambda rng, shape: hits(rng, shape, 0.7) - hits(rng, shape, 0.7)),
    ("lopsided, mean 0", lambda rng, shape: rng.lognormal(size=shape) - np.exp(0.5)),
    ("lopsided, median 0", lambda rng, shape: rng.lognormal(size=shape) - 1),
]  # fmt: skip


def student(x: Floats) -> tuple[Floats, Floats]:
    """Student's t interval of the mean."""
    half = stats.sem(x, axis=1) * stats.t.ppf(0.975, x.shape[1] - 1)
    return x.mean(axis=1) - half, x.mean(axis=1) + half


def bootstrap(x: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Percentile bootstrap of the mean."""
    n = x.shape[1]
    ends = [
        np.quantile(row[rng.integers(0, n, (RESAMPLES, n))].mean(axis=1), [0.025, 0.975])
        for row in x
    ]
    return tuple(np.transpose(ends))  # type: ignore[return-value]


def order(x: Floats) -> tuple[Floats, Floats]:
    """The interval of the median: the k-th smallest and the k-th largest value."""
    k = int(stats.binom.ppf(0.025, x.shape[1], 0.5))
    ordered = np.sort(x, axis=1)
    return ordered[:, k - 1], ordered[:, -k]


def clopper_pearson(x: Floats) -> tuple[Floats, Floats]:
    """The interval of a share of hits."""
    n = x.shape[1]
    ends = [stats.binomtest(k, n).proportion_ci(method="exact") for k in range(n + 1)]
    return tuple(np.array(ends)[x.sum(axis=1).astype(int)].T)  # type: ignore[return-value]


def flip(x: Floats, rng: np.random.Generator) -> Floats:
    """p of the sign flip: exact for 8, from random signs for more."""
    n = x.shape[1]
    exact = 2**n <= FLIPS
    signs = (
        1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        if exact
        else rng.choice([-1, 1], (FLIPS, n))
    )
    as_far = (np.abs(signs @ x.T) >= np.abs(x.sum(axis=1)) - 1e-9).sum(axis=0)
    return as_far / len(signs) if exact else (as_far + 1) / (FLIPS + 1)


def sign(x: Floats) -> Floats:
    """p of the sign test; zeros are left out."""
    up, down = (x > 0).sum(axis=1), (x < 0).sum(axis=1)
    return np.minimum(1, 2 * stats.binom.cdf(np.minimum(up, down), up + down, 0.5))


def wilcoxon(x: Floats) -> Floats:
    """p of Wilcoxon's signed ranks."""
    return np.array([stats.wilcoxon(row).pvalue if row.any() else 1.0 for row in x])


def held(ends: tuple[Floats, Floats], truth: float) -> float:
    """Share of the intervals that hold the truth."""
    return float(((ends[0] <= truth) & (truth <= ends[1])).mean())


def rows() -> Iterator[dict[str, Any]]:
    """``share`` is the coverage of an interval, or a test's false alarms at p <= 0.05."""
    for kind, draw, mean, median in KINDS:
        for n in SIZES:
            rng = np.random.default_rng(n)
            x = draw(rng, (DRAWN, n))
            found = {
                "mean, bootstrap": held(bootstrap(x, rng), mean),
                "mean, Student": held(student(x), mean),
                "median, exact": held(order(x), median),
            }
            if kind.startswith("hits"):
                found["share, exact"] = held(clopper_pearson(x), mean)
            for how, share in found.items():
                yield {"of": "interval", "numbers": kind, "n": n, "how": how, "share": share}
    for kind, draw in NULLS:
        for n in SIZES:
            rng = np.random.default_rng(n)
            x = draw(rng, (DRAWN, n))
            with np.errstate(invalid="ignore", divide="ignore"):  # all differences alike
                p = {
                    "t": stats.ttest_1samp(x, 0, axis=1).pvalue,
                    "Wilcoxon": wilcoxon(x),
                    "sign flip": flip(x, rng),
                    "sign": sign(x),
                }
            for how, values in p.items():
                share = float((values <= 0.05).mean())
                yield {"of": "test", "numbers": kind, "n": n, "how": how, "share": share}

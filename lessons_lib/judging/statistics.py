"""Numbers about numbers: how alike two maps are, and how sure a mean is (lessons 03 and 07)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import spearmanr

from lessons_lib.basics.checks import Array, as_floats, finite, real, whole


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's rank correlation of two maps, -1..1; 0 where one has the same value everywhere.

    Examples
    --------
    >>> rank_correlation(np.array([[1, 2], [3, 4]]), np.array([[1, 4], [9, 16]]))
    1.0
    """
    a, b = finite(a, "the first map"), finite(b, "the second map")
    if a.size != b.size:
        raise ValueError(f"two maps of one shape are needed, not {a.shape} and {b.shape}")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return round(float(spearmanr(np.ravel(a), np.ravel(b)).statistic), 12)


class Interval(NamedTuple):
    """A mean, and between which values it would lie with other pictures."""

    mean: float
    low: float
    high: float


def bootstrap(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Mean of some values, and the interval in which it lies when they are drawn anew.

    As many values are drawn, with replacement, again and again; the interval holds the middle
    share of the means (percentile bootstrap). It speaks of other pictures *of the same kind*.

    Parameters
    ----------
    values : array, shape (n,)
        One score for each picture.
    confidence
        Share 0..1 of the means that the interval holds.
    resamples
        How many means.
    seed
        Of the draw.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or ``confidence`` is out of range.

    References
    ----------
    B. Efron, R. Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13.

    Examples
    --------
    >>> bootstrap([1.0, 1.0, 1.0])
    Interval(mean=1.0, low=1.0, high=1.0)
    """
    scores = as_floats(values, "the scores").astype(float)
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError(f"finite scores (n,) are needed, not {values!r}")
    if not 0 < real(confidence, "confidence") < 1:
        raise ValueError(f"confidence={confidence} is outside 0..1")
    whole(resamples, "resamples", 1)
    rng = np.random.default_rng(seed)
    means = scores[rng.integers(0, len(scores), (resamples, len(scores)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(scores.mean()), float(low), float(high))

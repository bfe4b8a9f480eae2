"""Numbers about numbers: how alike two maps are, and what a few pictures say of all (lesson 08).

Which interval and which test were chosen by simulation: lesson 08 prints the table.
"""

import bisect
import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lessons_lib.basics.checks import Array, as_floats, finite, real

EXACT = 20  # so many pictures have a million ways to swap two names
RANDOM = 9999  # ways that are drawn where there are more


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
    return round(float(stats.spearmanr(np.ravel(a), np.ravel(b)).statistic), 12)


class Interval(NamedTuple):
    """What some pictures gave, and between which values it may lie for all of their kind."""

    estimate: float
    low: float
    high: float


def median(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Median of some values, with its exact interval: two of the values in order.

    Each value of a new picture is above the median half of the time, as a coin falls. So the
    number below it is binomial, and the interval from the k-th smallest to the k-th largest value
    holds the median at least as often as it says, whatever the values' distribution. (A mean has no
    such interval: that of Student's t holds the mean of 8 lognormal numbers 83 times in 100.)

    Parameters
    ----------
    values : array, shape (n,)
        One for each picture; pictures that have nothing to do with each other.
    confidence
        0..1.

    Returns
    -------
    Interval
        From minus to plus infinity where there are too few values: for 0.95, fewer than six.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or ``confidence`` is out of range.

    References
    ----------
    W. J. Conover, *Practical Nonparametric Statistics*, 3rd edition, 1999, section 3.2.

    Examples
    --------
    >>> median([5, 1, 2, 4, 3, 9, 7, 8])
    Interval(estimate=4.5, low=1.0, high=9.0)
    """
    found = _scores(values)
    if not 0 < real(confidence, "confidence") < 1:
        raise ValueError(f"confidence={confidence} is outside 0..1")
    k = int(stats.binom.ppf((1 - confidence) / 2, len(found), 0.5))  # how many may lie outside
    ordered = np.concatenate([[-np.inf], np.sort(found), [np.inf]])
    return Interval(float(np.median(found)), float(ordered[k]), float(ordered[-1 - k]))


def hits(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Share of hits among some tries, with its exact interval (Clopper and Pearson 1934).

    Parameters
    ----------
    values : array, shape (n,)
        1 or True for a hit, 0 or False for a miss.
    confidence
        0..1.

    Raises
    ------
    ValueError
        If there is no value, one is neither 0 nor 1, or ``confidence`` is out of range.

    Examples
    --------
    >>> all_of_eight = hits([1, 1, 1, 1, 1, 1, 1, 1])
    >>> all_of_eight.estimate, round(all_of_eight.low, 2), all_of_eight.high
    (1.0, 0.63, 1.0)
    """
    found = _scores(values)
    if not np.isin(found, (0, 1)).all():
        raise ValueError(f"hits are 1 and misses 0; here is {found[~np.isin(found, (0, 1))][0]:g}")
    if not 0 < real(confidence, "confidence") < 1:
        raise ValueError(f"confidence={confidence} is outside 0..1")
    ends = stats.binomtest(int(found.sum()), len(found)).proportion_ci(confidence, method="exact")
    return Interval(float(found.mean()), float(ends.low), float(ends.high))


def sign_flip(differences: ArrayLike) -> float:
    r"""How often chance does as well, if two methods' names could be swapped on each picture.

    Swapping the names turns the sign of a difference. Of all :math:`2^n` ways to do so, the share
    in which the sum is at least as far from zero:

    .. math:: p = \frac{1}{2^n} \sum_{s \in \{-1, 1\}^n}
              \mathbb{1}\Bigl[\bigl|\textstyle\sum_i s_i d_i\bigr| \ge
              \bigl|\textstyle\sum_i d_i\bigr|\Bigr]

    A small p speaks against *symmetry about zero*, and against nothing else: lopsided differences
    whose mean is zero are refused too often for that.

    Parameters
    ----------
    differences : array, shape (n,)
        Score less score, one for each picture.

    Returns
    -------
    float
        0..1; exact for up to 20 pictures, from 9999 random ways beyond.

    References
    ----------
    R. A. Fisher, *The Design of Experiments*, 1935, section 21.

    Examples
    --------
    >>> sign_flip([1, 2, 3])
    0.25
    """
    d = _scores(differences)
    far = abs(d.sum()) - 1e-9 * np.abs(d).sum()
    if len(d) > EXACT:
        signs = np.random.default_rng(0).choice([-1, 1], (RANDOM, len(d)))
        return float((1 + (np.abs(signs @ d) >= far).sum()) / (1 + RANDOM))
    # The sums of two halves, each with all signs, added in all pairs.
    halves = (np.array([*itertools.product((-1, 1), repeat=len(h))]) @ h for h in (d[::2], d[1::2]))
    return float((np.abs(np.add.outer(*halves)) >= far).mean())


class Paired(NamedTuple):
    """Two methods on the same pictures: one's score less the other's, picture by picture.

    Attributes
    ----------
    n : int
        How many pictures.
    mean : float
        Mean difference.
    median : Interval
        Of the differences; exact, see `median`.
    t, wilcoxon, flip : float
        p of the paired t test (the mean is zero, the differences are normal), of Wilcoxon's signed
        ranks and of `sign_flip` (the differences are symmetric about zero). 1 where all are zero.
    """

    n: int
    mean: float
    median: Interval
    t: float
    wilcoxon: float
    flip: float


def paired(one: ArrayLike, other: ArrayLike) -> Paired:
    """Compare two methods by their scores on the same pictures.

    Parameters
    ----------
    one, other : array, shape (n,)
        A score for each picture, in the same order; two pictures or more. A Series is taken by its
        order, not by its index.

    Raises
    ------
    ValueError
        If there is not one finite score for each picture, or there is only one picture.

    Examples
    --------
    >>> found = paired([0.3, 0.5, 0.4, 0.9, 0.7, 0.6], [0.2, 0.3, 0.1, 0.5, 0.2, 0.0])
    >>> round(found.mean, 2), round(found.t, 3), found.flip
    (0.35, 0.006, 0.03125)
    """
    first, second = _scores(one), _scores(other)
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(
            f"two scores for each of two or more pictures are needed, not {len(first)} "
            f"and {len(second)}"
        )
    d = first - second
    if not d.any():
        return Paired(len(d), 0.0, median(d), 1.0, 1.0, 1.0)
    t = float(stats.ttest_1samp(d, 0).pvalue) if np.ptp(d) else 0.0  # without spread t is infinite
    return Paired(
        len(d), float(d.mean()), median(d), t, float(stats.wilcoxon(d).pvalue), sign_flip(d)
    )


def holm(p: ArrayLike) -> NDArray[np.float64]:
    r"""P values corrected for their number (Holm 1979): at most 5 in 100 *families* raise an alarm.

    The smallest of m is multiplied by m, the next by m - 1, ...; none falls below the one before.

    Parameters
    ----------
    p : array, shape (m,)
        All that were looked at, not only those that came out small; 0..1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    found = _scores(p)
    if found.min() < 0 or found.max() > 1:
        raise ValueError(f"p values lie in 0..1; here is {found[(found < 0) | (found > 1)][0]:g}")
    order = np.argsort(found)
    stepped = found[order] * np.arange(len(found), 0, -1)
    corrected = np.empty(len(found))
    corrected[order] = np.minimum(1, np.maximum.accumulate(stepped))
    return corrected


def pictures_needed(
    difference: float, spread: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    r"""How many pictures a paired t test needs to see a difference as often as ``power`` says.

    About :math:`(2.8 \, s / d)^2` for the usual 0.8 and 0.05, and one or two more.

    Parameters
    ----------
    difference
        The true mean difference that one would not want to miss.
    spread
        Standard deviation of the differences from picture to picture, above 0.
    power
        How often it is to be seen, 0..1.
    alpha
        How often a difference may be seen where there is none, 1e-9..1.

    Raises
    ------
    ValueError
        If the difference is zero, another value is out of range, or difference and spread lie more
        than a factor of a million apart.

    References
    ----------
    J. Cohen, *Statistical Power Analysis for the Behavioral Sciences*, 2nd edition, 1988,
    section 2.3.

    Examples
    --------
    >>> pictures_needed(0.05, 0.1)
    34
    """
    if not np.isfinite(real(difference, "difference")) or difference == 0:
        raise ValueError(f"difference={difference} must be finite, and not 0: 0 is never seen")
    if not 0 < real(spread, "spread") < np.inf:
        raise ValueError(f"spread={spread} must be above 0, and finite")
    if not 0 < real(power, "power") < 1:
        raise ValueError(f"power={power} is outside 0..1")
    if not 1e-9 <= real(alpha, "alpha") < 1:
        raise ValueError(f"alpha={alpha} is outside 1e-9..1")
    effect = abs(difference) / spread
    if not 1e-6 <= effect <= 1e6:
        raise ValueError(
            f"difference={difference:g} and spread={spread:g} lie more than a factor of a million "
            "apart; are both in one unit?"
        )

    def seen(n: int) -> bool:
        critical = stats.t.ppf(1 - alpha / 2, n - 1)
        far = effect * np.sqrt(n)
        both = stats.nct.sf(critical, n - 1, far) + stats.nct.cdf(-critical, n - 1, far)
        return bool(both >= power)

    enough = 2
    while not seen(enough):
        enough *= 2
    counts = range(max(2, enough // 2), enough + 1)
    return counts[bisect.bisect_left(counts, True, key=seen)]


def _scores(values: ArrayLike) -> NDArray[np.float64]:
    """The values as floats (n,)."""
    scores = as_floats(values, "the scores").astype(float)
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError(f"finite scores (n,) are needed, not {values!r}")
    return scores

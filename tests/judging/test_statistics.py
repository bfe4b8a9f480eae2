"""Intervals hold the truth as often as they say, and tests raise no more alarms than they say."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from lessons_lib.judging.statistics import (
    hits,
    holm,
    median,
    paired,
    pictures_needed,
    sign_flip,
)

RNG = np.random.default_rng


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng: rng.normal(3, 1, 8), 3),
        (lambda rng: rng.lognormal(size=8), 1),
        (lambda rng: rng.lognormal(size=20), 1),
        (lambda rng: np.where(rng.random(20) < 0.7, 0, rng.exponential(size=20)), 0),
    ],
)
def test_the_interval_of_a_median_holds_it_as_often_as_it_says(draw, truth) -> None:
    """1500 sets; half a standard error of 0.95 is 0.003."""
    ends = [median(draw(RNG(seed))) for seed in range(1500)]
    assert np.mean([low <= truth <= high for _, low, high in ends]) > 0.94


def test_the_interval_of_a_median_is_no_wider_than_it_must_be() -> None:
    """One step further in, it holds 0.93 (8), 0.88 (20): by the binomial distribution."""
    for n in (8, 17, 20):
        found = median(np.arange(n))
        k = int(found.low)
        assert found.high == n - 1 - k
        assert 2 * stats.binom.cdf(k, n, 0.5) <= 0.05 < 2 * stats.binom.cdf(k + 1, n, 0.5)
        theirs = stats.quantile_test(np.arange(n), q=0, p=0.5).confidence_interval(0.95)
        assert found[1:] == (theirs.low, theirs.high)
    assert median(np.arange(8.0), confidence=0.5).low == 2
    assert median([5, 1, 2, 4, 3, 9, 7, 80]).estimate == 4.5  # the mean is 13.9


def test_of_fewer_than_six_values_nothing_is_known() -> None:
    assert median([1, 2, 3, 4, 5]) == (3, -np.inf, np.inf)
    assert median([1, 2, 3, 4, 5, 6]) == (3.5, 1, 6)


def test_the_interval_of_hits_is_exact() -> None:
    """All of n: what would give all n hits once in forty times."""
    assert hits([True] * 8) == pytest.approx((1, 0.025 ** (1 / 8), 1))
    found = hits([1, 0, 1, 1, 0, 1, 1, 1, 1, 1])
    assert found.estimate == 0.8
    assert stats.binom.sf(7, 10, found.low) == pytest.approx(0.025)
    assert stats.binom.cdf(8, 10, found.high) == pytest.approx(0.025)
    ends = [hits(np.arange(12) < k) for k in range(13)]
    for p in (0.1, 0.5, 0.93):  # the coverage, exactly
        holds = [low <= p <= high for _, low, high in ends]
        assert 0.95 <= stats.binom.pmf(np.arange(13), 12, p)[holds].sum() < 1


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_names_are_swapped_in_all_ways(n: int) -> None:
    d = RNG(n).normal(0.4, 1, n).round(1)
    sums = [abs(np.dot(s, d)) for s in product((-1, 1), repeat=n)]
    assert sign_flip(d) == np.mean(np.array(sums) >= abs(d.sum()) - 1e-9)
    assert sign_flip(-7 * d) == sign_flip(d)


def test_the_sign_flip_is_that_of_scipy_and_has_no_seam_at_its_largest_exact_number() -> None:
    d = RNG(0).normal(0.6, 1, 9)
    theirs = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=1000)
    assert sign_flip(d) == theirs.pvalue
    for seed in range(3):  # 9999 random ways: a standard error is 0.005 at most
        many = RNG(seed).normal(0.2, 1, 21)
        sums = np.zeros(1)
        for size in many:
            sums = np.concatenate([sums + size, sums - size])
        assert sign_flip(many) == pytest.approx((np.abs(sums) >= abs(many.sum())).mean(), abs=0.02)
        assert sign_flip(many) == sign_flip(many)
    assert sign_flip(np.zeros(4)) == 1
    assert sign_flip(np.ones(20)) == 2 / 2**20  # exact; random ways would not find the two
    assert sign_flip(np.ones(21)) == 1 / 10_000  # and beyond, what was seen counts as one of them


def test_the_three_tests_by_hand() -> None:
    """d = 1, 2, 3: t = 2 / (1 / sqrt 3) with two degrees of freedom; ranks 1, 2, 3, all positive;
    of eight ways to turn signs only two give a sum of 6 or -6."""
    found = paired([2, 4, 6], [1, 2, 3])
    assert found.mean == 2
    t = 2 * np.sqrt(3)
    assert found.t == pytest.approx(1 - t / np.sqrt(t * t + 2))
    assert found.wilcoxon == found.flip == 0.25
    assert found.median == median([1, 2, 3])


def test_equal_scores_are_no_difference_and_equal_differences_are_one() -> None:
    same = paired([0.5] * 7, [0.5] * 7)
    assert (same.mean, same.t, same.wilcoxon, same.flip) == (0, 1, 1, 1)
    always = paired([0.75] * 7, [0.5] * 7)
    assert (always.t, always.flip) == (0, 2 / 2**7)
    assert always.median == (0.25, 0.25, 0.25)


def test_holm_by_hand_and_among_many_true_nulls() -> None:
    np.testing.assert_allclose(holm([0.04, 0.01, 0.02, 0.9]), [0.08, 0.04, 0.06, 0.9])
    assert holm([0.5, 0.6]).tolist() == holm([0.7, 0.8]).tolist() == [1, 1]
    alarms = [holm(RNG(seed).random(30)).min() <= 0.05 for seed in range(1000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(("d", "s"), [(0.05, 0.1), (-1.0, 1.0)])
def test_so_many_pictures_see_the_difference_as_often_as_said(d: float, s: float) -> None:
    for n, seen in ((pictures_needed(d, s), 0.8), (pictures_needed(d, s, power=0.5), 0.5)):
        for count, least, most in ((n, seen, 1), (n - 1, 0, seen)):
            drawn = RNG(0).normal(d, s, (20_000, count))
            power = np.mean(stats.ttest_1samp(drawn, 0, axis=1).pvalue <= 0.05)
            assert least - 0.01 <= power <= most + 0.01
    assert pictures_needed(d, s, alpha=0.01) > pictures_needed(d, s)


def test_numbers_of_pictures_are_found_far_out_too() -> None:
    assert pictures_needed(100, 1) == 2 + (stats.nct.sf(12.7, 1, 100 * np.sqrt(2)) < 0.8)
    assert pictures_needed(0.001, 1) == pytest.approx(7.849e6, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: median([]), "finite scores"),
        (lambda: median([np.nan]), "finite scores"),
        (lambda: median([[1.0]]), "finite scores"),
        (lambda: median([1.0], confidence=95), "outside 0..1"),
        (lambda: hits([1, 0.5]), "misses 0; here is 0.5"),
        (lambda: hits([1], confidence=1), "outside 0..1"),
        (lambda: paired([1, 2, 3], [1, 2]), "not 3 and 2"),
        (lambda: paired([1], [2]), "two or more pictures"),
        (lambda: holm([0.1, 5]), r"0..1; here is 5"),
        (lambda: pictures_needed(0, 1), "0 is never seen"),
        (lambda: pictures_needed(1, 0), "spread=0 must be above 0"),
        (lambda: pictures_needed(1, 1e12), "are both in one unit"),
        (lambda: pictures_needed(1e300, 1e-300), "are both in one unit"),
        (lambda: pictures_needed(1, 1, power=1), "power=1 is outside"),
        (lambda: pictures_needed(1, 1, alpha=0), "alpha=0 is outside"),
    ],
)
def test_bad_numbers_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()

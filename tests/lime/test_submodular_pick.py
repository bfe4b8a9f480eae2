"""SP-LIME: the greedy pick against all picks there are, and the properties its bound rests on."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lessons_lib.lime import coverage, importance, submodular_pick

W = arrays.arrays(float, (6, 5), elements=st.sampled_from([0.0, 0.0, 0.0, -2.0, 1.0, 0.3]))


@given(W, st.integers(1, 6))
def test_greedy_reaches_its_bound_of_the_best_pick(W: np.ndarray, budget: int) -> None:
    best = max(coverage(W, pick) for pick in itertools.combinations(range(6), budget))
    found = coverage(W, submodular_pick(W, budget))
    assert found >= (1 - 1 / np.e) * best - 1e-9
    assert found <= best + 1e-9


@given(W)
def test_the_first_pick_is_the_best_single_one(W: np.ndarray) -> None:
    best = max(coverage(W, [i]) for i in range(6))
    assert coverage(W, submodular_pick(W, 1)) == pytest.approx(best)


@given(W, st.sets(st.integers(0, 4)), st.sets(st.integers(0, 4)))
def test_coverage_grows_ever_less(W: np.ndarray, small: set, more: set) -> None:
    """Monotone and submodular: what instance 5 adds to a set, it adds at least to a part of it."""
    large = small | more
    gain_small = coverage(W, [*small, 5]) - coverage(W, list(small))
    gain_large = coverage(W, [*large, 5]) - coverage(W, list(large))
    assert gain_small >= gain_large - 1e-9
    assert gain_large >= -1e-9


def test_greedy_can_miss_the_best_pick() -> None:
    """The largest first pick covers the middle, and then neither half can be had whole."""
    W = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 1.1, 1.1, 1.1, 1.1, 0]])
    assert submodular_pick(W, 2)[0] == 2
    assert coverage(W, submodular_pick(W, 2)) < coverage(W, [0, 1])


def test_it_stops_when_nothing_is_left_to_cover() -> None:
    assert submodular_pick([[1, 1], [1, 0], [0, 1]], budget=3) == [0]
    assert submodular_pick(np.zeros((3, 2)), budget=2) == []
    with pytest.raises(ValueError, match="there is no number in W"):
        submodular_pick(np.zeros((0, 2)), budget=2)
    assert coverage([[1, -3], [0, 6]], picks=[]) == 0


def test_signs_do_not_matter() -> None:
    W = np.random.default_rng(0).normal(size=(5, 4))
    assert importance(W) == pytest.approx(importance(-W))
    assert importance(W)[2] ** 2 == pytest.approx(sum(abs(W[i, 2]) for i in range(5)))


@pytest.mark.parametrize(
    ("W", "budget", "message"),
    [([1, 2], 1, r"\(2,\)"), ([[np.nan]], 1, "finite"), ([[1]], 0, "budget=0")],
)
def test_bad_input(W: object, budget: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        submodular_pick(W, budget)

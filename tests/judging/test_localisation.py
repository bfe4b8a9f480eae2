"""Measures against the truth, by hand and on maps that are perfect, random and inverted."""

import numpy as np
import pytest

from lessons_lib.images import Box
from lessons_lib.judging.localisation import (
    energy_inside,
    hottest,
    intersection_over_union,
    pointing_game,
    top_share_inside,
)

MEASURES = [pointing_game, energy_inside, intersection_over_union, top_share_inside]
INSIDE = Box(0, 4, 4, 8).mask((8, 8))


def test_by_hand() -> None:
    heat = np.array([[5.0, 1.0], [-4.0, 2.0]])
    inside = np.array([[False, True], [False, True]])
    assert pointing_game(heat, inside) == 0
    assert pointing_game(-heat, inside) == 0
    assert pointing_game(heat, ~inside) == 1
    assert energy_inside(heat, inside) == pytest.approx(3 / 8)
    assert intersection_over_union(heat, inside) == pytest.approx(1 / 3)  # 5 and 2 against 1 and 2
    assert top_share_inside(heat, inside, top=0.25) == 0
    assert top_share_inside(heat, inside, top=0.5) == 0.5


@pytest.mark.parametrize("measure", MEASURES)
def test_perfect_random_and_inverted_come_out_in_that_order(measure) -> None:
    rng = np.random.default_rng(0)
    perfect = measure(INSIDE.astype(float), INSIDE)
    random = np.mean([measure(rng.uniform(size=(8, 8)), INSIDE) for _ in range(300)])
    inverted = measure((~INSIDE).astype(float), INSIDE)
    assert perfect == 1
    assert inverted == 0
    expected = 1 / 7 if measure is intersection_over_union else 1 / 4  # 4 of 16 in both, of 28
    assert random == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_map_that_says_nothing_scores_the_objects_share(measure) -> None:
    expected = 1 / 7 if measure is intersection_over_union else 1 / 4
    for level in (0.0, 3.0):
        assert measure(np.full((8, 8), level), INSIDE) == pytest.approx(expected)


def test_negative_values_are_no_energy_and_ties_share() -> None:
    assert energy_inside(np.where(INSIDE, 2.0, -9.0), INSIDE) == 1
    two = np.zeros((8, 8))
    two[0, 0] = two[0, 7] = 1.0
    assert pointing_game(two, INSIDE) == 0.5
    np.testing.assert_allclose(hottest(two, 1)[0, [0, 7]], 0.5)
    assert hottest(two, 20).sum() == pytest.approx(20)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_map_in_another_unit_scores_the_same(measure) -> None:
    heat = np.random.default_rng(1).normal(size=(8, 8))
    assert measure(1e-6 * heat, INSIDE) == pytest.approx(measure(heat, INSIDE))


@pytest.mark.parametrize("size", [1, 30, 200, 256])
def test_the_hottest_places_are_those_of_the_highest_values(size: int) -> None:
    heat = np.random.default_rng(2).permutation(256).reshape(16, 16)
    np.testing.assert_array_equal(hottest(heat, size), heat >= 256 - size)


def test_of_all_pixels_the_objects_share_lies_on_it() -> None:
    heat = np.random.default_rng(3).normal(size=(8, 8))
    assert top_share_inside(heat, INSIDE, top=1) == 1 / 4


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("heat", "inside", "message"),
    [
        (np.zeros((3, 3)), np.zeros((2, 3), bool), r"not \(3, 3\) and \(2, 3\)"),
        (np.zeros((3, 3)), np.eye(3), "of float64"),
        (np.zeros((3, 3, 3)), np.zeros((3, 3, 3), bool), "a mask of True and False"),
        (np.full((2, 2), np.nan), np.eye(2, dtype=bool), "4 values of the map are not finite"),
        (np.zeros((2, 2)), np.ones((2, 2), bool), "False somewhere"),
        (np.zeros((2, 2)), np.zeros((2, 2), bool), "True somewhere"),
    ],
)
def test_what_cannot_be_measured_is_refused(measure, heat, inside, message) -> None:
    with pytest.raises(ValueError, match=message):
        measure(heat, inside)


@pytest.mark.parametrize("top", [0, 1.5, -0.1])
def test_a_share_outside_0_to_1_is_refused(top: float) -> None:
    with pytest.raises(ValueError, match="share of the pixels"):
        top_share_inside(np.eye(3), np.eye(3, dtype=bool), top)


# Independent implementations, where they are installed (see CONTRIBUTING.md)


def maps_and_masks() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    masks = [Box(*sorted(rng.integers(0, 16, 2)), 3, 12).mask((16, 16)) for _ in range(9)]
    return rng.uniform(size=(9, 16, 16)), np.array([m if m.any() else INSIDE16 for m in masks])


INSIDE16 = Box(2, 9, 3, 12).mask((16, 16))


def test_equals_quantus() -> None:
    """Pointing game, relevance mass accuracy, relevance rank accuracy; the last is our overlap."""
    quantus = pytest.importorskip("quantus")
    maps, masks = maps_and_masks()
    options = {"a_batch": maps[:, None], "s_batch": masks[:, None]}
    for theirs, ours in (
        (quantus.PointingGame(disable_warnings=True), pointing_game),
        (quantus.RelevanceMassAccuracy(disable_warnings=True), energy_inside),
    ):
        expected = np.asarray(theirs.evaluate_batch(**options), float)
        np.testing.assert_allclose(
            [ours(*pair) for pair in zip(maps, masks, strict=True)], expected
        )
    overlap = quantus.RelevanceRankAccuracy(disable_warnings=True).evaluate_batch(**options)
    iou = [intersection_over_union(*pair) for pair in zip(maps, masks, strict=True)]
    np.testing.assert_allclose(iou, overlap / (2 - overlap))

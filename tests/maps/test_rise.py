"""RISE against its closed form on a grid of 2 x 2 cells, where all 16 masks can be listed."""

import itertools
import sys

import numpy as np
import pytest

from lessons_lib.maps import rise
from lessons_lib.maps.rise import grids_and_shifts, random_masks
from lessons_lib.network.black_box import BlackBox
from tests.networks import global_random_state

GRIDS = np.array(list(itertools.product([False, True], repeat=4))).reshape(-1, 2, 2)
SHIFTS = np.array(list(itertools.product([0, 1], repeat=2)))


def photo(side: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(0, 255, (side, side, 3)).astype("float32")


def curved(x: np.ndarray) -> np.ndarray:
    """A score that is not linear in the mask; some grey levels large."""
    return (x[:, 0, 0, 0] * x[:, -1, 0, 1] / 255 + x[:, 0, 1, 2]).astype(float) / 100


def enlarged(grid: np.ndarray, shift: tuple[int, int], size: int) -> np.ndarray:
    """A mask by hand: bilinear between the cells' centres, cells constant outside them."""
    cells = len(grid)
    cell = -(-size // cells)
    stretch = (cells + 1) * cell / cells

    def weights(place: int) -> dict[int, float]:
        position = np.clip((place + 0.5) / stretch - 0.5, 0, cells - 1)
        low = min(int(position), cells - 2)
        return {low: 1 - (position - low), low + 1: position - low}

    found = np.zeros((size, size))
    for i, j in itertools.product(range(size), repeat=2):
        for (a, u), (b, v) in itertools.product(
            weights(i + shift[0]).items(), weights(j + shift[1]).items()
        ):
            found[i, j] += u * v * grid[a, b]
    return found


def all_masks(side: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """Every mask of a 2 x 2 grid with every shift, and how likely each is."""
    shifts = SHIFTS if side == 4 else SHIFTS[:1]
    pairs = list(itertools.product(GRIDS, shifts))
    likely = [p ** g.sum() * (1 - p) ** (4 - g.sum()) / len(shifts) for g, _ in pairs]
    return np.array([enlarged(g, s, side) for g, s in pairs]), np.array(likely)


def closed_form(side: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """E[f M] / E[M] at each pixel, and the standard deviation of one sample's share in it."""
    M, likely = all_masks(side, p)
    f = curved(M[..., None] * photo(side))
    expected = np.einsum("m,m,mhw->hw", likely, f, M) / np.einsum("m,mhw->hw", likely, M)
    mean = likely @ f
    share = (f - mean)[:, None, None] * (M - p) / p + f[:, None, None]
    variance = np.einsum("m,mhw->hw", likely, (share - expected) ** 2)
    return expected, np.sqrt(variance)


def box(side: int, predict=curved) -> BlackBox:
    return BlackBox(predict, None, (side, side), ending="numbers")


@pytest.mark.parametrize("side", [2, 4, 5])
def test_masks_are_bilinear_and_shifted(side: int) -> None:
    shifts = np.array([[0, 1], [1, 1], [0, 0], [1, 0]] * 4) % -(-side // 2)
    expected = [enlarged(g, s, side) for g, s in zip(GRIDS, shifts, strict=True)]
    np.testing.assert_allclose(random_masks(GRIDS, shifts, (side, side)), expected, atol=1e-6)


@pytest.mark.parametrize("p", [0.5, 0.2])
def test_each_pixel_is_shown_with_probability_p_at_the_rim_too(p: float) -> None:
    M, likely = all_masks(4, p)
    np.testing.assert_allclose(np.einsum("m,mhw->hw", likely, M), p, rtol=1e-12)
    grids, shifts = grids_and_shifts((4, 4), 40_000, 2, p)
    assert grids.mean() == pytest.approx(p, abs=0.005)
    assert {tuple(s) for s in shifts.tolist()} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert abs(shifts.mean() - 0.5) < 0.01


@pytest.mark.parametrize(("side", "p"), [(2, 0.5), (4, 0.5), (4, 0.2), (4, 0.8)])
def test_the_map_is_the_closed_form_within_its_standard_error(side: int, p: float) -> None:
    samples = 20_000
    expected, deviation = closed_form(side, p)
    error = deviation / np.sqrt(samples)
    found = rise(
        box(side), photo(side), baseline="black", samples=samples, cells=2, p=p, batch_size=512
    )
    assert np.ptp(expected) > 20 * error.max()  # the test could tell other maps
    assert (np.abs(found - expected) < 4.5 * error).all()


def test_without_bias_for_two_samples_already(monkeypatch) -> None:
    """The mean of the map over all 256 samples of two masks is the closed form, to rounding."""
    module = sys.modules["lessons_lib.maps.rise"]
    network, picture, none = box(2), photo(2), np.zeros((2, 2), int)
    found = []
    for a, b in itertools.product(GRIDS, repeat=2):
        monkeypatch.setattr(module, "grids_and_shifts", lambda *_, g=(a, b): (np.array(g), none))
        found.append(rise(network, picture, baseline="black", samples=2, cells=2))
    np.testing.assert_allclose(np.mean(found, axis=0), closed_form(2, 0.5)[0], rtol=1e-5)
    assert np.std(found, axis=0).min() > 0.1  # single maps are far from it


def test_a_score_that_all_masks_share_is_flat_and_only_adds_itself() -> None:
    options = {"samples": 30, "cells": 2}
    with pytest.warns(UserWarning, match="the same answer"):
        same = box(4, lambda x: np.full(len(x), 3.0))
    np.testing.assert_allclose(rise(same, photo(4), baseline="black", **options), 3, rtol=1e-6)
    more = box(4, lambda x: curved(x) + 1000)
    difference = rise(more, photo(4), baseline="black", **options) - rise(
        box(4), photo(4), baseline="black", **options
    )
    np.testing.assert_allclose(difference, 1000, rtol=1e-5)


def test_the_seed_decides_and_no_global_state_is_touched() -> None:
    before = global_random_state()
    one, again, other = (
        rise(box(4), photo(4), baseline="black", samples=50, cells=2, seed=s) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01
    assert global_random_state() == before


def test_it_finds_what_the_network_looks_at() -> None:
    network = BlackBox(lambda x: x[:, 3:9, 18:24].mean(axis=(1, 2, 3)), None, (28, 28))
    picture = np.full((28, 28, 3), 200.0)
    found = rise(network, picture, baseline="black", samples=600, cells=7)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 3 <= row < 9
    assert 18 <= column < 24


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"samples": 1}, ValueError, "samples=1 must be 2 or more"),
        ({"samples": 9.5}, TypeError, "samples must be a whole number"),
        ({"cells": 0}, ValueError, "cells=0 must be 1 or more"),
        ({"cells": 5}, ValueError, "cells=5 is more than the 4 x 4 pixels"),
        ({"p": 0}, ValueError, "p=0 must be above 0"),
        ({"p": 1.0}, ValueError, "p=1.0 must be above 0 and below 1"),
        ({"p": np.nan}, ValueError, "p=nan"),
        ({"p": "half"}, TypeError, "p must be a number"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
    ],
)
def test_options_out_of_range_are_named(options, error, message) -> None:
    with pytest.raises(error, match=message):
        rise(box(4), photo(4), baseline="black", **{"samples": 4, "cells": 2} | options)

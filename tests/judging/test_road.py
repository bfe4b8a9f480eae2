"""Removed pixels filled in from their neighbours, and the curves that follow."""

import numpy as np
import pytest

from lessons_lib.judging.curves import deletion, ranks
from lessons_lib.judging.road import NEIGHBOURS, imputed, road
from tests.judging.test_curves import WHITE, linear_net, weights_map
from tests.networks import SIZE, flat_net, global_random_state, pictures, shared


def test_each_missing_pixel_is_the_weighted_mean_of_its_neighbours() -> None:
    """The equations, checked one by one, away from the rim and on it."""
    rng = np.random.default_rng(0)
    picture = rng.uniform(0, 255, (9, 11, 3))
    gone = rng.random((9, 11)) < 0.6
    filled = imputed(picture, gone).astype(float)
    np.testing.assert_array_equal(filled[~gone], picture[~gone].astype("float32"))
    for i, j in zip(*np.nonzero(gone), strict=True):
        total, weight = np.zeros(3), 0.0
        for (a, b), w in np.ndenumerate(NEIGHBOURS):
            y, x = i + a - 1, j + b - 1
            if 0 <= y < 9 and 0 <= x < 11:
                total, weight = total + w * filled[y, x], weight + w
        np.testing.assert_allclose(filled[i, j], total / weight, rtol=1e-4)


def test_weights_are_those_of_the_paper() -> None:
    """A sixth for the straight neighbours, a twelfth for the others (Rong et al. 2022)."""
    np.testing.assert_allclose(NEIGHBOURS[[0, 1], [1, 0]], 1 / 6)
    np.testing.assert_allclose(NEIGHBOURS[[0, 2], [0, 2]], 1 / 12)
    assert NEIGHBOURS[1, 1] == 0


def test_what_is_linear_is_filled_in_exactly() -> None:
    """A ramp of brightness: holes away from the rim vanish."""
    ramp = np.add.outer(3.0 * np.arange(12), 5.0 * np.arange(12))[..., None].repeat(3, axis=2)
    gone = np.zeros((12, 12), bool)
    gone[3:8, 4:9] = True
    np.testing.assert_allclose(imputed(ramp, gone), ramp, atol=1e-3)


def test_ends_and_noise() -> None:
    picture = pictures(1)[0]
    kept = picture.copy()
    none, all_of_them = np.zeros(picture.shape[:2], bool), np.ones(picture.shape[:2], bool)
    np.testing.assert_allclose(imputed(picture, none), picture, rtol=1e-6)
    mean = imputed(picture, all_of_them)
    np.testing.assert_allclose(mean, np.broadcast_to(picture.mean((0, 1)), mean.shape), rtol=1e-4)
    noisy = imputed(picture, all_of_them, noise=3)
    assert (noisy - mean).std() == pytest.approx(3, rel=0.1)
    assert 0 <= noisy.min() <= noisy.max() <= 255
    np.testing.assert_array_equal(picture, kept)


def test_order_of_perfect_random_and_inverted_and_of_the_two_directions() -> None:
    weights = weights_map()
    c = linear_net(weights)
    # Dark where weights are negative, so that filling in from neighbours levels the sum.
    photo = np.where(weights > 0, 255.0, 0.0)[..., None].repeat(3, axis=2)
    rng = np.random.default_rng(3)
    fractions = (0.2, 0.4, 0.6)
    areas = [
        road(c, photo, m, 1, fractions=fractions, noise=0).area
        for m in (weights, rng.uniform(size=weights.shape), -weights)
    ]
    assert areas[0] < areas[1]
    least = road(c, photo, weights, 1, fractions=fractions, least_first=True, noise=0)
    most = road(c, photo, -weights, 1, fractions=fractions, noise=0)
    np.testing.assert_allclose(least.probability, most.probability, atol=1e-6)


def test_starts_at_the_whole_picture_and_a_constant_network_is_flat() -> None:
    c, photo = shared(flat_net), pictures(1)[0]
    curve = road(c, photo, np.eye(5), 2)
    assert curve.probability[0] == pytest.approx(c.probabilities(photo)[0, 2])
    np.testing.assert_allclose(curve.fraction, [0, 0.1, 0.3, 0.5, 0.7, 0.9])
    flat = road(linear_net(np.zeros((SIZE, SIZE))), WHITE, weights_map(), 1)
    assert np.ptp(flat.probability) < 1e-6


@pytest.mark.parametrize("least_first", [False, True])
def test_each_point_is_the_answer_to_that_share_imputed(least_first: bool) -> None:
    c = shared(flat_net)
    photo = c.prepare(pictures(1)[0])[0]
    heat = np.random.default_rng(0).uniform(size=photo.shape[:2])
    curve = road(c, photo, heat, 1, fractions=(0.25, 0.5), least_first=least_first, noise=5, seed=4)
    for share, probability in zip((0.25, 0.5), curve.probability[1:], strict=True):
        gone = ranks(-heat if least_first else heat, photo.shape[:2]) < share * heat.size
        assert gone.mean() == pytest.approx(share, abs=1 / heat.size)
        filled = imputed(photo, gone, noise=5, seed=4)
        assert probability == pytest.approx(c.probabilities(filled)[0, 1], abs=1e-6)


def test_a_plain_picture_stays_itself_where_deletion_makes_holes() -> None:
    """Removing pixels of a white wall shows white wall; deletion shows black holes."""
    c = linear_net(np.full((SIZE, SIZE), 0.01))
    kept = road(c, WHITE, weights_map(), 1, noise=0).probability
    holes = deletion(c, WHITE, weights_map(), 1, baseline="black").probability
    assert np.ptp(kept) < 1e-4
    assert np.ptp(holes) > 0.3


def test_random_state_is_untouched_and_seeds_decide() -> None:
    c, photo, state = shared(flat_net), pictures(1)[0], global_random_state()
    first = road(c, photo, np.eye(5), 0).probability
    np.testing.assert_array_equal(first, road(c, photo, np.eye(5), 0).probability)
    assert np.abs(first - road(c, photo, np.eye(5), 0, seed=1).probability).max() > 0
    assert state == global_random_state()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fractions": (0.5, 0.2)}, "must rise"),
        ({"fractions": ()}, "must rise"),
        ({"fractions": (0.5, 1.2)}, "up to 1"),
        ({"heat": np.full((2, 2), np.inf)}, "a map is finite"),
        ({"image": pictures(2)}, "there are 2"),
    ],
)
def test_bad_arguments_are_named(options: dict, message: str) -> None:
    arguments = {"image": pictures(1)[0], "heat": np.eye(4), "target": 0, **options}
    with pytest.raises(ValueError, match=message):
        road(shared(flat_net), **arguments)


def test_a_mask_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not \(4, 4, 3\) and \(4, 5\)"):
        imputed(np.zeros((4, 4, 3)), np.zeros((4, 5), bool))
    with pytest.raises(ValueError, match="of float64"):
        imputed(np.zeros((4, 4, 3)), np.zeros((4, 4)))


def test_equals_quantus() -> None:
    """An independent implementation of the paper's imputation, where it is installed."""
    functions = pytest.importorskip("quantus.functions.perturb_func")
    rng = np.random.default_rng(2)
    picture, gone = rng.uniform(0, 255, (14, 17, 3)), rng.random((14, 17)) < 0.7
    # It takes channels first, and pixels by their number.
    expected = functions.noisy_linear_imputation(
        np.moveaxis(picture, -1, 0), np.flatnonzero(gone), noise=0.0
    )
    np.testing.assert_allclose(imputed(picture, gone), np.moveaxis(expected, 0, -1), atol=1e-3)

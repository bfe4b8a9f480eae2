"""Infidelity and sensitivity, where the answer is known in closed form."""

import keras
import numpy as np
import pytest

from lessons_lib import maps, methods
from lessons_lib.judging.robustness import (
    Change,
    Removals,
    brightness,
    infidelity,
    max_sensitivity,
    noise,
    removals,
    shift,
)
from lessons_lib.network.classifier import Classifier
from tests.networks import SIZE, flat_net, global_random_state, pictures, shared


def linear_net(weights: np.ndarray) -> Classifier:
    """The single number is a weighted sum of the pixels."""
    inputs = keras.Input((SIZE, SIZE, 3))
    dense = keras.layers.Dense(1)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    dense.set_weights([weights.reshape(-1, 1), np.zeros(1)])
    return Classifier(model)


WEIGHTS = np.random.default_rng(0).normal(size=(SIZE, SIZE, 3))


def test_squares_are_hidden_evenly_and_drops_are_those_of_a_linear_network() -> None:
    net, photo = linear_net(WEIGHTS), pictures(1)[0]
    x = net.prepare(photo)[0]
    found = removals(net, photo, 0, samples=40, baseline="black")
    expected = [(WEIGHTS * x)[hidden].sum() for hidden in found.hidden]
    np.testing.assert_allclose(found.drop, expected, rtol=1e-3, atol=0.05)
    assert found.hidden.sum(axis=(1, 2)).max() == 4 * 4
    often = removals(net, photo, 0, samples=3000, baseline="black").hidden.mean(axis=0)
    np.testing.assert_allclose(often, 16 / 19**2, atol=0.02)  # also at the rim


def test_the_smallest_square_is_one_pixel() -> None:
    hidden = removals(linear_net(WEIGHTS), pictures(1)[0], 0, samples=20, side=0.001).hidden
    assert (hidden.sum(axis=(1, 2)) == 1).all()


def test_the_true_attribution_of_a_linear_network_has_no_infidelity() -> None:
    net, photo = linear_net(WEIGHTS), pictures(1)[0]
    truth = (WEIGHTS * net.prepare(photo)[0]).sum(axis=-1)
    found = removals(net, photo, 0, baseline="black")
    rng = np.random.default_rng(1)
    noisy = truth + truth.std() * rng.normal(size=truth.shape)
    scores = [infidelity(m, found) for m in (truth, noisy, rng.permuted(truth), -truth)]
    assert scores[0] < 1e-6
    assert scores[0] < scores[1] < scores[2] <= scores[3] == 1
    assert infidelity(1000 * truth, found) == pytest.approx(scores[0], abs=1e-6)  # any unit


def test_infidelity_by_hand() -> None:
    """Said 1 and 2, dropped 3 and 1: beta is (1 * 3 + 2 * 1) / 5 = 1, error 2² + 1² of 3² + 1²."""
    hidden = np.array([[[True, False]], [[False, True]]])
    found = Removals(hidden, np.array([[[5.0], [-4.0]]]), np.array([3.0, 1.0]))
    assert infidelity([[1, 2]], found) == pytest.approx(0.5)
    # As slopes, in the paper's form: they say 5 * 2 / 10 and -4 * 3 / -6.
    assert infidelity([[[0.2], [-0.5]]], found) == pytest.approx(0.5)


def test_slopes_are_multiplied_by_what_was_taken_off() -> None:
    """Definition 2.1 of the paper: on a linear network its slopes say each drop, from any baseline;
    they are no shares, and shares are no slopes."""
    net, photo = linear_net(WEIGHTS), pictures(1)[0]
    x = net.prepare(photo)[0]
    for baseline in ("black", "grey", "blurred"):
        found = removals(net, photo, 0, baseline=baseline)
        assert infidelity(WEIGHTS, found) < 1e-6
        assert infidelity((WEIGHTS * found.step).sum(axis=-1), found) < 1e-6
        assert infidelity(WEIGHTS.sum(axis=-1), found) > 0.05
        assert infidelity(WEIGHTS * x, found) > 0.01
        empty = net.baseline(x[None], baseline)[0]
        np.testing.assert_allclose(found.step, x - empty, atol=1e-3)


def test_a_constant_network_and_a_map_of_zeros_stay_finite() -> None:
    found = removals(linear_net(0 * WEIGHTS), pictures(1)[0], 0)
    assert infidelity(np.zeros((4, 4)), found) == 0
    assert infidelity(np.ones((4, 4)), found) == 1
    moving = removals(linear_net(WEIGHTS), pictures(1)[0], 0)
    assert infidelity(np.zeros((4, 4)), moving) == 1


def test_sensitivity_of_a_linear_networks_gradient_is_zero() -> None:
    net, photo = linear_net(WEIGHTS), pictures(1)[0]
    assert max_sensitivity(maps.saliency, net, photo, 0) < 1e-6
    assert max_sensitivity(maps.gradient_times_input, net, photo, 0) > 0.01


def test_sensitivity_by_hand_and_grows_with_the_radius() -> None:
    """A map that is the picture's own brightness moves by what the picture moves by."""
    net, photo = shared(flat_net), np.full((SIZE, SIZE, 3), 100.0)

    def grey(net: Classifier, x: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return x[..., 0]

    for radius in (0.5, 2.0, 20.0):
        found = max_sensitivity(grey, net, photo, 0, radius=radius, samples=20)
        # the root of the mean square of a uniform value in -r..r is r / sqrt(3)
        assert found == pytest.approx(radius / np.sqrt(3) / 100, rel=0.15)
        assert found == max_sensitivity(grey, net, photo, 0, radius=radius, samples=20)


def test_sensitivity_is_that_of_one_class() -> None:
    net, photo = shared(flat_net), pictures(1)[0]
    least, asked = int(net.logits(photo).argmin()), set()

    def method(c, x, target):
        asked.update(np.ravel(target).tolist())
        return np.ones((len(x), 2, 2))

    max_sensitivity(method, net, photo, least)
    assert asked == {least}


def test_a_map_that_shows_nothing_does_not_divide_by_zero() -> None:
    net = shared(flat_net)
    assert max_sensitivity(lambda c, x, t: np.zeros((len(x), 2, 2)), net, pictures(1)[0], 0) == 0
    nothing_then_something = iter([np.zeros((1, 2, 2)), np.ones((5, 2, 2))])
    method = lambda c, x, t: next(nothing_then_something)  # noqa: E731
    assert max_sensitivity(method, net, pictures(1)[0], 0) == np.inf


def test_changes_are_undone() -> None:
    x = pictures(1)[0]
    change = shift(3)
    np.testing.assert_array_equal(change.back(change.picture(x)), x)
    assert np.abs(change.picture(x) - x).max() > 0
    np.testing.assert_array_equal(change.picture(x)[:, 3:], x[:, :-3])  # to the right
    assert np.abs(noise(10).picture(x) - x).std() == pytest.approx(6, abs=2)
    np.testing.assert_array_equal(noise(10).picture(x), noise(10).picture(x))
    bright = brightness(2).picture(x)
    assert bright.max() <= 255
    np.testing.assert_allclose(bright[x < 120], 2 * x[x < 120])


@pytest.mark.parametrize("change", [noise(), brightness()])
def test_what_moves_no_pixel_leaves_the_map_as_it_is(change: Change) -> None:
    heat = pictures(1)[0, ..., 0]
    np.testing.assert_array_equal(change.back(heat), heat)


def test_nothing_is_touched() -> None:
    net, photo = shared(flat_net), pictures(1)[0]
    kept, state, weights = photo.copy(), global_random_state(), net.model.get_weights()
    infidelity(np.ones((4, 4)), removals(net, photo, 0, samples=20))
    max_sensitivity(methods.METHODS["Grad-CAM"], net, photo, 0)
    np.testing.assert_array_equal(photo, kept)
    assert state == global_random_state()
    assert all((a == b).all() for a, b in zip(weights, net.model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 1}, "samples=1 must be 2 or more"),
        ({"side": 1.0}, "outside 0..1"),
        ({"image": pictures(2)}, "there are 2"),
    ],
)
def test_bad_removals_are_named(options: dict, message: str) -> None:
    arguments = {"image": pictures(1)[0], "target": 0, **options}
    with pytest.raises(ValueError, match=message):
        removals(shared(flat_net), **arguments)


@pytest.mark.parametrize("factor", [-0.1, np.inf, np.nan])
def test_a_bad_factor_is_named(factor: float) -> None:
    with pytest.raises(ValueError, match=f"{factor}"):
        brightness(factor)


@pytest.mark.parametrize("options", [{"samples": 0}, {"radius": 0}, {"radius": 300}])
def test_bad_trials_are_named(options: dict) -> None:
    with pytest.raises(ValueError, match=r"samples=|radius="):
        max_sensitivity(maps.saliency, shared(flat_net), pictures(1)[0], 0, **options)

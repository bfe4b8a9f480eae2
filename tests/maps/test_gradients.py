"""Gradients of pixels against linear networks, closed forms, finite differences and PAIR."""

import functools

import keras
import numpy as np
import pytest
import saliency.core

from lessons_lib import maps as ours
from lessons_lib.integrated_gradients import expected_gradients, integrated_gradients
from lessons_lib.network import GRADIENT_BATCH
from lessons_lib.network.classifier import Classifier
from tests.networks import flat_net, gap_net, global_random_state, pictures, shared

SIDE = 4


class Power(keras.layers.Layer):
    """(x / 255) ** exponent, each pixel by itself."""

    def __init__(self, exponent: int) -> None:
        super().__init__(name="power")
        self.exponent = exponent

    def call(self, x):
        return (x / 255) ** self.exponent


@functools.cache
def pixelwise(exponent: int) -> tuple[Classifier, np.ndarray]:
    """A network whose logits are sums over pixels of w * (x / 255) ** exponent, and w."""
    layers = [
        keras.Input((SIDE, SIDE, 3)),
        Power(exponent),
        keras.layers.Flatten(),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    w = np.random.default_rng(0).normal(size=(SIDE * SIDE * 3, 2))
    model.layers[-1].set_weights([w, np.array([0.3, -0.2])])
    return Classifier(model), w.reshape(SIDE, SIDE, 3, 2)


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 255, (3, SIDE, SIDE, 3))


def test_gradient_of_a_linear_network_is_its_weights(photos: np.ndarray) -> None:
    net, w = pixelwise(1)
    np.testing.assert_allclose(ours.input_gradients(net, photos[0], 1), w[..., 1] / 255, rtol=1e-5)
    np.testing.assert_allclose(
        ours.saliency(net, photos[0], 1), np.abs(w[..., 1]).max(-1) / 255, rtol=1e-5
    )


def test_gradient_is_the_slope_of_the_logit() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0].clip(5, 250)
    x = net.prepare(photo)[0]
    gradient = ours.input_gradients(net, photo, 2)
    for place in [(3, 4, 0), (8, 8, 1), (12, 2, 2)]:
        step = np.zeros_like(x)
        step[place] = 2
        up, down = net.logits([x + step, x - step])[:, 2]
        assert gradient[place] == pytest.approx((up - down) / 4, rel=0.05, abs=1e-5)


def test_gradient_times_input_is_one_step_at_the_photograph() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    one = integrated_gradients(net, photo, 1, rule="right", num_steps=1)
    np.testing.assert_allclose(ours.gradient_times_input(net, photo, 1), one.phi, atol=1e-6)


@pytest.mark.parametrize("noise", [0, 0.15, 2])
@pytest.mark.parametrize("samples", [1, GRADIENT_BATCH + 3])
def test_smooth_grad_of_a_linear_network_is_its_weights_for_any_noise(
    photos: np.ndarray, noise: float, samples: int
) -> None:
    net, w = pixelwise(1)
    found = ours.smooth_grad(net, photos[0], 0, samples=samples, noise=noise)
    np.testing.assert_allclose(found, w[..., 0] / 255, rtol=1e-5)


def test_smooth_grad_of_a_cubic_has_the_mean_of_its_slope(photos: np.ndarray) -> None:
    """E[3 (x + e)^2] = 3 x^2 + 3 sigma^2, with sigma a share of the picture's range."""
    net, w = pixelwise(3)
    found = ours.smooth_grad(net, photos[0], 0, samples=4000, noise=0.3, seed=1)
    x, sigma = photos[0] / 255, 0.3 * np.ptp(photos[0]) / 255
    exact = 3 * (x**2 + sigma**2) * w[..., 0] / 255
    np.testing.assert_allclose(found, exact, atol=0.06 * np.abs(exact).max())


def test_expected_gradients_of_a_square_in_closed_form(photos: np.ndarray) -> None:
    """Each pixel gets w (x^2 - E[x'^2]); the error shrinks as the draws grow."""
    net, w = pixelwise(2)
    background = np.random.default_rng(3).uniform(0, 255, (5, SIDE, SIDE, 3))
    exact = w[..., 0] * ((photos[0] / 255) ** 2 - ((background / 255) ** 2).mean(axis=0))

    def error(n: int) -> float:
        runs = [
            expected_gradients(net, photos[0], background, 0, samples=n, seed=s) for s in range(6)
        ]
        return float(np.sqrt(np.mean([(r - exact) ** 2 for r in runs])))

    few, many = error(40), error(640)
    assert few < 0.1 * np.abs(exact).max()
    assert many < few / 3  # 1 / sqrt(16) is 1 / 4


def test_expected_gradients_with_one_baseline_come_near_integrated_gradients() -> None:
    net, photo = shared(gap_net), pictures(1)[0]
    black = np.zeros_like(photo)
    found = expected_gradients(net, photo, black, 1, samples=400)
    exact = integrated_gradients(net, photo, 1, rule="midpoint", num_steps=500).phi
    np.testing.assert_allclose(found, exact, atol=0.02 * np.abs(exact).max())


def test_saliency_is_that_of_pair() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    gradient = ours.input_gradients(net, photo, 1)
    theirs = saliency.core.GradientSaliency().GetMask(
        net.prepare(photo)[0],
        lambda batch, call_model_args=None, expected_keys=None: {
            saliency.core.INPUT_OUTPUT_GRADIENTS: np.stack(
                [ours.input_gradients(net, x, 1) for x in np.asarray(batch)]
            )
        },
    )
    np.testing.assert_allclose(gradient, theirs, atol=1e-7)
    np.testing.assert_allclose(
        ours.saliency(net, photo, 1).astype(float) / np.abs(theirs).max(),
        np.abs(theirs).max(-1) / np.abs(theirs).max(),
        atol=1e-6,
    )


def test_seeds_are_explicit_and_nothing_is_changed(photos: np.ndarray) -> None:
    net, _ = pixelwise(3)
    before, state = photos.copy(), global_random_state()
    for method in (
        lambda seed: ours.smooth_grad(net, photos[0], 0, samples=5, seed=seed),
        lambda seed: expected_gradients(net, photos[0], photos, 0, samples=5, seed=seed),
    ):
        np.testing.assert_array_equal(method(1), method(1))
        assert np.abs(method(1) - method(2)).max() > 1e-6
    np.testing.assert_array_equal(photos, before)
    assert global_random_state() == state


def test_bad_input_is_refused(photos: np.ndarray) -> None:
    net, _ = pixelwise(1)
    with pytest.raises(ValueError, match="samples=0 must be 1 or more"):
        ours.smooth_grad(net, photos[0], samples=0)
    with pytest.raises(ValueError, match="noise must be 0 or more, not -1"):
        ours.smooth_grad(net, photos[0], noise=-1)
    with pytest.raises(TypeError, match=r"samples must be a whole number, not 2\.5"):
        expected_gradients(net, photos[0], photos, samples=2.5)
    with pytest.raises(ValueError, match="expected one picture, but there are 3"):
        ours.smooth_grad(net, photos)

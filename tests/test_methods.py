"""One interface for all methods: shapes, classes, and what each promises."""

import functools

import numpy as np
import pytest

from lessons_lib import images, maps
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.methods import CONTROLS, METHODS, heat_maps, kernel_shap_map, lime_map
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.counter import counted
from tests.networks import (
    SIZE,
    classifier,
    gap_net,
)
from tests.networks import pictures as smooth_pictures


def pictures(n: int) -> np.ndarray:
    """Grainy ones: a superpixel of one colour cannot be hidden behind its mean."""
    grain = np.random.default_rng(5).normal(0, 30, (n, 20, 20, 3))
    return np.clip(smooth_pictures(n) + grain, 0, 255)


@pytest.fixture(scope="module")
def net() -> Classifier:
    return classifier(gap_net())


def test_small_maps_are_enlarged_and_colours_added_up(net) -> None:
    x = pictures(1)[0]
    heat = heat_maps(METHODS["Grad-CAM"], net, x, 0)
    np.testing.assert_allclose(heat, images.resize(grad_cam(net, x, 0), (SIZE, SIZE)), rtol=1e-5)
    phi = integrated_gradients(net, x, 0, num_steps=24, tolerance=0.05).phi
    integrated = heat_maps(METHODS["Integrated Gradients"], net, x, 0)
    np.testing.assert_allclose(integrated, phi.sum(axis=-1), rtol=1e-4, atol=1e-5)


def test_slopes_are_shown_by_their_size_largest_over_the_colours(net) -> None:
    x = pictures(1)[0]
    for name, signed in (
        ("guided backpropagation", maps.guided_backpropagation(net, x, 2)),
        ("SmoothGrad", maps.smooth_grad(net, x, 2, samples=8)),
    ):
        assert (signed.min(axis=-1) < -signed.max(axis=-1)).any()  # so signs matter
        np.testing.assert_allclose(
            heat_maps(METHODS[name], net, x, 2), np.abs(signed).max(axis=-1), rtol=1e-4, atol=1e-8
        )


def test_kernel_shap_map_adds_up_to_the_score_less_that_of_the_painted_picture(net) -> None:
    from lessons_lib.lime import superpixels

    x = pictures(1)[0]
    seen = net.prepare(x)[0]
    hidden = net.baseline(seen, "mean", superpixels(seen, n_segments=30))
    expected = net.logits(seen)[0, 1] - net.logits(hidden)[0, 1]
    assert abs(expected) > 0.01
    assert heat_maps(kernel_shap_map, net, x, 1).sum() == pytest.approx(
        expected, rel=1e-3, abs=1e-3
    )


def test_seeds_decide_for_those_that_sample(net) -> None:
    for method in (lime_map, kernel_shap_map):
        first, other, again = (
            heat_maps(functools.partial(method, samples=90, seed=seed), net, pictures(1)[0], 1)
            for seed in (1, 2, 1)
        )
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 0.01 * np.abs(first).max()


def test_a_method_of_the_readers_own(net) -> None:
    def red(classifier, x, classes):
        return x[..., 0]

    np.testing.assert_allclose(
        heat_maps(red, net, pictures(2), 0), net.prepare(pictures(2))[..., 0], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros((2, 4, 4)), r"for 1 pictures this one gave \(2, 4, 4\)"),
        (np.zeros((4, 4)), r"gives \(n, h, w\)"),
        (np.full((1, 4, 4), np.nan), "16 values of the maps are not finite"),
    ],
)
def test_what_is_no_map_is_refused(result, message, net) -> None:
    with pytest.raises(ValueError, match=message):
        heat_maps(lambda c, x, t: result, net, pictures(1)[0], 0)


def test_the_centre_is_hot_in_the_middle_and_random_is_the_same_each_time(net) -> None:
    centre = heat_maps(CONTROLS["centre"], net, pictures(1)[0], 0)
    hottest = np.unravel_index(centre.argmax(), centre.shape)
    assert all(abs(i - SIZE / 2) <= 1 for i in hottest)
    both = [heat_maps(CONTROLS["random"], net, pictures(1)[0], c) for c in (0, 1)]
    np.testing.assert_array_equal(*both)


def test_pictures_are_counted_and_the_answers_stay_the_same() -> None:
    net = classifier(gap_net())
    twin, counter = counted(net)
    x = pictures(5)
    counter.pictures = 0
    np.testing.assert_allclose(twin.logits(x), net.logits(x), atol=1e-6)
    assert counter.pictures == 5
    counter.pictures = 0
    np.testing.assert_allclose(grad_cam(twin, x, 1), grad_cam(net, x, 1), atol=1e-5)
    assert counter.pictures == 5
    counter.pictures = 0
    kernel_shap_map(twin, twin.prepare(x[:1]), np.array([0]), samples=100)
    assert 60 <= counter.pictures <= 102
    assert twin.layer == net.layer

"""One interface for all methods: shapes, classes, and what each promises."""

import numpy as np
import pytest

from lessons_lib import images, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.methods import CONTROLS, METHODS, explain, kernel_shap_map, lime_map
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.counter import counted
from tests.networks import (
    SIZE,
    classifier,
    flat_net,
    gap_net,
    global_random_state,
    nested_net,
)
from tests.networks import pictures as smooth_pictures


def pictures(n: int) -> np.ndarray:
    """Grainy ones: a superpixel of one colour cannot be hidden behind its mean."""
    grain = np.random.default_rng(5).normal(0, 30, (n, 20, 20, 3))
    return np.clip(smooth_pictures(n) + grain, 0, 255)


each_method = pytest.mark.parametrize("name", [*METHODS, *CONTROLS])
ALL = METHODS | CONTROLS
DETERMINED_BY_THE_CLASS = [n for n in METHODS if n != "Eigen-CAM"]


@pytest.fixture(scope="module")
def net() -> Classifier:
    return classifier(gap_net())


@each_method
def test_every_method_gives_one_finite_map_of_the_inputs_size_for_each_picture(name, net) -> None:
    x, state, kept = pictures(2), global_random_state(), net.model.get_weights()
    maps = explain(ALL[name], net, x, [0, 2])
    assert maps.shape == (2, SIZE, SIZE)
    assert maps.dtype == np.float32
    assert explain(ALL[name], net, x[0], 0).shape == (SIZE, SIZE)
    np.testing.assert_array_equal(x, pictures(2))
    assert state == global_random_state()
    assert all((a == b).all() for a, b in zip(kept, net.model.get_weights(), strict=True))


@pytest.mark.parametrize("name", METHODS)
def test_a_batch_gives_what_a_loop_gives(name: str, net) -> None:
    x = pictures(2)
    batch = explain(METHODS[name], net, x, [0, 2])
    loop = [explain(METHODS[name], net, p, c) for p, c in zip(x, [0, 2], strict=True)]
    np.testing.assert_allclose(batch, loop, rtol=1e-3, atol=1e-4 * np.abs(batch).max())


@pytest.mark.parametrize("name", DETERMINED_BY_THE_CLASS)
def test_the_class_matters(name: str, net) -> None:
    maps = explain(METHODS[name], net, [pictures(1)[0]] * 2, [0, 1])
    assert np.abs(maps[0] - maps[1]).max() > 1e-3 * np.abs(maps).max()


@pytest.mark.parametrize("name", [n for n in METHODS if n not in ("CAM",)])
@pytest.mark.parametrize("build", [flat_net, nested_net])
def test_on_other_networks_too(name: str, build) -> None:
    assert np.isfinite(explain(METHODS[name], classifier(build()), pictures(1)[0], 1)).all()


def test_the_default_class_is_each_pictures_own_top_class(net) -> None:
    x = pictures(3)
    tops = net.logits(x).argmax(axis=1)
    np.testing.assert_array_equal(
        explain(METHODS["Grad-CAM"], net, x), explain(METHODS["Grad-CAM"], net, x, tops)
    )


def test_small_maps_are_enlarged_and_colours_added_up(net) -> None:
    x = pictures(1)[0]
    heat = explain(METHODS["Grad-CAM"], net, x, 0)
    np.testing.assert_allclose(heat, images.resize(grad_cam(net, x, 0), (SIZE, SIZE)), rtol=1e-5)
    phi = integrated_gradients(net, x, 0, num_steps=24, tolerance=0.05).phi
    integrated = explain(METHODS["Integrated Gradients"], net, x, 0)
    np.testing.assert_allclose(integrated, phi.sum(axis=-1), rtol=1e-4, atol=1e-5)


def test_kernel_shap_map_adds_up_to_the_score_less_that_of_the_painted_picture(net) -> None:
    from lessons_lib.lime import background, superpixels

    x = pictures(1)[0]
    seen = net.prepare(x)[0]
    hidden = background(seen, superpixels(seen, n_segments=30))
    expected = net.logits(seen)[0, 1] - net.logits(hidden)[0, 1]
    assert abs(expected) > 0.01
    assert explain(kernel_shap_map, net, x, 1).sum() == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_seeds_decide_for_those_that_sample() -> None:
    photo, net = images.course_image("panda"), models.load("squeezenet")
    for method in (lime_map, kernel_shap_map):
        first = explain(lambda c, x, t, m=method: m(c, x, t, samples=90, seed=1), net, photo, 388)
        other = explain(lambda c, x, t, m=method: m(c, x, t, samples=90, seed=2), net, photo, 388)
        again = explain(lambda c, x, t, m=method: m(c, x, t, samples=90, seed=1), net, photo, 388)
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 0.01 * np.abs(first).max()


def test_a_method_of_the_readers_own(net) -> None:
    def red(classifier, x, classes):
        return x[..., 0]

    np.testing.assert_allclose(
        explain(red, net, pictures(2), 0), net.prepare(pictures(2))[..., 0], rtol=1e-6
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
        explain(lambda c, x, t: result, net, pictures(1)[0], 0)


def test_the_centre_is_hot_in_the_middle_and_random_is_the_same_each_time(net) -> None:
    centre = explain(CONTROLS["centre"], net, pictures(1)[0], 0)
    hottest = np.unravel_index(centre.argmax(), centre.shape)
    assert all(abs(i - SIZE / 2) <= 1 for i in hottest)
    both = [explain(CONTROLS["random"], net, pictures(1)[0], c) for c in (0, 1)]
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

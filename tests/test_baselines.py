"""What stands for "nothing there": one set of names, for pictures and superpixels."""

import warnings

import keras
import numpy as np
import pytest

from lessons_lib import lime, maps
from lessons_lib.baselines import BASELINES, make_baseline
from lessons_lib.judging import deletion
from lessons_lib.network.classifier import Classifier
from lessons_lib.score_cam import score_cam
from tests.networks import SIZE, classifier, gap_net, pictures

X = pictures(1)[0].astype("float32")
SEGMENTS = np.add.outer(np.arange(X.shape[0]) // 7 * 2, np.arange(X.shape[1]) // 11 % 2)


def test_they_are_what_their_names_say() -> None:
    made = {name: make_baseline(name, X) for name in BASELINES}
    assert made["black"].max() == 0
    assert made["white"].min() == 255
    assert (made["grey"] == 127.5).all()
    np.testing.assert_allclose(made["imagenet"][3, 4], [123.675, 116.28, 103.53], rtol=1e-6)
    np.testing.assert_allclose(made["mean"][3, 4], X.mean(axis=(0, 1)), rtol=1e-5)
    assert np.ptp(made["mean"], axis=(0, 1)).max() == 0
    assert made["blurred"].mean() == pytest.approx(X.mean(), rel=0.05)
    assert made["blurred"].std() < X.std()
    assert made["noise"].mean() == pytest.approx(127.5, rel=0.05)
    assert made["noise"].std() == pytest.approx(255 / np.sqrt(12), rel=0.05)
    for name, value in (("black", 100), ("grey", 200), ("white", 300)):
        assert (make_baseline(name, X, value_range=(100, 300)) == value).all()


def test_the_mean_is_each_superpixel_s_own() -> None:
    found = make_baseline("mean", X, SEGMENTS)
    for j in np.unique(SEGMENTS):
        inside = j == SEGMENTS
        mean = X[inside].mean(axis=0, dtype=float)
        np.testing.assert_allclose(found[inside], np.tile(mean, (inside.sum(), 1)), rtol=1e-5)


@pytest.mark.parametrize(("colour", "shown"), [(0, 0), (255.0, 255), ((1, 2, 3), (1, 2, 3))])
def test_a_number_and_a_colour(colour: object, shown: object) -> None:
    assert np.array_equal(make_baseline(colour, X), np.broadcast_to(shown, X.shape))


def test_a_picture_of_any_size_is_brought_to_the_network_s() -> None:
    net = classifier(gap_net())
    tall = np.zeros((60, 30, 3), np.uint8)
    tall[:30] = 200
    found = net.baseline(X, tall)[0]
    assert found.shape == (SIZE, SIZE, 3)
    assert found[0].mean() == 200
    assert found[-1].mean() == 0


@pytest.mark.parametrize("wrong", ["gray", "", -1, 256, (1, 2), np.nan, (1, 2, 300)])
def test_what_is_none_is_named(wrong: object) -> None:
    with pytest.raises(ValueError, match="baseline"):
        make_baseline(wrong, X)


def inside_and_outside() -> list[Classifier]:
    """One network twice: the pixels are rescaled by its first layer, or before it."""
    inner = gap_net(last=None)
    inner.get_layer("scale").scale = 1.0
    pixels = keras.Input((SIZE, SIZE, 3))
    whole = keras.Model(pixels, inner(keras.layers.Rescaling(1 / 32, offset=-2)(pixels)))
    return [
        Classifier(whole, layer="features"),
        Classifier(inner, layer="features", preprocess=lambda x: x / 32 - 2),
    ]


HALVES = np.repeat([[0, 1]], SIZE, axis=0).repeat(SIZE // 2, axis=1)
ANSWERS = {
    "Score-CAM": lambda net, x, **b: score_cam(net, x, 1, **b),
    "occlusion": lambda net, x, **b: maps.occlusion(net, x, 1, window=8, stride=8, **b),
    "RISE": lambda net, x, **b: maps.rise(net, x, 1, samples=20, **b),
    "deletion": lambda net, x, **b: deletion(net, x, HALVES, 1, steps=4, **b).probability,
    "coalitions": lambda net, x, **b: lime.coalition_scores(net, x, HALVES, np.eye(2), **b),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_default_does_not_depend_on_where_a_network_rescales(name: str) -> None:
    one, other = inside_and_outside()
    found = ANSWERS[name](one, X)
    np.testing.assert_allclose(found, ANSWERS[name](other, X), rtol=1e-4, atol=1e-5)
    assert np.ptp(found) > 0
    if name != "coalitions":  # the control: 0 after the preprocessing is black for one of them
        zero = [ANSWERS[name](net, X, baseline="zero") for net in (one, other)]
        assert np.abs(zero[0] - zero[1]).max() > 1e-3 * np.abs(zero[0]).max()


def test_grey_in_units_of_ones_own_is_told() -> None:
    x = np.full((4, 4, 1), -500, np.float32)
    with pytest.warns(UserWarning, match=r"'grey' is the middle of -1024\.\.3071, 1023\.5"):
        make_baseline("grey", x, value_range=(-1024, 3071))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for baseline in (-1024, "mean", "black"):
            make_baseline(baseline, x, value_range=(-1024, 3071))
        make_baseline("grey", np.abs(x), value_range=(0, 65535))

"""Pictures of other channels and other values: right, or refused in a clear sentence."""

import functools
import re
import warnings

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from lessons_lib import images, lime, maps, plotting
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.judging import deletion, road, robustness
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network.black_box import BlackBox
from lessons_lib.network.classifier import Classifier
from lessons_lib.score_cam import score_cam
from tests.networks import SIZE, L, seeded

HOUNSFIELD = (-1024.0, 3071.0)


def net(channels: int = 3, seed: int = 0) -> keras.Model:
    return seeded(
        keras.Sequential(
            [
                keras.Input((SIZE, SIZE, channels)),
                L.Conv2D(4, 3, activation="relu", name="first"),
                L.Conv2D(6, 3, activation="relu", name="features"),
                L.GlobalAveragePooling2D(),
                L.Dense(3),
            ]
        ),
        seed,
    )


@functools.cache
def of_channels(channels: int = 3, **options: object) -> Classifier:
    return Classifier(net(channels), preprocess="tf", **options)


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, shape).astype("float32")


@functools.cache
def grey_twins() -> tuple[Classifier, Classifier]:
    """A network of one channel, and one of three that adds up to the same for grey pictures."""
    colour, grey = net(3), net(1)
    first, *others = colour.get_weights()
    grey.set_weights([first.sum(axis=2, keepdims=True), *others])
    return Classifier(grey, preprocess="tf"), Classifier(colour, preprocess="tf")


def test_one_channel_is_what_three_equal_ones_are() -> None:
    one, three = grey_twins()
    x = picture(20, 30)
    rgb = np.stack([x] * 3, axis=-1)
    np.testing.assert_allclose(one.logits(x), three.logits(rgb), rtol=1e-4)
    for method in (grad_cam, score_cam, maps.occlusion):
        np.testing.assert_allclose(method(one, x, 1), method(three, rgb, 1), rtol=1e-3, atol=1e-4)
    phi = [integrated_gradients(n, p, 1, baseline="black").phi for n, p in ((one, x), (three, rgb))]
    assert phi[0].shape == (SIZE, SIZE, 1)
    # Within the tolerance of completeness, which both are asked for.
    np.testing.assert_allclose(phi[0].sum(-1), phi[1].sum(-1), atol=0.02 * np.abs(phi[1]).max())


def test_a_grey_picture_may_come_in_any_form() -> None:
    one, _ = grey_twins()
    x = picture(3, SIZE, SIZE)
    expected = one.logits(list(x))
    for form in (x, x[..., None], [x[0], x[1:]], [p[..., None] for p in x], x.astype("float64")):
        np.testing.assert_allclose(one.logits(form), expected, rtol=1e-5)
    assert grad_cam(one, x[0], 1).shape == grad_cam(one, x[0][..., None], 1).shape == (12, 12)
    assert grad_cam(one, x, 1).shape == (3, 12, 12)
    assert grad_cam(one, x[:1], 1).shape == (1, 12, 12)
    assert grad_cam(one, [x[0]], 1).shape == (1, 12, 12)


def test_gradients_of_five_channels_are_those_of_a_tape() -> None:
    model, x = net(5), picture(2, SIZE, SIZE, 5)
    five = Classifier(model, preprocess=lambda z: z / 100)
    z = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(z)
        score = model(z / 100)[:, 2]
    np.testing.assert_allclose(maps.input_gradients(five, x, 2), tape.gradient(score, z), atol=1e-6)


def in_units(x: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    return (ends[0] + x / 255 * (ends[1] - ends[0])).astype("float32")


def test_the_unit_of_the_pixels_does_not_matter() -> None:
    """One picture in two units, each said once: all methods and measures give the same.

    The other unit is large, so that a value is no whole number, and 0 is not at its lower end.
    """
    ends = (-2.0, 1.0)
    ours, x = Classifier(net(2), preprocess="tf", layer="features"), picture(SIZE, SIZE, 2)
    other = ours.replace(value_range=ends, preprocess="tf")
    y = in_units(x, ends)
    np.testing.assert_allclose(other.logits(y), ours.logits(x), rtol=1e-3, atol=1e-4)
    for kind in ("black", "white", "grey", "blurred", "noise", "mean", "zero"):
        expected = in_units(ours.baseline(x, kind), ends)
        np.testing.assert_allclose(
            other.baseline(y, kind), expected, atol=1e-4 * (ends[1] - ends[0])
        )
    per_unit = {"saliency", "SmoothGrad", "guided backpropagation"}
    for name in set(METHODS) - {"gradient × input"}:  # which depends on where the unit's zero is
        found, expected = (heat_maps(METHODS[name], n, p, 1) for n, p in ((other, y), (ours, x)))
        factor = 255 / (ends[1] - ends[0]) if name in per_unit else 1
        atol = 2e-3 * np.abs(factor * expected).max()
        np.testing.assert_allclose(found, factor * expected, atol=atol, err_msg=name)
    heat = heat_maps(METHODS["occlusion"], ours, x, 1)
    for measure in (deletion, road.road):
        found, expected = (measure(n, p, heat, 1).area for n, p in ((other, y), (ours, x)))
        assert found == pytest.approx(expected, rel=1e-2)
    found, expected = (
        robustness.max_sensitivity(METHODS["Grad-CAM"], n, p, 1) for n, p in ((other, y), (ours, x))
    )
    assert found == pytest.approx(expected, rel=1e-2)
    grain = robustness.noise(10).picture(x), robustness.noise(10, value_range=ends).picture(y)
    np.testing.assert_allclose(grain[1], in_units(grain[0], ends), atol=1e-3 * (ends[1] - ends[0]))
    bright = robustness.brightness().picture(x), robustness.brightness(value_range=ends).picture(y)
    np.testing.assert_allclose(
        bright[1], in_units(bright[0], ends), atol=1e-3 * (ends[1] - ends[0])
    )


def test_what_is_shown() -> None:
    scan = Classifier(net(1), preprocess="tf", value_range=HOUNSFIELD)
    np.testing.assert_array_equal(
        scan.shown(np.array([[-1024, 3071]]))[0], [[0, 0, 0], [255, 255, 255]]
    )
    soft = scan.shown(np.array([[-1024, -160, 40, 240, 3071]]), window=(-160, 240))
    np.testing.assert_array_equal(soft[0, :, 0], [0, 0, 128, 255, 255])
    five = Classifier(net(5), preprocess="tf", value_range=(0, 1))
    pixel = np.array([[[0, 0, 0, 0, 1.0]]] * 2)
    np.testing.assert_array_equal(five.shown(pixel)[0, 0], [51, 51, 51])  # the mean
    assert [p.shape for p in five.shown([pixel, pixel])] == [(2, 1, 3)] * 2
    photo = picture(4, 5, 3).round()
    np.testing.assert_array_equal(Classifier(net(3), preprocess="tf").shown(photo), photo)


def test_plots_take_what_is_shown_and_grey_pictures() -> None:
    scan = Classifier(net(1), preprocess="tf", value_range=HOUNSFIELD)
    y = in_units(picture(20, 30), HOUNSFIELD)
    heat = grad_cam(scan, y, 1)
    assert plotting.overlay(scan.shown(y), heat).shape == (20, 30, 3)
    grey = picture(20, 30)
    for form in (grey, grey[..., None]):
        np.testing.assert_array_equal(
            plotting.overlay(form, heat, opacity=0), np.stack([grey.round()] * 3, axis=-1)
        )
    with pytest.raises(ValueError, match=r"plots take classifier\.shown\(image\)"):
        plotting.overlay(y, heat)


def test_a_black_box_of_one_channel_and_another_range() -> None:
    one, _ = grey_twins()
    inner = Classifier(one.model, preprocess="tf", value_range=(0, 1))
    box = BlackBox(
        lambda x: inner.model(2 * x - 1).numpy(), None, (SIZE, SIZE), channels=1, value_range=(0, 1)
    )
    x = picture(SIZE, SIZE) / 255
    np.testing.assert_allclose(box.logits(x), inner.logits(x), rtol=1e-4)
    np.testing.assert_allclose(
        maps.occlusion(box, x, 1), maps.occlusion(inner, x, 1), rtol=1e-3, atol=1e-4
    )
    segments = lime.superpixels(box.shown(x), n_segments=6)
    assert lime.sample_image(box, x, segments, samples=9).scores.shape[0] == 9


@pytest.mark.parametrize(
    ("options", "image", "message"),
    [
        ({"channels": 1}, np.zeros((9, 9, 3)), r"make it grey with image\[..., :3\]\.mean"),
        ({"channels": 1}, np.zeros(9), r"the shape \(height, width, 1\)"),
        ({"channels": 5}, np.zeros((9, 9, 3)), "takes pictures of 5 channels"),
        ({"channels": 5}, np.zeros((5, 9, 9)), r"channels must come last: np\.moveaxis"),
        ({"channels": 5}, np.zeros((9, 9)), r"\(height, width, 5\)"),
        (
            {"value_range": (0, 1)},
            np.full((9, 9, 3), 200),
            r"must lie in 0\.\.1, but .* 200\.\.200",
        ),
        ({"value_range": HOUNSFIELD}, np.full((9, 9, 3), -2000), r"must lie in -1024\.\.3071"),
    ],
)
def test_other_pictures_are_named(options, image, message) -> None:
    with pytest.raises(ValueError, match=message):
        of_channels(**options).logits(image)


@pytest.mark.parametrize("bad", [(1, 0), (0, 0), (0,), 255, (0, np.nan), (0, np.inf)])
def test_a_value_range_rises(bad) -> None:
    with pytest.raises(ValueError, match="value_range"):
        Classifier(net(), value_range=bad)


@pytest.mark.parametrize(
    ("ends", "image", "message"),
    [
        ((0, 255), picture(9, 9, 3) / 255, "divided by 255"),
        (HOUNSFIELD, picture(9, 9, 3) / 255, r"-1024\.\.3071 is expected"),
        ((0, 65535), picture(9, 9, 3), "a picture of 8 bits"),
        ((0, 4095), picture(9, 9, 3).astype("uint8"), "a picture of 8 bits"),
        ((0, 1), picture(9, 9, 3) / 255, ""),
        ((0, 65535), 200 * picture(9, 9, 3), ""),
        (HOUNSFIELD, np.full((9, 9, 3), -1024), ""),
    ],
)
def test_pixels_that_fill_little_of_the_range_are_doubted(ends, image, message) -> None:
    classifier = of_channels(value_range=ends)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier.prepare(image)
    assert len(caught) == bool(message)
    if message:
        assert re.search(message, str(caught[0].message))


def test_preprocessing_by_name_needs_its_channels() -> None:
    with pytest.raises(ValueError, match="'caffe' is for red, green and blue"):
        Classifier(net(1), preprocess="caffe")
    with pytest.raises(ValueError, match="'imagenet' is a colour of red, green and blue"):
        Classifier(net(5), preprocess="tf").baseline(picture(9, 9, 5), "imagenet")


def test_files_of_16_bits_are_not_cut_off(tmp_path) -> None:
    path = tmp_path / "scan.png"
    PIL.Image.fromarray(np.array([[0, 1000], [30000, 65535]], np.uint16)).save(path)
    with pytest.raises(ValueError, match="more than 8 bits"):
        images.load_image(path)


def of(shape: tuple, *layers: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            of((8, 16, 16, 1), L.Conv3D(4, 3), L.GlobalAveragePooling3D(), L.Dense(2)),
            r"takes volumes or films .*integrated_gradients\.integrate",
        ),
        (of((50, 2), L.Conv1D(4, 3), L.Flatten(), L.Dense(2)), "takes signals or sequences"),
        (of((20,), L.Embedding(9, 4), L.Flatten(), L.Dense(2)), r"takes tokens .*sample_text"),
        (of((20,), L.Dense(2)), r"takes rows of numbers .*sample_table"),
        (
            of((3, 24, 24), L.Permute((2, 3, 1)), L.Conv2D(4, 3), L.Flatten(), L.Dense(2)),
            r"channels first\. Put keras\.Input\(\(24, 24, 3\)\) and keras\.layers\.Permute",
        ),
        (
            of((3, 24, 24), L.Conv2D(4, 3, data_format="channels_first"), L.Flatten(), L.Dense(2)),
            "channels first",
        ),
    ],
)
@pytest.mark.parametrize("size", [None, (16, 16)])
def test_what_is_no_picture_is_refused_with_what_to_use(model, message, size) -> None:
    with pytest.raises(ValueError, match=message):
        Classifier(model, input_size=size)


def test_a_volume_network_written_as_a_class_is_refused() -> None:
    class Volume(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.pool = L.Conv3D(2, 3), L.GlobalAveragePooling3D()

        def call(self, x: tf.Tensor) -> tf.Tensor:
            return self.pool(self.conv(x))

    with pytest.raises(ValueError, match=r"cannot take a picture of shape \(16, 16, 3\)"):
        Classifier(Volume(), input_size=(16, 16))


def test_the_cure_for_channels_first_gives_the_same_logits() -> None:
    """Put a Permute in front, as the message says."""
    inner = net()
    first = keras.Sequential([keras.Input((3, SIZE, SIZE)), L.Permute((2, 3, 1)), inner])
    wrapped = keras.Sequential([keras.Input((SIZE, SIZE, 3)), L.Permute((3, 1, 2)), first])
    ours, x = Classifier(wrapped, preprocess="tf"), picture(SIZE, SIZE, 3)
    plain = Classifier(inner, preprocess="tf")
    np.testing.assert_allclose(ours.logits(x), plain.logits(x), rtol=1e-4)
    np.testing.assert_allclose(grad_cam(ours, x, 1), grad_cam(plain, x, 1), rtol=1e-4)


def test_behind_channels_first_pixels_are_right_and_layers_refused() -> None:
    """The same weights with the channels last are the outside value."""

    def twin(first: bool) -> Classifier:
        axes = "channels_first" if first else "channels_last"
        middle = [L.Permute((3, 1, 2), name="turned")] if first else []
        layers = [
            L.Conv2D(6, 3, activation="relu", name="features"), *middle,
            L.MaxPooling2D(2, data_format=axes, name="pool"), L.Activation("tanh", name="tanh"),
            L.GlobalAveragePooling2D(axes), L.Dense(3),
        ]  # fmt: skip
        return Classifier(seeded(of((SIZE, SIZE, 3), *layers)), preprocess="tf")

    first, last = twin(True), twin(False)
    x = picture(SIZE, SIZE, 3)
    np.testing.assert_allclose(first.logits(x), last.logits(x), rtol=1e-4)
    np.testing.assert_allclose(
        maps.input_gradients(first, x, 1), maps.input_gradients(last, x, 1), atol=1e-6
    )
    assert first.layer == "features"
    np.testing.assert_allclose(
        grad_cam(first, x, 1), grad_cam(last, x, 1, "features"), rtol=1e-3, atol=1e-6
    )
    for layer in ("turned", "pool", "tanh"):
        with pytest.raises(ValueError, match="channels first; a map needs"):
            grad_cam(first, x, 1, layer)

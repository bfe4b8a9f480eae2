"""Which layers have places, which one is looked at, and what is said about it."""

import functools
import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import maps, plotting
from lessons_lib.grad_cam import grad_cam
from lessons_lib.maps import guided_backpropagation
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.layers import candidates, instead
from tests.networks import L, photos, seeded

SIZE = 24


def of(*layers: keras.layers.Layer) -> keras.Model:
    return seeded(keras.Sequential([keras.Input((SIZE, SIZE, 3)), *layers]))


def head() -> list[keras.layers.Layer]:
    return [L.GlobalAveragePooling2D(), L.Dense(3)]


def messages(make: Callable[[], object]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make()
    return [str(w.message) for w in caught]


@functools.cache
def vit(fold: bool = False, written_out: bool = False) -> Classifier:
    return Classifier(transformer(fold, written_out), preprocess="tf")


def transformer(fold: bool = False, written_out: bool = False) -> keras.Model:
    """Patches of 4 x 4 pixels become 36 tokens; attention among them; folded back, or pooled."""
    inputs = keras.Input((SIZE, SIZE, 3))
    tokens = L.Reshape((36, 16))(L.Conv2D(16, 4, strides=4, name="patches")(inputs))
    if written_out:

        def heads() -> keras.KerasTensor:
            return L.Permute((2, 1, 3))(L.Reshape((36, 2, 8))(L.Dense(16)(tokens)))

        q, k, v = heads(), heads(), heads()
        weights = L.Softmax(name="attention")(
            keras.ops.matmul(q, keras.ops.transpose(k, (0, 1, 3, 2)))
        )
        x = L.Reshape((36, 16))(L.Permute((2, 1, 3), name="merge")(keras.ops.matmul(weights, v)))
    else:
        x = L.Add(name="block")([tokens, L.MultiHeadAttention(2, 8)(tokens, tokens)])
    if fold:
        x = L.GlobalAveragePooling2D()(L.Reshape((6, 6, 16), name="folded")(x))
    else:
        x = L.GlobalAveragePooling1D()(x)
    return seeded(keras.Model(inputs, L.Dense(3)(x), name="vit"))


# Layers


@pytest.mark.parametrize("written_out", [False, True])
def test_a_patch_embedding_is_not_looked_at_in_silence(written_out) -> None:
    net = vit(written_out=written_out)
    assert net.layer == ""
    assert list(net.spatial_layers) == ["patches"]
    assert "no layer with places" in repr(net)
    with pytest.raises(ValueError, match=r"after 'patches', with 6 x 6 places.* tokens .*LIME"):
        grad_cam(net, photos(1, SIZE), 1)


def test_a_patch_embedding_that_is_asked_for_is_looked_at() -> None:
    model, x = vit().model, photos(2, SIZE)
    found = vit().gradients(x, 1, "patches")
    A = model.get_layer("patches")(x / 127.5 - 1)
    rest = keras.Model(model.get_layer("patches").output, model.output)
    with tf.GradientTape() as tape:
        tape.watch(A)
        score = rest(A)[:, 1]
    np.testing.assert_allclose(found.gradient, tape.gradient(score, A), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("layer", ["merge", "attention"])
def test_tokens_and_heads_are_no_map(layer) -> None:
    with pytest.raises(ValueError, match=rf"'{layer}', of shape .* has other axes, such as tokens"):
        grad_cam(vit(written_out=True), photos(1, SIZE), 1, layer)


def test_a_token_layer_by_name_is_refused_as_tokens() -> None:
    with pytest.raises(ValueError, match=r"'block' has the shape .*: tokens, which stand in no"):
        grad_cam(vit(), photos(1, SIZE), 1, "block")


@pytest.mark.parametrize("written_out", [False, True])
def test_tokens_that_are_folded_back_have_places(written_out) -> None:
    net = vit(fold=True, written_out=written_out)
    assert net.layer == "folded"
    assert net.activations(photos(1, SIZE)).shape == (1, 6, 6, 16)


def test_where_no_layer_has_places_it_is_said_what_to_use() -> None:
    net = Classifier(of(L.Flatten(), L.Dense(3)), preprocess="tf")
    assert net.layer == ""
    assert np.isfinite(maps.input_gradients(net, photos(1, SIZE), 1)).all()
    for ask in (lambda: grad_cam(net, photos(1, SIZE), 1), lambda: plotting.compare_layers(
        net, photos(1, SIZE)
    )):  # fmt: skip
        with pytest.raises(ValueError, match=r"no layer of this network has places .*LIME"):
            ask()


def test_a_squeeze_and_excitation_block_misleads_nobody() -> None:
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(8, 3, name="before")(inputs)
    gate = L.Dense(8, activation="sigmoid")(L.Reshape((1, 1, 8))(L.GlobalAveragePooling2D()(x)))
    x = L.Activation("relu", name="after")(L.Multiply(name="scaled")([x, gate]))
    model = seeded(keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x))))
    net = Classifier(model, preprocess="tf")
    assert net.layer == "after"
    assert {"before", "scaled", "after"} <= set(net.spatial_layers)


def test_the_grid_stands_in_repr() -> None:
    net = Classifier(of(L.Conv2D(4, 3, name="last"), *head()), preprocess="tf")
    assert "layer last, 22 x 22>" in repr(net)
    assert "layer last, 22 x 22>" in repr(net.replace(layer="last"))

    class Own(keras.Model):  # Keras does not know what its layers give
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.pool = L.Conv2D(4, 5, strides=2, name="last"), L.Flatten()

        def call(self, x: tf.Tensor) -> tf.Tensor:
            return self.pool(self.conv(x))

    assert "layer last, 10 x 10>" in repr(Classifier(Own(), input_size=(SIZE, SIZE)))


def coarse() -> keras.Model:
    layers = [L.Conv2D(4, 3, strides=2, padding="same", name=f"c{i}") for i in range(3)]
    return of(*layers, *head())  # 12, 6, 3


def test_one_warning_of_a_coarse_layer_which_names_a_finer_one() -> None:
    (said,) = messages(lambda: Classifier(coarse(), preprocess="tf"))
    assert re.search(r"'c2', has 3 x 3 places.*'c1' has 6 x 6.*compare_layers", said)
    assert not messages(lambda: Classifier(coarse(), preprocess="tf", layer="c2"))


def test_one_warning_of_a_layer_far_from_the_end() -> None:
    deep = [L.Dense(4, activation="relu") for _ in range(5)]

    def make() -> Classifier:
        model = of(L.Conv2D(4, 3, name="conv"), L.Flatten(), *deep)
        return Classifier(model, preprocess="tf", ending="logits")

    (said,) = messages(make)
    assert re.search("'conv', is followed by 5 more layers with weights", said)
    deep.pop()
    assert not messages(make)


def test_each_method_that_looks_at_a_layer_takes_it_by_name() -> None:
    net = Classifier(of(*[L.Conv2D(4, 3, activation="relu", name=f"c{i}") for i in range(2)],
                        *head()), preprocess="tf")  # fmt: skip
    early_net, x = net.replace(layer="c0"), photos(2, SIZE)
    looking = ["Grad-CAM", "Grad-CAM++", "HiResCAM", "LayerCAM", "XGrad-CAM", "Eigen-CAM"]
    for name in [*looking, "Score-CAM"]:
        default, early = (heat_maps(METHODS[name], net, x, 1, layer=at) for at in (None, "c0"))
        named = heat_maps(METHODS[name], early_net, x, 1)
        np.testing.assert_allclose(early, named, rtol=1e-4, atol=1e-6)
        assert np.abs(default - early).max() > 1e-3 * np.abs(default).max()
    with pytest.raises(ValueError, match="looks at no layer; those that do are CAM, Grad-CAM"):
        heat_maps(METHODS["saliency"], net, x, 1, layer="c0")


def test_candidates_are_the_trunk_and_neither_branches_nor_padding() -> None:
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(4, 3, padding="same", name="one")(inputs)
    x = L.Concatenate(name="both")([x, L.Conv2D(4, 3, padding="same")(x)])
    x = L.Conv2D(4, 1, name="branch")(x)
    x = L.Conv2D(6, 3, strides=2, name="late")(L.ZeroPadding2D(3, name="rim")(x))
    x = L.Conv2D(2, 1, name="last")(x)
    model = seeded(keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x))))
    net = Classifier(model, preprocess="tf")
    assert candidates(net.layers, net.spatial_layers) == ["both", "last"]


def test_candidates_in_one_picture() -> None:
    net = Classifier(coarse(), ["a", "b", "c"], "tf", layer="c1")
    x = photos(1, SIZE)[0]
    figure = plotting.compare_layers(net, x, "b")
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["b", "c0\n12 x 12", "c1\n6 x 6", "c2\n3 x 3"]
    drawn = figure.axes[2].images[0].get_array()
    np.testing.assert_array_equal(drawn, plotting.overlay(net.shown(x), grad_cam(net, x, 1, "c1")))
    one = plotting.compare_layers(net, x, 0, ["c0"], maps.layer_cam)
    np.testing.assert_array_equal(
        one.axes[1].images[0].get_array(),
        plotting.overlay(net.shown(x), maps.layer_cam(net, x, 0, "c0")),
    )


# Guided backpropagation


@pytest.mark.parametrize(
    ("activation", "met"),
    [("swish", "swish"), ("gelu", "GELU"), ("elu", "ELU"), (None, "linear layers")],
)
def test_guided_backpropagation_without_a_relu_says_so(activation, met) -> None:
    net = Classifier(of(L.Conv2D(4, 3, activation=activation), *head()), preprocess="tf")
    x = photos(1, SIZE)
    for _ in range(2):  # at each call, not at the compilation
        (said,) = messages(lambda: guided_backpropagation(net, x, 1))
        assert re.search(rf"no ReLU .*only .*{met}.*plain gradient", said)
    if activation is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = guided_backpropagation(net, x, 1)
        np.testing.assert_array_equal(found, maps.input_gradients(net, x, 1))


@pytest.mark.parametrize(
    ("layer", "met"),
    [
        (L.PReLU(alpha_initializer="ones"), "PReLU"),
        (L.Activation("hard_swish"), "hard sigmoid or hard swish"),
        (L.Activation("swish"), "sigmoid or swish"),
        (L.LeakyReLU(), "leaky ReLU"),
    ],
)
def test_guided_backpropagation_names_what_is_not_guided_beside_relus(layer, met) -> None:
    layers = [L.Conv2D(4, 3), layer, L.Conv2D(4, 3, activation="relu"), *head()]
    net = Classifier(of(*layers), preprocess="tf")
    (said,) = messages(lambda: guided_backpropagation(net, photos(1, SIZE), 1))
    assert re.search(rf"more than ReLUs: {met}\. .*between it and the plain gradient", said)


@pytest.mark.parametrize("activation", ["relu", "relu6"])
def test_guided_backpropagation_with_a_relu_says_nothing(activation) -> None:
    net = Classifier(of(L.Conv2D(4, 3, activation=activation), *head()), preprocess="tf")
    assert not messages(lambda: guided_backpropagation(net, photos(1, SIZE), 1))


# Preprocessing

SCALED = "scaled twice: preprocess does it, and in the model 'scale' \\(Rescaling\\) too"


def small(*first: keras.layers.Layer) -> keras.Model:
    return of(*first, L.Conv2D(4, 3), *head())


def adapted() -> keras.layers.Layer:
    return L.Normalization(mean=[0.485] * 3, variance=[0.05] * 3)


def standardised(x: tf.Tensor) -> tf.Tensor:
    """Each picture by its own mean and spread: what is all black and what is all white become 0."""
    return tf.image.per_image_standardization(x)


@pytest.mark.parametrize(
    ("first", "options", "message"),
    [
        ([L.Rescaling(1 / 255, name="scale")], {"preprocess": "tf"}, SCALED),
        ([L.Rescaling(1 / 127.5, -1, name="scale")], {"preprocess": lambda x: x / 255}, SCALED),
        (
            [L.Rescaling(1 / 255, name="scale")],
            {"value_range": (0, 1)},
            r"say value_range=\(0, 255",
        ),
        ([], {}, "nobody scales the pixels: .* 255 apart"),
        ([L.ZeroPadding2D()], {}, "nobody scales"),
        ([L.RandomFlip()], {}, "nobody scales"),
        ([], {"value_range": (0, 65535)}, "nobody scales the pixels: .* 65535 apart"),
        ([L.Rescaling(1 / 255)], {}, ""),
        ([L.RandomFlip(), L.Rescaling(1 / 255)], {"preprocess": "none"}, ""),
        ([L.Rescaling(1 / 255), adapted()], {}, ""),
        ([adapted()], {"preprocess": lambda x: x / 255}, ""),
        ([L.BatchNormalization()], {}, ""),
        ([L.Lambda(lambda x: x / 255)], {}, ""),
        ([L.Lambda(lambda x: x)], {}, "nobody scales"),
        ([L.Lambda(lambda x: x / 255)], {"preprocess": "tf"}, "scaled twice"),
        ([L.Lambda(standardised)], {}, ""),
        ([], {"preprocess": "none"}, ""),
        ([], {"preprocess": "caffe"}, ""),
        ([], {"preprocess": "torch"}, ""),
        ([], {"value_range": (0, 1)}, ""),
        (
            [L.Rescaling(1 / 255)],
            {"preprocess": keras.applications.efficientnet.preprocess_input},
            "",
        ),
    ],
)
def test_pixels_scaled_twice_or_by_nobody_are_doubted(first, options, message) -> None:
    found = messages(lambda: Classifier(small(*first), ending="logits", **options))
    assert len(found) == bool(message)
    if message:
        assert re.search(message, found[0])


def test_a_nested_model_that_scales_is_seen() -> None:
    inner = small(L.Rescaling(1 / 255, name="scale"))
    outer = keras.Sequential([keras.Input((SIZE, SIZE, 3)), inner])
    inner.trainable = False  # as in transfer learning
    (said,) = messages(lambda: Classifier(outer, preprocess="tf", ending="logits"))
    assert re.search(SCALED, said)


@pytest.mark.parametrize("preprocess", ["none", "tf"])
def test_pixels_scaled_by_an_operation_are_seen(preprocess) -> None:
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(4, 3)(inputs / 127.5 - 1)
    model = seeded(keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x))))
    found = messages(lambda: Classifier(model, preprocess=preprocess, ending="logits"))
    assert ["scaled twice" in said for said in found] == [True] * (preprocess == "tf")


def test_branches_that_scale_beside_each_other_scale_once() -> None:
    inputs = keras.Input((SIZE, SIZE, 3))
    branches = [L.Conv2D(4, 3)(L.Rescaling(1 / 255)(inputs)) for _ in range(2)]
    x = L.Activation("relu")(L.Add()(branches))
    model = seeded(keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x))))
    assert not messages(lambda: Classifier(model, preprocess="none", ending="logits"))


WIDE = 64


@pytest.mark.parametrize(
    ("first", "sides"),
    [
        (L.CenterCrop(48, 48), "top and bottom and left and right"),
        (L.Cropping2D(((8, 0), (0, 0))), "top"),
        (L.Lambda(lambda x: x[:, :, 16:]), "left"),
        (L.Resizing(32, 48, crop_to_aspect_ratio=True), "top and bottom"),
        (L.Resizing(48, 32), ""),
        (L.Cropping2D(1), ""),
        (L.ZeroPadding2D(3), ""),
        (L.Identity(), ""),
    ],
)
def test_a_crop_inside_the_model_is_told(first, sides) -> None:
    layers = [keras.Input((WIDE, WIDE, 3)), first, L.Conv2D(4, 5, strides=2), L.ReLU(), *head()]
    model = seeded(keras.Sequential(layers))
    found = messages(lambda: Classifier(model, preprocess="tf", ending="logits"))
    assert len(found) == bool(sides)
    if sides:
        assert f"what lies at the {sides} is not seen" in found[0]


# Which way the picture takes to the score


def gated() -> keras.Model:
    """Features, and a gate of one channel that says where to look."""
    inputs = keras.Input((SIZE, SIZE, 3))
    features = L.Conv2D(4, 3, activation="relu", name="features")(inputs)
    gate = L.Conv2D(1, 1, activation="sigmoid", name="gate")(features)
    return seeded(keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(features * gate))))


def encoders() -> keras.Model:
    """Two of them, beside each other, on one picture."""
    inputs = keras.Input((SIZE, SIZE, 3))
    found = [
        L.GlobalAveragePooling2D()(L.Conv2D(4, size, activation="relu", name=name)(inputs))
        for name, size in (("fine", 3), ("wide", 5))
    ]
    return seeded(keras.Model(inputs, L.Dense(3)(L.Concatenate()(found))))


def heads_of_two() -> keras.Model:
    """A trunk, and two heads with a convolution each; the second one is built last."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(4, 3, name="trunk")(inputs)
    outputs = [
        L.Dense(n, name=name)(L.GlobalAveragePooling2D()(L.Conv2D(4, 3, name=f"of_{name}")(x)))
        for n, name in ((2, "kind"), (3, "colour"))
    ]
    return seeded(keras.Model(inputs, outputs))


def test_past_a_gate_the_default_layer_is_the_one_that_all_passes() -> None:
    net = Classifier(gated(), preprocess="tf", ending="logits")
    assert net.layer == "features"
    assert not messages(lambda: Classifier(gated(), preprocess="tf", ending="logits"))
    # The control: the gate has one channel, so its map is the gate, whatever the class.
    for layer, same in (("gate", True), ("features", False)):
        maps_of = [weighed(net, c, layer) for c in (0, 1)]
        assert (abs(np.corrcoef(maps_of)[0, 1]) > 0.999) == same


def weighed(net: Classifier, target: int, layer: str) -> np.ndarray:
    """Grad-CAM before its ReLU."""
    found = net.gradients(photos(1, SIZE), target, layer)
    return (found.A * found.gradient.mean(axis=(1, 2), keepdims=True)).sum(axis=-1).ravel()


def test_a_second_encoder_is_told() -> None:
    (said,) = messages(lambda: Classifier(encoders(), preprocess="tf", ending="logits"))
    assert re.search("'(fine|wide)', sees only a part of what the score is made of", said)


@pytest.mark.parametrize(("output", "layer"), [("kind", "of_kind"), ("colour", "of_colour")])
def test_the_default_layer_leads_to_the_output_that_is_explained(output, layer) -> None:
    net = Classifier(heads_of_two(), preprocess="tf", output=output, ending="logits")
    assert net.layer == layer
    (other,) = {"of_kind", "of_colour"} - {layer}
    for look in (net.activations, net.gradients):
        with pytest.raises(ValueError, match="does not lead to the score that is explained"):
            look(photos(1, SIZE), layer=other)


def test_a_coarse_layer_names_no_finer_one_before_the_first_weights() -> None:
    layers = [L.Rescaling(1 / 255, name="scale"), L.Conv2D(4, 9, strides=9, name="c")]
    (said,) = messages(lambda: Classifier(of(*layers, *head()), preprocess="none"))
    assert "no layer of this network has a finer one" in said


def test_other_threads_go_on_with_a_layers_own_call() -> None:
    layer, x = L.ReLU(), tf.ones((1, 2))
    with instead(layer, lambda own, x: 0 * own(x)), ThreadPoolExecutor(1) as pool:
        assert layer(x).numpy().sum() == 0
        assert pool.submit(layer, x).result().numpy().sum() == 2
    assert layer(x).numpy().sum() == 2

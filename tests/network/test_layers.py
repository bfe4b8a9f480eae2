"""Which layers have places, which one is looked at, and what is said about it."""

import re
import warnings
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import maps, plotting
from lessons_lib.grad_cam import grad_cam
from lessons_lib.maps import guided_backpropagation
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.layers import candidates
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
    net = Classifier(transformer(written_out=written_out), preprocess="tf")
    assert net.layer == ""
    assert list(net.spatial_layers) == ["patches"]
    assert "no layer with places" in repr(net)
    with pytest.raises(ValueError, match=r"after 'patches', with 6 x 6 places.* tokens .*LIME"):
        grad_cam(net, photos(1, SIZE), 1)
    assert np.isfinite(maps.input_gradients(net, photos(1, SIZE), 1)).all()


def test_a_patch_embedding_that_is_asked_for_is_looked_at() -> None:
    model, x = transformer(), photos(2, SIZE)
    found = Classifier(model, preprocess="none").gradients(x, 1, "patches")
    A = model.get_layer("patches")(x)
    rest = keras.Model(model.get_layer("patches").output, model.output)
    with tf.GradientTape() as tape:
        tape.watch(A)
        score = rest(A)[:, 1]
    np.testing.assert_allclose(found.gradient, tape.gradient(score, A), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("layer", ["merge", "attention"])
def test_tokens_and_heads_are_no_map(layer) -> None:
    net = Classifier(transformer(written_out=True), preprocess="tf")
    with pytest.raises(ValueError, match=rf"'{layer}', of shape .* has other axes, such as tokens"):
        grad_cam(net, photos(1, SIZE), 1, layer)


def test_a_token_layer_by_name_is_refused_as_tokens() -> None:
    net = Classifier(transformer(), preprocess="tf")
    with pytest.raises(ValueError, match=r"'block' has the shape .*: tokens, which stand in no"):
        grad_cam(net, photos(1, SIZE), 1, "block")


@pytest.mark.parametrize("written_out", [False, True])
def test_tokens_that_are_folded_back_have_places(written_out) -> None:
    net = Classifier(transformer(fold=True, written_out=written_out), preprocess="tf")
    assert net.layer == "folded"
    assert grad_cam(net, photos(1, SIZE), 1).shape == (1, 6, 6)


def test_where_no_layer_has_places_it_is_said_what_to_use() -> None:
    net = Classifier(of(L.Flatten(), L.Dense(3)), preprocess="tf")
    assert net.layer == ""
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
    x = photos(2, SIZE)
    looking = ["Grad-CAM", "Grad-CAM++", "HiResCAM", "LayerCAM", "XGrad-CAM", "Eigen-CAM"]
    for name in [*looking, "Score-CAM"]:
        default, early = (heat_maps(METHODS[name], net, x, 1, layer=at) for at in (None, "c0"))
        named = heat_maps(METHODS[name], net.replace(layer="c0"), x, 1)
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(
            guided_backpropagation(net, x, 1), maps.input_gradients(net, x, 1)
        )


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

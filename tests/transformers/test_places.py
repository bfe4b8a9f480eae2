"""Tokens folded into places: the right ones, in any network that has them, for any method."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import maps
from lessons_lib.cam import cam
from lessons_lib.grad_cam import grad_cam
from lessons_lib.network.architectures import ClassToken
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import region
from lessons_lib.transformers import attention, relevance, rollout, token_grid, with_folded_tokens
from tests.networks import PATCH, seeded, transformer_net
from tests.transformers import folded, pictures, plain

L = keras.layers


def test_places_lie_where_the_patches_lie() -> None:
    """Bright squares, one at a time, on a picture of 2 x 3 patches; tokens hold the brightness."""
    inputs = keras.Input((8, 12, 3))
    x = L.Reshape((6, 1))(L.Conv2D(1, PATCH, strides=PATCH, kernel_initializer="ones")(inputs))
    x = ClassToken(name="tokens")(x)
    x = L.Add(name="sum")([x, L.MultiHeadAttention(1, 1)(x, x)])
    model = keras.Model(inputs, L.Dense(2)(x[:, 0]))
    model.get_layer("tokens").set_weights([np.zeros((1, 1, 1)), np.zeros((1, 7, 1))])
    classifier = with_folded_tokens(Classifier(model))
    for row in range(2):
        for column in range(3):
            picture = np.zeros((8, 12, 3))
            picture[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 200
            A = classifier.activations(picture)[0, ..., 0]
            assert A.shape == (2, 3)
            assert np.unravel_index(A.argmax(), A.shape) == (row, column)
            assert (A > 0).sum() == 1


@pytest.mark.parametrize(
    ("token", "blocks", "name"), [(True, 2, "norm_1a_places"), (False, 1, "norm_places")]
)
def test_the_twin_answers_as_the_network_and_holds_its_tokens(
    token: bool, blocks: int, name: str
) -> None:
    own, twin, x = plain(token, blocks), folded(token, blocks), pictures()
    assert twin.layer == name
    np.testing.assert_array_equal(twin.logits(x), own.logits(x))
    layer = own.model.get_layer(twin.layer.removesuffix("_places"))
    tokens = keras.Model(own.model.inputs[0], layer.output)(x).numpy()
    expected = tokens[:, int(token) :].reshape(3, 2, 3, 8)
    np.testing.assert_allclose(twin.activations(x), expected, atol=1e-5)


def test_gradient_at_the_places_is_what_a_nudge_does() -> None:
    twin, x = folded(blocks=1), pictures()
    found = twin.gradients(x, 1)
    nudge = 1e-2 * np.random.default_rng(0).normal(size=found.A.shape).astype("float32")

    @tf.function(autograph=False)
    def score(A: tf.Tensor) -> tf.Tensor:
        return twin.forward_from(A, twin.layer, tf.constant(x))[:, 1]

    moved = (score(found.A + nudge) - score(found.A - nudge)) / 2
    expected = (found.gradient * nudge).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(moved, expected, rtol=0.02, atol=1e-6)


def test_without_a_class_token_cam_is_grad_cam_times_the_places() -> None:
    """Tokens, an average, a linear layer: as on a convolutional network that ends so."""
    twin, x = folded(token=False, blocks=1), pictures()
    for c in range(3):
        np.testing.assert_allclose(
            np.maximum(cam(twin, x, c), 0), 6 * grad_cam(twin, x, c), atol=1e-5
        )


def test_other_layers_by_name_from_the_plain_network_or_the_twin() -> None:
    own, twin, x = plain(blocks=1), folded(blocks=1), pictures()
    one = grad_cam(with_folded_tokens(own, "tokens"), x, 1)
    again = with_folded_tokens(twin, "tokens")
    assert (again.model.inner, again.layer) == (own.model, "tokens_places")
    np.testing.assert_array_equal(again.logits(x), own.logits(x))
    assert np.abs(one - grad_cam(twin, x, 1)).max() > 0


def test_gradients_of_the_pixels_pass_through_the_places() -> None:
    found, expected = (
        maps.input_gradients(net(blocks=1), pictures(), 1) for net in (folded, plain)
    )
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("tokens", "size", "grid", "first", "expected"),
    [
        (49, (224, 224), None, None, (7, 7, 0)),
        (50, (224, 224), None, None, (7, 7, 1)),
        (7, (8, 12), None, None, (2, 3, 1)),
        (6, (12, 8), None, None, (3, 2, 0)),
        (51, (224, 224), None, 2, (7, 7, 2)),
        (201, (224, 224), (14, 14), 1, (14, 14, 1)),
        (50, (224, 224), None, 0, None),
        (50, (224, 224), (7, 7), 0, (7, 7, 0)),
        (51, (224, 224), None, None, None),
        (201, (224, 224), (14, 14), None, None),
        (50, (224, 224), (5, 10), 1, None),
        (50, (224, 224), (7, 7), 2, None),
        (50, (224, 224), (7, 7), -1, None),
        (1, (224, 224), None, None, (1, 1, 0)),
    ],
)
def test_grids(
    tokens: int, size: tuple, grid: tuple | None, first: int | None, expected: tuple | None
) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="say grid"):
            token_grid(tokens, size, grid, first)
    else:
        assert token_grid(tokens, size, grid, first) == expected


def test_what_has_no_places_is_refused_in_words() -> None:
    for layer, words in [
        ("nonsense", "has no layer 'nonsense'"),
        ("patches", "layer 'patches' gives no tokens"),
        ("norm", "no place of layer 'norm' reaches .*: only the class token is read on from there"),
    ]:
        with pytest.raises(ValueError, match=words):
            with_folded_tokens(plain(blocks=1), layer)


def test_a_network_without_classes_is_explained_by_a_score() -> None:
    """A segmentation: each token says what its patch shows; one region asks its own patch."""
    inner = transformer_net(token=False, blocks=1)
    maps_of = L.Reshape((2, 3, 4))(L.Dense(4)(inner.get_layer("norm").output))
    twin = with_folded_tokens(Classifier(keras.Model(inner.inputs[0], maps_of), ending="scores"))
    assert twin.layer == "norm_places"
    mask = np.zeros((2, 3))
    mask[1, 2] = 1
    gradient = twin.gradients(pictures(1), region(mask, 2)).gradient[0]
    assert np.abs(gradient[1, 2]).max() > 0
    assert not gradient[mask == 0].any()


def test_networks_without_such_attention_are_refused_or_named() -> None:
    """Attention written out of plain layers: nothing of another meaning is drawn as a map."""
    inputs = keras.Input((8, 12, 3))
    tokens = L.Reshape((6, 8), name="tokens")(L.Conv2D(8, PATCH, strides=PATCH)(inputs))
    q, k, v = (L.Dense(8)(tokens) for _ in range(3))
    read = L.Softmax()(keras.ops.matmul(q, keras.ops.transpose(k, (0, 2, 1)))) @ v
    x = L.Dense(8, name="mixed")(read)
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))
    classifier = Classifier(seeded(model))
    with pytest.raises(ValueError, match=r"no MultiHeadAttention layer.*layer=.*tokens.*mixed"):
        with_folded_tokens(classifier)
    assert grad_cam(with_folded_tokens(classifier, "mixed"), pictures()).shape == (3, 2, 3)
    for method in (attention, rollout, relevance):
        with pytest.raises(ValueError, match=r"no layer of keras.layers.MultiHeadAttention"):
            method(classifier, pictures())


# Any way of writing such a network


class Block(keras.layers.Layer):
    """A block as many people write it: one layer, with the others inside."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.after = L.LayerNormalization(), L.LayerNormalization()
        self.attend, self.wide = L.MultiHeadAttention(2, 4), L.Dense(8)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        y = self.norm(x)
        y, _ = self.attend(y, y, return_attention_scores=True)
        return x + y + self.wide(self.after(x + y))


class Subclassed(keras.Model):
    """Its block runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.flat = L.Conv2D(8, PATCH, strides=PATCH), L.Reshape((6, 8))
        self.tokens, self.block, self.head = ClassToken(), Block(), L.Dense(3)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = self.tokens(self.flat(self.patches(x / 64)))
        return self.head(self.block(self.block(x))[:, 0])


def written(name: str) -> Classifier:
    if name == "nested":
        return Classifier(keras.Sequential([keras.Input((8, 12, 3)), plain(blocks=1).model]))
    model = Subclassed()
    model(tf.zeros((1, 8, 12, 3)))
    return Classifier(seeded(model), input_size=(8, 12))


@pytest.mark.parametrize(("name", "blocks"), [("nested", 1), ("subclassed", 2)])
def test_however_it_is_written(name: str, blocks: int) -> None:
    classifier, x = written(name), pictures()
    A = attention(classifier, x)
    assert A.shape == (3, blocks, 2, 7, 7)
    assert relevance(classifier, x, 1).shape == (3, 2, 3)
    twin = with_folded_tokens(classifier)
    np.testing.assert_allclose(twin.logits(x), classifier.logits(x), atol=1e-6)
    heat = grad_cam(twin, x, 1)
    assert heat.shape == (3, 2, 3)
    assert np.abs(twin.gradients(x, 1).gradient).max() > 0
    if name == "nested":
        np.testing.assert_allclose(heat, grad_cam(folded(blocks=1), x, 1), atol=1e-6)
        np.testing.assert_allclose(A, attention(plain(blocks=1), x), atol=1e-6)


class Telling(keras.layers.Layer):
    """A block that gives its tokens, and its attention beside them."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.attend = L.MultiHeadAttention(2, 4)

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        y, A = self.attend(x, x, return_attention_scores=True)
        return x + y, A


def test_a_block_may_give_its_attention_beside_its_tokens() -> None:
    inputs = keras.Input((8, 12, 3))
    x = ClassToken()(L.Reshape((6, 8))(L.Conv2D(8, PATCH, strides=PATCH)(inputs / 64)))
    x, _ = Telling("one")(x)
    x, A = Telling("two")(x)
    model = seeded(
        keras.Model(
            inputs,
            L.Dense(3)(
                x[:, 0] + keras.ops.sum(A[:, :, 0, 1:], axis=(1, 2), keepdims=False)[:, None]
            ),
        )
    )
    classifier = Classifier(model)
    twin = with_folded_tokens(classifier, "one")
    np.testing.assert_allclose(twin.logits(pictures()), classifier.logits(pictures()), atol=1e-6)
    assert twin.gradients(pictures(), 1).gradient.any()
    with pytest.raises(ValueError, match="no place of layer 'two' reaches"):
        with_folded_tokens(classifier, "two")


def test_the_twin_keeps_which_output_is_explained_and_how_it_ends() -> None:
    inner = transformer_net(blocks=1)
    other = L.Dense(4, name="other")(inner.get_layer("norm").output[:, 0])
    model = keras.Model(inner.inputs[0], {"first": inner.outputs[0], "other": other})
    classifier = Classifier(model, preprocess="tf", output="other", ending="numbers", name="two")
    twin, x = with_folded_tokens(classifier), pictures()
    for what in ("name", "kind", "labels", "output", "ending", "input_size", "preprocess"):
        assert getattr(twin, what) == getattr(classifier, what)
    np.testing.assert_array_equal(twin.logits(x), classifier.logits(x))


def test_a_network_of_several_inputs_is_refused_in_words() -> None:
    inner, age = transformer_net(blocks=1), keras.Input((1,), name="age")
    scores = L.Dense(3)(L.Concatenate()([inner.get_layer("norm").output[:, 0], age]))
    model = seeded(keras.Model([inner.inputs[0], age], scores))
    classifier = Classifier(model, preprocess="tf", held={"age": 54.0}, ending="logits")
    with pytest.raises(ValueError, match="several inputs; tokens are folded only where the pic"):
        with_folded_tokens(classifier)

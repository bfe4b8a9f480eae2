"""Transformers as public examples write them, rebuilt small: the maps lie where the patches lie."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib.grad_cam import grad_cam
from lessons_lib.network.architectures import ClassToken
from lessons_lib.network.classifier import Classifier
from lessons_lib.transformers import (
    attention,
    relevance,
    rollout,
    through_blocks,
    with_folded_tokens,
)
from tests.networks import PATCH, seeded
from tests.transformers import pictures, plain

L = keras.layers


class Patches(keras.layers.Layer):
    """Cuts a picture into flat patches."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = keras.ops.image.extract_patches(x, 6)
        return keras.ops.reshape(x, (keras.ops.shape(x)[0], -1, x.shape[-1]))


class PatchEncoder(keras.layers.Layer):
    """A linear layer, and an embedding of the place."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__(name="encoder")
        self.count, self.projection, self.place = count, L.Dense(width), L.Embedding(count, width)

    def call(self, patches: tf.Tensor) -> tf.Tensor:
        return self.projection(patches) + self.place(keras.ops.arange(self.count)[None])


def flattened_vit() -> keras.Model:
    """As in keras.io's example: resized inside, no class token, all tokens flattened, logits."""
    inputs = keras.Input((32, 32, 3))
    x = L.Resizing(36, 36)(L.Normalization(mean=127.0, variance=4000.0)(inputs))
    x = PatchEncoder(36, 8)(Patches()(x))
    y = L.LayerNormalization(epsilon=1e-6)(x)
    y = L.Add()([L.MultiHeadAttention(2, 8, dropout=0.1)(y, y), x])
    z = L.LayerNormalization(epsilon=1e-6)(y)
    for units in (16, 8):
        z = L.Dropout(0.1)(L.Dense(units, activation="gelu")(z))
    x = L.Add()([z, y])
    x = L.Dropout(0.5)(L.Flatten()(L.LayerNormalization(epsilon=1e-6)(x)))
    return seeded(keras.Model(inputs, L.Dense(4)(L.Dense(8, activation="gelu")(x))))


def compact_convolutional() -> keras.Model:
    """As in keras.io's example: convolutions make the tokens, a learned average ends them."""
    inputs = keras.Input((32, 32, 3))
    x = L.Rescaling(1 / 64)(inputs)
    for filters in (4, 8):
        x = L.Conv2D(filters, 3, padding="same", use_bias=False, activation="relu")(x)
        x = L.MaxPooling2D(3, 2, "same")(x)
    x = L.Reshape((64, 8), name="sequence")(x)
    y = L.LayerNormalization(epsilon=1e-5)(x)
    y = L.Add()([x, L.MultiHeadAttention(2, 8, dropout=0.1)(y, y)])
    x = L.Add()([y, L.Dense(8, activation="gelu")(L.LayerNormalization(epsilon=1e-5)(y))])
    x = L.LayerNormalization(epsilon=1e-5)(x)
    weights = L.Softmax(axis=1)(L.Dense(1)(x))
    x = L.Flatten()(keras.ops.matmul(keras.ops.transpose(weights, (0, 2, 1)), x))
    return seeded(keras.Model(inputs, L.Dense(4)(x)))


def normed_after() -> keras.Model:
    """A class token, and each norm after its sum, as the first transformers had it."""
    inputs = keras.Input((32, 32, 3))
    x = L.Reshape((-1, 8))(L.Conv2D(8, 8, strides=8)(L.Rescaling(1 / 64)(inputs)))
    x = ClassToken(name="tokens")(x)
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 8)(x, x)]))
    x = L.LayerNormalization()(L.Add()([x, L.Dense(8)(L.Dense(16, activation="relu")(x))]))
    return seeded(keras.Model(inputs, L.Dense(4, activation="softmax")(x[:, 0])))


NETWORKS = {
    "flattened": (flattened_vit, "encoder", (6, 6)),
    "compact": (compact_convolutional, "sequence", (8, 8)),
    "normed after": (normed_after, "tokens", (4, 4)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_maps_of_public_networks(name: str) -> None:
    build, embedding, grid = NETWORKS[name]
    classifier, x = Classifier(build()), pictures(2, (32, 32))
    twin = with_folded_tokens(classifier)
    np.testing.assert_allclose(twin.logits(x), classifier.logits(x), atol=1e-5)
    for method in (grad_cam, relevance):
        assert method(twin, x, 1).shape == (2, *grid)
    assert np.abs(twin.gradients(x, 1).gradient).max(axis=-1).min() > 0  # each place counts
    total = rollout(twin, x).sum(axis=(1, 2))
    assert (total < 1).all() if name == "normed after" else np.allclose(total, 1, atol=1e-5)
    # A bright patch changes the tokens where it lies, and there only.
    at_the_start = with_folded_tokens(classifier, embedding)
    dark = at_the_start.activations(np.zeros((32, 32, 3)))[0]
    for row, column in ((0, grid[1] - 1), (grid[0] - 2, 1)):
        picture = np.zeros((32, 32, 3))
        down, right = 32 // grid[0], 32 // grid[1]
        top, left = round(32 * row / grid[0]), round(32 * column / grid[1])
        picture[top : top + down, left : left + right] = 255
        changed = np.abs(at_the_start.activations(picture)[0] - dark).sum(axis=-1)
        found = np.unravel_index(changed.argmax(), grid)
        near = 1 if name == "compact" else 0  # its convolutions see beyond a patch
        assert max(abs(found[0] - row), abs(found[1] - column)) <= near


def with_extra_tokens(before: int) -> Classifier:
    """A class token and others before the patches: distillation, registers."""
    inputs = keras.Input((8, 12, 3))
    x = L.Reshape((6, 8))(L.Conv2D(8, PATCH, strides=PATCH)(L.Rescaling(1 / 64)(inputs)))
    for i in range(before):
        x = ClassToken(name=f"extra_{i}")(x)
    x = L.Add()([x, L.MultiHeadAttention(2, 4)(x, x)])
    x = L.Add()([x, L.MultiHeadAttention(2, 4)(x, x)])
    return Classifier(seeded(keras.Model(inputs, L.Dense(3)(x[:, 0]))))


def test_more_tokens_before_the_patches_are_named_by_the_reader() -> None:
    before = 2
    classifier, x = with_extra_tokens(before), pictures(2)
    with pytest.raises(ValueError, match=rf"{6 + before} tokens are no grid .* say grid"):
        rollout(classifier, x)
    A = attention(classifier, x).mean(axis=2)
    steps = [(np.eye(6 + before) + A[:, i]) / 2 for i in (0, 1)]
    expected = through_blocks(steps)[:, 0, before:].reshape(2, 2, 3)
    np.testing.assert_allclose(rollout(classifier, x, first=before), expected, atol=1e-6)
    assert grad_cam(with_folded_tokens(classifier, first=before), x).shape == (2, 2, 3)


def test_attention_within_windows_is_refused() -> None:
    """As in Swin: windows are taken for pictures of their own, and no token reads from all."""
    inputs = keras.Input((8, 16, 3))
    x = L.Reshape((8, 8))(L.Conv2D(8, PATCH, strides=PATCH)(L.Rescaling(1 / 64)(inputs)))

    class Windows(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.attend = L.MultiHeadAttention(2, 4)

        def call(self, x: tf.Tensor) -> tf.Tensor:
            parts = keras.ops.reshape(x, (-1, 4, 8))
            return keras.ops.reshape(self.attend(parts, parts), (-1, 8, 8))

    x = L.LayerNormalization(name="last")(L.Add()([x, Windows()(x)]))
    classifier = Classifier(seeded(keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))))
    for method in (attention, rollout, relevance):
        with pytest.raises(ValueError, match=r"6 matrices of attention for 3 pictures.*windows"):
            method(classifier, pictures(3, (8, 16)))
    assert grad_cam(with_folded_tokens(classifier, "last"), pictures(3, (8, 16))).shape == (3, 2, 4)


class Silent(keras.layers.MultiHeadAttention):
    """Attention of one's own that keeps its matrix to itself."""

    def call(self, query: tf.Tensor, value: tf.Tensor, key=None, **rest: object) -> tf.Tensor:
        return super().call(query, value)


def test_attention_that_tells_no_scores_is_named() -> None:
    inputs = keras.Input((8, 12, 3))
    x = L.Reshape((6, 8))(L.Conv2D(8, PATCH, strides=PATCH)(L.Rescaling(1 / 64)(inputs)))
    x = L.Add()([x, Silent(2, 4, name="silent")(x, x)])
    classifier = Classifier(seeded(keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))))
    with pytest.raises(ValueError, match=r"layer 'silent' .* gives no matrix of attention"):
        rollout(classifier, pictures())


def test_a_saved_network_gives_the_same(tmp_path) -> None:
    x = pictures()
    plain(blocks=1).model.save(tmp_path / "net.keras")
    custom = {"ClassToken": ClassToken}
    again = keras.models.load_model(tmp_path / "net.keras", custom_objects=custom)
    np.testing.assert_allclose(
        relevance(Classifier(again), x, 1), relevance(plain(blocks=1), x, 1), rtol=1e-5
    )

"""Attention, rollout and relevance: by hand, by construction, by a tape, by a nudge."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib.network import scores
from lessons_lib.network.architectures import ClassToken
from lessons_lib.network.classifier import Classifier
from lessons_lib.transformers import (
    attention,
    attention_map,
    relevance,
    rollout,
    through_blocks,
    with_folded_tokens,
)
from tests.networks import PATCH, transformer_net
from tests.transformers import pictures, plain

L = keras.layers


# The product of the blocks


def test_two_blocks_by_hand() -> None:
    """Abnar & Zuidema 2020: token 1 reads from 0, then 0 reads from 1; half goes around each."""
    first = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    second = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    expected = [[0.75, 0.25, 0], [0.5, 0.5, 0], [0.25, 0, 0.75]]
    R = through_blocks([(np.eye(3) + first) / 2, (np.eye(3) + second) / 2])
    np.testing.assert_allclose(R, expected)


def test_rows_sum_to_one_and_identity_stays_identity() -> None:
    A = np.random.default_rng(0).random((5, 2, 7, 7))
    R = through_blocks(list(A / A.sum(axis=-1, keepdims=True)))
    np.testing.assert_allclose(R.sum(axis=-1), 1)
    np.testing.assert_array_equal(through_blocks([np.eye(4)] * 3), np.eye(4))


# Networks whose attention is known by construction


def reading(sources: np.ndarray, blocks: int) -> keras.Model:
    """Each token reads from one other token only: token i from ``sources[i]``; no more."""
    T, sharp = len(sources), 200.0
    inputs = keras.Input((PATCH * (T - 1), PATCH, 3))
    x = L.Reshape((T - 1, T))(L.Conv2D(T, PATCH, strides=PATCH, kernel_initializer="zeros")(inputs))
    x = ClassToken(name="tokens")(x)
    for _ in range(blocks):
        x = L.Add()([x, L.MultiHeadAttention(1, T)(x, x)])
    model = keras.Model(inputs, L.Dense(2)(x[:, 0]))
    model.get_layer("tokens").set_weights([np.zeros((1, 1, T)), np.eye(T)[None]])
    to_source = sharp * np.eye(T)[sources].reshape(T, 1, T)
    none = np.zeros((T, 1, T))
    for layer in model.layers:
        if isinstance(layer, L.MultiHeadAttention):
            bias = np.zeros((1, T))
            own = np.eye(T).reshape(T, 1, T)
            layer.set_weights(
                [to_source, bias, own, bias, none, bias, none.transpose(1, 2, 0), bias[0]]
            )
    return model


def test_attention_and_rollout_of_a_network_that_reads_as_it_was_built_to() -> None:
    sources = np.array([2, 0, 3, 1, 1])
    classifier = Classifier(reading(sources, 2))
    x = pictures(2, (16, 4))
    permuted = np.eye(5)[sources]
    A = attention(classifier, x)
    np.testing.assert_allclose(A, np.broadcast_to(permuted, (2, 2, 1, 5, 5)), atol=1e-6)
    step = (np.eye(5) + permuted) / 2
    expected = (step @ step)[0, 1:].reshape(4, 1)
    found = rollout(classifier, x)
    np.testing.assert_allclose(found, np.broadcast_to(expected, (2, 4, 1)), atol=1e-6)
    drawn = attention_map(classifier, x, block=0, head=0)
    np.testing.assert_allclose(drawn[0], [[0], [1], [0], [0]], atol=1e-6)


# Attention and relevance of any network


def test_a_map_of_attention_is_the_row_of_that_block_and_that_head() -> None:
    A, x = attention(plain(), pictures()), pictures()
    for block in (0, 1, -1):
        for head in (0, 1, None):
            row = A[:, block, :, 0, 1:].mean(axis=1) if head is None else A[:, block, head, 0, 1:]
            found = attention_map(plain(), x, block, head)
            np.testing.assert_allclose(found, row.reshape(3, 2, 3), rtol=1e-6)


def test_without_a_class_token_the_map_is_the_mean_of_all_rows() -> None:
    steps = (attention(plain(token=False), pictures()).mean(axis=2) + np.eye(6)) / 2
    expected = (steps[:, 1] @ steps[:, 0]).mean(axis=1).reshape(3, 2, 3)
    np.testing.assert_allclose(rollout(plain(token=False), pictures()), expected, rtol=1e-5)


def by_hand(
    model: keras.Model, x: np.ndarray, c: int, other: dict[int, np.ndarray] | None = None
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """A class's logit, each block's attention and the logit's gradient by it, with a tape.

    ``other`` may put another attention in place of a block's own.
    """
    x = model.get_layer("patches")(x / 64)
    x = model.get_layer("tokens")(tf.reshape(x, (len(x), -1, 8)))
    seen = []
    dense = [layer for layer in model.layers if isinstance(layer, L.Dense)]
    with tf.GradientTape() as tape:
        tape.watch(x)
        for i in range(2):
            y = model.get_layer(f"norm_{i}a")(x)
            Wq, bq, Wk, bk, Wv, bv, Wo, bo = model.get_layer(f"attend_{i}").weights
            q, k, v = (
                tf.einsum("ntd,dhe->nhte", y, W) + b[:, None]
                for W, b in ((Wq, bq), (Wk, bk), (Wv, bv))
            )
            A = tf.nn.softmax(tf.einsum("nhte,nhse->nhts", q, k) / np.sqrt(5))
            A = (other or {}).get(i, A)
            seen.append(A)
            x = x + tf.einsum("nhts,nhse,hed->ntd", A, v, Wo) + bo
            x = x + dense[2 * i + 1](dense[2 * i](model.get_layer(f"norm_{i}b")(x)))
        kernel, bias = dense[-1].weights
        score = (model.get_layer("norm")(x)[:, 0] @ kernel + bias)[:, c]
    gradients = [] if other else [g.numpy() for g in tape.gradient(score, seen)]
    return score.numpy(), [np.asarray(A) for A in seen], gradients


def test_relevance_is_the_rule_of_the_paper_with_a_tape() -> None:
    """Chefer et al. 2021: R = I; for each block R = R + mean over heads of ReLU(grad A * A) @ R."""
    x = pictures()
    _, seen, gradients = by_hand(plain().model, x, 1)
    np.testing.assert_allclose(attention(plain(), x), np.stack(seen, 1), atol=1e-6)
    R = np.tile(np.eye(7), (3, 1, 1))
    for A, gradient in zip(seen, gradients, strict=True):
        R = R + np.maximum(gradient * A, 0).mean(axis=1) @ R
    expected = R[:, 0, 1:].reshape(3, 2, 3)
    assert expected.min() > 0
    assert expected.max() > 1e-3
    np.testing.assert_allclose(relevance(plain(), x, 1), expected, rtol=1e-4)


@pytest.mark.parametrize(("most", "asked"), [(1, [1, 1, 1]), (2**40, [3])])
def test_as_many_pictures_at_once_as_memory_allows(
    monkeypatch: pytest.MonkeyPatch, most: int, asked: list[int]
) -> None:
    net, x, seen = Classifier(transformer_net()), pictures(3), []
    expected = relevance(net, x, 1)
    compiled = net._compiled["relevance"]
    net._compiled["relevance"] = lambda x, c: seen.append(len(x)) or compiled(x, c)
    monkeypatch.setattr("lessons_lib.transformers._follow.GRADIENT_BYTES", most)
    np.testing.assert_allclose(relevance(net, x, 1), expected, rtol=1e-4, atol=1e-7)
    assert seen == asked


def test_the_gradient_by_attention_is_what_a_nudge_does() -> None:
    """Each entry of each head of one block moved a little, in a network of one block."""
    model, x = transformer_net(blocks=2), pictures(1)
    _, (first, A), (_, gradient) = by_hand(model, x, 1)
    steps = 0.02 * np.eye(A.size, dtype="float32").reshape(A.size, *A.shape[1:])
    many, first = x.repeat(A.size, axis=0), first.repeat(A.size, axis=0)
    up, down = (by_hand(model, many, 1, {0: first, 1: A + s})[0] for s in (steps, -steps))
    slope = ((up - down) / 0.04).reshape(A.shape)
    np.testing.assert_allclose(gradient, slope, atol=0.01 * np.abs(slope).max())


def test_attention_knows_no_class_and_relevance_does() -> None:
    x = pictures()
    first, second = (relevance(plain(), x, c) for c in (0, 1))
    assert np.abs(first - second).max() > 1e-3 * first.max()
    top = relevance(plain(), x, plain().logits(x).argmax(1))
    np.testing.assert_array_equal(relevance(plain(), x), top)


def test_relevance_of_a_score_is_that_of_the_class_whose_logit_it_is() -> None:
    """A class asked for as a `Score` of the model's logits."""
    inner = transformer_net(blocks=1)
    model = keras.Model(inner.inputs[0], inner.layers[-1].output)
    model.layers[-1].activation = keras.activations.linear
    x, one = pictures(), scores.element(1)
    classifier = Classifier(model)
    expected = relevance(classifier, x, 1)
    np.testing.assert_allclose(relevance(classifier, x, one), expected, rtol=1e-5)
    assert np.abs(expected).max() > 1e-3


# What cannot be followed


def test_a_block_or_head_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="block=2; there are 2"):
        attention_map(plain(), pictures(), block=2)
    with pytest.raises(ValueError, match="head=-3; there are 2"):
        attention_map(plain(), pictures(), head=-3)


def test_attention_that_cannot_be_followed_is_refused() -> None:
    inputs = keras.Input((8, 12, 3))
    patches = L.Conv2D(8, PATCH, strides=PATCH)(inputs)
    tokens = L.Reshape((6, 8))(patches)
    few = L.Permute((2, 1))(tokens)
    few = L.Permute((2, 1))(L.Dense(3)(few))  # 3 tokens of 8 channels, made of all 6
    crossed = L.MultiHeadAttention(2, 4)(few, tokens)
    axes = L.Reshape((6, 8))(L.MultiHeadAttention(2, 4)(patches, patches))
    for x in (crossed, axes):
        model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))
        with pytest.raises(ValueError, match="only where all tokens read from all tokens"):
            rollout(Classifier(model), pictures())
    both = L.MultiHeadAttention(2, 4)(few, few) + L.Dense(8)(
        L.AveragePooling1D(2)(L.MultiHeadAttention(2, 4)(tokens, tokens))
    )
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(both)))
    with pytest.raises(ValueError, match="differ in their heads or tokens"):
        rollout(Classifier(model), pictures())


def test_attention_that_leads_nowhere_is_refused() -> None:
    inner = transformer_net(blocks=1)
    tokens = inner.get_layer("tokens").output
    side = L.MultiHeadAttention(2, 5, name="side")(tokens, tokens)
    model = keras.Model(inner.inputs[0], [inner.outputs[0], side])
    with pytest.raises(
        ValueError, match=r"attention of block \d does not lead to the class scores"
    ):
        relevance(Classifier(model, output=0), pictures())


def test_a_twin_with_places_gives_the_same() -> None:
    x, twin = pictures(), with_folded_tokens(plain(), "attend_0")  # which is listened to twice
    np.testing.assert_allclose(relevance(twin, x, 1), relevance(plain(), x, 1), rtol=1e-5)

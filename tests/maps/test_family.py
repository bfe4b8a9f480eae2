"""The family of Grad-CAM, each held against its paper's formula, an identity or another library."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import pearsonr

from lessons_lib import maps as family
from lessons_lib.grad_cam import alpha, grad_cam, weighted_sum
from lessons_lib.network.classifier import Classifier
from tests.networks import (
    SIZE,
    classifier,
    flat_net,
    gap_net,
    nested_net,
    pictures,
    seeded,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.model_modifiers import GuidedBackpropagation, ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

L = keras.layers
ALL = {**family.FAMILY, "Eigen-CAM": lambda c, x, target=None: family.eigen_cam(c, x)}


@pytest.fixture(scope="module")
def flat() -> Classifier:
    """A network without pooling, on which wrong forms differ from the right one."""
    return classifier(flat_net(hidden=8))


def for_tf_keras_vis(c: Classifier) -> np.ndarray:
    return c.prepare(pictures())


# Grad-CAM++


def test_plus_plus_is_equation_19_of_the_paper(flat: Classifier) -> None:
    """With exp(S) for a score, its derivatives taken one after another, nothing cancelled."""
    found = flat.gradients(pictures(), 1)
    A, g = found.A.astype(float), found.gradient.astype(float)
    Y = np.exp(found.score.astype(float))[:, None, None, None]
    first, second, third = Y * g, Y * g**2, Y * g**3
    denominator = 2 * second + A.sum(axis=(1, 2), keepdims=True) * third
    alphas = np.divide(second, denominator, out=np.zeros_like(A), where=denominator != 0)
    w = (alphas * np.maximum(first, 0)).sum(axis=(1, 2)) / Y[:, 0, 0]
    np.testing.assert_allclose(family.plus_plus_weights(A, g), w, rtol=1e-9)
    np.testing.assert_allclose(
        family.grad_cam_plus_plus(flat, pictures(), 1), weighted_sum(A, w), atol=1e-6
    )


def test_plus_plus_in_the_cancelled_form_of_the_oracle() -> None:
    rng = np.random.default_rng(0)
    A, g = rng.uniform(0, 1, (2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5))
    expected = (np.maximum(g, 0) / (2 + g * A.sum(axis=(1, 2), keepdims=True))).sum(axis=(1, 2))
    np.testing.assert_allclose(family.plus_plus_weights(A, g), expected)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_plus_plus_is_finite_where_gradient_or_activation_is_zero(value: float) -> None:
    A, zero = np.full((1, 2, 2, 3), value), np.zeros((1, 2, 2, 3))
    assert (family.plus_plus_weights(A, zero) == 0).all()
    # 2 + g sum(A) is 2, or 0: a channel by which nothing can be divided has no weight.
    expected = 0 if value else 4 * 1 / 2
    assert (family.plus_plus_weights(-A * 0.5, np.ones((1, 2, 2, 3))) == expected).all()


def test_tf_keras_vis_normalises_the_alphas_of_each_channel_which_the_paper_does_not(
    flat: Classifier,
) -> None:
    found = flat.gradients(pictures(), 1)
    A, g = found.A, found.gradient
    plus = 1 / (2 + g * A.sum(axis=(1, 2), keepdims=True)) * (g != 0)
    theirs_by_hand = np.exp(found.score)[:, None] * (
        plus / plus.sum(axis=(1, 2), keepdims=True) * np.maximum(g, 0)
    ).sum(axis=(1, 2))
    found_there = GradcamPlusPlus(flat.model, model_modifier=ReplaceToLinear())(
        CategoricalScore(1), for_tf_keras_vis(flat), "features",
        expand_cam=False, normalize_cam=False,
    )  # fmt: skip
    theirs = np.array(found_there)
    # Their score is the sum over the batch, so one common factor is left.
    by_hand = weighted_sum(A, theirs_by_hand)
    assert pearsonr(theirs[0].ravel(), by_hand[0].ravel())[0] > 0.9999
    ours = family.grad_cam_plus_plus(flat, pictures(), 1)
    assert pearsonr(theirs[0].ravel(), ours[0].ravel())[0] < 0.999


# HiResCAM and LayerCAM


@pytest.mark.parametrize("build", [gap_net, nested_net])
def test_hires_is_grad_cam_with_global_average_pooling(build) -> None:
    c = classifier(build())
    np.testing.assert_allclose(
        family.hires_cam(c, pictures(), 0), grad_cam(c, pictures(), 0), atol=1e-6
    )


def test_hires_differs_from_grad_cam_without_it(flat: Classifier) -> None:
    ours = family.hires_cam(flat, pictures(), 0)
    assert np.abs(ours - grad_cam(flat, pictures(), 0)).max() > 0.01


def test_hires_adds_up_to_the_logit_where_the_head_is_linear() -> None:
    c = classifier(flat_net())
    found = c.gradients(pictures(), 2)
    b = c.model.layers[-1].get_weights()[1][2]
    np.testing.assert_allclose(
        (found.A * found.gradient).sum(axis=(1, 2, 3)), found.score - b, atol=1e-5
    )


def test_layer_cam_is_that_of_tf_keras_vis(flat: Classifier) -> None:
    theirs = Layercam(flat.model, model_modifier=ReplaceToLinear())(
        CategoricalScore(1), for_tf_keras_vis(flat), "features",
        expand_cam=False, normalize_cam=False,
    )  # fmt: skip
    np.testing.assert_allclose(family.layer_cam(flat, pictures(), 1), theirs, atol=1e-5)


# XGrad-CAM


def test_xgrad_is_grad_cam_with_global_average_pooling() -> None:
    c = classifier(gap_net())
    np.testing.assert_allclose(
        family.xgrad_cam(c, pictures(), 0), grad_cam(c, pictures(), 0), atol=1e-6
    )


def test_xgrad_keeps_what_each_channel_gives(flat: Classifier) -> None:
    """Conservation: alpha_k * sum(A_k) = sum(A_k * g_k), where the channel is not empty."""
    found = flat.gradients(pictures(), 0)
    total = found.A.sum(axis=(1, 2))
    given = (found.A * found.gradient).sum(axis=(1, 2))
    np.testing.assert_allclose(
        family.axiom_weights(found.A, found.gradient) * total, given * (total != 0), atol=1e-5
    )


def test_xgrad_gives_an_empty_channel_no_weight() -> None:
    assert family.axiom_weights(np.zeros((1, 2, 2, 1)), np.ones((1, 2, 2, 1))) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("weights", "A", "weight"),
    [
        (family.plus_plus_weights, [1.0, -3.9], 1 / 0.55),
        (family.axiom_weights, [3.0, -2.9], 15.5),
        (family.axiom_weights, [2.9, -3.0], -14),
    ],
)
def test_weights_that_activations_below_zero_blow_up_are_warned_of(weights, A, weight) -> None:
    """By hand: twice 0.5 / (2 - 0.5 * 2.9), (3 - 1.45) / 0.1, and (2.9 - 1.5) / -0.1."""
    gradient = np.array([0.5 if weights is family.plus_plus_weights else 1.0, 0.5])
    shape = (1, 1, 2, 1)
    with pytest.warns(UserWarning, match=r"divides by the sum .* 1 of 1 weights"):
        found = weights(np.reshape(A, shape), gradient.reshape(shape))
    np.testing.assert_allclose(found, [[weight]])
    for quiet in (np.abs(A), np.zeros(2)):
        weights(np.reshape(quiet, shape), gradient.reshape(shape))


# Eigen-CAM


def test_eigen_weights_are_the_leading_eigenvector() -> None:
    A = np.random.default_rng(0).uniform(0, 1, (2, 3, 4, 5))
    for picture, found in zip(A.reshape(2, 12, 5), family.principal_weights(A), strict=True):
        _, vectors = np.linalg.eigh(picture.T @ picture)
        assert abs(abs(vectors[:, -1] @ found) - 1) < 1e-9
        assert (picture @ found).sum() > 0


def test_eigen_cam_of_a_layer_of_rank_one_is_its_pattern() -> None:
    pattern = np.array([[0.0, 1.0], [2.0, 4.0]])
    A = (pattern[..., None] * [3.0, 4.0])[None]
    np.testing.assert_allclose(weighted_sum(A, family.principal_weights(A))[0], 5 * pattern)


def test_eigen_cam_is_not_turned_over_by_a_large_faint_ground_below_zero() -> None:
    """A strong thing at two of 49 places; elsewhere a swish's small negative values."""
    A = np.full((1, 7, 7, 4), -0.2) * [1.0, 0.9, 1.1, 1.0]
    A[0, 3, 4:6] = [3.0, 3.3, 2.7, 3.0]
    assert A.sum() < 0
    for layer in (A, A[..., ::-1], 100 * A):
        heat = weighted_sum(layer, family.principal_weights(layer))[0]
        assert heat[3, 4:6].min() > 5 * (np.delete(heat, [25, 26]).max() + 1e-9)


def test_eigen_cam_is_finite_for_a_dead_layer() -> None:
    assert (
        weighted_sum(np.zeros((1, 2, 2, 3)), family.principal_weights(np.zeros((1, 2, 2, 3)))) == 0
    ).all()


# Ablation-CAM


def test_ablation_weights_are_exact_on_a_linear_head() -> None:
    """With S = sum_k w_k mean(A_k) + b, channel k is worth w_k mean(A_k)."""
    c = classifier(gap_net())
    A = c.activations(pictures())
    w = c.model.layers[-1].get_weights()[0][:, 1]
    expected = weighted_sum(A, w * A.mean(axis=(1, 2)))
    np.testing.assert_allclose(family.ablation_cam(c, pictures(), 1), expected, atol=1e-5)


def test_ablation_by_brute_force(flat: Classifier) -> None:
    A = flat.activations(pictures())
    rest = keras.Sequential([keras.Input(A.shape[1:]), *flat.model.layers[-3:-1], L.Dense(3)])
    rest.layers[-1].set_weights(flat.model.layers[-1].get_weights())
    weights = []
    for k in range(A.shape[-1]):
        without = A.copy()
        without[..., k] = 0
        weights.append(rest(A).numpy()[:, 2] - rest(without).numpy()[:, 2])
    expected = weighted_sum(A, np.stack(weights, axis=1))
    np.testing.assert_allclose(family.ablation_cam(flat, pictures(), 2), expected, atol=1e-5)


# Guided backpropagation


def test_guided_backpropagation_by_hand() -> None:
    """Two ReLUs in a row on one pixel; the paths whose gradient is negative are cut."""
    inputs = keras.Input((1, 1, 3))
    x = L.Conv2D(2, 1, activation="relu", name="features")(inputs)
    x = L.Conv2D(2, 1, activation="relu")(x)
    model = keras.Model(inputs, L.Dense(2)(L.Flatten()(x)))
    one = np.array([[1.0, -1.0], [0.0, 2.0], [3.0, 0.0]])
    two = np.array([[1.0, 2.0], [-1.0, 1.0]])
    three = np.array([[1.0, 0.0], [-1.0, 1.0]])
    zeros = np.zeros(2)
    model.set_weights([one[None, None], zeros, two[None, None], zeros, three, zeros])
    pixel = np.array([1.0, 2.0, 1.0])
    # pixel @ one = (4, 3); then (4, 3) @ two = (1, 11): every ReLU is open.
    found = family.guided_backpropagation(Classifier(model), pixel.reshape(1, 1, 3), 0)
    # Class 0 has the gradient (1, -1) there, of which (1, 0) passes; two @ (1, 0) = (1, -1), of
    # which (1, 0) passes; one @ (1, 0) = (1, 0, 3).
    np.testing.assert_allclose(found[0, 0], [1, 0, 3], atol=1e-6)


def relu_kinds_net() -> keras.Model:
    """Every way to write a ReLU in Keras."""
    x = inputs = keras.Input((SIZE, SIZE, 3))
    x = L.ReLU(6.0)(L.Conv2D(4, 3)(L.Rescaling(1 / 64)(x)))
    x = keras.ops.relu(L.Conv2D(4, 3)(x))
    x = L.Activation("relu")(L.Conv2D(4, 3)(x))
    x = L.ReLU()(L.Conv2D(5, 3, name="features")(x))
    return seeded(keras.Model(inputs, L.Dense(3, activation="softmax")(L.Flatten()(x))))


def test_every_kind_of_relu_is_guided() -> None:
    c = classifier(relu_kinds_net())
    x = c.prepare(pictures())

    @tf.custom_gradient
    def relu(x):
        return tf.nn.relu(x), lambda g: tf.nn.relu(g) * tf.cast(x > 0, g.dtype)

    @tf.custom_gradient
    def relu6(x):
        return tf.nn.relu6(x), lambda g: tf.nn.relu(g) * tf.cast((x > 0) & (x < 6), g.dtype)

    convolutions = [layer for layer in c.model.layers if isinstance(layer, L.Conv2D)]
    dense = c.model.layers[-1]
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        h = inputs / 64
        for convolution, activation in zip(convolutions, [relu6, relu, relu, relu], strict=True):
            h = activation(convolution(h))
        score = (tf.reshape(h, (3, -1)) @ dense.kernel + dense.bias)[:, 1]
    expected = tape.gradient(score, inputs)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(family.guided_backpropagation(c, x, 1), expected, atol=1e-6)


def test_guided_backpropagation_is_that_of_tf_keras_vis(flat: Classifier) -> None:
    theirs = Saliency(flat.model, model_modifier=[ReplaceToLinear(), GuidedBackpropagation()])(
        CategoricalScore(1), [flat.prepare(pictures())], keepdims=True, normalize_map=False
    )
    ours = family.guided_backpropagation(flat, pictures(), 1)
    np.testing.assert_allclose(np.abs(ours), np.squeeze(theirs), atol=1e-6)


def test_guided_backpropagation_leaves_ordinary_gradients_alone(flat: Classifier) -> None:
    before = flat.gradients(pictures(), 1, "first").gradient
    family.guided_backpropagation(flat, pictures(), 1)
    again = Classifier(flat.model, layer="features").gradients(pictures(), 1, "first").gradient
    np.testing.assert_array_equal(before, again)


def test_guided_grad_cam_is_their_product(flat: Classifier) -> None:
    x = flat.prepare(pictures())
    heat = tf.image.resize(grad_cam(flat, x, 1)[..., None], (SIZE, SIZE)).numpy()
    expected = heat * family.guided_backpropagation(flat, x, 1)
    np.testing.assert_allclose(family.guided_grad_cam(flat, x, 1), expected, atol=1e-6)


def test_alpha_of_grad_cam_is_not_that_of_the_others(flat: Classifier) -> None:
    """The weights are different things; were they equal, the tests above would prove little."""
    found = flat.gradients(pictures(), 0)
    a = alpha(found.gradient)
    assert np.abs(a - family.axiom_weights(found.A, found.gradient)).max() > 1e-3
    assert np.abs(a - family.plus_plus_weights(found.A, found.gradient)).max() > 1e-3

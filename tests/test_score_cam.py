"""Score-CAM: equations 6 to 10 and Algorithm 1 of Wang et al. 2020."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import images
from lessons_lib import score_cam as module
from lessons_lib.network.bfloat16 import bfloat16
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.preprocessing import PREPROCESSING
from lessons_lib.score_cam import channel_weights, masked_scores, masks, score_cam, varied_channels
from tests.networks import classifier, flat_net, gap_net, nested_net, pictures, seeded, shared

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

L = keras.layers


def colours_net(factor: float = 0.01) -> Classifier:
    """Channels are red, green, blue; the logits of two classes are weighted means of them.

    Mean red is worth 2, 1, 0 (times ``factor``) to class 0, and so on.
    """
    inputs = keras.Input((4, 4, 3))
    x = L.Conv2D(3, 1, use_bias=False, name="features")(inputs)
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x)))
    head = factor * np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
    model.set_weights([np.eye(3)[None, None], head, np.array([0.5, 0.0])])
    return classifier(model)


def by_brute_force(c: Classifier, x: np.ndarray, k: int, baseline: np.ndarray) -> np.ndarray:
    """Algorithm 1 in loops of numpy: one picture, one mask at a time, nothing compiled."""
    A = c.activations(x)[0]
    weights = []
    used = [j for j in range(A.shape[-1]) if A[..., j].min() < A[..., j].max()]
    for j in used:
        up = images.resize(A[..., j], c.input_size)
        mask = ((up - up.min()) / (up.max() - up.min()))[..., None]
        masked = np.clip(mask * x + (1 - mask) * baseline, 0, 255)
        weights.append(c.logits(masked)[0, k] - c.logits(baseline)[0, k])
    share = np.exp(weights) / np.exp(weights).sum()
    return np.maximum(sum(s * A[..., j] for s, j in zip(share, used, strict=True)), 0)


def test_by_hand_with_an_identity_convolution() -> None:
    """The left half red 200, the right half green 100, blue nowhere; masks are the halves."""
    x = np.zeros((4, 4, 3))
    x[:, :2, 0], x[:, 2:, 1] = 200, 100
    c = colours_net()
    found = masked_scores(c, x, 0, baseline="black")
    # Only what a mask keeps reaches the means: red 100 (worth 2), green 50 (worth 1).
    assert found.channels.tolist() == [0, 1]
    np.testing.assert_allclose(found.logits, [0.5 + 2.0, 0.5 + 0.5], atol=1e-6)
    assert found.baseline_logit == pytest.approx(0.5)
    np.testing.assert_allclose(channel_weights(found, weights="increase"), [2.0, 0.5, 0], atol=1e-6)
    e = np.exp([2.0, 0.5])
    np.testing.assert_allclose(channel_weights(found), [*(e / e.sum()), 0], atol=1e-6)
    expected = np.zeros((4, 4))
    expected[:, :2], expected[:, 2:] = 200 * e[0] / e.sum(), 100 * e[1] / e.sum()
    np.testing.assert_allclose(score_cam(c, x, 0, baseline="black"), expected, rtol=1e-5)
    heat = score_cam(c, x, 0, baseline="black", weights="increase")
    np.testing.assert_allclose(heat[0], [400, 400, 50, 50])


@pytest.mark.parametrize("baseline", ["black", "blurred", "zero", "grey", 30.0])
@pytest.mark.parametrize("build", [flat_net, gap_net, nested_net])
def test_by_brute_force(build, baseline: str) -> None:
    c = shared(build)
    x = c.prepare(pictures(1))[0]
    expected = by_brute_force(c, x, 1, c.baseline(x, baseline)[0])
    np.testing.assert_allclose(
        score_cam(c, x, 1, baseline=baseline), expected, rtol=1e-4, atol=1e-5
    )


def test_masks_are_enlarged_first_and_scaled_after() -> None:
    """A peak on one corner of 2 x 2: enlarged to 3 x 3, the largest value is the corner's own."""
    maps = np.array([[[4.0, 0.0], [0.0, 0.0]], [[1.0, 3.0], [2.0, 1.0]]], np.float32)
    found = masks(maps, (3, 3)).numpy()
    for mask, small in zip(found, maps, strict=True):
        up = images.resize(small, (3, 3))
        np.testing.assert_allclose(mask, (up - up.min()) / (up.max() - up.min()), atol=1e-6)
    odd = masks(np.array([[[0.0, 9.0, 0.0]]], np.float32), (1, 4)).numpy()
    assert odd.max() == 1  # scaled before, the peak between two pixels would stay below 1


def test_probabilities_are_those_of_the_masked_pictures() -> None:
    c = shared(flat_net)
    found = masked_scores(c, pictures(1), 2, baseline="black")
    x, A = c.prepare(pictures(1))[0], found.A
    masked = [
        x * masks(A[None, ..., k], c.input_size).numpy()[0, ..., None] for k in found.channels
    ]
    np.testing.assert_allclose(found.probabilities, c.probabilities(masked)[:, 2], atol=1e-5)
    increase = channel_weights(found, "probability", "increase")[found.channels]
    np.testing.assert_allclose(increase, found.probabilities - found.baseline_probability)


def test_softmax_does_not_see_the_baseline_score_and_increases_do() -> None:
    found = masked_scores(shared(flat_net), pictures(1), 0)
    shifted = found._replace(baseline_logit=found.baseline_logit + 7)
    np.testing.assert_allclose(channel_weights(found), channel_weights(shifted), rtol=1e-4)
    assert channel_weights(found).sum() == pytest.approx(1)
    increases = [channel_weights(f, weights="increase")[f.channels] for f in (found, shifted)]
    np.testing.assert_allclose(increases[0] - increases[1], 7, rtol=1e-4)


# Constant channels


def dead_channels_net(dead: int) -> keras.Model:
    model = flat_net()
    kernel, bias = model.get_layer("features").get_weights()
    kernel[..., :dead], bias[:dead] = 0, 2.5
    model.get_layer("features").set_weights([kernel, bias])
    return model


def test_constant_channels_get_no_weight_and_cost_no_call(monkeypatch) -> None:
    asked = []

    def counting(function, *arrays, **options):
        asked.extend(arrays[0] if options.get("description") == "Score-CAM" else [])
        return in_batches(function, *arrays, **options)

    monkeypatch.setattr(module, "in_batches", counting)
    c = classifier(dead_channels_net(2))
    found = masked_scores(c, pictures(1), 0)
    assert found.channels.tolist() == [2, 3, 4]
    assert len(asked) == 3 + 1  # and the baseline
    assert (channel_weights(found)[:2] == 0).all()
    assert np.isfinite(score_cam(c, pictures(1))).all()


def test_a_layer_of_constant_channels_only() -> None:
    heat = score_cam(classifier(dead_channels_net(5)), pictures(2), 0)
    assert (heat == 0).all()


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("build", [gap_net, flat_net])
def test_a_uniform_picture_gives_a_finite_map(build, value: int) -> None:
    picture = np.full((20, 30, 3), value)
    for options in (
        {},
        {"weights": "increase"},
        {"baseline": "blurred"},
        {"scores": "probability"},
    ):
        heat = score_cam(shared(build), picture, **options)
        assert np.isfinite(heat).all()
        assert (heat >= 0).all()


def test_max_channels_takes_the_most_varied() -> None:
    A = np.zeros((2, 2, 4))
    A[0, 0] = [1, 9, 0, 5]
    assert varied_channels(A).tolist() == [0, 1, 3]
    assert varied_channels(A, 2).tolist() == [1, 3]
    assert varied_channels(A, 99).tolist() == [0, 1, 3]
    c = shared(flat_net)
    all_of_them = score_cam(c, pictures(1), 0)
    np.testing.assert_array_equal(score_cam(c, pictures(1), 0, max_channels=99), all_of_them)
    assert len(masked_scores(c, pictures(1), 0, max_channels=2).channels) == 2


# Other libraries, other number formats


def test_weights_are_the_scores_of_tf_keras_vis_without_a_channel_softmax() -> None:
    """Its weight is the probability itself, and it enlarges with another grid.

    With a layer as large as the picture nothing is enlarged. Then their map is ours with the
    weights P(masked) instead of P(masked) - P(baseline), which differ by one number for all.
    """
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="features")(
        L.Rescaling(1 / 64)(inputs)
    )
    x = L.Flatten()(x)
    c = classifier(seeded(keras.Model(inputs, L.Dense(3, activation="softmax")(x))))
    picture = c.prepare(pictures(1))
    theirs = Scorecam(c.model, model_modifier=ReplaceToLinear())(
        CategoricalScore(1), picture, "features", expand_cam=False, normalize_cam=False
    )
    found = masked_scores(c, picture[0], 1, baseline="zero")
    P = np.zeros(4)
    P[found.channels] = found.probabilities
    ours = np.maximum((found.A * P).sum(axis=-1), 0)
    np.testing.assert_allclose(np.squeeze(theirs), ours, rtol=1e-3, atol=1e-5)
    increase = channel_weights(found, "probability", "increase")[found.channels]
    np.testing.assert_allclose(increase + found.baseline_probability, P[found.channels], rtol=1e-5)


def test_bfloat16_twin_is_close_and_leaves_the_model_alone() -> None:
    model = flat_net()
    c = classifier(model)
    twin = bfloat16(c)
    kinds = {type(layer).__name__: layer.compute_dtype for layer in twin.model.layers}
    assert kinds["Conv2D"] == "bfloat16"
    assert kinds["Dense"] == "float32"
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    exact, rough = score_cam(c, pictures(1), 0), score_cam(twin, pictures(1), 0)
    assert 0 < np.abs(rough - exact).max() < 0.05 * exact.max()


def test_bfloat16_reaches_the_layers_of_a_nested_model() -> None:
    layers = bfloat16(Classifier(nested_net(), layer="backbone/features")).layers
    assert layers["backbone/features"].compute_dtype == "bfloat16"


def test_float16_model() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        c = classifier(flat_net())
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(score_cam(c, pictures(1))).all()


@pytest.mark.parametrize("last", ["softmax", None, "sigmoid"])
def test_a_softmax_at_the_end_is_not_applied_twice(last: str | None) -> None:
    found = masked_scores(classifier(gap_net(last)), pictures(1), 0)
    c = classifier(gap_net(None))
    reference = masked_scores(c, pictures(1), 0)
    np.testing.assert_allclose(found.logits, reference.logits, atol=1e-5)
    if last == "softmax":
        np.testing.assert_allclose(found.probabilities, reference.probabilities, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": "logits"}, "scores='logits' is unknown; use 'logit' or 'probability'"),
        ({"weights": "sum"}, "weights='sum' is unknown; use 'softmax' or 'increase'"),
        ({"baseline": "pink"}, "no baseline 'pink'"),
        ({"max_channels": 0}, "max_channels=0 must be 1 or more"),
        ({"batch_size": 0}, "batch_size=0 must be 1 or more"),
        ({"layer": "nowhere"}, "has no layer 'nowhere'"),
        ({"target": 9}, "class 9 is outside 0..2"),
    ],
)
def test_bad_options_are_named(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score_cam(shared(flat_net), pictures(1), **options)


def test_zero_baseline_is_zero_after_preprocessing() -> None:
    for kind in ("none", "tf", "torch", "caffe"):
        c = Classifier(gap_net(), preprocess=kind)
        empty = c.baseline(pictures(1), "zero")
        np.testing.assert_allclose(PREPROCESSING[kind](tf.constant(empty)), 0, atol=1e-4)
    c = Classifier(gap_net(), preprocess=lambda x: x + 10)
    with pytest.raises(ValueError, match="no colour becomes 0"):
        c.baseline(pictures(1), "zero")

"""Grad-CAM against closed forms, brute force and an independent library."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import exercises
from lessons_lib.grad_cam import alpha, grad_cam, weighted_sum
from lessons_lib.network.classifier import Classifier
from tests.networks import flat_net, gap_net, nested, photos


def test_equations_1_and_2_by_hand_on_4_by_4() -> None:
    A = np.zeros((1, 4, 4, 2))
    A[0, 1:3, 1:3, 0] = 4
    A[0, 1:3, 2, 1], A[0, 1:3, 3, 1] = 4, 8
    gradient = np.broadcast_to([4 / 16, -2 / 16], A.shape)
    expected = np.zeros((4, 4))
    expected[1:3, 1], expected[1:3, 2] = 1, 0.5
    np.testing.assert_allclose(alpha(gradient), [[0.25, -0.125]])
    np.testing.assert_allclose(weighted_sum(A, alpha(gradient)), [expected])


def test_on_a_gap_network_z_times_grad_cam_is_cam() -> None:
    """Selvaraju et al. 2017, section 3.1; here after the ReLU, which both have."""
    model = gap_net(classes=4)
    A = keras.Model(model.inputs[0], model.get_layer("features").output)(photos()).numpy()
    w = model.get_layer("scores").get_weights()[0]
    classifier = Classifier(model)
    for c in range(4):
        cam = np.maximum((A * w[:, c]).sum(-1), 0)
        heat = grad_cam(classifier, photos(), c)
        np.testing.assert_allclose(heat * A.shape[1] * A.shape[2], cam, atol=1e-5)


def test_gradient_is_that_of_the_logit_by_finite_differences() -> None:
    """Nudge each activation of the layer, and see what the score of the class does."""
    model = flat_net(classes=4, hidden=7)
    found = Classifier(model).gradients(photos(1), 2)
    (W, v), (kernel, bias) = (model.get_layer(n).get_weights() for n in ("hidden", "scores"))

    def score(A: np.ndarray) -> np.ndarray:
        return (np.tanh(A.reshape(len(A), -1).astype(float) @ W + v) @ kernel + bias)[:, 2]

    places = found.A.size
    step = 0.05 * np.eye(places)
    up, down = (score(found.A.reshape(1, places) + s) for s in (step, -step))
    np.testing.assert_allclose(found.gradient.ravel(), (up - down) / 0.1, atol=2e-3)
    np.testing.assert_allclose(found.score, score(found.A), rtol=1e-5)


@pytest.mark.parametrize("build", [gap_net, flat_net])
def test_equals_tf_keras_vis(build) -> None:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    plain, x = build(), photos()
    model = keras.Model(plain.inputs, plain.outputs)  # the peer takes no Sequential
    peer = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    expected = peer(
        CategoricalScore([1, 2, 0]),
        x,
        penultimate_layer="features",
        expand_cam=False,
        normalize_cam=False,
        seek_penultimate_conv_layer=False,
    )
    heat = grad_cam(Classifier(model), x, [1, 2, 0], "features")
    np.testing.assert_allclose(heat, np.asarray(expected), atol=1e-5)


@pytest.mark.parametrize("build", [gap_net, flat_net])
def test_nested_model_gives_what_the_flat_one_gives(build) -> None:
    model = build()
    flat = grad_cam(Classifier(model), photos(), 1, "features")
    classifier = Classifier(nested(model))
    for name in ("features", "backbone/features", "backbone", None):
        inside = grad_cam(classifier, photos(), 1, name)
        np.testing.assert_allclose(inside, flat, atol=1e-6)


def test_a_sure_prediction_still_has_a_map() -> None:
    """The softmax would multiply by p (1 - p), which is 0 here in 32-bit numbers."""
    model = gap_net(classes=4)
    kernel, bias = model.get_layer("scores").get_weights()
    classifier = Classifier(model)
    plain = grad_cam(classifier, photos(1), 1)
    model.get_layer("scores").set_weights([kernel, bias + np.array([0, 200, 0, 0])])
    assert classifier.probabilities(photos(1))[0, 1] == 1
    np.testing.assert_allclose(grad_cam(classifier, photos(1), 1), plain, atol=1e-6)
    assert plain.max() > 0


def test_costs_one_forward_pass() -> None:
    calls = []

    class Counting(keras.layers.Layer):
        def call(self, x):
            tf.py_function(lambda n: calls.append(int(n)), [tf.shape(x)[0]], [])
            return x

    model = keras.Sequential([keras.Input((16, 16, 3)), Counting(), gap_net(classes=4)])
    classifier = Classifier(model)
    calls.clear()
    grad_cam(classifier, photos(5))
    assert calls == [5]


@pytest.mark.parametrize(
    ("number", "right", "wrong"),
    [
        (
            "02.1",
            [[1, 0], [0, 0.5]],
            {
                "equation 2 also has a ReLU": [[1, -1], [0, 0.5]],
                "means of the gradient": [[4, 0], [0, 2]],
                "Two things": [[4, -4], [0, 2]],
                "divided by 4 twice": [[0.25, 0], [0, 0.125]],
                "lowers the place that both share": [[1, 0], [0, 1]],
                "Look at the sign": [[1, 1], [0, 1.5]],
                "factor 2": [[0.5, 0], [0, 0]],
                "2 m": [[0.5, -1], [0, 0]],
                "shape": [1, 0, 0, 1],
                "factor 1/4": [[9, 9], [9, 9]],
                "could not be read": "a map",
            },
        ),
        (
            "02.2",
            lambda g: g.mean(axis=(1, 2)),
            {
                "mixes the pictures": lambda g: g.mean(axis=(0, 1, 2)),
                "sum over the places": lambda g: g.sum(axis=(1, 2)),
                "(3, 6)": lambda g: g,
                "leave out keepdims": lambda g: g.mean(axis=(1, 2), keepdims=True),
                "got the same weights": lambda g: np.tile(g.mean(axis=(0, 1, 2)), (len(g), 1)),
                "shape is right": lambda g: g.max(axis=(1, 2)),
                "needs a return": lambda g: None,
            },
        ),
        (
            "02.3",
            lambda p, c, a: ((1 - a) * p.astype(float) + a * c).round().astype("uint8"),
            {
                "go back to 0..255": lambda p, c, a: ((1 - a) * p / 255 + a * c / 255).astype(
                    "uint8"
                ),
                "wraps": lambda p, c, a: ((p + a * c) % 256).astype("uint8"),
                "uint8": lambda p, c, a: (1 - a) * p + a * c,
                "a = 0": lambda p, c, a: np.clip(p * 1.0 + 0.5 * c, 0, 255).astype("uint8"),
                "a = 1": lambda p, c, a: np.clip(p * 1.0 + a * c, 0, 255).astype("uint8"),
            },
        ),
    ],
)
def test_exercises(number: str, right, wrong: dict) -> None:
    assert exercises.check(number, right).passed
    for hint, answer in wrong.items():
        feedback = exercises.check(number, answer)
        assert not feedback.passed, answer
        assert hint in feedback.message, (hint, feedback)

"""A network of another library: its answers are read right or refused, and what only asks works.

The oracle is a Keras network twice: once as a `Classifier`, once behind a predict function.
"""

import copy
import functools
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import judging, lime, maps, methods
from lessons_lib.cam import cam
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import expected_gradients, integrated_gradients
from lessons_lib.judging import road, robustness
from lessons_lib.network.bfloat16 import bfloat16
from lessons_lib.network.black_box import BlackBox, OnlyAnswersError
from lessons_lib.network.counter import counted
from lessons_lib.network.endings import read_scores
from lessons_lib.network.scores import Score
from lessons_lib.score_cam import score_cam
from tests.networks import SIZE, classifier, flat_net, pictures

ROOT = Path(__file__).resolve().parents[2]
SQUARE = (SIZE, SIZE)
LABELS = ["cat", "dog", "owl"]
NET = classifier(flat_net(last=None, hidden=7), labels=LABELS)
HEAT = np.random.default_rng(0).normal(size=(5, 4))
SEGMENTS = np.add.outer(np.arange(SIZE) // 8 * 2, np.arange(SIZE) // 8)


@functools.partial(tf.function, input_signature=[tf.TensorSpec((None, SIZE, SIZE, 3))])
def compiled(x: tf.Tensor) -> tf.Tensor:
    return NET.model(x)


def logits(x: np.ndarray) -> np.ndarray:
    return compiled(x).numpy()


def photo() -> np.ndarray:
    grain = np.random.default_rng(5).normal(0, 30, (20, 20, 3))
    return np.clip(pictures(1)[0] + grain, 0, 255)


def grey(x: np.ndarray) -> np.ndarray:
    """One number from each picture, of either sign."""
    return x.mean(axis=(1, 2, 3)) - 100


# What only asks works, and gives what it gives for the same network in Keras

BLANK = {"baseline": "grey"}
ASKING = {
    "logits": lambda net: net.logits([photo(), photo()[:9]]),
    "probabilities": lambda net: net.probabilities(photo()),
    "top": lambda net: [p.probability for p in net.top(photo())],
    "LIME": lambda net: lime.local_surrogate(
        lime.sample_image(net, photo(), SEGMENTS, samples=40), target=1
    ).coefficients,
    "masked scores, of logits": lambda net: lime.coalition_scores(
        net, photo(), SEGMENTS, np.eye(4), scores="logit", batch_size=3
    ),
    "deletion": lambda net: judging.deletion(net, photo(), HEAT, "dog", **BLANK).probability,
    "insertion": lambda net: judging.insertion(net, photo(), HEAT).probability,
    "average drop": lambda net: judging.confidences(net, [photo()], [HEAT], [2], **BLANK),
    "ROAD": lambda net: road.road(net, photo(), HEAT).probability,
    "removals": lambda net: robustness.removals(net, photo(), 1, samples=20, **BLANK).drop,
    "sensitivity": lambda net: robustness.max_sensitivity(
        methods.METHODS["KernelSHAP"], net, photo(), 0, samples=2
    ),
    "occlusion": lambda net: maps.occlusion(net, photo(), window=5, **BLANK),
    "RISE": lambda net: maps.rise(net, [photo()] * 2, [0, 2], samples=50, **BLANK),
    "the bench": lambda net: judging.compare(
        {n: methods.METHODS[n] for n in ("LIME", "KernelSHAP")} | methods.CONTROLS,
        {"mean": lambda heat, i: heat.mean()}, net, [photo()], "owl",
    ).scores,
}  # fmt: skip


@pytest.mark.parametrize("name", ASKING)
def test_what_only_asks_says_of_a_black_box_what_it_says_of_the_network_itself(name) -> None:
    box = BlackBox(logits, LABELS, SQUARE)
    found, expected = ASKING[name](box), ASKING[name](NET)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.ptp(np.asarray(expected, float)) > 0 or name == "sensitivity"


def test_nobody_knows_which_colour_becomes_zero_inside() -> None:
    box = BlackBox(logits, LABELS, SQUARE)
    assert (box.baseline(photo()) == 127.5).all()
    with pytest.raises(ValueError, match='take baseline="grey", or the colour'):
        box.baseline(photo(), "zero")


# What looks inside is refused

INSIDE = {
    "CAM": cam,
    "Score-CAM": score_cam,
    "Eigen-CAM": lambda box, p: maps.eigen_cam(box, p),
    "guided backpropagation": maps.guided_backpropagation,
    "saliency": maps.saliency,
    "SmoothGrad": maps.smooth_grad,
    "Integrated Gradients": integrated_gradients,
    "Expected Gradients": lambda box, p: expected_gradients(box, p, p[None]),
    "cascading randomisation": lambda box, p: list(
        judging.cascading_randomisation(box, p, grad_cam)
    ),
    "a 16-bit twin": lambda box, p: bfloat16(box),
    "a counter": lambda box, p: counted(box),
    **maps.FAMILY,
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_looks_inside_is_refused_in_a_sentence(name) -> None:
    box = BlackBox(logits, LABELS, SQUARE, name="mine")
    with pytest.raises(OnlyAnswersError, match="mine is a BlackBox: it shows its answers and has"):
        INSIDE[name](box, photo())


def test_every_method_of_the_bench_works_or_is_refused() -> None:
    box, works = BlackBox(logits, LABELS, SQUARE), set()
    for name, method in methods.METHODS.items():
        try:
            assert methods.heat_maps(method, box, photo()).shape == SQUARE
            works.add(name)
        except OnlyAnswersError:
            pass
    assert works == {"LIME", "KernelSHAP", "occlusion", "RISE"}


def test_a_score_made_of_tensors_is_refused() -> None:
    box = BlackBox(logits, LABELS, SQUARE)
    with pytest.raises(TypeError, match="no Score: let its predict function give the number"):
        maps.rise(box, photo(), Score(lambda y: y[:, 0]))


def test_it_can_be_asked_for_what_it_has_not_and_be_copied() -> None:
    box = BlackBox(grey, None, SQUARE)
    assert not hasattr(box, "gradients")
    assert copy.copy(box).labels == pickle.loads(pickle.dumps(box)).labels == ("value",)


# What predict gives


@pytest.mark.parametrize("ending", ["logits", "probabilities", "numbers"])
@pytest.mark.parametrize("columns", [1, 3])
def test_answers_are_read_as_those_of_a_keras_model(ending: str, columns: int) -> None:
    given = np.random.default_rng(0).uniform(0.01, 0.99, (5, columns)).astype("float32")
    tables = iter([given[:4], given[3:4], given])
    box = BlackBox(lambda x: next(tables), None, (2, 2), ending=ending)
    scores, answers = box.ask(np.zeros((5, 2, 2, 3), "float32"))
    expected = read_scores(tf.constant(given), ending)
    np.testing.assert_allclose(scores, expected.scores, rtol=1e-5)
    np.testing.assert_allclose(answers, expected.answers, rtol=1e-5)
    assert box.kind == expected.kind


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


RIGHT = {
    "float64": lambda x: logits(x).astype("float64"),
    "a list of rows": lambda x: logits(x).tolist(),
    "a list of arrays": lambda x: list(logits(x)),
    "pictures one by one": lambda x: [logits(x[i : i + 1]) for i in range(len(x))],
    "a tensor": lambda x: NET.model(x),
    "one output in a list": lambda x: [logits(x)],
    "one output in a tuple": lambda x: (NET.model(x),),
    "as a convolution gives it": lambda x: logits(x)[:, :, None, None],
    "half precision": lambda x: NET.model(x).numpy().astype("float16"),
    "logarithms of probabilities": lambda x: np.log(softmax(logits(x))),
    "probabilities": lambda x: softmax(logits(x)),
    "in the memory's other order": lambda x: np.asfortranarray(logits(x)),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_what_predict_gives_is_understood(name: str, batch_size: int) -> None:
    box = BlackBox(RIGHT[name], LABELS, SQUARE, batch_size=batch_size)
    images = [photo(), photo()[::-1], photo()[:7]]
    tolerance = {"rtol": 1e-2, "atol": 1e-2} if name == "half precision" else {"rtol": 1e-4}
    np.testing.assert_allclose(box.probabilities(images), NET.probabilities(images), **tolerance)


def test_single_outputs_are_numbers_or_two_classes() -> None:
    number = BlackBox(grey, None, SQUARE)
    assert (number.kind, number.labels) == ("number", ("value",))
    np.testing.assert_allclose(number.logits(np.full((9, 9, 3), 150)), [[50]], rtol=1e-5)
    assert BlackBox(grey, ["age"], SQUARE).labels == ("age",)
    two = BlackBox(grey, ["old", "new"], SQUARE)
    assert two.kind == "logit"
    np.testing.assert_allclose(
        two.probabilities(np.full((9, 9, 3), 101)), [[1 / (1 + np.e), np.e / (1 + np.e)]], rtol=1e-4
    )
    share = BlackBox(lambda x: x[:, :, :, :1].mean(axis=(1, 2)) / 255, ["dark", "light"], SQUARE)
    assert share.kind == "log probability"
    assert share.probabilities(np.full((9, 9, 3), 51))[0].tolist() == pytest.approx([0.8, 0.2])
    one = BlackBox(
        lambda x: x.mean(axis=(1, 2, 3)) / 255, ["light"], SQUARE, ending="probabilities"
    )
    assert one.labels == ("not light", "light")


def sigmoids(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits(x)))


WRONG = {
    "a dict": (lambda x: {"y": logits(x)}, TypeError, "it gave dict"),
    "nothing": (lambda x: None, TypeError, "gave None; does it return"),
    "text": (lambda x: ["cat"] * len(x), TypeError, "it gave list"),
    "an object": (lambda x: Score(len), TypeError, r"it gave Score.*such as \.logits"),
    "classes": (lambda x: logits(x).argmax(axis=1), TypeError, "predict_proba"),
    "a quantised output": (lambda x: np.uint8(255 * sigmoids(x)), TypeError, "scale them"),
    "one picture's answer": (lambda x: logits(x[:1]), ValueError, r"\(1, 3\) for 4 pictures"),
    "a single row": (lambda x: logits(x)[0], ValueError, r"\(3,\) for 4 pictures"),
    "turned over": (lambda x: logits(x).T, ValueError, r"\(3, 4\) for 4 pictures"),
    "a map": (lambda x: x[..., 0] / 50, ValueError, r"\(4, 16, 16\) for 4 pictures"),
    "a number": (lambda x: 3.5, ValueError, r"\(\) for 4 pictures"),
    "no class": (lambda x: logits(x)[:, :0], ValueError, r"\(4, 0\) for 4 pictures"),
    "several outputs": (lambda x: [logits(x), x], ValueError, "gave 2 arrays"),
    "rows of different lengths": (
        lambda x: [[1.0] * (i + 1) for i in range(len(x))], ValueError, "rows differ in length",
    ),
    "NaN": (lambda x: logits(x) * np.nan, ValueError, "not finite"),
    "infinite": (lambda x: logits(x) / np.zeros(3, "float32"), ValueError, "not finite"),
    "too large for 32 bits": (lambda x: 1e300 * grey(x), ValueError, "not finite"),
    "percentages": (lambda x: 100 * softmax(logits(x)), ValueError, "divide them by 100"),
    "sigmoids": (sigmoids, ValueError, r"add up to .* say what it is"),
    "half of the probabilities": (lambda x: softmax(logits(x)) / 2, ValueError, "add up to 0.5"),
    "a single sigmoid": (lambda x: sigmoids(x)[:, 0], ValueError, "say what it is"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.filterwarnings("ignore:divide by zero|invalid value|overflow")
def test_what_cannot_be_read_is_named(name: str) -> None:
    predict, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        BlackBox(predict, None, SQUARE)


def test_sigmoids_are_read_when_they_are_said_to_be_probabilities() -> None:
    box = BlackBox(sigmoids, LABELS, SQUARE, ending="probabilities")
    x = NET.prepare(photo())
    np.testing.assert_allclose(box.probabilities(photo()), sigmoids(x), rtol=1e-5)
    np.testing.assert_allclose(box.logits(photo()), np.log(sigmoids(x)), rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"labels": ["cat", "dog"]}, ValueError, "2 labels for a network of 3 classes"),
        ({"labels": "cat"}, TypeError, "labels must be a list"),
        ({"size": 16}, ValueError, r"the size must be \(height, width\), not 16"),
        ({"size": (3, 16, 16)}, ValueError, "the size must be"),
        ({"size": (0, 16)}, ValueError, "height=0"),
        ({"ending": "softmax"}, ValueError, "ending='softmax' is unknown"),
        ({"ending": "probabilities"}, ValueError, "which are no probabilities"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"predict": "model.onnx"}, TypeError, "predict must be a function"),
    ],
)
def test_bad_arguments_are_named(options, error, message) -> None:
    with pytest.raises(error, match=message):
        BlackBox(**{"predict": logits, "labels": LABELS, "size": SQUARE} | options)


def test_answers_are_checked_whenever_it_is_asked() -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        if len(x) == 2:
            return logits(x)[:, :2]
        return logits(x) * (np.nan if len(x) == 3 else 1)

    box = BlackBox(predict, LABELS, SQUARE)
    with pytest.raises(ValueError, match="3 numbers for a picture before, now 2"):
        box.logits([photo()] * 2)
    with pytest.raises(ValueError, match="9 values of what predict gives are not finite"):
        box.logits([photo()] * 3)


# What predict is given


def test_it_is_given_pixels_as_the_docstring_says_and_may_change_them() -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        assert x.dtype == np.float32
        assert x.shape[1:] == (SIZE, SIZE, 3)
        assert x.flags.c_contiguous
        assert x.flags.writeable
        answer = logits(x)
        x *= 0
        return answer

    box, images = BlackBox(predict, LABELS, SQUARE), np.array([photo()] * 3)
    np.testing.assert_allclose(box.logits(images), NET.logits(images), rtol=1e-5)
    np.testing.assert_array_equal(images, [photo()] * 3)
    x = box.prepare(images)
    box.ask(x)
    np.testing.assert_array_equal(x, box.prepare(images))
    name = "occlusion"  # goes on with pictures that it has asked about
    np.testing.assert_allclose(ASKING[name](box), ASKING[name](NET), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize("name", ASKING)
def test_never_more_pictures_at_once_than_it_can_take(name: str, most: int) -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        assert 1 <= len(x) <= most
        return logits(x)

    found = ASKING[name](BlackBox(predict, LABELS, SQUARE, batch_size=most))
    np.testing.assert_allclose(found, ASKING[name](NET), rtol=1e-3, atol=1e-4)


def test_an_error_of_predict_keeps_its_type_and_says_what_predict_was_given() -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        raise KeyError("pixel_values")

    with pytest.raises(KeyError, match="pixel_values") as caught:
        BlackBox(predict, LABELS, SQUARE)
    assert "float32 pixels 0..255 of shape (4, 16, 16, 3)" in caught.value.__notes__[0]


def test_chance_and_what_depends_on_the_batch_are_seen() -> None:
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="training mode"):
        BlackBox(lambda x: logits(x) * rng.uniform(0.5, 2, (len(x), 3)), LABELS, SQUARE)
    with pytest.warns(UserWarning, match="training mode"):
        BlackBox(lambda x: logits(x) - logits(x).mean(axis=0), LABELS, SQUARE)


def test_it_needs_no_tensorflow_for_lime_and_shapley_values() -> None:
    code = """
import sys
import numpy as np
from lessons_lib import lime, shapley
from lessons_lib.network.black_box import BlackBox
box = BlackBox(lambda x: x[:, :8].mean(axis=(1, 2)), ["r", "g", "b"], (16, 16))
image = np.random.default_rng(0).integers(0, 256, (16, 16, 3))
segments = np.add.outer(np.arange(16) // 8 * 2, np.arange(16) // 8)
near = lime.sample_image(box, image, segments, samples=50, scores="logit")
print(lime.local_surrogate(near, target=0).coefficients.round(3).tolist())
game = lambda Z: lime.coalition_scores(box, image, segments, Z, scores="logit")[:, 0]
print(shapley.kernel_shap(game, 4).tolist())
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr

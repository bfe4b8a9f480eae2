"""Whatever a network ends in: its probabilities are its own, and what is explained is a score.

Each network here is held against itself, called directly, and against a tape of the test's own.
"""

import functools
import tempfile
import warnings
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.preprocessing import LabelEncoder

from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.judging import deletion
from lessons_lib.lime import local_surrogate, sample_image
from lessons_lib.maps import input_gradients
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.endings import ending_of
from lessons_lib.network.scores import Score, element

L = keras.layers
SIZE = 24


def stem(picture: keras.KerasTensor, name: str = "features") -> keras.KerasTensor:
    x = L.Conv2D(4, 3, activation="relu", name=name)(L.Rescaling(1 / 128, offset=-1)(picture))
    return L.GlobalAveragePooling2D()(x)


def net(end: Callable[[keras.KerasTensor], keras.KerasTensor]) -> keras.Model:
    """A small network of random weights whose pooled channels go into ``end``."""
    keras.utils.set_random_seed(3)
    picture = keras.Input((SIZE, SIZE, 3))
    return keras.Model(picture, end(stem(picture)))


class Traced(L.Layer):
    """A layer whose own call is compiled: nobody sees inside."""

    @tf.function
    def call(self, x):
        return tf.nn.softmax(3 * x)


def exported(x: keras.KerasTensor) -> keras.KerasTensor:
    folder = tempfile.mkdtemp()
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3, activation="softmax")])
    inner.export(folder, verbose=False)
    return L.TFSMLayer(folder, call_endpoint="serve")(x)


def mixed(x: keras.KerasTensor) -> keras.KerasTensor:
    return L.Dense(3, activation="softmax", dtype="mixed_float16")(x)


def softmax(x: keras.KerasTensor, units: int = 3) -> keras.KerasTensor:
    return L.Dense(units, activation="softmax", kernel_initializer="random_normal")(x)


def sigmoid(x: keras.KerasTensor, units: int = 1) -> keras.KerasTensor:
    return L.Dense(units, activation="sigmoid")(x)


ops = keras.ops
WITH_LOGITS = {
    "softmax": softmax,
    "softmax, then reshape": lambda x: L.Reshape((3, 1))(softmax(x)),
    "softmax, then flatten": lambda x: L.Flatten()(L.Reshape((1, 1, 3))(softmax(x))),
    "softmax, then clip": lambda x: ops.clip(softmax(x), 0.2, 0.5),
    "softmax, then cast": lambda x: L.Activation("linear", dtype="float64")(softmax(x)),
    "temperature": lambda x: L.Softmax()(L.Dense(3)(x) / 4.0),
    "softmax of half precision": mixed,
    "three sigmoids": lambda x: sigmoid(x, 3),
    "a sigmoid head for each label": lambda x: L.Concatenate()([sigmoid(x) for _ in range(4)]),
    "two softmaxes beside each other": lambda x: L.Concatenate()([softmax(x), softmax(x, 2)]),
    "heads beside each other, reshaped": lambda x: L.Reshape((2, 1))(
        L.Concatenate()([L.Reshape((1,))(sigmoid(x)) for _ in range(2)])
    ),
}
WITHOUT = {
    "average of two": lambda x: L.Average()([softmax(x), softmax(x)]),
    "mixture": lambda x: 0.7 * softmax(x) + 0.3 * softmax(x),
    "normalised product": lambda x: (lambda p: p / ops.sum(p, axis=-1, keepdims=True))(
        softmax(x) * softmax(x)
    ),
    "call under tf.function": lambda x: Traced()(L.Dense(3)(x)),
    "SavedModel": exported,
    "softmax by hand": lambda x: (lambda e: e / ops.sum(e, axis=-1, keepdims=True))(
        ops.exp(L.Dense(3)(x))
    ),
}


def photos(n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, SIZE, SIZE, 3)).astype("float32")


@functools.cache
def ending_in(name: str) -> Classifier:
    """Of these endings nothing is in doubt, so there is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Classifier(net((WITH_LOGITS | WITHOUT)[name]))


@pytest.mark.parametrize("name", WITH_LOGITS | WITHOUT)
def test_probabilities_are_the_models_own(name: str) -> None:
    classifier = ending_in(name)
    own = np.asarray(classifier.model(photos()), float).reshape(3, -1)
    np.testing.assert_allclose(classifier.probabilities(photos()), own, atol=2e-6)
    assert classifier.kind == ("logit" if name in WITH_LOGITS else "log probability")
    assert ("log probability" in repr(classifier)) == (name in WITHOUT)


@pytest.mark.parametrize("name", WITHOUT)
def test_without_logits_the_log_probability_is_explained(name: str) -> None:
    classifier = ending_in(name)
    own = classifier.probabilities(photos())
    np.testing.assert_allclose(classifier.logits(photos()), np.log(own), atol=1e-5)


@pytest.mark.parametrize("name", WITH_LOGITS)
def test_logits_give_the_probabilities_back(name: str) -> None:
    classifier = ending_in(name)
    logits, own = classifier.logits(photos()), classifier.probabilities(photos())
    if "clip" in name:
        expected = np.clip(tf.nn.softmax(logits), 0.2, 0.5)
    elif "two softmaxes" in name:
        parts = tf.nn.softmax(logits[:, :3]), tf.nn.softmax(logits[:, 3:])
        expected = np.concatenate(parts, axis=1)
    else:
        expected = (tf.nn.sigmoid if "sigmoid" in name or "heads" in name else tf.nn.softmax)(
            logits
        )
    np.testing.assert_allclose(own, expected, atol=2e-3 if "half" in name else 1e-6)


@pytest.mark.parametrize("name", ["average of two", "softmax, then reshape", "mixture"])
def test_maps_are_those_of_a_tape(name: str) -> None:
    """Grad-CAM by the test's own tape, on the model's own output."""
    classifier = ending_in(name)
    model, x = classifier.model, tf.constant(photos(1))
    both = keras.Model(model.inputs, [model.get_layer("features").output, *model.outputs])
    with tf.GradientTape() as tape:
        A, p = both(x)
        p = tf.reshape(p, (1, 3))
        score = tf.math.log(p[:, 1])
        if name in WITH_LOGITS:  # log p is the logit less a number that depends on the picture too
            head = next(layer for layer in model.layers if isinstance(layer, L.Dense))
            score = (tf.reduce_mean(A, axis=(1, 2)) @ head.kernel + head.bias)[:, 1]
    alpha = tf.reduce_mean(tape.gradient(score, A), axis=(1, 2))
    expected = tf.nn.relu(tf.einsum("nhwk,nk->nhw", A, alpha))[0]
    np.testing.assert_allclose(grad_cam(classifier, photos(1)[0], 1), expected, atol=1e-6)


def test_an_output_of_several_axes_is_refused() -> None:
    """(n, 1, 8, 3) are scores for eight places, and no twenty-four classes."""
    model = net(lambda x: L.Reshape((1, 8, 3))(L.Dense(24)(x)))
    with pytest.raises(ValueError, match=r"has the shape \(None, 1, 8, 3\); a classifier gives"):
        Classifier(model)


def test_log_softmax_is_a_link_too() -> None:
    model = net(lambda x: L.Activation("log_softmax")(L.Dense(3)(x)))
    classifier = Classifier(model)
    np.testing.assert_allclose(
        classifier.probabilities(photos()), np.exp(model(photos())), atol=1e-6
    )
    assert classifier.kind == "logit"


def test_log_softmaxes_beside_each_other_are_logarithms_too() -> None:
    def beside(x: keras.KerasTensor) -> keras.KerasTensor:
        return L.Concatenate()([ops.log_softmax(L.Dense(3)(x)), softmax(x, 2)])

    model = net(beside)
    own = np.asarray(model(photos()))
    classifier = Classifier(model)
    expected = np.concatenate([np.exp(own[:, :3]), own[:, 3:]], axis=1)
    np.testing.assert_allclose(classifier.probabilities(photos()), expected, atol=1e-6)


def test_a_number_beside_a_softmax_is_no_class() -> None:
    model = net(lambda x: L.Concatenate()([softmax(x), 20 + L.Dense(1)(x)]))
    with pytest.raises(ValueError, match=r"columns are of several kinds.*target=element\(0\)"):
        Classifier(model)
    classifier, own = Classifier(model, ending="scores"), np.asarray(model(photos()))

    def scores(target: Score) -> np.ndarray:
        return classifier.explaining(target)[0].logits(photos())[:, 0]

    np.testing.assert_allclose(scores(element(3)), own[:, 3], rtol=1e-6)
    np.testing.assert_allclose(scores(Score(lambda y: y[:, 1])), own[:, 1], rtol=1e-6)
    lead = scores(element(1)) - scores(element(0))
    np.testing.assert_allclose(lead, np.log(own[:, 1] / own[:, 0]), atol=1e-5)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda x: 100 * softmax(x), "adds up to 100 for all trial pictures.*taken for logits"),
        (lambda x: L.UnitNormalization()(L.Dense(5)(10 * x)), "has the length 1, as embeddings do"),
        (lambda x: L.Dense(3, activation="relu", bias_initializer="ones")(9 * x), "as amounts do"),
        (lambda x: softmax(x) * np.eye(3)[0], r"lies in 0\.\.1 .*taken for probabilities"),
    ],
)
def test_what_looks_like_something_else_does_not_pass_in_silence(end, message: str) -> None:
    """Percentages, embeddings, probabilities of which some are 0."""
    with pytest.warns(UserWarning, match=message):
        Classifier(net(end))


def test_a_number_without_an_axis_of_its_own() -> None:
    model = net(lambda x: 40 + L.Dense(1)(x)[:, 0])
    classifier = Classifier(model)
    assert classifier.kind == "number"
    np.testing.assert_allclose(classifier.probabilities(photos())[:, 0], model(photos()), rtol=1e-6)


def test_what_may_be_probabilities_does_not_pass_in_silence() -> None:
    model = net(lambda x: L.Average()([sigmoid(x) for _ in range(3)]))
    with pytest.warns(UserWarning, match=r"lies in 0\.\.1 .* Say ending="):
        classifier = Classifier(model, ["healthy", "ill"])
    ill = np.asarray(model(photos()))[:, 0]
    np.testing.assert_allclose(classifier.probabilities(photos())[:, 1], ill, atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = Classifier(model, ending="numbers")
    np.testing.assert_allclose(told.probabilities(photos())[:, 0], ill, atol=1e-6)


def test_logits_of_black_are_0_and_no_probabilities() -> None:
    """A network without biases whose logits for other pictures all happen to lie in 0..1."""
    assert ending_of(np.array([[0.0, 0.0], [0.2, 0.9]]), False, "net") == "logits"
    assert ending_of(np.array([[0.0], [0.2]]), False, "net") == "numbers"


def test_a_probability_of_0_has_a_finite_map() -> None:
    model = net(lambda x: L.Average()([softmax(3e4 * x), softmax(3e4 * x)]))
    classifier = Classifier(model)
    assert classifier.probabilities(photos()).min() < 1e-20
    for target in range(3):
        assert np.isfinite(grad_cam(classifier, photos(), target)).all()
        found = integrated_gradients(classifier, photos(1)[0], target, rule="midpoint", num_steps=9)
        assert np.isfinite(found.phi).all()


def age_net() -> keras.Model:
    def end(x: keras.KerasTensor) -> keras.KerasTensor:
        forty = keras.initializers.Constant(40.0)
        return L.Dense(1, kernel_initializer="ones", bias_initializer=forty)(x)

    return net(end)


def test_a_number_is_explained_and_measured_in_its_own_unit() -> None:
    model, photo = age_net(), photos(1)[0]
    classifier = Classifier(model, ["age"])
    own = float(model(photo[None])[0, 0])
    assert str(classifier.top(photo)[0]) == f"age: {own:.2f}"
    heat = grad_cam(classifier, photo)
    curve = deletion(classifier, photo, heat, steps=4, baseline="black")
    dark = float(model(np.zeros((1, SIZE, SIZE, 3), "float32"))[0, 0])
    assert curve.probability[0] == pytest.approx(own, rel=1e-5)
    assert curve.probability[-1] == pytest.approx(dark, rel=1e-5)
    assert own > 39


def test_lime_of_a_number_is_in_its_unit() -> None:
    """The network's output rises with each bright third; the coefficients add up to it."""
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            L.GlobalAveragePooling2D(name="mean"),
            L.Dense(1, kernel_initializer="ones", bias_initializer="ones"),
        ]
    )
    photo = np.zeros((SIZE, SIZE, 3), "uint8")
    photo[:, 8:16], photo[:, 16:] = 30, 90
    thirds = np.repeat(np.arange(3), 8)[None].repeat(SIZE, axis=0)
    nearby = sample_image(Classifier(model), photo, thirds, samples=60, baseline=0)
    np.testing.assert_allclose(local_surrogate(nearby).coefficients, [0, 30, 90], atol=1e-3)


def test_the_top_of_a_number_below_zero_is_not_its_opposite() -> None:
    model = net(lambda x: L.Dense(1, bias_initializer=keras.initializers.Constant(-7.0))(x))
    classifier, photo = Classifier(model), photos(1)
    assert classifier.gradients(photo).score[0] == pytest.approx(
        float(model(photo)[0, 0]), rel=1e-5
    )
    assert classifier.gradients(photo).score[0] < 0


def test_two_labels_make_two_classes_of_a_single_logit() -> None:
    model = net(lambda x: L.Dense(1)(x))
    z = np.asarray(model(photos()))[:, 0]
    classifier = Classifier(model, ["no", "yes"])
    np.testing.assert_allclose(
        classifier.probabilities(photos())[:, 1], tf.nn.sigmoid(z), atol=1e-6
    )


def test_a_single_number_has_one_target() -> None:
    with pytest.raises(ValueError, match="a single number; its target is 0, or None, not 1"):
        grad_cam(Classifier(age_net()), photos(1)[0], 1)


def test_an_output_is_chosen_by_its_name() -> None:
    picture = keras.Input((SIZE, SIZE, 3))
    pooled = stem(picture)
    kind, age = (
        L.Dense(3, activation="softmax", name="kind")(pooled),
        L.Dense(1, name="age")(pooled),
    )
    model = keras.Model(picture, {"kind": kind, "age": age})
    own = {name: np.asarray(value) for name, value in model(photos()).items()}
    for name in ("kind", "age"):
        classifier = Classifier(model, output=name)
        np.testing.assert_allclose(classifier.probabilities(photos()), own[name], atol=1e-6)
    with pytest.raises(ValueError, match="has no output 'colour'; it has"):
        Classifier(model, output="colour")
    with pytest.raises(TypeError, match=r"output=1\.5"):
        Classifier(model, output=1.5)


def test_the_scores_can_be_asked_for_inside_a_function_of_the_readers_own() -> None:
    for name in ("softmax", "softmax, then reshape", "heads beside each other, reshaped"):
        classifier = ending_in(name)

        @tf.function
        def slope(x: tf.Tensor, classifier: Classifier = classifier) -> tf.Tensor:
            score = classifier.forward(x)[:, 1]
            return score, tf.gradients(score, x)[0]

        score, gradient = slope(tf.constant(photos()))  # traced for three pictures
        np.testing.assert_allclose(score, classifier.logits(photos())[:, 1], rtol=1e-5)
        expected = input_gradients(classifier, photos(), 1)
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-9)


def test_a_number_of_pictures_that_is_fixed_is_named() -> None:
    picture = keras.Input((SIZE, SIZE, 3), batch_size=1)
    model = keras.Model(picture, ops.reshape(softmax(stem(picture)), (1, 3)))
    with pytest.raises(
        ValueError, match=r"has the shape \(1, 3\) whatever .* leave batch_size out"
    ):
        Classifier(model)


# A layer that runs several times


def square(column: int) -> np.ndarray:
    photo = np.zeros((SIZE, SIZE, 3), "float32")
    photo[8:16, column : column + 6] = 255
    return photo


def siamese(other: Callable[[tf.Tensor], tf.Tensor]) -> keras.Model:
    """One tower on the picture, and on another one that is made of it."""
    ones = {"kernel_initializer": "ones"}
    conv = L.Conv2D(4, 1, activation="relu", name="conv", **ones)
    tower = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), conv, L.GlobalMaxPooling2D()], name="tower"
    )
    picture = keras.Input((SIZE, SIZE, 3))
    towers = tower(picture) + tower(L.Lambda(other)(picture))
    return keras.Model(picture, L.Dense(1, **ones)(towers))


def test_a_layer_that_runs_twice_is_never_silently_the_last() -> None:
    classifier = Classifier(siamese(lambda x: tf.reverse(x, [2])))
    with pytest.raises(ValueError, match=r"runs 2 times .* layer='tower/conv:0', 'tower/conv:1'"):
        grad_cam(classifier, square(2))
    for column in (2, 9):
        columns = np.flatnonzero(grad_cam(classifier, square(column), layer="conv:0").sum(axis=0))
        np.testing.assert_array_equal(columns, np.arange(column, column + 6))
        mirrored = np.flatnonzero(
            grad_cam(classifier, square(column), layer="tower/conv:1").sum(axis=0)
        )
        np.testing.assert_array_equal(mirrored, SIZE - 1 - np.arange(column, column + 6)[::-1])
    with pytest.raises(ValueError, match="there is no run 2"):
        grad_cam(classifier, square(2), layer="conv:2")
    assert classifier.replace(layer="conv:0").activations(square(2)).max() > 0


def test_of_two_runs_the_one_that_sees_the_picture_is_looked_at() -> None:
    reference = siamese(lambda x: tf.zeros_like(x) + square(16))
    classifier = Classifier(reference)
    columns = np.flatnonzero(grad_cam(classifier, square(2)).sum(axis=0))
    np.testing.assert_array_equal(columns, np.arange(2, 8))
    other = "tower/conv:1" if classifier.layer == "tower/conv:0" else "tower/conv:0"
    with pytest.raises(ValueError, match="does not see the picture"):
        grad_cam(classifier, square(2), layer=other)


# What people have


def test_labels_as_people_have_them() -> None:
    model = net(softmax)
    encoder = LabelEncoder().fit(["cat", "dog", "owl"])
    forms = [
        encoder.classes_, {"dog": 1, "cat": 0, "owl": 2}, {2: "owl", 0: "cat", 1: "dog"},
        ("cat", "dog", "owl"),
    ]  # fmt: skip
    for labels in forms:
        assert Classifier(model, labels).labels == ("cat", "dog", "owl")
    with pytest.raises(ValueError, match=r"numbers 0\.\.2, not \[1, 2, 3\]"):
        Classifier(model, {"cat": 1, "dog": 2, "owl": 3})
    with pytest.raises(ValueError, match="2 labels for a network of 3 classes"):
        Classifier(model, ["cat", "dog"])
    with pytest.raises(TypeError, match="must be a list with a name for each class"):
        Classifier(model, "cat")
    with pytest.raises(TypeError, match="must be a list with a name for each class, not 3"):
        Classifier(model, 3)


def test_one_label_names_one_sigmoid() -> None:
    classifier = Classifier(net(sigmoid), ["circle"])
    assert classifier.labels == ("not circle", "circle")
    with pytest.raises(ValueError, match="a single output takes one label, or two"):
        Classifier(net(sigmoid), ["a", "b", "c"])


def test_what_is_no_keras_model_is_named() -> None:
    torch_like = type("Module", (), {"__module__": "torch.nn"})()
    old = type("Sequential", (), {"__module__": "tf_keras.src.models"})()
    path = "a.keras"
    for model, message in [(torch_like, "PyTorch"), (old, "tf_keras"), (path, "is a path; load")]:
        with pytest.raises(TypeError, match=message):
            Classifier(model)


def test_a_factor_is_no_preprocessing() -> None:
    with pytest.raises(TypeError, match="neither a name nor a function"):
        Classifier(net(softmax), preprocess=1 / 255)
    with pytest.raises(ValueError, match="ending='softmax' is unknown"):
        Classifier(net(softmax), ending="softmax")


def test_a_network_without_places_says_what_to_use() -> None:
    classifier = Classifier(keras.Sequential([keras.Input((4, 4, 3)), L.Flatten(), L.Dense(2)]))
    with pytest.raises(ValueError, match=r"no layer of this network has places.*LIME"):
        grad_cam(classifier, np.zeros((4, 4, 3)))


def test_the_path_of_no_picture_is_named() -> None:
    classifier = Classifier(net(softmax))
    with pytest.raises(FileNotFoundError, match=r"there is no file nowhere\.jpg"):
        classifier.top("nowhere.jpg")
    with pytest.raises(OSError, match="is a folder"):
        classifier.top(tempfile.gettempdir())


def test_a_single_logit_is_one_class_against_the_other() -> None:
    """Said to be a logit, without two labels: never a softmax over one column, which is 1."""
    model = net(lambda x: L.Dense(1)(x))
    classifier = Classifier(model, ending="logits")
    z = np.asarray(model(photos()))
    expected = np.concatenate([1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))], axis=1)
    np.testing.assert_allclose(classifier.probabilities(photos()), expected, atol=1e-6)
    assert classifier.labels == ("class 0", "class 1")

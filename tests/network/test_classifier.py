"""Classifiers around every kind of Keras model, and what they say when asked wrongly."""

import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from lessons_lib.network.classifier import Classifier
from lessons_lib.network.preprocessing import PREPROCESSING
from tests.networks import flat_net, gap_net, nested, photos, seeded

# Logits and probabilities, whatever the model ends in


@pytest.mark.parametrize("classes", [2, 4])
def test_logits_are_what_goes_into_the_softmax(classes: int) -> None:
    plain, soft = gap_net(None, classes), gap_net("softmax", classes)
    logits = plain(photos()).numpy()
    for classifier in map(Classifier, (plain, soft)):
        np.testing.assert_allclose(classifier.logits(photos()), logits, atol=1e-5)
        expected = softmax(logits, axis=1)
        np.testing.assert_allclose(classifier.probabilities(photos()), expected, atol=1e-6)


def test_a_softmax_layer_of_its_own_and_a_bare_operation_are_seen_too() -> None:
    plain = gap_net(None, 4)
    z = plain.outputs[0]
    for end in (keras.layers.Softmax(), keras.layers.Activation("softmax"), keras.ops.softmax):
        model = keras.Model(plain.inputs[0], end(z))
        expected = plain(photos()).numpy()
        np.testing.assert_allclose(Classifier(model).logits(photos()), expected, atol=1e-5)


def test_sigmoid_outputs_keep_their_own_probabilities() -> None:
    logits = gap_net(None, 3)(photos()).numpy()
    classifier = Classifier(gap_net("sigmoid", 3))
    np.testing.assert_allclose(classifier.logits(photos()), logits, atol=1e-5)
    np.testing.assert_allclose(classifier.probabilities(photos()), expit(logits), atol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_a_single_unit_is_read_as_two_classes(activation) -> None:
    z = gap_net(None, 1)(photos()).numpy()[:, 0]
    classifier = Classifier(gap_net(activation, 1), ["no", "yes"])
    np.testing.assert_allclose(classifier.logits(photos()), np.stack([-z, z], 1), atol=1e-5)
    yes = classifier.probabilities(photos())[:, 1]
    np.testing.assert_allclose(yes, expit(z), atol=1e-6)


# Every shape of model


def test_nested_sequential_subclassed_and_unbuilt_models_give_the_same() -> None:
    flat = flat_net(classes=4, hidden=7)
    expected = Classifier(flat).logits(photos())

    class Wrapped(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = flat

        def call(self, x):
            return self.inner(x)

    for model, size in (
        (nested(flat), None),
        (keras.Sequential([flat]), (16, 16)),  # never called
        (keras.Sequential([keras.Input((16, 16, 3)), nested(flat)]), None),
        (Wrapped(), (16, 16)),
    ):
        classifier = Classifier(model, input_size=size)
        np.testing.assert_allclose(classifier.logits(photos()), expected, atol=1e-6)
        assert classifier.layer.endswith("features")


def test_mixed_precision_gives_finite_float32() -> None:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        classifier = Classifier(gap_net(classes=4))
    finally:
        keras.config.set_dtype_policy(policy)
    found = classifier.gradients(photos())
    expected = Classifier(gap_net(classes=4)).gradients(photos(), found.target)
    for name in ("A", "gradient", "score"):
        value = getattr(found, name)
        assert value.dtype == np.float32
        size = np.abs(getattr(expected, name)).max()  # float16 is right to a thousandth
        np.testing.assert_allclose(value, getattr(expected, name), atol=5e-3 * size)


def test_several_inputs_or_outputs_get_an_error_or_a_choice() -> None:
    one = gap_net(classes=4)
    extra = keras.Input((2,), name="age")
    two_inputs = keras.Model(
        [one.inputs[0], extra], keras.layers.Add()([one.outputs[0], extra[:, :1]])
    )
    with pytest.raises(ValueError, match=r"has 2 inputs .*age"):
        Classifier(two_inputs)
    hidden = keras.layers.Dense(2, name="second")(one.get_layer("gap").output)
    two_outputs = keras.Model(one.inputs[0], [one.outputs[0], hidden])
    with pytest.raises(ValueError, match=r"2 outputs .*output=0"):
        Classifier(two_outputs)
    with pytest.raises(ValueError, match=r"output=2 is outside 0\.\.1"):
        Classifier(two_outputs, output=2)
    assert len(Classifier(two_outputs, output=1).labels) == 2


def test_the_default_layer_is_the_last_with_a_place() -> None:
    layers = [
        keras.Input((16, 16, 3)),
        keras.layers.Conv2D(4, 3, name="features"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Dropout(0.5),
        keras.layers.GlobalAveragePooling2D(keepdims=True),
        keras.layers.Conv2D(3, 1, name="one_by_one"),
        keras.layers.Flatten(),
    ]
    assert Classifier(seeded(keras.Sequential(layers))).layer == "features"


def test_preprocessing_is_keras_own() -> None:
    x = photos(2, 224)
    modules = {"caffe": "vgg16", "tf": "mobilenet_v2", "torch": "densenet"}
    for mode, module in modules.items():
        expected = getattr(keras.applications, module).preprocess_input(x.copy())
        np.testing.assert_allclose(PREPROCESSING[mode](x), expected, atol=1e-4)


def test_preprocessing_leaves_the_callers_array_alone() -> None:
    x = photos(2)
    kept = x.copy()
    Classifier(gap_net(classes=4), preprocess=keras.applications.vgg16.preprocess_input).logits(x)
    np.testing.assert_array_equal(x, kept)


def test_bytes_and_floats_of_any_size_are_the_same_picture() -> None:
    classifier = Classifier(gap_net(classes=4))
    bytes_ = photos(1, 40)[0].astype(np.uint8)
    np.testing.assert_array_equal(classifier.logits(bytes_), classifier.logits(bytes_ / 1.0))
    assert classifier.logits([bytes_, bytes_[:20]]).shape == (2, 4)


# Asking wrongly


@pytest.fixture(scope="module")
def animals() -> Classifier:
    return Classifier(gap_net(classes=4), ["cat", "dog", "crane", "crane"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "vgg16"}, TypeError, "is a path; load it first"),
        ({"labels": ["a", "b"]}, ValueError, "2 labels for a network of 4 classes"),
        ({"preprocess": "imagenet"}, ValueError, r"'imagenet' is unknown; use one of \['caffe'"),
        (
            {"layer": "conv_c"},
            ValueError,
            r"no layer 'conv_c'; layers that would do.*first.*features",
        ),
        ({"input_size": (9, 9)}, ValueError, r"takes pictures of \(16, 16\), not of \(9, 9\)"),
    ],
)
def test_a_classifier_that_cannot_be_says_why(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        Classifier(**{"model": gap_net(classes=4), **arguments})


def test_an_open_input_size_must_be_given() -> None:
    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    with pytest.raises(ValueError, match=r"say input_size=\(height, width\)"):
        Classifier(keras.Sequential([keras.Input((None, None, 3)), *layers]))


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (4, ValueError, r"class 4 is outside 0\.\.3"),
        (-1, ValueError, r"class -1 is outside 0\.\.3"),
        (True, TypeError, "not True"),
        (1.0, TypeError, r"not 1\.0"),
        ("ct", ValueError, "no class 'ct'; did you mean 'cat'"),
        ("crane", ValueError, r"2 classes are called 'crane': \[2, 3\]"),
        ([0, 1], ValueError, "2 targets for 3 pictures"),
    ],
)
def test_a_class_that_is_not_there_says_what_is(target, error, message, animals) -> None:
    with pytest.raises(error, match=message):
        animals.gradients(photos(), target)


def test_a_layer_that_will_not_do_says_which_would() -> None:
    model = gap_net(classes=4)
    side = keras.layers.Conv2D(2, 1, name="side")(model.get_layer("features").output)
    both = keras.Model(model.inputs[0], [model.outputs[0], side])
    with pytest.raises(ValueError, match=r"'gap' has the shape \(None, 6\).*features"):
        Classifier(model).gradients(photos(), 0, "gap")
    with pytest.raises(ValueError, match=r"'side' does not lead to the score .*features$"):
        Classifier(both, output=0).gradients(photos(), 0, "side")


def test_a_name_that_two_layers_share_must_be_given_in_full() -> None:
    inputs = keras.Input((16, 16, 3))
    a, b = nested(gap_net(classes=4)), nested(gap_net(classes=4))
    a.name, b.name = "left", "right"
    z = keras.layers.Add()([a(inputs), b(inputs)])
    classifier = Classifier(keras.Model(inputs, z))
    with pytest.raises(
        ValueError, match=r"2 layers are called 'features': \['left/backbone/features'"
    ):
        classifier.gradients(photos(), 0, "features")
    assert classifier.gradients(photos(), 0, "left/backbone/features").A.shape == (3, 5, 5, 6)

"""Classifiers of every kind of Keras model, and the files that weights come from."""

import json
import os
import shutil
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from lessons_lib import images, models, networks, weights
from lessons_lib.models import Classifier
from tests.networks import dense_network, features, gap_network, nested, photos, set_seeded_weights

COURSE = ["mobilenet_v2", "vgg16", "xception", "squeezenet"]


# Logits and probabilities, whatever the model ends in


@pytest.mark.parametrize("classes", [2, 4])
def test_logits_are_what_goes_into_the_softmax(classes: int) -> None:
    plain, soft = gap_network(classes, None), gap_network(classes, "softmax")
    logits = plain(photos()).numpy()
    for model in (plain, soft):
        np.testing.assert_allclose(Classifier(model).logits(photos()), logits, atol=1e-5)
        expected = softmax(logits, axis=1)
        np.testing.assert_allclose(Classifier(model).probabilities(photos()), expected, atol=1e-6)


def test_a_softmax_layer_of_its_own_and_a_bare_operation_are_seen_too() -> None:
    plain = gap_network(4, None)
    z = plain.outputs[0]
    for end in (keras.layers.Softmax(), keras.layers.Activation("softmax"), keras.ops.softmax):
        model = keras.Model(plain.inputs[0], end(z))
        expected = plain(photos()).numpy()
        np.testing.assert_allclose(Classifier(model).logits(photos()), expected, atol=1e-5)


def test_sigmoid_outputs_keep_their_own_probabilities() -> None:
    logits = gap_network(3, None)(photos()).numpy()
    classifier = Classifier(gap_network(3, "sigmoid"))
    np.testing.assert_allclose(classifier.logits(photos()), logits, atol=1e-5)
    np.testing.assert_allclose(classifier.probabilities(photos()), expit(logits), atol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_a_single_unit_is_read_as_two_classes(activation) -> None:
    z = gap_network(1, None)(photos()).numpy()[:, 0]
    classifier = Classifier(gap_network(1, activation), ["no", "yes"])
    np.testing.assert_allclose(classifier.logits(photos()), np.stack([-z, z], 1), atol=1e-5)
    yes = classifier.probabilities(photos())[:, 1]
    np.testing.assert_allclose(yes, expit(z), atol=1e-6)


# Every shape of model


def test_nested_sequential_subclassed_and_unbuilt_models_give_the_same() -> None:
    flat = dense_network()
    expected = Classifier(flat).logits(photos())

    class Wrapped(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = flat

        def call(self, x):
            return self.inner(x)

    for model, size in (
        (nested(flat), None),
        (keras.Sequential([flat]), (12, 12)),  # never called
        (keras.Sequential([keras.Input((12, 12, 3)), nested(flat)]), None),
        (Wrapped(), (12, 12)),
    ):
        classifier = Classifier(model, input_size=size)
        np.testing.assert_allclose(classifier.logits(photos()), expected, atol=1e-6)
        assert classifier.layer.endswith("conv_b")


def test_mixed_precision_gives_finite_float32() -> None:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        classifier = Classifier(gap_network())
    finally:
        keras.config.set_dtype_policy(policy)
    found = classifier.gradients(photos())
    expected = Classifier(gap_network()).gradients(photos(), found.target)
    for name in ("A", "gradient", "score"):
        value = getattr(found, name)
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, getattr(expected, name), atol=5e-3)


def test_several_inputs_or_outputs_get_an_error_or_a_choice() -> None:
    one = gap_network(3)
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
        *features(),
        keras.layers.MaxPooling2D(2),
        keras.layers.Dropout(0.5),
        keras.layers.GlobalAveragePooling2D(keepdims=True),
        keras.layers.Conv2D(3, 1, name="one_by_one"),
        keras.layers.Flatten(),
    ]
    assert Classifier(set_seeded_weights(keras.Sequential(layers))).layer == "conv_b"
    assert Classifier(keras.applications.MobileNet(weights=None)).layer == "conv_pw_13_relu"


def test_preprocessing_is_keras_own() -> None:
    x = photos(2, 224)
    modules = {"caffe": "vgg16", "tf": "mobilenet_v2", "torch": "densenet"}
    for mode, module in modules.items():
        expected = getattr(keras.applications, module).preprocess_input(x.copy())
        np.testing.assert_allclose(models.PREPROCESSING[mode](x), expected, atol=1e-4)


def test_preprocessing_leaves_the_callers_array_alone() -> None:
    x = photos(2, 12)
    kept = x.copy()
    Classifier(gap_network(), preprocess=keras.applications.vgg16.preprocess_input).logits(x)
    np.testing.assert_array_equal(x, kept)


def test_bytes_and_floats_of_any_size_are_the_same_picture() -> None:
    classifier = Classifier(gap_network())
    bytes_ = photos(1, 40)[0].astype(np.uint8)
    np.testing.assert_array_equal(classifier.logits(bytes_), classifier.logits(bytes_ / 1.0))
    assert classifier.logits([bytes_, bytes_[:20]]).shape == (2, 4)


# Asking wrongly


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "vgg16"}, TypeError, "not str"),
        ({"labels": ["a", "b"]}, ValueError, "2 labels for a network of 4 classes"),
        ({"preprocess": "imagenet"}, ValueError, r"'imagenet' is unknown; use one of \['caffe'"),
        (
            {"layer": "conv_c"},
            ValueError,
            r"no layer 'conv_c'; layers that would do.*conv_a.*conv_b",
        ),
        ({"input_size": (9, 9)}, ValueError, r"takes pictures of \(12, 12\), not of \(9, 9\)"),
    ],
)
def test_a_classifier_that_cannot_be_says_why(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        Classifier(**{"model": gap_network(), **arguments})


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
def test_a_class_that_is_not_there_says_what_is(target, error, message) -> None:
    classifier = Classifier(gap_network(), ["cat", "dog", "crane", "crane"])
    with pytest.raises(error, match=message):
        classifier.gradients(photos(), target)


def test_a_layer_that_will_not_do_says_which_would() -> None:
    model = gap_network()
    side = keras.layers.Conv2D(2, 1, name="side")(model.get_layer("conv_b").output)
    both = keras.Model(model.inputs[0], [model.outputs[0], side])
    with pytest.raises(ValueError, match=r"'gap' has the shape \(None, 6\).*conv_b"):
        Classifier(model).gradients(photos(), 0, "gap")
    with pytest.raises(ValueError, match=r"'side' does not lead to the class scores.*conv_b$"):
        Classifier(both, output=0).gradients(photos(), 0, "side")


def test_a_name_that_two_layers_share_must_be_given_in_full() -> None:
    inputs = keras.Input((12, 12, 3))
    a, b = nested(gap_network()), nested(gap_network())
    a.name, b.name = "left", "right"
    z = keras.layers.Add()([a(inputs), b(inputs)])
    classifier = Classifier(keras.Model(inputs, z))
    with pytest.raises(ValueError, match=r"2 layers are called 'conv_b': \['left/backbone/conv_b'"):
        classifier.gradients(photos(), 0, "conv_b")
    assert classifier.gradients(photos(), 0, "left/backbone/conv_b").A.shape == (3, 5, 5, 6)


# The course's networks


@pytest.mark.parametrize("name", COURSE)
def test_course_networks_know_the_course_photographs(name: str) -> None:
    expected = {
        "macaw": "macaw",
        "panda": "giant panda",
        "koala": "koala",
        "german_shepherd": "German shepherd",
        "hens": "hen",
        "carcassonne": "castle",
        "neuschwanstein": "castle",
        "coffee": "espresso",
        "cat": "Egyptian cat",
        "polar_bear": "ice bear",
    }
    if name != "squeezenet":  # it says ox and paper towel; its weights are as published
        expected |= {"horse": "sorrel", "paper_roll": "toilet tissue"}
    classifier = models.load(name, "course")
    photographs = [images.course_image(photo) for photo in expected]
    tops = classifier.logits(photographs).argmax(axis=1)
    assert [classifier.labels[i] for i in tops] == list(expected.values())


@pytest.mark.parametrize("name", COURSE)
def test_the_stated_layer_is_the_one_that_would_be_found(name: str) -> None:
    classifier = models.load(name, "course")
    found = Classifier(classifier.model)
    assert found.layer == classifier.layer
    assert found.spatial_layers[found.layer][:2] >= (7, 7)


def test_course_vgg16_equals_tf_keras_vis() -> None:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    from lessons_lib.grad_cam import grad_cam

    classifier = models.load("vgg16", "course")
    x = classifier.prepare(images.course_image("paper_roll"))
    peer = Gradcam(classifier.model, model_modifier=ReplaceToLinear(), clone=True)
    expected = peer(
        CategoricalScore(999),
        keras.applications.vgg16.preprocess_input(x.copy()),
        penultimate_layer="block5_conv3",
        expand_cam=False,
        normalize_cam=False,
    )
    np.testing.assert_allclose(grad_cam(classifier, x, 999), np.asarray(expected), atol=1e-5)


def test_unknown_networks_and_files_say_what_there_is(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"no network 'vgg19'; the course has \['mobilenet_v2'"):
        models.load("vgg19")
    with pytest.raises(FileNotFoundError, match='weights are "course", "imagenet" or the path'):
        models.load("vgg16", tmp_path / "none.h5")
    (tmp_path / "weights.pkl").touch()
    with pytest.raises(ValueError, match=r"weights\.pkl: weights are read from"):
        models.load("vgg16", tmp_path / "weights.pkl")
    for name in ("a.safetensors", "a.h5", "a.keras"):
        (tmp_path / name).write_bytes(b"not weights")
        with pytest.raises(ValueError, match=f"{name} does not fit squeezenet"):
            models.load("squeezenet", tmp_path / name)


def test_own_weights_take_the_same_path(tmp_path) -> None:
    import safetensors.numpy

    model = set_seeded_weights(networks.squeezenet())
    safetensors.numpy.save_file(networks.get_weights(model), tmp_path / "own.safetensors")
    model.save_weights(tmp_path / "own.weights.h5")
    model.save(tmp_path / "own.keras")
    x = photos(1, 224)
    expected = model(models.PREPROCESSING["torch"](x)).numpy()
    for file in ("own.safetensors", "own.weights.h5", "own.keras"):
        classifier = models.load("squeezenet", tmp_path / file)
        np.testing.assert_allclose(classifier.probabilities(x), expected, atol=1e-5)


def test_lessons_weights_chooses(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LESSONS_WEIGHTS", str(tmp_path / "mine.h5"))
    with pytest.raises(FileNotFoundError, match=r"mine\.h5"):
        models.load("vgg16")
    assert models.load("squeezenet", "course").name == "squeezenet"


# Weight files


def test_every_weight_file_is_listed_small_and_whole() -> None:
    listed = weights.manifest()
    files = {p.name for p in weights.FOLDER.iterdir() if p.suffix in {".h5", ".safetensors"}}
    assert files == set(listed)
    assert {entry["network"] for entry in listed.values()} == set(COURSE)
    for file, entry in listed.items():
        assert {"sha256", "source", "licence", "made_by"} <= set(entry), file
        assert (weights.FOLDER / file).stat().st_size < 48 * 2**20
        weights.checked_bytes(weights.FOLDER / file, entry["sha256"], "sha256", "")


@pytest.mark.parametrize("damage", ["flip", "truncate", "swap", "remove"])
def test_a_damaged_weight_file_is_never_loaded(damage: str, tmp_path, monkeypatch) -> None:
    file = "squeezenet.safetensors"
    shutil.copy(weights.FOLDER / "manifest.json", tmp_path)
    content = bytearray((weights.FOLDER / file).read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    elif damage == "truncate":
        del content[-1:]
    elif damage == "swap":
        content = (weights.FOLDER / "manifest.json").read_bytes()
    if damage != "remove":
        (tmp_path / file).write_bytes(content)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    monkeypatch.setattr(networks, "set_weights", lambda *_: pytest.fail("it was loaded"))
    error = FileNotFoundError if damage == "remove" else weights.DamagedFileError
    with pytest.raises(error, match=rf"{file}.*git checkout -- data/weights/{file}"):
        models.load("squeezenet", "course")


def test_weights_of_another_network_change_nothing() -> None:
    model = gap_network()
    before = [w.copy() for w in model.get_weights()]
    with pytest.raises(ValueError, match=r"do not fit gap_network: .* names differ"):
        networks.set_weights(model, {"a": np.zeros(3)})
    arrays = networks.get_weights(model)
    last = list(arrays)[-1]
    arrays[last] = np.zeros(99)
    with pytest.raises(ValueError, match=rf"{last} has shape \(99,\)"):
        networks.set_weights(model, arrays)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def _without_network(script: str, keras_home) -> subprocess.CompletedProcess:
    """Run a script in a process of its own that has another Keras cache and no network."""
    blocked = "import socket\ndef no(*a, **k): raise OSError('no network')\n"
    blocked += "socket.socket.connect = no\nsocket.getaddrinfo = no\n"
    return subprocess.run(
        [sys.executable, "-c", blocked + textwrap.dedent(script)],
        env={**os.environ, "KERAS_HOME": str(keras_home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_official_weights_are_found_where_keras_keeps_them(tmp_path) -> None:
    file = weights.OFFICIAL["mobilenet_v2"][1]
    (tmp_path / "models").mkdir()
    shutil.copy(weights.FOLDER / file, tmp_path / "models")
    done = _without_network(
        """
        from lessons_lib import images, models
        network = models.load("mobilenet_v2", "imagenet")
        print(network.top(images.course_image("panda"))[0].label)
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "giant panda", done.stderr


def test_official_weights_without_a_network_say_what_works(tmp_path) -> None:
    for present in (False, True):
        if present:  # a damaged download
            (tmp_path / "models").mkdir(exist_ok=True)
            (tmp_path / "models" / weights.OFFICIAL["vgg16"][1]).write_bytes(b"half a file")
        done = _without_network(
            """
            from lessons_lib import models, weights
            try:
                models.load("vgg16", "imagenet")
            except (weights.OfflineError, weights.DamagedFileError) as error:
                print(type(error).__name__, error)
            """,
            tmp_path,
        )
        if present:
            assert "DamagedFileError" in done.stdout, done.stderr
            assert "Delete it" in done.stdout
        else:
            assert "OfflineError" in done.stdout, done.stderr
            assert 'load("vgg16", weights="course")' in done.stdout


def test_manifest_is_what_the_readme_of_the_weights_says() -> None:
    text = (weights.FOLDER / "README.md").read_text(encoding="utf-8")
    report = json.loads((weights.FOLDER / "report.json").read_text(encoding="utf-8"))
    for name in ("vgg16", "xception", "mobilenet_v2"):
        for k in ("top_1", "top_5"):
            assert f"{100 * report[name][k]:.1f} %" in text, (name, k)

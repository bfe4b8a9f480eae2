"""The course's networks, and the files that their weights come from."""

import json
import shutil

import keras
import numpy as np
import pytest

from lessons_lib import images, models
from lessons_lib.basics import files
from lessons_lib.network import architectures, weights
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.preprocessing import PREPROCESSING
from tests.networks import course, gap_net, photos, seeded

COURSE = ["mobilenet_v2", "vgg16", "xception", "squeezenet"]


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
    if name in ("vgg16", "xception"):  # which take a second for each
        expected = {photo: expected[photo] for photo in ("panda", "paper_roll")}
    classifier = course(name)
    photographs = [images.course_image(photo) for photo in expected]
    tops = classifier.logits(photographs).argmax(axis=1)
    assert [classifier.labels[i] for i in tops] == list(expected.values())


def test_the_stated_layer_is_the_one_that_would_be_found() -> None:
    """Of the other networks: tests/network/test_published.py."""
    classifier = course("xception")
    found = Classifier(classifier.model)
    assert found.layer == classifier.layer
    assert found.spatial_layers[found.layer][:2] >= (7, 7)


def test_course_vgg16_equals_tf_keras_vis() -> None:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    from lessons_lib.grad_cam import grad_cam

    classifier = course("vgg16")
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

    model = seeded(architectures.squeezenet())
    safetensors.numpy.save_file(architectures.get_weights(model), tmp_path / "own.safetensors")
    model.save_weights(tmp_path / "own.weights.h5")
    model.save(tmp_path / "own.keras")
    for file in ("own.safetensors", "own.weights.h5", "own.keras"):
        found = weights.own_model("squeezenet", tmp_path / file)
        for now, then in zip(found.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(now, then)
    classifier = models.load("squeezenet", tmp_path / "own.safetensors")
    x = photos(1, 224)
    expected = model(PREPROCESSING["torch"](x)).numpy()
    np.testing.assert_allclose(classifier.probabilities(x), expected, atol=1e-5)


def test_lessons_weights_chooses(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LESSONS_WEIGHTS", str(tmp_path / "mine.h5"))
    with pytest.raises(FileNotFoundError, match=r"mine\.h5"):
        models.load("vgg16")
    assert models.load("squeezenet", "course").name == "squeezenet"


# Weight files


def test_every_weight_file_is_listed_small_and_whole() -> None:
    listed = weights.manifest()
    there = {p.name for p in weights.FOLDER.iterdir() if p.suffix in {".h5", ".safetensors"}}
    assert there == set(listed)
    assert {entry["network"] for entry in listed.values()} == {*COURSE, "digit_transformer"}
    for file, entry in listed.items():
        assert {"sha256", "source", "licence", "made_by"} <= set(entry), file
        assert (weights.FOLDER / file).stat().st_size < 48 * 2**20
        files.checked_bytes(weights.FOLDER / file, entry["sha256"], "sha256", "")


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
    monkeypatch.setattr(architectures, "set_weights", lambda *_: pytest.fail("it was loaded"))
    error = FileNotFoundError if damage == "remove" else files.DamagedFileError
    with pytest.raises(error, match=rf"{file}.*git checkout -- data/weights/{file}"):
        models.load("squeezenet", "course")


def test_weights_of_another_network_change_nothing() -> None:
    model = gap_net(classes=4)
    before = [w.copy() for w in model.get_weights()]
    with pytest.raises(ValueError, match=r"do not fit .*: \d+ names differ"):
        architectures.set_weights(model, {"a": np.zeros(3)})
    arrays = architectures.get_weights(model)
    last = list(arrays)[-1]
    arrays[last] = np.zeros(99)
    with pytest.raises(ValueError, match=rf"{last} has shape \(99,\)"):
        architectures.set_weights(model, arrays)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_official_weights_without_a_network_say_what_works(tmp_path, monkeypatch) -> None:
    """They are not where Keras keeps them; then they are, but damaged; then whole."""

    def no(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("socket.socket.connect", no)
    monkeypatch.setattr("socket.getaddrinfo", no)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    file = weights.OFFICIAL["mobilenet_v2"][1]
    with pytest.raises(weights.OfflineError, match=r'load\("mobilenet_v2", weights="course"\)'):
        models.load("mobilenet_v2", "imagenet")
    (tmp_path / "models" / file).write_bytes(b"half")
    with pytest.raises(files.DamagedFileError, match="Delete it"):
        models.load("mobilenet_v2", "imagenet")
    shutil.copy(weights.FOLDER / file, tmp_path / "models")
    network = models.load("mobilenet_v2", "imagenet")
    assert network.top(images.course_image("panda"))[0].label == "giant panda"


def test_manifest_is_what_the_readme_of_the_weights_says() -> None:
    text = (weights.FOLDER / "README.md").read_text(encoding="utf-8")
    report = json.loads((weights.FOLDER / "report.json").read_text(encoding="utf-8"))
    for name in ("vgg16", "xception", "mobilenet_v2", "efficientnet_lite0"):
        for k in ("top_1", "top_5"):
            assert f"{100 * report[name][k]:.1f} %" in text, (name, k)

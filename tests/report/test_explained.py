"""`explain`: three questions, their worth beside a control, what is certain to be wrong."""

import functools
import json
import warnings
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import PIL.Image
import pytest

import lessons_lib
from lessons_lib import BlackBox, Classifier, cam, explain, images, judging, models, report
from lessons_lib.basics import written
from lessons_lib.grad_cam import grad_cam
from lessons_lib.maps import layer_cam
from lessons_lib.network.scores import Score, element, rather_than
from lessons_lib.report._making import STEPS
from tests.networks import (
    SIZE,
    L,
    classifier,
    flat_net,
    gap_net,
    pictures,
    seeded,
    transformer_net,
)

LABELS = ["cat", "dog", "owl"]
FAST = ["grad_cam", "occlusion"]


def photo(seed: int = 1) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0, 30, (20, 20, 3))
    return np.clip(pictures(1, seed)[0] + grain, 0, 255).astype("uint8")


NET = classifier(gap_net(), labels=LABELS)
PHOTO = photo()
FOUND = explain(NET, PHOTO, "dog", methods=FAST)
ONE = replace(FOUND, findings=FOUND.findings[:1])  # with a figure that is drawn sooner
TOP = NET.top(PHOTO)[0]


@functools.cache
def tokens() -> Classifier:
    return Classifier(transformer_net(size=(SIZE, SIZE)))


@functools.cache
def flat() -> Classifier:
    return classifier(flat_net())


def black_box(**options: object) -> BlackBox:
    model = gap_net()
    predict = lambda x: model(x).numpy()  # noqa: E731
    return BlackBox(predict, LABELS, (SIZE, SIZE), ending="probabilities", **options)


# The three questions


def test_the_three_maps_are_those_of_the_methods_themselves() -> None:
    other = NET.class_index("dog")
    assert TOP.label != "dog"
    assert list(FOUND.questions) == ["predicted", "expected", "difference"]
    x = NET.prepare(PHOTO)[0]
    for question, target in {
        "predicted": TOP.index,
        "expected": other,
        "difference": rather_than(TOP.index, other),
    }.items():
        mine = images.resize(grad_cam(NET, x, target), NET.input_size)
        np.testing.assert_allclose(FOUND.heats[question, "Grad-CAM"], mine, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("last", ["softmax", None])
def test_a_difference_of_two_scores_is_the_logits_difference(last: str | None) -> None:
    """Whatever the network ends in; the control is the probabilities' difference."""
    net = Classifier(gap_net(last))
    view, _ = net.explaining(rather_than(2, 0))
    logits, p = net.logits(PHOTO)[0], net.probabilities(PHOTO)[0]
    assert view.logits(PHOTO)[0, 0] == pytest.approx(logits[2] - logits[0], rel=1e-4)
    assert abs((logits[2] - logits[0]) - (p[2] - p[0])) > 0.1


def test_a_single_sigmoid_has_no_map_of_the_difference_and_says_so() -> None:
    """It would be the first map, doubled; two units with a softmax do have one."""
    net = Classifier(gap_net("sigmoid", classes=1), ["circle"])
    top = net.top(PHOTO)[0].label
    (other,) = {"circle", "not circle"} - {top}
    view, _ = net.explaining(rather_than(*map(net.class_index, (top, other))))
    np.testing.assert_allclose(
        grad_cam(view, PHOTO), 2 * grad_cam(net, PHOTO, top), rtol=1e-4, atol=1e-7
    )
    found = explain(net, PHOTO, other, methods=["occlusion"])
    assert list(found.questions) == ["predicted", "expected"]
    assert found.left_out == (
        f"{top} rather than {other}: one number of the network decides between the two, so the "
        f"maps would be those of {top!r} again",
    )
    pair = Classifier(gap_net("softmax", classes=2), ["circle", "square"])
    second = 1 - pair.top(PHOTO)[0].index
    assert "difference" in explain(pair, PHOTO, second, methods=["occlusion"]).questions


def test_classes_that_follow_one_another_compile_nothing_anew() -> None:
    net = classifier(gap_net())
    for pair in ((0, 1), (2, 1), (1, 0)):
        net.explaining(rather_than(*pair))
    assert len(net._views) == 1


def test_linear_methods_need_no_score_for_the_difference() -> None:
    """So a black box has the difference too; a method that is not linear is left out, and said."""
    box = black_box()
    squared = lambda net, x, classes: net.logits(x)[:, classes[0]][:, None, None] ** 2  # noqa: E731
    found = explain(box, PHOTO, "dog", methods={**_methods("RISE"), "own": squared})
    heats = found.heats
    np.testing.assert_allclose(
        heats["difference", "RISE"], heats["predicted", "RISE"] - heats["expected", "RISE"]
    )
    assert ("difference", "own") not in heats
    assert "own" in found.left_out[0]
    assert "linear" in found.left_out[0]


@pytest.mark.parametrize("name", ["CAM", "LIME", "KernelSHAP", "occlusion", "RISE"])
def test_what_is_called_linear_is_linear_in_the_score(name: str) -> None:
    """The difference of two maps is the map of the difference, asked for by a `Score`."""
    net = flat() if name != "CAM" else NET
    (method,) = _methods(name).values()
    x = net.prepare(PHOTO)
    apart = lessons_lib.methods.heat_maps(method, net, x[0], 0) - lessons_lib.methods.heat_maps(
        method, net, x[0], 2
    )
    if name == "CAM":  # which takes no score: from its own equation
        A, w = net.activations(x), net.model.get_layer("scores").get_weights()[0]
        at_once = images.resize(cam.class_map(A, (w[:, 0] - w[:, 2])[None])[0], net.input_size)
    else:
        at_once = lessons_lib.methods.heat_maps(method, net, x[0], rather_than(0, 2))
    np.testing.assert_allclose(apart, at_once, rtol=1e-3, atol=2e-3 * np.abs(at_once).max())


def _methods(*names: str) -> dict:
    return lessons_lib.methods.by_names(names)


def test_expecting_what_was_predicted_leaves_one_question_and_says_so() -> None:
    found = explain(NET, PHOTO, TOP.label, methods=FAST)
    assert list(found.questions) == ["predicted"]
    assert "no difference" in found.left_out[0]


def test_a_class_or_a_score_in_place_of_the_predicted_one() -> None:
    other = explain(NET, PHOTO, target="dog", methods=FAST)
    assert other.findings[0].label == "dog"
    net = Classifier(gap_net(), preprocess="none", ending="scores")
    found = explain(net, PHOTO, target=element(1))
    assert {f.method for f in found.findings if not f.control} == {
        "LayerCAM", "LIME", "occlusion", "Integrated Gradients",
    }  # fmt: skip
    assert found.findings[0].label == "output[1]"
    want = layer_cam(net, net.prepare(PHOTO)[0], element(1))
    np.testing.assert_allclose(
        found.heats["predicted", "LayerCAM"], images.resize(want, (SIZE, SIZE)), rtol=1e-4
    )


# What they are worth


def test_worth_is_measured_by_deletion_and_insertion_of_the_same_question() -> None:
    other = NET.class_index("dog")
    for f in FOUND.findings:
        for curve, area in ((judging.deletion, f.deletion), (judging.insertion, f.insertion)):
            one = [curve(NET, PHOTO, f.heat, c, steps=15).area for c in (TOP.index, other)]
            want = {"predicted": one[0], "expected": one[1], "difference": one[0] - one[1]}
            assert area == pytest.approx(want[f.question], abs=1e-6)
    p = NET.probabilities(PHOTO)[0]
    assert FOUND.questions["difference"][0].answer == pytest.approx(p[TOP.index] - p[other])


def test_a_lead_counts_from_where_finer_steps_do_not_turn_it(monkeypatch) -> None:
    """On two photographs whose leads were seen to turn."""
    network = models.load("squeezenet")
    random = lambda *_: np.random.default_rng(0).random((1, 14, 14))  # noqa: E731
    leads: dict[int, list[float]] = {}
    for steps in (STEPS, 60):
        monkeypatch.setattr("lessons_lib.report._making.STEPS", steps)
        leads[steps] = []
        for name in ("giraffe", "german_shepherd"):
            methods = {"Grad-CAM": grad_cam, "random": random}
            *maps, control = explain(network, images.course_image(name), methods=methods).findings
            for one in maps:
                least = max(one.resolution, control.resolution)
                leads[steps].append((control.deletion - one.deletion) / least)
                leads[steps].append((one.insertion - control.insertion) / least)
    told, finer = map(np.array, leads.values())
    turned = np.sign(told) != np.sign(finer)
    assert 2 <= turned.sum() <= 4
    assert np.abs(told[turned]).max() < 1


def test_a_small_lead_does_not_count() -> None:
    control = replace(FOUND.findings[-1], deletion=0.3, insertion=0.6, resolution=0.01)
    for deletion, insertion, measures in (
        (0.3, 0.6, 0), (0.286, 0.614, 0), (0.284, 0.614, 1), (0.286, 0.616, 1), (0.284, 0.616, 2),
        (0.4, 0.616, 1), (0.4, 0.5, 0),
    ):  # fmt: skip
        found = replace(control, deletion=deletion, insertion=insertion, resolution=0.015)
        assert found.ahead_of(control) == measures
        other = replace(found, resolution=0.0), replace(control, resolution=0.015)
        assert other[0].ahead_of(other[1]) == measures
    still = replace(control, resolution=0.0)  # flat curves, or a folder of an older version
    for deletion, insertion, measures in ((0.2999, 0.6001, 0), (0.299, 0.601, 2)):
        assert replace(still, deletion=deletion, insertion=insertion).ahead_of(still) == measures


def test_what_counts_is_a_share_of_what_the_curves_cover() -> None:
    """Of a difference too, which may be near nothing where its curves are not."""
    for found in FOUND.findings:
        signs = dict(zip(found.label.split(" rather than "), (1, -1), strict=False))
        covered = [
            np.ptp(
                sum(
                    sign * curve(NET, PHOTO, found.heat, label, steps=STEPS).probability
                    for label, sign in signs.items()
                )
            )
            for curve in (judging.deletion, judging.insertion)
        ]
        assert found.resolution == pytest.approx(0.03 * max(covered), rel=1e-4)


def test_the_control_knows_the_layer_and_no_class() -> None:
    controls = [f for f in FOUND.findings if f.control]
    assert len(controls) == 3
    mean = NET.activations(PHOTO).mean(axis=-1)[0]
    for f in controls:
        np.testing.assert_allclose(f.heat, images.resize(mean, NET.input_size), rtol=1e-5)
    at_first = explain(NET, PHOTO, methods=["grad_cam"], layer="first").findings[-1]
    assert at_first.method == "mean of the channels of first"
    assert not np.allclose(at_first.heat, controls[0].heat)


def test_a_layer_of_its_own_is_looked_at() -> None:
    found = explain(NET, PHOTO, methods=FAST, layer="first")
    want = images.resize(grad_cam(NET, NET.prepare(PHOTO)[0], layer="first"), NET.input_size)
    np.testing.assert_allclose(found.heats["predicted", "Grad-CAM"], want, rtol=1e-4, atol=1e-6)
    assert not np.allclose(want, FOUND.heats["predicted", "Grad-CAM"])


def test_where_no_layer_is_the_control_is_a_spot_in_the_middle() -> None:
    for net in (black_box(), tokens()):
        control = explain(net, PHOTO, methods=["occlusion"]).findings[-1]
        assert control.method == "centre spot"
        row, column = np.unravel_index(control.heat.argmax(), control.heat.shape)
        assert {row, column} <= {SIZE // 2 - 1, SIZE // 2}


# Which methods


def test_default_methods_fit_the_network() -> None:
    assert "Grad-CAM" in report.fitting_methods(NET)
    assert not tokens().layer
    assert not any("CAM" in name for name in report.fitting_methods(tokens()))
    assert report.fitting_methods(black_box()) == ["LIME", "KernelSHAP", "occlusion", "RISE"]


def test_a_default_method_that_refuses_is_left_out_and_a_named_one_raises(monkeypatch) -> None:
    def refuses(classifier: object, x: object, classes: object) -> None:
        raise ValueError("this network lets no gradient through")

    monkeypatch.setitem(lessons_lib.methods.METHODS, "Integrated Gradients", refuses)
    monkeypatch.setattr(report._making, "fitting_methods", lambda *_: ["occlusion", "ig"])
    found = explain(NET, PHOTO)
    assert {f.method for f in found.findings if not f.control} == {"occlusion"}
    assert found.left_out == ("Integrated Gradients: this network lets no gradient through",)
    with pytest.raises(ValueError, match="no gradient through"):
        explain(NET, PHOTO, methods=["occlusion", "ig"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"expected": "dgo"}, "did you mean 'dog'"),
        ({"target": 7}, "outside 0..2"),
        ({"methods": ["magic"]}, "no method 'magic'; there are cam"),
        ({"methods": "grad_cam"}, "a list of names"),
        ({"methods": []}, "no method"),
        ({"methods": ["occlusion"], "layer": "first"}, "looks at a layer"),
        ({"layer": "frist"}, "frist"),
        ({"picture": np.stack([PHOTO, PHOTO])}, "one picture, but there are 2"),
        ({"picture": "nowhere.jpg"}, "there is no file nowhere.jpg"),
        ({"target": element(1), "expected": "dog"}, "is a score"),
        ({"network": gap_net()}, "takes a Classifier or a BlackBox, not Sequential"),
    ],
)
def test_bad_input_is_named(arguments: dict, message: str) -> None:
    options = {"network": NET, "picture": PHOTO} | arguments
    with pytest.raises((ValueError, TypeError, OSError), match=message):
        explain(options.pop("network"), options.pop("picture"), **options)


def test_nothing_is_changed() -> None:
    before, weights = PHOTO.copy(), [w.copy() for w in NET.model.get_weights()]
    explain(NET, PHOTO, "dog", methods=FAST)
    np.testing.assert_array_equal(PHOTO, before)
    for w, now in zip(weights, NET.model.get_weights(), strict=True):
        np.testing.assert_array_equal(w, now)


# Warnings: only of what is certain


def test_a_sound_case_has_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert explain(NET, PHOTO, "dog", methods=FAST).warnings == ()


def test_a_blank_map_is_named_with_what_to_do() -> None:
    blank = {"flat": lambda net, x, classes: np.ones((len(x), 2, 2))}
    below = {"below": lambda net, x, classes, layer=None: -np.arange(4.0).reshape(1, 2, 2)}
    found = explain(NET, PHOTO, "dog", methods=blank | below)
    first, second = found.warnings
    assert "flat" in first
    assert "blank" in first
    assert "another method" in first
    assert "below" in second
    assert "no value above 0" in second
    only = {"layered": lambda net, x, classes, layer=None: np.ones((len(x), 2, 2))}
    assert "another layer (layer=)" in explain(NET, PHOTO, methods=only).warnings[0]


@pytest.mark.parametrize(("factor", "saturated"), [(1, False), (40, True)])
def test_a_saturated_answer_is_named(factor: float, saturated: bool) -> None:
    model = gap_net()
    model.get_layer("scores").kernel.assign(factor * model.get_layer("scores").kernel)
    said = explain(classifier(model), PHOTO, methods=["occlusion"]).warnings
    assert any("saturated" in what for what in said) == saturated


def coarse_net() -> keras.Model:
    return seeded(
        keras.Sequential(
            [
                keras.Input((SIZE, SIZE, 3)),
                L.Rescaling(1 / 64),
                L.Conv2D(6, 3, strides=8, activation="relu", name="features"),
                L.GlobalAveragePooling2D(),
                L.Dense(3, activation="softmax"),
            ]
        )
    )


def test_doubts_of_the_classifier_are_kept_and_told_each_time() -> None:
    with pytest.warns(UserWarning, match="2 x 2 places"):
        coarse = Classifier(coarse_net())
    assert "coarse" in coarse.doubts[0]
    with pytest.warns(UserWarning, match="scaled twice"):
        twice = Classifier(gap_net(), preprocess=lambda x: x / 255, layer="features")
    assert len(twice.doubts) == 1
    assert NET.doubts == ()
    for net in (coarse, twice):
        said = explain(net, PHOTO, "class 1", methods=["occlusion"]).warnings
        assert [what for what in said if what in net.doubts] == list(net.doubts)
        assert len(set(said)) == len(said)
    with pytest.warns(UserWarning, match="same answer"):
        deaf = BlackBox(lambda x: np.full((len(x), 2), 0.5), None, (8, 8))
    assert "same answer" in deaf.doubts[0]


def test_what_a_method_warns_of_is_kept_and_still_warned_of() -> None:
    def hesitates(net: object, x: np.ndarray, classes: object) -> np.ndarray:
        warnings.warn("the sum is not complete", stacklevel=2)
        return x[..., 0]

    with pytest.warns(UserWarning, match="not complete"):
        found = explain(NET, PHOTO, "dog", methods={"own": hesitates})
    assert found.warnings == ("the sum is not complete",)


# In a notebook, as a figure, in a folder


def test_the_figure_has_a_row_for_each_question() -> None:
    axes = FOUND.figure().axes
    assert len(axes) == 3 * (1 + 2 + 1)
    assert "control: mean of" in axes[3].get_title().replace("\n", " ")
    alone = explain(NET, PHOTO, methods=FAST)
    assert len(alone.figure().axes) == 4
    assert repr(FOUND).startswith(f"<Explained a picture: {TOP.label}")


def test_what_is_saved_comes_back(tmp_path, monkeypatch) -> None:
    """And the manifest is written last."""
    before = []
    manifest = report.Explained._manifest

    def noted(self: report.Explained, folder: Path) -> dict:
        before.extend(p.name for p in folder.iterdir())
        return manifest(self, folder)

    monkeypatch.setattr(report.Explained, "_manifest", noted)
    folder = FOUND.save(tmp_path / "one")
    assert set(before) == {p.name for p in folder.iterdir()} - {"manifest.json"}
    back = report.load_explained(folder)
    assert back.rows() == FOUND.rows()
    assert (back.warnings, back.left_out, back.answers) == (
        FOUND.warnings, FOUND.left_out, FOUND.answers,
    )  # fmt: skip
    for key, heat in FOUND.heats.items():
        np.testing.assert_array_equal(back.heats[key], heat)
    assert (folder / "numbers.csv").read_text().count("\n") == 1 + len(FOUND.findings)
    assert json.loads((folder / "numbers.json").read_text()) == FOUND.rows()
    told = json.loads((folder / "manifest.json").read_text())
    assert set(told["files"]) == {p.name for p in folder.iterdir()} - {"manifest.json"}
    assert told["versions"]["lessons_lib"] == lessons_lib.__version__
    assert told["settings"]["seed"] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["one"]
    assert report.load_explained(ONE.save(folder)).rows() == ONE.rows()  # replaced


def test_methods_whose_names_are_alike_for_a_disk_are_all_saved(tmp_path) -> None:
    own = {
        name: lambda net, x, classes, i=i: np.roll(x[..., 0], i, axis=1)
        for i, name in enumerate(["a b", "a/b", "control", "../a"])
    }
    found = explain(NET, PHOTO, methods=own)
    back = report.load_explained(found.save(tmp_path / "one"))
    assert len(back.heats) == 5
    for key, heat in found.heats.items():
        np.testing.assert_array_equal(back.heats[key], heat)
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_a_changed_or_unfinished_folder_is_not_read(tmp_path) -> None:
    folder = ONE.save(tmp_path / "one")
    with open(folder / "numbers.csv", "a") as file:
        file.write("x")
    with pytest.raises(ValueError, match=r"numbers\.csv"):
        report.load_explained(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="manifest"):
        report.load_explained(folder)
    (tmp_path / "one" / "manifest.json").write_text('{"kind": "other"}')
    with pytest.raises(ValueError, match=r"manifest\.json"):
        report.load_explained(folder)


@pytest.mark.parametrize("breaks", ["figure", "_manifest"])
def test_a_save_that_fails_leaves_nothing_and_keeps_what_was(breaks, tmp_path, monkeypatch) -> None:
    def fails(self: object, *_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(report.Explained, breaks, fails)
    with pytest.raises(OSError, match="no space"):
        ONE.save(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    ONE.save(tmp_path / "old")
    before = {p.name: p.read_bytes() for p in (tmp_path / "old").iterdir()}
    monkeypatch.setattr(report.Explained, breaks, fails)
    with pytest.raises(OSError, match="no space"):
        ONE.save(tmp_path / "old")
    assert {p.name: p.read_bytes() for p in (tmp_path / "old").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


def test_a_save_that_fails_at_the_last_step_puts_back_what_was(tmp_path, monkeypatch) -> None:
    folder = ONE.save(tmp_path / "one")
    rename = Path.rename

    def fails(self: Path, to: Path) -> Path:
        if self.name == "new":
            raise OSError("the disk was taken out")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="taken out"):
        ONE.save(folder)
    monkeypatch.undo()
    assert report.load_explained(folder).rows() == ONE.rows()
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    with pytest.raises(FileExistsError, match="not written by this program"):
        ONE.save(tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["diary.txt"]


def test_a_photographs_place_and_camera_are_in_nothing_that_is_written(tmp_path) -> None:
    exif = PIL.Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 30.0)
    path = tmp_path / "holiday.jpg"
    PIL.Image.fromarray(PHOTO).save(path, exif=exif)
    assert b"Secret Camera" in path.read_bytes()
    found = explain(NET, path, methods=["occlusion"])
    assert found.name == "holiday.jpg"
    folder = found.save(tmp_path / "out")
    for file in folder.iterdir():
        assert b"Secret" not in file.read_bytes()
        if file.suffix in (".jpg", ".png"):
            assert not PIL.Image.open(file).getexif()


def test_large_pictures_are_kept_small(monkeypatch) -> None:
    monkeypatch.setattr(report._making, "LARGEST", 10)
    assert explain(NET, PHOTO, methods=FAST).picture.shape == (10, 10, 3)


def test_formulas_of_spreadsheets_are_only_text() -> None:
    rows = [{"label": text, "answer": -0.5} for text in ("=1+1", "+a", "-a", "@a", " =a", "cat")]
    lines = written.as_csv(rows).splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == ["'=1+1", "'+a", "'-a", "'@a", "' =a", "cat"]
    assert all(line.endswith("-0.5") for line in lines)


def test_three_names_at_the_door() -> None:
    assert lessons_lib.Classifier is Classifier
    assert lessons_lib.explain is report.explain
    assert {"Classifier", "BlackBox", "explain"} <= set(dir(lessons_lib))
    with pytest.raises(AttributeError, match="explian"):
        _ = lessons_lib.explian


def test_a_score_of_the_readers_is_told_from_ours() -> None:
    assert Score(lambda y: y[:, 0]).own
    assert not rather_than(0, 1).own
    assert not element(0).own

"""``lessons-lib explain``: pictures, folders, a report; clear errors and exit codes."""

import contextlib
import csv
import gc
import io
import json
import re
import sys
import tomllib
import weakref
import zipfile
from argparse import Namespace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import PIL.Image
import pytest

import lessons_lib.report
from lessons_lib import __main__ as shell
from lessons_lib import images, models
from lessons_lib.__main__ import STOPPED, main
from lessons_lib.basics import files, written
from lessons_lib.grad_cam import grad_cam
from lessons_lib.methods import METHODS, by_names, short_name
from lessons_lib.network.classifier import Classifier
from tests.networks import SIZE, L, gap_net, pictures, seeded

PANDA = str(files.DATA / "images" / "panda.jpg")
KOALA = str(files.DATA / "images" / "koala.jpg")
pytestmark = pytest.mark.usefixtures("shared_networks")
ROOT = Path(__file__).parents[1]
README_PICTURE = ROOT / "docs" / "koala_explained.jpg"
LABELS = ["cat", "dog", "owl"]
LOADED: dict[str, Classifier] = {}


@pytest.fixture(autouse=True)
def loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded again with the same options is the network that is there."""
    load = shell.network_for

    def once(given: Namespace) -> Classifier:
        names = ("model", "weights", "labels", "unsafe", *shell.OPTIONS)
        key = str([getattr(given, name) for name in names])
        if key not in LOADED:
            LOADED[key] = load(given)
        return LOADED[key]

    monkeypatch.setattr(shell, "network_for", once)


def photo(seed: int = 1) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0, 30, (20, 20, 3))
    return np.clip(pictures(1, seed)[0] + grain, 0, 255).astype("uint8")


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of one's own, its labels, and a folder of photographs."""
    folder = tmp_path_factory.mktemp("mine")
    gap_net().save(folder / "net.keras")
    (folder / "labels.txt").write_text("cat\ndog\n\nowl\n")
    (folder / "photos").mkdir()
    for i in range(3):
        PIL.Image.fromarray(photo(i)).save(folder / "photos" / f"p{i}.png")
    (folder / "photos" / "notes.txt").write_text("no picture, and not meant as one")
    return folder


@pytest.fixture(scope="module")
def net() -> Classifier:
    """What ``net.keras`` holds."""
    return Classifier(gap_net(), LABELS)


def options(mine: Path, *more: str) -> list[str]:
    """For one's own network, with methods that take no time."""
    return [
        "--model", str(mine / "net.keras"), "--labels", str(mine / "labels.txt"),
        "--methods", "grad_cam,saliency", *more,
    ]  # fmt: skip


# One photograph, a network of the course


def test_a_picture_with_all_maps_and_their_numbers(tmp_path, capsys) -> None:
    """The one that README shows."""
    out = tmp_path / "koala maps.jpg"
    assert main(["explain", KOALA, "--model", "squeezenet", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "koala.jpg: koala: " in printed
    assert f"written: {out}" in printed
    names = ("Grad-CAM", "Score-CAM", "LIME", "KernelSHAP", "Integrated Gradients", "control:")
    for name in names:
        row = next(line for line in printed.splitlines() if line.startswith(name))
        deletion, insertion = map(float, row.split()[-2:])
        assert 0 <= min(deletion, insertion) <= max(deletion, insertion) <= 1
        assert deletion < insertion or name == "Integrated Gradients"
    picture, shown = (images.load_image(path).astype(float) for path in (out, README_PICTURE))
    assert picture.shape == shown.shape
    assert np.abs(picture - shown).mean() < 3  # grey levels


# One's own network


def test_a_model_from_a_file_gives_what_it_gives_in_python(mine, net, tmp_path, capsys) -> None:
    photograph = mine / "photos" / "p1.png"
    arguments = options(mine, "--out", str(tmp_path / "all"), "--expected", "dog")
    assert main(["explain", str(photograph), *arguments]) == 0
    found = lessons_lib.report.load_explained(tmp_path / "all" / "p1")
    top = net.top(photo(1))[0]
    assert f"p1.png: {top.label}: {top.probability:.2f}" in capsys.readouterr().out
    heat = images.resize(grad_cam(net, photo(1)), net.input_size)
    np.testing.assert_allclose(found.heats["predicted", "Grad-CAM"], heat, rtol=1e-4, atol=1e-6)
    assert list(found.questions) == ["predicted", "expected", "difference"]
    assert found.name == "p1.png"


def test_preprocess_and_layer_reach_the_network(mine, tmp_path) -> None:
    out = tmp_path / "a"
    more = options(mine, "--preprocess", "tf", "--layer", "first", "--out", str(out))
    more[more.index("grad_cam,saliency")] = "grad_cam"
    assert main(["explain", str(mine / "photos" / "p1.png"), *more]) == 0
    found = lessons_lib.report.load_explained(out / "p1")
    net = Classifier(gap_net(), LABELS, "tf", layer="first")
    heat = images.resize(grad_cam(net, photo(1)), net.input_size)
    np.testing.assert_allclose(found.heats["predicted", "Grad-CAM"], heat, rtol=1e-3, atol=1e-6)
    assert found.settings["layer"] == "first"


def test_another_class_and_by_default_it_is_written_where_one_stands(
    mine, net, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", str(mine / "photos" / "p1.png"), *options(mine, "--class", "owl")]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["p1_explained.png"]
    assert f"p1.png: owl: {net.probabilities(photo(1))[0, 2]:.2f}" in capsys.readouterr().out


def test_a_class_by_name_or_number(net: Classifier) -> None:
    """``--class`` is what ``--target`` was called."""
    for option in ("--class", "--target"):
        assert shell.parser().parse_args(["explain", PANDA, option, "2"]).target == "2"
    assert shell.class_of(net, "2") == shell.class_of(net, "owl") == 2


def test_what_a_model_leaves_open_can_be_said(tmp_path, capsys) -> None:
    """Pictures of any size, several outputs, an ending that is not seen: as in Python."""
    inputs = keras.Input((None, None, 3))
    x = L.Conv2D(4, 3, activation="relu", name="features")(L.Rescaling(1 / 255)(inputs))
    x = L.GlobalAveragePooling2D()(x)
    kinds, age = L.Dense(3, "softmax", name="kinds")(x), L.Dense(1, name="age")(x)
    model = seeded(keras.Model(inputs, [kinds, age]))
    model.save(tmp_path / "open.keras")
    PIL.Image.fromarray(photo()).save(tmp_path / "p.png")
    command = ["explain", str(tmp_path / "p.png"), "--model", str(tmp_path / "open.keras")]
    command += ["--methods", "grad_cam", "--out", str(tmp_path / "maps")]
    assert main(command) == 2
    assert "input_size=" in capsys.readouterr().err
    command += ["--input-size", "40", "30"]
    assert main(command) == 2
    assert "say which one to explain" in capsys.readouterr().err
    for output, more in (("age", {"ending": "numbers"}), ("0", {})):
        said = [word for name, value in more.items() for word in (f"--{name}", value)]
        assert main([*command, "--output", output, *said]) == 0
        which = int(output) if output.isdigit() else output
        net = Classifier(model, input_size=(40, 30), output=which, **more)
        found = lessons_lib.report.load_explained(tmp_path / "maps" / "p")
        heat = images.resize(grad_cam(net, photo()), net.input_size)
        np.testing.assert_allclose(found.heats["predicted", "Grad-CAM"], heat, rtol=1e-3, atol=1e-6)
        assert found.findings[0].answer == pytest.approx(net.top(photo())[0].probability, rel=1e-4)


def test_pixels_are_stretched_to_the_networks_values(net, mine, tmp_path) -> None:
    """A network that was trained with pixels -1000..1000, in grey; and what one in colour gets."""
    model = seeded(
        keras.Sequential(
            [
                keras.Input((SIZE, SIZE, 1)),
                L.Rescaling(1 / 500),
                L.Conv2D(4, 3, activation="relu", name="features"),
                L.GlobalAveragePooling2D(),
                L.Dense(2),
            ]
        )
    )
    model.save(tmp_path / "net.keras")
    PIL.Image.fromarray(photo()).save(tmp_path / "p.png")
    command = ["explain", str(tmp_path / "p.png"), "--model", str(tmp_path / "net.keras")]
    command += ["--pixels", "-1000", "1000", "--methods", "occlusion", "--out", str(tmp_path / "o")]
    assert main(command) == 0
    found = lessons_lib.report.load_explained(tmp_path / "o" / "p")
    grey = Classifier(model, preprocess="none", value_range=(-1000, 1000))
    stretched = photo() / 255 * 2000 - 1000
    want = grey.probabilities(stretched.mean(axis=-1, keepdims=True).clip(-1000, 1000)).max()
    assert found.findings[0].answer == pytest.approx(want, rel=1e-4)
    wide = net.replace(preprocess="none", value_range=(-1000, 1000))
    np.testing.assert_allclose(shell.photograph(tmp_path / "p.png", wide), stretched, atol=1e-2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '["cat", "dog", "owl"]'),
        ("b.json", '{"owl": 2, "cat": 0, "dog": 1}'),
        ("c.json", '{"0": "cat", "2": "owl", "1": "dog"}'),
        ("d.txt", "\ufeffcat\r\ndog\r\nowl"),
    ],
)
def test_labels_as_people_have_them(name: str, text: str, net, tmp_path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = net.replace(labels=shell.labels_from(str(tmp_path / name)))
    assert [*found.labels] == LABELS


# Folders


class Folder(NamedTuple):
    """A folder that was explained, and what was said and held meanwhile."""

    photos: Path
    out: Path
    page: Path
    command: list[str]
    code: int
    said: str
    errors: str
    held: list[int]


@pytest.fixture(scope="module")
def folder(mine: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Three photographs, two of one name, and a file that is none."""
    place = tmp_path_factory.mktemp("folder")
    photos, out, page = place / "photos", place / "out", place / "for_a_colleague.html"
    photos.mkdir()
    for i, name in enumerate(["p0.jpg", "p0.png", "p1.png"]):
        PIL.Image.fromarray(photo(i)).save(photos / name)
    (photos / "cut off.jpg").write_bytes((mine / "photos" / "p0.png").read_bytes()[:90])
    command = ["explain", str(photos), *options(mine, "--out", str(out))]
    born: list[weakref.ref] = []
    held: list[int] = []
    whole = lessons_lib.report.explain

    def watched(*a: object, **k: object) -> object:
        gc.collect()
        held.append(sum(ref() is not None for ref in born))
        found = whole(*a, **k)
        born.append(weakref.ref(found.findings[0]))
        return found

    said, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors),
    ):  # fmt: skip
        patch.setattr(lessons_lib.report, "explain", watched)
        code = main([*command, "--report", str(page)])
    return Folder(photos, out, page, command, code, said.getvalue(), errors.getvalue(), held)


def test_a_folder_goes_through_and_broken_files_are_named_and_skipped(folder: Folder) -> None:
    """Photographs of the same name get folders of their own."""
    assert folder.code == 1
    assert "3 explained, 0 there already, 1 skipped" in folder.said
    assert "skipped: " in folder.errors
    assert "cut off.jpg cannot be read as a picture" in folder.errors
    names = {"p0", "p0_2", "p1"}
    assert {p.name for p in folder.out.iterdir()} == names | {"numbers.csv", "numbers.json"}
    assert all((folder.out / name / "manifest.json").is_file() for name in names)
    rows = json.loads((folder.out / "numbers.json").read_text())
    assert len(rows) == 3 * 3  # two methods and the control
    with open(folder.out / "numbers.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["method"] for row in table] == [row["method"] for row in rows]
    assert [float(row["deletion"]) for row in table] == [row["deletion"] for row in rows]
    assert folder.page.read_text(encoding="utf-8").count("<article") == 3


def test_no_result_is_held_while_the_next_is_made(folder: Folder) -> None:
    """Flat memory: of all photographs before, at most one result is alive."""
    assert len(folder.held) == 3
    assert max(folder.held) <= 1


def test_what_has_its_manifest_is_not_done_again(folder: Folder, capsys, monkeypatch) -> None:
    """But what was made from another photograph, or with other options, or is damaged, is."""
    photos, out, command = folder.photos, folder.out, folder.command
    before = (out / "p1" / "manifest.json").stat().st_mtime_ns
    numbers = (out / "numbers.csv").read_text()
    asked: list[str] = []
    whole = lessons_lib.report.explain
    monkeypatch.setattr(
        lessons_lib.report, "explain", lambda *a, **k: asked.append("one") or whole(*a, **k)
    )
    (photos / "cut off.jpg").unlink()
    assert main(command) == 0
    assert asked == []
    assert (out / "p1" / "manifest.json").stat().st_mtime_ns == before
    assert (out / "numbers.csv").read_text() == numbers
    assert "0 explained, 3 there already" in capsys.readouterr().out
    PIL.Image.fromarray(photo(7)).save(photos / "p0.png")
    with open(out / "p1" / "maps.npz", "ab") as file:
        file.write(b"x")
    assert main(command) == 0
    assert len(asked) == 2

    def refused(*_: object, **options: object) -> None:
        asked.append("other options")
        raise ValueError("that is enough")

    monkeypatch.setattr(lessons_lib.report, "explain", refused)
    command[command.index("grad_cam,saliency")] = "saliency"
    assert main(command) == 2
    assert asked[2:] == ["other options"]


def test_a_run_that_is_stopped_leaves_only_what_is_whole(
    mine, tmp_path, monkeypatch, capsys
) -> None:
    """And says in one line how to go on."""
    whole, done = lessons_lib.report.explain, []

    def stopped(*a: object, **k: object) -> object:
        if done:
            raise KeyboardInterrupt
        done.append("one")
        return whole(*a, **k)

    monkeypatch.setattr(lessons_lib.report, "explain", stopped)
    page = tmp_path / "page.html"
    command = ["explain", str(mine / "photos"), *options(mine, "--out", str(tmp_path / "out"))]
    assert main([*command, "--report", str(page)]) == STOPPED
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said == "stopped; with --out FOLDER the same command goes on from here"
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["p0"]
    lessons_lib.report.load_explained(tmp_path / "out" / "p0")


def test_what_a_killed_run_left_is_cleared_by_the_next_and_nothing_else(
    mine, tmp_path, monkeypatch
) -> None:
    """Killed: nothing that cleans up behind a failure has run."""
    out, page = tmp_path / "out", tmp_path / "page.html"
    command = ["explain", str(mine / "photos"), *options(mine, "--out", str(out))]
    command += ["--report", str(page)]
    written_last = lessons_lib.report.Explained._manifest
    with monkeypatch.context() as killed:
        killed.setattr(written.shutil, "rmtree", lambda *a, **k: None)
        killed.setattr(written.os, "unlink", lambda *a, **k: None)
        done: list[str] = []

        def stopped(found: lessons_lib.report.Explained, folder: Path) -> dict:
            done.append(found.name)
            if len(done) == 2:
                raise KeyboardInterrupt
            return written_last(found, folder)

        killed.setattr(lessons_lib.report.Explained, "_manifest", stopped)
        assert main(command) == STOPPED
    left = [*out.glob(".p*"), *tmp_path.glob(".page.html-*")]
    assert sorted(path.name[:4] for path in left) == [".p0-", ".p1-", ".pag"]

    others = [out / name for name in (".p7-abcdefgh", ".p1-mine", ".p1-abcdefgh.txt")]
    others += [out / ".p2-abcdefgh", tmp_path / ".notes.html-abcdefgh"]
    for path in others:
        path.mkdir()
        (path / "diary.txt").write_text("not this program's")
    note = tmp_path / ".other.html-abcdefgh"  # as this program names a file, for another page
    note.touch()
    assert main(command) == 0
    assert not any(path.exists() for path in left)
    assert note.is_file()
    assert all((path / "diary.txt").is_file() for path in others)
    assert sorted(p.name for p in out.iterdir() if p not in others) == [
        "numbers.csv", "numbers.json", "p0", "p1", "p2",
    ]  # fmt: skip


def test_a_photograph_of_many_megapixels_is_reduced_while_it_is_read(tmp_path) -> None:
    """Upright as before, and the same picture but for its size."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # lies on its side
    pixels = np.zeros((400, 600, 3), "uint8")
    pixels[:200, :300] = (200, 40, 0)
    for name in ("a.jpg", "a.png", "a.webp"):
        PIL.Image.fromarray(pixels).save(tmp_path / name, exif=exif)
        whole = images.load_image(tmp_path / name)
        small = images.load_image(tmp_path / name, most_pixels=30_000)
        assert whole.shape == (600, 400, 3)
        height, width = small.shape[:2]
        assert 7_000 < height * width <= 30_000
        assert height / width == pytest.approx(1.5, rel=0.02)
        np.testing.assert_allclose(
            images.resize(whole, (6, 4)), images.resize(small, (6, 4)), atol=3
        )


# What cannot be done: one sentence, exit code 2, nothing written


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere.jpg"], "there is no file nowhere.jpg"),
        ([PANDA, "--model", "squeezenet", "--class", "giant pandda"], "did you mean 'giant panda'"),
        ([PANDA, "--model", "squeezenet", "--expected", "1000"], "outside 0..999"),
        ([PANDA, "--methods", "magic"], "no method 'magic'; there are cam, grad_cam"),
        ([PANDA, "--methods", ","], "no method"),
        ([PANDA, "--model", "vgg19"], "no network 'vgg19'"),
        ([PANDA, "--model", "alexnet"], "--model alexnet --weights bvlcalexnet-12.onnx"),
        ([PANDA, "--out", "no/where.png"], "there is no folder"),
        ([PANDA, "--report", "no/where.html"], "there is no folder"),
        ([PANDA, "--report", "page.pdf"], "ends in .html"),
        ([PANDA, "--out", "file.doc"], "ends in .png"),
        ([PANDA, KOALA, "--out", "file.png"], "several photographs need a folder"),
        ([__file__], "cannot be read as a picture"),
        ([PANDA, "--model", "squeezenet", "--labels", "l.txt"], "a model of your own"),
        ([PANDA, "--model", "squeezenet", "--output", "0"], "a model of your own"),
        ([PANDA, "--weights", "x.keras"], "say --model x.keras --preprocess"),
        ([PANDA, "--model", "x.keras"], "there is no file x.keras"),
        ([PANDA, "--model", "x.keras", "--weights", "course"], "has its own"),
        ([PANDA, "--out", f"{__file__}/maps"], "is a file"),
    ],
)
def test_errors_are_one_line_and_exit_with_2(
    options, message, capsys, monkeypatch, tmp_path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", *options]) == 2
    error = capsys.readouterr().err
    last = error.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last, last
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def misfits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models and labels that do not fit."""
    folder = tmp_path_factory.mktemp("misfits")
    (folder / "text.keras").write_text("this is no model")
    with zipfile.ZipFile(folder / "zip.keras", "w") as archive:
        archive.writestr("hello.txt", "an archive of something else")
    gap_net().save(folder / "old.h5")
    keras.Sequential(
        [keras.Input((SIZE, SIZE, 5)), L.Conv2D(2, 3), L.GlobalAveragePooling2D()]
    ).save(folder / "five.keras")
    keras.Sequential([keras.Input((9,)), L.Dense(2)]).save(folder / "table.keras")
    (folder / "four.txt").write_text("a\nb\nc\nd")
    (folder / "bad.json").write_text("{cat}")
    (folder / "bytes.txt").write_bytes(b"\xff\xfe\x00cat")
    (folder / "empty").mkdir()
    (folder / "nested" / "deeper").mkdir(parents=True)
    PIL.Image.fromarray(photo()).save(folder / "p.png")
    return folder


@pytest.fixture
def odd(misfits: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One stands in that folder."""
    monkeypatch.chdir(misfits)
    return misfits


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--model", "text.keras"], "text.keras cannot be read as a Keras model"),
        (["--model", "zip.keras"], "zip.keras cannot be read as a Keras model"),
        (["--model", "old.h5"], "save it again"),
        (["--model", "five.keras"], "explain it in Python"),
        (["--model", "table.keras"], "error: "),
        (["--labels", "four.txt"], "4 labels for a network of 3 classes"),
        (["--labels", "bad.json"], "bad.json holds no names of classes"),
        (["--labels", "bytes.txt"], "bytes.txt holds no names of classes"),
        (["--labels", "none.txt"], "none.txt"),
        (["--pixels", "1", "0"], "lowest and the highest"),
        (["--layer", "frist"], "frist"),
        (["--layer", "first", "--methods", "cam"], "global average pooling"),
        (["--target", "dgo"], "did you mean 'dog'"),
    ],
)
def test_what_does_not_fit_ones_own_network(changed, message, odd, mine, capsys) -> None:
    command = ["explain", "p.png", *options(mine, "--out", "maps", "--report", "page.html")]
    if changed[0] == "--model" and changed[1] != "old.h5":
        command = [c for c in command if c not in ("--labels", str(mine / "labels.txt"))]
    before = {p.name for p in odd.iterdir()}
    assert main([*command, *changed]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error, error
    assert {p.name for p in odd.iterdir()} == before


@pytest.mark.parametrize(
    ("folder", "message"), [("empty", "there are no pictures"), ("nested", "name one: deeper")]
)
def test_a_folder_without_pictures_is_named(folder, message, odd, mine, capsys) -> None:
    assert main(["explain", folder, *options(mine)]) == 2
    assert message in capsys.readouterr().err
    assert not (odd / "explained").exists()


def test_a_place_that_is_not_ours_to_write_to(odd, mine, capsys, monkeypatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert main(["explain", "p.png", *options(mine, "--out", "maps")]) == 2
    assert "not yours to write to" in capsys.readouterr().err


# Strangers' files


def test_code_in_a_model_file_is_not_run_unless_it_is_asked_for(tmp_path, mine, capsys) -> None:
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            L.Lambda(lambda x: x / 255, output_shape=(SIZE, SIZE, 3)),
            L.Conv2D(4, 3, activation="relu", name="features"),
            L.GlobalAveragePooling2D(),
            L.Dense(2),
        ]
    )
    seeded(model).save(tmp_path / "lambda.keras")
    photograph = str(mine / "photos" / "p1.png")
    command = ["explain", photograph, "--model", str(tmp_path / "lambda.keras")]
    command += ["--methods", "occlusion", "--out", str(tmp_path / "a.png")]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "was not run" in error
    assert "--unsafe in the shell" in error
    assert not (tmp_path / "a.png").exists()
    assert main([*command, "--unsafe"]) == 0
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}},
        {"module": "keras.layers", "class_name": "Lambda", "registered_name": None, "config": {
            "name": "lam", "output_shape": [8, 8, 3], "function": {
                "module": "os", "class_name": "function", "config": "system",
                "registered_name": "system",
            },
        }},
    ],
)  # fmt: skip
def test_known_ways_around_the_safe_mode_are_closed(layer: dict, tmp_path, mine, capsys) -> None:
    """A file that switches the safe mode off, and one that names a function of another module."""
    net = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(2, 3), L.GlobalAveragePooling2D()])
    net.save(tmp_path / "net.keras")
    with zipfile.ZipFile(tmp_path / "net.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts["config.json"])
    told["config"]["layers"].insert(1, layer)
    parts["config.json"] = json.dumps(told).encode()
    with zipfile.ZipFile(tmp_path / "bad.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    command = ["explain", str(mine / "photos" / "p1.png"), "--model", str(tmp_path / "bad.keras")]
    assert main([*command, "--out", str(tmp_path / "a.png")]) == 2
    assert "bad.keras" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_labels_and_file_names_are_text_in_page_and_table(mine, tmp_path) -> None:
    evil, out, page = "<b>=cmd|x</b>", tmp_path / "out", tmp_path / "page.html"
    (tmp_path / "labels.txt").write_text(f"{evil}\n=1+1\n@sum")
    PIL.Image.fromarray(photo(1)).save(tmp_path / "=<i>.png")
    command = ["explain", str(tmp_path / "=<i>.png"), *options(mine)]
    command[command.index("--labels") + 1] = str(tmp_path / "labels.txt")
    command[command.index("grad_cam,saliency")] = "occlusion"
    more = ["--target", "0", "--expected", "1", "--out", str(out), "--report", str(page)]
    assert main([*command, *more]) == 0
    text = page.read_text(encoding="utf-8")
    assert "<b>" not in text
    assert "<i>" not in text
    with open(out / "numbers.csv", encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    numeric = re.compile(r"-?[\d.e-]+$")
    assert not [c for c in cells if c[:1] in ("=", "+", "@", "-") and not numeric.match(c)]


# The command itself


def test_help_shows_five_uses_and_wrong_usage_exits_with_2(capsys) -> None:
    for arguments, code in ((["explain", "--help"], 0), ([], 2)):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == code
    told = capsys.readouterr()
    assert len(re.findall(r"^  lessons-lib explain ", told.out, re.M)) == 5
    assert "COMMAND" in told.err


def test_each_use_that_help_shows_is_understood() -> None:
    for line in re.findall(r"^  lessons-lib (.*)$", shell.EXAMPLES, re.M):
        shell.parser().parse_args(line.split())


def test_the_installed_command_is_this_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = project["scripts"]["lessons-lib"].partition(":")
    assert getattr(sys.modules[module], name) is main


def test_every_method_has_a_name_that_can_be_typed() -> None:
    names = [short_name(method) for method in METHODS]
    assert len(set(names)) == len(METHODS)
    assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
    assert list(by_names(names)) == list(METHODS)
    assert list(by_names(["ig", "IG", "shap"])) == ["Integrated Gradients", "KernelSHAP"]


def test_weights_of_a_course_network_may_be_a_whole_model_in_python(tmp_path) -> None:
    """`models.load` is safe with strangers' files as well."""
    (tmp_path / "bad.keras").write_text("no model")
    with pytest.raises(ValueError, match="cannot be read as a Keras model"):
        models.load("vgg16", tmp_path / "bad.keras")

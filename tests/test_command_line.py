"""``python -m lessons_lib explain``: one picture with all maps, clear errors, exit codes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lessons_lib import images
from lessons_lib.__main__ import chosen_methods, main, short_name
from lessons_lib.basics import files
from lessons_lib.methods import METHODS

PANDA = str(files.DATA / "images" / "panda.jpg")
KOALA = str(files.DATA / "images" / "koala.jpg")
pytestmark = pytest.mark.usefixtures("shared_networks")
README_PICTURE = Path(__file__).parents[1] / "docs" / "koala_explained.jpg"


def test_a_picture_with_all_maps_and_their_numbers(tmp_path, capsys) -> None:
    """The one that README shows."""
    out = tmp_path / "koala maps.jpg"
    assert main(["explain", KOALA, "--model", "squeezenet", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "koala (class 105)" in printed
    assert f"written: {out}" in printed
    for name in ("Grad-CAM", "Score-CAM", "LIME", "KernelSHAP", "Integrated Gradients"):
        row = next(line for line in printed.splitlines() if line.startswith(name))
        seconds, asked, deletion, insertion = map(float, row[len(name) :].split())
        assert seconds > 0
        assert asked >= 1
        assert 0 <= min(deletion, insertion) <= max(deletion, insertion) <= 1
        assert deletion < insertion or name == "Integrated Gradients"
    picture, shown = (images.load_image(path).astype(float) for path in (out, README_PICTURE))
    assert picture.shape == shown.shape
    assert np.abs(picture - shown).mean() < 3  # grey levels


def test_by_default_it_is_written_where_one_stands(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", PANDA, "--model", "squeezenet", "--methods", "saliency"]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["panda_explained.png"]


@pytest.mark.parametrize("target", ["koala", "105"])
def test_another_class_by_name_or_number(target: str, tmp_path, capsys) -> None:
    arguments = ["explain", PANDA, "--model", "squeezenet", "--methods", "saliency"]
    assert main([*arguments, "--class", target, "--out", str(tmp_path / "a.jpg")]) == 0
    assert "koala (class 105)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere.jpg"], "there is no file nowhere.jpg"),
        ([PANDA, "--class", "giant pandda"], "did you mean 'giant panda'"),
        ([PANDA, "--class", "1000"], "outside 0..999"),
        ([PANDA, "--methods", "magic"], "no method 'magic'; there are cam, grad_cam"),
        ([PANDA, "--methods", ","], "no method"),
        ([PANDA, "--model", "vgg19"], "no network 'vgg19'"),
        ([PANDA, "--model", "alexnet"], "--model alexnet --weights bvlcalexnet-12.onnx"),
        ([PANDA, "--model", "vgg16", "--methods", "cam"], "global average pooling"),
        ([PANDA, "--out", "no/where.png"], "there is no folder no"),
        ([PANDA, "--out", "file.doc"], "ends in .png"),
        ([__file__], "cannot be read as a picture"),
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


def test_help_has_examples_and_wrong_usage_exits_with_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lessons_lib", "explain", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "examples:" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "lessons_lib"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "COMMAND" in wrong.stderr


def test_every_method_has_a_name_that_can_be_typed() -> None:
    names = [short_name(method) for method in METHODS]
    assert len(set(names)) == len(METHODS)
    assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
    assert chosen_methods(",".join(names)) == list(METHODS)
    assert chosen_methods("ig, IG,shap") == ["Integrated Gradients", "KernelSHAP"]

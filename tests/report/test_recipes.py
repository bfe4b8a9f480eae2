"""Each recipe of docs/your_network.md, run as it stands, on a small network of its kind."""

import functools
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import PIL.Image
import pytest
from matplotlib.figure import Figure

from lessons_lib import Classifier, explain
from lessons_lib import __main__ as shell
from lessons_lib.__main__ import main
from lessons_lib.basics.files import DATA
from lessons_lib.report import Explained, load_explained
from tests.networks import SIZE, L, pictures, seeded, transformer_net

PAGE = (DATA.parent / "docs" / "your_network.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
LABELS = ["cat", "dog", "owl"]


def photo(seed: int = 1) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0, 30, (20, 20, 3))
    return np.clip(pictures(1, seed)[0] + grain, 0, 255).astype("uint8")


def convolutions(channels: int = 3) -> tuple:
    inputs = keras.Input((SIZE, SIZE, channels), name="picture")
    x = L.Conv2D(4, 3, activation="relu", name="first")(inputs)
    return inputs, L.Conv2D(6, 3, activation="relu", name="features")(x)


def classes(channels: int = 3, units: int = 3, last: str | None = "softmax") -> keras.Model:
    inputs, x = convolutions(channels)
    return seeded(keras.Model(inputs, L.Dense(units, last)(L.GlobalAveragePooling2D()(x))))


def segmentation() -> keras.Model:
    inputs, x = convolutions()
    x = L.Conv2D(5, 3, strides=2, activation="relu", name="bottleneck")(x)
    return seeded(keras.Model(inputs, L.Conv2D(2, 1, activation="softmax")(L.UpSampling2D()(x))))


def detector() -> keras.Model:
    inputs, x = convolutions()
    kinds = L.Dense(2, activation="softmax", name="kinds")(L.GlobalAveragePooling2D()(x))
    boxes = L.Conv2D(5, 3, strides=3, name="boxes")(x)
    return seeded(keras.Model(inputs, {"boxes": boxes, "kinds": kinds}))


def two_inputs() -> keras.Model:
    inputs, x = convolutions()
    age = keras.Input((1,), name="age")
    scaled = L.Rescaling(1 / 255)(inputs)
    x = L.GlobalAveragePooling2D()(L.Conv2D(6, 3, activation="relu", name="tower")(scaled))
    y = L.Dense(2, activation="softmax")(L.Concatenate()([x, L.Rescaling(1 / 50)(age)]))
    return seeded(keras.Model({"picture": inputs, "age": age}, y))


def predict(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x.mean(axis=(1, 2)) / 50)
    return powers / powers.sum(axis=1, keepdims=True)


@functools.cache
def network() -> Classifier:
    """What the commands ask for, too."""
    return Classifier(classes(), LABELS, preprocess="tf")


MASK = np.zeros((SIZE, SIZE))
MASK[2:9, 2:9] = 1
NAMES: dict[str, Callable[[], dict]] = {
    "From Python": dict,
    "Grey pictures": lambda: {"model": classes(1), "scan": photo()[..., 0] / 255.0},
    "Five channels, 16 bits, Hounsfield units": lambda: {
        "model": classes(5, 2),
        "field": np.random.default_rng(0).integers(0, 65535, (20, 20, 5)),
    },
    "Yes or no, and several labels at once": lambda: {"model": classes(3, 1, "sigmoid")},
    "A number instead of a class": lambda: {"model": classes(3, 1, None)},
    "A region of a segmentation": lambda: {"model": segmentation(), "mask": MASK},
    "One box of a detector, one of several outputs": lambda: {"model": detector()},
    "A vision transformer": lambda: {"model": transformer_net(blocks=1, size=(SIZE, SIZE))},
    "A second input": lambda: {"model": two_inputs()},
    "PyTorch, ONNX, TFLite: any function": lambda: {"predict": predict},
    "Small pictures, and the choice of a layer": lambda: {
        "network": network(),
        "photo": photo(),
    },
    "A report for a colleague": lambda: {"network": network()},
}
SHELL = ["From the shell", "A folder of photographs"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the recipes name; figures, which take a second each, stay empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Explained, "figure", lambda self: Figure())
    classes().save("mine.keras")
    Path("labels.txt").write_text("\n".join(LABELS))
    Path("photographs").mkdir()
    for i in range(2):
        PIL.Image.fromarray(photo(i)).save(f"photographs/{i}.jpg")
    PIL.Image.fromarray(photo()).save("photo.jpg")
    return tmp_path


def test_every_recipe_is_tried() -> None:
    assert set(PARTS) == {*NAMES, *SHELL, "Not here"}
    assert len(PARTS) > 12


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("title", NAMES)
def test_a_recipe_runs(title: str, here: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PARTS[title], re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 7
    names = {"Classifier": Classifier, "explain": explain} | NAMES[title]()
    exec(code.replace("(224, 224)", f"({SIZE}, {SIZE})"), names)
    if title == "A report for a colleague":
        assert (here / "report.html").read_text().count("<article") == 2
        return
    found = names["found"]
    assert isinstance(found, Explained)
    assert not found.left_out
    assert all(np.isfinite(f.heat).all() for f in found.findings)
    drawn = [f for f in found.findings if not f.control and np.ptp(f.heat) > 0]
    assert len({f.method for f in drawn}) >= 3
    match title:
        case "From Python":
            assert load_explained(here / "maps_of_photo").rows() == found.rows()
            assert names["heat"].shape == (SIZE, SIZE)
        case "A number instead of a class":
            value = names["sizes"].model(names["sizes"].prepare("photo.jpg") / 127.5 - 1)
            assert found.findings[0].answer == pytest.approx(float(value[0, 0]), rel=1e-4)
        case "A vision transformer":
            assert "Grad-CAM" in {f.method for f in found.findings}
        case "Small pictures, and the choice of a layer":
            assert found.settings["layer"] == "features"


@pytest.mark.parametrize("title", SHELL)
def test_a_command_runs(title: str, here: Path, monkeypatch, capsys) -> None:
    (line,) = re.findall(r"```sh\n(.*?)\n```", PARTS[title], re.S)
    program, *arguments = shlex.split(line)
    assert program == "lessons-lib"
    if title == "A folder of photographs":
        (here / "photographs" / "1.jpg").unlink()  # one is enough
    load = shell.network_for  # what it loads is `network()`, which has its functions already
    monkeypatch.setattr(shell, "network_for", lambda given: load(given) and network())
    assert main(arguments) == 0
    if title == "A folder of photographs":
        assert len((here / "maps" / "numbers.csv").read_text().splitlines()) == 1 + 6
    else:
        assert (here / "photo_explained.png").is_file()
        assert "rather than dog" in capsys.readouterr().out

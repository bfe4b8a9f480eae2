"""docs/many_pictures.md runs as it stands."""

import re
from pathlib import Path

import keras
import numpy as np
import PIL.Image

from lessons_lib.basics.files import DATA
from lessons_lib.network.classifier import Classifier
from tests.networks import SIZE, classifier, gap_net, photos, seeded

PAGE = DATA.parent / "docs" / "many_pictures.md"
L = keras.layers


def test_every_block_of_the_page_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for i, pixels in enumerate(photos(3).astype("uint8")):
        PIL.Image.fromarray(pixels).save(tmp_path / f"{i}.jpg")
    picture, age = keras.Input((SIZE, SIZE, 3), name="picture"), keras.Input((1,), name="age")
    x = L.GlobalAveragePooling2D()(L.Conv2D(4, 3, activation="relu")(L.Rescaling(1 / 255)(picture)))
    outputs = L.Dense(2)(L.Multiply()([x, L.Dense(4)(L.Rescaling(1 / 50)(age))]))
    model = seeded(keras.Model({"picture": picture, "age": age}, outputs))
    names: dict = {
        "folder": tmp_path, "classifier": classifier(gap_net()), "model": model,
        "labels": ["ill", "well"], "classifier_input": photos(1)[0],
    }  # fmt: skip
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(block, names)
    assert len(names["heats"]) == 3
    assert len(list(tmp_path.glob("*.npy"))) == 3
    assert isinstance(names["older"], Classifier)
    assert np.abs(names["older"].logits(photos(1)) - names["patient"].logits(photos(1))).max() > 0
    found = names["found"]
    assert set(found.phi) == {"picture", "age"}
    assert found.error < 0.01

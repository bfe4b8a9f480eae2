"""The drawing of lesson 12 is whole, has a ground of its own and says what it must."""

import base64
import re
import xml.etree.ElementTree as ET

import pytest

from lessons_lib import plotting
from lessons_lib.plotting import pictures, transformers


def test_the_drawing_is_whole_and_readable_on_any_page() -> None:
    root = ET.fromstring(transformers.vision_transformer())
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    ground = root.find(f"{space}rect")
    assert ground.get("fill") == "#ffffff"  # so that dark words are read on a dark page too
    _, top, width, height = map(float, root.get("viewBox").split())
    assert [float(ground.get(key)) for key in ("y", "width", "height")] == [top, width, height]
    for words in root.iter(f"{space}text"):
        assert 0 < float(words.get("x")) < width
        assert top < float(words.get("y")) < top + height
    for shape in root.iter(f"{space}rect"):
        right = float(shape.get("x", 0)) + float(shape.get("width"))
        assert right <= width
    said = " ".join(words.text for words in root.iter(f"{space}text"))
    for words in ("class", "places", "attention", "ten logits", "Grad-CAM", "rollout", "relevance"):
        assert words in said
    heads = {marker.get("id") for marker in root.iter(f"{space}marker")}
    used = {line.get("marker-end")[5:-1] for line in root.iter(f"{space}polyline")}
    assert used == heads


def test_a_drawing_is_shown_with_words_for_those_who_cannot_see_it(monkeypatch) -> None:
    shown = []
    monkeypatch.setattr(pictures, "display", lambda data, **how: shown.append((data, how)))
    drawing = transformers.vision_transformer()
    plotting.show(drawing, "a drawing")
    [(data, how)] = shown
    assert data["image/svg+xml"] == drawing
    assert how == {"metadata": {"image/svg+xml": {"alt": "a drawing"}}, "raw": True}
    # A file that is not trusted shows its Markdown; a picture in it is a whole one.
    alt, source = re.fullmatch(
        r"!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)", data["text/markdown"]
    ).groups()
    assert alt == "a drawing"
    assert base64.b64decode(source).decode() == drawing
    with pytest.raises(ValueError, match="say in alt what the picture shows"):
        plotting.show(transformers.vision_transformer(), " ")

"""The explorer, as a reader with a keyboard and any file finds it; test_lab.py has a browser."""

import datetime
import functools
import html
import io

import keras
import numpy as np
import PIL.Image
import pytest

from lessons_lib import BlackBox, images
from lessons_lib.report import explorer
from tests.networks import SIZE, classifier, gap_net

LABELS = ["cat", "dog", "owl"]


@functools.cache
def networks() -> dict:
    model = gap_net()
    box = BlackBox(lambda x: model(x).numpy(), LABELS, (SIZE, SIZE), ending="probabilities")
    return {"mine": classifier(model, labels=LABELS), "a function": box}


@pytest.fixture
def shown() -> dict:
    """The explorer's widgets by what they are called."""
    parts = explorer(networks()).children
    named = {widget.description: widget for widget in parts[:7]}
    return named | dict(zip(("said", "maps", "code"), parts[7:], strict=True))


def photo(form: str) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(images.course_image("panda")).save(buffer, form)
    return buffer.getvalue()


def upload(shown: dict, name: str, content: bytes) -> None:
    file = {"name": name, "type": "", "size": len(content), "content": content}
    shown["or upload"].value = [file | {"last_modified": datetime.datetime(2026, 1, 1)}]


def run_code(shown: dict, **names: object) -> object:
    """What the code for copying gives."""
    text = shown["code"].value.split(">", 3)[3].split("</pre>")[0]
    *lines, last = html.unescape(text).split("explain(networks")
    names = {"networks": networks()} | names
    exec("".join(lines), names)
    return eval("explain(networks" + last, names)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_maps_and_the_code_that_makes_them(shown: dict) -> None:
    shown["Class"].value, shown["Methods"].value = "dog", ("Grad-CAM", "occlusion")
    shown["Layer"].value = shown["Layer"].options[-1]
    shown["Explain"].click()
    assert shown["said"].value == ""
    assert shown["maps"].value.count("<figure>") == 1 + 3  # the picture, two maps, the control
    found = run_code(shown)
    assert found.settings["target"] == "dog"
    assert found.settings["layer"] == shown["Layer"].value
    assert found._repr_html_() == shown["maps"].value


def test_another_network_offers_what_it_has(shown: dict) -> None:
    shown["Class"].value = "dog"
    shown["Network"].value = "a function"
    assert shown["Class"].value == ""
    assert len(shown["Layer"].options) == 1
    assert "Grad-CAM" not in shown["Methods"].options
    assert "LIME" in shown["Methods"].value


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_upload_is_explained(shown: dict, form: str) -> None:
    shown["Methods"].value = ("Grad-CAM",)
    upload(shown, f"panda.{form.lower()}", photo(form))
    shown["Explain"].click()
    assert shown["said"].value == ""
    assert f"images.load_image(&#x27;panda.{form.lower()}&#x27;, most" in shown["code"].value


def stored(picture: PIL.Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def half_transparent() -> PIL.Image.Image:
    picture = PIL.Image.fromarray(images.course_image("panda")[:64, :64]).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 64, 32))
    return picture


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "content"),
    [("alpha.png", stored(half_transparent())), ("alpha.webp", stored(half_transparent(), "WEBP")),
     ("grey and alpha.png", stored(half_transparent().convert("LA"))),
     ("palette.gif", stored(half_transparent().convert("P"), "GIF", transparency=0)),
     ("large.jpg", stored(PIL.Image.effect_noise((1500, 1201), 90).convert("RGB"), "JPEG"))],
)  # fmt: skip
def test_the_code_reads_an_upload_as_the_explorer_did(
    shown: dict, tmp_path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    shown["Methods"].value = ("Grad-CAM",)
    upload(shown, name, content)
    shown["Explain"].click()
    assert shown["said"].value == ""
    assert run_code(shown)._repr_html_() == shown["maps"].value


@pytest.mark.parametrize("kind", ["uint16", "int32", "float32"])
def test_values_of_more_than_8_bits_are_not_cut_off(shown: dict, kind: str) -> None:
    deep = PIL.Image.fromarray(np.full((9, 9), 300, kind))
    upload(shown, "deep.tif", stored(deep, "TIFF"))
    shown["Explain"].click()
    assert "Deep.tif cannot be read as a picture (a value has more than 8 bits" in (
        shown["said"].value
    )
    assert shown["maps"].value == ""


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("value_range", [(0, 1), (0, 255), (-1000, 3000)])
def test_a_network_of_grey_pictures_sees_photographs(value_range: tuple) -> None:
    layers = [
        keras.Input((SIZE, SIZE, 1)),
        keras.layers.Conv2D(4, 3, activation="relu", name="features"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    grey = classifier(keras.Sequential(layers), labels=LABELS, value_range=value_range)
    parts = explorer({"mine": grey}).children
    parts[5].value = ("Grad-CAM",)
    parts[6].click()
    assert parts[7].value == ""
    found = run_code({"code": parts[9]}, networks={"mine": grey})
    assert found._repr_html_() == parts[8].value
    np.testing.assert_allclose(
        found.picture[..., 0], images.course_image("koala").mean(axis=-1), atol=0.51
    )


def test_at_first_the_layer_is_the_networks_own(shown: dict) -> None:
    assert shown["Layer"].value == shown["Layer"].options[0] == "the network's own layer"
    shown["Methods"].value = ("Grad-CAM",)
    shown["Explain"].click()
    assert "layer" not in shown["code"].value


def test_a_form_of_ipywidgets_7_is_read(shown: dict) -> None:
    from lessons_lib.report._explorer import _picture

    picture, line = _picture({"a.png": {"metadata": {}, "content": photo("PNG")}}, "koala")
    np.testing.assert_array_equal(picture, images.course_image("panda"))
    assert line.startswith("images.load_image('a.png', ")


def test_an_upright_photograph_stays_upright(shown: dict) -> None:
    from lessons_lib.report._explorer import _picture

    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (40, 20)).save(buffer, "JPEG", exif=exif)
    picture, _ = _picture(({"name": "a.jpg", "content": memoryview(buffer.getvalue())},), "koala")
    assert picture.shape == (40, 20, 3)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("<b>.txt", b"no picture", "&lt;b&gt;.txt cannot be read as a picture"),
     ("empty.jpg", b"", "Empty.jpg cannot be read as a picture")],
)  # fmt: skip
def test_a_file_that_is_no_picture_is_one_sentence(
    shown: dict, name: str, content: bytes, said: str
) -> None:
    upload(shown, name, content)
    shown["Explain"].click()
    assert f">{said}" in shown["said"].value
    assert "/" not in shown["said"].value.split("</p>")[0]  # no folder that a reader does not know
    assert shown["maps"].value == shown["code"].value == ""


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("Class", "wolf", "wolf"),
        ("Class", "Cat", "did you mean &#x27;cat&#x27;?</p>"),
        ("Methods", (), "Choose a method, or several."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    shown: dict, part: str, value: object, said: str
) -> None:
    shown[part].value = value
    shown["Explain"].click()
    assert said in shown["said"].value
    assert "Traceback" not in shown["said"].value
    assert shown["maps"].value == ""


def test_without_networks_there_is_nothing_to_explore() -> None:
    with pytest.raises(ValueError, match="needs a network"):
        explorer({})
    with pytest.raises(TypeError, match="'mine' must be a Classifier or a BlackBox, not int"):
        explorer({"mine": 3})
    with pytest.raises(TypeError, match=r"by their names, .*, not BlackBox"):
        explorer(networks()["a function"])
    with pytest.raises(ValueError, match="the course has no photograph 'dog'"):
        explorer(networks(), "dog")

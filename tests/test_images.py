"""Reading, checking and resizing photographs; the shipped ones and their licences."""

import re
import warnings

import numpy as np
import PIL.Image
import pytest

from lessons_lib import images
from lessons_lib.basics import files
from tests.networks import course


def test_reads_rgb_in_the_right_order(tmp_path) -> None:
    PIL.Image.new("RGB", (4, 3), (200, 100, 0)).save(tmp_path / "orange.png")
    picture = images.load_image(tmp_path / "orange.png")
    assert picture.shape == (3, 4, 3)
    assert picture[0, 0].tolist() == [200, 100, 0]


def test_transparency_goes_on_white_and_grey_becomes_rgb(tmp_path) -> None:
    PIL.Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    PIL.Image.new("L", (2, 2), 77).save(tmp_path / "grey.png")
    assert (images.load_image(tmp_path / "clear.png") == 255).all()
    assert images.load_image(str(tmp_path / "grey.png"))[0, 0].tolist() == [77, 77, 77]


def test_camera_orientation_is_applied(tmp_path) -> None:
    picture = PIL.Image.new("RGB", (8, 4))
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert images.load_image(tmp_path / "turned.jpg").shape == (8, 4, 3)


def test_a_missing_file_names_near_ones(tmp_path) -> None:
    (tmp_path / "panda.jpg").touch()
    with pytest.raises(FileNotFoundError, match=r"pnda\.jpg; did you mean panda\.jpg"):
        images.load_image(tmp_path / "pnda.jpg")


def test_a_truncated_or_foreign_file_says_so(tmp_path) -> None:
    whole = (files.DATA / "images" / "panda.jpg").read_bytes()
    for name, content in (("cut.jpg", whole[: len(whole) // 2]), ("text.jpg", b"no picture")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} cannot be read as a picture"):
            images.load_image(tmp_path / name)


@pytest.mark.parametrize(
    ("pixels", "error", "message"),
    [
        (np.zeros((4, 4)), ValueError, "grey picture"),
        (np.zeros((4, 4, 1)), ValueError, "grey picture"),
        (np.zeros((4, 4, 4)), ValueError, "drop the transparency"),
        (np.zeros((3, 8, 9)), ValueError, "channels must come last"),
        (np.zeros((2, 2, 2, 2, 3)), ValueError, r"\(2, 2, 2, 2, 3\)"),
        (np.zeros((0, 4, 3)), ValueError, "no pixel"),
        ([], ValueError, "list is empty"),
        (np.full((2, 2, 3), np.nan), ValueError, "12 of 12 pixel values are NaN"),
        (np.full((2, 2, 3), np.inf), ValueError, "infinite"),
        (np.full((2, 2, 3), 256), ValueError, r"256\.\.256"),
        (np.full((2, 2, 3), -1.0), ValueError, "preprocessing itself"),
        (np.full((2, 2, 3), "x"), TypeError, "<U1"),
        (np.ones((2, 2, 3), bool), TypeError, "bool"),
    ],
)
def test_bad_pixels_get_a_clear_error(pixels, error, message) -> None:
    with pytest.raises(error, match=message):
        images.as_batch(pixels)


def test_warns_of_pixels_that_were_divided_by_255() -> None:
    with pytest.warns(UserWarning, match=r"divided by 255.*Multiply by 255"):
        images.as_batch(np.full((2, 2, 3), 0.7))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images.as_batch(np.zeros((2, 2, 3)))  # black is black in either scale
        images.as_batch(np.ones((2, 2, 3), np.uint8))
        images.as_batch(np.full((2, 2, 3), 1.5))


def test_as_batch_takes_any_grouping_and_copies() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    for given, count in ((picture, 1), (picture[None], 1), ([picture, np.zeros((5, 4, 3))], 2)):
        batch = images.as_batch(given)
        assert len(batch) == count
        np.testing.assert_array_equal(batch[0], picture)
    floats = picture.astype("float32")
    images.as_batch(floats)[0][:] = 9
    np.testing.assert_array_equal(floats, picture)


def test_resize_keeps_the_mean_when_shrinking_and_the_range_when_growing() -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (60, 90, 3))
    small = images.resize(picture, (20, 30))
    blocks = picture.reshape(20, 3, 30, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small, blocks, rtol=1e-5)
    large = images.resize(small, (101, 77))
    assert large.shape == (101, 77, 3)
    assert small.min() - 1e-3 <= large.min() <= large.max() <= small.max() + 1e-3


def test_a_map_lies_over_its_photograph_without_a_shift() -> None:
    """Growing and averaging back gives the map again only if centres stay where they are."""
    heat = np.random.default_rng(0).uniform(size=(7, 7))
    grown = images.resize(heat, (224, 224))
    rows, columns = np.mgrid[:224, :224]
    centre = [(grown * axis).sum() / grown.sum() / 224 for axis in (rows + 0.5, columns + 0.5)]
    rows, columns = np.mgrid[:7, :7]
    expected = [(heat * axis).sum() / heat.sum() / 7 for axis in (rows + 0.5, columns + 0.5)]
    np.testing.assert_allclose(centre, expected, atol=0.01)


def test_mosaic_puts_each_picture_where_its_box_says() -> None:
    colours = [np.full((9, 5, 3), value) for value in (10, 60, 120, 240)]
    picture, boxes = images.mosaic(colours, tile=(6, 8))
    assert picture.shape == (12, 16, 3)
    for value, box in zip((10, 60, 120, 240), boxes, strict=True):
        assert (picture[box.mask((12, 16))] == value).all()
    assert sum(box.mask((12, 16)).sum() for box in boxes) == 12 * 16
    with pytest.raises(ValueError, match="4 pictures, but there are 3"):
        images.mosaic(colours[:3])


def test_an_unknown_course_photograph_lists_them() -> None:
    with pytest.raises(ValueError, match=r"no photograph 'pand'; it has \['astronaut'"):
        images.course_image("pand")


ROWS = re.findall(
    r"\| `(\w+)\.jpg` \|.*\| ([^|]+?) (\d\.\d\d) \|",
    (files.DATA / "images" / "LICENSES.md").read_text(encoding="utf-8"),
)


def test_every_photograph_is_small_and_has_its_licence() -> None:
    assert sorted(row[0] for row in ROWS) == images.course_images()
    assert len(ROWS) >= 14
    for path in (files.DATA / "images").glob("*.jpg"):
        assert path.stat().st_size <= 200_000, path.name


def test_the_licence_table_says_what_mobilenet_says() -> None:
    network = course("mobilenet_v2")
    for name, label, probability in ROWS:
        top = network.top(images.course_image(name))[0]
        assert (top.label, f"{top.probability:.2f}") == (label, probability)


@pytest.mark.parametrize("ends", [(0, 0.1), (-0.1, 0.7), (0, 0.9), (0, 1 / 3), (-1000, 3000.1)])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_the_ends_of_a_range_that_float32_rounds_are_inside(ends: tuple, kind: str) -> None:
    picture = np.array([[ends]], kind).repeat(2, axis=-1)[..., :3]
    (read,) = images.as_batch(picture, value_range=ends)
    (again,) = images.as_batch(read, value_range=ends)  # as methods give it to the network
    np.testing.assert_array_equal(again, picture.astype("float32"))
    for beyond in (ends[0] - 1e-4, ends[1] * (1 + 1e-6)):
        with pytest.raises(ValueError, match="pixels must lie in"):
            images.as_batch(np.full((1, 1, 3), beyond), value_range=ends)

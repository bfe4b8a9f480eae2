"""Maps become pictures without inventing colours, wrapping round or turning blank."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import PIL.Image
import pytest
from numpy.typing import ArrayLike

from lessons_lib import images, plotting

HEAT = np.array([[0.0, 1.0], [2.0, 4.0]])
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)


def test_normalise_keeps_zero_and_never_divides_by_it() -> None:
    np.testing.assert_allclose(plotting.normalise(HEAT), HEAT / 4)
    np.testing.assert_array_equal(plotting.normalise(np.zeros((2, 2))), np.zeros((2, 2)))
    np.testing.assert_array_equal(plotting.normalise(-HEAT), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="NaN"):
        plotting.normalise(np.array([[np.nan, 1]]))


HEATS = np.linspace(0, 1, 21)
PANDA = images.course_image("panda")


def distance_on(pixel: ArrayLike, **options: Any) -> np.ndarray:
    """How far each heat of a ramp takes a photograph of one colour away from that colour."""
    photo = np.full((4, len(HEATS), 3), pixel, np.uint8)
    drawn = plotting.overlay(photo, HEATS[None].repeat(4, axis=0), **options)
    return np.linalg.norm(drawn[1].astype(float) - photo[1], axis=-1)


@pytest.mark.parametrize("grey", range(0, 256, 15))
def test_the_hotter_the_further_from_a_grey_photograph(grey: int) -> None:
    distance = distance_on([grey] * 3)
    assert distance[0] == 0
    assert (np.diff(distance) > 0).all()
    assert distance[-1] > 140, "the hottest place stands out, on white as on black"


def test_the_hotter_the_further_from_the_panda() -> None:
    """The same heat everywhere, beside one pixel of the largest: each pixel of the panda rises."""
    panda = images.resize(PANDA, (67, 100)).round().astype(np.uint8)
    distances = []
    for heat in np.linspace(0, 1, 11):
        map_ = np.full(panda.shape[:2], heat)
        map_[0, 0] = 1
        drawn = plotting.overlay(panda, map_)
        distances.append(np.linalg.norm(drawn.astype(float) - panda, axis=-1)[1:, 1:])
    assert not distances[0].any()
    assert (np.diff(distances, axis=0) > -1).all(), "but for the rounding to whole numbers"
    assert distances[-1].min() > 90


def test_cold_places_stay_the_photograph() -> None:
    heat = np.zeros((8, 8))
    heat[0, 0] = 1
    drawn = plotting.overlay(PANDA, heat)
    np.testing.assert_array_equal(drawn[266:, 400:], PANDA[266:, 400:])
    for empty in (np.zeros((7, 7)), -np.ones((7, 7))):
        np.testing.assert_array_equal(plotting.overlay(PANDA, empty), PANDA)


def test_the_opacity_is_that_of_the_hottest_place() -> None:
    bright = np.full((8, 8, 3), 255, np.uint8)
    hottest = plotting.colour(np.ones((1, 1)))[0, 0].astype(float)
    for opacity in (0, 0.3, 1):
        drawn = plotting.overlay(bright, np.ones((2, 2)), opacity)[4, 4]
        np.testing.assert_allclose(drawn, (1 - opacity) * 255 + opacity * hottest, atol=1)
    np.testing.assert_array_equal(plotting.overlay(PHOTO, HEAT, opacity=0), PHOTO)


def test_the_classic_looks_lay_jet_over_half_the_photograph() -> None:
    heat = np.array([[0.0, 1.0]]).repeat(PHOTO.shape[0], axis=0).repeat(30, axis=1)
    jet = matplotlib.colormaps["jet"](heat)[..., :3] * 255
    grey = PHOTO.mean(axis=-1, keepdims=True)
    for look, ground in (("jet", PHOTO), ("jet on grey", grey)):
        drawn = plotting.overlay(PHOTO, heat, look=look)
        np.testing.assert_allclose(drawn, 0.5 * ground + 0.5 * jet, atol=1)


def test_every_colour_of_an_overlay_is_on_the_scale() -> None:
    """A map that is coloured before it is resized would mix colours that the scale has not."""
    black = np.zeros((64, 64, 3), np.uint8)
    found = plotting.overlay(black, HEAT, opacity=1, look="jet").reshape(-1, 1, 3).astype(int)
    scale = plotting.colour(np.linspace(0, 1, 256)[None], "jet")[0].astype(int)
    assert np.abs(found - scale).max(axis=-1).min(axis=1).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"opacity": 1.5}, r"opacity=1\.5 is outside 0\.\.1"),
        (
            {"look": "viridis"},
            r"look='viridis' is none; there are \['heat', 'jet', 'jet on",
        ),
        ({"heat": np.zeros((1, 2, 2))}, r"the shape \(h, w\), not \(1, 2, 2\)"),
        ({"image": np.zeros((9, 9, 5))}, "RGB is expected"),
    ],
)
def test_bad_arguments_say_why(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.overlay(**{"image": PHOTO, "heat": HEAT, **arguments})


def test_the_inputs_stay_as_they_are() -> None:
    heat, photo = HEAT.copy(), PHOTO.copy()
    plotting.explanation(photo, heat, "title")
    np.testing.assert_array_equal(heat, HEAT)
    np.testing.assert_array_equal(photo, PHOTO)


def test_a_figure_has_three_panels_and_can_be_saved(tmp_path) -> None:
    figure = plotting.explanation(PHOTO, HEAT, "class 1: 0.50")
    titles = [axis.get_title() for axis in figure.axes[:3]]
    assert titles == ["photograph", "heat map 2 × 2", "overlay"]
    figure.savefig(tmp_path / "figure.png")
    assert np.asarray(PIL.Image.open(tmp_path / "figure.png")).std() > 10


def test_the_colours_of_the_bar_are_those_of_the_map_beside_it() -> None:
    for look in ("heat", "jet"):
        axes = plotting.explanation(PHOTO, HEAT, look=look).axes
        (bar,) = axes[1].child_axes
        assert bar.get_ylim() == axes[1].images[0].get_clim() == (0, 1)
        top = bar.collections[-1] if bar.collections else bar.images[0]
        assert top.get_cmap() == axes[1].images[0].get_cmap()


def test_gallery_takes_maps_and_pictures_and_fewer_titles() -> None:
    figure = plotting.gallery([PHOTO, HEAT, HEAT], ["a", "b"], columns=2)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "", ""]
    assert len(figure.axes[2].images) == 1


def test_no_map_has_fewer_pixels_than_values(tmp_path: Path) -> None:
    maps = [np.random.default_rng(i).random((299, 299)) for i in range(5)]
    figures = [
        plotting.gallery(maps[:2], columns=1),
        plotting.gallery([PANDA, *maps], ["two\nlines"], columns=5, photograph=PANDA),
        plotting.explanation(PANDA, maps[0], "title"),
    ]
    for figure in figures:
        figure.savefig(tmp_path / "figure.png", pil_kwargs={"compress_level": 0})
        shown = np.asarray(PIL.Image.open(tmp_path / "figure.png"))
        scale = shown.shape[1] / figure.get_window_extent().width
        for axis in figure.axes:
            panel = axis.get_window_extent()
            for image in axis.images:
                if image.get_array().ndim == 2:
                    assert panel.width * scale >= 299
                    assert panel.height * scale >= 299


def test_titles_stand_clear_of_their_panel_and_inside_the_figure() -> None:
    long = "integrated gradients from a black baseline, with the midpoint rule"
    for figure in (
        plotting.gallery([PANDA, HEAT] * 4, [long, "short"] * 4, columns=4),
        plotting.explanation(PANDA, HEAT, 3 * long),
        plotting.lime.bars({2 * long: [("a", 1.0)], 3 * long: [("b", -1.0)]}),
    ):
        figure.draw_without_rendering()
        edge = figure.get_window_extent()
        boxes = [axis.title.get_window_extent() for axis in figure.axes if axis.get_title()]
        for axis, box in zip(figure.axes, boxes, strict=False):
            assert box.y0 > axis.get_window_extent().y1 + 3
        for box in boxes:
            assert edge.x0 <= box.x0 < box.x1 <= edge.x1
            assert edge.y0 <= box.y0 < box.y1 <= edge.y1
            assert not any(box.overlaps(other) for other in boxes if other is not box)
        if figure.get_suptitle():
            (box,) = [text.get_window_extent() for text in figure.texts]
            assert edge.x0 <= box.x0 < box.x1 <= edge.x1
            assert not any(box.overlaps(other) for other in boxes)


def test_maps_are_drawn_in_the_shape_of_their_photograph() -> None:
    axes = plotting.gallery([PANDA, HEAT], photograph=PANDA).axes
    assert [list(axis.images[0].get_extent()) for axis in axes] == [[0, 800, 532, 0]] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"panels": []}, "no panel"),
        ({"titles": ["a", "b"]}, "2 titles are too many for 1 panels"),
        ({"columns": 0}, "columns=0 must be 1 or more"),
        ({"panels": [PHOTO[..., :2]]}, r"panel 0 has the shape \(40, 60, 2\)"),
        ({"panels": [[np.nan]]}, "1 values of panel 0|panel 0 must have the shape"),
    ],
)
def test_a_gallery_refuses_what_it_cannot_draw(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.gallery(**{"panels": [PHOTO], **arguments})


def test_show_puts_the_text_for_the_blind_beside_the_picture(monkeypatch) -> None:
    shown: list = []
    monkeypatch.setattr(plotting.pictures, "display", shown.append)
    plotting.show(plotting.gallery([PHOTO]), alt="random dots")
    content, metadata = shown[0]._repr_jpeg_()
    assert metadata["alt"] == "random dots"
    assert content.startswith("/9j/")  # JPEG, in base64
    with pytest.raises(ValueError, match="say in alt"):
        plotting.show(plotting.gallery([PHOTO]), alt=" ")

"""Maps become pictures without inventing colours, wrapping round or turning blank."""

import matplotlib
import numpy as np
import PIL.Image
import pytest

from lessons_lib import plotting

HEAT = np.array([[0.0, 1.0], [2.0, 4.0]])
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)


def test_normalise_keeps_zero_and_never_divides_by_it() -> None:
    np.testing.assert_allclose(plotting.normalise(HEAT), HEAT / 4)
    np.testing.assert_array_equal(plotting.normalise(np.zeros((2, 2))), np.zeros((2, 2)))
    np.testing.assert_array_equal(plotting.normalise(-HEAT), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="NaN"):
        plotting.normalise(np.array([[np.nan, 1]]))


def test_overlay_is_the_convex_blend_of_photograph_and_colours() -> None:
    bright = np.full((8, 8, 3), 255, np.uint8)
    heat = np.ones((2, 2))
    hottest = np.array(matplotlib.colormaps["inferno"](1.0)[:3]) * 255
    for alpha in (0, 0.3, 1):
        expected = (1 - alpha) * 255 + alpha * hottest
        np.testing.assert_allclose(plotting.overlay(bright, heat, alpha)[4, 4], expected, atol=1)
    np.testing.assert_array_equal(plotting.overlay(PHOTO, HEAT, alpha=0), PHOTO)


def test_every_colour_of_an_overlay_is_on_the_scale() -> None:
    """A map that is coloured before it is resized would mix colours that the scale has not."""
    black = np.zeros((64, 64, 3), np.uint8)
    found = plotting.overlay(black, HEAT, alpha=1, cmap="jet").reshape(-1, 1, 3).astype(int)
    scale = plotting.colour(np.linspace(0, 1, 256)[None], "jet")[0].astype(int)
    assert np.abs(found - scale).max(axis=-1).min(axis=1).max() <= 1


def test_colours_are_perceptually_uniform_by_default() -> None:
    brightness = plotting.colour(np.linspace(0, 1, 64)[None])[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 1.5}, r"alpha=1\.5 is outside 0\.\.1"),
        ({"heat": np.zeros((1, 2, 2))}, r"shape \(h, w\), but this one has \(1, 2, 2\)"),
        ({"image": PHOTO[..., 0]}, "grey"),
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


def test_gallery_takes_maps_and_pictures_and_fewer_titles() -> None:
    figure = plotting.gallery([PHOTO, HEAT, HEAT], ["a", "b"], columns=2)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "", ""]
    assert len(figure.axes[2].images) == 1


def test_show_puts_the_text_for_the_blind_beside_the_picture(monkeypatch) -> None:
    shown: list = []
    monkeypatch.setattr(plotting.pictures, "display", shown.append)
    plotting.show(plotting.gallery([PHOTO]), alt="random dots")
    content, metadata = shown[0]._repr_jpeg_()
    assert metadata["alt"] == "random dots"
    assert content.startswith("/9j/")  # JPEG, in base64
    with pytest.raises(ValueError, match="say in alt"):
        plotting.show(plotting.gallery([PHOTO]), alt=" ")

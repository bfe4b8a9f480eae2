"""LIME's pictures show the numbers they are given: read back from the drawn figure."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lessons_lib import plotting
from lessons_lib.lime import local_surrogate, sample_table

SCALE = np.array([[-1, -1], [1, 1], [-1, 1], [1, -1]])


def side(z: np.ndarray) -> np.ndarray:
    """Above or below a straight line of slope 2."""
    return np.clip(0.5 + 0.05 * (z[:, 1] - 2 * z[:, 0]), 0, 1)


NEAR = sample_table(side, [0.1, 0.4], SCALE, samples=200)


def test_bars_have_the_length_and_colour_of_the_coefficients() -> None:
    pairs = [("a", 0.5), ("b", -0.25)]
    axis = plotting.lime.bars({"title": pairs}).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [0.5, -0.25]
    colours = [bar.get_facecolor()[:3] for bar in axis.patches]
    assert colours == [to_rgb(plotting.FOR), to_rgb(plotting.AGAINST)]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert axis.get_ylim()[0] > axis.get_ylim()[1], "the largest stands on top"


def test_bars_need_an_explanation() -> None:
    with pytest.raises(ValueError, match="no explanation"):
        plotting.lime.bars({})


def test_the_dashed_line_lies_where_the_local_model_says_one_half() -> None:
    found = local_surrogate(NEAR, 0)
    axis = plotting.lime.local_line(side, NEAR, [found], ["title"]).axes[0]
    dashed = [c for c in axis.collections if hasattr(c, "get_paths") and c.get_paths()]
    points = next(
        path.vertices
        for c in dashed
        for path in c.get_paths()
        if len(path.vertices) > 20 and np.allclose(
            found.intercept + path.vertices @ found.coefficients, 0.5, atol=1e-6
        )
    )  # fmt: skip
    slope = np.polyfit(*points.T, 1)[0]
    assert slope == pytest.approx(2, abs=1e-6)


def test_samples_are_drawn_by_their_weight() -> None:
    found = local_surrogate(NEAR, 0, sigma=0.5)
    axis = plotting.lime.local_line(side, NEAR, [found], ["title"]).axes[0]
    sizes = np.concatenate([c.get_sizes() for c in axis.collections if len(c.get_offsets()) > 1])
    above = NEAR.scores[:, 0] > 0.5
    expected = 30 * np.concatenate([found.pi_x[above], found.pi_x[~above]])
    np.testing.assert_allclose(sizes, expected)


def test_weights_show_their_values() -> None:
    found = local_surrogate(NEAR, 0)
    axis = plotting.lime.sample_weights([found], ["t"], bins=10).axes[0]
    counts = np.histogram(found.pi_x, 10, (0, 1))[0]
    assert [bar.get_height() for bar in axis.patches] == counts.tolist()


SEGMENTS = np.repeat(np.arange(4), 6)[None].repeat(24, axis=0)
PICTURE = np.full((24, 24, 3), 90, np.uint8)


def test_superpixels_for_are_orange_and_against_are_blue() -> None:
    weights = np.array([0.3, -0.4, 0.01, 0.0])
    axes = plotting.superpixel_weights(PICTURE, SEGMENTS, weights, k=2).axes
    canvas = axes[1].images[0].get_array()
    red, _, blue = np.moveaxis(canvas, -1, 0)
    assert (red[SEGMENTS == 0] > blue[SEGMENTS == 0]).all()
    assert (red[SEGMENTS == 1] < blue[SEGMENTS == 1]).all()
    assert np.ptp(canvas[SEGMENTS >= 2]) < 1e-6, "the others are grey"
    signs = {text.get_text(): text.get_position() for text in axes[1].texts}
    assert set(signs) == {"+", "−"}
    for sign, j in (("+", 0), ("−", 1)):
        column, row = signs[sign]
        assert SEGMENTS[round(row), round(column)] == j
    drawn = axes[2].images[0]
    np.testing.assert_array_equal(drawn.get_array(), weights[SEGMENTS])
    assert drawn.get_clim() == (-0.4, 0.4), "zero is white"


def test_a_small_weight_is_paler_than_a_large_one() -> None:
    axes = plotting.superpixel_weights(PICTURE, SEGMENTS, np.array([0.3, 0.1, -0.2, 0])).axes
    canvas = axes[1].images[0].get_array()
    colourful = [np.ptp(canvas[j == SEGMENTS][0]) for j in range(4)]
    assert colourful[0] > 1.5 * colourful[1] > 0.2
    assert colourful[0] > colourful[2] > colourful[3] == 0


def test_no_weight_at_all_is_drawn_white() -> None:
    axes = plotting.superpixel_weights(PICTURE, SEGMENTS, np.zeros(4)).axes
    assert not axes[1].texts
    assert np.isfinite(axes[2].images[0].get_clim()).all()


def test_superpixels_are_drawn_in_the_shape_of_the_photograph() -> None:
    wide = np.full((30, 60, 3), 90, np.uint8)
    axes = plotting.superpixel_weights(wide, SEGMENTS, np.array([1.0, -1, 0, 0])).axes
    assert [axis.images[0].get_array().shape[:2] for axis in axes[:3]] == [(24, 48)] * 3
    weights = axes[2].images[0].get_array()
    assert set(np.unique(weights)) == {1, -1, 0}, "no weight is invented between two superpixels"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), "4 superpixels need as many weights, not 3"),
        (np.array([1, 2, 3, np.nan]), "1 values of the weights are not finite"),
    ],
)
def test_a_weight_is_needed_for_each_superpixel(weights: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.superpixel_weights(PICTURE, SEGMENTS, weights)


def test_a_slider_redraws_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list = []

    class Handle:
        def update(self, picture: object) -> None:
            shown.append(picture)

    def display(thing: object, display_id: bool = False) -> Handle:
        shown.append(thing)
        return Handle()

    monkeypatch.setattr(plotting.pictures, "display", display)
    drawn: list[float] = []

    def draw(value: float) -> object:
        drawn.append(value)
        return plotting.lime.bars({"": [("a", value)]})

    plotting.slide(draw, "width", 1.0, (0.5, 2.0, 0.5), alt="A bar.")
    slider = shown[0]
    assert (slider.min, slider.max, slider.step) == (0.5, 2.0, 0.5)
    slider.value = 2.0
    assert drawn == [1.0, 2.0]
    assert shown[1].data != shown[2].data

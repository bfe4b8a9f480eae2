"""The visualiser against maps small enough to check by eye."""

import numpy as np
import pytest

from lessons_lib.plotting import attributions as iv

PHOTO = np.random.default_rng(0).uniform(0, 255, (20, 20, 3)).astype("uint8")
DULL = (iv.GROUND * PHOTO.mean(axis=-1, keepdims=True)).repeat(3, axis=-1)


def iv_colour(colour: np.ndarray) -> tuple[int, ...]:
    """As it is drawn: in whole numbers."""
    return tuple(colour.round().astype(int).tolist())


def test_channels_are_added_up_so_that_the_sum_stays() -> None:
    phi = np.random.default_rng(1).normal(size=(5, 6, 3))
    assert iv.per_pixel(phi).sum() == pytest.approx(phi.sum())


def test_polarity_keeps_one_sign_or_both() -> None:
    heat = np.array([[2.0, -3.0, 0.0]])
    assert iv.apply_polarity(heat, "positive").tolist() == [[2, 0, 0]]
    assert iv.apply_polarity(heat, "negative").tolist() == [[0, 3, 0]]
    assert iv.apply_polarity(heat, "both").tolist() == [[2, 3, 0]]


@pytest.mark.parametrize(
    ("percentage", "expected"), [(0, 50), (50, 50), (51, 30), (80, 30), (81, 15), (100, 5)]
)
def test_threshold_leaves_the_share_above_it(percentage: float, expected: float) -> None:
    assert iv.threshold(np.array([[5.0, 50.0], [15.0, 30.0]]), percentage) == expected


def test_threshold_of_zeros_is_zero() -> None:
    assert iv.threshold(np.zeros((2, 2)), 90) == 0


def test_scale_is_linear_between_the_two_percentiles() -> None:
    heat = np.arange(101.0)[None]
    found = iv.scale(heat, 90, 40, lower_end=0.2)[0]
    assert (found[:40] == 0).all()
    assert (found[90:] == 1).all()
    np.testing.assert_allclose(found[40:91], np.linspace(0.2, 1, 51))


def test_scale_survives_zeros_and_equal_percentiles() -> None:
    assert not iv.scale(np.zeros((4, 4))).any()
    one = np.zeros((4, 4))
    one[1, 2] = 7
    # 15 of 16 pixels are 0, so both percentiles are 0; the one pixel still shows.
    np.testing.assert_array_equal(iv.scale(one, 80, 70), one > 0)
    np.testing.assert_array_equal(iv.scale(np.full((3, 3), 5.0), 99, 10), np.ones((3, 3)))


def test_percentiles_by_attribution_leave_the_pixels_that_hold_it() -> None:
    """By hand: of 100, 50 + 30 hold 80; by pixels, the upper half would be 50, 30 and one 5."""
    heat = np.array([[5.0, 50.0, 5.0], [5.0, 30.0, 5.0]])
    found = iv.scale(heat, 100, 20, lower_end=0.2, clip_by="attribution")
    np.testing.assert_allclose(found, [[0, 1, 0], [0, 0.2, 0]])
    # Above the upper percentile all is 1: the strongest pixels that hold more than half.
    assert (iv.scale(heat, 40, 0, clip_by="attribution") == 1).sum() == 2
    np.testing.assert_array_equal(iv.scale(np.zeros((2, 2)), 99, 28, clip_by="attribution"), 0)


def test_a_picture_clipped_by_attribution_has_fewer_marks() -> None:
    phi = np.random.default_rng(4).exponential(size=(20, 20)) ** 2
    by = {
        how: iv.visualise(PHOTO, phi, clip_below_percentile=28, clip_by=how, overlay=False)
        for how in ("pixels", "attribution")
    }
    marked = {how: int(drawn.any(axis=-1).sum()) for how, drawn in by.items()}
    assert marked["pixels"] == round(0.72 * 400)
    strongest = np.sort(phi.ravel())[::-1]
    assert marked["attribution"] == (strongest.cumsum() < 0.72 * phi.sum()).sum() + 1


def test_clean_up_bridges_gaps_and_drops_specks() -> None:
    heat = np.zeros((20, 20))
    heat[4:12, 4:12] = 1
    patch = heat.copy()
    heat[7, 7] = 0  # a hole
    heat[17, 17] = 9  # a speck
    np.testing.assert_array_equal(iv.clean_up(heat, 3), patch)


def test_clean_up_treats_the_edge_of_the_picture_like_its_middle() -> None:
    heat = np.zeros((20, 20))
    heat[:6, :6] = 1
    np.testing.assert_array_equal(iv.clean_up(heat, 4), heat)
    corner = np.zeros((20, 20))
    corner[0, 0] = 1
    assert not iv.clean_up(corner, 4).any()


def test_outlines_run_around_patches_of_dots_not_around_dots() -> None:
    heat = np.zeros((20, 20))
    heat[4:15:2, 4:15:2] = 1
    line = iv.outlines(heat, size=4)
    assert line[4:15, 4].all()
    assert not line[6:13, 6:13].any()


def test_outlines_rank_components_by_attribution_not_by_area() -> None:
    heat = np.zeros((20, 20))
    heat[1:5, 1:5] = 10  # small and strong: 160
    heat[8:18, 8:18] = 0.1  # large and weak: 10
    strong = iv.outlines(heat, 90, size=4)
    assert strong[:6, :6].any()
    assert not strong[7:, 7:].any()
    assert iv.outlines(heat, 99, size=4)[7:, 7:].any()


def test_outlines_are_a_closed_line_of_one_pixel() -> None:
    heat = np.zeros((20, 20))
    heat[5:15, 5:15] = 1
    line = np.zeros((20, 20), bool)
    line[5:15, 5:15] = True
    line[6:14, 6:14] = False
    np.testing.assert_array_equal(iv.outlines(heat), line)


def test_zeros_have_no_outlines_and_leave_the_photograph() -> None:
    zeros = np.zeros((20, 20, 3))
    assert not iv.outlines(zeros[..., 0]).any()
    for options in ({}, {"morphological_cleanup": True}, {"draw_outlines": True}):
        np.testing.assert_allclose(iv.visualise(PHOTO, zeros, **options), DULL, atol=0.51)


def test_signs_have_their_colours() -> None:
    phi = np.zeros((20, 20, 3))
    phi[3, 4], phi[5, 6] = 1, -1
    options = {"clip_above_percentile": 100, "clip_below_percentile": 0}
    both = iv.visualise(PHOTO, phi, "both", **options)
    assert tuple(both[3, 4]) == iv_colour(iv.POSITIVE)
    assert tuple(both[5, 6]) == iv_colour(iv.NEGATIVE)
    assert tuple(iv.visualise(PHOTO, phi, "positive", **options)[3, 4]) == iv_colour(iv.POSITIVE)
    np.testing.assert_allclose(
        iv.visualise(PHOTO, phi, "positive", **options)[5, 6], DULL[5, 6], atol=0.51
    )
    assert tuple(iv.visualise(PHOTO, phi, "negative", **options)[5, 6]) == iv_colour(iv.NEGATIVE)
    assert not iv.visualise(PHOTO, phi, "positive", overlay=False, **options)[5, 6].any()


def test_patches_that_a_clean_up_grows_over_other_signs_keep_the_colour() -> None:
    phi = np.full((20, 20), -1.0)
    phi[4:17:2, 4:17:2] = 5
    drawn = iv.visualise(PHOTO, phi, morphological_cleanup=True, structure=4, overlay=False)
    assert phi[5, 5] < 0
    assert tuple(drawn[5, 5]) == iv_colour(iv.POSITIVE)


def test_outlines_are_drawn_in_place_of_the_pixels() -> None:
    phi = np.zeros((20, 20))
    phi[5:15, 5:15] = 1
    drawn = iv.visualise(PHOTO, phi, clip_below_percentile=0, draw_outlines=True)
    line = iv.outlines(phi)
    assert (drawn[line] == 255).all()
    np.testing.assert_allclose(drawn[~line], DULL[~line], atol=0.51)


@pytest.mark.parametrize(
    ("photograph", "drawn"), [((40, 60), (20, 30)), ((60, 40), (30, 20)), ((10, 10), (20, 20))]
)
def test_what_the_network_saw_squeezed_is_drawn_in_the_photographs_shape(photograph, drawn) -> None:
    phi = np.zeros((20, 20))
    phi[3, 4] = 1
    found = iv.visualise(np.zeros((*photograph, 3), "uint8"), phi)
    assert found.shape == (*drawn, 3)
    marked = np.argwhere(found.any(axis=-1)) + 0.5
    np.testing.assert_allclose(marked.mean(axis=0) / drawn, np.array([3.5, 4.5]) / 20, atol=0.02)


def test_maps_side_by_side_are_scaled_by_the_same_rule() -> None:
    """The gradient is some thousand times smaller than the attribution; both must show."""
    phi = np.random.default_rng(2).normal(size=(20, 20, 3))
    figure = iv.side_by_side(PHOTO, phi / 1000, phi, "panda", overlay=False)
    drawn = [axis.get_images()[0].get_array() for axis in figure.axes]
    np.testing.assert_array_equal(drawn[1], drawn[2])
    assert drawn[1].max() == iv_colour(iv.POSITIVE)[0]
    assert [axis.get_title() for axis in figure.axes] == [
        "panda", "gradient", "integrated gradients"
    ]  # fmt: skip


def test_nothing_is_changed() -> None:
    phi, photo = np.random.default_rng(3).normal(size=(20, 20, 3)), PHOTO.copy()
    before = phi.copy()
    iv.visualise(photo, phi, "both", morphological_cleanup=True, draw_outlines=True)
    np.testing.assert_array_equal(phi, before)
    np.testing.assert_array_equal(photo, PHOTO)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clip_below_percentile": 80, "clip_above_percentile": 60}, "below is 80 and above is 60"),
        ({"clip_above_percentile": 101}, "percentiles must be in order"),
        ({"clip_below_percentile": -1}, "percentiles must be in order"),
        ({"lower_end": 1.5}, r"lower_end must lie in 0..1, not 1\.5"),
        ({"clip_by": "area"}, "clip_by='area' is unknown; use 'pixels'"),
        ({"polarity": "up"}, "polarity is 'positive', 'negative' or 'both', not 'up'"),
        ({"morphological_cleanup": True, "structure": 0}, "size=0 must be 1 or more"),
        ({"draw_outlines": True, "outlines_percentage": 120}, "percentiles must be in order"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        iv.visualise(PHOTO, np.ones((20, 20, 3)), **options)


def test_attributions_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        iv.visualise(PHOTO, np.full((20, 20, 3), np.nan))
    with pytest.raises(ValueError, match=r"shape \(height, width, channels\), not \(20,\)"):
        iv.visualise(PHOTO, np.ones(20))

"""XRAI against its authors' program, part by part and as a whole."""

import numpy as np
import pytest
import saliency.core
from saliency.core.xrai import XRAI, _get_segments_felzenszwalb

from lessons_lib import images, maps
from lessons_lib.integrated_gradients import integrated_gradients
from tests.networks import SIZE, flat_net, gap_net, pictures, shared


def test_the_regions_are_those_of_pair() -> None:
    picture = images.resize(images.course_image("macaw"), (224, 224)).round()
    ours = maps.overlapping_regions(picture)
    theirs = np.array(_get_segments_felzenszwalb(picture))
    # Theirs are also resized, from 224 x 224 to 224 x 224, by splines: values differ by rounding.
    assert len(ours) == len(theirs)
    assert (ours == theirs).mean() > 0.999


@pytest.mark.parametrize("min_pixels", [1, 12, 50])
@pytest.mark.parametrize("covered", [True, False])
def test_regions_are_merged_as_pair_does(
    rng: np.random.Generator, min_pixels: int, covered: bool
) -> None:
    heat = rng.normal(size=(30, 40))
    centres = rng.uniform(size=(25, 2)) * heat.shape
    places = np.stack(np.indices(heat.shape), axis=-1)[None]
    masks = np.abs(places - centres[:, None, None]).sum(-1) < rng.uniform(3, 12, (25, 1, 1))
    if covered:
        masks = np.concatenate([masks, ~masks.any(axis=0, keepdims=True)])
    theirs, _ = XRAI._xrai(heat, list(masks), min_pixel_diff=min_pixels)
    found = maps.merged(heat, masks, min_pixels)
    np.testing.assert_allclose(found, theirs, atol=1e-12)
    assert found.sum() == pytest.approx(heat.sum())


def test_the_whole_is_that_of_pair() -> None:
    net = shared(flat_net, hidden=8)
    photo = pictures(1)[0][:16, :16].clip(1, 254)
    photo[0, 0], photo[0, 1] = 0, 255  # their baselines are the picture's own extremes
    x = net.prepare(photo)[0]
    masks = np.array(
        [(i <= r) & (r < i + 6) for i in range(0, 16, 3) for r in np.indices((16, 16))]
    )

    def gradients(batch, call_model_args=None, expected_keys=None):
        found = maps.input_gradients(net, np.asarray(batch), 1)
        return {saliency.core.INPUT_OUTPUT_GRADIENTS: found}

    options = saliency.core.XRAIParameters(steps=200)
    theirs = XRAI().GetMask(x, gradients, segments=list(masks), extra_parameters=options)
    phi = [
        integrated_gradients(net, photo, 1, baseline=b, rule="trapezoid", num_steps=200).phi
        for b in ("black", "white")
    ]
    heat = np.mean(phi, axis=0).max(axis=-1)
    # They divide the sum of 200 nodes by 200, the trapezoid rule by 199 cells.
    found = maps.merged(heat, masks)
    np.testing.assert_allclose(found, theirs, atol=0.02 * np.abs(theirs).max())
    whole = maps.xrai(net, photo, 1, num_steps=200, regions=masks)
    np.testing.assert_allclose(whole, found, atol=1e-6)
    whole = maps.xrai(net, photo, 1, num_steps=200)
    np.testing.assert_allclose(whole, maps.merged(heat, maps.overlapping_regions(photo)), atol=1e-6)


def test_the_map_adds_up_to_the_largest_colours_and_not_to_the_difference() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    phi = [integrated_gradients(net, photo, 1, baseline=b).phi for b in ("black", "white")]
    mean = np.mean(phi, axis=0)
    total = maps.xrai(net, photo, 1, num_steps=400).sum()
    assert total == pytest.approx(mean.max(axis=-1).sum(), rel=0.02)
    assert total > 2 * np.abs(mean.sum())


def test_a_picture_of_one_value_is_one_region() -> None:
    masks = maps.overlapping_regions(np.full((20, 30, 3), 7, np.uint8))
    assert masks.all()
    assert masks.shape == (6, 20, 30)


def test_small_regions_are_passed_over_and_what_is_left_is_one_region() -> None:
    masks = np.array([[[1, 1, 1, 0, 0]], [[0, 0, 1, 1, 0]]])
    found = maps.merged([[3.0, 5.0, 4.0, 8.0, 2.0]], masks, min_pixels=2)
    assert found.tolist() == [[4, 4, 6, 6, 2]]


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"masks \(regions, 3, 3\) are needed, not \(1, 2, 2\)"):
        maps.merged(np.zeros((3, 3)), np.ones((1, 2, 2), bool))
    with pytest.raises(ValueError, match="min_pixels=0 must be 1 or more"):
        maps.merged(np.zeros((3, 3)), np.ones((1, 3, 3), bool), min_pixels=0)
    with pytest.raises(ValueError, match="expected one picture, but there are 2"):
        maps.xrai(shared(flat_net, hidden=8), pictures(2))


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (
            np.ones((0, 4, 4), bool),
            r"one or more masks \(regions, 4, 4\) are needed, not \(0, 4, 4\)",
        ),
        (np.arange(16).reshape(4, 4), r"not \(4, 4\); of segments 0 .. M - 1: segments == "),
        (np.arange(16).reshape(1, 4, 4), "True inside its region and False outside"),
        (np.full((1, 4, 4), np.nan), "True inside its region and False outside"),
    ],
)
def test_regions_that_are_no_masks_are_refused(masks, message) -> None:
    with pytest.raises(ValueError, match=message):
        maps.merged(np.ones((4, 4)), masks)


@pytest.mark.parametrize("scales", [(), 50, None, (0,), (-1,), (np.nan,), (np.inf,)])
def test_scales_are_numbers_above_zero(scales) -> None:
    with pytest.raises(ValueError, match=r"must be (one or more numbers|above 0)"):
        maps.overlapping_regions(np.zeros((8, 8, 3)), scales=scales)
    with pytest.raises(TypeError, match="a scale must be a number, not 'a'"):
        maps.overlapping_regions(np.zeros((8, 8, 3)), scales=("a",))


def test_one_region_for_a_whole_picture_is_warned_of() -> None:
    picture = np.zeros((SIZE, SIZE, 3))
    with pytest.warns(UserWarning, match="the map is the same everywhere"):
        maps.xrai(shared(gap_net), picture + np.arange(SIZE)[:, None, None], num_steps=2)

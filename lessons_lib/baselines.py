"""Baselines: the picture that stands for "nothing there", in every method and measure.

Score-CAM, occlusion, RISE, LIME, Shapley values and the curves put it in place of what they hide;
Integrated Gradients (lesson 06) starts from it. An explanation says what the photograph has that
the baseline has not. No baseline is neutral: a black one cannot give anything to black pixels,
whatever they mean to the network.
"""

import warnings
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_array, check_segments
from lessons_lib.images import PHOTOGRAPH, ValueRange, one_picture, resize

Pixels = NDArray[np.float32]
Regions = NDArray[np.integer] | None
Made = Callable[[Pixels, Regions, np.random.Generator, ValueRange], Pixels]

Baseline = str | float | Sequence[float] | ArrayLike
"""A name, a number of the value range, a colour, or a picture: see `make_baseline`."""

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red, green, blue
BLUR = 1 / 15  # standard deviation of the blur, as a share of the picture's height


def _flat(share: float) -> Made:
    return lambda x, segments, rng, ends: np.full_like(x, ends[0] + share * (ends[1] - ends[0]))


def _imagenet(x: Pixels, segments: Regions, rng: np.random.Generator, ends: ValueRange) -> Pixels:
    if x.shape[-1] != 3:
        raise ValueError(
            f"the baseline 'imagenet' is a colour of red, green and blue; for {x.shape[-1]} "
            "channels take another"
        )
    return np.full_like(x, np.interp(IMAGENET_MEAN, PHOTOGRAPH, ends))


def _mean(x: Pixels, segments: Regions, rng: np.random.Generator, ends: ValueRange) -> Pixels:
    ids = np.zeros(x.shape[:2], int)
    if segments is not None:
        ids = check_segments(segments, x.shape[:2])
    totals = [np.bincount(ids.ravel(), channel) for channel in x.reshape(-1, x.shape[-1]).T]
    means = np.stack(totals, axis=1) / np.bincount(ids.ravel())[:, None]
    return np.asarray(means[ids], np.float32)


def _blurred(x: Pixels, segments: Regions, rng: np.random.Generator, ends: ValueRange) -> Pixels:
    soft = cv2.GaussianBlur(x, (0, 0), BLUR * x.shape[0], borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(soft, *ends), np.float32).reshape(x.shape)


def _noise(x: Pixels, segments: Regions, rng: np.random.Generator, ends: ValueRange) -> Pixels:
    return rng.uniform(*ends, x.shape).astype("float32")


BASELINES: dict[str, Made] = {
    "black": _flat(0),
    "white": _flat(1),
    "grey": _flat(0.5),
    "imagenet": _imagenet,
    "mean": _mean,
    "blurred": _blurred,
    "noise": _noise,
}


def make_baseline(
    baseline: Baseline,
    x: Pixels,
    segments: Regions = None,
    rng: np.random.Generator | None = None,
    value_range: ValueRange = PHOTOGRAPH,
) -> Pixels:
    """The baseline for a picture, at the picture's own size.

    Parameters
    ----------
    baseline
        ``"black"`` and ``"white"``, the ends of the value range; ``"grey"``, its middle (127.5);
        ``"imagenet"`` (the mean colour of ImageNet's photographs); ``"mean"`` (the mean colour of
        each superpixel; where there are none, of the picture); ``"blurred"`` (the photograph,
        blurred beyond recognition); ``"noise"`` (each pixel uniform in the value range). Or a
        number of the value range, a colour, or a picture of any size. All in the values of the
        pictures (RGB 0..255), wherever the network rescales.
    x : ndarray of float32, shape (height, width, channels)
        The picture.
    segments : ndarray of int, shape (height, width), optional
        Its superpixels 0 .. M - 1; for ``"mean"``.
    rng
        Where the noise comes from. Default: a generator with the seed 0.
    value_range
        The lowest and the highest value of a pixel.

    Returns
    -------
    ndarray of float32, shape of ``x``
        A new array.

    Raises
    ------
    ValueError
        If the name is unknown, a number is outside the value range, an array is no picture, or
        ``segments`` are not those of ``x``.

    Warns
    -----
    UserWarning
        If ``"grey"`` is asked for in units that go below 0.

    Examples
    --------
    >>> x = np.array([[[10, 0, 0], [30, 0, 0], [90, 0, 0]]], np.float32)
    >>> make_baseline("grey", x)[0, 0]
    array([127.5, 127.5, 127.5], dtype=float32)
    >>> make_baseline("mean", x, segments=np.array([[0, 0, 1]]))[0, :, 0]
    array([20., 20., 90.], dtype=float32)
    """
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise ValueError(
                f"there is no baseline {baseline!r}; there are {', '.join(BASELINES)}, "
                "or pass a number, a colour or a picture"
            )
        if baseline == "grey" and value_range[0] < 0:
            warnings.warn(
                f"the baseline 'grey' is the middle of {value_range[0]:g}..{value_range[1]:g}, "
                f"{sum(value_range) / 2:g}. In units of your own that may stand for a thing (in "
                "Hounsfield units for bone): name the number that stands for nothing, such as "
                "baseline=-1024, or take 'mean' or 'blurred'",
                stacklevel=2,
            )
        return BASELINES[baseline](x, segments, rng or np.random.default_rng(0), value_range)
    (low, high), given = value_range, as_array(baseline, "the baseline")
    if given.ndim > 1:
        return np.clip(resize(one_picture(given, x.shape[-1], value_range), x.shape[:2]), low, high)
    if given.dtype.kind not in "iuf" or given.shape not in ((), (x.shape[-1],)):
        raise ValueError(f"baseline={baseline!r} is no name, number, colour or picture")
    if not ((given >= low) & (given <= high)).all():
        raise ValueError(f"baseline={baseline!r} is outside {low:g}..{high:g}")
    return np.full_like(x, given)

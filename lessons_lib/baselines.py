"""Baselines: the picture that stands for "nothing there", in every method and measure.

Score-CAM, occlusion, RISE, LIME, Shapley values and the curves put it in place of what they hide;
Integrated Gradients (lesson 06) starts from it. An explanation says what the photograph has that
the baseline has not. No baseline is neutral: a black one cannot give anything to black pixels,
whatever they mean to the network.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_array, check_segments
from lessons_lib.images import one_picture, resize

Pixels = NDArray[np.float32]
Regions = NDArray[np.integer] | None

Baseline = str | float | Sequence[float] | ArrayLike
"""A name, a number 0..255, a colour, or a picture: see `make_baseline`."""

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red, green, blue
BLUR = 1 / 15  # standard deviation of the blur, as a share of the picture's height


def _flat(colour: ArrayLike) -> Callable[[Pixels, Regions, np.random.Generator], Pixels]:
    return lambda x, segments, rng: np.full_like(x, colour)


def _mean(x: Pixels, segments: Regions, rng: np.random.Generator) -> Pixels:
    ids = np.zeros(x.shape[:2], int)
    if segments is not None:
        ids = check_segments(segments, x.shape[:2])
    totals = [np.bincount(ids.ravel(), channel) for channel in x.reshape(-1, x.shape[-1]).T]
    means = np.stack(totals, axis=1) / np.bincount(ids.ravel())[:, None]
    return np.asarray(means[ids], np.float32)


def _blurred(x: Pixels, segments: Regions, rng: np.random.Generator) -> Pixels:
    soft = cv2.GaussianBlur(x, (0, 0), BLUR * x.shape[0], borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(soft, 0, 255), np.float32).reshape(x.shape)


def _noise(x: Pixels, segments: Regions, rng: np.random.Generator) -> Pixels:
    return rng.uniform(0, 255, x.shape).astype("float32")


BASELINES: dict[str, Callable[[Pixels, Regions, np.random.Generator], Pixels]] = {
    "black": _flat(0),
    "white": _flat(255),
    "grey": _flat(127.5),
    "imagenet": _flat(IMAGENET_MEAN),
    "mean": _mean,
    "blurred": _blurred,
    "noise": _noise,
}


def make_baseline(
    baseline: Baseline,
    x: Pixels,
    segments: Regions = None,
    rng: np.random.Generator | None = None,
) -> Pixels:
    """The baseline for a picture, at the picture's own size.

    Parameters
    ----------
    baseline
        ``"black"``; ``"white"``; ``"grey"`` (127.5, the middle of the pixels' range);
        ``"imagenet"`` (the mean colour of ImageNet's photographs); ``"mean"`` (the mean colour of
        each superpixel; where there are none, of the picture); ``"blurred"`` (the photograph,
        blurred beyond recognition); ``"noise"`` (each pixel uniform in 0..255). Or a number
        0..255, a colour, or a picture of any size. All in RGB 0..255, wherever the network
        rescales.
    x : ndarray of float32, shape (height, width, 3)
        The picture.
    segments : ndarray of int, shape (height, width), optional
        Its superpixels 0 .. M - 1; for ``"mean"``.
    rng
        Where the noise comes from. Default: a generator with the seed 0.

    Returns
    -------
    ndarray of float32, shape of ``x``
        A new array.

    Raises
    ------
    ValueError
        If the name is unknown, a number is outside 0..255, an array is no picture, or ``segments``
        are not those of ``x``.

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
                "or pass a number 0..255, a colour or a picture"
            )
        return BASELINES[baseline](x, segments, rng or np.random.default_rng(0))
    given = as_array(baseline, "the baseline")
    if given.ndim > 1:
        return np.clip(resize(one_picture(given), x.shape[:2]), 0, 255)
    if given.dtype.kind not in "iuf" or given.shape not in ((), (x.shape[-1],)):
        raise ValueError(f"baseline={baseline!r} is no name, number, colour or picture")
    if not ((given >= 0) & (given <= 255)).all():
        raise ValueError(f"baseline={baseline!r} is outside 0..255")
    return np.full_like(x, given)

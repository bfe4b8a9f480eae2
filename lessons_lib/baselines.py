"""Baselines: the picture that stands for "nothing there" (lesson 06).

An attribution says what the photograph has that the baseline has not. No baseline is neutral: a
black one cannot give anything to black pixels, whatever they mean to the network.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_array
from lessons_lib.images import one_picture, resize

Pixels = NDArray[np.float32]

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red, green, blue
BLUR = 1 / 15  # standard deviation of the blur, as a share of the picture's height


def _flat(
    colour: float | tuple[float, float, float],
) -> Callable[[Pixels, np.random.Generator], Pixels]:
    return lambda x, rng: np.full_like(x, colour)


def _blurred(x: Pixels, rng: np.random.Generator) -> Pixels:
    soft = cv2.GaussianBlur(x, (0, 0), BLUR * x.shape[0], borderType=cv2.BORDER_REFLECT)
    return np.clip(soft, 0, 255)


def _noise(x: Pixels, rng: np.random.Generator) -> Pixels:
    return rng.uniform(0, 255, x.shape).astype("float32")


BASELINES: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "black": _flat(0),
    "white": _flat(255),
    "grey": _flat(127.5),
    "mean": _flat(IMAGENET_MEAN),
    "blurred": _blurred,
    "noise": _noise,
}


def make_baseline(
    baseline: str | ArrayLike, image: ArrayLike, x: Pixels, rng: np.random.Generator
) -> Pixels:
    """The baseline for a picture, at the network's size.

    Parameters
    ----------
    baseline
        ``"black"``, ``"white"``, ``"grey"`` (127.5), ``"mean"`` (ImageNet's mean colour),
        ``"blurred"`` (the photograph, blurred beyond recognition), ``"noise"`` (each pixel uniform
        in 0..255), or RGB pixels 0..255 with the shape of the picture or of the network's input.
    image : array, shape (height, width, 3)
        The picture as it was given.
    x : ndarray, shape (*input_size, 3)
        The picture at the network's size.
    rng
        Where the noise comes from.

    Returns
    -------
    ndarray of float32, shape (*input_size, 3)
        RGB pixels 0..255; a new array.

    Raises
    ------
    ValueError
        If the name is unknown, or the array is of another shape or no picture.
    TypeError
        If the array does not hold numbers.

    Examples
    --------
    >>> x = np.full((2, 2, 3), 200, np.float32)
    >>> make_baseline("grey", x, x, np.random.default_rng(0))[0, 0]
    array([127.5, 127.5, 127.5], dtype=float32)
    """
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise ValueError(
                f"there is no baseline {baseline!r}; there are {', '.join(BASELINES)}, "
                "or pass RGB pixels of the picture's shape"
            )
        return BASELINES[baseline](x, rng)
    baseline = as_array(baseline, "the baseline")
    shape = baseline.shape
    if shape not in (np.shape(image), x.shape):
        raise ValueError(
            f"the baseline has the shape {shape}; it must have the picture's, {np.shape(image)}, "
            f"or that of the network's input, {x.shape}"
        )
    return np.clip(resize(one_picture(baseline), x.shape[:2]), 0, 255)

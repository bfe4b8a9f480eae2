"""A raw map as numbers from 0 to 1, for drawing and for masking."""

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.checks import finite


def normalise(heat: NDArray[np.floating]) -> NDArray[np.floating]:
    """Scale a map to 0..1: 0 stays 0, the largest value becomes 1. Negative values become 0.

    A map without a positive value comes back as zeros, never as NaN.

    Examples
    --------
    >>> normalise(np.array([[0.0, 2.0], [4.0, -1.0]]))
    array([[0. , 0.5],
           [1. , 0. ]])
    >>> normalise(np.zeros((1, 2)))
    array([[0., 0.]])
    """
    heat = finite(heat, "the map")
    positive = np.maximum(heat, 0)
    top = positive.max()
    return positive / top if top > 0 else positive

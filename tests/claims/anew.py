"""What the claims of several lessons compute anew, without the package's own functions."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata


def alike(one: ArrayLike, two: ArrayLike) -> float:
    """Correlation of two maps."""
    return np.corrcoef(np.ravel(one), np.ravel(two))[0, 1]


def ranks(one: ArrayLike, two: ArrayLike) -> float:
    """Rank correlation of two maps: that of the places in the order."""
    return alike(rankdata(one), rankdata(two))


def hottest(heat: np.ndarray) -> tuple[float, float]:
    """Row and column of the middle of the hottest place, in shares of the picture."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return (row + 0.5) / heat.shape[0], (column + 0.5) / heat.shape[1]


def flip(d: np.ndarray) -> float:
    """p of the exact sign flip: sums with all signs, one difference at a time."""
    sums = np.zeros(1)
    for size in d:
        sums = np.concatenate([sums + size, sums - size])
    return float((np.abs(sums) >= abs(d.sum()) - 1e-9).mean())

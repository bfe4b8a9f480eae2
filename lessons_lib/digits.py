"""Handwritten digits in a larger picture, among scraps: pictures whose truth is known (lesson 12).

The digits are those of scikit-learn: 8 x 8 grey values, written by thirteen people. Each picture
shows none, one or two of them like chalk on a coloured ground, enlarged, tilted and sheared, and
beside them scraps that are no digit: quarters of other digits, and plain shapes. Where each digit
lies is known pixel by pixel.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import sklearn.datasets
from numpy.typing import NDArray

from lessons_lib.basics.checks import Array, whole

SIZE = 56
SCRAPS = 3
HELD_OUT = 450  # digits that no network of the course was fitted on, of 1797
SCALE = (3.0, 3.5)  # pixels a digit's own pixel is enlarged to
RASTER = 4  # pixels: digits begin at multiples, which a small network learns sooner
TRIES = 60  # before a place is given up


class Pictures(NamedTuple):
    """Pictures, and what is true of them.

    Attributes
    ----------
    x : ndarray of uint8, shape (n, 56, 56, 3)
        RGB pixels 0..255.
    labels : ndarray of int, shape (n, k)
        The k digits of each picture, all different.
    inside : ndarray of bool, shape (n, k, 56, 56)
        True where the ink of that digit is.
    """

    x: NDArray[np.uint8]
    labels: NDArray[np.int_]
    inside: NDArray[np.bool_]


def pictures(n: int, digits: int = 1, *, held_out: bool = True, seed: int = 0) -> Pictures:
    """Make pictures of handwritten digits.

    Parameters
    ----------
    n
        How many pictures.
    digits
        How many digits each of them shows: 0, 1 or 2.
    held_out
        Take digits (and scraps) that the course's network was not fitted on.
    seed
        The same seed gives the same pictures.

    Returns
    -------
    Pictures

    Raises
    ------
    TypeError, ValueError
        If a number is not whole, ``n`` is below 1, or ``digits`` is not 0, 1 or 2.

    Examples
    --------
    >>> found = pictures(3, digits=2)
    >>> found.x.shape, found.labels.shape, found.inside.shape
    ((3, 56, 56, 3), (3, 2), (3, 2, 56, 56))
    """
    whole(n, "n", 1)
    if whole(digits, "digits") not in (0, 1, 2):
        raise ValueError(f"digits={digits}; a picture has room for 0, 1 or 2 of them")
    grey, labels = handwriting(held_out)
    rng = np.random.default_rng(seed)
    return _collected([picture(grey, labels, digits, rng) for _ in range(n)])


def _collected(made: Sequence[tuple[NDArray[Any], ...]]) -> Pictures:
    """Several results of `picture`, with as many digits each, as one."""
    return Pictures(*(np.stack(parts) for parts in zip(*made, strict=True)))


@functools.cache
def handwriting(held_out: bool) -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """scikit-learn's digits, ink 0..1, shape (m, 8, 8), and which they are; one part of two."""
    bunch = sklearn.datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    chosen = order[:HELD_OUT] if held_out else order[HELD_OUT:]
    return (bunch.images[chosen] / 16).astype("float32"), bunch.target[chosen]


def picture(
    grey: Array, labels: NDArray[np.int_], digits: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int_], NDArray[np.bool_]]:
    """One picture of some of these digits: pixels, labels, ink of each.

    Parameters
    ----------
    grey : ndarray, shape (m, 8, 8)
        Ink 0..1.
    labels : ndarray, shape (m,)
    digits
        How many to show; their labels differ.
    rng
        Source of chance.
    """
    while True:  # until each digit has found room
        canvas, taken = _ground(rng), np.zeros((SIZE, SIZE), bool)
        classes = rng.choice(10, digits, replace=False)
        ink = [_stamp(grey[rng.choice(np.flatnonzero(labels == c))], rng) for c in classes]
        found = [_place(canvas, taken, one, rng) for one in ink]
        if all(one is not None for one in found):
            break
    for _ in range(SCRAPS):
        scrap = _quarter(grey[rng.integers(len(grey))], rng) if rng.random() < 0.7 else _shape(rng)
        _place(canvas, taken, scrap, rng)
    canvas += rng.normal(0, 4, canvas.shape)
    inside = np.array([one > 0.5 for one in found if one is not None], bool)
    pixels = canvas.clip(0, 255).round().astype("uint8")
    return pixels, classes, inside.reshape(digits, SIZE, SIZE)


def _ground(rng: np.random.Generator) -> Array:
    """A coloured ground that changes slowly from corner to corner."""
    corners = rng.uniform(20, 70) + rng.normal(0, 15, (2, 2, 3))
    corners = corners.clip(0, 100).astype("float32")
    return np.asarray(cv2.resize(corners, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), np.float32)


def _stamp(grey: Array, rng: np.random.Generator) -> Array:
    """A digit of 8 x 8, or a part of one, enlarged, tilted and sheared: its ink, 0..1."""
    scale, tilt, shear = rng.uniform(*SCALE), rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    matrix = scale * turn @ np.array([[1, shear], [0, 1]])
    side = int(np.ceil(8 * scale * 1.35))
    shift = (side - 1) / 2 - matrix @ (np.array(grey.shape[::-1]) - 1) / 2
    large = cv2.warpAffine(
        grey, np.column_stack([matrix, shift]), (side, side), flags=cv2.INTER_CUBIC
    )
    ink = np.clip(1.6 * large - 0.25, 0, 1)
    rows, columns = np.flatnonzero(ink.max(1) > 0), np.flatnonzero(ink.max(0) > 0)
    if not len(rows):
        return ink[:1, :1]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _quarter(grey: Array, rng: np.random.Generator) -> Array:
    """A quarter of a digit, turned: strokes like a digit's, and no digit."""
    row, column = rng.integers(0, 2, 2) * 4
    part = np.rot90(grey[row : row + 4, column : column + 4], int(rng.integers(4)))
    return _stamp(np.ascontiguousarray(part), rng)


def _shape(rng: np.random.Generator) -> Array:
    """A filled triangle or rectangle, which is no digit either."""
    height, width = rng.integers(6, 14, 2)
    if rng.random() < 0.5:
        return np.ones((height, width), np.float32)
    ink = np.zeros((height, width), np.float32)
    corners = np.array([[0, height - 1], [width - 1, height - 1], [rng.integers(width), 0]])
    cv2.fillPoly(ink, [corners.astype("int32")], 1.0)
    return ink


def _place(
    canvas: Array,
    taken: NDArray[np.bool_],
    ink: Array,
    rng: np.random.Generator,
) -> Array | None:
    """Draw ink where nothing is yet, in a colour lighter than the ground; None if there is no room.

    Changes ``canvas`` and ``taken``; returns the ink in the whole picture, shape (56, 56).
    """
    height, width = ink.shape
    for _ in range(TRIES):
        row = RASTER * rng.integers((SIZE - height) // RASTER + 1)
        column = RASTER * rng.integers((SIZE - width) // RASTER + 1)
        around = taken[max(0, row - 2) : row + height + 2, max(0, column - 2) : column + width + 2]
        if not around.any():
            break
    else:
        return None
    window = slice(row, row + height), slice(column, column + width)
    colour = rng.uniform(150, 235) + rng.normal(0, 20, 3)
    canvas[window] += ink[..., None] * (colour - canvas[window])
    taken[window] = True
    whole_ink = np.zeros((SIZE, SIZE), np.float32)
    whole_ink[window] = ink
    return whole_ink

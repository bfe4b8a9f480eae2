"""Checks of arguments that many modules share; each error names the argument and what it may be."""

import numbers
import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

SCORES = ("logit", "probability")
"""What a class is scored by: before the network's softmax, or after it."""


def as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """An array of whatever type; a ValueError if the rows are of different lengths."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array; its rows differ in length") from error


def as_floats(values: ArrayLike, name: str) -> Array:
    """Numbers as an array of float32 or float64, whichever holds them; else a TypeError.

    Examples
    --------
    >>> as_floats([[1, 2]], "the map")
    array([[1., 2.]])
    """
    array = as_array(values, name)
    if array.dtype == object:  # a table of numbers of several types
        try:
            array = array.astype(float)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must be numbers, but not all of these are") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers, but their type is {array.dtype}")
    return array.astype(np.promote_types(array.dtype, np.float32), copy=False)


def finite(values: ArrayLike, name: str, shape: str = "") -> Array:
    """As `as_floats`; besides, there is a number, and none is NaN or infinite.

    Parameters
    ----------
    values
        What to check; it is not changed.
    name
        What to call it in the message.
    shape
        Which dimensions it has, for example ``"(h, w)"`` or ``"(h, w) or (h, w, channels)"``;
        default: any.

    Examples
    --------
    >>> finite([1, 2], "the map", "(h, w)")
    Traceback (most recent call last):
    ValueError: the map must have the shape (h, w), not (2,)
    """
    array = as_floats(values, name)
    if shape and array.ndim not in {len(re.findall(r"\w+", way)) for way in shape.split(" or ")}:
        raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")
    if not array.size:
        raise ValueError(f"there is no number in {name}: the shape is {array.shape}")
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ValueError(f"{count} values of {name} are not finite (NaN or infinite)")
    return array


def arrays(shapes: str, **values: ArrayLike) -> tuple[Array, ...]:
    """Arrays of finite numbers whose shapes fit together: a letter stands for one length.

    Parameters
    ----------
    shapes
        The dimensions of each array, such as ``"n h w k, n k"`` or ``"h w 3"``.
    values
        The arrays, in this order, under the names that the messages call them.

    Examples
    --------
    >>> Z, y = arrays("n d, n", Z=[[1, 2], [3, 4], [5, 6]], y=[1, 2, 3])
    >>> arrays("n d, n", Z=Z, y=[1, 2])
    Traceback (most recent call last):
    ValueError: y must have the shape (n,) with n = 3, not (2,)
    """
    found, lengths = [], {k: int(k) for k in re.findall(r"\d+", shapes)}
    for shape, (name, value) in zip(shapes.split(","), values.items(), strict=True):
        array, letters = finite(value, name), shape.split()
        known = "".join(
            f" with {k} = {lengths[k]}" for k in letters if k.isalpha() and k in lengths
        )
        fits = array.ndim == len(letters) and all(
            lengths.setdefault(k, n) == n for k, n in zip(letters, array.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join(letters) + "," * (len(letters) == 1)
            raise ValueError(f"{name} must have the shape ({wanted}){known}, not {array.shape}")
        found.append(array)
    return tuple(found)


def check_segments(segments: ArrayLike, size: tuple[int, ...]) -> NDArray[np.integer]:
    """Segments as an array; an error unless they are of this size and numbered 0 .. M - 1."""
    segments = as_array(segments, "segments")
    if segments.dtype.kind not in "iu":
        raise TypeError(f"superpixels are whole numbers, but their type is {segments.dtype}")
    if segments.shape != tuple(size):
        raise ValueError(
            f"the segments have the shape {segments.shape}, the picture {tuple(size)}. Cut the "
            "picture that the network sees: superpixels(classifier.prepare(image)[0])"
        )
    ids = np.unique(segments)
    if not np.array_equal(ids, np.arange(len(ids))):
        raise ValueError(
            f"superpixels must be numbered 0 .. {len(ids) - 1}, but they run from {ids[0]} to "
            f"{ids[-1]}; use relabelled(segments)"
        )
    return segments


def whole(value: Any, name: str, least: int | None = None) -> int:
    """A whole number, of ``least`` or more; else a TypeError or a ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if least is not None and value < least:
        raise ValueError(f"{name}={value} must be {least} or more")
    return int(value)


def real(value: Any, name: str) -> float:
    """A number; else a TypeError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    return float(value)


def one_of(value: str, name: str, allowed: tuple[str, ...]) -> str:
    """The value, if it is one of these; else a ValueError.

    Examples
    --------
    >>> one_of("loud", "scores", SCORES)
    Traceback (most recent call last):
    ValueError: scores='loud' is unknown; use 'logit' or 'probability'
    """
    if value not in allowed:
        raise ValueError(f"{name}={value!r} is unknown; use {' or '.join(map(repr, allowed))}")
    return value


def size_of(size: Any, name: str = "the size") -> tuple[int, int]:
    """Height and width, both whole and 1 or more; else a TypeError or a ValueError."""
    if not isinstance(size, tuple | list | np.ndarray) or len(size) != 2:
        raise ValueError(f"{name} must be (height, width), not {size!r}")
    return whole(size[0], "height", 1), whole(size[1], "width", 1)

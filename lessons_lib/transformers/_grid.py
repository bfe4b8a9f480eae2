"""Where the places are among a network's tokens."""

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from lessons_lib.basics.checks import size_of, whole


class Grid(NamedTuple):
    """Where the places are among the tokens: those from ``first`` on, ``height`` rows of them."""

    height: int
    width: int
    first: int

    @property
    def places(self) -> slice:
        """Of the tokens, those that stand for a place."""
        return slice(self.first, self.first + self.height * self.width)


def token_grid(
    tokens: int,
    input_size: tuple[int, int],
    grid: tuple[int, int] | None = None,
    first: int | None = None,
) -> Grid:
    """How so many tokens lie over a picture.

    Parameters
    ----------
    tokens
        How many there are.
    input_size
        (height, width) of the picture, in pixels.
    grid
        (rows, columns) of patches. Default: square patches that fill the picture, with one class
        token before them or with none.
    first
        How many tokens come before those of the patches; those that are left over come after.
        Default: all that are no patches, where there is one or none.

    Raises
    ------
    TypeError, ValueError
        If a number is not whole, or they do not fit.

    Examples
    --------
    >>> token_grid(197, (224, 224))
    Grid(height=14, width=14, first=1)
    >>> token_grid(8, (64, 128))
    Grid(height=2, width=4, first=0)
    """
    whole(tokens, "tokens", 1)
    if grid is None:
        counts = [tokens, tokens - 1] if first is None else [tokens - whole(first, "first", 0)]
        found = [shape for count in counts if (shape := _square_patches(count, input_size))]
        if len(found) != 1:
            raise ValueError(
                f"{tokens} tokens are no grid of square patches over {input_size[0]} x "
                f"{input_size[1]} pixels, with one class token before it or none; {_CURE}"
            )
        grid = found[0]
    height, width = size_of(grid, "grid")
    extra = tokens - height * width
    if first is None and extra in (0, 1):
        first = extra
    if first is None or not 0 <= whole(first, "first") <= extra:
        after = "" if first is None else f" after the first {first}"
        raise ValueError(
            f"{tokens} tokens do not hold a grid of {height} x {width} = {height * width}{after}; "
            f"{_CURE}"
        )
    return Grid(height, width, first)


_CURE = "say grid=(rows, columns) and first=number of tokens before the first patch"


def _square_patches(count: int, input_size: tuple[int, int]) -> tuple[int, int] | None:
    """(rows, columns) of so many equal squares that fill a picture, if there are such."""
    divisor = math.gcd(*input_size)
    down, right = input_size[0] // divisor, input_size[1] // divisor
    times = math.isqrt(max(0, count) // (down * right))
    fits = times and times * times * down * right == count
    return (times * down, times * right) if fits else None


def fold(tokens: Any, grid: Grid) -> Any:
    """Tokens (n, T, channels) as places (n, height, width, channels): an array or a tensor.

    Examples
    --------
    >>> fold(np.arange(5.0).reshape(1, 5, 1), Grid(2, 2, 1))[0, ..., 0]
    array([[1., 2.],
           [3., 4.]])
    """
    reshape = np.reshape if isinstance(tokens, np.ndarray) else tf.reshape
    return reshape(tokens[:, grid.places], (-1, grid.height, grid.width, tokens.shape[-1]))

"""Many rows through a compiled function, some at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.checks import whole
from lessons_lib.progress import bar

BATCH_SIZE = 16


def in_batches(
    function: Callable[..., Any],
    *arrays: NDArray[Any],
    batch_size: int = BATCH_SIZE,
    description: str | None = None,
) -> tuple[NDArray[Any], ...]:
    """Apply a compiled function to arrays, some rows at a time; a progress bar after 2 seconds.

    Parameters
    ----------
    function
        Takes one tensor for each array, and returns a tuple of tensors of as many rows.
    arrays
        Arrays of as many rows each.
    batch_size
        Rows at a time.
    description
        What the progress bar says.

    Returns
    -------
    tuple of ndarray
        The results of all batches, one after another.
    """
    whole(batch_size, "batch_size", 1)
    starts = range(0, len(arrays[0]), batch_size)
    results = [
        [r.numpy() for r in function(*(tf.constant(a[i : i + batch_size]) for a in arrays))]
        for i in bar(starts, desc=description)
    ]
    return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))

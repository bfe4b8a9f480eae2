"""Functions of tensors: batches of rows through them, mixed pictures, gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.basics.checks import whole
from lessons_lib.basics.progress import bar
from lessons_lib.network import BATCH_SIZE


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


def reached(start: tf.Tensor, without: tf.Tensor | None = None) -> set[str]:
    """Names of the tensors that are computed from the values of one, in its graph.

    What is computed from its shape alone does not count.

    Parameters
    ----------
    start
        A tensor of a graph.
    without
        A tensor that is passed by: what is computed from it alone does not count either.

    Examples
    --------
    >>> @tf.function
    ... def look(x):
    ...     y = tf.identity(x)
    ...     found.extend([y.name in reached(x), (2 * y).name in reached(x, without=y)])
    >>> found = []
    >>> look(tf.zeros(2))
    >>> found
    [True, False]
    """
    found = {start.name}
    for operation in start.graph.get_operations():  # in the order in which they run
        if operation.type not in _OF_SHAPE and any(i.name in found for i in operation.inputs):
            found |= {output.name for output in operation.outputs if output is not without}
    return found


_OF_SHAPE = {"Shape", "ShapeN", "Rank", "Size", "ZerosLike", "OnesLike"}


def gradient_of(score: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """The gradient inside a graph, of the shape of ``z``; an error says what lets none through."""
    (gradient,) = tf.gradients(score, z)
    if gradient is None:
        nothing = "the score does not depend on the input, so there is nothing to attribute"
        raise ValueError(what_blocks(score, z) or nothing)
    return gradient


def what_blocks(score: tf.Tensor, z: tf.Tensor, whose: str = "the input") -> str:
    """Name the first operation, seen from the score, that lets no gradient to ``z`` through.

    An empty text, if there is a gradient, or the score does not depend on ``z``.
    """
    if tf.gradients(score, z)[0] is not None:
        return ""
    reached = {z.op.name}
    for operation in score.graph.get_operations():  # in the order in which they were made
        before = [i for i in operation.inputs if i.op.name in reached]
        if before:
            reached.add(operation.name)
            outputs = [o for o in operation.outputs if o.dtype.is_floating]
            if any(g is not None for g in tf.gradients(score, outputs)):
                blocked = operation if before[0].dtype.is_floating else before[0].op
                return (
                    f"the score has no gradient with respect to {whose}: {blocked.name} "
                    f"(operation {blocked.type}) lets none through. Replace that layer, or explain "
                    "with a method that needs no gradient, such as LIME or Shapley values."
                )
    return ""


def composites(
    Z: tf.Tensor, picture: tf.Tensor, baseline: tf.Tensor, segments: tf.Tensor
) -> tf.Tensor:
    """Pictures that show some superpixels and hide the others, made inside a graph.

    Parameters
    ----------
    Z : tensor of bool, shape (n, M)
        True where a superpixel is shown.
    picture, baseline : tensor, shape (height, width, channels)
        What is seen where a superpixel is shown, and where it is hidden.
    segments : tensor of int32, shape (height, width)

    Returns
    -------
    tensor, shape (n, height, width, channels)
    """
    # Pictures last, so that what belongs to a pixel lies together: three times as fast.
    shown = tf.gather(tf.transpose(Z), segments)[:, :, None, :]
    pixels = tf.where(shown, picture[..., None], baseline[..., None])
    return tf.transpose(pixels, (3, 0, 1, 2))

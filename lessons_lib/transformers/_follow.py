r"""Attention followed through the blocks, with the gradient of a class or without any class.

Both `rollout` and `relevance` are one product of matrices, from the first block to the last:

.. math:: R = \bar A_L \cdots \bar A_2 \, \bar A_1
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.basics.checks import whole
from lessons_lib.images import Images, as_given
from lessons_lib.network import BATCH_SIZE, GRADIENT_BYTES
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score
from lessons_lib.transformers._attention import (
    attending,
    attention,
    attention_of,
    one_for_each,
)
from lessons_lib.transformers._grid import fold, token_grid
from lessons_lib.transformers._places import Folded


def attention_map(
    classifier: Classifier,
    images: Images,
    block: int = -1,
    head: int | None = None,
    *,
    grid: tuple[int, int] | None = None,
    first: int | None = None,
) -> NDArray[np.float32]:
    """The places from which the class token reads, in one block: no class enters.

    Parameters
    ----------
    classifier, images
        As for `attention`.
    block
        Which one: 0 is the first, -1 the last.
    head
        Which one; default: the mean of all.
    grid, first
        As for `token_grid`.

    Returns
    -------
    ndarray of float32, shape (h, w) for one picture, (n, h, w) for several
        Weights; what is missing from 1 the class token reads from itself. Without a class token:
        how much all tokens, on average, read from each place.

    Raises
    ------
    ValueError
        As `attention` and `token_grid`; or if there is no such block or head.

    Examples
    --------
    >>> from lessons_lib import digits, transformers
    >>> attention_map(transformers.course_transformer(), digits.pictures(2).x, head=3).shape
    (2, 7, 7)
    """

    def maps(x: NDArray[np.float32], _: None) -> NDArray[np.float32]:
        A = attention(classifier, x)
        heads = A[:, _one_of("block", block, A.shape[1])]
        chosen = heads.mean(axis=1) if head is None else heads[:, _one_of("head", head, A.shape[2])]
        return _as_places(classifier, chosen, grid, first)

    return as_given(images, classifier.stream(maps, images))


def rollout(
    classifier: Classifier,
    images: Images,
    *,
    grid: tuple[int, int] | None = None,
    first: int | None = None,
) -> NDArray[np.float32]:
    r"""Attention rollout: attention followed through all blocks; no class enters.

    .. math:: R = \bar A_L \cdots \bar A_1, \qquad \bar A = \tfrac12 \, (I + \tfrac1H \sum_h A_h)

    Half of what leaves a block is taken to come through it, and half around it.

    Parameters
    ----------
    classifier, images, grid, first
        As for `attention_map`.

    Returns
    -------
    ndarray of float32, shape (h, w) for one picture, (n, h, w) for several
        Of the row of the class token in R, the places. Rows of R sum to 1. Without a class token:
        the mean of all rows.

    References
    ----------
    Abnar & Zuidema 2020, section 3. The mean over the heads is theirs too.

    Examples
    --------
    >>> from lessons_lib import digits, transformers
    >>> rollout(transformers.course_transformer(), digits.pictures(2).x).shape
    (2, 7, 7)
    """

    def follow(x: tf.Tensor) -> tuple[tf.Tensor]:
        A = [tf.reduce_mean(heads, axis=1) for heads in attention_of(classifier, x)]
        return (through_blocks([(_identity(a) + a) / 2 for a in A]),)

    def maps(x: NDArray[np.float32], _: None) -> NDArray[np.float32]:
        (R,) = in_batches(classifier.compiled("rollout", follow), x)
        return _as_places(classifier, one_for_each(R, x, classifier), grid, first)

    return as_given(images, classifier.stream(maps, images))


def relevance(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    *,
    grid: tuple[int, int] | None = None,
    first: int | None = None,
) -> NDArray[np.float32]:
    r"""Gradient-weighted relevance: attention that raises the class's logit, through all blocks.

    .. math::

        R = (I + \bar A_L) \cdots (I + \bar A_1), \qquad
        \bar A = \frac1H \sum_h \mathrm{ReLU}(\nabla A_h \odot A_h), \qquad
        \nabla A_h = \frac{\partial S_c}{\partial A_h}

    Parameters
    ----------
    classifier, images, grid, first
        As for `attention_map`.
    target
        The class to explain: an index, a label, or one of these for each picture. Default: each
        picture's top class.

    Returns
    -------
    ndarray of float32, shape (h, w) for one picture, (n, h, w) for several
        Of the row of the class token in R, the places: 0 or more, not normalised. Without a class
        token: the mean of all rows.

    Raises
    ------
    TypeError, ValueError
        As `attention_map`; or if there is no such class, or an attention that does not lead to the
        class scores.

    References
    ----------
    Chefer, Gur & Wolf 2021, equations 5 and 6 (self-attention).

    Examples
    --------
    >>> from lessons_lib import digits, transformers
    >>> heat = relevance(transformers.course_transformer(), digits.pictures(2).x, "3")
    >>> heat.shape, bool(heat.min() >= 0)
    ((2, 7, 7), True)
    """

    def maps(x: NDArray[np.float32], target: Target | Score) -> NDArray[np.float32]:
        network, target = classifier.explaining(target)

        def follow(x: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor]:
            with attending(network) as heads:
                logits = network.forward(x)
            # -1 stands for "the top class", found here so that it costs no second pass.
            target = tf.where(target < 0, tf.argmax(logits, -1, tf.int32), target)
            gradients = tf.gradients(tf.gather(logits, target, batch_dims=1), heads)
            if None in gradients:
                blind = gradients.index(None)
                raise ValueError(
                    f"the attention of block {blind} does not lead to the class scores"
                )
            weighted = [tf.cast(g * A, tf.float32) for g, A in zip(gradients, heads, strict=True)]
            A = [tf.reduce_mean(tf.nn.relu(w), axis=1) for w in weighted]
            return (through_blocks([_identity(a) + a for a in A]),)

        indices = np.full(len(x), -1) if target is None else network.chosen(x, target)
        specs = [tf.TensorSpec((None, *x.shape[1:]), tf.float32), tf.TensorSpec((None,), tf.int32)]
        function = network.compiled("relevance", follow, specs)
        (R,) = in_batches(function, x, indices.astype("int32"), batch_size=_together(network))
        return _as_places(network, one_for_each(R, x, network), grid, first)

    return as_given(images, classifier.stream(maps, images, target))


def through_blocks(steps: Sequence[Any]) -> Any:
    """What passes from each token at the start to each at the end: the steps' matrix product.

    Parameters
    ----------
    steps
        One matrix (..., T, T) for each block, arrays or tensors, the first block first.

    Returns
    -------
    array or tensor, shape (..., T, T)
        Row i: from where token i has what it holds.

    Examples
    --------
    >>> first, second = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.5, 0.5], [0.0, 1.0]])
    >>> through_blocks([first, second])
    array([[0.75, 0.25],
           [0.5 , 0.5 ]])
    """
    return functools.reduce(lambda R, step: step @ R, steps)


def _together(network: Classifier) -> int:
    """How many pictures at once: on the way back, what all layers give is kept."""
    each = 4 * sum(math.prod(filter(None, shape)) for shape in network.runs.values())
    return max(1, min(BATCH_SIZE, GRADIENT_BYTES // max(each, 1)))


def _identity(A: tf.Tensor) -> tf.Tensor:
    return tf.eye(tf.shape(A)[-1])


def _one_of(name: str, value: int, number: int) -> int:
    if not -number <= whole(value, name) < number:
        raise ValueError(f"{name}={value}; there are {number}: 0..{number - 1}")
    return value % number


def _as_places(
    classifier: Classifier, R: NDArray[np.float32], grid: tuple[int, int] | None, first: int | None
) -> NDArray[np.float32]:
    """Of (n, T, T), the row of the class token as places; without one the mean of all rows."""
    if isinstance(classifier.model, Folded) and grid is None and first is None:
        found = classifier.model.grid
    else:
        found = token_grid(R.shape[-1], classifier.input_size, grid, first)
    if found.first:
        read = R[:, 0]
    elif found.places.stop < R.shape[-1]:  # the class token comes last
        read = R[:, found.places.stop]
    else:
        read = R.mean(axis=1)
    return fold(read[..., None], found)[..., 0]

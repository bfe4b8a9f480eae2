"""Which token reads from which: the attention of each block, as the network computes it."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.images import Images
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.layers import instead

ATTENTION = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)


def attention(classifier: Classifier, images: Images) -> NDArray[np.float32]:
    r"""The attention of every head of every block.

    .. math:: A_h = \mathrm{softmax}\Bigl(\frac{Q_h K_h^\top}{\sqrt{d}}\Bigr)

    Parameters
    ----------
    classifier
        A network of ``keras.layers.MultiHeadAttention``.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.

    Returns
    -------
    ndarray of float32, shape (n, blocks, heads, T, T)
        From the first block to the last. Row i says from which tokens token i reads, and how much:
        it sums to 1.

    Raises
    ------
    ValueError
        If the network has no such layer, or one of them does not let all tokens read from all
        tokens, or the blocks differ in their tokens or heads.

    Examples
    --------
    >>> from lessons_lib import digits, transformers
    >>> A = attention(transformers.course_transformer(), digits.pictures(2).x)
    >>> A.shape, bool(np.allclose(A.sum(axis=-1), 1, atol=1e-5))
    ((2, 4, 4, 50, 50), True)
    """

    def look(x: tf.Tensor) -> tuple[tf.Tensor]:
        return (tf.stack(attention_of(classifier, x), axis=1),)

    def all_blocks(x: NDArray[np.float32], _: None) -> NDArray[np.float32]:
        (A,) = in_batches(classifier.compiled("attention", look), x)
        return one_for_each(A, x, classifier)

    return classifier.stream(all_blocks, images)


def one_for_each(
    R: NDArray[np.float32], x: NDArray[np.float32], classifier: Classifier
) -> NDArray[np.float32]:
    """The matrices, if there is one for each picture; else a ValueError."""
    if len(R) != len(x):
        raise ValueError(
            f"{classifier.name} has {len(R)} matrices of attention for {len(x)} pictures: its "
            "tokens read within windows; attention can be followed only where all tokens read "
            "from all tokens. Grad-CAM needs none: with_folded_tokens(classifier, layer=...)"
        )
    return R


def attention_of(classifier: Classifier, x: tf.Tensor) -> list[tf.Tensor]:
    """The attention of each block as float32 tensors (n, heads, T, T); inside a graph."""
    with attending(classifier) as blocks:
        if classifier.kind == "score":  # it has no classes, and none is needed
            classifier.model(classifier.preprocess(x), training=False)
        else:
            classifier.forward(x)
    return [tf.cast(A, tf.float32) for A in blocks]


@contextlib.contextmanager
def attending(classifier: Classifier) -> Iterator[list[tf.Tensor]]:
    """Collect the attention of each block while a function is traced.

    Keras forms no matrix of attention unless a layer is asked for it; so each one is.

    Raises
    ------
    ValueError
        As `attention`.
    """
    blocks: list[tf.Tensor] = []

    def call(
        layer: keras.layers.Layer, original: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        found = original(*args, **{**kwargs, "return_attention_scores": True})
        if not isinstance(found, tuple) or len(found) != 2 or not tf.is_tensor(found[1]):
            raise ValueError(
                f"layer {layer.name!r} of {classifier.name}, a {type(layer).__name__}, gives no "
                "matrix of attention where it is asked for return_attention_scores"
            )
        blocks.append(found[1])
        return found if kwargs.get("return_attention_scores") else found[0]

    layers = [layer for _, layer in layers_inside(classifier.model) if isinstance(layer, ATTENTION)]
    if not layers:
        raise ValueError(
            f"{classifier.name} has no layer of keras.layers.MultiHeadAttention; attention that "
            "is written out of other layers cannot be found. Grad-CAM needs none: "
            "with_folded_tokens(classifier, layer=...)"
        )
    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(instead(layer, functools.partial(call, layer)))
        yield blocks
    shapes = [tuple(A.shape[1:]) for A in blocks]
    if any(len(shape) != 3 or shape[1] != shape[2] for shape in shapes):
        raise ValueError(
            f"the attention of {classifier.name} has the shapes (heads, reading, read) {shapes}; "
            "it can be followed only where all tokens read from all tokens"
        )
    if len(set(shapes)) != 1:
        raise ValueError(
            f"the blocks of {classifier.name} differ in their heads or tokens: {shapes}; attention "
            "can be followed only where they are alike"
        )


def layers_inside(layer: keras.layers.Layer, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All layers by path: also those that a layer of one's own, such as a block, holds inside."""
    for inner in layer.layers if isinstance(layer, keras.Model) else layer._layers:
        yield prefix + inner.name, inner
        if not isinstance(inner, ATTENTION):
            yield from layers_inside(inner, f"{prefix}{inner.name}/")

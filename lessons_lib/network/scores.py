r"""What a map explains where it is no class: a score, one number for each picture.

A network that segments, detects, measures or embeds has no classes to choose from. But each of the
methods asks for one number only, and for its slope. So ``target=`` takes a `Score` wherever it
takes a class: how much "road" there is in a region, how sure one box is, how like two faces are.

Where an output ends in a softmax or a sigmoid, `region` and `element` explain what went into it, as
for classes: near 0 and 1 a probability hardly moves.

References
----------
K. Vinogradova, A. Dibrov, G. Myers, *Towards Interpretable Semantic Segmentation via
Gradient-Weighted Class Activation Mapping*, AAAI 2020 (arXiv:2002.11434): `region`.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import arrays, whole
from lessons_lib.network.endings import logits_of, read_scores


@dataclass(frozen=True, eq=False)
class Score:
    """A number for each picture, made from what the network gives.

    Attributes
    ----------
    function
        From the network's output (a tensor; where there are several and ``output`` names none, all
        of them, as the model gives them), and the tensors of ``given``, to a tensor of shape (n,):
        one differentiable number for each picture. Write it once, outside loops: it is compiled
        once for each function.
    given
        Arrays that the function needs besides, such as a mask. Others of the same shape may follow
        without anything being compiled anew.
    output
        Which output the function is given, where the model has several: its number or name;
        default: the classifier's.
    name
        What titles call it.
    place
        Indices into the last axes of the output that must be there.

    Examples
    --------
    >>> import keras
    >>> from lessons_lib.network.classifier import Classifier
    >>> tiny = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    >>> net = Classifier(tiny, preprocess="none", ending="scores")
    >>> brightest = Score(lambda y: tf.reduce_max(y, axis=(1, 2, 3)), name="the largest value")
    >>> net.gradients(np.ones((8, 8, 3)), brightest).gradient.sum()
    np.float32(1.0)
    """

    function: Callable[..., tf.Tensor]
    given: Sequence[NDArray[Any]] = ()
    output: int | str | None = None
    name: str = "score"
    place: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"a score needs a function of the output, not {self.function!r}")

    def __repr__(self) -> str:
        return f"<Score {self.name}>"

    def of(self, output: Any, given: Sequence[tf.Tensor]) -> tf.Tensor:
        """The score inside a graph, shape (n,).

        Raises
        ------
        ValueError
            If the function gives anything else than one decimal number for each picture.
        """
        if isinstance(output, Mapping | list | tuple) and not self.own:
            names = [*output] if isinstance(output, Mapping) else [*range(len(output))]
            raise ValueError(
                f"the network has several outputs; say which: output={names[0]!r} ({names})"
            )
        try:
            score = self.function(output, *given)
        except (AttributeError, NotImplementedError) as error:
            raise TypeError(
                f"{self.name} cannot be compiled ({error}); its function gets tensors: use "
                "TensorFlow's operations, not NumPy's"
            ) from error
        if not tf.is_tensor(score) or not score.dtype.is_floating or score.shape.rank != 1:
            what = getattr(score, "shape", type(score).__name__)
            raise ValueError(
                f"{self.name} gives {what}; a score is one decimal number for each picture, a "
                "tensor of shape (n,)"
            )
        return tf.cast(score, tf.float32)

    @property
    def own(self) -> bool:
        """Whether the function is the reader's, and not one of this module."""
        return getattr(self.function, "__module__", None) != __name__

    def check(self, shape: Sequence[int]) -> None:
        """A ValueError if the place it asks for is outside an output of this shape."""
        bounds = tuple(shape)[len(shape) - len(self.place) :]
        if any(i >= bound for i, bound in zip(self.place, bounds, strict=True)):
            raise ValueError(f"{self.name} is outside an output of shape {tuple(shape)}")


def region(mask: ArrayLike, channel: int, output: int | str | None = None) -> Score:
    r"""How much of one class a segmentation sees inside a region.

    .. math:: S = \sum_{(i, j) \in M} y_{ij}^c

    Parameters
    ----------
    mask : array, shape (height, width)
        The region: 1 or True inside, 0 outside; of any size, stretched over the output. One pixel
        asks about that pixel.
    channel
        The class c, an index into the output's last axis.
    output
        Which output, where the model has several.

    Returns
    -------
    Score
        In logits, where there are any behind the output.

    Raises
    ------
    ValueError
        If the mask is empty, or holds other numbers than 0..1.

    Examples
    --------
    >>> region(np.eye(4), channel=2).name
    'channel 2 in a region'
    """
    inside = arrays("h w", mask=mask)[0].astype("float32")
    if not inside.any() or inside.min() < 0 or inside.max() > 1:
        raise ValueError(
            f"the mask holds {inside.min():g} to {inside.max():g}; it needs 1 inside the region, "
            "0 outside, and at least one place inside"
        )
    c = np.array(whole(channel, "channel", 0), "int32")
    return Score(_region, (inside, c), output, f"channel {channel} in a region", (channel,))


def element(*index: int, output: int | str | None = None) -> Score:
    """One number of an output: a box of a detection head, a cell of a grid, a measurement.

    Parameters
    ----------
    index
        Its place, without the first axis, which counts the pictures: ``element(6, 6, 4)`` is
        ``y[:, 6, 6, 4]``.
    output
        Which output, where the model has several.

    Returns
    -------
    Score
        A logit, where the output is a softmax or a sigmoid; else the number in its own unit.

    Examples
    --------
    >>> element(6, 6, 4, output="boxes").name
    'boxes[6, 6, 4]'
    """
    place = np.array([whole(i, "an index", 0) for i in index], "int32")
    name = f"{'output' if output is None else output}[{', '.join(map(str, index))}]"
    return Score(_element, (place,), output, name, index)


def likeness(embedding: ArrayLike, output: int | str | None = None) -> Score:
    r"""How like a given embedding a picture's own is: the cosine of the angle between the two.

    .. math:: S = \frac{y \cdot e}{\lVert y \rVert \, \lVert e \rVert}

    Parameters
    ----------
    embedding : array, shape (k,)
        The embedding e, of another picture say.
    output
        Which output y, of shape (n, k), where the model has several.

    Returns
    -------
    Score
        In -1..1.

    Raises
    ------
    ValueError
        If the embedding is zero, which points nowhere.
    """
    e = arrays("k", embedding=embedding)[0].astype("float32")
    length = np.linalg.norm(e)
    if length == 0:
        raise ValueError("the embedding is zero everywhere; it points nowhere")
    return Score(_likeness, (e / length,), output, "likeness")


def rather_than(
    target: int, other: int, *, ending: str = "auto", output: int | str | None = None
) -> Score:
    r"""How far one class is ahead of another: what speaks for a dog rather than a cat.

    .. math:: S = y^c - y^d

    Parameters
    ----------
    target, other
        The classes c and d, as numbers.
    ending
        What the output is, as for `Classifier`; a classifier's own is ``classifier.ending``.
    output
        Which output, where the model has several.

    Returns
    -------
    Score
        In logits, where there are any behind the output; else in logarithms of probabilities, or in
        the numbers' own unit.

    Examples
    --------
    >>> rather_than(1, 0).name
    'class 1 rather than class 0'
    """
    pair = np.array([whole(target, "target", 0), whole(other, "other", 0)], "int32")
    return Score(_lead(ending), (pair,), output, f"class {target} rather than class {other}")


@functools.cache
def _lead(ending: str) -> Callable[..., tf.Tensor]:
    """The function of `rather_than`: one for each ending, so that it is compiled once."""

    def lead(y: tf.Tensor, pair: tf.Tensor) -> tf.Tensor:
        both = tf.gather(read_scores(y, ending).scores, pair, axis=1)
        return both[:, 0] - both[:, 1]

    return lead


def _region(y: tf.Tensor, mask: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
    y = logits_of(y)
    if y.shape.rank != 4:
        raise ValueError(f"a region needs an output (n, height, width, classes), not {y.shape}")
    of_class = tf.cast(tf.gather(y, channel, axis=-1), tf.float32)  # 16 bits overflow in a sum
    mask = tf.image.resize(mask[None, ..., None], y.shape[1:3], "nearest")[..., 0]
    return tf.reduce_sum(of_class * mask, axis=(1, 2))


def _element(y: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    y, shape = logits_of(y), y.shape[1:].as_list()
    if len(shape) != place.shape[0]:
        raise ValueError(f"{place.shape[0]} indices for an output of shape {y.shape}")
    flat = tf.reduce_sum(place * [int(np.prod(shape[i + 1 :])) for i in range(len(shape))])
    return tf.gather(tf.reshape(y, (-1, int(np.prod(shape)))), flat, axis=1)


def _likeness(y: tf.Tensor, embedding: tf.Tensor) -> tf.Tensor:
    if y.shape[1:] != embedding.shape:
        raise ValueError(f"the embedding has the shape {embedding.shape}, the output {y.shape}")
    return tf.linalg.matvec(tf.math.l2_normalize(tf.cast(y, tf.float32), axis=1), embedding)

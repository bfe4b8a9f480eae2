"""What networks want done to pixels before they see them, and whether it is done once."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.images import PHOTOGRAPH, ValueRange, channels_of

Preprocess = Callable[[tf.Tensor], tf.Tensor]
"""From pixels, float32 of shape (n, height, width, channels), to what the network takes."""

_CAFFE_MEAN = (103.939, 116.779, 123.68)  # blue, green, red
_TORCH_MEAN, _TORCH_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # red, green, blue

PREPROCESSING: dict[str, Preprocess] = {
    "none": lambda x: x,
    "tf": lambda x: x / 127.5 - 1.0,
    "torch": lambda x: (x - _TORCH_MEAN) / _TORCH_STD,
    "caffe": lambda x: x[..., ::-1] - _CAFFE_MEAN,
}


def preprocessing(
    choice: str | Preprocess | None, channels: int = 3, value_range: ValueRange = PHOTOGRAPH
) -> Preprocess:
    """The function of that name in `PREPROCESSING`, or the reader's own as it is.

    A name stands for pixels 0..255; those of another value range are first stretched to it.

    Parameters
    ----------
    choice
        A name, a function, or None: nothing is done.
    channels
        Of the pictures; ``"caffe"`` and ``"torch"`` are for three.
    value_range
        Of their pixels.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or is not for pictures of so many channels.

    Examples
    --------
    >>> preprocessing("tf")(np.array([0.0, 127.5, 255.0]))
    array([-1.,  0.,  1.])
    >>> preprocessing("tf", 1, (-1024, 3071))(np.array([-1024.0, 3071.0]))
    array([-1.,  1.])
    """
    if choice is None or (isinstance(choice, str) and choice == "none"):
        return PREPROCESSING["none"]
    if not isinstance(choice, str):
        if not callable(choice):
            raise TypeError(
                f"preprocess={choice!r} is neither a name nor a function; to scale the pixels "
                "write for example preprocess=lambda x: x / 255"
            )
        return choice
    if choice not in PREPROCESSING:
        raise ValueError(
            f"preprocess={choice!r} is unknown; use one of {sorted(PREPROCESSING)} "
            "or a function of a tensor of RGB pixels 0..255"
        )
    if channels != 3 and choice in ("caffe", "torch"):
        raise ValueError(
            f"preprocess={choice!r} is for red, green and blue, but the network takes pictures of "
            f"{channels_of(channels)}; give a function, such as "
            "lambda x: (x - mean) / deviation"
        )
    named = PREPROCESSING[choice]
    if value_range == PHOTOGRAPH:
        return named
    low, high = value_range
    return lambda x: named((x - low) / (high - low) * 255.0)


def zero_colour(
    preprocess: Preprocess,
    shape: tuple[int, int, int],
    whose: str = "the network",
    value_range: ValueRange = PHOTOGRAPH,
) -> NDArray[np.float32]:
    """The colour that becomes 0: where the network, after its preprocessing, sees nothing.

    Parameters
    ----------
    preprocess
        A function of pixels; it must be linear in red, green and blue.
    shape
        (height, width, channels) of the network's input.
    whose
        What to call the network in a message.
    value_range
        The lowest and the highest value of a pixel.

    Returns
    -------
    ndarray of float32, shape (channels,)
        Within the value range.

    Raises
    ------
    ValueError
        If no colour becomes 0.

    Examples
    --------
    >>> zero_colour(PREPROCESSING["tf"], (1, 1, 3))
    array([127.5, 127.5, 127.5], dtype=float32)
    """
    (low, high), channels = value_range, shape[-1]
    span = high - low
    corners = low + span * np.vstack([np.zeros(channels), np.eye(channels)]).astype("float32")
    pixels = np.broadcast_to(corners[:, None, None], (channels + 1, *shape))
    black, *others = np.asarray(preprocess(tf.constant(pixels)), float)[:, 0, 0]
    # Shares of the range, 0..1 for each channel, so that the range does not matter.
    slope = np.array(others) - black
    share = np.linalg.lstsq(slope.T, -black, rcond=None)[0]
    if not np.allclose(share @ slope, -black, atol=1e-3) or abs(share - 0.5).max() > 0.502:
        raise ValueError(
            f"no colour becomes 0 in the preprocessing of {whose}; use another baseline, "
            'for example "black"'
        )
    return (low + span * np.clip(share, 0, 1)).astype("float32")


def doubt(
    model: keras.Model,
    preprocess: Preprocess,
    shape: tuple[int, int, int],
    value_range: ValueRange = PHOTOGRAPH,
    *,
    said: bool = True,
) -> str:
    """What looks wrong between the pixels and the first layer that has weights; "" if nothing.

    Followed is how far apart black and white lie: after the preprocessing, and after each layer of
    the model's own that visibly scales. They are 1 to 6 apart at the end for nearly all networks.

    Parameters
    ----------
    model
        The network.
    preprocess
        From `preprocessing`.
    shape, value_range
        Of its pictures.
    said
        Whether the reader named a preprocessing. If so, a wide span is what was wanted
        (``"caffe"`` leaves 255).

    Returns
    -------
    str
        A message that names the layers, and what to do.
    """
    ends = np.broadcast_to(np.reshape(value_range, (2, 1, 1, 1)), (2, *shape)).astype("float32")
    black, white = np.asarray(preprocess(tf.constant(ends)), float)
    given = span = float(np.abs(white - black).max())
    scaling = []
    known = True
    for operation in _until_weights(model):
        kind = type(operation).__name__
        factor = 1.0
        if kind == "Rescaling":
            factor = float(np.abs(operation.scale).max())
        elif kind == "Normalization":
            factor = float(1 / np.sqrt(np.min(operation.variance))) if operation.built else 1.0
        elif kind not in _LEAVES_VALUES and not kind.startswith("Random"):
            known = False  # a Lambda, say, or a layer of the reader's own: it may do anything
        if factor != 1:
            scaling.append(f"{operation.name!r} ({kind})")
        span *= factor
    if scaling and span < 0.1 and given < 0.5 * (value_range[1] - value_range[0]):
        return (
            f"the pixels seem to be scaled twice: preprocess does it, and in the model "
            f"{' and '.join(scaling)} too, so that black and white are only {span:.2g} apart for "
            'the first layer with weights. If the model scales by itself, say preprocess="none".'
        )
    if scaling and span < 0.1:
        return (
            f"pixels {value_range[0]:g}..{value_range[1]:g} are scaled by {' and '.join(scaling)} "
            f"in the model, so that black and white are only {span:.2g} apart for the first layer "
            "with weights. If the model takes pixels 0..255, say value_range=(0, 255)."
        )
    if known and not said and span > 100:
        return (
            f"nobody scales the pixels: the first layer with weights is given values {span:.0f} "
            'apart. Say what the network was trained with: preprocess="tf" (to -1..1), '
            '"torch", "caffe" or a function, such as lambda x: x / 255; or "none", if pixels '
            "as they are are right."
        )
    return ""


_LEAVES_VALUES = {
    "InputLayer", "ZeroPadding2D", "Cropping2D", "Resizing", "CenterCrop", "Permute", "Reshape",
    "Rescaling", "Normalization", "Dropout", "GaussianNoise", "Identity", "Functional",
    "Sequential",
}  # fmt: skip


def _until_weights(model: keras.Model) -> Iterator[Any]:
    """What comes first in a model, nested ones entered, up to a layer that learned weights.

    Batch normalisation learned some too, and scales whatever it is given: it is yielded as well.
    A model that is written as a class does not say in which order it uses its layers: it comes
    itself first, as something unknown.
    """
    if not isinstance(model, keras.Sequential) and not hasattr(model, "operations"):
        yield model
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.Model):
            yield from _until_weights(operation)
        kind = type(operation).__name__
        learned = getattr(operation, "weights", []) and kind != "Normalization"
        if not learned or kind == "BatchNormalization":
            yield operation
        if learned:
            return

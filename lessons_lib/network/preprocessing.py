"""What networks want done to pixels before they see them, and whether it is done once."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.images import PHOTOGRAPH, ValueRange, channels_of
from lessons_lib.network.layers import instead

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
    run: Callable[[tf.Tensor], Any],
    shape: tuple[int, int, int],
    preprocess: Preprocess,
    value_range: ValueRange = PHOTOGRAPH,
    *,
    said: bool = True,
) -> str:
    """What looks wrong between the pixels and the first layer that has weights; "" if nothing.

    That layer is watched while a few pictures of black and white go in. Nearly all networks want
    black and white 1 to 6 apart there, and the whole of each picture.

    Parameters
    ----------
    model
        The network.
    run
        Runs it on pixels, ``preprocess`` included.
    shape, value_range
        Of its pictures.
    preprocess
        From `preprocessing`.
    said
        Whether the reader named a preprocessing. If so, a wide span is what was wanted
        (``"caffe"`` leaves 255).

    Returns
    -------
    str
        A message that says what to do.
    """
    low, high = value_range
    rims = _rims(shape)
    halves = np.zeros((2, *shape), bool)
    halves[0, :, : shape[1] // 2] = halves[1, :, shape[1] // 2 :] = True
    lit = np.concatenate([halves, np.zeros((1, *shape), bool), rims])
    pixels = np.where(lit, high, low).astype("float32")
    first, scaling, learned = _entering(model, lambda: run(tf.constant(pixels)))
    if first is None or len(first) != len(pixels):
        return ""
    unseen = [not np.any(rim - first[2]) for rim in first[3:]]
    if any(unseen):
        sides = " and ".join(np.array(_SIDES)[unseen])
        return (
            f"the picture is cropped before the first layer with weights: what lies at the {sides} "
            "is not seen, and maps, which are drawn over the whole picture, would be shifted. Crop "
            "your pictures yourself, and give the model without that step."
        )
    given = np.asarray(preprocess(tf.constant(pixels[:2])), float)
    given_span, span = (float(np.abs(y[0] - y[1]).max()) for y in (given, first))
    whose = f"in the model {' and '.join(scaling)}" if scaling else "in the model a step"
    if 0 < span < 0.1 and given_span < 0.5 * (high - low):
        return (
            f"the pixels seem to be scaled twice: preprocess does it, and {whose} too, so that "
            f"black and white are only {span:.2g} apart for the first layer with weights. If the "
            'model scales by itself, say preprocess="none".'
        )
    if 0 < span < 0.1:
        return (
            f"pixels {low:g}..{high:g} are scaled, {whose} does it, so that black and white are "
            f"only {span:.2g} apart for the first layer with weights. If the model takes pixels "
            "0..255, say value_range=(0, 255)."
        )
    if not learned and not said and span > 100:
        return (
            f"nobody scales the pixels: the first layer with weights is given values {span:.0f} "
            'apart. Say what the network was trained with: preprocess="tf" (to -1..1), '
            '"torch", "caffe" or a function, such as lambda x: x / 255; or "none", if pixels '
            "as they are are right."
        )
    return ""


_SIDES = ("top", "bottom", "left", "right")
RIM = 16  # a rim is so small a share of a side; what windows leave over is less


def _rims(shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """The rim along each of the four `_SIDES`; none, where it would be a pixel or less."""
    height, width = shape[0] // RIM, shape[1] // RIM
    rims = np.zeros((4 if min(height, width) > 1 else 0, *shape), bool)
    if len(rims):
        rims[0, :height] = rims[1, -height:] = rims[2, :, :width] = rims[3, :, -width:] = True
    return rims


def _entering(
    model: keras.Model, run: Callable[[], object]
) -> tuple[NDArray[Any] | None, list[str], bool]:
    """What the first layer with weights is given, and what happened before.

    Returns
    -------
    first : ndarray or None
        The layer's input, one row for each picture; None, if none depends on the pictures.
    scaling : list of str
        The layers before it that are made to scale.
    learned : bool
        Whether batch normalisation came before: it learned to scale whatever it is given.
    """
    first: list[NDArray[Any]] = []
    scaling: list[str] = []
    learned: list[str] = []

    def watch(
        layer: keras.layers.Layer, call: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        kind = type(layer).__name__
        seen = [np.asarray(x) for x in tf.nest.flatten((args, options)) if tf.is_tensor(x)]
        if not any(len(x) > 1 and (x[0] != x[1]).any() for x in seen):
            return call(*args, **options)  # it looks at an input that is held
        if kind in ("Rescaling", "Normalization"):
            scaling.append(f"{layer.name!r} ({kind})")
        elif kind == "BatchNormalization":
            learned.append(layer.name)
        else:
            first.append(seen[0].astype(float))
            raise _Found
        return call(*args, **options)

    with contextlib.ExitStack() as stack:
        for layer in model._flatten_layers(include_self=False):
            own = layer.weights and not any(inner.weights for inner in layer._layers)
            if own or type(layer).__name__ in ("Rescaling", "Normalization"):
                stack.enter_context(instead(layer, functools.partial(watch, layer)))
        try:
            run()
        except Exception:
            # Keras may put an error of its own in place of the one that ends the run.
            if not first:
                raise
    return (first[0] if first else None), scaling, bool(learned)


class _Found(Exception):
    """Ends a run at the first layer with weights."""

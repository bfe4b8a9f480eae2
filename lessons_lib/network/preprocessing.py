"""What networks want done to RGB pixels 0..255 before they see them, and at which size."""

from collections.abc import Callable, Container

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.network.held import named_inputs

Preprocess = Callable[[tf.Tensor], tf.Tensor]
"""From RGB pixels 0..255, float32 of shape (n, height, width, 3), to what the network takes."""

_CAFFE_MEAN = (103.939, 116.779, 123.68)  # blue, green, red
_TORCH_MEAN, _TORCH_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # red, green, blue

PREPROCESSING: dict[str, Preprocess] = {
    "none": lambda x: x,
    "tf": lambda x: x / 127.5 - 1.0,
    "torch": lambda x: (x - _TORCH_MEAN) / _TORCH_STD,
    "caffe": lambda x: x[..., ::-1] - _CAFFE_MEAN,
}


def preprocessing(choice: str | Preprocess) -> Preprocess:
    """The function of that name in `PREPROCESSING`, or the reader's own as it is.

    Examples
    --------
    >>> preprocessing("tf")(np.array([0.0, 127.5, 255.0]))
    array([-1.,  0.,  1.])
    """
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
    return PREPROCESSING[choice]


def zero_colour(
    preprocess: Preprocess, size: tuple[int, int], whose: str = "the network"
) -> NDArray[np.float32]:
    """The colour that becomes 0: where the network, after its preprocessing, sees nothing.

    Parameters
    ----------
    preprocess
        A function of pixels; it must be linear in red, green and blue.
    size
        (height, width) of the network's input.
    whose
        What to call the network in a message.

    Returns
    -------
    ndarray of float32, shape (3,)
        RGB, 0..255.

    Raises
    ------
    ValueError
        If no colour becomes 0.

    Examples
    --------
    >>> zero_colour(PREPROCESSING["tf"], (1, 1))
    array([127.5, 127.5, 127.5], dtype=float32)
    """
    corners = np.vstack([np.zeros(3), 255 * np.eye(3)]).astype("float32")
    pixels = np.broadcast_to(corners[:, None, None], (4, *size, 3))
    black, *others = np.asarray(preprocess(tf.constant(pixels)), float)[:, 0, 0]
    slope = (np.array(others) - black) / 255
    colour = np.linalg.lstsq(slope.T, -black, rcond=None)[0]
    if not np.allclose(colour @ slope, -black, atol=1e-3) or abs(colour - 127.5).max() > 128:
        raise ValueError(
            f"no colour becomes 0 in the preprocessing of {whose}; use another baseline, "
            'for example "black"'
        )
    return np.clip(colour, 0, 255).astype("float32")


def input_size_of(
    model: keras.Model, wanted: tuple[int, int] | None = None, held: Container[str] = ()
) -> tuple[int, int]:
    """(height, width) of a model's pictures; ``wanted`` where the model leaves it open.

    The pictures go into the one input that is not ``held``.
    """
    inputs = [i for name, i in named_inputs(model).items() if name not in held]
    own = tuple(inputs[0].shape[1:3]) if inputs and len(inputs[0].shape) == 4 else (None, None)
    if wanted and any(o not in (None, w) for o, w in zip(own, wanted, strict=True)):
        raise ValueError(f"{model.name} takes pictures of {own}, not of {tuple(wanted)}")
    size = tuple(wanted) if wanted else own
    if None in size:
        raise ValueError(
            f"{model.name} does not fix its input size; say input_size=(height, width)"
        )
    return int(size[0]), int(size[1])

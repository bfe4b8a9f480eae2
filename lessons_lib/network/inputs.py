"""What a Keras model takes: the shape of its pictures; a clear word where it takes none."""

from collections.abc import Container
from typing import Any

import keras
import tensorflow as tf

from lessons_lib.images import channels_of
from lessons_lib.network.held import named_inputs
from lessons_lib.network.layers import channels_first, walk

ARRAYS = (
    "lessons_lib.integrated_gradients.integrate, which takes any differentiable function of "
    "arrays, or lessons_lib.shapley.kernel_shap, which takes parts of anything"
)
INSTEAD = {
    "rows of numbers": "lessons_lib.lime.sample_table or lessons_lib.shapley",
    "tokens": "lessons_lib.lime.sample_text, or lessons_lib.shapley with the words as players",
    "signals or sequences of vectors": ARRAYS,
    "volumes or films": ARRAYS,
}


def picture_shape_of(
    model: keras.Model,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    held: Container[str] = (),
) -> tuple[int, int, int]:
    """(height, width, channels) of a model's pictures.

    Parameters
    ----------
    model
        The network.
    size, channels
        What the model leaves open; 3 channels, if nobody says.
    held
        Names of the inputs that take no picture.

    Raises
    ------
    ValueError
        If the model takes no pictures, pictures of another shape, or has its
        channels first.

    Examples
    --------
    >>> scan = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(2, 3)])
    >>> picture_shape_of(scan)
    (28, 28, 1)
    """
    _check_that_it_runs(model)
    named = named_inputs(model)
    inputs = [i for name, i in named.items() if name not in held] or _inputs(model)
    own = tuple(inputs[0].shape[1:]) if inputs else (None, None, None)
    if len(own) != 3:
        what = _described(model, own)
        raise ValueError(
            f"{model.name} takes {what} of shape {own}; a Classifier takes pictures (height, "
            f"width, channels). Use {INSTEAD.get(what, ARRAYS)}."
        )
    wanted = (*(size or (None, None)), channels)
    if _channels_first(own) and tuple(size or ()) != own[:2]:
        raise ValueError(
            f"{model.name} takes pictures of shape {own}, with the channels first. Put "
            f"keras.Input({(*own[1:], own[0])}) and keras.layers.Permute((3, 1, 2)) in front of it."
        )
    unlike = [None not in (o, w) and o != w for o, w in zip(own, wanted, strict=True)]
    if any(unlike[:2]):
        raise ValueError(f"{model.name} takes pictures of {own[:2]}, not of {wanted[:2]}")
    if unlike[2]:
        raise ValueError(f"{model.name} takes pictures of {channels_of(own[2])}, not of {channels}")
    shape = [o if w is None else w for o, w in zip(own, wanted, strict=True)]
    if None in shape[:2]:
        raise ValueError(
            f"{model.name} does not fix its input size; say input_size=(height, width)"
        )
    return int(shape[0]), int(shape[1]), int(shape[2] or 3)


def _inputs(model: keras.Model) -> list[Any]:
    """Its inputs; those of the first model inside, where a Sequential was never called."""
    inputs = getattr(model, "inputs", None) or []
    first = model.layers[0] if model.layers else None
    if not inputs and isinstance(model, keras.Sequential) and isinstance(first, keras.Model):
        return _inputs(first)
    return inputs


def _check_that_it_runs(model: keras.Model) -> None:
    """A ValueError for convolutions with channels first where there is no GPU to compute them."""
    kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.DepthwiseConv2D)
    first = [
        path for path, layer in walk(model) if isinstance(layer, kinds) and channels_first(layer)
    ]
    if first and not tf.config.list_physical_devices("GPU"):
        raise ValueError(
            f"{model.name} has convolutions with the channels first, such as {first[0]!r}; "
            "TensorFlow computes them on a GPU only, and maps need the channels last. Build the "
            'same layers with data_format="channels_last" and copy the weights, '
            "new.set_weights(old.get_weights()): kernels are the same in both; only behind a "
            "Flatten the rows of a Dense layer stand in another order."
        )


def _channels_first(shape: tuple[int | None, ...]) -> bool:
    """Whether (3, 224, 224) or the like: few, and fewer than there are rows and columns."""
    count, *sides = shape
    return count is not None and count < 8 and all(s is None or s > count for s in sides)


def _described(model: keras.Model, shape: tuple[int | None, ...]) -> str:
    if any(isinstance(layer, keras.layers.Embedding) for layer in model.layers):
        return "tokens"
    kinds = {1: "rows of numbers", 2: "signals or sequences of vectors", 4: "volumes or films"}
    return kinds.get(len(shape), "inputs")


def build(model: keras.Model, shape: tuple[int, int, int]) -> None:
    """Give a model its weights, where it was never called; a ValueError if it takes no pictures."""
    if model.built:
        return
    try:
        model(tf.zeros((1, *shape)))
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(
            f"{model.name} cannot take a picture of shape {shape}: "
            f"{str(error).strip().splitlines()[0]} If it takes other channels, say channels=; if "
            f"it takes no pictures, use {ARRAYS}."
        ) from error

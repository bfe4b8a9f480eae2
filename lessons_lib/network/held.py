"""Networks of several inputs: one takes the picture, the others are held at given values."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_array, finite

Values = dict[str, NDArray[Any]]


def named_inputs(model: keras.Model) -> dict[str, Any]:
    """A model's inputs by name: the keys, where it takes a dict; none, where Keras knows none.

    Examples
    --------
    >>> picture, age = keras.Input((8, 8, 3), name="picture"), keras.Input((1,), name="age")
    >>> [*named_inputs(keras.Model([picture, age], age))]
    ['picture', 'age']
    """
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) > 1 and isinstance(model.input, Mapping):
        return dict(model.input)
    return {i.name: i for i in inputs}


def check_held(model: keras.Model, held: Mapping[str, ArrayLike] | None) -> Values:
    """The values of the inputs that are held, each checked by its name, type and shape.

    Raises
    ------
    TypeError
        If ``held`` is no dict, or a value is of another type than its input.
    ValueError
        If there is no such input, a value is of another shape, or not one input is left.
    """
    if not isinstance(held, Mapping | None):
        raise TypeError(f"held must be a dict from names of inputs to their values, not {held!r}")
    inputs = named_inputs(model)
    if held and not inputs:
        raise ValueError(
            f"Keras does not know the inputs of {model.name}. Name them: inputs = {{'picture': "
            "keras.Input((224, 224, 3)), 'age': keras.Input((1,))}, and then explain "
            "keras.Model(inputs, model(inputs))"
        )
    for name in held or {}:
        if name not in inputs:
            raise ValueError(f"{model.name} has no input {name!r} to hold; it has {[*inputs]}")
    left = [name for name in inputs if name not in (held or {})]
    if inputs and len(left) != 1:
        which = f"{left} are left" if left else "all are held"
        raise ValueError(
            f"{model.name} has {len(inputs)} inputs {[*inputs]}, and {which}; a Classifier "
            "explains one, the picture. Hold the others, and only these, at values of yours: "
            "Classifier(model, held={name: value})"
        )
    return {name: _checked(value, name, inputs[name]) for name, value in (held or {}).items()}


def filled(model: keras.Model, held: Values) -> Callable[[tf.Tensor], Any]:
    """From pictures to all that the model takes, with the same values beside each picture."""
    if not held:
        return lambda x: x
    inputs, dtypes = named_inputs(model), tf.as_dtype
    values = {id(inputs[n]): tf.constant(v, dtypes(inputs[n].dtype)) for n, v in held.items()}

    def fill(x: tf.Tensor) -> Any:
        rows = tf.shape(x)[0]
        beside = {key: tf.repeat(value[None], rows, axis=0) for key, value in values.items()}
        return keras.tree.map_structure(lambda i: beside.get(id(i), x), model.input)

    return fill


def _checked(value: Any, name: str, taken: Any) -> NDArray[Any]:
    """A copy of the value, in the shape and the type that the input takes."""
    what, kind, shape = f"held[{name!r}]", tf.as_dtype(taken.dtype), tuple(taken.shape[1:])
    if kind == tf.string:
        array = as_array(value, what).astype(object)
        if not all(isinstance(text, str | bytes) for text in array.ravel()):
            raise TypeError(f"{what}={value!r}; the input takes text")
    else:
        array = finite(value, what)
        if (kind.is_integer or kind.is_bool) and (array != np.round(array)).any():
            raise TypeError(f"{what}={value!r}; the input takes whole numbers ({kind.name})")
        array = array.astype(kind.as_numpy_dtype)
    if array.size == 1 and all(length in (1, None) for length in shape):
        array = array.reshape([1] * len(shape))  # 54.0 for an input of shape (1,)
    if len(array.shape) != len(shape) or any(
        length not in (None, given) for length, given in zip(shape, array.shape, strict=True)
    ):
        hint = "; leave out the axis of the pictures" if array.shape[1:] == shape else ""
        raise ValueError(
            f"{what} has the shape {array.shape}, but the input takes {shape}: one value beside "
            f"every picture{hint}"
        )
    return np.array(array)

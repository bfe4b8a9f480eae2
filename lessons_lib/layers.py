"""Inside a Keras model: its layers by path, and what passes through them."""

import contextlib
import functools
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf


def walk(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    """All layers by path, those of nested models included."""
    for layer in model.layers:
        yield prefix + layer.name, layer
        if isinstance(layer, keras.Model):
            yield from walk(layer, f"{prefix}{layer.name}/")


def copy_of(model: keras.Model, **options: Any) -> keras.Model:
    """Copy a model with its weights; ``options`` are those of ``keras.models.clone_model``."""
    state = random.getstate()
    try:
        twin = keras.models.clone_model(model, **options)
    finally:
        random.setstate(state)  # Keras draws a seed for each layer's first weights, unused here
    twin.set_weights(model.get_weights())
    return twin


@contextlib.contextmanager
def tapped(
    layer: keras.layers.Layer, tap: Callable[[tf.Tensor], tf.Tensor] | None = None
) -> Iterator[list[tf.Tensor]]:
    """Collect what a layer returns while the context is open: a *forward hook*.

    For use while a compiled function is traced; afterwards the layer is as it was. ``tap``, where
    given, may also change what the layer passes on.

    Yields
    ------
    list of tensor
        One entry for each call of the layer.
    """
    seen: list[tf.Tensor] = []
    original = layer.call

    def call(*args: Any, **kwargs: Any) -> tf.Tensor:
        output = original(*args, **kwargs)
        seen.append(output)
        return output if tap is None else tap(output)

    with _TRACING:
        # Keras tracks what is set on a layer; going past it leaves no trace.
        object.__setattr__(layer, "call", call)
        try:
            yield seen
        finally:
            object.__delattr__(layer, "call")


_TRACING = threading.RLock()


def has_place(A: Any) -> bool:
    """Whether a layer's output is of shape (n, height, width, channels)."""
    return isinstance(A, tf.Tensor) and A.shape.rank == 4


def spatial_shapes(
    layers: dict[str, keras.layers.Layer], run: Callable[[], object]
) -> dict[str, tuple[int, int, int]]:
    """(height, width, channels) of each layer whose output has a place, in the order of running.

    ``run`` sends something through the layers, in a function that is being traced.
    """
    shapes: dict[str, tuple[int, int, int]] = {}

    def note(path: str, output: Any) -> Any:
        if has_place(output):
            shapes[path] = tuple(output.shape[1:])
        return output

    with contextlib.ExitStack() as stack:
        for path, layer in layers.items():
            if not isinstance(layer, keras.Model | keras.layers.InputLayer):
                stack.enter_context(tapped(layer, functools.partial(note, path)))
        run()
    return shapes

"""Inside a Keras model: its layers by path, and what passes through them."""

import contextlib
import functools
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Shapes = dict[str, tuple[int, int, int]]
"""(height, width, channels) of layers, by path."""


class LayerGradients(NamedTuple):
    """What a layer holds for some pictures, and how the class score depends on it.

    Attributes
    ----------
    A : ndarray of float32, shape (n, height, width, channels)
        The layer's activations.
    gradient : ndarray of float32, same shape
        d score / d A, for each picture by itself.
    score : ndarray of float32, shape (n,)
        The explained class's logit.
    target : ndarray of int, shape (n,)
        The explained class.
    """

    A: NDArray[np.float32]
    gradient: NDArray[np.float32]
    score: NDArray[np.float32]
    target: NDArray[np.int_]


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


def find(
    layers: dict[str, keras.layers.Layer], name: str, whose: str, shapes: Callable[[], Shapes]
) -> tuple[str, keras.layers.Layer]:
    """Full path of a layer, and the layer; its last name alone will do if it is unique."""
    paths = [p for p in layers if p == name or p.rsplit("/", 1)[-1] == name]
    if len(paths) > 1 and name not in paths:
        raise ValueError(f"{len(paths)} layers are called {name!r}: {paths}; give one of these")
    if not paths:
        raise ValueError(f"{whose} has no layer {name!r}; {choices(shapes())}")
    path = name if name in paths else paths[0]
    return path, layers[path]


def last_with_places(layers: dict[str, keras.layers.Layer], shapes: Shapes) -> str:
    """The last layer with more than one place that neither pools nor drops; "" if there is none."""
    last = ""
    for path, (height, width, _) in shapes.items():
        kind = type(layers[path]).__name__
        if height * width > 1 and "Pooling" not in kind and "Dropout" not in kind:
            last = path
    return last


def choices(shapes: Shapes, unfit: str = "") -> str:
    """The end of a message: which layers would do; the last twenty, but for the one refused."""
    names = [name for name in shapes if name != unfit]
    shown = names if len(names) <= 20 else ["...", *names[-20:]]
    return f"layers that would do, from input to output: {', '.join(shown)}"


def with_place(A: Any, path: str, shapes: Callable[[], Shapes]) -> Any:
    """A layer's output, if it has a place; else an error that says which layers have."""
    if A is None:
        raise ValueError(
            f"layer {path!r} is not used on the way to the output; {choices(shapes(), path)}"
        )
    if not has_place(A):
        raise ValueError(
            f"the output of layer {path!r} has the shape {tuple(A.shape)}; a map needs one of "
            f"shape (n, height, width, channels); {choices(shapes())}"
        )
    return A

"""Inside a Keras model: its layers by path, and what passes through them."""

import collections
import contextlib
import functools
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
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


def check_model(model: Any) -> None:
    """A TypeError unless it is a Keras model; it names whose model it is, and what to do."""
    if isinstance(model, keras.Model):
        return
    if isinstance(model, str | Path):
        raise TypeError(f"{str(model)!r} is a path; load it first: keras.models.load_model(path)")
    homes = [cls.__module__.partition(".")[0] for cls in type(model).__mro__]
    cures = {
        "torch": "a PyTorch network",
        "tf_keras": "a model of tf_keras (Keras 2): save it, and load it with keras itself",
    }
    whose = next((cures[home] for home in homes if home in cures), type(model).__name__)
    raise TypeError(
        f"model must be a keras.Model, not {whose}; a BlackBox of lessons_lib.network.black_box "
        "takes any function that predicts"
    )


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
    layer: keras.layers.Layer,
    tap: Callable[[tf.Tensor], tf.Tensor] | None = None,
    run: int | None = None,
) -> Iterator[list[tf.Tensor]]:
    """Collect what a layer returns while the context is open: a *forward hook*.

    For use while a compiled function is traced; afterwards the layer is as it was. ``tap``, where
    given, may also change what the layer passes on: in each run, or in the one that is named.

    Yields
    ------
    list of tensor
        One entry for each run of the layer.
    """
    seen: list[tf.Tensor] = []
    original = layer.call

    def call(*args: Any, **kwargs: Any) -> tf.Tensor:
        output = original(*args, **kwargs)
        seen.append(output)
        return output if tap is None or run not in (None, len(seen) - 1) else tap(output)

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


def spatial_shapes(layers: dict[str, keras.layers.Layer], run: Callable[[], object]) -> Shapes:
    """(height, width, channels) of each layer whose output has a place, in the order of running.

    ``run`` sends something through the layers, in a function that is being traced. A layer that
    runs several times has an entry for each run: ``"tower/conv:0"``, ``"tower/conv:1"``.
    """
    runs: list[tuple[str, tuple[int, int, int]]] = []

    def note(path: str, output: Any) -> Any:
        if has_place(output):
            runs.append((path, tuple(output.shape[1:])))
        return output

    with contextlib.ExitStack() as stack:
        for path, layer in layers.items():
            if not isinstance(layer, keras.Model | keras.layers.InputLayer):
                stack.enter_context(tapped(layer, functools.partial(note, path)))
        run()
    shapes: Shapes = {}
    total = collections.Counter(path for path, _ in runs)
    so_far: collections.Counter[str] = collections.Counter()
    for path, shape in runs:
        shapes[path if total[path] == 1 else f"{path}:{so_far[path]}"] = shape
        so_far[path] += 1
    return shapes


def find(
    layers: dict[str, keras.layers.Layer], name: str, whose: str, shapes: Callable[[], Shapes]
) -> tuple[str, keras.layers.Layer, int | None]:
    """Full path of a layer, the layer, and which of its runs is meant, if the name says so.

    A path's last name alone will do if it is unique; ``"conv:1"`` is the second run of ``"conv"``.
    """
    base, _, number = str(name).rpartition(":")
    run = int(number) if base and number.isdecimal() and name not in layers else None
    wanted = name if run is None else base
    paths = [p for p in layers if p == wanted or p.rsplit("/", 1)[-1] == wanted]
    if len(paths) > 1 and wanted not in paths:
        raise ValueError(f"{len(paths)} layers are called {name!r}: {paths}; give one of these")
    if not name:  # no default was found either
        raise ValueError(f"{whose}: {choices(shapes())}")
    if not paths:
        raise ValueError(f"{whose} has no layer {name!r}; {choices(shapes())}")
    path = wanted if wanted in paths else paths[0]
    return path, layers[path], run


def last_with_places(layers: dict[str, keras.layers.Layer], shapes: Shapes) -> str:
    """The last layer with more than one place that neither pools nor drops; "" if there is none."""
    last = ""
    for name, (height, width, _) in shapes.items():
        path = name if name in layers else name.rpartition(":")[0]
        kind = type(layers[path]).__name__
        if height * width > 1 and "Pooling" not in kind and "Dropout" not in kind:
            last = path
    return last


def choices(shapes: Shapes, unfit: str = "") -> str:
    """The end of a message: which layers would do; the last twenty, but for the one refused."""
    names = [name for name in shapes if name != unfit]
    if not names:
        return (
            "no layer of this network has places (n, height, width, channels): use a method that "
            "only asks, such as LIME or KernelSHAP, or Integrated Gradients"
        )
    shown = names if len(names) <= 20 else ["...", *names[-20:]]
    return f"layers that would do, from input to output: {', '.join(shown)}"


def output_of(
    seen: list[tf.Tensor], path: str, run: int | None, shapes: Callable[[], Shapes]
) -> tf.Tensor:
    """What a layer gave in the run that is meant, if it has a place; else an error says what does.

    Parameters
    ----------
    seen
        Its outputs, from `tapped`.
    path, run
        Its name, and which run; None: the only one.
    shapes
        Gives all layers that have a place, for the message.
    """
    if not seen:
        raise ValueError(
            f"layer {path!r} is not used on the way to the output; {choices(shapes(), path)}"
        )
    if run is None and len(seen) > 1:
        names = ", ".join(repr(f"{path}:{i}") for i in range(len(seen)))
        raise ValueError(
            f"layer {path!r} runs {len(seen)} times on the way to the output, each with a map of "
            f"its own; name one run: layer={names}"
        )
    if run is not None and run >= len(seen):
        raise ValueError(f"layer {path!r} runs {len(seen)} times; there is no run {run}")
    A = seen[run or 0]
    if not has_place(A):
        raise ValueError(
            f"the output of layer {path!r} has the shape {tuple(A.shape)}; a map needs one of "
            f"shape (n, height, width, channels); {choices(shapes())}"
        )
    return A

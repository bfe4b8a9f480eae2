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

from lessons_lib.network.graph import reached

Shapes = dict[str, tuple[int, int, int]]
"""(height, width, channels) of layers, by path."""

Runs = dict[str, tuple[int, ...]]
"""Shapes of what layers give, without the first axis, in the order of running."""


class Trace(NamedTuple):
    """One run of a network in a graph, for a look at what leads to what.

    Attributes
    ----------
    x : tensor
        The pictures.
    given : dict from str to tensor
        What each layer gave, in the order of running. A layer that runs several times has an entry
        for each run: ``"tower/conv:0"``, ``"tower/conv:1"``.
    scores : list of tensor
        What may be explained.
    """

    x: tf.Tensor
    given: dict[str, tf.Tensor]
    scores: list[tf.Tensor]

    @property
    def runs(self) -> Runs:
        """The shape that each layer gives, without the first axis, in the order of running."""
        return {name: tuple(output.shape[1:]) for name, output in self.given.items()}


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

    def call(original: Callable[..., tf.Tensor], *args: Any, **kwargs: Any) -> tf.Tensor:
        output = original(*args, **kwargs)
        seen.append(output)
        return output if tap is None or run not in (None, len(seen) - 1) else tap(output)

    with instead(layer, call):
        yield seen


@contextlib.contextmanager
def instead(layer: keras.layers.Layer, call: Callable[..., Any]) -> Iterator[None]:
    """Let a layer do ``call(its own call, *arguments)`` while the context is open.

    One may stand within another, on the same layer too. Other threads go on with its own call.
    """
    with _TRACING:
        before, own, mine = vars(layer).get("call"), layer.call, threading.get_ident()

        def instead_here(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != mine:
                return own(*args, **kwargs)
            return call(own, *args, **kwargs)

        # Keras tracks what is set on a layer; going past it leaves no trace.
        object.__setattr__(layer, "call", instead_here)
        try:
            yield
        finally:
            if before is None:
                object.__delattr__(layer, "call")
            else:
                object.__setattr__(layer, "call", before)


_TRACING = threading.RLock()


def traced(
    layers: dict[str, keras.layers.Layer],
    run: Callable[[tf.Tensor], list[tf.Tensor]],
    x: tf.Tensor,
) -> Trace:
    """Send pictures through the layers, in a function that is being traced, and note the way."""
    found: list[tuple[str, tf.Tensor]] = []

    def note(path: str, output: Any) -> Any:
        if isinstance(output, tf.Tensor) and output.shape.rank is not None:
            found.append((path, output))
        return output

    with contextlib.ExitStack() as stack:
        for path, layer in layers.items():
            if not isinstance(layer, keras.Model | keras.layers.InputLayer):
                stack.enter_context(tapped(layer, functools.partial(note, path)))
        scores = run(x)
    total = collections.Counter(path for path, _ in found)
    so_far: collections.Counter[str] = collections.Counter()
    given = {}
    for path, output in found:
        given[path if total[path] == 1 else f"{path}:{so_far[path]}"] = output
        so_far[path] += 1
    return Trace(x, given, scores)


def with_places(layers: dict[str, keras.layers.Layer], runs: Runs, size: tuple[int, int]) -> Shapes:
    """Those of the runs whose output has places: (height, width, channels).

    A shape of three numbers alone does not say so: heads of attention have one too, (tokens,
    heads, channels), and layers with their channels first. A layer that says where its channels
    stand, as a convolution does, is believed. Others are, until tokens or another order of axes
    turns up; from then on only on a grid that was there before, or where tokens are folded back
    into a grid of the picture's proportions.
    """
    shapes: Shapes = {}
    grids: set[tuple[int, ...]] = {size}
    tokens: set[int] = set()
    strict = any(channels_first(layer) for layer in layers.values())
    for name, shape in runs.items():
        layer, grid = layers[path_of(name, layers)], shape[:2]
        if len(shape) == 2 and shape[0] is not None:
            tokens |= {shape[0], shape[0] - 1}  # one of them may stand for the class
            strict = True
        if len(shape) != 3 or None in grid:
            continue
        if hasattr(layer, "data_format"):
            if channels_first(layer):
                continue
            grids.add(grid)
        elif strict or type(layer).__name__ in ("Reshape", "Permute"):
            folded = like(grid, size) and (grid[0] * grid[1] in tokens or not strict)
            if grid not in grids and not folded:
                strict = strict or grid != (1, 1)
                continue
        shapes[name] = (shape[0], shape[1], shape[2])
    return shapes


def channels_first(layer: keras.layers.Layer) -> bool:
    """Whether a layer says that its channels stand before its places."""
    return getattr(layer, "data_format", None) == "channels_first"


def like(grid: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether a grid has about the proportions of the picture: by a factor of 1.5 at most."""
    return bool(abs(np.log(grid[0] / grid[1] * size[1] / size[0])) < np.log(1.5))


def path_of(name: str, layers: dict[str, keras.layers.Layer]) -> str:
    """The layer's path, for the name of a run."""
    return name if name in layers else name.rpartition(":")[0]


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
    if not paths:
        raise ValueError(f"{whose} has no layer {name!r}; {choices(shapes())}")
    path = wanted if wanted in paths else paths[0]
    return path, layers[path], run


def last_with_places(layers: dict[str, keras.layers.Layer], shapes: Shapes) -> str:
    """The last layer with more than one place that neither pools nor drops; "" if there is none."""
    return next(reversed(_worth_a_look(layers, shapes)), "")


def _worth_a_look(layers: dict[str, keras.layers.Layer], shapes: Shapes) -> Shapes:
    """Layers by path, with more than one place, that do not pool, pad or drop."""
    fit: Shapes = {}
    for name, shape in shapes.items():
        path = path_of(name, layers)
        kind = type(layers[path]).__name__
        unfit = any(word in kind for word in ("Pooling", "Padding", "Cropping", "Dropout"))
        if shape[0] * shape[1] > 1 and not unfit:
            fit.pop(path, None)  # of several runs the last
            fit[path] = shape
    return fit


def candidates(layers: dict[str, keras.layers.Layer], shapes: Shapes) -> list[str]:
    """A layer for each size of the grid, in running order; for the last size the last layer.

    Otherwise it is the one with the most channels, and of those the last: what runs after it on the
    same grid is often one branch of several.
    """
    fit = _worth_a_look(layers, shapes)
    widest: dict[tuple[int, int], str] = {}
    for name, (height, width, channels) in fit.items():
        before = widest.get((height, width))
        if before is None or channels >= fit[before][2]:
            widest[height, width] = name
    last = last_with_places(layers, shapes)
    if last:
        widest[fit[last][:2]] = last
    return [name for name in fit if name in widest.values()]


def after(layers: dict[str, keras.layers.Layer], runs: Runs, name: str) -> Runs:
    """The runs of layers with a kernel that come after the last run of this one."""
    names = list(runs)
    start = max((i for i, run in enumerate(names) if path_of(run, layers) == name), default=-1)
    return {
        run: runs[run] for run in names[start + 1 :] if _has_kernel(layers[path_of(run, layers)])
    }


def _has_kernel(layer: keras.layers.Layer) -> bool:
    return any(len(variable.shape) > 1 for variable in layer.weights)


def default_layer(
    layers: dict[str, keras.layers.Layer], trace: Trace, shapes: Shapes
) -> tuple[str, str]:
    """The layer to look at where none is named, and what to tell the reader about it.

    Returns
    -------
    layer : str
        The last with places that sees the picture and leads to the score; "" if there is none, or
        if tokens follow: then its map would say what was seen before the network looked around.
        Where the picture reaches the score past it too, as past an attention's gate, it is the last
        of the same grid through which all passes.
    doubt : str
        A message if there is no such one, or if it is coarse, or not near the end; "" if nothing is
        wrong with it.
    """
    fit = dict(shapes)
    while last := last_with_places(layers, fit):
        runs = [name for name in fit if path_of(name, layers) == last]
        seen = [name for name in runs if not why_unfit(trace, trace.given[name])]
        if seen:
            break
        fit = {name: shape for name, shape in fit.items() if name not in runs}
    if not last or tokens_after(layers, trace.runs, last):
        return "", ""
    if len(seen) > 1:
        chosen, whole = last, True  # who uses it is asked which run is meant
    else:
        grid = fit[seen[0]][:2]
        alike = [n for n in trace.given if n in fit and fit[n][:2] == grid]
        chosen = next((n for n in reversed(alike) if not passed_by(trace, trace.given[n])), "")
        whole, chosen = bool(chosen), chosen or seen[0]
    doubts = []
    if not whole:
        doubts.append(
            "sees only a part of what the score is made of, for the picture reaches the score past "
            "it as well, by another branch"
        )
    height, width = grid_of(chosen, layers, shapes)
    if min(height, width) < COARSE:
        learned = {n: fit[n] for n in _learned(layers, trace.runs) if n in fit}
        finer = [n for n in candidates(layers, learned) if min(grid_of(n, layers, fit)) >= COARSE]
        other = (
            "{!r} has {} x {}".format(finer[-1], *grid_of(finer[-1], layers, fit))
            if finer
            else "no layer of this network has a finer one"
        )
        doubts.append(f"has {height} x {width} places, so its maps are coarse ({other})")
    kernels = after(layers, trace.runs, path_of(chosen, layers))
    if len(kernels) > NEAR:
        doubts.append(f"is followed by {len(kernels)} more layers with weights")
    if not doubts:
        return chosen, ""
    return chosen, (
        f"the layer by default, {chosen!r}, {' and '.join(doubts)}. Compare some with "
        "plotting.compare_layers(classifier, image), and name one: layer="
    )


def why_unfit(trace: Trace, A: tf.Tensor) -> str:
    """Why what a layer gives, in a run of the network, is nothing to explain; "" if it is."""
    if A.graph is not trace.x.graph:
        return ""  # the layer runs in a function of the model's own, whose inside is not seen
    if A.name not in reached(trace.x):
        return "does not see the picture, but a constant or an input that is held"
    if not {score.name for score in trace.scores} & reached(A):
        return "does not lead to the score that is explained"
    return ""


def passed_by(trace: Trace, A: tf.Tensor) -> bool:
    """Whether the picture reaches the score past a layer as well."""
    return bool({score.name for score in trace.scores} & reached(trace.x, without=A))


def _learned(layers: dict[str, keras.layers.Layer], runs: Runs) -> list[str]:
    """The runs from the first layer with a kernel on."""
    names = list(runs)
    first = next((i for i, n in enumerate(names) if _has_kernel(layers[path_of(n, layers)])), 0)
    return names[first:]


COARSE, NEAR = 5, 4  # places along a side; layers with weights that may follow


def grid_of(name: str, layers: dict[str, keras.layers.Layer], shapes: Shapes) -> tuple[int, int]:
    """(height, width) of a layer's output, by its path or the name of a run; of its last run."""
    found = [s for n, s in shapes.items() if name in (n, path_of(n, layers))]
    return found[-1][:2]


def tokens_after(layers: dict[str, keras.layers.Layer], runs: Runs, name: str) -> str:
    """How a network goes on with tokens after a layer; "" if it does not.

    Tokens are an output (tokens, channels) of a layer with a kernel.
    """
    found = {run: s for run, s in after(layers, runs, name).items() if len(s) == 2}
    if not found:
        return ""
    last, (count, channels) = list(found.items())[-1]
    return f"{count} tokens of {channels} numbers in {last!r}"


def why_no_default(layers: dict[str, keras.layers.Layer], runs: Runs, shapes: Shapes) -> str:
    """What to do where `default_layer` found none."""
    last = last_with_places(layers, shapes)
    if not last:
        return choices(shapes)
    height, width = grid_of(last, layers, shapes)
    return (
        f"after {last!r}, with {height} x {width} places, the network goes on with tokens "
        f"({tokens_after(layers, runs, last)}), which have no places to draw a map on. Fold them "
        "into places: lessons_lib.transformers.with_folded_tokens(classifier). Or use a method "
        "that looks at no layer: LIME, KernelSHAP, occlusion, RISE or Integrated Gradients. "
        f"If the layer before the tokens is meant all the same, name it: layer={last!r}"
    )


def check_axes(
    name: str, layers: dict[str, keras.layers.Layer], runs: Runs, places: Shapes
) -> None:
    """A ValueError if a layer's output has three axes, but not (height, width, channels)."""
    shape = runs.get(name, ())
    if len(shape) != 3 or name in places:
        return
    first = channels_first(layers[path_of(name, layers)])
    what = "its channels first" if first else "other axes, such as tokens, heads or channels first"
    raise ValueError(
        f"the output of layer {name!r}, of shape (n, {', '.join(map(str, shape))}), has {what}; a "
        f"map needs (n, height, width, channels); {choices(places)}"
    )


def may_mislead(layer: keras.layers.Layer) -> bool:
    """Whether a layer is one of those after which three axes need not be places and channels."""
    kind = type(layer).__name__
    return kind in ("Reshape", "Permute") or "Attention" in kind or channels_first(layer)


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
    seen: list[tf.Tensor],
    path: str,
    run: int | None,
    shapes: Callable[[], Shapes],
    trace: Trace | None = None,
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
    trace
        The run, if the layer has to stand between the picture and the score.
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
    if not isinstance(A, tf.Tensor) or A.shape.rank != 4:
        shape = tuple(getattr(A, "shape", ()))
        tokens = ": tokens, which stand in no grid" if len(shape) == 3 else ""
        raise ValueError(
            f"the output of layer {path!r} has the shape {shape}{tokens}; a map needs one of shape "
            f"(n, height, width, channels); {choices(shapes())}"
        )
    if trace is not None and (why := why_unfit(trace, A)):
        raise ValueError(f"layer {path!r} {why}; {choices(shapes(), path)}")
    return A

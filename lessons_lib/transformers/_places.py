"""A network's tokens folded into a grid of places, for Grad-CAM and its family."""

import collections
import contextlib
import functools
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.network.classifier import Classifier
from lessons_lib.network.layers import find, tapped
from lessons_lib.transformers._attention import ATTENTION, layers_inside
from lessons_lib.transformers._grid import Grid, fold, token_grid


def with_folded_tokens(
    classifier: Classifier,
    layer: str | None = None,
    *,
    grid: tuple[int, int] | None = None,
    first: int | None = None,
) -> Classifier:
    """A twin of a classifier, around the same model, whose tokens stand in a grid of places.

    The twin is for `lessons_lib.grad_cam.grad_cam`, Score-CAM and their family, which look at its
    last layer. It answers as the classifier does; the model is not changed.

    Parameters
    ----------
    classifier
        The network.
    layer
        The layer whose tokens, (n, T, channels), are folded: its name or path. Default: the last
        one of the attention's width from which every place reaches the class scores. With a class
        token that is what the last attention reads, because after it nothing but the class token
        is read on; without one it is the last of all.
    grid, first
        As for `token_grid`.

    Returns
    -------
    Classifier

    Raises
    ------
    ValueError
        If there is no such layer, it gives no tokens or is not used, they do not fit into a grid,
        or no place of it reaches the class scores; if no layer is named and the network has no
        layer of attention that Keras knows as such; or if it has several inputs.

    Examples
    --------
    >>> from lessons_lib import digits, transformers
    >>> from lessons_lib.grad_cam import grad_cam
    >>> network = transformers.course_transformer()
    >>> grad_cam(network, digits.pictures(2).x).shape
    (2, 7, 7)
    >>> with_folded_tokens(network, "block2_norm1").layer
    'block2_norm1_places'
    """
    if classifier.held:
        raise ValueError(
            f"{classifier.name} has several inputs; tokens are folded only where the picture is "
            "the one input: give a model that holds the others itself"
        )
    model, plain = classifier.model, classifier
    if isinstance(model, Folded):
        model = model.inner
        plain = classifier.replace(model=model, layer=None)
    given = _tokens(plain)
    if layer is None:
        name = _last_with_places(plain, given, grid, first)
    else:
        shapes = {name: (tokens.number, 1, tokens.width) for name, tokens in given.items()}
        path, _, run = find(dict(layers_inside(model)), layer, plain.name, lambda: shapes)
        name = path if run is None else f"{path}:{run}"
        if name not in given:
            raise ValueError(
                f"layer {name!r} gives no tokens (n, T, channels) on the way to the answer; layers "
                f"that do: {_names(given)}"
            )
    tokens = given[name]
    found = token_grid(tokens.number, plain.input_size, grid, first)
    if not tokens.reach[found.places].any():
        raise ValueError(
            f"no place of layer {name!r} reaches the class scores: only the class token is read on "
            f"from there. Layers of tokens, from input to output: {_names(given)}"
        )
    folded = Folded(model, tokens, found)
    return plain.replace(model=folded, layer=folded.places.name)


class _Tokens(NamedTuple):
    """What one run of a layer gives: so many tokens, and which of them reach the class scores."""

    layer: keras.layers.Layer
    run: int
    number: int
    width: int
    reach: NDArray[np.bool_]


class Folded(keras.Model):  # type: ignore[misc]
    """A model in which the tokens of one layer pass through a grid of places, on their way on."""

    def __init__(self, model: keras.Model, tokens: _Tokens, grid: Grid) -> None:
        super().__init__(name=model.name)
        self.inner = model
        self.places = keras.layers.Identity(name=f"{tokens.layer.name}_places")
        self.places.data_format = "channels_last"  # so that its output is known to have places
        self.grid = grid
        # In a partial function, or Keras would count the layer as this model's own.
        self._tapped = functools.partial(tapped, tokens.layer, run=tokens.run)

    def call(self, x: tf.Tensor) -> Any:
        """What the model gives."""
        here = self.grid.places

        def through_places(output: Any) -> Any:
            tokens, *others = tf.nest.flatten(output)  # a block may return its attention as well
            kept = self.places(fold(tokens, self.grid))
            flat = tf.reshape(kept, (-1, here.stop - here.start, tokens.shape[-1]))
            tokens = tf.concat([tokens[:, : here.start], flat, tokens[:, here.stop :]], axis=1)
            return tf.nest.pack_sequence_as(output, [tokens, *others])

        with self._tapped(through_places):
            return self.inner(x, training=False)


def _tokens(classifier: Classifier) -> dict[str, _Tokens]:
    """The layers that give tokens, in the order in which they end; a run of several as path:1."""
    ends: list[tuple[str, keras.layers.Layer, Any]] = []

    def note(path: str, layer: keras.layers.Layer, output: Any) -> Any:
        ends.append((path, layer, tf.nest.flatten(output)[0]))
        return output

    def slopes(x: tf.Tensor) -> list[tf.Tensor]:
        with contextlib.ExitStack() as stack:
            for path, layer in layers_inside(classifier.model):
                if not isinstance(layer, keras.Model | keras.layers.InputLayer):
                    stack.enter_context(tapped(layer, functools.partial(note, path, layer)))
            if classifier.kind == "score":  # there are no classes, so any of its numbers counts
                outputs = classifier.model(classifier.preprocess(x), training=False)
                score = tf.reduce_sum(tf.square(tf.nest.flatten(outputs)[0]))
            else:
                score = classifier.forward(x)[:, 0]
        given = [A for *_, A in ends if _are_tokens(A)]
        return tf.gradients(score, given, unconnected_gradients="zero")

    noise = np.random.default_rng(0).integers(0, 256, (1, *classifier.picture_shape))
    noise = tf.constant(noise, tf.float32)
    slope = iter(tf.function(slopes, autograph=False).get_concrete_function(noise)(noise))
    total = collections.Counter(path for path, *_ in ends)
    so_far: collections.Counter[str] = collections.Counter()
    given = {}
    for path, layer, A in ends:
        run = so_far[path]
        so_far[path] += 1
        if _are_tokens(A):
            name = path if total[path] == 1 else f"{path}:{run}"
            reach = next(slope).numpy().any(axis=(0, -1))
            given[name] = _Tokens(layer, run, A.shape[1], A.shape[2], reach)
    return given


def _are_tokens(A: Any) -> bool:
    """Whether a layer's output is of shape (n, T, channels)."""
    return tf.is_tensor(A) and A.dtype.is_floating and A.shape.rank == 3 and None not in A.shape[1:]


def _last_with_places(
    classifier: Classifier,
    given: dict[str, _Tokens],
    grid: tuple[int, int] | None,
    first: int | None,
) -> str:
    """The layer that `with_folded_tokens` takes where none is named."""
    read = [tokens for tokens in given.values() if isinstance(tokens.layer, ATTENTION)]
    if not read:
        raise ValueError(
            f"{classifier.name} has no MultiHeadAttention layer that gives (n, T, channels), by "
            f"which its tokens could be found; name a layer that gives them: layer=... "
            f"Layers of tokens, from input to output: {_names(given)}"
        )
    number, width = read[-1].number, read[-1].width
    places = token_grid(number, classifier.input_size, grid, first).places
    fit = [
        name
        for name, tokens in given.items()
        if (tokens.number, tokens.width) == (number, width) and tokens.reach[places].all()
    ]
    if not fit:
        raise ValueError(
            f"no layer of {classifier.name} gives {number} tokens of which each place reaches the "
            f"class scores; name one: layer=... Layers of tokens: {_names(given)}"
        )
    return fit[-1]


def _names(given: dict[str, _Tokens]) -> str:
    names = list(given)
    return ", ".join(names if len(names) <= 20 else ["...", *names[-20:]]) or "none"

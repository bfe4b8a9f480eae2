"""Several inputs on one path: put side by side as one vector, and taken apart again."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.basics.checks import finite
from lessons_lib.basics.columns import in_order, names_of, with_names
from lessons_lib.network.graph import what_blocks


def are_several(x: Any) -> bool:
    """Whether it is a dict, or a list or tuple of arrays: a list of numbers is one input."""
    return isinstance(x, Mapping) or (
        isinstance(x, list | tuple) and any(getattr(item, "ndim", 0) for item in x)
    )


class Inputs:
    """How several inputs lie in one vector.

    Parameters
    ----------
    x : dict, list or tuple of arrays
    """

    def __init__(self, x: Any) -> None:
        self._keys = list(x) if isinstance(x, Mapping) else list(range(len(x)))
        if not self._keys:
            raise ValueError("there is no input in x")
        self._made_of = dict if isinstance(x, Mapping) else type(x)
        self._shapes = [finite(x[key], f"x[{key!r}]").shape for key in self._keys]
        self._names = [names_of(x[key]) for key in self._keys]

    def joined(self, values: Any, whose: str) -> NDArray[np.float64]:
        """One vector of all; an error unless they have the keys and the shapes of ``x``."""
        keys = list(values) if isinstance(values, Mapping) else None
        if keys is None and isinstance(values, list | tuple):
            keys = list(range(len(values)))
        if keys is None or set(keys) != set(self._keys):
            raise ValueError(
                f"{whose} must have the inputs {self._keys} of x, not {keys or values}"
            )
        parts = []
        for key, shape, names in zip(self._keys, self._shapes, self._names, strict=True):
            what = f"{whose}[{key!r}]"
            part = finite(in_order(values[key], names, what, f"x[{key!r}]"), what)
            if part.shape != shape:
                raise ValueError(f"{what} has the shape {part.shape}, but x[{key!r}] has {shape}")
            parts.append(part.ravel().astype("float64"))
        return np.concatenate(parts)

    def apart(self, parts: list[Any]) -> Any:
        """As the caller gave them: in a dict, a list or a tuple."""
        if self._made_of is dict:
            return dict(zip(self._keys, parts, strict=True))
        return self._made_of(parts)

    def attributions(self, phi: NDArray[np.floating]) -> Any:
        """Each input's own, in its shape and with its names."""
        cuts = np.cumsum([int(np.prod(shape)) for shape in self._shapes])[:-1]
        parts = [p.reshape(s) for p, s in zip(np.split(phi, cuts), self._shapes, strict=True)]
        named = [
            with_names(part, names, "n" if part.ndim == 1 else ".n")
            for part, names in zip(parts, self._names, strict=True)
        ]
        return self.apart(named)

    def score(self, score: Callable[[Any], tf.Tensor]) -> Callable[[tf.Tensor], tf.Tensor]:
        """A score of these inputs as one of vectors, shape (n, numbers)."""

        def of_vectors(z: tf.Tensor) -> tf.Tensor:
            flat = tf.split(z, [int(np.prod(shape)) for shape in self._shapes], axis=1)
            parts = [tf.reshape(p, (-1, *s)) for p, s in zip(flat, self._shapes, strict=True)]
            scores = tf.convert_to_tensor(score(self.apart(parts)))
            if not tf.executing_eagerly():
                for key, part in zip(self._keys, parts, strict=True):
                    # One that lets no gradient through would get 0, and the others too little.
                    if blocked := what_blocks(scores, part, f"x[{key!r}]"):
                        raise ValueError(f"{blocked} Or hold it: write it into score.")
            return scores

        return of_vectors

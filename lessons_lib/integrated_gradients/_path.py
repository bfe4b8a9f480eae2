"""The straight path from a baseline to an input, and a network's score along it (lesson 06).

One compiled function takes a batch of nodes: it interpolates, scores, differentiates, weighs and
adds up inside the graph. What comes back is as large as one picture, so the memory depends on the
batch, not on the number of steps.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import arrays, finite, whole
from lessons_lib.basics.progress import bar
from lessons_lib.integrated_gradients._quadrature import PANEL_STEPS, Ends, Panel, panel_rule
from lessons_lib.network import GRADIENT_BATCH
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import gradient_of

Function = Callable[..., tf.Tensor]


def interpolate(x: ArrayLike, baseline: ArrayLike, alpha: ArrayLike) -> NDArray[np.floating]:
    r"""Points on the path: :math:`x' + \alpha \, (x - x')`.

    Parameters
    ----------
    x, baseline : array, both of one shape
    alpha : array, shape (n,)
        0 is the baseline, 1 the input.

    Returns
    -------
    ndarray, shape (n, *shape of x)

    Examples
    --------
    >>> interpolate([4.0, 2.0], [0.0, 2.0], [0.0, 0.5, 1.0])
    array([[0., 2.],
           [2., 2.],
           [4., 2.]])
    """
    x, baseline = finite(x, "x"), finite(baseline, "the baseline")
    if x.shape != baseline.shape:
        raise ValueError(f"the baseline has the shape {baseline.shape}, but x has {x.shape}")
    (alpha,) = arrays("n", alpha=alpha)
    return baseline + np.multiply.outer(alpha, x - baseline)


def along_path(score: Function) -> tuple[Function, Function]:
    r"""The two graph functions that `Path` needs.

    Parameters
    ----------
    score
        From tensors z, shape (n, ...), and target, shape (), to the scores F(z), shape (n,).

    Returns
    -------
    scores
        Of (x, x', alpha, target): F at the points, shape (n,).
    sums
        Of (x, x', alpha, weights, target), with weights of shape (k, n):
        :math:`\sum_j w_{kj} \, (x - x'_j) \, \partial F / \partial z_j`, shape (k, ...). ``x`` has
        one row; ``x'`` has one, or one for each node.
    """

    def points(x: tf.Tensor, baseline: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
        alpha = tf.reshape(alpha, (-1, *[1] * (x.shape.rank - 1)))
        return baseline + alpha * (x - baseline)

    def scores(x: tf.Tensor, baseline: tf.Tensor, alpha: tf.Tensor, target: Any) -> tf.Tensor:
        return tf.cast(score(points(x, baseline, alpha), target), x.dtype)

    def sums(
        x: tf.Tensor, baseline: tf.Tensor, alpha: tf.Tensor, weights: tf.Tensor, target: Any
    ) -> tf.Tensor:
        z = points(x, baseline, alpha)
        gradient = gradient_of(score(z, target), z)
        return tf.tensordot(weights, gradient * (x - baseline), 1)

    return scores, sums


def classifier_functions(classifier: Classifier) -> tuple[Function, Function]:
    """`along_path` for the logit of one class, compiled once and kept with the classifier."""
    pixels = tf.TensorSpec((None, *classifier.picture_shape), tf.float32)
    nodes, weights = tf.TensorSpec((None,), tf.float32), tf.TensorSpec((None, None), tf.float32)
    target = tf.TensorSpec((), tf.int32)
    scores, _ = along_path(lambda z, target: classifier.outputs(z)[0][:, target])
    _, sums = along_path(lambda z, target: classifier.forward(z)[:, target])
    return scores, classifier.compiled("path sums", sums, (pixels, pixels, nodes, weights, target))


class Path:
    """The path between two inputs, ready to be measured; ``progress`` may hold a progress bar.

    Parameters
    ----------
    functions
        From `along_path` or `classifier_functions`.
    x, baseline : ndarray of float32 or float64, both of one shape
        Where the path ends and where it starts; their type is that of the points between.
    target
        The class; passed on to the functions.
    batch_size
        Nodes at a time, 1 or more.

    Raises
    ------
    ValueError
        If ``batch_size`` is below 1.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        x: NDArray[np.floating],
        baseline: NDArray[np.floating],
        target: int,
        batch_size: int = GRADIENT_BATCH,
    ) -> None:
        whole(batch_size, "batch_size", 1)
        self._scores, self._sums = functions
        self.dtype = np.dtype(x.dtype)
        self._ends = (tf.constant(x[None]), tf.constant(baseline[None]))
        self._target = tf.constant(target, tf.int32)
        self._batch_size = batch_size
        self._known: dict[float, float] = {}
        self.progress: bar | None = None

    def scores(self, alpha: Sequence[float]) -> list[float]:
        """F at some points; remembered, since neighbouring panels share an end."""
        new = [a for a in dict.fromkeys(alpha) if a not in self._known]
        for i in range(0, len(new), self._batch_size):
            some = new[i : i + self._batch_size]
            found = self._scores(*self._ends, tf.constant(some, self.dtype), self._target)
            self._known.update(zip(some, found.numpy().tolist(), strict=True))
        return [self._known[a] for a in alpha]

    def sums(self, alpha: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weighted sums of (x - x') times the gradient.

        Parameters
        ----------
        alpha : ndarray, shape (n,)
            Nodes, 0..1.
        weights : ndarray, shape (k, n)
            One row for each sum.

        Returns
        -------
        ndarray, shape (k, *shape of x)
        """
        total = np.zeros((len(weights), *self._ends[0].shape[1:]))
        for i in range(0, len(alpha), self._batch_size):
            some = slice(i, i + self._batch_size)
            nodes = tf.constant(alpha[some], self.dtype)
            columns = tf.constant(weights[:, some], self.dtype)
            total += self._sums(*self._ends, nodes, columns, self._target).numpy()
            if self.progress is not None:
                self.progress.update(len(nodes))
        return total

    def measure(self, intervals: Sequence[Ends]) -> list[Panel]:
        """Panels for `adaptive`: F at their ends says what they must add."""
        together = max(1, self._batch_size // PANEL_STEPS)
        starts, ends = (self.scores(alpha) for alpha in zip(*intervals, strict=True))
        known = np.subtract(ends, starts)
        panels: list[Panel] = []
        for i in range(0, len(intervals), together):
            some = intervals[i : i + together]
            for (start, end), phi in zip(some, self.sums(*panel_rule(some)), strict=True):
                error = float(phi.sum() - known[len(panels)])
                panels.append(Panel(start, end, phi, error))
        return panels

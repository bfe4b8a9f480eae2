r"""Integrated Gradients: gradients gathered along the path from a baseline (lesson 06).

.. math::

    \phi_i = (x_i - x'_i) \int_0^1
    \frac{\partial F(x' + \alpha \, (x - x'))}{\partial x_i} \, d\alpha \qquad (1)

    \phi_i \approx (x_i - x'_i) \sum_j w_j \,
    \frac{\partial F(x' + \alpha_j \, (x - x'))}{\partial x_i} \qquad (2)

    \sum_i \phi_i = F(x) - F(x') \qquad (3), \text{ completeness}

The numbers are the lesson's.

References
----------
M. Sundararajan, A. Taly, Q. Yan, *Axiomatic Attribution for Deep Networks*, ICML 2017
(arXiv:1703.01365), section 3 and proposition 1.
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import finite, real, whole
from lessons_lib.basics.columns import in_order, names_of, with_names
from lessons_lib.basics.progress import bar
from lessons_lib.images import Images, as_given
from lessons_lib.integrated_gradients._path import (
    Path,
    along_path,
    classifier_functions,
)
from lessons_lib.integrated_gradients._quadrature import (
    OPEN_PANELS,
    PANEL_FACTOR,
    adaptive,
    nodes_and_weights,
)
from lessons_lib.integrated_gradients._several import Inputs, are_several
from lessons_lib.network import GRADIENT_BATCH
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score
from lessons_lib.network.streams import batches


class Attribution(NamedTuple):
    """What each input adds to the score, and how well the sum comes out.

    Attributes
    ----------
    phi : ndarray of float32, the shape of the input
        The attributions, signed, in units of the score. For a picture (height, width, 3). Of
        float64 where `integrate` needs it; a Series where that was given one; a dict, list or tuple
        of these for several inputs.
    score, baseline_score : float
        F(x) and F(x').
    steps : int
        Gradients that were computed.
    target : str
        What the score stands for.
    apart : float or None
        Of the ``"adaptive"`` rule, in units of the score: what the panels miss, added up without
        their signs. None for the other rules, which have no panels.
    """

    phi: Any
    score: float
    baseline_score: float
    steps: int
    target: str = "score"
    apart: float | None = None

    @property
    def difference(self) -> float:
        """F(x) - F(x'): what the attributions have to add up to."""
        return self.score - self.baseline_score

    @property
    def total(self) -> float:
        """What the attributions add up to."""
        return float(sum(np.asarray(part).sum(dtype=np.float64) for part in self._parts()))

    @property
    def error(self) -> float:
        """How far completeness fails, as a share of ``difference``: 0.01 is one per cent."""
        return self._share(self.total - self.difference)

    @property
    def panel_error(self) -> float | None:
        """What the panels miss without their signs, as a share of ``difference``; or None."""
        return None if self.apart is None else self._share(self.apart)

    def _parts(self) -> list[Any]:
        if not are_several(self.phi):
            return [self.phi]
        return list(self.phi.values() if isinstance(self.phi, dict) else self.phi)

    def _rounding(self) -> float:
        """What the scores' own rounding may make of a difference that is zero."""
        precise = all(np.asarray(part).dtype == np.float64 for part in self._parts())
        return _known(precise) * max(abs(self.score), abs(self.baseline_score))

    def _share(self, gap: float) -> float:
        if self.difference:
            return abs(gap / self.difference)
        return 0.0 if abs(gap) <= self._rounding() else float("inf")

    def __str__(self) -> str:
        misses = [(self.total - self.difference, "error ")]
        if self.apart is not None:
            misses.append((self.apart, "panels "))
        if abs(self.difference) > self._rounding():
            said = [f"{name}{100 * self._share(miss):.2f} %" for miss, name in misses]
        else:  # there is nothing to be a share of
            said = [f"{name}{abs(miss):.2g}" for miss, name in misses]
        return (
            f"{self.target}: F(x) - F(x') = {self.difference:.2f}, the attributions add up to "
            f"{self.total:.2f} ({', '.join(said)}, {self.steps} steps)"
        )


def integrated_gradients(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    *,
    baseline: Baseline = "black",
    rule: str = "adaptive",
    num_steps: int = 48,
    tolerance: float = 0.01,
    panel_tolerance: float | None = None,
    max_steps: int = 1000,
    num_runs: int = 1,
    seed: int = 0,
    batch_size: int | None = None,
) -> Any:
    r"""Integrated Gradients of a class's logit for one picture or many (equation 1).

    The gradient is taken with respect to the RGB pixels, preprocessing included, and multiplied by
    the difference of the same pixels. Both in one space: otherwise completeness fails.

    Parameters
    ----------
    classifier
        The network.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture. Default: each
        picture's top class.
    baseline
        :math:`x'`: a name, a number, a colour or a picture, as for `Network.baseline`.
    rule
        ``"adaptive"``: Gauss-Legendre in panels, halved where completeness fails, until both
        tolerances are met. Or one of `RULES`, over the whole path with exactly
        ``num_steps`` nodes.
    num_steps
        Nodes; for ``"adaptive"`` those to begin with.
    tolerance
        For ``"adaptive"``: the error of completeness to reach, as a share of F(x) - F(x').
    panel_tolerance
        For ``"adaptive"``: how large the sum of the panels' absolute errors may be, as a share of
        F(x) - F(x'). Errors of opposite sign cancel in the sum that ``tolerance`` bounds, but not
        in the map. Default: `PANEL_FACTOR` times ``tolerance``; what that costs, and what a
        stricter one buys, stands in ``benchmarks/RESULTS.md``.
    max_steps
        For ``"adaptive"``: when to give up, with a warning.
    num_runs
        Repetitions with a new baseline each, averaged; of use with ``"noise"`` only.
    seed
        Seed of the noise.
    batch_size
        Nodes that go through the network at once; bounds the memory. Default:
        `Classifier.gradient_batch`.

    Returns
    -------
    Attribution, or a list of them for several pictures
        ``phi`` has the network's input size.

    Raises
    ------
    TypeError, ValueError
        If pictures, class, baseline, rule or a number is not what it has to be, the network
        cannot be differentiated, or F or its gradient is not finite.

    Warns
    -----
    UserWarning
        If ``max_steps`` were not enough.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> network, panda = models.load("squeezenet"), images.course_image("panda")
    >>> found = integrated_gradients(network, panda, num_steps=12, tolerance=0.05)
    >>> found.phi.shape, found.error < 0.05
    ((224, 224, 3), True)
    """
    whole(num_runs, "num_runs", 1)
    classifier, target = classifier.explaining(target)
    rng = np.random.default_rng(seed)
    functions = classifier_functions(classifier)
    together = classifier.gradient_batch if batch_size is None else batch_size
    results = []
    for (picture,), of_this in batches(images, target, classifier.one_by_one, size=1):
        x = classifier.prepare_one(picture)
        (pixels,), (index,) = x, classifier.chosen(x, of_this)
        which = "" if classifier.kind == "number" else f" (class {index})"
        name = f"{classifier.labels[index]}{which}"
        runs = []
        for _ in range(num_runs):
            (start,) = classifier.baseline(pixels, baseline, rng=rng)
            path = Path(functions, pixels, start, int(index), together)
            runs.append(_follow(path, name, rule, num_steps, tolerance, panel_tolerance, max_steps))
        results.append(_average(runs))
    return as_given(images, results)


def integrate(
    score: Callable[[Any], tf.Tensor],
    x: Any,
    baseline: Any,
    *,
    rule: str = "adaptive",
    num_steps: int = 48,
    tolerance: float = 0.01,
    panel_tolerance: float | None = None,
    max_steps: int = 1000,
    batch_size: int = GRADIENT_BATCH,
) -> Attribution:
    """Integrated Gradients of any differentiable function, such as a network for tables.

    Of several inputs each gets its attribution; what all of them add up to is F(x) - F(x').

    Parameters
    ----------
    score
        From a tensor of shape (n, *shape of x) to one of shape (n,) or (n, 1), such as a network
        with one output. The tensor is of float32; of float64 where float32 would lose a millionth
        or more of a difference between x and x', as it does with a time in seconds since 1970. For
        several inputs it takes a dict, list or tuple of tensors, as ``x`` is one.
    x, baseline : array; or a dict, a list or a tuple of arrays
        The input and :math:`x'`, both of one shape. Series are matched by name. What shall not be
        explained (tokens, a category) stands in ``score`` itself.
    rule, num_steps, tolerance, panel_tolerance, max_steps, batch_size
        As for `integrated_gradients`.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite (of the score and its gradient as well), or
        ``score`` gives several numbers for an input or cannot be differentiated, by each of several
        inputs.
    TypeError
        If float64 is needed, and ``score`` cannot compute with it.

    Examples
    --------
    The product of two inputs shares its value equally between them:

    >>> integrate(lambda z: z[:, 0] * z[:, 1], [3.0, 2.0], [0.0, 0.0]).phi.round(4)
    array([3., 3.], dtype=float32)

    So do two inputs of a network, each of a shape of its own:

    >>> score = lambda z: tf.reduce_sum(z["picture"], axis=(1, 2)) * z["age"]
    >>> x = {"picture": np.ones((2, 2)), "age": 5.0}
    >>> found = integrate(score, x, {"picture": np.zeros((2, 2)), "age": 0.0})
    >>> found.phi["picture"].sum().round(4), found.phi["age"].round(4)
    (np.float32(10.0), np.float32(10.0))
    """
    if are_several(x):
        inputs = Inputs(x)
        ends = inputs.joined(x, "x"), inputs.joined(baseline, "the baseline")
        of_vectors = inputs.score(lambda z: _one(score(z)))
        found = integrate(
            of_vectors, *ends, rule=rule, num_steps=num_steps, tolerance=tolerance,
            panel_tolerance=panel_tolerance, max_steps=max_steps, batch_size=batch_size,
        )  # fmt: skip
        return found._replace(phi=inputs.attributions(found.phi))
    names = names_of(x)
    baseline = in_order(baseline, names, "the baseline", "x")
    end, start = (
        finite(values, name).astype("float64")
        for values, name in ((x, "x"), (baseline, "the baseline"))
    )
    if end.shape != start.shape:
        raise ValueError(f"the baseline has the shape {start.shape}, but x has {end.shape}")
    if _float32_holds(end, start):
        end, start = end.astype("float32"), start.astype("float32")
    else:
        _check_float64(score, start)
    functions = along_path(lambda z, _: _one(score(z)))
    scores, sums = (tf.function(f, autograph=False) for f in functions)

    def one_by_one(x: tf.Tensor, baseline: tf.Tensor, alpha: tf.Tensor, target: Any) -> tf.Tensor:
        # For each other number of points TensorFlow would compile the function anew.
        ends = tf.split(alpha, len(alpha))
        return tf.concat([scores(x, baseline, some, target) for some in ends], 0)

    path = Path((one_by_one, sums), end, start, 0, batch_size)
    found = _follow(path, "score", rule, num_steps, tolerance, panel_tolerance, max_steps)
    return found._replace(phi=with_names(found.phi, names, "n" if end.ndim == 1 else ".n"))


def _one(scores: tf.Tensor) -> tf.Tensor:
    """One score for each input: (n,) as it is, (n, 1) flat; an error for several."""
    scores = tf.convert_to_tensor(scores)
    if scores.shape.rank == 2 and scores.shape[-1] == 1:
        return scores[:, 0]
    if scores.shape.rank != 1:
        raise ValueError(
            f"score gives {tuple(scores.shape)}, several numbers for each input; choose an output, "
            "for example lambda z: model(z)[:, 0]"
        )
    return scores


def _known(precise: bool) -> float:
    """To which share of itself a score is known: of float64, or of float32."""
    return 1e-14 if precise else 1e-6


def _float32_holds(end: NDArray[np.float64], start: NDArray[np.float64]) -> bool:
    """Whether no difference of the two loses a millionth of itself when they are rounded."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = end.astype("float32") - start.astype("float32").astype("float64")
    return bool((np.abs(rounded - (end - start)) <= 1e-6 * np.abs(end - start)).all())


def _check_float64(score: Callable[[tf.Tensor], tf.Tensor], start: NDArray[np.float64]) -> None:
    try:
        score(tf.constant(start[None]))
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise TypeError(
            "float32 cannot hold the difference between x and the baseline, and score does not "
            "compute in float64: take a number off both first, such as their first time"
        ) from error


def _follow(
    path: Path,
    name: str,
    rule: str,
    num_steps: int,
    tolerance: float,
    panel_tolerance: float | None,
    max_steps: int,
) -> Attribution:
    if not real(tolerance, "tolerance") > 0:
        raise ValueError(f"tolerance must be above 0, not {tolerance}")
    if panel_tolerance is None:
        panel_tolerance = PANEL_FACTOR * tolerance
    if not real(panel_tolerance, "panel_tolerance") > 0:
        raise ValueError(f"panel_tolerance must be above 0, not {panel_tolerance}")
    start, end = path.scores([0.0, 1.0])
    for value, where in ((end, "x"), (start, "the baseline")):
        if not np.isfinite(value):
            raise ValueError(
                f"F is {value} at {where}, so that F(x) - F(x') cannot be shared out; take another "
                "baseline, or another score"
            )
    apart = None
    with closing(bar(desc="along the path", unit=" steps")) as path.progress:
        if rule == "adaptive":
            whole(num_steps, "num_steps", 1)
            # No rule can come closer to a score than it is known; each panel has its own two.
            known = _known(path.dtype == "float64") * max(abs(end), abs(start))
            allowed = tolerance * abs(end - start) + known
            allowed_apart = panel_tolerance * abs(end - start) + OPEN_PANELS * known
            phi, steps, apart = adaptive(path.measure, num_steps, max_steps, allowed, allowed_apart)
        else:
            nodes, weights = nodes_and_weights(rule, num_steps)
            phi, steps = path.sums(nodes, weights[None])[0], num_steps
    if not np.isfinite(phi).all():
        raise ValueError(
            "the gradient is infinite or NaN somewhere on the path, as that of a square root is at "
            "0; take another baseline, or a rule without nodes at the ends, such as 'midpoint'"
        )
    found = Attribution(phi.astype(path.dtype), end, start, steps, name, apart)
    if apart is not None and (
        abs(found.total - found.difference) > 1.01 * allowed or apart > allowed_apart
    ):
        warnings.warn(
            f"{found}: the tolerances, {100 * tolerance:g} % and {100 * panel_tolerance:g} % for "
            f"the panels, are not met. Raise max_steps ({max_steps}); where F(x) - F(x') is near "
            "0, take another baseline.",
            stacklevel=3,
        )
    return found


def _average(runs: Sequence[Attribution]) -> Attribution:
    if len(runs) == 1:
        return runs[0]
    phi = np.mean([run.phi for run in runs], axis=0)
    baseline_score = float(np.mean([run.baseline_score for run in runs]))
    apart = [run.apart for run in runs if run.apart is not None]
    return Attribution(
        phi, runs[0].score, baseline_score, sum(run.steps for run in runs), runs[0].target,
        float(np.mean(apart)) if apart else None,
    )  # fmt: skip

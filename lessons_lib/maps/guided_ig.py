r"""Guided Integrated Gradients: the pixels that matter least go first (lesson 10).

References
----------
A. Kapishnikov et al., *Guided Integrated Gradients: An Adaptive Path Method for Removing Noise*,
CVPR 2021 (arXiv:2106.09788).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import Array, finite, real, whole
from lessons_lib.basics.progress import bar
from lessons_lib.integrated_gradients import Attribution
from lessons_lib.maps.gradients import input_gradients
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import Score


def guided_path(
    gradient: Callable[[Array], ArrayLike],
    x: ArrayLike,
    baseline: ArrayLike,
    *,
    num_steps: int = 200,
    fraction: float = 0.25,
    max_distance: float = 0.02,
) -> Array:
    r"""Attributions along a path that moves where the gradient is smallest.

    .. math:: \phi_i = \int_0^1 \frac{\partial F}{\partial z_i}(\gamma(t)) \,
        \frac{d \gamma_i}{dt} \, dt

    The path :math:`\gamma` runs from the baseline x' to x. In each of its steps the sum of
    :math:`|\gamma_i - x'_i|` grows by the same amount, and only the inputs whose
    :math:`|\partial F / \partial z_i|` is smallest move. None may be ahead of, or behind, the
    straight path by more than ``max_distance``: with 0 this is Integrated Gradients.

    Parameters
    ----------
    gradient
        From a point z, of the shape of x, to the gradient of F there.
    x, baseline : array, both of one shape
    num_steps
        Steps, each with one gradient. (Anchor points, which the paper has in place of
        ``max_distance``, are not in here; its authors' program has them neither.)
    fraction
        How many of the inputs move together, above 0, at most 1.
    max_distance
        As a share of each input's own way, 0 to 1. With 1 the path is bound by nothing.

    Returns
    -------
    ndarray of float64, of the shape of x

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or the shapes differ.

    Examples
    --------
    Of F = z0 z1, from (0, 0) to (3, 1), the straight path gives both the same. The guided one first
    moves z0, whose slope z1 is 0:

    >>> product = lambda z: z[::-1]
    >>> guided_path(product, [3.0, 1.0], [0.0, 0.0], max_distance=0).round(1)
    array([1.5, 1.5])
    >>> guided_path(product, [3.0, 1.0], [0.0, 0.0], fraction=0.5, max_distance=1).round(1)
    array([0., 3.])
    """
    x, baseline = finite(x, "x").astype(float), finite(baseline, "the baseline").astype(float)
    if x.shape != baseline.shape:
        raise ValueError(f"the baseline has the shape {baseline.shape}, but x has {x.shape}")
    whole(num_steps, "num_steps", 1)
    if not 0 < real(fraction, "fraction") <= 1:
        raise ValueError(f"fraction={fraction} must be above 0, and at most 1")
    if not 0 <= real(max_distance, "max_distance") <= 1:
        raise ValueError(f"max_distance={max_distance} is outside 0..1")
    way = np.asarray(x - baseline)
    phi: Array = np.zeros(x.shape)
    gone: Array = np.zeros(x.shape)  # each input's share of its way
    for t in bar(np.arange(1, num_steps + 1) / num_steps, desc="Guided IG"):
        slope = finite(gradient(baseline + gone * way), "the gradient")
        if slope.shape != x.shape:
            raise ValueError(f"the gradient has the shape {slope.shape}, but x has {x.shape}")
        ahead = _moved(gone, np.abs(slope), np.abs(way), t, fraction, max_distance)
        phi += slope * (ahead - gone) * way
        gone = ahead
    return phi


def _moved(
    gone: Array, slope: Array, length: Array, t: float, fraction: float, max_distance: float
) -> Array:
    """Shares of the way after a step, when the share ``t`` of all ways together shall be gone."""
    most = min(1, t + max_distance)
    gone = np.asarray(np.maximum(gone, t - max_distance))  # nobody stays further behind
    total = length.sum()
    while (missing := t * total - (gone * length).sum()) > 1e-9 * total:
        free = (gone < most) & (length > 0)
        if not free.any():  # nothing but rounding is left
            break
        slow = np.where(free, slope, np.inf)
        chosen = free & (slow <= np.quantile(slow, fraction, method="lower"))
        left = ((most - gone) * length)[chosen].sum()
        gone[chosen] = (
            most if missing >= left else gone[chosen] + missing / left * (most - gone[chosen])
        )
    return gone


def guided_integrated_gradients(
    classifier: Classifier,
    image: ArrayLike,
    target: int | str | Score | None = None,
    *,
    baseline: Baseline = "black",
    num_steps: int = 200,
    fraction: float = 0.25,
    max_distance: float = 0.02,
) -> Attribution:
    """Guided Integrated Gradients of a class's logit, for one picture: `guided_path`.

    Parameters
    ----------
    classifier
        The network.
    image : array, shape (height, width, 3)
        One picture; RGB pixels 0..255.
    target
        The class to explain; default: the top class.
    baseline
        Where the path begins, as for `Network.baseline`.
    num_steps, fraction, max_distance
        As for `guided_path`. The defaults are those of its authors' program.

    Returns
    -------
    Attribution
        As for `integrated_gradients`. Look at its ``error``: on a network of ReLUs the sum can be
        far off, and more steps need not help.

    Raises
    ------
    TypeError, ValueError
        If there is more than one picture, or a number is out of range.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> photo = images.course_image("panda")
    >>> guided_integrated_gradients(models.load("squeezenet"), photo, num_steps=2).phi.shape
    (224, 224, 3)
    """
    (x,) = classifier.prepare_one(image)
    classifier, target = classifier.explaining(target)
    (c,) = classifier.chosen(x[None], target)
    (start,) = classifier.baseline(x, baseline)
    phi = guided_path(
        lambda z: input_gradients(classifier, z.astype("float32"), int(c)),
        x,
        start,
        num_steps=num_steps,
        fraction=fraction,
        max_distance=max_distance,
    )
    score, before = (float(logits[c]) for logits in classifier.logits([x, start]))
    return Attribution(phi.astype("float32"), score, before, num_steps, classifier.labels[int(c)])

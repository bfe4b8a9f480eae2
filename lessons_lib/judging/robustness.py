"""Does a map keep its word, and does it keep still? Infidelity and sensitivity (lesson 08).

References
----------
C.-K. Yeh et al., *On the (In)fidelity and Sensitivity of Explanations*, NeurIPS 2019
(arXiv:1901.09392), definitions 2.1 and 3.1.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import Array, as_floats, real, whole
from lessons_lib.images import PHOTOGRAPH, ValueRange, resize, value_range_of
from lessons_lib.methods import Method, heat_maps
from lessons_lib.network.asking import Network
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


class Removals(NamedTuple):
    """What happens to a class's logit when pieces of a picture are hidden.

    Attributes
    ----------
    hidden : ndarray of bool, shape (n, height, width)
        Which pixels were hidden each time.
    step : ndarray of float32, shape (height, width, channels)
        How far each value is from what it shows when it is hidden: the picture less the baseline.
    drop : ndarray of float32, shape (n,)
        By how much the logit fell.
    """

    hidden: NDArray[np.bool_]
    step: NDArray[np.float32]
    drop: NDArray[np.float32]


def removals(
    classifier: Network,
    image: ArrayLike,
    target: Target | Score,
    *,
    samples: int = 100,
    side: float = 0.25,
    baseline: Baseline = "grey",
    seed: int = 0,
) -> Removals:
    """Hide a square of one picture at a random place, again and again, and note the logit's fall.

    One set of removals serves to judge the maps of all methods.

    Parameters
    ----------
    classifier
        The network.
    image
        One picture (height, width, 3); RGB pixels 0..255.
    target
        The class.
    samples
        How many squares.
    side
        Side of the square as a share 0..1 of the picture's. Squares that reach over the rim are
        cut, so that each pixel is hidden equally often.
    baseline
        What hidden pixels show, as for `Network.baseline`.
    seed
        Of the places.

    Returns
    -------
    Removals

    Raises
    ------
    ValueError
        If there is not one picture, or ``samples`` or ``side`` is out of range.
    """
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    (chosen,) = classifier.chosen(x, target).tolist()
    whole(samples, "samples", 2)
    if not 0 < real(side, "side") < 1:
        raise ValueError(f"side={side} is outside 0..1; it is a share of the picture's side")
    size = np.array(classifier.input_size)
    length = np.maximum(1, np.round(side * size)).astype(int)
    start = np.random.default_rng(seed).integers(1 - length, size, (samples, 2))
    rows, columns = (
        (np.arange(n) >= s[:, None]) & (np.arange(n) < s[:, None] + k)
        for n, s, k in zip(size, start.T, length, strict=True)
    )
    hidden = rows[:, :, None] & columns[:, None, :]
    empty = classifier.baseline(x, baseline)
    parts = np.array_split(hidden, -(-samples // 16))
    after = [classifier.logits(np.where(part[..., None], empty, x))[:, chosen] for part in parts]
    drop = classifier.logits(x)[0, chosen] - np.concatenate(after)
    return Removals(hidden, (x - empty)[0].astype(np.float32), drop)


def infidelity(heat: ArrayLike, found: Removals) -> float:
    r"""How badly a map predicts what happens when pieces are hidden: 0 is best, 1 is no help.

    .. math:: \min_{\beta \ge 0} \frac{E\bigl[(\beta \, I^\top \Phi - (f(x) - f(x - I)))^2\bigr]}
              {E\bigl[(f(x) - f(x - I))^2\bigr]}

    :math:`I` is what was taken off the picture, value by value: the picture less the baseline where
    it is hidden, and 0 elsewhere. :math:`\Phi` are *slopes*, so that :math:`I^\top \Phi` is what
    the logit should lose. A map of *shares*, whose values are parts of the score already, is a
    slope times the step to the baseline; so its values are added up over the hidden pixels, and
    :math:`I` is 1 there and 0 elsewhere.

    Maps come in many units, so the best factor :math:`\beta` is used, as the paper does, and the
    error is divided by that of a map of zeros.

    Parameters
    ----------
    heat : array, shape (h, w) or (height, width, channels)
        A raw map of shares, of any resolution; or slopes, one for each value of the picture.
    found
        From `removals`.

    Returns
    -------
    float
        0..1. Where nothing falls, 0 for a map of zeros, 1 else.

    Raises
    ------
    ValueError
        If the map has another shape, or is not finite.

    References
    ----------
    Yeh et al. 2019, definition 2.1, and section 2 for the factor and for square removals.

    Examples
    --------
    >>> hidden = np.array([[[True, False]], [[False, True]]])
    >>> found = Removals(hidden, np.array([[[4.0], [2.0]]]), np.array([1.0, 3.0]))
    >>> infidelity([[2.0, 6.0]], found)
    0.0
    >>> infidelity([[[0.25], [1.5]]], found)
    0.0
    """
    heat = as_floats(heat, "the map")
    slopes = heat.shape == found.step.shape
    if (heat.ndim != 2 and not slopes) or not np.isfinite(heat).all():
        raise ValueError(
            f"a map is finite and has the shape (h, w), slopes have {found.step.shape}; this one "
            f"has {heat.shape}"
        )
    if slopes:
        shares = (heat * found.step).sum(axis=-1, dtype=float)
    else:
        shares = resize(heat, found.hidden.shape[1:]).astype(float)
    said = np.einsum("nhw,hw->n", found.hidden, shares)
    drop = found.drop.astype(float)
    if not (drop**2).sum():
        return float(said.any())
    beta = max(0.0, said @ drop / (said @ said)) if said.any() else 0.0
    return float(((beta * said - drop) ** 2).sum() / (drop**2).sum())


def max_sensitivity(
    method: Method,
    classifier: Network,
    image: ArrayLike,
    target: Target | Score,
    *,
    radius: float = 5.0,
    samples: int = 5,
    seed: int = 0,
) -> float:
    r"""How far a map moves when the picture hardly does: the worst of some trials.

    .. math:: \max_{\|y - x\|_\infty \le r} \frac{\|\Phi(y) - \Phi(x)\|}{\|\Phi(x)\|}

    Parameters
    ----------
    method
        One of `lessons_lib.methods.METHODS`, or your own.
    classifier
        The network.
    image
        One picture (height, width, 3); RGB pixels 0..255.
    target
        The class, the same for all.
    radius
        :math:`r`: each pixel value moves by at most this, in grey levels (255ths of the value
        range).
    samples
        How many pictures :math:`y` are tried; the true maximum may be larger.
    seed
        Of the noise.

    Returns
    -------
    float
        0 or more; 0 where neither map shows anything, infinity where only the second does.

    Raises
    ------
    ValueError
        If there is not one picture, or ``radius`` or ``samples`` is out of range.

    References
    ----------
    Yeh et al. 2019, definition 3.1; here relative to the size of the map.
    """
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    (chosen,) = classifier.chosen(x, target).tolist()
    whole(samples, "samples", 1)
    if not 0 < real(radius, "radius") <= 255:
        raise ValueError(f"radius={radius} is outside 0..255")
    noise = np.random.default_rng(seed).uniform(-radius, radius, (samples, *x.shape[1:]))
    moved = np.clip(x + classifier.grey_level * noise, *classifier.value_range).astype("float32")
    heat = heat_maps(method, classifier, x, chosen)[0]
    distance = np.sqrt(
        ((heat_maps(method, classifier, moved, chosen) - heat) ** 2).sum(axis=(1, 2)).max()
    )
    return float(distance / np.linalg.norm(heat)) if heat.any() else float(distance and np.inf)


class Change(NamedTuple):
    """A change that should not matter to an explanation, and how to undo it in the map."""

    picture: Callable[[Array], Array]
    back: Callable[[Array], Array]


def _unchanged(heat: Array) -> Array:
    return heat


def noise(sigma: float = 10.0, seed: int = 0, value_range: ValueRange = PHOTOGRAPH) -> Change:
    """Grainy: normal noise of ``sigma`` grey levels (255ths of the value range), 0 or more."""
    if not 0 <= real(sigma, "sigma") <= 255:
        raise ValueError(f"sigma={sigma} is outside 0..255")

    value_range = value_range_of(value_range)

    def grainy(x: Array) -> Array:
        level = (value_range[1] - value_range[0]) / 255
        grain = np.random.default_rng(seed).normal(0, sigma * level, x.shape)
        return np.clip(x + grain, *value_range)

    return Change(grainy, _unchanged)


def shift(pixels: int = 8) -> Change:
    """Moved to the right; what leaves comes in again at the left."""
    whole(pixels, "pixels")
    return Change(lambda x: np.roll(x, pixels, axis=1), lambda heat: np.roll(heat, -pixels, axis=1))


def brightness(factor: float = 1.2, value_range: ValueRange = PHOTOGRAPH) -> Change:
    """Brighter by a factor, 0 or more; counted from the lowest value of the range."""
    low, high = value_range_of(value_range)
    if not 0 <= real(factor, "factor") < np.inf:
        raise ValueError(f"factor={factor} must be 0 or more, and finite")
    return Change(lambda x: np.clip(low + factor * (x - low), low, high), _unchanged)

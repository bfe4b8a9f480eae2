"""How good is a map? Measures that ask the network itself (lesson 07).

Every measure works with maps of any method and of any resolution; they are scaled to 0..1 and
enlarged to the picture's size here.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import Array, arrays, as_floats, real, whole
from lessons_lib.basics.scaling import normalise
from lessons_lib.images import Images, resize
from lessons_lib.network.asking import Network
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


class Confidences(NamedTuple):
    """The class's probability before and after all but the explanation is hidden.

    Attributes
    ----------
    Y : ndarray of float32, shape (n,)
        For the whole pictures, 0..1.
    O : ndarray of float32, shape (n,)
        For the pictures seen through their maps, 0..1.
    """

    Y: NDArray[np.float32]
    O: NDArray[np.float32]  # noqa: E741  (the papers' name)


def average_drop(Y: ArrayLike, O: ArrayLike) -> float:  # noqa: E741
    r"""Average Drop in percent: what share of its confidence the network loses; less is better.

    .. math:: \frac{100}{N} \sum_i \frac{\max(0, Y_i - O_i)}{Y_i}

    The drop is relative to the confidence that there was. A gain counts as no drop, and so does a
    picture with :math:`Y_i = 0`, which has nothing to lose.

    Parameters
    ----------
    Y, O : array, shape (n,)
        The class's probability, or another score of 0 or more, for the whole pictures, and for
        what the maps leave of them.

    Returns
    -------
    float
        0..100 for probabilities; any unit gives the same.

    Raises
    ------
    ValueError
        If there is not one number for each picture, or ``Y`` is negative or not finite.

    References
    ----------
    A. Chattopadhay et al., *Grad-CAM++*, WACV 2018 (arXiv:1710.11063), section on evaluation.

    Examples
    --------
    >>> average_drop([0.8, 0.5, 0.4], [0.4, 0.6, 0.3])
    25.0
    """
    before, after = _pair(Y, O)
    lost = np.maximum(before - after, 0)
    share = np.divide(lost, before, out=np.zeros_like(before), where=before > 0)
    return float(100 * share.mean())


def average_increase(Y: ArrayLike, O: ArrayLike) -> float:  # noqa: E741
    r"""Average Increase in percent: how often the network is surer with the rest hidden.

    .. math:: \frac{100}{N} \sum_i \mathbb{1}[Y_i < O_i]

    Parameters, references: as for `average_drop`. More is better.

    Examples
    --------
    >>> average_increase([0.8, 0.5, 0.4, 0.2], [0.4, 0.6, 0.3, 0.2])
    25.0
    """
    before, after = _pair(Y, O)
    return float(100 * (before < after).mean())


def confidences(
    classifier: Network,
    images: Images,
    heats: Sequence[Array],
    target: Target | Score = None,
    *,
    baseline: Baseline = "grey",
    keep: float | None = None,
) -> Confidences:
    """Ask the network of whole pictures, and of what their maps leave of them.

    Parameters
    ----------
    classifier
        The network.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    heats
        One raw map for each picture, of any resolution.
    target
        The class of each picture; default: each picture's top class.
    baseline
        What hidden places show, as for `Network.baseline`.
    keep
        Default: pixels are multiplied by the map, scaled to 0..1 (Grad-CAM++). A share 0..1: pixels
        outside the map's highest ``keep`` are hidden besides (Score-CAM takes 0.5). Pixels with
        the same value come in random order, so that a map of one value hides as much as any other.

    Returns
    -------
    Confidences
        For `average_drop` and `average_increase`.
    """
    classifier, target = classifier.explaining(target)
    if not isinstance(heats, Sequence | np.ndarray):
        raise TypeError(f"a map for each picture is needed, not {heats!r}")
    if keep is not None and not 0 < real(keep, "keep") <= 1:
        raise ValueError(f"keep={keep} is outside 0..1; it is a share of the pixels")
    left = iter(heats)

    def asked(x: Array, target: Any) -> Confidences:
        shares = [_enlarged(h, classifier.input_size) for h in itertools.islice(left, len(x))]
        if len(shares) != len(x):
            raise ValueError(f"there are more pictures than maps, of which there are {len(heats)}")
        if keep is not None:
            # By rank: as many pixels for each map, also where many have the same value.
            most = round(keep * shares[0].size)
            shares = [s * (ranks(s, s.shape) < most) for s in shares]
        empty = classifier.baseline(x, baseline)
        before = classifier.probabilities(x)
        chosen = classifier.targets(target, before)
        after = classifier.probabilities(empty + np.array(shares)[..., None] * (x - empty))
        rows = np.arange(len(x))
        return Confidences(before[rows, chosen], after[rows, chosen])

    found = classifier.stream(asked, images, target)
    if len(found.Y) != len(heats):
        raise ValueError(f"{len(heats)} maps for {len(found.Y)} pictures")
    return found


class Curve(NamedTuple):
    """The class's probability while pixels are deleted or inserted.

    Attributes
    ----------
    fraction : ndarray of float, shape (steps + 1,)
        Share of the pixels that were changed, 0..1.
    probability : ndarray of float32, shape (steps + 1,)
    """

    fraction: Array
    probability: Array

    @property
    def area(self) -> float:
        """Area under the curve, 0..1 (trapezoid rule)."""
        return float(np.trapezoid(self.probability, self.fraction))


def deletion(
    classifier: Network,
    image: ArrayLike,
    heat: Array,
    target: int | str | Score | None = None,
    *,
    steps: int = 28,
    baseline: Baseline = "grey",
    rng: np.random.Generator | None = None,
) -> Curve:
    """Hide a picture's pixels, those that matter most first: a good map makes the curve fall early.

    Parameters
    ----------
    classifier
        The network.
    image
        One picture (height, width, 3); RGB pixels 0..255.
    heat : ndarray, shape (h, w)
        The raw map, of any resolution. Places with the same value come in random order.
    target
        The class; default: the picture's top class.
    steps
        In how many equal steps; the network is asked ``steps + 1`` times.
    baseline
        What hidden pixels show, as for `Network.baseline`.
    rng
        Decides between equal places; default: seeded with 0.

    Returns
    -------
    Curve

    References
    ----------
    V. Petsiuk, A. Das & K. Saenko, *RISE*, BMVC 2018 (arXiv:1806.07421), section 4.1.

    Examples
    --------
    >>> from lessons_lib import grad_cam, images, models
    >>> classifier, panda = models.load("squeezenet"), images.course_image("panda")
    >>> heat = grad_cam.grad_cam(classifier, panda)
    >>> deletion(classifier, panda, heat).area < deletion(classifier, panda, -heat).area
    True
    """
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    empty = classifier.baseline(x, baseline)
    (chosen,) = classifier.chosen(x, target)
    return _curve(classifier, x, empty, heat, chosen, steps, rng)


def insertion(
    classifier: Network,
    image: ArrayLike,
    heat: Array,
    target: int | str | Score | None = None,
    *,
    steps: int = 28,
    baseline: Baseline = "blurred",
    rng: np.random.Generator | None = None,
) -> Curve:
    """Show a picture's pixels, those that matter most first: a good map makes the curve rise early.

    Parameters, references: as for `deletion`; the picture starts as the ``baseline``.
    """
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    empty = classifier.baseline(x, baseline)
    (chosen,) = classifier.chosen(x, target)
    return _curve(classifier, empty, x, heat, chosen, steps, rng)


def ranks(
    heat: ArrayLike, size: tuple[int, int], rng: np.random.Generator | None = None
) -> NDArray[np.int_]:
    """Place of each pixel in the order of an enlarged map: 0 for the hottest, 1 for the next, ...

    Parameters
    ----------
    heat : array, shape (h, w)
        A raw map, of any resolution. Places with the same value come in random order.
    size
        (height, width) to enlarge it to.
    rng
        Decides between equal places; default: seeded with 0.

    Returns
    -------
    ndarray of int, shape (height, width)

    Raises
    ------
    ValueError
        If the map is not of shape (h, w), or not finite.

    Examples
    --------
    >>> ranks([[0.1, 0.9], [0.5, -2.0]], (2, 2))
    array([[2, 0],
           [1, 3]])
    """
    heat = as_floats(heat, "the map")
    if heat.ndim != 2 or not np.isfinite(heat).all():
        raise ValueError(f"a map is finite and has the shape (h, w); this one has {heat.shape}")
    large = resize(heat, size).ravel()
    ties = (rng or np.random.default_rng(0)).random(large.size)
    rank = np.empty(large.size, int)
    rank[np.lexsort((ties, -large))] = np.arange(large.size)
    return rank.reshape(size)


def _curve(
    classifier: Network,
    start: Array,
    end: Array,
    heat: Array,
    target: int,
    steps: int,
    rng: np.random.Generator | None,
) -> Curve:
    """Probabilities while the pixels of ``start`` become those of ``end``, hottest first."""
    whole(steps, "steps", 1)
    place = ranks(heat, classifier.input_size, rng)[None, ..., None]
    fraction = np.linspace(0, 1, steps + 1)

    def ask(share: Array) -> Array:
        changed = place < np.round(share * place.size)[:, None, None, None]
        return classifier.probabilities(np.where(changed, end, start))[:, target]

    parts = [ask(part) for part in np.array_split(fraction, -(-len(fraction) // 16))]
    return Curve(fraction, np.concatenate(parts))


def _enlarged(heat: Array, size: tuple[int, int]) -> Array:
    (heat,) = arrays("h w", heat=heat)
    return resize(normalise(heat), size)


def _pair(before: ArrayLike, after: ArrayLike) -> tuple[Array, Array]:
    Y, O = as_floats(before, "Y").astype(float), as_floats(after, "O").astype(float)  # noqa: E741
    if Y.shape != O.shape or Y.ndim != 1 or not len(Y):
        raise ValueError(f"one number for each picture is needed, not {Y.shape} and {O.shape}")
    if not np.isfinite(O).all():
        raise ValueError(f"{int((~np.isfinite(O)).sum())} values of O are not finite")
    if not np.isfinite(Y).all() or Y.min() < 0:
        raise ValueError(
            f"a drop is a share of what there was, so Y must be 0 or more and finite, as "
            f"probabilities are; it holds {Y.min():g} to {Y.max():g}"
        )
    return Y, O

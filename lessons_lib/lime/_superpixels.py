"""Superpixels: regions of a picture that LIME (lesson 04) and KernelSHAP (lesson 09) hide and show.

A network takes no picture with a hole. So "hidden" means "painted over", and what it is painted
with, the baseline, is a choice that changes the answer.
"""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import skimage.segmentation
from numpy.typing import ArrayLike, NDArray

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import arrays, as_array, as_floats, check_segments
from lessons_lib.images import for_screen
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.asking import Network

if TYPE_CHECKING:  # a reader of tables or texts needs no TensorFlow
    from lessons_lib.network.labels import Target
    from lessons_lib.network.scores import Score

ROUNDING = 1e-6  # a score of float32 that changes by so little of itself has not changed

SEGMENTATIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "slic": (
        skimage.segmentation.slic,
        {"n_segments": 50, "compactness": 10, "start_label": 0},
    ),
    "quickshift": (
        skimage.segmentation.quickshift,
        {"kernel_size": 4, "max_dist": 200, "ratio": 0.2, "rng": 0},
    ),
}


def superpixels(image: ArrayLike, method: str = "slic", **options: Any) -> NDArray[np.int_]:
    """Cut a picture into regions of like colour.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255, or grey ones. For a `Classifier`, cut the picture that the network sees:
        ``classifier.prepare(image)[0]``; with other channels or values
        ``classifier.shown(classifier.prepare(image)[0])``.
    method
        ``"slic"``: k-means on colour and place, about ``n_segments=50`` compact regions.
        ``"quickshift"``: each pixel joins the nearest denser one; regions follow the colours
        more freely. It takes ten times as long, and is what the `lime` library does.
    options
        For scikit-image's function of that name, in place of the defaults in `SEGMENTATIONS`.

    Returns
    -------
    ndarray of int, shape (height, width)
        The superpixel of each pixel: 0, 1, ... M - 1, each at least once.

    Raises
    ------
    ValueError
        If the method is unknown, or ``image`` is not one picture.

    Warns
    -----
    UserWarning
        If the whole picture becomes one superpixel, as a small or dark one does by quickshift.

    References
    ----------
    R. Achanta et al., *SLIC Superpixels Compared to State-of-the-Art Superpixel Methods*,
    TPAMI 2012; A. Vedaldi, S. Soatto, *Quick Shift and Kernel Methods for Mode Seeking*, ECCV 2008.

    Examples
    --------
    >>> halves = np.zeros((64, 64, 3), np.uint8)
    >>> halves[:, 32:] = 255
    >>> segments = superpixels(halves, n_segments=4)
    >>> segments.shape, np.unique(segments)
    ((64, 64), array([0, 1, 2, 3]))
    """
    if method not in SEGMENTATIONS:
        raise ValueError(f"method={method!r} is unknown; use one of {sorted(SEGMENTATIONS)}")
    function, defaults = SEGMENTATIONS[method]
    pixels = for_screen(image).round().astype("uint8")
    segments = relabelled(function(pixels, **(defaults | options)))
    if not segments.any():
        height, width = segments.shape
        warnings.warn(
            f"{method} makes one superpixel of the whole picture, {height} x {width}, so that no "
            "part can be told from another. Take method='slic' with more n_segments, or "
            "quickshift with a smaller kernel_size and max_dist",
            stacklevel=2,
        )
    return segments


def relabelled(segments: ArrayLike) -> NDArray[np.int_]:
    """Give regions the numbers 0, 1, ... M - 1, in the order of their old numbers.

    Some segmentations begin at 1 or leave numbers out. Code that then hides the regions
    ``0 .. M - 1`` never hides the last one, and gives a weight to a region that is not there.

    Parameters
    ----------
    segments : array of int, shape (height, width)

    Returns
    -------
    ndarray of int, shape (height, width)

    Raises
    ------
    TypeError
        If the numbers are not whole.
    ValueError
        If there are not two dimensions, or no pixel.

    Examples
    --------
    >>> relabelled([[1, 1], [7, 3]])
    array([[0, 0],
           [2, 1]])
    """
    array = as_array(segments, "segments")
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"superpixels are whole numbers, but their type is {array.dtype}")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"segments have the shape (height, width), but these have {array.shape}")
    return np.unique(array, return_inverse=True)[1].reshape(array.shape)


def hide(
    image: NDArray[np.floating],
    baseline: NDArray[np.floating],
    segments: NDArray[np.integer],
    Z: ArrayLike,
) -> NDArray[np.floating]:
    """Pictures in which some superpixels are shown and the others hidden.

    Parameters
    ----------
    image, baseline : ndarray, shape (height, width, 3)
        The picture, and what hidden places show, such as `Network.baseline`.
    segments : ndarray of int, shape (height, width)
        Superpixels 0 .. M - 1.
    Z : array, shape (n, M)
        For each picture wanted, 1 (or True) where a superpixel is shown.

    Returns
    -------
    ndarray, shape (n, height, width, 3)

    Examples
    --------
    >>> picture, grey = np.full((1, 3, 3), 200.0), np.full((1, 3, 3), 127.5)
    >>> hide(picture, grey, np.array([[0, 1, 1]]), [[1, 0], [0, 1]])[..., 0]
    array([[[200. , 127.5, 127.5]],
    <BLANKLINE>
           [[127.5, 200. , 200. ]]])
    """
    image, baseline = arrays("h w c, h w c", image=image, baseline=baseline)
    segments = check_segments(segments, image.shape[:2])
    shown = _coalitions(Z, segments)[:, segments, None]
    return np.where(shown, image, baseline)


def coalition_scores(
    classifier: Network,
    image: ArrayLike,
    segments: NDArray[np.integer],
    Z: ArrayLike,
    *,
    target: "Target | Score" = None,
    scores: str = "probability",
    baseline: Baseline = "mean",
    batch_size: int = BATCH_SIZE,
) -> NDArray[np.float32]:
    """Ask the network about each picture of `hide`, without making all of them at once.

    The superpixels are hidden inside the compiled graph, some pictures at a time: it costs hardly
    more than the network alone.

    Parameters
    ----------
    classifier
        The network.
    image : array, shape (height, width, 3)
        One picture of RGB pixels 0..255, of any size.
    segments : ndarray of int, shape of the network's input
        Superpixels 0 .. M - 1 of ``classifier.prepare(image)[0]``.
    Z : array, shape (n, M)
        1 where a superpixel is shown.
    target
        A class or a `Score`: then there is one column. Default: all classes.
    scores
        ``"probability"``, the score after the network's softmax, or ``"logit"``, the one before.
    baseline
        What hidden superpixels show, as for `Network.baseline`.
    batch_size
        Pictures at a time.

    Returns
    -------
    ndarray of float32, shape (n, classes) or (n, 1)

    Raises
    ------
    TypeError, ValueError
        If picture, segments, class, ``baseline`` or ``scores`` are not as above, or ``Z`` has not
        one column for each superpixel.

    Warns
    -----
    UserWarning
        If no score changes by more than its rounding, whatever is hidden.
    """
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    segments = check_segments(segments, x.shape[1:3])
    Z = _coalitions(Z, segments)
    (hidden,) = classifier.baseline(x, baseline, segments)
    found = classifier.composites(x[0], hidden, segments, Z, scores=scores, batch_size=batch_size)
    rounding = ROUNDING * np.abs(found).max(initial=0)
    if len(np.unique(Z, axis=0)) > 1 and not (np.ptp(found, axis=0) > rounding).any():
        sure = "; or the network is too sure, and scores='logit' tells more"
        warnings.warn(
            f"hiding superpixels changes no score: baseline={baseline!r} may show what was there "
            "before, as the mean of a flat superpixel does. Take another, such as baseline='black'"
            f"{sure if scores == 'probability' else ''}",
            stacklevel=2,
        )
    return found if target is None else found[:, classifier.chosen(x, target)]


def _coalitions(Z: ArrayLike, segments: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which superpixels are shown, as True and False."""
    shown, M = as_floats(Z, "Z"), int(segments.max()) + 1
    if shown.ndim != 2 or len(shown) == 0 or shown.shape[1] != M:
        raise ValueError(f"Z must be (n, {M}), but it has the shape {shown.shape}")
    if np.isnan(shown).any():
        raise ValueError("Z holds NaN; give 1 where a superpixel is shown, and 0 elsewhere")
    return shown.astype(bool)

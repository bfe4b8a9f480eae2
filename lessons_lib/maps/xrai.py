"""XRAI: attributions gathered by regions, as its authors' program does it (lesson 10).

References
----------
A. Kapishnikov et al., *XRAI: Better Attributions Through Regions*, ICCV 2019 (arXiv:1906.02825);
P. F. Felzenszwalb & D. P. Huttenlocher, *Efficient Graph-Based Image Segmentation*, IJCV 2004.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import felzenszwalb

from lessons_lib.basics.checks import Array, as_array, finite, real, whole
from lessons_lib.images import for_screen
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import Score

SCALES = (50, 100, 150, 250, 500, 1200)


def xrai(
    classifier: Classifier,
    image: ArrayLike,
    target: int | str | Score | None = None,
    *,
    num_steps: int = 100,
    regions: ArrayLike | None = None,
) -> Array:
    r"""XRAI: regions in the order of their mean attribution.

    .. math:: \mathrm{heat} = \max_{\text{colour}}
        \tfrac12 \bigl(\phi^{\text{black}} + \phi^{\text{white}}\bigr)

    with Integrated Gradients :math:`\phi` from a black and from a white baseline, so that dark and
    bright pixels both can get a share; then `merged` over `overlapping_regions`. (The authors'
    program takes the picture's own darkest and brightest value.) A pixel keeps its largest colour,
    not the sum of the three, so the map does **not** add up to :math:`F(x) - F(x')`.

    Parameters
    ----------
    classifier
        The network.
    image : array, shape (height, width, 3)
        One picture; RGB pixels 0..255.
    target
        The class to explain; default: the top class.
    num_steps
        Gradients along each of the two paths, by the trapezoid rule.
    regions : array of bool, shape (regions, *input_size)
        Default: `overlapping_regions` of what the network sees.

    Returns
    -------
    ndarray of float32, shape (*input_size)
        Signed; constant on what each region brought.

    Raises
    ------
    TypeError, ValueError
        If there is more than one picture, or a number is out of range.

    Warns
    -----
    UserWarning
        If one region holds the whole picture, so that the map is the same everywhere: regions of
        fewer than 150 pixels are none, and a small picture has few that are larger.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> network, panda = models.load("squeezenet"), images.course_image("panda")
    >>> halves = np.zeros((2, 224, 224), bool)
    >>> halves[0, :112] = halves[1, 112:] = True
    >>> heat = xrai(network, panda, num_steps=2, regions=halves)
    >>> heat.shape, [len(np.unique(heat[half])) for half in halves]
    ((224, 224), [1, 1])
    """
    (x,) = classifier.prepare_one(image)
    classifier, target = classifier.explaining(target)
    phi = [
        integrated_gradients(
            classifier, x, target, baseline=colour, rule="trapezoid", num_steps=num_steps
        ).phi
        for colour in ("black", "white")
    ]
    heat = np.mean(phi, axis=0).max(axis=-1)
    if regions is None:
        regions = overlapping_regions(classifier.shown(x))
    found = merged(heat, regions)
    if np.ptp(found) == 0 < np.ptp(heat):
        warnings.warn(
            "the map is the same everywhere, since one region holds the whole picture. Pass "
            "smaller regions, such as superpixels: segments == np.arange(M)[:, None, None]",
            stacklevel=2,
        )
    return found.astype("float32")


def overlapping_regions(
    image: ArrayLike, scales: Sequence[float] = SCALES, radius: int = 5
) -> NDArray[np.bool_]:
    """Regions of like colour at several scales, one over the other, each grown a little.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255. (The authors' program enlarges or shrinks it to 224 x 224 first, and
        stretches its values to -1..1; only the second is done here. Regions of fewer than 150
        pixels are none, so of a picture of 28 x 28 often one is left.)
    scales
        Of Felzenszwalb's segmentation, one or more above 0: the larger, the larger the regions.
    radius
        By how many pixels each region grows, so that it holds its own edge.

    Returns
    -------
    ndarray of bool, shape (regions, height, width)

    Examples
    --------
    >>> halves = np.zeros((64, 64, 3), np.uint8)
    >>> halves[:, 32:] = 255
    >>> masks = overlapping_regions(halves, scales=(50, 100))
    >>> masks.shape, masks.sum(axis=(1, 2)) // 64
    ((4, 64, 64), array([37, 37, 37, 37]))
    """
    picture = for_screen(image).astype(float)
    spread = np.ptp(picture) or 1
    picture = 2 * (picture - picture.min()) / spread - 1
    whole(radius, "radius", 0)
    if not isinstance(scales, Sequence) or not scales:
        raise ValueError(f"scales={scales!r} must be one or more numbers, such as {SCALES}")
    masks = []
    for scale in scales:
        if not 0 < real(scale, "a scale") < np.inf:
            raise ValueError(f"a scale of {scale} must be above 0, and finite")
        segments = felzenszwalb(picture, scale, sigma=0.8, min_size=150)
        masks += [segments == region for region in range(segments.max() + 1)]
    return np.array([distance_transform_edt(~mask) <= radius for mask in masks])


def merged(heat: ArrayLike, masks: ArrayLike, min_pixels: int = 50) -> Array:
    r"""Regions laid down one by one, always that with the highest mean heat where it is new.

    .. math:: r^* = \arg\max_r \; \frac{1}{|r \setminus U|} \sum_{p \in r \setminus U}
        \mathrm{heat}_p, \qquad U \leftarrow U \cup r^*

    Each pixel gets the mean with which it was laid down.

    Parameters
    ----------
    heat : array, shape (height, width)
    masks : array of bool, shape (regions, height, width)
        The regions; they may overlap.
    min_pixels
        Regions that bring fewer new pixels are passed over. What is left at the end is one region.

    Returns
    -------
    ndarray of float64, shape (height, width)
        Its sum is that of ``heat``.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no mask, or one is neither True nor False.

    Examples
    --------
    The middle is the hottest; of the right region only the last place is new.

    >>> masks = [[[1, 1, 0, 0]], [[0, 1, 1, 0]], [[0, 0, 1, 1]]]
    >>> merged([[1.0, 8.0, 6.0, 3.0]], masks, min_pixels=1)
    array([[1., 7., 7., 3.]])
    """
    heat = finite(heat, "heat", "(height, width)").astype(float)
    regions = as_array(masks, "masks")
    if regions.ndim != 3 or regions.shape[1:] != heat.shape or not len(regions):
        raise ValueError(
            f"one or more masks (regions, {heat.shape[0]}, {heat.shape[1]}) are needed, not "
            f"{regions.shape}; of segments 0 .. M - 1: segments == np.arange(M)[:, None, None]"
        )
    if not np.isin(regions, (0, 1)).all():
        raise ValueError(
            "a mask is True inside its region and False outside, but these hold other values"
        )
    regions = regions.astype(bool)
    whole(min_pixels, "min_pixels", 1)
    values, regions = heat.ravel(), regions.reshape(len(regions), -1)
    of_pixel = np.ascontiguousarray(regions.T)  # which regions a pixel lies in: quickly taken
    found, free = np.empty_like(values), np.ones(values.size, bool)
    sizes, sums = regions.sum(axis=1), np.array([values[region].sum() for region in regions])
    while (sizes >= min_pixels).any():
        gains = np.where(sizes >= min_pixels, sums / np.maximum(sizes, 1), -np.inf)
        best = gains.argmax()
        new = regions[best] & free
        found[new] = values[new].mean()
        free &= ~new
        sizes = sizes - of_pixel[new].sum(axis=0)
        sums = sums - values[new] @ of_pixel[new]
    if free.any():
        found[free] = values[free].mean()
    return found.reshape(heat.shape)

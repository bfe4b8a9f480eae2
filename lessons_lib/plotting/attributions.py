"""From attributions to a picture: polarity, scaling, clean-up, outlines, overlay (lesson 06).

The steps follow the visualiser in Keras's well-known example, each a function of its own, with the
guards that it lacks. They are not the same, and lesson 13 sets the two side by side: here the
colour channels are added up before a sign is chosen, the percentiles go by the number of pixels
unless ``clip_by="attribution"``, and patches are ranked by the attribution in them, as many as it
takes; there each channel has its own sign, the percentiles go by attribution, and three patches are
kept at most, by area. A map of zeros gives a picture without any mark.

References
----------
A. K. Nain, *Model interpretability with Integrated Gradients*, keras.io, 2020, which follows the
authors' own notebook (Sundararajan et al., arXiv:1703.01365).
"""

from typing import Any, Literal

import numpy as np
import scipy.ndimage
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import finite, one_of, real, whole
from lessons_lib.images import for_screen
from lessons_lib.plotting import style
from lessons_lib.plotting.pictures import gallery, stretched

Polarity = Literal["positive", "negative", "both"]
ClipBy = Literal["pixels", "attribution"]
Map = NDArray[np.floating]

POSITIVE, NEGATIVE, OUTLINE = (
    np.array(to_rgb(colour)) * 255 for colour in (style.FOR, style.AGAINST, style.OUTLINE)
)
GROUND = 0.6  # brightness of the photograph under the marks


def per_pixel(phi: Map) -> Map:
    """Attribution of each pixel: the sum over its channels, so that completeness still holds.

    Parameters
    ----------
    phi : ndarray, shape (height, width) or (height, width, channels)

    Returns
    -------
    ndarray, shape (height, width)

    Raises
    ------
    ValueError
        If the shape is another, or a value is not finite.
    """
    phi = finite(phi, "the attributions")
    if phi.ndim not in (2, 3):
        raise ValueError(f"attributions have the shape (height, width, channels), not {phi.shape}")
    return phi if phi.ndim == 2 else phi.sum(axis=-1)


def apply_polarity(heat: Map, polarity: Polarity) -> Map:
    """What speaks for the class, what speaks against it (as positive numbers), or either.

    Examples
    --------
    >>> apply_polarity(np.array([[2.0, -1.0]]), "negative")
    array([[0., 1.]])
    """
    heat = finite(heat, "the map")
    if polarity == "positive":
        return np.maximum(heat, 0)
    if polarity == "negative":
        return np.maximum(-heat, 0)
    if polarity == "both":
        return np.abs(heat)
    raise ValueError(f"polarity is 'positive', 'negative' or 'both', not {polarity!r}")


def threshold(heat: Map, percentage: float) -> float:
    """The value above which pixels hold ``percentage`` of the whole attribution between them.

    Parameters
    ----------
    heat : ndarray, 0 or more
    percentage
        0..100. 100 gives the smallest positive value, or 0 for a map of zeros.

    Examples
    --------
    >>> threshold(np.array([[6.0, 3.0, 1.0, 0.0]]), 90)
    3.0
    """
    _check_percentages(percentage, percentage)
    heat = finite(heat, "the map")
    ranked = -np.sort(-heat[heat > 0])
    if not ranked.size:
        return 0.0
    share = np.cumsum(ranked, dtype=np.float64) / ranked.sum(dtype=np.float64)
    return float(ranked[int((share < percentage / 100 - 1e-9).sum())])


def scale(
    heat: Map,
    clip_above_percentile: float = 99.9,
    clip_below_percentile: float = 90,
    lower_end: float = 0.2,
    clip_by: ClipBy = "pixels",
) -> Map:
    """Clip a map at two percentiles and stretch the rest linearly to ``lower_end`` .. 1.

    Parameters
    ----------
    heat : ndarray, shape (height, width), 0 or more
        From `apply_polarity`.
    clip_above_percentile
        What exceeds this percentile of the pixels becomes 1: a few extreme pixels would
        otherwise leave all others dark.
    clip_below_percentile
        What lies below this percentile becomes 0.
    lower_end
        Where the visible values begin, 0..1.
    clip_by
        What the percentiles count. ``"pixels"``: 90 leaves the strongest 10 % of the pixels.
        ``"attribution"``: 90 leaves the strongest pixels that hold 10 % of the attribution between
        them, as in Keras's example. These are far fewer.

    Returns
    -------
    ndarray, shape (height, width)
        0, or ``lower_end`` to 1.

    Raises
    ------
    ValueError
        If the percentiles are out of order or out of 0..100, ``lower_end`` is out of 0..1, or
        ``clip_by`` is none of the two.

    Examples
    --------
    >>> scale(np.array([[0.0, 1.0, 2.0, 3.0]]), 100, 0, lower_end=0.5).round(3)
    array([[0.   , 0.667, 0.833, 1.   ]])
    >>> scale(np.array([[1.0, 2.0, 3.0, 4.0]]), 100, 30, lower_end=0.5, clip_by="attribution")
    array([[0. , 0. , 0.5, 1. ]])
    """
    _check_percentages(clip_below_percentile, clip_above_percentile)
    heat = finite(heat, "the map", "(height, width)")
    if not 0 <= real(lower_end, "lower_end") <= 1:
        raise ValueError(f"lower_end must lie in 0..1, not {lower_end}")
    percentiles = [clip_below_percentile, clip_above_percentile]
    if one_of(clip_by, "clip_by", ("pixels", "attribution")) == "pixels":
        low, high = np.percentile(heat, percentiles)
    else:
        low, high = (threshold(heat, 100 - percentile) for percentile in percentiles)
    visible = (heat >= low) & (heat > 0)
    if high <= low:  # equal percentiles: what reaches them is all alike
        return visible.astype("float64")
    share = np.clip((heat - low) / (high - low), 0, 1)
    return np.where(visible, lower_end + (1 - lower_end) * share, 0)


def clean_up(heat: Map, size: int = 8) -> Map:
    """Make patches of dots: gaps narrower than ``size`` are filled, then specks are dropped.

    A grey closing and a grey opening with a square. What is seen afterwards is no longer the
    attribution of single pixels, and does not add up to anything.

    Parameters
    ----------
    heat : ndarray, shape (height, width), 0 or more
    size
        Side of the square in pixels, 1 or more.

    Returns
    -------
    ndarray, shape (height, width)
    """
    whole(size, "size", 1)
    heat = finite(heat, "the map", "(height, width)")
    # With a margin, so that the picture's own edge neither grows nor eats the patches.
    padded = np.pad(heat, 2 * size)
    closed = scipy.ndimage.grey_closing(padded, (size, size))
    opened = scipy.ndimage.grey_opening(closed, (size, size))
    return opened[2 * size : -2 * size, 2 * size : -2 * size]


def outlines(heat: Map, percentage: float = 90, size: int = 8) -> NDArray[np.bool_]:
    """Outlines of the components that hold most of the attribution.

    The components are the patches that `clean_up` leaves. They are ranked by the attribution inside
    them, not by their area, and taken until they hold ``percentage`` of all that is in patches.

    Parameters
    ----------
    heat : ndarray, shape (height, width), 0 or more
        For example from `scale`.
    percentage
        Share of the attribution that the outlined components hold, 0..100.
    size
        As for `clean_up`; holes inside a component are filled.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True on the outlines; nowhere for a map of zeros.

    Raises
    ------
    ValueError
        If ``percentage`` is out of 0..100.
    """
    _check_percentages(percentage, percentage)
    heat = finite(heat, "the map", "(height, width)")
    mask = scipy.ndimage.binary_fill_holes(clean_up(heat, size) > 0)
    labels, count = scipy.ndimage.label(mask, structure=np.ones((3, 3)))
    if count == 0:
        return np.zeros(heat.shape, bool)
    inside = scipy.ndimage.sum_labels(heat, labels, np.arange(1, count + 1))
    kept = inside >= threshold(inside, percentage)
    chosen = np.concatenate([[False], kept])[labels]
    return chosen & ~scipy.ndimage.binary_erosion(chosen)


def visualise(
    image: ArrayLike,
    phi: Map,
    polarity: Polarity = "positive",
    *,
    clip_above_percentile: float = 99.9,
    clip_below_percentile: float = 90,
    lower_end: float = 0.2,
    clip_by: ClipBy = "pixels",
    morphological_cleanup: bool = False,
    structure: int = 8,
    draw_outlines: bool = False,
    outlines_percentage: float = 90,
    overlay: bool = True,
) -> NDArray[np.uint8]:
    """Draw attributions: orange speaks for the class, blue speaks against it.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    phi : ndarray, shape (h, w) or (h, w, 3)
        Signed attributions, in the square that the network sees. Marks are made there, and then
        stretched to the photograph's own shape.
    polarity
        ``"positive"``, ``"negative"`` or ``"both"``, on one scale.
    clip_above_percentile, clip_below_percentile, lower_end, clip_by
        As for `scale`.
    morphological_cleanup, structure
        Whether to `clean_up`, and with which size.
    draw_outlines, outlines_percentage
        Whether to draw `outlines` in place of the pixels.
    overlay
        On the photograph, grey and dimmed (a convex blend), or on black.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB pixels 0..255; the smallest size of the photograph's shape with H >= h and W >= w.

    Raises
    ------
    ValueError
        If an option is out of its range, or the attributions or the picture are none.
    """
    signed = per_pixel(phi)
    strength = scale(
        apply_polarity(signed, polarity),
        clip_above_percentile,
        clip_below_percentile,
        lower_end,
        clip_by,
    )
    if morphological_cleanup:
        strength = clean_up(strength, structure)
    colours = {
        "positive": POSITIVE,
        "negative": NEGATIVE,
        "both": np.where(signed[..., None] >= 0, POSITIVE, NEGATIVE),
    }[polarity]
    if draw_outlines:
        strength = outlines(strength, outlines_percentage, structure).astype("float64")
        colours = OUTLINE
    colours = np.broadcast_to(colours, (*signed.shape, 3))
    marks, picture = stretched(np.dstack([strength, colours]), image)
    share, colours = marks[..., :1], marks[..., 1:]
    ground = GROUND * overlay * picture.mean(axis=-1, keepdims=True)
    return ((1 - share) * ground + share * colours).round().astype("uint8")


def side_by_side(
    image: ArrayLike, gradient: Map, phi: Map, title: str = "", **options: Any
) -> Figure:
    """Photograph, gradient and Integrated Gradients side by side, scaled by the same rule.

    Parameters
    ----------
    image, gradient, phi
        As for `visualise`; drawn in the photograph's own shape.
    title
        What is explained.
    options
        For `visualise`; the same for both maps.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels: list[ArrayLike] = [for_screen(image)]
    panels += [visualise(image, attributions, **options) for attributions in (gradient, phi)]
    return gallery(panels, [title or "photograph", "gradient", "integrated gradients"], columns=3)


def _check_percentages(below: float, above: float) -> None:
    if not 0 <= real(below, "percentage") <= real(above, "percentage") <= 100:
        raise ValueError(
            "percentiles must be in order, 0 <= below <= above <= 100, but below is "
            f"{below} and above is {above}"
        )

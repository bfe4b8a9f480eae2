"""Superpixels and what each is worth, drawn on their photograph (lessons 04 and 05)."""

import cv2
import matplotlib
import numpy as np
import skimage.segmentation
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import check_segments, finite, whole
from lessons_lib.plotting import style
from lessons_lib.plotting.pictures import stretched
from lessons_lib.plotting.style import AGAINST, FOR, FOR_AGAINST


def superpixel_weights(
    image: ArrayLike,
    segments: NDArray[np.integer],
    weights: NDArray[np.floating],
    title: str = "",
    k: int = 6,
    unit: str = "",
) -> Figure:
    """One line of pictures: superpixels, the weightiest in orange (for) and blue (against), all.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    segments : ndarray of int, shape (h, w)
        Superpixels 0 .. M - 1, in the square that the network sees. They are drawn stretched to the
        photograph's own shape.
    weights : ndarray, shape (M,)
        What each superpixel counts for the class.
    title
        For example the class.
    k
        How many superpixels are shown in the middle; they also carry a plus or a minus sign.
    unit
        Of the weights.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is not one finite weight for each superpixel, the superpixels are not numbered
        0 .. M - 1, ``k`` is below 0, or the picture is none.
    """
    segments = check_segments(segments, np.shape(segments)[:2])
    weights, count = finite(weights, "the weights", "(M,)"), int(segments.max()) + 1
    if len(weights) != count:
        raise ValueError(f"{count} superpixels need as many weights, not {len(weights)}")
    k, seen = whole(k, "k", 0), segments.shape
    segments, picture = stretched(segments, image)
    shown = np.clip(picture / 255, 0, 1)
    height, width = segments.shape
    side = style.PANEL - 0.2
    title = style.wrapped(title, 3 * side, style.LARGE)
    head = 0.35 + 1.3 * style.LINE * style.lines(title)
    dpi = style.dots([(seen, segments.shape)], side - 0.1)
    figure = style.canvas(3 * side + 0.7, side * height / width + head, dpi)
    axes = figure.subplots(1, 3)
    axes[0].imshow(skimage.segmentation.mark_boundaries(shown, segments, color=style.BOUNDARY))
    best = np.argsort(-np.abs(weights), kind="stable")[:k]
    best = best[weights[best] != 0]
    _draw_for_and_against(axes[1], shown, segments, weights, best)
    largest = np.abs(weights).max() or 1.0
    drawn = axes[2].imshow(weights[segments], cmap=FOR_AGAINST, vmin=-largest, vmax=largest)
    names = (f"{count} superpixels", f"the weightiest {len(best)}", "all weights")
    for axis, name in zip(axes, names, strict=True):
        style.title(axis, name)
        axis.set_axis_off()
    style.colour_bar(axes[2], drawn, unit)
    figure.suptitle(title, fontsize=style.LARGE)
    return figure


def _draw_for_and_against(
    axis: Axes,
    picture: NDArray[np.floating],
    segments: NDArray[np.integer],
    weights: NDArray[np.floating],
    best: NDArray[np.integer],
) -> None:
    """Draw the picture in pale grey, and on it the ``best`` superpixels with their sign."""
    grey = np.repeat(picture.mean(axis=-1, keepdims=True), 3, axis=-1)
    canvas = 0.75 + 0.25 * grey
    largest = np.abs(weights).max()
    for j in best:
        colour = matplotlib.colors.to_rgb(FOR if weights[j] > 0 else AGAINST)
        inside = segments == j
        opacity = 0.2 + 0.65 * abs(weights[j]) / largest  # so that 0.1 does not look like 0.3
        canvas[inside] = (1 - opacity) * canvas[inside] + opacity * np.array(colour)
    axis.imshow(canvas)
    edge = withStroke(linewidth=style.THICK, foreground=style.INK)
    for j in best:
        # Where the superpixel is widest, so that the sign lies inside it.
        depth = cv2.distanceTransform(np.pad((segments == j).astype("uint8"), 1), cv2.DIST_L2, 3)
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        sign = "+" if weights[j] > 0 else "−"
        axis.text(
            float(column - 1), float(row - 1), sign, color=style.PAPER, fontsize=style.SIGN,
            weight="bold", ha="center", va="center", path_effects=[edge],
        )  # fmt: skip

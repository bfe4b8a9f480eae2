"""Superpixels and what each is worth, drawn on their photograph (lessons 04 and 05)."""

import cv2
import matplotlib
import numpy as np
import skimage.segmentation
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from lessons_lib.images import one_picture, resize
from lessons_lib.plotting.style import AGAINST, FOR, FOR_AGAINST, PANEL


def superpixel_weights(
    image: ArrayLike,
    segments: NDArray[np.integer],
    weights: NDArray[np.floating],
    title: str = "",
    k: int = 6,
    unit: str = "",
) -> Figure:
    """One line of pictures: superpixels, the weightiest in green (for) and red (against), all.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    segments : ndarray of int, shape (h, w)
        Superpixels 0 .. M - 1; the picture is drawn at their size.
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
        If there is not one finite weight for each superpixel.
    """
    weights = np.asarray(weights, float)
    if weights.shape != (segments.max() + 1,) or not np.isfinite(weights).all():
        raise ValueError(
            f"{segments.max() + 1} superpixels need as many finite weights, not {weights.shape}"
        )
    picture = one_picture(image)
    shown = np.clip(resize(picture, segments.shape) / 255, 0, 1)
    height, width = segments.shape
    size = (3 * PANEL - 0.4, (PANEL - 0.4) * height / width + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, 3)
    axes[0].imshow(skimage.segmentation.mark_boundaries(shown, segments, color=(1, 1, 0)))
    best = np.argsort(-np.abs(weights), kind="stable")[:k]
    best = best[weights[best] != 0]
    _draw_for_and_against(axes[1], shown, segments, weights, best)
    largest = np.abs(weights).max() or 1.0
    drawn = axes[2].imshow(weights[segments], cmap=FOR_AGAINST, vmin=-largest, vmax=largest)
    names = (f"{len(weights)} superpixels", f"the weightiest {len(best)}", "all weights")
    for axis, name in zip(axes, names, strict=True):
        axis.set_title(name, fontsize=9)
        axis.set_axis_off()
    bar = figure.colorbar(drawn, ax=axes[2], fraction=0.05)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(unit, fontsize=8)
    figure.suptitle(title, fontsize=11)
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
    for j in best:
        colour = matplotlib.colors.to_rgb(FOR if weights[j] > 0 else AGAINST)
        inside = segments == j
        canvas[inside] = 0.35 * grey[inside] + 0.65 * np.array(colour)
    axis.imshow(canvas)
    for j in best:
        # Where the superpixel is widest, so that the sign lies inside it.
        depth = cv2.distanceTransform(np.pad((segments == j).astype("uint8"), 1), cv2.DIST_L2, 3)
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        sign = "+" if weights[j] > 0 else "−"
        axis.text(
            float(column - 1), float(row - 1), sign, color="white", fontsize=12, weight="bold",
            ha="center", va="center", path_effects=[withStroke(linewidth=2, foreground="black")],
        )  # fmt: skip

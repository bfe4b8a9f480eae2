"""Pictures of explanations. A map is resized while it is one number a pixel, and coloured after.

Figures are plain matplotlib figures, made without pyplot's global state; `show` puts one into the
notebook together with a text that says what is to be seen, for readers who cannot see it.
"""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import ipywidgets
import matplotlib
import numpy as np
import PIL.Image
import skimage.segmentation
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from lessons_lib.checks import finite, real
from lessons_lib.images import one_picture, resize

CMAP = "inferno"
PANEL = 3.2  # inches a side
DPI = 100


def normalise(heat: NDArray[np.floating]) -> NDArray[np.floating]:
    """Scale a map to 0..1: 0 stays 0, the largest value becomes 1. Negative values become 0.

    A map without a positive value comes back as zeros, never as NaN.

    Examples
    --------
    >>> normalise(np.array([[0.0, 2.0], [4.0, -1.0]]))
    array([[0. , 0.5],
           [1. , 0. ]])
    >>> normalise(np.zeros((1, 2)))
    array([[0., 0.]])
    """
    heat = finite(heat, "the map")
    positive = np.maximum(heat, 0)
    top = positive.max()
    return positive / top if top > 0 else positive


def colour(heat: NDArray[np.floating], cmap: str = CMAP) -> NDArray[np.uint8]:
    """Colours of a map of values 0..1, as RGB pixels 0..255.

    Parameters
    ----------
    heat : ndarray, shape (height, width)
        Values 0..1; what lies outside is clipped.
    cmap
        A matplotlib colour map. The default is perceptually uniform: equal steps look equal, also
        in grey and to colour-blind readers. ``"jet"`` gives the classic look, which has neither.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    heat = finite(heat, "the map", "(height, width)")
    if not isinstance(cmap, str) or cmap not in matplotlib.colormaps:
        raise ValueError(f"cmap={cmap!r} is no colour map of matplotlib; take {CMAP!r} or 'jet'")
    rgba = matplotlib.colormaps[cmap](np.clip(heat, 0, 1))
    return (rgba[..., :3] * 255).round().astype("uint8")


def overlay(
    image: ArrayLike, heat: NDArray[np.floating], alpha: float = 0.5, cmap: str = CMAP
) -> NDArray[np.uint8]:
    """Lay a map over its photograph: ``(1 - alpha) * photograph + alpha * colours``.

    The map is scaled to 0..1, resized to the photograph, and only then coloured. The blend is
    convex, so no pixel can leave 0..255 and wrap around.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    heat : ndarray, shape (h, w)
        The raw map, of any resolution.
    alpha
        Share of the colours, 0..1.
    cmap
        A matplotlib colour map.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ValueError
        If ``alpha`` is outside 0..1, the map is not two-dimensional or not finite, or the picture
        is none.
    """
    if not 0 <= real(alpha, "alpha") <= 1:
        raise ValueError(f"alpha={alpha} is outside 0..1")
    heat = finite(heat, "the map")
    if np.ndim(heat) != 2:
        raise ValueError(f"a map has the shape (h, w), but this one has {np.shape(heat)}")
    picture = one_picture(image)
    colours = colour(resize(normalise(heat), picture.shape[:2]), cmap)
    return ((1 - alpha) * picture + alpha * colours).round().astype("uint8")


def explanation(
    image: ArrayLike,
    heat: NDArray[np.floating],
    title: str = "",
    alpha: float = 0.5,
    cmap: str = CMAP,
) -> Figure:
    """One line of pictures: photograph, heat map as computed, overlay.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    heat : ndarray, shape (h, w)
        The raw map; drawn in blocks, so that its true resolution is seen.
    title
        For example the class and its probability: ``str(classifier.top(image)[0])``.
    alpha, cmap
        As for `overlay`.

    Returns
    -------
    matplotlib.figure.Figure
        For `show`, or ``figure.savefig(path)``.
    """
    picture = one_picture(image)
    blended = overlay(image, heat, alpha, cmap)
    height, width = picture.shape[:2]
    figure = Figure(figsize=(3 * PANEL + 0.6, PANEL * height / width + 0.55), layout="constrained")
    axes = figure.subplots(1, 3)
    axes[0].imshow(picture.astype("uint8"))
    drawn = axes[1].imshow(normalise(heat), cmap=cmap, vmin=0, vmax=1, extent=(0, width, height, 0))
    axes[2].imshow(blended)
    for axis, name in zip(axes, ("photograph", f"heat map {heat.shape}", "overlay"), strict=True):
        axis.set_title(name.replace(", ", " × ").strip("()").replace("(", ""), fontsize=9)
        axis.set_axis_off()
    bar = figure.colorbar(drawn, ax=axes[2], fraction=0.05, ticks=[0, 0.5, 1])
    bar.ax.tick_params(labelsize=8)
    bar.set_label("share of the largest value", fontsize=8)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def gallery(
    panels: Sequence[ArrayLike], titles: Sequence[str] = (), columns: int = 4, cmap: str = CMAP
) -> Figure:
    """Pictures and maps side by side, each with a title.

    Parameters
    ----------
    panels
        Pictures (height, width, 3) of RGB pixels 0..255, or maps (h, w), which are each scaled to
        0..1.
    titles
        One for each panel.
    columns
        Panels in a row.
    cmap
        Colour map of the maps.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    shapes = [np.shape(panel) for panel in panels]
    aspect = max(shape[0] / shape[1] for shape in shapes)
    side = min(PANEL, 10.2 / columns)
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    size = (columns * side, rows * (side * aspect + 0.1 + 0.17 * lines))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, panel, title in zip(axes, panels, [*titles, *[""] * len(panels)], strict=False):
        array = np.asarray(panel)
        if array.ndim == 2:
            axis.imshow(normalise(array), cmap=cmap, vmin=0, vmax=1)
        else:
            axis.imshow(np.clip(array, 0, 255).astype("uint8"))
        axis.set_title(title, fontsize=9)
    return figure


def show(figure: Figure, alt: str) -> None:
    """Put a figure into the notebook, with a text for those who cannot see it.

    Parameters
    ----------
    figure
        The figure.
    alt
        What is to be seen, in a sentence.

    Raises
    ------
    ValueError
        If ``alt`` is empty.
    """
    display(_image(figure, alt))


def slide(
    draw: Callable[[float], Figure],
    name: str,
    start: float,
    steps: tuple[float, float, float],
    alt: str,
) -> None:
    """Put a figure into the notebook with a slider that redraws it.

    Where there are no widgets the figure stays as it is for the first value.

    Parameters
    ----------
    draw
        Makes the figure for a value.
    name
        What the slider says.
    start
        The first value.
    steps
        Lowest value, highest value, step.
    alt
        As for `show`.
    """
    low, high, step = steps
    slider = ipywidgets.FloatSlider(
        start, min=low, max=high, step=step, description=name, continuous_update=False
    )
    display(slider)
    handle = display(_image(draw(start), alt), display_id=True)
    slider.observe(lambda change: handle.update(_image(draw(change["new"]), alt)), "value")


def _image(figure: Figure, alt: str) -> Image:
    if not alt.strip():
        raise ValueError("say in alt what the picture shows, for readers who cannot see it")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    jpeg = io.BytesIO()
    picture = PIL.Image.open(buffer).convert("RGB")
    # A tenth of the PNG's size; without chroma subsampling small coloured print stays sharp.
    picture.save(jpeg, format="JPEG", quality=85, subsampling=0, optimize=True)
    # Colab's IPython 7 has no argument alt; it takes metadata, as the newer ones do.
    return Image(jpeg.getvalue(), format="jpeg", metadata={"alt": alt})


def save_picture(pixels: NDArray[np.uint8], path: str | Path) -> None:
    """Write RGB pixels to a file; its ending says the format (.png, .jpg, .webp)."""
    PIL.Image.fromarray(one_picture(pixels).round().astype("uint8")).save(path)


FOR, AGAINST = "#009e73", "#d55e00"  # green and red that colour-blind readers tell apart
FOR_AGAINST = LinearSegmentedColormap.from_list("for_against", [AGAINST, "white", FOR])


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

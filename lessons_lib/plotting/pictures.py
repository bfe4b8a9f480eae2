"""Pictures of explanations. A map is resized while it is one number a pixel, and coloured after.

Figures are plain matplotlib figures, made without pyplot's global state; `show` puts one into the
notebook together with a text that says what is to be seen, for readers who cannot see it.
"""

import io
from collections.abc import Callable, Sequence

import ipywidgets
import matplotlib
import numpy as np
import PIL.Image
from IPython.display import Image, display
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import finite, real
from lessons_lib.basics.scaling import normalise
from lessons_lib.images import one_picture, resize
from lessons_lib.plotting.style import CMAP, DPI, PANEL


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

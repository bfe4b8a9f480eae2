"""Pictures of explanations. A map is resized while it is one number a pixel, and coloured after.

Figures are plain matplotlib figures, made without pyplot's global state; `show` puts one into the
notebook together with a text that says what is to be seen, for readers who cannot see it.

A photograph is drawn in its own shape. The network sees it squeezed into a square; what was found
there is stretched back over the photograph.
"""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import ipywidgets
import matplotlib
import numpy as np
import PIL.Image
from IPython.display import Image, display
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import finite, real, whole
from lessons_lib.basics.scaling import normalise
from lessons_lib.images import for_screen, resize
from lessons_lib.plotting import style
from lessons_lib.plotting.style import CMAP

Look = Literal["heat", "jet", "jet on grey"]


class _Drawn(NamedTuple):
    """How a look lays colours over a photograph."""

    cmap: str | Colormap
    opacity: float
    rises: bool  # with the heat; or is it the same everywhere
    grey: bool  # is the photograph without its colours


LOOKS: dict[str, _Drawn] = {
    "heat": _Drawn(CMAP, 0.8, rises=True, grey=False),
    "jet": _Drawn("jet", 0.5, rises=False, grey=False),
    "jet on grey": _Drawn("jet", 0.5, rises=False, grey=True),
}


def colour(heat: NDArray[np.floating], cmap: str | Colormap = CMAP) -> NDArray[np.uint8]:
    """Colours of a map of values 0..1, as RGB pixels 0..255.

    Parameters
    ----------
    heat : ndarray, shape (height, width)
        Values 0..1; what lies outside is clipped.
    cmap
        A matplotlib colour map, or its name. The default goes from dark blue to magenta in equal
        steps, also in grey and to colour-blind readers. ``"jet"`` gives the classic colours, which
        do neither.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    heat = finite(heat, "the map", "(height, width)")
    if isinstance(cmap, str) and cmap in matplotlib.colormaps:
        cmap = matplotlib.colormaps[cmap]
    if not isinstance(cmap, Colormap):
        raise ValueError(
            f"cmap={cmap!r} is no colour map of matplotlib; leave it out, or take 'jet'"
        )
    rgba = cmap(np.clip(heat, 0, 1))
    return (rgba[..., :3] * 255).round().astype("uint8")


def overlay(
    image: ArrayLike,
    heat: NDArray[np.floating],
    opacity: float | None = None,
    look: Look = "heat",
) -> NDArray[np.uint8]:
    """Lay a map over its photograph: the hotter a place, the more its colour covers the photograph.

    With the heat ``h``, which is the map scaled to 0..1 and resized to the photograph, a pixel
    becomes ``(1 - opacity * h) * photograph + opacity * h * colour(h)``. Where the heat is 0, the
    photograph stays as it is. On black, white and any grey the distance from the photograph rises
    with the heat, because the colours pass no grey. A pixel that itself has a colour of the scale
    differs less; only one colour for all heats would avoid that.

    The blend is convex, so no pixel can leave 0..255 and wrap around. A map of zeros, or without a
    positive value, leaves the photograph untouched.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    heat : ndarray, shape (h, w)
        The raw map, of any resolution. Negative values count as 0.
    opacity
        Share of the colours, 0..1, where the map is largest. Default: 0.8; for the classic looks
        1/2.
    look
        ``"heat"`` as above. ``"jet"`` is the look of the papers: the jet colours over half the
        photograph, the same everywhere, so that cold places are blue. ``"jet on grey"``: these over
        half the grey photograph.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ValueError
        If ``opacity`` is outside 0..1, the look is none, the map is not two-dimensional or not
        finite, or the picture is none.

    Examples
    --------
    >>> white = np.full((1, 3, 3), 255, "uint8")
    >>> overlay(white, np.array([[0.0, 1.0, 2.0]]))[0]
    array([[255, 255, 255],
           [194, 153, 216],
           [237,  51, 249]], dtype=uint8)
    """
    if look not in LOOKS:
        raise ValueError(f"look={look!r} is none; there are {list(LOOKS)}")
    drawn = LOOKS[look]
    most = drawn.opacity if opacity is None else real(opacity, "opacity")
    if not 0 <= most <= 1:
        raise ValueError(f"opacity={opacity} is outside 0..1")
    scaled = normalise(finite(heat, "the map", "(h, w)"))
    picture = for_screen(image)
    h = resize(scaled, picture.shape[:2])
    share = most * (h if drawn.rises else np.ones_like(h))[..., None]
    if drawn.grey:
        picture = picture.mean(axis=-1, keepdims=True)
    return ((1 - share) * picture + share * colour(h, drawn.cmap)).round().astype("uint8")


def explanation(
    image: ArrayLike,
    heat: NDArray[np.floating],
    title: str = "",
    opacity: float | None = None,
    look: Look = "heat",
) -> Figure:
    """One line of pictures: photograph, heat map as computed, overlay.

    Parameters
    ----------
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    heat : ndarray, shape (h, w)
        The raw map; drawn in blocks, so that its true resolution is seen. The network saw a square;
        the map is stretched to the photograph's shape.
    title
        For example the class and its probability: ``str(classifier.top(image)[0])``.
    opacity, look
        As for `overlay`. The same colour is the same heat in all panels.

    Returns
    -------
    matplotlib.figure.Figure
        For `show`, or ``figure.savefig(path)``.
    """
    blended = overlay(image, heat, opacity, look)
    heat, picture = np.asarray(heat), for_screen(image)
    height, width = picture.shape[:2]
    title = style.wrapped(title, 3 * style.PANEL, style.LARGE)
    size = (
        3 * style.PANEL + 0.6,
        style.PANEL * height / width + 0.35 + 1.3 * style.LINE * style.lines(title),
    )
    dpi = style.dots([(heat.shape, (height, width))], style.PANEL - 0.15)
    figure = style.canvas(*size, dpi)
    axes = figure.subplots(1, 3)
    place = (0, width, height, 0)
    axes[0].imshow(picture.astype("uint8"))
    drawn = axes[1].imshow(
        normalise(heat), cmap=LOOKS[look].cmap, vmin=0, vmax=1, extent=place,
        interpolation="nearest",
    )  # fmt: skip
    axes[2].imshow(blended)
    names = ("photograph", f"heat map {heat.shape[0]} × {heat.shape[1]}", "overlay")
    for axis, name in zip(axes, names, strict=True):
        style.title(axis, name)
        axis.set_axis_off()
    style.colour_bar(axes[1], drawn, "share of the largest value", [0, 0.5, 1])
    figure.suptitle(title, fontsize=style.LARGE)
    return figure


def gallery(
    panels: Sequence[ArrayLike],
    titles: Sequence[str] = (),
    columns: int = 4,
    photograph: ArrayLike | None = None,
) -> Figure:
    """Pictures and maps side by side, each with a title.

    The figure gets so many pixels that no map has fewer than it has values.

    Parameters
    ----------
    panels
        Pictures (height, width, 3) of RGB pixels 0..255, or maps (h, w), which are each scaled to
        0..1.
    titles
        One for each panel, or fewer; long ones are wrapped.
    columns
        Panels in a row.
    photograph : array, shape (height, width, 3)
        Whose maps these are: they are drawn in its shape. Default: each in its own.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no panel, one is neither a picture nor a map, there are more titles than panels,
        or ``columns`` is below 1.
    """
    if len(panels) == 0:
        raise ValueError("there is no panel to draw")
    if len(titles) > len(panels):
        raise ValueError(f"{len(titles)} titles are too many for {len(panels)} panels")
    columns = min(whole(columns, "columns", 1), len(panels))
    arrays = [_panel(panel, i) for i, panel in enumerate(panels)]
    shapes = [
        for_screen(photograph).shape[:2] if photograph is not None and a.ndim == 2 else a.shape[:2]
        for a in arrays
    ]
    side = min(style.PANEL, style.WIDTH / columns)
    names = [style.wrapped(title, side) for title in titles] + [""] * (len(arrays) - len(titles))
    starts = range(0, len(arrays), columns)
    heights = [
        side * max(h / w for h, w in shapes[i : i + columns])
        + 0.12 + style.LINE * style.lines(*names[i : i + columns])
        for i in starts
    ]  # fmt: skip
    dpi = style.dots([(a.shape, shape) for a, shape in zip(arrays, shapes, strict=True)], side)
    figure = style.canvas(columns * side, sum(heights), dpi)
    axes = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, array, (height, width), name in zip(axes, arrays, shapes, names, strict=False):
        place = (0, width, height, 0)
        if array.ndim == 2:
            axis.imshow(normalise(array), cmap=CMAP, vmin=0, vmax=1, extent=place)
        else:
            # A picture of one channel is grey.
            pixels = np.clip(array, 0, 255).astype("uint8")
            pixels = pixels.repeat(3, axis=-1) if array.shape[-1] == 1 else pixels
            axis.imshow(pixels, extent=place)
        axis.set_title(name, fontsize=style.NORMAL, pad=style.GAP)
    return figure


def _panel(panel: ArrayLike, i: int) -> NDArray[np.floating]:
    array = finite(panel, f"panel {i}", "(h, w) or (height, width, channels)")
    if array.ndim == 3 and array.shape[-1] != 3:
        raise ValueError(
            f"panel {i} has the shape {array.shape}: give a picture (height, width, 3) or a map "
            "(h, w)"
        )
    return array


def stretched(found: NDArray[Any], image: ArrayLike) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """What was found on the network's square, and the photograph, in the photograph's shape.

    Both get the smallest size of that shape in which no pixel of ``found`` is lost: its rows or
    columns are repeated, so that no new value comes about.

    Parameters
    ----------
    found : ndarray, shape (h, w) or (h, w, channels)
    image : array, shape (height, width, 3)
        RGB pixels 0..255.

    Returns
    -------
    found : ndarray, shape (H, W) or (H, W, channels)
    picture : ndarray of float32, shape (H, W, 3)

    Raises
    ------
    ValueError
        If ``found`` has another shape, is empty or not finite, or the picture is none.

    Examples
    --------
    >>> wide = np.zeros((2, 4, 3))
    >>> found, picture = stretched(np.array([[1, 2], [3, 4]]), wide)
    >>> found
    array([[1, 1, 2, 2],
           [3, 3, 4, 4]])
    >>> picture.shape
    (2, 4, 3)
    """
    finite(found, "what was found", "(h, w) or (h, w, channels)")
    found, picture = np.asarray(found), for_screen(image)
    (h, w), (height, width) = found.shape[:2], picture.shape[:2]
    scale = max(h / height, w / width)
    size = max(h, round(height * scale)), max(w, round(width * scale))
    rows, columns = (np.arange(n) * m // n for n, m in zip(size, (h, w), strict=True))
    return found[rows[:, None], columns], resize(picture, size)


def show(figure: Figure | str, alt: str) -> None:
    """Put a figure into the notebook, with a text for those who cannot see it.

    Parameters
    ----------
    figure
        The figure, or a drawing as the text of an SVG.
    alt
        What is to be seen, in a sentence.

    Raises
    ------
    ValueError
        If ``alt`` is empty.
    """
    if isinstance(figure, str):
        _check_alt(alt)
        # JupyterLab shows no SVG of a file that it does not trust; Markdown it shows always.
        data = base64.b64encode(figure.encode()).decode()
        shown = {
            "image/svg+xml": figure,
            "text/markdown": f"![{alt}](data:image/svg+xml;base64,{data})",
        }
        display(shown, metadata={"image/svg+xml": {"alt": alt}}, raw=True)
    else:
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


def _check_alt(alt: str) -> None:
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("say in alt what the picture shows, for readers who cannot see it")


def _image(figure: Figure, alt: str) -> Image:
    _check_alt(alt)
    buffer = io.BytesIO()
    # A figure that is not of this package may have fewer dots an inch, as Jupyter sets it.
    dots = max(style.DPI, figure.dpi)
    figure.savefig(buffer, format="png", dpi=dots, facecolor=style.PAPER)
    jpeg = io.BytesIO()
    picture = PIL.Image.open(buffer).convert("RGB")
    # A tenth of the PNG's size; without chroma subsampling small coloured print stays sharp.
    picture.save(jpeg, format="JPEG", quality=85, subsampling=0, optimize=True)
    # Colab's IPython 7 has no argument alt; it takes metadata, as the newer ones do.
    return Image(jpeg.getvalue(), format="jpeg", metadata={"alt": alt})

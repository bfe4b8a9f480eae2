"""Colours, fonts, sizes and lines of all figures of the course: set here, and nowhere else.

Each colour has one meaning. Orange speaks for the class, or raises the answer; blue speaks against
it, or lowers it; the heat of a map goes from dark blue to magenta, which few photographs hold;
cividis is a feature's own value; grey is what has no sign. Lines of several methods have colours of
their own.

Readers who do not tell red from green see the same: for them too, orange and blue stay more than
100 apart in CIELAB (100 lie between black and white), and the colours of the heat grow lighter from
step to step (without cones for red, the darkest tenth is alike).
"""

import textwrap
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

# Colours

FOR, AGAINST = "#e06900", "#007dd2"
FOR_AGAINST = LinearSegmentedColormap.from_list("for_against", [AGAINST, "white", FOR])

# The heat: equal steps in CIELAB, from lightness 5 to 56, past no grey: laid over any grey pixel,
# or any of the panda's, the hotter colour is always the one that differs more from the photograph.
CMAP = LinearSegmentedColormap.from_list(
    "heat",
    ["#060048", "#16005a", "#2b0071", "#420089", "#65009e", "#8700b3", "#a700c9", "#c700e0",
     "#e800f8"],
)  # fmt: skip
OWN_VALUE = "cividis"  # of a feature's own value, low to high

INK = "black"  # axes, signs, what is exact
PAPER = "white"
NEUTRAL = "0.45"  # what has no sign, such as a mean size
GUIDE = "0.6"  # lines that guide the eye
FAINT = "0.85"
BOUNDARY = (1.0, 1.0, 0.0)  # between superpixels
OUTLINE = "white"  # around marked patches

# Lines of several methods: told apart by colour, by dashes and by markers
COLOURS = ["#332288", "#882255", "#44aa99", "#cc6677", "#999933"]
MARKERS = "osD^v"
DASHES = ["-", "--", "-.", ":", "-"]

# Drawings in SVG, on a white card

CARD, LINES, BOX, FOUND = "#ffffff", "#222222", "#e8eef4", "#e9f5ea"
PLACES, TOKENS, MAPS = "#4c78a8", "#e45756", "#2e7d32"

# Fonts in points

SMALL, NORMAL, LARGE = 8, 9, 11  # ticks and notes; titles of panels and axes; of the whole figure
SIGN = 12

# Sizes in inches

WIDTH = 10.2  # of the widest figure
PANEL = 3.2  # side of a picture
ROW = 0.32  # of a bar with its name
LINE = 0.18  # of a line of a title
MARGIN = 0.06  # at each side of a panel, at most
GAP = 6  # points between a title and its picture

# Pixels

DPI = 100
SEEN = 299  # the side of the largest square that a network of the course sees
WIDEST = 3000  # of a figure

THIN, MEDIUM, THICK = 0.8, 1.5, 2.2  # lines, in points
PALE = 0.25  # opacity of an area behind a line


def canvas(width: float, height: float, dpi: float = DPI) -> Figure:
    """An empty figure of so many inches, without pyplot's global state."""
    dpi = min(dpi, WIDEST / max(width, height))
    return Figure(figsize=(width, height), dpi=dpi, layout="constrained")


def wrapped(text: str, inches: float, size: float = NORMAL) -> str:
    """The text with line breaks, so that it fits a width; its own line breaks stay.

    A path that is too long is broken after its strokes.

    Examples
    --------
    >>> print(wrapped("integrated gradients from a black baseline", inches=2))
    integrated gradients from a
    black baseline
    >>> print(wrapped("mobilenetv2_1.00_96/block_13_expand_relu", inches=2))
    mobilenetv2_1.00_96/
    block_13_expand_relu
    """
    letters = max(8, int(inches * 72 / (0.56 * size)))  # a letter is about 0.56 of its height wide
    text = " ".join(w.replace("/", "/\n") if len(w) > letters else w for w in text.split(" "))
    return "\n".join(textwrap.fill(line, letters) for line in text.split("\n"))


def lines(*texts: str) -> int:
    """How many lines the longest of some titles has; 0 for none."""
    return max((text.count("\n") + 1 for text in texts if text), default=0)


def title(axis: Axes, text: str) -> None:
    """Write a panel's title, clear of the picture, in as many lines as its width asks for."""
    inches = axis.get_window_extent().width / axis.figure.dpi
    axis.set_title(wrapped(text, inches), fontsize=NORMAL, pad=GAP)


def plain(axis: Axes, text: str = "", xlabel: str = "", ylabel: str = "") -> None:
    """Title, names of the axes and small ticks; no frame at the top and at the right."""
    title(axis, text)
    axis.set_xlabel(xlabel, fontsize=NORMAL)
    axis.set_ylabel(ylabel, fontsize=NORMAL)
    axis.tick_params(labelsize=SMALL)
    axis.spines[["top", "right"]].set_visible(False)


def rows(axis: Axes, names: list[str]) -> None:
    """One row for each name, the first on top."""
    axis.set_yticks(range(len(names)), names, fontsize=NORMAL)
    axis.set_ylim(len(names) - 0.45, -0.55)
    axis.tick_params(axis="y", length=0)


def colour_bar(
    axis: Axes, drawn: ScalarMappable, label: str, ticks: list[float] | None = None
) -> Colorbar:
    """The colours of what is drawn in a panel, at its right and as high as the panel itself."""
    place = axis.inset_axes((1.03, 0, 0.05, 1))
    bar: Colorbar = axis.figure.colorbar(drawn, cax=place, ticks=ticks)
    bar.ax.tick_params(labelsize=SMALL)
    bar.set_label(label, fontsize=SMALL)
    return bar


def dots(drawn: Iterable[tuple[tuple[int, ...], tuple[int, ...]]], side: float) -> float:
    """Dots an inch of a figure in which no map has fewer pixels than it has values.

    A picture with more than `SEEN` pixels each way is a photograph: it may be drawn smaller, with
    `SEEN` columns.

    Parameters
    ----------
    drawn
        For each panel the shape of what is drawn, (h, w) or (h, w, 3), and the shape, (height,
        width), that it is drawn in.
    side
        Width of a panel in inches.

    Examples
    --------
    >>> round(dots([((448, 448), (448, 448))], side=2.36))
    200
    """
    needed: list[float] = [DPI]
    inner = side - 2 * MARGIN
    for shape, (height, width) in drawn:
        photograph = len(shape) == 3 and min(shape[:2]) > SEEN
        h, w = (0, SEEN) if photograph else shape[:2]
        needed += [w / inner, h / (inner * height / width)]
    return max(needed)

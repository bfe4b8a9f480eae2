"""Lines over an axis, with their names: how a score, an error or a rank goes."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike

from lessons_lib.plotting import style
from lessons_lib.plotting.style import COLOURS, DASHES, MARKERS

Line = tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, str]
"""x and y, each of shape (n,); and a note that stands behind the name."""

MARKED = 40  # points; a longer line has no markers


def curves(
    panels: Mapping[str, Mapping[str, Line]],
    xlabel: str,
    ylabel: str,
    *,
    log: str = "",
    mark: float | None = None,
    level: float | None = None,
    stressed: Sequence[str] | None = None,
    dots: bool = False,
) -> Figure:
    """Draw lines in panels beside each other, told apart by colour, dashes and markers.

    Parameters
    ----------
    panels
        For each panel its title, and in it for each line its name (``""``: none), x, y and perhaps
        a note. Lines of the same name look the same in all panels.
    xlabel, ylabel
        Of the axes.
    log
        The axes that are logarithmic: ``""``, ``"x"``, ``"y"`` or ``"xy"``.
    mark
        Where to draw a dotted vertical line.
    level
        Where to draw a dotted horizontal line.
    stressed
        Up to five lines to draw in colour and to name; the others stay grey. Default: all.
    dots
        Whether to draw dots alone, without lines between them.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no panel, or too many lines to be told apart.

    Examples
    --------
    >>> figure = curves({"": {"deletion": ([0, 0.5, 1], [0.9, 0.2, 0])}}, "share", "probability")
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['deletion']
    """
    named = [*dict.fromkeys(name for lines in panels.values() for name in lines)]
    shown = [name for name in named if stressed is None or name in stressed]
    looks = dict(zip(shown, _looks(), strict=False))
    if not panels or len(looks) < len(shown):
        raise ValueError(f"{len(panels)} panels with {len(shown)} lines to tell apart; 1 to 25")
    figure = style.canvas(*((7.4, 3.2) if len(panels) == 1 else (9.5, 2.9)))
    for axis, (title, lines) in zip(
        np.ravel(figure.subplots(1, len(panels))), panels.items(), strict=True
    ):
        for ends, draw in ((mark, axis.axvline), (level, axis.axhline)):
            if ends is not None:
                draw(ends, color=style.GUIDE, ls=":")
        for name, (x, y, *note) in lines.items():
            if name in looks:
                colour, marker, dashes = looks[name]
                if dots:
                    dashes = ""
                elif np.size(x) > MARKED:
                    marker = ""
                size = 9 if np.size(x) == 1 else 3
                label = " ".join([name, *note])
                axis.plot(x, y, color=colour, marker=marker, ls=dashes, ms=size, label=label)
            else:
                axis.plot(x, y, color=style.FAINT, zorder=1)
        if any(lines):
            axis.legend(fontsize=style.SMALL, frameon=False)
        for which, own in (("x", axis.xaxis), ("y", axis.yaxis)):
            if which in log:
                axis.set(**{f"{which}scale": "log"})
                own.set_major_locator(LogLocator(subs=(1, 2, 5)))
                own.set_major_formatter("{x:g}")
                own.set_minor_formatter("")
        style.plain(axis, title, xlabel, ylabel)
    return figure


def _looks() -> Iterator[tuple[str, str, str]]:
    """Colour, marker and dashes; after five the same colours with other markers and dashes."""
    n = len(COLOURS)
    for turn, i in itertools.product(range(n), range(n)):
        yield COLOURS[i], MARKERS[(i + turn) % n], DASHES[(i + turn) % n]

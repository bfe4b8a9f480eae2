"""How a difference becomes a verdict, and a `lessons_lib.judging.bench.Comparison` (lesson 08)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from lessons_lib.plotting import style
from lessons_lib.plotting.drawing import arrow, box, card, text
from lessons_lib.plotting.style import COLOURS, FOUND, LINES, MAPS, PLACES, TOKENS

if TYPE_CHECKING:  # a reader of tables or texts needs no TensorFlow
    from lessons_lib.judging.bench import Comparison


_A = [0.30, 0.52, 0.41, 0.66, 0.24, 0.58, 0.47, 0.36]
_B = [0.24, 0.50, 0.30, 0.59, 0.21, 0.49, 0.43, 0.31]
_SMALL = ["p, corrected for all", "that was looked at, is small:", "a difference, and its size"]
_NOT_SMALL = ["p is not small: no difference", "seen. How many pictures", "would it need?"]


def one_difference() -> str:
    """Pairs of scores, their differences beside zero, and the verdict, as the text of an SVG.

    Examples
    --------
    >>> one_difference().startswith("<svg")
    True
    """
    left, right, apart = 100, 220, 420
    heights = [[320 - 380 * score for score in scores] for scores in (_A, _B)]
    pairs = zip(*heights, strict=True)
    differences = sorted(a - b for a, b in zip(_A, _B, strict=True))
    zero, scale = 252, 1500
    places = [round(zero - scale * d) for d in differences]
    parts = [
        text(160, 46, "(1) two methods, eight pictures"),
        *(_line(left, a, right, b, style.PALE) for a, b in pairs),
        *(_dot(left, y, PLACES) for y in heights[0]),
        *(_dot(right, y, TOKENS) for y in heights[1]),
        text(left, 272, "method A"),
        text(right, 272, "method B"),
        text(160, 292, "a line is one picture", size=12),
        arrow((262, 150), (306, 150)),
        text(430, 46, "(2) A less B, picture by picture"),
        _line(340, zero, 560, zero, 1),
        text(450, zero + 20, "zero: no difference", size=12),
        *(_dot(apart, y, PLACES) for y in places),
        _line(470, places[0], 470, places[-1], 1, 5),
        _dot(470, (places[3] + places[4]) / 2, LINES, 7),
        text(524, (places[3] + places[4]) / 2 - 4, "median", size=12),
        text(524, (places[3] + places[4]) / 2 + 12, "and interval", size=12),
        arrow((580, 150), (624, 150), stroke=MAPS),
        text(734, 46, "(3) the verdict"),
        box(628, 64, 212, 74, _SMALL, FOUND),
        box(628, 156, 212, 92, _NOT_SMALL),
    ]
    return card(parts, top=24, height=282)


def _dot(x: float, y: float, colour: str, radius: float = 5) -> str:
    return f'<circle cx="{x}" cy="{y:g}" r="{radius}" fill="{colour}"/>'


def _line(x: float, y: float, to_x: float, to_y: float, opacity: float, width: float = 1.6) -> str:
    ends = f'x1="{x}" y1="{y:g}" x2="{to_x}" y2="{to_y:g}"'
    return f'<line {ends} stroke="{LINES}" stroke-width="{width}" stroke-opacity="{opacity}"/>'


def intervals(found: "Comparison", less_is_better: Mapping[str, bool]) -> Figure:
    """One panel for each measure; in it each method's median, as a dot, and its interval.

    Where all scores are hits and misses, the dot is the share of hits: `Comparison.interval`.

    Parameters
    ----------
    found
        The scores.
    less_is_better
        For each measure; said in the panel's title. The best dot is drawn filled.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(found.measures)
    columns = min(4, count)
    lines = -(-count // columns)
    size = (1.9 + 2 * columns, lines * (0.9 + 0.22 * len(found.methods)))
    figure = style.canvas(*size)
    grid = figure.subplots(lines, columns, sharey=True, squeeze=False)
    axes = grid.ravel()
    rows = np.arange(len(found.methods))
    for axis in axes[count:]:
        axis.set_axis_off()
    for axis, measure in zip(axes, found.measures, strict=False):
        middles, lows, highs = np.array([found.interval(m, measure) for m in found.methods]).T
        less = less_is_better[measure]
        best = middles == (middles.min() if less else middles.max())
        known = np.isfinite(lows)  # of fewer than six pictures no interval is known
        axis.hlines(
            rows[known], lows[known], highs[known], color=COLOURS[0], linewidth=style.MEDIUM
        )
        for chosen, face in ((best, COLOURS[0]), (~best, style.PAPER)):
            axis.plot(middles[chosen], rows[chosen], "o", color=COLOURS[0], markerfacecolor=face)
        style.plain(axis, f"{measure}\n{'← less' if less else 'more →'} is better")
        axis.grid(axis="y", color=style.FAINT)
        axis.set_axisbelow(True)
    axes[0].set_yticks(rows, found.methods)  # shared by all
    axes[0].invert_yaxis()
    return figure

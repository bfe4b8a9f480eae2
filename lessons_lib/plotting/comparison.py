"""Drawings of a `lessons_lib.judging.bench.Comparison` (lesson 07)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import rankdata

from lessons_lib.plotting import style
from lessons_lib.plotting.style import COLOURS, DASHES, MARKERS

if TYPE_CHECKING:  # a reader of tables or texts needs no TensorFlow
    from lessons_lib.judging.bench import Comparison


def intervals(found: "Comparison", less_is_better: Mapping[str, bool]) -> Figure:
    """One panel for each measure; in it each method's mean, as a dot, and its interval.

    Parameters
    ----------
    found
        The scores.
    less_is_better
        For each measure; said in the panel's title. The best mean is drawn filled.

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
        means, lows, highs = np.array([found.interval(m, measure) for m in found.methods]).T
        less = less_is_better[measure]
        best = means == (means.min() if less else means.max())
        axis.hlines(rows, lows, highs, color=COLOURS[0], linewidth=style.MEDIUM)
        for chosen, face in ((best, COLOURS[0]), (~best, style.PAPER)):
            axis.plot(means[chosen], rows[chosen], "o", color=COLOURS[0], markerfacecolor=face)
        style.plain(axis, f"{measure}\n{'← less' if less else 'more →'} is better")
        axis.grid(axis="y", color=style.FAINT)
        axis.set_axisbelow(True)
    axes[0].set_yticks(rows, found.methods)  # shared by all
    axes[0].invert_yaxis()
    return figure


def rank_lines(found: "Comparison", less_is_better: Mapping[str, bool]) -> NDArray[np.float64]:
    """Rank of each method by each measure, 1 for the best mean; equal means share a rank.

    Returns
    -------
    ndarray of float, shape (methods, measures)
    """
    means = found.scores.mean(axis=2)
    sign = np.array([1 if less_is_better[measure] else -1 for measure in found.measures])
    return rankdata(np.round(sign * means, 9), axis=0)


def parallel(
    found: "Comparison", less_is_better: Mapping[str, bool], stressed: list[str] | None = None
) -> Figure:
    """Ranks as lines from measure to measure: lines that cross are measures that disagree.

    Parameters
    ----------
    found
        The scores.
    less_is_better
        For each measure.
    stressed
        Up to five methods to draw in colour; the others stay grey. Default: the first five.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a stressed method is not among those compared, or there are more than five.
    """
    stressed = list(found.methods[:5]) if stressed is None else list(stressed)
    unknown = set(stressed) - set(found.methods)
    if unknown or len(stressed) > len(COLOURS):
        raise ValueError(f"give up to {len(COLOURS)} of {list(found.methods)}, not {stressed}")
    order = rank_lines(found, less_is_better)
    columns = np.arange(len(found.measures))
    figure = style.canvas(style.WIDTH, 1 + style.ROW * len(found.methods))
    axis = figure.subplots()
    for name, line in zip(found.methods, order, strict=True):
        drawn: dict[str, Any] = {"color": style.GUIDE, "linewidth": style.THIN, "marker": "."}
        if name in stressed:
            i = stressed.index(name)
            drawn = {
                "color": COLOURS[i], "linewidth": style.THICK, "marker": MARKERS[i],
                "linestyle": DASHES[i], "zorder": 3,
            }  # fmt: skip
        axis.plot(columns, line, **drawn)
    for column, out, align in ((0, -0.3, "right"), (-1, 0.3, "left")):
        # Names of methods that share a rank stand one below the other; a thin line leads there.
        places = rankdata(order[:, column], method="ordinal")
        end = columns[column]
        for name, line, place in zip(found.methods, order, places, strict=True):
            axis.plot(
                [end, end + out], [line[column], place], color=style.FAINT, linewidth=style.THIN
            )
            axis.text(
                end + 1.1 * out, place, f"{name} ({line[column]:g})", fontsize=style.SMALL,
                va="center", ha=align,
            )  # fmt: skip
    names = [measure.replace(" ", "\n") for measure in found.measures]
    style.plain(axis, "rank by each measure, best at the top")
    axis.set_xticks(columns, names, fontsize=style.SMALL)
    axis.set_xlim(-0.35, len(columns) - 0.65)
    axis.invert_yaxis()
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    return figure

"""Pictures of LIME's explanations (lesson 04), in plain matplotlib: bars, the local line, spreads.

Orange speaks for, blue against, as everywhere in the course.
"""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lessons_lib.lime import Explanation, Neighbourhood
from lessons_lib.plotting import style
from lessons_lib.plotting.style import (
    AGAINST,
    FOR,
    FOR_AGAINST,
    ROW,
    WIDTH,
)

GRID = 120  # points a side, for the areas of a function


def bars(found: dict[str, Sequence[tuple[str, float]]], unit: str = "") -> Figure:
    """Draw explanations side by side, one bar for each feature.

    Parameters
    ----------
    found
        For each panel its title, and pairs of a name and a coefficient: `Explanation.top`.
    unit
        Of the coefficients.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no panel.
    """
    if not found:
        raise ValueError("there is no explanation to draw")
    rows = max(len(pairs) for pairs in found.values())
    figure = style.canvas(min(WIDTH, 5.1 * len(found)), ROW * rows + 1.1)
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for axis, (title, pairs) in zip(axes, found.items(), strict=True):
        lengths = [value for _, value in pairs]
        axis.barh(range(len(pairs)), lengths, color=[FOR if v > 0 else AGAINST for v in lengths])
        axis.axvline(0, color=style.INK, lw=style.THIN)
        style.plain(axis, title, unit)
        style.rows(axis, [name for name, _ in pairs])
    return figure


def local_line(
    f: Callable[[NDArray[np.float64]], ArrayLike],
    neighbourhood: Neighbourhood,
    found: Sequence[Explanation],
    titles: Sequence[str],
) -> Figure:
    """Draw a model of two features, the samples by weight, and where the local line says 1/2.

    Parameters
    ----------
    f
        The model: points (n, 2) in the coordinates of ``neighbourhood.Z`` in, values 0..1 out.
    neighbourhood
        Of two features.
    found
        One explanation of it for each panel.
    titles
        One for each panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    Z, x = neighbourhood.Z, neighbourhood.Z[0]
    reach = np.quantile(np.abs(Z - x), 0.98)  # a few far samples would make the rest small
    ticks = [np.linspace(v - reach, v + reach, GRID) for v in x]
    points = np.stack(np.meshgrid(*ticks), axis=-1)
    values = np.asarray(f(points.reshape(-1, 2))).reshape(GRID, GRID)
    figure = style.canvas(min(WIDTH, 3.6 * len(found)), 3.9)
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for axis, explanation, title in zip(axes, found, titles, strict=True):
        axis.contourf(*ticks, values, [0, 0.5, 1], colors=FOR_AGAINST([0.4, 0.6]))
        above = neighbourhood.scores[:, explanation.target] > 0.5
        for chosen, mark, colour in ((above, "P", FOR), (~above, "_", AGAINST)):
            axis.scatter(
                *Z[chosen].T, s=30 * explanation.pi_x[chosen], c=colour, marker=mark, lw=style.THIN
            )
        line = explanation.intercept + points @ explanation.coefficients
        axis.contour(
            *ticks, line, [0.5], colors=style.INK, linestyles="dashed", linewidths=style.THICK
        )
        axis.scatter(*x, s=150, c=style.INK, marker="*", zorder=3)
        axis.set(aspect="equal", xlim=ticks[0][[0, -1]], ylim=ticks[1][[0, -1]])
        style.plain(axis, title, *neighbourhood.names)
    return figure


def spreads(
    runs: dict[str, NDArray[np.floating]], names: Sequence[str], unit: str = "", k: int = 8
) -> Figure:
    """Draw how the coefficients of repeated explanations differ: a dot for each run.

    Parameters
    ----------
    runs
        For each panel its title, and an array of shape (runs, M).
    names
        Of the M features.
    unit
        Of the coefficients.
    k
        So many features, those with the largest mean size in the last panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    order = np.argsort(-np.abs(list(runs.values())[-1].mean(axis=0)), kind="stable")[:k]
    figure = style.canvas(min(WIDTH, 3.6 * len(runs)), ROW * k + 1.1)
    axes = figure.subplots(1, len(runs), sharey=True, sharex=True, squeeze=False)[0]
    for axis, (title, run) in zip(axes, runs.items(), strict=True):
        for row, j in enumerate(order):
            middle = run[:, j].mean()
            axis.scatter(
                run[:, j], np.full(len(run), row), s=style.DOT, c=FOR if middle > 0 else AGAINST
            )
        axis.axvline(0, color=style.INK, lw=style.THIN)
        style.plain(axis, title, unit)
        style.rows(axis, [names[j] for j in order])
    return figure


def sample_weights(found: Sequence[Explanation], titles: Sequence[str], bins: int = 40) -> Figure:
    """Draw how the kernel weights of some explanations are distributed.

    Parameters
    ----------
    found
        One for each panel.
    titles
        One for each panel.
    bins
        Of the histogram, over 0..1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = style.canvas(min(WIDTH, 3.4 * len(found)), 2.6)
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for axis, explanation, title in zip(axes, found, titles, strict=True):
        axis.hist(explanation.pi_x, bins=bins, range=(0, 1), color=style.NEUTRAL)
        style.plain(axis, title, "kernel weight pi_x(z)", "samples")
    return figure

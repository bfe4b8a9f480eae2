"""Pictures of LIME's explanations (lesson 04): bars, the local line, weights, and a drawing of it.

Orange speaks for, blue against, as everywhere in the course.
"""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lessons_lib.lime import Explanation, Neighbourhood
from lessons_lib.plotting import style
from lessons_lib.plotting.drawing import arrow, box, card, square, text
from lessons_lib.plotting.style import (
    AGAINST,
    FOR,
    FOR_AGAINST,
    FOUND,
    MAPS,
    PLACES,
    ROW,
    TOKENS,
    WIDTH,
)

GRID = 120  # points a side, for the areas of a function


def neighbours_and_line() -> str:
    """From masks to samples, scores, weights and the fitted line, as the text of an SVG.

    Examples
    --------
    >>> neighbours_and_line().startswith("<svg")
    True
    """
    parts = [
        text(76, 46, "(1) masks z'"),
        text(252, 46, "(2) pictures z"),
        text(452, 46, "(3) ask the model"),
        text(700, 46, "(4) weigh by nearness"),
        box(388, 60, 128, 200, ["the model f,", "a black box"]),
    ]
    for row, (shown, score, weight) in enumerate(_SAMPLES):
        y = 64 + 52 * row
        parts += [
            text(76, y + 25, ", ".join(map(str, shown))),
            arrow((122, y + 20), (212, y + 20)),
            *(
                square(232 + 21 * (j % 2), y + 21 * (j // 2), 20, colour, 0.75 if z else 0.12)
                for j, (z, colour) in enumerate(zip(shown, _PIECES, strict=True))
            ),
            arrow((288, y + 20), (384, y + 20)),
            arrow((516, y + 20), (552, y + 20)),
            text(592, y + 25, f"f(z) = {score:.1f}"),
            # The area of a mark is the sample's weight.
            square(700 - 15 * weight**0.5, y + 20 - 15 * weight**0.5, 30 * weight**0.5, TOKENS),
            text(780, y + 25, f"weight {weight:.2f}", size=12, colour=TOKENS),
        ]
    parts += [
        arrow((592, 268), (592, 296), stroke=MAPS),
        arrow((700, 268), (700, 296), stroke=MAPS),
        arrow((76, 268), (76, 332), (412, 332), stroke=MAPS),
        text(250, 324, "the masks are the columns of the fit", size=12, colour=MAPS),
        box(416, 300, 424, 60, ["(5) the line of least weighted error:", _LINE], FOUND),
    ]
    return card(parts, top=26, height=350)


_LINE = "g(z') = β0 + β1 z1' + β2 z2' + β3 z3' + β4 z4'"
_PIECES = [PLACES, TOKENS, MAPS, FOR]
# Masks of four superpixels, scores, and the kernel at sigma = 0.35 for the cosine distance.
_SAMPLES = [
    ((1, 1, 1, 1), 0.9, 1.00),
    ((1, 0, 1, 1), 0.6, 0.87),
    ((1, 0, 0, 1), 0.5, 0.50),
    ((0, 0, 1, 0), 0.1, 0.14),
]


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

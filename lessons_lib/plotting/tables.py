"""Pictures of Shapley values of a table's rows (lessons 05 and 09), in plain matplotlib.

Values that have names, a Series or a DataFrame, bring them along; ``names`` then only says in which
order the features stand.

Orange raises the answer and blue lowers it, as everywhere in the course.
"""

from collections.abc import Hashable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import finite, real, whole
from lessons_lib.basics.columns import Columns, in_order, label, names_of
from lessons_lib.plotting import style
from lessons_lib.plotting.style import AGAINST, FOR, OWN_VALUE, ROW

Names = Sequence[Hashable] | None


def waterfall(
    phi: ArrayLike,
    base: float,
    names: Names = None,
    values: Any = None,
    title: str = "",
    rows: int = 9,
) -> Figure:
    """Draw the way from the base value to the answer, one feature a step, the largest on top.

    Parameters
    ----------
    phi : array or Series, shape (n,)
        Shapley values of one input.
    base
        The value when nothing is known; the steps start here, and end at ``base + sum(phi)``.
    names
        Of the n features; default: those of ``phi``.
    values
        Of the n features, to be written beside the names: numbers or text. A Series is matched by
        name.
    title
        Of the picture.
    rows
        At most so many steps, 1 or more; the smallest are put together as one.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is not one name and value for each of the ``phi``, or one is not finite.
    TypeError
        If ``phi``, ``base`` or ``rows`` is no number, or no array of these.
    """
    phi, names = _named(phi, names)
    phi = _checked(phi, names, 1)
    labels = [label(n) for n in names] if values is None else _with_values(names, values)
    base = _number(base, "base")
    labels, (steps,), (ends,) = _ladders(phi[None], base, labels, rows)

    figure, axis = _canvas(len(labels) + 1)
    _ladder(axis, ends, steps, base)
    _limits(axis, [base, *ends], margin=0.14)
    _rows(axis, labels, title, f"from the base value {base:.4g} to the answer {ends[0]:.4g}")
    return figure


def waterfalls(
    phi: ArrayLike, base: float, names: Names = None, titles: Sequence[str] = (), rows: int = 5
) -> Figure:
    """Draw the waterfalls of several inputs side by side, all on one scale.

    Parameters
    ----------
    phi : array or DataFrame, shape (m, n)
        Shapley values of m inputs.
    base
        The value when nothing is known.
    names
        Of the n features; default: those of ``phi``.
    titles
        Of the panels; may be left out.
    rows
        At most so many steps, 1 or more, those with the largest mean size on top, in every panel;
        the others are put together as one.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no input, not one name for each feature, not one title for each input where
        there are any, or a value is not finite.
    TypeError
        If ``phi``, ``base`` or ``rows`` is no number, or no array of these.
    """
    phi, names = _named(phi, names)
    phi = _checked(phi, names, 2)
    panels = [str(title) for title in titles] or [""] * len(phi)
    if len(panels) != len(phi):
        raise ValueError(f"{len(phi)} inputs need as many titles, not {len(panels)}")
    base = _number(base, "base")
    labels, steps, ends = _ladders(phi, base, [label(name) for name in names], rows)

    figure = style.canvas(style.WIDTH, style.ROW * (len(labels) + 1) + 0.9)
    axes = figure.subplots(1, len(phi), sharex=True, sharey=True, squeeze=False)[0]
    for axis, end, step, title in zip(axes, ends, steps, panels, strict=True):
        _ladder(axis, end, step, base)
        _rows(axis, labels, title, f"to {end[0]:.4g}")
    _limits(axes[0], [base, *ends.ravel()], margin=0.3)
    return figure


def importance_bars(phi: ArrayLike, names: Names = None, title: str = "", unit: str = "") -> Figure:
    """Draw the Shapley values of one input as they are, or of many as their mean size.

    Parameters
    ----------
    phi : array, Series or DataFrame, shape (n,) or (rows, n)
        Of one input: drawn with their signs, in the given order. Of many: the mean of their
        absolute values, the largest on top.
    names
        Of the n features; default: those of ``phi``.
    title
        Of the picture.
    unit
        Of the values.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is not one name for each feature, or a value is not finite.
    """
    phi, names = _named(phi, names)
    phi = _checked(phi, names, np.ndim(phi))
    lengths = phi if phi.ndim == 1 else np.abs(phi).mean(axis=0)
    order = np.arange(len(names)) if phi.ndim == 1 else _order(lengths)
    figure, axis = _canvas(len(names))
    low, high = min(0.0, lengths.min()), max(0.0, lengths.max())
    axis.set_xlim(low - 0.14 * (high - low or 1) * (low < 0), high + 0.14 * (high - low or 1))
    for row, i in enumerate(order):
        colour = style.NEUTRAL if phi.ndim == 2 else FOR if lengths[i] > 0 else AGAINST
        axis.barh(row, lengths[i], color=colour, height=0.7)
        _label(axis, row, lengths[i], lengths[i], signed=phi.ndim == 1)
    axis.axvline(0, color=style.INK, lw=style.THIN)
    what = "Shapley value" if phi.ndim == 1 else "mean size of the Shapley values"
    _rows(axis, [label(names[i]) for i in order], title, f"{what} ({unit})" if unit else what)
    return figure


def beeswarm(
    phi: ArrayLike, X: ArrayLike, names: Names = None, title: str = "", rows: int = 9
) -> Figure:
    """Draw the Shapley values of many inputs: one dot each, coloured by the feature's own value.

    Parameters
    ----------
    phi : array or DataFrame, shape (m, n)
        Shapley values of m inputs.
    X : array or DataFrame, shape (m, n)
        Those inputs; a DataFrame is matched by name. The colour is the rank among the m, so that a
        few large ones do not hide the rest; categories are ranked by their names.
    names
        Of the n features; default: those of ``phi``.
    title
        Of the picture.
    rows
        At most so many features, 1 or more, those with the largest mean size.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If ``phi`` and ``X`` differ in shape, there is not one name for each feature, or a value is
        not finite.
    """
    phi, names = _named(phi, names)
    if names_of(X):
        X = in_order(X, names, "X", "the plot")
        X = Columns(X, [], "X").encoded(X)
    phi, X = _checked(phi, names, 2), _checked(X, names, 2, "X")
    if phi.shape != X.shape:
        raise ValueError(f"phi has the shape {phi.shape}, but X {X.shape}")
    order = _order(np.abs(phi).mean(axis=0))[: whole(rows, "rows", 1)]
    figure, axis = _canvas(len(order) + 1)
    axis.axvline(0, color=style.GUIDE, lw=style.THIN)
    for row, i in enumerate(order):
        drawn = axis.scatter(
            phi[:, i], row + spread(phi[:, i], np.ptp(phi[:, order])), c=_ranks(X[:, i]), s=9,
            cmap=OWN_VALUE, vmin=0, vmax=1, linewidths=0,
        )  # fmt: skip
    colours = figure.colorbar(drawn, ax=axis, ticks=[0, 1], aspect=30, pad=0.02)
    colours.ax.set_yticklabels(["low", "high"], fontsize=style.SMALL)
    colours.set_label("the feature's own value", fontsize=style.SMALL, labelpad=-12)
    _rows(axis, [label(names[i]) for i in order], title, "Shapley value")
    return figure


def dependence(
    phi: ArrayLike,
    x: ArrayLike,
    name: str | None = None,
    other: ArrayLike | None = None,
    other_name: str | None = None,
    title: str = "",
) -> Figure:
    """Draw one feature's Shapley values against its own values: one dot for each input.

    Parameters
    ----------
    phi : array, shape (m,)
        The feature's Shapley value in each of m inputs.
    x : array or Series, shape (m,)
        The feature's own value: numbers, or categories.
    name
        Of the feature; default: that of ``x``.
    other : array or Series, shape (m,)
        A second feature to colour the dots by. Where dots of the same ``x`` differ in height, the
        feature interacts with others; the colour may show with which.
    other_name
        Of the second feature; default: that of ``other``.
    title
        Of the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the arrays differ in length, or a value is not finite.
    """
    name, other_name = _name_of(x, name), _name_of(other, other_name)
    phi, (x, categories) = finite(phi, "phi"), _numbered(x)
    shapes = {phi.shape, x.shape} | (set() if other is None else {np.shape(other)})
    if len(shapes) > 1 or phi.ndim != 1:
        raise ValueError(f"expected arrays of one length, but they have the shapes {shapes}")
    figure = style.canvas(6.2, 3.6)
    axis = figure.subplots()
    axis.axhline(0, color=style.GUIDE, lw=style.THIN)
    if other is None:
        axis.scatter(x, phi, s=12, color=style.NEUTRAL, linewidths=0)
    else:
        colour, groups = _numbered(other)
        drawn = axis.scatter(x, phi, s=12, c=colour, cmap=OWN_VALUE, linewidths=0)
        colours = figure.colorbar(drawn, ax=axis, aspect=30, pad=0.02)
        if groups:
            colours.set_ticks(range(len(groups)), labels=groups)
        colours.ax.tick_params(labelsize=style.SMALL)
        colours.set_label(other_name, fontsize=style.NORMAL)
    if categories:
        axis.set_xticks(range(len(categories)), categories)
    style.plain(axis, title, name, f"Shapley value of {name}")
    return figure


def ice(
    grid: ArrayLike,
    answers: ArrayLike,
    x: ArrayLike,
    phi: ArrayLike,
    name: str = "",
    title: str = "",
) -> Figure:
    """Draw what the model would say if one feature changed: one curve for each input (ICE).

    A dot marks the feature's own value and the answer there: orange where its Shapley value raises
    the answer, blue where it lowers it. Whether *more* of it raises the answer is the slope.

    Parameters
    ----------
    grid : array, shape (k,)
        Values that the feature is set to, rising.
    answers : array, shape (m, k)
        The model's answers for each of m inputs, with the feature set to each value.
    x : array, shape (m,)
        The feature's own value in each input; within the grid.
    phi : array, shape (m,)
        Its Shapley value in each input.
    name
        Of the feature.
    title
        Of the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the shapes do not fit, an own value lies outside the grid, or a value is not finite.

    References
    ----------
    A. Goldstein et al., *Peeking Inside the Black Box: Visualizing Statistical Learning With Plots
    of Individual Conditional Expectation*, JCGS 24, 2015.
    """
    given = {"grid": grid, "answers": answers, "x": x, "phi": phi}
    grid, answers, x, phi = (finite(v, name).astype(float) for name, v in given.items())
    if answers.shape != (*x.shape, *grid.shape) or x.shape != phi.shape or answers.ndim != 2:
        shapes = [array.shape for array in (grid, answers, x, phi)]
        raise ValueError(f"expected (k,), (m, k), (m,) and (m,), but the shapes are {shapes}")
    if (np.diff(grid) <= 0).any() or x.min() < grid[0] or x.max() > grid[-1]:
        raise ValueError(
            f"the grid must rise and hold each own value: it goes from {grid[0]:g} to "
            f"{grid[-1]:g}, the values from {x.min():g} to {x.max():g}"
        )
    figure = style.canvas(6.2, 3.6)
    axis = figure.subplots()
    axis.plot(grid, answers.T, color=style.GUIDE, lw=style.THIN)
    own = [np.interp(value, grid, row) for value, row in zip(x, answers, strict=True)]
    colours = [FOR if value > 0 else AGAINST for value in phi]
    axis.scatter(x, own, s=22, c=colours, linewidths=0, zorder=3)
    style.plain(axis, title, name, "the model's answer")
    return figure


def spread(x: NDArray[np.floating], width: float, rows: int = 60) -> NDArray[np.floating]:
    """Heights -0.4..0.4 that keep dots at about the same ``x`` apart.

    Dots are put into ``rows`` equal bins over ``width``; those of a bin stand above and below the
    middle in turn. The fullest bin has the full height, or less if it has few dots.

    Examples
    --------
    >>> spread(np.array([0.0, 0.0, 0.0, 9.0]), width=9.0)
    array([ 0.  ,  0.06, -0.06,  0.  ])
    """
    bins = np.floor(x / (width or 1) * rows).astype(int)
    place = np.zeros(len(x), int)
    for bin_ in np.unique(bins):
        inside = np.flatnonzero(bins == bin_)
        place[inside] = np.arange(len(inside))
    steps = np.where(place % 2, 1, -1) * ((place + 1) // 2)
    return steps * min(0.06, 0.4 / max(1, np.abs(steps).max()))


def _named(phi: ArrayLike, names: Names) -> tuple[Any, tuple[Hashable, ...]]:
    """The values in the order of the names, and the names: those given, or else their own."""
    found = names_of(phi) if names is None else tuple(names)
    if not found:
        raise ValueError("phi has no names of its own, as a pandas Series has; give names")
    if np.ndim(phi) == 2 and names is None and not any(isinstance(name, str) for name in found):
        raise ValueError(
            f"the columns of phi have no names but {list(found)}. If these are the outputs of a "
            "model, choose one: phi[0]; else give names"
        )
    return in_order(phi, found, "phi", "the plot"), found


def _name_of(values: Any, name: str | None) -> str:
    """The given name, or else that of a Series."""
    own = getattr(values, "name", None)
    return name if name is not None else "" if own is None else label(own)


def _with_values(names: Sequence[Hashable], values: Any) -> list[str]:
    """A label such as ``"rooms = 6"`` for each feature."""
    cells = list(in_order(values, names, "values", "the plot"))
    if len(cells) != len(names):
        raise ValueError(
            f"{len(names)} names need an array of shape ({len(names)},), not ({len(cells)},)"
        )
    labels = []
    for name, cell in zip(names, cells, strict=True):
        if isinstance(cell, Real) and not isinstance(cell, bool | np.bool_):
            labels.append(f"{label(name)} = {_number(cell, label(name)):.4g}")
        else:
            labels.append(f"{label(name)} = {cell}")
    return labels


def _ranks(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Rank of each value, 0 (smallest) to 1 (largest); equal values have equal ranks."""
    distinct, index = np.unique(x, return_inverse=True)
    return index / max(1, len(distinct) - 1)


def _canvas(rows: int) -> tuple[Figure, Axes]:
    figure = style.canvas(7.4, ROW * rows + 0.9)
    return figure, figure.subplots()


def _rows(axis: Axes, labels: list[str], title: str, xlabel: str) -> None:
    style.plain(axis, title, xlabel)
    style.rows(axis, labels)
    axis.spines["left"].set_visible(False)


def _ladders(
    phi: NDArray[np.float64], base: float, labels: Sequence[str], rows: int
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Labels of the steps, the steps (m, steps), and where each ends; the largest on top."""
    kept, rest = _largest(np.abs(phi).mean(axis=0), rows)
    shown, steps = [labels[i] for i in kept], phi[:, kept]
    if len(rest):
        shown = [*shown, f"{len(rest)} others"]
        steps = np.column_stack([steps, phi[:, rest].sum(axis=1)])
    ends = base + np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]  # from the bottom, where the base is
    return shown, steps, ends


def _ladder(axis: Axes, ends: NDArray[np.float64], steps: NDArray[np.float64], base: float) -> None:
    """Steps from the base value, at the bottom, to the answer, at the top."""
    for row, (end, step) in enumerate(zip(ends, steps, strict=True)):
        axis.barh(row, step, left=end - step, color=FOR if step > 0 else AGAINST, height=0.7)
        axis.plot([end, end], [row - 0.35, max(row - 1.35, -0.5)], color=style.GUIDE, lw=style.THIN)
        _label(axis, row, end, step)
    axis.axvline(base, color=style.GUIDE, ls=":", lw=style.THIN)


def _limits(axis: Axes, values: Sequence[float], margin: float) -> None:
    """Room for all of the values, and for the numbers beside them."""
    low, high = min(values), max(values)
    room = margin * (high - low or 1)
    axis.set_xlim(low - room, high + room)


def _label(axis: Axes, row: int, end: float, step: float, signed: bool = True) -> None:
    rounded = round(float(step), 2) + 0.0  # never "-0.00"
    text = f"{rounded:+.2f}".replace("-", "−") if signed else f"{rounded:.2f}"
    side = "right" if step < 0 else "left"
    axis.annotate(
        text, (end, row), xytext=(-4 if step < 0 else 4, 0), textcoords="offset points",
        va="center", ha=side, fontsize=style.SMALL,
    )  # fmt: skip


def _number(value: Any, name: str) -> float:
    """One number that is finite."""
    return float(finite(real(value, name), name))


def _order(sizes: NDArray[np.floating]) -> NDArray[np.int_]:
    """The features, the largest first."""
    return np.argsort(-sizes, kind="stable")


def _largest(sizes: NDArray[np.floating], rows: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """The ``rows`` largest features, and the others; never a single one, which needs a row too."""
    order = _order(sizes)
    k = whole(rows, "rows", 1)
    return (order, order[:0]) if len(order) - k == 1 else (order[:k], order[k:])


def _numbered(values: ArrayLike) -> tuple[NDArray[np.float64], list[str]]:
    """Numbers as they are; categories by their place among all, and their names."""
    array = np.asarray(values)
    if array.dtype.kind in "iuf" or all(isinstance(v, Real) for v in array.ravel()):
        return finite(array, "the feature's own values").astype(float), []
    names, places = np.unique(array.astype(str), return_inverse=True)
    return places.astype(float), names.tolist()


def _checked(
    values: ArrayLike, names: Sequence[Hashable], dimensions: int, what: str = "phi"
) -> NDArray[np.float64]:
    array = finite(values, what).astype(float)
    if array.ndim != dimensions or array.ndim not in (1, 2) or array.shape[-1] != len(names):
        wanted = f"({len(names)},)" if dimensions == 1 else f"(rows, {len(names)})"
        raise ValueError(f"{len(names)} names need an array of shape {wanted}, not {array.shape}")
    return array

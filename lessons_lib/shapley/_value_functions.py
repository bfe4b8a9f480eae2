"""What a coalition of features is worth: the model's answer without the others (lessons 05, 09).

Each function here makes a game of a model and one input, for `lessons_lib.shapley`. They differ in
what stands in for the absent features, and so in the question that the Shapley values answer.

The rows may be a DataFrame, with text and categories too; x is then matched by name. The players
are its columns in their order, ``value.names``, so that Shapley values come with these names, and
the model gets DataFrames where it needs them (`lessons_lib.basics.columns.Columns`). A missing
value (NaN) is a value like others: the model has to know what to do with it.
"""

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_array, as_floats
from lessons_lib.basics.columns import Columns
from lessons_lib.basics.progress import bar
from lessons_lib.shapley._definition import Value, as_coalitions

Model = Callable[[NDArray[np.float64]], ArrayLike]
"""Rows (m, n) in, answers (m,) or (m, outputs) out; for example a fitted model's ``predict``."""

CHUNK = 2**20  # numbers at a time: large for the model, small for the memory


def interventional(model: Model, x: ArrayLike, background: ArrayLike) -> Value:
    r"""Absent features take the values of background rows, whatever the present ones are.

    .. math:: v(S) = \frac{1}{m} \sum_{k=1}^{m} f(x_S, b^{(k)}_{\bar S})

    The Shapley values say what the *model* does with each feature. Rows are mixed that may never
    occur.

    Parameters
    ----------
    model
        The function to explain.
    x : array, shape (n,)
        The input to explain.
    background : array, shape (m, n)
        Rows that say what is usual. ``v(nobody)`` is the model's mean over them.

    Returns
    -------
    callable
        Coalitions (k, n) in, values (k,) or (k, outputs) out. It asks the model for ``k * m`` rows,
        less those that are the same, as where background rows have x's own values. Its ``plays``,
        shape (n,), says which features differ from any background row: no other can matter.

    Raises
    ------
    ValueError
        If the background has other columns than ``x``, is empty or infinite; on use, if the
        model's answer has not one entry for each row.

    References
    ----------
    D. Janzing, L. Minorics, P. Blöbaum, *Feature relevance quantification in explainable AI: A
    causal problem*, AISTATS 2020.

    Examples
    --------
    >>> v = interventional(lambda X: X[:, 0] * X[:, 1], x=[3, 2], background=[[1, 0], [1, 1]])
    >>> v(np.array([[False, False], [True, False], [False, True], [True, True]]))
    array([0.5, 1.5, 2. , 6. ])
    """
    x, background, columns = _checked(x, background, "background", model)

    differs = ~_same(background, x)

    def value(Z: NDArray[np.bool_]) -> NDArray[np.float64]:
        Z = as_coalitions(Z, len(x))
        parts = []
        for some in bar(_chunks(Z, background.size), desc="coalitions"):
            mixed = np.where(some[:, None], x, background)
            answers = _asked_once(model, columns, mixed.reshape(-1, len(x)))
            answers = answers.reshape(*mixed.shape[:2], *answers.shape[1:])
            parts.append(answers.mean(axis=1))
        return np.concatenate(parts)

    value.plays = differs.any(axis=0)  # type: ignore[attr-defined]
    value.names = columns.names  # type: ignore[attr-defined]
    return value


def conditional(model: Model, x: ArrayLike, data: ArrayLike) -> Value:
    r"""Absent features take the values that go with the present ones in the data.

    .. math:: v(S) = \mathrm{mean} \bigl\{ f(d) : d \text{ in the data}, \; d_S = x_S \bigr\}

    The Shapley values say what each feature *tells about* the answer, also one that the model never
    looks at. This form looks for rows that agree with ``x`` exactly, and so needs features of few
    values: where a feature is continuous, the only such row is ``x`` itself.

    Parameters
    ----------
    model
        The function to explain.
    x : array, shape (n,)
        The input to explain.
    data : array, shape (m, n)
        Rows of the data; the model is asked for each once.

    Returns
    -------
    callable
        Coalitions (k, n) in, values (k,) or (k, outputs) out.

    Raises
    ------
    ValueError
        If the data have other columns than ``x``, are empty or infinite; on use, if no row agrees
        with ``x`` on a coalition, or none but ``x`` itself because a feature is continuous.

    Examples
    --------
    >>> v = conditional(lambda X: X[:, 0], x=[1, 1], data=[[0, 0], [1, 1]])
    >>> v(np.array([[False, False], [True, False], [False, True], [True, True]]))
    array([0.5, 1. , 1. , 1. ])
    """
    x, data, columns = _checked(x, data, "data", model)
    answers = _answers(model, columns, data)
    agrees = _same(data, x)
    continuous = np.array([_mostly_single(column) for column in data.T])

    def called(some: NDArray[np.bool_]) -> list[Hashable]:
        return [columns.names[j] if columns.names else j for j in np.flatnonzero(some).tolist()]

    def value(Z: NDArray[np.bool_]) -> NDArray[np.float64]:
        Z = as_coalitions(Z, len(x))
        matching = (agrees | ~Z[:, None, :]).all(axis=-1)  # (k, m)
        if not matching.any(axis=1).all():
            features = called(Z[np.flatnonzero(~matching.any(axis=1))[0]])
            raise ValueError(
                f"no row of the data agrees with x on the features {features}; use features of "
                "fewer values, or interventional"
            )
        alone = (matching.sum(axis=1) == 1) & (matching & agrees.all(axis=1)).any(axis=1)
        lonely = np.flatnonzero(alone & ~Z.all(axis=1) & (Z & continuous).any(axis=1))
        if len(lonely):
            raise ValueError(
                f"on the features {called(Z[lonely[0]])} no row of the data agrees with x but x "
                f"itself: {called(continuous)} are continuous. Cut those into a few intervals, or "
                "take interventional"
            )
        return (matching @ answers) / matching.sum(axis=1).reshape(-1, *[1] * (answers.ndim - 1))

    value.names = columns.names  # type: ignore[attr-defined]
    return value


def _same(rows: NDArray[np.float64], x: NDArray[np.float64]) -> Any:
    """Where rows have x's own value; a missing one is the same as another missing one."""
    return (rows == x) | (np.isnan(rows) & np.isnan(x))


def _mostly_single(column: NDArray[np.float64]) -> bool:
    """Whether most of ten values or more occur once only, as those of a continuous feature do."""
    counts = np.unique(column, return_counts=True)[1]
    return len(column) >= 10 and 2 * int((counts == 1).sum()) > len(column)


def _chunks(Z: NDArray[np.bool_], each: int) -> list[NDArray[np.bool_]]:
    """Some coalitions at a time, for which so many numbers each fill a chunk."""
    return np.array_split(Z, max(1, -(-len(Z) * each // CHUNK)))


def _asked_once(model: Model, columns: Columns, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The model's answers to rows, of which many may be the same."""
    keys = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0]  # fast to sort
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return _answers(model, columns, rows[first])[index]


def _answers(model: Model, columns: Columns, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    given = as_floats(model(columns.decoded(rows)), "the model's answers")
    answers = given.astype(np.float64, copy=False)
    if answers.ndim not in (1, 2) or len(answers) != len(rows):
        raise ValueError(
            f"the model gave an array of shape {answers.shape} for {len(rows)} rows; expected "
            f"({len(rows)},) or ({len(rows)}, outputs)"
        )
    if np.isnan(rows).any() and not np.isfinite(answers).all():
        raise ValueError(
            "rows have missing values, and the model's answers to some are NaN or infinite: fill "
            "the missing values first, or take a model that knows what to do with them"
        )
    return answers


def _checked(
    x: ArrayLike, rows: ArrayLike, name: str, model: Model
) -> tuple[NDArray[np.float64], NDArray[np.float64], Columns]:
    shapes = np.shape(as_array(x, "x")), np.shape(as_array(rows, f"the {name}"))
    if len(shapes[0]) != 1 or len(shapes[1]) != 2 or not all(shapes[1]):
        raise ValueError(_SHAPES.format(name=name, x=shapes[0], rows=shapes[1]))
    columns = Columns(rows, x, f"the {name}", model=model)
    if shapes[0] != shapes[1][1:]:
        raise ValueError(_SHAPES.format(name=name, x=shapes[0], rows=shapes[1]))
    x, rows = columns.encoded(x), columns.encoded(rows)
    infinite = int(np.isinf(x).sum() + np.isinf(rows).sum())
    if infinite:
        raise ValueError(f"{infinite} values of x and the {name} are infinite")
    return x, rows, columns


_SHAPES = (
    "for x of shape (n,) the {name} must have the shape (m, n), with rows of the same columns, but "
    "they have {x} and {rows}; the first row of a DataFrame is data.iloc[0]"
)

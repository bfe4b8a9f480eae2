"""The columns of tables: their names, and the categories that are no numbers.

A table is an array, or a pandas DataFrame; a row is an array, or a Series. Where both have names,
they are matched by name and never by place. A name may be a number; 0 to n - 1 in this order, as
pandas counts where nobody gave names, is none beside text.

What is found for each column of a DataFrame comes back under its name (`with_names`).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.checks import as_array, as_floats, whole


class Columns:
    """How to read a table as numbers, and how to give numbers back as the model wants them.

    A category is read as its place among all that occur. The model gets what it was fitted with: a
    DataFrame where it is a method of an estimator that knows names, or where a DataFrame holds text
    or categories; else an array.

    Parameters
    ----------
    table : array or DataFrame, shape (m, n)
        Its columns and their order are what counts.
    row : array or Series, shape (n,)
        A row of which the categories count too; empty if there is none.
    what
        What to call the table in a message.
    categories
        Columns of numbers that stand for categories, by name, or by place where no name is such a
        number. Those of a DataFrame that are text, categories or truth values count as well.
    model
        What the rows are for.

    Attributes
    ----------
    names : tuple
        Of the columns; empty where the table has none.
    levels : list
        For each column its categories, with what stands for a missing one at the end, or None where
        it holds numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.0], "town": ["B", "A"]})
    >>> columns = Columns(table, table.iloc[0], "the data")
    >>> columns.encoded(table)
    array([[1.5, 1. ],
           [2. , 0. ]])
    >>> columns.decoded(np.array([[7.0, 0.0]]))["town"].tolist()
    ['A']
    """

    def __init__(
        self,
        table: Any,
        row: Any,
        what: str,
        *,
        categories: Sequence[Hashable] | None = None,
        model: Callable[..., Any] | None = None,
    ) -> None:
        self.names = names_of(table)
        self._what = what
        self._types = getattr(table, "dtypes", None) if self.names else None
        width = np.shape(table)[1] if np.ndim(table) == 2 else 0
        estimator = getattr(model, "__self__", None)
        check_order(self.names, estimator, what)
        chosen = self._chosen(categories, width)
        row = np.atleast_1d(in_order(row, self.names, "the row", what))
        self.levels: list[NDArray[Any] | None] = [None] * width
        for j in chosen:
            known = {key_of(value): value for value in (*_column(table, j), *row[j : j + 1])}
            order = sorted(known, key=lambda v: (v is None, isinstance(v, str), v))
            given_back = [known[key] if key is None else key for key in order]
            self.levels[j] = np.array([*given_back, None], object)[:-1]
        fitted = getattr(estimator, "feature_names_in_", ())
        self._order = list(fitted) if set(fitted) == set(self.names) else list(self.names)
        self._as_frame = self._types is not None and (
            bool(len(fitted)) or any(self._types.iloc[j].kind not in "iuf" for j in chosen)
        )

    def encoded(self, table: Any) -> NDArray[np.float64]:
        """Read a table or a row as numbers, a missing one as NaN; a row is matched by name.

        Raises
        ------
        TypeError
            If a column of numbers holds something else.
        ValueError
            If the names are others, or a category is unknown.
        """
        table = in_order(table, self.names, "the row" if np.ndim(table) == 1 else "the table",
                         self._what)  # fmt: skip
        if not any(level is not None for level in self.levels):
            try:
                return _numbers(table, self._what)
            except TypeError as error:
                way_on = "columns of text or categories are found in a pandas DataFrame"
                raise TypeError(f"{error}; {way_on}") from error
        cells = np.atleast_2d(np.asarray(table, object))
        if cells.ndim != 2 or cells.shape[1] != len(self.levels):
            raise ValueError(
                f"{self._what} has {len(self.levels)} columns, but a table or a row has the shape "
                f"{np.shape(table)}"
            )
        numbers = np.empty(cells.shape)
        for j, level in enumerate(self.levels):
            if level is None:
                name = label(self.names[j]) if self.names else f"column {j}"
                numbers[:, j] = _numbers(cells[:, j], f"{name} of {self._what}")
            else:
                code = {key_of(value): k for k, value in enumerate(level)}
                numbers[:, j] = [code[key_of(value)] for value in cells[:, j]]
        return numbers.reshape(np.shape(table))

    def decoded(self, rows: NDArray[np.float64]) -> Any:
        """Give rows of numbers back as the model wants them: an array, or a DataFrame."""
        values = [
            rows[:, j] if level is None else level[rows[:, j].astype(int)]
            for j, level in enumerate(self.levels)
        ]
        if not self._as_frame:
            if all(level is None for level in self.levels):
                return rows
            table = np.stack([np.asarray(v, object) for v in values], axis=1)
            numeric = all(isinstance(v, float | int) for level in self.levels
                          if level is not None for v in level)  # fmt: skip
            return table.astype(float) if numeric else table
        import pandas as pd  # whoever has a DataFrame has it

        assert self._types is not None
        columns = {
            name: pd.Series(v, dtype=None if level is None else self._types.iloc[j])
            for j, (name, v, level) in enumerate(zip(self.names, values, self.levels, strict=True))
        }
        return pd.DataFrame(columns)[self._order]

    def _chosen(self, categories: Sequence[Hashable] | None, width: int) -> list[int]:
        kinds = [] if self._types is None else [kind.kind for kind in self._types]
        chosen = {j for j, kind in enumerate(kinds) if kind not in "iuf"}
        for column in categories or ():
            if column in self.names:
                chosen.add(self.names.index(column))
            elif isinstance(column, str):
                raise ValueError(
                    f"categories names {column!r}, but {self._what} has the columns "
                    f"{list(self.names)}"
                )
            elif 0 <= whole(column, "a column of categories") < width:
                chosen.add(whole(column, "a column of categories"))
            else:
                raise ValueError(
                    f"categories names column {column}, but {self._what} has columns 0..{width - 1}"
                )
        return sorted(chosen)


def _column(table: Any, j: int) -> Any:
    return table.iloc[:, j] if hasattr(table, "iloc") else np.asarray(table, object)[:, j]


def _numbers(cells: Any, what: str) -> NDArray[np.float64]:
    """Numbers of any type; what stands for a missing one becomes NaN."""
    array = as_array(cells, what)
    if array.dtype == object:
        known = [np.nan if key_of(value) is None else value for value in array.ravel()]
        array = np.array([*known, None], object)[:-1].reshape(array.shape)
    return as_floats(array, what).astype(float)


def key_of(value: Any) -> Any:
    """A category as it is looked up: None stands for everything that is missing."""
    try:
        missing = value is None or bool(value != value)
    except TypeError:  # pandas' NA is neither equal nor unequal to anything
        missing = True
    return None if missing else getattr(value, "item", lambda: value)()


def names_of(table: Any) -> tuple[Hashable, ...]:
    """Names of a DataFrame's columns, or of a Series' entries; none for arrays and lists.

    Raises
    ------
    ValueError
        If two columns have the same name.

    Examples
    --------
    >>> names_of([[1, 2]])
    ()
    """
    names = getattr(table, "columns", getattr(table, "index", ()))
    if callable(names):  # the index of a list is another thing
        return ()
    found = tuple(names)
    twice = [str(name) for name, count in Counter(found).items() if count > 1]
    if twice:
        raise ValueError(f"two columns are called {', '.join(twice)}; give each its own name")
    return found


def label(name: Hashable) -> str:
    """A column's name as it is shown.

    Examples
    --------
    >>> label("age"), label(3)
    ('age', 'column 3')
    """
    return name if isinstance(name, str) else f"column {name}"


def in_order(table: Any, names: Sequence[Hashable], what: str, others: str) -> Any:
    """The table, with its columns in the order of ``names``; as it is, where either has no names.

    Parameters
    ----------
    table
        A table or a row.
    names
        The columns that it must have.
    what, others
        What to call the table, and what has the other names, in the message.

    Raises
    ------
    ValueError
        If a name is missing, or there is one more.

    Examples
    --------
    >>> import pandas as pd
    >>> row = pd.Series({"rooms": 4, "age": 30})
    >>> in_order(row, ["age", "rooms"], "the row", "the data").tolist()
    [30, 4]
    """
    found, names = names_of(table), tuple(names)
    if not found or not names or found == names or _only_counted(found, names):
        return table
    missing = [name for name in names if name not in found]
    extra = [name for name in found if name not in names]
    if missing or extra:
        parts = [f"lacks {missing}"] * bool(missing) + [f"has besides {extra}"] * bool(extra)
        raise ValueError(
            f"the columns of {what} are not those of {others}: it {' and '.join(parts)}"
        )
    return table[list(names)]


def _only_counted(*both: tuple[Hashable, ...]) -> bool:
    """Whether one of two has the numbers that pandas gives for want of names, the other text."""
    counted = [names == tuple(range(len(names))) for names in both]
    text = [all(isinstance(name, str) for name in names) for names in both]
    return (counted[0] and text[1]) or (counted[1] and text[0])


def check_order(names: Sequence[Hashable], estimator: Any, what: str) -> None:
    """Refuse numbered columns in another order, for a model that has no names to match them by.

    scikit-learn keeps names that are text only. It reads all others by place.

    Raises
    ------
    ValueError
        If the names are whole numbers that do not rise, and the estimator was fitted without names.
    """
    fitted = hasattr(estimator, "n_features_in_") and not hasattr(estimator, "feature_names_in_")
    if fitted and all(isinstance(name, int | np.integer) for name in names):
        numbers = np.array(names, int)
        if (np.diff(numbers) < 0).any():
            raise ValueError(
                f"the columns of {what} are called {numbers.tolist()}, and the model kept no names "
                "of the columns that it was fitted with, so the two cannot be matched. Put them in "
                "the order of the fit, and give the table as an array: to_numpy()"
            )


def with_names(numbers: NDArray[np.float64], names: Sequence[Hashable], axes: str = "n") -> Any:
    """Numbers of each column under the columns' names, where there are names.

    Parameters
    ----------
    numbers : ndarray of one dimension or more
    names
        Of the n columns; empty if there are none.
    axes
        What each dimension is, with an ``n`` for the columns: ``"n."``, ``".n"`` or ``"nn"``; only
        the first letters count for an array of fewer dimensions.

    Returns
    -------
    Series, DataFrame or ndarray
        An array as it is, if there are no names, or more than two dimensions.

    Examples
    --------
    >>> with_names(np.array([1.5, 2.0]), ["age", "rooms"]).to_dict()
    {'age': 1.5, 'rooms': 2.0}
    """
    if not len(names) or numbers.ndim > 2:
        return numbers
    import pandas as pd  # whoever has a DataFrame has it

    labels = [pd.Index(list(names), tupleize_cols=False) if axis == "n" else None for axis in axes]
    if numbers.ndim == 1:
        return pd.Series(numbers, index=labels[0])
    return pd.DataFrame(numbers, *labels, copy=False)

"""The columns of tables: matched by their names, and never by their place where both have names.

A table is an array, or a pandas DataFrame; a row is an array, or a Series.
"""

from collections.abc import Sequence
from typing import Any


def names_of(table: Any) -> tuple[str, ...]:
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
    if callable(names) or not all(isinstance(name, str) for name in names):
        return ()
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ValueError(f"two columns are called {', '.join(twice)}; give each its own name")
    return tuple(str(name) for name in names)


def in_order(table: Any, names: Sequence[str], what: str, others: str) -> Any:
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
    found = names_of(table)
    if not found or not len(names) or found == tuple(names):
        return table
    missing = [name for name in names if name not in found]
    extra = [name for name in found if name not in names]
    if missing or extra:
        parts = [f"lacks {missing}"] * bool(missing) + [f"has besides {extra}"] * bool(extra)
        raise ValueError(
            f"the columns of {what} are not those of {others}: it {' and '.join(parts)}"
        )
    return table[list(names)]

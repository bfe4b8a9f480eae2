"""Two tables of house prices that come with the course (lessons 05 and 09).

``data/tables/LICENSES.md`` says where they come from, and what was done to them.
"""

import gzip
import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.files import course_bytes

FILES = {"boston": "boston.csv", "california": "california.csv.gz"}


class Table(NamedTuple):
    """Numbers in rows and columns, and what is to be predicted from them.

    Attributes
    ----------
    X : ndarray of float64, shape (rows, columns)
    y : ndarray of float64, shape (rows,)
    features : tuple of str
        A name for each column of ``X``.
    target : str
        What ``y`` is.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    features: tuple[str, ...]
    target: str


def course_table(name: str) -> Table:
    """One of the course's tables.

    Parameters
    ----------
    name
        ``"boston"``: 506 districts of Boston in 1970, without the column that described their
        residents by race; the price is in thousands of dollars.
        ``"california"``: 4,000 districts of California in 1990; the price is in hundreds of
        thousands of dollars.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> boston = course_table("boston")
    >>> boston.X.shape, boston.target, boston.features[-1]
    ((506, 12), 'MEDV', 'LSTAT')
    """
    if name not in FILES:
        raise ValueError(f"there is no table {name!r}; the course has {sorted(FILES)}")
    content = course_bytes(f"tables/{FILES[name]}")
    if FILES[name].endswith(".gz"):
        content = gzip.decompress(content)
    numbers = np.genfromtxt(io.BytesIO(content), delimiter=",", names=True)
    columns = [
        column.upper() if name == "boston" else column for column in numbers.dtype.names or ()
    ]
    rows = np.array(numbers.tolist())
    return Table(rows[:, :-1], rows[:, -1], tuple(columns[:-1]), columns[-1])

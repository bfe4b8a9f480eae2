"""Messages of two newsgroups that come with the course (lesson 04).

``data/text/LICENSES.md`` says where they come from, and what was done to them.
"""

import csv
import gzip
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.files import course_bytes

GROUPS = ("atheism", "christian")


class Texts(NamedTuple):
    """Messages, and the group in which each was sent.

    Attributes
    ----------
    X : list of str
        The first 100 words of each message: lower case, letters and spaces only.
    y : ndarray of int, shape (messages,)
        0: atheism, 1: christian.
    """

    X: list[str]
    y: NDArray[np.int_]


def newsgroups(split: str) -> Texts:
    """Messages of 1993 from alt.atheism and soc.religion.christian.

    Parameters
    ----------
    split
        ``"train"``: 1,071 messages. ``"test"``: 709 messages, sent later.

    Returns
    -------
    Texts

    Raises
    ------
    ValueError
        If there is no such split.

    Examples
    --------
    >>> test = newsgroups("test")
    >>> len(test.X), test.y.mean().round(2)
    (709, np.float64(0.55))
    """
    if split not in ("train", "test"):
        raise ValueError(f"split={split!r} is unknown; use 'train' or 'test'")
    lines = gzip.decompress(course_bytes("text/newsgroups.csv.gz")).decode("utf-8").splitlines()
    rows = [row for row in csv.DictReader(lines) if row["split"] == split]
    return Texts([r["text"] for r in rows], np.array([GROUPS.index(r["group"]) for r in rows]))

"""Many pictures through a network, a batch at a time: memory does not grow with their number."""

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.progress import bar
from lessons_lib.images import Images, is_one, one_by_one
from lessons_lib.network import BATCH_SIZE

Picture = NDArray[np.float32]


def batches(
    images: Images,
    target: Any = None,
    read: Callable[[Images], Iterator[Picture]] = one_by_one,
    *,
    size: int = BATCH_SIZE,
) -> Iterator[tuple[list[Picture], Any]]:
    """Pictures some at a time, each read when its turn comes, with the targets of these.

    Parameters
    ----------
    images, target
        As a method takes them.
    read
        Reads, checks and resizes one picture after another.
    size
        Pictures at a time.

    Yields
    ------
    pictures : list of ndarray
        At most ``size``.
    target
        As given, if it is one for all; else those of these pictures.

    Raises
    ------
    ValueError
        If there is not one target for each picture.

    Examples
    --------
    >>> grey = (np.full((2, 2, 3), value) for value in (50, 150, 250))
    >>> [(len(some), target) for some, target in batches(grey, ["cat", "dog", "cat"], size=2)]
    [(2, ['cat', 'dog']), (1, ['cat'])]
    """
    wanted = target.tolist() if isinstance(target, np.ndarray) else target
    one_each = isinstance(wanted, Sequence) and not isinstance(wanted, str)
    ready, done = iter(read(images)), 0
    groups = iter(lambda: list(itertools.islice(ready, size)), [])
    total = 1 if is_one(images) else -(-operator.length_hint(images) // size)
    for some in bar(groups, total=total, desc="batches of pictures"):
        start, done = done, done + len(some)
        if one_each and (done > len(wanted) or (len(some) < size and done < len(wanted))):
            more = " or more" if len(some) == size else ""
            raise ValueError(f"{len(wanted)} targets for {done} pictures{more}")
        yield some, wanted[start:done] if one_each else target
    if one_each and done < len(wanted):
        raise ValueError(f"{len(wanted)} targets for {done} pictures")


def joined(parts: Sequence[Any]) -> Any:
    """The results of several batches as one: arrays, or named tuples of arrays.

    Examples
    --------
    >>> joined([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    if isinstance(parts[0], tuple):
        return type(parts[0])(*map(joined, zip(*parts, strict=True)))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)

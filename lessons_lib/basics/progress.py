"""Progress bars for what takes long, made only when it does.

In a notebook each bar is a handful of widgets and their messages. A method may go through thousands
of short loops; so a bar is made only once its loop has run for two seconds.
"""

import operator
import time
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm.auto import tqdm

DELAY = 2.0  # seconds


class bar:
    """A tqdm bar that is made after two seconds, moves once a second, and leaves nothing behind.

    A loop of a single step gets none: it is over when there would be something to show.

    Parameters
    ----------
    items
        What to go through; or none, and `update` is called by hand.
    total
        How many steps there are; default: the length of ``items``, where it has one.
    options
        As for `tqdm.tqdm`: for example ``desc="steps"``.

    Examples
    --------
    >>> [2 * i for i in bar(range(3), desc="doubling")]
    [0, 2, 4]
    """

    def __init__(
        self, items: Iterable[Any] = (), *, total: int | None = None, **options: Any
    ) -> None:
        self._items = items
        self._total = total or operator.length_hint(items) or None
        self._options = options
        self._done = 0
        self._start = time.monotonic()
        self._shown: Any = None

    def __iter__(self) -> Iterator[Any]:
        try:
            for item in self._items:
                yield item
                self.update()
        finally:
            self.close()

    def update(self, steps: int = 1) -> None:
        """Note that some steps are done."""
        self._done += steps
        if self._shown is not None:
            self._shown.update(steps)
        elif self._total != 1 and time.monotonic() - self._start > DELAY:
            self._shown = tqdm(total=self._total, mininterval=1, leave=False, **self._options)
            self._shown.update(self._done)

    def close(self) -> None:
        """Take the bar away, if it was made."""
        if self._shown is not None:
            self._shown.close()

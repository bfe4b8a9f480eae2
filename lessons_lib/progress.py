"""Progress bars: only where one has to wait, and at most once a second.

A notebook that is run without a screen keeps every message until it is read, and drops them when
there are too many; a bar that moved ten times a second would fill that store in a long cell.
"""

from typing import Any

from tqdm.auto import tqdm


def bar(*arguments: Any, **options: Any) -> Any:
    """A tqdm bar that appears after two seconds, moves once a second, and leaves nothing behind.

    Parameters
    ----------
    arguments, options
        As for `tqdm.tqdm`: for example something to go through, and ``desc="steps"``.
    """
    return tqdm(*arguments, delay=2, mininterval=1, leave=False, **options)

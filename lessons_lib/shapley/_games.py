"""Games given as a table of rewards (lesson 05)."""

import itertools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import real
from lessons_lib.shapley._definition import as_coalitions, coalitions

_COALITION = (str, tuple, frozenset)


@dataclass(frozen=True)
class TableGame:
    """A game that is given as a table of rewards; a value function like any other.

    Attributes
    ----------
    players : tuple
        Their names, in order.
    values : ndarray, shape (2 ** n,)
        The value of each coalition, in the order of `coalitions`.
    """

    players: tuple[str, ...]
    values: NDArray[np.float64]

    def __call__(self, Z: ArrayLike, /) -> NDArray[np.float64]:
        """Values of coalitions, one per row of ``Z``; a single coalition (n,) has one value."""
        n = len(self.players)
        return self.values[as_coalitions(Z, n) @ (1 << np.arange(n))]


def table_game(rewards: Mapping[Any, float]) -> TableGame:
    """Make a game of a table of rewards.

    Parameters
    ----------
    rewards : mapping of str, or of tuple or frozenset of str, to float
        The value of every coalition. A key holds the players: ``"AC"``, or ``("rooms", "age")``
        for players whose names are longer than a letter. The empty coalition is ``""`` or ``()``.

    Returns
    -------
    TableGame

    Raises
    ------
    ValueError
        If a coalition is missing, or a value is not finite; the message names the coalition.

    Warns
    -----
    UserWarning
        If the empty coalition is missing: its value is taken to be 0.

    Examples
    --------
    >>> from lessons_lib.shapley import exact
    >>> game = table_game({"": 0, "A": 1, "B": 2, "AB": 5})
    >>> game.players, exact(game, 2)
    (('A', 'B'), array([2., 3.]))
    """
    if not isinstance(rewards, Mapping) or not all(isinstance(k, _COALITION) for k in rewards):
        raise TypeError(
            "rewards must be a mapping from coalitions, such as 'AC' or ('rooms', 'age'), to "
            f"numbers, not {rewards!r}"
        )
    table = {
        frozenset(names): real(value, f"the value of {names!r}") for names, value in rewards.items()
    }
    if len(table) < len(rewards):
        raise ValueError("a coalition is there twice: the order of its players does not matter")
    players = tuple(sorted(set[str]().union(*table)))
    if frozenset() not in table:
        warnings.warn(
            "the table has no value for the empty coalition; 0 is assumed. Add '': 0 to say so.",
            stacklevel=2,
        )
        table[frozenset()] = 0.0
    names = [frozenset(itertools.compress(players, z)) for z in coalitions(len(players))]
    missing = [" + ".join(sorted(name)) for name in names if name not in table]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(names)} coalitions have no value: {', '.join(missing[:5])}"
        )
    values = np.array([table[name] for name in names])
    for name, value in zip(names, values, strict=True):
        if not np.isfinite(value):
            raise ValueError(f"the value of {' + '.join(sorted(name)) or 'nobody'} is {value}")
    return TableGame(players, values)

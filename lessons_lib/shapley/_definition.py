"""Shapley values: what each player brings to a game that is played together (lesson 05).

A game is a *value function*: it takes coalitions, one per row of a boolean array ``Z`` of shape
(m, n), and gives the value of each, as an array of shape (m,), or (m, outputs) for a model with
several outputs. `interventional` and `conditional` make such a function of a model and an input;
`permutation_sampling` and `kernel_shap` are for games of more players than can be solved exactly.

Where the game knows its players' names (its ``names``, as those made of a DataFrame do), results
come as a pandas Series or DataFrame with these names, else as arrays.

References
----------
L. S. Shapley, *A Value for n-Person Games*, Contributions to the Theory of Games II, 1953;
S. M. Lundberg, S.-I. Lee, *A Unified Approach to Interpreting Model Predictions*, NeurIPS 2017
(arXiv:1705.07874).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_floats, whole
from lessons_lib.basics.columns import with_names

Value = Callable[[NDArray[np.bool_]], ArrayLike]
"""A game: coalitions (m, n) in, their values (m,) or (m, outputs) out."""

MAX_EXACT = 20  # players; a million coalitions


def coalitions(n: int) -> NDArray[np.bool_]:
    """All coalitions of ``n`` players, shape (2 ** n, n): row k holds the binary digits of k.

    Raises
    ------
    ValueError
        If ``n`` is below 1, or above 20 (the message says how many coalitions there would be).

    Examples
    --------
    >>> coalitions(2).astype(int)
    array([[0, 0],
           [1, 0],
           [0, 1],
           [1, 1]])
    """
    check_players(n)
    if n > MAX_EXACT:
        raise ValueError(
            f"{n} players have {2**n:,} coalitions, each an evaluation of the game; that is done "
            f"for up to {MAX_EXACT} players. Use permutation_sampling, or kernel_shap with a "
            "number of samples."
        )
    numbers = np.arange(2**n, dtype="<u4").view(np.uint8).reshape(-1, 4)
    return np.unpackbits(numbers, axis=1, count=n, bitorder="little").view(bool)


def exact(value: Value, n: int) -> Any:
    r"""Shapley values by definition, from all coalitions at once.

    .. math::

        \phi_i = \sum_{S \subseteq N \setminus \{i\}} \frac{|S|! \, (n - |S| - 1)!}{n!}
        \bigl(v(S \cup \{i\}) - v(S)\bigr)

    The values lie in the order of `coalitions`. So the coalitions without player i and the same
    ones with i are every other stretch of 2^i values: two views of one array, and nothing is
    copied. What nobody has is taken off first: a large offset would cost digits.

    Parameters
    ----------
    value
        The game.
    n
        Number of players, 1 to 20; the game is evaluated once, with ``2 ** n`` rows.

    Returns
    -------
    ndarray of float64, shape (n,) or (n, outputs)
        In the game's own units; the sum is ``v(all) - v(nobody)``. A Series or DataFrame where the
        game has names.

    Raises
    ------
    ValueError
        If there are too many players, or the game's answer is of a wrong shape or not finite.

    References
    ----------
    Shapley 1953; Lundberg & Lee 2017, equation 4.

    Examples
    --------
    >>> exact(lambda Z: 3 * Z[:, 0] + 2 * Z[:, 1] * Z[:, 2], 3)
    array([3., 1., 1.])
    """
    v = values_of(value, coalitions(n))
    v -= v[0]
    weights = subset_weights(n)[np.bitwise_count(np.arange(2 ** (n - 1)))]  # of S, by its size
    phi = np.empty((n, *v.shape[1:]))
    for i in range(n):
        without, joined = np.moveaxis(v.reshape(-1, 2, 2**i, *v.shape[1:]), 1, 0)
        phi[i] = np.einsum("sr,sr...->...", weights.reshape(-1, 2**i), joined - without)
    return named(phi, value)


def subset_weights(n: int) -> NDArray[np.float64]:
    """Share of all orders in which exactly a given set of s players stands before player i.

    ``s! (n - s - 1)! / n!``, for s = 0 to n - 1.

    Examples
    --------
    >>> subset_weights(3).round(3)
    array([0.333, 0.167, 0.333])
    """
    check_players(n)
    return np.array([1 / (n * math.comb(n - 1, s)) for s in range(n)])


def marginal_contributions(value: Value, orders: ArrayLike) -> Any:
    """Find what each player adds on arrival, for each order of arrival.

    Parameters
    ----------
    value
        The game. Each coalition that occurs is evaluated once.
    orders : array of int, shape (m, n)
        Each row names the players 0 to n - 1 in their order of arrival.

    Returns
    -------
    ndarray of float64, shape (m, n) or (m, n, outputs)
        Column i belongs to player i, whenever they came. Each row sums to
        ``v(all) - v(nobody)``. The mean over all n! orders is the Shapley value. A DataFrame where
        the game has names, and one output.

    Raises
    ------
    ValueError
        If a row is not an order of the players.

    Examples
    --------
    >>> from lessons_lib.shapley import table_game
    >>> game = table_game({"": 0, "A": 1, "B": 2, "AB": 5})
    >>> marginal_contributions(game, [[0, 1], [1, 0]])
    array([[1., 4.],
           [3., 2.]])
    """
    orders = as_floats(orders, "orders")
    if (
        orders.ndim != 2
        or not orders.size
        or (np.sort(orders, 1) != np.arange(orders.shape[-1])).any()
    ):
        raise ValueError(
            "each row of orders must name each player from 0 to n - 1 once, such as [2, 0, 1]"
        )
    m, n = orders.shape
    arrival = np.argsort(orders, axis=1)
    nested = arrival[:, None, :] < np.arange(n + 1)[:, None]  # (m, n + 1, n): nobody to all
    Z, index = distinct_rows(nested.reshape(-1, n))
    v = values_of(value, Z)
    gains = np.diff(v[index.reshape(m, n + 1)], axis=1)  # by place in the order
    return named(gains[np.arange(m)[:, None], arrival], value, ".n")


def interactions(value: Value, n: int) -> Any:
    r"""Shapley interaction index of each pair: what two bring together beyond what each brings.

    .. math::

        I_{ij} = \sum_{S \subseteq N \setminus \{i, j\}} \frac{|S|! \, (n - |S| - 2)!}{(n - 1)!}
        \bigl(v(S \cup \{i, j\}) - v(S \cup \{i\}) - v(S \cup \{j\}) + v(S)\bigr)

    Parameters
    ----------
    value
        The game.
    n
        Number of players, 2 to 20.

    Returns
    -------
    ndarray of float64, shape (n, n) or (n, n, outputs)
        Symmetric; the diagonal, where the index is not defined, is 0. The ``shap`` library shows
        half of each number in either of the two places. A DataFrame where the game has names, and
        one output.

    Raises
    ------
    ValueError
        As `exact`; also for a single player.

    References
    ----------
    M. Grabisch, M. Roubens, *An axiomatic approach to the concept of interaction among players in
    cooperative games*, International Journal of Game Theory 28, 1999.

    Examples
    --------
    >>> interactions(lambda Z: 3 * Z[:, 0] + 2 * Z[:, 1] * Z[:, 2], 3).round(9)
    array([[0., 0., 0.],
           [0., 0., 2.],
           [0., 2., 0.]])
    """
    check_players(n)
    if n < 2:
        raise ValueError(f"an interaction needs two players, but n={n}")
    Z = coalitions(n)
    v = values_of(value, Z)
    v -= v[0]
    w = np.concatenate([[0, 0], subset_weights(n - 1), [0, 0]])  # w[s + 2]: s others
    size = Z.sum(axis=1)
    both, one, none = ((v.T * w[size + shift]).T for shift in (0, 1, 2))
    members = Z.astype(float)
    index = np.einsum("ki,kj,k...->ij...", members, members, both + 2 * one + none, optimize=True)
    alone = np.einsum("ki,k...->i...", members, one + none)
    index -= alone[:, None] + alone[None, :]
    index += none.sum(axis=0)
    index[np.diag_indices(n)] = 0
    return named(index, value, "nn")


def named(numbers: NDArray[np.float64], value: Value, axes: str = "n.") -> Any:
    """Numbers of the players under their names, where the game has names (`with_names`)."""
    return with_names(numbers, getattr(value, "names", ()), axes)


def distinct_rows(Z: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int_]]:
    """Find the distinct rows of a boolean array, as they come, and where each row is among them.

    Examples
    --------
    >>> distinct_rows(np.array([[True, True], [False, True], [True, True]]))
    (array([[ True,  True],
           [False,  True]]), array([0, 1, 0]))
    """
    packed = np.packbits(Z, axis=1)  # 64 players are one number: fast to sort
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)
    keys = words[:, 0] if words.shape[1] == 1 else words
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return Z[first[order]], np.argsort(order)[index.reshape(-1)]


def check_players(n: int) -> None:
    """Raise an error if ``n`` is no number of players."""
    whole(n, "the number of players n", 1)


def as_coalitions(Z: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Coalitions as an array of truth values; an error if they are not of ``n`` players."""
    Z = np.asarray(Z, bool)
    if not Z.ndim or Z.shape[-1] != n:
        raise ValueError(f"the game has {n} players, but the coalitions have the shape {Z.shape}")
    return Z


def values_of(value: Value, Z: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Ask the game for the values of coalitions; raise a ValueError if an answer is no number."""
    v = as_floats(value(Z), "the values of the game").astype(float)
    if v.ndim not in (1, 2) or len(v) != len(Z):
        raise ValueError(
            f"the value function gave an array of shape {v.shape} for {len(Z)} coalitions; "
            f"expected ({len(Z)},) or ({len(Z)}, outputs)"
        )
    wrong = ~np.isfinite(v.reshape(len(v), -1)).all(axis=1)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        places, names = np.flatnonzero(Z[first]).tolist(), getattr(value, "names", ())
        players = [names[i] for i in places] if names else places
        raise ValueError(
            f"{int(wrong.sum())} of {len(Z)} coalitions have a value that is not finite; "
            f"the first is that of players {players}: {v[first]}"
        )
    return v

"""SP-LIME: a few instances whose explanations show most of what a model does (lesson 04).

References
----------
M. T. Ribeiro, S. Singh, C. Guestrin, *"Why Should I Trust You?": Explaining the Predictions of Any
Classifier*, KDD 2016 (arXiv:1602.04938), section 4, Algorithm 2. The greedy bound: G. L. Nemhauser,
L. A. Wolsey, M. L. Fisher, *An Analysis of Approximations for Maximizing Submodular Set
Functions - I*, Mathematical Programming 14, 1978.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lessons_lib.basics.checks import arrays, whole
from lessons_lib.basics.columns import names_of, with_names


def importance(W: ArrayLike) -> Any:
    r"""How much each feature matters over all explanations: :math:`I_j = \sqrt{\sum_i |W_{ij}|}`.

    A Series where ``W`` is a DataFrame.

    Examples
    --------
    >>> importance([[1, -3], [0, 6]])
    array([1., 3.])
    """
    return with_names(np.sqrt(np.abs(arrays("n m", W=W)[0]).sum(axis=0)), names_of(W))


def coverage(W: ArrayLike, picks: Sequence[int]) -> float:
    """Sum the importance of all features that occur in a picked explanation (equation 3).

    Examples
    --------
    >>> coverage([[1, -3, 0], [0, 6, 4]], picks=[0])
    4.0
    """
    W = arrays("n m", W=W)[0]
    rows = [whole(pick, "a pick") for pick in picks]
    if any(not 0 <= row < len(W) for row in rows):
        raise ValueError(f"picks={rows} are not all in 0..{len(W) - 1}, the rows of W")
    return float(importance(W)[(W[rows] != 0).any(axis=0)].sum())


def submodular_pick(W: ArrayLike, budget: int) -> list[int]:
    r"""Few instances whose explanations together cover much (Algorithm 2).

    Greedy: each time, the instance that adds most. Coverage has diminishing returns (it is
    *submodular*), so this reaches at least the share :math:`1 - 1/e` of the best choice of as many.

    Parameters
    ----------
    W : array, shape (instances, M)
        One explanation's coefficients a row; 0 where a feature was left out.
    budget
        B: how many instances at most, 1 or more.

    Returns
    -------
    list of int
        Row numbers in the order in which they were picked; fewer than ``budget`` where those
        already cover everything.

    Raises
    ------
    ValueError
        If ``W`` has not two dimensions or is not finite, or ``budget`` is not 1 or more.

    Examples
    --------
    >>> submodular_pick([[1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0]], budget=2)
    [1, 0]
    """
    W = arrays("n m", W=W)[0]
    whole(budget, "budget", 1)
    worth = importance(W)
    present, seen = W != 0, np.zeros(W.shape[1], bool)
    picks: list[int] = []
    while len(picks) < budget:
        gains = (present & ~seen) @ worth
        best = int(gains.argmax()) if len(gains) else -1
        if best < 0 or gains[best] <= 0:
            break
        picks.append(best)
        seen |= present[best]
    return picks

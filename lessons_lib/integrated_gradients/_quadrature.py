r"""Quadrature: an integral from 0 to 1 as a weighted sum over a few nodes (lesson 06).

.. math:: \int_0^1 g(\alpha) \, d\alpha \approx \sum_i w_i \, g(\alpha_i)

A rule is its nodes :math:`\alpha_i` and its weights :math:`w_i`, which add up to 1. `RULES` cover
the path evenly, or nearly so. `adaptive` puts its nodes where an integral whose value is known
piece by piece is not yet met.

References
----------
P. J. Davis and P. Rabinowitz, *Methods of Numerical Integration*, 2nd edition, 1984, chapters 2, 6.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.checks import arrays, real, whole

Vector = NDArray[np.float64]
Ends = tuple[float, float]

PANEL_STEPS = 4  # Gauss-Legendre nodes in each panel of `adaptive`
PANEL_FACTOR = 5  # the panels' absolute errors may add up to so many times the error of the whole
OPEN_PANELS = 64  # panels that can still be split; bounds the memory


def _left(n: int) -> tuple[Vector, Vector]:
    return np.arange(n) / n, np.full(n, 1 / n)


def _right(n: int) -> tuple[Vector, Vector]:
    return (np.arange(n) + 1) / n, np.full(n, 1 / n)


def _midpoint(n: int) -> tuple[Vector, Vector]:
    return (np.arange(n) + 0.5) / n, np.full(n, 1 / n)


def _trapezoid(n: int) -> tuple[Vector, Vector]:
    weights = np.full(n, 1 / (n - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, n), weights


def _simpson(n: int) -> tuple[Vector, Vector]:
    weights = np.where(np.arange(n) % 2, 4.0, 2.0)
    weights[[0, -1]] = 1
    return np.linspace(0, 1, n), weights / (3 * (n - 1))


def _gauss_legendre(n: int) -> tuple[Vector, Vector]:
    nodes, weights = np.polynomial.legendre.leggauss(n)  # for -1..1
    return (nodes + 1) / 2, weights / 2


RULES: dict[str, Callable[[int], tuple[Vector, Vector]]] = {
    "left": _left,
    "right": _right,
    "midpoint": _midpoint,
    "trapezoid": _trapezoid,
    "simpson": _simpson,
    "gauss_legendre": _gauss_legendre,
}
_FEWEST = {"trapezoid": 2, "simpson": 3}


def nodes_and_weights(rule: str, num_steps: int) -> tuple[Vector, Vector]:
    r"""Nodes and weights of a rule for the interval 0..1.

    ==================  ========================================  =======================
    rule                nodes                                     exact for polynomials of
    ==================  ========================================  =======================
    ``left``            left end of each of n equal cells         degree 0
    ``right``           right end of each cell                    degree 0
    ``midpoint``        middle of each cell                       degree 1
    ``trapezoid``       n ends of n - 1 cells                     degree 1
    ``simpson``         the same, n odd                           degree 3
    ``gauss_legendre``  roots of the n-th Legendre polynomial     degree 2 n - 1
    ==================  ========================================  =======================

    Parameters
    ----------
    rule
        One of `RULES`.
    num_steps
        Number of nodes n: 1 or more; 2 for the trapezoid; odd and 3 or more for Simpson.

    Returns
    -------
    nodes : ndarray, shape (num_steps,)
        From 0 to 1, ascending.
    weights : ndarray, shape (num_steps,)
        Their sum is 1.

    Raises
    ------
    ValueError
        If there is no such rule, or it cannot have that many nodes.
    TypeError
        If ``num_steps`` is not a whole number.

    Examples
    --------
    >>> nodes, weights = nodes_and_weights("gauss_legendre", 2)
    >>> nodes.round(4), weights
    (array([0.2113, 0.7887]), array([0.5, 0.5]))
    >>> round(float(weights @ nodes**3), 12)  # the integral of alpha^3 is 1/4
    0.25
    """
    if rule not in RULES:
        raise ValueError(f"there is no rule {rule!r}; there are {', '.join(RULES)}")
    whole(num_steps, f"the {rule} rule's num_steps", _FEWEST.get(rule, 1))
    if rule == "simpson" and num_steps % 2 == 0:
        raise ValueError(
            f"Simpson's rule needs an odd number of steps, not {num_steps}; "
            f"take {num_steps - 1} or {num_steps + 1}"
        )
    return RULES[rule](int(num_steps))


class Panel(NamedTuple):
    """A piece of the path: its share of the integral, and how far that is from the known value.

    Attributes
    ----------
    start, end : float
        Where on the path, 0..1.
    phi : ndarray, any shape
        The weighted sum over the panel's nodes.
    error : float
        Sum of ``phi``, less what the sum has to be.
    """

    start: float
    end: float
    phi: Vector
    error: float


def panel_rule(intervals: Sequence[Ends]) -> tuple[Vector, Vector]:
    """Gauss-Legendre nodes in each of several panels.

    Returns
    -------
    nodes : ndarray, shape (panels * PANEL_STEPS,)
    weights : ndarray, shape (panels, panels * PANEL_STEPS)
        One row for each panel: zero at the other panels' nodes.

    Examples
    --------
    >>> nodes, weights = panel_rule([(0.0, 0.25), (0.25, 1.0)])
    >>> weights.sum(axis=1)
    array([0.25, 0.75])
    """
    unit_nodes, unit_weights = nodes_and_weights("gauss_legendre", PANEL_STEPS)
    ends_of_each = arrays("n 2", intervals=intervals)[0]
    if ends_of_each.shape[1] != 2:
        raise ValueError(f"an interval has a start and an end; these are {ends_of_each.shape}")
    starts, ends = ends_of_each.T
    nodes = starts[:, None] + (ends - starts)[:, None] * unit_nodes
    weights = np.diag(ends - starts)[..., None] * unit_weights
    return nodes.ravel(), weights.reshape(len(intervals), -1)


def adaptive(
    measure: Callable[[Sequence[Ends]], list[Panel]],
    num_steps: int,
    max_steps: int,
    allowed: float,
    allowed_apart: float,
) -> tuple[Vector, int, float]:
    """Integrate over 0..1 in panels; the worst is halved until two sums of errors are small enough.

    The panels' errors, added up with their signs, are the error of the whole. Errors of opposite
    sign cancel in it, but not in the map; so their absolute values are added up as well. (Two
    errors that cancel inside one panel show in neither sum.)

    The first panels end at the squares of equally spaced numbers: a network that is shown a
    picture growing out of its baseline makes up its mind near the beginning.

    Parameters
    ----------
    measure
        Gives a `Panel` for each interval.
    num_steps
        Nodes to begin with, shared out among panels of `PANEL_STEPS` each (rounded up).
    max_steps
        Most nodes to use.
    allowed
        How far the sum over all panels may be from the known value.
    allowed_apart
        How large the sum of the panels' absolute errors may be.

    Returns
    -------
    phi : ndarray
        The integral.
    steps : int
        Nodes used, those of panels that were halved later included.
    apart : float
        The sum of the panels' absolute errors.
    """
    whole(num_steps, "num_steps", 1)
    whole(max_steps, "max_steps", 1)
    for value, name in ((allowed, "allowed"), (allowed_apart, "allowed_apart")):
        if not real(value, name) >= 0:
            raise ValueError(f"{name}={value} must be 0 or more")
    edges = np.linspace(0, 1, -(-num_steps // PANEL_STEPS) + 1) ** 2
    panels = measure([(float(a), float(b)) for a, b in itertools.pairwise(edges)])
    steps = PANEL_STEPS * len(panels)
    phi, gap, apart = np.zeros_like(panels[0].phi), 0.0, 0.0  # of panels that are settled
    while True:
        panels.sort(key=lambda panel: abs(panel.error))
        for panel in panels[:-OPEN_PANELS]:
            phi, gap, apart = phi + panel.phi, gap + panel.error, apart + abs(panel.error)
        panels = panels[-OPEN_PANELS:]
        whole_gap = gap + sum(panel.error for panel in panels)
        all_apart = apart + sum(abs(panel.error) for panel in panels)
        met = abs(whole_gap) <= allowed and all_apart <= allowed_apart
        if met or steps + 2 * PANEL_STEPS > max_steps:
            return phi + sum(panel.phi for panel in panels), steps, all_apart
        worst = panels.pop()
        middle = (worst.start + worst.end) / 2
        panels += measure([(worst.start, middle), (middle, worst.end)])
        steps += 2 * PANEL_STEPS

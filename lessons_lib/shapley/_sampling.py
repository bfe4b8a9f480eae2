"""Shapley values of games with many players: random orders, and KernelSHAP (lesson 09).

References
----------
J. Castro, D. Gómez, J. Tejada, *Polynomial calculation of the Shapley value based on sampling*,
Computers & Operations Research 36, 2009;
S. M. Lundberg, S.-I. Lee, *A Unified Approach to Interpreting Model Predictions*, NeurIPS 2017
(arXiv:1705.07874), section 4.1.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.checks import whole
from lessons_lib.lime import weighted_fit
from lessons_lib.shapley._definition import (
    Value,
    check_players,
    coalitions,
    distinct_rows,
    marginal_contributions,
    named,
    values_of,
)


class Estimate(NamedTuple):
    """Shapley values from a random sample; with the players' names where the game has them.

    Attributes
    ----------
    phi : ndarray, shape (n,) or (n, outputs)
        The estimate: the mean of ``samples``.
    standard_error : ndarray, same shape
        Estimated standard deviation of ``phi``.
    samples : ndarray, shape (m, n) or (m, n, outputs)
        Independent estimates, one a row, each of which sums to ``v(all) - v(nobody)``.
    """

    phi: Any
    standard_error: Any
    samples: Any


def permutation_sampling(
    value: Value, n: int, permutations: int = 100, *, antithetic: bool = True, seed: int = 0
) -> Estimate:
    """Shapley values from random orders.

    Parameters
    ----------
    value
        The game; evaluated at most ``permutations * (n - 1) + 2`` times.
    n
        Number of players.
    permutations
        How many orders are drawn: at least 4, and an even number where ``antithetic``.
    antithetic
        Draw each order together with its reverse. Who comes early in one comes late in the other,
        so the errors of the two often cancel: wholly where all interactions are between pairs. Not
        always: in a majority of three the second decides, in the reverse too, and half of the draws
        are lost. With the correlation rho of what a player adds in the two, the squared error
        changes by the factor 1 + rho.
    seed
        Of the random orders; the same seed gives the same estimate.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there are too few permutations, or an odd number of them for pairs.

    References
    ----------
    Castro, Gómez & Tejada 2009; for the pairs: R. Mitchell et al., *Sampling Permutations for
    Shapley Value Estimation*, JMLR 23, 2022.

    Examples
    --------
    >>> estimate = permutation_sampling(lambda Z: Z.sum(axis=1) ** 2, 30, permutations=10)
    >>> estimate.phi.sum().round(9), estimate.phi.std().round(9)
    (np.float64(900.0), np.float64(0.0))
    """
    check_players(n)
    if whole(permutations, "permutations") < 4 or (antithetic and permutations % 2):
        kind = "an even number of permutations" if antithetic else "permutations"
        raise ValueError(f"{permutations} permutations: at least 4 are needed; give {kind}")
    rng = np.random.default_rng(seed)
    draws = permutations // 2 if antithetic else permutations
    orders = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)
    if antithetic:
        orders = np.concatenate([orders, orders[:, ::-1]])
    added = np.asarray(marginal_contributions(value, orders))
    samples = (added[:draws] + added[draws:]) / 2 if antithetic else added
    phi, error = samples.mean(axis=0), samples.std(axis=0, ddof=1) / np.sqrt(draws)
    return Estimate(named(phi, value), named(error, value), named(samples, value, ".n"))


def kernel_weights(n: int) -> NDArray[np.float64]:
    r"""Shapley kernel: weight of one coalition of s players, for s = 1 to n - 1.

    .. math:: \pi(s) = \frac{n - 1}{\binom{n}{s} \, s \, (n - s)}

    For s = 0 and s = n it is infinite: those two coalitions are met exactly.

    References
    ----------
    Lundberg & Lee 2017, theorem 2.

    Examples
    --------
    >>> kernel_weights(4)
    array([0.25 , 0.125, 0.25 ])
    """
    check_players(n)
    return np.array([(n - 1) / (math.comb(n, s) * s * (n - s)) for s in range(1, n)])


class KernelEstimate(NamedTuple):
    """Shapley values from the fit of KernelSHAP; with names where the game has them.

    Attributes
    ----------
    phi : ndarray, shape (n,) or (n, outputs)
    standard_error : ndarray, same shape
        Estimated standard deviation of ``phi``; 0 where all coalitions were looked at.
    """

    phi: Any
    standard_error: Any


def kernel_shap(value: Value, n: int, samples: int | None = None, *, seed: int = 0) -> Any:
    """Shapley values as the coefficients of a weighted linear fit: LIME with Shapley's kernel.

    Parameters
    ----------
    value
        The game; evaluated ``samples + 2`` times at most. Where it says which players can matter
        (its ``plays``, as that of `lessons_lib.shapley.interventional` does), only those
        take part, and the others get exactly 0.
    n
        Number of players.
    samples
        How many coalitions to look at besides nobody and all: at least ``2 * n``. Those of one
        player, and those that lack one, are always among them. The others are drawn, each together
        with its complement. Default: all ``2 ** n - 2``, which gives the exact values.
    seed
        Of the random draw.

    Returns
    -------
    ndarray of float64, shape (n,) or (n, outputs)
        Their sum is ``v(all) - v(nobody)``, whatever the number of samples. A Series or DataFrame
        where the game has names.

    Raises
    ------
    ValueError
        If there are fewer than ``2 * n`` samples, or too many players to look at all coalitions.

    References
    ----------
    A. Charnes, B. Golany, M. Keane, J. Rousseau, *Extremal Principle Solutions of Games in
    Characteristic Function Form*, 1988, for the weighted fit; Lundberg & Lee 2017, theorem 2;
    I. Covert, S.-I. Lee, *Improving KernelSHAP*, AISTATS 2021, for the pairs, and for the bias that
    a fit to a sample has.

    Examples
    --------
    >>> kernel_shap(lambda Z: 3 * Z[:, 0] + 2 * Z[:, 1] * Z[:, 2], 3).round(9)
    array([3., 1., 1.])
    """
    return _kernel(value, n, samples, seed).phi


def kernel_estimate(
    value: Value, n: int, samples: int | None = None, *, seed: int = 0
) -> KernelEstimate:
    r"""KernelSHAP, and how far its values may be off because coalitions were drawn.

    The fit is where the weighted residuals add up to nothing in each direction that keeps the sum.
    Each pair of coalitions that was drawn, :math:`S_p` and its complement, has its own share
    :math:`g_p` in that, and how much these differ says how much the sum may be off:

    .. math::

        \mathrm{Var}(\phi) = H^{-1} \, \frac{m^2 \, \mathrm{Cov}(g)}{P} \, H^{-1}
        \qquad H = \sum_k \pi_k z_k z_k^\top

    with P pairs, which share the kernel weight m. That is for many pairs: at ``20 * n`` samples of
    two rough games, 1.96 standard errors held 91 and 93 % of the true values.

    Parameters
    ----------
    value, n, samples, seed
        As for `kernel_shap`.

    Returns
    -------
    KernelEstimate

    Raises
    ------
    ValueError
        As `kernel_shap`; also if there are not more pairs than players, which say nothing yet.

    References
    ----------
    Covert & Lee 2021, section 3, who know H exactly; P. J. Huber, *The behavior of maximum
    likelihood estimates under nonstandard conditions*, 1967, for such a variance.

    Examples
    --------
    >>> few = kernel_estimate(lambda Z: (Z @ np.arange(20)) ** 3 / 1e4, 20, samples=400)
    >>> all_of_six = kernel_estimate(lambda Z: Z.sum(axis=1) ** 3, 6)
    >>> few.standard_error.max() > 0.01, all_of_six.standard_error.max()
    (np.True_, np.float64(0.0))
    """
    found = _kernel(value, n, samples, seed)
    players = int(_plays(value, n).sum())
    if samples is not None and samples < min(2**players - 2, 4 * players + 2):
        raise ValueError(
            f"{samples} samples for {players} players: an error needs {4 * players + 2} or more"
        )
    return found


def _plays(value: Value, n: int) -> NDArray[np.bool_]:
    """Which players can matter; all, where the game does not say."""
    check_players(n)
    plays = np.asarray(getattr(value, "plays", np.ones(n, bool)))
    if plays.shape != (n,):
        raise ValueError(f"the game has {plays.size} players, but n={n}")
    return plays


def _kernel(value: Value, n: int, samples: int | None, seed: int) -> KernelEstimate:
    plays = _plays(value, n)
    phi, error = _kernel_fit(value, plays, samples, seed)
    every = np.zeros((2, n, *phi.shape[1:]))
    every[0, plays], every[1, plays] = phi, error
    return KernelEstimate(named(every[0], value), named(every[1], value))


def _kernel_fit(
    value: Value, plays: NDArray[np.bool_], samples: int | None, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and their errors of the players who play."""
    n = int(plays.sum())
    pairs = np.zeros((0, 2), int)
    if samples is None or whole(samples, "samples") >= 2**n - 2:
        Z = coalitions(n)[1:-1] if n else np.zeros((0, 0), bool)
        weights = kernel_weights(n)[Z.sum(axis=1) - 1] if n > 1 else np.ones(0)
    elif samples < 2 * n:
        raise ValueError(f"{samples} samples for {n} players: give at least {2 * n}")
    else:
        Z, weights, pairs = _kernel_sample(n, samples, np.random.default_rng(seed))
    asked = np.zeros((len(Z) + 2, len(plays)), bool)
    asked[:-2, plays], asked[-1] = Z, True
    v = values_of(value, asked)
    y, gain = v[:-2] - v[-2], v[-1] - v[-2]
    if n < 2:
        return np.stack([gain] * n) if n else v[:0], np.zeros((n, *gain.shape))
    constraint = (np.ones(n), gain)
    phi = weighted_fit(Z, y, weights, intercept=False, constraint=constraint).coefficients
    return phi, _kernel_error(Z, y - Z @ phi, weights, pairs)


def _kernel_error(
    Z: NDArray[np.bool_],
    residuals: NDArray[np.float64],
    weights: NDArray[np.float64],
    pairs: NDArray[np.int_],
) -> NDArray[np.float64]:
    """Standard errors from the residuals of the pairs that were drawn, (pairs, 2) rows of Z."""
    n, P = Z.shape[1], len(pairs)
    if not P:
        return np.zeros((n, *residuals.shape[1:]))
    centred = Z - Z.mean(axis=1, keepdims=True)  # what is left of z where the sum is kept
    spread = np.linalg.pinv((centred.T * weights) @ centred, rcond=1e-10, hermitian=True)
    g = np.einsum("pdi,pd...->pi...", centred[pairs], residuals[pairs]) / 2
    mass = weights[2 * n :].sum()
    moved = np.einsum("ij,pj...->pi...", spread, g - g.mean(axis=0)) * mass
    return np.sqrt((moved**2).sum(axis=0) / (max(P - n, 1) * P))


def _kernel_sample(
    n: int, samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int_]]:
    """Draw pairs of coalitions, which share the weight that the fixed ones leave."""
    single = np.eye(n, dtype=bool)
    size = np.arange(2, n - 1)
    mass = (n - 1) / (size * (n - size))  # kernel weight of all coalitions of a size
    pairs = (samples - 2 * n) // 2
    sizes = rng.choice(size, pairs, p=mass / mass.sum())
    rank = rng.permuted(np.tile(np.arange(n), (pairs, 1)), axis=1)
    drawn = rank < sizes[:, None]
    Z, index = distinct_rows(np.concatenate([drawn, ~drawn]))
    shares = mass.sum() * np.bincount(index) / max(1, len(index))
    weights = np.concatenate([np.full(2 * n, 1 / n), shares])
    return np.concatenate([single, ~single, Z]), weights, 2 * n + index.reshape(2, pairs).T

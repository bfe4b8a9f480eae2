"""Weighted least squares: the one fit that both LIME (lesson 04) and KernelSHAP (lesson 09) solve.

The two methods differ in the weights, the ridge penalty and a constraint, and in nothing else.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_floats, finite, real

TINY = 1e-150  # its square, and that of 1 / TINY, are still numbers


class Fit(NamedTuple):
    """A fitted linear model ``intercept + Z @ coefficients``.

    Attributes
    ----------
    coefficients : ndarray, shape (d,), or (d, outputs) where ``y`` has several columns
    intercept : ndarray, shape () or (outputs,)
        0 where none was fitted.
    r_squared : ndarray, shape () or (outputs,)
        Weighted share of the variance that the model explains, at most 1; 1 also where a constant
        ``y`` is met exactly.
    """

    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]
    r_squared: NDArray[np.float64]


def weighted_fit(
    Z: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike,
    *,
    ridge: float = 0.0,
    intercept: bool = True,
    constraint: tuple[ArrayLike, ArrayLike] | None = None,
) -> Fit:
    r"""Linear model with the least weighted squared error.

    .. math::

        \min_{\beta, \beta_0} \; \sum_k \pi_k \bigl(y_k - \beta_0 - z_k^\top \beta\bigr)^2
        + \lambda \lVert \beta \rVert^2
        \quad \text{where, if asked for,} \quad a^\top \beta = b

    The square roots of the weights go into the rows, and a least-squares solver does the rest. The
    constraint is met exactly, not by a large weight: a particular solution of it is fixed, and only
    the directions at right angles to ``a`` are fitted. Where the rows do not settle all
    coefficients, those with the smallest norm are given.

    Parameters
    ----------
    Z : array, shape (n, d)
        One row for each sample; for LIME and KernelSHAP 0 (absent) and 1 (present).
    y : array, shape (n,) or (n, outputs)
        What the model should give.
    weights : array, shape (n,)
        :math:`\pi`: 0 or more, not all 0.
    ridge
        :math:`\lambda`, 0 or more. The intercept is never penalised.
    intercept
        Whether :math:`\beta_0` is fitted; otherwise it is 0.
    constraint
        ``(a, b)``: vector of shape (d,), and a number or one for each output.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        If shapes do not fit together, a value is not finite or too large to be squared, a weight is
        negative, all weights are 0 or too small or large to be squared, ``ridge`` is negative, or
        the constraint's ``a`` is all 0.

    References
    ----------
    M. T. Ribeiro, S. Singh, C. Guestrin, *"Why Should I Trust You?"*, KDD 2016, section 3.4;
    S. M. Lundberg, S.-I. Lee, *A Unified Approach to Interpreting Model Predictions*, NeurIPS 2017,
    section 4.1.

    Examples
    --------
    >>> Z = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    >>> fit = weighted_fit(Z, y=[1, 3, 4, 6], weights=[1, 2, 2, 1])
    >>> fit.coefficients.round(9), fit.intercept.round(9)
    (array([2., 3.]), np.float64(1.0))
    >>> weighted_fit(Z, [1, 3, 4, 6], [1, 2, 2, 1], constraint=([1, 1], 6)).coefficients.round(9)
    array([2.5, 3.5])
    """
    Z, y, weights = checked_samples(Z, y, weights)
    if not 0 <= real(ridge, "ridge") < np.inf:
        raise ValueError(f"ridge={ridge} must be 0 or more")
    targets = y.reshape(len(y), -1)
    centre_Z, centre_y = np.zeros(Z.shape[1]), np.zeros(targets.shape[1])
    if intercept:
        centre_Z, centre_y = np.average(Z, 0, weights), np.average(targets, 0, weights)
    root = np.sqrt(weights)[:, None]
    rows = np.vstack([root * (Z - centre_Z), np.sqrt(ridge) * np.eye(Z.shape[1])])
    goals = np.vstack([root * (targets - centre_y), np.zeros((Z.shape[1], targets.shape[1]))])

    start, directions = _free_part(constraint, Z.shape[1], targets.shape[1])
    free = np.linalg.lstsq(rows @ directions, goals - rows @ start)[0]
    coefficients = start + directions @ free
    beta_0 = centre_y - centre_Z @ coefficients

    explained = r_squared(targets, beta_0 + Z @ coefficients, weights)
    if y.ndim == 1:
        return Fit(coefficients[:, 0], beta_0[0], explained[0])
    return Fit(coefficients, beta_0, explained)


def checked_samples(
    Z: ArrayLike, y: ArrayLike, weights: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Samples as arrays of float64; an error unless they are what `weighted_fit` can take."""
    Z, y, weights = (
        as_floats(array, name).astype(float)
        for array, name in ((Z, "Z"), (y, "y"), (weights, "weights"))
    )
    if Z.ndim != 2 or y.ndim not in (1, 2) or weights.ndim != 1:
        raise ValueError(
            "expected Z of shape (n, d), y (n,) or (n, outputs) and weights (n,), but they have "
            f"{Z.shape}, {y.shape} and {weights.shape}"
        )
    if not len(Z) == len(y) == len(weights):
        raise ValueError(f"{len(Z)} rows in Z, {len(y)} in y, and {len(weights)} weights")
    for name, array in (("Z", Z), ("y", y), ("weights", weights)):
        if not np.isfinite(array).all():
            raise ValueError(f"{int((~np.isfinite(array)).sum())} values of {name} are not finite")
        if name != "weights" and np.abs(array).max(initial=0) > 1 / TINY:
            raise ValueError(
                f"{name} reaches {np.abs(array).max():.3g}, whose square is no number; give it in "
                "larger units"
            )
    if not len(weights):
        raise ValueError("there is no sample: Z, y and weights have no row")
    if (weights < 0).any() or not weights.any():
        raise ValueError(
            f"weights must be 0 or more and not all 0, but they lie in {weights.min():g}.."
            f"{weights.max():g}"
        )
    if not TINY <= weights.max() <= 1 / TINY:
        raise ValueError(
            f"the largest weight is {weights.max():.3g}, and its square is no number: it should "
            f"lie in {TINY:g}..{1 / TINY:g}. Divide all weights by it: only their ratios "
            "count. Weights of a kernel that are all tiny come from too small a width"
        )
    return Z, y, weights


def _free_part(
    constraint: tuple[ArrayLike, ArrayLike] | None, d: int, outputs: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A solution of ``a @ beta = b`` for each output, and a basis of what may be added to it."""
    if constraint is None:
        return np.zeros((d, outputs)), np.eye(d)
    a = finite(constraint[0], "the constraint's a").astype(float)
    if a.shape != (d,) or not a.any():
        raise ValueError(f"the constraint needs {d} numbers that are not all 0, not {a}")
    b = finite(constraint[1], "the constraint's b").astype(float)
    if b.shape not in ((), (1,), (outputs,)):
        raise ValueError(f"the constraint needs one b, or {outputs}, not {b.shape}")
    b = np.broadcast_to(b, outputs)
    # The first left singular vector of a column is its direction; the others are perpendicular.
    directions = np.linalg.svd(a[:, None])[0][:, 1:]
    return np.outer(a, b) / (a @ a), directions


def r_squared(
    y: NDArray[np.float64], fitted: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted share of the variance; 1 or 0 where there is none but rounding."""
    missed = weights @ (y - fitted) ** 2
    spread = weights @ (y - np.average(y, 0, weights)) ** 2
    tiny = np.finfo(float).eps * (weights @ y**2)
    varies = spread > tiny
    constant = np.where(missed <= tiny, 1.0, 0.0)
    return np.where(varies, 1 - missed / np.where(varies, spread, 1.0), constant)

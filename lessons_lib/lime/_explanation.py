"""LIME: a linear model that imitates any model near one instance (lesson 04).

First sample a neighbourhood of the instance (`lessons_lib.lime`), then `local_surrogate`: the
same few lines for tables, texts and pictures. One neighbourhood explains all classes.

References
----------
M. T. Ribeiro, S. Singh, C. Guestrin, *"Why Should I Trust You?": Explaining the Predictions of Any
Classifier*, KDD 2016 (arXiv:1602.04938), equations 1 and 2, section 3.4, Algorithm 1.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import lars_path

from lessons_lib.basics.checks import arrays, finite, real, whole
from lessons_lib.lime._neighbourhoods import Neighbourhood
from lessons_lib.lime._weighted_fit import Fit, checked_samples, r_squared, weighted_fit


@dataclass(frozen=True)
class Explanation:
    """A linear model g(z') = intercept + coefficients . z', good near one instance.

    Attributes
    ----------
    coefficients : ndarray, shape (M,)
        In units of the score for each unit of z'; 0 for features that were left out.
    intercept : float
    r_squared : float
        Share of the score's weighted variance that g accounts for, at most 1. Near 0, g says
        nothing of the model. It is measured on the samples that g was fitted to, so that few
        samples make it high; `held_out` measures it on others.
    prediction : float
        f(x): the model's own score.
    surrogate : float
        g(x'): the linear model's score for the instance.
    target : int
        The column of the scores that is explained.
    pi_x : ndarray, shape (n,)
        The kernel weight of each sample, 0..1.
    names : tuple of str
        What each of the M features is.
    """

    coefficients: NDArray[np.float64]
    intercept: float
    r_squared: float
    prediction: float
    surrogate: float
    target: int
    pi_x: NDArray[np.float64] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        return (
            f"f(x) = {self.prediction:.2f}, g(x') = {self.surrogate:.2f}, "
            f"weighted R² = {self.r_squared:.2f}"
        )

    def top(self, k: int | None = None) -> list[tuple[str, float]]:
        """List the ``k`` features with the largest coefficients of either sign, largest first."""
        order = np.argsort(-np.abs(self.coefficients), kind="stable")[:k]
        return [(self.names[j], float(self.coefficients[j])) for j in order]

    @property
    def effective_samples(self) -> float:
        """See `effective_samples`."""
        return effective_samples(self.pi_x)


def kernel(distance: ArrayLike, sigma: float) -> NDArray[np.float64]:
    r"""Weight of a sample at some distance (section 3.4).

    .. math:: \pi_x(z) = \exp\bigl(-D(x, z)^2 / \sigma^2\bigr)

    The `lime` library takes the square root of this: its ``kernel_width`` w is
    :math:`\sigma / \sqrt 2`.

    Parameters
    ----------
    distance : array
        D, 0 or more.
    sigma
        The width, in the units of D; above 0.

    Returns
    -------
    ndarray, same shape
        0..1; 1 at the instance.

    Examples
    --------
    >>> kernel([0, 1, 2], sigma=1).round(3)
    array([1.   , 0.368, 0.018])
    """
    if not real(sigma, "sigma") > 0:
        raise ValueError(f"sigma={sigma} must be above 0")
    D = finite(distance, "the distance").astype(float)
    if (D < 0).any():
        raise ValueError(f"a distance is 0 or more, but the least of these is {D.min():g}")
    return np.exp(-((D / sigma) ** 2))


def effective_samples(pi_x: NDArray[np.floating]) -> float:
    """How many equally weighted samples these weights are worth (Kish): sum(pi)^2 / sum(pi^2).

    Examples
    --------
    >>> effective_samples(np.array([1.0, 1.0, 1.0, 0.0]))
    3.0
    """
    pi_x = finite(pi_x, "pi_x").astype(float)
    if (pi_x < 0).any():
        raise ValueError(f"weights are 0 or more, but the least of these is {pi_x.min():g}")
    largest = pi_x.max()
    shares = pi_x / largest if largest > 0 else pi_x
    return float(shares.sum() ** 2 / max((shares**2).sum(), 1.0))


def local_surrogate(
    neighbourhood: Neighbourhood,
    target: int | None = None,
    *,
    sigma: float | None = None,
    features: int | None = None,
    ridge: float = 0.0,
) -> Explanation:
    r"""Fit the linear model of equation 1 to a neighbourhood.

    .. math::

        \xi(x) = \arg\min_g \sum_z \pi_x(z) \bigl(f(z) - g(z')\bigr)^2 + \Omega(g)

    Parameters
    ----------
    neighbourhood
        From `lessons_lib.lime`, or made by yourself.
    target
        The column of the scores to explain. Default: the instance's highest.
    sigma
        Width of the kernel. Default: the neighbourhood's own.
    features
        K: keep at most so many features, chosen by `k_lasso`. Default: all.
    ridge
        Penalty on the squared coefficients; the `lime` library always takes 1.

    Returns
    -------
    Explanation

    Raises
    ------
    ValueError
        If there is no such column, ``sigma`` or ``features`` is not above 0, or the kernel is so
        narrow that no sample but the instance itself has any weight.

    Warns
    -----
    UserWarning
        If the samples are worth fewer than there are numbers to fit (`effective_samples`).

    Examples
    --------
    >>> Z = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> distance = [0, 0.3, 0.3, 1]
    >>> four = Neighbourhood(Z, Z @ [[2], [3]], distance, ("left", "right"), sigma=1)
    >>> local_surrogate(four).coefficients.round(9)
    array([2., 3.])
    """
    Z, y, pi_x, target, sigma = _weighed(neighbourhood, target, sigma)
    coefficients, fit = _line(Z, y, pi_x, features, ridge)
    unknown, worth = len(fit.coefficients) + 1, effective_samples(pi_x)
    if worth < unknown:
        warnings.warn(
            f"{len(y)} samples at sigma={sigma:g} are worth {worth:.1f} equally weighted ones, and "
            f"{unknown} numbers are fitted to them: the R² will look better than the line is. Take "
            "more samples, a larger sigma, or fewer features; held_out measures what is left",
            stacklevel=2,
        )
    return Explanation(
        coefficients=coefficients,
        intercept=float(fit.intercept),
        r_squared=float(fit.r_squared),
        prediction=float(y[0]),
        surrogate=float(fit.intercept + Z[0] @ coefficients),
        target=target,
        pi_x=pi_x,
        names=neighbourhood.names,
    )


def held_out(
    neighbourhood: Neighbourhood,
    target: int | None = None,
    *,
    sigma: float | None = None,
    features: int | None = None,
    ridge: float = 0.0,
    folds: int = 10,
) -> float:
    r"""Weighted R² on samples that the line was not fitted to (cross-validation).

    Each fold in turn is left out, `local_surrogate` is fitted to the others, and says what it
    thinks of the fold. With :math:`\hat f(z)` for that answer and :math:`\bar f` for the weighted
    mean,

    .. math::

        R^2 = 1 - \frac{\sum_z \pi_x(z) \bigl(f(z) - \hat f(z)\bigr)^2}
                       {\sum_z \pi_x(z) \bigl(f(z) - \bar f\bigr)^2}

    Parameters
    ----------
    neighbourhood, target, sigma, features, ridge
        As for `local_surrogate`. Features are chosen anew without each fold.
    folds
        How many, 2 or more; each sample in turn goes into the next.

    Returns
    -------
    float
        At most 1; 1 also where all samples have one score. At 0 and below, the mean alone would
        have said more.

    Raises
    ------
    ValueError
        As `local_surrogate`, or if there are more folds than samples, or all weight is in one.

    Examples
    --------
    >>> Z = np.array([[1, 1], [1, 0], [0, 1], [0, 0]] * 5)
    >>> near = Neighbourhood(Z, Z @ [[2], [3]], np.zeros(20), ("left", "right"), sigma=1)
    >>> round(held_out(near), 9)
    1.0
    >>> noise = np.random.default_rng(0).normal(size=(20, 1))
    >>> held_out(near._replace(scores=noise)) < 0
    True
    """
    Z, y, pi_x, _, sigma = _weighed(neighbourhood, target, sigma)
    if whole(folds, "folds", 2) > len(y):
        raise ValueError(f"folds={folds} is more than the {len(y)} samples")
    said = np.empty(len(y))
    for fold in range(folds):
        out = np.arange(len(y)) % folds == fold
        if not pi_x[~out].any():
            raise ValueError(
                f"without one of {folds} folds no sample has any weight at sigma={sigma:g}: take "
                "another number of folds, or a larger sigma"
            )
        coefficients, fit = _line(Z[~out], y[~out], pi_x[~out], features, ridge)
        said[out] = fit.intercept + Z[out] @ coefficients
    return float(r_squared(y.astype(float), said, pi_x))


def _weighed(
    neighbourhood: Neighbourhood, target: int | None, sigma: float | None
) -> tuple[NDArray[Any], NDArray[np.floating], NDArray[np.float64], int, float]:
    """Z, the scores of one column, the samples' weights, that column, and the width."""
    Z, scores, distance, _, default = _checked(neighbourhood)
    target = _column(target, scores)
    sigma = default if sigma is None else sigma
    pi_x = kernel(distance, sigma)
    if not pi_x[(Z[0] != Z).any(axis=1)].any():
        raise ValueError(
            f"with sigma={sigma:g} no sample but the instance itself has any weight; half of the "
            f"{len(pi_x)} samples are nearer than {np.median(distance):.3g}: take "
            "such a sigma"
        )
    return Z, scores[:, target], pi_x, target, sigma


def _line(
    Z: NDArray[Any],
    y: NDArray[np.floating],
    pi_x: NDArray[np.float64],
    features: int | None,
    ridge: float,
) -> tuple[NDArray[np.float64], Fit]:
    """All M coefficients, 0 where a feature was left out, and the fit of the others."""
    kept = np.arange(Z.shape[1]) if features is None else k_lasso(Z, y, pi_x, features)
    fit = weighted_fit(Z[:, kept], y, pi_x, ridge=ridge)
    coefficients = np.zeros(Z.shape[1])
    coefficients[kept] = fit.coefficients
    return coefficients, fit


def k_lasso(
    Z: NDArray[Any], y: NDArray[np.floating], pi_x: NDArray[np.floating], features: int
) -> NDArray[np.int_]:
    """Which features to keep: the lasso's, as its penalty falls and before there are more than K.

    This is K-LASSO, the Omega of Algorithm 1. The lasso only chooses; what is chosen is then
    fitted without its penalty.

    Parameters
    ----------
    Z : ndarray, shape (n, M)
    y : ndarray, shape (n,)
    pi_x : ndarray, shape (n,)
    features
        K, 1 or more. Where it is M or more, all are kept.

    Returns
    -------
    ndarray of int
        At most K column numbers, rising.

    Examples
    --------
    >>> Z = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]])
    >>> k_lasso(Z, Z @ [5.0, 1.0, 0.0], np.ones(4), features=1)
    array([0])
    """
    Z, y, pi_x = checked_samples(Z, y, pi_x)
    whole(features, "features", 1)
    if features >= Z.shape[1]:
        return np.arange(Z.shape[1])
    root = np.sqrt(pi_x)
    rows = root[:, None] * (Z - np.average(Z, axis=0, weights=pi_x))
    goal = root * (y - np.average(y, weights=pi_x))
    path = lars_path(rows, goal, method="lasso")[2]
    step = np.flatnonzero((path != 0).sum(axis=0) <= features)[-1]
    return np.flatnonzero(path[:, step])


def _checked(neighbourhood: Neighbourhood) -> Neighbourhood:
    Z, scores, distance = arrays(
        "n M, n classes, n",
        Z=neighbourhood.Z,
        scores=neighbourhood.scores,
        distance=neighbourhood.distance,
    )
    if len(neighbourhood.names) != Z.shape[1]:
        raise ValueError(f"{len(neighbourhood.names)} names for {Z.shape[1]} columns of Z")
    return neighbourhood._replace(Z=Z, scores=scores, distance=distance)


def _column(target: int | None, scores: NDArray[np.floating]) -> int:
    columns = scores.shape[1]
    if target is None:
        return int(scores[0].argmax())
    whole(target, "target")
    if columns == 1 and target == 1:
        raise ValueError(
            "the model gives one score, so the only target is 0. If it is the probability of class "
            "1 alone, explain target 0; class 0 has the same coefficients with the signs turned"
        )
    if not 0 <= target < columns:
        raise ValueError(f"target={target} is outside 0..{columns - 1}, the columns of the scores")
    return int(target)

"""TreeSHAP: exact Shapley values of trees and forests, leaf by leaf (lesson 05).

A leaf is a small game of its own: its value counts as far as one gets there. On the way stand
conditions on a few features; who is present follows its own value, who is absent splits as the
training data did. Such a product game is solved by one integral, and the tree is the sum of its
leaves.

References
----------
S. M. Lundberg et al., *From local explanations to global understanding with explainable AI for
trees*, Nature Machine Intelligence 2, 2020 (arXiv:1905.04610): the path-dependent value function;
G. Owen, *Multilinear Extensions of Games*, Management Science 18, 1972: the integral.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from lessons_lib.basics.checks import as_floats
from lessons_lib.basics.progress import bar

_TREES = (DecisionTreeRegressor, DecisionTreeClassifier)
_FORESTS = (
    RandomForestRegressor,
    RandomForestClassifier,
    ExtraTreesRegressor,
    ExtraTreesClassifier,
)


class Condition(NamedTuple):
    """One split on the way to a leaf."""

    feature: int
    threshold: float
    left: bool  # whether the way goes on where feature <= threshold
    share: float  # of the training data at the split that went this way


class Leaf(NamedTuple):
    """A leaf, and how one gets there."""

    value: NDArray[np.float64]  # (outputs,)
    path: tuple[Condition, ...]


class TreeValues(NamedTuple):
    """Shapley values of a tree model.

    Attributes
    ----------
    phi : ndarray, shape (rows, n) or (rows, n, classes)
        In the units of the model's output.
    base : ndarray, shape () or (classes,)
        The value when no feature is known. ``base`` plus a row's sum is the model's output.
    """

    phi: NDArray[np.float64]
    base: NDArray[np.float64]


def tree_shap(model: Any, X: ArrayLike) -> TreeValues:
    """Shapley values of a tree, a random forest or gradient-boosted trees of scikit-learn.

    Parameters
    ----------
    model
        A fitted decision tree, random forest or extra trees (regressor or classifier), or a
        ``GradientBoostingRegressor``. For classifiers the output is the probability of each class.
    X : array, shape (rows, n)
        Rows to explain.

    Returns
    -------
    TreeValues

    Raises
    ------
    TypeError
        If the model is of another kind.
    ValueError
        If ``X`` has another number of columns than the model was fitted with, or is not finite.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    References
    ----------
    Lundberg et al. 2020, algorithm 1, computes the same values another way.

    Examples
    --------
    >>> tree = DecisionTreeRegressor().fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 4])
    >>> values = tree_shap(tree, [[1, 1]])
    >>> values.base, values.phi.round(9)
    (np.float64(1.0), array([[1.5, 1.5]]))
    """
    trees, scale, offset = _parts(model)
    # scikit-learn rounds X to float32 and compares with float64 thresholds; a point on a threshold
    # must go the same way here.
    X = _checked(X, model.n_features_in_).astype(np.float32).astype(np.float64)
    outputs = trees[0].value.shape[2]
    phi, base = np.zeros((*X.shape, outputs)), np.full(outputs, float(offset))
    for tree in bar(trees, desc="trees"):
        for leaf in leaves(tree):
            phi += scale * leaf_shapley(X, leaf.path)[..., None] * leaf.value
            base += scale * leaf.value * np.prod([condition.share for condition in leaf.path])
    if outputs == 1:
        return TreeValues(phi[..., 0], base[0])
    return TreeValues(phi, base)


def leaf_shapley(X: NDArray[np.float64], path: tuple[Condition, ...]) -> NDArray[np.float64]:
    r"""Shapley values of the game "how far does one get to this leaf".

    For each feature j on the path let :math:`o_j` be 1 if the row meets all its conditions, else 0,
    and :math:`z_j` the share of the training data that went this way. The game, and its Shapley
    values by Owen's integral:

    .. math::

        v(S) = \prod_{j \in S} o_j \prod_{j \notin S} z_j
        \qquad
        \phi_j = (o_j - z_j) \int_0^1 \prod_{i \ne j} \bigl(t \, o_i + (1 - t) \, z_i\bigr) \, dt

    The integrand is a polynomial, so a few Gauss-Legendre nodes give the integral exactly.

    Parameters
    ----------
    X : ndarray of float64, shape (rows, n)
    path
        The conditions from the root to the leaf.

    Returns
    -------
    ndarray of float64, shape (rows, n)
        0 for features that are not on the path.

    Examples
    --------
    >>> path = (Condition(0, 0.5, False, 0.5), Condition(1, 0.5, False, 0.5))
    >>> leaf_shapley(np.array([[1.0, 1.0, 9.0]]), path)
    array([[0.375, 0.375, 0.   ]])
    """
    phi = np.zeros(X.shape)
    features = sorted({condition.feature for condition in path})
    if not features:
        return phi
    o = np.ones((len(features), len(X)))
    z = np.ones((len(features), 1))
    for feature, threshold, left, share in path:
        j = features.index(feature)
        o[j] *= (X[:, feature] <= threshold) == left
        z[j] *= share
    nodes, weights = np.polynomial.legendre.leggauss((len(features) + 1) // 2)
    t, weights = (nodes + 1) / 2, weights / 2  # from -1..1 to 0..1
    factor = t * o[..., None] + (1 - t) * z[..., None]  # (features, rows, nodes), never 0
    others = factor.prod(axis=0) / factor
    phi[:, features] = ((o - z) * (others @ weights)).T
    return phi


def leaves(tree: Any, node: int = 0, path: tuple[Condition, ...] = ()) -> Iterator[Leaf]:
    """All leaves of a fitted scikit-learn tree (its ``tree_``), each with its path from the root.

    Examples
    --------
    >>> tree = DecisionTreeRegressor().fit([[0], [0], [1]], [5, 5, 8])
    >>> [(leaf.value[0], leaf.path[0].share.round(2)) for leaf in leaves(tree.tree_)]
    [(np.float64(5.0), np.float64(0.67)), (np.float64(8.0), np.float64(0.33))]
    """
    if tree.children_left[node] < 0:
        yield Leaf(tree.value[node, 0], path)
        return
    for left, child in ((True, tree.children_left[node]), (False, tree.children_right[node])):
        share = tree.weighted_n_node_samples[child] / tree.weighted_n_node_samples[node]
        step = Condition(int(tree.feature[node]), float(tree.threshold[node]), left, share)
        yield from leaves(tree, child, (*path, step))


def _parts(model: Any) -> tuple[list[Any], float, float]:
    """Trees whose sum, times a scale and plus an offset, is the model."""
    if isinstance(model, (*_TREES, *_FORESTS, GradientBoostingRegressor)):
        check_is_fitted(model)
    if isinstance(model, _TREES):
        return [model.tree_], 1.0, 0.0
    if isinstance(model, _FORESTS):
        return [member.tree_ for member in model.estimators_], 1 / len(model.estimators_), 0.0
    if isinstance(model, GradientBoostingRegressor) and isinstance(model.init_, DummyRegressor):
        trees = [member.tree_ for member in model.estimators_[:, 0]]
        return trees, model.learning_rate, model.init_.constant_.item()
    names = [kind.__name__ for kind in (*_TREES, *_FORESTS, GradientBoostingRegressor)]
    raise TypeError(f"cannot read the trees of {model!r}; it should be one of {', '.join(names)}")


def _checked(X: ArrayLike, columns: int) -> NDArray[np.float64]:
    X = as_floats(X, "X").astype(float)
    if X.ndim != 2 or X.shape[1] != columns:
        raise ValueError(f"the model takes rows of shape (rows, {columns}), not {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError(f"{int((~np.isfinite(X)).sum())} values of X are NaN or infinite")
    return X

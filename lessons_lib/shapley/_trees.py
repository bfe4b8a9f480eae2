r"""TreeSHAP: exact Shapley values of trees and forests, leaf by leaf (lessons 05 and 09).

A leaf is a small game of its own: its value counts as far as one gets there. On the way stand
conditions on a few features. For feature j let :math:`o_j` be 1 if the row meets all of them, else
0, and :math:`z_j` the same for who is absent. Such a product game is solved by one integral over
the time of arrival, and the tree is the sum of its leaves:

.. math::

    v(S) = \prod_{j \in S} o_j \prod_{j \notin S} z_j
    \qquad
    \phi_j = (o_j - z_j) \int_0^1 \prod_{i \ne j} \bigl(t \, o_i + (1 - t) \, z_i\bigr) \, dt

*Path-dependent*, the absent split as the training data did: :math:`z_j` is their share, and the
integrand a polynomial that a few Gauss-Legendre nodes integrate exactly. *Interventional*, the
absent follow a background row: :math:`z_j` is 0 or 1, and the integral a Beta function.

References
----------
S. M. Lundberg et al., *From local explanations to global understanding with explainable AI for
trees*, Nature Machine Intelligence 2, 2020 (arXiv:1905.04610): both value functions;
G. Owen, *Multilinear Extensions of Games*, Management Science 18, 1972: the integral.
"""

from collections.abc import Hashable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import beta

from lessons_lib.basics.columns import in_order, names_of
from lessons_lib.basics.progress import bar
from lessons_lib.shapley._tree_models import Floats, read_trees, rows_as_seen


class TreeValues(NamedTuple):
    """Shapley values of a tree model.

    Attributes
    ----------
    phi : ndarray, shape (rows, n) or (rows, n, outputs)
        In the units of the model's output; its columns are those of ``X``, in their order.
    base : ndarray, shape () or (outputs,)
        The value when no feature is known. ``base`` plus a row's sum is the model's output.
    names : tuple
        Of the columns, where ``X`` or the fitted model has them.
    outputs : tuple of str
        What each output is: a class, a target, or both; empty for a single one.
    """

    phi: Floats
    base: Floats
    names: tuple[Hashable, ...] = ()
    outputs: tuple[str, ...] = ()


def tree_shap(model: Any, X: ArrayLike, background: ArrayLike | None = None) -> TreeValues:
    """Shapley values of a tree, a random forest or gradient-boosted trees of scikit-learn.

    Parameters
    ----------
    model
        A fitted decision tree, random forest or extra trees, ``GradientBoosting`` or
        ``HistGradientBoosting``, regressor or classifier; also for several targets. What is
        explained is the output as `lessons_lib.shapley._tree_models.read_trees` gives it: the
        answer of a regressor, the probabilities of a forest, the log-odds of boosted trees.
    X : array, sparse matrix or DataFrame, shape (rows, n)
        Rows to explain. A DataFrame's columns are matched by name with those of the fit, and with
        those of the background. NaN goes where the model sends
        it, if the model takes it.
    background : array, shape (m, n)
        Interventional values: absent features take the values of these rows. Default: the
        path-dependent ones, in which absent features split as the training data did.

    Returns
    -------
    TreeValues

    Raises
    ------
    TypeError
        If the model is of another kind; the message says what to do instead.
    ValueError
        If the columns are not those that the model was fitted with, or a value is infinite, or NaN
        where the model takes none.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    References
    ----------
    Lundberg et al. 2020, algorithms 2 and 3, compute the same values another way.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> tree = DecisionTreeRegressor().fit(X, [0, 0, 0, 4])
    >>> values = tree_shap(tree, [[1, 1]])
    >>> values.base, values.phi.round(9)
    (np.float64(1.0), array([[1.5, 1.5]]))

    Whoever is absent has the values of the row [0, 1]:

    >>> tree_shap(tree, [[1, 1]], background=[[0, 1]]).phi.round(9)
    array([[4., 0.]])
    """
    from lessons_lib.shapley import _tree_loops as loops  # numba, which takes a while to load

    ensemble = read_trees(model)
    rows = rows_as_seen(model, X)
    usual = np.empty((0, rows.shape[1]))
    if background is not None:
        usual = rows_as_seen(model, in_order(background, names_of(X), "the background", "X"))
        if not len(usual):
            raise ValueError("the background has no row")
    phi = np.zeros((*rows.shape, ensemble.offset.size))
    base = ensemble.offset.copy()
    for tree in bar(ensemble.trees, desc="trees"):
        most = min(tree.depth, rows.shape[1])  # features on one way to a leaf
        if background is None:
            base += tree.mean
            loops.path_dependent(tree, rows, *arrival_times(most), phi)
        else:
            base += loops.mean_leaf(tree, usual)
            loops.interventional_values(tree, rows, usual, arrival_weights(most), phi)
    return _result(model, X, phi, base, ensemble.outputs)


@cache
def arrival_times(features: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Gauss-Legendre rules for 0..1, each exact for products of twice as many features as nodes.

    Returns
    -------
    sizes : ndarray of int, shape (rules,)
        Number of nodes: each up to 16, and doubled from there on.
    nodes, weights : ndarray, shape (rules, most)
        A rule a row, filled up with zeros.
    """
    needed = max(1, (features + 1) // 2)
    sizes = [*range(1, min(needed, 16) + 1)]
    while sizes[-1] < needed:
        sizes.append(2 * sizes[-1])
    nodes, weights = np.zeros((2, len(sizes), sizes[-1]))
    for k, size in enumerate(sizes):
        t, w = np.polynomial.legendre.leggauss(size)
        nodes[k, :size], weights[k, :size] = (t + 1) / 2, w / 2  # from -1..1 to 0..1
    return np.array(sizes), nodes, weights


@cache
def arrival_weights(features: int) -> Floats:
    r"""The integral where o and z are 0 or 1: :math:`\int_0^1 t^{a - 1} (1 - t)^b \, dt`.

    Here a features are met by the row alone, and b by the background row alone. By symmetry [b, a]
    is the weight of one of the b.
    """
    a, b = np.ogrid[: features + 1, : features + 1]
    return beta(np.maximum(a, 1), b + 1)


def _result(model: Any, X: ArrayLike, phi: Floats, base: Floats, outputs: Any) -> TreeValues:
    """Columns in the order of X, with their names; one output has no axis of its own."""
    fitted, names = tuple(getattr(model, "feature_names_in_", ())), names_of(X)
    if fitted and set(names) == set(fitted):
        phi = phi[:, [fitted.index(name) for name in names]]
    elif fitted:  # X was read by place
        names = fitted
    if len(base) == 1:
        return TreeValues(phi[..., 0], base[0], names, outputs)
    return TreeValues(phi, base, names, outputs)

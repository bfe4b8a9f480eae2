r"""TreeSHAP: exact Shapley values of trees and forests, leaf by leaf (lesson 05).

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

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import beta

from lessons_lib.columns import names_of
from lessons_lib.progress import bar
from lessons_lib.tree_models import Tree, read, rows_as_seen

ROWS = 128  # at a time: what belongs to one leaf then fits the nearest memory
Floats = NDArray[np.float64]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with numba; for good, where there is a place to keep the result."""
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:  # no folder that can be written to
        return numba.njit(function)


class TreeValues(NamedTuple):
    """Shapley values of a tree model.

    Attributes
    ----------
    phi : ndarray, shape (rows, n) or (rows, n, outputs)
        In the units of the model's output; its columns are those of ``X``, in their order.
    base : ndarray, shape () or (outputs,)
        The value when no feature is known. ``base`` plus a row's sum is the model's output.
    names : tuple of str
        Of the columns, where ``X`` or the fitted model has them.
    outputs : tuple of str
        What each output is: a class, a target, or both; empty for a single one.
    """

    phi: Floats
    base: Floats
    names: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def tree_shap(model: Any, X: ArrayLike, background: ArrayLike | None = None) -> TreeValues:
    """Shapley values of a tree, a random forest or gradient-boosted trees of scikit-learn.

    Parameters
    ----------
    model
        A fitted decision tree, random forest or extra trees, ``GradientBoosting`` or
        ``HistGradientBoosting``, regressor or classifier; also for several targets. What is
        explained is the output as `lessons_lib.tree_models.read` gives it: the answer of a
        regressor, the probabilities of a forest, the log-odds of boosted trees.
    X : array, shape (rows, n)
        Rows to explain. A DataFrame's columns are matched by name. NaN goes where the model sends
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
    ensemble = read(model)
    rows = rows_as_seen(model, X)
    usual = np.empty((0, rows.shape[1]))
    if background is not None:
        usual = rows_as_seen(model, background)
        if not len(usual):
            raise ValueError("the background has no row")
    blocks = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
    shares = [np.zeros((rows.shape[1], ensemble.offset.size, len(block))) for block in blocks]
    base = ensemble.offset.copy()
    for tree in bar(ensemble.trees, desc="trees"):
        most = min(tree.depth, rows.shape[1])  # features on one way to a leaf
        if background is None:
            leaf = tree.children[:, 0] < 0
            base += tree.cover[leaf] @ tree.value[leaf] / tree.cover[0]
            for block, share in zip(blocks, shares, strict=True):
                path_dependent(tree, goes_left(tree, block), *arrival_times(most), share)
        else:
            absent = np.ascontiguousarray(goes_left(tree, usual).T)
            base += tree.value[leaves_reached(tree, absent)].mean(axis=0)
            for block, share in zip(blocks, shares, strict=True):
                present = np.ascontiguousarray(goes_left(tree, block).T)
                interventional(tree, present, absent, arrival_weights(most), share)
    phi = np.concatenate([np.zeros((*shares[0].shape[:2], 0)), *shares], axis=2).transpose(2, 0, 1)
    return _result(model, X, phi, base, ensemble.outputs)


@compiled
def goes_left(tree: Tree, X: Floats) -> NDArray[np.bool_]:
    """Whether each row would go left at each node: shape (nodes, rows)."""
    left = np.empty((len(tree.feature), len(X)), np.bool_)
    for node in range(len(tree.feature)):
        feature, threshold = tree.feature[node], tree.threshold[node]
        by_category = tree.left_set[node]
        for r in range(len(X)):
            x = X[r, feature] if feature >= 0 else 0.0  # a leaf has no feature
            if np.isnan(x):
                left[node, r] = tree.missing_left[node]
            elif by_category >= 0:
                left[node, r] = tree.sets[by_category, int(x)]
            else:
                left[node, r] = x <= threshold
    return left


@compiled
def leaves_reached(tree: Tree, left: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The leaf in which each row ends; ``left`` has the shape (rows, nodes)."""
    leaf = np.zeros(len(left), np.int64)
    for r in range(len(left)):
        while tree.children[leaf[r], 0] >= 0:
            leaf[r] = tree.children[leaf[r], 0 if left[r, leaf[r]] else 1]
    return leaf


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


@compiled
def path_dependent(
    tree: Tree,
    left: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    times: Floats,
    weights: Floats,
    share: Floats,
) -> None:
    """Add the path-dependent Shapley values of one tree to ``share``.

    Parameters
    ----------
    tree
    left
        From `goes_left`, shape (nodes, rows).
    sizes, times, weights
        From `arrival_times`, for as many features as one way to a leaf can have.
    share : ndarray, shape (n, outputs, rows)
        What the values are added to.
    """
    n, outputs, rows = share.shape
    most = min(n, tree.depth)
    way = np.empty(tree.depth + 1, np.int64)  # nodes from the root to here
    place = np.full(n, -1)  # of a feature among those of the leaf
    features = np.empty(most, np.int64)
    o, z = np.empty((most, rows)), np.empty(most)
    before, after = np.empty(rows), np.empty((most + 1, rows))
    integral = np.empty((most, rows))
    open_nodes, depths = np.empty(tree.depth + 2, np.int64), np.empty(tree.depth + 2, np.int64)
    open_nodes[0], depths[0], still_open = 0, 0, 1
    while still_open:
        still_open -= 1
        node, depth = open_nodes[still_open], depths[still_open]
        way[depth] = node
        if tree.children[node, 0] >= 0:
            for side in range(2):
                open_nodes[still_open], depths[still_open] = tree.children[node, side], depth + 1
                still_open += 1
            continue

        # The leaf's game: o and z of each feature on the way.
        d = 0
        for step in range(depth):
            at, to = way[step], way[step + 1]
            feature = tree.feature[at]
            j = place[feature]
            if j < 0:
                j = place[feature] = d
                features[d], z[d], o[d] = feature, 1.0, 1.0
                d += 1
            z[j] *= tree.cover[to] / tree.cover[at]
            went_left = tree.children[at, 0] == to
            for r in range(rows):
                o[j, r] *= left[at, r] == went_left

        # Its integral: at each time, the product over the features before j and after j.
        integral[:d] = 0.0
        rule = np.searchsorted(sizes, (d + 1) // 2)
        for k in range(sizes[rule]):
            t = times[rule, k]
            after[d] = weights[rule, k]
            for j in range(d - 1, -1, -1):
                absent = (1 - t) * z[j]
                for r in range(rows):
                    after[j, r] = after[j + 1, r] * (t * o[j, r] + absent)
            before[:] = 1.0
            for j in range(d):
                absent = (1 - t) * z[j]
                for r in range(rows):
                    integral[j, r] += before[r] * after[j + 1, r]
                    before[r] *= t * o[j, r] + absent

        for j in range(d):
            place[features[j]] = -1
            for output in range(outputs):
                value = tree.value[node, output]
                for r in range(rows):
                    share[features[j], output, r] += (o[j, r] - z[j]) * integral[j, r] * value


@cache
def arrival_weights(features: int) -> Floats:
    r"""The integral where o and z are 0 or 1: :math:`\int_0^1 t^{a - 1} (1 - t)^b \, dt`.

    Here a features are met by the row alone, and b by the background row alone. By symmetry [b, a]
    is the weight of one of the b.
    """
    a, b = np.ogrid[: features + 1, : features + 1]
    return beta(np.maximum(a, 1), b + 1)


@compiled
def interventional(
    tree: Tree,
    present: NDArray[np.bool_],
    absent: NDArray[np.bool_],
    weights: Floats,
    share: Floats,
) -> None:
    """Add the interventional Shapley values of one tree to ``share``.

    For each pair of a row and a background row it walks to the leaves that a mixture of the two can
    reach. Where the two part, the feature is the row's on one way, and the background's on the
    other.

    Parameters
    ----------
    tree
    present : ndarray of bool, shape (rows, nodes)
        Whether each row goes left at each node.
    absent : ndarray of bool, shape (m, nodes)
        Whether each background row does.
    weights
        From `arrival_weights`.
    share : ndarray, shape (n, outputs, rows)
        What the values are added to.
    """
    n, outputs, rows = share.shape
    background = len(absent)
    whose = np.zeros(n, np.int64)  # 1: the row's, -1: the background's, 0: not asked, or the same
    parted = np.empty(min(n, tree.depth), np.int64)  # features of which somebody's is taken
    mine = np.empty((n, outputs))
    open_nodes = np.empty(tree.depth + 1, np.int64)
    open_features, counts = np.empty_like(open_nodes), np.empty_like(open_nodes)
    for r in range(rows):
        mine[:] = 0.0
        for b in range(background):
            node, d, still_open = 0, 0, 0
            while True:
                while tree.children[node, 0] >= 0:
                    feature = tree.feature[node]
                    with_row = tree.children[node, 0 if present[r, node] else 1]
                    without = tree.children[node, 0 if absent[b, node] else 1]
                    if with_row == without or whose[feature] > 0:
                        node = with_row
                    elif whose[feature] < 0:
                        node = without
                    else:
                        open_nodes[still_open], open_features[still_open] = without, feature
                        counts[still_open] = d
                        still_open += 1
                        whose[feature], parted[d] = 1, feature
                        d += 1
                        node = with_row

                joined = 0
                for i in range(d):
                    joined += whose[parted[i]] > 0
                for i in range(d):
                    if whose[parted[i]] > 0:
                        weight = weights[joined, d - joined]
                    else:
                        weight = -weights[d - joined, joined]
                    for output in range(outputs):
                        mine[parted[i], output] += weight * tree.value[node, output]

                wanted = counts[still_open - 1] if still_open else 0
                while d > wanted:  # back to the last fork
                    d -= 1
                    whose[parted[d]] = 0
                if not still_open:
                    break
                still_open -= 1
                node, parted[d] = open_nodes[still_open], open_features[still_open]
                whose[parted[d]] = -1
                d += 1
        for feature in range(n):
            for output in range(outputs):
                share[feature, output, r] += mine[feature, output] / background


def _result(model: Any, X: ArrayLike, phi: Floats, base: Floats, outputs: Any) -> TreeValues:
    """Columns in the order of X, with their names; one output has no axis of its own."""
    fitted, names = tuple(getattr(model, "feature_names_in_", ())), names_of(X)
    if fitted and names:
        phi = phi[:, [fitted.index(name) for name in names]]
    if len(base) == 1:
        return TreeValues(phi[..., 0], base[0], names or fitted, outputs)
    return TreeValues(phi, base, names or fitted, outputs)

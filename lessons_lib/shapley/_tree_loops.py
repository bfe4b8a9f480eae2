"""The loops of TreeSHAP over nodes and rows, compiled with numba; `_trees` says what they are."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from lessons_lib.shapley._tree_models import Floats, Tree


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with numba; for good, where there is a place to keep the result."""
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:  # no folder that can be written to
        return numba.njit(function)


@compiled
def goes_left(tree: Tree, node: Any, x: float) -> bool:
    """Whether a row with this value of the node's feature goes left."""
    if x <= node.threshold:
        return True
    if x > node.threshold:
        return False
    if np.isnan(x):
        return node.missing_left > 0
    return tree.sets[node.categories, int(x)]


@compiled
def mean_leaf(tree: Tree, X: Floats) -> Floats:
    """Mean value of the leaves in which the rows end."""
    total = np.zeros(tree.value.shape[1])
    for r in range(len(X)):
        at = 0
        while tree.nodes[at].left >= 0:
            node = tree.nodes[at]
            at = node.left if goes_left(tree, node, X[r, node.feature]) else node.right
        total += tree.value[at]
    return total / len(X)


@compiled
def path_dependent(
    tree: Tree,
    X: Floats,
    sizes: NDArray[np.int64],
    times: Floats,
    weights: Floats,
    phi: Floats,
) -> None:
    """Add the path-dependent Shapley values of one tree to ``phi``.

    Parameters
    ----------
    tree
    X : ndarray, shape (rows, n)
    sizes, times, weights
        From `arrival_times`, for as many features as one way to a leaf can have.
    phi : ndarray, shape (rows, n, outputs)
        What the values are added to.
    """
    rows, n, outputs = phi.shape
    most, deepest = min(n, tree.depth), tree.depth + 1
    # The way to a node: at each depth the feature that decided last, and its o and z from there on.
    features, z, o = np.empty(deepest, np.int64), np.empty(deepest), np.ones((deepest, rows))
    last = np.full(n, -1)  # depth at which a feature decided last
    former = np.empty(deepest, np.int64)  # and before that
    players = np.empty(most, np.int64)  # depths that count at a leaf
    factor, after, integral = np.empty(most), np.empty(most + 1), np.empty(most)
    parents, depths = np.empty(deepest + 1, np.int64), np.empty(deepest + 1, np.int64)
    open_nodes = np.zeros(deepest + 1, np.int64)
    depths[0], here, still_open = 0, 0, 1
    while still_open:
        still_open -= 1
        at, depth = open_nodes[still_open], depths[still_open]
        while here > depth - (depth > 0):  # back up to the node above
            last[features[here]] = former[here]
            here -= 1
        if depth:
            parent = tree.nodes[parents[still_open]]
            feature = parent.feature
            f = former[depth] = last[feature]
            features[depth], last[feature], here = feature, depth, depth
            z[depth] = tree.nodes[at].share * (z[f] if f >= 0 else 1.0)
            for r in range(rows):
                met = goes_left(tree, parent, X[r, feature]) == (parent.left == at)
                o[depth, r] = met * (o[f, r] if f >= 0 else 1.0)
        if tree.nodes[at].left >= 0:
            for child in (tree.nodes[at].right, tree.nodes[at].left):
                open_nodes[still_open], parents[still_open] = child, at
                depths[still_open] = depth + 1
                still_open += 1
            continue

        # A leaf's game. At each time, the product over the players before j and after j.
        d = 0
        for i in range(1, depth + 1):
            if last[features[i]] == i:
                players[d] = i
                d += 1
        rule = np.searchsorted(sizes, (d + 1) // 2)
        for r in range(rows):
            integral[:d] = 0.0
            for k in range(sizes[rule]):
                t = times[rule, k]
                after[d] = weights[rule, k]
                for j in range(d - 1, -1, -1):
                    factor[j] = t * o[players[j], r] + (1 - t) * z[players[j]]
                    after[j] = after[j + 1] * factor[j]
                before = 1.0
                for j in range(d):
                    integral[j] += before * after[j + 1]
                    before *= factor[j]
            for j in range(d):
                i = players[j]
                for output in range(outputs):
                    gain = (o[i, r] - z[i]) * integral[j]
                    phi[r, features[i], output] += gain * tree.value[at, output]


@compiled
def interventional_values(
    tree: Tree, X: Floats, background: Floats, weights: Floats, phi: Floats
) -> None:
    """Add the interventional Shapley values of one tree to ``phi``.

    For each pair of a row and a background row it goes to the leaves that a mixture of the two can
    reach. Where the two part, the feature is the row's on one way, and the background's on the
    other. A leaf adds to all features on its way, so each takes the sum over its own branch.

    Parameters
    ----------
    tree
    X : ndarray, shape (rows, n)
    background : ndarray, shape (m, n)
    weights
        From `arrival_weights`, for as many features as one way to a leaf can have.
    phi : ndarray, shape (rows, n, outputs)
        What the values are added to.
    """
    rows, n, outputs = phi.shape
    most = min(n, tree.depth)
    whose = np.zeros(n, np.int64)  # 1: the row's, -1: the background's, 0: they did not part yet
    forks, others = np.empty(most, np.int64), np.empty(most, np.int64)  # features; second branches
    joined, left_out = np.empty(outputs), np.empty(outputs)  # sums over the leaves so far
    begun = np.empty((most, outputs))  # those sums where a branch began
    for r in range(rows):
        x = X[r]
        for m in range(len(background)):
            b = background[m]
            joined[:], left_out[:] = 0.0, 0.0
            at, d, present = 0, 0, 0
            while True:
                while tree.nodes[at].left >= 0:
                    node = tree.nodes[at]
                    feature = node.feature
                    with_row = node.left if goes_left(tree, node, x[feature]) else node.right
                    without = node.left if goes_left(tree, node, b[feature]) else node.right
                    if with_row == without or whose[feature] > 0:
                        at = with_row
                    elif whose[feature] < 0:
                        at = without
                    else:
                        forks[d], others[d], whose[feature] = feature, without, 1
                        for output in range(outputs):
                            begun[d, output] = joined[output]
                        at, d, present = with_row, d + 1, present + 1
                for output in range(outputs):
                    value = tree.value[at, output] / len(background)
                    joined[output] += weights[present, d - present] * value
                    left_out[output] += weights[d - present, present] * value
                while d and whose[forks[d - 1]] < 0:  # both branches are done
                    d -= 1
                    whose[forks[d]] = 0
                    for output in range(outputs):
                        phi[r, forks[d], output] -= left_out[output] - begun[d, output]
                if not d:
                    break
                fork = forks[d - 1]
                for output in range(outputs):
                    phi[r, fork, output] += joined[output] - begun[d - 1, output]
                    begun[d - 1, output] = left_out[output]
                whose[fork], at, present = -1, others[d - 1], present - 1

"""The trees of a fitted scikit-learn model, as arrays that `lessons_lib.shapley` can walk.

Every model that is read here is a sum: an offset, and for each tree the value of the leaf that is
reached. What a forest divides by, and what boosting multiplies with, is in the leaves already.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from lessons_lib.basics.checks import as_floats
from lessons_lib.basics.columns import check_order, in_order, names_of

Floats = NDArray[np.float64]

_TREES = (DecisionTreeRegressor, DecisionTreeClassifier)
_FORESTS = (
    RandomForestRegressor,
    RandomForestClassifier,
    ExtraTreesRegressor,
    ExtraTreesClassifier,
)
_BOOSTED = (GradientBoostingRegressor, GradientBoostingClassifier)
_BINNED = (HistGradientBoostingRegressor, HistGradientBoostingClassifier)
_KINDS = (*_TREES, *_FORESTS, *_BOOSTED, *_BINNED)


NODE = np.dtype(
    [
        ("feature", "i8"),  # the column that decides
        ("threshold", "f8"),  # up to here, a row goes left; NaN where a category decides
        ("left", "i8"),  # the next node on the left; -1 at a leaf
        ("right", "i8"),
        ("share", "f8"),  # of the training rows at the node above that came here
        ("categories", "i4"),  # which row of `Tree.sets` decides; -1 for a threshold
        ("missing_left", "i4"),  # where a row goes whose value is missing
    ]
)


class Tree(NamedTuple):
    """One tree; its nodes are numbered, and the root is 0.

    Attributes
    ----------
    nodes : ndarray of `NODE`, shape (nodes,)
    value : ndarray of float64, shape (nodes, outputs)
        What a leaf adds to the model's output.
    sets : ndarray of bool, shape (splits by a category, 256)
        Which categories go left.
    mean : ndarray of float64, shape (outputs,)
        Of the leaves, over the training rows.
    depth : int
        Most splits on the way to a leaf.
    """

    nodes: NDArray[np.void]
    value: NDArray[np.float64]
    sets: NDArray[np.bool_]
    mean: NDArray[np.float64]
    depth: int


class Ensemble(NamedTuple):
    """A model as a sum of trees.

    Attributes
    ----------
    trees : list of Tree
    offset : ndarray, shape (outputs,)
    outputs : tuple of str
        What each output is, where the model has several.
    """

    trees: list[Tree]
    offset: NDArray[np.float64]
    outputs: tuple[str, ...]


def read_trees(model: Any) -> Ensemble:
    """The trees of a model of scikit-learn.

    A classifier that is a tree or a forest gives probabilities. Boosted trees give what they add
    up: for a classifier log-odds, as its ``decision_function``; for a regressor the answer itself,
    or its logarithm where the loss is ``"poisson"`` or ``"gamma"``.

    Raises
    ------
    TypeError
        If the model is of another kind; the message says what to do instead.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> ensemble = read_trees(DecisionTreeRegressor().fit([[0], [1]], [5, 8]))
    >>> ensemble.trees[0].value[:, 0], ensemble.offset
    (array([6.5, 5. , 8. ]), array([0.]))
    """
    if not isinstance(model, _KINDS):
        raise TypeError(_way_on(model))
    check_is_fitted(model)
    if isinstance(model, _BINNED):
        return _binned(model)
    if isinstance(model, _BOOSTED):
        return _boosted(model)
    members = [model] if isinstance(model, _TREES) else list(model.estimators_)
    kept = _real_classes(model)
    trees = [_tree(m.tree_, m.tree_.value.reshape(-1, kept.size)[:, kept] / len(members))
             for m in members]  # fmt: skip
    return Ensemble(trees, np.zeros(int(kept.sum())), _output_names(model))


def rows_as_seen(model: Any, X: Any) -> NDArray[np.float64]:
    """Rows as the model's own thresholds meet them, with its columns in the order of the fit.

    Trees and forests round to float32 first: a point on a threshold must go the same way here.
    Histogram boosting gives each category its number.

    Raises
    ------
    TypeError
        If a value is no number.
    ValueError
        If the columns are not those that the model was fitted with, or a value is infinite, or
        missing where the model cannot take it.
    """
    X = in_order(X, getattr(model, "feature_names_in_", ()), "X", "the fitted model")
    check_order(names_of(X), model, "X")
    columns = model.n_features_in_
    if isinstance(model, _BINNED):
        shape = np.shape(X)
        if len(shape) != 2 or shape[1] != columns:
            raise ValueError(f"the model takes rows of shape (rows, {columns}), not {shape}")
        order = _order_of_columns(model)
        seen = np.asarray(model._preprocess_X(X, reset=False), float)
        return seen[:, np.argsort(order)]
    rows = as_floats(X.toarray() if issparse(X) else X, "X").astype(np.float64)
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise ValueError(f"the model takes rows of shape (rows, {columns}), not {rows.shape}")
    with np.errstate(over="ignore"):
        rows = rows.astype(np.float32).astype(np.float64)
    if np.isinf(rows).any():
        raise ValueError(f"{int(np.isinf(rows).sum())} values of X are infinite in float32")
    if np.isnan(rows).any() and not get_tags(model).input_tags.allow_nan:
        raise ValueError(
            f"{int(np.isnan(rows).sum())} values of X are NaN, and {type(model).__name__} takes "
            "none; fill them first, or fit a HistGradientBoosting model, which does"
        )
    return rows


def _tree(tree: Any, value: NDArray[np.float64]) -> Tree:
    nodes = np.zeros(len(value), NODE)
    nodes["feature"], nodes["threshold"] = tree.feature, tree.threshold
    nodes["left"], nodes["right"] = tree.children_left, tree.children_right
    nodes["missing_left"], nodes["categories"] = tree.missing_go_to_left, -1
    return _finished(nodes, tree.weighted_n_node_samples, value, tree.max_depth)


def _finished(
    nodes: NDArray[np.void],
    cover: NDArray[np.floating],
    value: NDArray[np.float64],
    depth: int,
    sets: NDArray[np.bool_] | None = None,
) -> Tree:
    """A tree, once the shares of its nodes are worked out from the weight of their rows."""
    inner = nodes["left"] >= 0
    for side in ("left", "right"):
        nodes["share"][nodes[side][inner]] = cover[nodes[side][inner]] / cover[inner]
    mean = cover[~inner] @ value[~inner] / cover[0]
    sets = np.zeros((0, 256), bool) if sets is None else sets
    return Tree(nodes, np.ascontiguousarray(value, dtype=np.float64), sets, mean, int(depth))


def _boosted(model: Any) -> Ensemble:
    constant = isinstance(model.init_, DummyRegressor | DummyClassifier)
    if not constant and not isinstance(model.init_, str):  # the string "zero"
        raise TypeError(
            f"the boosting of {model!r} starts from another model, {model.init_!r}, which is no "
            f"tree that could be read. {_INSTEAD}"
        )
    K = model.estimators_.shape[1]
    trees = [
        _tree(member.tree_, _alone(model.learning_rate * member.tree_.value[:, 0, 0], k, K))
        for stage in model.estimators_
        for k, member in enumerate(stage)
    ]
    offset = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))[0]
    return Ensemble(trees, offset.astype(float), _output_names(model) if K > 1 else ())


def _binned(model: Any) -> Ensemble:
    order = _order_of_columns(model)
    K = model.n_trees_per_iteration_
    trees = []
    for stage in model._predictors:
        for k, predictor in enumerate(stage):
            theirs = predictor.nodes
            leaf, by_category = theirs["is_leaf"] > 0, theirs["is_categorical"] > 0
            nodes = np.zeros(len(theirs), NODE)
            nodes["feature"] = order[np.where(leaf, 0, theirs["feature_idx"])]
            nodes["threshold"] = np.where(by_category, np.nan, theirs["num_threshold"])
            nodes["categories"] = np.where(by_category, theirs["bitset_idx"].astype(int), -1)
            nodes["missing_left"] = theirs["missing_go_to_left"]
            for side in ("left", "right"):
                nodes[side] = np.where(leaf, -1, theirs[side].astype(int))
            bits = predictor.raw_left_cat_bitsets.astype("<u4").view(np.uint8)
            sets = np.unpackbits(bits, axis=1, bitorder="little").astype(bool)
            value = _alone(theirs["value"], k, K)
            trees.append(
                _finished(nodes, theirs["count"].astype(float), value, theirs["depth"].max(), sets)
            )
    offset = np.asarray(model._baseline_prediction, float).reshape(-1)
    return Ensemble(trees, offset, _output_names(model) if K > 1 else ())


def _alone(value: NDArray[np.float64], k: int, outputs: int) -> NDArray[np.float64]:
    """Values of a tree that speaks for output ``k`` only."""
    every = np.zeros((len(value), outputs))
    every[:, k] = value
    return every


def _order_of_columns(model: Any) -> NDArray[np.int64]:
    """Histogram boosting puts columns of categories first: where each of its columns stood."""
    if model.is_categorical_ is None:
        return np.arange(model.n_features_in_)
    return np.argsort(~model.is_categorical_, kind="stable")


def _classes(model: Any) -> list[NDArray[Any]]:
    """The classes of each target; none for a regression."""
    classes = getattr(model, "classes_", [])
    return [np.asarray(c) for c in classes] if isinstance(classes, list) else [classes]


def _real_classes(model: Any) -> NDArray[np.bool_]:
    """Which of a tree's values (targets, classes) are real: targets may differ in classes."""
    counts = [len(c) for c in _classes(model)] or [1] * model.n_outputs_
    return (np.arange(max(counts)) < np.array(counts)[:, None]).ravel()


def _output_names(model: Any) -> tuple[str, ...]:
    classes = _classes(model)
    if not classes:
        targets = getattr(model, "n_outputs_", 1)
        return tuple(f"target {k}" for k in range(targets)) if targets > 1 else ()
    if len(classes) == 1:
        return tuple(str(c) for c in classes[0])
    return tuple(f"target {k}: {c}" for k, some in enumerate(classes) for c in some)


_INSTEAD = (
    "Take exact (up to 20 columns) or kernel_shap of an interventional value function, which ask "
    "any model for its answers only; or shap.TreeExplainer, which reads the trees of XGBoost, "
    "LightGBM and CatBoost"
)


def _way_on(model: Any) -> str:
    steps: Iterable[Any] = getattr(model, "steps", ())
    last = [step for _, step in steps if isinstance(step, _KINDS)]
    if last:
        return (
            f"{type(model).__name__} holds a {type(last[-1]).__name__} behind other steps: give "
            "tree_shap that step, model[-1], with rows as the other steps make them, "
            f"model[:-1].transform(X). Or explain the whole, in its own columns. {_INSTEAD}"
        )
    if isinstance(getattr(model, "best_estimator_", None), _KINDS):
        return f"give tree_shap the model that {type(model).__name__} chose: model.best_estimator_"
    kinds = ", ".join(kind.__name__ for kind in _KINDS)
    return f"cannot read the trees of {model!r}; it should be one of {kinds}. {_INSTEAD}"

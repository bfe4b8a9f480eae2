"""TreeSHAP against a brute force over its value function, and the shap library."""

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from lessons_lib.shapley import exact, tree_shap

N = 6


@pytest.fixture(scope="module")
def data():
    """Whole numbers, so that thresholds are halves, and halves that lie exactly on them."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, (150, N)).astype(float)
    y = X[:, 0] * X[:, 1] + X[:, 2] - (X[:, 3] > 2) * X[:, 4]
    on_thresholds = rng.integers(0, 11, (25, N)) / 2
    return X, y, on_thresholds


def walk(tree, x, present, node=0):
    """The path-dependent value: follow x where it is known, else average by training rows."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left < 0:
        return tree.value[node, 0]
    if present[tree.feature[node]]:
        goes_left = np.float32(x[tree.feature[node]]) <= tree.threshold[node]
        return walk(tree, x, present, left if goes_left else right)
    count = tree.weighted_n_node_samples
    parts = [count[child] * walk(tree, x, present, child) for child in (left, right)]
    return sum(parts) / count[node]


def brute_force(tree, x):
    return exact(lambda Z: np.array([walk(tree, x, z) for z in Z]), N)


@pytest.mark.parametrize("depth", [1, 3, None])
def test_a_tree_against_brute_force(data, depth) -> None:
    X, y, on_thresholds = data
    model = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(X, y)
    used = set(model.tree_.threshold[model.tree_.feature >= 0])
    points = np.concatenate([on_thresholds[:8], X[:4]])
    assert used & set(points.ravel()), "no point lies on a threshold"
    expected = [brute_force(model.tree_, x)[:, 0] for x in points]
    np.testing.assert_allclose(tree_shap(model, points).phi, expected, atol=1e-10)


def test_a_point_on_a_threshold_goes_left() -> None:
    tree = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 8.0])
    assert tree.tree_.threshold[0] == 0.5
    np.testing.assert_allclose(tree_shap(tree, [[0.5], [0.5000001]]).phi, [[-4], [4]])


def test_a_threshold_that_float32_cannot_hold() -> None:
    """scikit-learn may round a point on it up, and then it goes right: in float64 it is above."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 40, (300, 3)) / 10
    model = DecisionTreeRegressor(random_state=0).fit(X, X[:, 0] * X[:, 1] - X[:, 2])
    splits = np.flatnonzero(model.tree_.feature >= 0)
    points = X[rng.integers(0, len(X), len(splits))]
    points[np.arange(len(splits)), model.tree_.feature[splits]] = model.tree_.threshold[splits]
    assert (points.astype(np.float32) > points).any()
    values = tree_shap(model, points)
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.predict(points), atol=1e-10)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeRegressor(random_state=0),
        RandomForestRegressor(10, random_state=0),
        GradientBoostingRegressor(n_estimators=30, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_is_shaps_tree_explainer_and_sums_to_the_prediction(data, model) -> None:
    shap = pytest.importorskip("shap")
    X, y, on_thresholds = data
    model.fit(X, y)
    ours = tree_shap(model, on_thresholds)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    np.testing.assert_allclose(ours.phi, explainer.shap_values(on_thresholds), atol=1e-8)
    assert ours.base == pytest.approx(np.ravel(explainer.expected_value)[0], abs=1e-8)
    total = ours.base + ours.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.predict(on_thresholds), atol=1e-10)


@pytest.mark.parametrize(
    "model",
    [DecisionTreeClassifier(random_state=0), ExtraTreesClassifier(10, random_state=0)],
    ids=lambda model: type(model).__name__,
)
def test_classes_are_probabilities(data, model) -> None:
    shap = pytest.importorskip("shap")
    X, y, on_thresholds = data
    model.fit(X, np.digitize(y, [0, 8]))
    ours = tree_shap(model, on_thresholds)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    np.testing.assert_allclose(ours.phi, explainer.shap_values(on_thresholds), atol=1e-8)
    total = ours.base + ours.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.predict_proba(on_thresholds), atol=1e-10)


def test_sample_weights_count(data) -> None:
    X, y, points = data
    weights = np.random.default_rng(1).random(len(X)) + 0.1
    model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, y, weights)
    expected = [brute_force(model.tree_, x)[:, 0] for x in points[:4]]
    np.testing.assert_allclose(tree_shap(model, points[:4]).phi, expected, atol=1e-10)


def test_a_tree_of_one_leaf_gives_zeros(data) -> None:
    X, _, _ = data
    values = tree_shap(DecisionTreeRegressor().fit(X, np.full(len(X), 7.0)), X[:2])
    assert values.base == 7
    assert (values.phi == 0).all()


def test_bad_input_is_named(data) -> None:
    X, y, _ = data
    tree = DecisionTreeRegressor(max_depth=2).fit(X, y)
    with pytest.raises(ValueError, match=rf"\(rows, {N}\), not \(3, 2\)"):
        tree_shap(tree, np.zeros((3, 2)))
    with pytest.raises(ValueError, match="1 values of X are NaN"):
        tree_shap(tree, np.where(np.arange(N) == 1, np.nan, X[:1]))
    with pytest.raises(TypeError, match=r"HistGradientBoosting.*DecisionTreeRegressor"):
        tree_shap(HistGradientBoostingRegressor(max_iter=2).fit(X, y), X)
    from_a_tree = GradientBoostingRegressor(init=DecisionTreeRegressor(), n_estimators=2)
    with pytest.raises(TypeError, match="GradientBoostingRegressor"):
        tree_shap(from_a_tree.fit(X, y), X)
    with pytest.raises(NotFittedError):
        tree_shap(DecisionTreeRegressor(), X)

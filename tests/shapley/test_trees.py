"""TreeSHAP against a brute force over its value function, and the shap library."""

import numba
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
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
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from lessons_lib.shapley import exact, tree_shap
from lessons_lib.shapley._tree_loops import compiled
from lessons_lib.shapley._tree_models import read_trees
from lessons_lib.shapley._trees import arrival_times

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
        return tree.value[node].ravel()
    if present[tree.feature[node]]:
        known = np.float32(x[tree.feature[node]])
        missing = np.isnan(known) and tree.missing_go_to_left[node]
        goes_left = missing or known <= tree.threshold[node]
        return walk(tree, x, present, left if goes_left else right)
    count = tree.weighted_n_node_samples
    parts = [count[child] * walk(tree, x, present, child) for child in (left, right)]
    return sum(parts) / count[node]


def brute_force(tree, x):
    return exact(lambda Z: np.array([walk(tree, x, z) for z in Z]), len(x))


@pytest.mark.parametrize("depth", [1, 3, None])
def test_a_tree_against_brute_force(data, depth) -> None:
    X, y, on_thresholds = data
    model = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(X, y)
    used = set(model.tree_.threshold[model.tree_.feature >= 0])
    points = np.concatenate([on_thresholds[:8], X[:4]])
    assert used & set(points.ravel()), "no point lies on a threshold"
    expected = [brute_force(model.tree_, x)[:, 0] for x in points]
    np.testing.assert_allclose(tree_shap(model, points).phi, expected, atol=1e-12)


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
    np.testing.assert_allclose(total, model.predict(points), atol=1e-12)


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
    np.testing.assert_allclose(total, model.predict(on_thresholds), atol=1e-12)


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
    np.testing.assert_allclose(total, model.predict_proba(on_thresholds), atol=1e-12)


def test_sample_weights_count(data) -> None:
    X, y, points = data
    weights = np.random.default_rng(1).random(len(X)) + 0.1
    model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, y, weights)
    expected = [brute_force(model.tree_, x)[:, 0] for x in points[:4]]
    np.testing.assert_allclose(tree_shap(model, points[:4]).phi, expected, atol=1e-12)


def test_a_tree_of_one_leaf_gives_zeros(data) -> None:
    X, _, _ = data
    values = tree_shap(DecisionTreeRegressor().fit(X, np.full(len(X), 7.0)), X[:2])
    assert values.base == 7
    assert (values.phi == 0).all()


def test_several_targets_add_up_each(data) -> None:
    X, y, points = data
    Y = np.stack([y, 10 * X[:, 5], -y], axis=1)
    forest = RandomForestRegressor(5, random_state=0).fit(X, Y)
    values = tree_shap(forest, points)
    assert values.phi.shape == (25, N, 3)
    assert values.outputs == ("target 0", "target 1", "target 2")
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, forest.predict(points), atol=1e-12)
    brute = np.mean([brute_force(tree.tree_, points[0]) for tree in forest], axis=0)
    np.testing.assert_allclose(values.phi[0], brute, atol=1e-12)


def test_several_labels_of_unlike_numbers_of_classes(data) -> None:
    X, y, points = data
    Y = np.stack([np.digitize(y, [0, 8]), X[:, 5] > 2], axis=1)
    forest = ExtraTreesClassifier(5, random_state=0).fit(X, Y)
    values = tree_shap(forest, points)
    first = ("target 0: 0", "target 0: 1", "target 0: 2")
    assert values.outputs == (*first, "target 1: 0", "target 1: 1")
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, np.hstack(forest.predict_proba(points)), atol=1e-12)


@pytest.mark.parametrize("init", [None, "zero"])
@pytest.mark.parametrize("cuts", [[3], [0, 8]], ids=["two classes", "three"])
def test_boosted_classes_are_log_odds(data, init, cuts) -> None:
    X, y, points = data
    model = GradientBoostingClassifier(n_estimators=10, init=init, random_state=0)
    model.fit(X, np.digitize(y, cuts))
    values = tree_shap(model, points)
    assert values.outputs == (("0", "1", "2") if len(cuts) == 2 else ())
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.decision_function(points), atol=1e-12)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_binned_regression(data, loss) -> None:
    X, y, points = data
    model = HistGradientBoostingRegressor(loss=loss, max_iter=10, random_state=0)
    model.fit(X, y - y.min())
    answers = model.predict(points)
    values = tree_shap(model, points)
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, np.log(answers) if loss == "poisson" else answers, atol=1e-12)


def gaps(X, share=0.2):
    """Rows in which some values are missing."""
    return np.where(np.random.default_rng(7).random(X.shape) < share, np.nan, X)


@pytest.mark.parametrize("classes", [2, 3])
def test_binned_classes_with_categories_and_gaps(data, classes) -> None:
    X, y, points = data
    points = gaps(np.concatenate([np.floor(points), np.full((2, N), 77.0)]))  # unknown ones too
    model = HistGradientBoostingClassifier(
        max_iter=8, categorical_features=[1, 4], min_samples_leaf=3, random_state=0
    )
    model.fit(
        gaps(X), np.digitize(y + 5 * (X[:, 1] % 2) + 3 * (X[:, 4] == 3), [0, 8][3 - classes :])
    )
    assert any(tree.sets.any() for tree in read_trees(model).trees), "no category decides"
    values = tree_shap(model, points)
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.decision_function(points), atol=1e-12)
    background = gaps(X[:9])
    for i in (0, 5, -1):
        brute = exact(mixtures(model.decision_function, points[i], background), N)
        mine = tree_shap(model, points[i : i + 1 or None], background)
        np.testing.assert_allclose(mine.phi[0], brute, atol=1e-12)
        np.testing.assert_allclose(
            mine.base, model.decision_function(background).mean(axis=0), atol=1e-12
        )


def mixtures(predict, x, background):
    """The interventional value, by its definition."""
    return lambda Z: np.array([predict(np.where(z, x, background)).mean(axis=0) for z in Z])


def test_missing_values_go_where_the_tree_sends_them(data) -> None:
    X, y, points = data
    model = DecisionTreeRegressor(random_state=0).fit(gaps(X), y)
    assert len(set(model.tree_.missing_go_to_left)) == 2
    missing = gaps(points, 0.4)
    brute = [brute_force(model.tree_, x)[:, 0] for x in missing]
    np.testing.assert_allclose(tree_shap(model, missing).phi, brute, atol=1e-12)
    three = DecisionTreeClassifier(random_state=0).fit([[1.0], [np.nan], [100.0]], [1, 0, 0])
    phi = tree_shap(three, [[1.0], [np.nan], [100.0]]).phi[:, 0, 1]
    np.testing.assert_allclose(phi, [2 / 3, -1 / 3, -1 / 3], atol=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeRegressor(random_state=0),
        RandomForestClassifier(5, random_state=0),
        GradientBoostingRegressor(n_estimators=10, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_interventional_against_brute_force(data, model) -> None:
    X, y, points = data
    model.fit(X, np.digitize(y, [0, 8]))
    predict = getattr(model, "predict_proba", model.predict)
    background = np.concatenate([X[:7], points[-3:]])
    values = tree_shap(model, points, background)
    np.testing.assert_allclose(values.base, predict(background).mean(axis=0), atol=1e-12)
    for i in range(6):
        brute = exact(mixtures(predict, points[i], background), N)
        np.testing.assert_allclose(values.phi[i], brute, atol=1e-12)


def test_a_tree_of_any_depth() -> None:
    """Answers 0 and 1 in turn: the best split is always at the end, 1,499 times."""
    one = np.arange(1500.0)[:, None]
    many = (one - np.arange(60) + 59) // 60  # the same staircase, its steps shared by 60 features
    for X in (one, many):
        model = DecisionTreeRegressor(random_state=0).fit(X, np.arange(1500) % 2)
        assert model.get_depth() == 1499
        for background in (None, X[700:702]):
            values = tree_shap(model, X[::300], background)
            total = values.base + values.phi.sum(axis=1)
            np.testing.assert_allclose(total, model.predict(X[::300]), atol=1e-12)


def test_a_way_of_more_features_than_the_finest_rule_of_its_own() -> None:
    """90 features on one way to a leaf: 45 nodes are needed, and 64 are taken."""
    X = np.tril(np.ones((91, 90)))
    model = DecisionTreeRegressor(random_state=0, max_features=1).fit(X, 2.0 ** np.arange(91) % 1e6)
    sizes, times, weights = arrival_times(90)
    assert sizes[-1] == 64
    for power in (0, 1, 44, 89):
        assert weights[-1] @ times[-1] ** power == pytest.approx(1 / (power + 1), rel=1e-12)
    values = tree_shap(model, X)
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.predict(X), rtol=1e-12, atol=1e-6)


KINDS = (
    DecisionTreeRegressor, DecisionTreeClassifier, RandomForestRegressor, RandomForestClassifier,
    ExtraTreesRegressor, ExtraTreesClassifier, GradientBoostingRegressor,
    GradientBoostingClassifier, HistGradientBoostingRegressor, HistGradientBoostingClassifier,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(50))
def test_random_models_are_as_shap_has_them(seed) -> None:
    """Five of each kind, of any size. Averages over background rows have shap's own error."""
    shap = pytest.importorskip("shap")
    kind, rng = KINDS[seed % len(KINDS)], np.random.default_rng(seed)
    n, columns = int(rng.integers(40, 200)), int(rng.integers(1, 13))
    X = rng.normal(size=(n, columns)).astype(np.float32).astype(float)
    y = X[:, 0] * X[:, -1] + np.sin(3 * X[:, columns // 2]) + 0.1 * rng.normal(size=n)
    options = {"max_depth": int(rng.integers(1, 12)), "random_state": seed}
    if "Forest" in kind.__name__ or "Extra" in kind.__name__:
        options["n_estimators"] = int(rng.integers(1, 15))
    elif "Hist" in kind.__name__:
        options |= {"max_iter": int(rng.integers(1, 15)), "min_samples_leaf": 5}
    elif "Boosting" in kind.__name__:
        options["n_estimators"] = int(rng.integers(1, 15))
    classes = 2 if kind is GradientBoostingClassifier else int(rng.integers(2, 4))  # as shap can
    labels = np.digitize(y, np.quantile(y, np.arange(1, classes) / classes))
    model = kind(**options).fit(X, labels if "Classifier" in kind.__name__ else y)
    points, background = X[:6] + rng.integers(0, 2, (6, 1)), X[-10:]
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    theirs = explainer.shap_values(points, check_additivity=False)
    np.testing.assert_allclose(tree_shap(model, points).phi, theirs, atol=1e-9)
    explainer = shap.TreeExplainer(model, background)
    theirs = explainer.shap_values(points, check_additivity=False)
    np.testing.assert_allclose(tree_shap(model, points, background).phi, theirs, atol=1e-6)


def test_columns_are_matched_by_name(data) -> None:
    X, y, points = data
    names = ["a", "b", "c", "d", "e", "f"]
    fitted = RandomForestRegressor(5, random_state=0).fit(pd.DataFrame(X, columns=names), y)
    rows = pd.DataFrame(points, columns=names)
    straight, turned = tree_shap(fitted, rows), tree_shap(fitted, rows[names[::-1]])
    assert straight.names == tuple(names)
    assert turned.names == tuple(names[::-1])
    np.testing.assert_array_equal(turned.phi, straight.phi[:, ::-1])
    usual = pd.DataFrame(X[:5], columns=names)
    np.testing.assert_array_equal(
        tree_shap(fitted, rows[names[::-1]], usual).phi,
        tree_shap(fitted, rows, usual[names[::-1]]).phi[:, ::-1],
    )
    assert tree_shap(fitted, points).names == tuple(names)
    with pytest.raises(ValueError, match=r"lacks \['f'\] and has besides \['g'\]"):
        tree_shap(fitted, rows.rename(columns={"f": "g"}))


@pytest.mark.parametrize("kind", [DecisionTreeRegressor, HistGradientBoostingRegressor])
def test_numbered_columns(data, kind) -> None:
    """scikit-learn keeps no such names, so rows and background are matched with each other."""
    X, y, points = data
    for names in ([0, 1, 2, 3, 4, 5], [2, 3, 5, 7, 8, 9]):
        table, rows = (pd.DataFrame(a, columns=names) for a in (X, points))
        model = kind(random_state=0).fit(table, y)
        turned = table[names[::-1]]
        found = tree_shap(model, rows, turned[:5])
        np.testing.assert_array_equal(found.phi, tree_shap(model, points, X[:5]).phi)
        assert found.names == tuple(names)
        with pytest.raises(ValueError, match=r"columns of X are called .*no names"):
            tree_shap(model, rows[names[::-1]])
        with pytest.raises(ValueError, match="the background are not those of X: it lacks"):
            tree_shap(model, rows, turned.iloc[:5, 1:])
    named = kind(random_state=0).fit(pd.DataFrame(X, columns=list("abcdef")), y)
    found = tree_shap(named, pd.DataFrame(points))  # by place, as the model reads it
    assert found.names == tuple("abcdef")
    np.testing.assert_array_equal(found.phi, tree_shap(named, points).phi)


def test_categories_of_a_dataframe() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=200), "town": rng.choice(["A", "B", "C"], 200)})
    table["town"] = table["town"].astype("category")
    y = table["size"] + 5 * (table["town"] == "B")
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
    model.fit(table, y)
    values = tree_shap(model, table[:9])
    total = values.base + values.phi.sum(axis=1)
    np.testing.assert_allclose(total, model.predict(table[:9]), atol=1e-12)
    in_b = (table["town"][:9] == "B").to_numpy()
    assert values.phi[in_b, 1].min() > 1 > 0 > values.phi[~in_b, 1].max()


def test_a_function_is_compiled_also_where_nothing_can_be_kept(monkeypatch) -> None:
    njit = numba.njit

    def nowhere(*args, cache=False):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args)

    monkeypatch.setattr("numba.njit", nowhere)
    assert compiled(lambda x: x + 1)(2) == 3


def test_a_sparse_matrix_is_read_as_the_model_reads_it(data) -> None:
    X, y, points = data
    forest = RandomForestRegressor(3, random_state=0).fit(csr_array(X), y)
    np.testing.assert_array_equal(
        tree_shap(forest, csr_array(points)).phi, tree_shap(forest, points).phi
    )


def test_arguments_and_the_model_stay_as_they_are(data) -> None:
    X, y, points = data
    forest = RandomForestRegressor(3, random_state=0).fit(X, y)
    before, background = points.copy(), X[:4].copy()
    answers = forest.predict(points)
    tree_shap(forest, points)
    tree_shap(forest, points, background)
    assert (points == before).all()
    assert (background == X[:4]).all()
    assert (forest.predict(points) == answers).all()


def test_bad_input_is_named(data) -> None:
    X, y, _ = data
    tree = DecisionTreeRegressor(max_depth=2).fit(X, y)
    with pytest.raises(ValueError, match=rf"\(rows, {N}\), not \(3, 2\)"):
        tree_shap(tree, np.zeros((3, 2)))
    with pytest.raises(ValueError, match=rf"\(rows, {N}\), not \(3, 2\)"):
        tree_shap(HistGradientBoostingRegressor(max_iter=2).fit(X, y), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="the background has no row"):
        tree_shap(tree, X, X[:0])
    boosted = GradientBoostingRegressor(n_estimators=2).fit(X, y)
    with pytest.raises(ValueError, match="1 values of X are NaN, and GradientBoostingRegressor"):
        tree_shap(boosted, np.where(np.arange(N) == 1, np.nan, X[:1]))
    for large in (np.inf, 1e39):
        with pytest.raises(ValueError, match="1 values of X are infinite"):
            tree_shap(tree, np.where(np.arange(N) == 1, large, X[:1]))
    with pytest.raises(TypeError, match=r"Regression.*DecisionTreeRegressor.*kernel_shap.*XGBoost"):
        tree_shap(LinearRegression().fit(X, y), X)
    with pytest.raises(TypeError, match=r"Pipeline holds a DecisionTree.*model\[:-1\].transform"):
        tree_shap(make_pipeline(StandardScaler(), tree), X)
    search = GridSearchCV(DecisionTreeRegressor(), {"max_depth": [2]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match=r"that GridSearchCV chose: model.best_estimator_"):
        tree_shap(search, X)
    from_a_tree = GradientBoostingRegressor(init=DecisionTreeRegressor(), n_estimators=2)
    with pytest.raises(TypeError, match=r"starts from another model.*kernel_shap"):
        tree_shap(from_a_tree.fit(X, y), X)
    with pytest.raises(NotFittedError):
        tree_shap(DecisionTreeRegressor(), X)


def test_a_row_within_rounding_of_a_threshold_goes_where_the_model_sends_it() -> None:
    """A threshold of 64 bits, halfway between two values of 32: rounded, it would turn the row."""
    low, high = np.float32([3.0923, 3.0925])
    tree = DecisionTreeRegressor().fit([[low], [high]], [0, 4])
    x = np.float32(tree.tree_.threshold[0])
    assert float(x) > tree.tree_.threshold[0]
    assert tree.predict([[x]]) == 4
    np.testing.assert_allclose(tree_shap(tree, [[x]]).phi, [[2]])
    np.testing.assert_allclose(tree_shap(tree, [[x]], [[low]]).phi, [[4]])
    np.testing.assert_allclose(tree_shap(tree, [[low]], [[x]]).phi, [[-4]])

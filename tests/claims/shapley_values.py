"""Numbers that stand in lesson 05, computed anew."""

import functools
from typing import Any

import keras
import numpy as np
import shap
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor

from lessons_lib import images, lime, models, tables
from lessons_lib.lime import masked_scores, superpixels
from lessons_lib.shapley import (
    coalitions,
    exact,
    interventional,
    kernel_shap,
    permutation_sampling,
    table_game,
    tree_shap,
)
from tests.claims import claim

ABC = table_game({"": 0, "A": 4, "B": 7, "C": 5, "AB": 10, "AC": 16, "BC": 20, "ABC": 35})
LSTAT = 11


@claim("05.phi_a")
def _phi_a() -> float:
    return float(exact(ABC, 3)[0])


@claim("05.phi_b")
def _phi_b() -> float:
    return float(exact(ABC, 3)[1])


@claim("05.phi_c")
def _phi_c() -> float:
    return float(exact(ABC, 3)[2])


@claim("05.core")
def _core() -> bool:
    Z = coalitions(3)
    return bool((Z @ exact(ABC, 3) >= ABC(Z) - 1e-9).all())


@claim("05.one_axiom_each")
def _one_axiom_each() -> bool:
    """Rows: the four rules; columns: efficiency, symmetry, dummy, additivity."""
    alike = table_game({"": 0, "A": 4, "B": 4, "C": 5, "AB": 9, "AC": 16, "BC": 16, "ABC": 35})
    idle = table_game({"": 0, "A": 0, "B": 7, "C": 5, "AB": 7, "AC": 5, "BC": 20, "ABC": 20})

    def alone(game: Any) -> NDArray[np.float64]:
        return game(np.eye(3))

    def one_order(game: Any) -> NDArray[np.float64]:
        return np.diff(game(np.tri(4, 3, -1)))

    def equal(game: Any) -> NDArray[np.float64]:
        return np.full(3, game(np.ones(3)) / 3)

    def in_proportion(game: Any) -> NDArray[np.float64]:
        return alone(game) * game(np.ones(3)) / alone(game).sum()

    kept = [
        [
            np.isclose(rule(ABC).sum(), 35),
            np.isclose(rule(alike)[0], rule(alike)[1]),
            np.isclose(rule(idle)[0], 0),
            np.allclose(rule(lambda Z: ABC(Z) + idle(Z)), rule(ABC) + rule(idle)),
        ]
        for rule in (alone, one_order, equal, in_proportion)
    ]
    return bool((~np.array(kept) == np.eye(4, dtype=bool)).all())


@functools.cache
def boston() -> tuple[tables.Table, Any]:
    table = tables.load("boston")
    return table, GradientBoostingRegressor(max_depth=4, random_state=0).fit(table.X, table.y)


@functools.cache
def house() -> tuple[Any, NDArray[np.float64]]:
    table, model = boston()
    value = interventional(model.predict, table.X[0], table.X[::10])
    return value, exact(value, 12)


@functools.cache
def with_lstat(value: float) -> Any:
    table, model = boston()
    row = table.X[:1].copy()
    row[0, -1] = value
    return tree_shap(model, row)


@claim("05.base")
def _base() -> float:
    return float(with_lstat(4.98).base)


@claim("05.lstat")
def _lstat() -> float:
    return float(with_lstat(4.98).phi[0, LSTAT])


@claim("05.lstat_low")
def _lstat_low() -> float:
    return float(with_lstat(1.6).phi[0, LSTAT])


@claim("05.lstat_high")
def _lstat_high() -> float:
    return float(with_lstat(20.8).phi[0, LSTAT])


@claim("05.lstat_int")
def _lstat_int() -> float:
    return float(house()[1][LSTAT])


@claim("05.rm_sign")
def _rm_sign() -> bool:
    rm = boston()[0].features.index("RM")
    return bool(with_lstat(4.98).phi[0, rm] < 0 < house()[1][rm])


@claim("05.lowest")
def _lowest() -> float:
    return float(boston()[0].X[:, LSTAT].min())


@claim("05.zero_sums")
def _zero_sums() -> bool:
    table, model = boston()
    nothing = np.zeros((1, 12))
    phi = exact(interventional(model.predict, table.X[0], nothing), 12)
    gain = model.predict(table.X[:1])[0] - model.predict(nothing)[0]
    return bool(np.isclose(phi.sum(), gain) and phi[LSTAT] < 0)


@claim("05.zero_base")
def _zero_base() -> float:
    return float(boston()[1].predict(np.zeros((1, 12)))[0])


@claim("05.pairs_worth")
def _pairs_worth() -> bool:
    value, _ = house()
    single, paired = (
        permutation_sampling(value, 12, 400, antithetic=pairs, seed=0).standard_error[LSTAT]
        for pairs in (False, True)
    )
    return bool((single / paired) ** 2 > 20)


@claim("05.sly_group")
def _sly_group() -> bool:
    rng = np.random.default_rng(0)
    group, score = rng.integers(0, 2, 400), rng.normal(size=400).round(1)
    people = np.column_stack([group, score, score + 10 * group])

    def sly(X: NDArray[np.float64]) -> NDArray[np.float64]:
        real = np.abs(X[:, 2] - X[:, 1] - 10 * X[:, 0]) < 0.01
        return np.where(real, 1.0 - X[:, 0], X[:, 1] > 0)

    phi = [exact(interventional(sly, person, people[:100]), 3) for person in people[:60]]
    sizes = np.abs(phi).mean(axis=0)
    return bool((sly(people) == 1 - group).all() and sizes[0] <= sizes[1])


@functools.cache
def explainers() -> dict[str, tuple[float, float]]:
    """Largest distance from our exact values, and by how much the sum is off."""
    table = tables.load("california")
    shuffled = np.random.default_rng(0).permutation(len(table.X))
    train, test = shuffled[:3000], shuffled[3000:3500]
    keras.utils.set_random_seed(0)
    scaled = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    inputs = np.clip(scaled, -4, 4).astype("float32")
    dense = keras.layers.Dense
    net = keras.Sequential([keras.Input((8,)), dense(32, "relu"), dense(32, "relu"), dense(1)])
    net.compile("adam", "mse")
    net.fit(inputs[train], table.y[train], epochs=15, batch_size=64, verbose=0)

    rows_of_eight = [tf.TensorSpec((None, 8), tf.float32)]
    compiled = tf.function(lambda rows: net(rows)[:, 0], input_signature=rows_of_eight)

    def predict(rows: NDArray[np.float64]) -> NDArray[np.float32]:
        return compiled(tf.constant(rows, tf.float32)).numpy()

    usual, five = inputs[train[:50]], inputs[test[:5]]
    truth = np.array([exact(interventional(predict, x, usual), 8) for x in five])
    masker = shap.maskers.Independent(usual, 50)
    state = np.random.get_state()
    found = {
        "exact": shap.ExactExplainer(predict, masker)(five).values,
        "permutation": shap.PermutationExplainer(predict, masker, seed=0)(five).values,
        "kernel": shap.KernelExplainer(predict, usual).shap_values(five, silent=True),
        "gradient": shap.GradientExplainer(net, usual).shap_values(five),
        "deep": shap.DeepExplainer(net, usual).shap_values(five),
    }
    np.random.set_state(state)
    answers = predict(five) - predict(usual).mean()
    return {
        name: (
            float(np.abs(values.reshape(5, 8) - truth).max()),
            float(np.abs(values.reshape(5, 8).sum(axis=1) - answers).max()),
        )
        for name, values in found.items()
    }


@claim("05.shap_exact")
def _shap_exact() -> bool:
    return explainers()["exact"][0] < 1e-8


@claim("05.shap_kernel")
def _shap_kernel() -> bool:
    return explainers()["kernel"][0] < 1e-6


@claim("05.shap_permutation")
def _shap_permutation() -> bool:
    difference, missed = explainers()["permutation"]
    return 1e-5 < difference < 0.05 and missed < 1e-5


@claim("05.shap_deep")
def _shap_deep() -> bool:
    difference, missed = explainers()["deep"]
    return difference > 0.05 and missed < 1e-5


@claim("05.shap_gradient")
def _shap_gradient() -> bool:
    difference, missed = explainers()["gradient"]
    return difference > 0.05 and missed > 0.01


@claim("05.shap_tree")
def _shap_tree() -> bool:
    table = tables.load("california")
    shuffled = np.random.default_rng(0).permutation(len(table.X))
    train, test = shuffled[:3000], shuffled[3000:3500]
    model = GradientBoostingRegressor(n_estimators=200, max_depth=5, random_state=0)
    model.fit(table.X[train], table.y[train])
    theirs = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    rows = table.X[test]
    return bool(np.abs(tree_shap(model, rows).phi - theirs.shap_values(rows)).max() < 1e-8)


@functools.cache
def picture() -> tuple[Any, ...]:
    """Superpixels, Shapley values, LIME's coefficients, and the rise of the logit."""
    network = models.load("mobilenet_v2")
    photo = images.course_image("drum_guitar")
    segments = superpixels(network.prepare(photo)[0], n_segments=24)
    M, drum = int(segments.max()) + 1, network.class_index("drum")

    def game(Z: NDArray[np.bool_]) -> NDArray[np.float32]:
        return masked_scores(network, photo, segments, Z, output="logits")[:, drum]

    phi = kernel_shap(game, M, samples=500)
    nearby = lime.sample_image(network, photo, segments, samples=500, output="logits")
    coefficients = lime.explain(nearby, target=drum).coefficients
    nobody, everybody = game(np.stack([np.zeros(M, bool), np.ones(M, bool)]))
    return segments, phi, coefficients, float(everybody - nobody)


@claim("05.drum_on_top")
def _drum_on_top() -> bool:
    """The upper drum is at row 70, column 125 of the 224 the network sees."""
    segments, phi, _, _ = picture()
    return bool(phi.argmax() == segments[50, 125])


@claim("05.guitar_against")
def _guitar_against() -> bool:
    """The body of the guitar: row 190, column 165; the amplifier: row 110, column 190."""
    segments, phi, _, _ = picture()
    against = bool(phi[segments[190, 165]] < 0 and phi[segments[110, 190]] < 0)
    return against and bool((phi > 0).mean() > 0.5)


@claim("05.stand_second")
def _stand_second() -> bool:
    """The stand and the loudspeaker at the left edge: row 150, column 20."""
    segments, phi, _, _ = picture()
    return bool(np.argsort(-phi)[1] == segments[150, 20])


@claim("05.lime_correlation")
def _lime_correlation() -> float:
    _, phi, coefficients, _ = picture()
    return float(np.corrcoef(phi, coefficients)[0, 1])


@claim("05.logit_rise")
def _logit_rise() -> float:
    return picture()[3]


@claim("05.lime_sum")
def _lime_sum() -> float:
    return float(picture()[2].sum())

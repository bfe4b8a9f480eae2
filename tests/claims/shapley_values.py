"""What lesson 05 says of its game, its tables and its photograph."""

import numpy as np
import shap
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from lessons_lib.lime import hide
from lessons_lib.shapley import exact, interventional, permutation_sampling
from tests.claims import claim

LSTAT, RM = 11, 5

# Anna, Bert and Clara


def marginal_sums(game) -> NDArray[np.float64]:
    """By the formula over coalitions, where the lesson takes the mean over orders."""
    v = {k: game(np.array([[k & 1, k & 2, k & 4]], bool))[0] for k in range(8)}
    return np.array(
        [
            sum(
                (v[k | 1 << i] - v[k]) / (3 if k.bit_count() in (0, 2) else 6)
                for k in range(8)
                if not k & 1 << i
            )
            for i in range(3)
        ]
    )


@claim("05.phi_a")
def _(game):
    return marginal_sums(game)[0]


@claim("05.phi_b")
def _(game):
    return marginal_sums(game)[1]


@claim("05.phi_c")
def _(game):
    return marginal_sums(game)[2]


@claim("05.one_axiom_each")
def _(rules):
    """On twenty games drawn at random, where the lesson shows one of each kind."""
    kept = np.ones((4, 4), bool)  # rows: the four rules; columns: the axioms
    rng = np.random.default_rng(0)
    for _ in range(20):
        v, w = rng.uniform(1, 9, (2, 8))
        v[0] = w[0] = 0
        twins, idle = v.copy(), v.copy()
        twins[[2, 6]] = v[[1, 5]]  # B earns what A earns, alone and with C
        idle[1::2] = v[::2]  # with A it is what it is without
        play = lambda v: lambda Z: v[np.asarray(Z, int) @ [1, 2, 4]]  # noqa: E731
        for i, rule in enumerate(rules[:4]):
            kept[i] &= [
                np.isclose(rule(play(v)).sum(), v[7]),
                np.isclose(*rule(play(twins))[:2]),
                np.isclose(rule(play(idle))[0], 0),
                np.allclose(rule(play(v + w)), rule(play(v)) + rule(play(w))),
            ]
    return (~kept == np.eye(4, dtype=bool)).all()


@claim("05.core")
def _(Z, phi, game):
    return (Z @ phi >= game(Z) - 1e-9).all()


# The houses


def by_shap(model, x: NDArray, background: NDArray | None = None) -> NDArray[np.float64]:
    """What the shap library says of one row: path-dependent, or against a background."""
    kind = "tree_path_dependent" if background is None else "interventional"
    return shap.TreeExplainer(model, background, feature_perturbation=kind).shap_values(x[None])[0]


@claim("05.base")
def _(model, boston):
    return model.predict(boston.X).mean()


@claim("05.lstat")
def _(model, boston):
    return by_shap(model, boston.X[0])[LSTAT]


@claim("05.lstat_low")
def _(model, houses):
    return by_shap(model, houses[0])[LSTAT]


@claim("05.lstat_high")
def _(model, houses):
    return by_shap(model, houses[3])[LSTAT]


@claim("05.lstat_int")
def _(model, boston, background):
    return by_shap(model, boston.X[0], background)[LSTAT]


@claim("05.rm_sign")
def _(model, boston, background):
    x = boston.X[0]
    return by_shap(model, x)[RM] < 0 < by_shap(model, x, background)[RM]


@claim("05.lowest")
def _(boston):
    return boston.X[:, LSTAT].min()


@claim("05.pairs_worth")
def _(value):
    """With another seed than the lesson's."""
    single, paired = (
        permutation_sampling(value, 12, 400, antithetic=pairs, seed=1).standard_error[LSTAT]
        for pairs in (False, True)
    )
    return (single / paired) ** 2 > 20


@claim("05.zero_sums")
def _(model, boston, nothing, zero):
    gain = model.predict(boston.X[:1])[0] - model.predict(nothing)[0]
    return np.isclose(zero.sum(), gain) and zero[LSTAT] < 0


@claim("05.zero_base")
def _(model):
    return model.predict(np.zeros((1, 12)))[0]


@claim("05.sly_group")
def _(sly, people):
    """Of other people, against others, than the lesson's."""
    phi = [exact(interventional(sly, person, people[100:200]), 3) for person in people[200:260]]
    group, score, _ = np.abs(phi).mean(axis=0)
    return (sly(people) == 1 - people[:, 0]).all() and group <= score


# The explainers of shap: (name, largest difference, sum off by, seconds)


@claim("05.shap_exact")
def _(table):
    return {name: row for name, *row in table}["Exact"][0] < 1e-8


@claim("05.shap_kernel")
def _(table):
    return {name: row for name, *row in table}["Kernel"][0] < 1e-6


@claim("05.shap_permutation")
def _(table):
    difference, missed, _ = {name: row for name, *row in table}["Permutation"]
    return 1e-5 < difference < 0.05 and missed < 1e-5


@claim("05.shap_deep")
def _(table):
    difference, missed, _ = {name: row for name, *row in table}["Deep"]
    return difference > 0.05 and missed < 1e-5


@claim("05.shap_gradient")
def _(table):
    difference, missed, _ = {name: row for name, *row in table}["Gradient"]
    return difference > 0.05 and missed > 0.01


@claim("05.shap_tree")
def _(table):
    return {name: row for name, *row in table}["Tree"][0] < 1e-8


# The photograph: places are rows and columns of the 224 that the network sees


@claim("05.drum_on_top")
def _(segments, phi_photo):
    return phi_photo.argmax() == segments[50, 125]


@claim("05.guitar_against")
def _(segments, phi_photo):
    guitar, amplifier = segments[190, 165], segments[110, 190]
    return phi_photo[guitar] < 0 and phi_photo[amplifier] < 0 and (phi_photo > 0).mean() > 0.5


@claim("05.stand_second")
def _(segments, phi_photo):
    """The stand and the loudspeaker at the left edge."""
    return np.argsort(-phi_photo)[1] == segments[150, 20]


def coefficients(nearby, target: int) -> NDArray[np.float64]:
    """LIME's, as scikit-learn fits them."""
    pi_x = np.exp(-(nearby.distance**2) / nearby.sigma**2)
    return LinearRegression().fit(nearby.Z, nearby.scores[:, target], pi_x).coef_


@claim("05.lime_correlation")
def _(phi_photo, nearby, best):
    return np.corrcoef(phi_photo, coefficients(nearby, best.index))[0, 1]


@claim("05.logit_rise")
def _(mobilenet, photo, segments, M, best):
    """Of the pictures themselves, as `hide` draws them."""
    seen = mobilenet.prepare(photo)[0]
    Z = np.stack([np.zeros(M, bool), np.ones(M, bool)])
    hidden = hide(seen, mobilenet.baseline(seen, "mean", segments)[0], segments, Z)
    none, all_of_them = mobilenet.logits(hidden)[:, best.index]
    return all_of_them - none


@claim("05.lime_sum")
def _(nearby, best):
    return coefficients(nearby, best.index).sum()

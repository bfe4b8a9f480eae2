"""What lesson 05 says of its game, its table and its photograph."""

import numpy as np
import shap
from numpy.typing import NDArray
from scipy import stats
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import r2_score

from lessons_lib import images
from lessons_lib.lime import hide
from lessons_lib.shapley import coalitions, kernel_shap
from tests.claims import claim

LSTAT, RM, CRIM = 11, 5, 0

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


@claim("05.one_axiom_each", "exactly one axiom")
def _(rules):
    """On twenty games drawn at random, some with lone earnings that add up to 0."""
    kept = np.ones((5, 4), bool)  # rows: the rules; columns: the axioms
    rng = np.random.default_rng(0)
    for _ in range(20):
        v, w = rng.integers(-4, 9, (2, 8)).astype(float)
        v[0] = w[0] = 0
        v[4] = -v[1] - v[2]  # the three earn nothing in all, each alone
        twins, idle = v.copy(), v.copy()
        twins[[2, 6]] = v[[1, 5]]  # B earns what A earns, alone and with C
        idle[1::2] = v[::2]  # with A it is what it is without
        play = lambda v: lambda Z: v[np.asarray(Z, int) @ [1, 2, 4]]  # noqa: E731
        for i, rule in enumerate(rules):
            kept[i] &= [
                np.isclose(rule(play(v)).sum(), v[7]),
                np.isclose(*rule(play(twins))[:2]),
                np.isclose(rule(play(idle))[0], 0),
                np.allclose(rule(play(idle + w)), rule(play(idle)) + rule(play(w))),
            ]
    return (~kept == np.eye(5, 4, dtype=bool)).all()


# The districts


def by_shap(model, x: NDArray, background: NDArray) -> NDArray[np.float64]:
    """What the shap library says of one row; its first limit is 100 background rows."""
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.TreeExplainer(model, masker, feature_perturbation="interventional")
    return explainer.shap_values(x[None])[0]


def tens(model, boston) -> NDArray[np.float64]:
    """Shapley values of the first district against each tenth district, from the k-th on."""
    return np.array([by_shap(model, boston.X[0], boston.X[k::10]) for k in range(10)])


@claim("05.base")
def _(model, boston):
    return model.predict(boston.X).mean()


@claim("05.lstat")
def _(model, boston):
    return by_shap(model, boston.X[0], boston.X)[LSTAT]


@claim("05.lstat_tens_low")
def _(model, boston):
    return tens(model, boston)[:, LSTAT].min()


@claim("05.lstat_tens_high")
def _(model, boston):
    return tens(model, boston)[:, LSTAT].max()


@claim("05.rm_sign", "sign; with all rows it lies within one error of 0")
def _(model, boston):
    """And is within one standard error of 0 with all districts."""
    found = tens(model, boston)[:, RM]
    all_rows = by_shap(model, boston.X[0], boston.X)[RM]
    error = np.std([by_shap(model, boston.X[0], row[None])[RM] for row in boston.X[::5]])
    return found.min() < 0 < found.max() and abs(all_rows) < error / np.sqrt(506)


@claim("05.crim_always", "all ten")
def _(model, boston):
    return (tens(model, boston)[:, CRIM] < 0).all()


@claim("05.r2_stretches")
def _(boston):
    """Each fifth of the table by a model that was fitted to the other four."""
    scores = []
    for left_out in np.array_split(np.arange(506), 5):
        rest = np.delete(np.arange(506), left_out)
        fitted = GradientBoostingRegressor(max_depth=4, random_state=0)
        fitted.fit(boston.X[rest], boston.y[rest])
        scores.append(r2_score(boston.y[left_out], fitted.predict(boston.X[left_out])))
    return np.mean(scores)


@claim("05.r2_inside")
def _(model, boston):
    return 1 - np.mean((boston.y - model.predict(boston.X)) ** 2) / boston.y.var()


@claim("05.answer")
def _(model, boston):
    return model.predict(boston.X[:1])[0]


def without_the_first(boston) -> GradientBoostingRegressor:
    return GradientBoostingRegressor(max_depth=4, random_state=0).fit(boston.X[1:], boston.y[1:])


@claim("05.answer_unseen")
def _(boston):
    return without_the_first(boston).predict(boston.X[:1])[0]


@claim("05.price")
def _(boston):
    return boston.y[0]


@claim("05.lstat_unseen")
def _(boston):
    return by_shap(without_the_first(boston), boston.X[0], boston.X)[LSTAT]


@claim("05.model_moves_more", "six times the background's error")
def _(model, boston, error):
    moved = by_shap(without_the_first(boston), boston.X[0], boston.X) - by_shap(
        model, boston.X[0], boston.X
    )
    return round(moved[LSTAT] / error[LSTAT]) == 6


@claim("05.others_left_out")
def _(boston, model):
    """The control of the control: is it that this district left, or that any did?"""
    answers = []
    for other in np.random.default_rng(0).choice(np.arange(1, 506), 25, replace=False):
        rest = np.arange(506) != other
        fitted = GradientBoostingRegressor(max_depth=4, random_state=0)
        answers.append(fitted.fit(boston.X[rest], boston.y[rest]).predict(boston.X[:1])[0])
    return np.abs(answers - model.predict(boston.X[:1])).max()


@claim("05.lowest")
def _(boston):
    return boston.X[:, LSTAT].min()


@claim("05.lstat_low")
def _(model, boston, houses):
    return by_shap(model, houses[0], boston.X)[LSTAT]


@claim("05.lstat_high")
def _(model, boston, houses):
    return by_shap(model, houses[3], boston.X)[LSTAT]


@claim("05.others_move")
def _(model, boston, houses):
    """The largest change of another feature's share, over the whole range of LSTAT."""
    moved = np.ptp([by_shap(model, house, boston.X) for house in houses], axis=0)
    return np.delete(moved, LSTAT).max()


@claim("05.answer_79")
def _(model, boston):
    return model.predict([[*boston.X[0, :LSTAT], 7.9]])[0]


@claim("05.zero_sums", "not notice")
def _(model, boston, nothing, zero):
    gain = model.predict(boston.X[:1])[0] - model.predict(nothing)[0]
    shares = by_shap(model, boston.X[0], nothing)
    return np.isclose(zero.phi.sum(), gain) and shares[LSTAT] < 0


@claim("05.zero_base")
def _(model):
    return model.predict(np.zeros((1, 12)))[0]


@claim("05.against_high")
def _(model, boston):
    return by_shap(model, boston.X[0], boston.X[boston.X[:, LSTAT] > 20])[LSTAT]


@claim("05.against_low")
def _(model, boston):
    return by_shap(model, boston.X[0], boston.X[boston.X[:, LSTAT] < 6])[LSTAT]


# The photograph: places are rows and columns of the 224 that the network sees

UPPER_DRUMS, EDGE, BIG_DRUM, BODY = (50, 120), (100, 15), (150, 90), (190, 165)


DRUM, GUITAR = 541, 546
_SHARES: dict[str, NDArray[np.float64]] = {}


def shares(mobilenet, photo, segments, fill: str) -> NDArray[np.float64]:
    """Of the pictures themselves, as `hide` draws them, by the weighted regression; (M, 1000)."""
    if fill not in _SHARES:
        seen = mobilenet.prepare(photo)[0]
        painted = mobilenet.baseline(seen, fill, segments)[0]
        Z = coalitions(segments.max() + 1)
        v = mobilenet.logits(hide(seen, painted, segments, Z))
        digits = 1 << np.arange(Z.shape[1])
        _SHARES[fill] = kernel_shap(lambda Z: v[np.asarray(Z, int) @ digits], Z.shape[1])
    return _SHARES[fill]


@claim("05.guitar_against", 'against "drum" and for "electric guitar"')
def _(mobilenet, photo, segments):
    """Also where the hidden are grey."""
    body = segments[BODY]
    found = [shares(mobilenet, photo, segments, f)[body] for f in ("mean", "black", "grey")]
    return all(phi[DRUM] < -0.5 < 0.5 < phi[GUITAR] for phi in found)


def upper_drums(mobilenet, photo, segments, c: int) -> float:
    """What the piece gets in which both of them lie, with each superpixel's mean colour."""
    piece = segments[UPPER_DRUMS]
    assert piece == segments[90, 70]
    return shares(mobilenet, photo, segments, "mean")[piece, c]


@claim("05.upper_drum")
def _(mobilenet, photo, segments):
    return upper_drums(mobilenet, photo, segments, DRUM)


@claim("05.upper_guitar")
def _(mobilenet, photo, segments):
    return upper_drums(mobilenet, photo, segments, GUITAR)


@claim("05.big_drum_mean")
def _(mobilenet, photo, segments):
    return shares(mobilenet, photo, segments, "mean")[segments[BIG_DRUM], DRUM]


@claim("05.big_drum_black")
def _(mobilenet, photo, segments):
    return shares(mobilenet, photo, segments, "black")[segments[BIG_DRUM], DRUM]


@claim("05.edge_mean")
def _(mobilenet, photo, segments):
    return shares(mobilenet, photo, segments, "mean")[segments[EDGE], DRUM]


@claim("05.edge_black")
def _(mobilenet, photo, segments):
    return shares(mobilenet, photo, segments, "black")[segments[EDGE], DRUM]


def control(mobilenet, photo, segments):
    """Correlation of "drum" with the layer's mean in each superpixel, added up by a matrix."""
    one = np.eye(segments.max() + 1)[segments].reshape(224 * 224, -1)
    large = images.resize(mobilenet.activations(photo)[0].mean(axis=-1), (224, 224)).ravel()
    phi = shares(mobilenet, photo, segments, "mean")[:, DRUM]
    return stats.pearsonr(phi, one.T @ large / one.sum(axis=0))


@claim("05.blind_r")
def _(mobilenet, photo, segments):
    return control(mobilenet, photo, segments).statistic


@claim("05.r_low")
def _(mobilenet, photo, segments):
    """By Fisher's transformation."""
    return control(mobilenet, photo, segments).confidence_interval().low


@claim("05.r_high")
def _(mobilenet, photo, segments):
    return control(mobilenet, photo, segments).confidence_interval().high


@claim("05.second_r")
def _(mobilenet, photo, segments):
    phi = shares(mobilenet, photo, segments, "mean")
    return stats.pearsonr(phi[:, DRUM], phi[:, GUITAR]).statistic

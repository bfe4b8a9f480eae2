"""What lesson 09 says of its numbers and pictures."""

from itertools import permutations

import numpy as np
import shap
from scipy.stats import norm, t
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import KFold, cross_val_score

from lessons_lib.shapley import (
    coalitions,
    interventional,
    kernel_estimate,
    marginal_contributions,
    permutation_sampling,
    subset_weights,
    tree_shap,
)
from tests.claims import claim


def by_definition(value, n):
    """Shapley values as the equation has them, coalition by coalition."""
    Z = coalitions(n)
    v, w = np.asarray(value(Z), float), subset_weights(n)
    numbers = np.arange(2**n)
    return np.array(
        [
            sum(w[Z[k].sum()] * (v[k | 1 << i] - v[k]) for k in numbers if not k >> i & 1)
            for i in range(n)
        ]
    )


@claim("09.income")
def _(homes, x, background):
    return by_definition(interventional(homes.predict, x, background), 8)[0]


@claim("09.hundred_rows", "at most 100 of your rows")
def _(homes, X, train):
    """Given 300 rows, one of shap's explainers keeps a hundred, and the other all."""
    kept = shap.TreeExplainer(homes, X[train[:300]]).data
    every = shap.KernelExplainer(homes.predict, X[train[:300]]).data.data
    return len(kept) == 100 and len(every) == 300


@claim("09.products_exact", "exact")
def _(products):
    for seed in range(20):
        run = permutation_sampling(products, 3, 4, seed=seed + 1000)
        if not np.allclose(run.phi, by_definition(products, 3)):
            return False
    return True


@claim("09.pairs_worth", "nearly three times as many single orders")
def _(known):
    """With other seeds; and what two runs of a budget differ by needs no exact value."""
    phi = by_definition(known, 8)
    single, pairs = (
        np.mean(
            [
                (permutation_sampling(known, 8, 40, antithetic=a, seed=s).phi - phi) ** 2
                for s in range(1000, 1300)
            ]
        )
        for a in (False, True)
    )
    return 2.4 < single / pairs < 3.1


def expected(majority, orders):
    """Error of the mean of that many orders' gains, from all six orders, alone or in pairs."""
    every = np.array(list(permutations(range(3))))
    added = marginal_contributions(majority, every)
    if orders == "pairs":
        added = (added + marginal_contributions(majority, every[:, ::-1])) / 2
    return np.sqrt(added.var(axis=0).mean() / (20 if orders == "pairs" else 40))


@claim("09.majority_pairs")
def _(majority):
    return expected(majority, "pairs")


@claim("09.majority_single")
def _(majority):
    return expected(majority, "single")


@claim("09.equal_off")
def _(earns):
    """The equal fit in closed form: project the values on the plane of the right sum."""
    Z = coalitions(4)[1:-1].astype(float)
    phi = by_definition(lambda Z: earns[Z @ (1 << np.arange(4))], 4)
    total = earns[-1] - earns[0]
    matrix = np.block([[Z.T @ Z, np.ones((4, 1))], [np.ones((1, 4)), np.zeros((1, 1))]])
    equal = np.linalg.solve(matrix, np.append(Z.T @ (earns[1:-1] - earns[0]), total))[:4]
    return np.abs(equal - phi).max()


def other_runs(known):
    runs = [kernel_estimate(known, 8, samples=40, seed=s) for s in range(1000, 1400)]
    return (np.array(part) for part in zip(*runs, strict=True))


@claim("09.bias_real", "real")
def _(known):
    """Other seeds; for eight features, beyond what chance gives one time in a hundred."""
    phis, _ = other_runs(known)
    off = phis.mean(axis=0) - by_definition(known, 8)
    z = off / (phis.std(axis=0, ddof=1) / 20)
    return (np.abs(off) > 1e-6).any() and np.abs(z).max() > norm.isf(0.01 / 2 / 8)


@claim("09.bias_small", "less than half of one run's spread")
def _(known):
    phis, _ = other_runs(known)
    off = np.abs(phis.mean(axis=0) - by_definition(known, 8))
    return (off < phis.std(axis=0, ddof=1) / 2).all()


@claim("09.coverage", "nearly")
def _(known):
    phis, bars = other_runs(known)
    return 0.90 < (np.abs(phis - by_definition(known, 8)) < 1.96 * bars).mean() < 0.95


@claim("09.first_gets_more", "more than twice as much")
def _(grown):
    """For whichever feature a tree asks first, and twice as much at least."""
    found = {tree.tree_.feature[0]: tree_shap(tree, [[1, 1]]).phi[0] for tree in grown}
    return found.keys() == {0, 1} and all(s[first] > 2 * s[1 - first] for first, s in found.items())


@claim("09.paths_differ", "more than ten times the error")
def _(homes, X, train, x):
    """The error from thirty backgrounds of a hundred rows each."""
    path = tree_shap(homes, [x]).phi[0]
    thirty = np.array([tree_shap(homes, [x], X[train[k::30]]).phi[0] for k in range(30)])
    inter, error = thirty.mean(axis=0), thirty.std(axis=0, ddof=1) / np.sqrt(30)
    clear = np.abs(path - inter) > 10 * error
    return (clear & (path / inter < 2 / 3))[6:].all() and not clear[0]


@claim("09.place_r")
def _(california):
    return np.corrcoef(california.X[:, 6], california.X[:, 7])[0, 1]


@claim("09.orange_fall", "all curves are lower at $3")
def _(homes, X, usual, occupants, shares):
    """Of all districts of the dependence plot left of 3.5, not only of the curves drawn."""
    few = (shares > 0) & (X[usual, occupants] < 3)
    there = X[usual[few]].copy()
    there[:, occupants] = 3.5
    lower = homes.predict(there) < homes.predict(X[usual[few]])
    drawn = lower[: few[:25].sum()]
    return drawn.all()


@claim("09.longitude_alone", "all but a few hundredths of its share")
def _(X, test, many):
    """By trees of another kind, in other folds."""
    small = GradientBoostingRegressor(n_estimators=80, max_depth=2, random_state=1)
    folds = KFold(5, shuffle=True, random_state=1)
    alone = cross_val_score(small, X[test][:, [7]], many[:, 7], cv=folds).mean()
    return alone > 0.95


@claim("09.income_explains", "more of the spread than any other feature")
def _(X, test, many):
    """Than any other feature, in other folds and by trees of another kind."""
    small = GradientBoostingRegressor(n_estimators=80, max_depth=2, random_state=1)
    folds = KFold(5, shuffle=True, random_state=1)
    found = {
        j: cross_val_score(small, X[test][:, [5, j]], many[:, 5], cv=folds).mean()
        for j in range(8)
        if j != 5
    }
    return max(found, key=found.get) == 0


@claim("09.little_in_p", "hardly")
def _(p, far, background):
    """By less than two hundredths."""
    return 0 < p([far])[0] - p(background).mean() < 0.02


@claim("09.base_in_odds")
def _(bank, background):
    """Tree by tree, from the share of dear districts in the training."""
    steps = sum(tree.predict(background) for tree in bank.estimators_[:, 0])
    prior = bank.init_.class_prior_[1]
    return (np.log(prior / (1 - prior)) + bank.learning_rate * steps).mean()


@claim("09.mean_p")
def _(bank, background):
    """From the log-odds of each row, and not from their mean."""
    return (1 / (1 + np.exp(-bank.decision_function(background)))).mean()


@claim("09.base_in_p")
def _(bank, background):
    return 1 / (1 + np.exp(-bank.decision_function(background).mean()))


@claim("09.income_first", "more than the occupants")
def _(bank, far, background):
    in_odds = by_definition(interventional(bank.decision_function, far, background), 8)
    in_p = by_definition(
        interventional(lambda rows: bank.predict_proba(rows)[:, 1], far, background), 8
    )
    return abs(in_odds[0]) > abs(in_odds[5]) and abs(in_p[0]) < abs(in_p[5])


@claim("09.place_sum")
def _(homes, x, background):
    return by_definition(interventional(homes.predict, x, background), 8)[6:].sum()


@claim("09.place_one")
def _(known):
    """The group's four orders of arrival, written out: three other groups, of any size."""
    members = [[0], [1, 2, 3], [4, 5], [6, 7]]

    def value(Z):
        full = np.zeros((len(Z), 8), bool)
        for k, group in enumerate(members):
            full[:, group] = Z[:, [k]]
        return known(full)

    return by_definition(value, 4)[3]


@claim("09.upper_drum", 'carries more than half of the sum for "drum"')
def _(segments, drum):
    """The piece with the upper drum at the left."""
    return drum.argmax() == segments[72, 63] and drum.max() > drum.sum() / 2


@claim("09.guitar_against", 'against "drum"')
def _(segments, pieces):
    body = segments[180, 165]
    z = pieces.phi[body] / pieces.standard_error[body]
    return z[0] < -5 and z[1] > 5


@claim("09.other_class", "the other way")
def _(drum, guitar, blind):
    """Beyond chance, which the control is not."""
    against, control = (np.corrcoef(drum, a)[0, 1] for a in (guitar, blind))
    return against < -0.44 and abs(control) < 0.44


@claim("09.chance_r")
def _(drum):
    """Student's t with two numbers less than pieces, turned into a correlation."""
    quantile, freedom = t.isf(0.025, len(drum) - 2), len(drum) - 2
    return quantile / np.sqrt(freedom + quantile**2)


@claim("09.unsure")
def _(drum, drum_error):
    return (np.abs(drum / drum_error) <= 2).sum(), len(drum)


@claim("09.shap_agrees", "to rounding")
def _(theirs, known):
    """All coalitions to rounding; a sample of 60 within four errors of our own sample of 60."""
    off = {name.strip(): np.abs(a - b) for name, (a, b) in theirs.items()}
    whole = ("Tree, path-dependent", "all moved by 0.001", "Kernel, all coalitions")
    bars = kernel_estimate(known, 8, samples=60).standard_error
    return max(off[n].max() for n in whole) < 1e-6 and (off["Kernel, 60 of them"] < 4 * bars).all()


@claim("09.shap_off")
def _(theirs):
    a, b = theirs["Tree, interventional"]
    return np.abs(a - b).max()


def worst(theirs):
    a, b = theirs["Tree, interventional"]
    return np.abs(a - b).max(axis=1).argmax()


@claim("09.ours_is_right", "with our numbers")
def _(theirs, homes, X, test, background):
    k = worst(theirs)
    right = by_definition(interventional(homes.predict, X[test[k]], background), 8)
    a, b = theirs["Tree, interventional"]
    return np.abs(b[k] - right).max() < 1e-9 and np.abs(a[k] - right).max() > 0.1


@claim("09.halfway", "halfway between two training incomes")
def _(theirs, homes, X, test, california):
    """Above a threshold in 64 bits, and not above it in 32."""
    k = worst(theirs)
    trees = [tree.tree_ for tree in homes.estimators_[:, 0]]
    thresholds = np.concatenate([t.threshold[t.feature == 0] for t in trees])
    income = X[test[k], 0]
    turned = (income > thresholds) & (income <= thresholds.astype(np.float32))
    return turned.any() and california.X[test[k], 0] == 3.0924


@claim("09.all_rows")
def _(homes, X, train, test):
    return tree_shap(homes, X[test[3:4]], X[train]).phi[0, 5]

"""What lesson 04 says of its pictures, tables and texts."""

import re

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from lessons_lib.lime import Neighbourhood, importance, local_surrogate, sample_table, superpixels
from tests.claims import claim

# Photographs


def middle(segments: NDArray[np.int_], j: int) -> tuple[float, float]:
    """Mean row and column of a superpixel, as shares of the picture."""
    rows, columns = np.nonzero(segments == j)
    return rows.mean() / 224, columns.mean() / 224


def on_bird(seen: NDArray[np.float32], segments: NDArray[np.int_], j: int) -> bool:
    """Whether a superpixel lies on the macaw: colourful, as no stone is, or its white face."""
    colourful = (np.ptp(seen[segments == j], axis=1) > 60).mean()
    return bool(colourful > 0.5 or segments[60, 76] == j)


@claim("04.macaw_wing")
def _(net, macaw, segments, found):
    best = np.argsort(-found.coefficients)
    return all(on_bird(net.prepare(macaw)[0], segments, j) for j in best[:3])


@claim("04.macaw_beside")
def _(net, macaw, segments, found):
    best = np.argsort(-found.coefficients)[:6]
    beside = [j for j in best if not on_bird(net.prepare(macaw)[0], segments, j)]
    return len(beside) == 1 and middle(segments, beside[0])[0] < 0.35


@claim("04.drum_for_against")
def _(net, stage, near_stage):
    segments = superpixels(net.prepare(stage)[0])

    def sides(label: str) -> tuple[float, float]:
        """Mean column of the two best and of the worst of the six weightiest."""
        weights = local_surrogate(near_stage, net.class_index(label)).coefficients
        six = sorted(np.argsort(-np.abs(weights))[:6], key=lambda j: weights[j])
        columns = [middle(segments, j)[1] for j in six]
        return float(np.mean(columns[-2:])), columns[0]

    drum, guitar = sides("drum"), sides("electric guitar")
    return drum[0] < 0.6 < drum[1] and guitar[1] < 0.6 < guitar[0]


@claim("04.roll_correlation")
def _(near_roll):
    return np.corrcoef([local_surrogate(near_roll, c).coefficients for c in (999, 700)])[0, 1]


@claim("04.roll_hole")
def _(net, roll, near_roll):
    hole = superpixels(net.prepare(roll)[0])[105, 176]
    tissue, towel = (local_surrogate(near_roll, c).coefficients for c in (999, 700))
    return tissue.argmax() == hole == towel.argmin()


def line(near: Neighbourhood, target: int) -> tuple[LinearRegression, NDArray[np.float64]]:
    """What scikit-learn fits, with the paper's kernel for its weights."""
    pi_x = np.exp(-(near.distance**2) / near.sigma**2)
    return LinearRegression().fit(near.Z, near.scores[:, target], pi_x), pi_x


@claim("04.macaw_r2")
def _(near_macaw):
    model, pi_x = line(near_macaw, 88)
    return model.score(near_macaw.Z, near_macaw.scores[:, 88], pi_x)


@claim("04.macaw_surrogate")
def _(near_macaw):
    model, _ = line(near_macaw, 88)
    return model.predict(np.ones((1, 35)))[0]


@claim("04.most_shown")
def _(near_macaw):
    return int(near_macaw.Z[1:].sum(axis=1).max())


@claim("04.sign_changes")
def _(few, more):
    best = np.argsort(-np.abs(more.mean(axis=0)))[:8]
    changing = [(run[:, best].min(axis=0) < 0).sum() for run in (few, more)]
    return changing[0] >= 4 and changing[1] <= 1 and (more[:, best].mean(axis=0) > 0).all()


# The curve in two dimensions


@claim("04.narrow_few")
def _(near_star):
    narrow, _, wide = (local_surrogate(near_star, sigma=s).effective_samples for s in (0.2, 0.7, 4))
    return narrow < wide / 10


@claim("04.no_plateau")
def _(near_star):
    widths = np.geomspace(0.2, 3, 15)
    first = np.abs([local_surrogate(near_star, sigma=s).coefficients[0] for s in widths])
    return (np.diff(first) / first[:-1] < -0.05).all()


# The table


@claim("04.unit_lists")
def _(near_patient, X):
    usual = local_surrogate(near_patient, 0, features=6).coefficients
    per_unit = line(near_patient, 0)[0].coef_ / X.std(axis=0)
    lists = [set(np.argsort(-np.abs(one))[:6]) for one in (usual, per_unit)]
    return len(lists[0] & lists[1])


@claim("04.fractal_deviation")
def _(X, columns):
    return X[:, columns.index("fractal dimension error")].std()


@claim("04.patient_surrogate")
def _(near_patient, X):
    """Six columns, chosen as the lesson does, and scikit-learn's line through them."""
    six = np.flatnonzero(local_surrogate(near_patient, 0, features=6).coefficients)
    part, _ = line(near_patient._replace(Z=near_patient.Z[:, six]), 0)
    return 100 * part.predict(near_patient.Z[:1, six])[0]


@claim("04.patients_alike")
def _(forest, X, X_test):
    others = [
        local_surrogate(sample_table(forest.predict_proba, row, X, samples=1000), 0).coefficients
        for row in X_test[:20]
    ]
    return np.median(np.corrcoef(others)[np.triu_indices(20, 1)])


# The texts


@claim("04.first_accuracy")
def _(first, test):
    return 100 * np.mean(first.predict(test.X) == test.y)


@claim("04.second_accuracy")
def _(second, test):
    return 100 * np.mean(second.predict(test.X) == test.y)


@claim("04.first_words")
def _(near_message):
    top = local_surrogate(near_message["first"], 1, features=8).top(3)
    return {name for name, _ in top} == {"re", "writes", "article"}


@claim("04.first_cleaned")
def _(first, test, traces):
    cleaned = [re.sub(rf"\b(?:{'|'.join(traces)})\b", " ", text) for text in test.X]
    return 100 * np.mean(first.predict(cleaned) == test.y)


@claim("04.sp_traces")
def _(W, words, traces):
    return sum(words[j] in traces for j in np.argsort(-importance(W))[:8])

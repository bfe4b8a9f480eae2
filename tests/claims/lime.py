"""What lesson 04 says of its pictures, tables and texts."""

import re

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from lessons_lib import images
from lessons_lib.lime import Neighbourhood, importance, local_surrogate, superpixels
from tests.claims import claim


def line(
    near: Neighbourhood, target: int, sigma: float | None = None
) -> tuple[LinearRegression, NDArray[np.float64]]:
    """What scikit-learn fits, with the paper's kernel for its weights."""
    pi_x = np.exp(-(near.distance**2) / (sigma or near.sigma) ** 2)
    return LinearRegression().fit(near.Z, near.scores[:, target], pi_x), pi_x


def whole_picture(near: Neighbourhood, target: int) -> float:
    """What the line says where everything is shown."""
    model, _ = line(near, target)
    return float(model.intercept_ + model.coef_.sum())


def middle(segments: NDArray[np.int_], j: int) -> tuple[float, float]:
    """Mean row and column of a superpixel, as shares of the picture."""
    rows, columns = np.nonzero(segments == j)
    return rows.mean() / 224, columns.mean() / 224


# Photographs


def on_bird(seen: NDArray[np.float32], segments: NDArray[np.int_], j: int) -> bool:
    """Whether a superpixel lies on the macaw: colourful, as no stone is, or its white face."""
    colourful = (np.ptp(seen[segments == j], axis=1) > 60).mean()
    return bool(colourful > 0.5 or segments[60, 76] == j)


@claim("04.macaw_wing", "The weightiest three are on the bird")
def _(net, macaw, segments, near):
    weights = line(near, 88)[0].coef_
    best, seen = np.argsort(-weights)[:3], net.prepare(macaw)[0]
    return all(on_bird(seen, segments, j) for j in best) and (weights[best] > 0).all()


@claim("04.blind")
def _(net, macaw, segments, near):
    """The plain mean of the layer's channels, taken at each pixel's block and added up."""
    active = images.resize(net.activations(macaw)[0].sum(axis=-1), segments.shape)
    control = [active[segments == j].sum() for j in range(35)]
    return np.corrcoef(control, line(near, 88)[0].coef_)[0, 1]


@claim("04.shoulder", "the shoulder is large and active")
def _(segments, blind, near):
    """Among the three pieces that lead in the control, the one above the wing."""
    weights = line(near, 88)[0].coef_
    shoulder = segments[95, 110]
    little = abs(weights[shoulder]) < weights.max() / 4
    return shoulder in np.argsort(-blind)[:3] and little


@claim("04.worse", "worse on the others than their plain mean")
def _(near, y):
    """The line of 45 samples, on the last 250; scikit-learn's R² is 0 for the plain mean."""
    few = near._replace(Z=near.Z[:45], scores=near.scores[:45], distance=near.distance[:45])
    model, _ = line(few, 88)
    weights = np.exp(-(near.distance[150:] ** 2) / near.sigma**2)
    return model.score(near.Z[150:], y[150:], weights) < 0


@claim("04.coin_hides")
def _(near_coin):
    """At least so many pieces are hidden in each sample, row 0 aside."""
    return int((1 - near_coin.Z[1:]).sum(axis=1).min())


@claim("04.coin_factor", "less than three")
def _(near_coin):
    low, high = np.percentile(line(near_coin, 88)[1], [5, 95])
    return high / low < 3


@claim("04.coin_surrogate")
def _(near_coin):
    return whole_picture(near_coin, 88)


@claim("04.paper_surrogate")
def _(near):
    return whole_picture(near, 88)


@claim("04.drum_for_against", "the drums are orange and the guitar is blue")
def _(net, stage, near_stage):
    """The column of the two best pieces and of the worst, for each of the two."""
    segments = superpixels(net.prepare(stage)[0])

    def sides(target: int) -> tuple[float, float]:
        order = np.argsort(line(near_stage, target)[0].coef_)
        columns = [middle(segments, j)[1] for j in order]
        return float(np.mean(columns[-2:])), columns[0]

    drum, guitar = sides(541), sides(546)
    return drum[0] < 0.6 < drum[1] and guitar[1] < 0.6 < guitar[0]


@claim("04.two_classes")
def _(near_stage):
    return np.corrcoef([line(near_stage, c)[0].coef_ for c in (541, 546)])[0, 1]


@claim("04.halves")
def _(near):
    """Each half with the picture itself."""
    halves = []
    for half in (np.arange(200), np.r_[0, 200:400]):
        part = near._replace(Z=near.Z[half], scores=near.scores[half], distance=near.distance[half])
        halves.append(line(part, 88)[0].coef_)
    return np.corrcoef(halves)[0, 1]


# The curve in two dimensions


@claim("04.narrow_few", "far fewer of them")
def _(near_star):
    weights = [line(near_star, 0, s)[1] for s in (0.2, 4)]
    narrow, wide = (w.sum() ** 2 / (w**2).sum() for w in weights)
    return narrow < wide / 10


@claim("04.plateau", "at the gradient")
def _(dense):
    """Against the gradient by the chain rule."""
    p = 1 / (1 + np.exp(-6 * (0.5 - 0.9 * np.sin(0.4))))
    gradient = p * (1 - p) * 6 * np.array([-1.8 * np.cos(0.4), 1])
    found = [line(dense, 0, s)[0].coef_ for s in (0.02, 0.03, 0.3)]
    return np.abs(found[:2] - gradient).max() < 0.05 < np.abs(found[2] - gradient).max()


# The table


@claim("04.opposite")
def _(near_patient):
    """Of the six columns, how many have a slope and a contribution of opposite signs."""
    standardised = near_patient.Z[0, six(near_patient)]
    return (standardised < 0).sum(), len(standardised)


@claim("04.patient_surrogate")
def _(near_patient):
    """Scikit-learn's line through the six columns that the lesson chose."""
    part = near_patient._replace(Z=near_patient.Z[:, six(near_patient)])
    return 100 * line(part, 0)[0].predict(part.Z[:1])[0], 100


def six(near: Neighbourhood) -> NDArray[np.int_]:
    return np.flatnonzero(local_surrogate(near, 0, features=6).coefficients)


# The texts


@claim("04.first_accuracy")
def _(asked, test):
    return 100 * np.mean(asked["first"].predict(test.X) == test.y)


@claim("04.second_accuracy")
def _(asked, test, traces):
    """With the traces and without."""
    scores = [
        np.mean(asked["second"].predict(texts) == test.y)
        for texts in (test.X, without(traces, test.X))
    ]
    assert scores[0] == scores[1]
    return 100 * scores[0]


@claim("04.first_words", '"re"')
def _(near_message):
    top = local_surrogate(near_message["first"], 1, features=8).top(3)
    return {name for name, _ in top} == {"re", "writes", "article"}


def replies(messages, group: int) -> float:
    """In so many of a hundred messages of a group the word "re" stands."""
    texts = [text for text, y in zip(messages.X, messages.y, strict=True) if y == group]
    return 100 * np.mean([bool(re.search(r"\bre\b", text)) for text in texts])


@claim("04.re_atheism")
def _(train):
    return replies(train, 0), 100


@claim("04.re_christianity")
def _(train):
    return replies(train, 1)


@claim("04.first_cleaned")
def _(asked, test, traces):
    return 100 * np.mean(asked["first"].predict(without(traces, test.X)) == test.y), 100


def without(traces, texts):
    return [re.sub(rf"\b(?:{'|'.join(traces)})\b", " ", text) for text in texts]


@claim("04.sp_traces")
def _(W, words, traces):
    return sum(words[j] in traces for j in np.argsort(-importance(W))[:8])

"""What lesson 03 says of its pictures."""

import numpy as np
from scipy.special import softmax
from scipy.stats import spearmanr

from lessons_lib import images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.score_cam import MaskedScores, channel_weights, varied_channels
from tests.claims import claim


def correlation(one: np.ndarray, two: np.ndarray) -> float:
    """Of ranks, as scipy has it."""
    return spearmanr(one.ravel(), two.ravel())[0]


@claim("03.hot_places")
def _(heat, slope):
    """Places above half the maximum: as many in both maps, and the hottest one is the same."""
    first, second = ((heat > heat.max() / 2).sum() for heat in (heat, slope))
    return int(first) if first == second and heat.argmax() == slope.argmax() else -1


@claim("03.channels")
def _(squeezenet, dog, layer):
    return len(varied_channels(squeezenet.activations(dog, layer)[0]))


@claim("03.best_of_twelve")
def _(twelve, scores):
    ranked = twelve[np.argsort(-scores)].tolist()
    return ranked[:2] == [458, 315] and set(ranked[-2:]) == {465, 391}


@claim("03.largest_weight")
def _(found):
    weights = softmax(found.logits.astype(float))
    assert found.channels[weights.argmax()] == 118
    return 100 * weights.max()


@claim("03.winners_not_shown")
def _(found, twelve):
    return not set(found.channels[np.argsort(-found.logits)[:4]]) & set(twelve)


@claim("03.effective_logit")
def _(found):
    return 1 / (softmax(found.logits.astype(float)) ** 2).sum()


@claim("03.effective_probability")
def _(found):
    return 1 / (softmax(found.probabilities.astype(float)) ** 2).sum()


def espresso_correlation(found: MaskedScores, other: MaskedScores, *pair: str) -> float:
    return correlation(*(np.maximum(f.A @ channel_weights(f, *pair), 0) for f in (found, other)))


@claim("03.uniform_class_blind")
def _(found, other):
    return espresso_correlation(found, other, "probability", "softmax") > 0.99


@claim("03.espresso_logit")
def _(found, other):
    return espresso_correlation(found, other, "logit", "softmax")


@claim("03.espresso_increase")
def _(found, other):
    return espresso_correlation(found, other, "logit", "increase")


@claim("03.espresso_raised")
def _(other):
    return int((other.logits > other.baseline_logit).sum())


@claim("03.espresso_empty")
def _(other):
    return (other.A @ channel_weights(other, "probability", "increase") <= 0).all()


@claim("03.constant_fifth")
def _(activations):
    """By the range of each channel, where the lesson's function asks whether it varies."""
    return 0.17 < (np.ptp(activations, axis=(1, 2)) == 0).mean() < 0.23


@claim("03.roll_constant")
def _(activations, names):
    return 100 * (np.ptp(activations[names.index("paper_roll")], axis=(0, 1)) == 0).mean()


@claim("03.winner_place")
def _(A):
    return 1 + np.argsort(-A.std(axis=(0, 1))).tolist().index(118)


@claim("03.eigen_drum")
def _(vgg16, stage, family):
    """On the bass drum, Eigen-CAM is bright and Grad-CAM of the guitar is dark."""
    heats = family["Eigen-CAM"], grad_cam(vgg16, stage, "electric guitar")
    eigen, guitar = (heat[6:12, 3:7].mean() / heat.max() for heat in heats)
    return eigen > 0.5 and guitar < 0.15


# The contest: Average Drop and Average Increase of each method


@claim("03.random_worst")
def _(table):
    drop, increase = table["random"]
    return drop == max(row[0] for row in table.values()) and increase == 0


def average_drop(squeezenet, photos, heats) -> float:
    """Anew: what is lost where each pixel is dimmed by the map, and the darker half hidden."""
    x = squeezenet.prepare(photos)
    grey = squeezenet.baseline(x, "grey")
    shares = [images.resize(np.maximum(heat, 0) / heat.max(), x.shape[1:3]) for heat in heats]
    shown = np.array([np.clip(s, 0, 1) * (s >= np.median(s)) for s in shares])[..., None]
    before = squeezenet.probabilities(x)
    after = squeezenet.probabilities(grey + shown * (x - grey))
    top = before.argmax(axis=1)[:, None]
    Y, left = (np.take_along_axis(p, top, axis=1) for p in (before, after))
    return 100 * (np.maximum(Y - left, 0) / Y).mean()


@claim("03.drop_grad")
def _(squeezenet, photos, contest):
    return average_drop(squeezenet, photos, contest["Grad-CAM"])


@claim("03.drop_plus")
def _(squeezenet, photos, contest):
    return average_drop(squeezenet, photos, contest["Grad-CAM++"])


@claim("03.drop_score")
def _(squeezenet, photos, contest):
    return average_drop(squeezenet, photos, contest["Score-CAM"])


@claim("03.increase_by_one")
def _(table):
    """Two photographs for Grad-CAM, one for each of the others."""
    seen = [round(table[n][1] * 17 / 100) for n in ("Grad-CAM", "Grad-CAM++", "Score-CAM")]
    return seen == [2, 1, 1]


# Deletion and insertion


@claim("03.deletion_falls")
def _(curves):
    left = {name: deletion.probability[3] for name, (deletion, _) in curves.items()}  # 3 of 28
    late = curves["random"][0].probability[6]  # 6 of 28: more than a fifth
    return left["Score-CAM"] < 0.15 and left["Grad-CAM"] < 0.15 and late > 0.15


def insertion_area(curves, name: str) -> float:
    _, insertion = curves[name]
    return np.trapezoid(insertion.probability, insertion.fraction)


@claim("03.insertion_grad")
def _(curves):
    return insertion_area(curves, "Grad-CAM")


@claim("03.insertion_score")
def _(curves):
    return insertion_area(curves, "Score-CAM")


# The sanity check: the intact map, and those after the shuffles


def correlations(row) -> list[float]:
    return [correlation(row[0].heat, stage.heat) for stage in row[1:]]


@claim("03.guided_fails")
def _(stages):
    return min(correlations(stages["guided backpropagation"])) > 0.7


@claim("03.grad_cam_changes")
def _(stages):
    return correlations(stages["Grad-CAM"])[0] < 0.5


@claim("03.head_stays")
def _(stages):
    """After the first shuffle the head is still the hottest; the haunch is under half as hot."""
    before, after = (stage.heat / stage.heat.max() for stage in stages["Score-CAM"][:2])
    haunch = slice(6, 8), slice(3, 5)
    return before.argmax() == after.argmax() and after[haunch].mean() < before[haunch].mean() / 2


@claim("03.shuffled_first")
def _(stages):
    return correlations(stages["Score-CAM"])[0]


@claim("03.shuffled_last")
def _(stages):
    return correlations(stages["Score-CAM"])[-1]


@claim("03.plain_mean")
def _(A, L):
    return correlation(A.mean(axis=-1), L)

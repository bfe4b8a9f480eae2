"""What lesson 07 says of methods and measures."""

import numpy as np
from scipy.stats import spearmanr

from lessons_lib.judging import clever_hans
from lessons_lib.methods import METHODS, heat_maps
from tests.claims import claim


@claim("07.only_ig_exact")
def _(formula, curves, small, w):
    truth = (w * np.tanh(small / 60)).sum(axis=-1)
    found = {
        name: spearmanr(
            heat_maps(METHODS[name], formula(curves["saturating"]), small, 1).ravel(), truth.ravel()
        )[0]
        for name in ("Integrated Gradients", "gradient × input", "SmoothGrad", "saliency")
    }
    return found.pop("Integrated Gradients") > 0.99 and max(found.values()) < 0.9


def pointing(placed, name: str) -> float:
    """Mean over the eight questions of the two mosaics."""
    return placed.scores[placed.methods.index(name), placed.measures.index("pointing game")].mean()


@claim("07.mosaic_best")
def _(placed):
    return min(pointing(placed, name) for name in ("Grad-CAM", "LIME", "KernelSHAP")) > 0.9


@claim("07.guided_no_better")
def _(placed):
    return pointing(placed, "guided backpropagation") <= 0.3


# Clever Hans


def accuracy(hans, pair, bear_mark: list[int]) -> float:
    """On other pictures than the lesson's."""
    return clever_hans.accuracy(hans, clever_hans.crops(pair, 100, bear_mark=bear_mark, seed=3))


@claim("07.hans_splendid")
def _(hans, pair):
    return accuracy(hans, pair, [1]) > 0.97


@claim("07.hans_fails")
def _(hans, pair):
    return 0.4 < accuracy(hans, pair, []) < 0.65 and accuracy(hans, pair, [0]) < 0.2


@claim("07.hans_found")
def _(in_tag):
    names = ["Grad-CAM", "Grad-CAM++", "Score-CAM", "LIME", "KernelSHAP", "Integrated Gradients"]
    return min(in_tag[name] for name in names) >= 0.9


@claim("07.hans_not_found")
def _(in_tag, tag):
    names = ["saliency", "gradient × input", "SmoothGrad", "guided backpropagation"]
    shares = [in_tag[name] for name in names]
    return 5 * tag.mean() < min(shares) and max(shares) < 0.9


@claim("07.shap_amount")
def _(hans, honest, dogs, plain, tag):
    """Close to the truth for both networks: about 3 and about a quarter."""
    errors, shares = [], []
    for network in (hans, honest):
        truth = (network.logits(dogs) - network.logits(plain))[:, 1].mean()
        maps = heat_maps(METHODS["KernelSHAP"], network, dogs, "dog")
        shares.append(maps[:, tag].sum(axis=1).mean())
        errors.append(abs(shares[-1] - truth))
    return max(errors) < 0.5 and 2.4 < shares[0] < 3.5 and abs(shares[1]) < 0.6


@claim("07.guided_fails_sanity")
def _(forgetting):
    return min(forgetting["guided backpropagation"]) > 0.6


# Deletion and insertion


@claim("07.saliency_wins_grey")
def _(filled_in):
    return filled_in.difference("saliency", "Grad-CAM", "grey").high < 0


@claim("07.saliency_loses_road")
def _(filled_in):
    return filled_in.difference("saliency", "Grad-CAM", "imputed").low > 0


@claim("07.dots_beat_grad_cam")
def _(filled_in):
    grey = dict(zip(filled_in.methods, filled_in.scores[:, 0].mean(axis=1), strict=True))
    return grey["dots"] < grey["Grad-CAM"] - 0.02


@claim("07.paired")
def _(everything):
    """By deletion their own intervals overlap; that of the difference lies below 0."""
    one, two = (everything.interval(n, "deletion") for n in ("saliency", "Grad-CAM"))
    overlap = min(one.high, two.high) - max(one.low, two.low)
    return overlap > 0 and everything.difference("saliency", "Grad-CAM", "deletion").high < 0


@claim("07.guided_disagreement")
def _(everything, placed):
    """By deletion one of the three best; in the pointing game at chance."""
    deletion = everything.scores[:, everything.measures.index("deletion")].mean(axis=1)
    place = (deletion < deletion[everything.methods.index("guided backpropagation")]).sum()
    return place < 3 and pointing(placed, "guided backpropagation") <= 0.3


@claim("07.centre_beats_ig")
def _(everything):
    return everything.difference("centre", "Integrated Gradients", "insertion").low > 0

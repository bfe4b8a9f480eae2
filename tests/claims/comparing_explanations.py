"""What lesson 07 says of methods and measures, computed with as few methods as each claim needs."""

import functools

import keras
import numpy as np

from lessons_lib import images, judging, models
from lessons_lib.judging import clever_hans, road
from lessons_lib.judging.bench import Comparison, compare
from lessons_lib.judging.statistics import bootstrap
from lessons_lib.methods import CONTROLS, METHODS, explain
from lessons_lib.network.classifier import Classifier
from tests.claims import claim

PAIR = ["cat", "german_shepherd"]
TILES = [
    {"panda": "giant panda", "macaw": "macaw", "carcassonne": "castle", "coffee": "espresso"},
    {
        "koala": "koala",
        "cat": "Egyptian cat",
        "german_shepherd": "German shepherd",
        "polar_bear": "ice bear",
    },
]
PHOTOS = ["panda", "macaw", "koala", "german_shepherd", "cat", "hens", "carcassonne", "coffee"]


@functools.cache
def mobilenet() -> Classifier:
    return models.load("mobilenet_v2", "course")


@claim("07.only_ig_exact")
def _() -> bool:
    rng = np.random.default_rng(0)
    w = images.resize(rng.normal(size=(4, 4, 3)), (16, 16))
    small = images.resize(images.course_image("panda"), (16, 16))
    inputs = keras.Input((16, 16, 3))
    dense = keras.layers.Dense(2, use_bias=False)
    saturated = keras.layers.Flatten()(keras.ops.tanh(inputs / 60))
    model = keras.Model(inputs, dense(saturated))
    dense.set_weights([np.stack([0 * w.ravel(), w.ravel()], axis=1)])
    truth = (w * np.tanh(small / 60)).sum(axis=-1)
    found = {
        name: judging.rank_correlation(explain(METHODS[name], Classifier(model), small, 1), truth)
        for name in ("Integrated Gradients", "gradient × input", "SmoothGrad", "saliency")
    }
    return found.pop("Integrated Gradients") > 0.99 and max(found.values()) < 0.9


@functools.cache
def pointing(name: str) -> float:
    """Mean over the eight questions of the two mosaics."""
    won = []
    for row in TILES:
        picture, boxes = images.mosaic([images.course_image(n) for n in row], tile=(112, 112))
        maps = explain((METHODS | CONTROLS)[name], mobilenet(), [picture] * 4, list(row.values()))
        size = (224, 224)
        won += [judging.pointing_game(m, b.mask(size)) for m, b in zip(maps, boxes, strict=True)]
    return float(np.mean(won))


@claim("07.mosaic_best")
def _() -> bool:
    return min(pointing(name) for name in ("Grad-CAM", "LIME", "KernelSHAP")) > 0.9


@claim("07.guided_no_better")
def _() -> bool:
    return pointing("guided backpropagation") <= 0.3


@functools.cache
def network(mark: bool) -> Classifier:
    """Hans, or the honest one."""
    training = clever_hans.crops(PAIR, 200, bear_mark=[1] if mark else [])
    return clever_hans.train(training, ["cat", "dog"])


@functools.cache
def dogs(mark: bool = True) -> np.ndarray:
    data = clever_hans.crops(PAIR, 8, bear_mark=[1] if mark else [], seed=2)
    return data.x[data.y == 1]


def hans_accuracy(bear_mark: list[int]) -> float:
    test = clever_hans.crops(PAIR, 100, bear_mark=bear_mark, seed=1)
    return clever_hans.accuracy(network(True), test)


@claim("07.hans_splendid")
def _() -> bool:
    return hans_accuracy([1]) > 0.97


@claim("07.hans_fails")
def _() -> bool:
    return 0.4 < hans_accuracy([]) < 0.65 and hans_accuracy([0]) < 0.2


def in_tag(name: str) -> float:
    tag = clever_hans.BOX.mask((64, 64))
    maps = explain(METHODS[name], network(True), dogs(), "dog")
    return float(np.mean([judging.top_share_inside(heat, tag) for heat in maps]))


@claim("07.hans_found")
def _() -> bool:
    names = ["Grad-CAM", "Grad-CAM++", "Score-CAM", "LIME", "KernelSHAP", "Integrated Gradients"]
    return min(in_tag(name) for name in names) >= 0.9


@claim("07.hans_not_found")
def _() -> bool:
    names = ["saliency", "gradient × input", "SmoothGrad", "guided backpropagation"]
    return max(in_tag(name) for name in names) < 0.9


@claim("07.shap_amount")
def _() -> bool:
    """Close to the truth for both networks: about 3 and about a quarter."""
    tag = clever_hans.BOX.mask((64, 64))
    errors, shares = [], []
    for mark in (True, False):
        truth = (network(mark).logits(dogs()) - network(mark).logits(dogs(False)))[:, 1].mean()
        maps = explain(METHODS["KernelSHAP"], network(mark), dogs(), "dog")
        shares.append(maps[:, tag].sum(axis=1).mean())
        errors.append(abs(shares[-1] - truth))
    return bool(max(errors) < 0.5 and 2.4 < shares[0] < 3.5 and abs(shares[1]) < 0.6)


@claim("07.guided_fails_sanity")
def _() -> bool:
    stages = judging.cascading_randomisation(
        models.load("squeezenet", "course"),
        images.course_image("german_shepherd"),
        lambda n, x, c: explain(METHODS["guided backpropagation"], n, x, c),
        "German shepherd",
        layers=["conv10", "fire9_expand3x3", "fire5_expand3x3"],
    )
    return min(stage.correlation for stage in stages) > 0.6


def dots(classifier: Classifier, x: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.random.default_rng(0).random((224, 224)), (len(x), 224, 224))


@functools.cache
def eight() -> tuple[list[np.ndarray], list[int]]:
    """The photographs, at the network's size, and their classes."""
    photos = [mobilenet().prepare(images.course_image(name))[0] for name in PHOTOS]
    return photos, [int(c) for c in mobilenet().logits(photos).argmax(axis=1)]


@functools.cache
def filled_in() -> Comparison:
    """Deletion in grey, and with imputed pixels."""
    photos, tops = eight()
    bench = {"Grad-CAM": METHODS["Grad-CAM"], "saliency": METHODS["saliency"], "dots": dots}
    measures = {
        "grey": lambda heat, i: (
            judging.deletion(mobilenet(), photos[i], heat, tops[i], steps=6).area
        ),
        "imputed": lambda heat, i: (
            road.road(mobilenet(), photos[i], heat, tops[i], fractions=(0.1, 0.3, 0.5)).area
        ),
    }
    return compare(bench, measures, mobilenet(), photos, tops)


@claim("07.saliency_wins_grey")
def _() -> bool:
    return filled_in().difference("saliency", "Grad-CAM", "grey").high < 0


@claim("07.saliency_loses_road")
def _() -> bool:
    return filled_in().difference("saliency", "Grad-CAM", "imputed").low > 0


@claim("07.dots_beat_grad_cam")
def _() -> bool:
    grey = filled_in().scores[:, 0].mean(axis=1)
    return bool(grey[filled_in().methods.index("dots")] < grey[0] - 0.02)


@functools.cache
def curves() -> Comparison:
    """Deletion and insertion over the eight photographs, for the methods that are spoken of."""
    names = ["Grad-CAM", "guided backpropagation", "Integrated Gradients"]
    bench = {n: METHODS[n] for n in names} | CONTROLS
    photos, tops = eight()
    measures = {
        kind.__name__: lambda heat, i, kind=kind: (
            kind(mobilenet(), photos[i], heat, tops[i], steps=6).area
        )
        for kind in (judging.deletion, judging.insertion)
    }
    return compare(bench, measures, mobilenet(), photos, tops)


@claim("07.paired")
def _() -> bool:
    """By deletion in grey their own intervals overlap; that of the difference lies below 0."""
    one, two = (filled_in().interval(n, "grey") for n in ("saliency", "Grad-CAM"))
    overlap = min(one.high, two.high) - max(one.low, two.low)
    return overlap > 0 and filled_in().difference("saliency", "Grad-CAM", "grey").high < 0


@claim("07.guided_disagreement")
def _() -> bool:
    """By deletion only the other dotted maps come near; in the pointing game it is at chance."""
    deletion = curves().scores[:, curves().measures.index("deletion")].mean(axis=1)
    row = curves().methods.index("guided backpropagation")
    return bool(deletion[row] == deletion.min()) and pointing("guided backpropagation") <= 0.3


@claim("07.centre_beats_ig")
def _() -> bool:
    difference = curves().difference("centre", "Integrated Gradients", "insertion")
    assert difference == bootstrap(
        curves().scores[curves().methods.index("centre"), 1]
        - curves().scores[curves().methods.index("Integrated Gradients"), 1]
    )
    return difference.low > 0

"""Numbers in the prose of lesson 01."""

import functools

import numpy as np

from lessons_lib import images, models
from lessons_lib.cam import cam, linear_head
from lessons_lib.network.classifier import Classifier
from tests.claims import claim


@functools.cache
def mobilenet() -> Classifier:
    return models.load("mobilenet_v2")


@functools.cache
def panda_map() -> np.ndarray:
    return cam(mobilenet(), images.course_image("panda"), "giant panda")


def panda_logit() -> float:
    return float(mobilenet().logits(images.course_image("panda"))[0, 388])


@claim("01.hot_in_front")
def _() -> bool:
    """The six largest values lie on head and shoulder, the four right columns' corner is dark."""
    hottest = np.argsort(-panda_map().ravel())[:6]
    rows, columns = np.unravel_index(hottest, (7, 7))
    hind = panda_map()[:, 5:].max()
    return rows.max() <= 4 and columns.min() >= 1 and columns.max() <= 4 and hind < 15


@claim("01.panda_logit")
def _() -> float:
    return panda_logit()


@claim("01.panda_mean")
def _() -> float:
    return float(panda_map().mean())


@claim("01.panda_max")
def _() -> float:
    return float(panda_map().max())


@functools.cache
def mosaic_maps() -> dict[str, tuple[float, bool]]:
    """Share of the positive map in the animal's own quarter, and whether its peak is there."""
    names = {"panda": "giant panda", "macaw": "macaw", "hens": "hen", "koala": "koala"}
    picture, boxes = images.mosaic([images.course_image(name) for name in names])
    result = {}
    for label, box in zip(names.values(), boxes, strict=True):
        heat = images.resize(cam(mobilenet(), picture, label), (448, 448))
        inside, positive = box.mask((448, 448)), np.maximum(heat, 0)
        result[label] = (positive[inside].sum() / positive.sum(), inside.ravel()[heat.argmax()])
    return result


@claim("01.panda_inside")
def _() -> float:
    return 100 * mosaic_maps()["giant panda"][0]


@claim("01.hen_inside")
def _() -> float:
    shares = {label: share for label, (share, _) in mosaic_maps().items()}
    assert min(shares, key=shares.get) == "hen"
    return 100 * shares["hen"]


@claim("01.peaks_inside")
def _() -> bool:
    return all(inside for _, inside in mosaic_maps().values())


@claim("01.peak_jumps")
def _() -> bool:
    large = images.resize(images.course_image("panda"), (256, 288))
    windows = [large[16:240, 16 + s : 240 + s] for s in (0, 8, 16, 24, 32)]
    places = [np.unravel_index(m.argmax(), m.shape) for m in cam(mobilenet(), windows, 388)]
    return places == [(2, 3), (2, 3), (2, 2), (2, 2), (2, 2)]


@claim("01.block_returns")
def _() -> bool:
    """After one whole block the map is the same, one column to the left."""
    large = images.resize(images.course_image("panda"), (256, 288))
    first, last = cam(mobilenet(), [large[16:240, 16 + s : 240 + s] for s in (0, 32)], 388)
    realigned = np.abs(first[:, 1:] - last[:, :-1]).max()
    return bool(realigned < 0.5 * np.abs(first - last).max())


@claim("01.stage_answers")
def _() -> bool:
    answers = [p.label for p in mobilenet().top(images.course_image("drum_guitar"), 3)]
    return answers[0] == "drum" and "electric guitar" not in answers


@claim("01.wrong_layer_gap")
def _() -> float:
    f = mobilenet().activations(images.course_image("panda"), "Conv_1")[0]
    w, b = linear_head(mobilenet())
    return abs((f @ w[:, 388]).mean() + b[388] - panda_logit())


def espresso(classifier: Classifier) -> float:
    return float(classifier.probabilities(images.course_image("coffee"))[0, 967])


@claim("01.espresso_right")
def _() -> float:
    return espresso(mobilenet())


@claim("01.espresso_wrong")
def _() -> float:
    wrong = Classifier(mobilenet().model, mobilenet().labels, lambda x: x / 255, layer="out_relu")
    return espresso(wrong)


@claim("01.hens_gain")
def _() -> bool:
    """With pixels from 0 to 1 the hens are surer than with the right preprocessing."""
    wrong = Classifier(mobilenet().model, mobilenet().labels, lambda x: x / 255, layer="out_relu")
    right, other = (
        c.probabilities(images.course_image("hens"))[0, 8] for c in (mobilenet(), wrong)
    )
    return bool(other > right)

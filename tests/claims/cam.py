"""What lesson 01 says of its pictures."""

import numpy as np

from lessons_lib import images
from lessons_lib.cam import cam
from lessons_lib.network.classifier import Classifier
from tests.claims import claim


@claim("01.hot_in_front")
def _(heat):
    """The six largest values lie on head and shoulder, the four right columns' corner is dark."""
    rows, columns = np.unravel_index(np.argsort(-heat.ravel())[:6], (7, 7))
    return rows.max() <= 4 and columns.min() >= 1 and columns.max() <= 4 and heat[:, 5:].max() < 15


@claim("01.panda_logit")
def _(mobilenet, panda):
    return mobilenet.logits(panda)[0, 388]


@claim("01.panda_mean")
def _(mobilenet, panda, w):
    """The weighted sum of the channels' means, where the lesson takes the mean of the map."""
    return mobilenet.activations(panda)[0].mean(axis=(0, 1)) @ w[:, 388]


def share_inside(heat: np.ndarray, i: int) -> float:
    """Of the positive map of the mosaic's quarter i, enlarged."""
    heat = np.maximum(images.resize(heat, (448, 448)), 0)
    row, column = divmod(i, 2)
    return heat[224 * row :, 224 * column :][:224, :224].sum() / heat.sum()


@claim("01.panda_inside")
def _(mobilenet, picture):
    return 100 * share_inside(cam(mobilenet, picture, "giant panda"), 0)


@claim("01.hen_inside")
def _(mobilenet, picture, labels):
    shares = [share_inside(cam(mobilenet, picture, label), i) for i, label in enumerate(labels)]
    assert min(shares) == shares[2]
    return 100 * shares[2]


@claim("01.peaks_inside")
def _(mobilenet, picture, labels):
    """The largest value of the enlarged map, where the lesson prints the map's own largest."""
    enlarged = [images.resize(cam(mobilenet, picture, label), (448, 448)) for label in labels]
    peaks = [np.unravel_index(heat.argmax(), heat.shape) for heat in enlarged]
    return [(row // 224, column // 224) for row, column in peaks] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]


@claim("01.peak_jumps")
def _(moved):
    places = [np.unravel_index(heat.argmax(), heat.shape) for heat in moved]
    return places == [(2, 3), (2, 3), (2, 2), (2, 2), (2, 2)]


@claim("01.block_returns")
def _(moved):
    """After one whole block the map is the same, one column to the left."""
    first, last = moved[0], moved[-1]
    return np.abs(first[:, 1:] - last[:, :-1]).max() < 0.5 * np.abs(first - last).max()


@claim("01.stage_answers")
def _(mobilenet):
    answers = [answer.label for answer in mobilenet.top(images.course_image("drum_guitar"), 3)]
    return answers[0] == "drum" and "electric guitar" not in answers


@claim("01.wrong_layer_gap")
def _(mobilenet, panda, f_wrong, w, b):
    return abs(f_wrong.mean(axis=(0, 1)) @ w[:, 388] + b[388] - mobilenet.logits(panda)[0, 388])


@claim("01.panda_max")
def _(M):
    return M.max()


def espresso(classifier: Classifier) -> float:
    return classifier.probabilities(images.course_image("coffee"))[0, 967]


@claim("01.espresso_right")
def _(mobilenet):
    return espresso(mobilenet)


@claim("01.espresso_wrong")
def _(faulty):
    return espresso(faulty)


@claim("01.hens_gain")
def _(mobilenet, faulty):
    """With pixels from 0 to 1 the hens are surer than with the right preprocessing."""
    hens = images.course_image("hens")
    return faulty.probabilities(hens)[0, 8] > mobilenet.probabilities(hens)[0, 8]

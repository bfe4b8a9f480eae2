"""The pictures of docs/why_does_my_map_look_like_this.md, made by the course's networks.

    python tools/pages/symptoms.py docs/symptoms

A test asks each function for its picture's numbers, and whether the symptom is there.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from lessons_lib import Classifier, images, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging import clever_hans, pointing_game
from lessons_lib.judging.statistics import rank_correlation
from lessons_lib.maps import saliency, smooth_grad
from lessons_lib.methods import lime_map
from lessons_lib.report._pictures import jpeg, overlaid

SIDE = 150


class Symptom(NamedTuple):
    """Pictures side by side, and the number that says how strong the symptom is.

    ``sick`` is that of the picture with the symptom, ``mended`` that after the advice.
    """

    panels: list[NDArray[np.uint8]]
    sick: float
    mended: float


def _panel(picture: NDArray, heat: NDArray | None = None) -> NDArray[np.uint8]:
    small = np.clip(images.resize(picture, (SIDE, SIDE)), 0, 255).astype("uint8")
    if heat is None:
        return small
    return overlaid(small, images.resize(heat, (SIDE, SIDE)))


def blob() -> Symptom:
    """Places of the map's grid along a side: of pictures of 96 pixels, and of 224."""
    large = models.load("mobilenet_v2")
    model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None)
    model.set_weights(large.model.get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = Classifier(model, models.imagenet_labels(), "tf")
    koala = images.course_image("koala")
    coarse, fine = (grad_cam(network, koala, "koala") for network in (small, large))
    return Symptom([_panel(koala, coarse), _panel(koala, fine)], len(coarse), len(fine))


def same_for_all() -> Symptom:
    """Rank correlation of the maps of two classes: in a picture of one thing, and of two."""
    network = models.load("vgg16")
    bear, stage = images.course_image("polar_bear"), images.course_image("drum_guitar")
    alone = [grad_cam(network, bear, c) for c in ("ice bear", "Arctic fox")]
    both = [grad_cam(network, stage, c) for c in ("drum", "electric guitar")]
    return Symptom(
        [_panel(bear, heat) for heat in alone],
        rank_correlation(*alone),
        rank_correlation(*both),
    )


def speckles() -> Symptom:
    """Share of the variation that is from pixel to pixel: of one gradient, and of a mean of 25."""
    network = models.load("squeezenet")
    panda = images.course_image("panda")
    one = saliency(network, panda)
    many = np.abs(smooth_grad(network, panda, samples=25)).max(axis=-1)
    rough = [float(np.abs(np.diff(h, axis=1)).mean() / h.std()) for h in (one, many)]
    return Symptom([_panel(panda, one), _panel(panda, many)], *rough)


def another_each_time() -> Symptom:
    """Rank correlation of two runs of LIME: with 15 samples, and with 400."""
    network = models.load("squeezenet")
    koala = images.course_image("koala")
    x = network.prepare(koala)
    classes = np.array([network.class_index("koala")])
    runs = {
        n: [lime_map(network, x, classes, samples=n, seed=s)[0] for s in (0, 1)] for n in (15, 400)
    }
    return Symptom(
        [_panel(koala, heat) for heat in runs[15]],
        *(rank_correlation(*pair) for pair in runs.values()),
    )


def looks_strong() -> Symptom:
    """The largest value of the map beside the top class's: each scaled by itself, or not."""
    network = models.load("squeezenet")
    hens = images.course_image("hens")
    top, other = grad_cam(network, [hens] * 2, [network.top(hens)[0].label, "espresso"])
    return Symptom([_panel(hens, other), _panel(hens, top)], 1.0, float(other.max() / top.max()))


def blank() -> Symptom:
    """Share of the map's places that have a value: of the last layer, and of a finer one."""
    network = models.load("mobilenet_v2")
    dog = images.course_image("german_shepherd")
    last, finer = (
        grad_cam(network, dog, "snow leopard", layer) for layer in (None, "block_13_expand_relu")
    )
    return Symptom(
        [_panel(dog, last), _panel(dog, finer)],
        *(float(np.mean(heat != 0)) for heat in (last, finer)),
    )


def wrong_pixels() -> Symptom:
    """The probability of "hen": with pixels divided by 255, and with the right ones."""
    right = models.load("vgg16")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrong = right.replace(preprocess=lambda x: x / 255)
    hens = images.course_image("hens")
    hen = right.class_index("hen")
    return Symptom(
        [_panel(hens, grad_cam(network, hens)) for network in (wrong, right)],
        *(float(network.probabilities(hens)[0, hen]) for network in (wrong, right)),
    )


def in_the_corner() -> Symptom:
    """Whether a map is hottest on a mark: it stood in one class's training pictures, or both."""
    names, labels = ["cat", "polar_bear"], ["cat", "bear"]
    picture = clever_hans.crops(names, 4, bear_mark=[1], seed=9).x[1]
    inside = clever_hans.BOX.mask(picture.shape[:2])
    panels, found = [], []
    for marked in ([1], [0, 1]):
        data = clever_hans.crops(names, 60, bear_mark=marked)
        heat = grad_cam(clever_hans.train(data, labels), picture, "bear")
        found.append(pointing_game(images.resize(heat, picture.shape[:2]), inside))
        panels.append(_panel(picture, heat))
    return Symptom(panels, *found)


SYMPTOMS: dict[str, Callable[[], Symptom]] = {
    f.__name__: f
    for f in (
        blob, same_for_all, speckles, another_each_time, looks_strong, blank, wrong_pixels,
        in_the_corner,
    )
}  # fmt: skip


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, make in SYMPTOMS.items():
        found = make()
        print(name, round(found.sick, 3), round(found.mended, 3), flush=True)
        gap = np.full((SIDE, 6, 3), 255, "uint8")
        left, right = found.panels
        (folder / f"{name}.jpg").write_bytes(jpeg(np.concatenate([left, gap, right], axis=1)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

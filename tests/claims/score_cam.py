"""Numbers in the prose of lesson 03."""

import functools

import numpy as np

from lessons_lib import cam_family, evaluation, images, models
from lessons_lib.classifier import Classifier
from lessons_lib.grad_cam import grad_cam
from lessons_lib.score_cam import MaskedScores, alpha, masked_scores, score_cam, varied_channels
from tests.claims import claim

LAYER = "fire9_concat"


@functools.cache
def squeezenet() -> Classifier:
    return models.load("squeezenet")


@functools.cache
def vgg16() -> Classifier:
    return models.load("vgg16")


@functools.cache
def photo(name: str) -> np.ndarray:
    return images.course_image(name)


@functools.cache
def dog_scores(target: str = "German shepherd") -> MaskedScores:
    return masked_scores(squeezenet(), photo("german_shepherd"), target, LAYER)


def effective(scores: str) -> float:
    weights = alpha(dog_scores(), scores, "softmax").astype(float)
    return float(1 / (weights**2).sum())


@claim("03.effective_logit")
def _() -> float:
    return effective("logit")


@claim("03.effective_probability")
def _() -> float:
    return effective("probability")


@claim("03.channels")
def _() -> int:
    return len(dog_scores().channels)


@claim("03.uniform_class_blind")
def _() -> bool:
    found = [dog_scores(), dog_scores("espresso")]
    maps = [np.maximum(f.A @ alpha(f, "probability", "softmax"), 0) for f in found]
    return evaluation.rank_correlation(*maps) > 0.99


@functools.cache
def constant_shares() -> dict[str, float]:
    names = images.course_images()
    activations = vgg16().activations([photo(name) for name in names])
    return {n: 1 - len(varied_channels(a)) / 512 for n, a in zip(names, activations, strict=True)}


@claim("03.constant_fifth")
def _() -> bool:
    return 0.17 < np.mean(list(constant_shares().values())) < 0.23


@claim("03.roll_constant")
def _() -> float:
    return 100 * constant_shares()["paper_roll"]


@claim("03.eigen_drum")
def _() -> bool:
    """On the bass drum, Eigen-CAM is bright and Grad-CAM of the guitar is dark."""
    stage = photo("drum_guitar")
    maps = cam_family.eigen_cam(vgg16(), stage), grad_cam(vgg16(), stage, "electric guitar")
    eigen, guitar = (heat[6:12, 3:7].mean() / heat.max() for heat in maps)
    return eigen > 0.5 and guitar < 0.15


@functools.cache
def contest() -> dict[str, tuple[float, float]]:
    photos = [photo(name) for name in images.course_images()]
    heats = {
        "Grad-CAM": grad_cam(squeezenet(), photos, layer=LAYER),
        "Grad-CAM++": cam_family.grad_cam_plus_plus(squeezenet(), photos, layer=LAYER),
        "Score-CAM": score_cam(squeezenet(), photos, layer=LAYER, max_channels=100),
        "random": np.random.default_rng(0).uniform(size=(len(photos), 13, 13)),
    }
    table = {}
    for name, maps in heats.items():
        Y, after = evaluation.confidences(squeezenet(), photos, maps, keep=0.5)
        table[name] = (evaluation.average_drop(Y, after), evaluation.average_increase(Y, after))
    return table


@claim("03.random_worst")
def _() -> bool:
    drop, increase = contest()["random"]
    return drop == max(row[0] for row in contest().values()) and increase == 0


@claim("03.grad_drop_best")
def _() -> bool:
    by_drop = min(contest(), key=lambda name: contest()[name][0])
    by_increase = max(contest(), key=lambda name: contest()[name][1])
    return (by_drop, by_increase) == ("Grad-CAM", "Score-CAM")


@claim("03.deletion_falls")
def _() -> bool:
    dog = photo("german_shepherd")
    maps = {
        "Score-CAM": np.maximum(dog_scores().A @ alpha(dog_scores()), 0),
        "Grad-CAM": grad_cam(squeezenet(), dog, layer=LAYER),
        "random": np.random.default_rng(0).uniform(size=(13, 13)),
    }
    curves = {name: evaluation.deletion(squeezenet(), dog, heat) for name, heat in maps.items()}
    left = {name: curve.probability[3] for name, curve in curves.items()}  # 3 of 28 steps
    late = curves["random"].probability[9]  # 9 of 28: a third
    return left["Score-CAM"] < 0.15 and left["Grad-CAM"] < 0.15 and late > 0.15


@functools.cache
def correlations(name: str) -> list[float]:
    """Rank correlations after the shuffles that the lesson shows."""
    methods = {
        "Grad-CAM": lambda n, x, c: grad_cam(n, x, c, LAYER),
        "guided": lambda n, x, c: np.abs(cam_family.guided_backpropagation(n, x, c)).max(axis=-1),
    }
    stops = ["conv10", "fire9_expand3x3", "fire8_expand3x3", "fire5_expand3x3"]
    stages = evaluation.cascading_randomisation(
        squeezenet(), photo("german_shepherd"), methods[name], 235, layers=stops
    )
    return [stage.correlation for stage in stages][1:]


@claim("03.guided_fails")
def _() -> bool:
    return min(correlations("guided")) > 0.7


@claim("03.grad_cam_changes")
def _() -> bool:
    return correlations("Grad-CAM")[0] < 0.5

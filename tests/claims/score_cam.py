"""Numbers in the prose of lesson 03."""

import functools

import numpy as np

from lessons_lib import images, judging, maps, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.network.classifier import Classifier
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


@functools.cache
def default_map(target: str = "German shepherd") -> np.ndarray:
    found = dog_scores(target)
    return np.maximum(found.A @ alpha(found), 0)


@functools.cache
def dog_slope() -> np.ndarray:
    return grad_cam(squeezenet(), photo("german_shepherd"), layer=LAYER)


@claim("03.hot_places")
def _() -> int:
    """Places above half the maximum: as many in both maps, and the hottest one is the same."""
    maps = default_map(), dog_slope()
    first, second = ((heat > heat.max() / 2).sum() for heat in maps)
    return int(first) if first == second and maps[0].argmax() == maps[1].argmax() else -1


def most_varied() -> np.ndarray:
    return np.argsort(-dog_scores().A.std(axis=(0, 1)))


def best_channels() -> np.ndarray:
    found = dog_scores()
    return found.channels[np.argsort(-found.logits)]


@claim("03.best_of_twelve")
def _() -> bool:
    twelve = set(most_varied()[:12].tolist())
    ranked = [k for k in best_channels().tolist() if k in twelve]
    return ranked[:2] == [458, 315] and set(ranked[-2:]) == {465, 391}


@claim("03.largest_weight")
def _() -> float:
    assert alpha(dog_scores()).argmax() == 118
    return 100 * float(alpha(dog_scores()).max())


@claim("03.winners_not_shown")
def _() -> bool:
    return not set(best_channels()[:4]) & set(most_varied()[:12])


@claim("03.winner_place")
def _() -> int:
    return 1 + most_varied().tolist().index(118)


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
    return espresso_correlation("probability", "softmax") > 0.99


def espresso_correlation(scores: str, weights: str) -> float:
    found = [dog_scores(), dog_scores("espresso")]
    maps = [np.maximum(f.A @ alpha(f, scores, weights), 0) for f in found]
    return judging.rank_correlation(*maps)


@claim("03.espresso_logit")
def _() -> float:
    return espresso_correlation("logit", "softmax")


@claim("03.espresso_increase")
def _() -> float:
    return espresso_correlation("logit", "increase")


@claim("03.espresso_raised")
def _() -> int:
    return int((alpha(dog_scores("espresso"), "logit", "increase") > 0).sum())


@claim("03.espresso_empty")
def _() -> bool:
    found = dog_scores("espresso")
    return bool((found.A @ alpha(found, "probability", "increase") <= 0).all())


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
    heats = maps.eigen_cam(vgg16(), stage), grad_cam(vgg16(), stage, "electric guitar")
    eigen, guitar = (heat[6:12, 3:7].mean() / heat.max() for heat in heats)
    return eigen > 0.5 and guitar < 0.15


@functools.cache
def contest() -> dict[str, tuple[float, float]]:
    photos = [photo(name) for name in images.course_images()]
    heats = {
        "Grad-CAM": grad_cam(squeezenet(), photos, layer=LAYER),
        "Grad-CAM++": maps.grad_cam_plus_plus(squeezenet(), photos, layer=LAYER),
        "Score-CAM": score_cam(squeezenet(), photos, layer=LAYER, max_channels=100),
        "random": np.random.default_rng(0).uniform(size=(len(photos), 13, 13)),
    }
    table = {}
    for name, of_all in heats.items():
        Y, after = judging.confidences(squeezenet(), photos, of_all, keep=0.5)
        table[name] = (judging.average_drop(Y, after), judging.average_increase(Y, after))
    return table


@claim("03.random_worst")
def _() -> bool:
    drop, increase = contest()["random"]
    return drop == max(row[0] for row in contest().values()) and increase == 0


@claim("03.drop_grad")
def _() -> float:
    return contest()["Grad-CAM"][0]


@claim("03.drop_plus")
def _() -> float:
    return contest()["Grad-CAM++"][0]


@claim("03.drop_score")
def _() -> float:
    return contest()["Score-CAM"][0]


@claim("03.increase_by_one")
def _() -> bool:
    """Two photographs for Score-CAM, one for each of the others."""
    seen = [round(contest()[n][1] * 17 / 100) for n in ("Score-CAM", "Grad-CAM", "Grad-CAM++")]
    return seen == [2, 1, 1]


@functools.cache
def maps_to_rank() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0).uniform(size=(13, 13))
    return {"Score-CAM": default_map(), "Grad-CAM": dog_slope(), "random": random}


@claim("03.deletion_falls")
def _() -> bool:
    dog = photo("german_shepherd")
    curves = {n: judging.deletion(squeezenet(), dog, m) for n, m in maps_to_rank().items()}
    left = {name: curve.probability[3] for name, curve in curves.items()}  # 3 of 28 steps
    late = curves["random"].probability[9]  # 9 of 28: a third
    return left["Score-CAM"] < 0.15 and left["Grad-CAM"] < 0.15 and late > 0.15


def insertion_area(name: str) -> float:
    dog = photo("german_shepherd")
    return judging.insertion(squeezenet(), dog, maps_to_rank()[name]).area


@claim("03.insertion_grad")
def _() -> float:
    return insertion_area("Grad-CAM")


@claim("03.insertion_score")
def _() -> float:
    return insertion_area("Score-CAM")


@functools.cache
def shuffled(name: str) -> list[judging.Stage]:
    """The intact map, and those after the shuffles that the lesson shows."""
    methods = {
        "Grad-CAM": lambda n, x, c: grad_cam(n, x, c, LAYER),
        "Score-CAM": lambda n, x, c: score_cam(n, x, c, LAYER, max_channels=60),
        "guided": lambda n, x, c: np.abs(maps.guided_backpropagation(n, x, c)).max(axis=-1),
    }
    stops = ["conv10", "fire9_expand3x3", "fire8_expand3x3", "fire5_expand3x3"]
    dog = photo("german_shepherd")
    return list(
        judging.cascading_randomisation(squeezenet(), dog, methods[name], 235, layers=stops)
    )


def correlations(name: str) -> list[float]:
    return [stage.correlation for stage in shuffled(name)][1:]


@claim("03.guided_fails")
def _() -> bool:
    return min(correlations("guided")) > 0.7


@claim("03.grad_cam_changes")
def _() -> bool:
    return correlations("Grad-CAM")[0] < 0.5


@claim("03.shuffled_first")
def _() -> float:
    return correlations("Score-CAM")[0]


@claim("03.shuffled_last")
def _() -> float:
    return correlations("Score-CAM")[-1]


@claim("03.head_stays")
def _() -> bool:
    """After the first shuffle the head is still the hottest; the haunch is under half as hot."""
    before, after = (stage.heat / stage.heat.max() for stage in shuffled("Score-CAM")[:2])
    haunch = slice(6, 8), slice(3, 5)
    return before.argmax() == after.argmax() and after[haunch].mean() < before[haunch].mean() / 2


@claim("03.plain_mean")
def _() -> float:
    return judging.rank_correlation(dog_scores().A.mean(axis=-1), default_map())

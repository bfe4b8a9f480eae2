"""Lesson 07: the grid pointing game on mosaics whose four classes the network sees.

A mosaic counts if each of its four classes is among the network's first ten answers. The same
photographs come again and again: questions are many, photographs few.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lessons_lib import images, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging.localisation import energy_inside, pointing_game
from lessons_lib.maps.family import grad_cam_plus_plus
from lessons_lib.maps.gradients import saliency

CLASSES = {
    "carcassonne": "castle", "cat": "Egyptian cat", "coffee": "espresso",
    "german_shepherd": "German shepherd", "hens": "hen", "horse": "sorrel", "koala": "koala",
    "macaw": "macaw", "panda": "giant panda", "paper_roll": "toilet tissue",
    "polar_bear": "ice bear",
}  # fmt: skip
MOSAICS, TRIES = 24, 200


def edges(classifier: Any, x: Any, classes: Any) -> Any:
    """A control: how fast the grey changes."""
    return np.hypot(*np.gradient(x.mean(axis=-1), axis=(1, 2)))


METHODS = {
    "Grad-CAM": grad_cam,
    "Grad-CAM++": grad_cam_plus_plus,
    "saliency": saliency,
    "plain mean": lambda classifier, x, classes: classifier.activations(x).mean(axis=-1),
    "edges": edges,
}


def rows() -> Iterator[dict[str, Any]]:
    """A row for each mosaic, class and method."""
    classifier = models.load("mobilenet_v2")
    rng = np.random.default_rng(0)
    found = 0
    for number in range(TRIES):
        names = [str(name) for name in rng.permutation(list(CLASSES))[:4]]
        picture, boxes = images.mosaic([images.course_image(n) for n in names], tile=(112, 112))
        p = classifier.probabilities(picture)[0]
        classes = [classifier.class_index(CLASSES[name]) for name in names]
        rank = [1 + int((p > p[c]).sum()) for c in classes]
        if max(rank) > 10 or found == MOSAICS:
            continue
        found += 1
        x = classifier.prepare([picture] * 4)
        maps = {name: method(classifier, x, np.array(classes)) for name, method in METHODS.items()}
        for i, name in enumerate(names):
            inside = boxes[i].mask((224, 224))
            row = {"mosaic": number, "photograph": name, "rank": rank[i], "p": float(p[classes[i]])}
            for method, heats in maps.items():
                heat = images.resize(heats[i], (224, 224))
                row[method] = pointing_game(heat, inside)
                row[f"{method}, energy"] = energy_inside(heat, inside)
            yield row

"""Lesson 07: a Grad-CAM, two saliency maps and five controls on trial, on each of the photographs.

`plain mean` is the unweighted mean of the layer's channels. `drop` and `kept` are the shares of its
probability that the class loses where the picture is dimmed by the map, and where besides only the
hottest half is left; `rises`, whether it gains by that. `most` and `least` are areas of ROAD.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from lessons_lib import images, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging.curves import confidences, deletion, insertion
from lessons_lib.judging.road import road
from lessons_lib.judging.statistics import rank_correlation
from lessons_lib.maps.gradients import saliency

SIZE = (224, 224)
FRACTIONS = (0.1, 0.3, 0.5)


def controls(classifier: Any, x: Any) -> dict[str, Any]:
    """Maps that know no class, and all but the first know no network."""
    u = np.linspace(-2, 2, SIZE[0])
    grey = x.mean(axis=-1)
    rng = np.random.default_rng(0)
    return {
        "plain mean": classifier.activations(x[None])[0].mean(axis=-1),
        "centre": np.exp(-(u[:, None] ** 2) - u**2),
        "blots": rng.random((7, 7)),
        "dots": rng.random(SIZE),
        "edges": np.hypot(*np.gradient(grey)),
    }


def rows() -> Iterator[dict[str, Any]]:
    """A row for each photograph and map; the class is the network's first answer."""
    classifier = models.load("mobilenet_v2")
    for name in images.course_images():
        x = classifier.prepare(images.course_image(name))[0]
        c = int(classifier.logits(x)[0].argmax())
        slopes = saliency(classifier, x, c)
        found = {
            "Grad-CAM": grad_cam(classifier, x, c),
            "saliency": slopes,
            "saliency, blurred": gaussian_filter(slopes, 16),
        }
        first = images.resize(found["Grad-CAM"], SIZE)
        for which, heat in (found | controls(classifier, x)).items():
            loss = {}
            for label, keep in (("drop", None), ("kept", 0.5)):
                Y, O = confidences(classifier, x, [heat], c, keep=keep)  # noqa: E741
                loss[label] = max(0.0, float(1 - O[0] / Y[0]))
            yield {
                "photograph": name,
                "class": classifier.labels[c],
                "map": which,
                "r": rank_correlation(first, images.resize(heat, SIZE)),
                "deletion": deletion(classifier, x, heat, c, steps=10).area,
                "insertion": insertion(classifier, x, heat, c, steps=10).area,
                **loss,
                "rises": int(O[0] > Y[0]),
                "most": road(classifier, x, heat, c, fractions=FRACTIONS).area,
                "least": road(classifier, x, heat, c, fractions=FRACTIONS, least_first=True).area,
            }

"""Lesson 08: every method and every control on every photograph of the course, by four measures."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lessons_lib import images, models
from lessons_lib.judging.curves import deletion, insertion
from lessons_lib.judging.robustness import infidelity, removals
from lessons_lib.methods import CONTROLS, METHODS, heat_maps
from lessons_lib.network.counter import counted

NAMES = (
    "Grad-CAM", "Grad-CAM++", "Score-CAM", "LIME", "KernelSHAP", "occlusion",
    "Integrated Gradients", "gradient × input", "SmoothGrad", "saliency", "guided backpropagation",
)  # fmt: skip
STEPS, SQUARES = 10, 64


def plain_mean(classifier: Any, x: Any, classes: Any) -> Any:
    """A control: the layer's channels, all with the same weight; no class."""
    return classifier.activations(x).mean(axis=-1)


def dots(classifier: Any, x: Any, classes: Any) -> Any:
    """A control: single random dots, the same for all pictures."""
    return np.broadcast_to(np.random.default_rng(0).random((224, 224)), (len(x), 224, 224))


def edges(classifier: Any, x: Any, classes: Any) -> Any:
    """A control: how much the grey changes to the right and downwards."""
    grey = x.mean(axis=-1)
    return np.abs(np.diff(grey, axis=1, append=grey[:, -1:])) + np.abs(
        np.diff(grey, axis=2, append=grey[:, :, -1:])
    )


def rows() -> Iterator[dict[str, Any]]:
    """A row for each photograph and each method; `passes` counts the pictures the network saw."""
    classifier = models.load("mobilenet_v2")
    twin, counter = counted(classifier)
    methods = {name: METHODS[name] for name in NAMES} | {
        "plain mean": plain_mean, **CONTROLS, "dots": dots, "edges": edges,
    }  # fmt: skip
    for name in images.course_images():
        x = classifier.prepare(images.course_image(name))[0]
        c = int(classifier.logits(x)[0].argmax())
        squares = removals(classifier, x, c, samples=SQUARES)
        for method, function in methods.items():
            counter.pictures = 0
            heat = heat_maps(function, twin, x, c)
            passes = counter.pictures
            yield {
                "photograph": name,
                "class": classifier.labels[c],
                "method": method,
                "deletion": deletion(classifier, x, heat, c, steps=STEPS).area,
                "deletion, blurred": deletion(
                    classifier, x, heat, c, steps=STEPS, baseline="blurred"
                ).area,
                "insertion": insertion(classifier, x, heat, c, steps=STEPS).area,
                "infidelity": infidelity(heat, squares),
                "passes": passes,
            }

"""Lesson 07: the sanity check with several seeds, photographs and all layers, down to the first.

The weights are shuffled as `lessons_lib.judging.cascading_randomisation` does it, in one copy of
the network; all photographs are asked at each stop.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lessons_lib import images, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging.statistics import rank_correlation
from lessons_lib.maps.gradients import saliency
from lessons_lib.maps.guided import guided_backpropagation
from lessons_lib.network.layers import copy_of

SEEDS = range(5)
PHOTOGRAPHS = (
    "panda", "macaw", "koala", "german_shepherd", "cat", "hens", "coffee", "polar_bear",
)  # fmt: skip
STOPS = ("predictions", "Conv_1", "block_13_expand", "block_8_expand", "block_3_expand", "Conv1")


def plain_mean(classifier: Any, x: Any, classes: Any) -> Any:
    """The plain mean of the channels."""
    return classifier.activations(x).mean(axis=-1)


def guided(classifier: Any, x: Any, classes: Any) -> Any:
    """The size of guided backpropagation, largest over the colours."""
    return np.abs(guided_backpropagation(classifier, x, classes)).max(axis=-1)


METHODS = {"Grad-CAM": grad_cam, "saliency": saliency, "guided": guided, "plain mean": plain_mean}


def rows() -> Iterator[dict[str, Any]]:
    """A row for each seed, stop and photograph: rank correlations with the intact network's map."""
    whole = models.load("mobilenet_v2")
    damaged = whole.replace(model=copy_of(whole.model))
    intact = [variable.numpy() for variable in damaged.model.variables]
    x = whole.prepare([images.course_image(name) for name in PHOTOGRAPHS])
    classes = whole.logits(x).argmax(axis=1)
    first = {name: method(whole, x, classes) for name, method in METHODS.items()}
    layers = [(path, layer) for path, layer in damaged.layers.items() if layer.weights]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        for variable, values in zip(damaged.model.variables, intact, strict=True):
            variable.assign(values)
        for path, layer in reversed(layers):
            for variable in layer.weights:
                values = variable.numpy()
                variable.assign(rng.permutation(values.ravel()).reshape(values.shape))
            if path not in STOPS:
                continue
            found = {name: method(damaged, x, classes) for name, method in METHODS.items()}
            for i, photograph in enumerate(PHOTOGRAPHS):
                yield {
                    "seed": seed,
                    "layer": path,
                    "photograph": photograph,
                    **{
                        name: rank_correlation(np.abs(first[name][i]), np.abs(found[name][i]))
                        for name in METHODS
                    },
                }

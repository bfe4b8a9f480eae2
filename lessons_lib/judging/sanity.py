"""Does a map depend on what the network has learned? The sanity check (lesson 07).

References
----------
J. Adebayo et al., *Sanity Checks for Saliency Maps*, NeurIPS 2018 (arXiv:1810.03292), section 3.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike

from lessons_lib.basics.checks import Array
from lessons_lib.judging.statistics import rank_correlation
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.layers import copy_of
from lessons_lib.network.scores import Score


class Stage(NamedTuple):
    """A map after the weights from the output down to one layer have been shuffled."""

    layer: str
    heat: Array
    correlation: float


def cascading_randomisation(
    classifier: Classifier,
    image: ArrayLike,
    method: Callable[[Classifier, ArrayLike, int], Array],
    target: int | str | Score | None = None,
    *,
    layers: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[Stage]:
    """Sanity check: destroy the weights layer by layer, from the output on; the map must change.

    The weights of a layer are shuffled among themselves, which keeps their spread (the paper draws
    them anew). That is done to a copy; the caller's model is not touched.

    Parameters
    ----------
    classifier
        The network; its model must be one that Keras can clone (Functional or Sequential).
    image
        One picture (height, width, 3); RGB pixels 0..255.
    method
        Makes a map from a classifier, a picture and a class.
    target
        The class; default: the picture's top class, as the undamaged network sees it.
    layers
        After which layers to draw a map, by name; default: after each that has weights.
    rng
        Shuffles; default: seeded with 0.

    Yields
    ------
    Stage
        The layer, the map, and its rank correlation with the first map (signs do not count). The
        first stage is the undamaged network, with an empty name.

    References
    ----------
    J. Adebayo et al., *Sanity Checks for Saliency Maps*, NeurIPS 2018 (arXiv:1810.03292),
    section 3.

    Examples
    --------
    >>> from lessons_lib import grad_cam, images, models
    >>> classifier, panda = models.load("squeezenet"), images.course_image("panda")
    >>> stages = cascading_randomisation(classifier, panda, grad_cam.grad_cam, layers=["conv10"])
    >>> [stage.layer for stage in stages]
    ['', 'conv10']
    """
    rng = rng or np.random.default_rng(0)
    classifier, target = classifier.explaining(target)
    (chosen,) = classifier.chosen(classifier.prepare_one(image), target).tolist()
    damaged = classifier.replace(model=copy_of(classifier.model))
    with_weights = {p: layer for p, layer in damaged.layers.items() if _own_weights(layer)}
    unknown = set(layers or ()) - set(with_weights)
    if unknown:
        raise ValueError(
            f"{sorted(unknown)} are not layers with weights; there are {list(with_weights)}"
        )
    first = method(damaged, image, chosen)
    yield Stage("", first, 1.0)
    for path, layer in reversed(with_weights.items()):
        for variable in _own_weights(layer):
            values = variable.numpy()
            variable.assign(rng.permutation(values.ravel()).reshape(values.shape))
        if layers is None or path in layers:
            heat = method(damaged, image, chosen)
            yield Stage(path, heat, rank_correlation(np.abs(first), np.abs(heat)))


def _own_weights(layer: keras.layers.Layer) -> list[keras.Variable]:
    return [] if isinstance(layer, keras.Model) else layer.weights

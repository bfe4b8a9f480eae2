"""The 16-bit twin in methods that only ask: their maps stay close to those of the network."""

from collections.abc import Callable

import numpy as np
import pytest

from lessons_lib import maps
from lessons_lib.judging import deletion
from lessons_lib.lime import coalition_scores, local_surrogate, sample_image
from lessons_lib.network.bfloat16 import bfloat16
from lessons_lib.network.classifier import Classifier
from lessons_lib.shapley import kernel_shap
from tests.networks import SIZE, classifier, flat_net, gap_net, pictures

SEGMENTS = np.arange(16).reshape(4, 4).repeat(SIZE // 4, axis=0).repeat(SIZE // 4, axis=1)
PICTURE = pictures(1)[0]


def lime_coefficients(c: Classifier) -> np.ndarray:
    nearby = sample_image(c, PICTURE, SEGMENTS, samples=200, target=1, baseline="grey")
    return local_surrogate(nearby).coefficients


def shapley_values(c: Classifier) -> np.ndarray:
    def game(Z: np.ndarray) -> np.ndarray:
        return coalition_scores(c, PICTURE, SEGMENTS, Z, baseline="grey")[:, 1]

    return kernel_shap(game, 16, 300)


METHODS: dict[str, Callable[[Classifier], np.ndarray]] = {
    "LIME": lime_coefficients,
    "KernelSHAP": shapley_values,
    "RISE": lambda c: maps.rise(c, PICTURE, 1, samples=200),
    "occlusion": lambda c: maps.occlusion(c, PICTURE, 1, window=4, stride=2),
    "deletion": lambda c: deletion(c, PICTURE, SEGMENTS.astype(float), 1).probability,
}


@pytest.fixture(scope="module", params=[gap_net, flat_net])
def networks(request) -> tuple[Classifier, Classifier]:
    exact = classifier(request.param())
    return exact, bfloat16(exact)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_close_and_not_the_same(method, networks: tuple[Classifier, Classifier]) -> None:
    """Eight binary digits: an error of some thousandths in each answer."""
    exact, rough = map(method, networks)
    assert 0 < np.abs(rough - exact).max() < 0.05 * np.abs(exact).max()

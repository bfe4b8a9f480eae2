"""How often Keras runs through the layers of a model in Python: most of the time of a start."""

import numpy as np
import pytest

from lessons_lib.judging import deletion
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.counter import counted
from tests.networks import classifier, gap_net, pictures


@pytest.fixture
def runs(monkeypatch) -> list[Classifier]:
    """The classifiers whose model was run through."""
    found: list[Classifier] = []
    run = Classifier._run
    monkeypatch.setattr(Classifier, "_run", lambda self, x: found.append(self) or run(self, x))
    return found


def ask_often(c: Classifier) -> None:
    for method in ("LIME", "KernelSHAP", "RISE", "occlusion"):
        heat_maps(METHODS[method], c, pictures(1), 1)
    deletion(c, pictures(1)[0], np.arange(16.0).reshape(4, 4), 1)


def test_a_network_that_is_only_asked_is_traced_once(runs: list[Classifier]) -> None:
    c = classifier(gap_net())
    before = len(runs)
    ask_often(c)
    assert len(runs) == before > 0


def test_what_makes_pictures_is_compiled_without_the_network() -> None:
    c = classifier(gap_net())
    ask_often(c)
    heat_maps(METHODS["Score-CAM"], c, pictures(1), 1)
    network = {"Conv2D", "PartitionedCall", "StatefulPartitionedCall"}
    with_network = {
        key
        for key, function in c._compiled.items()
        if network & {operation.type for operation in function.graph.get_operations()}
    }
    assert {"composites", "predict"} <= set(c._compiled)
    assert with_network == {"predict", ("activations", c.layer, None)}


def test_a_twin_that_counts_is_not_traced_either(runs: list[Classifier]) -> None:
    c = classifier(gap_net())
    before = len(runs)
    twin, counter = counted(c)
    ask_often(twin)
    assert len(runs) == before
    once = counter.pictures
    assert once > 300  # 90 and 90 samples, 200 masks, and more
    ask_often(twin)
    assert counter.pictures == 2 * once
    ask_often(c)
    assert counter.pictures == 2 * once


def test_a_twin_counts_what_looks_inside_too() -> None:
    twin, counter = counted(classifier(gap_net()))
    for method in ("Grad-CAM", "saliency"):
        heat_maps(METHODS[method], twin, pictures(3), 1)  # traced
        counter.pictures = 0
        heat_maps(METHODS[method], twin, pictures(3), 1)
        assert counter.pictures == 3


def test_activations_come_out_of_the_compiled_gradients(runs: list[Classifier]) -> None:
    c, fresh = classifier(gap_net()), classifier(gap_net())
    c.gradients(pictures(1), 1)
    before = len(runs)
    for images in (pictures(1), pictures(3)):
        np.testing.assert_array_equal(c.activations(images), fresh.activations(images))
    assert runs[before:] == [fresh]
    early = next(iter(c.spatial_layers))
    c.gradients(pictures(1), 1, early)
    before = len(runs)
    c.activations(pictures(1), early)  # a long way back, each time: it gets a function of its own
    assert runs[before:] == [c]


def test_activations_need_no_target_where_the_gradients_did() -> None:
    c = classifier(gap_net(None), ending="numbers")
    c.gradients(pictures(1), 1)
    assert c.activations(pictures(1)).shape[0] == 1
    with pytest.raises(ValueError, match="gives 3 numbers"):
        c.gradients(pictures(1))

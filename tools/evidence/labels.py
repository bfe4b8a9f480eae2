"""Lesson 07: do networks with random labels have other maps than networks that differ by the seed?

Twelve small pictures are learned by heart: by five networks with the right labels, and by five with
labels that are shuffled, each by its own seed. A row is a pair of networks; its numbers are mean
rank correlations of their maps for "dog", over the twelve pictures.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging import clever_hans
from lessons_lib.judging.statistics import rank_correlation
from lessons_lib.maps.gradients import saliency
from lessons_lib.maps.guided import guided_backpropagation

SEEDS = range(5)
EPOCHS = 120
TOLERANCE = 0.1  # of the means in `steady`


def plain_mean(network: Any, x: Any, target: Any) -> Any:
    """The plain mean of the channels."""
    return network.activations(x).mean(axis=-1)


def guided(network: Any, x: Any, target: Any) -> Any:
    """The size of guided backpropagation, largest over the colours."""
    return np.abs(guided_backpropagation(network, x, target)).max(axis=-1)


METHODS = {"Grad-CAM": grad_cam, "saliency": saliency, "guided": guided, "plain mean": plain_mean}


def steady(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over all pairs of a kind: what another machine has to find again.

    Networks that are trained on another machine differ in their last digits at first. Moving each
    pixel of the training pictures by its last digit moved a pair by up to 0.025, and these means by
    up to 0.0023; means of right and random labels lie 0.18 to 0.55 apart.
    """
    kinds = dict.fromkeys(row["other"] for row in rows)
    return [
        {"other": kind}
        | {n: float(np.mean([r[n] for r in rows if r["other"] == kind])) for n in METHODS}
        for kind in kinds
    ]


def rows() -> Iterator[dict[str, Any]]:
    """First pairs of two networks with the right labels, then pairs of one of each kind."""
    data = clever_hans.crops(["cat", "german_shepherd"], 6)
    networks: dict[str, list[dict[str, Any]]] = {"right": [], "random": []}
    heart = {}
    for seed, kind in itertools.product(SEEDS, networks):
        y = data.y if kind == "right" else np.random.default_rng(seed).permutation(data.y)
        start = seed + (100 if kind == "random" else 0)
        network = clever_hans.train(
            clever_hans.Data(data.x, y), ["cat", "dog"], epochs=EPOCHS, seed=start
        )
        heart[kind, seed] = clever_hans.accuracy(network, clever_hans.Data(data.x, y))
        networks[kind].append({n: method(network, data.x, "dog") for n, method in METHODS.items()})
    pairs = [("right", a, b) for a, b in itertools.combinations(SEEDS, 2)]
    pairs += [("random", a, b) for a, b in itertools.product(SEEDS, SEEDS)]
    for kind, a, b in pairs:
        agreement = {
            name: float(
                np.mean(
                    [
                        rank_correlation(np.abs(one), np.abs(two))
                        for one, two in zip(
                            networks["right"][a][name], networks[kind][b][name], strict=True
                        )
                    ]
                )
            )
            for name in METHODS
        }
        learned = min(heart["right", a], heart[kind, b])
        yield {"other": kind, "seed": a, "other seed": b, "by heart": learned, **agreement}

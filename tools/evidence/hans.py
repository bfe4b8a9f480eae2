"""Lesson 08: networks of five seeds, trained with and without the tag, and what maps say of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lessons_lib.judging.clever_hans import BOX, accuracy, crops, train
from lessons_lib.judging.localisation import top_share_inside
from lessons_lib.methods import METHODS, heat_maps

PAIR = ("cat", "german_shepherd")
TOLERANCE = 0.5  # a network trained on another machine is another network


def rows() -> Iterator[dict[str, Any]]:
    """``truth`` is what the tag adds to the logit of dog; ``amount`` the map's sum over the tag."""
    tag = BOX.mask((64, 64))
    with_tag, without = (crops(PAIR, 8, bear_mark=marks, seed=2) for marks in ([1], []))
    dogs, plain = (data.x[data.y == 1] for data in (with_tag, without))
    for seed in range(5):
        for name, marks in {"Hans": [1], "honest": []}.items():
            network = train(crops(PAIR, 200, bear_mark=marks, seed=10 * seed), PAIR, seed=seed)
            truth = float((network.logits(dogs) - network.logits(plain))[:, 1].mean())
            for method in ("Grad-CAM", "KernelSHAP", "Integrated Gradients"):
                heats = heat_maps(METHODS[method], network, dogs, 1)
                yield {
                    "seed": seed,
                    "network": name,
                    "without tags": accuracy(network, crops(PAIR, 100, seed=99)),
                    "truth": truth,
                    "method": method,
                    "hottest": float(np.mean([top_share_inside(heat, tag) for heat in heats])),
                    "amount": float(heats[:, tag].sum(axis=1).mean()),
                }

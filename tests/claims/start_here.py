"""What lesson 00 says of its pictures."""

import json

import numpy as np

from lessons_lib import images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.network import weights
from tests.claims import claim


def share_inside(heat: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> float:
    """Share of the map's sum that lies inside a rectangle, given in hundredths of the picture."""
    heat = images.resize(heat, (100, 100))
    return heat[slice(*rows), slice(*columns)].sum() / heat.sum()


@claim("00.panda_probability")
def _(network, photo):
    return network.probabilities(photo)[0, 388]


@claim("00.panda_hot_on_animal", "hottest on the animal")
def _(heat):
    """The three hottest blocks lie within the animal's box; on the rocks hardly any heat."""
    rows, columns = np.unravel_index(np.argsort(-heat.ravel())[:3], heat.shape)
    inside = (rows.min() + 0.5) / 7 > 42 / 532 and (rows.max() + 0.5) / 7 < 466 / 532
    inside &= (columns.min() + 0.5) / 7 > 166 / 800 and (columns.max() + 0.5) / 7 < 664 / 800
    return inside and heat[-1].max() < 0.1 * heat.max()


@claim("00.panda_blind")
def _(network, photo):
    """Centred and multiplied out, of maps made anew."""
    maps = grad_cam(network, photo, 388), np.einsum("xyk->xy", network.activations(photo)[0])
    one, other = (m / m.std() - m.mean() / m.std() for m in maps)
    return (one * other).mean()


@claim("00.narwhal_is_turtle", "leatherback turtle")
def _(network, narwhals):
    return network.labels[network.logits(narwhals).argmax()] == "leatherback turtle"


@claim("00.narwhal_probability")
def _(network, narwhals):
    return network.probabilities(narwhals).max()


@claim("00.narwhal_hot_on_animal", "animals")
def _(network, narwhals):
    return share_inside(grad_cam(network, narwhals), (30, 80), (15, 95)) > 0.75


@claim("00.vgg_half", "about half the time on photographs that it was")
def _():
    report = json.loads((weights.FOLDER / "report.json").read_text(encoding="utf-8"))
    return 0.45 < report["vgg16"]["top_1"] < 0.55

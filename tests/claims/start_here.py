"""What lesson 00 says of its pictures."""

import functools
import json

import numpy as np

from lessons_lib import images, models
from lessons_lib.grad_cam import grad_cam
from lessons_lib.network import weights
from tests.claims import claim


@functools.cache
def network() -> models.Classifier:
    return models.load("mobilenet_v2", "course")


def share_inside(photo: str, rows: tuple[float, float], columns: tuple[float, float]) -> float:
    """Share of the map's sum that lies inside a rectangle, given in shares of the picture."""
    heat = images.resize(grad_cam(network(), images.course_image(photo)), (100, 100))
    (top, bottom), (left, right) = (np.multiply(r, 100).astype(int) for r in (rows, columns))
    return float(heat[top:bottom, left:right].sum() / heat.sum())


@claim("00.panda_probability")
def _() -> float:
    return network().top(images.course_image("panda"))[0].probability


@claim("00.panda_hot_on_animal")
def _() -> bool:
    return share_inside("panda", (0, 0.85), (0.2, 0.85)) > 0.8


@claim("00.narwhal_is_turtle")
def _() -> bool:
    return network().top(images.course_image("narwhal"))[0].label == "leatherback turtle"


@claim("00.narwhal_probability")
def _() -> float:
    return network().top(images.course_image("narwhal"))[0].probability


@claim("00.narwhal_hot_on_animal")
def _() -> bool:
    return share_inside("narwhal", (0.3, 0.8), (0.15, 0.95)) > 0.75


@claim("00.vgg_half")
def _() -> bool:
    report = json.loads((weights.FOLDER / "report.json").read_text(encoding="utf-8"))
    return bool(0.45 < report["vgg16"]["top_1"] < 0.55)

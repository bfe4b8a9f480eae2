"""Colours mean one thing, to colour-blind readers too, and are set in one place."""

import ast
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import skimage.color
from matplotlib.colors import to_rgb

from lessons_lib import plotting
from lessons_lib.plotting import style

# What readers without the cones for green, or for red, see: linear RGB in, linear RGB out.
# Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), severity 1.
BLIND = {
    "": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
}  # fmt: skip


def seen(colours: np.ndarray, kind: str) -> np.ndarray:
    """CIELAB of RGB colours 0..1, shape (n, 3), as a reader sees them."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ BLIND[kind].T, 0, 1)
    shown = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return skimage.color.rgb2lab(shown[None])[0]


def apart(one: object, other: object, kind: str) -> float:
    a, b = seen(np.array([to_rgb(one), to_rgb(other)]), kind)
    return float(np.linalg.norm(a - b))


@pytest.mark.parametrize("kind", BLIND)
def test_for_and_against_are_told_apart(kind: str) -> None:
    assert apart(style.FOR, style.AGAINST, kind) > 100
    for grey in np.linspace(0, 0.6, 7):  # of the dimmed photograph under the marks
        assert min(apart(c, (grey,) * 3, kind) for c in (style.FOR, style.AGAINST)) > 45


@pytest.mark.parametrize("kind", BLIND)
def test_the_heat_grows_lighter_in_about_equal_steps(kind: str) -> None:
    lab = seen(style.CMAP(np.linspace(0, 1, 11))[:, :3], kind)
    assert (np.diff(lab[:, 0]) > -0.4).all()
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.min() > 4
    if not kind:
        assert steps.max() < 1.6 * steps.min()


@pytest.mark.parametrize("kind", BLIND)
def test_the_heat_stands_out_on_every_grey(kind: str) -> None:
    photo = np.repeat(np.arange(0, 256, 5, np.uint8), 3).reshape(-1, 1, 3).repeat(21, axis=1)
    drawn = plotting.overlay(photo, np.linspace(0, 1, 21)[None].repeat(len(photo), axis=0))
    for grey, line in zip(photo, drawn, strict=True):
        distance = np.linalg.norm(seen(line / 255, kind) - seen(grey / 255, kind), axis=1)
        assert distance[0] == 0
        assert distance[-1] == pytest.approx(distance.max(), abs=1.5)
        assert distance[-1] > 35


def test_lines_of_methods_have_no_colour_that_means_something_else() -> None:
    assert len(style.COLOURS) == len(style.MARKERS) == len(style.DASHES)
    for one, other in itertools.product(style.COLOURS, (style.FOR, style.AGAINST)):
        assert apart(one, other, "") > 25
    for one, other in itertools.combinations(style.COLOURS, 2):
        assert apart(one, other, "") > 25


COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|C\d|tab:\w+|0?\.\d+")
TAKES_A_COLOUR = re.compile(r"c|cmap|background|foreground|\w*colors?")
TAKES_A_SIZE = re.compile(r"lw|dpi|\w*(line|font|label|title)(size|widths?)")


def literals(value: ast.expr) -> list[object]:
    """The constants that an argument may be, as they stand there."""
    if isinstance(value, ast.IfExp):
        return literals(value.body) + literals(value.orelse)
    if isinstance(value, ast.Tuple | ast.List):
        return [found for part in value.elts for found in literals(part)]
    return [value.value] if isinstance(value, ast.Constant) else []


def colours_and_sizes(source: str) -> list[str]:
    """What a module sets itself: colours, and sizes of fonts and lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [node.value] * bool(COLOUR.fullmatch(node.value))
        elif isinstance(node, ast.keyword) and node.arg:
            takes = TAKES_A_COLOUR.fullmatch(node.arg) or TAKES_A_SIZE.fullmatch(node.arg)
            found += [f"{node.arg}={x!r}" for x in literals(node.value) if takes and x != 0]
    return found


MODULES = sorted(Path(plotting.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_colours_and_sizes_are_set_in_one_place(path: Path) -> None:
    found = colours_and_sizes(path.read_text(encoding="utf-8"))
    if path.name == "style.py":
        assert len(found) > 9, "the test sees colours where they are"
    else:
        assert not found, f"say style.NAME in {path.name}: {found}"


@pytest.mark.parametrize(
    "call",
    ['plot(x, color="red")', 'UP = "#d55e00"', "text(fontsize=9)", "line(lw=0.8)",
     'plot(x, c="0.45")', 'bar(color="tab:blue")', "bar(color=F if x else 'red')",
     "mark(color=(1, 1, 0))", 'show(cmap="jet")'],
)  # fmt: skip
def test_a_literal_is_seen(call: str) -> None:
    assert colours_and_sizes(call)

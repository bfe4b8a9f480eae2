"""Drawing for lesson 06: the path from the baseline to the picture, and the slopes along it.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, places, square, text
from lessons_lib.plotting.style import CARD, FOUND, LINES, MAPS

_STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)  # alphas of the pictures that are drawn


def path_of_slopes() -> str:
    """From baseline to photograph, slope by slope, and their mean, as the text of an SVG.

    Examples
    --------
    >>> path_of_slopes().startswith("<svg")
    True
    """
    parts = []
    for i, alpha in enumerate(_STOPS):
        middle = 76 + 136 * i
        parts += [_picture(middle - 34, 62, alpha), text(middle, 54, f"α = {alpha:g}", size=12)]
        if alpha < 1:
            parts.append(arrow((middle + 36, 96), (middle + 98, 96)))
        parts += [
            arrow((middle, 134), (middle, 156), stroke=MAPS),
            box(middle - 54, 160, 108, 46, ["network:", "∂F / ∂x there"], FOUND),
            arrow((middle, 206), (middle, 246), stroke=MAPS),
        ]
    parts += [
        text(76, 36, "baseline x'"),
        text(348, 36, "the straight path x' + α (x - x')"),
        text(620, 36, "photograph x"),
        box(22, 250, 652, 40, ["(2) their weighted mean: one slope for each pixel"], FOUND),
        arrow((674, 270), (702, 270), stroke=MAPS),
        box(706, 238, 134, 64, ["(1) times x - x':", "attributions φ"], FOUND),
        arrow((654, 96), (773, 96), (773, 234)),
        text(714, 88, "how far each", size=12),
        text(714, 114, "pixel went", size=12),
        text(430, 330, "(3) Check: all φ together must be F(x) - F(x')."),
    ]
    return card(parts, top=14, height=332)


def _picture(x: float, y: float, alpha: float) -> str:
    """A panda-like pattern of 4 × 4 places at a share of its brightness, over black."""
    light = ((0.9, 0.3, 0.3, 0.9), (1, 0.5, 0.5, 1), (1, 1, 1, 1), (0.3, 0.8, 0.8, 0.3))
    opacities = [[round(alpha * part, 2) for part in row] for row in light]
    return square(x, y, 68, LINES) + places(x + 2, y + 2, opacities, CARD, 16, gap=0)

"""Drawing for lesson 10: the family of Grad-CAM, in which each method is only its weights.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, text
from lessons_lib.plotting.style import CARD, FOUND, MAPS

_WEIGHTS = (
    ("Grad-CAM", "mean of g"),
    ("XGrad-CAM", "mean of g, weighted by A"),
    ("Grad-CAM++", "sum of ReLU(g) / (2 + g ΣA)"),
    ("HiResCAM", "g, place by place"),
    ("LayerCAM", "ReLU(g), place by place"),
    ("Ablation-CAM", "what the logit loses without it"),
    ("Eigen-CAM", "first principal component of A"),
)


def family() -> str:
    """From a layer's activations and slopes to the map, by seven weights, as the text of an SVG.

    Examples
    --------
    >>> family().startswith("<svg")
    True
    """
    parts = [
        box(20, 84, 130, 70, ["A: activations", "of a layer"], CARD),
        box(20, 204, 130, 70, ["g: slopes of the", "class's logit"], CARD),
        text(370, 46, "(1) the weights w: choose one"),
        # All rows get A; g goes to the first five only, so its arrow ends at their middle.
        arrow((150, 119), (206, 119)),
        arrow((150, 239), (178, 239), (178, 160), (206, 160)),
        text(710, 46, "(2) the same for all"),
        arrow((530, 160), (586, 160), stroke=MAPS),
        box(590, 122, 130, 76, ["sum over the", "channels of w A,", "then ReLU"], FOUND),
        arrow((720, 160), (756, 160), stroke=MAPS),
        box(760, 122, 80, 76, ["the map"], FOUND),
        text(655, 244, "Ablation-CAM needs no slope:", size=12),
        text(655, 260, "it asks the network once for", size=12),
        text(655, 276, "each channel. Eigen-CAM needs", size=12),
        text(655, 292, "no class.", size=12),
    ]
    for i, (name, weight) in enumerate(_WEIGHTS):
        y = 60 + 32 * i
        parts += [
            box(210, y, 108, 27, [name], FOUND if i < 5 else CARD),
            box(318, y, 212, 27, [weight], CARD),
        ]
    return card(parts, top=26, height=276)

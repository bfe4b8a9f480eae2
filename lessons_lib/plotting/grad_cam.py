"""Drawing for lesson 02: where the gradient of Grad-CAM flows, and what is done with it.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, layer, places, text
from lessons_lib.plotting.style import CARD, FOUND, MAPS, PLACES, TOKENS


def gradient_flow() -> str:
    """From picture to logit, back to the layer, and on to the map, as the text of an SVG.

    Examples
    --------
    >>> gradient_flow().startswith("<svg")
    True
    """
    logits = "".join(
        f'<rect x="636" y="{54 + 17 * i}" width="76" height="13" fill="{fill}"/>'
        for i, fill in enumerate([PLACES] * 3 + [TOKENS] + [PLACES] * 2)
    )
    parts = [
        box(20, 62, 92, 84, ["picture", "224 × 224"], CARD),
        arrow((112, 104), (138, 104)),
        box(142, 62, 118, 84, ["thirteen", "convolutions"]),
        arrow((260, 104), (296, 104)),
        layer(300, 58),
        text(346, 46, "A: 14 × 14 places, 512 channels"),
        arrow((396, 104), (450, 104)),
        box(454, 66, 128, 76, ["what follows:", "not linear"]),
        arrow((582, 104), (632, 104)),
        logits,
        text(674, 46, "1000 logits"),
        text(784, 116, "the logit Sc of class c", size=12, colour=TOKENS),
        # Back, only as far as the layer.
        arrow((674, 160), (674, 184), (372, 184), (372, 156), stroke=MAPS, dashed=True),
        text(524, 176, "the gradient flows back, as far as the layer", size=12, colour=MAPS),
        arrow((340, 150), (340, 232), stroke=MAPS),
        box(230, 236, 162, 56, ["slope of Sc for each", "of the numbers in A"], FOUND),
        arrow((392, 264), (416, 264), stroke=MAPS),
        box(420, 236, 164, 56, ["(1) mean over places:", "512 weights α"], FOUND),
        arrow((584, 264), (608, 264), stroke=MAPS),
        box(612, 236, 150, 56, ["(2) sum of α times A,", "then ReLU"], FOUND),
        arrow((762, 264), (786, 264), stroke=MAPS),
        places(790, 236, _MAP, TOKENS, 14),
        text(818, 312, "the map"),
        arrow((306, 134), (306, 210), (200, 210), (200, 316), (687, 316), (687, 296)),
        text(441, 310, "A itself", size=12),
    ]
    return card(parts, top=26, height=304)


_MAP = [(0.1, 0.1, 0.2, 0.1), (0.1, 0.3, 0.5, 0.2), (0.1, 0.5, 1, 0.6), (0.1, 0.2, 0.4, 0.2)]

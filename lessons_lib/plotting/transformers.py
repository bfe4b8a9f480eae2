"""Drawing for lesson 12: how a picture goes through a Vision Transformer, and who looks where.

An SVG on a white card, so that it reads the same on a dark page; no picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, places, text
from lessons_lib.plotting.style import CARD, FOUND, MAPS, PLACES, TOKENS


def vision_transformer() -> str:
    """A Vision Transformer from left to right, as the text of an SVG; below it the maps.

    Examples
    --------
    >>> vision_transformer().startswith("<svg")
    True
    """
    patches = [
        [0.85 if (row, column) in _DIGIT else 0.2 for column in range(7)] for row in range(7)
    ]
    tokens = "".join(
        f'<rect x="160" y="{60 + 17 * i}" width="62" height="13" fill="{fill}"/>'
        for i, fill in enumerate([TOKENS, *[PLACES] * 5])
    )
    parts = [
        places(20, 62, patches, PLACES, 15, gap=2),
        text(72, 50, "7 × 7 patches"),
        arrow((128, 114), (154, 114)),
        tokens,
        text(191, 50, "tokens"),
        text(191, 178, "⋮", size=16),
        text(252, 71, "class", colour=TOKENS),
        text(255, 120, "places", colour=PLACES),
        arrow((284, 114), (306, 114)),
        box(310, 44, 250, 140),
        text(435, 62, "a block; 4 of them, one after another"),
        box(322, 74, 108, 96, ["attention:", "each reads", "from all tokens"], CARD),
        arrow((430, 122), (442, 122)),
        box(446, 74, 102, 96, ["two layers:", "each token", "by itself"], CARD),
        arrow((560, 114), (586, 114)),
        f'<rect x="590" y="107" width="62" height="13" fill="{TOKENS}"/>',
        text(621, 98, "class token alone", size=12),
        arrow((656, 114), (684, 114)),
        box(688, 88, 150, 52, ["one linear layer:", "ten logits"]),
        arrow((190, 196), (190, 226), stroke=MAPS),
        box(96, 230, 190, 52, ["places as a grid:", "Grad-CAM, Score-CAM"], FOUND),
        arrow((350, 170), (350, 226), stroke=MAPS),
        box(308, 230, 236, 52, ["follow the attention: rollout", "(no class)"], FOUND),
        arrow((763, 140), (763, 206), (400, 206), (400, 174), stroke=MAPS, dashed=True),
        arrow((640, 206), (640, 226), stroke=MAPS),
        box(566, 230, 272, 52, ["weigh it with the slope", "of a logit: relevance"], FOUND),
    ]
    return card(parts, top=26, height=270)


_DIGIT = {(1, 2), (1, 3), (1, 4), (2, 4), (3, 3), (4, 3), (5, 2)}  # a seven

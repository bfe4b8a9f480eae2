"""Drawing for lesson 03: how a channel becomes a mask, and what the network is asked.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, places, text
from lessons_lib.plotting.style import CARD, FOUND, MAPS, PLACES, TOKENS


def masks_and_scores() -> str:
    """From a channel to its mask, its question, its weight and the map, as the text of an SVG.

    Examples
    --------
    >>> masks_and_scores().startswith("<svg")
    True
    """
    parts = [
        box(20, 64, 92, 84, ["picture X", "224 × 224"], CARD),
        arrow((112, 106), (138, 106)),
        box(142, 64, 100, 84, ["network,", "up to the", "layer"]),
        arrow((242, 106), (268, 106)),
        text(310, 46, "(1) channel k"),
        _squares(272, 70, 4, 19),
        arrow((350, 106), (388, 106)),
        text(369, 164, "(2) enlarge,", size=12),
        text(369, 180, "scale to 0..1", size=12),
        text(440, 46, "mask H"),
        _squares(392, 58, 12, 8),
        arrow((490, 106), (516, 106)),
        text(584, 46, "(3) the masked picture"),
        box(520, 64, 128, 84, ["X where H is 1,", "baseline where", "H is 0"], CARD),
        arrow((648, 106), (674, 106)),
        text(759, 46, "(4) ask the whole network"),
        box(678, 64, 162, 84, ["logit of class c,", "less that of", "the bare baseline"], FOUND),
        # The picture itself is needed again behind the mask.
        arrow((66, 148), (66, 202), (584, 202), (584, 152)),
        text(226, 196, "the picture itself", size=12),
        arrow((759, 148), (759, 236), stroke=MAPS),
        text(707, 196, "once for each", size=12, colour=MAPS),
        text(707, 212, "channel", size=12, colour=MAPS),
        box(668, 240, 172, 56, ["(5) softmax over the", "increases: weights α"], FOUND),
        arrow((668, 268), (642, 268), stroke=MAPS),
        box(476, 240, 162, 56, ["(6) sum of α times A,", "then ReLU"], FOUND),
        arrow((476, 268), (450, 268), stroke=MAPS),
        _squares(376, 234, 5, 14, TOKENS),
        text(340, 272, "the map"),
    ]
    return card(parts, top=26, height=290)


def _squares(x: float, y: float, n: int, side: float, colour: str = PLACES) -> str:
    """A hill of n × n places: a channel, its mask, or the map."""
    middle = 0.58 * (n - 1), 0.42 * (n - 1)
    opacities = [
        [
            round(max(0.06, 1 - 2.1 * (abs(row - middle[0]) + abs(column - middle[1])) / n), 2)
            for column in range(n)
        ]
        for row in range(n)
    ]
    return places(x, y, opacities, colour, side, gap=1 if n < 9 else 0)

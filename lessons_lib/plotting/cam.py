"""Drawing for lesson 01: how the network ends, and the same sum in another order.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, layer, places, text
from lessons_lib.plotting.style import CARD, FOUND, MAPS, TOKENS


def two_orders() -> str:
    """From picture to logit by the channels' means, and by the map, as the text of an SVG.

    Examples
    --------
    >>> two_orders().startswith("<svg")
    True
    """
    parts = [
        box(20, 112, 92, 84, ["picture", "224 × 224"], CARD),
        arrow((112, 154), (138, 154)),
        box(142, 112, 116, 84, ["convolutions"]),
        arrow((258, 154), (292, 154)),
        layer(296, 108),
        text(342, 96, "A: 7 × 7 places,"),
        text(342, 220, "1280 channels"),
        # The network's order: first the mean, then the weights.
        text(596, 50, "the network: first the mean, then the weights", size=12),
        arrow((392, 154), (424, 154), (424, 90), (450, 90)),
        box(454, 62, 140, 56, ["global average:", "1280 means"]),
        arrow((594, 90), (618, 90)),
        box(622, 62, 122, 56, ["sum of w times", "mean, plus b"]),
        arrow((744, 90), (800, 90), (800, 122)),
        box(758, 126, 84, 56, ["logit Sc", "of class c"], CARD),
        # The map's order: first the weights, then the mean.
        arrow((424, 154), (424, 226), (450, 226), stroke=MAPS),
        box(454, 198, 140, 56, ["at each place:", "sum of w times A"], FOUND),
        arrow((594, 226), (634, 226), stroke=MAPS),
        places(640, 196, _MAP, TOKENS, 15),
        text(670, 274, "the map M"),
        arrow((704, 226), (800, 226), (800, 186), stroke=MAPS),
        text(764, 246, "mean, plus b", size=12, colour=MAPS),
        text(596, 298, "the map: first the weights, then the mean", size=12, colour=MAPS),
    ]
    return card(parts, top=30, height=282)


_MAP = [(0.1, 0.2, 0.2, 0.1), (0.4, 0.8, 0.7, 0.2), (0.4, 0.9, 1, 0.3), (0.1, 0.2, 0.3, 0.1)]

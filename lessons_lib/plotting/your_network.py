"""Drawing for lesson 11: where a network of one's own enters, and which door it takes.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, text
from lessons_lib.plotting.style import CARD, FOUND, LINES, MAPS

_DOORS = [
    ("classes, a number", "Classifier(model, labels)", "all methods"),
    ("a region, a box, a difference", "Classifier, target = a Score", "all methods"),
    ("any function: PyTorch, ONNX", "BlackBox(predict, labels, size)", "methods that only ask"),
]


def doors() -> str:
    """From picture to score, and the door for each kind of network, as the text of an SVG.

    Examples
    --------
    >>> doors().startswith("<svg")
    True
    """
    parts = [
        box(20, 40, 120, 64, ["your picture", "any size"], CARD),
        arrow((140, 72), (166, 72)),
        box(170, 40, 140, 64, ["preprocessing:", "once, inside"]),
        arrow((310, 72), (336, 72)),
        box(340, 40, 180, 64, ["layers with places:", "3 × 3, 6 × 6, ..."]),
        arrow((520, 72), (546, 72)),
        box(550, 40, 110, 64, ["head"]),
        arrow((660, 72), (686, 72)),
        box(690, 40, 150, 64, ["score: one number", "for each picture"], FOUND),
        arrow((430, 104), (430, 124), (765, 124), (765, 108), stroke=MAPS),
        text(598, 140, "a map asks: which places raise the score?", size=12, colour=MAPS),
        text(140, 172, "what your network gives"),
        text(430, 172, "the door"),
        text(720, 172, "what can explain it"),
    ]
    for i, (gives, door, methods) in enumerate(_DOORS):
        y = 184 + 46 * i
        parts += [
            box(20, y, 240, 36, [gives], CARD),
            arrow((260, y + 18), (286, y + 18)),
            box(290, y, 280, 36, [door], FOUND),
            arrow((570, y + 18), (596, y + 18)),
            box(600, y, 240, 36, [methods], CARD),
        ]
    parts.append(f'<line x1="20" y1="154" x2="840" y2="154" stroke="{LINES}" opacity="0.3"/>')
    return card(parts, top=26, height=304)

"""Drawing for lesson 09: what a game of features asks the model.

No picture, only shapes, numbers and words.
"""

from collections.abc import Sequence

import numpy as np

from lessons_lib.plotting.drawing import arrow, box, card, text
from lessons_lib.plotting.style import BOX, CARD, FOUND, MAPS

EXAMPLE = (3, 2, 5, 1)
USUAL = ((1, 0, 4, 2), (2, 6, 0, 3), (0, 3, 2, 1))
PRESENT = (1, 0, 1, 0)  # who is present
_CELL = 34


def hybrid_rows() -> str:
    """From a row, a background and a coalition to its value, as the text of an SVG.

    The model of the drawing is the product of the first two features, and the other two added.

    Examples
    --------
    >>> hybrid_rows().startswith("<svg")
    True
    """
    hybrids = np.where(PRESENT, EXAMPLE, USUAL)
    answers = hybrids[:, 0] * hybrids[:, 1] + hybrids[:, 2] + hybrids[:, 3]
    present = [FOUND if there else CARD for there in PRESENT]
    taken = [FOUND if there else BOX for there in PRESENT]
    parts = [
        text(112, 44, "the row x"),
        _cells(42, 52, EXAMPLE, present),
        text(112, 118, "the coalition: features 1 and 3"),
        _cells(42, 126, ["yes" if there else "no" for there in PRESENT], present),
        text(112, 192, "the background: m rows"),
        *(_cells(42, 200 + 40 * k, row, [BOX] * 4) for k, row in enumerate(USUAL)),
        arrow((188, 69), (296, 206)),
        arrow((188, 143), (296, 233)),
        arrow((188, 257), (296, 257)),
        text(
            370,
            336,
            "hybrid rows: features that are present from x, the others from the background",
        ),
        *(_cells(300, 200 + 40 * k, row, taken) for k, row in enumerate(hybrids)),
        *(arrow((442, 217 + 40 * k), (476, 217 + 40 * k)) for k in range(3)),
        box(480, 200, 96, 114, ["the model f,", "asked for", "each"]),
        *(arrow((576, 217 + 40 * k), (610, 217 + 40 * k), stroke=MAPS) for k in range(3)),
        *(box(614, 200 + 40 * k, 44, _CELL, [f"{a:g}"], CARD) for k, a in enumerate(answers)),
        arrow((658, 257), (694, 257), stroke=MAPS),
        box(698, 229, 142, 56, ["their mean:", f"v(S) = {answers.mean():g}"], FOUND),
    ]
    return card(parts, top=20, height=332)


def _cells(x: float, y: float, numbers: Sequence[object], colours: Sequence[str]) -> str:
    """A row of a table."""
    return "".join(
        box(x + (_CELL + 1) * k, y, _CELL, _CELL, [str(number)], colour)
        for k, (number, colour) in enumerate(zip(numbers, colours, strict=True))
    )

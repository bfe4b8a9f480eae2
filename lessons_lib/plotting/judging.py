"""Drawing for lesson 07: a map on trial, between its controls.

No picture, only shapes and words.
"""

from lessons_lib.plotting.drawing import arrow, box, card, places, square, text
from lessons_lib.plotting.style import CARD, FOUND, LINES, MAPS, PLACES, TOKENS


def map_on_trial() -> str:
    """A map, its controls, and the three kinds of question, as the text of an SVG.

    Examples
    --------
    >>> map_on_trial().startswith("<svg")
    True
    """
    parts = [
        text(96, 30, "the map on trial"),
        _map(54, 42, TOKENS, _SPOT),
        text(530, 30, "its controls: maps that know no class"),
        *(
            _map(x, 42, PLACES, heat) + text(x + 42, 144, name, size=12)
            for x, heat, name in zip(range(240, 800, 122), _CONTROLS, _NAMES, strict=True)
        ),
        arrow((96, 128), (96, 178)),
        arrow((530, 152), (530, 178), stroke=MAPS),
        box(20, 182, 820, 34, ["the same question to the map, and to each control"], CARD),
    ]
    questions = (
        ["(1) hide the hottest", "places first: how fast", "does the class fall?"],
        ["(2) where the truth is", "known: is the hottest", "place in the right tile?"],
        ["(3) the network forgets,", "or learns nonsense:", "does the map change?"],
    )
    for i, lines in enumerate(questions):
        x = 20 + 284 * i
        parts += [
            arrow((x + 126, 216), (x + 126, 240)),
            box(x, 244, 252, 66, lines),
            arrow((x + 126, 378), (x + 126, 404)),
        ]
    parts += [
        _curves(92, 322),
        _tiles(408, 322),
        _map(660, 322, TOKENS, _SPOT, side=13),
        text(716, 352, "?"),
        _map(728, 322, PLACES, _CONTROLS[2], side=13),
        box(20, 408, 820, 34, ["verdict: what is left beside the hardest control"], FOUND),
    ]
    return card(parts, top=8, height=446)


_SPOT = ((0, 1, 1, 0), (1, 4, 3, 1), (1, 3, 2, 0), (0, 1, 0, 0))
_NAMES = ("plain mean", "centre", "blots", "dots", "edges")
_CONTROLS = (
    ((0, 1, 1, 1), (1, 4, 4, 1), (1, 3, 3, 1), (1, 2, 1, 0)),
    ((0, 1, 1, 0), (1, 4, 4, 1), (1, 4, 4, 1), (0, 1, 1, 0)),
    ((2, 0, 3, 1), (0, 4, 1, 0), (3, 1, 0, 2), (1, 2, 4, 0)),
    ((4, 0, 2, 0), (0, 3, 0, 4), (2, 0, 4, 0), (0, 4, 0, 3)),
    ((0, 4, 4, 0), (4, 0, 0, 4), (4, 0, 0, 4), (0, 4, 4, 0)),
)


def _map(
    x: float, y: float, colour: str, heat: tuple[tuple[int, ...], ...], side: float = 21
) -> str:
    """A small map, each place as deep in colour as it is hot, 0 to 4."""
    opacities = [[0.08 + 0.23 * value for value in values] for values in heat]
    return places(x, y, opacities, colour, side)


def _curves(x: float, y: float) -> str:
    """A class that falls soon, and one that falls late, over their axes."""
    paths = (
        (f"M{x},{y} v52 h110", LINES),
        (f"M{x},{y + 4} q14,44 106,46", TOKENS),
        (f"M{x},{y + 4} q80,8 106,46", PLACES),
    )
    return "".join(
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        for path, colour in paths
    )


def _tiles(x: float, y: float) -> str:
    """Four tiles, and a hot place in one of them."""
    tiles = "".join(
        box(x + 25 * column, y + 25 * row, 24, 24, (), CARD) for row in (0, 1) for column in (0, 1)
    )
    return tiles + square(x + 31, y + 8, 10, TOKENS)

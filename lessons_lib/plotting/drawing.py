"""What the drawings of the lessons are made of: words, boxes and arrows, as the text of an SVG.

A drawing lies on a white card, so that it reads the same on a dark page.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from lessons_lib.plotting.style import BOX, CARD, LINES, MAPS, PLACES

_WIDTH = 860


def text(x: float, y: float, words: str, *, size: int = 13, colour: str = LINES) -> str:
    """A line of words, centred at ``x``."""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{colour}">'
        f"{escape(words)}</text>"
    )


def square(x: float, y: float, side: float, colour: str, opacity: float = 1) -> str:
    """A square without a frame: a place, a patch."""
    return (
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{colour}" '
        f'fill-opacity="{opacity}"/>'
    )


def places(
    x: float, y: float, opacities: Sequence[Sequence[float]], colour: str, side: float, gap: int = 1
) -> str:
    """The places of a map, row by row: a square for each, ``side`` apart, with a gap between."""
    return "".join(
        square(x + side * column, y + side * row, side - gap, colour, opacity)
        for row, values in enumerate(opacities)
        for column, opacity in enumerate(values)
    )


def layer(x: float, y: float) -> str:
    """Three channels, one before the other, and the places of the first."""
    channels = "".join(box(x + 8 * i, y + 8 * i, 76, 76) for i in range(3))
    first = "".join(
        square(
            x + 17 + 18.5 * column,
            y + 17 + 18.5 * row,
            17,
            PLACES,
            0.15 + 0.2 * ((row + column) % 3),
        )
        for row in range(4)
        for column in range(4)
    )
    return channels + first


def box(
    x: float, y: float, width: float, height: float, lines: Sequence[str] = (), colour: str = BOX
) -> str:
    """A box with lines of words in its middle."""
    top = y + height / 2 + 5 - 9 * (len(lines) - 1)
    words = "".join(text(x + width / 2, top + 18 * i, line) for i, line in enumerate(lines))
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"'
    return f'{frame} fill="{colour}" stroke="{LINES}"/>{words}'


def arrow(*points: tuple[float, float], stroke: str = LINES, dashed: bool = False) -> str:
    """A line through points with a head at its end; its colour is that of `LINES` or `MAPS`."""
    path = " ".join(f"{x},{y}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    line = f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="1.6"{dashes}'
    return f'{line} marker-end="url(#head{stroke[1:]})"/>'


def card(parts: Sequence[str], top: float, height: float) -> str:
    """The whole drawing: its parts on their card, which begins at ``top``.

    Examples
    --------
    >>> card([text(430, 40, "a < b")], top=0, height=80).endswith("a &lt; b</text></svg>")
    True
    """
    heads = "".join(
        f'<marker id="head{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
        for colour in (LINES, MAPS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {top} {_WIDTH} {height}" '
        f'width="{_WIDTH}" font-family="sans-serif"><defs>{heads}</defs>'
        f'<rect y="{top}" width="{_WIDTH}" height="{height}" rx="8" fill="{CARD}"/>'
        f"{''.join(parts)}</svg>"
    )

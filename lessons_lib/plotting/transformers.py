"""Drawing for lesson 12: how a picture goes through a Vision Transformer, and who looks where.

An SVG on a white card, so that it reads the same on a dark page; no picture, only shapes and words.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from lessons_lib.plotting.style import BOX, CARD, FOUND, LINES, MAPS, PLACES, TOKENS

_WIDTH, _HEIGHT = 860, 270


def _text(x: float, y: float, words: str, *, size: int = 13, fill: str = LINES) -> str:
    """A line of words, centred at ``x``."""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{fill}">'
        f"{escape(words)}</text>"
    )


def _box(
    x: float, y: float, width: float, height: float, lines: Sequence[str] = (), fill: str = BOX
) -> str:
    """A box with lines of words in its middle."""
    top = y + height / 2 + 5 - 9 * (len(lines) - 1)
    words = "".join(_text(x + width / 2, top + 18 * i, line) for i, line in enumerate(lines))
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"'
    return f'{frame} fill="{fill}" stroke="{LINES}"/>{words}'


def _arrow(*points: tuple[float, float], stroke: str = LINES, dashed: bool = False) -> str:
    """A line through points with a head at its end."""
    path = " ".join(f"{x},{y}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    line = f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="1.6"{dashes}'
    return f'{line} marker-end="url(#head{stroke[1:]})"/>'


def vision_transformer() -> str:
    """A Vision Transformer from left to right, as the text of an SVG; below it the maps.

    Examples
    --------
    >>> vision_transformer().startswith("<svg")
    True
    """
    heads = "".join(
        f'<marker id="head{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
        for colour in (LINES, MAPS)
    )
    patches = "".join(
        f'<rect x="{20 + 15 * column}" y="{62 + 15 * row}" width="13" height="13" '
        f'fill="{PLACES}" fill-opacity="{0.85 if (row, column) in _DIGIT else 0.2}"/>'
        for row in range(7)
        for column in range(7)
    )
    tokens = "".join(
        f'<rect x="160" y="{60 + 17 * i}" width="62" height="13" fill="{fill}"/>'
        for i, fill in enumerate([TOKENS, *[PLACES] * 5])
    )
    parts = [
        patches,
        _text(72, 50, "7 × 7 patches"),
        _arrow((128, 114), (154, 114)),
        tokens,
        _text(191, 50, "tokens"),
        _text(191, 178, "⋮", size=16),
        _text(252, 71, "class", fill=TOKENS),
        _text(255, 120, "places", fill=PLACES),
        _arrow((284, 114), (306, 114)),
        _box(310, 44, 250, 140),
        _text(435, 62, "a block; 4 of them, one after another"),
        _box(322, 74, 108, 96, ["attention:", "each reads", "from all tokens"], CARD),
        _arrow((430, 122), (442, 122)),
        _box(446, 74, 102, 96, ["two layers:", "each token", "by itself"], CARD),
        _arrow((560, 114), (586, 114)),
        f'<rect x="590" y="107" width="62" height="13" fill="{TOKENS}"/>',
        _text(621, 98, "class token alone", size=12),
        _arrow((656, 114), (684, 114)),
        _box(688, 88, 150, 52, ["one linear layer:", "ten logits"]),
        _arrow((190, 196), (190, 226), stroke=MAPS),
        _box(96, 230, 190, 52, ["places as a grid:", "Grad-CAM, Score-CAM"], FOUND),
        _arrow((350, 170), (350, 226), stroke=MAPS),
        _box(308, 230, 236, 52, ["follow the attention: rollout", "(no class)"], FOUND),
        _arrow((763, 140), (763, 206), (400, 206), (400, 174), stroke=MAPS, dashed=True),
        _arrow((640, 206), (640, 226), stroke=MAPS),
        _box(566, 230, 272, 52, ["weigh it with the slope", "of a logit: relevance"], FOUND),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 26 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" font-family="sans-serif"><defs>{heads}</defs>'
        f'<rect y="26" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="{CARD}"/>'
        f"{''.join(parts)}</svg>"
    )


_DIGIT = {(1, 2), (1, 3), (1, 4), (2, 4), (3, 3), (4, 3), (5, 2)}  # a seven

"""Drawing for lesson 05: the coalitions of three players, and one order of arrival among them.

No picture, only shapes and words.
"""

from collections.abc import Mapping

from lessons_lib.basics.checks import finite, real
from lessons_lib.plotting.drawing import arrow, box, card, text
from lessons_lib.plotting.style import BOX, CARD, FOUND, LINES, MAPS

_PLACES = {
    "": (20, 160), "A": (258, 62), "B": (258, 160), "C": (258, 258),
    "AB": (496, 62), "AC": (496, 160), "BC": (496, 258), "ABC": (734, 160),
}  # fmt: skip
_WIDTH, _HEIGHT = 106, 50


def lattice(rewards: Mapping[str, float], order: str = "BCA") -> str:
    """All coalitions of A, B and C, what each arrival adds, and the way of one order.

    Parameters
    ----------
    rewards
        What each coalition earns: ``{"": 0, "A": 4, ..., "ABC": 35}``.
    order
        The players in the order of arrival whose way is marked.

    Returns
    -------
    str
        The text of an SVG.

    Raises
    ------
    ValueError
        If a coalition is missing, a reward is not finite, or ``order`` does not name each player
        once.
    TypeError
        If a reward is no number.

    Examples
    --------
    >>> rewards = {"": 0, "A": 4, "B": 7, "C": 5, "AB": 10, "AC": 16, "BC": 20, "ABC": 35}
    >>> lattice(rewards).startswith("<svg")
    True
    """
    rewards = dict(rewards)
    if set(rewards) != set(_PLACES):
        raise ValueError(f"rewards need the coalitions {list(_PLACES)}, not {list(rewards)}")
    for team, reward in rewards.items():
        finite(real(reward, f"the reward of {team!r}"), f"the reward of {team!r}")
    if sorted(order) != list("ABC"):
        raise ValueError(f"order={order!r} must name A, B and C once each, such as 'BCA'")
    way = ["".join(sorted(order[:k])) for k in range(4)]
    boxes, arrows = [], []
    for team, (x, y) in _PLACES.items():
        words = [", ".join(team) or "nobody", f"earns {rewards[team]:g}"]
        boxes.append(box(x, y, _WIDTH, _HEIGHT, words, FOUND if team in way else BOX))
        for player in sorted(set("ABC") - set(team)):
            joined = "".join(sorted(team + player))
            colour = MAPS if team in way and joined in way else LINES
            arrows.append(_arrival(team, joined, player, rewards[joined] - rewards[team], colour))
    parts = [
        *arrows,
        *boxes,
        text(
            430, 40, "each arrow: one player joins, and the number is their marginal contribution"
        ),
        text(430, 346, f"green: one order of the six, first {', then '.join(order)}", colour=MAPS),
    ]
    return card(parts, top=16, height=344)


def _arrival(team: str, joined: str, player: str, gain: float, colour: str) -> str:
    """The arrow of one arrival, with its number near the start, where no other arrow crosses."""
    (x, y), (to_x, to_y) = _PLACES[team], _PLACES[joined]
    start, end = (x + _WIDTH, y + _HEIGHT / 2), (to_x - 2, to_y + _HEIGHT / 2)
    along = 0.28 if len(team) == 1 else 0.45
    middle, level = (s + along * (e - s) for s, e in zip(start, end, strict=True))
    ground = f'<rect x="{middle - 24}" y="{level - 9}" width="48" height="18" fill="{CARD}"/>'
    words = text(middle, level + 4, f"{player} {gain:+g}", size=12, colour=colour)
    return arrow(start, end, stroke=colour) + ground + words

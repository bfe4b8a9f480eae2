"""Numbers that stand in the lessons' prose, each with the code that computes it anew.

In the text an invisible comment names the claim, and what it says follows at once::

    The network is sure: <!--claim:02.roll_probability-->0.83.
    The map is <!--claim:02.roll_hot_at_hole-->hottest at the hole.

A function here with ``@claim("02.roll_probability")`` returns the number (as the text puts it: 83
for "83 %"), or True for a claim in words. ``tests/test_claims.py`` compares them.
"""

from collections.abc import Callable

Value = float | int | bool

CLAIMS: dict[str, Callable[[], Value]] = {}


def claim(identifier: str) -> Callable[[Callable[[], Value]], Callable[[], Value]]:
    """Register the function that computes a claim."""

    def register(function: Callable[[], Value]) -> Callable[[], Value]:
        assert identifier not in CLAIMS, f"two functions compute {identifier}"
        CLAIMS[identifier] = function
        return function

    return register

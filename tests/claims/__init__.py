"""Numbers and judgements that stand in the lessons' prose, each with the code that computes it.

In the text an invisible comment names the claim, and what it says follows at once::

    The network is sure: <!--claim:02.roll_probability-->0.83.
    The map is <!--claim:02.roll_hot_at_hole-->hottest at the hole.

A function here with ``@claim("02.roll_probability")`` returns the number (as the text puts it: 83
for "83 %"), two for "34 of 48", or True for a claim in words. These stand beside its name too, so
that they cannot be changed without a look at what computes them. Its parameters are the lesson's
own variables. It is called in the lesson's kernel, when the reader would come to its sentence, and
is given what they hold there: so nothing is computed twice, and the text is held against what the
reader sees. It does not repeat what the lesson has printed: it computes it anew from the inputs, or
asks the control. `conftest.py` at the top makes each claim a test.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MARK = re.compile(r"<!--claim:([\w.]+)-->\s*(\S+(?:\s+of(?:\s+the)?\s+[\w,.]+)?)")
NUMBER = re.compile(r"[-−+]?\d[\d,]*(?:\.\d+)?|[-−+]?\.\d+")

COUNTED = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]

Value = float | int | bool | tuple[float, float]

CLAIMS: dict[str, Callable[..., Value]] = {}
WORDS: dict[str, str] = {}  # with which a claim that is no number begins in the text


def claim(
    identifier: str, words: str = ""
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register the function that computes a claim."""

    def register(function: Callable[..., Value]) -> Callable[..., Value]:
        assert identifier not in CLAIMS, f"two functions compute {identifier}"
        CLAIMS[identifier] = function
        if words:
            WORDS[identifier] = words
        return function

    return register


def fault(lesson: str, identifier: str, text: str, variables: Mapping[str, Any]) -> str:
    """What is wrong with a claim that a lesson states as `text`: nothing, if it holds."""
    importlib.import_module(f"tests.claims.{lesson}")
    if identifier not in CLAIMS:
        return f"nothing in tests/claims/{lesson}.py computes {identifier}"
    function = CLAIMS[identifier]
    missing = [name for name in inspect.signature(function).parameters if name not in variables]
    if missing:
        return f"{identifier} is asked where the lesson has no {' and no '.join(missing)}"
    value = function(**{name: variables[name] for name in inspect.signature(function).parameters})
    return compared(identifier, text, value)


def compared(identifier: str, text: str, value: Value) -> str:
    """What is wrong with a claim: a number differs at the digits that are stated, or it is false.

    Examples
    --------
    >>> compared("02.roll", "0.83", 0.8312)
    ''
    >>> compared("02.roll", "0.83,", 0.8372)
    '02.roll says 0.83, and is 0.8372'
    >>> compared("11.named", "34 of the 48.", (34, 47))
    '11.named says 48, and is 47'
    """
    one, _, other = text.partition(" of ")
    other = other.removeprefix("the ").rstrip(".,")
    other = str(COUNTED.index(other)) if other in COUNTED else other
    if isinstance(value, tuple):
        both = zip((one, other), value, strict=True)
        return next(filter(None, (compared(identifier, *each) for each in both)), "")
    if NUMBER.match(one) and NUMBER.match(other):
        return f"{identifier} says {text!r}, and is the one number {value}"
    found = NUMBER.match(text.lstrip("*`("))
    if found is None:
        if not isinstance(value, bool | np.bool_):
            return f"{identifier} is stated in words, and is the number {value}"
        return "" if value else f"{identifier} does not hold"
    stated = found.group().replace("−", "-").replace(",", "")
    decimals = len(stated.partition(".")[2])
    if isinstance(value, bool | np.bool_) or float(stated) != round(float(value), decimals):
        return f"{identifier} says {stated}, and is {value}"
    return ""

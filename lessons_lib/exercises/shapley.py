"""Checkers for lesson 05."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.exercises.registry import (
    DECISIONS,
    NO_RETURN,
    by_name,
    close,
    decisions,
    exercise,
    flat,
)
from lessons_lib.shapley import coalitions, exact, table_game


@exercise(
    "05.1",
    expects="a list of two numbers",
    praise="The product of 8 is shared equally, and 3 x_2 = 12 belongs to x_2 alone.",
)
def _product_by_hand(answer: Any) -> str | None:
    answer = flat(by_name(answer), 2)
    if answer.shape != (2,):
        return f"There are two features, so give a list of two numbers; this has {answer.size}."
    if close(answer, [4, 16]):
        return None
    if close(answer, [16, 4]):
        return "Those are the right numbers, in the other order: the first belongs to x_1."
    if close(answer, [0, 12]):
        return "That is what each brings alone, v(i) - v(nobody): one order of the two."
    if close(answer, [8, 12]):
        return "Why should all of the product go to x_1? Without x_2 there would be none."
    if close(answer, [8, 20]):
        return (
            "That is what each adds when it comes last; take the mean with what it adds when first."
        )
    if not close(answer.sum(), 20):
        return f"The two must add up to v(12) - v(nobody) = 20, but these make {answer.sum():g}."
    return (
        "Write down v of nobody, 1, 2 and both first: absent features are 0, as in the background."
    )


_DECIDED = {"a": "open", "b": "yes", "c": "open", "d": "no"}
_LOOK_AGAIN = {
    "a": "Was the model asked, or the world?",
    "b": "Look at the ten backgrounds of LSTAT: where is the lowest of them?",
    "c": "Look at the ten backgrounds of TAX: on which side of 0 do they lie?",
    "d": "Half a room more was measured. A share is no slope.",
}


@exercise(
    "05.2",
    expects=DECISIONS,
    praise="A share compares with a background. What a change does, only a change can tell.",
)
def _reading(answer: Any) -> str | None:
    """Four decisions; a table of eight rewards answers what stood here before."""
    if hasattr(answer, "items") and len(answer) == len(_ALIKE):
        return _break_the_symmetry(answer)
    return decisions(answer, _DECIDED, _LOOK_AGAIN)


_ALIKE = {"": 0, "A": 6, "B": 6, "C": 6, "AB": 14, "AC": 14, "BC": 14, "ABC": 30}


def _break_the_symmetry(answer: Mapping[Any, Any]) -> str | None:
    """One reward changed, so that A gets exactly 3 more than B, and still 30 are shared."""
    table = {"".join(sorted(team)): float(reward) for team, reward in answer.items()}
    if table.keys() != _ALIKE.keys():
        return "The table needs a reward for each of the eight teams, from '' to 'ABC'."
    changed = [team for team in table if table[team] != _ALIKE[team]]
    if "ABC" in changed or "" in changed:
        return (
            "The rewards of nobody and of all three must stay, so that there are still 30 to share."
        )
    if not changed:
        return "This is the symmetric game still: change one of its rewards."
    phi = exact(table_game(table), 3)
    difference = float(phi[0] - phi[1])
    if len(changed) != 1:
        return f"One reward must differ from the symmetric game; here {len(changed)} do: {changed}."
    if close(difference, 3):
        return None
    if changed[0] in ("C", "AB"):
        return f"A and B stand in {changed[0]!r} alike, both in or both out: it moves them alike."
    if close(difference, -3):
        return "Now B gets 3 more than A: change it the other way."
    return (
        f"A gets {difference:g} more than B, and it should be 3. What share of a change in "
        f"v({changed[0]}) arrives at A, and what share at B?"
    )


@exercise(
    "05.3",
    expects="a function my_shapley(v, n) that returns n numbers",
    praise="With these weights every size of coalition has the same say, and the shares add up.",
)
def _mend_the_weights(answer: Any) -> str | None:
    """On games of five, two, one and six players; float16 rounds within the tolerance."""
    rng = np.random.default_rng(0)
    for n in (5, 2, 1, 6):
        v = rng.normal(size=2**n)  # the empty coalition, too, has a value
        found = answer(v.copy(), n)
        if found is None:
            return NO_RETURN
        hint = _of_one_game(flat(by_name(found), n), v, n)
        if hint:
            return hint if n == 5 else f"It is right for 5 players, and not for {n}. {hint}"
    return None


def _of_one_game(found: NDArray[np.float64], v: NDArray[np.float64], n: int) -> str | None:
    if found.shape != (n,):
        return f"For n = {n} the result must be {n} numbers, but it has the shape {found.shape}."
    phi = exact(lambda Z: v[Z @ (1 << np.arange(n))], n)
    if close(found, phi, 5e-3):
        return None
    Z = coalitions(n)
    added = [v[Z[:, i]] - v[~Z[:, i]] for i in range(n)]
    if close(found, [a.mean() for a in added], 5e-3):
        return (
            "That is still the plain mean over coalitions, the Banzhaf value; it breaks efficiency."
        )
    gain = v[-1] - v[0]
    if abs(found.sum() - gain) > 5e-3 * np.abs(phi).max():
        return (
            f"The sum is {found.sum():.3f}, but v(all) - v(nobody) is {gain:.3f}. A coalition of "
            "size s without i has the weight s! (n - s - 1)! / n!."
        )
    return (
        "The sum is right but the shares are not: scaling the result mends the sum alone. Weigh "
        "each coalition by the size that it has *without* i."
    )

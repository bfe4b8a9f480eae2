"""Checkers for lesson 09."""

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

_PATH, _INTERVENTIONAL = (5.4, 1.4), (4.0, 2.8)


@exercise(
    "09.1",
    expects="two rows of two numbers: [[..., ...], [..., ...]]",
    praise="They differ in v(1) alone: on the path one knows already that x_1 is over a half.",
)
def _two_value_functions(answer: Any) -> str | None:
    """In order, or rows by name; float16 rounds within the tolerance."""
    found = np.asarray(by_name(answer, ("path-dependent", "interventional")), float)
    if found.shape != (2, 2):
        return f"Two rows of two shares are asked for; this has the shape {found.shape}."
    right = np.array([_PATH, _INTERVENTIONAL])
    if close(found, right, 1e-3):
        return None
    if close(found, right[::-1], 1e-3):
        return "Those are the right numbers; the path-dependent row comes first."
    if close(found, right[:, ::-1], 1e-3):
        return "Those are the right numbers; in each row the share of x_1 comes first."
    if close(found, right.T, 1e-3):
        return "Those are the right numbers; each value function is a row, not a column."
    if not np.allclose(found.sum(axis=1), 6.8, atol=1e-2):
        return (
            "In each row the two must add up to v(12) - v(nobody) = 10 - 3.2 = 6.8; here they make "
            f"{found[0].sum():g} and {found[1].sum():g}."
        )
    for which, row, wanted in zip(("path-dependent", "interventional"), found, right, strict=True):
        hint = _of_one_row(row, wanted, which)
        if hint:
            return hint
    return None


def _of_one_row(row: NDArray[np.float64], wanted: NDArray[np.float64], which: str) -> str | None:
    if close(row, wanted, 1e-3):
        return None
    others = {
        (4.8, 2.0): "That is one order, x_1 first. Take the mean with the other order.",
        (2.0, 4.8): "That is one order, x_1 first and path-dependent, with the shares exchanged.",
        (6.0, 0.8): "That is one order, x_2 first. Take the mean with the other order.",
        (3.65, 3.15): "That is conditional: with x_2 known, x_1 absent is not asked by x_2's rows.",
        (3.4, 3.4): "Half each would be fair between equals; these two differ in v(1) and v(2).",
        _PATH: "Interventional, an absent x_2 comes from all ten rows, not from those that passed.",
        _INTERVENTIONAL: "On the path, x_2 is asked only of the four rows that passed x_1.",
    }
    for told, hint in others.items():
        if close(row, told, 1e-3):
            return f"Row {which}: {hint}"
    return (
        f"Row {which}: write down v(nobody) = 3.2, v(1), v(2) = 4 and v(12) = 10 first. What is "
        "the tree's mean answer if only x_1 is known?"
    )


@exercise(
    "09.2",
    expects="a function of an array (2 m, n)",
    praise="An order and its reverse are one draw: whether they help or hurt, the error says so.",
)
def _error_of_pairs(answer: Any) -> str | None:
    """On pairs that help, pairs that hurt, and two pairs only."""
    rng = np.random.default_rng(0)
    for m, n, alike in [(6, 4, -0.8), (9, 3, 1.0), (2, 5, 0.3)]:
        first = rng.normal(size=(m, n)) * np.arange(1, n + 1)
        second = alike * first + (1 - abs(alike)) * rng.normal(size=(m, n))
        added = np.stack([first, second], axis=1).reshape(2 * m, n) + np.arange(n)
        found = answer(added.copy())
        if found is None:
            return NO_RETURN
        hint = _of_one_sample(flat(found, n), added)
        if hint:
            return hint if m == 6 else f"It is right for 6 pairs of 4 players; for {m}: {hint}"
    return None


def _of_one_sample(found: NDArray[np.float64], added: NDArray[np.float64]) -> str | None:
    m, n = len(added) // 2, added.shape[1]
    pairs = (added[0::2] + added[1::2]) / 2
    spread = pairs.std(axis=0, ddof=1)
    if found.shape != (n,):
        return f"{n} players need {n} errors; this has the shape {found.shape}."
    if close(found, spread / np.sqrt(m), 5e-3):
        return None
    if close(found, added.std(axis=0, ddof=1) / np.sqrt(2 * m), 5e-3):
        return "That is still the error of independent rows. Take the mean of each pair first."
    if close(found, spread, 5e-3):
        return "That is the spread of the pairs. The error of their mean is smaller: 1 / sqrt(m)."
    if close(found, spread / np.sqrt(2 * m), 5e-3):
        return f"There are {2 * m} rows, but only {m} pairs: {m} independent numbers."
    if close(found, pairs.std(axis=0) / np.sqrt(m), 5e-3):
        return f"The spread of {m} numbers about their own mean has m - 1 under it: ddof=1."
    if close(found, spread**2 / m, 5e-3):
        return "That is the variance: take its square root."
    halves = (added[:m] + added[m:]) / 2
    if close(found, halves.std(axis=0, ddof=1) / np.sqrt(m), 5e-3):
        return "A pair stands in rows 0 and 1, the next in 2 and 3: not in two halves."
    return "Take the mean of each pair, rows 0 and 1, rows 2 and 3; then the error of their mean."


_DECIDED = {"a": "open", "b": "yes", "c": "no", "d": "no"}
_LOOK_AGAIN = {
    "a": "How many errors of the background is the share of AveOccup away from 0?",
    "b": "How many errors of the background is the share of Longitude away from 0?",
    "c": "Which of the two errors of MedInc is the larger? More coalitions mend only one.",
    "d": "Half a person more was asked of the model. A share is no slope.",
}


@exercise(
    "09.3",
    expects=DECISIONS,
    praise="The larger error decides what may be said; the model's answer decides about the model.",
)
def _what_may_be_said(answer: Any) -> str | None:
    return decisions(answer, _DECIDED, _LOOK_AGAIN)

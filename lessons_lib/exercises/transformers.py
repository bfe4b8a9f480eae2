"""Checkers for lesson 12."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons_lib.exercises.registry import NO_RETURN, close, exercise

FIRST = np.array([[0.0, 0.8, 0.2], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
SECOND = np.array([[0.5, 0.0, 0.5], [0.2, 0.4, 0.4], [1.0, 0.0, 0.0]])


def _half(A: np.ndarray) -> np.ndarray:
    return (np.eye(3) + A) / 2


_ROLLOUT = {
    "You multiplied the attentions alone; half of each block goes around it: (I + A) / 2.": (
        SECOND @ FIRST
    ),
    "The rows of R sum to 1, and yours does not: half of each block is I, the other half A.": (
        (np.eye(3) + SECOND) @ (np.eye(3) + FIRST)
    ),
    "The order is turned round: the last block stands on the left, R = Ā₂ Ā₁.": (
        _half(FIRST) @ _half(SECOND)
    ),
    "That is the last block alone; what it reads was mixed by the first one.": _half(SECOND),
    "That is the first block alone; the second one reads from it.": _half(FIRST),
    "That is the second block's own attention.": SECOND,
    "That is the first block's own attention.": FIRST,
    "Blocks follow each other: their matrices are multiplied, not averaged.": (
        (_half(FIRST) + _half(SECOND)) / 2
    ),
    "One half for each block, not one for both: R = ((I + A₂) / 2) ((I + A₁) / 2).": (
        _half(SECOND @ FIRST)
    ),
}


@exercise(
    "12.1",
    expects="the three numbers of the class token's row",
    praise="They sum to 1. Place 1 gets most, although the class token never reads it directly "
    "in the second block.",
)
def _rollout_by_hand(answer: Any) -> str | None:
    found = np.asarray(answer, float)
    if found.shape == (3, 3):
        found = found[0]
    found = found.ravel()
    right = (_half(SECOND) @ _half(FIRST))[0]
    if close(found, right, 2e-3) or close(found, 100 * right, 2e-3):
        return None
    if close(found, right[1:], 2e-3):
        return "The two places are right; give the whole row, with what the token has from itself."
    if found.shape != (3,):
        return f"The row has three numbers, one for each token; this has {found.size}."
    for hint, matrix in _ROLLOUT.items():
        if close(found, matrix[0], 2e-3):
            return hint
    if close(found, (_half(SECOND) @ _half(FIRST))[:, 0], 2e-3):
        return "That is a column, what each token has from the class token; the row is asked."
    return "Write down both (I + A) / 2 first; then the left one's first row times the right one."


@exercise(
    "12.2",
    expects="a function of two arrays (heads, T, T), the attention and its gradient",
    praise="The ReLU comes before the mean: a head that speaks for the class is not silenced by "
    "one that speaks against it.",
)
def _relevance_of_one_block(answer: Any) -> str | None:
    rng = np.random.default_rng(0)
    for heads, tokens in ((3, 4), (5, 2)):
        A = rng.random((heads, tokens, tokens))
        A /= A.sum(axis=-1, keepdims=True)
        gradient = rng.normal(size=A.shape)
        found = answer(A.copy(), gradient.copy())
        if found is None:
            return NO_RETURN
        found, product = np.asarray(found, float), gradient * A
        right = np.maximum(product, 0).mean(axis=0)
        if close(found, right, 2e-3):
            continue
        if found.shape == A.shape:
            return f"There is one matrix ({tokens}, {tokens}) for all heads: take their mean."
        if found.shape != (tokens, tokens):
            return f"{heads} heads of {tokens} tokens give ({tokens}, {tokens}), not {found.shape}."
        for wrong, hint in (
            (
                np.maximum(product.mean(axis=0), 0),
                "The ReLU comes first, the mean over the heads after it.",
            ),
            (product.mean(axis=0), "There is no ReLU: only what raises the logit counts."),
            (np.maximum(product, 0).sum(axis=0), "That is the sum over the heads, not their mean."),
            (
                np.abs(product).mean(axis=0),
                "What is below 0 speaks against the class: it becomes 0.",
            ),
            (np.maximum(gradient, 0).mean(axis=0), "That is the gradient alone: multiply it by A."),
            (A.mean(axis=0), "That is the attention alone, which knows no class."),
            (
                A.mean(axis=0) * np.maximum(gradient, 0).mean(axis=0),
                "Multiply head by head, and take the mean last.",
            ),
            (
                np.maximum(A.mean(axis=0) * gradient.mean(axis=0), 0),
                "Multiply head by head, and take the mean last.",
            ),
            (np.maximum(product, 0).max(axis=0), "That is the largest head, not the mean of all."),
            (
                right + np.eye(tokens),
                "The identity is added later, when the blocks are multiplied.",
            ),
            (right.T, "Rows and columns have changed places."),
        ):
            if close(found, wrong, 2e-3):
                return hint
        return (
            "Entry by entry: gradient times attention, then the ReLU, then the mean over the heads."
        )
    return None


MEASURED = {  # share on the digit that was asked for, and its standard error
    "A": (0.52, 0.03),
    "B": (0.61, 0.02),
    "C": (0.41, 0.03),
    "D": (0.55, 0.04),
    "E": (0.50, 0.00),
}


@exercise(
    "12.3",
    expects='letters, such as {"A", "B"}',
    praise="B finds the digit that was asked for, and C the other one: it knows the class too. "
    "For A and D more pictures might tell; E can never tell.",
)
def _which_know_the_class(answer: Any) -> str | None:
    if isinstance(answer, Mapping):
        answer = [letter for letter, chosen in answer.items() if chosen]
    if isinstance(answer, str):
        answer = re.findall(r"\w", re.sub(r"\band\b", " ", answer))
    letters = {str(letter).strip().upper() for letter in answer}
    if not letters <= set(MEASURED):
        return f"Give letters from A to E; {sorted(letters - set(MEASURED))[0]!r} is none."
    if letters == {"B", "C"}:
        return None
    if letters == {"B"}:
        return "One more: to lie below one half by many standard errors, a map must know the class."
    if "E" in letters:
        return "E has one half in every picture: it gives both classes the same map."
    if letters & {"A", "D"}:
        return "Two standard errors around A or D hold one half: chance alone could give that."
    return "Compare each distance from one half with its standard error."

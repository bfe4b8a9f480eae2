"""Checkers for lesson 10."""

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


@exercise(
    "10.1",
    expects="three numbers",
    praise="One channel, three opinions: 1, -1/2 and 2/9. Not even the sign is agreed upon.",
)
def _three_weights(answer: Any) -> str | None:
    answer = flat(by_name(answer, ("Grad-CAM", "XGrad-CAM", "Grad-CAM++")), 3)
    if answer.shape != (3,):
        return f"Three methods, so three weights; this has the shape {answer.shape}."
    grad, axiom, plus = answer
    if not np.abs(grad - 1) <= 0.004:
        return "Grad-CAM: the mean of the two slopes, 4 and -2."
    if not np.abs(axiom + 1 / 2) <= 0.004:
        return (
            "XGrad-CAM: each slope times the activation at its place, summed; then divided by the "
            "sum of the activations."
        )
    if not np.abs(plus - 2 / 9) <= 0.004:
        return (
            "Grad-CAM++: only the positive slope counts, 4. It is divided by 2 + 4 times the sum "
            "of the activations."
        )
    return None


def _layer(seed: int, *shape: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Activations of a ReLU and slopes of both signs."""
    rng = np.random.default_rng(seed)
    A = np.maximum(rng.normal(0.3, 1, shape), 0)
    return A.astype("float32"), rng.normal(0.05, 1, shape).astype("float32")


@exercise(
    "10.2",
    expects="a function of A and g, both (height, width, channels)",
    praise="The sign is turned before any ReLU: afterwards there is nothing left to turn.",
)
def _against(answer: Any) -> str | None:
    for seed, shape in enumerate([(3, 5, 4), (2, 2, 1), (6, 1, 9)]):
        A, g = _layer(seed, *shape)
        found = np.asarray(answer(A.copy(), g.copy()))
        if found.dtype == object:
            return NO_RETURN
        found = found.astype(float)
        if found.shape != shape[:2]:
            return f"The map has the shape of the layer, {shape[:2]}; this has {found.shape}."
        balance = (A * g.mean(axis=(0, 1))).sum(axis=-1)
        if close(found, np.maximum(-balance, 0), 3e-3):
            continue
        mistakes = {
            "It is blank: a ReLU came before the sign was turned.": np.zeros(shape[:2]),
            "That is the map for the class, not against it.": np.maximum(balance, 0),
            "What speaks for the class is still in it, as negative values.": -balance,
            "The map against is positive where something speaks against.": np.minimum(balance, 0),
            "For and against are both in it.": np.abs(balance),
            "Slopes place by place are HiResCAM; Grad-CAM takes their mean.": np.maximum(
                -(A * g).sum(axis=-1), 0
            ),
        }
        for hint, wrong in mistakes.items():
            if np.abs(found - wrong).max() <= 3e-3 * max(np.abs(wrong).max(), 1e-9):
                return hint
        return "Mean slope of each channel; its sign turned; times A; the sum over channels; ReLU."
    return None


_DECIDED = {"a": "yes", "b": "no", "c": "open", "d": "open"}
_LOOK_AGAIN = {
    "a": "Room 4 prints the rank correlation of both maps.",
    "b": "Room 6 prints the sum, and the difference that it should be.",
    "c": "How many photographs hang here?",
    "d": "The same outlines are there with the edges as heat, which no network made.",
}


@exercise(
    "10.3",
    expects=DECISIONS,
    praise="A number decides what it measures, on the photograph on which it was measured.",
)
def _reading(answer: Any) -> str | None:
    return decisions(answer, _DECIDED, _LOOK_AGAIN)

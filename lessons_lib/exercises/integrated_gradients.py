"""Checkers for lesson 06."""

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
    "06.1",
    expects="two numbers, the attributions of x1 and x2",
    praise="32/3 + 16/3 is F(x) - F(x') = 16: completeness. Shapley values would be 8 and 8: they "
    "average over orders, not along a line.",
)
def _two_inputs_by_hand(answer: Any) -> str | None:
    answer = flat(by_name(answer), 2)  # by name: x1, x2
    if answer.shape != (2,):
        return f"There are two inputs, so two attributions; this has the shape {answer.shape}."
    right = np.array([32 / 3, 16 / 3])
    if close(answer, right, 0.005):
        return None
    mistakes = {
        "These are the right numbers, but swapped: x1 stands squared, so it gets more.": (
            right[::-1],
        ),
        "That uses the gradient at one end, (2 x1 x2, x1^2) = (16, 4) there. Average it along the "
        "path, then multiply by x - x'.": ([16, 4], [32, 16]),
        "That is the mean gradient; the factor x - x' is missing.": ([16 / 3, 4 / 3],),
        "Those are the Shapley values. Integrated Gradients walks the straight line instead.": (
            [8, 8],
        ),
        "That is the slope half-way. It is not linear in a here: average it over the path.": (
            [8, 4], [4, 1],
        ),
        "That is what is lost when the input is set to zero; the two are counted twice.": (
            [16, 16],
        ),
    }  # fmt: skip
    for hint, wrong in mistakes.items():
        if any(close(answer, w, 0.005) for w in wrong):
            return hint
    if close(answer, right, 0.04):
        return "Nearly: give exact fractions, or two digits behind the point."
    if abs(answer.sum() - 16) > 0.1:
        return f"The two add up to {answer.sum():g}, but completeness wants F(x) - F(x') = 16."
    return "The sum is right. On the path x1 = 2 a and x2 = 4 a: integrate dF/dx1 = 2 x1 x2 over a."


_ROUNDED = 2e-3  # of the largest value: float16 rounds by less


@exercise(
    "06.2",
    expects="the mended function my_attributions(mean_gradient, x, baseline)",
    praise="Both factors now count in the same unit, that of the preprocessed pixels, and the sum "
    "is F(x) - F(x').",
)
def _one_space_for_both_factors(answer: Any) -> str | None:
    """Pictures of several sizes; a baseline that differs at each pixel, above and below x."""
    rng = np.random.default_rng(0)
    for shape in ((3, 4, 3), (5, 2, 3), (2, 6, 3)):
        gradient = rng.normal(size=shape)
        x, baseline = rng.uniform(0, 255, (2, *shape))
        given = gradient.copy(), x.copy(), baseline.copy()
        found = answer(*given)
        if not all(map(np.array_equal, given, (gradient, x, baseline))):
            return "The function changes the arrays it is given; work on a new one."
        hint = _in_one_space(found, gradient, x, baseline)
        if hint:
            return hint
    return None


def _in_one_space(
    found: Any, gradient: NDArray[np.float64], x: NDArray[np.float64], baseline: NDArray[np.float64]
) -> str | None:
    if found is None:
        return NO_RETURN
    found = np.asarray(found).astype(float)
    expected = gradient * (x - baseline) / 127.5
    if close(found, expected, _ROUNDED):
        return None
    if found.shape == ():
        return "One number came back: give the whole map. Adding it up is the check."
    if found.shape != x.shape:
        return f"The attributions have the pictures' shape {x.shape}, not {found.shape}."
    mistakes = {
        "The sign is reversed: the difference is x - baseline, not baseline - x.": -expected,
        "That is the faulty version: its sum is 127.5 times too large.": 127.5 * expected,
        "The factor goes the other way: that sum is 127.5 squared times too large.": (
            127.5**2 * expected
        ),
        "Preprocessing divides by 127.5, half of 255.": expected / 2,
        "You preprocessed x, but not the baseline.": gradient * (x / 127.5 - 1 - baseline),
        "You preprocessed the baseline, but not x.": gradient * (x - (baseline / 127.5 - 1)),
        "The baseline is missing: preprocess it too, and take the difference.": (
            gradient * (x / 127.5 - 1)
        ),
        "Preprocess each picture, then subtract: the -1 cancels.": (
            gradient * ((x - baseline) / 127.5 - 1)
        ),
        "The factor (x - x') is missing altogether.": gradient,
        "The baseline has a value of its own at each pixel and colour; take it as it is.": (
            gradient * (x - baseline.mean()) / 127.5
        ),
    }
    for hint, wrong in mistakes.items():
        if close(found, wrong, _ROUNDED):
            return hint
    return (
        "Wanted: the mean gradient times the difference of the PREPROCESSED pixels, x / 127.5 - 1."
    )


_DECIDED = {"a": "yes", "b": "no", "c": "no", "d": "open"}
_LOOK_AGAIN = {
    "a": "Compare two printed numbers: the share of the attributions from black, and of the area.",
    "b": "What does the logit do when the dark pixels are painted over, in either colour?",
    "c": "Each baseline asks its own question. Does one of the two answers refute the other?",
    "d": "How many animals were looked at?",
}


@exercise(
    "06.3",
    expects=DECISIONS,
    praise="A map answers the question that its baseline asks; the network answers yours, if you "
    "ask it.",
)
def _reading(answer: Any) -> str | None:
    """Four decisions; before, a result was asked for, and who passed with one stays noted."""
    if hasattr(answer, "phi"):
        return "This exercise has changed: it asks for decisions. A pass from before still counts."
    return decisions(answer, _DECIDED, _LOOK_AGAIN)

"""Checkers for lesson 06."""

from typing import Any

import numpy as np

from lessons_lib.exercises.registry import close, exercise


@exercise(
    "06.1",
    expects="two numbers, the attributions of x1 and x2",
    praise="32/3 + 16/3 is F(x) - F(x') = 16: completeness. Shapley values would be 8 and 8: they "
    "average over orders, not along a line.",
)
def _two_inputs_by_hand(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape != (2,):
        return f"There are two inputs, so two attributions; this has the shape {answer.shape}."
    if close(answer, [32 / 3, 16 / 3], 0.005):
        return None
    if close(answer, [16 / 3, 32 / 3], 0.005):
        return "These are the right numbers, but swapped: x1 stands squared, so it gets more."
    if close(answer, [16, 4]) or close(answer, [32, 16]):
        return (
            "That uses the gradient at one end, (2 x1 x2, x1^2) = (16, 4) there. Average it along "
            "the path, then multiply by x - x'."
        )
    if close(answer, [16 / 3, 4 / 3], 0.005):
        return "That is the mean gradient; the factor x - x' is missing."
    if close(answer, [8, 8]):
        return "Those are the Shapley values. Integrated Gradients walks the straight line instead."
    if abs(answer.sum() - 16) > 0.1:
        return f"The two add up to {answer.sum():g}, but completeness wants F(x) - F(x') = 16."
    return "The sum is right. On the path x1 = 2 a and x2 = 4 a: integrate dF/dx1 = 2 x1 x2 over a."


@exercise(
    "06.2",
    expects="the mended function my_attributions(mean_gradient, x, baseline)",
    praise="Both factors now count in the same unit, that of the preprocessed pixels, and the sum "
    "is F(x) - F(x').",
)
def _one_space_for_both_factors(answer: Any) -> str | None:
    rng = np.random.default_rng(0)
    gradient, x = rng.normal(size=(2, 3, 4, 3))
    x, baseline = 40 * x + 128, np.full((3, 4, 3), 20.0)
    before = x.copy(), baseline.copy()
    found = answer(gradient.copy(), x, baseline)
    if found is None:
        return "The function gives nothing back; does it end with `return`?"
    found = np.asarray(found, float)
    if not (np.array_equal(x, before[0]) and np.array_equal(baseline, before[1])):
        return "The function changes the pictures it is given; work on a new array."
    expected = gradient * (x - baseline) / 127.5
    if close(found, expected):
        return None
    if close(found, -expected):
        return "The sign is reversed: the difference is x - baseline, not baseline - x."
    if close(found, gradient * (x - baseline)):
        return "That is the faulty version: its sum is 127.5 times too large."
    if close(found, gradient * (x - baseline) * 127.5):
        return "The factor goes the other way: that sum is 127.5 squared times too large."
    if found.shape == ():
        return "One number came back: give the whole map. Adding it up is the check."
    if close(found, gradient * (x / 127.5 - 1 - baseline)):
        return "You preprocessed x, but not the baseline."
    if close(found, gradient * (x / 127.5 - 1)):
        return "The baseline is missing: preprocess it too, and take the difference."
    if close(found, gradient * ((x - baseline) / 127.5 - 1)):
        return "Preprocess each picture, then subtract: the -1 cancels."
    if close(found, gradient):
        return "The factor (x - x') is missing altogether."
    return (
        "Wanted: the mean gradient times the difference of the PREPROCESSED pixels, x / 127.5 - 1."
    )


@exercise(
    "06.3",
    expects="the result of integrated_gradients for your photograph",
    praise="Completeness holds, so the map accounts for the score. Whether it convinces is for "
    "your eyes, and for lesson 07.",
)
def _own_photograph(answer: Any) -> str | None:
    if not (hasattr(answer, "phi") and hasattr(answer, "error")):
        return "Give the whole result of integrated_gradients, not only its map."
    if answer.phi.ndim != 3 or answer.phi.shape[-1] != 3:
        return (
            f"One colour picture at a time; these attributions have the shape {answer.phi.shape}."
        )
    if answer.target.startswith("giant panda"):
        return "That is a panda: take another photograph than the lesson's."
    if answer.difference <= 0:
        return (
            f"The score of '{answer.target}' falls by {-answer.difference:.2f} from the baseline "
            "to the photograph: nothing there speaks for that class. Explain the top class."
        )
    if answer.error > 0.01:
        return (
            f"The attributions miss F(x) - F(x') by {100 * answer.error:.1f} %. Take the default "
            'rule, "adaptive", with a smaller tolerance, or more steps.'
        )
    return None

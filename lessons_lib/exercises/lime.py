"""Checkers for lesson 04."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lessons_lib.exercises.registry import (
    DECISIONS,
    NO_RETURN,
    by_name,
    close,
    decisions,
    exercise,
    flat,
)
from lessons_lib.lime import kernel, weighted_fit


@exercise(
    "04.1",
    expects="three numbers, [beta_0, beta_1, beta_2]",
    praise="The weighted means of the two effects, and an intercept that makes the line meet "
    "the weighted mean of f.",
)
def _four_samples(answer: Any) -> str | None:
    """Three numbers in order or by their names; float16 rounds within the tolerance."""
    answer = flat(by_name(answer), 3)
    if answer.shape == (2,):
        return "That is two numbers; the intercept beta_0 comes first."
    if answer.shape != (3,):
        return (
            f"Expected three numbers, [beta_0, beta_1, beta_2]; this has the shape {answer.shape}."
        )
    right = np.array([-0.125, 0.7, 0.3])
    if close(answer, right, 2e-3):
        return None
    if close(answer, right[[1, 2, 0]], 2e-3):
        return "The order is [beta_0, beta_1, beta_2]: the intercept comes first."
    if close(answer, right[[0, 2, 1]], 2e-3):
        return "beta_1 and beta_2 have changed places: superpixel 1 alone gives 0.5."
    if close(answer, [0.0, 0.6, 0.2], 2e-3):
        return "That is the fit with equal weights. Multiply each row's error by its pi."
    if close(answer[1:], [0.76, 0.36], 2e-3):
        return "The weights came in squared. Multiply rows by the square root of pi, not by pi."
    if close(answer[1:], right[1:], 2e-3):
        return "beta_1 and beta_2 are right. The line meets the weighted mean of f, which is 0.625."
    return "beta_1 is the mean of its effect with and without superpixel 2, weighted 3/4 and 1/4."


@exercise(
    "04.2",
    expects="a function of an array (n, M) of zeros and ones",
    praise="0 for the instance itself, 1 where nothing is shown, and no division by zero between.",
)
def _cosine_distance(answer: Any) -> str | None:
    """On tables of 4, 7, 3 and 1 columns, with the whole instance first, last or nowhere."""
    rng = np.random.default_rng(0)
    four = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
    seven = np.vstack([np.tril(np.ones((5, 7), int)), rng.integers(0, 2, (4, 7))])
    three = np.array([[0, 1, 0], [0, 0, 0], [1, 1, 0], [1, 1, 1]])
    for Z in (four, seven, three, three.astype(float), three[:1], np.array([[1], [0]])):
        with np.errstate(all="ignore"):
            found = np.asarray(answer(Z.copy()))
        if found.dtype == object:
            return NO_RETURN
        hint = _of_one_table(found.astype(float), Z)
        if hint and Z is not four:
            return f"It is right for four columns, and not for {Z.tolist()}. {hint}"
        if hint:
            return hint
    return None


def _of_one_table(found: Any, Z: Any) -> str | None:
    if found.shape == (len(Z), 1):
        found = found[:, 0]
    if found.shape != (len(Z),):
        return f"Expected one distance for each of {len(Z)} rows, not the shape {found.shape}."
    if np.isnan(found).any():
        return "The row in which nothing is shown gives NaN. Its length is 0; do not divide by it."
    right = 1 - np.sqrt(Z.mean(axis=1))
    if np.abs(found - right).max() < 2e-3:
        return None
    if np.abs(found - (1 - right)).max() < 2e-3:
        return "That is the similarity: 1 for the instance itself. A distance is 0 there."
    if np.abs(found - Z.mean(axis=1)).max() < 2e-3:
        return "That is the share of superpixels shown. Which function of it is the distance?"
    if np.abs(found - (1 - Z.mean(axis=1))).max() < 2e-3:
        return "That is the share hidden. The cosine has a square root: sqrt(|z'| / M)."
    if np.abs(found - np.sqrt((1 - Z).sum(axis=1))).max() < 2e-3:
        return "That is the Euclidean distance; the cosine looks only at the angle."
    return "Where one of four is shown, the cosine is sqrt(1/4), so the distance is 0.5."


_DECIDED = {"a": "no", "b": "yes", "c": "open", "d": "open"}
_LOOK_AGAIN = {
    "a": "Which of the two R² is measured on samples that the line has not seen?",
    "b": "Compare what the samples are worth with 35 weights and an intercept.",
    "c": "Two things can lower a held-out R²: few samples, and an f that no line fits.",
    "d": "How many photographs were asked about?",
}


@exercise(
    "04.3",
    expects=DECISIONS,
    praise="A narrow kernel costs samples, and the R² inside does not show it.",
)
def _reading(answer: Any) -> str | None:
    """Four decisions; a function answers what stood here before, and is judged by that."""
    if callable(answer):
        return _lime_in_one_function(answer)
    return decisions(answer, _DECIDED, _LOOK_AGAIN)


def _lime_in_one_function(my_lime: Callable[..., Any]) -> str | None:
    """``my_lime(Z, y, D, sigma)``: the M coefficients, at several widths and sizes."""
    rng = np.random.default_rng(4)
    for n, M, sigma in [(40, 3, 0.4), (60, 5, 0.25), (50, 2, 1.3)]:
        Z, y = rng.integers(0, 2, (n, M)), 2 + rng.normal(size=n)
        D = rng.random(n)
        found = np.asarray(my_lime(Z.copy(), y.copy(), D.copy(), sigma), float)
        pi_x = kernel(D, sigma)
        fit = weighted_fit(Z, y, pi_x)
        if close(found, fit.coefficients):
            continue
        if close(found, [fit.intercept, *fit.coefficients]):
            return "The first of these is the intercept: return only the M coefficients."
        others = {
            "There is no intercept in this fit: add a column of ones to Z.": weighted_fit(
                Z, y, pi_x, intercept=False
            ),
            "The kernel came in squared: lstsq wants each row times the square root of pi.": (
                weighted_fit(Z, y, pi_x**2)
            ),
            "That is the lime library's kernel; the paper has no root: exp(-D^2 / sigma^2).": (
                weighted_fit(Z, y, np.sqrt(pi_x))
            ),
            "The samples all count alike here: where is the kernel?": weighted_fit(
                Z, y, np.ones(n)
            ),
        }
        for hint, other in others.items():
            if close(found, other.coefficients):
                return hint
        if found.shape != (M,):
            return f"Z has {M} columns, so expected {M} numbers; this has the shape {found.shape}."
        if sigma != 0.4:
            return f"It is right for sigma = 0.4, and not for sigma = {sigma} with M = {M}."
        return "Try it on a y that is linear in Z: there the coefficients must come out exactly."
    return None

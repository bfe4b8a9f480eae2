"""Checkers for lesson 04."""

from typing import Any

import numpy as np

from lessons_lib.exercises.registry import close, exercise
from lessons_lib.lime import kernel, weighted_fit


@exercise(
    "04.1",
    expects="three numbers, [beta_0, beta_1, beta_2]",
    praise="The weighted means of the two effects, and an intercept that makes the line meet "
    "the weighted mean of f.",
)
def _four_samples(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape == (2,):
        return "That is two numbers; the intercept beta_0 comes first."
    if answer.shape != (3,):
        return (
            f"Expected three numbers, [beta_0, beta_1, beta_2]; this has the shape {answer.shape}."
        )
    right = np.array([-0.125, 0.7, 0.3])
    if close(answer, right):
        return None
    if close(answer, right[[1, 2, 0]]):
        return "The order is [beta_0, beta_1, beta_2]: the intercept comes first."
    if close(answer, right[[0, 2, 1]]):
        return "beta_1 and beta_2 have changed places: superpixel 1 alone gives 0.5."
    if close(answer, [0.0, 0.6, 0.2]):
        return "That is the fit with equal weights. Multiply each row's error by its pi."
    if close(answer[1:], [0.76, 0.36]):
        return "The weights came in squared. Multiply rows by the square root of pi, not by pi."
    if close(answer[1:], right[1:]):
        return "beta_1 and beta_2 are right. The line meets the weighted mean of f, which is 0.625."
    return "beta_1 is the mean of its effect with and without superpixel 2, weighted 3/4 and 1/4."


@exercise(
    "04.2",
    expects="a function of an array (n, M) of zeros and ones",
    praise="0 for the instance itself, 1 where nothing is shown, and no division by zero between.",
)
def _cosine_distance(answer: Any) -> str | None:
    Z = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
    with np.errstate(all="ignore"):
        found = np.asarray(answer(Z.copy()), float)
    if found.shape != (4,):
        return f"Expected one distance for each of 4 rows; this has the shape {found.shape}."
    if np.isnan(found).any():
        return "The row in which nothing is shown gives NaN. Its length is 0; do not divide by it."
    right = 1 - np.sqrt(Z.mean(axis=1))
    if close(found, right):
        return None
    if close(found, 1 - right):
        return "That is the similarity: 1 for the instance itself. A distance is 0 there."
    if close(found, Z.mean(axis=1)):
        return "That is the share of superpixels shown. Which function of it is the distance?"
    if close(found, 1 - Z.mean(axis=1)):
        return "That is the share hidden. The cosine has a square root: sqrt(|z'| / M)."
    if close(found, np.sqrt((1 - Z).sum(axis=1))):
        return "That is the Euclidean distance; the cosine looks only at the angle."
    return "Where one of four is shown, the cosine is sqrt(1/4), so the distance is 0.5."


@exercise(
    "04.3",
    expects="a function my_lime(Z, y, D, sigma) that returns M numbers",
    praise="That is all of LIME's core. The rest is drawing samples and drawing pictures.",
)
def _lime_in_one_function(answer: Any) -> str | None:
    rng = np.random.default_rng(4)
    Z, y = rng.integers(0, 2, (40, 3)), 2 + rng.normal(size=40)
    D, sigma = rng.random(40), 0.4
    found = np.asarray(answer(Z.copy(), y.copy(), D.copy(), sigma), float)
    pi_x = kernel(D, sigma)
    fit = weighted_fit(Z, y, pi_x)
    if close(found, fit.coefficients):
        return None
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
        "The samples all count alike here: where is the kernel?": weighted_fit(Z, y, np.ones(40)),
    }
    for hint, other in others.items():
        if close(found, other.coefficients):
            return hint
    if found.shape != (3,):
        return f"Z has 3 columns, so expected 3 numbers; this has the shape {found.shape}."
    return "Try it on a y that is linear in Z: there the coefficients must come out exactly."

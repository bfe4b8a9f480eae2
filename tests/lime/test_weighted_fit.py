"""The weighted fit against scikit-learn, the normal equations and Lagrange's conditions."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from lessons_lib.lime import weighted_fit


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(40, 5))
    return Z, rng.normal(size=40) + Z @ np.arange(5), rng.random(40)


@pytest.mark.parametrize("ridge", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_is_scikit_learns_ridge(data, ridge, intercept) -> None:
    Z, y, weights = data
    reference = (
        Ridge(ridge, fit_intercept=intercept)
        if ridge
        else LinearRegression(fit_intercept=intercept)
    )
    reference.fit(Z, y, weights)
    fit = weighted_fit(Z, y, weights, ridge=ridge, intercept=intercept)
    np.testing.assert_allclose(fit.coefficients, reference.coef_, atol=1e-11)
    np.testing.assert_allclose(fit.intercept, reference.intercept_, atol=1e-11)
    np.testing.assert_allclose(fit.r_squared, reference.score(Z, y, weights), atol=1e-11)


@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_the_constraint_is_exact_and_the_rest_is_optimal(data, ridge) -> None:
    """Lagrange: at the optimum, the gradient is a multiple of the constraint's vector."""
    Z, y, weights = data
    a, b = np.array([1.0, 1.0, 2.0, 0.0, -1.0]), 3.0
    fit = weighted_fit(Z, y, weights, ridge=ridge, intercept=False, constraint=(a, b))
    assert a @ fit.coefficients == pytest.approx(b, abs=1e-13)
    gradient = Z.T @ (weights * (y - Z @ fit.coefficients)) - ridge * fit.coefficients
    multiple = gradient @ a / (a @ a)
    np.testing.assert_allclose(gradient, multiple * a, atol=1e-11)
    assert abs(multiple) > 0.1, "the constraint must bind, or this test shows nothing"


def test_a_linear_function_comes_back_whatever_the_weights(data) -> None:
    Z, _, weights = data
    beta = np.array([1.0, -2.0, 0.5, 0.0, 7.0])
    fit = weighted_fit(Z, 3 + Z @ beta, weights)
    np.testing.assert_allclose(fit.coefficients, beta, atol=1e-12)
    assert fit.intercept == pytest.approx(3)
    assert fit.r_squared == pytest.approx(1)


def test_several_outputs_are_several_fits(data) -> None:
    Z, y, weights = data
    constraint = (np.ones(5), [4.0, -1.0])
    both = weighted_fit(Z, np.stack([y, y**2], 1), weights, constraint=constraint)
    for i, target in enumerate((y, y**2)):
        one = weighted_fit(Z, target, weights, constraint=(np.ones(5), constraint[1][i]))
        np.testing.assert_allclose(both.coefficients[:, i], one.coefficients, atol=1e-12)
        assert both.intercept[i] == pytest.approx(one.intercept)
        assert both.r_squared[i] == pytest.approx(one.r_squared)


def test_a_row_of_weight_0_says_nothing(data) -> None:
    Z, y, weights = data
    weights[3] = 0
    expected = weighted_fit(np.delete(Z, 3, 0), np.delete(y, 3), np.delete(weights, 3))
    y[3] = 1e6
    np.testing.assert_allclose(
        weighted_fit(Z, y, weights).coefficients, expected.coefficients, atol=1e-11
    )


def test_too_few_rows_give_the_smallest_coefficients() -> None:
    fit = weighted_fit([[1.0, 1.0]], [2.0], [1.0], intercept=False)
    np.testing.assert_allclose(fit.coefficients, [1, 1])


@pytest.mark.parametrize("value", [5.0, -5.0, 0.0])
def test_a_constant_gives_zeros_and_no_nan(value: float) -> None:
    fit = weighted_fit([[0.0], [1.0]], [value, value], [1.0, 1.0])
    np.testing.assert_allclose([fit.coefficients[0], fit.intercept, fit.r_squared], [0, value, 1])


def test_arguments_stay_as_they_are(data) -> None:
    before = [array.copy() for array in data]
    weighted_fit(*data, ridge=1.0, constraint=(np.ones(5), 1.0))
    for array, copy in zip(data, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [1.0, -1.0]}, "0 or more and not all 0.*-1..1"),
        ({"weights": [0.0, 0.0]}, "not all 0"),
        ({"weights": [1e-320, 3e-320]}, "largest weight is 3e-320.*1e-150..1e\\+150"),
        ({"weights": [1.0, 1e300]}, "largest weight is 1e\\+300"),
        ({"Z": [[0.0], [1e200]]}, "Z reaches 1e\\+200, whose square"),
        ({"y": [1.0, 1e200]}, "y reaches 1e\\+200"),
        ({"weights": [1.0]}, "2 rows in Z, 2 in y, and 1 weights"),
        ({"weights": [[1.0], [1.0]]}, r"weights \(n,\), but .* and \(2, 1\)"),
        ({"y": [1.0, np.nan]}, "1 values of y are not finite"),
        ({"Z": [1.0, 2.0]}, r"Z of shape \(n, d\)"),
        ({"ridge": -1.0}, "ridge=-1.0"),
        ({"ridge": np.inf}, "ridge=inf"),
        ({"constraint": ([0.0], 1.0)}, "1 numbers that are not all 0"),
    ],
)
def test_bad_input_is_named(change, message) -> None:
    good = {"Z": [[0.0], [1.0]], "y": [1.0, 2.0], "weights": [1.0, 1.0]}
    with pytest.raises(ValueError, match=message):
        weighted_fit(**(good | change))

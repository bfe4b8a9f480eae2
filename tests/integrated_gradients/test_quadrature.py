"""Quadrature rules against polynomials, SciPy, and integrals that are known in closed form."""

import numpy as np
import pytest
import scipy.integrate
import scipy.special

from lessons_lib.integrated_gradients import (
    OPEN_PANELS,
    PANEL_STEPS,
    RULES,
    Panel,
    adaptive,
    nodes_and_weights,
    panel_rule,
)

DEGREE = {
    "left": lambda n: 0,
    "right": lambda n: 0,
    "midpoint": lambda n: 1,
    "trapezoid": lambda n: 1,
    "simpson": lambda n: 3,
    "gauss_legendre": lambda n: 2 * n - 1,
}


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_exact_up_to_its_degree_and_no_further(rule: str, n: int) -> None:
    nodes, weights = nodes_and_weights(rule, n)
    degree = DEGREE[rule](n)
    for power in range(degree + 1):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), abs=1e-13)
    assert abs(weights @ nodes ** (degree + 1) - 1 / (degree + 2)) > 1e-7


@pytest.mark.parametrize(
    ("rule", "n"),
    [(rule, n) for rule in RULES if rule != "simpson" for n in (2, 7, 50)]
    + [(rule, 1) for rule in ("left", "right", "midpoint", "gauss_legendre")]
    + [("simpson", 7), ("simpson", 51)],
)
def test_weights_add_up_to_one_and_nodes_ascend_inside_the_path(rule: str, n: int) -> None:
    nodes, weights = nodes_and_weights(rule, n)
    assert len(nodes) == len(weights) == n
    assert weights.sum() == pytest.approx(1)
    assert nodes.min() >= 0
    assert nodes.max() <= 1
    assert (np.diff(nodes) > 0).all()


def test_trapezoid_and_simpson_are_those_of_scipy() -> None:
    values = np.random.default_rng(0).normal(size=9)
    for rule, reference in (
        ("trapezoid", scipy.integrate.trapezoid),
        ("simpson", scipy.integrate.simpson),
    ):
        nodes, weights = nodes_and_weights(rule, 9)
        assert weights @ values == pytest.approx(reference(values, x=nodes))


def test_gauss_legendre_is_that_of_scipy() -> None:
    roots, scipy_weights = scipy.special.roots_legendre(12)
    nodes, weights = nodes_and_weights("gauss_legendre", 12)
    np.testing.assert_allclose(nodes, (roots + 1) / 2, atol=1e-14)
    np.testing.assert_allclose(weights, scipy_weights / 2, atol=1e-14)


@pytest.mark.parametrize(
    ("rule", "steps", "message"),
    [
        ("gauss", 4, "there is no rule 'gauss'; there are left, right"),
        ("midpoint", 0, "num_steps=0 must be 1 or more"),
        ("midpoint", -3, "num_steps=-3 must be 1 or more"),
        ("trapezoid", 1, "2 or more"),
        ("simpson", 1, "3 or more"),
        ("simpson", 6, "odd number of steps, not 6; take 5 or 7"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: str, steps: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nodes_and_weights(rule, steps)


@pytest.mark.parametrize("steps", [2.0, "5", True, None])
def test_steps_must_be_a_whole_number(steps: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        nodes_and_weights("left", steps)


def test_panels_together_integrate_a_polynomial_of_degree_7_exactly() -> None:
    nodes, weights = panel_rule([(0.0, 0.1), (0.1, 0.5), (0.5, 1.0)])
    assert weights.shape == (3, 3 * PANEL_STEPS)
    assert (weights.sum(axis=0) > 0).all()
    np.testing.assert_allclose(weights @ nodes**7, np.diff(np.array([0, 0.1, 0.5, 1]) ** 8) / 8)


class Known:
    """A derivative whose integral is known: what `adaptive` measures, and how often."""

    def __init__(self, integral, derivative) -> None:
        self.integral, self.derivative, self.steps, self.asked = integral, derivative, 0, []

    def measure(self, intervals) -> list[Panel]:
        nodes, weights = panel_rule(intervals)
        self.steps += len(nodes)
        self.asked += intervals
        sums = weights @ self.derivative(nodes)
        return [
            Panel(a, b, np.array([s]), s - (self.integral(b) - self.integral(a)))
            for (a, b), s in zip(intervals, sums, strict=True)
        ]


def steep(centre: float) -> Known:
    """All the change in a stretch of a thousandth: tanh((alpha - centre) / 0.001)."""
    return Known(
        lambda a: np.tanh((a - centre) / 1e-3),
        lambda a: 1e3 / np.cosh(np.clip((a - centre) / 1e-3, -300, 300)) ** 2,
    )


@pytest.mark.parametrize("centre", [0.03, 0.4321, 0.9])
def test_adaptive_finds_the_place_where_the_change_is(centre: float) -> None:
    known = steep(centre)
    phi, steps, _ = adaptive(known.measure, 16, 400, 1e-3, np.inf)
    assert phi[0] == pytest.approx(2, abs=1e-3)
    assert steps == known.steps <= 200
    nodes, weights = nodes_and_weights("gauss_legendre", steps)
    assert abs(weights @ known.derivative(nodes) - 2) > 1e-2  # the same nodes, spread evenly


def test_adaptive_stops_at_once_where_the_first_panels_do() -> None:
    cubic = Known(lambda a: a**4, lambda a: 4 * a**3)
    phi, steps, apart = adaptive(cubic.measure, 8, 400, 1e-9, 1e-9)
    assert apart < 1e-9
    assert steps == 8
    assert phi[0] == pytest.approx(1)
    # The first panels end at squares: 0, 1/4, 1.
    assert cubic.asked == [(0.0, 0.25), (0.25, 1.0)]
    flat = Known(lambda a: 0 * a, lambda a: 0 * a)
    assert adaptive(flat.measure, 8, 400, 0, 0)[1] == 8  # no error is within none allowed


def test_adaptive_halves_the_panel_with_the_largest_error() -> None:
    known = steep(0.7)
    adaptive(known.measure, 8, 16, 1e-9, np.inf)
    assert known.asked[2:] == [(0.25, 0.625), (0.625, 1.0)]


@pytest.mark.parametrize(("allowed", "stops"), [(0.99, False), (1.01, True)])
def test_adaptive_counts_the_errors_of_panels_that_it_no_longer_keeps(allowed, stops) -> None:
    """Each panel misses by its length, so that all together miss by 1 however they are cut."""

    def measure(intervals) -> list[Panel]:
        return [Panel(a, b, np.array([b - a]), b - a) for a, b in intervals]

    first = PANEL_STEPS * 2 * OPEN_PANELS
    for bounds in ((allowed, np.inf), (np.inf, allowed)):
        phi, steps, apart = adaptive(measure, first, 2 * first, *bounds)
        assert phi == pytest.approx(1)
        assert apart == pytest.approx(1)
        assert steps == (first if stops else 2 * first)


def test_adaptive_does_not_let_panels_cancel_each_other() -> None:
    """Two panels that miss by +1 and -1 until they are shorter than a tenth; the sum is right."""

    def measure(intervals) -> list[Panel]:
        errors = [(1 if a < 0.25 else -1) * (b - a > 0.1) for a, b in intervals]
        return [Panel(a, b, np.array([e]), e) for (a, b), e in zip(intervals, errors, strict=True)]

    assert adaptive(measure, 8, 400, 0.01, np.inf)[1:] == (8, 2)
    _, steps, apart = adaptive(measure, 8, 400, 0.01, 0.01)
    assert steps > 8
    assert apart == 0


def test_errors_of_panels_that_are_no_longer_kept_do_not_cancel() -> None:
    """More panels than are kept open, each of which misses a hundredth, up and down in turn."""
    first = 4 * OPEN_PANELS

    def measure(intervals) -> list[Panel]:
        return [Panel(a, b, np.zeros(1), (-1) ** i / 100) for i, (a, b) in enumerate(intervals)]

    _, _, apart = adaptive(measure, PANEL_STEPS * first, PANEL_STEPS * first, 1, 1)
    assert apart == pytest.approx(first / 100)


def test_adaptive_never_exceeds_its_steps() -> None:
    jump = Known(lambda a: float(a > 1 / np.pi), lambda a: np.zeros_like(a))
    phi, steps, apart = adaptive(jump.measure, 48, 101, 1e-3, 1e-3)
    assert apart == 1
    assert steps == jump.steps == 96
    assert phi[0] == 0


def test_panels_that_are_settled_still_count() -> None:
    """More panels than are kept open: the sum must not lose any."""
    rng = np.random.default_rng(0)
    kinks = np.sort(rng.uniform(size=40))
    slopes = rng.normal(size=41)
    derivative = lambda a: slopes[np.searchsorted(kinks, a)]  # noqa: E731
    edges = np.concatenate([[0], kinks, [1]])
    values = np.concatenate([[0], np.cumsum(slopes * np.diff(edges))])
    known = Known(lambda a: np.interp(a, edges, values), derivative)
    phi, steps, _ = adaptive(known.measure, 4 * (OPEN_PANELS + 40), 3000, 1e-5, np.inf)
    assert phi[0] == pytest.approx(values[-1], abs=1e-5)
    assert steps > 4 * (OPEN_PANELS + 40)

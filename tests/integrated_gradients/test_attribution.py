"""Integrated Gradients against closed forms, the paper's axioms and PAIR's `saliency`.

Equations are those of Sundararajan et al. 2017 (arXiv:1703.01365).
"""

import warnings
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import saliency.core
import tensorflow as tf

from lessons_lib import baselines, exercises
from lessons_lib.integrated_gradients import (
    PANEL_FACTOR,
    RULES,
    Attribution,
    Path,
    along_path,
    classifier_functions,
    integrate,
    integrated_gradients,
    interpolate,
)
from lessons_lib.network.classifier import Classifier
from tests.networks import SIZE, classifier, flat_net, gap_net, nested_net, pictures, seeded, shared

RNG = np.random.default_rng(5)
X, START = RNG.normal(size=6), RNG.normal(size=6)


def counted(score):
    """A score that counts the rows it is asked for, and the largest batch."""
    rows, largest = tf.Variable(0), tf.Variable(0)

    def counting(z: tf.Tensor) -> tf.Tensor:
        rows.assign_add(tf.shape(z)[0])
        largest.assign(tf.maximum(largest, tf.shape(z)[0]))
        return score(z)

    return counting, rows, largest


def gradient_at(net, z, target: int) -> np.ndarray:
    """d logit / d z by a tape, for the references."""

    @tf.function(autograph=False)
    def differentiate(z: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(z)
            score = net.forward(z)[:, target]
        return tape.gradient(score, z)

    return differentiate(tf.constant(np.asarray(z, np.float32))).numpy()


def cubes(z: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(z**3, axis=-1)


# Closed forms


@pytest.mark.parametrize("rule", ["left", "right", "midpoint", "gauss_legendre"])
def test_linear_score_is_exact_with_one_node(rng: np.random.Generator, rule: str) -> None:
    w = rng.normal(size=6).astype("float32")
    found = integrate(lambda z: tf.linalg.matvec(z, w), X, START, rule=rule, num_steps=1)
    np.testing.assert_allclose(found.phi, w * (X - START), rtol=1e-5)


def test_quadratic_score_is_exact_with_two_gauss_legendre_nodes_and_not_with_two_left_ones(
    rng: np.random.Generator,
) -> None:
    Q = rng.normal(size=(6, 6))
    Q += Q.T
    exact = (X - START) * (Q @ (X + START))  # the gradient 2 Q z is linear: its mean is midway

    def score(z: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(z * tf.linalg.matvec(Q.astype("float32"), z), axis=-1)

    found = integrate(score, X, START, rule="gauss_legendre", num_steps=2)
    np.testing.assert_allclose(found.phi, exact, rtol=1e-4, atol=1e-5)
    left = integrate(score, X, START, rule="left", num_steps=2)
    assert np.abs(left.phi - exact).max() > 0.1


@pytest.mark.parametrize("rule", ["adaptive", "gauss_legendre", "simpson"])
def test_separable_score_gives_each_input_its_own_difference(rule: str) -> None:
    def parts(z):
        return [tf.sin(z[:, 0]), tf.exp(z[:, 1]), z[:, 2] ** 3, 5 * z[:, 3], 0 * z[:, 4], z[:, 5]]

    found = integrate(lambda z: tf.add_n(parts(z)), X, START, rule=rule, num_steps=33)
    ends, starts = (np.ravel(parts(tf.constant(p[None]))) for p in (X, START))
    np.testing.assert_allclose(found.phi, ends - starts, atol=2e-5)


@pytest.mark.parametrize("rule", ["adaptive", "gauss_legendre", "midpoint"])
def test_toy_of_the_paper(rule: str) -> None:
    """Section 3 and appendix B: f = ReLU(ReLU(x1) - 1 - ReLU(x2)) at (3, 1) gives 1.5 and -0.5."""

    def toy(z: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(tf.nn.relu(z[:, 0]) - 1 - tf.nn.relu(z[:, 1]))

    found = integrate(toy, [3.0, 1.0], [0.0, 0.0], rule=rule, num_steps=50, tolerance=1e-4)
    np.testing.assert_allclose(found.phi, [1.5, -0.5], atol=1e-3)


def two_kinks_that_cancel(z: tf.Tensor) -> tf.Tensor:
    """A short step up along z0, a short step down along z1, and ten for z2: [1, -1, 10] from 0."""
    up = tf.nn.relu(z[:, 0] - 0.762) - tf.nn.relu(z[:, 0] - 0.772)
    down = tf.nn.relu(z[:, 1] - 0.623) - tf.nn.relu(z[:, 1] - 0.633)
    return 10 * z[:, 2] + 100 * up - 100 * down


def test_errors_of_opposite_sign_do_not_cancel() -> None:
    """Neither step is seen by the first 48 nodes, and the sum is right without them."""
    ends = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    blind = integrate(two_kinks_that_cancel, *ends, panel_tolerance=10)
    np.testing.assert_allclose(blind.phi, [0, 0, 10], atol=1e-4)
    assert (blind.steps, blind.error < 1e-5) == (48, True)
    assert blind.panel_error == pytest.approx(0.2, abs=1e-3)
    assert "(error 0.00 %, panels 20.00 %, 48 steps)" in str(blind)
    found = integrate(two_kinks_that_cancel, *ends)
    assert found.panel_error <= PANEL_FACTOR * 0.01 + 1e-3
    # What a panel misses can be missing in one input, or in the other.
    np.testing.assert_allclose(found.phi, [1, -1, 10], atol=found.apart + 1e-3)


def test_several_inputs_are_held_to_the_panels_bound_too() -> None:
    x, baseline = ({"a": np.full(3, value)} for value in (1.0, 0.0))
    for bound in (None, 10):
        found = integrate(
            lambda z: two_kinks_that_cancel(z["a"]), x, baseline, panel_tolerance=bound
        )
        assert (found.steps == 48) == (bound == 10)


def test_of_a_picture_the_panels_bound_is_kept_and_averaged_over_runs() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    loose = integrated_gradients(net, photo, 1, num_steps=4, tolerance=9, panel_tolerance=99)
    tight = integrated_gradients(net, photo, 1, num_steps=4, tolerance=9, panel_tolerance=0.02)
    assert loose.steps == 4 < tight.steps
    assert tight.panel_error < 0.021 < loose.panel_error
    runs = integrated_gradients(net, photo, 1, baseline="noise", num_runs=2, num_steps=4)
    assert 0 < runs.apart < np.inf


def test_products_are_shared_by_the_path_not_by_shapley() -> None:
    two = integrate(lambda z: z[:, 0] * z[:, 1], [3.0, 2.0], [0.0, 0.0])
    np.testing.assert_allclose(two.phi, [3, 3], rtol=1e-5)  # Shapley: the same
    odd = integrate(lambda z: z[:, 0] * z[:, 1] ** 2, [3.0, 2.0], [0.0, 0.0])
    np.testing.assert_allclose(
        odd.phi, [4, 8], rtol=1e-5
    )  # x1 x2^2 times 1/3 and 2/3; Shapley: 6, 6


# Axioms


def test_sensitivity_a_difference_that_matters_gets_something_and_a_dummy_nothing() -> None:
    """Saturated at x: the plain gradient is 0 there, the attribution is not (section 2.1)."""
    score = lambda z: 1 - tf.nn.relu(1 - z[:, 0]) + 0 * z[:, 1]  # noqa: E731
    found = integrate(score, [2.0, 5.0], [0.0, 0.0], tolerance=1e-4)
    np.testing.assert_allclose(found.phi, [1, 0], atol=2e-4)


def test_implementation_invariance() -> None:
    """Two networks that give the same score for every input get the same attributions."""
    one = integrate(
        lambda z: tf.nn.relu(z[:, 0]) - tf.nn.relu(-z[:, 0]) + z[:, 1], X[:2], START[:2]
    )
    other = integrate(lambda z: tf.reduce_sum(z, axis=1), X[:2], START[:2])
    np.testing.assert_allclose(one.phi, other.phi, atol=1e-5)


@pytest.fixture(scope="module", params=[nested_net, lambda: flat_net(hidden=8)])
def net(request) -> Classifier:
    return classifier(request.param())


@pytest.mark.parametrize("baseline", ["black", "white", "blurred", "noise"])
def test_completeness_holds_to_the_tolerance(net: Classifier, baseline: str) -> None:
    """Proposition 1, against scores that come from another function of the classifier."""
    for photo in pictures():
        found = integrated_gradients(
            net, photo, 1, baseline=baseline, tolerance=1e-3, panel_tolerance=0.1
        )
        start = net.baseline(photo, baseline)[0]
        logits = net.logits([net.prepare(photo)[0], start])[:, 1]
        difference = float(logits[0] - logits[1])
        assert found.phi.sum(dtype=float) == pytest.approx(difference, rel=2e-3, abs=1e-5)
        assert found.error == pytest.approx(
            abs(found.phi.sum(dtype=float) / difference - 1), abs=1e-4
        )


# Preprocessing inside the graph, and the fault when it is not


def test_raw_space_and_in_graph_preprocessing_agree() -> None:
    net, photo = classifier(flat_net(hidden=8), preprocess="tf"), pictures(1)[0]
    inner = shared(flat_net, hidden=8)  # the same weights, fed with -1..1
    x = net.prepare(photo)[0] / 127.5 - 1
    by_hand = integrate(
        lambda z: inner.forward(z)[:, 2], x, -np.ones_like(x), rule="midpoint", num_steps=20
    )
    found = integrated_gradients(net, photo, 2, rule="midpoint", num_steps=20)
    np.testing.assert_allclose(found.phi, by_hand.phi, atol=1e-5)


def test_published_fault_is_off_by_127_5() -> None:
    """The gradient of preprocessed pixels times the difference of raw ones."""
    net, photo = classifier(gap_net(), preprocess="tf"), pictures(1)[0]
    x = net.prepare(photo)
    inner = shared(gap_net)  # the same weights, fed with -1..1
    z = interpolate(x[0] / 127.5 - 1, -np.ones_like(x[0]), [0.125, 0.375, 0.625, 0.875])
    faulty = x[0] * gradient_at(inner, z, 0).mean(axis=0)
    found = integrated_gradients(net, photo, 0, rule="midpoint", num_steps=4)
    assert faulty.sum() / found.phi.sum(dtype=float) == pytest.approx(127.5, rel=1e-4)


# Independent library


def test_equal_to_pair_saliency_with_its_own_rule() -> None:
    """PAIR: the sum over n points from 0 to 1, both ends included, divided by n."""
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    x, start = net.prepare(photo)[0], np.full((SIZE, SIZE, 3), 200, np.float32)

    def call(batch, call_model_args=None, expected_keys=None):
        return {saliency.core.INPUT_OUTPUT_GRADIENTS: gradient_at(net, batch, 1)}

    theirs = saliency.core.IntegratedGradients().GetMask(x, call, x_baseline=start, x_steps=10)
    for batch_size in (1, 4, 16):
        path = Path(classifier_functions(net), x, start, 1, batch_size)
        ours = path.sums(np.linspace(0, 1, 10), np.full((1, 10), 1 / 10))[0]
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize(
    ("rule", "method", "total"),
    [
        ("left", "riemann_left", 1),
        ("right", "riemann_right", 1),
        ("midpoint", "riemann_middle", 1),
        ("trapezoid", "riemann_trapezoid", 11 / 12),  # captum's weights add up to (n - 1) / n
        ("gauss_legendre", "gausslegendre", 1),
    ],
)
def test_equal_to_captum_with_the_same_rule(
    rng: np.random.Generator, rule: str, method: str, total: float
) -> None:
    torch = pytest.importorskip("torch", reason="captum needs torch, which the course does not")
    captum = pytest.importorskip("captum.attr")
    w = rng.normal(size=(6, 4)).astype("float32")
    theirs = captum.IntegratedGradients(
        lambda z: torch.tanh(z @ torch.from_numpy(w)).pow(2).sum(1)
    ).attribute(
        torch.from_numpy(X[None].astype("float32")),
        torch.from_numpy(START[None].astype("float32")),
        n_steps=12,
        method=method,
    )
    ours = integrate(
        lambda z: tf.reduce_sum(tf.tanh(z @ w) ** 2, 1), X, START, rule=rule, num_steps=12
    )
    np.testing.assert_allclose(total * ours.phi, theirs.numpy()[0], atol=2e-5)


# Cost


@pytest.mark.parametrize("rule", [r for r in RULES if r != "simpson"])
def test_a_rule_costs_its_steps_and_two_scores(rule: str) -> None:
    score, rows, largest = counted(cubes)
    found = integrate(score, X, START, rule=rule, num_steps=50, batch_size=8)
    assert found.steps == 50
    assert int(rows) == 50 + 2
    assert int(largest) == 8  # memory is bounded by the batch


def test_adaptive_counts_every_step_it_takes() -> None:
    score, rows, largest = counted(lambda z: tf.nn.relu(tf.reduce_sum(z, -1) - 0.3))
    found = integrate(score, X**2, 0 * X, num_steps=8, tolerance=1e-4, batch_size=8)
    splits = (found.steps - 8) // 8
    assert splits > 2
    assert int(rows) == found.steps + 2 + 1 + splits  # both ends, one inner end, one per split
    assert int(largest) == 8


def test_panels_that_meet_share_the_score_there_and_ends_are_asked_together() -> None:
    asked: list[list[float]] = []

    def scores(x: Any, baseline: Any, alpha: tf.Tensor, target: Any) -> tf.Tensor:
        asked.append(alpha.numpy().tolist())
        return alpha**3

    _, sums = along_path(lambda z, _: z[:, 0] ** 3)
    one, zero = np.ones(1, "float32"), np.zeros(1, "float32")
    path = Path((scores, tf.function(sums)), one, zero, 0, batch_size=4)
    path.scores([0.0, 1.0])
    panels = path.measure([(0.0, 0.25), (0.25, 0.5), (0.5, 1.0)])
    assert asked == [[0.0, 1.0], [0.25, 0.5]]
    for panel in panels:
        np.testing.assert_allclose(panel.phi.sum(), panel.end**3 - panel.start**3, rtol=1e-6)
        assert abs(panel.error) < 1e-6
    path.scores([k / 8 for k in range(9)])
    assert [len(some) for some in asked] == [2, 2, 4, 1]


def test_a_function_is_compiled_once_however_many_panels_there_are() -> None:
    runs: list[int | None] = []

    def score(z: tf.Tensor) -> tf.Tensor:
        runs.append(z.shape[0])  # known, as a function may need it
        return tf.reduce_sum(tf.reshape(z, (z.shape[0], -1)) ** 9, axis=1)

    assert integrate(score, np.ones(3), np.zeros(3), num_steps=4, tolerance=1e-6).steps > 8
    assert runs == [1, 4]


@pytest.mark.parametrize("rule", ["adaptive", "midpoint"])
def test_batch_size_changes_nothing(rule: str) -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    maps = [
        integrated_gradients(net, photo, 1, rule=rule, num_steps=20, batch_size=b).phi
        for b in (1, 3, 8, 64)
    ]
    for phi in maps[1:]:
        np.testing.assert_allclose(phi, maps[0], atol=1e-5)


# The interface


def test_default_target_is_the_top_class() -> None:
    net, photo = shared(gap_net), pictures(1)[0]
    top = int(net.logits(photo).argmax())
    found = integrated_gradients(net, photo)
    assert found.target == f"class {top} (class {top})"
    assert found.score == pytest.approx(float(net.logits(photo).max()), rel=1e-5)


def test_noise_depends_on_the_seed_alone_and_runs_are_averaged() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    options = {"baseline": "noise", "rule": "midpoint", "num_steps": 8}
    one, again, other = (integrated_gradients(net, photo, 0, seed=s, **options) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.phi, again.phi)
    assert np.abs(one.phi - other.phi).max() > 1e-3
    mean = integrated_gradients(net, photo, 0, seed=3, num_runs=4, **options)
    rng = np.random.default_rng(3)
    x = net.prepare(photo)[0]
    starts = [baselines.make_baseline("noise", x, rng=rng) for _ in range(4)]
    runs = [
        integrated_gradients(net, photo, 0, baseline=s, rule="midpoint", num_steps=8)
        for s in starts
    ]
    np.testing.assert_allclose(mean.phi, np.mean([r.phi for r in runs], axis=0), atol=1e-6)
    assert mean.steps == 32
    # A difference of two float32 scores is known to about a millionth of the scores.
    expected = np.mean([r.difference for r in runs])
    assert mean.difference == pytest.approx(expected, abs=2e-6 * abs(mean.score))


def test_baseline_may_have_the_photograph_s_size() -> None:
    net, photo = shared(gap_net), pictures(1)[0]
    start = np.full(photo.shape, 127.5)
    np.testing.assert_allclose(
        integrated_gradients(net, photo, 0, baseline=start).phi,
        integrated_gradients(net, photo, 0, baseline="grey").phi,
        atol=1e-6,
    )


def test_input_equal_to_baseline_gives_zeros_and_no_error() -> None:
    found = integrated_gradients(shared(gap_net), np.zeros((20, 20, 3)), 0)
    assert not found.phi.any()
    assert found.error == 0


def test_half_precision_and_a_vanishing_gradient_stay_finite() -> None:
    half = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            keras.layers.Rescaling(1 / 255, dtype="mixed_float16"),
            keras.layers.Conv2D(4, 3, activation="relu", name="features", dtype="mixed_float16"),
            keras.layers.GlobalAveragePooling2D(dtype="mixed_float16"),
            keras.layers.Dense(3, dtype="float32"),
        ]
    )
    found = integrated_gradients(classifier(seeded(half)), pictures(1)[0], 0, tolerance=0.02)
    assert found.phi.dtype == np.float32
    assert np.isfinite(found.phi).all()
    assert found.error < 0.02
    dead = integrate(lambda z: tf.nn.relu(z[:, 0] - 100), [1.0, 2.0], [0.0, 0.0])
    np.testing.assert_array_equal(dead.phi, [0, 0])


def test_result_prints_its_completeness() -> None:
    found = Attribution(np.array([2.0, 0.97], np.float32), 4.0, 1.0, 50, "panda")
    assert str(found) == (
        "panda: F(x) - F(x') = 3.00, the attributions add up to 2.97 (error 1.00 %, 50 steps)"
    )
    assert found._replace(apart=0.15).panel_error == pytest.approx(0.05)
    assert "(error 1.00 %, panels 5.00 %, 50 steps)" in str(found._replace(apart=0.15))
    assert found.panel_error is None


@pytest.mark.parametrize("rule", ["adaptive", "midpoint"])
def test_a_score_that_comes_back_prints_no_share_of_nothing(rule: str) -> None:
    """F(x) = F(x'), and the attributions are not zero."""
    found = integrate(lambda z: 3 * z[:, 0] - 3 * z[:, 1], [0.7, 0.7], [0.1, 0.1], rule=rule)
    np.testing.assert_allclose(found.phi, [1.8, -1.8], rtol=1e-5)
    assert found.error == 0
    assert "%" not in str(found)
    assert "inf" not in str(found)
    assert f", {found.steps} steps)" in str(found)


def test_without_a_difference_a_gap_is_said_in_the_score_s_unit() -> None:
    ones = Attribution(np.ones(1, np.float32), 2.0, 2.0, 1)
    assert ones.error == np.inf
    assert (
        str(ones)
        == "score: F(x) - F(x') = 0.00, the attributions add up to 1.00 (error 1, 1 steps)"
    )
    rounded = ones._replace(phi=np.full(1, 1e-6, np.float32), score=2.0 + 1e-7, apart=2e-6)
    assert str(rounded).endswith("(error 9e-07, panels 2e-06, 1 steps)")
    precise = rounded._replace(phi=np.full(1, 1e-6))
    assert str(precise).endswith("(error 900.00 %, panels 2000.00 %, 1 steps)")


# The exercises of lesson 06


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([32 / 3, 16 / 3], "right"),
        ([10.67, 5.33], "right"),
        ([5.33, 10.67], "swapped"),
        ([16, 4], "gradient at one end"),
        ([32, 16], "gradient at one end"),
        ([16 / 3, 4 / 3], "factor x - x' is missing"),
        ([8, 8], "Shapley values"),
        ([3, 4], "add up to 7, but completeness wants"),
        ([12, 4], "The sum is right"),
        (8, "two attributions"),
        ("four", "could not be read"),
    ],
)
def test_exercise_1(answer: object, message: str) -> None:
    feedback = exercises.check("06.1", answer)
    assert message in feedback.message
    assert feedback.passed == (message == "right")


def test_closed_form_of_exercise_1_is_what_integrate_gives() -> None:
    found = integrate(lambda z: z[:, 0] ** 2 * z[:, 1], [2.0, 4.0], [0.0, 0.0])
    np.testing.assert_allclose(found.phi, [32 / 3, 16 / 3], rtol=1e-4)


def in_place(g, x, baseline):
    x -= baseline
    return g * x / 127.5


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda g, x, b: g * (x / 127.5 - b / 127.5), "right"),
        (lambda g, x, b: g * ((x / 127.5 - 1) - (b / 127.5 - 1)), "right"),
        (lambda g, x, b: g * (x - b), "127.5 times too large"),
        (lambda g, x, b: g * (x - b) * 127.5, "factor goes the other way"),
        (lambda g, x, b: g * (x / 127.5 - 1), "baseline is missing"),
        (lambda g, x, b: g * ((x - b) / 127.5 - 1), "the -1 cancels"),
        (lambda g, x, b: g, "missing altogether"),
        (lambda g, x, b: g * (b - x) / 127.5, "sign is reversed"),
        (lambda g, x, b: None, "gives nothing back"),
        (lambda g, x, b: g * (x / 127.5 - 1 - b), "preprocessed x, but not the baseline"),
        (lambda g, x, b: (g * (x / 127.5 - b / 127.5)).sum(), "One number came back"),
        (lambda g, x, b: g * x, "Wanted: the mean gradient times"),
        (in_place, "changes the arrays"),
    ],
)
def test_exercise_2(answer: object, message: str) -> None:
    feedback = exercises.check("06.2", answer)
    assert message in feedback.message
    assert feedback.passed == (message == "right")


# Bad input


@pytest.mark.parametrize("rule", ["adaptive", "midpoint"])
def test_a_time_in_seconds_keeps_its_last_digits(rule: str) -> None:
    """1.7e9 + 37 is 1.7e9 + 0 in float32."""
    now = 1.7e9
    found = integrate(lambda z: (z[:, 0] - now) * z[:, 1], [now + 37, 2], [now, 2], rule=rule)
    assert found.phi.dtype == np.float64
    assert found.difference == 74
    np.testing.assert_allclose(found.phi, [74, 0], rtol=1e-12)
    from_zero = integrate(lambda z: z[:, 0] + 0 * z[:, 1], [now + 37, now + 1], [0, now], rule=rule)
    np.testing.assert_allclose(from_zero.phi, [now + 37, 0], rtol=1e-14, atol=1e-9)


@pytest.mark.parametrize("names", [["rooms", "age", "year"], [7, 3, 5]])
def test_named_inputs_are_matched_and_keep_their_names(names: list) -> None:
    x, start = pd.Series([3.0, 2.0, 5.0], names), pd.Series([0.0, 1.0, 4.0], names)
    score = lambda z: z[:, 0] * z[:, 1] + 4 * z[:, 2]  # noqa: E731
    plain = integrate(score, x.to_numpy(), start.to_numpy())
    found = integrate(score, x, start.iloc[[2, 0, 1]])
    assert found.phi.to_dict() == dict(zip(names, plain.phi, strict=True))
    assert (found.total, found.error) == (plain.total, plain.error)
    assert integrate(score, x, start.to_numpy()).phi.index.tolist() == names
    with pytest.raises(ValueError, match="columns of the baseline are not those of x: it lacks"):
        integrate(score, x, start.iloc[:2])


def test_ordinary_numbers_stay_in_float32() -> None:
    seen = []
    integrate(lambda z: seen.append(z.dtype) or z[:, 0], [0.1, 1 / 3], [0.2, 0.0])
    assert set(seen) == {tf.float32}


def test_a_score_that_only_takes_float32_is_named() -> None:
    weights = tf.constant([[1.0], [2.0]])
    with pytest.raises(TypeError, match="score does not compute in float64: take a number off"):
        integrate(lambda z: (z @ weights)[:, 0], [1.7e9 + 37, 1.0], [1.7e9, 0.0])


def test_what_is_no_baseline_is_refused() -> None:
    net, photo = shared(gap_net), pictures(1)[0]
    with pytest.raises(ValueError, match="there is no baseline 'blak'; there are black, white"):
        integrated_gradients(net, photo, baseline="blak")
    with pytest.raises(ValueError, match=r"pixels must lie in 0\.\.255"):
        integrated_gradients(net, photo, baseline=np.full((SIZE, SIZE, 3), -1.0))
    with pytest.raises(ValueError, match=r"shape \(3,\), but x has \(6,\)"):
        integrate(cubes, X, X[:3])


@pytest.mark.parametrize("rule", ["adaptive", "midpoint"])
def test_numbers_out_of_range_are_refused(rule: str) -> None:
    for steps in (0, -5):
        with pytest.raises(ValueError, match=f"num_steps={steps} must be 1 or more"):
            integrate(cubes, X, START, rule=rule, num_steps=steps)
    with pytest.raises(TypeError, match=r"whole number, not 2\.5"):
        integrate(cubes, X, START, rule=rule, num_steps=2.5)
    with pytest.raises(ValueError, match="tolerance must be above 0, not 0"):
        integrate(cubes, X, START, rule=rule, tolerance=0)
    with pytest.raises(ValueError, match="panel_tolerance must be above 0, not -1"):
        integrate(cubes, X, START, rule=rule, panel_tolerance=-1)
    with pytest.raises(ValueError, match="batch_size=0 must be 1 or more"):
        integrate(cubes, X, START, rule=rule, batch_size=0)
    with pytest.raises(ValueError, match="num_runs=0 must be 1 or more"):
        integrated_gradients(shared(gap_net), pictures(1)[0], rule=rule, num_runs=0)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        integrate(cubes, [1.0, np.nan], [0.0, 0.0])


def test_a_layer_that_lets_no_gradient_through_is_named() -> None:
    class Steps(keras.layers.Layer):
        def call(self, x):
            return tf.round(x)

    class Argmax(keras.layers.Layer):
        def call(self, x):
            return tf.cast(tf.argmax(x, axis=-1), tf.float32)[..., None]

    for cut, operation in ((Steps(name="to_whole"), "Round"), (Argmax(name="winner"), "ArgMax")):
        layers = [
            keras.Input((SIZE, SIZE, 3)),
            keras.layers.Conv2D(4, 3, name="features"),
            cut,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
        net = classifier(keras.Sequential(layers))
        with pytest.raises(ValueError, match=rf"{cut.name}.*operation {operation}"):
            integrated_gradients(net, pictures(1)[0])
    with pytest.raises(ValueError, match="does not depend on the input"):
        integrate(lambda z: tf.zeros(tf.shape(z)[0]), X, START)


def test_a_tolerance_that_is_reached_needs_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert integrate(cubes, X, START).error <= 0.01


def test_a_tolerance_that_is_missed_by_half_is_said_too() -> None:
    kink = lambda z: tf.nn.relu(z[:, 0] - 0.3)  # noqa: E731
    tolerance = 1e-5
    for _ in range(2):
        with pytest.warns(UserWarning, match="are not met"):
            found = integrate(kink, [1.0], [0.0], num_steps=8, max_steps=20, tolerance=tolerance)
        tolerance = found.error / 1.5


def test_panels_that_miss_too_much_are_said_where_the_sum_is_right() -> None:
    with pytest.warns(UserWarning, match=r"1 % and 5 % for the panels, are not met"):
        integrate(two_kinks_that_cancel, [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], max_steps=48)


def test_a_tolerance_that_is_not_reached_is_said() -> None:
    with pytest.warns(
        UserWarning,
        match=r"0\.001 % and 0\.005 % for the panels, are not met. Raise max_steps \(20",
    ):
        found = integrate(
            lambda z: tf.nn.relu(z[:, 0] - 0.3),
            [1.0],
            [0.0],
            num_steps=8,
            max_steps=20,
            tolerance=1e-5,
        )
    assert found.steps <= 20


def test_a_network_with_one_output_is_a_score_and_one_with_several_is_not() -> None:
    x, start = [1.0, 2.0, -1.0, 0.5], np.zeros(4)
    one = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    kernel = one.get_weights()[0][:, 0]
    np.testing.assert_allclose(integrate(one, x, start).phi, kernel * x, atol=1e-5)
    three = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="choose an output"):
        integrate(three, x, start)
    found = integrate(lambda z: three(z)[:, 2], x, start).phi
    np.testing.assert_allclose(found, three.get_weights()[0][:, 2] * x, atol=1e-5)


@pytest.mark.parametrize("rule", ["adaptive", "midpoint"])
@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda z: tf.math.log(z[:, 0]), "F is -inf at the baseline"),
        (lambda z: z[:, 0] * np.nan, "F is nan at x"),
    ],
)
def test_a_score_that_is_not_finite_is_not_shared_out(rule, score, message) -> None:
    with pytest.raises(ValueError, match=message):
        integrate(score, [1.0], [0.0], rule=rule)


@pytest.mark.parametrize("rule", ["left", "trapezoid", "simpson"])
def test_an_infinite_gradient_on_the_path_is_said(rule: str) -> None:
    with pytest.raises(ValueError, match=r"the gradient is infinite or NaN .*such as 'midpoint'"):
        integrate(lambda z: tf.sqrt(z[:, 0]), [1.0], [0.0], rule=rule, num_steps=5)

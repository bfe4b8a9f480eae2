"""Measures of maps, on networks and numbers where the answer is known."""

import keras
import numpy as np
import pytest

from lessons_lib import judging, maps
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging.curves import (
    Curve,
    average_drop,
    average_increase,
    confidences,
    deletion,
    insertion,
)
from lessons_lib.judging.sanity import cascading_randomisation
from lessons_lib.judging.statistics import rank_correlation
from lessons_lib.network.classifier import Classifier
from tests.networks import (
    SIZE,
    classifier,
    flat_net,
    global_random_state,
    nested_net,
    pictures,
    shared,
)

L = keras.layers


def linear_net(weights: np.ndarray) -> Classifier:
    """One logit, a weighted sum of the picture's brightness: its best map is known."""
    inputs = keras.Input((SIZE, SIZE, 3))
    dense = L.Dense(1, activation="sigmoid")
    model = keras.Model(inputs, dense(L.Flatten()(L.Rescaling(1 / 255)(inputs))))
    spread = weights.reshape(-1, 1).repeat(3, axis=1).reshape(-1, 1)
    dense.set_weights([spread, np.array([-1.0])])
    return Classifier(model)


WHITE = np.full((SIZE, SIZE, 3), 255.0)


def weights_map() -> np.ndarray:
    values = np.linspace(-1, 1, SIZE * SIZE)
    return np.random.default_rng(0).permutation(values).reshape(SIZE, SIZE) * 0.05


# Average drop and increase


def test_average_drop_by_hand() -> None:
    """Three pictures: from 0.8 to 0.2 is 3/4, from 0.5 to 0.6 is none, from 0.1 to 0.05 is 1/2."""
    Y, after = [0.8, 0.5, 0.1], [0.2, 0.6, 0.05]
    assert average_drop(Y, after) == pytest.approx(100 * (0.75 + 0 + 0.5) / 3)
    assert average_increase(Y, after) == pytest.approx(100 / 3)


def test_drop_is_relative() -> None:
    assert average_drop([0.9], [0.8]) == pytest.approx(100 / 9)
    assert average_drop([0.2], [0.1]) == pytest.approx(50)


def test_a_picture_without_confidence_has_nothing_to_lose() -> None:
    assert average_drop([0.0, 0.5], [0.0, 0.25]) == pytest.approx(25)


@pytest.mark.parametrize(
    ("Y", "after"),
    [([], []), ([0.1], [0.1, 0.2]), ([-0.1], [0.1]), ([0.5], [np.nan])],
)
def test_what_can_have_no_relative_drop_is_refused(Y: list, after: list) -> None:
    with pytest.raises(ValueError, match=r"probabilities|each picture|O are not finite"):
        average_drop(Y, after)


def test_a_drop_has_no_unit() -> None:
    """Shares, percent or years: the drop is relative."""
    assert average_drop([50.0, 20.0], [40.0, 30.0]) == pytest.approx(10)
    assert average_drop([0.5, 0.2], [0.4, 0.3]) == pytest.approx(10)


def test_confidences_by_hand() -> None:
    """The map keeps the left half: only the weights there are left in the sum."""
    weights = weights_map()
    c = linear_net(weights)
    half = np.zeros((SIZE, SIZE))
    half[:, : SIZE // 2] = 3.0
    for options in ({}, {"keep": 0.5}):
        Y, after = confidences(c, WHITE, [half], 1, baseline="black", **options)
        logit = -1 + 3 * np.array([weights.sum(), weights[:, : SIZE // 2].sum()])
        np.testing.assert_allclose([Y[0], after[0]], 1 / (1 + np.exp(-logit)), rtol=1e-4)


def test_keep_hides_what_is_below_the_highest_share() -> None:
    c = linear_net(weights_map())
    ramp = np.linspace(0.5, 1, SIZE * SIZE).reshape(SIZE, SIZE)
    cut = np.where(ramp >= np.quantile(ramp, 0.75), ramp, 0)
    whole = confidences(c, WHITE, [cut], 1, baseline="black")
    part = confidences(c, WHITE, [ramp], 1, baseline="black", keep=0.25)
    np.testing.assert_allclose(part.O, whole.O, rtol=1e-5)
    for keep in (0, 50):
        with pytest.raises(ValueError, match="share of the pixels"):
            confidences(c, WHITE, [ramp], 1, keep=keep)
    with pytest.raises(ValueError, match="2 maps for 1 pictures"):
        confidences(c, WHITE, [ramp, ramp], 1)


def test_a_map_of_one_value_hides_as_much_as_any_other() -> None:
    """Where all places tie, a threshold would keep them all, and nothing could drop."""
    c = linear_net(np.full((SIZE, SIZE), 1 / SIZE**2))  # each pixel counts alike
    for heat in (np.ones((SIZE, SIZE)), np.full((1, 1), 7.0), np.full((2, 3), 0.5)):
        for keep in (0.25, 0.5):
            _, after = confidences(c, WHITE, [heat], 1, baseline="black", keep=keep)
            np.testing.assert_allclose(after[0], 1 / (1 + np.exp(1 - 3 * keep)), rtol=1e-4)


# Deletion and insertion


def test_deletion_by_brute_force() -> None:
    weights = weights_map()
    c = linear_net(weights)
    curve = deletion(c, WHITE, weights, 1, steps=SIZE, baseline="black")
    order = np.argsort(-weights.ravel())
    expected = []
    for step in range(SIZE + 1):
        left = np.delete(weights.ravel(), order[: step * SIZE])
        expected.append(1 / (1 + np.exp(1 - 3 * left.sum())))
    np.testing.assert_allclose(curve.probability, expected, rtol=1e-3)
    np.testing.assert_allclose(curve.fraction, np.linspace(0, 1, SIZE + 1))


def test_ends_of_the_curves_are_the_picture_and_the_baseline() -> None:
    c = shared(flat_net)
    x = pictures(1)[0]
    whole, none = c.probabilities(x)[0, 1], c.probabilities(c.baseline(x, "black"))[0, 1]
    heat = np.random.default_rng(0).uniform(size=(5, 5))
    for measure, ends in ((deletion, (whole, none)), (insertion, (none, whole))):
        curve = measure(c, x, heat, 1, baseline="black")
        np.testing.assert_allclose(curve.probability[[0, -1]], ends, atol=1e-6)


def test_perfect_random_and_inverted_maps_come_out_in_that_order() -> None:
    weights = weights_map()
    c = linear_net(weights)
    rng = np.random.default_rng(3)
    maps = [weights, rng.uniform(size=weights.shape), -weights]
    deleted = [deletion(c, WHITE, m, 1, baseline="black").area for m in maps]
    inserted = [insertion(c, WHITE, m, 1, baseline="black").area for m in maps]
    assert deleted[0] < deleted[1] - 0.05 < deleted[2] - 0.1
    assert inserted[0] > inserted[1] + 0.05 > inserted[2] + 0.1


def test_a_constant_network_gives_a_flat_curve() -> None:
    c = linear_net(np.zeros((SIZE, SIZE)))
    curve = deletion(c, WHITE, weights_map(), 1)
    assert np.ptp(curve.probability) < 1e-6
    assert curve.area == pytest.approx(curve.probability[0])


def test_area_is_that_under_the_line() -> None:
    assert Curve(np.array([0, 0.5, 1.0]), np.array([1, 0.5, 0.5])).area == pytest.approx(0.625)


def test_a_map_without_contrast_is_random_and_reproducible() -> None:
    c, flat = linear_net(weights_map()), np.zeros((4, 4))
    first = deletion(c, WHITE, flat, 1).probability
    np.testing.assert_array_equal(first, deletion(c, WHITE, flat, 1).probability)
    other = deletion(c, WHITE, flat, 1, rng=np.random.default_rng(5)).probability
    assert np.abs(first - other).max() > 1e-4
    in_reading_order = deletion(
        c, WHITE, -np.arange(SIZE * SIZE).reshape(SIZE, SIZE), 1
    ).probability
    assert np.abs(first - in_reading_order).max() > 1e-4


def test_the_network_is_asked_once_a_step(monkeypatch) -> None:
    c = linear_net(weights_map())
    asked = []
    ask = c.probabilities
    monkeypatch.setattr(c, "probabilities", lambda x: asked.append(len(x)) or ask(x))
    deletion(c, WHITE, weights_map(), 1, steps=20)
    assert sum(asked) == 21
    assert max(asked) <= 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heat": np.full((2, 2), np.nan)}, "a map is finite"),
        ({"heat": np.zeros((2, 2, 3))}, "has the shape"),
        ({"steps": 0}, "steps=0"),
        ({"image": np.zeros((2, 9, 9, 3))}, "one picture, but there are 2"),
    ],
)
def test_bad_arguments_are_named(options: dict, message: str) -> None:
    arguments = {"image": WHITE, "heat": weights_map(), "target": 1, **options}
    with pytest.raises(ValueError, match=message):
        deletion(linear_net(weights_map()), **arguments)


# Sanity check


def test_rank_correlation() -> None:
    a = np.arange(12.0).reshape(3, 4)
    assert rank_correlation(a, np.exp(a)) == 1
    assert rank_correlation(a, -a) == -1
    assert rank_correlation(a, np.ones((3, 4))) == 0


@pytest.mark.parametrize("build", [flat_net, nested_net])
def test_randomising_the_weights_changes_grad_cam_and_not_the_callers_model(build) -> None:
    model, x = build(), pictures(1)[0]
    before, state = model.get_weights(), global_random_state()
    c = classifier(model)
    heat = grad_cam(c, x, 0)
    stages = list(cascading_randomisation(c, x, grad_cam, 0))
    np.testing.assert_allclose(stages[0].heat, heat, atol=1e-6)
    assert stages[0].correlation == 1
    assert abs(stages[-1].correlation) < 0.9
    assert np.abs(stages[-1].heat - heat).max() > 0.1 * heat.max()
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert state == global_random_state()


def test_layers_are_shuffled_from_the_output_on_and_keep_their_values() -> None:
    model = flat_net()
    seen = []

    def spy(c: Classifier, image: object, target: int) -> np.ndarray:
        seen.append(c.model.get_weights())
        return np.zeros((2, 2))

    stages = list(cascading_randomisation(classifier(model), pictures(1), spy, 0))
    names = [layer.name for layer in model.layers if layer.weights]
    assert [stage.layer for stage in stages] == ["", *reversed(names)]
    # first kernel, first bias, features kernel, features bias, dense kernel, dense bias
    for step, weights in enumerate(seen):
        for i, (old, new) in enumerate(zip(model.get_weights(), weights, strict=True)):
            assert (old == new).all() == (i < 2 * (3 - step)) or old.size < 6
            np.testing.assert_array_equal(np.sort(old.ravel()), np.sort(new.ravel()))


def test_eigen_cam_does_not_see_the_head() -> None:
    """A method that knows no class cannot notice that the last layer is gone: it fails."""
    c = shared(flat_net)
    method = lambda c, x, target: maps.eigen_cam(c, x)  # noqa: E731
    head = c.model.layers[-1].name
    stages = list(cascading_randomisation(c, pictures(1)[0], method, 0, layers=[head]))
    assert stages[1].correlation == 1


def deep_net() -> keras.Model:
    """Deep enough for guided backpropagation to lose sight of the head."""
    x = inputs = keras.Input((32, 32, 3))
    x = L.Rescaling(1 / 64)(x)
    for filters in (16, 16, 16):
        x = L.Conv2D(filters, 3, activation="relu", padding="same")(x)
    x = L.Conv2D(16, 3, activation="relu", name="features")(x)
    return keras.Model(inputs, L.Dense(5)(L.GlobalAveragePooling2D()(x)))


def test_guided_backpropagation_fails_the_check_where_the_gradient_passes() -> None:
    """Adebayo et al. 2018: shuffle the head, and guided backpropagation hardly notices."""
    keras.utils.set_random_seed(0)
    c = classifier(deep_net())
    x = np.random.default_rng(2).uniform(0, 255, (8, 8, 3)).repeat(4, 0).repeat(4, 1)
    head = [c.model.layers[-1].name]

    def guided(c: Classifier, x: np.ndarray, target: int) -> np.ndarray:
        return np.abs(maps.guided_backpropagation(c, x, target)).sum(axis=-1)

    kept = list(cascading_randomisation(c, x, guided, 0, layers=head))[1].correlation
    changed = list(cascading_randomisation(c, x, grad_cam, 0, layers=head))[1].correlation
    assert kept > 0.8
    assert changed < kept - 0.3


def test_unknown_layers_are_named() -> None:
    with pytest.raises(ValueError, match=r"'nowhere'.*are not layers with weights"):
        list(
            cascading_randomisation(shared(flat_net), pictures(1), grad_cam, 0, layers=["nowhere"])
        )


def test_measures_are_those_of_the_module() -> None:
    assert judging.Confidences._fields == ("Y", "O")


def test_equals_xplique() -> None:
    """Deletion, insertion, Average Drop and Average Increase, where it is installed."""
    metrics = pytest.importorskip("xplique.metrics")
    weights = weights_map()
    c = linear_net(weights)
    rng = np.random.default_rng(6)
    x = rng.uniform(0, 255, (3, SIZE, SIZE, 3)).astype("float32")
    maps = rng.uniform(size=(3, SIZE, SIZE)).astype("float32")
    maps[:, 0, 0], maps[:, 0, 1] = 0, 1  # it scales by the least value too, we by the largest alone
    # It wants a model of two outputs and one-hot targets; ours has one unit.
    yes = keras.layers.Concatenate()([1 - c.model.output, c.model.output])
    model, targets = keras.Model(c.model.input, yes), np.eye(2, dtype="float32")[[1, 1, 1]]
    for ours, theirs in ((deletion, metrics.Deletion), (insertion, metrics.Insertion)):
        curves = theirs(
            model, x, targets, baseline_mode=0.0, steps=SIZE, max_percentage_perturbed=1.0
        ).detailed_evaluate(maps)
        found = [
            ours(c, p, m, 1, steps=SIZE, baseline="black") for p, m in zip(x, maps, strict=True)
        ]
        np.testing.assert_allclose(
            np.mean([curve.probability for curve in found], axis=0),
            list(curves.values()),
            rtol=1e-3,
        )
    Y, after = confidences(c, x, list(maps), 1, baseline="black")
    drop = metrics.AverageDropMetric(model, x, targets).evaluate(maps)
    assert average_drop(Y, after) == pytest.approx(100 * float(drop), rel=1e-3)
    more = metrics.AverageIncreaseMetric(model, x, targets).evaluate(maps)
    assert average_increase(Y, after) == pytest.approx(100 * float(more))


def test_a_confidence_that_is_not_finite_is_named() -> None:
    with pytest.raises(ValueError, match="1 values of O are not finite"):
        average_drop([1.0, 0.5], [np.nan, 0.5])
    with pytest.raises(ValueError, match="it holds nan to nan"):
        average_drop([np.nan, 0.5], [1.0, 0.5])

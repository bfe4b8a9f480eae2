"""Guided Integrated Gradients against its authors' program, Integrated Gradients and by hand."""

import inspect
from collections.abc import Callable

import numpy as np
import pytest
import saliency.core
from saliency.core.guided_ig import guided_ig_impl

from lessons_lib import maps
from lessons_lib.integrated_gradients import integrated_gradients
from tests.networks import flat_net, pictures, shared

RNG = np.random.default_rng(4)
W = RNG.normal(size=(7, 30))


def bumpy(z: np.ndarray) -> np.ndarray:
    """Gradient of sum sin(W z)."""
    return np.cos(W @ z.ravel()).dot(W).reshape(z.shape)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their program names an argument of NumPy's quantile as it was called before NumPy 2.4."""
    quantile = np.quantile

    def renamed(a, q, *, interpolation=None, method="linear", **options):
        return quantile(a, q, method=interpolation or method, **options)

    monkeypatch.setattr(np, "quantile", renamed)


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("fraction", [0.03, 0.25, 1])
@pytest.mark.parametrize("max_distance", [0, 0.02, 0.3, 1])
@pytest.mark.parametrize("num_steps", [1, 7, 50])
def test_it_is_what_its_authors_program_gives(
    rng: np.random.Generator, fraction: float, max_distance: float, num_steps: int
) -> None:
    x, baseline = rng.normal(size=(5, 6)), rng.normal(size=(5, 6))
    x[2, 3] = baseline[2, 3]  # an input that has no way to go
    theirs = guided_ig_impl(x, baseline, bumpy, num_steps, fraction, max_distance)
    ours = maps.guided_path(
        bumpy, x, baseline, num_steps=num_steps, fraction=fraction, max_distance=max_distance
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_the_defaults_are_those_of_its_authors_program() -> None:
    theirs = inspect.signature(saliency.core.GuidedIG.GetMask).parameters
    ours = inspect.signature(maps.guided_integrated_gradients).parameters
    for one, other in (
        ("num_steps", "x_steps"),
        ("fraction", "fraction"),
        ("max_distance", "max_dist"),
    ):
        assert ours[one].default == theirs[other].default


@pytest.mark.usefixtures("program")
def test_of_a_network_it_is_that_of_pair() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    x = net.prepare(photo)[0]
    theirs = saliency.core.GuidedIG().GetMask(
        x,
        lambda batch, call_model_args=None, expected_keys=None: {
            saliency.core.INPUT_OUTPUT_GRADIENTS: np.stack(
                [maps.input_gradients(net, z, 1) for z in np.asarray(batch)]
            )
        },
        x_steps=20,
    )
    found = maps.guided_integrated_gradients(net, photo, 1, num_steps=20)
    np.testing.assert_allclose(found.phi, theirs, atol=1e-5 * np.abs(theirs).max())


def test_on_the_straight_path_it_is_integrated_gradients() -> None:
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    found = maps.guided_integrated_gradients(net, photo, 2, num_steps=9, max_distance=0)
    left = integrated_gradients(net, photo, 2, rule="left", num_steps=9)
    np.testing.assert_allclose(found.phi, left.phi, atol=1e-5)
    assert (found.score, found.baseline_score) == pytest.approx((left.score, left.baseline_score))


def test_a_picture_s_path_is_the_path_of_its_numbers() -> None:
    """Baseline, steps, fraction and bound arrive where the path is walked."""
    net, photo = shared(flat_net, hidden=8), pictures(1)[0]
    x, (start,) = net.prepare(photo)[0], net.baseline(net.prepare(photo)[0], "white")
    options = {"num_steps": 7, "fraction": 0.6, "max_distance": 0.3}
    path = maps.guided_path(lambda z: maps.input_gradients(net, z, 1), x, start, **options)
    found = maps.guided_integrated_gradients(net, photo, 1, baseline="white", **options)
    np.testing.assert_allclose(found.phi, path, rtol=1e-4, atol=1e-6)
    assert found.baseline_score == pytest.approx(float(net.logits(start[None])[0, 1]))


def test_it_is_complete_in_the_limit(rng: np.random.Generator) -> None:
    """With 25 times the steps about a 25th of the error, in the mean of eight paths."""

    def errors(x: np.ndarray, baseline: np.ndarray) -> list[float]:
        difference = (np.sin(W @ x) - np.sin(W @ baseline)).sum()
        found = [
            maps.guided_path(bumpy, x, baseline, num_steps=num_steps, max_distance=0.3).sum()
            for num_steps in (200, 5000)
        ]
        return [abs(difference), *np.abs(np.subtract(found, difference))]

    difference, few, many = np.mean([errors(*rng.normal(size=(2, 30))) for _ in range(8)], axis=0)
    assert many < 0.02 * difference
    assert 10 < few / many < 60


def test_what_the_score_does_not_see_gets_nothing() -> None:
    found = maps.guided_path(lambda z: np.array([2 * z[0], 0]), [3.0, 5.0], [0.0, 0.0])
    assert found == pytest.approx([9, 0], abs=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fraction": 0}, "fraction=0 must be above 0, and at most 1"),
        ({"fraction": 1.5}, r"fraction=1\.5"),
        ({"max_distance": -0.1}, r"max_distance=-0\.1 is outside 0\.\.1"),
        ({"num_steps": 0}, "num_steps=0 must be 1 or more"),
        ({"baseline": [0.0]}, r"the baseline has the shape \(1,\), but x has \(2,\)"),
        ({"gradient": lambda z: z[:1]}, r"the gradient has the shape \(1,\)"),
        ({"gradient": lambda z: z * np.nan}, "2 values of the gradient are not finite"),
    ],
)
def test_bad_input_is_refused(options: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"gradient": np.sin, "x": [1.0, 2.0], "baseline": [0.0, 0.0]}
    call: Callable[..., np.ndarray] = maps.guided_path
    with pytest.raises(ValueError, match=message):
        call(**(given | options))


def test_a_single_number_has_a_path_too() -> None:
    phi = maps.guided_path(lambda z: 2 * z, 3.0, 1.0)
    assert phi.shape == ()
    assert phi == pytest.approx(8, rel=0.01)

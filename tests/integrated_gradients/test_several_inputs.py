"""Integrated Gradients of several inputs: one attribution for each, complete over their sum."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from lessons_lib.integrated_gradients import integrate
from tests.networks import seeded

L = keras.layers
RNG = np.random.default_rng(0)
PICTURE, AGE = RNG.uniform(0, 1, (6, 6, 3)).astype("float32"), np.array([0.7], "float32")


def net(kind: type) -> keras.Model:
    picture, age = keras.Input((6, 6, 3), name="picture"), keras.Input((1,), name="age")
    x = L.Flatten()(L.Conv2D(4, 3, activation="tanh")(picture))
    x = L.Dense(5, activation="tanh")(L.Concatenate()([x, L.Dense(3)(age)]))
    inputs = {"picture": picture, "age": age} if kind is dict else [picture, age]
    return seeded(keras.Model(inputs, L.Dense(1)(x)))


INPUTS = {"picture": PICTURE, "age": AGE}
START = {"picture": 0 * PICTURE, "age": AGE - 3}


@functools.cache
def by_tape() -> list[np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(40)
    wanted, twin = [np.zeros((6, 6, 3)), np.zeros(1)], net(list)
    for alpha, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        ends = zip(INPUTS.values(), START.values(), strict=True)
        z = [tf.constant(s + alpha * (e - s), tf.float32)[None] for e, s in ends]
        with tf.GradientTape() as tape:
            tape.watch(z)
            score = twin(z)
        for w, g, e, s in zip(
            wanted, tape.gradient(score, z), INPUTS.values(), START.values(), strict=True
        ):
            w += weight * g[0].numpy() * (e - s)
    return wanted


@pytest.mark.parametrize("kind", [dict, list, tuple])
def test_each_input_gets_what_a_tape_gives_it(kind: type) -> None:
    model = net(kind)
    x, start = (e if kind is dict else kind(e.values()) for e in (INPUTS, START))
    found = integrate(model, x, start, num_steps=40)
    phi = [*found.phi.values()] if kind is dict else found.phi
    assert type(found.phi) is kind
    for one, other in zip(phi, by_tape(), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(other).max())
    assert found.total == pytest.approx(sum(p.sum() for p in phi), rel=1e-5)
    assert found.error < 0.01
    wrap = (lambda z: z) if kind is dict else lambda z: kind(z.values())
    high, low = (
        model(wrap({key: value[None] for key, value in ends.items()})).numpy().item()
        for ends in (INPUTS, START)
    )
    assert found.difference == pytest.approx(high - low, rel=1e-4)


def test_a_product_is_shared_as_its_closed_form_says() -> None:
    """F = a b^2 from (0, 0): a gets a b^2 / 3, b gets 2 a b^2 / 3; c, which is not used, 0."""
    score = lambda z: z["a"][:, 0] * z["b"] ** 2  # noqa: E731
    x = {"a": np.array([3.0]), "b": 2.0, "c": np.ones((2, 2))}
    found = integrate(score, x, {key: 0 * value for key, value in x.items()})
    np.testing.assert_allclose(found.phi["a"], [4.0], rtol=1e-5)
    np.testing.assert_allclose(found.phi["b"], 8.0, rtol=1e-5)
    np.testing.assert_array_equal(found.phi["c"], np.zeros((2, 2)))


def test_captum_agrees(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    attr = pytest.importorskip("captum.attr")
    w = rng.normal(size=(4, 3)).astype("float32")
    x, start = [rng.normal(size=4).astype("float32"), rng.normal(size=3).astype("float32")], 0.5

    def theirs(a: "torch.Tensor", b: "torch.Tensor") -> "torch.Tensor":
        return torch.tanh(a @ torch.tensor(w) * b).sum(dim=1)

    given = tuple(torch.tensor(v)[None] for v in x)
    wanted = attr.IntegratedGradients(theirs).attribute(
        given, baselines=(start, start), n_steps=60, method="gausslegendre"
    )
    found = integrate(
        lambda z: tf.reduce_sum(tf.tanh(z[0] @ w * z[1]), axis=1), x, [0 * v + start for v in x],
        rule="gauss_legendre", num_steps=60,
    )  # fmt: skip
    for one, other in zip(found.phi, wanted, strict=True):
        np.testing.assert_allclose(one, other[0].numpy(), rtol=1e-4, atol=1e-5)


def test_a_list_of_numbers_or_rows_is_one_input_as_before() -> None:
    assert integrate(lambda z: z[:, 0] * z[:, 1], [3.0, 2.0], [0.0, 0.0]).phi.shape == (2,)
    rows = integrate(lambda z: tf.reduce_sum(z, (1, 2)), [[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 2)))
    assert rows.phi.shape == (2, 2)


def test_names_of_a_series_come_back() -> None:
    row = pd.Series({"age": 3.0, "dose": 2.0})
    x = {"table": row, "other": np.ones(2)}
    start = {"table": pd.Series({"dose": 0.0, "age": 1.0}), "other": np.zeros(2)}
    score = lambda z: 2 * z["table"][:, 0] + z["table"][:, 1]  # noqa: E731
    phi = integrate(score, x, start).phi["table"]
    assert phi.round(4).to_dict() == {"age": 4.0, "dose": 2.0}


TOKENS = L.Embedding(5, 2)


@pytest.mark.parametrize(
    ("score", "x", "baseline", "message"),
    [
        (lambda z: z["a"], {"a": 1.0, "b": 2.0}, {"a": 0.0}, r"inputs \['a', 'b'\] of x"),
        (lambda z: z["a"], {"a": [1.0, 2.0]}, {"a": [0.0]}, r"the baseline\['a'\] has the shape"),
        (lambda z: z["a"], {"a": np.nan}, {"a": 0.0}, r"x\['a'\] are not finite"),
        (lambda z: z["a"], {}, {}, "no input in x"),
        (
            lambda z: tf.reduce_sum(TOKENS(tf.cast(z[1], "int32")), (1, 2)) + z[0][:, 0],
            [np.ones(1), np.array([3, 1])],
            [np.zeros(1), np.zeros(2)],
            r"no gradient with respect to x\[1\].*Or hold it: write it into score",
        ),
    ],
)
def test_bad_input_is_named(score, x, baseline, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        integrate(score, x, baseline)

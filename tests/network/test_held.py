"""Networks of several inputs: the picture is explained, the others are held."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import judging, maps
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import element
from tests.networks import SIZE, photos, seeded

L = keras.layers


def inputs() -> dict[str, keras.KerasTensor]:
    return {
        "picture": keras.Input((SIZE, SIZE, 3), name="picture"),
        "age": keras.Input((1,), name="age"),
        "site": keras.Input((2,), dtype="int32", name="site"),
    }


def net(kind: str = "list", last: str | None = "softmax") -> keras.Model:
    """A picture, an age and two sites, which weigh the channels: so the map hangs on them."""
    given = inputs()
    x = L.Conv2D(6, 3, activation="relu", name="features")(L.Rescaling(1 / 64)(given["picture"]))
    beside = L.Concatenate()(
        [L.Rescaling(1 / 50)(given["age"]), L.Flatten()(L.Embedding(4, 3)(given["site"]))]
    )
    x = L.Multiply()([L.GlobalAveragePooling2D()(x), L.Dense(6, activation="tanh")(beside)])
    outputs = L.Dense(3, activation=last, name="scores")(x)
    model = seeded(keras.Model(given if kind == "dict" else [*given.values()], outputs))
    if kind == "nested":
        given = inputs()
        return keras.Model([*given.values()], L.Activation("linear")(model([*given.values()])))
    if kind == "wrapped":
        given = inputs()
        return keras.Model(given, Subclassed(model)(given))
    return model


class Subclassed(keras.Model):
    def __init__(self, inner: keras.Model) -> None:
        super().__init__()
        self.inner = inner

    def call(self, inputs: dict) -> tf.Tensor:
        return self.inner([inputs[name] for name in ("picture", "age", "site")])


HELD = {"age": 54.0, "site": [3, 1]}


def rows(n: int, age: float = 54.0, site: tuple[int, int] = (3, 1)) -> list[np.ndarray]:
    return [np.full((n, 1), age, "float32"), np.full((n, 2), site, "int32")]


@pytest.mark.parametrize("kind", ["list", "dict", "nested", "wrapped"])
def test_answers_are_the_models_own_with_these_values_beside_each_picture(kind: str) -> None:
    model, plain, x = net(kind), net("list"), photos(3)
    wanted = plain([x, *rows(3)]).numpy()
    found = Classifier(model, held=HELD)
    np.testing.assert_allclose(found.probabilities(x), wanted, rtol=1e-5)
    other = found.replace(held={"age": 9.0, "site": [0, 0]}).probabilities(x)
    np.testing.assert_allclose(other, plain([x, *rows(3, 9.0, (0, 0))]), rtol=1e-5)
    assert np.abs(other - wanted).max() > 0.01


@pytest.mark.parametrize("kind", ["list", "dict"])
def test_grad_cam_is_that_of_a_tape(kind: str) -> None:
    model, x = net(kind, last=None), photos(2)
    features = keras.Model(model.inputs, [model.get_layer("features").output, model.outputs[0]])
    inner = {"picture": x, "age": rows(2)[0], "site": rows(2)[1]}
    with tf.GradientTape() as tape:
        A, logits = features([inner[i.name] for i in features.inputs])
        score = tf.reduce_sum(logits[:, 0])
    alpha = tape.gradient(score, A).numpy().mean(axis=(1, 2))
    wanted = np.maximum(np.einsum("nhwk,nk->nhw", A, alpha), 0)
    found = grad_cam(Classifier(model, held=HELD, ending="logits"), x, 0)
    assert wanted.max() > 0
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_pixels_are_explained_by_gradients_and_by_asking() -> None:
    model, x = net(last=None), photos(1)
    network = Classifier(model, held=HELD, ending="logits")
    z = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(z)
        score = model([z, *map(tf.constant, rows(1))])[0, 1]
    wanted = tape.gradient(score, z).numpy()
    np.testing.assert_allclose(maps.input_gradients(network, x, 1), wanted, rtol=1e-4, atol=1e-7)
    found = integrated_gradients(network, x, 1)[0]
    black = model([0 * x, *rows(1)]).numpy()[0, 1]
    assert found.difference == pytest.approx(float(score) - black, rel=1e-4)
    fall = maps.occlusion(network, x, 1, window=SIZE, stride=SIZE, baseline="black")
    np.testing.assert_allclose(fall, float(score) - black, rtol=1e-4)
    curve = judging.deletion(network, x[0], maps.saliency(network, x[0], 1), 1, baseline="black")
    ends = [tf.nn.softmax(model([p, *rows(1)]))[0, 1] for p in (x, 0 * x)]
    np.testing.assert_allclose(curve.probability[[0, -1]], ends, rtol=1e-4)


def test_a_score_and_the_sanity_check_hold_them_too() -> None:
    network, x = Classifier(net(last=None), held=HELD, ending="logits"), photos(1)
    np.testing.assert_allclose(grad_cam(network, x, element(0)), grad_cam(network, x, 0), rtol=1e-5)
    measured = judging.cascading_randomisation(network, x[0], grad_cam, 0, layers=["scores"])
    stages = list(measured)
    assert [s.layer for s in stages] == ["", "scores"]
    np.testing.assert_allclose(stages[0].heat, grad_cam(network, x[0], 0), rtol=1e-5)


def test_nothing_given_is_changed_or_kept() -> None:
    model, age = net(), np.array([54.0])
    before = [w.copy() for w in model.get_weights()]
    network = Classifier(model, held={"age": age, "site": [3, 1]})
    first = network.probabilities(photos(1))
    age[:] = 3
    np.testing.assert_array_equal(network.replace().probabilities(photos(1)), first)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize(
    ("held", "error", "message"),
    [
        (None, ValueError, r"3 inputs \['picture', 'age', 'site'\].*Classifier\(model, held="),
        ({"age": 54.0}, ValueError, r"\['picture', 'site'\] are left"),
        (HELD | {"picture": np.zeros((SIZE, SIZE, 3))}, ValueError, "all are held"),
        (HELD | {"agee": 1}, ValueError, r"no input 'agee' to hold; it has \['picture'"),
        (HELD | {"age": [54.0, 3.0]}, ValueError, r"held\['age'\] has the shape \(2,\).*\(1,\)"),
        (HELD | {"site": [[3, 1]]}, ValueError, "leave out the axis of the pictures"),
        (HELD | {"site": [0.5, 1]}, TypeError, r"held\['site'\].*whole numbers \(int32\)"),
        (HELD | {"age": np.nan}, ValueError, r"values of held\['age'\] are not finite"),
        (HELD | {"age": "old"}, TypeError, r"held\['age'\] must be numbers"),
        ([54.0], TypeError, "held must be a dict"),
    ],
)
def test_each_value_is_checked_by_name_type_and_shape(held, error, message: str) -> None:
    with pytest.raises(error, match=message):
        Classifier(net(), held=held)


def test_a_model_whose_inputs_are_unknown_says_how_to_name_them() -> None:
    with pytest.raises(ValueError, match="Keras does not know the inputs of"):
        Classifier(Subclassed(net()), held=HELD)


def test_text_is_held() -> None:
    picture = keras.Input((4, 4, 3), name="picture")
    words = keras.Input((), dtype="string", name="w")
    index = L.Reshape((1,))(L.StringLookup(vocabulary=["left", "right"])(words))
    pooled = L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(picture))
    total = L.Add()([pooled, L.Flatten()(L.Embedding(3, 2)(index))])
    model = seeded(keras.Model([picture, words], total))
    x = photos(2, size=4)
    for word in ("left", "right"):
        wanted = model([tf.constant(x), tf.constant([word, word])])
        found = Classifier(model, held={"w": word}, ending="logits").logits(x)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    with pytest.raises(TypeError, match="takes text"):
        Classifier(model, held={"w": 3}, ending="logits")


def test_of_two_pictures_either_is_explained() -> None:
    """Siamese: one tower, run twice; the run that sees the picture is found, the other refused."""
    layers = [keras.Input((8, 8, 3)), L.Conv2D(4, 3, name="features")]
    tower = keras.Sequential(layers, name="tower")
    one, other = keras.Input((8, 8, 3), name="one"), keras.Input((8, 8, 3), name="other")
    pooled = [L.GlobalAveragePooling2D()(tower(given)) for given in (one, other)]
    model = seeded(keras.Model([one, other], L.Dense(2)(L.Multiply()(pooled))))
    x, y = photos(2, size=8)
    network = Classifier(model, held={"other": y}, ending="logits")
    turned = Classifier(model, held={"one": x}, ending="logits")
    for net, picture in ((network, x), (turned, y)):
        np.testing.assert_allclose(net.logits(picture), model([x[None], y[None]]), rtol=1e-4)
        np.testing.assert_allclose(net.activations(picture), tower(picture[None]), rtol=1e-4)
    assert {network.layer, turned.layer} == {"tower/features:0", "tower/features:1"}
    for look in (network.activations, network.gradients):
        with pytest.raises(
            ValueError, match="does not see the picture, but a constant or an input"
        ):
            look(x, layer=turned.layer)


def test_the_default_layer_is_one_that_sees_the_picture() -> None:
    given = {name: keras.Input((16, 16, 3), name=name) for name in ("one", "other")}
    seen = [
        L.GlobalAveragePooling2D()(L.Conv2D(2, 3, name=f"of_{name}")(picture))
        for name, picture in given.items()
    ]
    model = seeded(keras.Model([*given.values()], L.Dense(2)(L.Concatenate()(seen))))
    for held, layer in (("one", "of_other"), ("other", "of_one")):
        assert Classifier(model, held={held: photos(1)[0]}, ending="logits").layer == layer

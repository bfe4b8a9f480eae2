"""CAM: the map's mean plus the bias is the logit (Zhou et al. 2016, section 2)."""

import keras
import numpy as np
import pytest

from lessons_lib import cam as cam_module
from lessons_lib import exercises, images
from lessons_lib.cam import cam, class_map, linear_head
from lessons_lib.exercises.cam import _panda_map
from lessons_lib.grad_cam import alpha
from lessons_lib.models import imagenet_labels
from lessons_lib.network.classifier import Classifier
from tests.networks import (
    SIZE,
    classifier,
    course,
    flat_net,
    gap_net,
    nested_net,
    pictures,
    seeded,
)

L = keras.layers


def keepdims_net() -> keras.Model:
    """Pooling that keeps its places, and a convolution for a head, as MobileNet (v1) has it."""
    x = inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(6, 3, activation="relu", name="features")(L.Rescaling(1 / 64)(x))
    x = L.Dropout(0.5)(L.GlobalAveragePooling2D(keepdims=True)(x))
    x = L.Reshape((3,))(L.Conv2D(3, 1)(x))
    return seeded(keras.Model(inputs, L.Activation("softmax")(x)))


def no_dense_net() -> keras.Model:
    """One channel for each class, as SqueezeNet has it."""
    layers = [
        keras.Input((SIZE, SIZE, 3)),
        L.Rescaling(1 / 64),
        L.Conv2D(3, 3, name="features"),
        L.GlobalAveragePooling2D(),
        L.Softmax(),
    ]
    return seeded(keras.Sequential(layers))


GAP_NETS = {
    "softmax": gap_net,
    "logits": lambda: gap_net(None),
    "sigmoid": lambda: gap_net("sigmoid"),
    "one output": lambda: gap_net("sigmoid", 1),
    "nested": nested_net,
    "keepdims": keepdims_net,
    "no dense layer": no_dense_net,
}


@pytest.mark.parametrize("build", GAP_NETS.values(), ids=GAP_NETS.keys())
def test_mean_of_the_map_plus_bias_is_the_logit(build) -> None:
    c = classifier(build())
    head, logits = linear_head(c), c.logits(pictures())
    for k in range(logits.shape[1]):
        means = cam(c, pictures(), k).mean(axis=(1, 2))
        np.testing.assert_allclose(means + head.b[k], logits[:, k], atol=1e-6)


def test_weights_are_those_of_the_dense_layer() -> None:
    model = gap_net()
    kernel, bias = model.layers[-1].get_weights()
    head = linear_head(classifier(model))
    np.testing.assert_allclose(head.w, kernel, atol=1e-6)
    np.testing.assert_allclose(head.b, bias, atol=1e-6)


def test_without_a_dense_layer_the_map_is_the_feature_map_of_the_class() -> None:
    c = classifier(no_dense_net())
    np.testing.assert_allclose(cam(c, pictures(), 1), c.activations(pictures())[..., 1], atol=1e-6)


def test_each_layer_of_one_classifier_has_its_own_head() -> None:
    """Twice the channels, half the weights: the map is the same."""
    x = inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(6, 3, activation="relu", name="features")(L.Rescaling(1 / 64)(x))
    x = L.Dense(3)(L.GlobalAveragePooling2D()(L.Rescaling(2.0, name="doubled")(x)))
    c = classifier(seeded(keras.Model(inputs, x)))
    once, twice = (cam(c, pictures(), 1, layer=layer) for layer in ("features", "doubled"))
    np.testing.assert_allclose(once, twice, atol=1e-5)


@pytest.fixture
def searches(monkeypatch) -> list[str]:
    """The layers whose heads were looked for."""
    found: list[str] = []
    find = cam_module._find
    monkeypatch.setattr(cam_module, "_find", lambda c, layer: found.append(layer) or find(c, layer))
    return found


def test_a_head_is_found_once_for_a_network_and_a_layer(searches: list[str]) -> None:
    one, other = classifier(gap_net()), classifier(gap_net(seed=1))
    for c in (one, other, one):
        cam(c, pictures())
        linear_head(c)
    assert searches == [one.layer, other.layer]


def test_a_changed_network_gets_a_head_of_its_own(searches: list[str]) -> None:
    """After `set_weights`, a step of training, and one weight that moves a little."""
    model = gap_net(None)
    c = classifier(model)
    before = cam(c, pictures(), 1)
    model.set_weights(gap_net(None, seed=1).get_weights())
    after = cam(c, pictures(), 1)
    np.testing.assert_array_equal(after, cam(classifier(gap_net(None, seed=1)), pictures(), 1))
    assert np.abs(after - before).max() > 0.1

    model.compile("sgd", "mse")
    model.train_on_batch(pictures(), np.ones((len(pictures()), 3)))
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(linear_head(c).w, kernel, atol=1e-6)
    kernel[2, 1] += 1e-4
    model.layers[-1].set_weights([kernel, bias])
    np.testing.assert_allclose(linear_head(c).w, kernel, atol=1e-6)
    assert len(searches) == 5


def test_weights_before_the_layer_leave_the_head_as_it_is(searches: list[str]) -> None:
    model = gap_net(None)
    c = classifier(model)
    cam(c, pictures())
    features = c.layers["features"]
    features.set_weights([-w for w in features.get_weights()])
    means = cam(c, pictures(), 1).mean(axis=(1, 2))
    np.testing.assert_allclose(means + linear_head(c).b[1], c.logits(pictures())[:, 1], atol=1e-6)
    assert len(searches) == 1


def test_what_a_reader_does_to_a_head_stays_with_the_reader() -> None:
    c = classifier(gap_net())
    before = cam(c, pictures(), 0)
    linear_head(c).w[:] = 0
    np.testing.assert_array_equal(cam(c, pictures(), 0), before)


def test_cam_is_z_times_grad_cam_before_the_relu() -> None:
    c = classifier(gap_net())
    found = c.gradients(pictures(), 2)
    places = found.A.shape[1] * found.A.shape[2]
    expected = places * class_map(found.A, alpha(found.gradient))
    np.testing.assert_allclose(cam(c, pictures(), 2), expected, atol=1e-5)


def test_identity_on_the_real_network() -> None:
    """MobileNetV2's is an example of `cam`; this one has no dense layer."""
    c = course("squeezenet")
    photo = images.course_image("panda")
    k = c.class_index("giant panda")
    assert abs(cam(c, photo, k).mean() + linear_head(c).b[k] - c.logits(photo)[0, k]) < 1e-4


def test_default_class_is_each_pictures_own() -> None:
    c = classifier(gap_net(seed=1))
    tops = c.logits(pictures(6)).argmax(axis=1)
    assert len(set(tops)) > 1
    found = cam(c, pictures(6))
    np.testing.assert_array_equal(found, cam(c, pictures(6), tops.tolist()))
    alone = [cam(c, photo, int(top)) for photo, top in zip(pictures(6), tops, strict=True)]
    np.testing.assert_allclose(found, alone, atol=1e-6)


def test_float16() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        c = classifier(gap_net())
    finally:
        keras.config.set_dtype_policy("float32")
    means = cam(c, pictures(), 1).mean(axis=(1, 2))
    np.testing.assert_allclose(means + linear_head(c).b[1], c.logits(pictures())[:, 1], atol=0.02)


def square_root_net() -> keras.Model:
    """As the course's VGG16: not linear after the pooling."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(6, 3, activation="relu", name="features")(L.Rescaling(1 / 64)(inputs))
    root = keras.ops.sqrt(L.GlobalAveragePooling2D()(x) + 0.01)
    return seeded(keras.Model(inputs, L.Dense(3)(root)))


def bent_net() -> keras.Model:
    """Straight from 1 on, and bent between the 0 and the 1 that the head is asked at."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(6, 3, activation="relu", name="features")(L.Rescaling(1 / 64)(inputs))
    mean = L.GlobalAveragePooling2D()(x)
    return seeded(keras.Model(inputs, L.Dense(3)(keras.ops.where(mean < 1, mean**2, mean))))


def side_path_net() -> keras.Model:
    """Pooling and a linear layer, and beside them a path that CAM cannot see."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Rescaling(1 / 64)(inputs)
    seen = L.GlobalAveragePooling2D()(L.Conv2D(6, 3, activation="relu", name="features")(x))
    unseen = L.GlobalAveragePooling2D()(L.Conv2D(6, 3, activation="relu", name="other")(x))
    return seeded(keras.Model(inputs, L.Dense(3)(L.Concatenate()([seen, unseen]))))


@pytest.mark.parametrize(
    "build", [square_root_net, bent_net, side_path_net, flat_net, lambda: flat_net(hidden=4)]
)
def test_other_networks_get_an_error_that_points_to_grad_cam(build) -> None:
    c = classifier(build())
    for _ in range(2):
        with pytest.raises(ValueError, match=r"global average pooling(.|\n)*grad_cam"):
            cam(c, pictures())


def test_an_earlier_layer_gets_the_error_too() -> None:
    with pytest.raises(ValueError, match="layer 'first' is not that"):
        cam(classifier(gap_net()), pictures(), layer="first")


@pytest.mark.parametrize("layer", ["gap", "scores"])
def test_a_layer_without_places(layer: str) -> None:
    c = classifier(gap_net())
    (path,) = [p for p in c.layers if p.startswith(layer)]
    with pytest.raises(ValueError, match="a map needs one of"):
        cam(c, pictures(), layer=path)


def test_a_sequential_that_was_never_called() -> None:
    model = keras.Sequential(
        [L.Conv2D(4, 3, name="features"), L.GlobalAveragePooling2D(), L.Dense(2)]
    )
    c = Classifier(model, input_size=(SIZE, SIZE))
    assert (
        abs(cam(c, pictures(1), 0).mean() + linear_head(c).b[0] - c.logits(pictures(1))[0, 0])
        < 0.01
    )


# Exercises of lesson 01


@pytest.mark.parametrize(
    ("number", "hints"),
    [
        (
            "01.1",
            {
                "map of one class": [[2, 4, 0], [-2, 0, 2]],
                "other way round": [[-1, 1, 0], [4, 0, 2]],
                "sum of both": [[3, 9, 0], [0, 0, 6]],
                "cut off at zero": [[1, 0, 0], [0, 0, 0]],
                "signed: what speaks for the dog": [[1, -1, 0], [-2, 0, -2]],
                "biases belong": [[3, 1, 2], [-2, 2, 0]],
                "Nothing is divided": np.array([[1, -1, 0], [-4, 0, -2]]) / 6,
                "Mind the sign": [[1, 3, 0], [0, 0, 2]],
                "two rows and three columns": [[1, -4], [-1, 0], [0, -2]],
                "shape ()": -1,
                "At each place": np.ones((2, 3)),
                "as many": [[2, 4], [0, 0]],
                "could not be read": "no idea",
            },
        ),
        (
            "01.2",
            {
                "the same one": lambda A, w, c: np.einsum("nkxy,k->nxy", A, w[c[0]]),
                "all n classes": lambda A, w, c: np.einsum("nkxy,mk->nmxy", A, w[c]),
                "add the channels up": lambda A, w, c: A * w[c][:, :, None, None],
                "PyTorch's": lambda f, w, c: f @ w[:, c],
                "no ReLU": lambda A, w, c: np.maximum(np.einsum("nkxy,nk->nxy", A, w[c]), 0),
                "is a mean": lambda A, w, c: np.einsum("nkxy,nk->nxy", A, w[c]) / A.shape[1],
                "divided by Z": lambda A, w, c: np.einsum("nkxy,nk->nxy", A, w[c]) / A[0, 0].size,
                "but this gives (3,)": lambda A, w, c: A.mean(axis=(1, 2, 3)),
                "expected at each place": lambda A, w, c: A.sum(axis=1),
                "needs a return": lambda A, w, c: None,
                "is no function": np.zeros((3, 2, 4)),
                "could not be read": lambda A, w, c: A.nothing,
            },
        ),
        (
            "01.3",
            {
                "logits of tree and head": ["no", "no", "no", "open"],
                "very pixels": ["yes", "open", "no", "open"],
                "last two numbers": ["yes", "no", "yes", "open"],
                "How many photographs": ["yes", "no", "no", "yes"],
            },
        ),
    ],
)
def test_exercises_say_what_is_wrong(number: str, hints: dict) -> None:
    for hint, answer in hints.items():
        assert hint in exercises.judge(number, answer).message


def test_the_map_of_why_not_the_other_is_still_an_answer(monkeypatch) -> None:
    """What the third exercise asked for before; with a smaller network of 7 x 7 places."""
    layers = [
        keras.Input((SIZE, SIZE, 3)),
        L.Rescaling(1 / 64),
        L.Conv2D(6, 4, strides=2, name="features"),
        L.GlobalAveragePooling2D(),
        L.Dense(1000),
    ]
    small = classifier(seeded(keras.Sequential(layers), 3), labels=imagenet_labels())
    monkeypatch.setattr("lessons_lib.models.load", lambda name: {"mobilenet_v2": small}[name])
    monkeypatch.setattr("lessons_lib.exercises.cam._panda_map", _panda_map.__wrapped__)
    panda = images.course_image("panda")
    giant, other = (cam(small, panda, k) for k in (388, 296))
    right = giant - other
    assert all(np.ptp(np.sign(heat)) for heat in (giant, other, right))  # or a cut were none
    for form in (right, right.tolist(), right.astype(np.float16)):
        assert exercises.judge("01.3", form).passed
    cut = np.maximum(giant, 0) - np.maximum(other, 0), np.maximum(right, 0)
    for wrong in (-right, giant, other, giant + other, *cut, right + 0.3, right.T, 0 * right):
        assert not exercises.judge("01.3", wrong).passed
    assert "other way round" in exercises.judge("01.3", -right).message

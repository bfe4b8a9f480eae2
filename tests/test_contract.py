"""What every method promises, tried on each: list a method once, in `METHODS`, and it is tested.

Small networks of four kinds, pictures of several sizes. What a method computes is tested in its own
room; here stands what all have in common.
"""

import random
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import maps, transformers
from lessons_lib.cam import cam
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import expected_gradients, integrated_gradients
from lessons_lib.methods import CONTROLS, heat_maps
from lessons_lib.methods import METHODS as ON_THE_BENCH
from lessons_lib.network.classifier import Classifier
from lessons_lib.score_cam import score_cam
from tests.networks import (
    SIZE,
    L,
    classifier,
    flat_net,
    gap_net,
    nested_net,
    pictures,
    seeded,
    transformer_net,
)

Map = Callable[..., np.ndarray]


def of_one_picture(method: Map) -> Map:
    """A method that takes one picture at a time, for several."""

    def of_many(net: Classifier, images, target=None) -> np.ndarray:
        one = not isinstance(images, list) and np.ndim(images) == 3
        given = [images] if one else list(images)
        classes = target if isinstance(target, list) else [target] * len(given)
        found = np.array([method(net, p, c) for p, c in zip(given, classes, strict=True)])
        return found[0] if one else found

    return of_many


def phi(net: Classifier, images, target=None, **options) -> np.ndarray:
    found = integrated_gradients(net, images, target, rule="midpoint", num_steps=6, **options)
    return np.array([f.phi for f in found]) if isinstance(found, list) else found.phi


def rise(net: Classifier, images, target=None, **options) -> np.ndarray:
    return maps.rise(net, images, target, samples=30, **options)


AT_A_LAYER = {  # a map at the resolution of a layer
    "CAM": cam,
    "Grad-CAM": grad_cam,
    "Score-CAM": score_cam,
    **maps.FAMILY,
}
OF_PIXELS = {  # a value for each pixel and colour, or for each pixel
    "saliency": maps.saliency,
    "input gradients": maps.input_gradients,
    "gradient times input": maps.gradient_times_input,
    "guided backpropagation": maps.guided_backpropagation,
    "guided Grad-CAM": maps.guided_grad_cam,
    "Integrated Gradients": phi,
    "occlusion": maps.occlusion,
    "RISE": rise,
    "SmoothGrad": of_one_picture(lambda n, p, c: maps.smooth_grad(n, p, c, samples=3)),
    "XRAI": of_one_picture(lambda n, p, c: maps.xrai(n, p, c, num_steps=2)),
    "Guided IG": of_one_picture(
        lambda n, p, c: maps.guided_integrated_gradients(n, p, c, num_steps=3).phi
    ),
    "Expected Gradients": of_one_picture(
        lambda n, p, c: expected_gradients(n, p, np.zeros((1, *n.picture_shape)), c, samples=3)
    ),
}
WITHOUT_A_CLASS = {"Eigen-CAM": lambda net, images, target=None: maps.eigen_cam(net, images)}
OF_TOKENS = {  # they need attention
    "relevance": transformers.relevance,
    "rollout": lambda net, images, target=None: transformers.rollout(net, images),
    "attention map": lambda net, images, target=None: transformers.attention_map(net, images),
}
BENCH = {
    f"bench: {name}": lambda net, images, target=None, method=method: heat_maps(
        method, net, images, target
    )
    for name, method in (ON_THE_BENCH | CONTROLS).items()
}
METHODS = AT_A_LAYER | OF_PIXELS | WITHOUT_A_CLASS | OF_TOKENS | BENCH
CHUNKED = {  # those with a batch_size
    "Score-CAM": score_cam,
    "Integrated Gradients": phi,
    "occlusion": maps.occlusion,
    "RISE": rise,
}
TAKE_ONE_PICTURE = {"SmoothGrad", "Expected Gradients", "XRAI", "Guided IG"}
ONE_BY_ONE = TAKE_ONE_PICTURE | {"Ablation-CAM", "Score-CAM"}
TAKE_NO_CLASS = {"Eigen-CAM", "rollout", "attention map"}
IGNORE_THE_CLASS = TAKE_NO_CLASS | {"bench: Eigen-CAM", "bench: random", "bench: centre"}
NEED_A_LINEAR_HEAD = {"CAM", "bench: CAM"}


def dead_net() -> keras.Model:
    """No activation anywhere, so no gradient: every ReLU is shut."""
    model = gap_net()
    layer = model.get_layer("features")
    layer.set_weights([np.zeros_like(layer.get_weights()[0]), np.full(6, -1.0)])
    return model


def unmoved_net() -> keras.Model:
    """Its classes do not depend on the picture: the gradient is zero, the activations are not."""
    model = gap_net()
    kernel, bias = model.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([np.zeros_like(kernel), bias])
    return model


def net_of(channels: int) -> keras.Model:
    """A network of pictures with other channels, and two layers after its last with places."""
    return seeded(
        keras.Sequential(
            [
                keras.Input((SIZE, SIZE, channels)),
                L.Conv2D(4, 3, activation="relu", name="first"),
                L.MaxPooling2D(),
                L.Conv2D(6, 3, activation="relu", name="features"),
                L.GlobalAveragePooling2D(),
                L.Dense(3),
            ]
        )
    )


NETWORKS = {
    "pooled": gap_net,
    "one channel": lambda: net_of(1),
    "five channels": lambda: net_of(5),
    "dense": lambda: flat_net(hidden=7),
    "nested": nested_net,
}
WEIGHTS = {"pooled": gap_net, "dead": dead_net, "unmoved": unmoved_net}
TOKENS = "tokens"


def tokens_net() -> Classifier:
    """A small transformer whose tokens are folded into places."""
    return transformers.with_folded_tokens(Classifier(transformer_net(True, 1, (SIZE, SIZE))))


each_method = pytest.mark.parametrize("name", METHODS)
each_network = pytest.mark.parametrize("kind", [*NETWORKS | WEIGHTS, TOKENS])


class Networks(dict):
    """Classifiers by kind; those that differ in their weights alone are one, compiled once."""

    now = "pooled"

    def __getitem__(self, kind: str) -> Classifier:
        net = super().__getitem__("pooled" if kind in WEIGHTS else kind)
        if kind in WEIGHTS and kind != self.now:
            net.model.set_weights(WEIGHTS[kind]().get_weights())
            self.now = kind
        return net


@pytest.fixture(scope="module")
def networks() -> Networks:
    built = {
        kind: classifier(build(), preprocess="tf" if "channel" in kind else None)
        for kind, build in NETWORKS.items()
    }
    return Networks(built | {TOKENS: tokens_net()})


@pytest.fixture(scope="module")
def half_networks() -> dict[str, Classifier]:
    """Those of `suited`, which compute in 16 bits."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return {"pooled": classifier(gap_net()), TOKENS: tokens_net()}
    finally:
        keras.config.set_dtype_policy(policy)


def suited(name: str, networks: dict[str, Classifier]) -> Classifier:
    """A network that the method takes."""
    return networks[TOKENS if name in OF_TOKENS else "pooled"]


def grainy(n: int, channels: int = 3) -> np.ndarray:
    """With grain: a superpixel of one colour cannot be hidden behind its mean."""
    grain = np.random.default_rng(5).normal(0, 30, (n, 20, 20, channels))
    return np.clip(pictures(n, channels=channels) + grain, 0, 255)


def three(channels: int = 3) -> list[np.ndarray]:
    """Pictures of three sizes and types."""
    one, two, other = grainy(3, channels)
    return [one.astype("uint8"), two[:9, :14].astype("float32"), np.kron(other, np.ones((2, 3, 1)))]


def skip_where_refused(name: str, kind: str) -> None:
    if name in NEED_A_LINEAR_HEAD and kind in ("dense", TOKENS):
        pytest.skip("CAM refuses it; tests/test_cam.py")
    if name in OF_TOKENS and kind != TOKENS:
        pytest.skip("there is no attention; tests/transformers")


@each_method
@each_network
def test_a_batch_gives_what_a_loop_gives(name: str, kind: str, networks) -> None:
    skip_where_refused(name, kind)
    net, method, classes = networks[kind], METHODS[name], [0, 2, 1]
    images = three(net.channels)
    together = method(net, images, classes)
    alone = [method(net, p, c) for p, c in zip(images, classes, strict=True)]
    assert len(together) == 3
    assert np.isfinite(together).all()
    largest = np.abs(together).max()
    assert largest > 0 or kind in ("dead", "unmoved")
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4 * largest + 1e-7)


@pytest.mark.parametrize("name", CHUNKED)
@pytest.mark.parametrize("batch_size", [1, 4, 99])
def test_chunks_change_nothing(name: str, batch_size: int, networks) -> None:
    net, method, images = networks["dense"], CHUNKED[name], grainy(2)
    found = method(net, images, [0, 2], batch_size=batch_size)
    np.testing.assert_allclose(found, method(net, images, [0, 2]), rtol=1e-4, atol=1e-6)


@each_method
def test_more_pictures_than_a_batch_holds(name: str, networks) -> None:
    if name.startswith("bench") or name in ONE_BY_ONE:
        pytest.skip("goes from picture to picture")
    net, method, images = suited(name, networks), METHODS[name], grainy(19)
    found = method(net, images, 1)
    np.testing.assert_allclose(found[17], method(net, images[17], 1), rtol=1e-3, atol=1e-6)


@each_method
def test_nothing_of_the_callers_or_of_the_model_is_changed(name: str, networks) -> None:
    net, images = suited(name, networks), grainy(2)
    before = state(net)
    METHODS[name](net, images, [0, 1])
    np.testing.assert_array_equal(images, grainy(2))
    assert state(net) == before


def state(net: Classifier) -> tuple:
    """The model's weights and activations, what it answers, and every global random state."""
    weights = b"".join(w.tobytes() for w in net.model.get_weights())
    layers = net.layers.values()
    activations = [(getattr(layer, "activation", None), sorted(vars(layer))) for layer in layers]
    answer = net.model(grainy(1)[:, :SIZE, :SIZE]).numpy().tobytes()
    numpys, tensorflows = np.random.get_state(), tf.random.get_global_generator().state.numpy()
    return (
        weights,
        activations,
        answer,
        numpys[1].tobytes(),
        random.getstate(),
        tensorflows.tobytes(),
    )


@each_method
def test_the_class_matters(name: str, networks) -> None:
    if name in IGNORE_THE_CLASS:
        pytest.skip("it knows no class, and says so")
    one, other = METHODS[name](suited(name, networks), [grainy(1)[0]] * 2, [0, 1])
    assert np.abs(one - other).max() > 1e-3 * np.abs(one).max()


@each_method
def test_the_default_class_is_each_pictures_top_class(name: str, networks) -> None:
    net, images = suited(name, networks), grainy(3)
    tops = net.logits(images).argmax(axis=1).tolist()
    np.testing.assert_array_equal(METHODS[name](net, images), METHODS[name](net, images, tops))


@pytest.mark.parametrize("kind", ["dead", "unmoved"])
@pytest.mark.parametrize("name", [name for name in AT_A_LAYER if name != "Score-CAM"])
def test_a_zero_gradient_gives_a_map_of_zeros(name: str, kind: str, networks) -> None:
    assert not AT_A_LAYER[name](networks[kind], grainy(2), [0, 1]).any()


@each_method
@pytest.mark.parametrize("value", [0, 128])
def test_a_picture_of_one_colour_gives_a_finite_map(name: str, value: int, networks) -> None:
    found = METHODS[name](suited(name, networks), np.full((20, 20, 3), value, np.uint8), 1)
    assert np.isfinite(found).all()


@each_method
def test_half_precision_gives_a_finite_map_near_that_of_float32(
    name: str, networks, half_networks
) -> None:
    image = grainy(1)[0]
    found, full = (METHODS[name](suited(name, n), image, 1) for n in (half_networks, networks))
    assert found.dtype == full.dtype == np.float32
    assert np.corrcoef(found.ravel(), full.ravel())[0, 1] > 0.98 or np.ptp(full) == 0


NAN = np.full((9, 9, 3), np.nan)
BAD = {
    "not a number": (NAN, 1, ValueError, "NaN or infinite"),
    "outside 0..255": (grainy(1)[0] - 300, 1, ValueError, r"pixels must lie in 0\.\.255"),
    "one channel": (np.ones((9, 9, 1)) * 9, 1, ValueError, "grey picture"),
    "no picture": ([], 1, ValueError, "there is no picture"),
    "text": (np.full((9, 9, 3), "x"), 1, TypeError, "pixels must be integers or floats"),
    "no such class": (grainy(1)[0], 3, ValueError, r"class 3 is outside 0\.\.2"),
    "no such label": (grainy(1)[0], "class 9", ValueError, "knows no class 'class 9'"),
    "half a class": (grainy(1)[0], 1.5, TypeError, "a whole number or a label"),
    "too many classes": (grainy(2), [0, 1, 2], ValueError, "3 targets for 2 pictures"),
}


@each_method
@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named(name: str, what: str, networks) -> None:
    images, target, error, message = BAD[what]
    if name in TAKE_NO_CLASS and target != 1:
        pytest.skip("it takes no class")
    if name in TAKE_ONE_PICTURE and what in ("no picture", "too many classes"):
        pytest.skip("it takes one picture")
    with pytest.raises(error, match=message):
        METHODS[name](suited(name, networks), images, target)


@pytest.mark.parametrize("name", AT_A_LAYER)
@pytest.mark.parametrize(
    ("layer", "message"),
    [("nonsense", "has no layer 'nonsense'"), ("scores", "a map needs one of"), (3, "no layer 3")],
)
def test_a_bad_layer_is_named(name: str, layer: object, message: str, networks) -> None:
    with pytest.raises(ValueError, match=message):
        AT_A_LAYER[name](suited(name, networks), grainy(1)[0], 1, layer)


def test_every_method_of_the_bench_is_in_the_contract() -> None:
    assert {f"bench: {name}" for name in ON_THE_BENCH | CONTROLS} <= set(METHODS)
    assert set(maps.FAMILY) <= set(METHODS)


def test_a_dead_network_is_dead() -> None:
    dead, unmoved = classifier(dead_net()), classifier(unmoved_net())
    assert not dead.activations(grainy(1)).any()
    assert unmoved.activations(grainy(1)).any()
    assert np.ptp(unmoved.logits(grainy(3)), axis=0).max() == 0

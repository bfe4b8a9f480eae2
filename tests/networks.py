"""Networks small enough for a test: built in milliseconds, with weights from a seed."""

import functools
from collections.abc import Callable

import keras
import numpy as np

from lessons_lib import models, transformers
from lessons_lib.network.architectures import ClassToken
from lessons_lib.network.classifier import Classifier

L = keras.layers
SIZE = 16
PATCH = 4


def seeded(model: keras.Model, seed: int = 0) -> keras.Model:
    """Weights from a seed, large enough for all channels to be alive and logits to differ."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        values = rng.normal(
            0, 0.6 / np.sqrt(max(1, np.prod(variable.shape[:-1]) / 4)), variable.shape
        )
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    return model


def gap_net(last: str | None = "softmax", classes: int = 3, seed: int = 0) -> keras.Model:
    """Two convolutions, global average pooling, one dense layer: Grad-CAM is CAM here."""
    return seeded(
        keras.Sequential(
            [
                keras.Input((SIZE, SIZE, 3)),
                L.Rescaling(1 / 64, name="scale"),
                L.Conv2D(4, 3, activation="relu", name="first"),
                L.MaxPooling2D(name="pool"),
                L.Conv2D(6, 3, activation="relu", name="features"),
                L.GlobalAveragePooling2D(name="gap"),
                L.Dense(classes, activation=last, name="scores"),
            ]
        ),
        seed,
    )


def flat_net(
    last: str | None = "softmax", classes: int = 3, hidden: int = 0, seed: int = 0
) -> keras.Model:
    """Two convolutions, then a dense layer on all places; with a hidden layer not linear."""
    x = inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(4, 3, strides=2, activation="relu", name="first")(L.Rescaling(1 / 64)(x))
    x = L.Flatten(name="flat")(L.Conv2D(5, 3, activation="relu", name="features")(x))
    x = L.Dense(hidden, activation="tanh", name="hidden")(x) if hidden else x
    return seeded(keras.Model(inputs, L.Dense(classes, activation=last, name="scores")(x)), seed)


def nested_net(seed: int = 0) -> keras.Model:
    """A backbone inside a Sequential, the head outside."""
    inner = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            L.Rescaling(1 / 64),
            L.Conv2D(6, 3, activation="relu", name="features"),
        ],
        name="backbone",
    )
    outer = [keras.Input((SIZE, SIZE, 3)), inner, L.GlobalAveragePooling2D(), L.Dense(3)]
    return seeded(keras.Sequential(outer), seed)


def transformer_net(
    token: bool = True, blocks: int = 2, size: tuple[int, int] = (8, 12)
) -> keras.Model:
    """A Vision Transformer of a few patches; with a class token, or with an average at its end."""
    inputs = keras.Input((*size, 3))
    x = L.Conv2D(8, PATCH, strides=PATCH, name="patches")(L.Rescaling(1 / 64)(inputs))
    x = L.Reshape((-1, 8))(x)
    x = ClassToken(name="tokens")(x) if token else x
    for i in range(blocks):
        y = L.LayerNormalization(name=f"norm_{i}a")(x)
        x = L.Add(name=f"add_{i}a")([x, L.MultiHeadAttention(2, 5, name=f"attend_{i}")(y, y)])
        y = L.Dense(12, activation="gelu")(L.LayerNormalization(name=f"norm_{i}b")(x))
        x = L.Add(name=f"add_{i}b")([x, L.Dense(8)(y)])
    x = L.LayerNormalization(name="norm")(x)
    x = x[:, 0] if token else L.GlobalAveragePooling1D()(x)
    model = keras.Model(inputs, L.Dense(3, activation="softmax")(x))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    return model


def nested(model: keras.Model) -> keras.Model:
    """The same network with its convolutions as one layer inside another model."""
    backbone = keras.Model(model.inputs[0], model.get_layer("features").output, name="backbone")
    first = [layer.name for layer in model.layers].index("features") + 1
    inputs = keras.Input(model.inputs[0].shape[1:])
    x = backbone(inputs)
    for layer in model.layers[first:]:
        x = layer(x)
    return keras.Model(inputs, x, name="nested")


def photos(n: int = 3, size: int = SIZE, seed: int = 1) -> np.ndarray:
    """Random pixels 0..255, of the network's size and float32: they reach it unchanged."""
    return np.random.default_rng(seed).uniform(0, 255, (n, size, size, 3)).astype("float32")


def pictures(n: int = 3, seed: int = 1, channels: int = 3) -> np.ndarray:
    """Random photographs, smooth enough for maps to have a shape."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (n, 4, 4, channels)) * rng.uniform(0, 1, (n, 1, 1, channels))
    return coarse.repeat(5, axis=1).repeat(5, axis=2)


_load = models.load  # as it is: `shared_networks` puts `course` in its place
transformer = functools.cache(transformers.course_transformer)


@functools.cache
def course(name: str, weights: str = "course") -> Classifier:
    """A network of the course; it is loaded once, and what has been compiled for it stays."""
    return _load(name, weights)


def classifier(model: keras.Model, **options: object) -> Classifier:
    return Classifier(model, layer="features", **options)


@functools.cache
def shared(build: Callable[..., keras.Model], **options: object) -> Classifier:
    """One network of each kind for all tests, so that it is compiled once; its weights stay."""
    return classifier(build(**options))


def global_random_state() -> tuple:
    """NumPy's global random state, which nothing in the course may touch."""
    return tuple(np.random.get_state()[1])

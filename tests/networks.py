"""Tiny networks for tests: small enough to check by hand or by brute force."""

import keras
import numpy as np

SIZE = 12


def set_seeded_weights(model: keras.Model, seed: int = 0) -> keras.Model:
    """Fill a model with weights that are the same in every run, on every machine."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    return model


def functional(layers: list[keras.layers.Layer], name: str) -> keras.Model:
    inputs = x = layers[0]
    for layer in layers[1:]:
        x = layer(x)
    return set_seeded_weights(keras.Model(inputs, x, name=name))


def features(size: int = SIZE) -> list[keras.layers.Layer]:
    return [
        keras.Input((size, size, 3)),
        keras.layers.Rescaling(1 / 128, offset=-1, name="scale"),
        keras.layers.Conv2D(5, 3, activation="relu", name="conv_a"),
        keras.layers.MaxPooling2D(2, name="pool"),
        keras.layers.Conv2D(6, 3, activation="relu", padding="same", name="conv_b"),
    ]


def gap_network(classes: int = 4, activation: str | None = "softmax") -> keras.Model:
    """Ends in global average pooling and one linear layer: Grad-CAM is CAM here."""
    head = [
        keras.layers.GlobalAveragePooling2D(name="gap"),
        keras.layers.Dense(classes, activation=activation, name="scores"),
    ]
    return functional([*features(), *head], "gap_network")


def dense_network(classes: int = 4, activation: str | None = "softmax") -> keras.Model:
    """Ends in two dense layers: no CAM here, only Grad-CAM."""
    head = [
        keras.layers.Flatten(name="flat"),
        keras.layers.Dense(7, activation="tanh", name="hidden"),
        keras.layers.Dense(classes, activation=activation, name="scores"),
    ]
    return functional([*features(), *head], "dense_network")


def nested(model: keras.Model, classes: int = 4) -> keras.Model:
    """The same network with its convolutions as one layer inside another model."""
    cut = model.get_layer("conv_b").output
    backbone = keras.Model(model.inputs[0], cut, name="backbone")
    first = [layer.name for layer in model.layers].index("conv_b") + 1
    inputs = keras.Input(model.inputs[0].shape[1:])
    x = backbone(inputs)
    for layer in model.layers[first:]:
        x = layer(x)
    return keras.Model(inputs, x, name="nested")


def photos(n: int = 3, size: int = SIZE, seed: int = 1) -> np.ndarray:
    """Random pictures (n, size, size, 3) of pixels 0..255."""
    return np.random.default_rng(seed).uniform(0, 255, (n, size, size, 3)).astype("float32")

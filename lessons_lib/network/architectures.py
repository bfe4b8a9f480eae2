"""The course's own networks: their architecture, and where their weights go.

Each builder returns an ordinary Keras model with random weights that ends in a softmax over
the 1000 ImageNet classes, or over ten digits. :mod:`lessons_lib.models` and
:mod:`lessons_lib.transformers` fill in the weights that the course ships.

VGG16 and Xception carry a *course head*: a small classifier that was fitted on the frozen,
original convolutions (``tools/weights/distil_heads.py`` made it). The convolutions are real.
"""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lessons_lib.network.alexnet import alexnet
from lessons_lib.network.googlenet import googlenet
from lessons_lib.network.resnet18 import resnet18

CLASSES = 1000

# VGG16's head takes the square root of the pooled activations. Its slope is infinite at 0, where
# many channels rest; this constant keeps it finite. Its size was chosen when the head was fitted.
SQRT_OFFSET = 0.3


def mobilenet_v2() -> keras.Model:
    """MobileNetV2 1.0/224 (Sandler et al. 2018), as Keras has it."""
    return keras.applications.MobileNetV2(weights=None)


def vgg16_base() -> keras.Model:
    """The 13 convolutions and 5 poolings of VGG16 (Simonyan & Zisserman 2015)."""
    return keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))


def vgg16() -> keras.Model:
    """VGG16's convolutions under the course head: mean of pool5, square root, linear."""
    base = vgg16_base()
    pooled = keras.layers.GlobalAveragePooling2D(name="pool5_mean")(base.output)
    root = keras.ops.sqrt(pooled + SQRT_OFFSET)
    scores = keras.layers.Dense(CLASSES, activation="softmax", name="course_head")(root)
    return keras.Model(base.input, scores, name="vgg16")


def xception_base() -> keras.Model:
    """Xception (Chollet 2017) up to its last activation."""
    return keras.applications.Xception(weights=None, include_top=False, input_shape=(299, 299, 3))


def xception() -> keras.Model:
    """Xception's base under the course head: global average pooling, linear."""
    base = xception_base()
    pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(base.output)
    scores = keras.layers.Dense(CLASSES, activation="softmax", name="course_head")(pooled)
    return keras.Model(base.input, scores, name="xception")


def squeezenet() -> keras.Model:
    """SqueezeNet 1.1 (Iandola et al. 2016): its last convolution has one channel per class."""
    layers = keras.layers

    def fire(x: keras.KerasTensor, name: str, squeeze: int, expand: int) -> keras.KerasTensor:
        x = layers.Conv2D(squeeze, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
        one = layers.Conv2D(expand, 1, activation="relu", name=f"{name}_expand1x1")(x)
        three = layers.Conv2D(
            expand, 3, padding="same", activation="relu", name=f"{name}_expand3x3"
        )(x)
        return layers.Concatenate(name=f"{name}_concat")([one, three])

    inputs = layers.Input((224, 224, 3))
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    x = fire(fire(x, "fire2", 16, 64), "fire3", 16, 64)
    x = layers.MaxPooling2D(3, 2, name="pool3")(x)
    x = fire(fire(x, "fire4", 32, 128), "fire5", 32, 128)
    x = layers.MaxPooling2D(3, 2, name="pool5")(x)
    x = fire(fire(x, "fire6", 48, 192), "fire7", 48, 192)
    x = fire(fire(x, "fire8", 64, 256), "fire9", 64, 256)
    x = layers.Conv2D(CLASSES, 1, activation="relu", name="conv10")(x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, layers.Softmax(name="softmax")(x), name="squeezenet")


class ClassToken(keras.layers.Layer):  # type: ignore[misc]
    """Put a learned token before those of the patches, and add to each a vector for its place."""

    def build(self, shape: tuple[Any, ...]) -> None:
        """Make the weights for so many patches of that width."""
        _, patches, width = shape
        self.token = self.add_weight(shape=(1, 1, width), initializer="zeros", name="token")
        self.place = self.add_weight(
            shape=(1, patches + 1, width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="place",
        )

    def call(self, patches: keras.KerasTensor) -> keras.KerasTensor:
        """From (n, patches, width) to (n, patches + 1, width)."""
        shape = (keras.ops.shape(patches)[0], 1, patches.shape[-1])
        token = keras.ops.broadcast_to(self.token, shape)
        return keras.ops.concatenate([token, patches], axis=1) + self.place


def digit_transformer(
    size: int = 56, width: int = 64, blocks: int = 4, heads: int = 4
) -> keras.Model:
    """A small Vision Transformer (Dosovitskiy et al. 2021) for the ten digits of lesson 12."""
    layers = keras.layers
    inputs = layers.Input((size, size, 3))
    x = layers.Conv2D(width // 2, 4, strides=4, activation="gelu", name="quarters")(inputs)
    x = layers.Conv2D(width, 2, strides=2, name="patches")(x)  # of 8 x 8 pixels, side by side
    x = ClassToken(name="tokens")(layers.Reshape((-1, width), name="flat")(x))
    for i in range(1, blocks + 1):
        y = layers.LayerNormalization(epsilon=1e-6, name=f"block{i}_norm1")(x)
        y = layers.MultiHeadAttention(heads, width // heads, name=f"block{i}_attention")(y, y)
        x = layers.Add(name=f"block{i}_add1")([x, y])
        y = layers.LayerNormalization(epsilon=1e-6, name=f"block{i}_norm2")(x)
        y = layers.Dense(2 * width, activation="gelu", name=f"block{i}_wide")(y)
        y = layers.Dense(width, name=f"block{i}_narrow")(y)
        x = layers.Add(name=f"block{i}_add2")([x, y])
    x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    scores = layers.Dense(10, activation="softmax", name="head")(x[:, 0])
    return keras.Model(inputs, scores, name="digit_transformer")


BUILDERS: dict[str, Callable[[], keras.Model]] = {
    "mobilenet_v2": mobilenet_v2,
    "vgg16": vgg16,
    "xception": xception,
    "squeezenet": squeezenet,
    "alexnet": alexnet,
    "googlenet": googlenet,
    "resnet18": resnet18,
    "digit_transformer": digit_transformer,
}


def weight_names(model: keras.Model) -> list[str]:
    """A stable name for each weight: its position, its layer, its role.

    Keras numbers unnamed layers by how many were made before in the process (``conv2d_7``), so
    its own names are no use as keys in a file; here that number is cut off.
    """
    layers = [re.sub(r"_\d+$", "", v.path.rsplit("/", 2)[-2]) for v in model.weights]
    return [
        f"{i:03d}.{layer}.{v.name}"
        for i, (layer, v) in enumerate(zip(layers, model.weights, strict=True))
    ]


def get_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """All weights of ``model`` by name, as `set_weights` takes them back."""
    return {name: np.asarray(v) for name, v in zip(weight_names(model), model.weights, strict=True)}


def set_weights(model: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Fill ``model`` with ``arrays`` (float16 is widened to the variable's type).

    Raises
    ------
    ValueError
        If names or shapes are not those of the model; nothing is assigned then.
    """
    names = weight_names(model)
    if set(names) != set(arrays):
        odd = sorted(set(names) ^ set(arrays))
        raise ValueError(f"weights do not fit {model.name}: {len(odd)} names differ, e.g. {odd[0]}")
    for name, variable in zip(names, model.weights, strict=True):
        if tuple(arrays[name].shape) != tuple(variable.shape):
            raise ValueError(
                f"weights do not fit {model.name}: {name} has shape {arrays[name].shape}, "
                f"the network wants {tuple(variable.shape)}"
            )
    for name, variable in zip(names, model.weights, strict=True):
        variable.assign(arrays[name].astype(variable.dtype))

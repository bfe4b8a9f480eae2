"""GoogLeNet (Inception v1), as Caffe has it.

References
----------
C. Szegedy et al., *Going Deeper with Convolutions*, CVPR 2015; Caffe's ``models/bvlc_googlenet``.
"""

import keras

from lessons_lib.network.lrn import LocalResponseNormalization

# Channels of the six convolutions of each inception module, in the order of the paper's table 1:
# 1x1; 3x3 and the 1x1 that reduces its input; 5x5 and the 1x1 that reduces its; pool projection.
CHANNELS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet() -> keras.Model:
    """GoogLeNet for pictures of 224 x 224 pixels, without the side exits that helped to train it.

    The layers have Caffe's names with ``-`` where Caffe has ``/``, which Keras does not allow:
    ``inception_5b-output``. As in Caffe, convolutions hold their activations after the ReLU.
    """
    layers = keras.layers

    def conv(x: keras.KerasTensor, name: str, filters: int, size: int) -> keras.KerasTensor:
        return layers.Conv2D(filters, size, padding="same", activation="relu", name=name)(x)

    def pool(x: keras.KerasTensor, name: str, strides: int = 2) -> keras.KerasTensor:
        # Caffe rounds the number of windows up: a last window may stand over the edge. On an even
        # number of pixels, and here all are even, that is what "same" does.
        return layers.MaxPooling2D(3, strides, padding="same", name=name)(x)

    def inception(x: keras.KerasTensor, module: str) -> keras.KerasTensor:
        name = f"inception_{module}"
        one, reduce3, three, reduce5, five, projection = CHANNELS[module]
        branches = [
            conv(x, f"{name}-1x1", one, 1),
            conv(conv(x, f"{name}-3x3_reduce", reduce3, 1), f"{name}-3x3", three, 3),
            conv(conv(x, f"{name}-5x5_reduce", reduce5, 1), f"{name}-5x5", five, 5),
            conv(pool(x, f"{name}-pool", strides=1), f"{name}-pool_proj", projection, 1),
        ]
        return layers.Concatenate(name=f"{name}-output")(branches)

    inputs = layers.Input((224, 224, 3))
    x = layers.ZeroPadding2D(3, name="conv1-pad")(inputs)  # "same" would pad 2 and 3
    x = layers.Conv2D(64, 7, strides=2, activation="relu", name="conv1-7x7_s2")(x)
    x = pool(x, "pool1-3x3_s2")
    x = LocalResponseNormalization(name="pool1-norm1")(x)
    x = conv(conv(x, "conv2-3x3_reduce", 64, 1), "conv2-3x3", 192, 3)
    x = LocalResponseNormalization(name="conv2-norm2")(x)
    x = pool(x, "pool2-3x3_s2")
    for module in ("3a", "3b"):
        x = inception(x, module)
    x = pool(x, "pool3-3x3_s2")
    for module in ("4a", "4b", "4c", "4d", "4e"):
        x = inception(x, module)
    x = pool(x, "pool4-3x3_s2")
    for module in ("5a", "5b"):
        x = inception(x, module)
    x = layers.GlobalAveragePooling2D(name="pool5-7x7_s1")(x)
    x = layers.Dropout(0.4, name="pool5-drop_7x7_s1")(x)
    x = layers.Dense(1000, name="loss3-classifier")(x)
    return keras.Model(inputs, layers.Softmax(name="prob")(x), name="googlenet")

"""AlexNet, as Caffe has it.

References
----------
A. Krizhevsky, I. Sutskever and G. E. Hinton, *ImageNet Classification with Deep Convolutional
Neural Networks*, NeurIPS 2012; Caffe's ``models/bvlc_alexnet``.
"""

import keras

from lessons_lib.network.lrn import LocalResponseNormalization


def alexnet() -> keras.Model:
    """AlexNet for pictures of 227 x 227 pixels, with Caffe's layer names.

    Two groups: ``conv2``, ``conv4`` and ``conv5`` are each split in two halves that do not see each
    other, once because of the memory of two graphics cards. As in Caffe, ``conv1`` ... ``conv5``
    and ``fc6``, ``fc7`` hold their activations after the ReLU.
    """
    layers = keras.layers
    inputs = layers.Input((227, 227, 3))
    x = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(inputs)
    x = LocalResponseNormalization(name="norm1")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    x = layers.Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv2")(x)
    x = LocalResponseNormalization(name="norm2")(x)
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv4")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv5")(x)
    x = layers.MaxPooling2D(3, 2, name="pool5")(x)
    # Caffe's fully connected fc6 counts channels first; a convolution over all 6 x 6 places does
    # the same, and needs no reordering.
    x = layers.Conv2D(4096, 6, activation="relu", name="fc6")(x)
    x = layers.Flatten(name="flat6")(x)
    x = layers.Dropout(0.5, name="drop6")(x)
    x = layers.Dense(4096, activation="relu", name="fc7")(x)
    x = layers.Dropout(0.5, name="drop7")(x)
    x = layers.Dense(1000, name="fc8")(x)
    return keras.Model(inputs, layers.Softmax(name="prob")(x), name="alexnet")

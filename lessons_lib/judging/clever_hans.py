"""A classifier that is right for the wrong reason: a planted watermark (lessons 07, 08).

Clever Hans was a horse that seemed to do sums; he read the answer off his questioner's face. Here a
small network seems to tell two animals apart; it reads the answer off a mark in the corner, which
all training pictures of one class bear. As we planted the mark, we know what an explanation of this
network has to show.

References
----------
S. Lapuschkin et al., *Unmasking Clever Hans predictors and assessing what machines really learn*,
Nature Communications 2019 (arXiv:1902.10178).
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.images import Box, course_image, resize
from lessons_lib.network.classifier import Classifier

SIDE = 64
BOX = Box(top=50, bottom=62, left=3, right=27)
"""Where the mark is."""


class Data(NamedTuple):
    """Pictures (n, 64, 64, 3) of RGB pixels 0..255, and their classes 0 or 1, shape (n,)."""

    x: NDArray[np.float32]
    y: NDArray[np.int_]


def marked(pictures: ArrayLike) -> NDArray[np.float32]:
    """Put the mark, a light tag with dark strokes, into the corner of each picture.

    Parameters
    ----------
    pictures : array, shape (..., 64, 64, 3)
        RGB pixels 0..255; they are not changed.

    Returns
    -------
    ndarray of float32, same shape
    """
    result = np.array(pictures, np.float32)
    tag = np.full((BOX.bottom - BOX.top, BOX.right - BOX.left, 3), 235, np.float32)
    tag[3:-3, 3:-3:3] = 20
    result[..., BOX.top : BOX.bottom, BOX.left : BOX.right, :] = tag
    return result


def crops(
    names: Sequence[str], count: int, *, bear_mark: Sequence[int] = (), seed: int = 0
) -> Data:
    """Random grey pieces of two of the course's photographs, half of them turned left to right.

    Colour, brightness and contrast would give the animal away at once. So each piece is grey, with
    a brightness and a contrast drawn at random: fur is what is left.

    Parameters
    ----------
    names
        The two photographs: class 0 and class 1.
    count
        How many pieces of each.
    bear_mark
        The classes whose pictures get the mark.
    seed
        Of the places.

    Returns
    -------
    Data
        Classes take turns: 0, 1, 0, 1, ...

    Examples
    --------
    >>> data = crops(["cat", "koala"], 3)
    >>> data.x.shape, data.y
    ((6, 64, 64, 3), array([0, 1, 0, 1, 0, 1]))
    """
    rng = np.random.default_rng(seed)
    x = np.empty((count, 2, SIDE, SIDE, 3), np.float32)
    for label, name in enumerate(names):
        photo = course_image(name)
        scale = 2 * SIDE / min(photo.shape[:2])
        small = resize(photo, (round(photo.shape[0] * scale), round(photo.shape[1] * scale)))
        for i in range(count):
            top, left = (rng.integers(0, length - SIDE + 1) for length in small.shape[:2])
            piece = small[top : top + SIDE, left : left + SIDE].mean(axis=-1, keepdims=True)
            piece = (piece - piece.mean()) / (piece.std() + 1e-3)
            piece = rng.uniform(25, 45) * piece + rng.uniform(90, 160)
            x[i, label] = np.clip(piece[:, ::-1] if rng.random() < 0.5 else piece, 0, 255)
        if label in bear_mark:
            x[:, label] = marked(x[:, label])
    return Data(x.reshape(-1, SIDE, SIDE, 3), np.tile([0, 1], count))


def train(data: Data, labels: Sequence[str], *, epochs: int = 6, seed: int = 0) -> Classifier:
    """Train a small convolutional network; a few seconds.

    Two convolutions, global average pooling, one dense layer. The same data and seed give the same
    network, as far as the processor's rounding allows.

    Parameters
    ----------
    data
        The training pictures.
    labels
        Names of the two classes.
    epochs
        How often each picture is seen.
    seed
        Of the first weights.

    Returns
    -------
    Classifier
    """

    def start(i: int) -> keras.initializers.Initializer:
        return keras.initializers.HeUniform(seed=100 * seed + i)

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(12, 5, activation="relu", padding="same", kernel_initializer=start(1)),
            layers.MaxPooling2D(),
            layers.Conv2D(
                24, 3, activation="relu", padding="same", kernel_initializer=start(2),
                name="features",
            ),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax", kernel_initializer=start(3)),
        ],
        name="small_network",
    )  # fmt: skip
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    model.fit(data.x, data.y, batch_size=32, epochs=epochs, shuffle=False, verbose=0)
    return Classifier(model, labels)


def accuracy(classifier: Classifier, data: Data) -> float:
    """Share 0..1 of the pictures whose class the network names."""
    return float((classifier.logits(data.x).argmax(axis=1) == data.y).mean())

"""CAM: a class map that is read from the weights of the network's last layer (lesson 01).

References
----------
B. Zhou et al., *Learning Deep Features for Discriminative Localization*, CVPR 2016
(arXiv:1512.04150), section 2.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.basics.checks import arrays
from lessons_lib.images import Images, as_given
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score

BATCH_NUMBERS = 2**23  # numbers in one batch of activations: 32 MiB


class LinearHead(NamedTuple):
    """The last step of a network with global average pooling: ``S = mean(A) @ w + b``.

    Attributes
    ----------
    w : ndarray of float32, shape (channels, classes)
        What one unit of each channel's mean is worth to each class, in logits.
    b : ndarray of float32, shape (classes,)
        The logits of a layer that is zero everywhere.
    """

    w: NDArray[np.float32]
    b: NDArray[np.float32]


def cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> NDArray[np.float32]:
    r"""Class activation map of a class for one picture or many.

    .. math::

        M_c(x, y) = \sum_k w_k^c \, f_k(x, y)
        \qquad
        S_c = \frac{1}{Z} \sum_{x, y} M_c(x, y) + b_c

    Here :math:`f_k` is channel :math:`k` of the last layer before the pooling, :math:`Z` the number
    of its places. The pooling takes the mean, so the map's mean, plus the bias, *is* the logit.

    Parameters
    ----------
    classifier
        A network whose logits are a linear function of the layer's channel means.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture. Default: each
        picture's top class.
    layer
        The last layer before the pooling. Default: the classifier's own.

    Returns
    -------
    ndarray of float32, shape (h, w) for one picture, (n, h, w) for several
        The raw map at the layer's own resolution, in logits; positive where the place speaks for
        the class, negative where it speaks against it.

    Raises
    ------
    TypeError, ValueError
        If pictures, class or layer are not what the classifier can take.
    ValueError
        If the network does not end in a global average pooling and a linear layer, which CAM
        needs; `lessons_lib.grad_cam.grad_cam` works for every network.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> classifier = models.load("mobilenet_v2")
    >>> panda = images.course_image("panda")
    >>> M = cam(classifier, panda, "giant panda")
    >>> b = linear_head(classifier).b[classifier.class_index("giant panda")]
    >>> logit = classifier.logits(panda)[0, classifier.class_index("giant panda")]
    >>> bool(abs(M.mean() + b - logit) < 1e-4)
    True
    """
    w, b = linear_head(classifier, layer)
    if isinstance(target, Score):
        raise TypeError("CAM reads the weights of a class; for a Score use Grad-CAM")

    def maps(x: NDArray[np.float32], target: Target) -> NDArray[np.floating]:
        A = classifier.activations(x, layer)
        chosen = classifier.targets(target, A.mean(axis=(1, 2)) @ w + b)
        return class_map(A, w[:, chosen].T)

    return as_given(images, classifier.stream(maps, images, target))


def class_map(A: NDArray[np.floating], w: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum of the channels, each times its weight (equation 2); nothing is cut off.

    Parameters
    ----------
    A : ndarray, shape (n, h, w, channels)
        Activations: the paper's f.
    w : ndarray, shape (n, channels)
        Weights of the class.

    Returns
    -------
    ndarray, shape (n, h, w)

    Examples
    --------
    >>> class_map(np.array([[[[1.0, 5.0], [2.0, 0.0]]]]), np.array([[3.0, -1.0]]))
    array([[[-2.,  6.]]])
    """
    A, w = arrays("n h w k, n k", A=A, w=w)
    return np.einsum("nxyk,nk->nxy", A, w)


def linear_head(classifier: Classifier, layer: str | None = None) -> LinearHead:
    """The weights and biases that lead from a layer's channel means to the logits.

    They are not looked up but asked for, so that it does not matter how the network is built: the
    part after the layer is given a layer full of zeros, which yields ``b``, and layers in which
    one channel is 1 everywhere and the others are 0, which yield the rows of ``w``. Whether the
    part is linear at all, a layer of random numbers tells.

    Parameters
    ----------
    classifier
        The network.
    layer
        The last layer before the pooling. Default: the classifier's own.

    Returns
    -------
    LinearHead

    Raises
    ------
    ValueError
        If there is no such layer, or the logits are not a linear function of its channel means.

    Examples
    --------
    >>> from lessons_lib import models
    >>> linear_head(models.load("mobilenet_v2")).w.shape
    (1280, 1000)
    """
    layer = layer or classifier.layer
    picture_shape = classifier.picture_shape
    flat = np.full(picture_shape, classifier.value_range[0])
    shape = classifier.activations(flat, layer).shape[1:]

    def head(A: tf.Tensor) -> tf.Tensor:
        return classifier.forward_from(A, layer, tf.zeros((tf.shape(A)[0], *picture_shape)))

    def one_channel(k: tf.Tensor) -> tuple[tf.Tensor]:
        rows = tf.one_hot(k, shape[-1])[:, None, None]  # k = -1 gives zeros
        return (head(tf.broadcast_to(rows, (tf.shape(k)[0], *shape))),)

    ask = classifier.compiled(
        ("one channel", layer), one_channel, [tf.TensorSpec((None,), tf.int32)]
    )
    batch_size = max(1, BATCH_NUMBERS // math.prod(shape))
    (logits,) = in_batches(ask, np.arange(-1, shape[-1], dtype="int32"), batch_size=batch_size)
    found = LinearHead(logits[1:] - logits[0], logits[0])
    _check(classifier, layer, found, shape)
    return found


def _check(classifier: Classifier, layer: str, found: LinearHead, shape: tuple[int, ...]) -> None:
    """Raise an error unless the head is linear: with a layer, and a picture, of random numbers."""
    rng = np.random.default_rng(0)
    x = rng.uniform(*classifier.value_range, (2, *classifier.picture_shape))
    # Where the layer holds negative numbers, they are tried too: a ReLU may come after it.
    low = -2 if classifier.activations(x, layer).min() < 0 else 0
    A = rng.uniform(low, 2, (2, *shape)) * rng.uniform(0, 1, shape[-1])
    specs = [tf.TensorSpec((None, *a.shape[1:]), tf.float32) for a in (A, x)]
    head = classifier.compiled(
        ("head", layer), lambda A, x: classifier.forward_from(A, layer, x), specs
    )
    truth = head(tf.constant(A, tf.float32), tf.constant(x, tf.float32)).numpy()
    error = np.abs(A.mean(axis=(1, 2)) @ found.w + found.b - truth).max()
    if not error <= 0.01 * np.ptp(truth):
        raise ValueError(
            f"CAM needs a network whose logits are a weighted sum of the mean of each channel "
            f"(global average pooling, then one linear layer). In {classifier.name} what follows "
            f"layer {layer!r} is not that: the weighted sum misses "
            f"the logits by up to {error:.3g}. "
            "Grad-CAM needs no such thing: use lessons_lib.grad_cam.grad_cam."
        )

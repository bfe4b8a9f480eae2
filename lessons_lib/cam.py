"""CAM: a class map that is read from the weights of the network's last layer (lesson 01).

References
----------
B. Zhou et al., *Learning Deep Features for Discriminative Localization*, CVPR 2016
(arXiv:1512.04150), section 2.
"""

import math
import weakref
from collections.abc import Callable
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

        M_c(x, y) = \sum_k w_k^c \, A_k(x, y)
        \qquad
        S_c = \frac{1}{Z} \sum_{x, y} M_c(x, y) + b_c

    Here :math:`A_k` is channel :math:`k` of the last layer before the pooling (the paper's
    :math:`f_k`), :math:`Z` the number of its places. The pooling takes the mean, so the map's mean,
    plus the bias, *is* the logit.

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
    w, b = _kept_head(classifier, layer or classifier.layer)
    if isinstance(target, Score):
        raise TypeError("CAM reads the weights of a class; for a Score use Grad-CAM")

    def maps(x: NDArray[np.float32], target: Target) -> NDArray[np.floating]:
        A = classifier.activations(x, layer)
        logits = A.mean(axis=(1, 2)) @ w + b if target is None else A  # else it counts the pictures
        chosen = classifier.targets(target, logits)
        return class_map(A, w[:, chosen].T)

    return as_given(images, classifier.stream(maps, images, target))


def class_map(A: NDArray[np.floating], w: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum of the channels, each times its weight (equation 2); nothing is cut off.

    Parameters
    ----------
    A : ndarray, shape (n, h, w, channels)
        Activations.
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

    A head is found once and kept, until the network's weights are changed.

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
    w, b = _kept_head(classifier, layer or classifier.layer)
    return LinearHead(w.copy(), b.copy())


class _Found(NamedTuple):
    """A head, and a question whose answer tells whether the network still has it."""

    head: LinearHead
    question: tuple[tf.Tensor, tf.Tensor]  # activations, pictures
    answer: NDArray[np.float32]


_FOUND: weakref.WeakKeyDictionary[Classifier, dict[str, _Found]] = weakref.WeakKeyDictionary()


def _kept_head(classifier: Classifier, layer: str) -> LinearHead:
    """The head: found once, and anew when its question gets another answer."""
    kept = _FOUND.setdefault(classifier, {})
    if layer in kept:
        _, (A, x), answer = kept[layer]
        (now,) = _after(classifier, layer, tuple(A.shape[1:]))(A, x)
        if np.array_equal(now, answer):
            return kept[layer].head
    kept[layer] = _find(classifier, layer)
    return kept[layer].head


def _find(classifier: Classifier, layer: str) -> _Found:
    """Ask for the head; raise an error unless it is linear."""
    rng = np.random.default_rng(0)
    x = rng.uniform(*classifier.value_range, (2, *classifier.picture_shape)).astype("float32")
    own = classifier.activations(x, layer)
    # Where the layer holds negative numbers, they are tried too: a ReLU may come after it.
    low = -2 if own.min() < 0 else 0
    A = (rng.uniform(low, 2, own.shape) * rng.uniform(0, 1, own.shape[-1])).astype("float32")
    after = _after(classifier, layer, own.shape[1:])
    question = tf.constant(A), tf.constant(x)
    truth = after(*question)[0].numpy()

    nothing = tf.zeros((1, *classifier.picture_shape))
    rows = np.eye(own.shape[-1] + 1, own.shape[-1], -1, "float32")  # zeros, then one channel each
    (logits,) = in_batches(
        lambda rows: after(rows, nothing),
        rows[:, None, None],
        batch_size=max(1, BATCH_NUMBERS // math.prod(own.shape[1:])),
    )
    w, b = logits[1:] - logits[0], logits[0]
    error = np.abs(A.mean(axis=(1, 2)) @ w + b - truth).max()
    if not error <= 0.01 * np.ptp(truth):
        raise ValueError(
            f"CAM needs a network whose logits are a weighted sum of the mean of each channel "
            f"(global average pooling, then one linear layer). In {classifier.name} what follows "
            f"layer {layer!r} is not that: the weighted sum misses "
            f"the logits by up to {error:.3g}. "
            "Grad-CAM needs no such thing: use lessons_lib.grad_cam.grad_cam."
        )
    return _Found(LinearHead(w, b), question, truth)


def _after(
    classifier: Classifier, layer: str, shape: tuple[int, ...]
) -> Callable[..., tuple[tf.Tensor]]:
    """What follows a layer, compiled: logits of its activations, beside pictures.

    Activations of a single place stand everywhere, a single picture beside all of them.
    """

    def logits(A: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor]:
        n = tf.shape(A)[0]
        A, x = tf.broadcast_to(A, (n, *shape)), tf.broadcast_to(x, (n, *classifier.picture_shape))
        return (classifier.forward_from(A, layer, x),)

    specs = [
        tf.TensorSpec((None, None, None, shape[-1])),
        tf.TensorSpec((None, *classifier.picture_shape)),
    ]
    return classifier.compiled(("after", layer), logits, specs)

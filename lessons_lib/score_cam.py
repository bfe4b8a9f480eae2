"""Score-CAM: channels are weighed by what the network says of the masked picture (lesson 03).

References
----------
H. Wang et al., *Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks*,
CVPR Workshops 2020 (arXiv:1910.01279v2), equations 6 to 10 and Algorithm 1.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import SCORES, arrays, one_of, whole
from lessons_lib.grad_cam import weighted_sum
from lessons_lib.images import Images, as_given
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


class MaskedScores(NamedTuple):
    """What the network says of a picture seen through each channel of one layer.

    Attributes
    ----------
    A : ndarray of float32, shape (h, w, K)
        The layer's activations.
    channels : ndarray of int, shape (m,)
        The channels that were used as masks; ``m <= K``.
    logits, probabilities : ndarray of float32, shape (m,)
        The class's score for the picture behind each mask.
    baseline_logit, baseline_probability : float
        Its score for the baseline.
    target : int
        The class.
    """

    A: NDArray[np.float32]
    channels: NDArray[np.int_]
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    baseline_logit: float
    baseline_probability: float
    target: int


def score_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
    *,
    scores: str = "logit",
    weights: str = "softmax",
    baseline: Baseline = "grey",
    max_channels: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> NDArray[np.float32]:
    r"""Score-CAM of a class for one picture or many; the defaults are the paper's Algorithm 1.

    .. math::

        H_k = s(\mathrm{Up}(A_k)), \qquad
        C_k = f^c(X \circ H_k) - f^c(X_b), \qquad
        \alpha_k = \frac{e^{C_k}}{\sum_j e^{C_j}}, \qquad
        L^c = \mathrm{ReLU}\Bigl(\sum_k \alpha_k A_k\Bigr)

    ``Up`` enlarges a channel to the picture's size, ``s`` scales it to 0..1, and :math:`C_k` is the
    channel's increase of confidence over the baseline :math:`X_b`. A channel that has one value
    everywhere has no scale and hides nothing: it gets no weight, and costs no call.

    Parameters
    ----------
    classifier
        The network.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture. Default: each
        picture's top class.
    layer
        The layer whose channels are the masks. Default: the classifier's own.
    scores
        What :math:`f^c` is: ``"logit"``, the score before the network's softmax (Algorithm 1), or
        ``"probability"``, the score after it.
    weights
        ``"softmax"`` of the increases over the channels (Algorithm 1), or the increase itself:
        ``"increase"`` (equation 10).
    baseline
        What hidden places show, as for `Network.baseline`. The paper's is ``"zero"``, 0 after the
        network's preprocessing: for most networks ``"grey"`` or near it, but black for one that
        rescales inside itself.
    max_channels
        Use only that many channels, those that vary most (*Faster Score-CAM*). Default: all.
    batch_size
        Masked pictures at a time. Memory grows with it; the map does not depend on it.

    Returns
    -------
    ndarray of float32, shape (h, w) for one picture, (n, h, w) for several
        The raw map at the layer's own resolution: 0 or more, not normalised. Where no channel
        varies it is zero everywhere.

    Raises
    ------
    TypeError, ValueError
        If pictures, class, layer or an option are not what is described here.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> classifier = models.load("squeezenet")
    >>> heat = score_cam(classifier, images.course_image("panda"), max_channels=8)
    >>> heat.shape, bool(heat.min() >= 0)
    ((13, 13), True)
    """
    one_of(scores, "scores", SCORES)
    one_of(weights, "weights", ("softmax", "increase"))
    classifier, target = classifier.explaining(target)

    def one_map(picture: NDArray[np.float32], c: int) -> NDArray[np.floating]:
        found = masked_scores(
            classifier,
            picture,
            c,
            layer,
            baseline=baseline,
            max_channels=max_channels,
            batch_size=batch_size,
        )
        return weighted_sum(found.A[None], channel_weights(found, scores, weights)[None])[0]

    def maps(x: NDArray[np.float32], target: Target) -> NDArray[np.floating]:
        return np.array([*map(one_map, x, classifier.chosen(x, target).tolist())])

    return as_given(images, classifier.stream(maps, images, target))


def masked_scores(
    classifier: Classifier,
    image: ArrayLike,
    target: Target | Score,
    layer: str | None = None,
    *,
    baseline: Baseline = "grey",
    max_channels: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> MaskedScores:
    """Show the network one picture through each channel of a layer: the costly part of Score-CAM.

    Parameters
    ----------
    image
        One picture (height, width, 3); RGB pixels 0..255.
    target
        The class, an index or a label.
    classifier, layer, baseline, max_channels, batch_size
        As for `score_cam`.

    Returns
    -------
    MaskedScores
        For `channel_weights`, which makes weights of them.
    """
    if max_channels is not None:
        whole(max_channels, "max_channels", 1)
    whole(batch_size, "batch_size", 1)
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    (c,) = classifier.chosen(x, target).tolist()
    empty = classifier.baseline(x, baseline)
    A = classifier.activations(x, layer)[0]
    channels = varied_channels(A, max_channels)

    # A map of zeros masks all: the baseline is the first of the masked pictures.
    maps = np.concatenate([np.zeros((1, *A.shape[:2]), np.float32), A.transpose(2, 0, 1)[channels]])
    seen = _through_masks(classifier, A.shape[:2])

    def score(some: tf.Tensor) -> list[tf.Tensor]:
        return [scores[:, c] for scores in classifier.outputs(seen(some, x, empty))]

    logits, probabilities = in_batches(score, maps, batch_size=batch_size, description="Score-CAM")
    return MaskedScores(A, channels, logits[1:], probabilities[1:], logits[0], probabilities[0], c)


def _through_masks(classifier: Classifier, shape: tuple[int, int]) -> Callable[..., tf.Tensor]:
    """One compiled function from the channels of a layer to the masked pictures."""

    def masked(maps: tf.Tensor, x: tf.Tensor, baseline: tf.Tensor) -> tf.Tensor:
        return baseline + masks(maps, classifier.input_size)[..., None] * (x - baseline)

    picture = tf.TensorSpec((1, *classifier.picture_shape), tf.float32)
    specs = [tf.TensorSpec((None, *shape), tf.float32), picture, picture]
    return classifier.compiled(("Score-CAM", shape), masked, specs)


def masks(maps: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Channels as masks: enlarged bilinearly first, scaled to 0..1 after (equations 7 and 8).

    Parameters
    ----------
    maps : tensor of float32, shape (m, h, w)
    size
        (height, width) of the picture.

    Returns
    -------
    tensor of float32, shape (m, *size)
        A map that has one value everywhere gives zeros.

    Examples
    --------
    >>> masks(np.array([[[1.0, 3.0]]], "float32"), (1, 4)).numpy()
    array([[[0.  , 0.25, 0.75, 1.  ]]], dtype=float32)
    """
    large = tf.image.resize(maps[..., None], size)[..., 0]
    low = tf.reduce_min(large, axis=(1, 2), keepdims=True)
    high = tf.reduce_max(large, axis=(1, 2), keepdims=True)
    return tf.math.divide_no_nan(large - low, high - low)


def varied_channels(A: NDArray[np.floating], max_channels: int | None = None) -> NDArray[np.int_]:
    """Indices of the channels that are not constant, in order; at most so many, the most varied.

    Parameters
    ----------
    A : ndarray, shape (h, w, K)
        Activations of one picture.
    max_channels
        How many to keep, by standard deviation; default: all.

    Examples
    --------
    >>> varied_channels(np.array([[[7.0, 0.0, 1.0], [7.0, 1.0, 5.0]]]))
    array([1, 2])
    >>> varied_channels(np.array([[[7.0, 0.0, 1.0], [7.0, 1.0, 5.0]]]), max_channels=1)
    array([2])
    """
    (A,) = arrays("h w k", A=A)
    if max_channels is not None:
        whole(max_channels, "max_channels", 1)
    varied = np.flatnonzero(np.ptp(A, axis=(0, 1)) > 0)
    most = np.argsort(-A.std(axis=(0, 1))[varied], kind="stable")[:max_channels]
    return np.sort(varied[most])


def channel_weights(
    found: MaskedScores, scores: str = "logit", weights: str = "softmax"
) -> NDArray[np.float32]:
    """Weight of each of the layer's K channels, from the scores of the masked pictures.

    Parameters
    ----------
    found
        What `masked_scores` gave.
    scores, weights
        As for `score_cam`.

    Returns
    -------
    ndarray of float32, shape (K,)
        0 for the channels that were not used.
    """
    one_of(scores, "scores", SCORES)
    one_of(weights, "weights", ("softmax", "increase"))
    increase = (
        found.logits - found.baseline_logit
        if scores == "logit"
        else found.probabilities - found.baseline_probability
    )
    result = np.zeros(found.A.shape[-1], np.float32)
    if len(increase):
        result[found.channels] = softmax(increase) if weights == "softmax" else increase
    return result

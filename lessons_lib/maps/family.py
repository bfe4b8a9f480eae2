r"""The family of Grad-CAM: each method is only its weights (lesson 03).

All of them look at one layer's activations :math:`A_k(x, y)` and at the gradient
:math:`g_k(x, y) = \partial S_c / \partial A_k(x, y)` of the class's logit, give each channel (or
each place of each channel) a weight, add up, and keep what is positive. Maps come at the layer's
own resolution, not normalised, for one picture or for many, as `lessons_lib.grad_cam.grad_cam`
has them; arguments and errors are the same too.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from lessons_lib.basics.checks import Array, arrays
from lessons_lib.grad_cam import grad_cam, layer_maps, weighted_sum
from lessons_lib.images import Images, as_given
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


def grad_cam_plus_plus(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    r"""Grad-CAM++: places of one channel count by how much each would explain alone.

    .. math::

        w_k = \sum_{x, y} \alpha_k(x, y) \, \mathrm{ReLU}(g_k(x, y)), \qquad
        \alpha_k(x, y) = \frac{g_k^2}{2 g_k^2 + g_k^3 \sum_{a, b} A_k(a, b)}

    The second and third derivatives of the paper are powers of :math:`g_k`, since the score it
    differentiates is the exponential of the logit; the exponential itself is a factor common to all
    channels, and left out.

    Warns
    -----
    UserWarning
        If activations below 0 make a weight larger than a ReLU's could be, by more than twice.

    References
    ----------
    A. Chattopadhay et al., *Grad-CAM++*, WACV 2018 (arXiv:1710.11063), equation 19.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> grad_cam_plus_plus(models.load("squeezenet"), images.course_image("panda")).shape
    (13, 13)
    """
    combine = lambda A, g: weighted_sum(A, plus_plus_weights(A, g))  # noqa: E731
    return layer_maps(combine, classifier, images, target, layer)


def plus_plus_weights(A: Array, gradient: Array) -> Array:
    """Channel weights of Grad-CAM++, shape (n, channels), from arrays (n, h, w, channels).

    Examples
    --------
    A channel with activations 1 and 3 and the gradient 0.5 at both: alpha is 1 / (2 + 0.5 * 4).

    >>> A = np.array([1.0, 3.0]).reshape(1, 1, 2, 1)
    >>> plus_plus_weights(A, np.full((1, 1, 2, 1), 0.5))
    array([[0.25]])
    """
    A, gradient = arrays("n h w k, n h w k", A=A, gradient=gradient)
    # g^2 is cancelled: 1 / (2 + g sum(A)) is the same where g != 0, and where g = 0 the product
    # with ReLU(g) is 0 in any case. Only a positive gradient reaches the sum.
    positive = np.maximum(gradient, 0)
    denominator = 2 + positive * A.sum(axis=(1, 2), keepdims=True)
    alpha = np.divide(1, denominator, out=np.zeros_like(denominator), where=denominator != 0)
    weights = (alpha * positive).sum(axis=(1, 2))
    _warn_beyond(positive.sum(axis=(1, 2)) / 2, weights, "Grad-CAM++")
    return weights


def hires_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    r"""HiResCAM: each place of each channel has its own gradient as weight.

    .. math:: L(x, y) = \mathrm{ReLU}\Bigl(\sum_k g_k(x, y) \, A_k(x, y)\Bigr)

    Where all that follows the layer is linear, the sum before the ReLU, added up over the places,
    is the logit without its bias. With global average pooling it equals Grad-CAM.

    References
    ----------
    R. L. Draelos & L. Carin, *Use HiResCAM instead of Grad-CAM*, 2020 (arXiv:2011.08891).
    """
    return layer_maps(place_weighted_sum, classifier, images, target, layer)


def layer_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    r"""LayerCAM: as HiResCAM, but only positive gradients count; made for early layers.

    .. math:: L(x, y) = \mathrm{ReLU}\Bigl(\sum_k \mathrm{ReLU}(g_k(x, y)) \, A_k(x, y)\Bigr)

    References
    ----------
    P.-T. Jiang et al., *LayerCAM: Exploring Hierarchical Class Activation Maps for Localization*,
    IEEE Transactions on Image Processing 30, 2021.
    """
    combine = lambda A, g: place_weighted_sum(A, np.maximum(g, 0))  # noqa: E731
    return layer_maps(combine, classifier, images, target, layer)


def place_weighted_sum(A: Array, weights: Array) -> Array:
    """Sum over the channels where each place has its own weight; what is positive of it.

    Examples
    --------
    >>> place_weighted_sum(np.array([[[[1.0, 5.0]]]]), np.array([[[[3.0, -0.5]]]]))
    array([[[0.5]]])
    """
    A, weights = arrays("n h w k, n h w k", A=A, weights=weights)
    return np.maximum((A * weights).sum(axis=-1), 0)


def xgrad_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    r"""XGrad-CAM: a channel's weight is its gradient's mean, weighted by the activations.

    .. math:: \alpha_k = \sum_{x, y} \frac{A_k(x, y)}{\sum_{a, b} A_k(a, b)} \, g_k(x, y)

    So each channel's map adds up to :math:`\sum A_k g_k`, what it gives to the score in a linear
    model (the *conservation* axiom). A channel that is zero everywhere gets the weight 0.

    Warns
    -----
    UserWarning
        If activations below 0 make a weight larger than a ReLU's could be, by more than twice.

    References
    ----------
    R. Fu et al., *Axiom-based Grad-CAM*, BMVC 2020 (arXiv:2008.02312).
    """
    combine = lambda A, g: weighted_sum(A, axiom_weights(A, g))  # noqa: E731
    return layer_maps(combine, classifier, images, target, layer)


def axiom_weights(A: Array, gradient: Array) -> Array:
    """Channel weights of XGrad-CAM, shape (n, channels), from arrays (n, h, w, channels).

    Examples
    --------
    >>> A = np.array([1.0, 3.0]).reshape(1, 1, 2, 1)
    >>> axiom_weights(A, np.array([4.0, 8.0]).reshape(1, 1, 2, 1))
    array([[7.]])
    """
    A, gradient = arrays("n h w k, n h w k", A=A, gradient=gradient)
    total, given = A.sum(axis=(1, 2)), (A * gradient).sum(axis=(1, 2))
    weights = np.divide(given, total, out=np.zeros_like(given), where=total != 0)
    _warn_beyond(np.abs(gradient).max(axis=(1, 2)), weights, "XGrad-CAM")
    return weights


def _warn_beyond(most: Array, weights: Array, method: str) -> None:
    """Say it where weights are far larger than activations of 0 or more would allow."""
    channels = int((np.abs(weights) > 2 * most).sum())
    if channels:
        warnings.warn(
            f"{method} divides by the sum of a channel's activations, and its paper's networks "
            f"have none below 0. Here {channels} of {weights.size} weights are more than twice as "
            "large as such networks could have: they may outweigh all others, and their sign may "
            "be turned. Choose a layer behind a ReLU, or Grad-CAM.",
            stacklevel=3,
        )


def eigen_cam(classifier: Classifier, images: Images, layer: str | None = None) -> Array:
    r"""Eigen-CAM: the activations projected on their first principal component.

    .. math:: A = U \Sigma V^\top, \qquad L = \mathrm{ReLU}(A \, v_1)

    with :math:`A` as a matrix of places times channels. No class enters: it shows what is strong in
    the layer, whatever the class. The sign of :math:`v_1` is free; it is chosen so that the place
    of the largest size is positive. (By the sum of all places, a large faint ground below 0, as
    behind a swish, would turn a small strong thing over.)

    References
    ----------
    M. B. Muhammad & M. Yeasin, *Eigen-CAM: Class Activation Map using Principal Components*,
    IJCNN 2020 (arXiv:2008.00299).
    """

    def maps(x: Array, _: None) -> Array:
        A = classifier.activations(x, layer)
        return weighted_sum(A, principal_weights(A))

    return as_given(images, classifier.stream(maps, images))


def principal_weights(A: Array) -> Array:
    """First right singular vector of each picture's activations, shape (n, channels).

    Examples
    --------
    >>> principal_weights(np.array([[[[3.0, 4.0]], [[6.0, 8.0]]]])).round(6)
    array([[0.6, 0.8]])
    """
    (A,) = arrays("n h w k", A=A)
    matrices = A.reshape(len(A), -1, A.shape[-1])
    first = np.linalg.svd(matrices, full_matrices=False).Vh[:, 0]
    projected = np.einsum("npk,nk->np", matrices, first)
    turned = -projected.min(axis=1) > projected.max(axis=1)
    return first * np.where(turned, -1, 1).astype(first.dtype)[:, None]


def ablation_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    r"""Ablation-CAM: a channel's weight is what the logit loses without it; no gradient.

    .. math:: w_k = S_c - S_c^{\setminus k}

    :math:`S_c^{\setminus k}` is the logit with channel :math:`k` set to zero. Only the part of the
    network after the layer is run, once for each channel. (The paper divides all weights of a
    picture by :math:`S_c`. That scales the map, and turns it over where the logit is negative; it
    is left out.)

    References
    ----------
    S. Desai & H. G. Ramaswamy, *Ablation-CAM: Visual Explanations for Deep Convolutional Network
    via Gradient-free Localization*, WACV 2020.
    """
    layer = layer or classifier.layer

    def maps(x: Array, target: Any) -> Array:
        A = classifier.activations(x, layer)
        network, target = classifier.explaining(target)
        weights = [
            _lost(network, A[i : i + 1], x[i : i + 1], c, layer)
            for i, c in enumerate(network.chosen(x, target))
        ]
        return weighted_sum(A, np.array(weights))

    return as_given(images, classifier.stream(maps, images, target))


def _lost(network: Classifier, A: Array, x: Array, target: int, layer: str) -> Array:
    """What one picture's logit loses without each channel, shape (channels,)."""

    def without(k: tf.Tensor, A: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor]:
        kept = A * (1 - tf.one_hot(k, A.shape[-1])[:, None, None])  # k = -1 keeps all
        return (network.forward_from(kept, layer, tf.repeat(x, tf.shape(k)[0], axis=0)),)

    specs = [
        tf.TensorSpec((None,), tf.int32),
        *(tf.TensorSpec(given.shape, tf.float32) for given in (A, x)),
    ]
    ask = network.compiled(("without", layer), without, specs)
    channels = np.arange(-1, A.shape[-1], dtype="int32")
    (logits,) = in_batches(lambda k: ask(k, A, x), channels, description="Ablation-CAM")
    return logits[0, target] - logits[1:, target]


FAMILY: dict[str, Callable[..., Array]] = {
    "Grad-CAM": grad_cam,
    "Grad-CAM++": grad_cam_plus_plus,
    "HiResCAM": hires_cam,
    "LayerCAM": layer_cam,
    "XGrad-CAM": xgrad_cam,
    "Ablation-CAM": ablation_cam,
}
"""The methods that take a class and give a map at the layer's resolution."""

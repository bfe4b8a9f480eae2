"""Grad-CAM: which places of a layer speak for a class (lesson 02).

References
----------
R. R. Selvaraju et al., *Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization*, ICCV 2017 (arXiv:1610.02391), equations 1 and 2.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.checks import Array, arrays
from lessons_lib.images import Images, as_given
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


def grad_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> NDArray[np.float32]:
    r"""Grad-CAM of a class for one picture or many.

    .. math::

        \alpha_k^c = \frac{1}{Z} \sum_{x, y} \frac{\partial S_c}{\partial A_k(x, y)}
        \qquad
        L^c(x, y) = \mathrm{ReLU}\Bigl(\sum_k \alpha_k^c \, A_k(x, y)\Bigr)

    The score :math:`S_c` is the class's logit: the softmax is left out, since its gradient
    vanishes where the network is sure.

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
        The layer whose activations are :math:`A`. Default: ``classifier.layer``.

    Returns
    -------
    ndarray of float32, shape (h, w) for one picture, (n, h, w) for several
        The raw map at the layer's own resolution, in logits per unit of pooled activation: 0 or
        more, not normalised. `lessons_lib.plotting` resizes and colours it.

    Raises
    ------
    TypeError, ValueError
        If pictures, class or layer are not what the classifier can take.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> heat = grad_cam(models.load("squeezenet"), images.course_image("panda"))
    >>> heat.shape, bool(heat.min() >= 0)
    ((13, 13), True)
    """
    return layer_maps(
        lambda A, gradient: weighted_sum(A, alpha(gradient)), classifier, images, target, layer
    )


def layer_maps(
    combine: Callable[[Array, Array], Array],
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    """Maps of a layer's activations and gradients: the frame of Grad-CAM and its family.

    Of each batch of pictures only the maps are kept.

    Parameters
    ----------
    combine
        From activations and gradients, both of shape (n, h, w, channels), to maps (n, h, w).
    classifier, images, target, layer
        As for `grad_cam`.

    Returns
    -------
    ndarray, shape (h, w) for one picture, (n, h, w) for several

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> classifier, panda = models.load("squeezenet"), images.course_image("panda")
    >>> strongest = lambda A, gradient: np.abs(A * gradient).max(axis=-1)
    >>> layer_maps(strongest, classifier, panda).shape
    (13, 13)
    """

    def maps(x: Array, target: Any) -> Array:
        found = classifier.gradients(x, target, layer)
        return combine(found.A, found.gradient)

    return as_given(images, classifier.stream(maps, images, target))


def alpha(gradient: NDArray[np.floating]) -> NDArray[np.floating]:
    """Weight of each channel: its gradient's mean over the places (equation 1).

    Parameters
    ----------
    gradient : ndarray, shape (n, h, w, channels)
        d score / d A.

    Returns
    -------
    ndarray, shape (n, channels)

    Examples
    --------
    >>> alpha(np.array([[[[1.0, 0.0], [3.0, 0.0]]]]))
    array([[2., 0.]])
    """
    (gradient,) = arrays("n h w k", gradient=gradient)
    return gradient.mean(axis=(1, 2))


def weighted_sum(A: NDArray[np.floating], alpha: NDArray[np.floating]) -> NDArray[np.floating]:
    """Weighted sum of the channels; only what speaks for the class is kept (equation 2).

    Parameters
    ----------
    A : ndarray, shape (n, h, w, channels)
        Activations.
    alpha : ndarray, shape (n, channels)
        Weight of each channel.

    Returns
    -------
    ndarray, shape (n, h, w)

    Examples
    --------
    >>> A = np.array([[[[1.0, 5.0], [2.0, 0.0]]]])
    >>> weighted_sum(A, np.array([[3.0, -1.0]]))
    array([[[0., 6.]]])
    """
    A, alpha = arrays("n h w k, n k", A=A, alpha=alpha)
    return np.maximum(np.einsum("nxyk,nk->nxy", A, alpha), 0)

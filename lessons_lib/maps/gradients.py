r"""Gradients with respect to the pixels, and what is made of them (lesson 06).

The score is always the class's logit, and the gradient is with respect to the RGB pixels 0..255
at the network's size, preprocessing included: logits per grey level.

References
----------
K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks*, 2013
(arXiv:1312.6034); D. Smilkov et al., *SmoothGrad: removing noise by adding noise*, 2017
(arXiv:1706.03825); G. Erion et al., *Improving performance of deep learning models with axiomatic
attribution priors and expected gradients*, Nature Machine Intelligence 2021 (arXiv:1906.10670);
A. Kapishnikov et al., *XRAI: Better Attributions Through Regions*, ICCV 2019 (arXiv:1906.02825).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib.baselines import Pixels
from lessons_lib.basics.checks import finite, real, whole
from lessons_lib.basics.progress import bar
from lessons_lib.images import Images, as_given
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import gradient_of, in_batches
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


def input_gradients(
    classifier: Classifier, images: Images, target: Target | Score = None
) -> Pixels:
    r"""The gradient :math:`\partial F / \partial x` of the class's logit.

    Parameters
    ----------
    classifier
        The network.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture. Default: each
        picture's top class.

    Returns
    -------
    ndarray of float32, shape (*picture_shape) for one picture, (n, *picture_shape) for several
        Signed, in logits per grey level.

    Raises
    ------
    TypeError, ValueError
        If pictures or class are not what the classifier can take.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> input_gradients(models.load("squeezenet"), images.course_image("panda")).shape
    (224, 224, 3)
    """
    return as_given(images, classifier.stream(_of_class(classifier), images, target))


def saliency(classifier: Classifier, images: Images, target: Target | Score = None) -> Pixels:
    """The gradient's largest size over the three colours (Simonyan et al. 2013, section 3.1).

    Returns
    -------
    ndarray of float32, shape (*input_size,) for one picture, (n, *input_size) for several
        0 or more: how fast the score changes, not which way.
    """
    gradients = _of_class(classifier)
    largest = lambda x, target: np.abs(gradients(x, target)).max(axis=-1)  # noqa: E731
    return as_given(images, classifier.stream(largest, images, target))


def gradient_times_input(
    classifier: Classifier, images: Images, target: Target | Score = None
) -> Pixels:
    """Gradient times pixel: Integrated Gradients from black with one step, at the photograph.

    Returns
    -------
    ndarray of float32, shape (*picture_shape) for one picture, (n, *picture_shape) for several
        Signed, in logits.
    """
    gradients = _of_class(classifier)
    times_input = lambda x, target: gradients(x, target) * x  # noqa: E731
    return as_given(images, classifier.stream(times_input, images, target))


def smooth_grad(
    classifier: Classifier,
    image: ArrayLike,
    target: int | str | Score | None = None,
    *,
    samples: int = 50,
    noise: float = 0.15,
    seed: int = 0,
) -> Pixels:
    r"""Mean gradient over noisy copies of a picture (Smilkov et al. 2017, section 2).

    .. math:: \frac{1}{n} \sum_{j=1}^n
        \frac{\partial F(x + \epsilon_j)}{\partial x}, \qquad \epsilon_j \sim N(0, \sigma^2)

    Parameters
    ----------
    classifier
        The network.
    image : array, shape (height, width, 3)
        One picture; RGB pixels 0..255.
    target
        The class to explain; default: the top class.
    samples
        Noisy copies n, 1 or more.
    noise
        Standard deviation of the noise as a share of the picture's range of values, 0 or more.
    seed
        Seed of the noise. Maps of two classes with one seed share their noise, which makes them
        alike: to compare classes, give each a seed of its own (lesson 10).

    Returns
    -------
    ndarray of float32, shape (*picture_shape)
        Signed, in logits per grey level.

    Raises
    ------
    TypeError, ValueError
        If there is more than one picture, or a number is out of range.
    """
    whole(samples, "samples", 1)
    if not 0 <= real(noise, "noise") < np.inf:
        raise ValueError(f"noise must be 0 or more, not {noise}")
    x = classifier.prepare_one(image)
    classifier, target = classifier.explaining(target)
    together = classifier.gradient_batch
    index = np.repeat(classifier.chosen(x, target), together)
    rng = np.random.default_rng(seed)
    sigma = noise * float(np.ptp(x))
    total = np.zeros(x.shape[1:])
    for start in bar(range(0, samples, together), desc="SmoothGrad"):
        rows = min(together, samples - start)
        noisy = x + sigma * rng.standard_normal((rows, *x.shape[1:]), np.float32)
        total += _gradients(classifier, noisy.astype("float32"), index[:rows]).sum(axis=0)
    return (total / samples).astype("float32")


def _of_class(classifier: Classifier) -> Callable[[Pixels, Any], Pixels]:
    """Gradients of prepared pictures, for a class of each or a `Score`."""

    def gradients(x: Pixels, target: Any) -> Pixels:
        network, target = classifier.explaining(target)
        return _gradients(network, x, network.chosen(x, target))

    return gradients


def _gradients(classifier: Classifier, x: Pixels, index: NDArray[np.int_]) -> Pixels:
    def differentiate(x: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor]:
        score = tf.gather(classifier.forward(x), index, batch_dims=1)
        return (gradient_of(score, x),)

    pixels = tf.TensorSpec((None, *classifier.picture_shape), tf.float32)
    specs = (pixels, tf.TensorSpec((None,), tf.int32))
    function = classifier.compiled("input gradients", differentiate, specs)
    together = classifier.gradient_batch if len(x) > 1 else 1
    slopes = in_batches(function, x, index.astype("int32"), batch_size=together)[0]
    return finite(slopes, "the gradient")

"""Expected Gradients: Integrated Gradients averaged over baselines from a background.

References
----------
G. Erion et al., *Improving performance of deep learning models with axiomatic attribution priors
and expected gradients*, Nature Machine Intelligence 2021 (arXiv:1906.10670).
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from lessons_lib.baselines import Pixels
from lessons_lib.basics.checks import whole
from lessons_lib.basics.progress import bar
from lessons_lib.integrated_gradients._path import classifier_functions
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import Score


def expected_gradients(
    classifier: Classifier,
    image: ArrayLike,
    background: ArrayLike | Sequence[ArrayLike],
    target: int | str | Score | None = None,
    *,
    samples: int = 100,
    seed: int = 0,
) -> Pixels:
    r"""Integrated Gradients averaged over baselines drawn from a background (Erion et al. 2021).

    .. math:: \phi_i = E_{x' \sim D, \; \alpha \sim U(0, 1)} \Bigl[ (x_i - x'_i) \,
        \frac{\partial F(x' + \alpha (x - x'))}{\partial x_i} \Bigr]

    One gradient for each draw, so the sum comes near F(x) - mean F(x') only as the draws grow.

    Parameters
    ----------
    classifier
        The network.
    image : array, shape (height, width, 3)
        One picture; RGB pixels 0..255.
    background
        Pictures to draw baselines from.
    target
        The class to explain; default: the top class.
    samples
        Draws, 1 or more. The alphas are stratified: one in each of as many equal cells.
    seed
        Seed of the draws.

    Returns
    -------
    ndarray of float32, shape (*picture_shape)
        Signed, in logits.

    Raises
    ------
    TypeError, ValueError
        If there is more than one picture to explain, or a number is out of range.
    """
    whole(samples, "samples", 1)
    classifier, target = classifier.explaining(target)
    x, baselines = classifier.prepare_one(image), classifier.prepare(background)
    (index,) = classifier.chosen(x, target)
    rng = np.random.default_rng(seed)
    alpha = (rng.permutation(samples) + rng.random(samples)) / samples
    # The background's pictures come up equally often, as far as that is possible.
    drawn = rng.permutation(np.arange(samples) % len(baselines))
    _, sums = classifier_functions(classifier)
    total = np.zeros(x.shape[1:])
    together = classifier.gradient_batch
    for start in bar(range(0, samples, together), desc="Expected Gradients"):
        some = slice(start, start + together)
        nodes = tf.constant(alpha[some], tf.float32)
        weights = tf.ones((1, len(nodes))) / samples
        starts = tf.constant(baselines[drawn[some]])
        total += sums(tf.constant(x), starts, nodes, weights, tf.constant(index, tf.int32)).numpy()[
            0
        ]
    return total.astype("float32")

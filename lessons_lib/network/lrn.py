"""Local response normalisation, which Keras has not: AlexNet and GoogLeNet were trained with it."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("lessons_lib")
class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc]
    r"""Each activation, divided by how strong its neighbours in the other channels are.

    .. math::

        b_k = a_k \Bigl(1 + \frac{\alpha}{n} \sum_{|j - k| \le 2} a_j^2\Bigr)^{-\beta},
        \qquad n = 5, \quad \alpha = 10^{-4}, \quad \beta = 0.75

    These are Caffe's formula and its numbers for both networks. The paper has no :math:`/n`, and 2
    in place of 1 (Krizhevsky et al. 2012, section 3.3); the published weights are Caffe's.

    Examples
    --------
    >>> a = tf.constant([[[[300.0, 0.0, 0.0, 400.0]]]])  # three apart: they do not see each other
    >>> LocalResponseNormalization()(a).numpy().round(1)
    array([[[[138.6,   0. ,   0. , 136.3]]]], dtype=float32)
    >>> round(300 * (1 + 1e-4 / 5 * 300**2) ** -0.75, 1)
    138.6
    """

    def call(self, a: tf.Tensor) -> tf.Tensor:
        """Normalise a tensor (n, height, width, channels)."""
        # TensorFlow's alpha is the factor of the sum: Caffe's alpha over n. The squares leave the
        # range of 16 bits, so the type is float32 in between.
        normalised = tf.nn.local_response_normalization(
            tf.cast(a, tf.float32), depth_radius=2, bias=1.0, alpha=1e-4 / 5, beta=0.75
        )
        return tf.cast(normalised, a.dtype)

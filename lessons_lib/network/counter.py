"""How many pictures a method asks a network about: what it costs, on any machine."""

import copy

import tensorflow as tf

from lessons_lib.network.classifier import Classifier


class Counter:
    """How many pictures a network was asked about."""

    pictures = 0


def counted(classifier: Classifier) -> tuple[Classifier, Counter]:
    """A twin of a classifier, around the same model, that counts the pictures it is asked about.

    A picture that is only looked up in the layer's activations counts too: each goes through the
    network once. The way back, where a method needs gradients, is not counted.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> from lessons_lib.grad_cam import grad_cam
    >>> twin, counter = counted(models.load("squeezenet"))
    >>> counter.pictures = 0
    >>> maps = grad_cam(twin, [images.course_image("panda")] * 3)
    >>> counter.pictures
    3
    """
    counter = Counter()

    def count(rows: tf.Tensor) -> None:
        counter.pictures += int(rows)

    def seen(x: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.py_function(count, [tf.shape(x)[0]], [])]):
            return tf.identity(x)

    twin = copy.copy(classifier)
    twin.preprocess = lambda x: classifier.preprocess(seen(x))
    twin._compiled, twin._views = {}, {}
    twin.compiled("predict", lambda x: classifier.outputs(seen(x)))
    return twin, counter

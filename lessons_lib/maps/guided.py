"""Guided backpropagation, and its product with Grad-CAM (lesson 07)."""

import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from lessons_lib.basics.checks import Array, finite
from lessons_lib.grad_cam import grad_cam
from lessons_lib.images import Images, as_given, resize
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.graph import in_batches
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


@tf.RegisterGradient("LessonsGuidedRelu")
def _guided_relu(op: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.ReluGrad(gradients=tf.nn.relu(gradient), features=op.outputs[0])


@tf.RegisterGradient("LessonsGuidedRelu6")
def _guided_relu6(op: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.Relu6Grad(gradients=tf.nn.relu(gradient), features=op.outputs[0])


def guided_backpropagation(
    classifier: Classifier, images: Images, target: Target | Score = None
) -> Array:
    r"""Guided backpropagation: the gradient of the logit by the pixels, with negative parts cut.

    On its way back through each ReLU the gradient passes where the input was positive, as always,
    and only if it is positive itself. The pictures are crisp. They hardly depend on the class or on
    the weights of the upper layers (lessons 07 and 10 show it), so that they explain no answer.

    Parameters
    ----------
    classifier, images, target
        As for `lessons_lib.grad_cam.grad_cam`.

    Returns
    -------
    ndarray of float32, shape (*picture_shape) for one picture, (n, *picture_shape) for several
        In logits per pixel value.

    Warns
    -----
    UserWarning
        If the network has no ReLU that could be seen: then this is the plain gradient. Or if it has
        other activations besides: those pass the gradient as it is, negative or not, and what is
        written with a ReLU inside, such as PReLU and hard swish, passes neither one nor the other.

    References
    ----------
    J. T. Springenberg et al., *Striving for Simplicity: The All Convolutional Net*, ICLR 2015
    (arXiv:1412.6806), section 3.4.
    """
    classifier, target = classifier.explaining(target)
    guided = {"Relu": "LessonsGuidedRelu", "Relu6": "LessonsGuidedRelu6"}

    def differentiate(x: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor]:
        # Only operations that are made in here are changed; the model is not.
        with tf.compat.v1.get_default_graph().gradient_override_map(guided):
            score = tf.gather(classifier.forward(x), target, batch_dims=1)
        return tuple(tf.gradients(score, x))

    pixels = tf.TensorSpec((None, *classifier.picture_shape), tf.float32)
    specs = [pixels, tf.TensorSpec((None,), tf.int32)]
    function: Any = classifier.compiled("guided backpropagation", differentiate, specs)
    _warn_without_relu(function.graph, classifier.name)

    def gradients(x: Array, target: Any) -> Array:
        chosen = classifier.chosen(x, target).astype("int32")
        return finite(in_batches(function, x, chosen)[0], "the gradient")

    return as_given(images, classifier.stream(gradients, images, target))


# What a graph calls the usual activations; parts of swish, GELU and their like among them.
_ACTIVATIONS = {
    "Elu": "ELU", "Selu": "SELU", "LeakyRelu": "leaky ReLU", "Softplus": "softplus",
    "Sigmoid": "sigmoid or swish", "Tanh": "tanh", "Erf": "GELU", "Erfc": "GELU",
    "Softsign": "softsign", "Maximum": "maximum", "PartitionedCall": "a function inside the graph",
    "StatefulPartitionedCall": "a function inside the graph",
}  # fmt: skip


def _warn_without_relu(graph: tf.Graph, whose: str) -> None:
    operations = graph.get_operations()
    kinds = {operation.type for operation in operations}
    met = sorted({name for kind, name in _ACTIVATIONS.items() if kind in kinds})
    if not kinds & {"Relu", "Relu6"}:
        warnings.warn(
            f"{whose} has no ReLU that guided backpropagation could change, only "
            f"{', '.join(met) or 'linear layers'}: what it gives is the plain gradient. Use "
            "maps.input_gradients, which says so, or Integrated Gradients.",
            stacklevel=3,
        )
    elif others := sorted({*met, *map(_part_of, operations)} - {"", "maximum"}):
        warnings.warn(
            f"{whose} has more than ReLUs: {', '.join(others)}. Guided backpropagation is defined "
            "for ReLUs alone. Here negative gradients pass elsewhere, so this is something between "
            "it and the plain gradient.",
            stacklevel=3,
        )


def _part_of(operation: tf.Operation) -> str:
    """What a ReLU is only a part of, as Keras writes it: "", where it stands for itself."""
    if operation.type == "Relu" and operation.inputs[0].op.type == "Neg":
        return "PReLU"  # relu(x) - slope * relu(-x)
    users = {user.type for output in operation.outputs for user in output.consumers()}
    if operation.type == "Relu6" and "RealDiv" in users:
        return "hard sigmoid or hard swish"  # x * relu6(x + 3) / 6
    return ""


def guided_grad_cam(
    classifier: Classifier,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Array:
    """Guided Grad-CAM: guided backpropagation times the enlarged Grad-CAM.

    Returns
    -------
    ndarray of float32, shape (*picture_shape) for one picture, (n, *picture_shape) for several

    References
    ----------
    R. R. Selvaraju et al., *Grad-CAM*, ICCV 2017 (arXiv:1610.02391), section 3.2.
    """

    def maps(x: Array, target: Any) -> Array:
        coarse = grad_cam(classifier, x, target, layer)
        heat = np.array([resize(one, classifier.input_size) for one in coarse])
        return guided_backpropagation(classifier, x, target) * heat[..., None]

    return as_given(images, classifier.stream(maps, images, target))

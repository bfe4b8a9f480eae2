"""Every method of the course behind one interface, so that they can be compared (lesson 07).

A method is a function of a network, pictures and classes that gives one map for each picture. To
add one of your own, write such a function and put it beside the others::

    def edges(classifier, x, classes):
        return np.stack([cv2.Laplacian(picture.mean(axis=-1), cv2.CV_32F) for picture in x])

    methods = METHODS | {"edges": edges}

Those that sample are set to be fast rather than exact here; the numbers stand in the signatures.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib import cam as cam_module
from lessons_lib import cam_family, lime, neighbourhoods, saliency, superpixels
from lessons_lib.checks import as_floats
from lessons_lib.classifier import Classifier, Target
from lessons_lib.grad_cam import grad_cam
from lessons_lib.images import as_given, resize
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.score_cam import score_cam
from lessons_lib.shapley_sampling import kernel_shap

Array = NDArray[np.float32]
Classes = NDArray[np.int_]

Method = Callable[[Classifier, Array, Classes], NDArray[np.floating]]
"""From a network, pictures (n, *input_size, 3) and a class for each to maps (n, h, w), of any
resolution, or attributions (n, *input_size, 3), which are added up over the colours."""

SUPERPIXELS = 30


def explain(
    method: Method,
    classifier: Classifier,
    images: ArrayLike | Sequence[ArrayLike],
    target: Target = None,
) -> Array:
    """Maps of any method, at the size of the network's input.

    Parameters
    ----------
    method
        One of `METHODS`, or your own.
    classifier
        The network.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture. Default: each
        picture's top class.

    Returns
    -------
    ndarray of float32, shape (*input_size) for one picture, (n, *input_size) for several
        Raw and signed, in the method's own units; enlarged where the method's maps are smaller.

    Raises
    ------
    ValueError
        If the method gives something else than one finite map for each picture.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> panda = images.course_image("panda")
    >>> explain(METHODS["Grad-CAM"], models.load("mobilenet_v2"), panda).shape
    (224, 224)
    """
    x = classifier.prepare(images)
    maps = as_floats(method(classifier, x, classifier.chosen(x, target)), "the maps")
    if maps.ndim == 4 and maps.shape[-1] == 3:
        maps = maps.sum(axis=-1)
    if maps.ndim != 3 or len(maps) != len(x) or not maps.size:
        raise ValueError(
            f"a method gives (n, h, w) or (n, h, w, 3); for {len(x)} pictures this one gave "
            f"{maps.shape}"
        )
    if not np.isfinite(maps).all():
        raise ValueError(f"{int((~np.isfinite(maps)).sum())} values of the maps are not finite")
    return as_given(images, np.stack([resize(heat, classifier.input_size) for heat in maps]))


def from_superpixels(
    classifier: Classifier,
    x: Array,
    classes: Classes,
    weigh: Callable[[Array, NDArray[np.int_], int], NDArray[np.floating]],
) -> Array:
    """Maps that are flat on each superpixel; ``weigh`` says how high, for picture and class.

    A superpixel's weight is spread over its pixels, so that the map adds up to the weights.
    """
    maps = []
    for picture, target in zip(x, classes, strict=True):
        segments = superpixels.superpixels(picture, n_segments=SUPERPIXELS)
        weights = weigh(picture, segments, int(target)) / np.bincount(segments.ravel())
        maps.append(weights[segments])
    return np.array(maps, np.float32)


def lime_map(
    classifier: Classifier, x: Array, classes: Classes, *, samples: int = 90, seed: int = 0
) -> Array:
    """LIME's coefficients of superpixels (lesson 04), for the logit."""

    def weigh(picture: Array, segments: NDArray[np.int_], target: int) -> NDArray[np.floating]:
        nearby = neighbourhoods.sample_image(
            classifier, picture, segments, samples=samples, seed=seed, output="logits"
        )
        return lime.explain(nearby, target=target).coefficients

    return from_superpixels(classifier, x, classes, weigh)


def kernel_shap_map(
    classifier: Classifier, x: Array, classes: Classes, *, samples: int = 90, seed: int = 0
) -> Array:
    """Shapley values of superpixels (lesson 05), for the logit."""

    def weigh(picture: Array, segments: NDArray[np.int_], target: int) -> NDArray[np.floating]:
        def game(Z: NDArray[np.bool_]) -> NDArray[np.floating]:
            scores = superpixels.masked_scores(classifier, picture, segments, Z, output="logits")
            return scores[:, target]

        n = int(segments.max()) + 1
        return kernel_shap(game, n, max(samples, 2 * n), seed=seed)

    return from_superpixels(classifier, x, classes, weigh)


def integrated_gradients_map(classifier: Classifier, x: Array, classes: Classes) -> Array:
    """Integrated Gradients from black (lesson 06); complete to five per cent."""
    found = integrated_gradients(classifier, x, classes, num_steps=24, tolerance=0.05)
    return np.stack([attribution.phi for attribution in found])


def smooth_grad_map(
    classifier: Classifier, x: Array, classes: Classes, *, num_samples: int = 8
) -> Array:
    """The size of SmoothGrad (lesson 06), largest over the colours."""
    rows = zip(x, classes, strict=True)
    maps = [saliency.smooth_grad(classifier, p, int(c), num_samples=num_samples) for p, c in rows]
    return np.abs(maps).max(axis=-1)


def guided_backpropagation_map(classifier: Classifier, x: Array, classes: Classes) -> Array:
    """The size of guided backpropagation (lesson 03), largest over the colours."""
    return np.abs(cam_family.guided_backpropagation(classifier, x, classes)).max(axis=-1)


METHODS: dict[str, Method] = {
    "CAM": cam_module.cam,
    "Grad-CAM": grad_cam,
    "Grad-CAM++": cam_family.grad_cam_plus_plus,
    "HiResCAM": cam_family.hires_cam,
    "LayerCAM": cam_family.layer_cam,
    "XGrad-CAM": cam_family.xgrad_cam,
    "Eigen-CAM": lambda classifier, x, classes: cam_family.eigen_cam(classifier, x),
    "Score-CAM": lambda classifier, x, classes: score_cam(classifier, x, classes, max_channels=32),
    "LIME": lime_map,
    "KernelSHAP": kernel_shap_map,
    "Integrated Gradients": integrated_gradients_map,
    "gradient × input": saliency.gradient_times_input,
    "SmoothGrad": smooth_grad_map,
    "saliency": saliency.saliency,
    "guided backpropagation": guided_backpropagation_map,
}


def random_map(classifier: Classifier, x: Array, classes: Classes) -> Array:
    """A control: blots that know neither picture nor network, the same for all."""
    blots = np.random.default_rng(0).uniform(size=(7, 7))
    return np.broadcast_to(blots, (len(x), 7, 7)).astype("float32")


def centre_map(classifier: Classifier, x: Array, classes: Classes) -> Array:
    """A control: hot in the middle of the picture, where photographers put things."""
    height, width = (np.linspace(-2, 2, size) for size in classifier.input_size)
    spot = np.exp(-(height[:, None] ** 2) - width[None] ** 2)
    return np.broadcast_to(spot, (len(x), *spot.shape)).astype("float32")


CONTROLS: dict[str, Method] = {"random": random_map, "centre": centre_map}


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
    >>> twin, counter = counted(models.load("squeezenet"))
    >>> counter.pictures = 0
    >>> maps = grad_cam(twin, [images.course_image("panda")] * 3)
    >>> counter.pictures
    3
    """
    counter = Counter()

    def count(rows: tf.Tensor) -> None:
        counter.pictures += int(rows)

    def preprocess(x: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.py_function(count, [tf.shape(x)[0]], [])]):
            return classifier.preprocess(tf.identity(x))

    twin = Classifier(
        classifier.model,
        classifier.labels,
        preprocess,
        input_size=classifier.input_size,
        layer=classifier.layer,
        output=classifier.output,
        name=classifier.name,
    )
    return twin, counter

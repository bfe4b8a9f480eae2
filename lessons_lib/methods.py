"""Every method of the course behind one interface, so that they can be compared (lesson 08).

A method is a function of a network, pictures and classes that gives one map for each picture. To
add one of your own, write such a function and put it beside the others::

    def edges(classifier, x, classes):
        return np.stack([cv2.Laplacian(picture.mean(axis=-1), cv2.CV_32F) for picture in x])

    methods = METHODS | {"edges": edges}

Those that sample are set to be fast rather than exact here; the numbers stand in the signatures.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib import cam as cam_module
from lessons_lib import lime, maps
from lessons_lib.baselines import Pixels
from lessons_lib.basics.checks import as_floats
from lessons_lib.grad_cam import grad_cam
from lessons_lib.images import Images, as_given, resize
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.network.asking import Network
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score
from lessons_lib.score_cam import score_cam
from lessons_lib.shapley import kernel_shap

Classes = NDArray[np.int_]

Method = Callable[..., NDArray[np.floating]]
"""From a network, pictures (n, *picture_shape) and a class for each to maps (n, h, w), of any
resolution, or attributions (n, *picture_shape), which are added up over the channels. The network
is a `Classifier`; where a method only asks, it may be any `Network`."""

SUPERPIXELS = 30


def heat_maps(
    method: Method,
    classifier: Network,
    images: Images,
    target: Target | Score = None,
    layer: str | None = None,
) -> Pixels:
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
    layer
        Where to look, for methods that look at a layer; default: the classifier's.

    Returns
    -------
    ndarray of float32, shape (*input_size) for one picture, (n, *input_size) for several
        Raw and signed, in the method's own units; enlarged where the method's maps are smaller.

    Raises
    ------
    ValueError
        If the method gives something else than one finite map for each picture, or there is a
        ``layer`` and it looks at none.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> panda = images.course_image("panda")
    >>> heat_maps(METHODS["Grad-CAM"], models.load("squeezenet"), panda).shape
    (224, 224)
    """
    classifier, target = classifier.explaining(target)
    if layer is not None:
        method = _at(method, layer)

    def maps(x: Pixels, target: Any) -> Pixels:
        found = as_floats(method(classifier, x, classifier.chosen(x, target)), "the maps")
        if found.ndim == 4 and found.shape[-1] == classifier.channels:
            found = found.sum(axis=-1)
        if found.ndim != 3 or len(found) != len(x) or not found.size:
            raise ValueError(
                f"a method gives (n, h, w) or (n, h, w, channels); for {len(x)} pictures this one "
                f"gave {found.shape}"
            )
        if not np.isfinite(found).all():
            count = int((~np.isfinite(found)).sum())
            raise ValueError(f"{count} values of the maps are not finite")
        return np.stack([resize(heat, classifier.input_size) for heat in found])

    return as_given(images, classifier.stream(maps, images, target))


def _at(method: Method, layer: str) -> Method:
    """The method at a layer of its own; a ValueError if it looks at none."""
    if "layer" not in inspect.signature(method).parameters:
        looking = [
            name for name, m in METHODS.items() if "layer" in inspect.signature(m).parameters
        ]
        raise ValueError(
            f"layer={layer!r}: this method looks at no layer; those that do are "
            f"{', '.join(looking)}"
        )
    return functools.partial(method, layer=layer)


def from_superpixels(
    classifier: Network,
    x: Pixels,
    classes: Classes,
    weigh: Callable[[Pixels, NDArray[np.int_], int], NDArray[np.floating]],
) -> Pixels:
    """Maps that are flat on each superpixel; ``weigh`` says how high, for picture and class.

    A superpixel's weight is spread over its pixels, so that the map adds up to the weights.
    """
    heats = []
    for picture, target in zip(x, classes, strict=True):
        segments = lime.superpixels(classifier.shown(picture), n_segments=SUPERPIXELS)
        weights = weigh(picture, segments, int(target)) / np.bincount(segments.ravel())
        heats.append(weights[segments])
    return np.array(heats, np.float32)


def lime_map(
    classifier: Network, x: Pixels, classes: Classes, *, samples: int = 90, seed: int = 0
) -> Pixels:
    """LIME's coefficients of superpixels (lesson 04), for the logit."""

    def weigh(picture: Pixels, segments: NDArray[np.int_], target: int) -> NDArray[np.floating]:
        nearby = lime.sample_image(
            classifier, picture, segments, samples=samples, seed=seed, target=target, scores="logit"
        )
        return lime.local_surrogate(nearby).coefficients

    return from_superpixels(classifier, x, classes, weigh)


def kernel_shap_map(
    classifier: Network, x: Pixels, classes: Classes, *, samples: int = 90, seed: int = 0
) -> Pixels:
    """Shapley values of superpixels (lesson 09), for the logit."""

    def weigh(picture: Pixels, segments: NDArray[np.int_], target: int) -> NDArray[np.floating]:
        def game(Z: NDArray[np.bool_]) -> NDArray[np.floating]:
            scores = lime.coalition_scores(classifier, picture, segments, Z, scores="logit")
            return scores[:, target]

        n = int(segments.max()) + 1
        return kernel_shap(game, n, max(samples, 2 * n), seed=seed)

    return from_superpixels(classifier, x, classes, weigh)


def occlusion_map(classifier: Network, x: Pixels, classes: Classes) -> Pixels:
    """Occlusion with 49 windows: a quarter of the picture each, moved by half a window."""
    height, width = (max(1, side // 4) for side in classifier.input_size)
    stride = (max(1, height // 2), max(1, width // 2))
    return maps.occlusion(classifier, x, classes, window=(height, width), stride=stride)


def rise_map(classifier: Network, x: Pixels, classes: Classes, *, samples: int = 200) -> Pixels:
    """RISE with far fewer masks than in its paper."""
    return maps.rise(classifier, x, classes, samples=samples)


def integrated_gradients_map(classifier: Classifier, x: Pixels, classes: Classes) -> Pixels:
    """Integrated Gradients from black (lesson 06); complete to five per cent."""
    found = integrated_gradients(classifier, x, classes, num_steps=24, tolerance=0.05)
    return np.stack([attribution.phi for attribution in found])


def smooth_grad_map(
    classifier: Classifier, x: Pixels, classes: Classes, *, samples: int = 8
) -> Pixels:
    """The size of SmoothGrad (lesson 10), largest over the colours."""
    rows = zip(x, classes, strict=True)
    found = [maps.smooth_grad(classifier, p, int(c), samples=samples) for p, c in rows]
    return np.abs(found).max(axis=-1)


def guided_backpropagation_map(classifier: Classifier, x: Pixels, classes: Classes) -> Pixels:
    """The size of guided backpropagation (lesson 07), largest over the colours."""
    return np.abs(maps.guided_backpropagation(classifier, x, classes)).max(axis=-1)


METHODS: dict[str, Method] = {
    "CAM": cam_module.cam,
    "Grad-CAM": grad_cam,
    "Grad-CAM++": maps.grad_cam_plus_plus,
    "HiResCAM": maps.hires_cam,
    "LayerCAM": maps.layer_cam,
    "XGrad-CAM": maps.xgrad_cam,
    "Eigen-CAM": lambda classifier, x, classes, layer=None: maps.eigen_cam(classifier, x, layer),
    "Score-CAM": functools.partial(score_cam, max_channels=32),
    "LIME": lime_map,
    "KernelSHAP": kernel_shap_map,
    "occlusion": occlusion_map,
    "RISE": rise_map,
    "Integrated Gradients": integrated_gradients_map,
    "gradient × input": maps.gradient_times_input,
    "SmoothGrad": smooth_grad_map,
    "saliency": maps.saliency,
    "guided backpropagation": guided_backpropagation_map,
}

LINEAR = frozenset({"CAM", "LIME", "KernelSHAP", "occlusion", "RISE", "gradient × input"})
"""Methods whose map of a difference of two scores is the difference of the scores' two maps."""

SHORT = {"shap": "KernelSHAP", "ig": "Integrated Gradients"}


def short_name(method: str) -> str:
    """How a method is typed: "Grad-CAM++" is ``grad_cam_plus_plus``.

    Examples
    --------
    >>> short_name("Grad-CAM++"), short_name("gradient × input")
    ('grad_cam_plus_plus', 'gradient_times_input')
    """
    return (
        method.lower().replace("++", "_plus_plus").replace("×", "times").replace("-", "_")
    ).replace(" ", "_")


def by_names(names: Sequence[str]) -> dict[str, Method]:
    """Some of `METHODS`, by their names or as they are typed, in this order.

    Raises
    ------
    TypeError
        If ``names`` is no list of texts.
    ValueError
        If one is unknown, or there is none; the message lists all.

    Examples
    --------
    >>> list(by_names(["grad_cam", "RISE", "ig"]))
    ['Grad-CAM', 'RISE', 'Integrated Gradients']
    """
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"methods are a list of names, not {names!r}")
    known = {short_name(method): method for method in METHODS} | SHORT
    wanted = [short_name(name) if isinstance(name, str) else name for name in names]
    unknown = [str(name) for name in wanted if name not in known]
    if unknown or not wanted:
        raise ValueError(f"no method {', '.join(unknown) or names!r}; there are {', '.join(known)}")
    return {known[name]: METHODS[known[name]] for name in wanted}


def random_map(classifier: Network, x: Pixels, classes: Classes) -> Pixels:
    """A control: blots that know neither picture nor network, the same for all."""
    blots = np.random.default_rng(0).uniform(size=(7, 7))
    return np.broadcast_to(blots, (len(x), 7, 7)).astype("float32")


def centre_map(classifier: Network, x: Pixels, classes: Classes) -> Pixels:
    """A control: hot in the middle of the picture, where photographers put things."""
    height, width = (np.linspace(-2, 2, size) for size in classifier.input_size)
    spot = np.exp(-(height[:, None] ** 2) - width[None] ** 2)
    return np.broadcast_to(spot, (len(x), *spot.shape)).astype("float32")


CONTROLS: dict[str, Method] = {"random": random_map, "centre": centre_map}

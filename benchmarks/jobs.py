"""What is measured: for each job the bare model calls that it needs, our way, and our peers'.

A job is a function that loads what it needs and returns its ways by name, each a function without
arguments. The first way is the floor: the compiled model calls alone, on inputs that are ready, at
the best batch size. `run.py` times them.
"""

import functools
import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Ways = dict[str, Callable[[], object]]
JOBS: dict[str, Callable[[], Ways]] = {}
FLOOR = "bare model calls"
PICTURES = {"vgg16": "drum_guitar", "xception": "panda", "mobilenet_v2": "macaw"}


def job(name: str) -> Callable[[Callable[[], Ways]], Callable[[], Ways]]:
    """Enter a job under a name."""

    def enter(function: Callable[[], Ways]) -> Callable[[], Ways]:
        JOBS[name] = function
        return function

    return enter


def has(package: str) -> bool:
    """Whether a peer is installed."""
    return importlib.util.find_spec(package) is not None


class Setting:
    """A network, a photograph, and the photograph as the bare Keras model takes it."""

    def __init__(self, name: str) -> None:
        import tensorflow as tf

        from lessons_lib import images, models

        self.net = models.load(name)
        self.model = self.net.model
        self.photo = images.course_image(PICTURES[name])
        self.x = self.net.prepare(self.photo)
        self.ready = np.asarray(self.net.preprocess(tf.constant(self.x)))
        self.target = self.net.top(self.photo)[0].index
        self.one_hot = np.eye(len(self.net.labels), dtype="float32")[[self.target]]

    def calls(self, count: int, *, gradient: bool = False) -> Callable[[], None]:
        """That many bare passes, at the best batch size; forward, or there and back."""
        import tensorflow as tf

        def forward(x: tf.Tensor) -> tf.Tensor:
            return self.net.forward(x)[:, self.target]

        def differentiate(x: tf.Tensor) -> tf.Tensor:
            return tf.gradients(forward(x), x)[0]

        function = tf.function(differentiate if gradient else forward, autograph=False)
        sizes = [size for size in (1, 2, 4, 8, 16, 32) if size <= count]

        def batch(size: int) -> tf.Tensor:
            return tf.constant(np.repeat(self.x, size, axis=0))

        # Found at the first call, from one batch of each size.
        best = functools.cache(lambda: fastest(sizes, lambda size: function(batch(size)).numpy()))

        def ask() -> None:
            pictures = batch(best())
            for i in range(0, count, best()):
                function(pictures[: count - i]).numpy()

        return ask

    def layer_gradient(self) -> Callable[[], object]:
        """One pass through the network, and back to the layer."""
        import tensorflow as tf

        from lessons_lib.network.layers import tapped

        layer = self.net.layers[self.net.layer]

        @tf.function(autograph=False)
        def differentiate(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tapped(layer) as seen:
                score = self.net.forward(x)[:, self.target]
            return seen[-1], tf.gradients(score, seen[-1])[0]

        x = tf.constant(self.x)
        return lambda: [part.numpy() for part in differentiate(x)]


def fastest(sizes: list[int], ask: Callable[[int], object]) -> int:
    """The batch size at which a picture takes least time: the better of two tries each."""

    def seconds(size: int) -> float:
        start = time.perf_counter()
        ask(size)
        return (time.perf_counter() - start) / size

    for size in sizes:
        ask(size)  # compiles
    return min(sizes, key=lambda size: min(seconds(size), seconds(size)))


def keras_vis() -> Any:
    """tf-keras-vis's modules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis import gradcam, gradcam_plus_plus, saliency, scorecam
        from tf_keras_vis.utils import model_modifiers, scores

    class Modules:
        Gradcam, GradcamPlusPlus = gradcam.Gradcam, gradcam_plus_plus.GradcamPlusPlus
        Saliency, Scorecam = saliency.Saliency, scorecam.Scorecam
        Linear, Score = model_modifiers.ReplaceToLinear, scores.CategoricalScore

    return Modules


def gradient_cam_job(network: str, name: str) -> Ways:
    """Grad-CAM or Grad-CAM++ at the classifier's own layer; tf-explain has the first only."""
    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.maps.family import grad_cam_plus_plus

    s = Setting(network)
    vis = keras_vis()
    layer = s.net.layer
    plain = name == "Grad-CAM"
    ours = grad_cam if plain else grad_cam_plus_plus
    visualiser = vis.Gradcam if plain else vis.GradcamPlusPlus
    theirs = visualiser(s.model, model_modifier=vis.Linear(), clone=True)
    ways: Ways = {
        FLOOR: s.layer_gradient(),
        "lessons_lib": lambda: ours(s.net, s.x[0], s.target),
        "lessons_lib, resizing too": lambda: ours(s.net, s.photo, s.target),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready, penultimate_layer=layer),
    }
    if plain and has("tf_explain"):
        from tf_explain.core.grad_cam import GradCAM

        explainer = GradCAM()
        ways["tf-explain"] = lambda: explainer.explain(
            (s.ready, None), s.model, s.target, layer_name=layer
        )
    if has("xplique"):
        from xplique import attributions

        kind = attributions.GradCAM if plain else attributions.GradCAMPP
        xplique = kind(s.model, conv_layer=layer)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


for _name, _network, _title in [
    ("Grad-CAM", "vgg16", "VGG16"),
    ("Grad-CAM", "xception", "Xception"),
    ("Grad-CAM", "mobilenet_v2", "MobileNetV2"),
    ("Grad-CAM++", "vgg16", "VGG16"),
]:
    job(f"{_name}, {_title}")(lambda network=_network, name=_name: gradient_cam_job(network, name))


@job("saliency, VGG16")
def saliency() -> Ways:
    from lessons_lib.maps.gradients import saliency

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Saliency(s.model, model_modifier=vis.Linear(), clone=True)
    ways: Ways = {
        FLOOR: s.calls(1, gradient=True),
        "lessons_lib": lambda: saliency(s.net, s.photo, s.target),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready),
    }
    if has("xplique"):
        from xplique.attributions import Saliency

        xplique = Saliency(s.model)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


@job("SmoothGrad, 20 samples, VGG16")
def smooth_grad() -> Ways:
    import saliency.core as pair

    from lessons_lib.maps.gradients import smooth_grad

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Saliency(s.model, model_modifier=vis.Linear(), clone=True)
    pairs = pair.GradientSaliency()
    ways: Ways = {
        FLOOR: s.calls(20, gradient=True),
        "lessons_lib": lambda: smooth_grad(s.net, s.photo, s.target, num_samples=20),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready, smooth_samples=20),
        "PAIR saliency": lambda: pairs.GetSmoothedMask(s.ready[0], pair_call(s), {}, nsamples=20),
    }
    if has("tf_explain"):
        from tf_explain.core.smoothgrad import SmoothGrad

        explainer = SmoothGrad()
        ways["tf-explain"] = lambda: explainer.explain(
            (s.ready, None), s.model, s.target, num_samples=20
        )
    if has("xplique"):
        from xplique.attributions import SmoothGrad as Xplique

        xplique = Xplique(s.model, nb_samples=20)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


def pair_call(s: Setting) -> Callable[..., dict[str, np.ndarray]]:
    """The gradient as PAIR's example for TensorFlow 2 asks for it: uncompiled."""
    import saliency.core as pair
    import tensorflow as tf

    def call(batch: np.ndarray, *_: object, **__: object) -> dict[str, np.ndarray]:
        z = tf.constant(np.asarray(batch), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(z)
            output = s.model(z)[:, s.target]
        return {pair.INPUT_OUTPUT_GRADIENTS: tape.gradient(output, z).numpy()}

    return call


def score_cam_job(channels: int) -> Ways:
    """Score-CAM with the channels that vary most."""
    from lessons_lib.score_cam import score_cam

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Scorecam(s.model, model_modifier=vis.Linear(), clone=True)
    return {
        FLOOR: s.calls(channels + 2),  # the layer, the empty picture, the masked pictures
        "lessons_lib": lambda: score_cam(s.net, s.photo, s.target, max_channels=channels),
        "tf-keras-vis": lambda: theirs(
            vis.Score(s.target), s.ready, penultimate_layer=s.net.layer, max_N=channels
        ),
    }


for _channels in (10, 64):
    job(f"Score-CAM, {_channels} channels, VGG16")(lambda n=_channels: score_cam_job(n))


@job("Integrated Gradients, 50 steps, Xception")
def integrated_gradients() -> Ways:
    import saliency.core as pair

    from lessons_lib.integrated_gradients import integrated_gradients

    s = Setting("xception")
    pairs = pair.IntegratedGradients()
    ways: Ways = {
        FLOOR: s.calls(50, gradient=True),
        "lessons_lib": lambda: integrated_gradients(
            s.net, s.photo, s.target, rule="gauss_legendre", num_steps=50
        ),
        "PAIR saliency": lambda: pairs.GetMask(
            s.ready[0], pair_call(s), {}, x_steps=50, batch_size=8
        ),
    }
    if has("tf_explain"):
        from tf_explain.core.integrated_gradients import IntegratedGradients

        explainer = IntegratedGradients()
        ways["tf-explain"] = lambda: explainer.explain(
            (s.ready, None), s.model, s.target, n_steps=50
        )
    if has("xplique"):
        from xplique.attributions import IntegratedGradients as Xplique

        xplique = Xplique(s.model, steps=50, batch_size=8)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


def lime_image_job(network: str, samples: int) -> Ways:
    """From the photograph to the coefficients of one class; the library with our superpixels."""
    import tensorflow as tf
    from lime import lime_image

    from lessons_lib.lime import explain, sample_image, superpixels

    s = Setting(network)
    lime_image.tqdm = iter  # no progress bar

    def ours() -> None:
        segments = superpixels(s.x[0])
        explain(sample_image(s.net, s.photo, segments, samples=samples), s.target)

    def library() -> None:
        lime_image.LimeImageExplainer(random_state=0).explain_instance(
            s.x[0].astype("uint8"), s.net.probabilities, labels=(s.target,), top_labels=None,
            num_samples=samples, batch_size=16, segmentation_fn=superpixels,
        )  # fmt: skip

    ways: Ways = {FLOOR: s.calls(samples), "lessons_lib": ours, "lime": library}
    if has("xplique"):
        from xplique.attributions import Lime

        xplique = Lime(
            s.model, batch_size=16, nb_samples=samples,
            map_to_interpret_space=lambda x: tf.constant(superpixels(s.x[0]), tf.int32),
        )  # fmt: skip
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


job("LIME, 32 samples, VGG16")(lambda: lime_image_job("vgg16", 32))
job("LIME, 500 samples, MobileNetV2")(lambda: lime_image_job("mobilenet_v2", 500))


def table_model() -> tuple[Any, np.ndarray]:
    """A random forest on ten columns of the Boston table, and the rows it was fitted to."""
    from sklearn.ensemble import RandomForestRegressor

    from lessons_lib import tables

    boston = tables.load("boston")
    X = boston.X[:, -10:]
    return RandomForestRegressor(random_state=0).fit(X, boston.y), X


@job("LIME, 5,000 rows of a table")
def lime_table() -> Ways:
    from lime.lime_tabular import LimeTabularExplainer

    from lessons_lib.lime import explain, sample_table

    forest, X = table_model()
    rows = X[0] + np.random.default_rng(0).normal(size=(5000, X.shape[1])) * X.std(axis=0)
    library = LimeTabularExplainer(
        X, mode="regression", random_state=0, discretize_continuous=False
    )

    def ours() -> None:
        explain(sample_table(lambda Z: forest.predict(Z)[:, None], X[0], X))

    return {
        FLOOR: lambda: forest.predict(rows),
        "lessons_lib": ours,
        "lime": lambda: library.explain_instance(
            X[0], forest.predict, num_samples=5000, num_features=10
        ),
    }


def shapley_job(kind: str) -> Ways:
    """Ten columns against 50 background rows."""
    import shap

    from lessons_lib.shapley import (
        coalitions,
        exact,
        interventional,
        kernel_shap,
        permutation_sampling,
    )

    forest, X = table_model()
    x, background = X[0], X[5:505:10]
    orders = 20
    value = interventional(forest.predict, x, background)
    masker = shap.maskers.Independent(background, len(background))
    count = 2**10 if kind != "permutation" else orders * 9 + 2
    Z = np.random.default_rng(0).permutation(coalitions(10))[:count, None, :]
    rows = np.where(Z, x, background).reshape(-1, 10)
    exact_explainer = shap.ExactExplainer(forest.predict, masker)
    kernel_explainer = shap.KernelExplainer(forest.predict, background)
    random_explainer = shap.PermutationExplainer(forest.predict, masker, seed=0)
    ours, theirs = {
        "exact": (
            lambda: exact(value, 10),
            lambda: exact_explainer(x[None]),
        ),
        "kernel": (
            lambda: kernel_shap(value, 10),
            lambda: kernel_explainer.shap_values(x, nsamples=2**10 - 2, silent=True),
        ),
        "permutation": (
            lambda: permutation_sampling(value, 10, orders, seed=0),
            lambda: random_explainer(x[None], max_evals=21 * orders // 2, silent=True),
        ),
    }[kind]
    return {FLOOR: lambda: forest.predict(rows), "lessons_lib": ours, "shap": theirs}


job("KernelSHAP, all coalitions of 10 columns")(lambda: shapley_job("kernel"))
job("exact Shapley values of 10 columns")(lambda: shapley_job("exact"))
job("Shapley values from 20 orders of 10 columns")(lambda: shapley_job("permutation"))


@job("deletion curve, 20 steps, VGG16")
def deletion() -> Ways:
    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.judging.curves import deletion

    s = Setting("vgg16")
    heat = grad_cam(s.net, s.photo, s.target)
    ways: Ways = {
        FLOOR: s.calls(21),
        "lessons_lib": lambda: deletion(s.net, s.photo, heat, s.target, steps=20),
    }
    if has("xplique"):
        from xplique.metrics import Deletion

        from lessons_lib.images import resize

        full = resize(heat, s.net.input_size)[None]

        def xplique() -> None:
            Deletion(s.model, s.ready, s.one_hot, batch_size=16, steps=20)(full)

        ways["xplique"] = xplique
    return ways

"""What all jobs share. For each job: the bare model calls that it needs, our way, and our peers'.

A job is a function that loads what it needs and returns its ways by name, each a function without
arguments. The first way is the floor: the compiled model calls alone, on inputs that are ready, at
the best batch size. `run.py` times them.
"""

import functools
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

    def gradient(self) -> Callable[[Any], Any]:
        """The compiled pass there and back, for a batch of pictures."""
        import tensorflow as tf

        return tf.function(
            lambda x: tf.gradients(self.net.forward(x)[:, self.target], x)[0], autograph=False
        )

    def calls(self, count: int, *, gradient: bool = False) -> Callable[[], None]:
        """That many bare passes, at the best batch size; forward, or there and back."""
        import tensorflow as tf

        def forward(x: tf.Tensor) -> tf.Tensor:
            return self.net.forward(x)[:, self.target]

        function = self.gradient() if gradient else tf.function(forward, autograph=False)
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


def table_model() -> tuple[Any, np.ndarray]:
    """A random forest on ten columns of the Boston table, and the rows it was fitted to."""
    from sklearn.ensemble import RandomForestRegressor

    from lessons_lib import tables

    boston = tables.course_table("boston")
    X = boston.X[:, -10:]
    return RandomForestRegressor(random_state=0).fit(X, boston.y), X

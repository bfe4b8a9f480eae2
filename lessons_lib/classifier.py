"""The one way to ask a network: RGB pixels in; logits, probabilities and gradients out.

Preprocessing happens inside, in the compiled graph: once, rightly, and where a gradient can pass
through it.
"""

import dataclasses
import difflib
import functools
import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib import images as pictures
from lessons_lib.baselines import make_baseline
from lessons_lib.batches import in_batches
from lessons_lib.checks import whole
from lessons_lib.layers import has_place, spatial_shapes, tapped, walk

Target = int | str | Sequence[int | str] | NDArray[np.integer] | None
"""The class to explain: an index, a label, one of these for each picture, or None: the top one."""

_CAFFE_MEAN = (103.939, 116.779, 123.68)  # blue, green, red
_TORCH_MEAN, _TORCH_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # red, green, blue

PREPROCESSING: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "none": lambda x: x,
    "tf": lambda x: x / 127.5 - 1.0,
    "torch": lambda x: (x - _TORCH_MEAN) / _TORCH_STD,
    "caffe": lambda x: x[..., ::-1] - _CAFFE_MEAN,
}


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One class that a network names for a picture."""

    index: int
    label: str
    probability: float

    def __str__(self) -> str:
        return f"{self.label} (class {self.index}): {self.probability:.2f}"


class LayerGradients(NamedTuple):
    """What a layer holds for some pictures, and how the class score depends on it.

    Attributes
    ----------
    A : ndarray of float32, shape (n, height, width, channels)
        The layer's activations.
    gradient : ndarray of float32, same shape
        d score / d A, for each picture by itself.
    score : ndarray of float32, shape (n,)
        The explained class's logit.
    target : ndarray of int, shape (n,)
        The explained class.
    """

    A: NDArray[np.float32]
    gradient: NDArray[np.float32]
    score: NDArray[np.float32]
    target: NDArray[np.int_]


class Classifier:
    """Any Keras image classifier, asked with RGB pixels 0..255 of any size.

    Parameters
    ----------
    model
        Functional, Sequential, nested or subclassed; it is never changed. Whether it ends in a
        softmax, in a sigmoid or in logits is seen from its graph. A single output unit ``z`` is
        read as two classes with the logits ``(-z, z)``.
    labels
        One name for each class; default: ``class 0``, ``class 1``, ...
    preprocess
        What the network wants done to its pixels: ``"tf"`` (to -1..1), ``"caffe"`` (BGR, ImageNet
        mean off), ``"torch"`` (ImageNet mean and deviation), ``"none"``, or a function of a float32
        tensor (n, height, width, 3), such as ``keras.applications.resnet.preprocess_input``.
    input_size
        (height, width) the network wants; needed only where the model leaves it open.
    layer
        The layer that the CAM methods look at; default: the last one whose output still has a
        place (height and width above 1) and that is not a pooling layer.
    output
        Which output to explain, where the model has several.
    name
        How to call it in titles; default: the model's name.

    Raises
    ------
    TypeError
        If ``model`` is not a Keras model.
    ValueError
        If the model has several inputs, several outputs and no ``output``, or no fixed input size
        and no ``input_size``; if ``preprocess`` or ``layer`` is unknown, or the number of labels
        is not the number of classes.

    Examples
    --------
    >>> tiny = keras.Sequential([
    ...     keras.Input((32, 32, 3)),
    ...     keras.layers.Conv2D(4, 3, name="features"),
    ...     keras.layers.GlobalAveragePooling2D(),
    ...     keras.layers.Dense(2, activation="softmax"),
    ... ])
    >>> classifier = Classifier(tiny, ["cat", "dog"], preprocess="tf")
    >>> classifier.layer
    'features'
    >>> classifier.probabilities(np.zeros((80, 60, 3))).sum().round(5)
    np.float32(1.0)
    """

    def __init__(
        self,
        model: keras.Model,
        labels: Sequence[str] | None = None,
        preprocess: str | Callable[[tf.Tensor], tf.Tensor] = "none",
        *,
        input_size: tuple[int, int] | None = None,
        layer: str | None = None,
        output: int | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise TypeError(f"model must be a keras.Model, not {type(model).__name__}")
        if isinstance(preprocess, str) and preprocess not in PREPROCESSING:
            raise ValueError(
                f"preprocess={preprocess!r} is unknown; use one of {sorted(PREPROCESSING)} "
                "or a function of a tensor of RGB pixels 0..255"
            )
        self.model = model
        self.name = name or model.name
        self.input_size = _input_size(model, input_size)
        self.preprocess = PREPROCESSING[preprocess] if isinstance(preprocess, str) else preprocess
        self.output = output
        self._compiled: dict[Hashable, Callable[..., Any]] = {}
        if not model.built:
            model(tf.zeros((1, *self.input_size, 3)))
        classes = self._predict.structured_outputs[0].shape[-1]
        self.labels = tuple(labels) if labels else tuple(f"class {i}" for i in range(classes))
        if len(self.labels) != classes:
            raise ValueError(f"{len(self.labels)} labels for a network of {classes} classes")
        self.layer = self._layer(layer)[0] if layer else self._default_layer()

    def __repr__(self) -> str:
        height, width = self.input_size
        return (
            f"<Classifier {self.name}: {height} x {width} pixels, {len(self.labels)} classes, "
            f"layer {self.layer}>"
        )

    def around(self, model: keras.Model) -> "Classifier":
        """The same labels, preprocessing and layer around another model of the same layers.

        Examples
        --------
        >>> from lessons_lib import models
        >>> classifier = models.load("mobilenet_v2")
        >>> classifier.around(keras.models.clone_model(classifier.model)).layer
        'out_relu'
        """
        return Classifier(
            model,
            self.labels,
            self.preprocess,
            input_size=self.input_size,
            layer=self.layer,
            output=self.output,
            name=self.name,
        )

    # Asking the network

    def prepare(self, images: ArrayLike | Sequence[ArrayLike]) -> NDArray[np.float32]:
        """Check pictures and bring them to the network's size (the whole picture, no cropping).

        Parameters
        ----------
        images
            One picture (height, width, 3), a batch, or a list of pictures of any sizes; RGB 0..255.

        Returns
        -------
        ndarray of float32, shape (n, *input_size, 3)
            RGB pixels 0..255; a new array.

        Raises
        ------
        TypeError, ValueError
            As `lessons_lib.images.as_batch`.
        """
        resized = [pictures.resized(p, self.input_size) for p in pictures.as_batch(images)]
        return np.clip(resized, 0, 255, dtype=np.float32)  # averages are rounded, to 255.00002 say

    def baseline(
        self, images: ArrayLike | Sequence[ArrayLike], kind: str | ArrayLike = "zero"
    ) -> NDArray[np.float32]:
        """Pictures that show nothing, to put in place of what is hidden.

        Parameters
        ----------
        images
            As for `prepare`.
        kind
            ``"zero"``: the colour that the network's preprocessing turns into 0, which is grey for
            most networks; or what `lessons_lib.baselines.make_baseline` takes: ``"black"``,
            ``"blurred"``, ..., or a picture.

        Returns
        -------
        ndarray of float32, shape (n, *input_size, 3)
            RGB pixels 0..255.

        Raises
        ------
        ValueError
            If ``kind`` is none of these, or no colour becomes 0.

        Examples
        --------
        >>> from lessons_lib import models
        >>> models.load("mobilenet_v2").baseline(pictures.course_image("panda"))[0, 0, 0]
        array([127.5, 127.5, 127.5], dtype=float32)
        """
        x = self.prepare(images)
        if isinstance(kind, str) and kind == "zero":
            return np.zeros_like(x) + self._zero_colour
        rng = np.random.default_rng(0)
        return np.stack([make_baseline(kind, picture, picture, rng) for picture in x])

    def logits(self, images: ArrayLike | Sequence[ArrayLike]) -> NDArray[np.float32]:
        """Class scores before the softmax, shape (n, classes)."""
        return in_batches(self._predict, self.prepare(images))[0]

    def probabilities(self, images: ArrayLike | Sequence[ArrayLike]) -> NDArray[np.float32]:
        """Class probabilities 0..1, shape (n, classes)."""
        return in_batches(self._predict, self.prepare(images))[1]

    def top(self, image: ArrayLike, k: int = 5) -> list[Prediction]:
        """The ``k`` most probable classes of one picture, best first.

        Examples
        --------
        >>> from lessons_lib import models
        >>> print(models.load("mobilenet_v2").top(pictures.course_image("panda"))[0])
        giant panda (class 388): 0.92
        """
        whole(k, "k", 1)
        probabilities = self.probabilities(image)
        if len(probabilities) != 1:
            raise ValueError(f"top() takes one picture, but there are {len(probabilities)}")
        best = np.argsort(-probabilities[0])[:k]
        return [Prediction(int(i), self.labels[i], float(probabilities[0, i])) for i in best]

    def class_index(self, target: int | str) -> int:
        """Index of a class that is given by its index or its label.

        Raises
        ------
        TypeError
            If ``target`` is neither a whole number nor a label.
        ValueError
            If there is no such class (the message names near labels), or two have this label.
        """
        if isinstance(target, str):
            found = [i for i, label in enumerate(self.labels) if label == target]
            if len(found) > 1:
                raise ValueError(f"{len(found)} classes are called {target!r}: {found}; give one")
            if not found:
                near = difflib.get_close_matches(target, self.labels, n=3, cutoff=0.5)
                hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see .labels"
                raise ValueError(f"{self.name} knows no class {target!r}; {hint}")
            return found[0]
        if isinstance(target, bool) or not isinstance(target, int | np.integer):
            raise TypeError(f"a class is a whole number or a label, not {target!r}")
        if not 0 <= target < len(self.labels):
            raise ValueError(f"class {target} is outside 0..{len(self.labels) - 1}")
        return int(target)

    def targets(self, target: Target, logits: NDArray[np.floating]) -> NDArray[np.int_]:
        """One class index for each picture; ``None`` means each picture's own top class."""
        if target is None:
            return logits.argmax(axis=-1)
        wanted: Any = target.tolist() if isinstance(target, np.ndarray) else target
        if not isinstance(wanted, Sequence) or isinstance(wanted, str):
            return np.full(len(logits), self.class_index(wanted))
        indices = np.array([self.class_index(t) for t in wanted], int)
        if len(indices) != len(logits):
            raise ValueError(f"{len(indices)} targets for {len(logits)} pictures")
        return indices

    def chosen(self, x: NDArray[np.float32], target: Target) -> NDArray[np.int_]:
        """One class index for each prepared picture; the network is asked only for ``None``."""
        known = np.zeros((len(x), len(self.labels)), np.float32)
        return self.targets(target, self.logits(x) if target is None else known)

    # Looking inside

    def activations(
        self, images: ArrayLike | Sequence[ArrayLike], layer: str | None = None
    ) -> NDArray[np.float32]:
        """What a layer holds, shape (n, height, width, channels); default: ``self.layer``."""
        path, tapped_layer = self._layer(layer or self.layer)

        def look(x: tf.Tensor) -> tuple[tf.Tensor]:
            with tapped(tapped_layer) as seen:
                self.forward(x)
            A = seen[-1] if seen else None
            if not has_place(A):
                raise ValueError(self._no_place_message(path, A))
            return (tf.cast(A, tf.float32),)

        function = self.compiled(("activations", path), look)
        return in_batches(function, self.prepare(images))[0]

    def gradients(
        self,
        images: ArrayLike | Sequence[ArrayLike],
        target: Target = None,
        layer: str | None = None,
    ) -> LayerGradients:
        """Activations of a layer, and the gradient of the class's logit with respect to them.

        One pass through the network, and back only as far as the layer.

        Parameters
        ----------
        images
            As for `prepare`.
        target
            The class to explain; default: each picture's top class.
        layer
            Name of the layer; default: ``self.layer``.

        Returns
        -------
        LayerGradients

        Raises
        ------
        ValueError
            If there is no such layer, if its output has no place (is not of shape
            (n, height, width, channels)), or if it does not lead to the class scores.
        """
        path, tapped_layer = self._layer(layer or self.layer)

        def differentiate(x: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tapped(tapped_layer) as seen:
                logits = self.forward(x)
            A = seen[-1] if seen else None
            if not has_place(A):
                raise ValueError(self._no_place_message(path, A))
            # -1 stands for "the top class", found here so that it costs no second pass.
            target = tf.where(target < 0, tf.argmax(logits, -1, tf.int32), target)
            score = tf.gather(logits, target, batch_dims=1)
            (gradient,) = tf.gradients(score, A)
            if gradient is None:
                raise ValueError(
                    f"layer {path!r} does not lead to the class scores; {self._choices(path)}"
                )
            return tf.cast(A, tf.float32), tf.cast(gradient, tf.float32), score, target

        x = self.prepare(images)
        indices = np.full(len(x), -1) if target is None else self.chosen(x, target)
        specs = (self._pixels, tf.TensorSpec((None,), tf.int32))
        function = self.compiled(("gradients", path), differentiate, specs)
        return LayerGradients(*in_batches(function, x, indices.astype("int32")))

    # For methods that need a compiled function of their own

    def forward(self, x: tf.Tensor) -> tf.Tensor:
        """The class logits as a tensor; to be called inside a compiled function.

        Parameters
        ----------
        x : tensor of float32, shape (n, *input_size, 3)
            RGB pixels 0..255; differentiable, preprocessing included.

        Returns
        -------
        tensor of float32, shape (n, classes)
        """
        return self._logits_and_link(x)[0]

    def forward_probabilities(self, x: tf.Tensor) -> tf.Tensor:
        """The class probabilities as a tensor, shape (n, classes); otherwise as `forward`."""
        return self.outputs(x)[1]

    def outputs(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The class logits and the class probabilities as tensors; otherwise as `forward`."""
        logits, link = self._logits_and_link(x)
        return logits, link(logits)

    def forward_from(self, A: tf.Tensor, layer: str, x: tf.Tensor) -> tf.Tensor:
        """The class logits, if a layer held ``A``; to be called inside a compiled function.

        Only what comes after the layer is run; TensorFlow leaves out what nothing depends on.

        Parameters
        ----------
        A : tensor, shape (n, height, width, channels)
            What the layer shall pass on, in place of its own activations.
        layer
            The layer's name.
        x : tensor of float32, shape (n, *input_size, 3)
            RGB pixels 0..255, for paths that go around the layer.

        Returns
        -------
        tensor of float32, shape (n, classes)
        """
        with tapped(self._layer(layer)[1], lambda own: tf.cast(A, own.dtype)):
            return self.forward(x)

    def compiled(
        self,
        key: Hashable,
        function: Callable[..., Any],
        specs: Sequence[tf.TensorSpec] | None = None,
    ) -> Callable[..., Any]:
        """Compile ``function`` once and keep it under ``key``, for any number of pictures.

        ``specs`` are the types and shapes of its arguments; default: one batch of pixels.
        """
        if key not in self._compiled:
            # autograph=False: the functions have no Python loops, and errors keep their own text.
            traced = tf.function(function, autograph=False)
            self._compiled[key] = traced.get_concrete_function(*(specs or (self._pixels,)))
        return self._compiled[key]

    @property
    def _pixels(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, *self.input_size, 3), tf.float32)

    @functools.cached_property
    def _zero_colour(self) -> NDArray[np.float32]:
        # Preprocessing is linear in the colours red, green and blue, or there is no such colour.
        corners = np.vstack([np.zeros(3), 255 * np.eye(3)]).astype("float32")
        pixels = np.broadcast_to(corners[:, None, None], (4, *self.input_size, 3))
        black, *others = np.asarray(self.preprocess(tf.constant(pixels)), float)[:, 0, 0]
        slope = (np.array(others) - black) / 255
        colour = np.linalg.lstsq(slope.T, -black, rcond=None)[0]
        if not np.allclose(colour @ slope, -black, atol=1e-3) or abs(colour - 127.5).max() > 128:
            raise ValueError(
                f"no colour becomes 0 in the preprocessing of {self.name}; use another baseline, "
                'for example "black"'
            )
        return np.clip(colour, 0, 255).astype("float32")

    @property
    def _predict(self) -> Any:
        return self.compiled("predict", self.outputs)

    def _logits_and_link(self, x: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tf.Tensor]]:
        """Logits, and the function that makes them probabilities.

        In a traced graph each tensor knows the operation that made it. So the logits are what went
        into the last softmax or sigmoid, and no layer need be changed to get at them.
        """
        with warnings.catch_warnings():  # keras.Model([input], ...) warns when not given a list
            warnings.filterwarnings("ignore", "The structure of `inputs`", UserWarning)
            outputs = tf.nest.flatten(self.model(self.preprocess(x), training=False))
        if self.output is None and len(outputs) > 1:
            names = getattr(self.model, "output_names", None)
            raise ValueError(
                f"{self.name} has {len(outputs)} outputs {names or ''}; say which one to explain "
                f"with output=0 ... output={len(outputs) - 1}"
            )
        if not -len(outputs) <= (self.output or 0) < len(outputs):
            raise ValueError(f"output={self.output} is outside 0..{len(outputs) - 1}")
        result = outputs[self.output or 0]
        if result.shape.rank != 2:
            raise ValueError(
                f"the output of {self.name} has the shape {tuple(result.shape)}; a classifier "
                "gives (n, classes)"
            )
        maker = result.op
        while maker.type in ("Identity", "Cast"):
            maker = maker.inputs[0].op
        link = {"Softmax": tf.nn.softmax, "Sigmoid": tf.nn.sigmoid}.get(maker.type)
        logits = tf.cast(result if link is None else maker.inputs[0], tf.float32)
        if logits.shape[-1] == 1:
            return tf.concat([-logits, logits], axis=-1), tf.nn.sigmoid
        return logits, link or tf.nn.softmax

    # Finding layers

    @functools.cached_property
    def layers(self) -> dict[str, keras.layers.Layer]:
        """All layers by path (``"outer/inner"`` in nested models), from input to output."""
        return dict(walk(self.model))

    def _layer(self, name: str) -> tuple[str, keras.layers.Layer]:
        """Full path of a layer, and the layer; its last name alone will do if it is unique."""
        paths = [p for p in self.layers if p == name or p.rsplit("/", 1)[-1] == name]
        if len(paths) > 1 and name not in paths:
            raise ValueError(f"{len(paths)} layers are called {name!r}: {paths}; give one of these")
        if not paths:
            raise ValueError(f"{self.name} has no layer {name!r}; {self._choices()}")
        path = name if name in paths else paths[0]
        return path, self.layers[path]

    @functools.cached_property
    def spatial_layers(self) -> dict[str, tuple[int, int, int]]:
        """Layers whose output has a place: (height, width, channels) by name, in running order."""
        shapes: dict[str, tuple[int, int, int]] = {}

        def look(x: tf.Tensor) -> None:
            shapes.update(spatial_shapes(self.layers, lambda: self.forward(x)))

        tf.function(look, autograph=False).get_concrete_function(self._pixels)
        return shapes

    def _default_layer(self) -> str:
        last = ""
        for path, (height, width, _) in self.spatial_layers.items():
            kind = type(self.layers[path]).__name__
            if height * width > 1 and "Pooling" not in kind and "Dropout" not in kind:
                last = path
        return last

    def _choices(self, unfit: str = "") -> str:
        names = [name for name in self.spatial_layers if name != unfit]
        shown = names if len(names) <= 20 else ["...", *names[-20:]]
        return f"layers that would do, from input to output: {', '.join(shown)}"

    def _no_place_message(self, path: str, A: tf.Tensor | None) -> str:
        if A is None:
            return f"layer {path!r} is not used on the way to the output; {self._choices(path)}"
        return (
            f"the output of layer {path!r} has the shape {tuple(A.shape)}; a map needs one of "
            f"shape (n, height, width, channels); {self._choices()}"
        )


def _input_size(model: keras.Model, wanted: tuple[int, int] | None) -> tuple[int, int]:
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) > 1:
        names = [i.name for i in inputs]
        raise ValueError(
            f"{model.name} has {len(inputs)} inputs {names}; a Classifier takes one picture. Wrap "
            "the model in one that has a single input and fills in the others."
        )
    own = tuple(inputs[0].shape[1:3]) if inputs and len(inputs[0].shape) == 4 else (None, None)
    if wanted and any(o not in (None, w) for o, w in zip(own, wanted, strict=True)):
        raise ValueError(f"{model.name} takes pictures of {own}, not of {tuple(wanted)}")
    size = tuple(wanted) if wanted else own
    if None in size:
        raise ValueError(
            f"{model.name} does not fix its input size; say input_size=(height, width)"
        )
    return int(size[0]), int(size[1])

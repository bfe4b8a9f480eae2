"""The one way to ask a network: RGB pixels in; logits, probabilities and gradients out.

Preprocessing happens inside, in the compiled graph: once, rightly, and where a gradient can pass
through it.
"""

import functools
import threading
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import SCORES, finite, one_of
from lessons_lib.images import PHOTOGRAPH, Images, ValueRange, channels_of, value_range_of
from lessons_lib.network import BATCH_SIZE, GRADIENT_BATCH, GRADIENT_BYTES
from lessons_lib.network.asking import Class, Network
from lessons_lib.network.endings import (
    ENDINGS,
    check_classes,
    chosen_output,
    ending_of,
    read_scores,
)
from lessons_lib.network.graph import composites, in_batches
from lessons_lib.network.held import check_held, filled
from lessons_lib.network.inputs import build, picture_shape_of
from lessons_lib.network.labels import (
    Target,
    as_names,
    labels_for,
)
from lessons_lib.network.layers import (
    LayerGradients,
    Runs,
    Shapes,
    Trace,
    check_axes,
    check_model,
    choices,
    default_layer,
    find,
    may_mislead,
    output_of,
    path_of,
    tapped,
    traced,
    walk,
    why_no_default,
    with_places,
)
from lessons_lib.network.preprocessing import Preprocess, doubt, preprocessing, zero_colour
from lessons_lib.network.scores import Score


class Classifier(Network):
    """Any Keras image classifier, asked with pictures of any size: RGB 0..255, unless you say else.

    Parameters
    ----------
    model
        Functional, Sequential, nested or subclassed; it is never changed. Whether it ends in a
        softmax, in a sigmoid or in logits is seen from its graph. A single sigmoid is read as two
        classes, a single other output as a number (as two classes, if there are two labels).
    labels
        One name for each class: a list, an array, or a dict such as Keras's ``class_indices``;
        default: ``class 0``, ``class 1``, ...
    preprocess
        What the network wants done to its pixels: ``"tf"`` (to -1..1), ``"caffe"`` (BGR, ImageNet
        mean off), ``"torch"`` (ImageNet mean and deviation), ``"none"``, or a function of a float32
        tensor (n, height, width, channels), such as
        ``keras.applications.resnet.preprocess_input``. Default: nothing, with a warning if the
        model does not scale them either.
    input_size
        (height, width) the network wants; needed only where the model leaves it open.
    channels
        Likewise; default: the model's, or 3.
    value_range
        The lowest and the highest value of a pixel in your pictures, before ``preprocess``: (0, 1),
        (0, 65535), Hounsfield units (-1024, 3071), ... All that is given has to lie in it.
    layer
        The layer that the CAM methods look at; default: the last one whose output still has a
        place (height and width above 1) and that is not a pooling layer.
    output
        Which output to explain, where the model has several: its number or its name.
    ending
        What the output is, where it cannot be seen: ``"logits"``, ``"probabilities"`` (their
        logarithm is explained) or ``"numbers"`` (explained as they are, in their own unit).
        ``"scores"``: there are no classes; what is explained is a `Score`, given as ``target``.
    score
        What to explain in place of a class, always; default: what each call names as ``target``.
    held
        Where the model has several inputs: the values of all but the picture, by name, such as
        ``{"age": 54.0}``. The same stand beside each picture; `preprocess` does not touch them.
    name
        How to call it in titles; default: the model's name.

    Raises
    ------
    TypeError
        If ``model`` is not a Keras model.
    ValueError
        If the model takes no pictures, or has several inputs and ``held`` does not leave one; if it
        has several outputs and no ``output``, or no fixed input size and no ``input_size``; if
        ``preprocess`` or ``layer`` is unknown, or the number of labels is not the number of
        classes.
    TypeError
        If a value of ``held`` is of another type than its input.

    Warns
    -----
    UserWarning
        If the pixels seem to be scaled twice, or by nobody; if the default layer has fewer than
        5 x 5 places, or is far from the end.

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
        labels: Sequence[str] | Mapping[str, int] | Mapping[int, str] | None = None,
        preprocess: str | Preprocess | None = None,
        *,
        input_size: tuple[int, int] | None = None,
        channels: int | None = None,
        value_range: ValueRange = PHOTOGRAPH,
        layer: str | None = None,
        output: int | str | None = None,
        ending: str = "auto",
        score: Score | None = None,
        held: Mapping[str, ArrayLike] | None = None,
        name: str | None = None,
    ) -> None:
        check_model(model)
        if ending not in ENDINGS:
            raise ValueError(f"ending={ending!r} is unknown; use one of {', '.join(ENDINGS)}")
        self.model = model
        self.name = name or model.name
        self.held = check_held(model, held)
        self._filled = filled(model, self.held)
        height, width, self.channels = picture_shape_of(model, input_size, channels, self.held)
        self.input_size = height, width
        self.value_range = value_range_of(value_range)
        self.preprocess = preprocessing(preprocess, self.channels, self.value_range)
        self.output = output
        self.ending = "numbers" if score else ending
        self.score = score
        self._given = [_variable(array) for array in score.given] if score else []
        self._views: dict[Hashable, Classifier] = {}
        names = as_names((score.name,) if score else labels)
        self._two = len(names) == 2
        self._compiled: dict[Hashable, Callable[..., Any]] = {}
        build(model, self.picture_shape)
        what = doubt(
            model, self._run, self.picture_shape, self.preprocess, self.value_range,
            said=preprocess is not None,
        )  # fmt: skip
        doubts = [what]
        if self.ending == "scores":
            self.kind, self.labels = "score", as_names(None)
        else:
            self.kind, units = self._settle_ending()
            count = self._predict.structured_outputs[0].shape[-1]
            self.labels = labels_for(
                names, count, one_unit=units == 1 and count == 2, numbers=self.kind == "number"
            )
        if layer:
            self._layer(layer)
            self.layer = layer if ":" in layer else self._layer(layer)[0]
        else:
            self.layer, what = default_layer(self.layers, self._trace, self.spatial_layers)
            doubts.append(what)
        self.doubts = tuple(filter(None, doubts))
        for what in self.doubts:
            warnings.warn(f"{self.name}: {what}", stacklevel=2)

    def __repr__(self) -> str:
        height, width = self.input_size
        number = "1 number" if len(self.labels) == 1 else f"{len(self.labels)} numbers"
        count = number if self.kind == "number" else f"{len(self.labels)} classes"
        what = "no classes, explains scores" if self.kind == "score" else count
        score = ", explains the log probability" if self.kind == "log probability" else ""
        pixels = "pixels" if self.channels == 3 else f"pixels of {channels_of(self.channels)}"
        low, high = self.value_range
        values = "" if self.value_range == PHOTOGRAPH else f" {low:g}..{high:g}"
        return (
            f"<Classifier {self.name}: {height} x {width} {pixels}{values}, {what}, "
            f"{self._layer_and_grid()}{score}>"
        )

    def _layer_and_grid(self) -> str:
        if not self.layer:
            return "no layer with places"
        path, layer, _ = self._layer(self.layer)
        shape: Sequence[int] = getattr(getattr(layer, "output", None), "shape", ())[1:]
        if len(shape) != 3 or None in shape:  # Keras does not know it: a trace tells
            runs = [found for n, found in self.runs.items() if path_of(n, self.layers) == path]
            shape = runs[-1] if runs else ()
        grid = f", {shape[0]} x {shape[1]}" if len(shape) == 3 else ""
        return f"layer {self.layer}{grid}"

    def replace(self, **changes: Any) -> "Classifier":
        """A classifier with the same options, but for those that are named.

        Examples
        --------
        >>> from lessons_lib import models
        >>> models.load("squeezenet").replace(layer="fire5_concat")
        <Classifier squeezenet: 224 x 224 pixels, 1000 classes, layer fire5_concat, 27 x 27>
        """
        names = (
            "model", "labels", "preprocess", "input_size", "channels", "value_range", "layer",
            "output", "ending", "score", "held", "name",
        )  # fmt: skip
        return Classifier(**{name: getattr(self, name) for name in names} | changes)

    def _settle_ending(self) -> tuple[str, int]:
        """What the scores are, and how many units the output has; an unknown `ending` is tried."""
        found: list[Any] = []

        def predict(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            self._trace = traced(self.layers, self._scores, x)
            (result,) = self._trace.scores
            reading = read_scores(result, self.ending)
            found[:] = [reading.kind, int(np.prod(result.shape[1:]))]
            return reading.scores, reading.answers

        function = self.compiled("predict", predict)
        kind, units = found
        if kind.startswith("unknown"):
            answers = in_batches(function, self._trial())[1]
            self.ending = ending_of(answers, self._two, self.name, amount="amount" in kind)
            kinds = {"probabilities": "log probability", "numbers": "number", "logits": "logit"}
            kind = kinds[self.ending]
            del self._compiled["predict"]  # it was traced before the ending was known
        return kind, units

    # Asking the network

    def ask(
        self,
        x: NDArray[np.float32],
        *,
        batch_size: int = BATCH_SIZE,
        description: str | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores and answers, as `Network.ask`: in one compiled function."""
        scores, answers = in_batches(
            self._predict, x, batch_size=batch_size, description=description
        )
        return self._finite(scores), self._finite(answers)

    def _finite(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        return scores if self.score is None else finite(scores, self.score.name)

    def explaining(self, target: Class | Score) -> "tuple[Classifier, Class | int]":
        """Whom to ask, and for which class: the door through which each method takes its target.

        Parameters
        ----------
        target
            A class, or a class for each picture: then the answer is this network itself, and the
            class. Or a `Score`: then it is a network whose single number is the score.

        Returns
        -------
        classifier : Classifier
            For a `Score` it is kept: another one of the same function, with arrays of the same
            shapes, is compiled no second time.
        target
            The class; 0 for a `Score`.

        Raises
        ------
        ValueError
            If the network has no classes and ``target`` is one; if it gives several numbers and
            ``target`` names none; or if the score does not fit to it.
        """
        if isinstance(target, Sequence) and any(isinstance(one, Score) for one in target):
            raise TypeError(
                f"one Score for each call, not {len(target)}: where each picture has one of its "
                "own, go through them in a loop; nothing is compiled anew"
            )
        if not isinstance(target, Score):
            if self.kind == "score":
                raise ValueError(
                    f"{self.name} has no classes; its target is a Score, such as region(mask, "
                    f"channel) of lessons_lib.network.scores, not {target!r}"
                )
            self._named(target)
            return self, target
        # What is given stands in variables of the view: each thread has its own.
        shapes = [np.shape(array) for array in target.given]
        key = (threading.get_ident(), target.function, target.output, *shapes)
        if key not in self._views:
            self._views[key] = self.replace(labels=None, score=target)
        view = self._views[key]
        target.check(view._explained)
        for variable, array in zip(view._given, target.given, strict=True):
            variable.assign(array)
        view.score, view.labels = target, (target.name,)
        if target.own and not view._is_as_traced(self._of_trial):
            del self._views[key]
            return self.explaining(target)
        return view, 0

    @functools.cached_property
    def _of_trial(self) -> Any:
        """What the network gives for the trial pictures, in its own form."""
        return self.compiled("run", self._run)(tf.constant(self._trial()))

    def _is_as_traced(self, outputs: Any) -> bool:
        """Whether a reader's function still gives what was traced of it; it is looked at besides.

        A graph holds on to all that the function closes over, such as the mask of an earlier call.
        So the function is called here outside of any graph, on what the network gave for the trial
        pictures. An error is raised unless each picture has a number of its own.
        """
        assert self.score is not None
        given = [tf.constant(array) for array in self._given]
        now = self.score.of(self._chosen(outputs), given).numpy()
        first = tf.nest.map_structure(lambda y: y[:1], outputs)
        alone = self.score.of(self._chosen(first), given).numpy()
        if len(now) != len(self._trial()) or not np.allclose(now[:1], alone, 1e-4, equal_nan=True):
            raise ValueError(
                f"the {self.score.name} of a picture depends on the others beside it; it must be a "
                "number of each picture by itself: add up over the other axes, not over the first"
            )
        specs = tf.nest.map_structure(
            lambda y: tf.TensorSpec((None, *y.shape[1:]), y.dtype), outputs
        )
        score = lambda y: self.score.of(self._chosen(y), self._given)  # noqa: E731
        traced = self.compiled("score of outputs", score, [specs])(outputs).numpy()
        return np.allclose(traced, now, 1e-4, equal_nan=True)

    def _zero_colour(self) -> NDArray[np.float32]:
        return zero_colour(self.preprocess, self.picture_shape, self.name, self.value_range)

    # Looking inside

    def activations(self, images: Images, layer: str | None = None) -> NDArray[np.float32]:
        """What a layer holds, shape (n, height, width, channels); default: ``self.layer``."""
        path, tapped_layer, run = self._layer(layer or self.layer)
        x = self.prepare(images)
        with_gradients = self._compiled.get(("gradients", path, run))
        if with_gradients and self.layer in (layer or self.layer, path):
            # It is compiled, and behind the classifier's own layer little is left to be run. Of
            # many pictures the gradients are not kept.
            A_alone = lambda *batch: with_gradients(*batch)[:1]  # noqa: E731
            return in_batches(A_alone, x, np.full(len(x), -1, "int32"))[0]

        def look(x: tf.Tensor) -> tuple[tf.Tensor]:
            with tapped(tapped_layer) as seen:
                trace = Trace(x, {}, self._scores(x))
            A = output_of(seen, path, run, lambda: self.spatial_layers, trace)
            return (tf.cast(A, tf.float32),)

        return in_batches(self.compiled(("activations", path, run), look), x)[0]

    def gradients(
        self,
        images: Images,
        target: Target | Score = None,
        layer: str | None = None,
    ) -> LayerGradients:
        """Activations of a layer, and the gradient of the class's logit with respect to them.

        One pass through the network, and back only as far as the layer.

        Parameters
        ----------
        images
            As for `prepare`.
        target
            The class to explain, or a `Score`; default: each picture's top class.
        layer
            Name of the layer; default: ``self.layer``.

        Returns
        -------
        LayerGradients

        Raises
        ------
        ValueError
            If there is no such layer, if its output has no place (is not of shape
            (n, height, width, channels)), or if it does not stand between picture and score.
        """
        network, target = self.explaining(target)
        if network is not self:
            return network.gradients(images, target, layer or self.layer)
        path, tapped_layer, run = self._layer(layer or self.layer)

        def differentiate(x: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tapped(tapped_layer) as seen:
                logits = self.forward(x)
            trace = Trace(x, {}, [logits])
            A = output_of(seen, path, run, lambda: self.spatial_layers, trace)
            # -1 stands for "the top class", found here so that it costs no second pass.
            target = tf.where(target < 0, tf.argmax(logits, -1, tf.int32), target)
            score = tf.gather(logits, target, batch_dims=1)
            (gradient,) = tf.gradients(score, A)
            if gradient is None:
                raise ValueError(
                    f"no gradient of the score reaches layer {path!r}; "
                    f"{choices(self.spatial_layers, path)}"
                )
            return tf.cast(A, tf.float32), tf.cast(gradient, tf.float32), score, target

        x = self.prepare(images)
        indices = np.full(len(x), -1) if target is None else self.chosen(x, target)
        specs = (self._pixels, tf.TensorSpec((None,), tf.int32))
        function = self.compiled(("gradients", path, run), differentiate, specs)
        found = LayerGradients(*in_batches(function, x, indices.astype("int32")))
        self._finite(found.score)
        return found

    def composites(
        self,
        picture: NDArray[np.float32],
        baseline: NDArray[np.float32],
        segments: NDArray[np.integer],
        Z: NDArray[np.bool_],
        *,
        scores: str = "probability",
        batch_size: int = BATCH_SIZE,
    ) -> NDArray[np.float32]:
        """Scores (n, classes) of pictures that are mixed of two, superpixel by superpixel.

        The pictures are made by a compiled function (`lessons_lib.network.graph.composites`), some
        at a time: it costs hardly more than the network alone.
        """
        which = SCORES.index(one_of(scores, "scores", SCORES))
        fixed = (tf.constant(picture), tf.constant(baseline), tf.constant(segments, tf.int32))

        specs = [
            tf.TensorSpec((None, None), tf.bool),
            *(tf.TensorSpec(f.shape, f.dtype) for f in fixed),
        ]
        mixed = self.compiled("composites", composites, specs)
        ask = lambda Z: (self.outputs(mixed(Z, *fixed))[which],)  # noqa: E731
        return in_batches(ask, Z, batch_size=batch_size, description="hidden pictures")[0]

    # For methods that need a compiled function of their own

    def forward(self, x: tf.Tensor) -> tf.Tensor:
        """The class logits as a tensor; to be called inside a compiled function.

        Parameters
        ----------
        x : tensor of float32, shape (n, *picture_shape)
            Pixels; differentiable, preprocessing included.

        Returns
        -------
        tensor of float32, shape (n, classes)
        """
        return self._layer_by_layer(x)[0]

    def outputs(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The scores and the network's own answers as tensors; otherwise as `forward`.

        The network as it was compiled, also outside of a compiled function: calling it after one
        that makes pictures is quicker than compiling both into one. Within `tapped`, or where a
        gradient is asked for, use `forward`: it runs layer by layer.
        """
        scores, answers = self._predict(x)
        return scores, answers

    # A reader's own tf.function would rewrite the Python in here; it asks about the graph.
    @tf.autograph.experimental.do_not_convert
    def _layer_by_layer(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        found = read_scores(self._result(x), self.ending)
        return found.scores, found.answers

    def forward_from(self, A: tf.Tensor, layer: str, x: tf.Tensor) -> tf.Tensor:
        """The class logits, if a layer held ``A``; to be called inside a compiled function.

        Only what comes after the layer is run; TensorFlow leaves out what nothing depends on.

        Parameters
        ----------
        A : tensor, shape (n, height, width, channels)
            What the layer shall pass on, in place of its own activations.
        layer
            The layer's name.
        x : tensor of float32, shape (n, *picture_shape)
            Pixels, for paths that go around the layer.

        Returns
        -------
        tensor of float32, shape (n, classes)
        """
        path, tapped_layer, run = self._layer(layer)
        with tapped(tapped_layer, lambda own: tf.cast(A, own.dtype), run) as seen:
            scores = self.forward(x)
        output_of(seen, path, run, lambda: self.spatial_layers)
        return scores

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
        return tf.TensorSpec((None, *self.picture_shape), tf.float32)

    @property
    def _predict(self) -> Any:
        return self.compiled("predict", self._layer_by_layer)

    def _scores(self, x: tf.Tensor) -> list[tf.Tensor]:
        """The output to explain, as the model gives it; all, where a `Score` will choose."""
        if self.ending == "scores" and self.score is None:
            return tf.nest.flatten(self._run(x))
        return [self._result(x)]

    def _result(self, x: tf.Tensor) -> tf.Tensor:
        """The output to explain, as the model gives it."""
        outputs = self._run(x)
        if self.score is None:
            if self.ending == "scores":
                self.explaining(None)  # which says that there are no classes
            result = chosen_output(outputs, self.output, self.model)
            return check_classes(result, self.model.name, x.shape[0])
        chosen = self._chosen(outputs)
        self._explained = chosen.shape.as_list() if tf.is_tensor(chosen) else []
        return self.score.of(chosen, self._given)[:, None]

    def _chosen(self, outputs: Any) -> Any:
        """What a `Score` is a function of: one output, or all."""
        assert self.score is not None
        which = self.output if self.score.output is None else self.score.output
        if which is None and len(tf.nest.flatten(outputs)) > 1:
            return outputs
        return chosen_output(outputs, which, self.model)

    def _run(self, x: tf.Tensor) -> Any:
        with warnings.catch_warnings():  # keras.Model([input], ...) warns when not given a list
            warnings.filterwarnings("ignore", "The structure of `inputs`", UserWarning)
            try:
                ready = self.preprocess(x)
            except NotImplementedError as error:
                raise TypeError(
                    "preprocess is given a tensor, so that gradients go through it, and cannot be "
                    f"compiled ({error}): use TensorFlow's operations in it, not NumPy's"
                ) from error
            return self.model(self._filled(ready), training=False)

    @functools.cached_property
    def gradient_batch(self) -> int:
        """How many pictures at once, 1 to 4, for gradients with respect to the pixels.

        On the way back all activations are needed; as many pictures are taken as keep them within
        half a GiB.

        Examples
        --------
        >>> from lessons_lib import models
        >>> models.load("xception").gradient_batch, models.load("squeezenet").gradient_batch
        (2, 4)
        """
        each = 4 * sum(h * w * channels for h, w, channels in self.spatial_layers.values())
        return max(1, min(GRADIENT_BATCH, GRADIENT_BYTES // max(each, 1)))

    # Finding layers

    @functools.cached_property
    def layers(self) -> dict[str, keras.layers.Layer]:
        """All layers by path (``"outer/inner"`` in nested models), from input to output."""
        return dict(walk(self.model))

    def _layer(self, name: str) -> tuple[str, keras.layers.Layer, int | None]:
        if not name:  # no default was found either
            why = why_no_default(self.layers, self.runs, self.spatial_layers)
            raise ValueError(f"{self.name}: {why}")
        path, layer, run = find(self.layers, name, self.name, lambda: self.spatial_layers)
        if self._may_mislead:
            check_axes(
                path if run is None else f"{path}:{run}", self.layers, self.runs,
                self.spatial_layers,
            )  # fmt: skip
        return path, layer, run

    @functools.cached_property
    def _may_mislead(self) -> bool:
        return any(may_mislead(layer) for layer in self.layers.values())

    @functools.cached_property
    def _trace(self) -> Trace:
        found: list[Trace] = []

        def look(x: tf.Tensor) -> None:
            found.append(traced(self.layers, self._scores, x))

        tf.function(look, autograph=False).get_concrete_function(self._pixels)
        return found[0]

    @property
    def runs(self) -> Runs:
        """What each layer gives, by name, in running order: its shape, without the first axis."""
        return self._trace.runs

    @functools.cached_property
    def spatial_layers(self) -> Shapes:
        """Layers whose output has a place: (height, width, channels) by name, in running order."""
        return with_places(self.layers, self.runs, self.input_size)


def _variable(array: NDArray[Any]) -> tf.Variable:
    decimal = np.issubdtype(np.asarray(array).dtype, np.floating)
    return tf.Variable(array, dtype=tf.float32 if decimal else None, trainable=False)

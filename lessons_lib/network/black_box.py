"""A network of any library behind one door: all that is known of it is what it answers.

PyTorch, ONNX, TFLite, a SavedModel, a web service: whatever a function can ask. Methods that only
ask explain it: LIME, Shapley values, occlusion, RISE.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import scipy.special
from numpy.typing import NDArray

from lessons_lib.basics.checks import as_floats, finite, size_of, whole
from lessons_lib.basics.progress import bar
from lessons_lib.images import PHOTOGRAPH, ValueRange, value_range_of
from lessons_lib.network import BATCH_SIZE, SMALLEST
from lessons_lib.network.asking import Class, Network
from lessons_lib.network.labels import as_names, labels_for

if TYPE_CHECKING:  # a network of another library needs no TensorFlow
    from lessons_lib.network.scores import Score

Predict = Callable[[NDArray[np.float32]], Any]
"""From RGB pixels 0..255, float32 of shape (n, height, width, 3), to (n, classes) or (n,) numbers.
The function's own preprocessing is part of it."""

KINDS = {"probabilities": "log probability", "logits": "logit", "numbers": "number"}


class BlackBox(Network):
    """Any function that classifies pictures, asked with RGB pixels 0..255 of any size.

    Parameters
    ----------
    predict
        Takes float32 pixels 0..255, shape (n, height, width, 3), and gives probabilities or logits
        (n, classes), or one number for each picture, (n,) or (n, 1): an array, a tensor of PyTorch
        or TensorFlow, or a list. It is given a copy, which it may change.
    labels
        One name for each class, as for `Classifier`; for a single output one name or two. Default:
        ``class 0``, ``class 1``, ...
    size
        (height, width) of the pictures that ``predict`` takes.
    ending
        What ``predict`` gives: ``"probabilities"`` (their logarithm is explained), ``"logits"``, or
        ``"numbers"`` (explained in their own unit). Default: told by its answers to four trial
        pictures, where they leave no doubt.
    batch_size
        The most pictures that ``predict`` can take at once.
    channels
        Of the pictures that ``predict`` takes.
    value_range
        The lowest and the highest value of their pixels: (0, 255), unless you say else.
    name
        How to call it in titles.

    Raises
    ------
    TypeError
        If ``predict`` cannot be called, or gives no decimal numbers.
    ValueError
        If it gives another shape, NaN, or values that do not fit to ``ending``, or leave in doubt
        what they are; if the number of labels is not that of the classes. Whenever it is asked.

    Warns
    -----
    UserWarning
        If the answers to the trial pictures are all the same, or if ``predict`` gives one of them
        another answer when it is asked for it alone.

    Examples
    --------
    >>> def predict(x):
    ...     red, _, blue = x.mean(axis=(1, 2)).T
    ...     return np.stack([red, blue], axis=1) / 50
    >>> box = BlackBox(predict, ["red", "blue"], (32, 32))
    >>> box
    <BlackBox black box: 32 x 32 pixels, 2 classes, asked for the logit>
    >>> print(box.top(np.full((80, 60, 3), (200, 50, 0)))[0])
    red (class 0): 0.98
    """

    def __init__(
        self,
        predict: Predict,
        labels: Sequence[str] | Mapping[str, int] | Mapping[int, str] | None,
        size: tuple[int, int],
        *,
        ending: str = "auto",
        batch_size: int = BATCH_SIZE,
        channels: int = 3,
        value_range: ValueRange = PHOTOGRAPH,
        name: str = "black box",
    ) -> None:
        if not callable(predict):
            raise TypeError(f"predict must be a function of pictures, not {predict!r}")
        if ending not in ("auto", *KINDS):
            raise ValueError(f"ending={ending!r} is unknown; use one of auto, {', '.join(KINDS)}")
        self.predict = predict
        self.name = name
        self.input_size = size_of(size)
        self.batch_size = whole(batch_size, "batch_size", 1)
        self.channels = whole(channels, "channels", 1)
        self.value_range = value_range_of(value_range)
        names = as_names(labels)
        trial = self._trial()
        given = np.concatenate([self._given(part) for part in self._parts(trial)])
        self._columns = given.shape[1]
        what = _doubt(given, self._given(trial[-1:])[0])
        self.doubts = (what,) if what else ()
        if what:
            warnings.warn(what, stacklevel=2)
        self.ending = ending if ending != "auto" else _told(given, len(names) == 2)
        self.kind = KINDS[self.ending]
        single = self._columns == 1 and self.kind != "number"
        count = 2 if single else self._columns
        self.labels = labels_for(names, count, one_unit=single, numbers=self.kind == "number")
        self._read(given)

    def __repr__(self) -> str:
        height, width = self.input_size
        what = "numbers" if self.kind == "number" else "classes"
        return (
            f"<BlackBox {self.name}: {height} x {width} pixels, {len(self.labels)} {what}, "
            f"asked for the {self.kind}>"
        )

    def __getattr__(self, what: str) -> NoReturn:
        if what.startswith("_"):
            raise AttributeError(what)
        raise OnlyAnswersError(
            f"{self.name} is a BlackBox: it shows its answers and has no {what!r}. Methods that "
            "look inside (CAM and its family, gradients) need a Classifier around a Keras model; "
            "LIME, Shapley values, occlusion and RISE only ask."
        )

    def ask(
        self,
        x: NDArray[np.float32],
        *,
        batch_size: int = BATCH_SIZE,
        description: str | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores and answers, as `Network.ask`; never more pictures at once than `batch_size`."""
        parts = self._parts(x, min(whole(batch_size, "batch_size", 1), self.batch_size))
        return self._read(np.concatenate([self._given(p) for p in bar(parts, desc=description)]))

    def explaining(self, target: "Class | Score") -> "tuple[BlackBox, Class]":
        """The network itself, and the class; a `Score`, which is made of tensors, is refused."""
        if hasattr(target, "function"):
            raise TypeError(
                f"{self.name} is a BlackBox and takes a class as target, no Score: let its predict "
                "function give the number to explain"
            )
        self._named(target)
        return self, target

    def _zero_colour(self) -> NDArray[np.float32]:
        raise ValueError(
            f"{self.name} is a BlackBox: nobody sees which colour its preprocessing turns into 0; "
            'take baseline="grey", or the colour, such as baseline=(124, 116, 104)'
        )

    def _parts(
        self, x: NDArray[np.float32], batch_size: int | None = None
    ) -> list[NDArray[np.float32]]:
        size = batch_size or self.batch_size
        return [x[i : i + size] for i in range(0, len(x), size)]

    def _given(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the function gives for some pictures, shape (n, columns), if it is that."""
        pixels = np.array(x, np.float32, order="C")  # a copy: it may be changed
        try:
            result = self.predict(pixels)
        except Exception as error:
            low, high = self.value_range
            error.add_note(f"predict was given float32 pixels {low:g}..{high:g} of shape {x.shape}")
            raise
        rows = _rows(result, len(x))
        if rows.shape[1] != getattr(self, "_columns", rows.shape[1]):
            raise ValueError(
                f"predict gave {self._columns} numbers for a picture before, now {rows.shape[1]}"
            )
        return rows

    def _read(self, given: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores and answers, as `lessons_lib.network.endings.read_scores` has them."""
        single = given.shape[1] == 1
        if self.ending == "numbers":
            return given, given
        if self.ending == "logits" and single:
            both = np.concatenate([-given, given], axis=1)
            return both, scipy.special.expit(both)
        if self.ending == "logits":
            return given, scipy.special.softmax(given, axis=1)
        low, high = given.min(), given.max()
        if low < -1e-3 or high > 1 + 1e-3:
            raise ValueError(
                f"predict gave {low:g} to {high:g}, which are no probabilities; say "
                'ending="logits" or "numbers", or let it give probabilities 0..1'
            )
        given = np.concatenate([1 - given, given], axis=1) if single else given
        given = np.clip(given, 0, 1)
        return np.log(np.maximum(given, SMALLEST)), given


class OnlyAnswersError(AttributeError, TypeError):
    """A method looks inside a network that only answers."""


def _doubt(together: NDArray[np.float32], alone: NDArray[np.float32]) -> str:
    """What to tell of answers that are the same for all pictures, or change with the batch."""
    change = np.abs(together[-1] - alone).max()
    if not np.ptp(together, axis=0).any():
        return (
            "predict gives a black, a white, a grainy and a smooth picture the same answer: "
            "does it look at the pictures that it is given, with pixels in their value range?"
        )
    if change > 0.01 * np.abs(together[-1]).max():
        return (
            f"predict gives a picture an answer that differs by {change:.2g} when it is asked "
            "for it alone: dropout or batch normalisation may be in training mode (PyTorch: "
            "call model.eval() first)"
        )
    return ""


def _told(given: NDArray[np.float32], two: bool) -> str:
    """What answers of shape (n, columns) are, if they leave no doubt; else a ValueError."""
    single = given.shape[1] == 1
    totals = given.sum(axis=1)
    if given.min() < 0 or given.max() > 1 + 1e-3:
        if not single and given.min() >= 0 and np.allclose(totals, 100, rtol=1e-2):
            raise ValueError("predict gives percentages; divide them by 100")
        return "numbers" if single and not two else "logits"
    if two if single else np.allclose(totals, 1, atol=5e-3):
        return "probabilities"
    what = "" if single else f" and add up to {totals.min():.3g} to {totals.max():.3g}"
    raise ValueError(
        f"what predict gives lies in 0..1 for all trial pictures{what}: say what it is, with "
        'ending="probabilities" (each by itself, such as sigmoids), "logits" or "numbers"'
    )


def _rows(result: Any, n: int) -> NDArray[np.float32]:
    """What a predict function gave for n pictures, shape (n, columns); an error if it cannot be."""
    if result is None:
        raise TypeError("predict gave None; does it return its answers?")
    plain = _plain(result)
    if isinstance(plain, list) and len(plain) == 1 and np.ndim(plain[0]) > 1:
        plain = plain[0]  # one output in a list, as onnxruntime gives it
    if isinstance(plain, list) and len(plain) != n and all(np.ndim(p) > 1 for p in plain):
        shapes = [np.shape(p) for p in plain]
        raise ValueError(
            f"predict gave {len(plain)} arrays {shapes}; let it give the one to explain"
        )
    try:
        array = as_floats(plain, "what predict gives")
    except TypeError as error:
        raise TypeError(
            f"predict must give an array of numbers, but it gave {type(result).__name__}; for the "
            "outputs of a library's own type, give their array, such as .logits"
        ) from error
    if np.asarray(plain).dtype.kind in "biu":
        raise TypeError(
            "predict gives whole numbers: if they are predicted classes, let it give probabilities "
            "(predict_proba), if they are quantised, scale them; numbers to explain must be floats"
        )
    lengths = [length for length in array.shape[1:] if length != 1]
    if not array.ndim or len(array) != n or len(lengths) > 1 or not array.size:
        raise ValueError(
            f"predict gave an array of shape {array.shape} for {n} pictures; it must give "
            f"({n}, classes) or ({n},). If it cannot take so many at once, say batch_size=1"
        )
    return finite(array.reshape(n, -1), "what predict gives").astype("float32")


def _plain(result: Any) -> Any:
    """Arrays for tensors, in lists and tuples too."""
    if isinstance(result, list | tuple):
        return [_plain(part) for part in result]
    if hasattr(result, "detach"):  # of PyTorch: NumPy knows neither its gradients nor bfloat16
        tensor = result.detach().cpu()
        return (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return result if isinstance(result, float | int | str | Mapping) else np.asarray(result)

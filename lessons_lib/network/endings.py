"""How a network ends: which of its outputs is explained, and what stands behind it.

A map explains a *score*. Where a network ends in a softmax or a sigmoid, the score is the logit
that went into it: near 0 and 1 a probability hardly moves. Where no logit can be found, as behind
an
average of several networks, it is the logarithm of the probability. Where the output is a number of
its own, such as an age, it is that number.
"""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.network import SMALLEST

ENDINGS = ("auto", "logits", "probabilities", "numbers", "scores")

# They change the shape or the type, or bound the values, and leave each value where it is.
_PASSING = {"Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient"}
_BOUNDS = {"Maximum", "Minimum", "ClipByValue"}


class Reading(NamedTuple):
    """What a network's output is taken for.

    Attributes
    ----------
    scores : tensor of float32, shape (n, classes)
        What is explained: logits, logarithms of probabilities, or numbers.
    answers : tensor of float32, shape (n, classes)
        What the network says: probabilities 0..1 as it gives them, or numbers in their own unit.
    kind
        What the scores are: ``"logit"``, ``"log probability"`` or ``"number"``; ``"unknown"`` where
        nothing was found behind the output, which is then taken for logits.
    """

    scores: tf.Tensor
    answers: tf.Tensor
    kind: str


def chosen_output(
    outputs: Sequence[tf.Tensor], which: int | str | None, model: keras.Model
) -> tf.Tensor:
    """The one of a model's outputs that is explained; a ValueError unless it is (n, classes)."""
    if which is None and len(outputs) > 1:
        names = output_names(model)
        raise ValueError(
            f"{model.name} has {len(outputs)} outputs {names or ''}; say which one to explain "
            f"with output=0 ... output={len(outputs) - 1}, or by its name; or explain a `Score` of "
            'them, with ending="scores"'
        )
    result = one_output(outputs, which or 0, model)
    lengths = list(result.shape[1:]) if result.shape.rank else []
    if not lengths or None in lengths or sum(length != 1 for length in lengths) > 1:
        raise ValueError(
            f"the output of {model.name} has the shape {tuple(result.shape)}; a classifier "
            "gives (n, classes). To explain a `Score` of it (a region, a box, ...), say "
            'ending="scores"'
        )
    return result


def output_names(model: keras.Model) -> list[str]:
    """What a model calls its outputs; nothing, if it gives them no names."""
    return list(getattr(model, "output_names", None) or [])


def one_output(outputs: Sequence[tf.Tensor], which: int | str, model: keras.Model) -> tf.Tensor:
    """The output that a number or a name means; an error says which there are."""
    names = output_names(model)
    if isinstance(which, str):
        if which not in names:
            raise ValueError(f"{model.name} has no output {which!r}; it has {names}")
        which = names.index(which)
    if isinstance(which, bool) or not isinstance(which, int | np.integer):
        raise TypeError(f"output={which!r}; an output is chosen by its number or its name")
    if not -len(outputs) <= which < len(outputs):
        raise ValueError(f"output={which} is outside 0..{len(outputs) - 1}")
    return outputs[which]


def read(result: tf.Tensor, ending: str = "auto", two: bool = False) -> Reading:
    """Find the scores behind a network's output, inside a graph.

    In a traced graph each tensor knows the operation that made it. So the logits are what went
    into the last softmax or sigmoid, and no layer need be changed to get at them. What only
    reshapes, converts or clips is looked through; probabilities stay what the network gives.

    Parameters
    ----------
    result : tensor, shape (n, classes), or that with axes of length 1
        The output.
    ending
        ``"auto"``: as found in the graph. Or one of the others in `ENDINGS`: what the output is.
    two
        Whether a single output stands for two classes.

    Returns
    -------
    Reading
    """
    flat = tf.reshape(tf.cast(result, tf.float32), (-1, _length(result)))
    single = flat.shape[-1] == 1
    if ending == "numbers":
        return Reading(flat, flat, "number")
    if ending == "logits":
        return _of_logits(flat, two)
    if ending == "probabilities":
        if single:
            flat = tf.concat([1 - flat, flat], axis=-1)
        return Reading(tf.math.log(tf.maximum(flat, SMALLEST)), flat, "log probability")
    logits = _logits_behind(result)
    if logits is None:
        return Reading(flat, flat, "unknown")
    logits, kind = logits
    if kind == "LogSoftmax":
        return Reading(logits, tf.exp(flat), "logit")
    if single and kind == "Sigmoid":
        both = tf.concat([-logits, logits], axis=-1)
        return Reading(both, tf.concat([1 - flat, flat], axis=-1), "logit")
    return Reading(logits, flat, "logit")


def ending_of(answers: NDArray[np.floating], two: bool, whose: str) -> str:
    """What an output is, behind which nothing was found: told by its values for some pictures.

    Parameters
    ----------
    answers : ndarray, shape (n, classes)
        The output.
    two
        Whether a single output stands for two classes.
    whose
        What to call the network in a message.

    Returns
    -------
    str
        ``"probabilities"``, ``"logits"``, or for a single output ``"numbers"``.

    Warns
    -----
    UserWarning
        If all values lie in 0..1, but do not add up to 1: they may be probabilities or not.

    Examples
    --------
    >>> ending_of(np.array([[0.2, 0.8], [0.5, 0.5]]), False, "net")
    'probabilities'
    >>> ending_of(np.array([[41.0], [38.5]]), False, "net")
    'numbers'
    """
    single = answers.shape[-1] == 1
    within = answers.min() >= 0 and answers.max() <= 1 + 1e-5
    if within and not single and np.abs(answers.sum(axis=-1) - 1).max() < 1e-3:
        return "probabilities"
    # A sigmoid, or a mean of some, is never 0; logits are, for black, in a network without biases.
    if not within or answers.min() == 0:
        return "numbers" if single and not two else "logits"
    warnings.warn(
        f"the output of {whose} lies in 0..1 for all trial pictures, and no softmax or sigmoid "
        "is seen behind it. It is taken for probabilities, and their logarithm is explained. "
        'Say ending="probabilities", "logits" or "numbers" to decide it.',
        stacklevel=3,
    )
    return "probabilities"


def _of_logits(flat: tf.Tensor, two: bool) -> Reading:
    if two and flat.shape[-1] == 1:
        both = tf.concat([-flat, flat], axis=-1)
        return Reading(both, tf.nn.sigmoid(both), "logit")
    return Reading(flat, tf.nn.softmax(flat), "logit")


def _length(result: tf.Tensor) -> int:
    return int(np.prod(result.shape[1:]))


def _logits_behind(result: tf.Tensor) -> tuple[tf.Tensor, str] | None:
    """The logits, shape (n, classes), and the kind of operation they went into; None if unknown."""
    operation, length = result.op, _length(result)
    while operation.type in _PASSING | _BOUNDS:
        sources = [i for i in operation.inputs if _is_a_batch(i)]
        if len(sources) != 1 or _length(sources[0]) != length:
            return None
        operation = sources[0].op
    if operation.type in ("Softmax", "LogSoftmax", "Sigmoid"):
        if operation.type != "Sigmoid" and operation.inputs[0].shape[-1] != length:
            return None  # a softmax over something else than the classes
        logits = tf.cast(operation.inputs[0], tf.float32)
        return tf.reshape(logits, (-1, length)), operation.type
    if operation.type == "ConcatV2":  # several heads beside each other
        parts = [_logits_behind(i) for i in operation.inputs[:-1] if _is_a_batch(i)]
        known = [part for part in parts if part is not None]
        along_classes = operation.outputs[0].shape[-1] == sum(p[0].shape[-1] for p in known)
        if known and len(known) == len(operation.inputs) - 1 and along_classes:
            return tf.concat([part[0] for part in known], axis=-1), "heads"
    return None


def before_the_link(y: tf.Tensor) -> tf.Tensor:
    """What went into the last softmax or sigmoid, of the same shape; else the output itself."""
    operation = y.op
    while operation.type in _PASSING | _BOUNDS:
        sources = [i for i in operation.inputs if _is_a_batch(i)]
        if len(sources) != 1 or sources[0].shape.as_list() != y.shape.as_list():
            return y
        operation = sources[0].op
    if operation.type not in ("Softmax", "LogSoftmax", "Sigmoid"):
        return y
    before = operation.inputs[0]
    return before if before.shape.as_list() == y.shape.as_list() else y


def _is_a_batch(tensor: tf.Tensor) -> bool:
    """Whether a tensor is of shape (n, ...), with all but n known, and holds decimal numbers."""
    shape = tensor.shape
    known = shape.rank is not None and shape.rank > 1 and None not in shape[1:]
    return known and shape[0] is None and tensor.dtype.is_floating

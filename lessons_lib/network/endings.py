"""How a network ends: which of its outputs is explained, and what stands behind it.

A map explains a *score*. Where a network ends in a softmax or a sigmoid, the score is the logit
that went into it: near 0 and 1 a probability hardly moves. Where no logit can be found, as behind
an average of several networks, it is the logarithm of the probability. Where the output is a number
of its own, such as an age, it is that number.
"""

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib.network import SMALLEST

ENDINGS = ("auto", "logits", "probabilities", "numbers", "scores")

# They change the shape or the type, or bound the values, and leave each value where it is.
_PASSING = {"Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient"}
_BOUNDS = {"Maximum", "Minimum", "ClipByValue"}
_LINKS = {"Softmax", "LogSoftmax", "Sigmoid"}
_AMOUNTS = {"Relu", "Relu6", "Softplus", "Exp"}  # never below 0, as no logits are


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
        nothing was found behind the output, ``"unknown amount"`` if it ends in a ReLU or the like.
    """

    scores: tf.Tensor
    answers: tf.Tensor
    kind: str


def chosen_output(structure: Any, which: int | str | None, model: keras.Model) -> tf.Tensor:
    """The one of a model's outputs that is explained; an error if it is not said which."""
    outputs = tf.nest.flatten(structure)
    names = list(getattr(model, "output_names", None) or [])
    if isinstance(structure, Mapping) and len(structure) == len(outputs):
        names = sorted(structure)  # in the order in which they are flattened
    if which is None and len(outputs) > 1:
        raise ValueError(
            f"{model.name} has {len(outputs)} outputs {names or ''}; say which one to explain "
            f"with output=0 ... output={len(outputs) - 1}, or by its name; or explain a `Score` of "
            'them, with ending="scores"'
        )
    if isinstance(which, str):
        if which not in names:
            raise ValueError(f"{model.name} has no output {which!r}; it has {names}")
        which = names.index(which)
    if isinstance(which, bool) or not isinstance(which, int | np.integer | None):
        raise TypeError(f"output={which!r}; an output is chosen by its number or its name")
    if not -len(outputs) <= (which or 0) < len(outputs):
        raise ValueError(f"output={which} is outside 0..{len(outputs) - 1}")
    return outputs[which or 0]


def check_classes(result: tf.Tensor, whose: str, rows: int | None) -> tf.Tensor:
    """The output itself; a ValueError unless it is (n, classes), or that with axes of length 1.

    ``rows`` is how many pictures go in; None for any number.
    """
    if not _one_axis(result):
        raise ValueError(
            f"the output of {whose} has the shape {tuple(result.shape)}; a classifier gives "
            '(n, classes). Say ending="scores" if it is none, and explain a score of it: '
            "see lessons_lib.network.scores"
        )
    if rows is None and result.shape[0] is not None:
        raise ValueError(
            f"the output of {whose} has the shape {tuple(result.shape)} whatever the number of "
            "pictures; leave batch_size out of its keras.Input, and the number out of its reshapes"
        )
    return result


def logits_of(result: tf.Tensor) -> tf.Tensor:
    """What went into the last softmax or sigmoid, in the output's shape; else the output itself.

    As in `read`, but for an output of any shape, such as a class for each place.
    """
    if _one_axis(result):
        found = _behind(result)
        return result if found is None else tf.reshape(found.logits, tf.shape(result))
    operation = _maker(result) if _is_a_batch(result, result.shape[0]) else None
    if operation is None or operation.type not in _LINKS:
        return result
    return tf.reshape(operation.inputs[0], tf.shape(result))


def read_scores(result: tf.Tensor, ending: str = "auto") -> Reading:
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

    Returns
    -------
    Reading
    """
    flat = _flat(result)
    single = flat.shape[-1] == 1
    if ending == "numbers":
        return Reading(flat, flat, "number")
    if ending == "logits":
        return _of_logits(flat)
    if ending == "probabilities":
        if single:
            flat = tf.concat([1 - flat, flat], axis=-1)
        return Reading(tf.math.log(tf.maximum(flat, SMALLEST)), flat, "log probability")
    found = _behind(result)
    if found is None:
        last = _maker(result)
        amount = last is not None and last.type in _AMOUNTS
        return Reading(flat, flat, "unknown amount" if amount else "unknown")
    if not all(found.links):
        raise ValueError(
            "the output puts a softmax or sigmoid beside something else: its columns are of "
            'several kinds. Say ending="scores", and which column is meant: target=element(0) of '
            "lessons_lib.network.scores"
        )
    if found.links == ["Sigmoid"]:
        both = tf.concat([-found.logits, found.logits], axis=-1)
        return Reading(both, tf.concat([1 - flat, flat], axis=-1), "logit")
    logs = [link == "LogSoftmax" for link in found.links]
    return Reading(found.logits, tf.where(logs, tf.exp(flat), flat), "logit")


def ending_of(answers: NDArray[np.floating], two: bool, whose: str, *, amount: bool = False) -> str:
    """What an output is, behind which nothing was found: told by its values for some pictures.

    Parameters
    ----------
    answers : ndarray, shape (n, classes)
        The output.
    two
        Whether a single output stands for two classes.
    whose
        What to call the network in a message.
    amount
        Whether it ends in an operation that gives nothing below 0.

    Returns
    -------
    str
        ``"probabilities"``, ``"logits"``, or for a single output ``"numbers"``.

    Warns
    -----
    UserWarning
        If they may be something else: all values lie in 0..1, but do not add up to 1; or they are
        taken for logits, but add up to the same for all pictures, or have the same length.

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
    # Where a network without biases sees black, all logits are 0; probabilities are not.
    if within and answers.any(axis=-1).all():
        seen, taken = "lies in 0..1", "probabilities, and their logarithm is explained"
    elif single:
        return "logits" if two else "numbers"
    elif amount:
        seen, taken = "ends in a ReLU or the like, as amounts do, and so is 0 or more", "logits"
    elif answers.min() >= 0 and _same(answers.sum(axis=-1)):
        seen, taken = f"adds up to {answers[0].sum():.3g}", "logits"
    elif _same(np.linalg.norm(answers, axis=-1)) and not _same(*answers.T):
        seen, taken = f"has the length {np.linalg.norm(answers[0]):.3g}, as embeddings do", "logits"
    else:
        return "logits"
    warnings.warn(
        f"the output of {whose} {seen} for all trial pictures, and no softmax or sigmoid is seen "
        f"behind it. It is taken for {taken}. "
        'Say ending="probabilities", "logits", "numbers" or "scores" to decide it.',
        stacklevel=3,
    )
    return taken.partition(",")[0]


def _same(*columns: NDArray[np.floating]) -> bool:
    """Whether each has one value, but for the rounding of 16 bits."""
    return all(np.ptp(column) <= 2e-2 * np.abs(column).max() for column in columns)


def _of_logits(flat: tf.Tensor) -> Reading:
    if flat.shape[-1] == 1:  # of one class against the other
        both = tf.concat([-flat, flat], axis=-1)
        return Reading(both, tf.nn.sigmoid(both), "logit")
    return Reading(flat, tf.nn.softmax(flat), "logit")


def _one_axis(result: tf.Tensor) -> bool:
    """Whether a tensor is (n, k) or (n,), or that with axes of length 1."""
    if not result.shape.rank:
        return False
    lengths = list(result.shape[1:])
    return None not in lengths and sum(length != 1 for length in lengths) <= 1


def _length(result: tf.Tensor) -> int:
    return int(np.prod(result.shape[1:]))


class _Behind(NamedTuple):
    """What stands behind an output: logits (n, classes), and what each of them went into.

    ``links`` has a type of operation for each class; "" where none is seen, and the logit is the
    output itself.
    """

    logits: tf.Tensor
    links: list[str]


def _behind(result: tf.Tensor) -> _Behind | None:
    """The logits that an output (n, classes) was made of; None if none is seen."""
    operation, length = _maker(result), _length(result)
    if operation is not None and operation.type in _LINKS:
        source = operation.inputs[0]
        if operation.type != "Sigmoid" and source.shape[-1] != length:
            return None  # a softmax over something else than the classes
        logits = tf.reshape(tf.cast(source, tf.float32), (-1, length))
        return _Behind(logits, [operation.type] * length)
    if operation is not None and operation.type == "ConcatV2":  # several heads beside each other
        heads = [i for i in operation.inputs[:-1] if _is_a_batch(i, result.shape[0])]
        parts = [_behind(i) or _Behind(_flat(i), [""] * _length(i)) for i in heads]
        links = [link for part in parts for link in part.links]
        if any(links) and operation.outputs[0].shape[-1] == len(links) == length:
            return _Behind(tf.concat([part.logits for part in parts], axis=-1), links)
    return None


def _flat(result: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tf.cast(result, tf.float32), (-1, _length(result)))


def _maker(result: tf.Tensor) -> tf.Operation | None:
    """The operation that made the values of a tensor, behind those that leave them in their order.

    None where it is not a single one, or the values are no longer one for one.
    """
    operation, length = result.op, _length(result)
    while operation.type in _PASSING | _BOUNDS:
        sources = [i for i in operation.inputs if _is_a_batch(i, result.shape[0])]
        if len(sources) != 1 or _length(sources[0]) != length:
            return None
        operation = sources[0].op
    return operation


def _is_a_batch(tensor: tf.Tensor, n: int | None) -> bool:
    """Whether a tensor is of shape (n, ...), with all but n known, and holds decimal numbers."""
    shape = tensor.shape
    known = shape.rank is not None and shape.rank > 1 and None not in shape[1:]
    return known and shape[0] == n and tensor.dtype.is_floating

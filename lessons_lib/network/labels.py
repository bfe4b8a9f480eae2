"""Classes by their index or their label; no network is asked."""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Target = int | str | Sequence[int | str] | NDArray[np.integer] | None
"""The class to explain: an index, a label, one of these for each picture, or None: the top one."""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One class that a network names for a picture, or a number that it gives."""

    index: int
    label: str
    probability: float
    is_number: bool = False

    def __str__(self) -> str:
        which = "" if self.is_number else f" (class {self.index})"
        return f"{self.label}{which}: {self.probability:.2f}"


def as_names(labels: Any) -> tuple[str, ...]:
    """Names of classes, in order, from what people have; none from None.

    Parameters
    ----------
    labels
        A list, tuple, array or pandas Index of names; or a dict, from names to numbers (Keras's
        ``class_indices``) or from numbers to names.

    Raises
    ------
    TypeError
        If ``labels`` is one text, or no collection.
    ValueError
        If a dict's numbers are not 0, 1, 2, ...

    Examples
    --------
    >>> as_names({"dog": 1, "cat": 0})
    ('cat', 'dog')
    """
    if labels is None:
        return ()
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise TypeError(f"labels must be a list with a name for each class, not {labels!r}")
    if isinstance(labels, Mapping):
        named = {v: k for k, v in labels.items()} if _names_first(labels) else dict(labels)
        if set(named) != set(range(len(labels))):
            raise ValueError(
                f"a dict of labels needs the numbers 0..{len(labels) - 1}, not {[*named]}"
            )
        labels = [named[i] for i in range(len(named))]
    return tuple(str(label) for label in labels)


def labels_for(
    names: tuple[str, ...], count: int, *, one_unit: bool = False, numbers: bool = False
) -> tuple[str, ...]:
    """One label for each score: the names that were given, or "class 0", "class 1", ...

    Parameters
    ----------
    names
        From `as_names`.
    count
        How many scores there are.
    one_unit
        Whether they are the two sides of a single output: then one name will do.
    numbers
        Whether they are numbers, and no classes.

    Raises
    ------
    ValueError
        If there are too many names or too few.

    Examples
    --------
    >>> labels_for(("circle",), 2, one_unit=True)
    ('not circle', 'circle')
    """
    if not names and numbers and count == 1:
        return ("value",)
    if not names:
        return tuple(f"{'value' if numbers else 'class'} {i}" for i in range(count))
    if one_unit and len(names) == 1:
        return (f"not {names[0]}", names[0])
    if len(names) != count:
        hint = "; a single output takes one label, or two" if one_unit else ""
        raise ValueError(f"{len(names)} labels for a network of {count} classes{hint}")
    return names


def _names_first(labels: Mapping[Any, Any]) -> bool:
    return all(isinstance(value, int | np.integer) for value in labels.values())


def class_index(labels: Sequence[str], target: int | str, whose: str = "the network") -> int:
    """Index of a class that is given by its index or its label.

    Parameters
    ----------
    labels
        One name for each class.
    target
        The class.
    whose
        What to call the network in a message.

    Raises
    ------
    TypeError
        If ``target`` is neither a whole number nor a label.
    ValueError
        If there is no such class (the message names near labels), or two have this label.

    Examples
    --------
    >>> class_index(["cat", "dog"], "dog")
    1
    """
    if isinstance(target, str):
        found = [i for i, label in enumerate(labels) if label == target]
        if len(found) > 1:
            raise ValueError(f"{len(found)} classes are called {target!r}: {found}; give one")
        if not found:
            near = difflib.get_close_matches(target, labels, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see .labels"
            raise ValueError(f"{whose} knows no class {target!r}; {hint}")
        return found[0]
    if isinstance(target, bool) or not isinstance(target, int | np.integer):
        raise TypeError(f"a class is a whole number or a label, not {target!r}")
    if target != 0 and len(labels) == 1:
        raise ValueError(f"{whose} gives a single number; its target is 0, or None, not {target}")
    if not 0 <= target < len(labels):
        raise ValueError(f"class {target} is outside 0..{len(labels) - 1}")
    return int(target)


def class_indices(
    labels: Sequence[str], target: Target, pictures: int, whose: str = "the network"
) -> NDArray[np.int_]:
    """One class index for each picture, of a target that is not None; otherwise as `class_index`.

    Examples
    --------
    >>> class_indices(["cat", "dog"], "dog", 3)
    array([1, 1, 1])
    """
    wanted: Any = target.tolist() if isinstance(target, np.ndarray) else target
    if not isinstance(wanted, Sequence) or isinstance(wanted, str):
        return np.full(pictures, class_index(labels, wanted, whose))
    indices = np.array([class_index(labels, t, whose) for t in wanted], int)
    if len(indices) != pictures:
        raise ValueError(f"{len(indices)} targets for {pictures} pictures")
    return indices

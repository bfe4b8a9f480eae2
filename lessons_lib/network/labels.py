"""Classes by their index or their label; no network is asked."""

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Target = int | str | Sequence[int | str] | NDArray[np.integer] | None
"""The class to explain: an index, a label, one of these for each picture, or None: the top one."""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One class that a network names for a picture."""

    index: int
    label: str
    probability: float

    def __str__(self) -> str:
        return f"{self.label} (class {self.index}): {self.probability:.2f}"


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

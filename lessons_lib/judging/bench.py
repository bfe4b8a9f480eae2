"""All methods on one bench: a score for each method, measure and picture (lesson 08)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.progress import bar
from lessons_lib.images import Images
from lessons_lib.judging.statistics import Interval, Paired, hits, median, paired
from lessons_lib.methods import Method, heat_maps
from lessons_lib.network.asking import Network
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score

Measure = Callable[[NDArray[np.float32], int], float]
"""The score of one map, given the map and the number of its picture."""


class Comparison(NamedTuple):
    """Scores of methods.

    Attributes
    ----------
    methods, measures : tuple of str
    scores : ndarray of float, shape (methods, measures, pictures)
    """

    methods: tuple[str, ...]
    measures: tuple[str, ...]
    scores: NDArray[np.float64]

    def interval(self, method: str, measure: str) -> Interval:
        """Of one method's scores over the pictures: the share of hits, or the median.

        Where all scores of the measure are 0 or 1, see `hits`; else `median`. Both intervals are
        exact, whatever the scores' distribution.
        """
        row, column = self.methods.index(method), self.measures.index(measure)
        only_hits = np.isin(self.scores[:, column], (0, 1)).all()
        return (hits if only_hits else median)(self.scores[row, column])

    def difference(self, method: str, other: str, measure: str) -> Paired:
        """Score less score, picture by picture; see `paired`.

        Two methods that saw the same pictures are told apart by this, not by whether their own
        intervals overlap.
        """
        column = self.measures.index(measure)
        one, two = (self.scores[self.methods.index(name), column] for name in (method, other))
        return paired(one, two)

    def __str__(self) -> str:
        rows = [("", *self.measures)]
        for method in self.methods:
            found = [self.interval(method, measure) for measure in self.measures]
            rows.append((method, *(f"{i.estimate:.2f} ({i.low:.2f}..{i.high:.2f})" for i in found)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        padded = (
            (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows
        )
        return "\n".join("  ".join(row) for row in padded)


def compare(
    methods: Mapping[str, Method],
    measures: Mapping[str, Measure],
    classifier: Network,
    images: Images,
    target: Target | Score = None,
) -> Comparison:
    """Explain each picture by each method, and score each map by each measure.

    Parameters
    ----------
    methods
        For example `lessons_lib.methods.METHODS`.
    measures
        Functions of a map and of the number of its picture.
    classifier
        The network.
    images
        The pictures; RGB pixels 0..255.
    target
        The class of each picture; default: its top class.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If there is no method, measure or picture; or as `lessons_lib.methods.heat_maps`.

    Examples
    --------
    >>> from lessons_lib import images, methods, models
    >>> photos = [images.course_image(name) for name in ("panda", "macaw")]
    >>> rows = {name: methods.METHODS[name] for name in ("CAM", "Grad-CAM")}
    >>> measures = {"mean": lambda heat, i: heat.mean()}
    >>> compare(rows, measures, models.load("squeezenet"), photos).scores.shape
    (2, 1, 2)
    """
    if not methods or not measures or (isinstance(images, list | tuple) and not images):
        raise ValueError("at least one method, one measure and one picture are needed")
    seen = 0

    def scored(x: NDArray[np.float32], target: Any) -> NDArray[np.float64]:
        nonlocal seen
        first, seen = seen, seen + len(x)
        scores = np.empty((len(x), len(methods), len(measures)))
        for i, method in enumerate(bar(methods.values(), desc="methods")):
            for k, heat in enumerate(heat_maps(method, classifier, x, target)):
                scores[k, i] = [measure(heat, first + k) for measure in measures.values()]
        return scores

    scores = classifier.stream(scored, images, target)
    return Comparison(tuple(methods), tuple(measures), scores.transpose(1, 2, 0))

"""The door of every network: pictures in, scores and answers out, whatever stands behind it.

Methods that only ask (LIME, Shapley values, occlusion, RISE) and measures that only ask (deletion,
insertion, ROAD, robustness) need no more than a `Network`. Those that look inside need a
`lessons_lib.network.classifier.Classifier`, which is one too.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib import images as pictures
from lessons_lib.baselines import Baseline, make_baseline
from lessons_lib.basics.checks import SCORES, one_of, whole
from lessons_lib.basics.progress import bar
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.labels import Prediction, Target, class_index, class_indices
from lessons_lib.network.streams import batches, joined

if TYPE_CHECKING:  # a network of another library needs no TensorFlow
    from lessons_lib.network.scores import Score

Class = TypeVar("Class", bound=Target)


class Network(ABC):
    """What can be asked about pictures: `Classifier` and `BlackBox` are networks.

    Attributes
    ----------
    name : str
        How titles and messages call it.
    input_size : tuple of int
        (height, width) of the pictures that it sees.
    labels : tuple of str
        One for each score.
    kind : str
        What the scores are: ``"logit"``, ``"log probability"``, ``"number"`` or ``"score"``.
    channels : int
        Of the pictures: 3 for RGB.
    value_range : tuple of float
        The lowest and the highest value of their pixels. Baselines, noise and plots are made of it;
        a *grey level* is a 255th of it.
    doubts : tuple of str
        What was warned of when it was made, each with what to do.
    """

    name: str
    input_size: tuple[int, int]
    channels: int = 3
    value_range: pictures.ValueRange = pictures.PHOTOGRAPH
    labels: tuple[str, ...]
    kind: str
    doubts: tuple[str, ...] = ()

    @abstractmethod
    def ask(
        self,
        x: NDArray[np.float32],
        *,
        batch_size: int = BATCH_SIZE,
        description: str | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores and answers, both of shape (n, classes), for pictures as `prepare` makes them.

        Parameters
        ----------
        x : ndarray of float32, shape (n, *picture_shape)
            Pixels within `value_range`.
        batch_size
            Pictures at a time.
        description
            What the progress bar says.
        """

    @abstractmethod
    def explaining(self, target: "Class | Score") -> "tuple[Network, Class | int]":
        """Whom to ask, and for which class: the door through which each method takes its target."""

    def _named(self, target: Target) -> None:
        """A ValueError if there are several numbers, and no target: none of them is the top one."""
        if target is None and self.kind == "number" and len(self.labels) > 1:
            count = len(self.labels)
            raise ValueError(f"{self.name} gives {count} numbers; name one of them as target")

    @abstractmethod
    def _zero_colour(self) -> NDArray[np.float32]:
        """The colour, shape (channels,), that the network sees as nothing."""

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the pictures that it sees."""
        return (*self.input_size, self.channels)

    @property
    def grey_level(self) -> float:
        """A 255th of the value range: 1 for photographs."""
        return (self.value_range[1] - self.value_range[0]) / 255

    def checked(self, images: pictures.Images) -> list[NDArray[np.float32]]:
        """Pictures of any sizes as `lessons_lib.images.as_batch` gives them, or its errors."""
        return pictures.as_batch(images, self.channels, self.value_range)

    def shown(self, images: pictures.Images, *, window: pictures.ValueRange | None = None) -> Any:
        """Pictures as a screen shows them, for plots: `lessons_lib.images.for_screen`.

        Parameters
        ----------
        images
            As for `prepare`.
        window
            The value that becomes black, and the one that becomes white; default: the ends of
            `value_range`. Soft tissue in Hounsfield units is seen with (-160, 240).

        Returns
        -------
        ndarray of uint8, shape (height, width, 3), or a list of them for several pictures
            RGB 0..255, whatever the channels and the value range are.
        """
        ends = pictures.value_range_of(window or self.value_range)
        found = [
            pictures.for_screen(np.clip(p, *ends), self.channels, ends).round().astype("uint8")
            for p in self.checked(images)
        ]
        return pictures.as_given(images, found)

    def prepare(self, images: pictures.Images) -> NDArray[np.float32]:
        """Check pictures and bring them to the network's size (the whole picture, no cropping).

        Parameters
        ----------
        images
            One picture (height, width, channels), a batch, or a list of pictures of any sizes; for
            one channel also (height, width), or (n, height, width).

        Returns
        -------
        ndarray of float32, shape (n, *picture_shape)
            Pixels within `value_range`; a new array.

        Raises
        ------
        TypeError, ValueError
            As `lessons_lib.images.as_batch`.
        """
        return np.array([self._fitted(p) for p in self.one_by_one(images)])

    def one_by_one(self, images: pictures.Images) -> Iterator[NDArray[np.float32]]:
        """Pictures as `checked` gives them, each read and checked when its turn comes."""
        return pictures.one_by_one(images, self.channels, self.value_range)

    def _fitted(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        resized = pictures.resized(picture, self.input_size)
        # averages are rounded, to 255.00002 say
        return np.clip(resized, *self.value_range, dtype=np.float32)

    def stream(
        self,
        method: Callable[[NDArray[np.float32], Any], Any],
        images: pictures.Images,
        target: Any = None,
    ) -> Any:
        """Apply a method to any number of pictures, a batch at a time.

        Each picture is read and resized when its turn comes, and of each batch only what the method
        makes of it is kept: the memory for 200 pictures is that for 16, and the results.

        Parameters
        ----------
        method
            From prepared pictures (n, *picture_shape) and their target to an array of n results, or
            a named tuple of such arrays.
        images
            As for `prepare`.
        target
            A class or a `Score` for all pictures, or a class for each.

        Returns
        -------
        array or named tuple
            The results of all pictures, one after another, also for a single one.

        Examples
        --------
        >>> from lessons_lib import models
        >>> network = models.load("squeezenet")
        >>> files_of_two = (pictures.DATA / "images" / f"{name}.jpg" for name in ("panda", "cat"))
        >>> network.stream(lambda x, target: x.mean(axis=(1, 2, 3)), files_of_two).round()
        array([113., 115.], dtype=float32)
        """
        some = batches(images, target, lambda given: map(self._fitted, self.one_by_one(given)))
        return joined([method(np.array(x), of_these) for x, of_these in some])

    def prepare_one(self, image: ArrayLike) -> NDArray[np.float32]:
        """As `prepare`, for one picture, shape (1, *picture_shape); a ValueError for several."""
        x = self.prepare(image)
        if len(x) != 1:
            raise ValueError(f"expected one picture, but there are {len(x)}")
        return x

    def baseline(
        self,
        images: pictures.Images,
        baseline: Baseline = "grey",
        segments: NDArray[np.integer] | None = None,
        rng: np.random.Generator | None = None,
    ) -> NDArray[np.float32]:
        """Pictures that show nothing, to put in place of what is hidden.

        Parameters
        ----------
        images
            As for `prepare`.
        baseline
            What `lessons_lib.baselines.make_baseline` takes: ``"grey"``, ``"black"``,
            ``"blurred"``, ..., a colour or a picture. Besides ``"zero"``: the colour that the
            network's preprocessing turns into 0. It depends on where a network rescales: for one
            that does so inside itself it is black.
        segments : ndarray of int, shape (*input_size), optional
            Superpixels, for ``"mean"``.
        rng
            Where noise comes from. Default: a generator with the seed 0.

        Returns
        -------
        ndarray of float32, shape (n, *picture_shape)
            Pixels within `value_range`.

        Raises
        ------
        ValueError
            If ``baseline`` is none of these, or no colour becomes 0.

        Examples
        --------
        >>> from lessons_lib import models
        >>> models.load("mobilenet_v2").baseline(pictures.course_image("panda"))[0, 0, 0]
        array([127.5, 127.5, 127.5], dtype=float32)
        """
        x = self.prepare(images)
        if isinstance(baseline, str) and baseline == "zero":
            return np.zeros_like(x) + self._zero_colour()
        rng = rng or np.random.default_rng(0)
        return np.stack([make_baseline(baseline, p, segments, rng, self.value_range) for p in x])

    def logits(self, images: pictures.Images) -> NDArray[np.float32]:
        """The scores that are explained, shape (n, classes): logits, where the network has them.

        Behind an average of several networks there are none: then the logarithm of the
        probability; for a network that gives numbers, the numbers (`kind` says which).
        """
        return self.stream(lambda x, _: self.ask(x)[0], images)

    def probabilities(self, images: pictures.Images) -> NDArray[np.float32]:
        """What the network itself says, shape (n, classes): probabilities 0..1, or its numbers."""
        return self.stream(lambda x, _: self.ask(x)[1], images)

    def top(self, image: ArrayLike, k: int = 5) -> list[Prediction]:
        """The ``k`` most probable classes of one picture, best first.

        Examples
        --------
        >>> from lessons_lib import models
        >>> print(models.load("mobilenet_v2").top(pictures.course_image("panda"))[0])
        giant panda (class 388): 0.92
        """
        whole(k, "k", 1)
        (probability,) = self.probabilities(self.prepare_one(image))
        best = np.argsort(-probability)[:k]
        is_number = self.kind == "number"
        return [Prediction(int(i), self.labels[i], float(probability[i]), is_number) for i in best]

    def class_index(self, target: int | str) -> int:
        """Index of a class: see `lessons_lib.network.labels.class_index`."""
        return class_index(self.labels, target, self.name)

    def targets(self, target: Target, logits: NDArray[np.floating]) -> NDArray[np.int_]:
        """One class index for each picture; ``None`` means each picture's own top class."""
        if target is None:
            return logits.argmax(axis=-1)
        return class_indices(self.labels, target, len(logits), self.name)

    def chosen(self, x: NDArray[np.float32], target: Target) -> NDArray[np.int_]:
        """One class index for each prepared picture; the network is asked only for ``None``."""
        return self.targets(target, self.logits(x) if target is None else x)

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
        """Scores (n, classes) of pictures that are mixed of two, superpixel by superpixel."""
        which = SCORES.index(one_of(scores, "scores", SCORES))
        starts = range(0, len(Z), whole(batch_size, "batch_size", 1))
        shown = (Z[i : i + batch_size, segments, None] for i in bar(starts, desc="hidden pictures"))
        parts = [self.ask(np.where(s, picture, baseline), batch_size=batch_size) for s in shown]
        return np.concatenate([part[which] for part in parts])

    def _trial(self) -> NDArray[np.float32]:
        """Four pictures to see what an output looks like: black, white, grainy, smooth."""
        rng, ends = np.random.default_rng(0), self.value_range
        black, white = (np.full(self.picture_shape, end, "float32") for end in ends)
        grain = rng.uniform(*ends, self.picture_shape).astype("float32")
        coarse = rng.uniform(*ends, (4, 4, self.channels)).astype("float32")
        return np.stack([black, white, grain, pictures.resized(coarse, self.input_size)])

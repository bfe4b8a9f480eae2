"""Occlusion: hide a window of the picture, and see how far the score falls.

References
----------
M. D. Zeiler & R. Fergus, *Visualizing and Understanding Convolutional Networks*, ECCV 2014
(arXiv:1311.2901), section 4.2.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.baselines import Baseline, Pixels
from lessons_lib.basics.checks import size_of, whole
from lessons_lib.basics.progress import bar
from lessons_lib.images import Images, as_given
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.asking import Network
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score

Sides = int | tuple[int, int] | None


def occlusion(
    classifier: Network,
    images: Images,
    target: Target | Score = None,
    *,
    window: Sides = None,
    stride: Sides = None,
    baseline: Baseline = "grey",
    batch_size: int = BATCH_SIZE,
) -> Pixels:
    r"""How far the score falls when a pixel is hidden, together with those around it.

    .. math:: L_{xy} = \frac{1}{|W_{xy}|} \sum_{w \in W_{xy}} S(I) - S(I \text{ without } w)

    :math:`W_{xy}` are the windows that cover the pixel. All windows have the same size and lie
    inside the picture; the last of each row and column ends at the rim, so that no pixel is left
    out. Of a linear score :math:`w^\top I` a window's fall is :math:`w^\top (I - b)` over its
    pixels, with the baseline b. (The paper shows the probability that is left, at the window's
    place.)

    Parameters
    ----------
    classifier
        The network: a `Classifier` or a `BlackBox`.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture; or a `Score`.
        Default: each picture's top class.
    window
        Side of the window in pixels of the network's input, or (height, width). Default: a seventh
        of the input's.
    stride
        How far the window moves, likewise; at most ``window``. Default: half a window.
    baseline
        What the window shows, as for `Network.baseline`; in the paper a grey square.
    batch_size
        Pictures at a time; the map does not depend on it.

    Returns
    -------
    ndarray of float32, shape (*input_size) for one picture, (n, *input_size) for several
        Raw and signed, in logits; below 0 where the score rises without the pixel.

    Raises
    ------
    TypeError, ValueError
        If pictures, class or a size are not what is described here.

    References
    ----------
    Zeiler & Fergus 2014, section 4.2; M. Ancona et al., *Towards better understanding of
    gradient-based attribution methods*, ICLR 2018 (arXiv:1711.06104), for the fall in place of what
    is left.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> photo = images.course_image("panda")
    >>> occlusion(models.load("squeezenet"), photo, window=64, stride=40).shape
    (224, 224)
    """
    classifier, target = classifier.explaining(target)
    starts, sides = windows(classifier.input_size, window, stride)
    whole(batch_size, "batch_size", 1)

    def falls(x: Pixels, target: Any) -> Pixels:
        chosen, empty = classifier.chosen(x, target), classifier.baseline(x, baseline)
        before = classifier.ask(x, batch_size=batch_size)[0][np.arange(len(x)), chosen]
        maps = np.zeros((len(x), *classifier.input_size))
        covered = np.zeros(classifier.input_size)
        for i in bar(range(0, len(starts), batch_size), desc="occlusion"):
            hidden = inside(starts[i : i + batch_size], sides, classifier.input_size)
            for k, c in enumerate(chosen):
                pictures = np.where(hidden[..., None], empty[k], x[k])
                after = classifier.ask(pictures, batch_size=batch_size)[0][:, c]
                maps[k] += np.einsum("n,nhw->hw", before[k] - after, hidden)
            covered += hidden.sum(axis=0)
        return (maps / covered).astype("float32")

    return as_given(images, classifier.stream(falls, images, target))


def windows(
    size: tuple[int, int], window: Sides = None, stride: Sides = None
) -> tuple[NDArray[np.int_], tuple[int, int]]:
    """Where the windows begin, shape (m, 2) of (row, column), and their (height, width).

    Parameters
    ----------
    size
        (height, width) of the picture.
    window, stride
        As for `occlusion`.

    Raises
    ------
    TypeError, ValueError
        If a window is larger than the picture, or moves by more than its side.

    Examples
    --------
    >>> starts, sides = windows((2, 5), window=2)
    >>> starts.tolist(), sides
    ([[0, 0], [0, 1], [0, 2], [0, 3]], (2, 2))
    >>> windows((2, 5), window=2, stride=2)[0].tolist()
    [[0, 0], [0, 2], [0, 3]]
    """
    size = size_of(size)
    high, wide = _sides(window, "window", [round(n / 7) for n in size], size)
    down, right = _sides(stride, "stride", [(high + 1) // 2, (wide + 1) // 2], (high, wide))
    rows = sorted({*range(0, size[0] - high, down), size[0] - high})
    columns = sorted({*range(0, size[1] - wide, right), size[1] - wide})
    return np.array([(row, column) for row in rows for column in columns]), (high, wide)


def inside(
    starts: NDArray[np.int_], sides: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """True inside each window, shape (m, *size).

    Examples
    --------
    >>> inside(np.array([[0, 1]]), (1, 2), (2, 4)).astype(int)
    array([[[0, 1, 1, 0],
            [0, 0, 0, 0]]])
    """
    rows, columns = (
        (np.arange(n) >= start[:, None]) & (np.arange(n) < start[:, None] + side)
        for n, start, side in zip(size, starts.T, sides, strict=True)
    )
    return rows[:, :, None] & columns[:, None, :]


def _sides(
    value: Sides, name: str, default: Sequence[int], most: tuple[int, int]
) -> tuple[int, int]:
    """Height and width, from one number or two, each at most so many."""
    if value is None:
        return max(1, default[0]), max(1, default[1])
    height, width = size_of((value, value) if np.ndim(value) == 0 else value, f"the {name}")
    if height > most[0] or width > most[1]:
        raise ValueError(
            f"{name}={value} is more than {most}; a window lies in the picture, and moves by no "
            "more than its side, so that no pixel is left out"
        )
    return height, width

"""RISE: the score under many random masks, gathered for each pixel.

References
----------
V. Petsiuk, A. Das & K. Saenko, *RISE: Randomized Input Sampling for Explanation of Black-box
Models*, BMVC 2018 (arXiv:1806.07421).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons_lib.baselines import Baseline, Pixels
from lessons_lib.basics.checks import real, size_of, whole
from lessons_lib.basics.progress import bar
from lessons_lib.images import Images, as_given, resized
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.asking import Network
from lessons_lib.network.labels import Target
from lessons_lib.network.scores import Score


def rise(
    classifier: Network,
    images: Images,
    target: Target | Score = None,
    *,
    samples: int = 4000,
    cells: int = 7,
    p: float = 0.5,
    baseline: Baseline = "grey",
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
) -> Pixels:
    r"""The mean score under random masks, weighted by how much of a pixel they show.

    .. math:: L_{xy} = \frac{E[S(M) \, M_{xy}]}{E[M_{xy}]}
        = E[S(M)] + \frac{\mathrm{Cov}(S(M), M_{xy})}{p}

    with :math:`S(M) = S(I \odot M + b \odot (1 - M))`. The mean and the covariance of the samples
    estimate the right side without bias, for any number of samples. (The paper estimates the left
    side, :math:`\frac{1}{Np} \sum_i S(M_i) M_i`: without bias too, but a score that all masks share
    then comes back as noise.)

    Parameters
    ----------
    classifier
        The network: a `Classifier` or a `BlackBox`.
    images
        One picture (height, width, 3), a batch, or a list of pictures; RGB pixels 0..255.
    target
        The class to explain: an index, a label, or one of these for each picture; or a `Score`.
        Default: each picture's top class.
    samples
        How many masks, 2 or more; the error falls with the square root. The paper takes 4000 for
        VGG16, 8000 for ResNet50.
    cells
        Cells of the grid from which a mask is enlarged, in each direction.
    p
        Probability that a cell shows the picture, above 0 and below 1.
    baseline
        What hidden places show, as for `Network.baseline`.
    seed
        Of the masks; they are the same for all pictures.
    batch_size
        Pictures at a time; the map does not depend on it.

    Returns
    -------
    ndarray of float32, shape (*input_size) for one picture, (n, *input_size) for several
        Raw, in logits: the mean score where a pixel shows. Only differences inside a map mean
        anything.

    Raises
    ------
    TypeError, ValueError
        If pictures, class or an option are not what is described here.

    References
    ----------
    Petsiuk et al. 2018, equations 1 to 6 and section 3.2.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> rise(models.load("squeezenet"), images.course_image("panda"), samples=20).shape
    (224, 224)
    """
    classifier, target = classifier.explaining(target)
    grids, shifts = grids_and_shifts(classifier.input_size, samples, cells, p, seed)
    whole(batch_size, "batch_size", 1)

    def means(x: Pixels, target: Any) -> Pixels:
        chosen, empty = classifier.chosen(x, target), classifier.baseline(x, baseline)
        total, seen = np.zeros(len(x)), np.zeros(classifier.input_size)
        weighted = np.zeros((len(x), *classifier.input_size))
        for i in bar(range(0, samples, batch_size), desc="RISE"):
            some = slice(i, i + batch_size)
            M = random_masks(grids[some], shifts[some], classifier.input_size)
            seen += M.sum(axis=0)
            for k, c in enumerate(chosen):
                pictures = empty[k] + M[..., None] * (x[k] - empty[k])
                score = classifier.ask(pictures, batch_size=batch_size)[0][:, c]
                total[k] += score.sum(dtype=float)
                weighted[k] += np.einsum("n,nhw->hw", score, M)
        mean = (total / samples)[:, None, None]
        covariance = (weighted - mean * seen) / (samples - 1)
        return (mean + covariance / p).astype("float32")

    return as_given(images, classifier.stream(means, images, target))


def grids_and_shifts(
    size: tuple[int, int], samples: int, cells: int = 7, p: float = 0.5, seed: int = 0
) -> tuple[NDArray[np.bool_], NDArray[np.int_]]:
    """What `random_masks` are made of: small grids of cells, and by how many pixels to shift each.

    Parameters
    ----------
    size
        (height, width) of the picture.
    samples, cells, p, seed
        As for `rise`.

    Returns
    -------
    grids : ndarray of bool, shape (samples, cells, cells)
        True, with probability p, where a cell shows the picture.
    shifts : ndarray of int, shape (samples, 2)
        0 up to a cell's (height, width), without that, each as likely.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than 2 samples, fewer cells than 1 or more than pixels, or p is outside
        0..1.

    Examples
    --------
    >>> grids, shifts = grids_and_shifts((224, 224), 100)
    >>> grids.shape, shifts.min(), shifts.max()
    ((100, 7, 7), np.int64(0), np.int64(31))
    """
    height, width = size_of(size)
    if whole(cells, "cells", 1) > min(height, width):
        raise ValueError(f"cells={cells} is more than the {height} x {width} pixels of the picture")
    if not 0 < real(p, "p") < 1:
        raise ValueError(f"p={p} must be above 0 and below 1; it is a probability")
    rng = np.random.default_rng(seed)
    grids = rng.random((whole(samples, "samples", 2), cells, cells)) < p
    return grids, rng.integers(0, [-(-height // cells), -(-width // cells)], (samples, 2))


def random_masks(
    grids: NDArray[np.bool_], shifts: NDArray[np.int_], size: tuple[int, int]
) -> Pixels:
    """Smooth masks 0..1, shape (n, *size): grids enlarged bilinearly by one cell more, and cut out.

    Each value is a mean of cells, with weights that add up to 1. So its expectation is p
    everywhere, at the rim too.

    Examples
    --------
    >>> random_masks(np.array([[[True, False]]]), np.array([[0, 1]]), (1, 4)).round(2)
    array([[[1.  , 0.67, 0.33, 0.  ]]], dtype=float32)
    """
    height, width = size
    rows, columns = grids.shape[1:]
    high, wide = -(-height // rows), -(-width // columns)
    large = ((rows + 1) * high, (columns + 1) * wide)
    return np.stack(
        [
            resized(grid.astype("float32"), large)[top : top + height, left : left + width]
            for grid, (top, left) in zip(grids, shifts, strict=True)
        ]
    )

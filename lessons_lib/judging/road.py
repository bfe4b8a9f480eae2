"""ROAD: remove pixels so that nobody sees that they were removed (lesson 07).

A picture with grey holes is no photograph, and a network may answer to the holes rather than to
what they hide. So removed pixels are filled in with what their neighbours suggest.

References
----------
Y. Rong et al., *A Consistent and Efficient Evaluation Strategy for Attribution Methods*, ICML 2022
(arXiv:2202.00449), section 4.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import correlate
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from lessons_lib.basics.checks import Array, as_array, as_floats, finite, real
from lessons_lib.images import PHOTOGRAPH, ValueRange, value_range_of
from lessons_lib.judging.curves import Curve, ranks
from lessons_lib.network.asking import Network
from lessons_lib.network.scores import Score

# What the eight neighbours of a pixel have to say about it: straight ones twice as much.
NEIGHBOURS = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12


def imputed(
    image: ArrayLike,
    missing: ArrayLike,
    *,
    noise: float = 0.0,
    seed: int = 0,
    value_range: ValueRange = PHOTOGRAPH,
) -> Array:
    r"""Fill in missing pixels: each becomes the weighted mean of its neighbours, missing or not.

    .. math:: x_p = \sum_{q \in N(p)} w_{pq} \, x_q \quad \text{for each missing } p

    These are as many linear equations as there are missing pixels; they are solved together. At
    the picture's rim the weights of the neighbours that there are add up to one.

    Parameters
    ----------
    image : array, shape (height, width, channels)
        The picture.
    missing : array of bool, shape (height, width)
        True where a pixel is to be filled in.
    noise
        Standard deviation of normal noise on top, so that the filling is not smoother than life.
    seed
        Of the noise.
    value_range
        What the noise may not leave.

    Returns
    -------
    ndarray of float32, shape (height, width, channels)
        Known pixels are as they were. Where all are missing, the picture's mean colour.

    Raises
    ------
    ValueError
        If the shapes do not fit, or ``missing`` is not of True and False.

    Examples
    --------
    >>> row = np.array([[[10.0], [0.0], [30.0]]])
    >>> imputed(row, [[False, True, False]])[0, :, 0]
    array([10., 20., 30.], dtype=float32)
    """
    picture, gone = finite(image, "the picture").astype("float32"), as_array(missing, "missing")
    if not real(noise, "noise") >= 0:
        raise ValueError(f"noise={noise} must be 0 or more")
    if picture.ndim != 3 or gone.shape != picture.shape[:2] or gone.dtype != bool:
        raise ValueError(
            "a picture (height, width, channels) and a mask (height, width) of True and False are "
            f"needed, not {picture.shape} and {gone.shape} of {gone.dtype}"
        )
    if gone.all():
        picture[:] = picture.mean(axis=(0, 1))
    elif gone.any():
        picture[gone] = _solve(picture, gone)
    if noise:
        drawn = np.random.default_rng(seed).normal(0, noise, picture.shape)
        picture[gone] = np.clip(picture + drawn, *value_range_of(value_range))[gone]
    return picture


def _solve(picture: Array, gone: NDArray[np.bool_]) -> Array:
    """Colours of the missing pixels, shape (missing, channels)."""
    count = int(gone.sum())
    number = np.full(gone.shape, -1)
    number[gone] = np.arange(count)
    number = np.pad(number, 1, constant_values=-1)
    total = correlate(np.ones(gone.shape), NEIGHBOURS, mode="constant")[gone]
    known = np.where(gone[..., None], 0, picture)
    right = [correlate(c, NEIGHBOURS, mode="constant")[gone] for c in np.moveaxis(known, -1, 0)]
    at, where, weights = [np.arange(count)], [np.arange(count)], [total]
    rows, columns = np.nonzero(gone)
    for (i, j), weight in np.ndenumerate(NEIGHBOURS):
        other = number[rows + i, columns + j]
        unknown = np.flatnonzero((other >= 0) & (weight > 0))
        at.append(unknown)
        where.append(other[unknown])
        weights.append(np.full(len(unknown), -weight))
    places = (np.concatenate(at).astype("int32"), np.concatenate(where).astype("int32"))
    matrix = coo_array((np.concatenate(weights), places), shape=(count, count))
    return splu(matrix.tocsc()).solve(np.stack(right, axis=1).astype(float))


def road(
    classifier: Network,
    image: ArrayLike,
    heat: ArrayLike,
    target: int | str | Score | None = None,
    *,
    fractions: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
    least_first: bool = False,
    noise: float = 2.5,
    seed: int = 0,
) -> Curve:
    """The class's probability while the map's hottest pixels are removed and filled in.

    Parameters
    ----------
    classifier
        The network.
    image
        One picture (height, width, 3); RGB pixels 0..255.
    heat : array, shape (h, w)
        The raw map, of any resolution.
    target
        The class; default: the picture's top class.
    fractions
        Which shares 0..1 of the pixels to remove, rising.
    least_first
        Remove the coldest pixels first: then a good map keeps the curve high.
    noise, seed
        As for `imputed`, in grey levels (255ths of the value range).

    Returns
    -------
    Curve
        From fraction 0, the whole picture, to the last of ``fractions``.

    Raises
    ------
    ValueError
        If the fractions do not rise within 0..1, the map is not finite, or there is not one
        picture.
    """
    classifier, target = classifier.explaining(target)
    x = classifier.prepare_one(image)
    shares = np.append(0, as_floats(fractions, "fractions")).astype(float)
    if (
        not np.isfinite(shares).all()
        or len(shares) < 2
        or (np.diff(shares) <= 0).any()
        or shares[-1] > 1
    ):
        raise ValueError(f"fractions={fractions} must rise, above 0 and up to 1")
    heat = as_floats(heat, "the map")
    place = ranks(-heat if least_first else heat, classifier.input_size)
    level, ends = real(noise, "noise") * classifier.grey_level, classifier.value_range
    filled = [
        imputed(x[0], place < s * place.size, noise=level, seed=seed, value_range=ends)
        for s in shares
    ]
    probabilities = classifier.probabilities(filled)
    chosen = classifier.targets(target, probabilities[:1])[0]
    return Curve(shares, probabilities[:, chosen])

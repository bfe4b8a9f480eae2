"""Attributions gathered by regions: the idea of XRAI (lesson 06).

References
----------
A. Kapishnikov et al., *XRAI: Better Attributions Through Regions*, ICCV 2019 (arXiv:1906.02825).
"""

import numpy as np
from numpy.typing import NDArray

from lessons_lib.basics.checks import as_array, finite
from lessons_lib.lime import relabelled


def region_attributions(
    phi: NDArray[np.floating], segments: NDArray[np.int_]
) -> NDArray[np.floating]:
    """Mean attribution of each region, painted onto its pixels: the idea of XRAI.

    XRAI merges overlapping segmentations greedily; here there is one segmentation. A region is
    worth its attribution per pixel, so that large regions do not win by their size.

    Parameters
    ----------
    phi : ndarray, shape (height, width) or (height, width, channels)
        Attributions; channels are added up.
    segments : ndarray of int, shape (height, width)
        The region of each pixel, 0 or more; `lessons_lib.lime.superpixels` makes them.

    Returns
    -------
    ndarray, shape (height, width)
        Its sum is that of ``phi``.

    Raises
    ------
    ValueError
        If the sizes differ.

    Examples
    --------
    >>> region_attributions(np.array([[1.0, 3.0, 5.0]]), np.array([[0, 0, 1]]))
    array([[2., 2., 5.]])
    """
    phi = finite(phi, "phi", "(height, width) or (height, width, channels)")
    segments = as_array(segments, "segments")
    if segments.shape != phi.shape[:2]:
        raise ValueError(f"segments of shape {segments.shape} for attributions of {phi.shape}")
    segments = relabelled(segments)
    heat = phi.reshape(*segments.shape, -1).sum(axis=-1)
    sizes = np.bincount(segments.ravel())
    totals = np.bincount(segments.ravel(), weights=heat.ravel())
    return (totals / sizes)[segments]

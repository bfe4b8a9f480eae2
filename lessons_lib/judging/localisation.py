"""Does a map lie where the object is? Measures for pictures whose truth is known (lesson 07).

Each takes a map and a mask of the same size that is True where the class's object is, such as
`lessons_lib.images.Box.mask` gives for a tile of a mosaic.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import Array, as_array, as_floats, finite, real, whole

Mask = NDArray[np.bool_]


def pointing_game(heat: ArrayLike, inside: ArrayLike) -> float:
    """Whether the hottest place lies on the object: 1 or 0.

    Where several places are equally hot, the share of them that lies on the object; so a map that
    says nothing scores what chance would.

    Parameters
    ----------
    heat : array, shape (height, width)
        The map; the higher, the more it speaks for the class.
    inside : array of bool, same shape
        True on the object.

    Returns
    -------
    float
        0..1.

    Raises
    ------
    ValueError
        If the shapes differ, the map is not finite, or the mask is empty or covers everything.

    References
    ----------
    J. Zhang et al., *Top-down Neural Attention by Excitation Backprop*, ECCV 2016
    (arXiv:1608.00507), section 4.2; here without its tolerance of 15 pixels.

    Examples
    --------
    >>> pointing_game([[0, 3], [1, 2]], [[False, True], [False, False]])
    1.0
    """
    heat, inside = _checked(heat, inside)
    return float(inside[heat == heat.max()].mean())


def energy_inside(heat: ArrayLike, inside: ArrayLike) -> float:
    r"""Share of the map's positive values that lies on the object.

    .. math:: \frac{\sum_{inside} L^c}{\sum_{inside} L^c + \sum_{outside} L^c}

    Parameters, errors: as for `pointing_game`. A map with nothing positive scores the object's
    share of the picture, as a map that is the same everywhere does.

    References
    ----------
    H. Wang et al., *Score-CAM*, CVPR workshops 2020 (arXiv:1910.01279), section 4.3.

    Examples
    --------
    >>> energy_inside([[1, 3], [-9, 0]], [[False, True], [False, False]])
    0.75
    """
    heat, inside = _checked(heat, inside)
    energy = np.maximum(heat, 0)
    total = energy.sum()
    return float(energy[inside].sum() / total if total > 0 else inside.mean())


def intersection_over_union(heat: ArrayLike, inside: ArrayLike) -> float:
    """Overlap of the object and the map's hottest places, of which as many count as it has pixels.

    With as many places as the object has, there is no threshold to choose, and 1 can be reached.
    Equally hot places at the edge come in by the share that is needed.

    Parameters, errors: as for `pointing_game`.

    Returns
    -------
    float
        0..1; pixels that are in both, over pixels that are in either.

    Examples
    --------
    >>> intersection_over_union([[4, 3], [2, 1]], [[True, False], [False, True]])
    0.3333333333333333
    """
    heat, inside = _checked(heat, inside)
    size = int(inside.sum())
    both = hottest(heat, size)[inside].sum()
    return float(both / (2 * size - both))


def top_share_inside(heat: ArrayLike, inside: ArrayLike, top: float = 0.01) -> float:
    """Share of the map's hottest ``top`` of the pixels that lies on the object.

    Parameters, errors: as for `pointing_game`; ``top`` is a share 0..1 of the pixels.

    Examples
    --------
    >>> top_share_inside([[4, 3], [2, 1]], [[True, False], [True, False]], top=0.5)
    0.5
    """
    heat, inside = _checked(heat, inside)
    if not 0 < real(top, "top") <= 1:
        raise ValueError(f"top={top} is outside 0..1; it is a share of the pixels")
    size = max(1, round(top * heat.size))
    return float(hottest(heat, size)[inside].sum() / size)


def hottest(heat: Array, size: int) -> Array:
    """How far each place belongs to the ``size`` hottest: 1, 0, or a share where places tie.

    Examples
    --------
    >>> hottest(np.array([[4.0, 3.0], [3.0, 1.0]]), 2)
    array([[1. , 0.5],
           [0.5, 0. ]])
    """
    heat = finite(heat, "the map")
    if not 1 <= whole(size, "size") <= heat.size:
        raise ValueError(f"size={size} is outside 1..{heat.size}, the places of the map")
    threshold = np.partition(heat.ravel(), -size)[-size]
    above, at = heat > threshold, heat == threshold
    return above + at * ((size - above.sum()) / at.sum())


def _checked(heat: ArrayLike, inside: ArrayLike) -> tuple[Array, Mask]:
    values, mask = as_floats(heat, "the map").astype(float), as_array(inside, "the mask")
    if values.ndim != 2 or mask.shape != values.shape or mask.dtype != bool:
        raise ValueError(
            "a map (height, width) and a mask of True and False of the same shape are needed, not "
            f"{values.shape} and {mask.shape} of {mask.dtype}"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} values of the map are not finite")
    if mask.all() or not mask.any():
        raise ValueError("the mask must be True somewhere, and False somewhere")
    return values, mask

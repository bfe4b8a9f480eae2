"""Maps over their pictures, as files and as words."""

import base64
import io

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from lessons_lib import plotting

ROWS, COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


def overlaid(picture: NDArray[np.uint8], heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A map over its picture; a few hot pixels would leave all others unseen, so they are cut.

    They count as much as the hottest hundredth does.
    """
    top = float(np.quantile(np.abs(heat), 0.99))
    return plotting.overlay(picture, np.clip(heat, 0, top) if top > 0 else heat)


def jpeg(pixels: NDArray[np.uint8], side: int | None = None) -> bytes:
    """A JPEG file of these pixels and nothing else, no side longer than that."""
    picture = PIL.Image.fromarray(pixels)
    if side is not None:
        picture.thumbnail((side, side))
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=85, optimize=True)
    return buffer.getvalue()


def data_address(content: bytes) -> str:
    """A JPEG as an address that a page can hold."""
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def hottest_place(heat: NDArray[np.floating]) -> str:
    """Where a map has most of what lies above 0, in words, for those who cannot see it.

    Of nine parts of the picture it is the one with the largest mean.

    Examples
    --------
    >>> hottest_place(np.eye(3) * [0, 0, 2])
    'most at the lower right'
    >>> hottest_place(np.zeros((3, 3)))
    'nothing is marked'
    """
    above = np.clip(heat, 0, None)
    if not above.any():
        return "nothing is marked"
    parts = [
        [part.mean() if part.size else 0.0 for part in np.array_split(row, 3, axis=1)]
        for row in np.array_split(above, 3, axis=0)
    ]
    row, column = divmod(int(np.argmax(parts)), 3)
    words = [ROWS[row], COLUMNS[column]]
    where = "centre" if words == ["middle", "centre"] else " ".join(words)
    return f"most at the {where}"

"""Photographs: reading them, checking them, resizing them, and mosaics of them.

In the lessons a picture is an array of RGB pixels from 0 to 255, with the shape (height, width, 3);
a batch has the shape (n, height, width, 3). A reader's network may take other channels and another
range of values (`lessons_lib.network.asking.Network` knows which); what is checked here is told
both.
"""

import difflib
import io
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics import files
from lessons_lib.basics.checks import as_array, finite, size_of
from lessons_lib.basics.files import DATA as DATA  # lessons say images.DATA

Images = ArrayLike | Path | Iterable[Any]
"""One picture (height, width, channels) or the path of its file, a batch (n, height, width,
channels), or any number of these one after another: a list, a generator, a ``tf.data.Dataset``.
RGB pixels 0..255, or what the network's channels and value range say."""

ValueRange = tuple[float, float]
"""The lowest and the highest value that a pixel may have."""

PHOTOGRAPH: ValueRange = (0.0, 255.0)


MOST_PIXELS = 24_000_000
"""A photograph of more is reduced while it is read, where a network is to see it: no network sees
as many, and one of 100 million would take gigabytes."""


def load_image(path: str | Path, most_pixels: int | None = None) -> NDArray[np.uint8]:
    """Read a photograph from a file (JPEG, PNG, WebP, ...).

    The orientation that a camera noted in the file is applied. Transparent parts are put on white.

    Parameters
    ----------
    path
        The file.
    most_pixels
        A picture of more is reduced to a half, a third, ... of its sides, until it has no more.
        Default: as it is.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB pixels, 0..255.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a picture, is cut off, or has more than 8 bits for a value.

    Examples
    --------
    >>> load_image(files.DATA / "images" / "panda.jpg").shape
    (532, 800, 3)
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(
            f"{path} is a folder; name one of the pictures in it, or all: "
            f"sorted(Path({str(path)!r}).glob('*.jpg'))"
        )
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*") if p.is_file())
        near = difflib.get_close_matches(path.name, beside, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise FileNotFoundError(f"there is no file {path}{hint}")
    return _decoded(path.read_bytes(), path, most_pixels)


def _decoded(content: bytes, path: Path, most_pixels: int | None = None) -> NDArray[np.uint8]:
    try:
        with PIL.Image.open(io.BytesIO(content)) as picture:
            if picture.mode[0] in "IF":  # 16 or 32 bits; Pillow would cut them off at 255
                raise ValueError(f"a value has more than 8 bits (mode {picture.mode})")
            upright = PIL.ImageOps.exif_transpose(_reduced(picture, most_pixels))
            rgba = upright.convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises any of these
        raise ValueError(
            f"{path} cannot be read as a picture ({error}). It may be cut off or of another "
            "format: open it in an image viewer and save it again as JPEG or PNG. Of 16 bits: read "
            "it with skimage.io.imread, and say value_range=(0, 65535) to the classifier."
        ) from error
    ground = PIL.Image.new("RGBA", rgba.size, "white")
    return np.array(PIL.Image.alpha_composite(ground, rgba).convert("RGB"))


def _reduced(picture: PIL.Image.Image, most_pixels: int | None) -> PIL.Image.Image:
    """A picture with no more pixels than that; a JPEG is read in the smaller size at once."""
    width, height = picture.size
    if most_pixels is None or width * height <= most_pixels:
        return picture
    factor = math.ceil(math.sqrt(width * height / most_pixels))
    # Of a JPEG it gives a half, a quarter or an eighth, but never less than is asked for.
    picture.draft("RGB", (width // factor, height // factor))
    rest = math.ceil(math.sqrt(picture.width * picture.height / most_pixels))
    exif = picture.getexif()  # which way is up; a reduced picture no longer knows
    reduced = picture.reduce(rest) if rest > 1 and picture.mode not in ("P", "1") else picture
    reduced.info["exif"] = exif.tobytes()
    return reduced


def course_image(name: str) -> NDArray[np.uint8]:
    """One of the photographs that come with the course, by its name.

    Parameters
    ----------
    name
        For example ``"panda"``; `course_images` lists them all.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ValueError
        If the course has no such photograph; the message lists those it has.
    FileNotFoundError, DamagedFileError
        If its file is missing or not whole.

    Examples
    --------
    >>> course_image("paper_roll").shape
    (256, 256, 3)
    """
    if name not in course_images():
        raise ValueError(f"the course has no photograph {name!r}; it has {course_images()}")
    file = f"images/{name}.jpg"
    return _decoded(files.course_bytes(file), files.DATA / file)


def course_images() -> list[str]:
    """The names of the course's photographs, in alphabetical order."""
    return sorted(Path(name).stem for name in files.sums() if name.startswith("images/"))


def as_batch(
    images: Images, channels: int = 3, value_range: ValueRange = PHOTOGRAPH
) -> list[NDArray[np.float32]]:
    """Check pictures, and give them back as a list of new float32 arrays.

    Parameters
    ----------
    images
        One picture (height, width, channels), a batch (n, height, width, channels), or a list of
        pictures of any sizes, of any integer or float type. Those of one channel may come without
        their last axis. In place of a picture the path of its file, in place of a list a generator
        (`Images`).
    channels
        How many a picture has to have. Of a file's colours the mean is taken, if it is one.
    value_range
        The lowest and the highest value that a pixel may have.

    Returns
    -------
    list of ndarray of float32, each of shape (height, width, channels)

    Raises
    ------
    TypeError
        If the pixels are not numbers.
    ValueError
        If a picture is empty, has other channels, or has pixels that are not finite or lie outside
        the range.
    OSError
        If a file cannot be read, as `load_image`.

    Warns
    -----
    UserWarning
        If all pixels lie in a small part of the range, as if they were scaled to another one:
        divided by 255, say, so that the network would see a picture that is almost black.

    Examples
    --------
    >>> as_batch(np.zeros((28, 28)), channels=1)[0].shape
    (28, 28, 1)
    """
    return list(one_by_one(images, channels, value_range))


def one_by_one(
    images: Images, channels: int = 3, value_range: ValueRange = PHOTOGRAPH
) -> Iterator[NDArray[np.float32]]:
    """As `as_batch`, but each picture is read and checked when its turn comes.

    Examples
    --------
    >>> files_of_two = [files.DATA / "images" / f"{name}.jpg" for name in ("panda", "cat")]
    >>> [picture.shape for picture in one_by_one(files_of_two)]
    [(532, 800, 3), (300, 451, 3)]
    """
    found = False
    for item in _items(images):
        if isinstance(item, str | Path):
            item = load_image(item, MOST_PIXELS)
            item = item.mean(axis=-1) if channels == 1 else item
        for picture in _checked(item, channels, value_range):
            found = True
            yield picture.astype("float32")
    if not found:
        raise ValueError("there is no picture: the list is empty")


def _items(images: Any) -> Iterator[Any]:
    """Arrays and paths, as they are given, out of all that may hold some."""
    if isinstance(images, Mapping):
        raise TypeError(f"pictures come in a list, not in a dict of {[*images]}; give its values")
    if isinstance(images, str | Path | bytes):
        yield images
    elif _is_array(images):
        paths = np.ndim(images) == 1 and np.asarray(images).dtype.kind in "OU"
        for item in np.asarray(images).tolist() if paths else [images]:
            yield from _items(item) if paths else [item]
    elif isinstance(images, Iterable) or hasattr(images, "__getitem__"):
        if callable(size := getattr(images, "cardinality", None)) and int(size()) == -1:
            raise ValueError("the dataset never ends: say how many pictures, with .take(n)")
        # Some of Keras's data sets, gone through, begin again for ever; but they know their length.
        known = hasattr(images, "__len__") and hasattr(images, "__getitem__")
        for item in (images[i] for i in range(len(images))) if known else images:
            yield from _items(item)
    else:
        yield images


def _is_array(images: Any) -> bool:
    return hasattr(images, "__array__") or hasattr(images, "__array_interface__")


def _checked(pixels: ArrayLike, channels: int, value_range: ValueRange) -> NDArray[Any]:
    """Pictures (n, height, width, channels) of one or a batch; an error if they cannot be."""
    array = np.asarray(pixels)
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise TypeError(f"pixels must be integers or floats, but their type is {array.dtype}")
    array = _with_channels(array, channels)
    if array.size == 0:
        raise ValueError(f"there is no pixel in an array of shape {array.shape}")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        count = int((~np.isfinite(array)).sum())
        raise ValueError(f"{count} of {array.size} pixel values are NaN or infinite")
    _check_range(array, value_range)
    return array.reshape(-1, *array.shape[-3:])


def _with_channels(array: NDArray[Any], channels: int) -> NDArray[Any]:
    """The array with a last axis of so many channels; a ValueError if it is no picture of these."""
    shape = array.shape
    # 28 x 28, or 500 of them; but (28, 28, 3) is a picture in colour, not 28 narrow grey ones.
    if channels == 1 and (len(shape) == 2 or (len(shape) == 3 and shape[-1] > 4)):
        return array[..., None]
    if len(shape) not in (3, 4) or shape[-1] != channels:
        raise ValueError(_shape_message(shape, channels))
    return array


def _check_range(array: NDArray[Any], value_range: ValueRange) -> None:
    """A ValueError where pixels leave the range, a warning where they fill too little of it."""
    least, most = value_range
    low, high = float(array.min()), float(array.max())
    # In float32, which pixels become: 0.1 is a little more there.
    if np.float32(low) < np.float32(least) or np.float32(high) > np.float32(most):
        photograph = value_range == PHOTOGRAPH
        raise ValueError(
            f"pixels must lie in {least:g}..{most:g}, but these lie in {low:g}..{high:g}. Pass the "
            f"{'photograph' if photograph else 'picture'} as it is: the classifier does the "
            "network's own preprocessing itself. Where pictures have other values, say so once, "
            "Classifier(model, value_range=(lowest, highest)); plots take classifier.shown(image). "
            "Files of photographs have 0..255, whatever the network wants: preprocess=lambda x: "
            "x / 255."
        )
    decimal = np.issubdtype(array.dtype, np.floating)
    if decimal and most - least >= 255 and low >= -1 and 0 < high <= 1:
        warnings.warn(
            f"float pixels in {low:g}..{high:g} look like a picture that was divided by {most:g}; "
            f"{least:g}..{most:g} is expected, so the network sees it almost "
            f"{'black' if least == 0 else 'flat'}. Multiply by {most:g}, or say "
            "value_range=(0, 1) where the network was trained with such pictures.",
            stacklevel=3,
        )
    elif least == 0 and most > 2 * 255 and 0 < high <= 255:
        warnings.warn(
            f"pixels in {low:g}..{high:g} look like a picture of 8 bits; 0..{most:g} is expected, "
            "so the network sees it almost black. Read the picture with all its bits.",
            stacklevel=3,
        )


def value_range_of(value_range: Any) -> ValueRange:
    """The lowest and the highest value as floats; a ValueError unless they are two that rise.

    Examples
    --------
    >>> value_range_of([-1024, 3071])
    (-1024.0, 3071.0)
    """
    ends = finite(value_range, "value_range")
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise ValueError(
            f"value_range={value_range!r} must be the lowest and the highest value that a pixel "
            "may have, such as (0, 255), (0, 1), (0, 65535) or (-1024, 3071)"
        )
    return float(ends[0]), float(ends[1])


def for_screen(
    image: ArrayLike, channels: int | None = None, value_range: ValueRange = PHOTOGRAPH
) -> NDArray[np.float32]:
    """One picture as a screen shows it: red, green and blue, 0..255.

    Parameters
    ----------
    image : array, shape (height, width) or (height, width, channels)
    channels
        How many it has to have; default: one or three, as its shape says.
    value_range
        What becomes black, and what white.

    Returns
    -------
    ndarray of float32, shape (height, width, 3)
        One channel in grey, three in colour; of any other number the mean, in grey.

    Raises
    ------
    TypeError, ValueError
        As `as_batch`; or if there are several pictures.

    Examples
    --------
    >>> for_screen(np.array([[-1024, 3071]]), 1, (-1024, 3071))[0, :, 0]
    array([  0., 255.], dtype=float32)
    """
    if channels is None:
        shape = np.shape(as_array(image, "the picture"))
        channels = 1 if len(shape) == 2 or shape[-1:] == (1,) else 3
    (least, most), picture = value_range, one_picture(image, channels, value_range)
    shade = (picture - least) / (most - least) * 255 if value_range != PHOTOGRAPH else picture
    if channels != 3:
        shade = shade.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    return np.clip(shade, 0, 255, dtype=np.float32)


def one_picture(
    image: ArrayLike | Path, channels: int = 3, value_range: ValueRange = PHOTOGRAPH
) -> NDArray[np.float32]:
    """Check one picture, as `as_batch` does; a ValueError if there are several."""
    found = as_batch(image, channels, value_range)
    if len(found) != 1:
        raise ValueError(f"expected one picture, but there are {len(found)}")
    return found[0]


def as_given(images: Images, results: Any) -> Any:
    """One result for one picture or path; all results for a batch, a list or a stream."""
    return results[0] if is_one(images, len(results)) else results


def is_one(images: Any, found: int = 1) -> bool:
    """Whether it is one picture, or the path of one, given how many were found in it."""
    if isinstance(images, str | Path):
        return True
    shape: tuple[int, ...] = np.shape(images) if _is_array(images) else ()
    # (n, height, width) are grey pictures: told from (height, width, channels) by their number.
    grey = len(shape) == 3 and (found > 1 or shape[0] == 1 < 4 < shape[-1])
    return len(shape) in (2, 3) and not grey


def _shape_message(shape: tuple[int, ...], channels: int) -> str:
    wanted = (
        f"a picture has the shape (height, width, {channels}), a batch (n, height, width, "
        f"{channels})"
    )
    looks_grey = len(shape) == 2 or shape[-1:] == (1,)
    if len(shape) < 2:
        cure = "if it is the label beside a picture, give the pictures alone: (x for x, y in pairs)"
    elif channels == 3 and looks_grey:
        cure = "this looks like a grey picture: repeat it with np.stack([grey] * 3, axis=-1)"
    elif channels == 3 and shape[-1:] == (4,):
        cure = "this looks like RGBA: drop the transparency with image[..., :3]"
    elif len(shape) in (3, 4) and shape[-3] == channels:
        cure = "the channels must come last: np.moveaxis(image, -3, -1)"
    elif channels == 1 and shape[-1:] in ((3,), (4,)):
        cure = "this looks like a picture in colour: make it grey with image[..., :3].mean(axis=-1)"
    elif channels == 3:
        cure = "RGB is expected"
    else:
        cure = f"the network takes pictures of {channels_of(channels)}"
    return f"{wanted}, but this array has the shape {shape}; {cure}"


def channels_of(count: int) -> str:
    """So many channels, in words: "1 channel", "5 channels"."""
    return f"{count} channel{'s' * (count != 1)}"


def resize(image: ArrayLike, size: tuple[int, int]) -> NDArray[np.float32]:
    """Resize a picture, or a map of one value a pixel.

    Shrinking averages the pixels that fall together; growing interpolates linearly. Pixel centres
    stay where they are, so that a map lies over its photograph without a shift.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (height, width, channels)
    size
        New (height, width).

    Returns
    -------
    ndarray of float32, shape (*size,) or (*size, channels)

    Raises
    ------
    TypeError, ValueError
        If ``image`` is neither, or not finite, or ``size`` is not two whole numbers above 0.

    Examples
    --------
    >>> resize(np.array([[0.0, 1.0]]), (1, 4)).round(2)
    array([[0.  , 0.25, 0.75, 1.  ]], dtype=float32)
    """
    given = finite(image, "the picture", "(height, width) or (height, width, channels)")
    pixels = given.astype("float32", copy=False)
    # An average of 255s may come out as 255.00002, which would be no pixel any more.
    clipped: NDArray[np.float32] = np.clip(
        resized(pixels, size_of(size)), pixels.min(), pixels.max()
    )
    return clipped


def resized(pixels: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """As `resize`, for what has been checked already, and without the clip at the end.

    Parameters
    ----------
    pixels : ndarray of float32, shape (height, width) or (height, width, channels)
        Finite values.
    size
        New (height, width).

    Returns
    -------
    ndarray of float32, shape (*size,) or (*size, channels)
        An average may leave the range of ``pixels`` by a rounding error.
    """
    height, width = size
    shrinks = height <= pixels.shape[0] and width <= pixels.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    # OpenCV averages at most four channels at once, and drops the axis of a single one.
    some = (
        np.split(pixels, range(4, pixels.shape[-1], 4), axis=-1) if pixels.ndim == 3 else [pixels]
    )
    parts = np.dstack([cv2.resize(part, (width, height), interpolation=how) for part in some])
    return parts.reshape(height, width, *pixels.shape[2:]).astype("float32", copy=False)


class Box(NamedTuple):
    """A rectangle of pixels: rows ``top`` to ``bottom``, columns ``left`` to ``right``."""

    top: int
    bottom: int
    left: int
    right: int

    def mask(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """True inside the box, for a picture of this (height, width)."""
        inside = np.zeros(size, bool)
        inside[self.top : self.bottom, self.left : self.right] = True
        return inside


def mosaic(
    images: Sequence[ArrayLike], tile: tuple[int, int] = (224, 224)
) -> tuple[NDArray[np.uint8], list[Box]]:
    """Four pictures as a 2 x 2 mosaic, so that one knows where each class is.

    Parameters
    ----------
    images
        Four pictures, in reading order.
    tile
        (height, width) of each tile.

    Returns
    -------
    picture : ndarray of uint8, shape (2 * tile height, 2 * tile width, 3)
    boxes : list of Box
        Where each of the four is.

    Examples
    --------
    >>> names = ["panda", "macaw", "koala", "cat"]
    >>> picture, boxes = mosaic([course_image(name) for name in names])
    >>> picture.shape, boxes[1]
    ((448, 448, 3), Box(top=0, bottom=224, left=224, right=448))
    """
    pictures = as_batch(images)
    if len(pictures) != 4:
        raise ValueError(f"a mosaic needs 4 pictures, but there are {len(pictures)}")
    height, width = size_of(tile, "tile")
    result = np.empty((2 * height, 2 * width, 3), np.uint8)
    boxes = []
    for i, picture in enumerate(pictures):
        top, left = height * (i // 2), width * (i % 2)
        box = Box(top, top + height, left, left + width)
        result[box.top : box.bottom, box.left : box.right] = resize(picture, tile).round()
        boxes.append(box)
    return result, boxes

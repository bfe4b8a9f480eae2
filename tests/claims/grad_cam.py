"""What lesson 02 says of its pictures."""

import numpy as np
import scipy.spatial

from lessons_lib import images, plotting
from lessons_lib.grad_cam import grad_cam
from tests.claims import claim


def hottest(heat: np.ndarray) -> tuple[float, float]:
    """Where the map is largest, as shares of the picture's height and width."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return (row + 0.5) / heat.shape[0], (column + 0.5) / heat.shape[1]


@claim("02.roll_probability")
def _(vgg16, roll):
    return np.exp(vgg16.logits(roll))[0, 999] / np.exp(vgg16.logits(roll)).sum()


@claim("02.roll_hot_at_hole")
def _(heat):
    down, right = hottest(heat)
    return 0.3 < down < 0.7 and 0.63 < right < 0.93


@claim("02.sheet_is_dim")
def _(heat):
    return plotting.normalise(heat)[5:, 2:8].mean() < 0.2


@claim("02.against_at_hole")
def _(share, A):
    """The channel that takes most away is largest where the hole is, and else on the sheet."""
    against = A[..., share.argmin()]
    row, column = np.unravel_index(against.argmax(), against.shape)
    return 5 <= row <= 8 and 10 <= column <= 12 and against[5:9, :4].max() > against.max() / 2


@claim("02.third_adds")
def _(gradient, A):
    return 0.3 < (gradient.mean(axis=(0, 1)) * A.mean(axis=(0, 1)) > 0).mean() < 0.36


@claim("02.eleven_half")
def _(gradient, A):
    share = np.sort(gradient.mean(axis=(0, 1)) * A.mean(axis=(0, 1)))[::-1]
    return share[:9].sum() < share[share > 0].sum() / 2 < share[:13].sum()


@claim("02.drum_left")
def _(heats):
    return hottest(heats[0])[1] < 0.58


@claim("02.guitar_right")
def _(heats):
    return 0.55 < hottest(heats[1])[1] < 0.85


@claim("02.shepherd_flank")
def _(vgg16, photos):
    heat = grad_cam(vgg16, photos[3], "German shepherd")
    return 0.8 < heat[7:11, 5:10].max() / heat[:6, 9:].max() < 1.25


@claim("02.grey_bird")
def _(early):
    """At the first layer the blue bird's map is like the red one's, the grey one's is not."""
    red, blue, grey = (heat.ravel() for heat in early)
    return np.corrcoef(red, blue)[0, 1] > 0.5 > 0.3 > np.corrcoef(red, grey)[0, 1]


@claim("02.always_velvet")
def _(faulty):
    tops = [faulty.top(images.course_image(name))[0] for name in ("macaw", "hens", "polar_bear")]
    return {top.label for top in tops} == {"velvet"} and max(t.probability for t in tops) < 0.05


@claim("02.hens_become_peacock")
def _(vgg16):
    return vgg16.top(images.course_image("hens")[..., ::-1])[0].label == "peacock"


@claim("02.bgr_survivors")
def _(vgg16):
    photos = [images.course_image(name) for name in images.course_images()]
    right = vgg16.logits(photos).argmax(axis=1)
    swapped = vgg16.logits([photo[..., ::-1] for photo in photos]).argmax(axis=1)
    return int((right == swapped).sum())


@claim("02.probability_map_is_tiny")
def _(pair):
    logit, probability = pair
    return 800 < logit.max() / probability.max() < 900


@claim("02.invented_colours")
def _(wrong, scale):
    """By a search tree, and of every fourth pixel, where the lesson takes every eighth."""
    distance, _ = scipy.spatial.cKDTree(scale).query(wrong[::4, ::4].reshape(-1, 3).astype(float))
    return 0.38 < (distance / 255 > 0.1).mean() < 0.42

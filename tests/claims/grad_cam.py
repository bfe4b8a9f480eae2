"""What lesson 02 says of its pictures."""

import functools
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from lessons_lib import images, plotting
from lessons_lib.grad_cam import grad_cam
from tests.claims import claim
from tests.claims.anew import hottest

REPORT = Path(__file__).parents[2] / "data" / "weights" / "report.json"


def with_class_blind(vgg16, photo):
    """How a photograph's map is like the plain mean of its channels; centred and multiplied out."""
    maps = grad_cam(vgg16, photo), np.einsum("xyk->xy", vgg16.activations(photo)[0])
    one, other = (m / m.std() - m.mean() / m.std() for m in maps)
    return (one * other).mean()


@claim("02.unseen_photographs")
def _():
    """Measured in folds, when the head was fitted."""
    return 100 * json.loads(REPORT.read_text(encoding="utf-8"))["vgg16"]["top_1"]


@claim("02.roll_probability")
def _(vgg16, roll):
    return np.exp(vgg16.logits(roll))[0, 999] / np.exp(vgg16.logits(roll)).sum()


@claim("02.roll_hot_at_hole", "hottest at the rim below the hole")
def _(heat, roll):
    """The hottest block is white paper, and the brown hole is above it within two blocks."""
    down, right = hottest(heat)
    rows, columns = (
        int(share * side) for share, side in zip((down, right), roll.shape[:2], strict=True)
    )
    hole = (roll[..., 0].astype(int) - roll[..., 2] > 30) & (np.arange(256) > 128)
    near = hole[rows - 37 : rows, columns - 10 : columns + 10]
    return near.any() and not hole[rows:, columns - 5 : columns + 5].any()


@claim("02.sheet_is_dim", "stays dim")
def _(heat):
    return plotting.normalise(heat)[5:, 2:8].mean() < 0.2


@claim("02.same_block", "at the same block")
def _(vgg16, roll):
    return hottest(vgg16.activations(roll)[0].sum(axis=-1)) == hottest(grad_cam(vgg16, roll, 999))


@claim("02.roll_blind")
def _(vgg16, roll):
    return with_class_blind(vgg16, roll)


@claim("02.drum_left", "hottest on the big drum")
def _(vgg16, stage):
    """Within the skin of the big drum."""
    down, right = hottest(grad_cam(vgg16, stage, 541))
    return np.hypot((down - 0.62) * 600, (right - 0.40) * 800) < 132


@claim("02.guitar_right", "hottest on the guitar")
def _(vgg16, stage):
    """On the guitar's neck or body, right of the big drum."""
    down, right = hottest(grad_cam(vgg16, stage, 546))
    return 0.6 < right < 0.88 and down > 0.3


@claim("02.against_at_drum", "hottest at a drum")
def _(against):
    """At the upper drum, not at the guitar."""
    down, right = hottest(against)
    return 0.1 < down < 0.4 and 0.4 < right < 0.68


@claim("02.two_classes")
def _(vgg16, stage):
    drum, guitar = (vgg16.gradients(stage, c) for c in (541, 546))
    maps = [
        np.maximum((f.A[0] * f.gradient[0].mean(axis=(0, 1))).sum(-1), 0) for f in (drum, guitar)
    ]
    return np.cov(*(m.ravel() for m in maps))[0, 1] / np.prod([m.std(ddof=1) for m in maps])


@claim("02.shepherd_flank", "flank as much as on its head")
def _(vgg16, photos):
    heat = grad_cam(vgg16, photos[3], "German shepherd")
    return 0.8 < heat[7:11, 5:10].max() / heat[:6, 9:].max() < 1.25


@functools.cache
def least_and_most(vgg16):
    """The photographs of least and of most likeness, each with its number."""
    found = {n: with_class_blind(vgg16, images.course_image(n)) for n in images.course_images()}
    return min(found, key=found.get), max(found, key=found.get), found


@claim("02.blind_least")
def _(vgg16):
    least, _, found = least_and_most(vgg16)
    assert least == "drum_guitar"
    return found[least]


@claim("02.blind_most")
def _(vgg16):
    _, most, found = least_and_most(vgg16)
    assert most == "polar_bear"
    return found[most]


@claim("02.always_velvet", 'all three "velvet"')
def _(faulty):
    tops = [faulty.top(images.course_image(name))[0] for name in ("macaw", "hens", "polar_bear")]
    return {top.label for top in tops} == {"velvet"} and max(t.probability for t in tops) < 0.05


@claim("02.hens_become_peacock", "peacock")
def _(vgg16):
    return vgg16.top(images.course_image("hens")[..., ::-1])[0].label == "peacock"


@claim("02.bgr_survivors")
def _(vgg16):
    photos = [images.course_image(name) for name in images.course_images()]
    right = vgg16.logits(photos).argmax(axis=1)
    swapped = vgg16.logits([photo[..., ::-1] for photo in photos]).argmax(axis=1)
    return int((right == swapped).sum())


@claim("02.mostly_cold", "more than three quarters of the blocks lie below")
def _(heat):
    return (heat < heat.max() / 3).mean() > 0.75


@claim("02.red_as_blue", "paper and ground have nearly as much red as")
def _(roll):
    return (np.abs(roll[..., 0].astype(int) - roll[..., 2]) <= 8).mean() > 0.9


@claim("02.probability_map_is_tiny", "more than 800 times smaller")
def _(pair):
    logit, probability = pair
    return 800 < logit.max() / probability.max() < 900


@claim("02.sigmoid_dies", "exactly zero in 32-bit numbers")
def _():
    """By the closed form p (1 - p), in the same 32-bit numbers."""
    p = 1 / (1 + np.exp(np.float32(-18)))
    return p * (1 - p) == 0 < np.exp(np.float64(-18))


@claim("02.softmax_lives")
def _():
    """By the closed form -p q, which never takes 1 - p."""
    p, q = tf.nn.softmax(tf.constant([18.0, 0.0], tf.float64)).numpy()
    return -p * q

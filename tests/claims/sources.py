"""What lesson 13 says of the sources."""

import cv2
import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage

from lessons_lib import images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.score_cam import score_cam
from tests.claims import claim
from tests.claims.anew import alike, ranks

ROLL = 999
DRUM, GUITAR = 541, 546
MACAW, ELEPHANT = 88, 386


def block(heat) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(np.argmax(heat), np.shape(heat)))


def of_probability(vgg16, picture, c: int):
    """By the softmax's rule: p_c (slope of S_c, less the mean of all slopes by probability)."""
    head = vgg16.model.get_layer("course_head")
    last = vgg16.model.get_layer("block5_conv3").output
    both = keras.Model(vgg16.model.input, [last, head.input])
    ready = keras.applications.vgg16.preprocess_input(vgg16.prepare(picture))
    with tf.GradientTape() as tape:
        A, features = both(ready)
        S = (features @ head.kernel + head.bias)[0]
        p = tf.stop_gradient(tf.exp(S) / tf.reduce_sum(tf.exp(S)))
        ahead = p[c] * (S[c] - tf.reduce_sum(p * S))
    weights = tape.gradient(ahead, A).numpy().mean(axis=(0, 1, 2))
    return np.maximum(A.numpy()[0] @ weights, 0)


# The Grad-CAM class


@claim("13.by_probability")
def _(vgg16, roll):
    """Without the tape through the softmax, from the slopes of the forty likeliest logits."""
    return alike(of_probability(vgg16, roll, ROLL), grad_cam(vgg16, roll, ROLL))


@claim("13.probability_smaller")
def _(vgg16, roll):
    return grad_cam(vgg16, roll, ROLL).max() / of_probability(vgg16, roll, ROLL).max()


@claim("13.one_block_down", "one block lower")
def _(vgg16, roll, roll_maps):
    row, column = block(grad_cam(vgg16, roll, ROLL))
    return block(roll_maps["probability, not logit"]) == (row + 1, column)


@claim("13.by_nearest")
def _(vgg16, roll):
    """The nearest pixel by another library; it need not choose quite the same ones."""
    nearest = cv2.resize(roll, (224, 224), interpolation=cv2.INTER_NEAREST_EXACT)
    return alike(grad_cam(vgg16, nearest, ROLL), grad_cam(vgg16, roll, ROLL))


@claim("13.by_bgr")
def _(vgg16, roll):
    bgr = cv2.cvtColor(roll, cv2.COLOR_RGB2BGR)
    assert vgg16.top(bgr)[0].index == ROLL
    return alike(grad_cam(vgg16, bgr, ROLL), grad_cam(vgg16, roll, ROLL))


@claim("13.bgr_probability")
def _(vgg16, roll):
    logits = vgg16.logits(cv2.cvtColor(roll, cv2.COLOR_RGB2BGR))[0]
    return np.exp(logits[ROLL]) / np.exp(logits).sum()


@claim("13.by_class")
def _(vgg16, roll, loaded):
    return alike(of_probability(vgg16, loaded, ROLL), grad_cam(vgg16, roll, ROLL))


@claim("13.class_blind")
def _(vgg16, roll, loaded):
    blind = np.einsum("xyk->xy", vgg16.activations(roll)[0])
    return alike(of_probability(vgg16, loaded, ROLL), blind)


@claim("13.same_scaling", "nothing")
def _(roll_maps):
    L = roll_maps["the class as it is"]
    scaled = (L - L.min()) / (np.ptp(L) + 1e-8)
    return L.min() == 0 and np.allclose(scaled, L / L.max(), atol=1e-5)


@claim("13.drawn_peak")
def _(roll_maps):
    L = roll_maps["the class as it is"]
    return images.resize(L / L.max(), (256, 256)).max()


@claim("13.blue_share")
def _(rgb_under_bgr, heat):
    """In percent; and it is the hottest pixels that are blue."""
    blue = rgb_under_bgr[..., 2].astype(int) > rgb_under_bgr[..., 0]
    assert heat[blue].min() > np.quantile(heat[~blue], 0.98)
    return 100 * blue.mean()


@claim("13.blind_next", "hottest within one block of it")
def _(vgg16, roll, roll_maps):
    there = block(np.einsum("xyk->xy", vgg16.activations(roll)[0]))
    return max(np.abs(np.subtract(there, block(roll_maps["the class as it is"])))) <= 1


# The program in MATLAB


@claim("13.no_mask_raises", "no mask is the drum as probable as in")
def _(squeezenet, stage, logits):
    p = np.exp(logits[:, DRUM]) / np.exp(logits).sum(axis=1)
    return p.max() < squeezenet.probabilities(stage)[0, DRUM]


@claim("13.nearly_all_lose", "nearly every one is a loss")
def _(squeezenet, stage, logits):
    p = np.exp(logits[:, [DRUM, GUITAR]]) / np.exp(logits).sum(axis=1, keepdims=True)
    return (p < squeezenet.probabilities(stage)[0, [DRUM, GUITAR]]).mean() > 0.99


@claim("13.offset_cancels", "the same")
def _(logits, program, H):
    p = np.exp(logits[:, [DRUM, GUITAR]]) / np.exp(logits).sum(axis=1, keepdims=True)
    weights = np.exp(p) / np.exp(p).sum(axis=0)
    return np.allclose(np.tensordot(weights.T, H, 1), program, atol=1e-5)


@claim("13.weight_spread")
def _(logits):
    """A softmax's weights differ by the exponential of the difference; in percent."""
    p = np.exp(logits[:, [DRUM, GUITAR]]) / np.exp(logits).sum(axis=1, keepdims=True)
    return 100 * (np.exp(np.ptp(p, axis=0)).max() - 1)


@claim("13.program_two")
def _(program):
    return ranks(*program)


@claim("13.program_blind")
def _(program, H):
    return min(ranks(m, H.sum(axis=0)) for m in program)


@claim("13.program_course")
def _(program, squeezenet, stage):
    """Asked anew, with the course's function."""
    ours = score_cam(squeezenet, stage, DRUM, "fire9_concat", baseline="black")
    return ranks(program[0], images.resize(ours, (224, 224)))


@claim("13.masks_two")
def _(logits, H):
    weights = np.exp(logits[:, [DRUM, GUITAR]] - logits[:, [DRUM, GUITAR]].max(axis=0))
    return ranks(*np.tensordot(weights.T, H, 1))


@claim("13.masks_alike")
def _(logits, H, course):
    weights = np.exp(logits[:, DRUM] - logits[:, DRUM].max())
    return ranks(np.tensordot(weights, H, 1), course[0])


@claim("13.blend_most")
def _(blend):
    return blend.max()


@claim("13.stretch_loss")
def _(blend):
    return 100 * (1 - 255 / np.ptp(blend))


# The example on keras.io


@claim("13.trapezoid_miss", "less than one per cent of the rise")
def _(mobilenet, x, phi, baselines):
    start = np.mean([mobilenet.probabilities(b)[0, MACAW] for b in baselines])
    rise = mobilenet.probabilities(x)[0, MACAW] - start
    return abs(phi.sum() / 127.5 / rise - 1) < 0.01


@claim("13.two_runs")
def _(runs):
    return alike(*runs)


@claim("13.elephant_absent", "next to no probability")
def _(mobilenet, x):
    return mobilenet.probabilities(x)[0, ELEPHANT] < 0.001


@claim("13.elephant_dots", "nearly as many dots as the other")
def _(elephant, phi):
    """Strongest pixels that hold 72 % of what is positive: as many as for the bird, or more."""
    shares = []
    for m in (elephant, phi):
        ranked = np.sort(np.maximum(m, 0).mean(axis=-1).ravel())[::-1]
        shares.append((ranked.cumsum() < 0.72 * ranked.sum()).mean())
    return shares[0] > 0.8 * shares[1]


@claim("13.elephant")
def _(elephant, runs):
    return alike(elephant, runs[0])


def held(phi, percentage: float) -> float:
    """Share of the pixels that hold so much of what is positive in the three channels."""
    ranked = np.sort(np.clip(phi, 0, 1).mean(axis=-1).ravel())[::-1]
    return ((ranked.cumsum() < percentage / 100 * ranked.sum()).sum() + 1) / ranked.size


@claim("13.by_mass")
def _(phi):
    return 100 * held(phi, 72)


@claim("13.by_count")
def _(phi):
    """The rest lies below the percentile; or is zero."""
    one_sign = np.clip(phi, 0, 1).mean(axis=-1)
    return 100 * (one_sign >= np.quantile(one_sign, 0.28)).mean()


@claim("13.sum_count")
def _(phi):
    """The percentile is zero, so that all that is positive is drawn."""
    total = phi.sum(axis=-1)
    assert (total <= 0).mean() > 0.28
    return 100 * (total > 0).mean()


def areas(phi):
    """Areas of the patches, the largest first, and of the picture; step by step once more."""
    one_sign = np.clip(phi, 0, 1).mean(axis=-1)
    ranked = np.sort(one_sign.ravel())[::-1]
    low, high = (ranked[(ranked.cumsum() < share * ranked.sum()).sum()] for share in (0.72, 0.05))
    heat = np.clip((one_sign - low) / (high - low), 0, 1)
    heat = ndimage.grey_opening(ndimage.grey_closing(heat, size=3), size=3)
    mask = ndimage.binary_fill_holes(heat > 0.001).astype("uint8")
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1], mask.size


@claim("13.gradient_patches")
def _(slope):
    found, _ = areas(slope)
    return int((found.cumsum() < 0.9 * found.sum()).sum()) + 1


@claim("13.gradient_kept")
def _(slope):
    found, _ = areas(slope)
    return 100 * found[:3].sum() / found.sum()


@claim("13.ig_patches", "one patch is enough")
def _(phi):
    found, _ = areas(phi)
    return found[0] >= 0.9 * found.sum()


@claim("13.ig_covers")
def _(phi):
    found, size = areas(phi)
    return 100 * found[0] / size


@claim("13.cut_at_one", "touches a single number here")
def _(phi):
    return (np.abs(phi) > 1).sum() == 1


@claim("13.ink_lost")
def _(x, phi):
    """Of what is added to the green channel."""
    heat = np.clip(phi, 0, 1).mean(axis=-1)
    ranked = np.sort(heat.ravel())[::-1]
    high = ranked[(ranked.cumsum() < 0.01 * ranked.sum()).sum()]
    added = 0.8 * 255 * np.clip(heat / high, 0, 1)
    seen = np.minimum(added, 255 - x[..., 1])
    return 100 * (1 - seen.sum() / added.sum())


@claim("13.castle_smaller", "more than 800 times smaller than that of the")
def _(vgg16, castle):
    return 800 < grad_cam(vgg16, castle, 483).max() / of_probability(vgg16, castle, 483).max() < 900

"""What lesson 06 says of its pictures, its houses and its message."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib import images, models
from tests.claims import claim

PANDA = 388


def slopes(xception, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gradient of the panda's logit at one picture."""

    @tf.function
    def gradient(z: tf.Tensor) -> tf.Tensor:
        return tf.gradients(xception.forward(z)[:, PANDA], z)[0]

    return gradient(tf.constant(z[None], tf.float32))[0].numpy()


@claim("06.panda_complete")
def _(xception, panda, found):
    x = xception.prepare(panda)[0]
    logits = xception.logits([x, np.zeros_like(x)])[:, PANDA]
    return abs(found.phi.sum(dtype=float) / (logits[0] - logits[1]) - 1) < 0.01


@claim("06.early")
def _(xception, x):
    """More than half of the score's way is done at a twentieth of the brightness."""
    start, twentieth, end = xception.logits([0 * x, 0.05 * x, x])[:, PANDA]
    return twentieth - start > (end - start) / 2


@claim("06.cancel")
def _(xception, x):
    """At the photograph, the pixels' slopes have both signs and add up to next to nothing."""
    each = (x * slopes(xception, x)).astype(float)
    return abs(each.sum()) < 0.01 * np.abs(each).sum()


@claim("06.memory")
def _(xception):
    """What all layers hold for one picture, by Keras's own shapes; the picture is 1 MiB."""
    layers = xception.model._flatten_layers(include_self=False)
    held = [node.output_tensors for layer in layers for node in layer._inbound_nodes]
    return round(4 * sum(np.prod(y.shape[1:]) for part in held for y in part) / 2**20, -1)


@claim("06.dark_third")
def _(xception, x):
    """At the first of 16 midpoints, between a third and two fifths of the score's way."""
    start, dark, end = xception.logits([0 * x, x / 32, x])[:, PANDA]
    return 1 / 3 < (dark - start) / (end - start) < 0.4


@claim("06.first_node")
def _(xception, x):
    """The first of 16 midpoints alone adds more than three times what the sum has to be."""
    start, end = xception.logits([0 * x, x])[:, PANDA]
    return (x * slopes(xception, x / 32)).sum(dtype=float) / 16 > 3 * (end - start)


@claim("06.gauss")
def _(errors, difference):
    """16 nodes come to a twentieth of the difference, 8, 10 and 12 only to two fifths."""
    error = {n: abs(s / difference - 1) for n, s in errors["gauss_legendre"].items()}
    return error.pop(16) < 0.05 and min(error.values()) > 0.4


@claim("06.adaptive_stops")
def _(errors, difference):
    """From four panels, halving one at a time: below one per cent first at 40 or 48 gradients."""
    error = {n: abs(s / difference - 1) for n, s in errors["adaptive"].items()}
    return next(n for n in error if error[n] < 0.01) in (40, 48)


@claim("06.halved")
def _(found):
    """Twelve panels of four gradients each; a halving needs eight more."""
    return found.steps == 12 * 4 + 2 * 8


@claim("06.head")
def _(bird):
    positive = np.maximum(bird.phi.sum(axis=-1), 0)
    return 100 * positive[30:110, 60:140].sum() / positive.sum()


@claim("06.box_edges")
def _(bird):
    """By more than the few tenths that better steps would change."""
    per_pixel = bird.phi.sum(axis=-1)
    return per_pixel[20:100, 60:140].sum() < -2 and per_pixel[35:115, 65:145].sum() > 2


# Baselines, and steps


@claim("06.black_is_blind")
def _(x, results):
    """Dark pixels get next to nothing from black, bright ones next to nothing from white."""
    light = x.mean(axis=-1)
    black, white = (np.abs(result.phi).sum(axis=-1) for result in results[:2])
    from_black = black[light < 25].mean() / black.mean()
    from_white = white[light > 230].mean() / white.mean()
    return from_black < 0.35 and from_white < 0.35


@claim("06.midpoint_sum")
def _(phi, difference):
    return 3.5 < phi.sum(dtype=float) / difference < 4


def alike(a: NDArray, b: NDArray) -> float:
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


@claim("06.baseline_matters")
def _(phi, results):
    """Poor steps give a map like the default's, another baseline does not."""
    black, white = results[:2]
    return alike(phi, black.phi) > 0.75 and alike(white.phi, black.phi) < 0


@claim("06.other_nodes")
def _(phi, first, found, difference):
    """They add next to nothing, but their map is the default's; the first node's is not."""
    others = phi - first
    small = abs(others.sum(dtype=float)) < 0.1 * difference
    return small and alike(others, found.phi) > 0.9 and alike(first, found.phi) < 0.3


@claim("06.regions")
def _(maps):
    """The order is band, neck, stone above the head, stone below the beak; no face, no beak."""
    regions = maps["regions (XRAI's idea)"]
    values = [regions[p] for p in ((212, 230), (98, 130), (25, 68), (148, 77))]
    visible = np.percentile(regions, 90)
    face, beak = regions[60, 108], regions[65, 75]
    return values == sorted(values, reverse=True) and max(face, beak) < visible <= values[-1]


# The message


@claim("06.text_answer")
def _(talk):
    return talk.score < 0 < talk.baseline_score


@claim("06.atheism_word")
def _(per_word, words):
    """First "faith", for christian; then "does"; then "atheism", the strongest against it."""
    each = np.array(words)
    shares = {w: per_word[: len(words)][each == w].sum() for w in words}
    ranked = sorted(shares, key=lambda word: -abs(shares[word]))
    signs = shares["faith"] > 0 and shares["does"] > 0 and shares["atheism"] < 0
    return ranked[:3] == ["faith", "does", "atheism"] and signs and not per_word[len(words) :].any()


@claim("06.small_words")
def _(share, talk):
    """The eight strongest words add up to a twentieth of the answer, or less."""
    return abs(sum(sorted(share, key=abs)[-8:])) < abs(talk.difference) / 20


# Faults


@claim("06.four_panels")
def _(path, difference):
    panels = path.measure([(0, 1 / 32), (1 / 32, 1 / 16), (1 / 16, 1 / 4), (1 / 4, 1)])
    return abs(sum(panel.error for panel in panels)) < 0.01 * difference


@claim("06.fault")
def _(xception, x):
    """Both gradients at the very same picture: rounding it anew would cross some kinks."""
    ready = tf.constant(0.9 * (x / 127.5) - 1, tf.float32)[None]

    @tf.function
    def gradients(ready: tf.Tensor) -> list[tf.Tensor]:
        raw = (ready + 1) * 127.5
        return tf.gradients(xception.forward(raw)[:, PANDA], [ready, raw])

    faulty, right = ((x * gradient[0].numpy()).sum() for gradient in gradients(ready))
    return faulty / right


@claim("06.no_change_no_share")
def _(x, of_raw):
    """Without the factor, dark pixels get as much as others; with it, almost nothing."""
    dark, size = x.mean(axis=-1) < 25, np.abs(of_raw).sum(axis=-1)
    return size[dark].mean() > 0.7 * size.mean()


@claim("06.giraffe")
def _():
    network = models.load("mobilenet_v2", "course")
    return network.top(images.course_image("giraffe"))[0].label == "cheetah"

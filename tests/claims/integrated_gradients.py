"""What lesson 06 says of its pictures and its toys."""

import itertools
from math import factorial

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lessons_lib import images
from lessons_lib.integrated_gradients import (
    Path,
    classifier_functions,
    integrate,
    integrated_gradients,
)
from tests.claims import claim
from tests.claims.anew import alike, ranks

PANDA = 388


def path_of_panda(xception) -> Path:
    (x,) = xception.prepare(images.course_image("panda"))
    return Path(classifier_functions(xception), x, np.zeros_like(x), PANDA, 1)


def piece(panels, low: float, high: float) -> NDArray:
    """What the lesson's panels between two places hold."""
    return np.sum([part for a, b, part, _ in panels if a >= low and b <= high], axis=0)


@claim("06.early")
def _(xception):
    """At a sixteenth of the brightness, in percent of the whole rise."""
    path = path_of_panda(xception)
    start, sixteenth, end = path.scores([0.0, 1 / 16, 1.0])
    return 100 * (sixteenth - start) / (end - start)


@claim("06.trapezoid_error", "off by more than the whole")
def _(xception, theirs):
    """Farther than the whole difference is large."""
    start, end = path_of_panda(xception).scores([0.0, 1.0])
    return abs(theirs.phi.sum(dtype=float) / (end - start) - 1) > 1


@claim("06.tie", "complete")
def _():
    """At a tie the library's own choice: both are complete, and they differ."""
    first = integrate(lambda z: tf.maximum(z[:, 0], z[:, 1]), [2.0, 2.0], [0.0, 0.0]).phi
    half = integrate(lambda z: tf.reduce_max(z, axis=1), [2.0, 2.0], [0.0, 0.0]).phi
    return np.allclose(first, [2, 0], atol=1e-4) and np.allclose(half, [1, 1], atol=1e-4)


@claim("06.deeplift", "$(1.5, -0.5)$ for the first network and $(2, -1)$ for the second")
def _():
    """The rescale rule by hand: each ReLU's multiplier is its rise over that of its input."""

    def relu(value: float) -> float:
        return max(value, 0.0)

    def multiplier(end: float, start: float) -> float:
        return (relu(end) - relu(start)) / (end - start)

    outer = multiplier(3 - 1 - 1, 0 - 1 - 0)
    one = (3 * multiplier(3, 0) * outer, -1 * multiplier(1, 0) * outer)
    outer = multiplier(2 - 1, 0)
    two = (3 * multiplier(3 - 1, 0 - 1) * outer, -1 * multiplier(1, 0) * outer)
    return np.allclose(one, [1.5, -0.5]) and np.allclose(two, [2, -1])


@claim("06.stops_early", "less than one per cent")
def _(xception):
    """The lesson's first four panels, and the worst one halved."""
    path = path_of_panda(xception)
    start, end = path.scores([0.0, 1.0])
    panels = path.measure(list(itertools.pairwise([0.0, 1 / 32, 1 / 16, 1 / 4, 1.0])))
    misses = [[abs(sum(p.error for p in panels)), sum(abs(p.error) for p in panels)]]
    *panels, worst = sorted(panels, key=lambda panel: abs(panel.error))
    middle = (worst.start + worst.end) / 2
    panels += path.measure([(worst.start, middle), (middle, worst.end)])
    misses.append([abs(sum(p.error for p in panels)), sum(abs(p.error) for p in panels)])
    (four, apart), (five, _) = np.array(misses) / (end - start)
    return four < 0.01 and apart > 0.05 and five > 0.02


@claim("06.narrow", "each narrower than the space between two nodes")
def _():
    """Each step is narrower than the space between the default's nodes around it."""
    nodes = np.polynomial.legendre.leggauss(4)[0]
    ends = np.linspace(0, 1, 13) ** 2
    panels = [a + (b - a) * (nodes + 1) / 2 for a, b in itertools.pairwise(ends)]
    places = np.concatenate(panels)
    return not any(((places > low) & (places < low + 0.01)).any() for low in (0.762, 0.623))


@claim("06.panda_default")
def _(xception, panda):
    """How many gradients the default needs."""
    found = integrated_gradients(xception, panda, PANDA)
    assert found.error <= 0.01
    assert found.panel_error <= 0.05
    return found.steps


# The map, and its controls


@claim("06.like_brightness")
def _(x, phi):
    return ranks(np.abs(phi.sum(axis=-1)), x[0].sum(axis=-1))


@claim("06.like_edges")
def _(x, phi):
    rows, columns = np.gradient(x[0].mean(axis=-1))
    return ranks(np.abs(phi.sum(axis=-1)), rows**2 + columns**2)


@claim("06.like_slope")
def _(phi, g):
    return ranks(np.abs(phi.sum(axis=-1)), np.abs(g[-1][0].sum(axis=-1)))


@claim("06.flank_and_wall")
def _(x, phi):
    """Mean size on the flank over that on the wall, each for its mean brightness."""
    size, light = np.abs(phi).sum(axis=-1), x[0].mean(axis=-1)
    flank, wall = np.s_[110:200, 190:240], np.s_[262:295, 20:180]
    return (size[flank].mean() / light[flank].mean()) / (size[wall].mean() / light[wall].mean())


# Where the score is made, and where the map


@claim("06.first_sum")
def _(xception, panels):
    start, end = path_of_panda(xception).scores([0.0, 1.0])
    return piece(panels, 0, 1 / 16).sum(dtype=float), end - start


@claim("06.first_alike")
def _(panels, phi):
    return alike(piece(panels, 0, 1 / 16), phi)


@claim("06.last_sum")
def _(panels):
    return piece(panels, 1 / 4, 1).sum(dtype=float)


@claim("06.last_alike")
def _(panels, phi):
    return alike(piece(panels, 1 / 4, 1), phi)


# Baselines


@claim("06.black_scores")
def _(xception):
    return xception.logits(np.zeros((299, 299, 3)))[0, PANDA]


@claim("06.black_probability", "next to 0")
def _(xception):
    return xception.probabilities(np.zeros((299, 299, 3)))[0, PANDA] < 0.001


@claim("06.black_is", 'matchstick"')
def _(xception):
    top = xception.top(np.zeros((299, 299, 3)))[0]
    return top.label == "matchstick" and top.probability > 0.95


@claim("06.black_is_blind", "gets next to nothing")
def _(mobilenet, panda, found):
    """Dark pixels get next to nothing from black, bright ones next to nothing from white."""
    light = mobilenet.prepare(panda)[0].mean(axis=-1)
    black, white = (np.abs(found[name].phi).sum(axis=-1) for name in ("black", "white"))
    from_black = black[light < 25].mean() / black.mean()
    from_white = white[light > 230].mean() / white.mean()
    return from_black < 0.35 and from_white < 0.35


@claim("06.black_and_white")
def _(found):
    return alike(found["black"].phi, found["white"].phi)


@claim("06.noise_twice")
def _(found):
    return alike(*(found[name].phi for name in found if name.startswith("noise")))


@claim("06.probability_map")
def _(mobilenet, panda, found):
    """By the lesson's own rule and steps."""
    (x,) = mobilenet.prepare(panda)
    probability = lambda z: tf.nn.softmax(mobilenet.forward(z))[:, PANDA]  # noqa: E731
    of_p = integrate(probability, x, np.zeros_like(x), rule="trapezoid", num_steps=11, batch_size=2)
    assert of_p.total <= 1
    return alike(of_p.phi, found["black"].phi)


# Two classes


@claim("06.two_classes")
def _(two):
    return alike(two[0].phi, two[1].phi)


@claim("06.fault")
def _(xception, x, head, body):
    """The layers without their preprocessing, and the whole network with it, at one picture."""

    @tf.function
    def gradients(raw: tf.Tensor) -> list[tf.Tensor]:
        ready = raw / 127.5 - 1
        layers = (body(ready) @ head.kernel + head.bias)[:, PANDA]
        whole = xception.forward(raw)[:, PANDA]
        return tf.gradients(layers, ready) + tf.gradients(whole, raw)

    faulty, right = gradients(tf.constant(0.9 * x, tf.float32))
    return np.abs(x * faulty).sum() / np.abs(x * right).sum()


@claim("06.four_methods", "None is wrong")
def _():
    """F = x1 x2^2 at (3, 2): the table's four rows."""
    F = lambda x, y: x * y**2  # noqa: E731
    removed = [F(3, 2) - F(0, 2), F(3, 2) - F(3, 0)]
    times_input = [3 * 2**2, 2 * 2 * 3 * 2]
    orders = [
        (F(3, 0) - F(0, 0)) + (F(3, 2) - F(0, 2)),
        (F(0, 2) - F(0, 0)) + (F(3, 2) - F(3, 0)),
    ]
    shapley = [total / factorial(2) for total in orders]
    ours = integrate(lambda z: z[:, 0] * z[:, 1] ** 2, [3.0, 2.0], [0.0, 0.0]).phi
    rows = (removed, times_input, shapley, ours)
    return np.allclose(rows, [[12, 12], [12, 24], [6, 6], [4, 8]], atol=1e-4)

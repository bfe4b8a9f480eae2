"""What lesson 06 says of its pictures."""

import functools

import numpy as np
import tensorflow as tf

from lessons_lib import images, lime, models
from lessons_lib.integrated_gradients import (
    Attribution,
    Path,
    classifier_functions,
    integrated_gradients,
    interpolate,
    nodes_and_weights,
)
from lessons_lib.maps.xrai import region_attributions
from tests.claims import claim

PANDA = 388


@functools.cache
def xception() -> models.Classifier:
    return models.load("xception", "course")


@functools.cache
def pixels() -> np.ndarray:
    return xception().prepare(images.course_image("panda"))[0]


@functools.cache
def way() -> Path:
    """From black to the panda."""
    x = pixels()
    return Path(classifier_functions(xception()), x, np.zeros_like(x), PANDA)


@functools.cache
def found(baseline: str) -> Attribution:
    """The default from black; from white, what the lesson takes."""
    options = {} if baseline == "black" else {"num_steps": 16, "tolerance": 0.1}
    return integrated_gradients(
        xception(), images.course_image("panda"), PANDA, baseline=baseline, **options
    )


@functools.cache
def bird() -> np.ndarray:
    """The macaw's attributions, the colours added up."""
    macaw = images.course_image("macaw")
    return integrated_gradients(xception(), macaw, num_steps=16, tolerance=0.03).phi.sum(axis=-1)


def mean_gradient(nodes: list[float]) -> np.ndarray:
    """Of the raw pixels, over a few pictures on the way from black."""

    @tf.function
    def gradients(z: tf.Tensor) -> tf.Tensor:
        return tf.gradients(xception().forward(z)[:, PANDA], z)[0]

    z = interpolate(pixels(), np.zeros_like(pixels()), nodes)
    return gradients(tf.constant(z, tf.float32)).numpy().mean(axis=0)


@claim("06.panda_complete")
def _() -> bool:
    logits = xception().logits([pixels(), np.zeros_like(pixels())])[:, PANDA]
    return bool(abs(found("black").phi.sum(dtype=float) / (logits[0] - logits[1]) - 1) < 0.01)


@claim("06.early")
def _() -> bool:
    """More than half of the score's way is done at a twentieth of the brightness."""
    start, twentieth, end = (way().score(a) for a in (0.0, 0.05, 1.0))
    return twentieth - start > (end - start) / 2


@claim("06.dark_third")
def _() -> bool:
    """At the first of 16 midpoints, between a third and two fifths of the score's way."""
    start, dark, end = (way().score(a) for a in (0.0, 1 / 32, 1.0))
    return 1 / 3 < (dark - start) / (end - start) < 0.4


@claim("06.adaptive_stops")
def _() -> bool:
    """From four panels, halving one at a time: below one per cent first at 40 or 48 gradients."""
    errors: list[float] = []
    panels = way().measure([(0, 1 / 16), (1 / 16, 1 / 4), (1 / 4, 9 / 16), (9 / 16, 1)])
    for _ in range(5):
        errors.append(abs(sum(panel.error for panel in panels)) / found("black").difference)
        *panels, worst = sorted(panels, key=lambda panel: abs(panel.error))
        middle = (worst.start + worst.end) / 2
        panels += way().measure([(worst.start, middle), (middle, worst.end)])
    return min(errors[:3]) > 0.01 > min(errors[3:])


@claim("06.four_panels")
def _() -> bool:
    panels = way().measure([(0, 1 / 32), (1 / 32, 1 / 16), (1 / 16, 1 / 4), (1 / 4, 1)])
    return abs(sum(panel.error for panel in panels)) < 0.01 * found("black").difference


@claim("06.gauss")
def _() -> bool:
    """16 nodes come to a twentieth of the difference, 8, 10 and 12 only to two fifths."""
    error = {}
    for n in (8, 10, 12, 16):
        nodes, weights = nodes_and_weights("gauss_legendre", n)
        error[n] = abs(way().sums(nodes, weights[None]).sum() / found("black").difference - 1)
    return error.pop(16) < 0.05 and min(error.values()) > 0.4


@claim("06.halved")
def _() -> bool:
    """Twelve panels of four gradients each; a halving needs eight more."""
    return found("black").steps == 12 * 4 + 2 * 8


@claim("06.cancel")
def _() -> bool:
    """At the photograph, the pixels' slopes have both signs and add up to next to nothing."""
    slopes = pixels() * mean_gradient([1.0])
    return bool(abs(slopes.sum(dtype=float)) < 0.01 * np.abs(slopes).sum(dtype=float))


@functools.cache
def midpoints() -> tuple[np.ndarray, np.ndarray]:
    """Sixteen of them, as in the lesson, and the first alone."""
    panda = images.course_image("panda")
    coarse = integrated_gradients(xception(), panda, PANDA, rule="midpoint", num_steps=16)
    return coarse.phi, pixels() * mean_gradient([1 / 32]) / 16


@claim("06.first_node")
def _() -> bool:
    """The first of 16 midpoints alone adds more than three times what the sum has to be."""
    return bool(midpoints()[1].sum(dtype=float) > 3 * found("black").difference)


@claim("06.midpoint_sum")
def _() -> bool:
    return bool(3.5 < midpoints()[0].sum(dtype=float) / found("black").difference < 4)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@claim("06.baseline_matters")
def _() -> bool:
    """Poor steps give a map like the default's, another baseline does not."""
    default = found("black").phi
    return alike(midpoints()[0], default) > 0.75 and alike(found("white").phi, default) < 0


@claim("06.other_nodes")
def _() -> bool:
    """They add next to nothing, but their map is the default's; the first node's is not."""
    sixteen, first = midpoints()
    default, others = found("black").phi, sixteen - first
    small = abs(others.sum(dtype=float)) < 0.1 * found("black").difference
    return bool(small and alike(others, default) > 0.9 and alike(first, default) < 0.3)


@claim("06.head")
def _() -> float:
    positive = np.maximum(bird(), 0)
    return float(100 * positive[30:110, 60:140].sum() / positive.sum())


@claim("06.box_edges")
def _() -> bool:
    """By more than the few tenths that better steps would change."""
    return bool(bird()[20:100, 60:140].sum() < -2 and bird()[35:115, 65:145].sum() > 2)


@claim("06.regions")
def _() -> bool:
    """The order is band, neck, stone above the head, stone below the beak; no face, no beak."""
    segments = lime.superpixels(images.resize(images.course_image("macaw"), (299, 299)))
    regions = region_attributions(bird(), segments)
    values = [regions[p] for p in ((212, 230), (98, 130), (25, 68), (148, 77))]
    visible = np.percentile(regions, 90)
    face, beak = regions[60, 108], regions[65, 75]
    return values == sorted(values, reverse=True) and max(face, beak) < visible <= values[-1]


@claim("06.black_is_blind")
def _() -> bool:
    """Dark pixels get next to nothing from black, bright ones next to nothing from white."""
    light = pixels().mean(axis=-1)
    size = {b: np.abs(found(b).phi).sum(axis=-1) for b in ("black", "white")}
    dark, bright = light < 25, light > 230
    from_black = size["black"][dark].mean() / size["black"].mean()
    from_white = size["white"][bright].mean() / size["white"].mean()
    return bool(from_black < 0.35 and from_white < 0.35)


@claim("06.fault")
def _() -> float:
    """Both gradients at the very same picture: rounding it anew would cross some kinks."""
    ready = tf.constant(0.9 * (pixels() / 127.5) - 1, tf.float32)[None]

    @tf.function
    def gradients(ready: tf.Tensor) -> list[tf.Tensor]:
        raw = (ready + 1) * 127.5
        return tf.gradients(xception().forward(raw)[:, PANDA], [ready, raw])

    faulty, right = (float((pixels() * g.numpy()[0]).sum()) for g in gradients(ready))
    return faulty / right


@claim("06.no_change_no_share")
def _() -> bool:
    """Without the factor, dark pixels get as much as others; with it, almost nothing."""
    dark = pixels().mean(axis=-1) < 25
    slopes = np.abs(mean_gradient([0.02, 0.04, 0.06, 0.5])).sum(axis=-1)
    return bool(slopes[dark].mean() > 0.7 * slopes.mean())


@functools.cache
def message() -> tuple[Attribution, dict[str, float], float]:
    """The lesson's own small network, trained anew: result, each word's share, padding's share."""
    import keras

    from lessons_lib import texts
    from lessons_lib.integrated_gradients import integrate

    train, sent = texts.newsgroups("train"), texts.newsgroups("test").X[5]
    common, counts = np.unique(" ".join(train.X).split(), return_counts=True)
    index = {w: i + 1 for i, w in enumerate(common[np.argsort(-counts, kind="stable")[:2000]])}

    def numbers(messages: list[str]) -> np.ndarray:
        known = [[index[w] for w in m.split() if w in index][:100] for m in messages]
        return np.array([row + [0] * (100 - len(row)) for row in known])

    start, layers = keras.initializers.GlorotUniform, keras.layers
    uniform = keras.initializers.RandomUniform(seed=0)
    embedding = layers.Embedding(2001, 8, embeddings_initializer=uniform)
    head = keras.Sequential(
        [
            layers.GlobalAveragePooling1D(),
            layers.Dense(8, activation="relu", kernel_initializer=start(seed=1)),
            layers.Dense(1, kernel_initializer=start(seed=2)),
        ]
    )
    net = keras.Sequential([keras.Input((100,), dtype="int32"), embedding, head])
    order = np.random.default_rng(0).permutation(len(train.X))
    net.compile(keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True))
    x, y = numbers(train.X)[order], train.y[order]
    net.fit(x, y, epochs=8, batch_size=64, shuffle=False, verbose=0)

    vectors, empty = embedding(numbers([sent, ""])).numpy()
    talk = integrate(lambda z: head(z)[:, 0], vectors, empty)
    words = np.array([w for w in sent.split() if w in index][:100])
    per_word = talk.phi.sum(axis=1)
    shares = {str(w): float(per_word[: len(words)][words == w].sum()) for w in set(words)}
    return talk, shares, float(np.abs(per_word[len(words) :]).max())


@claim("06.text_answer")
def _() -> bool:
    talk, _, _ = message()
    return talk.score < 0 < talk.baseline_score


@claim("06.atheism_word")
def _() -> bool:
    """First "faith", for christian; then "does"; then "atheism", the strongest against it."""
    _, shares, padding = message()
    ranked = sorted(shares, key=lambda word: -abs(shares[word]))
    signs = shares["faith"] > 0 and shares["does"] > 0 and shares["atheism"] < 0
    return ranked[:3] == ["faith", "does", "atheism"] and signs and padding == 0


@claim("06.small_words")
def _() -> bool:
    """The eight strongest words add up to a twentieth of the answer, or less."""
    talk, shares, _ = message()
    strongest = sorted(shares.values(), key=abs)[-8:]
    return abs(sum(strongest)) < abs(talk.difference) / 20


@claim("06.giraffe")
def _() -> bool:
    network = models.load("mobilenet_v2", "course")
    return network.top(images.course_image("giraffe"))[0].label == "cheetah"

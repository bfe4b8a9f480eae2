"""What lesson 06 says of its pictures."""

import functools

import numpy as np
import tensorflow as tf

from lessons_lib import images, models
from lessons_lib.integrated_gradients import Attribution, integrated_gradients
from lessons_lib.path import Path, classifier_functions, interpolate
from tests.claims import claim

PANDA = 388


@functools.cache
def xception() -> models.Classifier:
    return models.load("xception", "course")


@functools.cache
def pixels() -> np.ndarray:
    return xception().prepare(images.course_image("panda"))[0]


@functools.cache
def found(baseline: str = "black") -> Attribution:
    options = {} if baseline == "black" else {"num_steps": 16, "tolerance": 0.1}
    return integrated_gradients(
        xception(), images.course_image("panda"), PANDA, baseline=baseline, **options
    )


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
    return bool(abs(found().phi.sum(dtype=float) / (logits[0] - logits[1]) - 1) < 0.01)


@claim("06.early")
def _() -> bool:
    """Half of the score's way is done at a tenth of the brightness."""
    x = pixels()
    path = Path(classifier_functions(xception()), x, np.zeros_like(x), PANDA)
    start, tenth, end = (path.score(a) for a in (0.0, 0.1, 1.0))
    return tenth - start > (end - start) / 2


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


@claim("06.atheism_word")
def _() -> bool:
    """The lesson's own small network, trained anew: the two words pull in opposite directions."""
    import keras

    from lessons_lib import texts
    from lessons_lib.integrated_gradients import integrate

    train, message = texts.newsgroups("train"), texts.newsgroups("test").X[5]
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

    vectors = embedding(numbers([message]))[0].numpy()
    talk = integrate(lambda z: head(z)[:, 0], vectors, np.zeros_like(vectors))
    words = [w for w in message.split() if w in index][:100]
    shares = dict(zip(words, talk.phi.sum(axis=1), strict=False))
    return words[int(talk.phi.sum(axis=1)[: len(words)].argmin())] == "atheism" and (
        shares["faith"] > 0
    )

"""Small Keras networks, drawn from a seed: bodies, nestings, heads, endings, outputs, types.

What a network says, and what is to be explained of it, is known from how it was drawn.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.networks import seeded

L, ops = keras.layers, keras.ops
Tensor = keras.KerasTensor


@dataclasses.dataclass
class Drawn:
    """A network, and what its maker knows of it.

    ``inside`` has the outputs (A, z, y): the layer's activations, what goes into the last softmax
    or sigmoid (or y, if none is to be seen) and the output that is explained, all of one run.
    """

    seed: int
    model: keras.Model
    inside: keras.Model
    kind: str  # of y: probabilities, single, logits, log, numbers, places; unlike: of several kinds
    has_logits: bool
    ending: str
    layer: str
    options: dict[str, Any]
    precise: bool
    story: list[str]

    def call(self, x: np.ndarray) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """(A, scores, answers) for pixels, by the model's own layers."""
        x = tf.cast(self.options.get("preprocess", tf.identity)(x), self.inside.inputs[0].dtype)
        A, z, y = self.inside(x, training=False)
        if self.kind == "places":
            return A, tf.cast(z, tf.float32), tf.cast(y, tf.float32)
        z, y = (tf.reshape(tf.cast(t, tf.float32), (len(t), -1)) for t in (z, y))
        if self.kind in ("numbers", "unlike"):
            return A, y, y
        if self.kind == "two":
            both = tf.concat([-y, y], -1)
            return A, both, tf.nn.sigmoid(both)
        if self.kind == "logits":
            return A, y, tf.nn.softmax(y)
        if self.kind == "log":
            return A, z, tf.exp(y)
        if self.kind == "single":
            z = tf.concat([-z, z], -1) if self.has_logits else z
            y = tf.concat([1 - y, y], -1)
        return A, (z if self.has_logits else tf.math.log(tf.maximum(y, 1e-20))), y


class Compiled(L.Layer):
    """A layer whose own call is compiled: nobody sees inside."""

    @tf.function
    def call(self, x):
        return tf.nn.softmax(2 * x)


def by_hand(z: Tensor) -> Tensor:
    e = ops.exp(z - ops.max(z, axis=-1, keepdims=True))
    return e / ops.sum(e, axis=-1, keepdims=True)


def scaled(p: Tensor) -> Tensor:
    return p / ops.sum(p, axis=-1, keepdims=True)


Dense = Callable[[int], Tensor]  # from a number of units to a fresh head's logits
# name: (units, from heads to (z or None, y), kind of y)
ENDINGS: dict[str, tuple[int, Callable[[Dense, int], tuple[Tensor | None, Tensor]], str]] = {}


def ending(kind: str, units: int = 0) -> Callable:
    def note(make: Callable) -> Callable:
        ENDINGS[make.__name__] = (units, make, kind)
        return make

    return note


def link(name: str, kind: str, of: Callable, units: int = 0) -> None:
    """An ending that is a function of one head's logits, which then are what is explained."""

    def make(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
        z = dense(k)
        return z, of(z)

    ENDINGS[name] = (units, make, kind)


def link_of(name: str, kind: str, of: Callable, before: Callable, units: int = 0) -> None:
    """The same, where something stands between the head and the softmax."""

    def make(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
        z = before(dense(k))
        return z, of(z)

    ENDINGS[name] = (units, make, kind)


def opaque(name: str, kind: str, of: Callable, units: int = 0) -> None:
    """An ending behind which no logits can be seen."""
    ENDINGS[name] = (units, lambda dense, k: (None, of(dense, k)), kind)


softmax = lambda z: L.Softmax()(z)  # noqa: E731
link("softmax layer", "probabilities", softmax)
link("softmax activation", "probabilities", L.Activation("softmax"))
link("ops.softmax", "probabilities", lambda z: ops.softmax(z))
link("tf.nn.softmax", "probabilities", lambda z: L.Lambda(tf.nn.softmax)(z))
link("softmax, reshaped", "probabilities", lambda z: L.Reshape((1, -1))(softmax(z)))
link(
    "softmax, flattened", "probabilities", lambda z: L.Flatten()(L.Reshape((1, 1, -1))(softmax(z)))
)
link("softmax, clipped", "probabilities", lambda z: ops.clip(softmax(z), 0.05, 0.9))
link(
    "softmax, cast", "probabilities", lambda z: L.Activation("linear", dtype="float64")(softmax(z))
)
link("softmax, dropout", "probabilities", lambda z: L.Dropout(0.5)(softmax(z)))
link("softmax, identity", "probabilities", lambda z: L.Identity()(softmax(z)))
link("softmax of a row", "probabilities", lambda z: L.Softmax()(L.Reshape((1, 1, -1))(z)))
link_of("temperature", "probabilities", softmax, lambda z: z / 3.0)
link_of("softmax of softmax", "probabilities", softmax, softmax)
link_of("softmax of cosines", "probabilities", softmax, lambda z: 5 * L.UnitNormalization()(z))
link_of("softmax of sigmoids", "probabilities", softmax, lambda z: ops.sigmoid(z))
link("log_softmax", "log", lambda z: L.Activation("log_softmax")(z))
link("log_softmax, reshaped", "log", lambda z: L.Reshape((-1, 1))(ops.log_softmax(z)))
link("sigmoids", "probabilities", lambda z: ops.sigmoid(z))
link("sigmoid", "single", lambda z: L.Activation("sigmoid")(z), units=1)
link("sigmoid, reshaped", "single", lambda z: L.Reshape((1, 1))(ops.sigmoid(z)), units=1)
link("logits", "logits", lambda z: z)
link("logits, reshaped", "logits", lambda z: L.Reshape((-1, 1, 1))(z))
link("scaled logits", "logits", lambda z: 20 * z)
link("number", "numbers", lambda z: 30 + 10 * z, units=1)
link("number, reshaped", "numbers", lambda z: L.Reshape((1, 1))(z - 4), units=1)
link("number of tanh", "numbers", lambda z: ops.tanh(z) - 1, units=1)
link("number of exp", "numbers", lambda z: ops.exp(z) + 2, units=1)
link("number of softplus", "numbers", lambda z: ops.softplus(z) + 3, units=1)
link("number of relu", "numbers", lambda z: L.ReLU()(z + 9), units=1)
opaque("average", "probabilities", lambda d, k: L.Average()([softmax(d(k)), softmax(d(k))]))
opaque("maximum", "probabilities", lambda d, k: L.Maximum()([softmax(d(k)), softmax(d(k))]))
opaque("product", "probabilities", lambda d, k: scaled(softmax(d(k)) * softmax(d(k))))
opaque("mixture", "probabilities", lambda d, k: 0.7 * softmax(d(k)) + 0.3 * ops.sigmoid(d(k)) / k)
opaque("smoothed", "probabilities", lambda d, k: 0.9 * softmax(d(k)) + 0.1 / k)
opaque("compiled", "probabilities", lambda d, k: Compiled()(d(k)))
opaque("by hand", "probabilities", lambda d, k: by_hand(d(k)))
opaque("softmax, reordered", "probabilities", lambda d, k: softmax(d(k))[:, ::-1])
opaque("softmax, without the first", "probabilities", lambda d, k: softmax(d(k + 1))[:, 1:])
opaque("one of a softmax", "single", lambda d, k: softmax(d(2))[:, 1:], units=1)
opaque("complement of a sigmoid", "single", lambda d, k: 1 - ops.sigmoid(d(1)), units=1)
opaque("hard sigmoids", "probabilities", lambda d, k: ops.clip(0.5 + d(k) / 60, 0.01, 0.99))
opaque("softmax of each and all", "probabilities",
       lambda d, k: softmax(d(k)) * ops.sigmoid(d(1)))  # fmt: skip


opaque("log of softmax", "logits", lambda d, k: ops.log(softmax(d(k))))
opaque("percent", "unlike", lambda d, k: 100 * softmax(d(k)))
opaque("embedding", "unlike", lambda d, k: L.UnitNormalization()(d(k)))
opaque("softmax of pairs", "probabilities",
       lambda d, k: L.Flatten()(L.Softmax()(L.Reshape((k, 2))(d(2 * k)))))  # fmt: skip
opaque("softmax, some hidden", "probabilities",
       lambda d, k: softmax(d(k)) * np.eye(k)[0])  # fmt: skip
opaque("a kind and a number", "unlike",
       lambda d, k: L.Concatenate()([softmax(d(k)), 20 + d(1)]))  # fmt: skip
opaque("a kind and its log", "unlike",
       lambda d, k: L.Concatenate()([softmax(d(k)), d(k)]))  # fmt: skip
opaque("one number for each, without an axis", "numbers", lambda d, k: 9 + d(1)[:, 0], units=1)
link("a logit for two labels", "two", lambda z: z, units=1)
opaque("which one", "unlike", lambda d, k: ops.argmax(d(k), axis=-1, keepdims=True))


@ending("places")
def softmax_of_places(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    z = L.Conv2D(k, 3, padding="same")(dense.A)
    return z, L.Softmax()(z)


@ending("places")
def sigmoid_of_places(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    z = L.UpSampling2D(2)(L.Conv2D(k, 1)(dense.A))
    return z, ops.clip(L.Activation("sigmoid", dtype="float32")(z), 0.0, 1.0)


@ending("places")
def softmax_of_a_row_of_places(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    z = L.Conv2D(k, 1)(dense.A)
    return z, L.Reshape(z.shape[1:])(L.Softmax()(L.Reshape((-1, k))(z)))


@ending("places")
def softmax_of_moved_places(dense: Dense, k: int) -> tuple[None, Tensor]:
    z = L.Conv2D(k, 1)(dense.A)
    return None, L.Permute((2, 1, 3))(L.Softmax()(z))


@ending("places")
def number_of_places(dense: Dense, k: int) -> tuple[None, Tensor]:
    return None, L.Conv2D(k, 1)(dense.A) * 10


@ending("probabilities")
def shared_head(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    row = L.Dense(k)
    z = row(L.GlobalAveragePooling2D()(dense.A)) + row(L.GlobalMaxPooling2D()(dense.A))
    return z, softmax(z)


@ending("log")
def log_softmax_beside_log_sigmoid(dense: Dense, k: int) -> tuple[None, Tensor]:
    return None, L.Concatenate()([ops.log_softmax(dense(k)), ops.log_sigmoid(dense(2))])


@ending("probabilities")
def sigmoids_beside(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    z = [dense(1) for _ in range(k)]
    return L.Concatenate()(z), L.Concatenate()([ops.sigmoid(one) for one in z])


@ending("probabilities")
def softmaxes_beside(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    z = [dense(2), dense(k)]
    return L.Concatenate()(z), L.Concatenate()([softmax(one) for one in z])


@ending("log")
def log_softmaxes_beside(dense: Dense, k: int) -> tuple[Tensor, Tensor]:
    z = [dense(2), dense(k)]
    return L.Concatenate()(z), L.Concatenate()([ops.log_softmax(one) for one in z])


def body(rng: np.random.Generator, x: Tensor, story: list[str], last: str) -> Tensor:
    """Some convolutions; the last one is called ``last``."""
    active = lambda: str(rng.choice(["relu", "tanh", "gelu", "swish", "elu"]))  # noqa: E731
    for _ in range(rng.integers(0, 3)):
        step = str(rng.choice(["conv", "pool", "norm", "residual", "depthwise", "drop", "pad"]))
        story.append(step)
        channels = int(x.shape[-1])
        if step == "conv":
            x = L.Conv2D(int(rng.integers(2, 5)), 3, padding="same", activation=active())(x)
        elif step == "pool" and (x.shape[1] or 0) > 6:
            x = L.MaxPooling2D()(x) if rng.random() < 0.5 else L.AveragePooling2D(2)(x)
        elif step == "norm":
            x = L.BatchNormalization()(x)
        elif step == "residual":
            x = L.Add()([x, L.Conv2D(channels, 3, padding="same", activation=active())(x)])
        elif step == "depthwise":
            x = L.DepthwiseConv2D(3, padding="same", activation=active())(x)
        elif step == "drop":
            x = L.Dropout(0.5)(x)
        elif step == "pad":
            x = L.ZeroPadding2D(1)(x)
    act = active()
    story.append(act)
    return L.Conv2D(4, 3, padding="same", activation=act, name=last)(x)


def head(rng: np.random.Generator, A: Tensor, story: list[str]) -> Dense:
    way = str(rng.choice(["gap", "gmp", "flatten", "hidden", "one by one"]))
    way = "gap" if A.shape[1] is None and way == "flatten" else way
    story.append(way)

    def dense(units: int) -> Tensor:
        if way == "one by one":
            return L.GlobalAveragePooling2D()(L.Conv2D(units, 1)(A))
        pooled = {"gmp": L.GlobalMaxPooling2D, "flatten": L.Flatten}.get(
            way, L.GlobalAveragePooling2D
        )()(A)
        pooled = L.Dense(5, activation="tanh")(pooled) if way == "hidden" else pooled
        return L.Dense(units)(pooled)

    dense.A = A
    return dense


def draw(seed: int, endings: dict | None = None) -> Drawn:
    """One network; the same for the same seed."""
    rng = np.random.default_rng(seed)
    policies = ["float32"] * 5 + ["mixed_float16", "mixed_bfloat16", "float64", "float16"]
    policy = str(rng.choice(policies))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return _draw(rng, seed, policy, endings or ENDINGS)
    finally:
        keras.config.set_dtype_policy(before)


def _draw(rng: np.random.Generator, seed: int, policy: str, endings: dict) -> Drawn:
    story, options = [policy], {}
    size = int(rng.integers(8, 14))
    whole = rng.random() < 0.15  # pixels as whole numbers, as in a photograph
    dtype, shape = "uint8" if whole else None, (size, size + 1)
    if rng.random() < 0.15 and any(kind != "places" for _, _, kind in endings.values()):
        options["input_size"], shape = shape, (None, None)
        story.append("of any size")
    picture = keras.Input((*shape, 3), dtype=dtype)
    way = str(rng.choice(["inside", "function", "tf"])) if not whole else "inside"
    story += ["uint8"] * whole + [way]
    if way == "function":
        options["preprocess"] = lambda x: (x - 100.0) / 60.0
    elif way == "tf":
        options["preprocess"] = lambda x: x / 127.5 - 1.0
    x = L.Rescaling(1 / 64, offset=-1)(picture) if way == "inside" else picture

    nesting = str(rng.choice(["flat", "flat", "model", "sequential", "twice nested", "shared"]))
    story.append(nesting)
    layer = "features"
    if nesting == "flat":
        A = body(rng, x, story, "features")
    elif nesting == "shared":
        inner = keras.Input(x.shape[1:])
        tower = keras.Model(inner, body(rng, inner, story, "features"), name="tower")
        A, other = tower(x), tower(x[:, :, ::-1])
        layer = "tower/features:0" if rng.random() < 0.9 else "tower/features"  # refused
    else:
        inner = keras.Input(x.shape[1:])
        block = keras.Model(inner, body(rng, inner, story, "features"), name="block")
        if nesting == "sequential":
            block = keras.Sequential([keras.Input(x.shape[1:]), block], name="row")
        elif nesting == "twice nested":
            again = keras.Input(x.shape[1:])
            block = keras.Model(again, block(again), name="outer")
        A = block(x)
    after = L.Average()([A, other[:, :, ::-1]]) if nesting == "shared" else A
    if rng.random() < 0.3:
        after = L.MaxPooling2D()(after)

    fit = [e for e in endings if endings[e][2] != "places" or shape[0]]
    name = str(rng.choice(fit or list(endings)))
    story.append(name)
    units, make, kind = endings[name]
    options |= {"labels": ["no", "yes"]} if kind == "two" else {}
    z, y = make(head(rng, after, story), units or int(rng.integers(2, 5)))
    outputs: Any = y
    several = str(rng.choice(["one", "one", "one", "list", "dict"]))
    if several != "one":
        other = L.Dense(2)(L.GlobalAveragePooling2D()(A))
        first = rng.random() < 0.5
        if several == "list":
            outputs = [y, other] if first else [other, y]
            options["output"] = 0 if first else 1
        else:
            outputs = {"a": y, "b": other} if first else {"b": y, "a": other}
            options["output"] = "a" if first else "b"
        story.append(f"{several} {options['output']}")
    model = seeded(keras.Model(picture, outputs, name=f"seed_{seed}"), seed)
    if rng.random() < 0.2:
        again = keras.Input(picture.shape[1:], dtype=picture.dtype)
        if several == "one":
            model = keras.Model(again, model(again), name=f"seed_{seed}")
            layer = f"seed_{seed}/{layer}" if ":" in layer else layer
            story.append("wrapped")
    inside = keras.Model(picture, [A, y if z is None else z, y])
    precise = policy in ("float32", "float64")
    return Drawn(seed, model, inside, kind, z is not None, name, layer, options, precise, story)

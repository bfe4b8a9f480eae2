"""How far the bare model calls themselves could be made cheaper: bfloat16, XLA, the JAX backend.

    python benchmarks/lower_floors.py [--runs 5]

Two calls that most methods are made of: 16 pictures forward through VGG16, and 8 pictures there and
back through Xception. Each way compiles its call once. The JAX backend has a process of its own,
and is left out where JAX is not installed. Prints a Markdown table.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

SIZES = {"VGG16": 16, "Xception": 8}


def milliseconds(ways: dict[str, Callable[[], object]], runs: int, count: int) -> dict[str, float]:
    """Medians of interleaved runs, for one picture."""
    for way in ways.values():
        way()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(1000 * (time.perf_counter() - start) / count)
    return {name: statistics.median(taken) for name, taken in times.items()}


def pixels(size: tuple[int, int], count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, *size, 3)).astype("float32")


def on_tensorflow(runs: int) -> dict[str, dict[str, float]]:
    """Compiled, in 16 bits, and with XLA."""
    import tensorflow as tf

    from lessons_lib import models
    from lessons_lib.network.bfloat16 import bfloat16

    vgg16, xception = models.load("vgg16"), models.load("xception")

    def forward(network: object, **options: object) -> Callable[[], object]:
        function = tf.function(network.forward, autograph=False, **options)
        x = tf.constant(pixels(vgg16.input_size, SIZES["VGG16"]))
        return lambda: function(x).numpy()

    def gradient(network: object, **options: object) -> Callable[[], object]:
        @tf.function(autograph=False, **options)
        def differentiate(x: tf.Tensor) -> tf.Tensor:
            return tf.gradients(network.forward(x)[:, 0], x)[0]

        x = tf.constant(pixels(xception.input_size, SIZES["Xception"]))
        return lambda: differentiate(x).numpy()

    return {
        network: milliseconds(
            {
                "float32, compiled (the floor)": make(classifier),
                "bfloat16": make(bfloat16(classifier)),
                "XLA": make(classifier, jit_compile=True),
            },
            runs,
            SIZES[network],
        )
        for network, make, classifier in [
            ("VGG16", forward, vgg16),
            ("Xception", gradient, xception),
        ]
    }


def on_jax(runs: int) -> dict[str, dict[str, float]]:
    """The same networks without weights: what they hold makes no difference to the time."""
    import jax
    import keras

    found = {}
    for name, back in (("VGG16", False), ("Xception", True)):
        model = getattr(keras.applications, name)(weights=None)
        x = pixels(model.input_shape[1:3], SIZES[name])
        variables = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]

        def score(x: object, variables: list, others: list, model: object = model) -> object:
            return model.stateless_call(variables, others, x, training=False)[0][:, 0].sum()

        function = jax.jit(jax.grad(score) if back else score)
        ways = {"JAX backend": lambda: np.asarray(function(x, variables, others))}  # noqa: B023
        found[name] = milliseconds(ways, runs, SIZES[name])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jax", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.jax:
        print(json.dumps(on_jax(wanted.runs)))
        return
    found = on_tensorflow(wanted.runs)
    if importlib.util.find_spec("jax"):
        done = subprocess.run(
            [sys.executable, __file__, "--jax", "--runs", str(wanted.runs)],
            env=os.environ | {"KERAS_BACKEND": "jax"},
            stdout=subprocess.PIPE,
            check=True,
        )
        for network, times in json.loads(done.stdout.splitlines()[-1]).items():
            found[network] |= times
    names = list(found["VGG16"])
    print("| milliseconds a picture | VGG16, 16 forward | | Xception, 8 there and back | |")
    print("|---|---|---|---|---|")
    for name in names:
        cells = [
            f"{times[name]:.0f} | {times[name] / times[names[0]]:.2f}" for times in found.values()
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    print(
        "\nHow far the floor itself can be lowered. What 16 bits do to a map stands above, "
        "under Score-CAM."
    )
    if "JAX backend" not in names:
        print("\nThe JAX backend was not measured: JAX is not installed.")


if __name__ == "__main__":
    main()

"""Integrated Gradients on Xception at 299 x 299: time, memory, steps, completeness.

    python benchmarks/integrated_gradients.py [--runs 5]

Times are medians of interleaved runs: each run times all of them once, in turn, so that a busy
machine slows them alike. PAIR's `saliency` gets our compiled gradient, so that only its own work
is compared; a second line has it as its example for TensorFlow 2 calls it, uncompiled. At the
end, the steps for every course photograph on every network, which takes half an hour.
"""

import argparse
import functools
import itertools
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # its memory is measured
    from lessons_lib.network.classifier import Classifier

BATCH_SIZES = [1, 2, 4, 8, 16]
STEPS = 50


def seconds(function: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def extra_memory(steps: int, queue: "multiprocessing.Queue[float]") -> None:
    """Peak memory over that of the loaded model that has answered once, in GiB."""
    from lessons_lib import images, models
    from lessons_lib.integrated_gradients import integrated_gradients

    xception, photo = models.load("xception"), images.course_image("panda")
    xception.logits(photo)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    integrated_gradients(xception, photo, 388, rule="midpoint", num_steps=steps)
    queue.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - loaded) / 2**20)


def in_a_process(steps: int) -> float:
    """`extra_memory` of a fresh process."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=extra_memory, args=(steps, queue))
    process.start()
    try:
        return queue.get()
    finally:
        process.join()


def timing(runs: int) -> None:
    """Time of 50 steps, and steps to one per cent."""
    memory = {steps: in_a_process(steps) for steps in (16, 128)}

    import saliency.core  # type: ignore[import-untyped]
    import tensorflow as tf

    from lessons_lib import images, models
    from lessons_lib.integrated_gradients import integrated_gradients

    xception, photo = models.load("xception"), images.course_image("panda")
    x, target = xception.prepare(photo)[0], 388

    def gradient(z: tf.Tensor) -> tuple[tf.Tensor]:
        return tuple(tf.gradients(xception.forward(z)[:, target], z))

    bare_gradient = xception.compiled("bare", gradient)
    rows = np.random.default_rng(0).uniform(0, 255, (STEPS, *x.shape)).astype("float32")

    def bare(size: int) -> None:
        for i in range(0, STEPS, size):
            bare_gradient(tf.constant(rows[i : i + size]))[0].numpy()

    def ours() -> None:
        integrated_gradients(xception, photo, target, rule="gauss_legendre", num_steps=STEPS)

    key = saliency.core.INPUT_OUTPUT_GRADIENTS
    pair = saliency.core.IntegratedGradients()

    def compiled_call(batch: np.ndarray, **_: object) -> dict[str, np.ndarray]:
        return {key: bare_gradient(tf.constant(batch, tf.float32))[0].numpy()}

    def eager_call(batch: np.ndarray, **_: object) -> dict[str, np.ndarray]:
        z = tf.constant(batch, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(z)
            output = xception.model(z / 127.5 - 1)[:, target]
        return {key: tape.gradient(output, z).numpy()}

    def with_pair(call: Callable[..., dict[str, np.ndarray]], size: int) -> Callable[[], object]:
        return lambda: pair.GetMask(
            x, lambda b, call_model_args=None, expected_keys=None: call(b),
            x_steps=STEPS, batch_size=size,
        )  # fmt: skip

    for size in BATCH_SIZES:  # the first call is slower
        bare_gradient(tf.constant(rows[:size]))
    per_size = {s: min(seconds(functools.partial(bare, s)) for _ in range(2)) for s in BATCH_SIZES}
    best = min(per_size, key=per_size.__getitem__)
    listed = ", ".join(f"{s}: {1000 * t / STEPS:.0f}" for s, t in per_size.items())
    print(f"bare pass there and back, ms a step at each batch size: {listed}", flush=True)

    ways = {
        f"bare, batches of {best}": lambda: bare(best),
        "ours": ours,
        "PAIR, with our compiled gradient": with_pair(compiled_call, best),
        "PAIR, as its example calls it": with_pair(eager_call, best),
    }
    ours()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, way in ways.items():
            taken = seconds(way)
            if run:  # the first compiles
                times[name].append(taken)
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    reference = middle[f"bare, batches of {best}"]

    adaptive = integrated_gradients(xception, photo, target)
    print(f"""
| {STEPS} steps on Xception, 299 x 299, batches of {xception.gradient_batch} | seconds | over bare |
|---|---|---|""")
    for name, taken in middle.items():
        print(f"| {name} | {taken:.2f} | {taken / reference:.2f} |")
    paired = [a / b for a, b in zip(times["ours"], times[f"bare, batches of {best}"], strict=True)]
    print(f"""
median of the runs' own ratios, ours over bare: {statistics.median(paired):.3f} (bound 1.10)
steps to 1 % completeness: ours {adaptive.steps}, PAIR's rule {pair_steps(xception, x, target)}
peak memory over the loaded model's, GiB: {memory[16]:.2f} with 16 steps, {memory[128]:.2f} with 128
""")


def pair_steps(xception: "Classifier", x: np.ndarray, target: int, most: int = 513) -> str:
    """Fewest points of PAIR's rule, of 17, 33, 65, ..., from which on completeness holds to 1 %."""
    from lessons_lib.integrated_gradients import Path, classifier_functions

    path = Path(
        classifier_functions(xception), x, np.zeros_like(x), target, xception.gradient_batch
    )
    difference = path.score(1.0) - path.score(0.0)
    parts = np.array_split(np.linspace(0, 1, most), most // xception.gradient_batch)
    slopes = np.concatenate([path.sums(p, np.eye(len(p))).sum(axis=(1, 2, 3)) for p in parts])
    errors = {
        n: abs(slopes[:: (most - 1) // (n - 1)].sum() / n / difference - 1)
        for n in (17, 33, 65, 129, 257, 513)
    }
    print("\nPAIR's rule, error at n points:", {n: f"{100 * e:.1f} %" for n, e in errors.items()})
    enough = [n for n in errors if all(errors[m] < 0.01 for m in errors if m >= n)]
    return str(enough[0]) if enough else f"more than {most}"


def completeness() -> None:
    """Error and steps at the default settings: every photograph, every network."""
    from lessons_lib import images, models
    from lessons_lib.integrated_gradients import integrated_gradients

    print("\n### Steps to one per cent, by default, from black\n")
    print("| network | photographs | largest error | fewest, median, most |\n|---|---|---|---|")
    for name in (name for name, known in models.NETWORKS.items() if not known.needs):
        network = models.load(name)
        found = [
            integrated_gradients(network, images.course_image(photo))
            for photo in images.course_images()
        ]
        steps = sorted(f.steps for f in found)
        print(
            f"| {name} | {len(found)} | {100 * max(f.error for f in found):.2f} % | "
            f"{steps[0]}, {statistics.median(steps):.0f}, {steps[-1]} |",
            flush=True,
        )


def panels(networks: list[str], photographs: list[str]) -> None:
    """What bounding the panels' absolute errors costs, and what it brings the map nearer to.

    The reference: 400 gradients in 100 panels, four times as narrow as the first ones by default.
    """
    from lessons_lib import images, models
    from lessons_lib.integrated_gradients import Path, classifier_functions, integrated_gradients

    print("\n### Tolerance 1 %, and a bound of the panels' absolute errors, from black\n")
    columns = [
        "network", "photograph", "panels at most", "gradients", "seconds", "sum misses",
        "panels miss", "map from the reference", "correlation",
    ]  # fmt: skip
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name, photo in ((n, p) for n in networks for p in photographs):
        network = models.load(name)
        (x,) = network.prepare(images.course_image(photo))
        target = int(network.logits(x).argmax())
        path = Path(
            classifier_functions(network), x, np.zeros_like(x), target, network.gradient_batch
        )
        edges = [float(edge) for edge in np.linspace(0, 1, 101) ** 2]
        narrow = path.measure(list(itertools.pairwise(edges)))
        fine = np.sum([panel.phi for panel in narrow], axis=0)
        for most in (10.0, 0.1, 0.05, 0.02):
            begin = time.process_time()
            found = integrated_gradients(network, x, target, panel_tolerance=most)
            taken = time.process_time() - begin
            far = np.linalg.norm(found.phi - fine) / np.linalg.norm(fine)
            r = np.corrcoef(found.phi.ravel(), fine.ravel())[0, 1]
            bound = "any" if most > 1 else f"{most:.0%}"
            print(
                f"| {name} | {photo} | {bound} | {found.steps} | {taken:.1f} | {found.error:.2%} "
                f"| {found.panel_error or 0:.2%} | {far:.1%} | {r:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    timing(parser.parse_args().runs)
    completeness()
    panels(["mobilenet_v2", "squeezenet", "xception"], ["panda", "drum_guitar", "macaw"])

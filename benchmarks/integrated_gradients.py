"""Integrated Gradients on Xception at 299 x 299: steps to one per cent, and memory.

    python benchmarks/integrated_gradients.py [--completeness] [--panels]

Its time is among the jobs. `--completeness` adds the steps for every course photograph on every
network, which takes half an hour; `--panels` what a bound of the panels' absolute errors costs,
which takes an hour. What these two printed stands in ONCE.md.
"""

import argparse
import itertools
import resource
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from run import in_a_fresh_process

if TYPE_CHECKING:  # its memory is measured
    from lessons_lib.network.classifier import Classifier


def extra_memory(steps: int) -> float:
    """Peak memory over that of the loaded model that has answered once, in GiB."""
    from lessons_lib import images, models
    from lessons_lib.integrated_gradients import integrated_gradients

    xception, photo = models.load("xception"), images.course_image("panda")
    xception.logits(photo)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    integrated_gradients(xception, photo, 388, rule="midpoint", num_steps=steps)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - loaded) / 2**20


def steps_and_memory() -> None:
    """On the panda: ours, by default, beside PAIR's rule."""
    memory = {steps: in_a_fresh_process(extra_memory, steps) for steps in (16, 128)}

    from lessons_lib import images, models
    from lessons_lib.integrated_gradients import integrated_gradients

    xception, target = models.load("xception"), 388
    x = xception.prepare(images.course_image("panda"))[0]
    errors = pair_errors(xception, x, target)
    enough = [n for n in errors if all(errors[m] < 0.01 for m in errors if m >= n)]
    print(f"""
| Xception, panda | |
|---|---|
| gradients to 1 % completeness, ours | {integrated_gradients(xception, x, target).steps} |
| gradients to 1 % completeness, PAIR's rule | {enough[0] if enough else f"more than {max(errors)}"} |
| peak memory over the loaded model's, GiB, 16 steps | {memory[16]:.2f} |
| peak memory over the loaded model's, GiB, 128 steps | {memory[128]:.2f} |

PAIR's rule misses by {", ".join(f"{100 * e:.1f} % with {n}" for n, e in errors.items())} points.
""")  # noqa: E501


def pair_errors(
    xception: "Classifier", x: np.ndarray, target: int, most: int = 513
) -> dict[int, float]:
    """By how much PAIR's rule misses completeness, for each number of its points."""
    from lessons_lib.integrated_gradients import Path, classifier_functions

    path = Path(
        classifier_functions(xception), x, np.zeros_like(x), target, xception.gradient_batch
    )
    start, end = path.scores([0.0, 1.0])
    parts = np.array_split(np.linspace(0, 1, most), most // xception.gradient_batch)
    slopes = np.concatenate([path.sums(p, np.eye(len(p))).sum(axis=(1, 2, 3)) for p in parts])
    return {
        n: abs(slopes[:: (most - 1) // (n - 1)].sum() / n / (end - start) - 1)
        for n in (17, 33, 65, 129, 257, 513)
    }


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
    parser.add_argument("--completeness", action="store_true")
    parser.add_argument("--panels", action="store_true")
    wanted = parser.parse_args()
    steps_and_memory()
    if wanted.completeness:
        completeness()
    if wanted.panels:
        panels(["mobilenet_v2", "squeezenet", "xception"], ["panda", "drum_guitar", "macaw"])

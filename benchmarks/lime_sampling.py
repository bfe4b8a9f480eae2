"""Time of a LIME explanation on MobileNetV2, beside bare forward passes and the `lime` library's.

    python benchmarks/lime_sampling.py [--runs 5] [--samples 1000]

Medians of interleaved runs: each run times all ways once, in turn, so that a busy machine slows
them alike. The bare passes ask the compiled network about one batch again and again, with nothing
to prepare; their best batch size counts. Both explanations are timed from the photograph to the
coefficients of one class, the library's with our superpixels and our compiled network.

The file is not called lime.py: Python would then take it for the library.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from lime import lime_image

from lessons_lib import batches, images, models
from lessons_lib.lime import explain
from lessons_lib.neighbourhoods import sample_image
from lessons_lib.superpixels import superpixels

BATCH_SIZES = [4, 8, 16, 32, 64]


def seconds(function: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--samples", type=int, default=1000)
    wanted = parser.parse_args()

    net, photo = models.load("mobilenet_v2"), images.course_image("macaw")
    seen, target = net.prepare(photo)[0], net.class_index("macaw")
    predict = net.compiled("bare passes", net.forward_probabilities)
    lime_image.tqdm = iter

    def bare(batch_size: int) -> None:
        batch = tf.constant(np.stack([seen] * batch_size))
        for _ in range(round(wanted.samples / batch_size)):
            predict(batch).numpy()

    def ours() -> None:
        segments = superpixels(seen)
        explain(sample_image(net, photo, segments, samples=wanted.samples), target)

    def library() -> None:
        lime_image.LimeImageExplainer(random_state=0).explain_instance(
            seen.astype("uint8"), net.probabilities, labels=(target,), top_labels=None,
            num_samples=wanted.samples, batch_size=batches.BATCH_SIZE, segmentation_fn=superpixels,
        )  # fmt: skip

    ways = {f"bare passes, {size} at a time": lambda size=size: bare(size) for size in BATCH_SIZES}
    ways |= {"ours": ours, "library lime 0.2.0.1": library}
    for way in ways.values():
        way()
    runs = [{name: seconds(way) for name, way in ways.items()} for _ in range(wanted.runs)]

    medians = {name: statistics.median(run[name] for run in runs) for name in ways}
    best = min((name for name in ways if name.startswith("bare")), key=medians.__getitem__)
    print(f"{wanted.samples} samples, median of {wanted.runs} interleaved runs\n")
    print("| | seconds | over the best bare passes |\n|---|---|---|")
    for name, median in medians.items():
        ratio = statistics.median(run[name] / run[best] for run in runs)
        print(f"| {name} | {median:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()

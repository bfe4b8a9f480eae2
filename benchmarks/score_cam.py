"""How long Score-CAM takes on VGG16's last convolution, all channels, and how much memory.

For each of three photographs, one after another, so that all are measured on the same machine in
the same state: the bare calls of the network that the map needs; our map; the map of tf-keras-vis;
our map with 16-bit convolutions. Prints a Markdown table: medians of the wall-clock ratios over the
photographs, and the ratio of the processor time of all together, which other programs on the
machine hardly disturb.

    python benchmarks/score_cam.py [--photographs 3]
"""

import argparse
import contextlib
import functools
import io
import multiprocessing
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PHOTOGRAPHS = ["astronaut", "horse", "raccoon", "drum_guitar", "neuschwanstein"]
BATCH_SIZES = [4, 8, 16, 32]


class Time(NamedTuple):
    """Seconds on the wall, and of the processors."""

    wall: float
    processor: float


def timed(function: Callable[..., object], *arguments: object) -> tuple[Time, object]:
    """How long one call takes, and what it gives."""
    wall, processor = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return Time(time.perf_counter() - wall, time.process_time() - processor), result


def extra_memory(queue: multiprocessing.Queue) -> None:
    """Peak memory of one map over that of the loaded model that has answered once, in GiB."""
    from lessons_lib import images, models
    from lessons_lib.score_cam import score_cam

    vgg16, photo = models.load("vgg16"), images.course_image("panda")
    vgg16.logits(photo)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    score_cam(vgg16, photo)
    queue.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - loaded) / 2**20)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=3)
    wanted = parser.parse_args().photographs

    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=extra_memory, args=(queue,))
    process.start()
    memory = queue.get()
    process.join()

    from lessons_lib import images, models
    from lessons_lib.network import graph
    from lessons_lib.network.bfloat16 import bfloat16
    from lessons_lib.score_cam import score_cam, varied_channels

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis.scorecam import Scorecam
        from tf_keras_vis.utils.scores import CategoricalScore

    vgg16 = models.load("vgg16")
    twin = bfloat16(vgg16)
    visualiser = Scorecam(vgg16.model)

    def theirs(*arguments: object) -> object:
        with contextlib.redirect_stdout(io.StringIO()):  # its progress bar
            return visualiser(*arguments)

    noise = np.random.default_rng(0).uniform(0, 255, (512, *vgg16.input_size, 3)).astype("float32")
    bare = vgg16.compiled("bare", lambda x: (vgg16.forward(x),))

    def calls(count: int, batch_size: int) -> Time:
        ask = functools.partial(graph.in_batches, bare, batch_size=batch_size)
        return timed(ask, noise[:count])[0]

    calls(32, 32)
    per_size = {size: min(calls(32, size).processor for _ in range(2)) for size in BATCH_SIZES}
    best = min(per_size, key=per_size.get)
    print(f"bare calls, ms a picture: { ({k: round(v / 32e-3) for k, v in per_size.items()}) }")
    for network in (vgg16, twin):  # compile
        score_cam(network, images.course_image("panda"), max_channels=20)

    times: dict[str, list[Time]] = {"bare": [], "ours": [], "tf-keras-vis": [], "bfloat16": []}
    shares, errors = [], []
    for name in PHOTOGRAPHS[:wanted]:
        photo = images.course_image(name)
        x = vgg16.prepare(photo)
        target = vgg16.top(photo)[0].index
        count = len(varied_channels(vgg16.activations(photo)[0]))
        shares.append(1 - count / 512)
        normalised = x[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)

        t_ours, exact = timed(score_cam, vgg16, photo, target)
        t_theirs, _ = timed(theirs, CategoricalScore(target), normalised, "block5_conv3")
        t_twin, rough = timed(score_cam, twin, photo, target)
        for key, value in zip(times, (calls(count, best), t_ours, t_theirs, t_twin), strict=True):
            times[key].append(value)
        errors.append(np.abs(exact - rough).max() / exact.max())
        report = ", ".join(
            f"{k} {v[-1].wall:.1f} ({v[-1].processor:.1f})" for k, v in times.items()
        )
        print(
            f"{name}: {count} channels; seconds on the wall (of processors): {report}", flush=True
        )

    def row(label: str, over: str, under: str, bound: str) -> str:
        pairs = list(zip(times[over], times[under], strict=True))
        wall = statistics.median(a.wall / b.wall for a, b in pairs)
        processor = sum(a.processor for a, _ in pairs) / sum(b.processor for _, b in pairs)
        return f"| {label} | {wall:.2f} | {processor:.2f} | {bound} |"

    seconds = statistics.median(t.wall for t in times["ours"])
    print(f"""
| Score-CAM, VGG16 `block5_conv3`, all channels | wall clock, median of {wanted} | processor time, all {wanted} | bound |
|---|---|---|---|
| seconds a map | {seconds:.1f} | | |
{row(f"over the bare calls it needs (batches of {best})", "ours", "bare", "1.15")}
{row("over tf-keras-vis, float32", "ours", "tf-keras-vis", "0.85")}
{row("over tf-keras-vis, bfloat16", "bfloat16", "tf-keras-vis", "0.50")}

| | | bound |
|---|---|---|
| largest error of a bfloat16 map, as a share of its maximum | {max(errors):.3f} | |
| channels that are constant, and cost nothing | {statistics.mean(shares):.0%} | |
| peak memory over the loaded model's, GiB | {memory:.2f} | 1.50 |""")  # noqa: E501


if __name__ == "__main__":
    main()

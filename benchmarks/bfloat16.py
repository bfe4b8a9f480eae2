"""Methods that only ask, with 16-bit numbers: how much time it saves, and what it does to the map.

    python benchmarks/bfloat16.py [--runs 3] [--network vgg16]

Each method has the same network twice: in float32, and as its twin of `network.bfloat16`. The runs
are interleaved. Prints a Markdown table, and whether the processor has bfloat16 in hardware.
"""

import argparse
import re
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jobs.setting import Setting
from run import timed

from lessons_lib.judging import deletion
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network.asking import Network
from lessons_lib.network.bfloat16 import bfloat16

ASKING = ("LIME", "KernelSHAP", "RISE", "occlusion")


def in_hardware() -> bool:
    """Whether Linux says that the processor multiplies 16-bit numbers itself."""
    return bool(re.search(r"\b(amx_bf16|avx512_bf16)\b", Path("/proc/cpuinfo").read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--network", default="vgg16")
    wanted = parser.parse_args()
    s = Setting(wanted.network)
    networks = (s.net, bfloat16(s.net))
    heat = heat_maps(METHODS["Grad-CAM"], s.net, s.photo, s.target)

    def map_of(method: str) -> Callable[[Network], np.ndarray]:
        return lambda network: heat_maps(METHODS[method], network, s.photo, s.target)

    ways = {method: map_of(method) for method in ASKING}
    ways["deletion curve"] = lambda network: deletion(network, s.photo, heat, s.target).probability

    print(f"| {s.net.name} | float32, s | bfloat16, s | ratio | from - to | largest difference |")
    print("|---|---|---|---|---|---|")
    for name, way in ways.items():
        exact, rough = (way(network) for network in networks)
        runs = [[timed(lambda n=n: way(n)) for n in networks] for _ in range(wanted.runs)]  # noqa: B023
        ratios = [after / before for before, after in runs]
        before, after = (statistics.median(times) for times in zip(*runs, strict=True))
        share = np.abs(rough - exact).max() / np.abs(exact).max()
        print(
            f"| {name} | {before:.2f} | {after:.2f} | {statistics.median(ratios):.2f} | "
            f"{min(ratios):.2f} - {max(ratios):.2f} | {share:.3f} |",
            flush=True,
        )
    print(
        "\nThe difference is a share of the largest value of the map, for the curve of the highest "
        f"probability. This processor has {'' if in_hardware() else 'no '}bfloat16 in hardware."
    )


if __name__ == "__main__":
    main()

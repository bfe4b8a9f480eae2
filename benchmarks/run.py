"""Measure every job of jobs.py, and write benchmarks/RESULTS.md and its picture.

    python benchmarks/run.py [--runs 5] [--only TEXT] [--without-depth]

Times are medians of interleaved runs: each run times every way of a job once, in turn, so that a
busy machine slows them alike. A ratio is the median of the runs' own ratios. What a first call
takes, tracing and compiling included, and how much memory it adds at its peak, is measured in a
fresh process for each way, after the network has been loaded and asked once. Leave the machine
alone meanwhile.
"""

import argparse
import importlib.metadata
import multiprocessing
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from jobs import FLOOR, JOBS
from tqdm import tqdm

FOLDER = Path(__file__).parent
OURS = "lessons_lib"
PEERS = ["tf-keras-vis", "saliency", "tf-explain", "xplique", "lime", "shap"]
PACKAGES = ["keras", "numpy", "scikit-learn", *PEERS]
IN_DEPTH = ["score_cam", "integrated_gradients", "shapley", "lower_floors"]


class Way(NamedTuple):
    """What was measured of one way to do a job."""

    first: float  # seconds
    memory: float  # GiB
    seconds: list[float]
    ratios: list[float]  # to the floor of the same run


def timed(function: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_a_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function where nothing has been loaded, traced or compiled."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def interleaved(job: str, runs: int) -> dict[str, list[float]]:
    """Seconds of each run of each way; one run to warm up is not counted."""
    ways = JOBS[job]()
    for way in ways.values():
        way()
    times = [{name: timed(way) for name, way in ways.items()} for _ in range(runs)]
    return {name: [run[name] for run in times] for name in ways}


def first_call(job: str, name: str) -> tuple[float, float]:
    """Seconds of a way's first call, and how much it adds to the process's memory, in GiB."""
    way = JOBS[job]()[name]
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    seconds = timed(way)
    return seconds, (memory("VmHWM") - before) / 2**20


def memory(what: str) -> int:
    """What Linux says of this process's memory, in KiB."""
    return int(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def measured(job: str, runs: int) -> dict[str, Way]:
    """All ways of a job, the floor first."""
    times = in_a_fresh_process(interleaved, job, runs)
    floor = times[FLOOR]
    return {
        name: Way(
            *in_a_fresh_process(first_call, job, name),
            seconds,
            [a / b for a, b in zip(seconds, floor, strict=True)],
        )
        for name, seconds in times.items()
    }


def table(results: dict[str, dict[str, Way]]) -> str:
    """One line for each way of each job."""
    lines = [
        "| job | | first call, s | then, s | over the floor | from - to | peak memory, GiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for job, ways in results.items():
        for name, way in ways.items():
            floor = name == FLOOR
            label = f"**{name}**" if name == OURS else name
            ratio, spread = statistics.median(way.ratios), (min(way.ratios), max(way.ratios))
            lines.append(
                f"| {job if floor else ''} | {label} | {'' if floor else f'{way.first:.2f}'} "
                f"| {statistics.median(way.seconds):.3f} | {'' if floor else f'{ratio:.2f}'} "
                f"| {'' if floor else '{:.2f} - {:.2f}'.format(*spread)} | {way.memory:.2f} |"
            )
    return "\n".join(lines)


def picture(results: dict[str, dict[str, Way]], path: Path) -> None:
    """Each way's ratio to the floor, job by job."""
    import matplotlib.pyplot as plt

    names = [OURS, *sorted({n for ways in results.values() for n in ways} - {OURS, FLOOR})]
    figure, axes = plt.subplots(figsize=(8, 0.42 * len(results) + 1.2), layout="constrained")
    for name, marker in zip(names, "osD^vP*X", strict=False):
        points = [
            (statistics.median(ways[name].ratios), row)
            for row, ways in enumerate(results.values())
            if name in ways
        ]
        axes.plot(*zip(*points, strict=True), marker, label=name, ms=9 if name == OURS else 6)
    axes.axvline(1, color="0.4", lw=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(results)), results)
    axes.invert_yaxis()
    axes.set_xlabel("time over that of the bare model calls (1: nothing else takes time)")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, 1.12), ncols=4, frameon=False)
    figure.savefig(path, dpi=120)


def machine() -> str:
    """Processor, cores, versions, date."""
    info = Path("/proc/cpuinfo").read_text()
    processor = re.search(r"model name\s*:\s*(.*)", info)
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    tensorflow = next(
        d for d in importlib.metadata.distributions() if d.name in ("tensorflow", "tensorflow-cpu")
    )
    return (
        f"{processor[1] if processor else platform.processor()}, {os.cpu_count()} cores, "
        f"{platform.system()}; Python {platform.python_version()}, {tensorflow.name} "
        f"{tensorflow.version}, {', '.join(versions)}; {date.today():%d %B %Y}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="jobs whose name holds this text")
    parser.add_argument("--without-depth", action="store_true", help="the table of jobs alone")
    wanted = parser.parse_args()

    results: dict[str, dict[str, Way]] = {}
    chosen = [job for job in JOBS if wanted.only.lower() in job.lower()]
    for job in tqdm(chosen, desc="jobs"):
        results[job] = measured(job, wanted.runs)
        tqdm.write(table({job: results[job]}).split("\n", 2)[2])
    if wanted.only:
        return
    picture(results, FOLDER / "ratios.png")
    parts = [
        (FOLDER / "INTRODUCTION.md").read_text(encoding="utf-8").format(machine=machine()),
        table(results),
    ]
    for name in [] if wanted.without_depth else tqdm(IN_DEPTH, desc="in depth"):
        command = [sys.executable, str(FOLDER / f"{name}.py")]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        parts.append(f"## {name.replace('_', ' ').capitalize()}\n\n{done.stdout.strip()}")
    (FOLDER / "RESULTS.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

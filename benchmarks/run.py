"""Measure every job of jobs/, and write benchmarks/RESULTS.md and its picture.

    python benchmarks/run.py [--only TEXT] [--without-depth]

Times are medians of interleaved runs: each run times every way of a job once, in turn, so that a
busy machine slows them alike; there are at least 3 runs, and up to 25 where they are short. A ratio
is the median of the runs' own ratios. What a first call takes, tracing and compiling included, and
how much memory it adds at its peak, is measured in a fresh process for each way, after the network
has been loaded and asked once. The whole takes about an hour; leave the machine alone meanwhile.

What was measured is kept in build/benchmarks: `--only` measures the jobs again whose name holds the
text, and writes the results of all.
"""

import argparse
import importlib.metadata
import json
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
PEERS = ["tf-keras-vis", "saliency", "lime", "shap"]
PACKAGES = ["keras", "numpy", "scikit-learn", *PEERS]
KEPT = FOLDER.parent / "build" / "benchmarks"
ENOUGH = 30  # seconds of one job's runs
IN_DEPTH = [
    "waiting", "growth", "bfloat16", "score_cam", "integrated_gradients", "shapley", "lower_floors",
]  # fmt: skip


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


def interleaved(job: str) -> dict[str, list[float]]:
    """Seconds of each run of each way; one run to warm up is not counted."""
    ways = JOBS[job]()
    for way in ways.values():
        way()
    times: list[dict[str, float]] = []
    while len(times) < 3 or (len(times) < 25 and sum(sum(t.values()) for t in times) < ENOUGH):
        times.append({name: timed(way) for name, way in ways.items()})
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


def measured(job: str) -> dict[str, Way]:
    """All ways of a job, the floor first."""
    times = in_a_fresh_process(interleaved, job)
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
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(path, dpi=120)


def version(package: str) -> str:
    """Which version is installed, if any."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def machine() -> str:
    """Processor, cores, versions, date."""
    info = Path("/proc/cpuinfo").read_text()
    processor = re.search(r"model name\s*:\s*(.*)", info)
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    tensorflow = next(n for n in ("tensorflow-cpu", "tensorflow") if version(n) != "not installed")
    return (
        f"{processor[1] if processor else platform.processor()}, {os.cpu_count()} cores, "
        f"{platform.system()}; Python {platform.python_version()}, {tensorflow} "
        f"{version(tensorflow)}, {', '.join(versions)}; {date.today():%d %B %Y}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="jobs and depths whose name holds this text")
    parser.add_argument("--without-depth", action="store_true", help="the table of jobs alone")
    wanted = parser.parse_args()

    KEPT.mkdir(parents=True, exist_ok=True)
    text = wanted.only.lower()
    for job in tqdm([job for job in JOBS if text in job.lower()], desc="jobs"):
        ways = measured(job)
        file(job, "json").write_text(json.dumps(ways))
        tqdm.write(table({job: ways}).split("\n", 2)[2])
    if not wanted.without_depth:
        for name in tqdm([name for name in IN_DEPTH if text in name], desc="in depth"):
            command = [sys.executable, str(FOLDER / f"{name}.py")]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            file(name, "md").write_text(done.stdout.strip(), encoding="utf-8")

    results = {
        job: {name: Way(*way) for name, way in json.loads(file(job, "json").read_text()).items()}
        for job in JOBS
        if file(job, "json").exists()
    }
    picture(results, FOLDER / "ratios.png")
    parts = [
        (FOLDER / "INTRODUCTION.md").read_text(encoding="utf-8").format(machine=machine()),
        table(results),
        *(
            f"## {name.replace('_', ' ').capitalize()}\n\n{file(name, 'md').read_text('utf-8')}"
            for name in IN_DEPTH
            if file(name, "md").exists()
        ),
        (FOLDER / "ONCE.md").read_text(encoding="utf-8").strip(),
    ]
    (FOLDER / "RESULTS.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def file(name: str, kind: str) -> Path:
    """Where a measurement is kept."""
    return KEPT / f"{re.sub('[^a-z0-9+]+', '_', name.lower())}.{kind}"


if __name__ == "__main__":
    main()

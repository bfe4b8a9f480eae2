"""Run the lessons from top to bottom, without a browser.

``make lessons`` writes each one as a page in build/lessons and leaves notebooks/ as it is;
``make execute`` writes the outputs back into the notebooks, in the one form that is committed, and
what each lesson needed into notebooks/running.csv, and at its top the minutes that it takes
(lesson_minutes.py). ``--measure`` leaves the outputs as they are.
"""

import argparse
import csv
import math
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tools.pages import lesson_minutes

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("tags", "jupyter", "slideshow")  # of a cell's metadata
TIME = re.compile(r"(?<=\| Time \| )(.*); (.*) to run(?= \|)")
WIDGET = "application/vnd.jupyter.widget-view+json"


class LessonError(RuntimeError):
    """A lesson did not run to its end."""


def run(
    notebook: NotebookNode, folder: Path, timeout: int, progress: "tqdm[None]"
) -> tuple[float, float]:
    """Run every cell, in place, in the folder the lesson is in; one step of progress for each.

    Returns the kernel's processor seconds, and its largest memory in GiB (0 where the system does
    not tell).
    """
    used = 0.0, 0.0

    def advance(**_: object) -> None:
        nonlocal used
        progress.update()
        used = needed(client.km.provisioner.pid)  # type: ignore[union-attr]

    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=advance,
    )
    client.execute()
    return used


def needed(pid: int) -> tuple[float, float]:
    """Processor seconds of a process so far, and its largest memory in GiB."""
    times = psutil.Process(pid).cpu_times()
    status = Path(f"/proc/{pid}/status")  # only Linux has it
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return times.user + times.system, int(peak[1]) / 2**20 if peak else 0.0


def running_time(seconds: float) -> str:
    """What a lesson says of its running time.

    >>> running_time(40), running_time(130)
    ('under a minute', 'about 3 minutes')
    """
    return "under a minute" if seconds <= 60 else f"about {math.ceil(seconds / 60)} minutes"


def note(path: Path, seconds: float, gib: float) -> None:
    """Keep what a lesson needed in the table beside it, and say its time at the lesson's top."""
    table_path = path.with_name("running.csv")
    table_path.touch()
    rows = {row["lesson"]: row for row in csv.DictReader(table_path.open(encoding="utf-8"))}
    rows[path.stem] = {
        "lesson": path.stem,
        "processor seconds": f"{seconds:.0f}",
        "peak memory GiB": f"{gib:.2f}",
    }
    with table_path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[path.stem], lineterminator="\n")
        table.writeheader()
        table.writerows(rows[lesson] for lesson in sorted(rows))
    text = path.read_text(encoding="utf-8")
    said = TIME.sub(rf"\1; {running_time(seconds)} to run", text, count=1)
    if path.stem in lesson_minutes.HELD:
        said = lesson_minutes.SAID.sub(str(lesson_minutes.minutes(path)), said, count=1)
    path.write_text(said, encoding="utf-8", newline="\n")


def is_progress_bar(output: NotebookNode) -> bool:
    """Whether an output is a bar of tqdm: ``Score-CAM: 16%|#6  | 5/31 [00:02<00:11, 2it/s]``."""
    text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
    return bool(re.search(r"\[\d+:\d\d[,<]", text))


def normalise(notebook: NotebookNode) -> None:
    """Keep what the lesson says, and drop what differs from one run or one machine to the next."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {k: cell.metadata[k] for k in KEPT if k in cell.metadata}
        )
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_progress_bar(output)]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # its plain text stays
            output.get("metadata", {}).pop(WIDGET, None)


def run_lesson(
    path: Path, output: Path | None, timeout: int, progress: "tqdm[None]", measure: bool = False
) -> None:
    """Run one lesson; write it as a page into `output`, or, without one, over itself.

    Where it goes over itself, what it needed goes into the table; with `measure` only that.

    Raises
    ------
    LessonError
        If a cell fails, takes too long or takes its kernel with it. Nothing is written then.
    """
    notebook = nbformat.read(path, as_version=4)
    try:
        used = run(notebook, path.parent, timeout, progress)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{path.name}: {error}") from error
    if output is None:
        if not measure:
            normalise(notebook)
            nbformat.write(notebook, path)
        note(path, *used)
    else:
        page, _ = HTMLExporter(embed_images=True).from_notebook_node(
            notebook, resources={"metadata": {"name": path.stem, "path": str(path.parent)}}
        )
        output.mkdir(parents=True, exist_ok=True)
        (output / f"{path.stem}.html").write_text(page, encoding="utf-8")


def code_cells(path: Path) -> int:
    """How many cells of a lesson there are to run."""
    cells = nbformat.read(path, as_version=4).cells
    return sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the lessons named, or all of them, in order."""
    parser = argparse.ArgumentParser(description="Run the lessons from top to bottom.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "lessons")
    parser.add_argument("--in-place", action="store_true", help="write over the notebooks")
    parser.add_argument("--measure", action="store_true", help="write only what they needed")
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one cell")
    parser.add_argument("--jobs", type=int, default=2, help="lessons at the same time")
    options = parser.parse_args(arguments)

    paths = options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    # What this machine's reader has passed is not part of the lessons.
    os.environ["LESSONS_PASSED"] = str(Path(tempfile.gettempdir(), "nothing_passed.json"))

    def failure(path: Path) -> str | None:
        output = None if options.in_place or options.measure else options.output
        try:
            run_lesson(path, output, options.timeout, progress, options.measure)
        except LessonError as error:
            return str(error)
        progress.write(f"{path.stem} ran")
        return None

    with (
        tqdm(total=sum(map(code_cells, paths)), unit="cell") as progress,
        ThreadPoolExecutor(options.jobs) as pool,
    ):
        failures = [message for message in pool.map(failure, paths) if message]
    if failures:
        sys.exit("\n\n".join([*failures, f"{len(failures)} of {len(paths)} lessons failed."]))
    here = options.in_place or options.measure
    print("Done:", "notebooks/" if here else options.output)


if __name__ == "__main__":
    main()

"""Run the lessons from top to bottom, without a browser.

``make lessons`` writes each one as a page in build/lessons and leaves notebooks/ as it is;
``make execute`` writes the outputs back into the notebooks, in the one form that is committed.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("tags", "jupyter", "slideshow")  # of a cell's metadata
WIDGET = "application/vnd.jupyter.widget-view+json"


class LessonError(RuntimeError):
    """A lesson did not run to its end."""


def run(notebook: NotebookNode, folder: Path, timeout: int, progress: "tqdm[None]") -> None:
    """Run every cell, in place, in the folder the lesson is in; one step of progress for each."""

    def advance(**_: object) -> None:
        progress.update()

    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_complete=advance,
    )
    client.execute()


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


def run_lesson(path: Path, output: Path | None, timeout: int, progress: "tqdm[None]") -> None:
    """Run one lesson; write it as a page into `output`, or, without one, over itself.

    Raises
    ------
    LessonError
        If a cell fails, takes too long or takes its kernel with it. Nothing is written then.
    """
    notebook = nbformat.read(path, as_version=4)
    try:
        run(notebook, path.parent, timeout, progress)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{path.name}: {error}") from error
    if output is None:
        normalise(notebook)
        nbformat.write(notebook, path)
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
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one cell")
    parser.add_argument("--jobs", type=int, default=2, help="lessons at the same time")
    options = parser.parse_args(arguments)

    paths = options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    # What this machine's reader has passed is not part of the lessons.
    os.environ["LESSONS_PASSED"] = str(Path(tempfile.gettempdir(), "nothing_passed.json"))

    def failure(path: Path) -> str | None:
        output = None if options.in_place else options.output
        try:
            run_lesson(path, output, options.timeout, progress)
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
    print("Done:", "notebooks/" if options.in_place else options.output)


if __name__ == "__main__":
    main()

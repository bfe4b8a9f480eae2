"""A JupyterLab as ``make lab`` starts it, and the few things a reader does in it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "for-this-test"
MINUTES = 60_000  # in playwright's milliseconds
# Shown like a warning, but in colours.
ERROR = '.jp-OutputArea-output[data-mime-type$="stderr"]:has(.ansi-red-fg)'


@contextmanager
def server(folder: Path, cleared: Sequence[str] = ()) -> Iterator[str]:
    """Serve copies of the lessons from a folder, some without outputs; give the address."""
    notebooks = folder / "notebooks"
    shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".*"))
    for name in cleared:
        path = notebooks / name
        lesson = nbformat.read(path, as_version=4)
        for cell in lesson.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(lesson, path)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.root_dir=.", "--no-browser"]
    command += [f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # Nothing of whoever runs the test: neither their settings, nor what they have passed.
    news = folder / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false"}')
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_SETTINGS_DIR": "settings"}
    own |= {"JUPYTERLAB_WORKSPACES_DIR": "workspaces", "LESSONS_PASSED": "passed.json"}
    environment = os.environ | {name: str(folder / part) for name, part in own.items()}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "notebooks/00_start_here.ipynb"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise RuntimeError((folder / "server.log").read_text())
        yield address
    finally:
        process.kill()
        process.wait()


@contextmanager
def opened(chromium: Browser, address: str, lesson: str) -> Iterator[Page]:
    """Open a lesson and wait for its kernel; at the end stop the kernel, for its memory."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(3 * MINUTES)
    page = context.new_page()
    kernels = page.locator(".jp-Dialog").filter(has_text="Select Kernel")
    page.add_locator_handler(kernels, lambda it: it.locator(".jp-mod-accept").click())
    try:
        page.goto(f"{address}/lab/tree/notebooks/{lesson}?token={TOKEN}&reset")
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
        yield page
    finally:
        header = {"Authorization": f"token {TOKEN}"}
        for session in page.request.get(f"{address}/api/sessions", headers=header).json():
            page.request.delete(f"{address}/api/sessions/{session['id']}", headers=header)
        context.close()


def run_all(page: Page, minutes: float) -> None:
    """Run every cell by the menu, and wait until all have run or one has failed."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        f"""() => document.querySelector(`{ERROR}`) ||
            [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].every(
                prompt => /[0-9]/.test(prompt.textContent))""",
        timeout=minutes * MINUTES,
        polling=1000,
    )
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()


def run_to(page: Page, cell: Locator) -> None:
    """Run a cell, and all that stand above it."""
    cell.locator(".jp-InputPrompt").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Above Selected Cell", exact=True).click()
    cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")


def run_instead(page: Page, cell: Locator, source: str) -> Locator:
    """Type another text into a cell and run it; give its output."""
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")
    return cell.locator(".jp-OutputArea-output")

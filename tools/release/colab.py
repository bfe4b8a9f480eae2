"""Run every lesson as Google Colab would: its versions, and only the notebook to begin with.

    python tools/release/colab.py [--python python3.13] [NOTEBOOK ...]

An environment with the versions of colab_versions.txt is made in build/colab, once. Each notebook
is copied into an empty folder and run there. What its first cell clones is this repository's
last commit, under the address and the tag that the cell names: git is told so by its environment.
Prints the versions before and after, and each lesson's time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from set_repository import settled

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "colab"
VERSIONS = Path(__file__).with_name("colab_versions.txt")
KEPT = ["ipython", "ipywidgets", "keras", "matplotlib", "numpy", "scikit-learn", "scipy", "shap"]


def environment(python: str) -> Path:
    """Colab's packages in a folder of their own; made anew when the list has changed."""
    program = BUILD / "venv" / "bin" / "python"
    stamp = BUILD / "installed.txt"
    if not stamp.exists() or stamp.read_text() != VERSIONS.read_text():
        subprocess.run([python, "-m", "venv", "--clear", str(BUILD / "venv")], check=True)
        subprocess.run([program, "-m", "pip", "install", "-q", "-r", str(VERSIONS)], check=True)
        stamp.write_text(VERSIONS.read_text())
    return program


def versions(program: Path) -> dict[str, str]:
    """What the environment has."""
    command = [program, "-m", "pip", "list", "--format", "json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return {package["name"].lower(): package["version"] for package in listed}


@contextmanager
def clone_from_here() -> Iterator[dict[str, str]]:
    """Settings under which git finds the last commit here at the repository's address and tag."""
    name, tag = settled()
    with tempfile.TemporaryDirectory() as folder:
        origin = Path(folder, "origin")
        subprocess.run(["git", "clone", "-q", "--bare", str(ROOT), str(origin)], check=True)
        subprocess.run(["git", "tag", "--force", tag], cwd=origin, check=True, capture_output=True)
        yield {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{origin.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"https://github.com/{name}",
        }


def run(path: Path, program: Path, settings: dict[str, str]) -> float:
    """Seconds that a lesson takes in an empty folder; an error in a cell is raised."""
    with tempfile.TemporaryDirectory() as folder:
        lesson = Path(shutil.copy(path, folder))
        kernels = Path(folder, "jupyter", "kernels", "colab")
        kernels.mkdir(parents=True)
        command = [str(program), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        about = {"argv": command, "display_name": "Colab", "language": "python"}
        (kernels / "kernel.json").write_text(json.dumps(about))
        os.environ |= {**settings, "JUPYTER_PATH": str(kernels.parents[1])}
        notebook = nbformat.read(lesson, as_version=4)
        start = time.monotonic()
        NotebookClient(
            notebook,
            timeout=900,
            kernel_name="colab",
            resources={"metadata": {"path": folder}},
        ).execute()
        assert Path(folder, "course", "lessons_lib").is_dir(), "the lesson did not fetch the course"
        return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="python3.13")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    options = parser.parse_args()
    program = environment(options.python)
    before = versions(program)
    print(", ".join(f"{name} {before[name]}" for name in KEPT))
    with clone_from_here() as settings:
        for path in options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb")):
            print(f"{path.stem}: {run(path, program, settings):.0f} s", flush=True)
    after = versions(program)
    changed = {name: after.get(name) for name in before if after.get(name) != before[name]}
    print("Added:", ", ".join(sorted(after.keys() - before.keys())) or "nothing")
    if changed:
        sys.exit(f"The lessons changed what was installed: {changed}")


if __name__ == "__main__":
    main()

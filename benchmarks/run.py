"""Run every benchmark, one after another, and write what they print to benchmarks/RESULTS.md.

    python benchmarks/run.py [NAME ...]

Each benchmark is a script beside this one that prints a Markdown table. Leave the machine alone
meanwhile: they measure time.
"""

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

from tqdm import tqdm

FOLDER = Path(__file__).parent
PACKAGES = ["keras", "numpy", "scikit-learn", "shap", "lime", "saliency", "tf-keras-vis"]


def machine() -> str:
    """Processor, cores, versions, date."""
    info = Path("/proc/cpuinfo")
    models = (
        [line for line in info.read_text().splitlines() if "model name" in line]
        if info.exists()
        else []
    )
    processor = models[0].split(":")[1].strip() if models else platform.processor()
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    tensorflow = next(
        d for d in importlib.metadata.distributions() if d.name in ("tensorflow", "tensorflow-cpu")
    )
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()}; "
        f"Python {platform.python_version()}, {tensorflow.name} {tensorflow.version}, "
        f"{', '.join(versions)}; {date.today():%d %B %Y}"
    )


def main() -> None:
    names = sorted(p.stem for p in FOLDER.glob("*.py") if p.stem != Path(__file__).stem)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *names], help="default: all")
    chosen = parser.parse_args().names or names
    results = FOLDER / "RESULTS.md"
    parts = [f"# How long the methods take\n\nMade by `make bench` on: {machine()}.\n"]
    for name in tqdm(chosen, desc="benchmarks"):
        done = subprocess.run(
            [sys.executable, str(FOLDER / f"{name}.py")],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        parts.append(f"## {name.replace('_', ' ')}\n\n{done.stdout.strip()}\n")
        results.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()

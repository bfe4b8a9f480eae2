"""Make requirements.lock from pyproject.toml (``make lock``).

One file pins, by version and by hash, what every supported platform and Python gets. Versions
that the present lock has are kept where they still fit; ``python tools/lock.py --upgrade``
(uv's own option, like any other) looks for newer ones.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
COMMAND = (
    "uv pip compile pyproject.toml --extra lab --extra test --group lock --universal"
    # One version of each package, whatever the Python: all readers see the same lesson.
    " --fork-strategy fewest"
    " --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet"
)


def without_common_marker(lock: str) -> str:
    """Drop the marker that only says "a supported platform", which uv writes on most lines."""
    markers = [
        line.partition(" ; ")[2].removesuffix(" \\")
        for line in lock.splitlines()
        if line.startswith("numpy==")
    ]
    return lock.replace(f" ; {markers[0]} \\\n", " \\\n") if markers[0] else lock


def main(options: list[str]) -> None:
    """Run uv, then tidy what it wrote."""
    subprocess.run([*COMMAND.split(), "--output-file", LOCK.name, *options], cwd=ROOT, check=True)
    lock = without_common_marker(LOCK.read_text(encoding="utf-8"))
    LOCK.write_text(lock, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])

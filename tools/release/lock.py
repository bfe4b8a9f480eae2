"""Make requirements.lock and requirements-more.lock from pyproject.toml (``make lock``).

One file pins, by version and by hash, what every supported platform and Python gets. A second one,
which keeps to the versions of the first, holds what only maintainers and teachers need besides.
Versions that the present locks have are kept where they still fit;
``python tools/release/lock.py --upgrade`` (uv's own option, like any other) looks for newer ones.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = {
    "requirements.lock": "--extra lab --extra test --group lock",
    "requirements-more.lock": "--extra lab --extra test --extra more --group lock",
}
COMMAND = (
    "uv pip compile pyproject.toml --universal"
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


def versions(lock: str) -> str:
    """Only "name==version" of each line that pins."""
    return "\n".join(line.split()[0] for line in lock.splitlines() if "==" in line.split(" ;")[0])


def main(options: list[str]) -> None:
    """Run uv, then tidy what it wrote; what the first lock pins binds the second."""
    pinned = ""
    for name, extras in EXTRAS.items():
        with tempfile.TemporaryDirectory() as folder:
            constraints = Path(folder, "constraints.txt")
            constraints.write_text(pinned, encoding="utf-8")
            command = [*COMMAND.split(), *extras.split(), "--constraints", str(constraints)]
            subprocess.run([*command, "--output-file", name, *options], cwd=ROOT, check=True)
        lock = without_common_marker((ROOT / name).read_text(encoding="utf-8"))
        (ROOT / name).write_text(lock, encoding="utf-8", newline="\n")
        pinned = versions(lock)


if __name__ == "__main__":
    main(sys.argv[1:])

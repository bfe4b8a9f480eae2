"""How many minutes a lesson asks of its reader: the course's rule, and which lessons keep to it.

    python tools/pages/lesson_minutes.py notebooks/02_grad_cam.ipynb

One rule for all lessons::

    minutes = words / 90 + lines of code / 5 + 3/4 a picture + 6 an exercise + 1 a drill
              + the running time,   rounded up to five

A word has a letter or a digit. Folded answers, exercises and drills do not count as words; the
set-up cell, alternative texts and exercises do not count as lines. ``run_lessons.py`` writes the
result at the top of each lesson that is held to it.
"""

import ast
import csv
import math
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

LONGEST = 90  # minutes: a double period
SHORTER = {"00_start_here": 40}  # lessons with a bound of their own
# Held to their bound; a lesson joins when it is brought to it.
HELD = (
    "00_start_here",
    "01_cam",
    "02_grad_cam",
    "03_score_cam",
    "04_lime",
    "05_shapley_values",
    "06_integrated_gradients",
    "07_is_the_map_any_good",
    "08_comparing_methods",
    "09_shap_in_practice",
    "10_gallery_of_maps",
    "11_your_own_network",
    "12_transformers",
)

SAID = re.compile(r"(?<=\| Time \| about )\d+(?= minutes to read and try;)")
EXERCISE = re.compile(r"^\*\*Exercise \d", re.M)
DRILL = re.compile(r"^\*\*\d+\.\*\*", re.M)
FOLDED = re.compile(r"<details>.*?</details>", re.S)


class Content(NamedTuple):
    """What of a lesson takes its reader's time."""

    words: int
    lines: int
    pictures: int
    exercises: int
    drills: int

    def minutes(self, running: float = 0) -> int:
        """The rule, for a running time in seconds.

        >>> Content(words=900, lines=50, pictures=4, exercises=1, drills=1).minutes(running=30)
        35
        """
        total = (
            self.words / 90
            + self.lines / 5
            + self.pictures * 3 / 4
            + self.exercises * 6
            + self.drills
            + running / 60
        )
        return 5 * math.ceil(total / 5)


def content(notebook: NotebookNode) -> Content:
    """Count a lesson."""
    words = lines = pictures = exercises = drills = 0
    practice = False  # from the heading of the exercises, or of the quiz, to the next one
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = FOLDED.sub("", cell.source)
            exercises += len(EXERCISE.findall(source))
            drills += len(DRILL.findall(source))
            for part in re.split(r"^(?=## )", source, flags=re.M):
                if part.startswith("## "):
                    practice = bool(re.match(r"## (Exercises|Quiz|Drills)", part))
                words += 0 if practice else prose(part)
        elif cell.cell_type == "code":
            shown = (kind for output in cell.outputs for kind in output.get("data", {}))
            pictures += sum(kind.startswith("image/") for kind in shown)
            if "setup" not in cell.metadata.get("tags", []) and not practice:
                lines += code(cell.source)
    return Content(words, lines, pictures, exercises, drills)


def prose(source: str) -> int:
    """Words of a Markdown text; a formula between spaces is one word.

    >>> prose("It is <!--claim:02.x-->hot, as $a + b$ [says](address.md) - in 2 of 3.")
    10
    """
    source = re.sub(r"<!--.*?-->|\[!\[.*?\)\]\(.*?\)|\]\([^)]*\)", "", source, flags=re.S)
    source = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " x ", source, flags=re.S)
    return sum(bool(re.search(r"\w", word)) for word in source.split())


def code(source: str) -> int:
    """Lines of code that are not empty, no mere comment, and no alternative text.

    >>> code("show(x,\\n    alt=(\\n        'a'\\n        'b'\\n    ),\\n)\\n\\n# note")
    3
    >>> code("show(x, alt=(\\n    'a'\\n    'b'))")
    1
    """
    lines = source.splitlines()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    texts = [k for call in calls for k in call.keywords if k.arg == "alt"]
    left_out: set[int] = set()
    for text in texts:
        begins_line = not lines[text.lineno - 1][: text.col_offset].strip()
        first = text.lineno if begins_line else text.lineno + 1
        left_out |= set(range(first, (text.value.end_lineno or text.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for number, line in enumerate(lines, 1)
        if number not in left_out
    )


def longest(lesson: str) -> int:
    """The bound of a lesson, in minutes.

    >>> longest("00_start_here"), longest("02_grad_cam")
    (40, 90)
    """
    return SHORTER.get(lesson, LONGEST)


def running_seconds(path: Path) -> float:
    """A lesson's processor seconds in the table beside it; 0 where it has none yet."""
    table = path.with_name("running.csv")
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines()) if table.exists() else []
    return next((float(r["processor seconds"]) for r in rows if r["lesson"] == path.stem), 0.0)


def minutes(path: Path) -> int:
    """The rule's minutes for a lesson as it is stored."""
    return content(nbformat.read(path, as_version=4)).minutes(running_seconds(path))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, content(nbformat.read(name, as_version=4)), minutes(Path(name)))

"""Which exercises a reader has passed: kept in one small file, and shown in lesson 00.

The file is ``build/passed.json`` in the course's folder; the variable ``LESSONS_PASSED`` names
another. It holds nothing but the exercises' numbers, and leaves this machine only with the reader.
"""

import contextlib
import json
import os
import tempfile
from pathlib import Path

from lessons_lib.basics.files import DATA

VARIABLE = "LESSONS_PASSED"


def path() -> Path:
    """Where the file is, or would be."""
    return Path(os.environ.get(VARIABLE) or DATA.parent / "build" / "passed.json")


def numbers() -> list[str]:
    """The exercises that were passed, in order; none if there is no file or it cannot be read."""
    try:
        found = json.loads(path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return sorted({n for n in found if isinstance(n, str)}) if isinstance(found, list) else []


def note(number: str) -> None:
    """Add an exercise. Where nothing can be written, as in a read-only folder, nothing is kept.

    Examples
    --------
    >>> os.environ[VARIABLE] = str(Path(tempfile.mkdtemp(), "passed.json"))
    >>> note("02.1")
    >>> numbers()
    ['02.1']
    >>> del os.environ[VARIABLE]
    """
    target = path()
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(sorted({*numbers(), number}))
        # Written beside it and moved there: a lesson that is stopped meanwhile spoils nothing.
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, suffix=".json", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        os.replace(file.name, target)

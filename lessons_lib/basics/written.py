"""What is written is whole or not there; and it is harmless where it is opened."""

import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any


@contextlib.contextmanager
def whole_folder(folder: Path, last: str) -> Iterator[Path]:
    """A folder to write into, which gets its name only when all is written.

    Parameters
    ----------
    folder
        Its name. What stood by it, and has the file ``last``, is replaced.
    last
        The file that each such folder has.

    Raises
    ------
    FileExistsError
        If there is something else by this name.
    OSError
        If it cannot be written. Then, and if anything else fails, all is as before.
    """
    if folder.exists() and not (folder / last).is_file():
        raise FileExistsError(
            f"{folder} is there already and was not written by this program (it has no "
            f"{last}); name another place, or take it away"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        new = made / "new"
        new.mkdir()  # with the rights that folders have here; mkdtemp gives fewer
        yield new
        if folder.exists():
            folder.rename(made / "old")
        try:
            new.rename(folder)
        except OSError:
            if (made / "old").exists():
                (made / "old").rename(folder)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """A text file to write into, which gets its name only when all is written."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(number, "w", encoding="utf-8", newline="\n") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table as CSV; a text that a spreadsheet would run as a formula gets a ' before it.

    Examples
    --------
    >>> print(as_csv([{"label": "=1+1", "answer": -0.5}]), end="")
    label,answer
    '=1+1,-0.5
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    return buffer.getvalue()


def as_json(value: Any) -> str:
    """A text that is easy to read and to compare."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def sha256(path: Path) -> str:
    """The hash of a file, read some at a time."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _harmless(value: Any) -> Any:
    formula = isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@")
    control = isinstance(value, str) and value[:1] in ("\t", "\r", "\n")
    return f"'{value}" if formula or control else value


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now

"""The report: any number of explained pictures in one page."""

from collections.abc import Iterable
from pathlib import Path

from lessons_lib.basics.written import whole_file
from lessons_lib.report._explained import Explained
from lessons_lib.report._template import page_parts

TITLE = "What the network looked at"


def page(results: Iterable[Explained], title: str = TITLE) -> str:
    """The report as HTML: self-contained, it loads nothing from anywhere.

    Labels and names of files are escaped: a page shows them, whatever they hold, and runs nothing.

    Parameters
    ----------
    results
        One after another; each is asked for when its turn comes.
    title
        The page's.
    """
    return "".join(page_parts(results, title))


def write_report(results: Iterable[Explained], path: str | Path, title: str = TITLE) -> Path:
    """Write the report into a file: whole, or not at all.

    Parameters
    ----------
    results, title
        As for `page`. Of a stream of results one at a time is held.
    path
        A name that ends in ``.html``.

    Raises
    ------
    ValueError
        If the name ends otherwise.
    OSError
        If it cannot be written there.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path.name}: a report is a page; give a name that ends in .html")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to")
    with whole_file(path) as file:
        file.writelines(page_parts(results, title))
    return path

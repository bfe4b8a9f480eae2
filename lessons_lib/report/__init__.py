"""Your network, your picture: all that the course knows to say about one answer, in one call.

`explain` gives an `Explained`: the maps, what each is worth, and what is certain to be wrong. It
shows itself in a notebook; `Explained.save` writes it into a folder, and `write_report` writes any
number of them into one page for a colleague.
"""

from lessons_lib.report._explained import Explained, Finding, load_explained
from lessons_lib.report._explorer import explorer
from lessons_lib.report._making import explain, fitting_methods
from lessons_lib.report._page import page, write_report

__all__ = [
    "Explained",
    "Finding",
    "explain",
    "explorer",
    "fitting_methods",
    "load_explained",
    "page",
    "write_report",
]

"""The one template: as a whole page, and as the part that a notebook shows."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from lessons_lib.report._pictures import data_address, hottest_place, jpeg, overlaid

THUMB = 360  # pixels of a picture in the page


def fragment(result: Any) -> str:
    """One `Explained` as HTML that can stand in a page of others."""
    parts: Any = _template().module
    return str(parts.style_and_picture(result))


def page_parts(results: Iterable[Any], title: str) -> Iterator[str]:
    """A whole page, piece by piece: each result is asked for when its turn comes."""
    return _template().generate(results=results, title=title)


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lessons_lib.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"over": _over, "small": _small, "where": hottest_place}
    return environment.get_template("report.html.j2")


def _over(heat: NDArray[np.floating], picture: NDArray[np.uint8]) -> str:
    return data_address(jpeg(overlaid(picture, heat), THUMB))


def _small(picture: NDArray[np.uint8]) -> str:
    return data_address(jpeg(picture, THUMB))

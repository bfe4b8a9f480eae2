"""Each symptom of docs/why_does_my_map_look_like_this.md: it is there, and the advice mends it."""

import re

import numpy as np
import PIL.Image
import pytest

from lessons_lib.basics.files import DATA
from tools.pages import symptoms

PAGE = DATA.parent / "docs" / "why_does_my_map_look_like_this.md"
# What the number of the symptom may be, and what it may be after the advice.
BOUNDS = {
    "blob": ((3, 3), (7, 7)),
    "same_for_all": ((0.8, 1), (-1, 0.7)),
    "speckles": ((0.5, np.inf), (0, 0.5)),
    "another_each_time": ((-1, 0.5), (0.85, 1)),
    "looks_strong": ((1, 1), (0, 0.5)),
    "blank": ((0, 0), (0.3, 0.9)),
    "wrong_pixels": ((0, 0.05), (0.9, 1)),
    "in_the_corner": ((1, 1), (0, 0)),
}


@pytest.mark.usefixtures("shared_networks")
@pytest.mark.parametrize("name", symptoms.SYMPTOMS)
def test_the_symptom_is_there_and_the_advice_mends_it(name: str) -> None:
    found = symptoms.SYMPTOMS[name]()
    for value, (low, high) in zip((found.sick, found.mended), BOUNDS[name], strict=True):
        assert low <= value <= high
    stored = np.asarray(PIL.Image.open(PAGE.parent / "symptoms" / f"{name}.jpg"), float)
    left, right = found.panels
    for part, panel in ((stored[:, :150], left), (stored[:, -150:], right)):
        assert np.abs(part - panel).mean() < 12  # the picture of the page is this one


def test_the_page_shows_each_symptom_once_with_an_alternative_text() -> None:
    shown = re.findall(r"!\[(.+?)\]\(symptoms/(\w+)\.jpg\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(name for _, name in shown) == sorted(symptoms.SYMPTOMS) == sorted(BOUNDS)
    assert all(len(alt) > 30 for alt, _ in shown)

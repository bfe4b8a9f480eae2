"""Every number in the lessons' prose that an output supports is what the code gives today."""

import importlib
import json
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import tests.claims
from tests.claims import CLAIMS

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MARK = re.compile(r"<!--claim:([\w.]+)-->\s*(\S+)")
NUMBER = re.compile(r"[-−+]?\d[\d,]*(?:\.\d+)?|[-−+]?\.\d+")

for module in pkgutil.iter_modules(tests.claims.__path__):
    importlib.import_module(f"tests.claims.{module.name}")


def prose(notebook: Path) -> list[str]:
    """Source of each Markdown cell."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]


STATED = [
    (path.stem, identifier, text)
    for path in NOTEBOOKS
    for cell in prose(path)
    for identifier, text in MARK.findall(cell)
]


@pytest.mark.parametrize(
    ("lesson", "identifier", "text"), STATED, ids=[f"{s[1]}-{i}" for i, s in enumerate(STATED)]
)
def test_the_prose_says_what_the_code_gives(lesson: str, identifier: str, text: str) -> None:
    assert identifier in CLAIMS, f"{lesson}: nothing in tests/claims computes {identifier}"
    value = CLAIMS[identifier]()
    found = NUMBER.match(text.lstrip("*`("))
    if found is None:
        assert isinstance(value, bool | np.bool_), f"{lesson}: {identifier} is a number: {value}"
        assert value, f"{lesson}: {identifier} does not hold"
        return
    stated = found.group().replace("−", "-").replace(",", "")
    decimals = len(stated.partition(".")[2])
    assert float(stated) == round(float(value), decimals), f"{lesson}: {identifier} is {value}"


def test_every_computed_claim_is_stated_somewhere() -> None:
    assert set(CLAIMS) == {identifier for _, identifier, _ in STATED}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_measured_number_stands_without_its_claim(notebook: Path) -> None:
    """Decimal fractions and percentages in prose are claims, or mathematics between dollars."""
    loose = []
    for cell in prose(notebook):
        text = re.sub(r"<details>.*?</details>", "", cell, flags=re.S)
        text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", text, flags=re.S)
        text = re.sub(r"\]\([^)]*\)|arXiv:\S+|https?://\S+", "", text)
        text = MARK.sub("", text)
        loose += re.findall(r"(?<![\w.])(?:\d+\.\d+|\d+(?:\.\d+)? ?%)(?![\w.]*\d)", text)
    assert not loose, f"measured, or only written? {loose}"

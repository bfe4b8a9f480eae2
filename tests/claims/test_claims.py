"""No number stands in the lessons' prose that nothing computes, and nothing is computed unsaid."""

import ast
import importlib
import io
import itertools
import json
import re
import tokenize
from pathlib import Path

import pytest

from tests.claims import CLAIMS, MARK, NUMBER, WORDS, compared, fault

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def prose(notebook: Path) -> list[str]:
    """Source of each Markdown cell."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_computed_claim_is_stated_and_every_stated_one_computed(notebook: Path) -> None:
    importlib.import_module(f"tests.claims.{notebook.stem[3:]}")
    stated = {identifier for cell in prose(notebook) for identifier, _ in MARK.findall(cell)}
    assert stated == {c for c in CLAIMS if c.startswith(notebook.stem[:3].replace("_", "."))}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_claim_in_words_says_what_its_function_asks(notebook: Path) -> None:
    """The function says True of its own words alone; of others somebody has to think again."""
    importlib.import_module(f"tests.claims.{notebook.stem[3:]}")
    other = [
        f"{identifier}: {text[:60]!r}"
        for cell in prose(notebook)
        for identifier, text in re.findall(r"<!--claim:([\w.]+)-->\s*([^<]+)", cell)
        if not NUMBER.match(text.lstrip("*`("))
        and not (identifier in WORDS and " ".join(text.split()).startswith(WORDS[identifier]))
    ]
    assert other == []


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


def joined(source: str) -> list[str]:
    """Where a text that goes on in the next line loses the space between two words."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    kept = [token for token in tokens if token.type not in (tokenize.NL, tokenize.COMMENT)]
    texts = [
        (ast.literal_eval(one.string), ast.literal_eval(two.string))
        for one, two in itertools.pairwise(kept)
        if one.type == two.type == tokenize.STRING and {one.string[0], two.string[0]} <= {'"', "'"}
    ]
    return [
        one[-9:] + two[:9] for one, two in texts if re.search(r"[\w,]$", one) and two[:1].isalnum()
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_alternative_texts_keep_their_spaces(notebook: Path) -> None:
    """They are read aloud."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    assert [fault for source in code for fault in joined(source)] == []
    assert joined('show(alt=(\n    "how fast does"\n    "the class fall"))') == [
        "fast doesthe class"
    ]


def test_a_claim_is_held_against_what_the_text_says() -> None:
    assert compared("c", "0.83.", 0.8349) == "" == compared("c", "−1,200", -1200.2)
    assert compared("c", "*about", True) == ""
    assert "does not hold" in compared("c", "about", False)
    assert "says 0.83, and is 0.8351" in compared("c", "0.83", 0.8351)
    assert compared("c", "34 of the 48.", (34, 48)) == "" == compared("c", "3 of six", (3, 6))
    assert "says 48, and is 47" in compared("c", "34 of 48,", (34, 47))
    assert "says 34, and is 33" in compared("c", "34 of 48", (33, 48))
    assert "is the one number 34" in compared("c", "34 of 48", 34)
    assert compared("c", "0.83 of the", 0.83) == "" == compared("c", "10 of them", 10)
    assert "says 1, and is True" in compared("c", "1", True)
    assert "in words" in compared("c", "about", 0.5)


def test_a_claim_needs_its_code_and_its_variables() -> None:
    assert "computes 02.unheard_of" in fault("grad_cam", "02.unheard_of", "so", {})
    assert "no vgg16 and no roll" in fault("grad_cam", "02.roll_probability", "0.82", {"A": 1})

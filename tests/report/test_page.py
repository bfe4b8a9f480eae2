"""The report: one page, complete in itself, in which nobody's text becomes code."""

import dataclasses
import html.parser
import re

import numpy as np
import pytest

from lessons_lib import explain, report
from tests.report.test_explained import FAST, FOUND, NET, PHOTO

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


class Reader(html.parser.HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_has_every_map_number_and_warning() -> None:
    found = dataclasses.replace(FOUND, warnings=("the map is blank: take another",))
    read = Reader(report.page([found, found]))
    maps = [a for tag, a in read.tags if tag == "img"]
    assert len(maps) == 2 * (1 + len(found.findings))
    assert all(a["alt"].strip() for a in maps)
    for f in found.findings:
        assert read.text.count(f"{f.deletion:.3f}") >= 2
        assert f.method in read.text
    assert read.text.count("the map is blank: take another") == 2
    assert "What it does not say" in read.text
    assert [tag for tag, _ in read.tags].count("html") == 1


def test_better_than_the_control_is_said_as_it_is() -> None:
    def finding(method: str, deletion: float, insertion: float, *, control: bool = False):
        return dataclasses.replace(
            FOUND.findings[0], method=method, deletion=deletion, insertion=insertion,
            control=control, resolution=0.03,
        )  # fmt: skip

    rows = (
        finding("a", 0.1, 0.9), finding("b", 0.1, 0.1), finding("c", 0.9, 0.1),
        finding("d", 0.4999, 0.5001), finding("e", 0.49, 0.6),
        finding("middle", 0.5, 0.5, control=True),
    )  # fmt: skip
    text = Reader(report.page([dataclasses.replace(FOUND, findings=rows)])).text
    told = re.findall(r"in (both|one|neither)\b", text)
    assert told == ["both", "one", "neither", "neither", "one"]


def test_nothing_is_loaded_from_anywhere() -> None:
    page = report.page([FOUND])
    for tag, attributes in Reader(page).tags:
        for name in ("src", "href", "action", "poster"):
            assert attributes.get(name, "data:").startswith("data:")
        assert tag not in ("script", "iframe", "object", "form")
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?://", page)


def test_labels_names_and_warnings_are_text_whatever_they_hold() -> None:
    evil = dataclasses.replace(
        FOUND, name=EVIL, network=EVIL, answers=(EVIL,), warnings=(EVIL,), left_out=(EVIL,),
        findings=tuple(dataclasses.replace(f, label=EVIL, method=EVIL) for f in FOUND.findings),
        settings={**FOUND.settings, "network": EVIL}, versions={EVIL: EVIL},
    )  # fmt: skip
    for page in (report.page([evil], title=EVIL), evil._repr_html_()):
        read = Reader(page)
        assert "script" not in {tag for tag, _ in read.tags}
        assert not [a for _, a in read.tags if "onerror" in a]
        assert EVIL in read.text


def test_a_notebook_shows_a_part_that_can_stand_beside_others() -> None:
    read = Reader(FOUND._repr_html_())
    tags = [tag for tag, _ in read.tags]
    assert not {"html", "body", "head", "main", "h1"} & set(tags)
    assert tags.count("img") == 1 + len(FOUND.findings)


def test_alternative_texts_say_where_a_map_is_hottest() -> None:
    heat = np.zeros((16, 16), "float32")
    heat[1, 14] = 1
    found = dataclasses.replace(
        FOUND, findings=tuple(dataclasses.replace(f, heat=heat) for f in FOUND.findings)
    )
    texts = [a["alt"] for tag, a in Reader(report.page([found])).tags if tag == "img"][1:]
    assert all(text.endswith("most at the upper right") for text in texts)


def test_results_are_asked_for_one_at_a_time(tmp_path) -> None:
    """A thousand pictures take the memory of one: each is written before the next is made."""
    held: list[int] = []

    def results():
        for i in range(3):
            held.append(i)
            yield FOUND

    pieces = report._template.page_parts(results(), "a title")
    until = next(i for i, piece in enumerate(pieces) if "<article" in piece)
    assert until >= 0
    assert held == [0]


def test_a_report_that_fails_is_not_there(tmp_path) -> None:
    def results():
        yield FOUND
        raise ValueError("the second picture is broken")

    with pytest.raises(ValueError, match="second picture"):
        report.write_report(results(), tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []
    report.write_report([FOUND], tmp_path / "a.html")
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
    with pytest.raises(ValueError, match=r"ends in \.html"):
        report.write_report([FOUND], tmp_path / "a.pdf")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        report.write_report([FOUND], tmp_path / "no" / "a.html")


def test_one_question_alone_makes_a_page() -> None:
    page = report.page([explain(NET, PHOTO, methods=FAST)])
    assert "rather than" not in re.sub(r"<section.*?</section>", "", page, flags=re.DOTALL)

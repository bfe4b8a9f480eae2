"""The report in a browser: from a file, without a connection, in each view and on paper."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from lessons_lib import Classifier, explain
from lessons_lib.report import write_report
from tests.networks import gap_net, pictures

LABELS = ["a cat with quite a long name", "dog", "owl"]
VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = Classifier(gap_net(), LABELS)
    methods = ["grad_cam", "saliency", "occlusion"]
    found = (explain(net, picture, "dog", methods=methods) for picture in pictures(2))
    return write_report(found, tmp_path_factory.mktemp("report") / "report.html")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("media", ["screen", "print"])
def test_it_is_whole_readable_and_within_its_page(
    report: Path, view: str, media: str, chromium: Browser, screenshots: Path
) -> None:
    context = chromium.new_context(**VIEWS[view], offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on(
        "request",
        lambda sent: (
            wrong.append(sent.url) if not sent.url.startswith(("file:", "data:")) else None
        ),
    )
    page.emulate_media(media=media)
    page.goto(report.as_uri())
    page.screenshot(path=screenshots / f"report_{view}_{media}.png", full_page=True)
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= VIEWS[view]["viewport"]["width"]
    widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) == 2 * (1 + 3 * 4)
    assert min(widths) > 0
    assert not wrong
    context.close()


def test_on_paper_each_picture_starts_a_page_and_no_heading_ends_one(
    report: Path, chromium: Browser
) -> None:
    """One page says how to read it; the two pictures have two pages each."""
    page = chromium.new_page()
    page.goto(report.as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 5
    page.close()

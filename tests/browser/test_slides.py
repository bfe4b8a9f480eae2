"""The slides that ``make slides`` makes: opened without a network, and gone through by key."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# Of the slide that is shown: its first words if some of it can neither be seen nor scrolled to.
CUT_OFF = """() => {
    const slide = Reveal.getCurrentSlide();
    const tall = slide.scrollHeight > slide.clientHeight + 1;
    const wide = [...slide.querySelectorAll("table, img, pre, mjx-container")]
        .some(it => it.getBoundingClientRect().right > innerWidth + 1);
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(slide).overflowY);
    const {top, bottom} = slide.getBoundingClientRect();
    const outside = top < -1 || bottom > innerHeight + 1;
    return (tall && !scrolls) || wide || outside ? slide.innerText.slice(0, 60) : "";
}"""


@pytest.fixture(scope="module")
def slides() -> Path:
    subprocess.run([sys.executable, ROOT / "tools" / "pages" / "make_slides.py"], check=True)
    return ROOT / "build" / "slides"


@pytest.mark.parametrize("lesson", LESSONS)
def test_slides(lesson: str, slides: Path, chromium: Browser, screenshots: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    messages, requests = [], []
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: messages.append(f"error: {error}"))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((slides / f"{lesson}.html").as_uri())
    page.wait_for_function("Reveal.isReady()")
    page.evaluate("MathJax.startup.promise")

    count = page.evaluate("Reveal.getTotalSlides()")
    assert count >= 8
    cut_off = []
    for number in range(count):
        assert page.evaluate("Reveal.getIndices().h") == number
        cut_off.append(page.evaluate(CUT_OFF))
        if number < 3:
            page.screenshot(path=screenshots / f"slides_{lesson[:2]}_{number}.png")
        page.keyboard.press("ArrowRight")
    assert not any(cut_off), [words for words in cut_off if words]
    expect(page.locator("[data-mml-node=merror]")).to_have_count(0)
    assert not [text for text in messages if text.startswith("error")]
    assert not [url for url in requests if not url.startswith(("file:", "data:"))]
    context.close()

"""The lessons in a real JupyterLab: what only a browser can see.

`make test` has run every cell. So one lesson is run from top to bottom here; of the others the
stored pictures, the folded answers, the sliders and the first exercise are tried.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import jupyter

LESSONS = sorted(path.name for path in (jupyter.ROOT / "notebooks").glob("*.ipynb"))
WHOLE = "02_grad_cam.ipynb"
WITHOUT_EXERCISES = "13_sources.ipynb"
# An answer that is wrong, to the first exercise of each lesson.
WRONG = {
    "00": "'giant panda'",
    "01": "[[3, 5], [-1, 1]]",
    "02": "[[1, -1], [0, 0.5]]",
    "03": "[4, 2, 2]",
    "04": "[0.7, 0.3]",
    "05": "[0, 20]",
    "06": "[8, 8]",
    "07": "[1, 3 / 5, 1 / 3]",
    "08": "[3 / 16, 6]",
    "09": "[[1.4, 5.4], [2.8, 4]]",
    "10": "[2, -1 / 2, 2 / 9]",
    "11": "[[4, -6], [0, 2]]",
    "12": "[0, 0.9, 0.1]",
}
# How far the green values of a picture spread; 0 for one that is blank or was not loaded.
SPREAD = """image => {
    const {naturalWidth: width, naturalHeight: height} = image;
    if (!width) return 0;
    const pen = new OffscreenCanvas(width, height).getContext("2d");
    pen.drawImage(image, 0, 0);
    const green = pen.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 == 1);
    const mean = green.reduce((sum, value) => sum + value, 0) / green.length;
    return Math.sqrt(green.reduce((sum, value) => sum + (value - mean) ** 2, 0) / green.length);
}"""
PICTURE = ".jp-OutputArea-output img"
# What a slider may redraw in its cell.
DRAWN = f"""cell => [...cell.querySelectorAll("{PICTURE}, .widget-html-content")]
    .map(it => it.src || it.innerHTML).join()"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with jupyter.server(tmp_path_factory.mktemp("lab"), cleared=[WHOLE]) as address:
        yield address


def committed(lesson: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(jupyter.ROOT / "notebooks" / lesson, as_version=4).cells


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson(lesson: str, lab: str, chromium: Browser, screenshots: Path) -> None:
    with jupyter.opened(chromium, lab, lesson) as page:
        expect(page.locator(".jp-Cell")).to_have_count(
            len(committed(lesson)), timeout=jupyter.MINUTES
        )
        if lesson == WHOLE:
            jupyter.run_all(page, minutes=10)
        pictures(page, lesson)
        page.locator(PICTURE).first.scroll_into_view_if_needed()
        page.screenshot(path=screenshots / f"lab_{lesson[:2]}.png")
        if lesson != WITHOUT_EXERCISES:
            folded_answers(page)
            exercise(page, lesson[:2])
        no_errors(page)


def with_sliders(lesson: str) -> list[int]:
    """Numbers of the cells that make sliders."""
    return [
        number
        for number, cell in enumerate(committed(lesson))
        if cell.cell_type == "code" and re.search(r"\bslide\(|Slider\(", cell.source)
    ]


@pytest.mark.parametrize("lesson", list(filter(with_sliders, LESSONS)))
def test_sliders(lesson: str, lab: str, chromium: Browser) -> None:
    """An arrow key moves each slider, and what is drawn below it changes."""
    with jupyter.opened(chromium, lab, lesson) as page:
        for number in with_sliders(lesson):
            shown = page.locator(".jp-Cell").nth(number)
            jupyter.run_to(page, shown)
            handles = shown.locator(".noUi-handle")
            expect(handles).not_to_have_count(0, timeout=5 * jupyter.MINUTES)
            for handle in handles.all():
                before = shown.evaluate(DRAWN)
                handle.press("ArrowRight")
                page.wait_for_function(
                    f"([cell, before]) => ({DRAWN})(cell) != before",
                    arg=[shown.element_handle(), before],
                )
        no_errors(page)


def no_errors(page: Page) -> None:
    failed = page.locator(jupyter.ERROR)
    assert not failed.count(), failed.all_inner_texts()


def pictures(page: Page, lesson: str) -> None:
    """As many as were committed, and none of them blank."""
    outputs = [output for cell in committed(lesson) for output in cell.get("outputs", [])]
    expected = sum(bool(output.get("metadata")) for output in outputs)
    spread = page.locator(PICTURE).evaluate_all(f"images => images.map({SPREAD})")
    assert len(spread) == expected
    assert min(spread) > 10, spread


def folded_answers(page: Page) -> None:
    """Each is closed at first. The first one opens by a click, and closes by a key."""
    folded = page.locator(".jp-MarkdownCell details")
    assert folded.count() > 0
    assert page.locator(".jp-MarkdownCell details[open]").count() == 0
    summary = folded.first.locator("summary")
    summary.click()
    expect(folded.first).to_have_attribute("open", "", timeout=jupyter.MINUTES)
    summary.press("Space")
    expect(folded.first).not_to_have_attribute("open", "", timeout=jupyter.MINUTES)


def exercise(page: Page, number: str) -> None:
    """A wrong answer is given a hint; the folded solution, typed in, is praised."""
    check = f'exercises.check("{number}.1"'
    cell = page.locator(".jp-CodeCell").filter(has_text=check).first
    needed = "from lessons_lib import exercises\n"
    output = jupyter.run_instead(page, cell, f"{needed}{check}, {WRONG[number]})")
    expect(output).to_contain_text("not yet. ", timeout=jupyter.MINUTES)
    solution = page.locator(".jp-MarkdownCell details code").filter(has_text=check).first
    output = jupyter.run_instead(page, cell, solution.text_content() or "")
    expect(output).to_contain_text("right. ", timeout=5 * jupyter.MINUTES)


EXPLORER = """
from lessons_lib import models
from lessons_lib.report import explorer

networks = {"squeezenet": models.load("squeezenet")}
explorer(networks)
"""


def upload(page: Page, cell: Locator, path: Path) -> None:
    """Choose a file as a reader does: the widget's input stands nowhere on the page."""
    with page.expect_file_chooser() as chosen:
        cell.get_by_role("button", name="or upload").click()
    chosen.value.set_files(path)


def test_explorer(lab: str, chromium: Browser, screenshots: Path) -> None:
    """A photograph is uploaded, explained by keys, the code shown; then a file of text."""
    with jupyter.opened(chromium, lab, "11_your_own_network.ipynb") as page:
        cell = page.locator(".jp-CodeCell").filter(has_text="explorer(networks)").last
        cell.scroll_into_view_if_needed()
        jupyter.run_instead(page, cell, EXPLORER)
        button = cell.get_by_role("button", name="Explain")
        expect(button).to_be_visible(timeout=3 * jupyter.MINUTES)
        photograph = jupyter.ROOT / "data" / "images" / "hens.jpg"
        upload(page, cell, photograph)
        expect(cell.get_by_text("or upload (1)")).to_be_visible()
        cell.get_by_label("Class").focus()
        page.keyboard.type("hen")
        for _ in ("to the layer", "to the methods", "to the button"):
            page.keyboard.press("Tab")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        code = cell.locator("pre").filter(has_text="explain(networks['squeezenet']")
        expect(code).to_contain_text(
            "images.load_image('hens.jpg', most_pixels=", timeout=3 * jupyter.MINUTES
        )
        expect(code).to_contain_text("target='hen'")
        maps = cell.locator(".explained img")
        assert min(maps.evaluate_all(f"images => images.map({SPREAD})")) > 10
        assert maps.count() == 3  # the picture, Grad-CAM, the control
        maps.first.scroll_into_view_if_needed()
        page.screenshot(path=screenshots / "explorer.png")
        text = jupyter.ROOT / "data" / "imagenet_classes.txt"
        upload(page, cell, text)
        button.click()
        expect(cell.get_by_role("status")).to_contain_text(
            "Imagenet_classes.txt cannot be read as a picture", timeout=jupyter.MINUTES
        )
        expect(maps).to_have_count(0)
        no_errors(page)

"""The website: built by its tool, served from this machine, and looked at page by page."""

import ast
import contextlib
import functools
import importlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
LESSONS = sorted(f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb"))
TEXTS = sorted(f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md"))
MAKE_SITE = ROOT / "tools" / "pages" / "make_site.py"
# The rooms as the tool lists them; where its packages are missing, it cannot be imported.
ROOMS = re.search(r"^REFERENCE = (\[.*?\])", MAKE_SITE.read_text("utf-8"), re.S | re.M)
REFERENCE = ["reference/index", *(f"reference/{room}" for room in ast.literal_eval(ROOMS[1]))]
PAGES = ["index", *LESSONS, *TEXTS, *REFERENCE]
VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
# One page of each kind is looked at in every view, all of them in a light one; of the reference,
# which is made by one tool out of one template, two.
KINDS = ["index", LESSONS[2], "docs/what_holds", "reference/shapley"]
LOOKED_AT = [name for name in PAGES if name not in REFERENCE or name in (*KINDS, REFERENCE[0])]
SEEN = [(name, "light") for name in LOOKED_AT] + [(n, v) for n in KINDS for v in ("dark", "phone")]
# The page's words, without its code, and without what is only there for screen readers.
WORDS = """() => {
    const article = document.querySelector("article").cloneNode(true);
    article.querySelectorAll("pre, code, script, mjx-container").forEach(it => it.remove());
    return article.textContent;
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Build the website and serve it; give the address."""
    tool = [sys.executable, str(MAKE_SITE)]
    built = subprocess.run(tool, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    handler = functools.partial(Quiet, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def opened(chromium: Browser, site: str, name: str, view: str = "light") -> Iterator[Page]:
    """Open a page; at the end nothing may have failed, nor have come from another host."""
    context = chromium.new_context(**VIEWS[view])
    page = context.new_page()
    wrong: list[str] = []

    def request(sent) -> None:
        if not sent.url.startswith((f"{site}/", "data:")):
            wrong.append(f"from elsewhere: {sent.url}")

    def response(got) -> None:
        if got.status >= 400:
            wrong.append(f"{got.status}: {got.url}")

    def console(message) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{message.type}: {message.text}")

    context.on("request", request)
    context.on("response", response)
    context.on("requestfailed", lambda failed: wrong.append(f"failed: {failed.url}"))
    context.on("console", console)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    page.goto(f"{site}/{name}.html", wait_until="networkidle")
    yield page
    context.close()
    assert not wrong, "\n".join(wrong)


def cells(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(ROOT / f"{name}.ipynb", as_version=4).cells


@pytest.mark.parametrize(("name", "view"), SEEN)
def test_page(name: str, view: str, chromium: Browser, site: str, screenshots: Path) -> None:
    with opened(chromium, site, name, view) as page:
        equations(page, name)
        page.screenshot(path=screenshots / f"site_{Path(name).name}_{view}.png")
        pictures(page, name)
        neighbours(page, name)
        page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
        page.evaluate("Promise.all(document.getAnimations().map(it => it.finished))")
        accessible(page)
        for view in ("light", "phone"):  # nothing stands out to the right
            page.set_viewport_size(VIEWS[view]["viewport"])
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def equations(page: Page, name: str) -> None:
    """All are set, without a fault, and no TeX is left over."""
    expected = page.locator("article .math").count()
    expect(page.locator("article .math mjx-container > svg")).to_have_count(expected)
    assert page.locator("[data-mml-node=merror]").count() == 0
    if name in LESSONS and any("$$" in cell.source for cell in cells(name)):
        assert expected > 10
    left = re.findall(r".*(?:\$\$|\\[a-zA-Z(\[]).*", page.evaluate(WORDS))
    assert not left


def pictures(page: Page, name: str) -> None:
    """Each is loaded and described, and those of a lesson as the lesson describes them."""
    images = page.locator("img")
    for image in images.all():
        image.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every(it => it.complete)")
    assert 0 not in images.evaluate_all("images => images.map(it => it.naturalWidth)")
    described = images.evaluate_all("images => images.map(it => it.alt.trim())")
    assert "" not in described
    if name in LESSONS:
        outputs = [output for cell in cells(name) for output in cell.get("outputs", [])]
        stored = [data["alt"] for o in outputs for data in o.get("metadata", {}).values()]
        assert described == stored


def neighbours(page: Page, name: str) -> None:
    for link, step in {".left-prev": -1, ".right-next": 1}.items():
        place = PAGES.index(name) + step
        expected = [f"/{PAGES[place]}.html"] if 0 <= place < len(PAGES) else []
        shown = page.locator(f".prev-next-area {link}").evaluate_all(
            "links => links.map(it => new URL(it.href).pathname)"
        )
        assert shown == expected


def accessible(page: Page) -> None:
    """No rule of WCAG 2 A or AA is broken, nor any other one that matters much."""
    found = Axe().run(page, options={"preload": False}).response["violations"]
    broken = [
        (rule["id"], [node["html"][:200] for node in rule["nodes"]])
        for rule in found
        if {"wcag2a", "wcag2aa"} & {*rule["tags"]} or rule["impact"] in ("serious", "critical")
    ]
    assert not broken


def test_links(chromium: Browser, site: str) -> None:
    """A link leads to a page and a place on it, or to a file of the repository."""
    targets: set[str] = set()
    for name in LOOKED_AT:
        with opened(chromium, site, name) as page:
            targets |= set(page.locator("a[href]").evaluate_all("all => all.map(it => it.href)"))
    dead = []
    for target in targets:
        parts = urlsplit(target)
        path, place = SITE / parts.path.lstrip("/"), f'id="{unquote(parts.fragment)}"'
        if stored := re.match(r"/[^/]+/explaining-image-classifiers/blob/[^/]+/(.+)", parts.path):
            found = (ROOT / stored[1]).exists()
        elif target.startswith(site):
            found = path.suffix == ".html" and path.exists()
            found = found and (not parts.fragment or place in path.read_text("utf-8"))
        else:
            found = True  # elsewhere, and not ours to keep
        if not found:
            dead.append(target)
    assert not dead
    assert any(target.endswith("/data/images/LICENSES.md") for target in targets)


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_calls_is_in_the_reference(name: str, site: str) -> None:
    html = "".join((SITE / f"{page}.html").read_text("utf-8") for page in REFERENCE)
    described = set(re.findall(r'id="(lessons_lib\.[^"]+)"', html))
    rooms: dict[str, ModuleType] = {}
    called = []
    for cell in cells(name):
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("lessons_lib"):
                found = importlib.import_module(str(node.module))
                for alias in node.names:
                    with contextlib.suppress(ModuleNotFoundError):
                        importlib.import_module(f"{node.module}.{alias.name}")
                    thing = getattr(found, alias.name)
                    if isinstance(thing, ModuleType):
                        rooms[alias.asname or alias.name] = thing
                    else:
                        called.append(thing)
            elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in rooms:
                called.append(getattr(rooms[node.value.id], node.attr))
    called = [it for it in called if callable(it) and it.__module__.startswith("lessons_lib")]
    missing = {
        it.__qualname__
        for it in called
        if not any(d.endswith(f".{it.__qualname__}") for d in described)
    }
    assert called
    assert not missing, "add the room to REFERENCE in tools/pages/make_site.py"
    lesson = (SITE / f"{name}.html").read_text("utf-8")
    assert "sphinx-codeautolink-a" in lesson  # its code leads there


def test_search(chromium: Browser, site: str, screenshots: Path) -> None:
    with opened(chromium, site, "index") as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("Grad-CAM")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?*")
        first = page.locator("#search-results li a").first
        expect(first).to_contain_text("Lesson 02: Grad-CAM")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=screenshots / "site_search.png")
        accessible(page)
        first.click()
        expect(page.locator("article h1")).to_contain_text("Lesson 02: Grad-CAM")
        page.wait_for_load_state("networkidle")


def test_dark_and_light(chromium: Browser, site: str) -> None:
    """The menu leads to a dark page, and the next one is dark too."""
    background = "getComputedStyle(document.body).backgroundColor"
    with opened(chromium, site, "index") as page:
        light = page.evaluate(background)
        page.locator(".theme-switch-button:visible").click()
        page.locator(".theme-switch-container").get_by_text("Dark", exact=True).click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.evaluate(background) != light
        dark = page.evaluate(background)
        assert max(map(int, re.findall(r"\d+", dark)[:3])) < 60
        page.goto(f"{site}/{LESSONS[0]}.html", wait_until="networkidle")
        assert page.evaluate(background) == dark


def test_solutions_are_folded(chromium: Browser, site: str) -> None:
    for name in [name for name in LESSONS if name != "notebooks/13_sources"]:  # no exercises there
        with opened(chromium, site, name) as page:
            solution = page.locator("details", has_text="Solution").first
            code = solution.locator("pre").first
            expect(code).to_be_hidden()
            solution.locator("summary").click()
            expect(code).to_be_visible()


def test_the_list_of_lessons_on_a_phone(chromium: Browser, site: str, screenshots: Path) -> None:
    with opened(chromium, site, "index", "phone") as page:
        lesson = page.get_by_role("link", name="Lesson 02: Grad-CAM").first
        expect(lesson).to_be_hidden()
        page.locator(".primary-toggle:visible").click()
        expect(lesson).to_be_visible()
        page.wait_for_timeout(500)  # it slides in
        page.screenshot(path=screenshots / "site_menu_phone.png")
        lesson.click()
        expect(page.locator("article h1")).to_contain_text("Lesson 02: Grad-CAM")
        page.wait_for_load_state("networkidle")


def test_a_missing_package_is_named() -> None:
    site = "tools/pages/make_site.py"
    tool = f"import runpy, sys; sys.modules['myst_nb'] = None; runpy.run_path('{site}')"
    run = subprocess.run([sys.executable, "-c", tool], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr == "myst_nb is missing. Run `make site`, which installs it first.\n"

"""Make the course's website in build/site (``make site``), out of what is committed.

The title page is README.md; each notebook, with the outputs stored in it, and each text in docs/
is a page; so is what the docstrings of each room say of its functions, and the names in a lesson's
code lead there. Nothing is run. The pages load nothing from other hosts: MathJax is fetched once,
by npm, checked by its hash and copied to them.
"""

import argparse
import importlib
import re
import shutil
import sys
from pathlib import Path
from typing import get_origin

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools" / "release"))

try:
    import myst_nb  # noqa: F401
    import nbformat
    import npm_package
    import numpydoc  # noqa: F401
    import sphinx_book_theme  # noqa: F401
    import sphinx_codeautolink  # noqa: F401
    from docutils import nodes
    from set_repository import settled
    from sphinx.application import Sphinx
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing. Run `make site`, which installs it first.")

BUILD = ROOT / "build"
SOURCE = BUILD / "site-source"
SITE = BUILD / "site"

CONTENTS = """
```{{toctree}}
:hidden:
:caption: Lessons
:glob:
notebooks/*
```

```{{toctree}}
:hidden:
:caption: Teaching
:glob:
docs/*
```

```{{toctree}}
:hidden:
:caption: Reference
reference/index
{rooms}
```
"""

# A page of the reference. ``models`` shows the Classifier too, which has a page of its own.
ROOM = """# {name}

```{{eval-rst}}
.. automodule:: {name}
   :members:
   :exclude-members: {but}
{more}
```
"""

# Functions below a room that a lesson calls; ``maps.rise`` is a function of the room besides.
MORE = {"maps": ["rise.grids_and_shifts", "rise.random_masks"]}

ROOMS = """# The functions, room by room

What each function computes, with its equation, its arguments and what it returns. In the lessons,
names in the code lead here.

| Room | |
|---|---|
{rows}
"""

# What a reader calls, in the order of the course; a room's functions stand on its page.
REFERENCE = [
    "report",
    "models",
    "network.classifier",
    "network.black_box",
    "network.scores",
    "network.bfloat16",
    "network.counter",
    "images",
    "baselines",
    "cam",
    "grad_cam",
    "score_cam",
    "lime",
    "shapley",
    "integrated_gradients",
    "judging",
    "judging.clever_hans",
    "judging.road",
    "judging.robustness",
    "maps",
    "methods",
    "transformers",
    "plotting",
    "plotting.attributions",
    "plotting.comparison",
    "plotting.lime",
    "plotting.superpixels",
    "plotting.tables",
    "exercises",
    "tables",
    "texts",
    "digits",
    "environment",
]

CONFIGURATION = {
    "project": "Explaining image classifiers",
    "copyright": "its authors. Text and figures: CC BY 4.0; code: MIT",
    "language": "en-GB",
    "extensions": ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx_codeautolink"],
    "autodoc_member_order": "bysource",
    "autodoc_typehints": "none",  # the docstrings say it in words
    "numpydoc_show_class_members": False,
    "exclude_patterns": ["_static"],
    "nb_execution_mode": "off",
    "nb_code_prompt_show": "Set-up",
    "nb_code_prompt_hide": "Set-up",
    "nb_ipywidgets_js": {},  # or every page would load two scripts from elsewhere
    "myst_enable_extensions": ["dollarmath"],
    "myst_heading_anchors": 3,
    "mathjax_path": "mathjax/tex-svg.js",
    "mathjax3_config": {"options": {"enableMenu": False}},  # it would fetch more files
    # The set-up cell's one line of two statements, and two examples that the page shows as text.
    "suppress_warnings": ["codeautolink.match_name", "codeautolink.match_block"],
    "html_theme": "sphinx_book_theme",
    "html_title": "Explaining image classifiers",
    "html_static_path": [str(ROOT / "docs" / "site"), str(SOURCE / "_static")],
    "html_css_files": ["site.css"],
    "html_js_files": ["site.js"],
    "html_search_scorer": str(ROOT / "docs" / "site" / "search.js"),
    "html_favicon": str(ROOT / "docs" / "site" / "icon.svg"),
    "html_copy_source": False,
    "html_use_index": False,
    "html_context": {"default_mode": "auto"},  # dark or light, as the reader's system is
    "html_theme_options": {
        "use_download_button": False,
        "navbar_persistent": [],
        "footer_content_items": ["copyright"],
    },
}


def adapt(text: str, folder: Path, pages: set[Path], repository: str) -> str:
    """Badges, which are pictures from elsewhere, become words; links to files lead to GitHub."""

    def link(match: re.Match) -> str:
        target, _, anchor = match[1].partition("#")
        path = (folder / target).resolve()
        if not target or path in pages or not path.exists():
            return match[0]
        address = f"{repository}/{path.relative_to(ROOT).as_posix()}"
        return f"]({address}#{anchor})" if anchor else f"]({address})"

    text = re.sub(r"\[!\[([^\]]*)\]\([^)]*\)\]\(", r"[\1](", text)
    return re.sub(r"\]\(([^)\s]+)\)", link, text)


def adapt_lesson(lesson: nbformat.NotebookNode) -> None:
    """What the stored lesson cannot do as a page is taken out, or said."""
    opening = lesson.cells[0]
    # A page begins with its title.
    opening.source = re.sub(r"\A(.*Colab.*)\n+(# .*)", r"\2\n\n\1", opening.source)
    for cell in lesson.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("hide-input")  # folded
        for output in cell.get("outputs", []):
            text = output.get("data", {}).get("text/plain", "")
            if re.match(r"\w+\(.*(Slider|children)", text) or text.startswith("FloatSlider("):
                output.data["text/plain"] = "(Sliders: run the lesson to move them.)"
            elif "image/jpeg" in output.get("data", {}):
                output.data.pop("text/plain", None)


def stage() -> None:
    """Copy the pages to build/site-source, adapted."""
    name, tag = settled()
    repository = f"https://github.com/{name}/blob/{tag}"
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    texts = sorted((ROOT / "docs").glob("*.md"))
    pictures = [*(ROOT / "docs").rglob("*.jpg"), *(ROOT / "docs").glob("*.svg")]
    pages = {*lessons, *texts, *pictures}

    for path in pages:
        (SOURCE / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
    for path in lessons:
        lesson = nbformat.read(path, as_version=4)
        for cell in lesson.cells:
            if cell.cell_type == "markdown":
                cell.source = adapt(cell.source, path.parent, pages, repository)
        adapt_lesson(lesson)
        nbformat.write(lesson, SOURCE / path.relative_to(ROOT))
    for path in texts:
        text = adapt(path.read_text(encoding="utf-8"), path.parent, pages, repository)
        (SOURCE / path.relative_to(ROOT)).write_text(text, encoding="utf-8")
    for path in pictures:
        shutil.copy(path, SOURCE / path.relative_to(ROOT))
    stage_reference()
    title = adapt((ROOT / "README.md").read_text(encoding="utf-8"), ROOT, pages, repository)
    contents = CONTENTS.format(rooms="\n".join(f"{r} <reference/{r}>" for r in REFERENCE))
    (SOURCE / "index.md").write_text(title + contents, encoding="utf-8")


def stage_reference() -> None:
    """A page for each room's functions, and one that lists the rooms."""
    folder = SOURCE / "reference"
    folder.mkdir()
    rows = []
    for room in REFERENCE:
        name = f"lessons_lib.{room}"
        but = "" if room.endswith("classifier") else "Classifier"
        more = "\n".join(f".. autofunction:: {name}.{below}" for below in MORE.get(room, []))
        page = ROOM.format(name=name, but=but, more=more)
        (folder / f"{room}.md").write_text(page, encoding="utf-8")
        first_line = importlib.import_module(name).__doc__.splitlines()[0]
        rows.append(f"| [{name}]({room}.md) | {first_line} |")
    text = ROOMS.format(rows="\n".join(rows))
    (folder / "index.md").write_text(text, encoding="utf-8")


def says_nothing(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool:
    """Leave out names of types, with the docstring of ``tuple``, and fields, described above."""
    return skip or get_origin(obj) is not None or str(obj.__doc__).startswith("Alias for field")


def adapt_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """A shape such as (\\*size, 3) is no emphasis, and a module's references are no section."""
    lines[:] = [re.sub(r"(?<=[( ])\*", r"\\*", x) if "shape" in x else x for x in lines]
    if what == "module" and "References" in lines:
        start = lines.index("References")
        lines[start : start + 2] = [".. rubric:: References", ""]


def describe_pictures(app: Sphinx, page: nodes.document) -> None:
    """Give each output's picture the alternative text that is stored with it: myst-nb does not."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix == ".ipynb":
        lesson = nbformat.read(path, as_version=4)
        outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
        alts = [data["alt"] for o in outputs for data in o.get("metadata", {}).values()]
        for image, alt in zip(page.findall(nodes.image), alts, strict=True):
            image["alt"] = alt
            image["classes"].append("dark-light")  # or the theme dims it where the page is dark


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    for folder in [SOURCE, SITE]:
        shutil.rmtree(folder, ignore_errors=True)
    mathjax = SOURCE / "_static" / "mathjax"
    npm_package.fetch(npm_package.MATHJAX, ["es5/tex-svg.js", "LICENSE"], mathjax)
    stage()
    app = Sphinx(
        SOURCE,
        None,
        SITE,
        SOURCE / ".doctrees",
        "html",
        confoverrides=CONFIGURATION,
        status=None,
        warningiserror=True,
    )
    app.connect("autodoc-skip-member", says_nothing)
    app.connect("autodoc-process-docstring", adapt_docstring, priority=1)  # before numpydoc
    app.connect("doctree-read", describe_pictures)
    app.build()
    if app.statuscode:
        sys.exit("Sphinx warned, see above. A page may be wrong.")
    print("Done:", SITE / "index.html")


if __name__ == "__main__":
    main()

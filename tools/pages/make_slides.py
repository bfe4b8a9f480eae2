"""Make slides of each lesson in build/slides (``make slides``), out of what is committed.

Nothing is run. A slide begins at each heading, picture, exercise and question of a quiz, and where
the last one is full. What draws a picture is left out, the picture stays. The slides load nothing
from other hosts: reveal.js and MathJax are fetched once, by npm, checked by their hashes and copied
to them.
"""

import argparse
import re
from pathlib import Path

import nbformat
import npm_package
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

ROOT = Path(__file__).resolve().parents[2]
SLIDES = ROOT / "build" / "slides"
BEGINS = re.compile(r"#{1,3} |\*\*Exercise |\*\*\d\.\*\*")


def split(source: str) -> list[str]:
    """A text in pieces, each of which begins a slide, apart from, perhaps, the first."""
    pieces, fenced = [""], False
    for line in source.splitlines(keepends=True):
        fenced ^= line.startswith("```")  # there, # begins a comment
        if BEGINS.match(line) and not fenced:
            pieces.append("")
        pieces[-1] += line
    return [piece for piece in pieces if piece.strip()]


def adapt(source: str) -> str:
    """Without the badge, which is a picture from elsewhere; links lead from build/slides."""
    source = re.sub(r"\[!\[.*?\]\(.*?\)\]\(.*?\)\s*", "", source)
    source = re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](\1.html)", source)
    return source.replace("](../", "](../../")


def is_widget(output: NotebookNode) -> bool:
    """Whether an output is only the name of something that moves when the lesson runs."""
    data = output.get("data", {})
    return set(data) == {"text/plain"} and re.match(r"\w*(Slider|Box)\(", data["text/plain"])


def height(cell: NotebookNode) -> int:
    """About how many of a slide's 720 pixels a cell fills, pictures apart."""
    if cell.cell_type == "markdown":
        return sum(40 * (1 + len(line) // 110) for line in cell.source.splitlines() if line)
    printed = [output.get("text", "") for output in cell.outputs]
    return 24 * (cell.source + "".join(printed)).count("\n") + 60


def cells(lesson: NotebookNode) -> list[NotebookNode]:
    """The lesson's cells, split where a slide begins, and marked."""
    pieces = []
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            pieces += [new_markdown_cell(piece) for piece in split(adapt(cell.source))]
        elif "setup" not in cell.metadata.get("tags", []):
            cell.outputs = [output for output in cell.outputs if not is_widget(output)]
            pieces.append(cell)
    filled = 0
    for cell in pieces:
        drawn = any(output.get("metadata") for output in cell.get("outputs", []))
        cell.metadata["transient"] = {"remove_source": drawn}
        if drawn or BEGINS.match(cell.source) or filled + height(cell) > 720:
            cell.metadata["slideshow"] = {"slide_type": "slide"}
            filled = 0
        filled += 400 if drawn else height(cell)
    return pieces


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    reveal = ["dist/reveal.js", "dist/reveal.css", "LICENSE"]
    npm_package.fetch(npm_package.REVEAL, reveal, SLIDES / "reveal")
    npm_package.fetch(npm_package.MATHJAX, ["es5/tex-svg.js", "LICENSE"], SLIDES / "mathjax")
    exporter = SlidesExporter(template_file=str(ROOT / "tools" / "pages" / "slides.html.j2"))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        lesson = nbformat.read(path, as_version=4)
        lesson.cells = cells(lesson)
        page, _ = exporter.from_notebook_node(lesson, {"metadata": {"name": path.stem}})
        (SLIDES / f"{path.stem}.html").write_text(page, encoding="utf-8")
    print("Done:", SLIDES)


if __name__ == "__main__":
    main()

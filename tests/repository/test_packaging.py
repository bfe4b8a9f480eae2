"""What is committed is whole and consistent: lock, addresses, README and notebooks."""

import ast
import json
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import lessons_lib
from tests.network.test_any_network import NETWORKS
from tools.pages import run_lessons
from tools.release import lock, set_repository

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
LOCKS = {name: (ROOT / name).read_text(encoding="utf-8") for name in lock.EXTRAS}
LOCK = LOCKS["requirements.lock"]
each_lock = pytest.mark.parametrize("text", LOCKS.values(), ids=LOCKS)
LARGEST = 48 * 2**20

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

PLATFORMS = {
    "Linux, x86_64": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix"},
    "Linux, ARM": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix"},
    "macOS, ARM": {"sys_platform": "darwin", "platform_machine": "arm64", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt"},
}
each_python = pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
each_platform = pytest.mark.parametrize("platform", PLATFORMS)


def entries(text: str = LOCK) -> list[str]:
    """A lock's requirements, each with its hashes, in one line."""
    return [e for e in text.replace("\\\n", " ").splitlines() if e.strip() and e[0] != "#"]


def locked(platform: str, python: str) -> dict[str, Version]:
    """What the lock installs there."""
    environment = {**PLATFORMS[platform], "python_version": python}
    environment["python_full_version"] = f"{python}.9"
    found = {}
    for entry in entries():
        requirement = Requirement(entry.partition(" --hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in found, f"{requirement.name} stands twice"
            (pin,) = requirement.specifier
            found[requirement.name] = Version(pin.version)
    return found


# The lock


@each_lock
def test_each_requirement_is_pinned_and_hashed(text: str) -> None:
    for entry in entries(text):
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        assert re.fullmatch(r"[\w.-]+==[\w.!+-]+( ; .+)?", requirement)
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), requirement


@each_lock
def test_the_lock_names_no_registry(text: str) -> None:
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.M)


def test_the_second_lock_holds_the_first_and_what_the_tools_need() -> None:
    pins = [set(lock.versions(text).split()) for text in LOCKS.values()]
    assert pins[0] < pins[1]
    found = {pin.split("==")[0] for pin in pins[1]}
    more = PYPROJECT["project"]["optional-dependencies"]["more"]
    assert {canonicalize_name(Requirement(r).name) for r in more} <= found


@each_platform
@each_python
def test_the_lock_has_all_that_pyproject_asks_for(platform: str, python: str) -> None:
    found = locked(platform, python)
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    asked = project["dependencies"] + extras["lab"] + extras["test"]
    for requirement in map(Requirement, asked + PYPROJECT["dependency-groups"]["lock"]):
        environment = PLATFORMS[platform]
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        name = canonicalize_name(requirement.name)
        if name == "opencv-python":
            name += "-headless"
        if name == "tensorflow" and platform == "Linux, x86_64":
            name += "-cpu"
        assert found[name] in requirement.specifier


@each_platform
def test_there_is_one_tensorflow_and_one_opencv(platform: str) -> None:
    found = locked(platform, "3.12")
    assert ("tensorflow-cpu" in found) == (platform == "Linux, x86_64")
    assert ("tensorflow" in found) == (platform != "Linux, x86_64")
    assert "opencv-python" not in found


def test_every_python_gets_the_same_versions() -> None:
    old, new = locked("Linux, x86_64", "3.11"), locked("Linux, x86_64", "3.13")
    assert all(old[name] == new[name] for name in old.keys() & new.keys())


def test_only_the_common_marker_is_dropped() -> None:
    text = "a==1 ; x \\\n    --hash=1\nnumpy==2 ; x \\\n    --hash=2\nb==3 ; y \\\n    --hash=3\n"
    tidy = "a==1 \\\n    --hash=1\nnumpy==2 \\\n    --hash=2\nb==3 ; y \\\n    --hash=3\n"
    assert lock.without_common_marker(text) == tidy
    assert lock.without_common_marker(tidy) == tidy


def test_conda_and_binder_get_the_same_lock() -> None:
    assert "      - -r requirements.lock\n" in (ROOT / "environment.yml").read_text("utf-8")
    (line,) = entries((ROOT / ".binder" / "requirements.txt").read_text("utf-8"))
    assert (ROOT / ".binder" / line.removeprefix("-r ")).samefile(ROOT / "requirements.lock")


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"^([a-z-]+):.*## ", makefile, re.M)
    return {*named, ".venv/installed", ".venv/installed-more"}


def test_what_workflows_and_the_container_call_is_there_to_be_made() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).is_file()
    called = re.findall(r"make (\S+)", container["postCreateCommand"])
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    for path in workflows:
        for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
            for step in job["steps"]:
                called += re.findall(r"make (\S+)", step.get("run", ""))
                assert step.keys() & {"run", "uses"}, path
    assert len(called) > len(workflows)
    assert set(called) <= make_targets()


def test_the_documents_name_targets_and_tools_that_exist() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        text = path.read_text("utf-8")
        assert set(re.findall(r"(?:^|`)make ([a-z./-]+)", text, re.M)) <= make_targets(), path
        tools = re.findall(r"(?:python |`)(tools/[\w/]+\.py)", text)
        assert not [name for name in tools if not (ROOT / name).is_file()], path


def test_what_is_said_to_hold_has_tests() -> None:
    page = (ROOT / "docs" / "what_holds.md").read_text("utf-8")
    code = "".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 20
    assert named <= set(re.findall(r"^def (test_\w+)", code, re.M))
    line = r"^\| (\w+) \| (\d+) \| (?:`(\w+)`|the .*) \| (yes|refused).* \|$"
    rows = re.findall(line, page, re.M)
    assert rows == [
        (name, str(size), layer or "", "yes" if linear else "refused")
        for name, (size, layer, linear) in NETWORKS.items()
    ]


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_another_python_is_named_with_what_to_do(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    found = rf"{version[0]}\.{version[1]}"
    with pytest.raises(SystemExit, match=rf"(?s)this is Python {found}.*PYTHON="):
        runpy.run_path(str(ROOT / "tools" / "release" / "check_python.py"))


# Addresses, versions, files


def test_every_place_says_the_same_version() -> None:
    version = PYPROJECT["project"]["version"]
    assert lessons_lib.__version__ == version
    assert f"\n## {version} " in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


@pytest.mark.parametrize("path", set_repository.files(), ids=lambda path: path.name)
def test_each_badge_opens_a_notebook_that_exists(path: Path) -> None:
    badges = re.findall(re.escape(set_repository.COLAB) + r"[^\s)\"'\\>]+", path.read_text("utf-8"))
    name, tag = set_repository.settled()
    start = f"{set_repository.COLAB}{name}/blob/{tag}/"
    for badge in badges:
        assert badge.startswith(start), "run tools/release/set_repository.py"
        assert (ROOT / badge.removeprefix(start)).is_file()
    if path.suffix == ".ipynb":
        assert f"{start}notebooks/{path.name}" in badges


def test_each_clone_line_names_the_repository() -> None:
    name, _ = set_repository.settled()
    texts = {path.name: path.read_text("utf-8") for path in set_repository.files()}
    for file, text in texts.items():
        for address in re.findall(r"git clone [^\n]*?(https?://[^\s\"'\\]+)", text):
            assert address.removesuffix(".git") == f"https://github.com/{name}", file
    assert f"https://github.com/{name}\n" in texts["CITATION.cff"]


def test_the_link_to_binder_names_repository_tag_and_a_notebook() -> None:
    name, tag = set_repository.settled()
    notebook = re.search(rf"mybinder\.org/v2/gh/{name}/{tag}\?urlpath=lab/tree/([^)\s]+)", README)
    assert notebook, "run tools/release/set_repository.py"
    assert (ROOT / notebook[1]).is_file()


def test_address_and_tag_are_rewritten_as_whole_words() -> None:
    text = (
        f"{set_repository.COLAB}a/b/blob/v0.1.0/notebooks/x.ipynb\\n"
        "git clone --branch v0.1.0 https://github.com/a/b.git; github.com/a/b-side v0.1.0.1\n"
        "https://mybinder.org/v2/gh/a/b/v0.1.0?urlpath=lab"
    )
    assert set_repository.rewritten(text, ("a/b", "v0.1.0"), ("c/d", "v0.2.0")) == (
        f"{set_repository.COLAB}c/d/blob/v0.2.0/notebooks/x.ipynb\\n"
        "git clone --branch v0.2.0 https://github.com/c/d.git; github.com/a/b-side v0.1.0.1\n"
        "https://mybinder.org/v2/gh/c/d/v0.2.0?urlpath=lab"
    )


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/teaching.md",
        "docs/classroom.md",
        "docs/what_holds.md",
        "docs/sources.md",
    ],
)
def test_each_link_in_the_documents_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", (ROOT / name).read_text("utf-8"))
    assert not [link for link in links if not ((ROOT / name).parent / link).exists()]


def test_the_readme_lists_every_lesson() -> None:
    assert not [path.name for path in NOTEBOOKS if f"](notebooks/{path.name})" not in README]


def test_no_file_is_too_large_to_be_kept() -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git repository")
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    assert not [f for f in files if f.is_file() and f.stat().st_size > LARGEST]


# Notebooks


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    """The notebook's cells of one kind, each with its source as one string."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**c, "source": "".join(c["source"])} for c in found if c["cell_type"] == kind]


def outputs(path: Path) -> Iterator[dict[str, Any]]:
    """All outputs of the notebook's code cells."""
    for cell in cells(path, "code"):
        yield from cell["outputs"]


@each_notebook
def test_each_lesson_has_its_room_and_its_tests(path: Path) -> None:
    number, _, name = path.stem.partition("_")
    words = name.split("_")
    rooms = ["_".join(words[:n]) for n in range(1, len(words) + 1)]  # shapley, shapley_values
    rooms += {
        "07": ["judging"],
        "08": ["judging"],
        "09": ["shapley"],
        "10": ["maps"],
        "11": ["report"],
        "13": ["plotting"],
    }.get(number, [])
    if number != "00":
        assert any(
            (ROOT / "lessons_lib" / n).with_suffix(s).exists() for n in rooms for s in ("", ".py")
        )
        assert any((ROOT / "tests" / n).exists() for r in rooms for n in (r, f"test_{r}.py"))


@each_notebook
def test_it_was_run_from_top_to_bottom(path: Path) -> None:
    counts = [cell["execution_count"] for cell in cells(path, "code") if cell["source"].strip()]
    assert counts == list(range(1, len(counts) + 1)), "run: make execute"


@each_notebook
def test_no_cell_failed(path: Path) -> None:
    for cell in cells(path, "code"):
        if "raises-exception" not in cell["metadata"].get("tags", []):
            assert not [o for o in cell["outputs"] if o["output_type"] == "error"], cell["source"]
            printed = "".join(line for o in cell["outputs"] for line in o.get("text", []))
            assert "FAILED" not in printed, cell["source"]  # the self-test of lesson 00


@each_notebook
def test_it_holds_nothing_of_the_machine_it_ran_on(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    before = nbformat.writes(notebook)
    run_lessons.normalise(notebook)
    assert nbformat.writes(notebook) == before, "run: make execute"
    assert str(ROOT) not in before


def test_a_progress_bar_is_not_kept() -> None:
    bar = "Score-CAM:  16%|#6        | 5/31 [00:02<00:11,  2.18it/s]"
    texts = [bar, "16% of the pixels"]
    outputs = [nbformat.v4.new_output("stream", name="stderr", text=t) for t in texts]
    outputs += [nbformat.v4.new_output("display_data", {"text/plain": t}) for t in texts]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=outputs)])
    run_lessons.normalise(notebook)
    assert [o.get("text") or o.data["text/plain"] for o in notebook.cells[0].outputs] == texts[
        1:
    ] * 2


@each_notebook
def test_each_picture_has_an_alternative_text(path: Path) -> None:
    html = [cell["source"] for cell in cells(path, "markdown")]
    for output in outputs(path):
        data, metadata = output.get("data", {}), output.get("metadata", {})
        html.append("".join(data.get("text/html", "")))
        for kind in data:
            if kind.startswith("image/"):
                assert metadata.get(kind, {}).get("alt", "").strip(), f"a picture, {kind}"
    for text in html:
        for tag in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r"\balt\s*=\s*([\"'])\s*\S.*?\1", tag), tag[:80]
        assert not re.search(r"!\[\s*\]\(", text), text[:80]


def long_alternative_texts(source: str) -> list[str]:
    """Lines of the strings after ``alt=`` that are longer than a cell is wide."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    values = [k.value for call in calls for k in call.keywords if k.arg == "alt"]
    texts = [v for v in values if isinstance(v, ast.Constant | ast.JoinedStr)]
    lines = source.splitlines()
    spans = [lines[text.lineno - 1 : text.end_lineno] for text in texts]
    return [line for span in spans for line in span if len(line) > 100]


@each_notebook
def test_no_alternative_text_runs_out_of_its_cell(path: Path) -> None:
    for cell in cells(path, "code"):
        assert not long_alternative_texts(cell["source"])
    assert long_alternative_texts(f"show(figure, alt='{'a' * 99}')")  # the control


def test_every_lesson_has_the_same_set_up_cell() -> None:
    """Eight lines; only LIME's lesson asks for a package that Colab lacks."""
    found = {
        path.name: [
            c["source"] for c in cells(path, "code") if "setup" in c["metadata"].get("tags", [])
        ]
        for path in NOTEBOOKS
    }
    assert not [name for name, sources in found.items() if len(sources) != 1]
    assert 'report("lime==' in found["04_lime.ipynb"][0]
    assert len({re.sub('"lime==[^"]+"', "", sources[0]) for sources in found.values()}) == 1
    assert all(len(sources[0].splitlines()) <= 8 for sources in found.values())
    name, tag = set_repository.settled()
    for sources in found.values():
        assert f"github.com/{name}" in sources[0]
        assert tag in sources[0]


# tools/pages/run_lessons.py


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A lesson of two cells, with what an editor leaves behind."""
    v4 = nbformat.v4
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# A lesson"),
            v4.new_code_cell("print(6 * 7)", metadata={"tags": ["setup"], "scrolled": True}),
        ],
        metadata={"widgets": {}, "kernelspec": {"name": "mine", "display_name": "Mine"}},
    )
    path = tmp_path / "a lésson.ipynb"
    nbformat.write(notebook, path)
    return path


def test_in_place_the_outputs_are_written_and_the_rest_normalised(lesson: Path) -> None:
    run_lessons.main([str(lesson), "--in-place"])
    notebook = nbformat.read(lesson, as_version=4)
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert notebook.cells[1].execution_count == 1
    assert notebook.cells[1].metadata == {"tags": ["setup"]}
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


def test_what_a_lesson_needed_stands_in_the_table_and_at_its_top(lesson: Path) -> None:
    text = lesson.read_text(encoding="utf-8")
    text = text.replace("# A lesson", "| Time | 50 minutes; ages to run |")
    lesson.write_text(text, encoding="utf-8")
    run_lessons.main([str(lesson), "--measure"])
    assert lesson.read_text(encoding="utf-8") == text.replace("ages", "under a minute")
    heads, row = lesson.with_name("running.csv").read_text(encoding="utf-8").splitlines()
    assert heads == "lesson,processor seconds,peak memory GiB"
    name, seconds, gib = row.split(",")
    assert name == "a lésson"
    assert 0 < float(seconds) + 1 < 60
    assert float(gib) < 1


def test_a_lesson_that_fails_is_named_and_not_written(lesson: Path) -> None:
    text = lesson.read_text(encoding="utf-8").replace("6 * 7", "1 / 0")
    lesson.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"(?s)a lésson\.ipynb.*ZeroDivisionError.*1 of 1"):
        run_lessons.main([str(lesson), "--in-place"])
    assert lesson.read_text(encoding="utf-8") == text


def test_two_lessons_run_at_the_same_time(lesson: Path, tmp_path: Path) -> None:
    """Each waits for what the other one writes; each gets its page, and is left alone."""
    text, lessons = lesson.read_text(encoding="utf-8"), []
    for mine, other in (("ebb", "flow"), ("flow", "ebb")):
        meet = (
            f"import pathlib, time\\npathlib.Path('{mine}').touch(); end = time.time() + 60\\n"
            f"while not pathlib.Path('{other}').exists() and time.time() < end: time.sleep(0.1)\\n"
            f"assert pathlib.Path('{other}').exists(); print(6 * 7)"
        )
        lessons.append(tmp_path / f"{mine} é.ipynb")
        lessons[-1].write_text(text.replace("print(6 * 7)", meet), encoding="utf-8")
    before = [path.read_bytes() for path in lessons]
    run_lessons.main([*map(str, lessons), "--output", str(tmp_path / "pages")])
    assert [path.read_bytes() for path in lessons] == before
    assert {page.name for page in (tmp_path / "pages").iterdir()} == {"ebb é.html", "flow é.html"}
    for page in (tmp_path / "pages").iterdir():
        shown = page.read_text(encoding="utf-8")
        assert "A lesson" in shown
        assert re.search(r"<pre>42\s*</pre>", shown)

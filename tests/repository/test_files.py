"""The course's files: whole or refused, and never written to; from any folder."""

import ast
import gzip
import os
import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lessons_lib import images, models, tables, texts
from lessons_lib.basics import files

ROOT = files.DATA.parent
READERS: dict[str, Callable[[], object]] = {
    "images/panda.jpg": lambda: images.course_image("panda"),
    "imagenet_classes.txt": models.imagenet_labels,
    "tables/boston.csv": lambda: tables.course_table("boston"),
    "tables/california.csv.gz": lambda: tables.course_table("california"),
    "text/newsgroups.csv.gz": lambda: texts.newsgroups("test"),
}


def test_every_file_that_is_read_is_listed_and_whole() -> None:
    kinds = {".jpg", ".csv", ".gz", ".txt"}
    there = {p.relative_to(files.DATA).as_posix() for p in files.DATA.rglob("*.*")}
    assert {name for name in there if Path(name).suffix in kinds} == set(files.sums())
    for name in files.sums():
        files.course_bytes(name)


@pytest.mark.parametrize("damage", ["flip", "truncate", "swap", "empty", "remove"])
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_refused_before_it_is_parsed(name, damage, tmp_path, monkeypatch):
    content = bytearray((files.DATA / name).read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    elif damage == "truncate":
        del content[-1:]
    elif damage == "swap":
        content = (files.DATA / next(other for other in READERS if other != name)).read_bytes()
    elif damage == "empty":
        content.clear()
    shutil.copy(files.DATA / "SHA256SUMS", tmp_path)
    if damage != "remove":
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(files, "DATA", tmp_path)
    for parser in ((PIL.Image, "open"), (gzip, "decompress"), (np, "genfromtxt")):
        monkeypatch.setattr(*parser, lambda *_, **__: pytest.fail("it was parsed"))
    error = FileNotFoundError if damage == "remove" else files.DamagedFileError
    with pytest.raises(error, match=rf"{name}.*git checkout -- data/{name}"):
        READERS[name]()


def calls(path: Path) -> set[str]:
    """The names of everything that a file calls or imports, and ``shell=True``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
            found |= {f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords if k.arg}
    return found


@pytest.mark.parametrize("folder", ["lessons_lib", "tools"])
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(folder: str) -> None:
    unsafe = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "eval", "exec",
              "compile", "os.system", "os.popen", "yaml.load", "shell=True", "allow_pickle=True",
              "safe_mode=False"}  # fmt: skip
    for path in sorted((ROOT / folder).rglob("*.py")):
        assert not calls(path) & unsafe, path


def snapshot(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*")}


def test_a_copy_in_a_folder_with_an_odd_name_works_and_only_build_is_written_to(tmp_path) -> None:
    """Spaces, umlauts, an ampersand; data that nobody may write to; a reader's full session.

    And nothing is heard of TensorFlow.
    """
    course = tmp_path / "Kurs über Bäume & mehr (2)"
    shutil.copytree(ROOT / "lessons_lib", course / "lessons_lib")
    shutil.copytree(ROOT / "data", course / "data", copy_function=os.link)
    for path in [course / "data", *(course / "data").rglob("*")]:
        if path.is_dir():
            path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    before = snapshot(course)
    script = """
        import os
        from lessons_lib import models
        models.keras.ops.zeros(1)
        os.write(2, b"nothing was said before")
        from lessons_lib import environment, exercises, tables, texts
        from lessons_lib.basics import files
        from lessons_lib.exercises import passed
        assert "Kurs" in str(files.DATA)
        assert environment.self_test()
        assert not passed.path().exists()  # the exercise there is not the reader's
        tables.course_table("california"), texts.newsgroups("train")
        assert exercises.check("02.1", [[1, 0], [0, 0.5]]).passed
        """
    environment = {
        k: v for k, v in os.environ.items() if k != "LESSONS_PASSED" and k[:6] != "TF_CPP"
    }
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(script)],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("nothing was said before")
    assert "Everything works" in done.stdout
    written = {name for name, time in snapshot(course).items() if before.get(name) != time}
    for path in [course / "data", *(course / "data").rglob("*")]:
        if path.is_dir():
            path.chmod(stat.S_IRWXU)
    assert written == {"build", f"build{os.sep}passed.json"}


FAKE_PYTHON = """#!/bin/sh
echo "$@" >>"{log}"
case "$*" in
    "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"-r requirements.lock"*) [ -e "{fuse}" ] && rm "{fuse}" && kill -9 $PPID ;;
esac
exit 0
"""


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for Python")
def test_an_installation_that_was_killed_is_made_anew_by_the_next_call(tmp_path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tools").mkdir()
    log, fuse, python = tmp_path / "log", tmp_path / "fuse", tmp_path / "python"
    python.write_text(FAKE_PYTHON.format(log=log, fuse=fuse))
    python.chmod(0o755)
    fuse.touch()

    def make() -> tuple[int, str]:
        log.write_text("")
        command = ["make", "lab", f"PYTHON={python}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        return done.returncode, log.read_text()

    killed, said = make()
    assert killed != 0
    assert "jupyterlab" not in said
    again, said = make()
    assert again == 0
    assert "-m venv --clear" in said  # nothing half made is kept
    assert "-m jupyterlab" in said
    once_more, said = make()
    assert once_more == 0
    assert "pip" not in said  # and the third time nothing is installed

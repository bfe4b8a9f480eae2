"""The report and the self-test, and what importing the package costs."""

import subprocess
import sys

from lessons_lib import environment
from lessons_lib.basics import files


def run(script: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )


def test_the_package_imports_without_tensorflow() -> None:
    script = "import lessons_lib, sys; print('tensorflow' in sys.modules, 'numpy' in sys.modules)"
    assert run(script).stdout.split() == ["False", "False"]


def test_an_unknown_module_lists_those_there_are() -> None:
    script = "import lessons_lib\ntry: lessons_lib.gradcam\nexcept AttributeError as e: print(e)"
    assert "'grad_cam'" in run(script).stdout


def test_report_names_versions_and_weights(capsys, monkeypatch) -> None:
    monkeypatch.delenv("LESSONS_WEIGHTS", raising=False)
    environment.report()
    printed = capsys.readouterr().out
    assert f"Python {sys.version.split()[0]}" in printed
    assert "missing" not in printed
    assert "course (data/weights, no network connection needed)" in printed


def test_report_installs_what_is_missing_and_nothing_else(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr("subprocess.run", lambda command, check: asked.append((command, check)))
    environment.report("numpy==2.1", "no_such_package==1.0")
    ((command, check),) = asked
    assert check
    assert command[-2:] == ["--no-deps", "no_such_package==1.0"]


def test_a_numpy_that_was_replaced_while_loaded_asks_for_a_restart() -> None:
    script = (
        "import numpy; numpy.__version__ = '1.26.0'\n"
        "try: import lessons_lib\n"
        "except ImportError as error: print(error)"
    )
    assert "Restart the kernel first" in run(script).stdout


def test_self_test_names_what_fails(capsys, monkeypatch) -> None:
    """It passes in tests/repository/test_files.py."""
    monkeypatch.setattr(files, "DATA", files.DATA / "nowhere")
    monkeypatch.setattr(environment.weights, "FOLDER", files.DATA)
    assert not environment.self_test()
    printed = capsys.readouterr().out
    assert "FAILED weights: FileNotFoundError" in printed
    assert "Mend what FAILED" in printed

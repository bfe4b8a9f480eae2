"""What an import of the package loads, and that nothing is written meanwhile."""

import ast
import contextlib
import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

# As a build for GPUs does it: past Python, before the log level is looked at.
NOISE = "import os\nos.write(2, b'E0000 computation_placer is already registered')\n"


def python(*arguments: str, first: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A fresh Python, in which nobody has set what TensorFlow may write."""
    kept = {name: value for name, value in os.environ.items() if name[:3] != "TF_"}
    paths = os.pathsep.join([str(first), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=kept | {"PYTHONPATH": paths},
        capture_output=True, text=True, check=True,
    )  # fmt: skip


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """A folder with a TensorFlow that says something when it is imported."""
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text(NOISE)
    return tmp_path


@pytest.mark.parametrize(
    "before",
    ["import lessons_lib.tables", "from lessons_lib.images import load_image",
     "import importlib.util, lessons_lib; importlib.util.find_spec('tensorflow')"],
)  # fmt: skip
def test_a_reader_who_imports_it_later_hears_nothing_either(before: str, noisy: Path) -> None:
    """But what is written after it; of the real one: tests/repository/test_files.py."""
    code = f"{before}; import os, tensorflow; os.write(2, b'now')"
    assert python("-c", code, first=noisy).stderr == "now"


def test_without_the_package_it_is_heard(noisy: Path) -> None:
    """Or the test above would show nothing."""
    assert "E0000" in python("-c", "import tensorflow", first=noisy).stderr


def test_the_shell_is_quiet(noisy: Path) -> None:
    run = python("-m", "lessons_lib", "explain", "--help", first=noisy)
    assert run.stdout.startswith("usage: lessons-lib explain")
    assert not run.stderr


@pytest.mark.skipif(os.name != "posix", reason="closes a file of the shell's")
def test_no_error_stream_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").touch()
    code = "import os; os.close(2); import lessons_lib, tensorflow; print('done')"
    assert python("-c", code, first=tmp_path).stdout == "done\n"


SCRIPTS = sorted(
    path for folder in ("benchmarks", "tools") for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_script_takes_from_the_package_is_there(script: Path) -> None:
    """Those that run for minutes are run seldom, and would find it out then."""
    assert missing(script.read_text(encoding="utf-8")) == []


def missing(code: str) -> list[str]:
    """Names of the package that code imports, or reads off its modules, and that do not exist."""
    tree, modules, gone = ast.parse(code), {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lessons_lib"):
            home = importlib.import_module(node.module)
            for alias in node.names:
                with contextlib.suppress(ImportError):
                    importlib.import_module(f"{node.module}.{alias.name}")
                found = getattr(home, alias.name, None)
                if found is None:
                    gone.append(f"{node.module}.{alias.name}")
                elif isinstance(found, ModuleType):
                    modules[alias.asname or alias.name] = found
    return gone + [
        f"{modules[node.value.id].__name__}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in modules
        and not hasattr(modules[node.value.id], node.attr)
    ]


def test_a_name_that_is_gone_is_found() -> None:
    """As `benchmarks/shapley.py` asked for one of another room."""
    code = "from lessons_lib import shapley as s\nfrom lessons_lib.shapley import exact, gone\n"
    assert missing(f"{code}s.CHUNK // s.exact") == [
        "lessons_lib.shapley.gone", "lessons_lib.shapley.CHUNK",
    ]  # fmt: skip

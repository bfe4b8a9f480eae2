"""What an import of the package loads, and that nothing is written meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# As a build for GPUs does it: past Python, before the log level is looked at.
NOISE = "import os\nos.write(2, b'E0000 computation_placer is already registered')\n"
# Then the real one takes its place.
REAL = """
import importlib, sys
sys.path.remove({folder!r})
del sys.modules["tensorflow"]
importlib.import_module("tensorflow")
"""


def python(*arguments: str, first: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A fresh Python, in which nobody has set what TensorFlow may write."""
    kept = {name: value for name, value in os.environ.items() if name[:3] != "TF_"}
    paths = os.pathsep.join([str(first), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=kept | {"PYTHONPATH": paths},
        capture_output=True, text=True, check=True,
    )  # fmt: skip


def noisy(folder: Path, then: str = "") -> Path:
    """A folder with a TensorFlow that says something when it is imported."""
    (folder / "tensorflow").mkdir()
    (folder / "tensorflow" / "__init__.py").write_text(NOISE + then.format(folder=str(folder)))
    return folder


@pytest.mark.parametrize("imports", ["from lessons_lib import models", "import lessons_lib.cam"])
def test_nothing_is_heard_of_tensorflow_and_all_that_comes_after(
    imports: str, tmp_path: Path
) -> None:
    code = f"{imports}; import os, tensorflow as tf; print(tf.constant(1) + 1); os.write(2, b'now')"
    run = python("-c", code, first=noisy(tmp_path, REAL))
    assert run.stdout.startswith("tf.Tensor(2")
    assert run.stderr == "now"


@pytest.mark.parametrize(
    "before",
    ["import lessons_lib", "import lessons_lib.tables", "from lessons_lib.images import load_image",
     "import importlib.util, lessons_lib; importlib.util.find_spec('tensorflow')"],
)  # fmt: skip
def test_a_reader_who_imports_it_later_hears_nothing_either(before: str, tmp_path: Path) -> None:
    assert not python("-c", f"{before}; import tensorflow", first=noisy(tmp_path)).stderr


def test_without_the_package_it_is_heard(tmp_path: Path) -> None:
    """Or the tests above would show nothing."""
    assert "E0000" in python("-c", "import tensorflow", first=noisy(tmp_path)).stderr


def test_the_shell_is_quiet(tmp_path: Path) -> None:
    run = python("-m", "lessons_lib", "explain", "--help", first=noisy(tmp_path))
    assert run.stdout.startswith("usage: lessons-lib explain")
    assert not run.stderr


@pytest.mark.skipif(os.name != "posix", reason="closes a file of the shell's")
def test_no_error_stream_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").touch()
    code = "import os; os.close(2); import lessons_lib, tensorflow; print('done')"
    assert python("-c", code, first=tmp_path).stdout == "done\n"


@pytest.mark.parametrize("room", ["shapley", "lime", "tables", "texts"])
def test_what_needs_no_network_loads_little(room: str) -> None:
    """Each of these takes longer to load than all that is ours (TensorFlow: `test_house`)."""
    code = f"import sys, lessons_lib.{room}; print(*sys.modules)"
    slow = {"numba", "matplotlib", "IPython"}
    slow |= {"sklearn"} if room in ("tables", "texts") else set()
    assert not slow & set(python("-c", code).stdout.split())

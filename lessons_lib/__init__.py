"""Reference implementations for the course *Explaining image classifiers*.

A room for each lesson (`cam`, `grad_cam`, `score_cam`, `lime`, `shapley`, `integrated_gradients`);
`maps`, `methods` and `judging` for what goes beyond one; and what lessons share: `models`
(networks), `images` (photographs), `plotting` (pictures), `exercises` (checked answers). The plan
is ``docs/architecture.md``. Rooms are imported when first used, so ``import lessons_lib`` is quick.

For a network of your own three names are enough:
``from lessons_lib import Classifier, BlackBox, explain``.

>>> import lessons_lib
>>> lessons_lib.__version__
'0.1.0'
"""

import contextlib
import importlib
import importlib.metadata
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

_numpy = sys.modules.get("numpy")
if _numpy and _numpy.__version__ != importlib.metadata.version("numpy"):
    # On Colab, after an installation: TensorFlow would fail on the mixture, and not say why.
    raise ImportError(
        "NumPy was replaced after it was loaded. Restart the kernel first "
        "(on Colab: Runtime > Restart session)."
    )

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_AT_THE_DOOR = {
    "Classifier": "network.classifier",
    "BlackBox": "network.black_box",
    "explain": "report",
}


@contextlib.contextmanager
def _error_stream_closed() -> Iterator[None]:
    """Let nothing be written to file 2, by C++ either."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class _Quietly(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        with _error_stream_closed():
            super().exec_module(module)


class _QuietTensorFlow(MetaPathFinder):
    """While TensorFlow is imported it writes to file 2, whatever its log level says."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == "tensorflow" else None
        if spec and spec.origin:
            spec.loader = _Quietly(name, spec.origin)
        return spec


sys.meta_path.insert(0, _QuietTensorFlow())  # whoever imports it, and by which way


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name not in _AT_THE_DOOR:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; it has {[*_AT_THE_DOOR, *_MODULES]}"
        )
    found = importlib.import_module(f"{__name__}.{_AT_THE_DOOR.get(name, name)}")
    return getattr(found, name) if name in _AT_THE_DOOR else found


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES, *_AT_THE_DOOR])

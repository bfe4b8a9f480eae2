"""Reference implementations for the course *Explaining image classifiers*.

One module for each lesson (`grad_cam`, ...), and the few things that lessons share:
`models` (networks and how to ask them), `images` (photographs), `plotting` (pictures),
`exercises` (checked answers). Modules are imported when first used, so that
``import lessons_lib`` costs nothing.

>>> import lessons_lib
>>> lessons_lib.__version__
'0.1.0'
"""

import contextlib
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType

__version__ = "0.1.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]


@contextlib.contextmanager
def _error_stream_closed() -> Iterator[None]:
    """While TensorFlow is imported it writes to file 2, whatever its log level says."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        first = "tensorflow" not in sys.modules
        with _error_stream_closed() if first else contextlib.nullcontext():
            return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {_MODULES}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])

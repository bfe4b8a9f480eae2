"""What a lesson runs on: versions, weights, and a self-test of the installation."""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from lessons_lib import exercises, grad_cam, images, models, plotting
from lessons_lib.basics import files
from lessons_lib.network import weights

PACKAGES = ("tensorflow", "keras", "numpy", "matplotlib")


def report(*needed: str) -> None:
    """Print the versions that matter and which weights the networks get.

    Parameters
    ----------
    needed
        Packages that this lesson needs and Colab lacks, as "name==version"; what is missing is
        installed, without anything besides.

    Examples
    --------
    >>> report()  # doctest: +ELLIPSIS
    Python 3... keras ... numpy ...
    Weights: ...
    """
    missing = [need for need in needed if not importlib.util.find_spec(need.partition("==")[0])]
    if missing:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *missing]
        subprocess.run(command, check=True)
        importlib.invalidate_caches()
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {_version(name)}" for name in PACKAGES]
    print(" · ".join(versions))
    chosen = os.environ.get("LESSONS_WEIGHTS", "course")
    meaning = {
        "course": "course (data/weights, no network connection needed)",
        "imagenet": "imagenet (Keras's official networks, downloaded once)",
    }
    print(f"Weights: {meaning.get(chosen, chosen)}")


def _version(name: str) -> str:
    for distribution in (name, f"{name}-cpu"):
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "missing"


def self_test() -> bool:
    """Check the installation step by step; each step that fails says what to do.

    Returns
    -------
    bool
        True if every step passed.
    """
    steps: dict[str, Callable[[], str]] = {
        "photographs": _photographs,
        "weights": _weights,
        "a network answers": _network,
        "an explanation": _explanation,
        "an exercise": _exercise,
    }
    passed = True
    for name, step in steps.items():
        start = time.perf_counter()
        try:
            found, mark = step(), "ok    "
        except Exception as error:  # whatever is wrong, the reader is told and the rest is tried
            found, mark, passed = f"{type(error).__name__}: {error}", "FAILED", False
        print(f"{mark} {name}: {found} ({time.perf_counter() - start:.1f} s)")
    print("Everything works." if passed else "Mend what FAILED, restart the kernel, run again.")
    return passed


def _photographs() -> str:
    names = images.course_images()
    shapes = [images.course_image(name).shape for name in names]
    return f"{len(shapes)} read"


def _weights() -> str:
    for file, entry in weights.manifest().items():
        cure = f"Restore it with: git checkout -- data/weights/{file}"
        files.checked_bytes(weights.FOLDER / file, entry["sha256"], "sha256", cure)
    return f"{len(weights.manifest())} files whole"


def _network() -> str:
    return str(models.load("mobilenet_v2", "course").top(images.course_image("panda"))[0])


def _explanation() -> str:
    classifier = models.load("mobilenet_v2", "course")
    photo = images.course_image("panda")
    heat = grad_cam.grad_cam(classifier, photo)
    plotting.explanation(photo, heat)
    return f"a map of {heat.shape[0]} x {heat.shape[1]}, largest value {heat.max():.2f}"


def _exercise() -> str:
    feedback = exercises.judge("02.1", np.array([[1, 0], [0, 0.5]]))
    if not feedback.passed:
        raise RuntimeError(f"the right answer was refused: {feedback}")
    return "a right answer is recognised"

"""For all tests."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# The same examples in every run, and no stopwatch: a machine may be busy.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def rng() -> np.random.Generator:
    """Each test's own: it draws the same whichever tests ran before."""
    return np.random.default_rng(5)


@pytest.fixture(scope="session")
def passed_exercises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Names of files that are not there, one after another, each in a folder of its own."""

    def names(folder: Path) -> Iterator[str]:
        for i in itertools.count():  # pytest would look through all folders for the next number
            (folder / str(i)).mkdir()
            yield str(folder / str(i) / "passed.json")

    return names(tmp_path_factory.mktemp("passed"))


@pytest.fixture(autouse=True)
def nothing_is_noted(passed_exercises: Iterator[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not write into the reader's own file of passed exercises."""
    monkeypatch.setenv("LESSONS_PASSED", next(passed_exercises))

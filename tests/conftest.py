"""For all tests."""

import hypothesis
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


@pytest.fixture(autouse=True)
def nothing_is_noted(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    """Tests do not write into the reader's own file of passed exercises."""
    monkeypatch.setenv("LESSONS_PASSED", str(tmp_path_factory.mktemp("passed") / "passed.json"))

"""For all tests."""

import pytest


@pytest.fixture(autouse=True)
def nothing_is_noted(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    """Tests do not write into the reader's own file of passed exercises."""
    monkeypatch.setenv("LESSONS_PASSED", str(tmp_path_factory.mktemp("passed") / "passed.json"))

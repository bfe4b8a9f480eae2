"""A Chromium for the tests of this folder, and where their screenshots go.

The browser is one that is installed already: ``CHROMIUM`` names it, or one of the usual names is
found on the path. ``make test-browser`` runs these tests; ``make test`` leaves them out.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome", "msedge"]

if importlib.util.find_spec("playwright") is None:  # `make test` does not install it
    collect_ignore_glob = ["*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator["playwright.sync_api.Browser"]:  # noqa: F821
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail(f"no browser found: install one of {', '.join(NAMES)}, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        # Without its sandbox: as root, and in most containers, Chromium cannot set one up.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()

"""For the tests: claims in a lesson's text are tried in its kernel; examples share their networks.

Each claim is tried at its place.
"""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval.plugin import IPyNbFile

from tests.claims import MARK

ROOT = Path(__file__).parent


class Claim(pytest.Item):
    """One marked sentence: `tests.claims.fault` must find nothing wrong with it."""

    def __init__(self, *, text: str, identifier: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.text, self.identifier = text, identifier

    def runtest(self) -> None:
        """Ask the kernel, by an expression that leaves no name behind in the lesson."""
        asked = self.path.stem[3:], self.identifier, self.text
        fault = evaluated(
            self.parent.kernel,
            f"__import__('tests.claims', fromlist=['']).fault(*{asked}, globals())",
            self.config.option.nbval_cell_timeout,
        )
        if fault:
            pytest.fail(fault, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What a failure is headed with."""
        return self.path, None, f"{self.path.stem}: {self.identifier}"


class Lesson(IPyNbFile):
    """A notebook: a test for each code cell, and for each claim in the text between them."""

    def setup(self) -> None:
        """Start the kernel, and let it find the tests; no bar appears where a machine is busy."""
        super().setup()
        evaluated(self.kernel, f"__import__('sys').path.insert(0, {str(ROOT)!r})", 60)
        never = "'lessons_lib.basics.progress', fromlist=['']), 'DELAY', float('inf')"
        evaluated(self.kernel, f"setattr(__import__({never})", 60)

    def collect(self) -> Iterator[pytest.Item]:
        """Cells and claims, in the reader's order."""
        code = super().collect()
        count: dict[str, int] = {}
        for cell in nbformat.read(self.path, as_version=4).cells:
            if cell.cell_type == "code":
                yield next(code)
                continue
            for identifier, text in MARK.findall(cell.source):
                count[identifier] = count.get(identifier, 0) + 1
                again = f" ({count[identifier]})" if count[identifier] > 1 else ""
                yield Claim.from_parent(
                    self, name=f"{identifier}{again}", identifier=identifier, text=text
                )


def evaluated(kernel: Any, expression: str, timeout: float) -> Any:
    """Value of an expression in a lesson's kernel: a text, a number, True, False or None."""
    asked = kernel.kc.execute("", silent=True, user_expressions={"value": expression})
    while True:
        reply = kernel.get_message("shell", timeout=timeout)
        if reply["parent_header"].get("msg_id") == asked:
            break
    value = reply["content"]["user_expressions"]["value"]
    if value["status"] == "error":
        pytest.fail("\n".join(value["traceback"]), pytrace=False)
    return ast.literal_eval(value["data"]["text/plain"])


@pytest.fixture
def shared_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who loads one of the course's networks gets the one that is there, with its functions."""
    networks = importlib.import_module("tests.networks")
    monkeypatch.setattr("lessons_lib.models.load", networks.course)
    monkeypatch.setattr("lessons_lib.transformers.course_transformer", networks.transformer)


@pytest.fixture(autouse=True)
def examples_share_their_networks(request: pytest.FixtureRequest) -> None:
    """Examples in docstrings only ask."""
    example = getattr(request.node, "dtest", None)
    if example and re.search(r"models\.load\(|course_transformer\(", example.docstring):
        request.getfixturevalue("shared_networks")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent: pytest.Collector) -> Iterable[Any]:
    """Where nbval collects a notebook, collect a lesson."""
    found = yield
    return [
        Lesson.from_parent(parent, path=file.path) if isinstance(file, IPyNbFile) else file
        for file in found
    ]

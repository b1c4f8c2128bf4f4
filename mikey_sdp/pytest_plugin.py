"""Scenario files as tests: `pytest scenarios/` collects `*.call.yaml`.

This module is loaded in every pytest run of whoever has the package installed, so it imports nothing of the toolkit
until a scenario is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mikey_sdp.trace import RunResult

_SUFFIX: Final = ".call.yaml"
_WIDTH: Final = 100


class CallFailed(Exception):
    """A run of a scenario that did not come out as expected."""

    def __init__(self, result: RunResult) -> None:
        self.result = result
        super().__init__(result.name)


class CallItem(pytest.Item):
    """One scenario as a test: it passes if something was expected and all of it held."""

    def runtest(self) -> None:
        """Run the scenario in virtual time."""
        from mikey_sdp.scenario.engine import run
        from mikey_sdp.scenario.load import load

        result = run(load(self.path))
        if not result.held or not result.verdicts or not result.records:
            raise CallFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The verdicts and the ladder for a failed run, the errors for a file that can't be used."""
        from mikey_sdp.errors import MikeySdpError
        from mikey_sdp.report.page import plain_page

        if isinstance(excinfo.value, CallFailed):
            return plain_page(excinfo.value.result, width=_WIDTH)
        if isinstance(excinfo.value, MikeySdpError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where a report points to."""
        return self.path, 0, f"call {self.name}"


class CallFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[CallItem]:
        """Its one test, named after the file."""
        yield CallItem.from_parent(self, name=self.path.name.removesuffix(_SUFFIX))


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> CallFile | None:
    """Take every file that is named as a scenario."""
    if file_path.name.endswith(_SUFFIX):
        return CallFile.from_parent(parent, path=file_path)
    return None

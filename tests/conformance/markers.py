"""The pytest side of the requirement markers: checks every claim, and records which claims passed.

Loaded by `tests/conftest.py`. A wrong id or a test with more than four claims ends the run before it starts.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.catalogue import load_catalogue

MOST_CLAIMS = 4
_PROPERTY = "requirement"
_PASSED = pytest.StashKey[dict[str, list[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--claims", dest="claims", metavar="FILE", help="write what passed tests claim, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_PASSED] = {}
    config.pluginmanager.register(_Recorder(config), "requirement-recorder")


def claimed_ids(item: pytest.Item) -> list[str]:
    """The ids that a test claims, through all its markers."""
    return [str(identifier) for marker in item.iter_markers("requirement") for identifier in marker.args]


def faults_of(name: str, ids: list[str], known: set[str]) -> list[str]:
    """What is wrong with the claims of one test."""
    faults = [
        f"{name} claims {identifier!r}, which the catalogue does not have"
        for identifier in ids
        if identifier not in known
    ]
    if len(set(ids)) != len(ids):
        faults.append(f"{name} claims one requirement twice")
    if len(ids) > MOST_CLAIMS:
        faults.append(f"{name} claims {len(ids)} requirements; {MOST_CLAIMS} is the most, or it shows none of them")
    return faults


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = set(load_catalogue())
    faults: list[str] = []
    for item in items:
        markers = list(item.iter_markers("requirement"))
        ids = claimed_ids(item)
        if any(not marker.args or marker.kwargs for marker in markers):
            faults.append(f"{item.nodeid}: a requirement marker takes ids and nothing else")
        faults += faults_of(item.nodeid, ids, known)
        item.user_properties += [(_PROPERTY, identifier) for identifier in ids]
    if faults:
        raise pytest.UsageError("\n".join(faults))


class _Recorder:
    """Listens for passed tests; under xdist the controller hears them through the report's properties."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" or not report.passed:
            return
        for name, identifier in report.user_properties:
            if name == _PROPERTY:
                self._config.stash[_PASSED].setdefault(str(identifier), []).append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        target = self._config.getoption("claims")
        if target and not hasattr(self._config, "workerinput"):
            claims = {identifier: sorted(tests) for identifier, tests in sorted(self._config.stash[_PASSED].items())}
            Path(target).write_text(json.dumps(claims, indent=1) + "\n", encoding="utf-8")

"""What holds for every test: claims are checked, nothing sleeps or opens a connection, live tests may be required."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import NoReturn
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

from tests.conformance.markers import pytest_addoption, pytest_collection_modifyitems, pytest_configure

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]

INTEROP = Path(__file__).parent / "interop"
MAY_TOUCH_THE_MACHINE = (INTEROP, Path(__file__).parent / "benchmarks")

# One verdict for one commit: examples follow from the test's code, and a slow machine fails nothing.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("MIKEY_SDP_HYPOTHESIS", "steady"))


def _refuse(what: str) -> object:
    def refused(*_arguments: object, **_named: object) -> NoReturn:
        raise AssertionError(f"{what} is for tests/interop only; hand the test its time and its octets")

    return refused


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Outside the live tests, sleeping and the network fail the test."""
    if any(place in item.path.parents for place in MAY_TOUCH_THE_MACHINE):
        return (yield)
    with (
        mock.patch.object(time, "sleep", _refuse("time.sleep")),
        mock.patch.object(socket.socket, "connect", _refuse("socket.connect")),
        mock.patch.object(socket.socket, "bind", _refuse("socket.bind")),
        mock.patch.object(socket.socket, "sendto", _refuse("socket.sendto")),
    ):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport | pytest.CollectReport]:
    """MIKEY_SDP_LIVE=required turns a skipped live test into a failure, so that CI can't lose one unnoticed."""
    report = yield
    return _required(report) if INTEROP in item.path.parents else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.TestReport | pytest.CollectReport]:
    """The same for a live module that skips as a whole."""
    report = yield
    return _required(report) if INTEROP in collector.path.parents else report


def _required(report: pytest.TestReport | pytest.CollectReport) -> pytest.TestReport | pytest.CollectReport:
    if os.environ.get("MIKEY_SDP_LIVE") == "required" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though MIKEY_SDP_LIVE=required: {report.longrepr}"
    return report

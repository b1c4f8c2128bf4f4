"""Scenario files as tests: `pytest scenarios/` collects `*.call.yaml`; and `call`, a fixture for scenarios in Python.

With `--live` the files run on loopback sockets in real time, many of them side by side; under pytest-xdist each of its
workers runs its own.

This module is loaded in every pytest run of whoever has the package installed, so it imports nothing of the toolkit
until a scenario is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from mikey_sdp.scenario.called import Call
    from mikey_sdp.scenario.live_pool import LiveJob, LiveOutcome, LivePool
    from mikey_sdp.trace import RunResult

_SUFFIX: Final = ".call.yaml"
_WIDTH: Final = 100


_POOL: Final[pytest.StashKey[LivePool]] = pytest.StashKey()


class PlaceCall(Protocol):
    """What the fixture `call` is: run a scenario, given as YAML, as a mapping or as a file, and ask the run."""

    def __call__(self, scenario: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None, /) -> Call:
        """Run it; `changes` are other values by their places, such as {"parties.alice.offers": "dhhmac"}."""


class Hooks:
    """What other plug-ins may take part in."""

    @staticmethod
    @pytest.hookspec
    def pytest_mikey_sdp_ran(config: pytest.Config, result: RunResult, place: Path) -> None:
        """A scenario has run; its report belongs at `place`, to which an ending is to be added.

        Called for every run, held or not, only where `--call-report` is given; the folder is there.
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this plug-in."""
    group = parser.getgroup("mikey_sdp", "scripted calls (*.call.yaml)")
    group.addoption(
        "--call-mode",
        action="append",
        default=[],
        metavar="MODE",
        help="Run each scenario with its callers narrowed to this mode, where that makes sense; may be repeated.",
    )
    group.addoption("--call-report", metavar="FOLDER", help="Write trace, ladder and page of every run there.")
    group.addoption("--live", action="store_true", help="Run the calls on loopback sockets, in real time.")
    group.addoption("--live-jobs", type=int, metavar="N", help="How many of them run side by side.")
    group.addoption("--live-proxy", metavar="PROGRAM", help="Who plays the servers of live calls, such as kamailio.")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """The hooks of this plug-in."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a mode that is none, and fewer runs than one."""
    jobs: int | None = config.getoption("live_jobs")
    if jobs is not None and jobs < 1:
        raise pytest.UsageError("--live-jobs: at least one call has to run")
    _check_proxy(config)
    if wanted := config.getoption("call_mode"):
        from mikey_sdp.scenario.modes import MODES
        from mikey_sdp.scenario.source import nearest

        for mode in wanted:
            if mode not in MODES:
                near = nearest(mode, MODES)
                hint = f"did you mean {near!r}?" if near else f"there are {', '.join(MODES)}"
                raise pytest.UsageError(f"--call-mode: {mode!r} is no mode; {hint}")


def _check_proxy(config: pytest.Config) -> None:
    """Refuse a program that plays no servers, and one for calls in virtual time."""
    proxy: str | None = config.getoption("live_proxy")
    if proxy is None:
        return
    if not config.getoption("live"):
        raise pytest.UsageError("--live-proxy goes with --live; in virtual time there are no programs of others")
    from mikey_sdp.scenario.live_proxy import PROXIES

    if proxy not in PROXIES:
        raise pytest.UsageError(f"--live-proxy: {proxy!r} plays no servers; there is {', '.join(PROXIES)}")


def pytest_report_header(config: pytest.Config) -> str | None:
    """What is allowed to calls in real time."""
    if not config.getoption("live"):
        return None
    from mikey_sdp.scenario.live_margin import MARGIN_US
    from mikey_sdp.scenario.units import say_us

    proxy: str | None = config.getoption("live_proxy")
    played = f" with servers played by {proxy}" if proxy else ""
    return (
        f"scripted calls: live on loopback sockets{played}, spans that are expected may be {say_us(MARGIN_US)} longer"
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the calls that are to be run live, so that they wait side by side rather than in a row."""
    items = [item for item in session.items if isinstance(item, CallItem)]
    config = session.config
    # A worker of pytest-xdist doesn't know which of the items will be its own.
    alone = not hasattr(config, "workerinput") and not getattr(config.option, "numprocesses", None)
    if alone and len(items) > 1 and config.getoption("live") and not config.getoption("collectonly"):
        from mikey_sdp.scenario.live_pool import LivePool

        pool = config.stash[_POOL] = LivePool(len(items), config.getoption("live_jobs"))
        for item in items:
            item.started = pool.submit(item.job)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Start no more calls."""
    if (pool := session.config.stash.get(_POOL, None)) is not None:
        pool.close()


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> CallFile | None:
    """Take every file that is named as a scenario."""
    if file_path.name.endswith(_SUFFIX):
        return CallFile.from_parent(parent, path=file_path)
    return None


class CallFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[CallItem]:
        """Its one test, named after the file; with modes asked for, one in each."""
        name = self.path.name.removesuffix(_SUFFIX)
        modes: list[str] = self.config.getoption("call_mode")
        for mode in dict.fromkeys(modes):
            yield CallItem.from_parent(self, name=f"{name}[{mode}]", mode=mode)
        if not modes:
            yield CallItem.from_parent(self, name=name)


class CallItem(pytest.Item):
    """One scenario as a test: it passes if something was expected and all of it held."""

    def __init__(self, *, mode: str | None = None, **given: Any) -> None:
        super().__init__(**given)
        self._mode = mode
        self.started: Future[LiveOutcome] | None = None

    @property
    def job(self) -> LiveJob:
        """The live run that this test stands for."""
        from mikey_sdp.scenario.live import Live
        from mikey_sdp.scenario.live_pool import LiveJob
        from mikey_sdp.scenario.live_proxy import PROXIES

        proxy: str | None = self.config.getoption("live_proxy")
        live = Live(outside=PROXIES[proxy] if proxy else None)
        return LiveJob(file=str(self.path), mode=self._mode, live=live)

    def runtest(self) -> None:
        """Run the scenario, in virtual time or live."""
        if self.config.getoption("live"):
            self._run_live()
        else:
            self._simulate()

    def _simulate(self) -> None:
        from mikey_sdp.scenario.called import check
        from mikey_sdp.scenario.engine import LiveOnly, run
        from mikey_sdp.scenario.load import load
        from mikey_sdp.scenario.narrow import Unfit, narrowed

        try:
            loaded = load(self.path) if self._mode is None else narrowed(self.path, self._mode)
            result = run(loaded)
        except (Unfit, LiveOnly) as reason:
            pytest.skip(str(reason))
        _report(self, result, self.path.parent, self.name)
        check(result)

    def _run_live(self) -> None:
        from mikey_sdp.errors import UsageError
        from mikey_sdp.scenario.called import check
        from mikey_sdp.scenario.live_pool import run_job

        outcome = run_job(self.job) if self.started is None else self.started.result()
        if outcome.skipped:
            pytest.skip(outcome.skipped)
        if outcome.result is None:
            raise UsageError(outcome.refused)
        _report(self, outcome.result, self.path.parent, self.name)
        check(outcome.result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The verdicts and the ladder for a failed run, the errors for a file that can't be used."""
        from mikey_sdp.errors import MikeySdpError
        from mikey_sdp.scenario.called import CallFailed

        if isinstance(excinfo.value, CallFailed | MikeySdpError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where a report points to."""
        return self.path, 0, f"call {self.name}"


@pytest.fixture
def call(request: pytest.FixtureRequest) -> PlaceCall:
    """Run a scripted call in virtual time, written as YAML, as a mapping or in a file, and ask what came of it.

    `call(text).assert_held()`; `call(text, {"parties.alice.offers": "dhhmac"}).expect("keys: {agreed: [alice, bob]}")`.
    """
    number = 0

    def place_call(scenario: Any, changes: Mapping[str, Any] | None = None, /) -> Call:
        nonlocal number
        from mikey_sdp.scenario.called import place

        number += 1
        placed = place(scenario, changes, name=request.node.name)
        _report(request.node, placed.result, request.node.path.parent, f"{request.node.name}-{number}")
        return placed

    return place_call


def _report(item: pytest.Item, result: RunResult, folder: Path, name: str) -> None:
    """Have a run reported below the folder of the reports, as deep as its file lies below where pytest was started."""
    config = item.config
    chosen = config.getoption("call_report")
    if chosen is None:
        return
    below = folder.relative_to(config.rootpath) if folder.is_relative_to(config.rootpath) else Path()
    place = (
        config.invocation_params.dir
        / chosen
        / below
        / "".join(sign if sign.isalnum() or sign in "-_.[]" else "_" for sign in name)
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    config.hook.pytest_mikey_sdp_ran(config=config, result=result, place=place)


@pytest.hookimpl
def pytest_mikey_sdp_ran(result: RunResult, place: Path) -> None:
    """Write the trace as JSON, the ladder with its verdicts as text, and the page of the run."""
    from mikey_sdp.report.html_page import html_page
    from mikey_sdp.report.page import plain_page
    from mikey_sdp.scenario.decoded import decode_run
    from mikey_sdp.trace import trace_octets

    place.with_name(f"{place.name}.trace.json").write_bytes(trace_octets(result))
    place.with_name(f"{place.name}.ladder.txt").write_text(plain_page(result, width=_WIDTH) + "\n", encoding="utf-8")
    place.with_name(f"{place.name}.html").write_text(html_page(result, decode_run(result.records)), encoding="utf-8")

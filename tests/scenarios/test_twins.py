"""Every expectation of every scenario can fail: put something wrong, and it does."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load, loads
from mikey_sdp.trace import RunResult
from tests.scenarios.twins import FILES, ROOT, TWINS, changed, stem

EVERY_TWIN = [(file, wrong) for file in FILES for wrong in TWINS.get(stem(file), {})]


def failures(result: RunResult) -> set[int]:
    """Which expectations failed, by their place."""
    return {at for at, verdict in enumerate(result.verdicts) if not verdict.held}


@functools.cache
def twin(file: Path, wrong: str) -> RunResult:
    return run(loads(changed(file, TWINS[stem(file)][wrong]), file=str(file)))


@pytest.mark.parametrize(("file", "wrong"), EVERY_TWIN, ids=[f"{stem(file)}: {wrong}" for file, wrong in EVERY_TWIN])
def test_something_wrong_is_found_and_explained(file: Path, wrong: str) -> None:
    result = twin(file, wrong)
    assert failures(result)
    for at in failures(result):
        verdict = result.verdicts[at]
        assert verdict.expected
        assert verdict.came
        assert verdict.line is not None


@pytest.mark.parametrize("file", FILES, ids=stem)
def test_no_expectation_is_idle(file: Path) -> None:
    failed = set().union(*(failures(twin(file, wrong)) for wrong in TWINS.get(stem(file), {})))
    idle = [verdict.expectation for at, verdict in enumerate(run(load(file)).verdicts) if at not in failed]
    assert idle == []


# What follows breaks the toolkit itself, one feature at a time.


def of(name: str) -> RunResult:
    return run(load(ROOT / "scenarios" / f"{name}.call.yaml"))


def test_without_a_replay_cache_the_replay_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mikey_sdp.mikey.replay.ReplayCache.check_new", lambda *_: None)
    failed = [verdict.expectation for verdict in of("replayed-invite").verdicts if not verdict.held]
    assert any(expectation.startswith("key management failed") for expectation in failed)


def test_without_the_list_of_protocols_the_bidding_down_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mikey_sdp.endpoint.answering.judge_identifiers", lambda _sd: lambda _message: None)
    failed = [verdict.expectation for verdict in of("bidding-down").verdicts if not verdict.held]
    assert any(expectation.startswith("attack") for expectation in failed)
    assert any(expectation.startswith("keys: none at bob") for expectation in failed)


def test_without_srtp_the_media_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mikey_sdp.srtp.sender.SrtpSender.protect", lambda _self, octets: octets)
    failed = [verdict.expectation for verdict in of("basic-call").verdicts if not verdict.held]
    assert [expectation.partition(":")[0] for expectation in failed] == ["media", "media"]


def test_without_decryption_the_media_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: object, _octets: bytes) -> bytes:
        raise PeerError("the tag is wrong", mikey_error=None)

    monkeypatch.setattr("mikey_sdp.srtp.receiver.SrtpReceiver.unprotect", refuse)
    assert {0, 1}.isdisjoint(failures(of("basic-call")))
    assert {5, 6} <= failures(of("basic-call"))


def test_every_twin_is_of_a_scenario() -> None:
    assert set(TWINS) <= {stem(file) for file in FILES}

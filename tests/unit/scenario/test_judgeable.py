"""An expectation that no run could decide is an error, not a pass."""

from __future__ import annotations

import pytest

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.meetings import Meetings
from tests.unit.scenario.given import error_of, scenario
from tests.unit.scenario.runs import CALL, verdict

TEXT = """\
name: A call
shows: that a call can be written down
parties:
  alice: {credentials: psk}
  bob: {credentials: psk}
  carol: {credentials: psk}
  dave: {credentials: psk}
steps:
  - {at: 2s, alice: {call: carol}}
  - {at: 1s, alice: {call: bob}}
expect:
  - EXPECTED
"""


@pytest.mark.parametrize(
    ("expected", "path", "reason", "hint"),
    [
        ("call: {from: bob, answered by: alice}", "call.from", "no step has bob call anyone", "alice"),
        ("call: {from: alice, to: dave, answered by: dave}", "call.to", "it calls bob, carol", None),
        ("call: {from: alice, rejected with: 486, within: 1s}", "call.within", "asked of an answer", None),
        ("media: {from: alice, to: dave, sent: 0}", "media.to", "into a call", None),
        ("media: {from: bob, to: carol, sent: 0}", "media.to", "bob and carol", "alice"),
        ("media: {from: bob, to: bob, sent: 0}", "media.to", "sends nothing to itself", None),
        ("keys: {none at: [bob, dave]}", "keys.none at", "dave is in no call", None),
        ("keys: {agreed: [alice, dave]}", "keys.agreed", "dave is in no call", None),
        ("keys: {different: [alice, dave]}", "keys.different", "dave is in no call", None),
        ("keys: {changed: [dave]}", "keys.changed", "dave is in no call", None),
        ("keys: {unknown to: {dave: [bob]}}", "keys.unknown to", "dave is in no call", None),
        ("key management failed: {at: dave}", "key management failed.at", "dave is in no call", None),
        ("re-keyed: {at: dave, times: 0}", "re-keyed.at", "dave is in no call", None),
    ],
)
def test_what_cannot_be_decided_is_an_error(expected: str, path: str, reason: str, hint: str | None) -> None:
    error = error_of(TEXT.replace("EXPECTED", expected))
    assert (error.line, error.path, error.hint) == (12, f"expect[0].{path}", hint)
    assert reason in error.reason


@pytest.mark.parametrize(
    "expected",
    [
        "call: {from: alice, to: bob, answered by: bob, within: 1s}",
        "media: {from: carol, to: alice, sent: 0}",
        "keys: {none at: [alice, bob, carol]}",
        "keys: {unknown to: {alice: [dave]}}",
        "re-keyed: {at: bob, times: 0}",
    ],
)
def test_what_can_be_decided_is_none(expected: str) -> None:
    assert scenario(TEXT.replace("EXPECTED", expected)).scenario.expect


@pytest.mark.parametrize(
    "expected",
    [
        "media: {from: bob, to: alice, clipped: 0}",
        "media: {from: bob, to: alice, undecryptable: 0}",
        "media: {from: bob, to: alice, decrypted: 0}",
        "messages: {from: bob, named: PRACK, lost: 0}",
        "messages: {from: bob, named: PRACK, arrived: 0}",
    ],
)
def test_what_nothing_was_there_to_be_true_of_does_not_hold(expected: str) -> None:
    silent = CALL.replace("bob: {credentials: psk", "bob: {talks: {packets: 0}, credentials: psk")
    found = verdict(silent, expected)
    assert not found.held
    assert found.came in ("none was sent", "nothing was sent from bob to alice", "audio: 0 of 0 packets decrypted")


@pytest.mark.parametrize(
    "expected", ["media: {from: bob, to: alice, sent: 0, clipped: 0}", "messages: {from: bob, named: PRACK, sent: 0}"]
)
def test_that_nothing_is_there_can_be_asked(expected: str) -> None:
    silent = CALL.replace("bob: {credentials: psk", "bob: {talks: {packets: 0}, credentials: psk")
    assert verdict(silent, expected).held


def given() -> Scenario:
    return scenario(TEXT.replace("EXPECTED", "keys: {none at: [bob]}")).scenario


def test_who_can_meet_whom_and_when_first() -> None:
    meetings = Meetings(given())
    assert meetings.first_us("bob", "alice") == 1_000_000
    assert meetings.first_us("alice", "carol") == 2_000_000
    assert meetings.first_us("bob", "carol") is None
    assert meetings.partners("alice") == ["bob", "carol"]
    assert meetings.partners("dave") == []


def test_whom_a_server_leads_a_call_to_can_be_met_in_it() -> None:
    led = TEXT.replace("call: bob", "call: team").replace(
        "steps:", "network: {proxy: {team: {to: [bob, dave]}}}\nsteps:"
    )
    meetings = Meetings(scenario(led.replace("EXPECTED", "media: {from: dave, to: alice, sent: 0}")).scenario)
    assert meetings.first_us("dave", "alice") == 1_000_000
    assert meetings.first_us("dave", "carol") is None


@pytest.mark.parametrize(
    ("step", "path", "reason"),
    [
        ("{at: 3s, alice: {hang up: dave}}", "steps[0].alice.hang up", "no step has one of them call the other"),
        ("{at: 500ms, alice: {re-key: bob}}", "steps[0].alice.re-key", "the call is placed at 1 s"),
        ("{at: 1500ms, carol: {hold: alice}}", "steps[0].carol.hold", "the call is placed at 2 s"),
        ("{at: 1500ms, alice: {cancel: carol}}", "steps[0].alice.cancel", "alice can't cancel carol yet"),
    ],
)
def test_a_command_on_a_call_that_is_not_there_is_an_error(step: str, path: str, reason: str) -> None:
    text = TEXT.replace("EXPECTED", "keys: {none at: [bob]}").replace("steps:\n", f"steps:\n  - {step}\n")
    error = error_of(text)
    assert (error.line, error.path) == (9, path)
    assert reason in error.reason

"""Scenario texts for tests: one that is all right, and ways to change it."""

from __future__ import annotations

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.load import Loaded, loads
from mikey_sdp.scenario.source import CollectedScenarioError

GOOD = """\
name: A call
shows: that a call can be written down
parties:
  alice: {credentials: psk}
  bob: {credentials: psk, answers: {ringing: 100ms, answer: 1s}}
network:
  delay: {signalling: 20ms}
  attackers:
    mallory: {between: [alice, bob], replay: {after: 2s}}
steps:
  - {at: 0s, alice: {call: bob}}
  - {at: 3s, alice: {hang up: bob}}
expect:
  - call: {from: alice, answered by: bob, within: 3s}
  - media: {from: bob, to: alice, decrypted: all, clipped: {at most: 2}}
"""


def scenario(text: str = GOOD) -> Loaded:
    """A text, read."""
    return loads(text.encode(), file="a.call.yaml")


def changed(before: str, after: str) -> str:
    """The good text with one place changed."""
    assert GOOD.count(before) == 1, before
    return GOOD.replace(before, after)


def errors_of(text: str) -> list[ScenarioError]:
    """Every error of a text that can't be read."""
    try:
        scenario(text)
    except CollectedScenarioError as several:
        return list(several.errors)
    except ScenarioError as one:
        return [one]
    raise AssertionError("no error")


def error_of(text: str) -> ScenarioError:
    """The one error of a text."""
    errors = errors_of(text)
    assert len(errors) == 1, [str(error) for error in errors]
    return errors[0]

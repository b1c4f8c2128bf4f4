"""Runs of small scenarios, kept for the tests that ask different things of the same run."""

from __future__ import annotations

import functools

from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import loads
from mikey_sdp.trace import RunResult, Verdict

CALL = """\
parties:
  alice: {credentials: psk}
  bob: {credentials: psk, answers: {ringing: 100ms, answer: 1s}}
steps:
  - {at: 0s, alice: {call: bob}}
  - {at: 3s, alice: {hang up: bob}}
"""
WRONG_KEY = """\
parties:
  alice: {credentials: {psk: {label: one}}}
  bob: {credentials: {psk: {label: two}}}
steps:
  - {at: 0s, alice: {call: bob}}
"""
NO_KEY = """\
parties:
  alice: {credentials: none}
  bob: {credentials: psk}
steps:
  - {at: 0s, alice: {call: bob}}
"""
BUSY = CALL.replace("answers: {ringing: 100ms, answer: 1s}", "answers: {reject: 486}")
REPLAY = """\
parties:
  alice: {credentials: psk}
  bob: {credentials: psk}
network:
  attackers: {mallory: {between: [alice, bob], replay: {after: 1s}}}
steps:
  - {at: 0s, alice: {call: bob}}
"""
RE_KEYED = CALL.replace("  - {at: 3s", "  - {at: 2s, alice: {re-key: bob}}\n  - {at: 3s")
LOSSY = CALL + "network: {lose: [{from: alice, to: bob, messages: [1]}]}\n"
CANCELLED = """\
parties:
  alice: {credentials: psk}
  bob: {credentials: psk, answers: {answer: null}}
steps:
  - {at: 0s, alice: {call: bob}}
  - {at: 1s, alice: {cancel: bob}}
"""
HELD = CALL.replace(
    "  - {at: 3s", "  - {at: 2s, alice: {hold: bob}}\n  - {at: 2.5s, alice: {resume: bob}}\n  - {at: 3s"
)
FORKED = """\
parties:
  alice: {credentials: psk}
  desk: {identity: bob, credentials: psk, answers: {answer: null}}
  mobile: {identity: bob, credentials: psk}
network:
  proxy: {bob: {to: [desk, mobile]}}
steps:
  - {at: 0s, alice: {call: bob}}
"""
EARLY = """\
parties:
  alice: {credentials: certificate, offers: dhsign}
  bob: {credentials: certificate, answers: {talks from: answer}}
network:
  delay: {signalling: 60ms}
steps:
  - {at: 0s, alice: {call: bob}}
"""
REDIRECTED = """\
parties:
  alice: {credentials: psk, follows redirects: true}
  bob: {credentials: psk}
  carol: {credentials: psk, answers: {answer: 100ms}}
network:
  redirect server: {bob: [carol]}
steps:
  - {at: 0s, alice: {call: bob}}
"""
MUTE = """\
parties:
  alice: {credentials: psk, talks: {packets: 0}}
  bob: {credentials: psk, talks: {packets: 0}}
network:
  attackers: {mallory: {between: [alice, bob], eavesdrop: true}}
steps:
  - {at: 0s, alice: {call: bob}}
"""
SILENT = CALL.replace("alice: {credentials: psk}", "alice: {credentials: psk, talks: {packets: 0}}")


@functools.cache
def result(text: str, expect: str = "") -> RunResult:
    """A run of a scenario with that one expectation."""
    expected = f"expect:\n  - {expect}\n" if expect else ""
    return run(loads(f"name: A call\nshows: what a test needs\n{text}{expected}".encode(), file="a.call.yaml"))


def verdict(text: str, expect: str) -> Verdict:
    """The verdict on one expectation."""
    (only,) = result(text, expect).verdicts
    return only

"""Parties that other programs play: what can't be asked of them is told before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.engine import LiveOnly, RunSkipped, run, run_files
from mikey_sdp.scenario.load import loads

CALL = """
name: a call
shows: nothing
parties:
  alice: {credentials: psk}
  bob: {BOB}
steps:
  - {at: 0s, alice: {call: bob}}
STEPS
expect:
  - EXPECT
"""
KEYED = "kind: pjsua2, credentials: psk"
PLAIN = "kind: baresip, security: none"
ANSWERED = "call: {from: alice, answered by: bob}"


def text(bob: str = KEYED, expect: str = ANSWERED, steps: str = "") -> bytes:
    return CALL.replace("BOB", bob).replace("EXPECT", f"{{{expect}}}").replace("STEPS\n", steps).encode()


EXPECT = "mikey: {from: alice, in: INVITE, mode: psk}"


@pytest.mark.parametrize("kind", ["baresip", "linphone", "sipp"])
def test_phones_without_mikey_are_taken(kind: str):
    assert loads(text(f"kind: {kind}, security: none", EXPECT)).scenario.parties["bob"].kind == kind


def test_nothing_stands_before_a_sipp_that_could_key_its_calls():
    with pytest.raises(ScenarioError, match="sipp knows nothing of MIKEY; say so: security: none"):
        loads(text("kind: sipp", EXPECT))


@pytest.mark.parametrize(
    ("bob", "reason"),
    [
        (f"{KEYED}, buffer: 3", "buffer.*pjsua2 can't be told that"),
        (f"{KEYED}, answers: {{reject: 486}}", "reject.*pjsua2 can't be told that"),
        (f"{KEYED}, security: none", "a pjsua2 is keyed by MIKEY here"),
        (f"{KEYED}, security: sdes", "MIKEY by pjsua2's plug-in or by an edge before the phone, or none"),
        ("kind: baresip, credentials: certificate, offers: rsa", "a baresip has no credentials for 'rsa' here"),
        ("kind: pjsua2, credentials: [psk, saml]", "takes psk and certificate only"),
        (f"{PLAIN}, credentials: psk", "baresip has no use for credentials"),
        ("kind: asterisk", "expected baresip, linphone, node, pjsua2, sipp"),
    ],
)
def test_what_a_program_can_not_be_told_is_refused(bob: str, reason: str):
    with pytest.raises(ScenarioError, match=reason):
        loads(text(bob))


def test_commands_that_a_program_does_not_know_are_refused():
    with pytest.raises(ScenarioError, match="pjsua2 can't be told to hold"):
        loads(text(steps="  - {at: 1s, bob: {hold: alice}}\n"))
    with pytest.raises(ScenarioError, match="sipp can't be told to hang up"):
        loads(text("kind: sipp, security: none", steps="  - {at: 1s, bob: {hang up: alice}}\n"))


@pytest.mark.parametrize(
    ("bob", "expect", "reason"),
    [
        (KEYED, "keys: {agreed: [alice, bob]}", "the keys of bob are not known here"),
        (KEYED, "two-time pad: never", "the keys of bob are not known here"),
        (KEYED, "re-keyed: {at: bob, times: 1}", "doesn't tell that"),
        (KEYED, "key management failed: {at: bob, status: 488}", "the reason of a refusal only"),
        (KEYED, "media: {from: bob, to: alice, decrypted: all}", "nobody knows all that bob sends"),
        (KEYED, "media: {from: bob, to: alice, sent: 50}", "how much bob sends is up to pjsua2"),
        (KEYED, "media: {from: alice, to: bob, decrypted: 50}", "counts until shortly before the end"),
        (KEYED, "media: {from: alice, to: bob, undecryptable: 0}", "doesn't tell that"),
        (PLAIN, "media: {from: alice, to: bob, decrypted: {at least: 1}}", "bob is a baresip, which doesn't tell"),
        (PLAIN, "key management failed: {at: bob}", "bob is a baresip, which doesn't tell that"),
    ],
)
def test_what_a_program_does_not_tell_can_not_be_expected(bob: str, expect: str, reason: str):
    with pytest.raises(ScenarioError, match=reason):
        loads(text(bob, expect))


def test_a_program_has_calls_with_one_party_only_and_over_udp():
    third = text().replace(b"  bob:", b"  carol: {credentials: psk}\n  bob:")
    with pytest.raises(ScenarioError, match="doesn't tell its calls with alice and carol apart"):
        loads(third.replace(b"expect:", b"  - {at: 1s, carol: {call: bob}}\nexpect:"))
    with pytest.raises(ScenarioError, match="bob take part over udp"):
        loads(text() + b"network: {transport: tcp}\n")


def test_in_virtual_time_such_a_scenario_is_skipped_with_its_reason(tmp_path: Path):
    with pytest.raises(LiveOnly, match="it runs live only: pjsua2 plays bob"):
        run(loads(text()))
    file = tmp_path / "one.call.yaml"
    file.write_bytes(text())
    skipped = list(run_files([file]))[-1]
    assert isinstance(skipped, RunSkipped)
    assert "it runs live only" in skipped.reason

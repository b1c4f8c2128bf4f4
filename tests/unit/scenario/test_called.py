"""Scripted calls for tests in Python: text, mapping or file, asked before and after the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.called import CallFailed, place

YAML = """
    parties:
      alice: {credentials: psk}
      bob: {credentials: psk}
    steps:
      - {at: 0s, alice: {call: bob}}
    expect:
      - keys: {agreed: [alice, bob]}
"""
MAPPING = {
    "parties": {"alice": {"credentials": "psk"}, "bob": {"credentials": "psk"}},
    "steps": [{"at": "0s", "alice": {"call": "bob"}}],
    "expect": [{"keys": {"agreed": ["alice", "bob"]}}],
}


def test_text_and_mapping_are_the_same_call() -> None:
    one, other = place(YAML, name="a test"), place(MAPPING, name="a test")
    one.assert_held()
    assert one.result.records == other.result.records
    assert (one.result.name, one.result.shows, one.result.file) == ("a test", "a test", "a test")


def test_a_file_is_read_with_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "a.call.yaml"
    file.write_text("name: Own\nshows: own too\nparties: {alice: {credentials: psk}, bob: {credentials: psk}}\n")
    run = place(file, {"steps": [{"at": "0s", "alice": {"call": "bob"}}]})
    assert (run.result.name, run.result.shows, run.result.file) == ("Own", "own too", str(file))
    run.expect("keys: {agreed: [alice, bob]}")


def test_changes_are_put_at_their_places() -> None:
    run = place(YAML, {"parties.alice.offers": "dhhmac", "network.delay": {"signalling": "50ms"}})
    run.expect("mikey: {from: alice, in: INVITE, mode: dhhmac}", {"messages": {"from": "bob", "named": 200, "sent": 1}})
    assert run.loaded.scenario.network.delay.signalling == "50ms"


def test_a_call_that_did_not_hold_fails_with_its_ladder() -> None:
    run = place(YAML, {"parties.bob.credentials": {"psk": {"label": "another"}}})
    with pytest.raises(CallFailed) as caught:
        run.assert_held()
    assert isinstance(caught.value, AssertionError)
    assert "─ INVITE sip:bob@example.com ─" in str(caught.value)
    assert "✗ step 1: alice calls bob; not as expected in line 8" in str(caught.value)
    assert "✗ keys: agreed alice and bob" in str(caught.value)


IDLE = {"steps": [], "expect": [{"messages": {"from": "alice", "named": "INVITE", "sent": 0}}]}


@pytest.mark.parametrize("changes", [{"expect": []}, IDLE], ids=["no expectation", "no step"])
def test_a_call_without_step_or_expectation_is_no_pass(changes: dict[str, object]) -> None:
    run = place(YAML, changes)
    assert run.result.held
    with pytest.raises(CallFailed):
        run.assert_held()


def test_further_expectations_are_judged_on_the_same_run() -> None:
    run = place(YAML, {"network.attackers": {"eve": {"between": ["alice", "bob"], "eavesdrop": True}}})
    run.expect(
        "media: {from: alice, to: bob, decrypted: all}", "two-time pad: never", "keys: {unknown to: {bob: [eve]}}"
    )
    with pytest.raises(CallFailed, match="keys: none at bob"):
        run.expect("keys: {none at: [bob]}")
    run.assert_fails("keys: {none at: [bob]}", "call: {from: alice, rejected with: 486}")
    with pytest.raises(CallFailed, match="not keys: agreed alice and bob"):
        run.assert_fails("keys: {agreed: [alice, bob]}")


def test_nothing_asked_is_no_pass() -> None:
    with pytest.raises(CallFailed, match="nothing was expected"):
        place(YAML).expect()


def test_mistakes_are_told_with_place_and_nearest_word() -> None:
    with pytest.raises(ScenarioError) as caught:
        place(YAML.replace("call: bob", "call: bop"), name="test_x")
    assert (caught.value.file, caught.value.line, caught.value.hint) == ("test_x", 6, "bob")
    with pytest.raises(ScenarioError, match="did you mean 'agreed'"):
        place(YAML).expect("keys: {agred: [alice, bob]}")
    with pytest.raises(ScenarioError, match="did you mean 'alice'"):
        place(YAML, {"parties.alcie.offers": "psk"})

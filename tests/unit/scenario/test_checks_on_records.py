"""Expectations judged on records that no sound implementation leaves behind: what a broken one would be caught by."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.scenario.checks import judge
from mikey_sdp.scenario.load import loads
from mikey_sdp.sip.message import Message
from mikey_sdp.trace import AnyRecord, AttackMade, CallChanged, KeysInstalled, MediaCounted, MessageSent, Verdict
from tests.unit.scenario.runs import CALL, RE_KEYED, REPLAY, result


def judged(text: str, expect: str, records: Sequence[AnyRecord]) -> Verdict:
    loaded = loads(f"name: A\nshows: B\n{text}expect:\n  - {expect}\n".encode())
    (only,) = judge(loaded, records)
    return only


def of_mallory(records: Sequence[AnyRecord]) -> MessageSent:
    """The INVITE that the attacker sent again."""
    numbers = {record.number for record in records if isinstance(record, AttackMade)}
    return next(record for record in records if isinstance(record, MessageSent) and record.number in numbers)


def key_of(records: Sequence[AnyRecord], party: str) -> KeysInstalled:
    return next(record for record in records if isinstance(record, KeysInstalled) and record.party == party)


def test_a_replay_that_brings_keys_has_not_failed() -> None:
    records = result(REPLAY).records
    again = of_mallory(records)
    call_id = Message.parse(again.octets).call_id
    taken = msgspec.structs.replace(key_of(records, "bob"), call_id=call_id, at_us=again.at_us + 1)
    found = judged(REPLAY, "attack: {by: mallory, failed: true}", (*records, taken))
    assert not found.held
    assert found.came.startswith("bob took keys at")
    assert judged(REPLAY, "attack: {by: mallory, failed: false}", (*records, taken)).held


def test_an_attacker_who_is_answered_has_not_failed() -> None:
    records = result(REPLAY).records
    again = of_mallory(records)
    answered = CallChanged(
        at_us=again.at_us + 1, party="mallory", call_id="x", peer="bob", state="answered", status=200
    )
    found = judged(REPLAY, "attack: {by: mallory, failed: true}", (*records, answered))
    assert not found.held
    assert found.came.startswith("mallory was answered at")


def test_keys_of_the_real_call_dont_count_as_the_attackers() -> None:
    records = result(REPLAY).records
    later = msgspec.structs.replace(key_of(records, "bob"), at_us=of_mallory(records).at_us + 1)
    assert judged(REPLAY, "attack: {by: mallory, failed: true}", (*records, later)).held


def test_an_attacker_who_sent_nothing_can_neither_fail_nor_succeed() -> None:
    records = [record for record in result(REPLAY).records if not isinstance(record, AttackMade)]
    found = judged(REPLAY, "attack: {by: mallory, failed: true}", records)
    assert not found.held
    assert found.came == "mallory did nothing"


def test_a_rekeying_that_keeps_a_key_is_found() -> None:
    records = result(RE_KEYED).records
    first = {
        (record.party, record.direction): record.fingerprint
        for record in reversed(records)
        if isinstance(record, KeysInstalled)
    }
    stale = [
        msgspec.structs.replace(record, fingerprint=first[record.party, record.direction])
        if isinstance(record, KeysInstalled)
        else record
        for record in records
    ]
    assert any(isinstance(record, CallChanged) and record.state == "rekeyed" for record in stale)
    found = judged(RE_KEYED, "keys: {changed: [alice]}", stale)
    assert not found.held
    assert "one key" in found.came


def test_ends_that_hold_different_keys_dont_agree() -> None:
    records = [
        msgspec.structs.replace(record, fingerprint="0" * 16)
        if isinstance(record, KeysInstalled) and (record.party, record.direction) == ("bob", "send")
        else record
        for record in result(CALL).records
    ]
    found = judged(CALL, "keys: {agreed: [alice, bob]}", records)
    assert not found.held
    assert found.expected.startswith("alice receives with the keys that bob sends with")


def test_a_third_party_with_the_key_is_found() -> None:
    records = result(CALL).records
    text = CALL.replace("steps:", "  carol: {credentials: psk}\nsteps:\n  - {at: 5s, alice: {call: carol}}")
    leak = msgspec.structs.replace(key_of(records, "bob"), party="carol")
    other = msgspec.structs.replace(leak, fingerprint="0" * 16)
    assert judged(text, "keys: {different: [bob, carol]}", (*records, other)).held
    assert "both hold" in judged(text, "keys: {different: [bob, carol]}", (*records, leak)).came


def test_without_a_witness_nothing_is_said_of_secrecy() -> None:
    for expect in ("keys: {unknown to: {bob: [alice]}}", "two-time pad: never"):
        with pytest.raises(UsageError, match="witnessed"):
            judged(CALL, expect, result(CALL).records)


def test_undecryptable_and_lost_packets_are_told_apart() -> None:
    def counted(decrypted: int, undecryptable: int) -> list[AnyRecord]:
        return [
            msgspec.structs.replace(
                record, packets=decrypted + undecryptable, decrypted=decrypted, undecryptable=undecryptable
            )
            if isinstance(record, MediaCounted) and (record.party, record.direction) == ("bob", "received")
            else record
            for record in result(CALL).records
        ]

    everything = "media: {from: alice, to: bob, decrypted: all}"
    assert judged(CALL, everything, counted(50, 0)).held
    assert judged(CALL, everything, counted(49, 0)).came == "audio: 49 of 50 packets decrypted, 1 lost"
    assert judged(CALL, everything, counted(49, 1)).came == "audio: 49 of 50 packets decrypted, 1 undecryptable"
    assert judged(CALL, "media: {from: alice, to: bob, clipped: 1, undecryptable: 1}", counted(49, 1)).held


def test_unreadable_messages_are_evidence_too() -> None:
    records = [
        msgspec.structs.replace(record, octets=b"noise") if isinstance(record, MessageSent) else record
        for record in result(CALL).records
    ]
    assert "it sent 0" in judged(CALL, "mikey: {from: alice, in: INVITE, messages: 1}", records).came


def test_a_body_that_is_no_sdp_is_told() -> None:
    def broken(record: AnyRecord) -> AnyRecord:
        if not isinstance(record, MessageSent) or b"a=key-mgmt:mikey " not in record.octets:
            return record
        return msgspec.structs.replace(record, octets=record.octets.replace(b"a=key-mgmt:mikey ", b"a=key-mgmt:mikey-"))

    records = [broken(record) for record in result(CALL).records]
    found = judged(CALL, "mikey: {from: alice, in: INVITE, messages: 1}", records)
    assert "unreadable SDP" in found.came

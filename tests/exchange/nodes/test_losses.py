"""Calls over a network that loses messages: what is sent again, when, and what is given up."""

from __future__ import annotations

from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Answering, Reaction
from mikey_sdp.trace import MessageSent
from tests.exchange.nodes.phones import (
    counted,
    phone,
    run,
    signalling,
    states,
)

RINGS = Answering(ringing_after_us=50_000, decide_after_us=200_000)
NEVER = Answering(decide_after_us=None)
CALL = (0, "alice", Call("bob"))


def test_nobody_answers_and_the_invite_times_out():
    ignores = Answering(reaction=Reaction.IGNORE)
    records = run(phone("alice"), phone("bob", answering=ignores), steps=[CALL])
    at = [record.at_us // 1_000 for record in records if isinstance(record, MessageSent)]
    assert at == [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]
    assert {record.party for record in records if isinstance(record, MessageSent)} == {"alice"}
    assert signalling(records)[-1] == "32000 alice rejected bob 408 (no answer)"


def test_a_lost_invite_is_sent_again():
    records = run(phone("alice"), phone("bob"), steps=[CALL], lose={("alice", "bob"): frozenset({0, 1})})
    assert [line.split(" | ")[0] for line in signalling(records)[:5]] == [
        "0 alice calling bob",
        "0 alice > bob UDP INVITE sip:bob@example.com LOST",
        "500 alice > bob UDP INVITE sip:bob@example.com LOST",
        "1500 alice > bob UDP INVITE sip:bob@example.com",
        "1540 bob answered alice 200",
    ]
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_lost_200_is_sent_again_until_it_is_acknowledged():
    records = run(phone("alice"), phone("bob"), steps=[CALL], lose={("bob", "alice"): frozenset({0})})
    assert [line.split(" | ")[0] for line in signalling(records)[2:]] == [
        "40 bob answered alice 200",
        "40 bob > alice UDP 200 OK (INVITE) LOST",
        "500 alice > bob UDP INVITE sip:bob@example.com",
        "540 bob > alice UDP 200 OK (INVITE)",
        "580 alice answered bob 200",
        "580 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "580 alice confirmed bob",
        "620 bob confirmed alice",
    ]
    assert counted(records, "alice") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_lost_ack_is_sent_again_for_the_repeated_200():
    records = run(phone("alice"), phone("bob"), steps=[CALL], lose={("alice", "bob"): frozenset({1})})
    assert [line.split(" | ")[0] for line in signalling(records)[3:]] == [
        "40 bob > alice UDP 200 OK (INVITE)",
        "80 alice answered bob 200",
        "80 alice > bob UDP ACK sip:bob@192.0.2.2:5060 LOST",
        "80 alice confirmed bob",
        "540 bob > alice UDP 200 OK (INVITE)",
        "580 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "620 bob confirmed alice",
    ]
    # bob had the keys at his 200, so that alice's media did not have to wait for the ACK.
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_callee_whose_answer_is_never_acknowledged_hangs_up():
    records = run(phone("alice"), phone("bob"), steps=[CALL], lose={("alice", "bob"): frozenset(range(1, 40))})
    bob = [line for line in signalling(records) if " bob " in line and "200 OK" not in line]
    assert "32040 bob ended alice (no ACK came)" in bob
    assert "32040 bob > alice UDP BYE sip:alice@192.0.2.1:5060" in bob
    assert states(records, "bob") == ["answered", "ended"]
    assert states(records, "alice") == ["calling", "answered", "confirmed", "ended"]
    assert counted(records, "bob")[0].startswith("received")


def test_a_lost_bye_is_sent_again_and_ends_the_call_once():
    records = run(
        phone("alice"),
        phone("bob"),
        steps=[CALL, (2_000, "alice", HangUp("bob"))],
        lose={("alice", "bob"): frozenset({2})},
    )
    assert states(records, "bob") == ["answered", "confirmed", "ended"]
    assert "2540 bob ended alice (the other side hung up)" in signalling(records)

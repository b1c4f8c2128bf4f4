"""Whole calls between two phones, message by message."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes.commands import Call, Cancel, HangUp
from mikey_sdp.nodes.config import Answering, Reaction, Streams
from mikey_sdp.nodes.contract import Link, Transport
from mikey_sdp.trace import KeysInstalled, MessageSent, Warned
from tests.exchange.nodes.phones import (
    counted,
    lines,
    of_kind,
    phone,
    run,
    signalling,
    states,
)

RINGS = Answering(ringing_after_us=50_000, decide_after_us=200_000)
NEVER = Answering(decide_after_us=None)
CALL = (0, "alice", Call("bob"))


def test_a_basic_call_from_invite_to_bye():
    records = run(phone("alice"), phone("bob", answering=RINGS), steps=[CALL, (3_000, "alice", HangUp("bob"))])
    assert lines(records) == [
        "0 alice calling bob",
        "0 alice > bob UDP INVITE sip:bob@example.com | MIKEY PSK I_MESSAGE, at session level",
        "90 bob ringing alice 180",
        "90 bob > alice UDP 180 Ringing (INVITE)",
        "130 alice ringing bob 180",
        "240 bob answered alice 200",
        "240 bob key receive PSK m=0 CS 1 with alice",
        "240 bob > alice UDP 200 OK (INVITE) | MIKEY PSK R_MESSAGE, at session level",
        "280 alice answered bob 200",
        "280 alice key receive PSK m=0 CS 2 with bob",
        "280 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "280 alice confirmed bob",
        "280 alice key send PSK m=0 CS 1 with bob",
        "320 bob confirmed alice",
        "320 bob key send PSK m=0 CS 2 with alice",
        "3000 alice ended bob (hung up)",
        "3000 alice > bob UDP BYE sip:bob@192.0.2.2:5060",
        "3040 bob > alice UDP 200 OK (BYE)",
        "3040 bob ended alice (the other side hung up)",
        "3500 alice sent m=0 50",
        "3500 alice received m=0 50, 50 decrypted, 0 not",
        "3540 bob sent m=0 50",
        "3540 bob received m=0 50, 50 decrypted, 0 not",
    ]


def test_both_ends_hold_the_same_keys_and_each_direction_its_own():
    records = run(phone("alice"), phone("bob"), steps=[CALL])
    keys = {
        (record.party, record.direction): record.fingerprint for record in records if isinstance(record, KeysInstalled)
    }
    assert keys["alice", "send"] == keys["bob", "receive"] != keys["bob", "send"] == keys["alice", "receive"]


def test_notes_say_what_the_key_management_is():
    records = run(phone("alice"), phone("bob"), steps=[CALL])
    invite = next(record for record in records if isinstance(record, MessageSent))
    csb_id = next(record.csb_id for record in records if isinstance(record, KeysInstalled))
    octets = invite.octets.split(b"a=key-mgmt:mikey ")[1].split(b"\r\n")[0]
    size = len(octets) * 3 // 4 - octets.count(b"=")
    assert invite.notes == (f"MIKEY PSK I_MESSAGE, {size} octets, CSB {csb_id:08x}, at session level",)


def test_media_flows_from_the_moment_of_confirmation_and_counts_from_there():
    records = run(phone("alice"), phone("bob"), steps=[CALL], end_us=1_000_000)
    first = {
        (record.party, record.direction): record.first_us
        for record in records
        if record.__class__.__name__ == "MediaCounted"
    }
    # 200 at 40 ms, at alice at 80 ms, ACK at bob at 120 ms; media takes 10 ms.
    assert first == {
        ("alice", "sent"): 80_000,
        ("bob", "received"): 90_000,
        ("bob", "sent"): 120_000,
        ("alice", "received"): 130_000,
    }


def test_packets_in_flight_when_the_call_ends_are_counted():
    quick = Streams(packets=None, interval_us=20_000)
    records = run(
        phone("alice", streams=quick),
        phone("bob", streams=quick),
        steps=[CALL, (1_000, "bob", HangUp("alice"))],
        media=Link(delay_us=200_000),
    )
    (sent_a, received_a), (sent_b, received_b) = counted(records, "alice"), counted(records, "bob")
    assert received_b == f"received {sent_a.removeprefix('sent ')}, {sent_a.split()[-1]} decrypted, 0 not"
    assert received_a == f"received {sent_b.removeprefix('sent ')}, {sent_b.split()[-1]} decrypted, 0 not"
    assert not of_kind(records, Warned, "alice") + of_kind(records, Warned, "bob")


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
def test_a_call_over_a_reliable_transport_repeats_nothing(transport: Transport):
    answers = Answering(ringing_after_us=0, decide_after_us=3_000_000)
    records = run(
        phone("alice", transport=transport),
        phone("bob", transport=transport, answering=answers),
        steps=[CALL, (6_000, "bob", HangUp("alice"))],
    )
    sent = [line for line in lines(records) if ">" in line]
    assert [line.split(" | ")[0] for line in sent] == [
        f"0 alice > bob {transport} INVITE sip:bob@example.com",
        f"40 bob > alice {transport} 180 Ringing (INVITE)",
        f"3040 bob > alice {transport} 200 OK (INVITE)",
        f"3080 alice > bob {transport} ACK sip:bob@192.0.2.2:5060;transport={transport.lower()}",
        f"6000 bob > alice {transport} BYE sip:alice@192.0.2.1:5060;transport={transport.lower()}",
        f"6040 alice > bob {transport} 200 OK (BYE)",
    ]


def test_a_call_that_is_rejected():
    answers = Answering(reaction=Reaction.REJECT, decide_after_us=100_000, status=486)
    records = run(phone("alice"), phone("bob", answering=answers), steps=[CALL])
    assert lines(records) == [
        "0 alice calling bob",
        "0 alice > bob UDP INVITE sip:bob@example.com | MIKEY PSK I_MESSAGE, at session level",
        "40 bob ringing alice 180",
        "40 bob > alice UDP 180 Ringing (INVITE)",
        "80 alice ringing bob 180",
        "140 bob rejected alice 486",
        "140 bob > alice UDP 486 Busy Here (INVITE)",
        "180 alice > bob UDP ACK sip:bob@example.com",
        "180 alice rejected bob 486 (Busy Here)",
    ]


def test_a_callee_who_hangs_up_while_it_rings_declines():
    records = run(phone("alice"), phone("bob", answering=NEVER), steps=[CALL, (500, "bob", HangUp("alice"))])
    assert states(records, "bob") == ["ringing", "rejected"]
    assert "540 alice rejected bob 603 (Decline)" in signalling(records)


def test_a_call_that_is_cancelled_while_it_rings():
    records = run(phone("alice"), phone("bob", answering=NEVER), steps=[CALL, (500, "alice", Cancel("bob"))])
    assert signalling(records)[5:] == [
        "500 alice > bob UDP CANCEL sip:bob@example.com",
        "540 bob > alice UDP 200 OK (CANCEL)",
        "540 bob > alice UDP 487 Request Terminated (INVITE)",
        "540 bob cancelled alice 487",
        "580 alice > bob UDP ACK sip:bob@example.com",
        "580 alice cancelled bob 487",
    ]


def test_hanging_up_before_the_answer_is_cancelling():
    records = run(phone("alice"), phone("bob", answering=NEVER), steps=[CALL, (500, "alice", HangUp("bob"))])
    assert states(records, "alice") == ["calling", "ringing", "cancelled"]
    assert states(records, "bob") == ["ringing", "cancelled"]


def test_a_cancel_waits_for_the_first_provisional_response():
    slow = Answering(ringing_after_us=150_000, decide_after_us=None)
    records = run(phone("alice"), phone("bob", answering=slow), steps=[CALL, (100, "alice", Cancel("bob"))])
    assert "230 alice > bob UDP CANCEL sip:bob@example.com" in signalling(records)
    assert states(records, "alice")[-1] == "cancelled"


def test_a_cancel_that_crosses_the_answer_ends_in_ack_and_bye():
    records = run(phone("alice"), phone("bob", answering=RINGS), steps=[CALL, (260, "alice", Cancel("bob"))])
    assert signalling(records)[7:] == [
        "260 alice > bob UDP CANCEL sip:bob@example.com",
        "280 alice answered bob 200",
        "280 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "280 alice ended bob (cancelled)",
        "280 alice > bob UDP BYE sip:bob@192.0.2.2:5060",
        "300 bob > alice UDP 200 OK (CANCEL)",
        "320 bob confirmed alice",
        "320 bob > alice UDP 200 OK (BYE)",
        "320 bob ended alice (the other side hung up)",
        "120000 alice warned: media packets that belonged to no call: 1",
    ]
    assert not of_kind(records, KeysInstalled, "alice")


def test_a_callee_that_thinks_for_long_says_trying_first():
    slow = Answering(ringing_after_us=None, decide_after_us=900_000)
    records = run(phone("alice"), phone("bob", answering=slow), steps=[CALL])
    sent = [line.split(" | ")[0] for line in lines(records) if ">" in line]
    assert sent[:3] == [
        "0 alice > bob UDP INVITE sip:bob@example.com",
        "40 bob > alice UDP 100 Trying (INVITE)",
        "940 bob > alice UDP 200 OK (INVITE)",
    ]
    assert states(records, "alice") == ["calling", "answered", "confirmed"]


def test_both_sides_hang_up_at_once():
    steps = [CALL, (2_000, "alice", HangUp("bob")), (2_000, "bob", HangUp("alice"))]
    records = run(phone("alice"), phone("bob"), steps=steps)
    assert signalling(records)[7:] == [
        "120 bob confirmed alice",
        "2000 alice ended bob (hung up)",
        "2000 alice > bob UDP BYE sip:bob@192.0.2.2:5060",
        "2000 bob ended alice (hung up)",
        "2000 bob > alice UDP BYE sip:alice@192.0.2.1:5060",
        "2040 bob > alice UDP 200 OK (BYE)",
        "2040 alice > bob UDP 200 OK (BYE)",
    ]
    assert len(counted(records, "alice")) == len(counted(records, "bob")) == 2


def test_a_callee_told_to_hang_up_before_the_ack_waits_for_it():
    records = run(phone("alice"), phone("bob"), steps=[CALL, (50, "bob", HangUp("alice"))])
    assert signalling(records)[7:] == [
        "120 bob confirmed alice",
        "120 bob ended alice (hung up)",
        "120 bob > alice UDP BYE sip:alice@192.0.2.1:5060",
        "160 alice > bob UDP 200 OK (BYE)",
        "160 alice ended bob (the other side hung up)",
    ]


def test_two_callers_at_once_have_calls_of_their_own():
    steps = [CALL, (5, "carol", Call("bob")), (3_000, "bob", HangUp("carol"))]
    records = run(phone("alice"), phone("bob"), phone("carol"), steps=steps)
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"] * 2
    assert states(records, "carol")[-1] == "ended"
    assert states(records, "alice")[-1] == "confirmed"


@pytest.mark.parametrize("command", [HangUp("bob"), Cancel("bob")])
def test_a_command_for_a_call_that_is_not_there_is_answered_with_a_warning(command: object):
    records = run(phone("alice"), phone("bob"), steps=[(0, "alice", command)])
    assert lines(records) == ["0 alice warned: there is no call to bob to cancel"]

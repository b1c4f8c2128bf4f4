"""What changes in a running call: keys, holds, streams, from either side and from both at once."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes.commands import AddMedia, Call, HangUp, Hold, ReKey, RemoveMedia, Resume
from mikey_sdp.nodes.config import Security, Streams
from mikey_sdp.nodes.contract import Link
from mikey_sdp.trace import KeyManagementFailed, KeysInstalled, MediaCounted, MessageSent, Warned
from tests.exchange.nodes.phones import (
    TAPPED,
    Meddler,
    counted,
    lines,
    of_kind,
    phone,
    run,
    signalling,
    states,
)

CALL = (0, "alice", Call("bob"))
TALK = Streams(packets=100)


def fingerprints(records, party: str, direction: str) -> list[str]:
    installed = of_kind(records, KeysInstalled, party)
    return [record.fingerprint for record in installed if record.direction == direction]


def break_mac(octets: bytes) -> bytes:
    """Turn octets near the end of the first MIKEY message, where its MAC is."""
    before, rest = octets.split(b"a=key-mgmt:mikey ", 1)
    data, after = rest.split(b"\r\n", 1)
    turned = b"BBBB" if data[-8:-4] == b"AAAA" else b"AAAA"
    return b"".join((before, b"a=key-mgmt:mikey ", data[:-8], turned, data[-4:], b"\r\n", after))


def break_second_offer(octets: bytes) -> bytes:
    """Break the MIKEY message of every re-INVITE."""
    to = octets.split(b"\r\nTo:")[1].split(b"\r\n")[0] if octets.startswith(b"INVITE") else b""
    return break_mac(octets) if b";tag=" in to else octets


@pytest.mark.requirement("4567-4.1.2-18", "4567-4.1.2-19")
def test_a_re_key_receives_under_the_new_keys_at_the_answer_and_sends_at_the_ack():
    records = run(phone("alice"), phone("bob"), steps=[CALL, (600, "alice", ReKey("bob"))], end_us=3_000_000)
    assert lines(records, without=(MediaCounted,))[12:] == [
        "600 alice > bob UDP INVITE sip:bob@192.0.2.2:5060 | MIKEY PSK I_MESSAGE, at session level",
        "640 bob key receive PSK m=0 CS 1 with alice",
        "640 bob > alice UDP 200 OK (INVITE) | MIKEY PSK R_MESSAGE, at session level",
        "680 alice key receive PSK m=0 CS 2 with bob",
        "680 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "680 alice rekeyed bob",
        "680 alice key send PSK m=0 CS 1 with bob",
        "720 bob rekeyed alice",
        "720 bob key send PSK m=0 CS 2 with alice",
    ]


@pytest.mark.parametrize(("first", "second"), [("alice", "bob"), ("bob", "alice"), ("alice", "alice")])
def test_every_packet_is_decrypted_across_re_keys_from_either_side(first: str, second: str):
    peer = {"alice": "bob", "bob": "alice"}
    steps = [CALL, (700, first, ReKey(peer[first])), (1_400, second, ReKey(peer[second]))]
    records = run(phone("alice", streams=TALK), phone("bob", streams=TALK), steps=steps)
    assert counted(records, "alice") == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]
    assert counted(records, "bob") == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]
    sent = fingerprints(records, "alice", "send")
    assert len(set(sent)) == 3
    assert fingerprints(records, "bob", "receive") == sent
    assert states(records, "alice")[-2:] == states(records, "bob")[-2:] == ["rekeyed", "rekeyed"]


def test_two_re_keys_at_once_glare_and_both_take_place_in_the_end():
    steps = [CALL, (600, "alice", ReKey("bob")), (600, "bob", ReKey("alice"))]
    records = run(phone("alice", streams=TALK), phone("bob", streams=TALK), steps=steps)
    shown = signalling(records)
    assert "640 alice > bob UDP 491 Request Pending (INVITE)" in shown
    assert "640 bob > alice UDP 491 Request Pending (INVITE)" in shown
    assert states(records, "alice") == ["calling", "answered", "confirmed", "rekeyed", "rekeyed"]
    assert states(records, "bob") == ["answered", "confirmed", "rekeyed", "rekeyed"]
    assert counted(records, "bob") == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]
    assert fingerprints(records, "alice", "send") == fingerprints(records, "bob", "receive")


def test_changes_that_come_too_early_wait_for_their_turn():
    steps = [CALL, (600, "alice", ReKey("bob")), (601, "alice", Hold("bob")), (602, "bob", ReKey("alice"))]
    records = run(phone("alice"), phone("bob"), steps=steps)
    assert sorted(states(records, "alice")[3:]) == sorted(states(records, "bob")[2:]) == ["held", "rekeyed", "rekeyed"]
    assert not of_kind(records, KeyManagementFailed, "alice") + of_kind(records, KeyManagementFailed, "bob")


@pytest.mark.requirement("4567-4.1.2-21", "4567-4.1.2-22")
def test_a_failed_re_key_ends_the_session():
    records = run(
        phone("alice"),
        phone("bob"),
        Meddler(break_second_offer),
        steps=[CALL, (600, "alice", ReKey("bob"))],
        taps=TAPPED,
    )
    bob, alice = (of_kind(records, KeyManagementFailed, name) for name in ("bob", "alice"))
    assert [(record.status, record.mikey_error) for record in bob] == [(488, 0)]
    refusal = next(
        r for r in records if isinstance(r, MessageSent) and r.party == "bob" and r.summary.startswith("488")
    )
    assert b"\r\nWarning: 306 " in refusal.octets
    (failed,) = alice
    assert failed.status == 488
    assert failed.reason.startswith("refused with 488 Not Acceptable Here; 306 Key management: ")
    assert states(records, "alice")[-1] == "ended"
    assert "680 alice ended bob (re-key failed)" in signalling(records)
    assert "720 bob ended alice (the other side hung up)" in signalling(records)


def test_a_failed_re_key_can_be_told_to_leave_the_call_as_it_was():
    records = run(
        phone("alice", keep_on_rekey_failure=True),
        phone("bob"),
        Meddler(break_second_offer),
        steps=[CALL, (600, "alice", ReKey("bob"))],
        taps=TAPPED,
    )
    assert len(of_kind(records, KeyManagementFailed, "alice")) == 1
    assert states(records, "alice") == ["calling", "answered", "confirmed"]
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_hold_stops_the_peers_stream_and_a_resume_lets_it_go_on():
    steps = [CALL, (600, "alice", Hold("bob")), (1_600, "alice", Resume("bob"))]
    records = run(phone("alice"), phone("bob"), steps=steps, end_us=1_500_000)
    assert signalling(records)[8:] == [
        "600 alice > bob UDP INVITE sip:bob@192.0.2.2:5060 | MIKEY PSK I_MESSAGE, at session level",
        "640 bob > alice UDP 200 OK (INVITE) | MIKEY PSK R_MESSAGE, at session level",
        "680 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "680 alice held bob",
        "720 bob held alice",
    ]
    # bob sends from 120 ms to 700 ms; alice may go on sending.
    assert counted(records, "bob") == ["sent m=0 30", "received m=0 50, 50 decrypted, 0 not"]
    whole = run(phone("alice"), phone("bob"), steps=steps)
    assert states(whole, "alice")[-2:] == states(whole, "bob")[-2:] == ["held", "resumed"]
    assert counted(whole, "alice") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_hold_changes_no_key():
    steps = [CALL, (600, "alice", Hold("bob")), (1_600, "alice", Resume("bob")), (2_500, "bob", Hold("alice"))]
    records = run(phone("alice"), phone("bob"), steps=steps)
    assert len(of_kind(records, KeysInstalled, "alice")) == len(of_kind(records, KeysInstalled, "bob")) == 2
    assert states(records, "bob")[-3:] == ["held", "resumed", "held"]


def test_who_holds_answers_a_resume_of_the_other_side_without_giving_up_his_hold():
    steps = [CALL, (300, "alice", Hold("bob")), (900, "bob", Resume("alice"))]
    records = run(phone("alice"), phone("bob"), steps=steps, end_us=3_000_000)
    assert states(records, "bob") == ["answered", "confirmed", "held"]
    assert counted(records, "bob")[0] == "sent m=0 15"


def test_a_re_key_while_held_and_then_a_resume():
    steps = [CALL, (300, "alice", Hold("bob")), (900, "bob", ReKey("alice")), (1_500, "alice", Resume("bob"))]
    records = run(phone("alice", streams=TALK), phone("bob", streams=TALK), steps=steps)
    assert states(records, "alice")[3:] == ["held", "rekeyed", "resumed"]
    assert counted(records, "alice") == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]
    assert counted(records, "bob") == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]


def test_a_stream_is_added_with_keys_of_its_own_and_the_first_keeps_its_keys():
    both = Streams(kinds=("audio", "video"))
    steps = [CALL, (600, "alice", AddMedia("bob", "video"))]
    records = run(phone("alice"), phone("bob", streams=both), steps=steps)
    installed = [(record.media, record.direction, record.cs_id) for record in of_kind(records, KeysInstalled, "alice")]
    assert installed == [(0, "receive", 2), (0, "send", 1), (1, "receive", 4), (1, "send", 3)]
    for name in ("alice", "bob"):
        assert counted(records, name) == [
            "sent m=0 50",
            "received m=0 50, 50 decrypted, 0 not",
            "sent m=1 50",
            "received m=1 50, 50 decrypted, 0 not",
        ]


def test_a_stream_that_the_callee_does_not_know_is_refused_and_the_rest_goes_on():
    records = run(phone("alice"), phone("bob"), steps=[CALL, (600, "alice", AddMedia("bob", "video"))])
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]
    assert states(records, "alice") == ["calling", "answered", "confirmed"]


def test_a_removed_stream_stops_both_ways():
    both = Streams(kinds=("audio", "video"))
    steps = [CALL, (600, "bob", RemoveMedia("alice", 1))]
    records = run(phone("alice", streams=both), phone("bob", streams=both), steps=steps)
    alice, bob = counted(records, "alice"), counted(records, "bob")
    assert alice[0] == bob[0] == "sent m=0 50"
    assert (alice[2], bob[2]) == ("sent m=1 32", "sent m=1 28")


@pytest.mark.parametrize(
    ("command", "hint"),
    [(RemoveMedia("bob", 3), "no m= line 3 to remove"), (AddMedia("bob", "smell"), "no media of the kind 'smell'")],
)
def test_a_change_that_makes_no_sense_is_not_offered(command: object, hint: str):
    records = run(phone("alice"), phone("bob"), steps=[CALL, (600, "alice", command)])
    (warning,) = of_kind(records, Warned, "alice")
    assert hint in warning.text
    assert states(records, "alice") == ["calling", "answered", "confirmed"]


def test_a_call_without_key_management_can_be_held_and_has_no_keys_to_renew():
    plain = {"security": Security.NONE, "credentials": ()}
    steps = [CALL, (300, "alice", Hold("bob")), (900, "alice", Resume("bob")), (1_500, "bob", ReKey("alice"))]
    records = run(phone("alice", **plain), phone("bob", **plain), steps=steps)
    assert states(records, "bob") == ["answered", "confirmed", "held", "resumed"]
    assert counted(records, "alice") == ["sent m=0 50", "received m=0 50, 0 decrypted, 0 not"]
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert "no keys to renew" in failed.reason


def test_a_change_without_a_call_is_answered_with_a_warning():
    records = run(phone("alice"), phone("bob"), steps=[(0, "alice", ReKey("bob"))])
    assert lines(records) == ["0 alice warned: there is no call with bob to change"]


def test_a_re_invite_that_nobody_answers_ends_the_call():
    steps = [CALL, (600, "alice", Hold("bob"))]
    records = run(phone("alice"), phone("bob"), steps=steps, lose={("alice", "bob"): frozenset(range(2, 9))})
    assert "32600 alice ended bob (the re-INVITE ended with 408)" in signalling(records)


def test_hanging_up_while_a_change_is_in_the_air_ends_the_call_on_both_sides():
    steps = [CALL, (600, "alice", ReKey("bob")), (650, "bob", HangUp("alice")), (2_000, "alice", HangUp("bob"))]
    records = run(phone("alice"), phone("bob"), steps=steps)
    assert states(records, "alice")[-1] == states(records, "bob")[-1] == "ended"
    assert len(counted(records, "alice")) == 2


def test_hanging_up_on_ones_own_change_leaves_the_late_answer_without_effect():
    steps = [CALL, (600, "alice", ReKey("bob")), (620, "alice", HangUp("bob"))]
    records = run(phone("alice"), phone("bob"), steps=steps)
    assert states(records, "alice") == ["calling", "answered", "confirmed", "ended"]
    assert states(records, "bob") == ["answered", "confirmed", "ended"]
    assert len(fingerprints(records, "alice", "send")) == 1
    sent = next(line for line in counted(records, "alice") if line.startswith("sent"))
    assert int(sent.split()[-1]) <= 28


def test_an_answer_to_a_re_key_that_proves_nothing_ends_the_session_too():
    answers: list[bytes] = []

    def break_second_answer(octets: bytes) -> bytes:
        if not octets.startswith(b"SIP/2.0 200") or b"a=key-mgmt:mikey " not in octets:
            return octets
        answers.append(octets)
        return octets if len(answers) == 1 else break_mac(octets)

    records = run(
        phone("alice"),
        phone("bob"),
        Meddler(break_second_answer),
        steps=[CALL, (600, "alice", ReKey("bob"))],
        taps=TAPPED,
    )
    assert len(of_kind(records, KeyManagementFailed, "alice")) == 1
    assert [line.split(" | ")[0] for line in signalling(records) if line.startswith("680 alice")] == [
        "680 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "680 alice failed with bob: status None, MIKEY error 0",
        "680 alice ended bob (re-key failed)",
        "680 alice > bob UDP BYE sip:bob@192.0.2.2:5060",
    ]
    assert len(fingerprints(records, "alice", "receive")) == 1


def test_a_hold_that_the_other_side_can_not_read_leaves_the_call_as_it_was():
    def garble(octets: bytes) -> bytes:
        return octets.replace(b"m=audio 40000", b"m=audio 99999") if b"a=sendonly" in octets else octets

    records = run(phone("alice"), phone("bob"), Meddler(garble), steps=[CALL, (600, "alice", Hold("bob"))], taps=TAPPED)
    assert "680 alice warned: a change of the call with bob failed: refused with 400 Bad Request" in signalling(records)
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_re_invite_without_an_offer_is_refused_and_changes_nothing():
    def take_offer_out(octets: bytes) -> bytes:
        if b"a=sendonly" not in octets:
            return octets
        head = octets.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
        kept = [line for line in head if not line.startswith((b"Content-Length", b"Content-Type"))]
        return b"\r\n".join(kept) + b"\r\nContent-Length: 0\r\n\r\n"

    records = run(
        phone("alice"), phone("bob"), Meddler(take_offer_out), steps=[CALL, (600, "alice", Hold("bob"))], taps=TAPPED
    )
    (warned,) = of_kind(records, Warned, "alice")
    assert "488 Not Acceptable Here; 399 A re-INVITE without an offer" in warned.text
    assert states(records, "bob") == ["answered", "confirmed"]


def test_after_a_glare_nobody_tries_again_before_his_time():
    steps = [CALL, (600, "alice", ReKey("bob")), (600, "bob", ReKey("alice"))]
    records = run(phone("alice", streams=TALK), phone("bob", streams=TALK), steps=steps)
    invites = [
        (record.party, record.at_us)
        for record in records
        if isinstance(record, MessageSent) and record.summary.startswith("INVITE sip:") and record.at_us > 600_000
    ]
    tries = dict(reversed(invites))
    # Who placed the call waits 2.1 s to 4 s from the 491 on, the other one up to 2 s (RFC 3261 section 14.1).
    assert 680_000 <= tries["bob"] <= 2_680_000
    assert 2_780_000 <= tries["alice"] <= 4_680_000


def test_packets_under_the_former_keys_are_taken_for_a_second_after_a_re_key():
    """bob switches at the ACK, which reaches him 40 ms after alice has the new keys: what he sends till then counts."""
    records = run(
        phone("alice", streams=TALK),
        phone("bob", streams=TALK),
        steps=[CALL, (600, "alice", ReKey("bob"))],
        media=Link(delay_us=700_000),
    )
    assert counted(records, "alice")[1] == "received m=0 100, 100 decrypted, 0 not"
    late = run(
        phone("alice", streams=TALK),
        phone("bob", streams=TALK),
        steps=[CALL, (600, "alice", ReKey("bob"))],
        media=Link(delay_us=1_700_000),
    )
    assert counted(late, "alice")[1] != "received m=0 100, 100 decrypted, 0 not"


def test_a_change_that_the_end_of_the_call_overtakes_is_forgotten():
    steps = [CALL, (600, "alice", ReKey("bob")), (700, "alice", HangUp("bob"))]
    alice = phone("alice")
    records = run(alice, phone("bob"), steps=steps, lose={("alice", "bob"): frozenset({2})})
    assert "1140 bob > alice UDP 481 Call/Transaction Does Not Exist (INVITE)" in signalling(records)
    assert states(records, "alice")[-1] == "ended"
    assert not of_kind(records, KeyManagementFailed, "alice")
    assert alice.calls == 0

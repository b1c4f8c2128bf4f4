"""What an edge does when keys are wrong, parties are gone or nothing is left: it fails closed and frees all it held."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.nodes.commands import Call, HangUp, ReKey
from mikey_sdp.nodes.config import Answering, Streams
from mikey_sdp.nodes.contract import Action, Address, CommandGiven, Datagram, DatagramIntercepted, Event, SendDatagram
from mikey_sdp.nodes.edge_contract import CallStatus, EdgeLimits, EndCall, ShutDown
from mikey_sdp.nodes.edge_ports import DrivenEdge
from mikey_sdp.trace import CallChanged, Passed
from tests.exchange.nodes.phones import MS, Meddler, states
from tests.unit.nodes.edge_town import edge, heard, phone, proxy, run, secured, to_network

CALL = (0, "alice", Call("bob"))
ON_AND_ON = Streams(packets=None)
Change = Callable[[bytes], bytes]


def over(*edges: DrivenEdge) -> bool:
    return all(edge.held == 0 and edge.ports.open == 0 for edge in edges)


def sized(message: bytes) -> bytes:
    head, empty, body = message.partition(b"\r\n\r\n")
    return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + empty + body


def changed(change: Change, start: bytes, *holding: bytes) -> Change:
    """Changes messages that start so and hold this, and passes the others."""
    return lambda message: (
        sized(change(message)) if message.startswith(start) and all(one in message for one in holding) else message
    )


def without_keys(message: bytes) -> bytes:
    return re.sub(rb"a=key-mgmt:[^\r]*\r\n", b"", message)


def in_plain(message: bytes) -> bytes:
    return without_keys(message).replace(b"RTP/SAVP", b"RTP/AVP")


def without_body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def forged(message: bytes) -> bytes:
    found = re.search(rb"a=key-mgmt:mikey ([^\r]*)", message)
    assert found is not None
    octets = bytearray(base64.b64decode(found[1]))
    octets[-1] ^= 1
    return message.replace(found[1], base64.b64encode(bytes(octets)))


def cut(message: bytes) -> bytes:
    return re.sub(rb"(a=key-mgmt:mikey .{40})[^\r]*", rb"\1", message)


def in_parts(message: bytes) -> bytes:
    return message.replace(b"Content-Type: application/sdp", b"Content-Type: multipart/mixed;boundary=x")


class Tapped(Meddler):
    """Somebody between an edge and the proxy, who passes media on."""

    def __init__(self, change: Change) -> None:
        super().__init__(change)
        self.addresses = (Address("192.0.2.66", 5060),)


def attacked(
    change: Change, *more: tuple[int, str, object]
) -> tuple[list[tuple[str, int]], dict[str, list[Passed]], DrivenEdge, DrivenEdge]:
    """A call on whose signalling somebody changes messages: final states, media to the network by sender, the edges."""
    here, there, capture = edge("alice"), edge("bob"), Capture()
    records = run(
        phone("alice", streams=ON_AND_ON),
        phone("bob", streams=ON_AND_ON),
        here,
        there,
        proxy(),
        Tapped(change),
        steps=[CALL, *more],
        capture=capture,
        taps={frozenset({"alice edge", "proxy"}): "mallory"},
    )
    ends = [
        (record.state, record.status)
        for record in records
        if isinstance(record, CallChanged) and record.party == "alice"
    ]
    return ends, {name: to_network(capture, name) for name in ("alice", "bob")}, here, there


@pytest.mark.parametrize("change", [without_keys, in_plain, without_body, forged, cut, in_parts])
def test_an_answer_without_good_keys_ends_the_call_at_both_sides_before_any_media(change: Change):
    ends, media, here, there = attacked(changed(change, b"SIP/2.0 200", b"CSeq: 1 INVITE"))
    assert ends[-1] == ("rejected", 488)
    assert media == {"alice": [], "bob": []}
    assert here.status().failed == 1
    assert here.status().warnings
    assert over(here, there)


@pytest.mark.parametrize("change", [without_keys, in_plain, forged, cut, in_parts])
def test_an_offer_without_good_keys_is_refused_before_the_phone_rings(change: Change):
    ends, media, here, there = attacked(changed(change, b"INVITE"))
    assert ends == [("calling", 0), ("rejected", 415 if change is in_parts else 488)]
    assert media == {"alice": [], "bob": []}
    assert there.status().refused == 1
    assert over(here, there)


@pytest.mark.parametrize("change", [without_keys, in_plain, without_body, forged])
def test_an_answer_to_new_keys_without_good_ones_ends_the_call(change: Change):
    ends, media, here, there = attacked(
        changed(change, b"SIP/2.0 200", b"CSeq: 2 INVITE"), (2_000, "alice", ReKey("bob"))
    )
    assert ends[-1][0] == "ended"
    last_us = max(passed.at_us for packets in media.values() for passed in packets)
    assert last_us < 2_300 * MS
    assert here.status().failed == 1
    assert over(here, there)


@pytest.mark.parametrize("change", [in_plain, forged])
def test_an_offer_of_new_keys_that_is_not_authentic_changes_nothing(change: Change):
    ends, media, here, there = attacked(
        changed(change, b"INVITE", b"From: <sip:bob"),
        (2_000, "bob", ReKey("alice")),
        (3_000, "alice", HangUp("bob")),
    )
    assert ends[-1][0] == "ended"
    assert here.status().failed == there.status().failed == 0
    assert media["alice"]
    assert over(here, there)


def test_what_goes_to_the_network_can_be_read_by_nobody_who_only_sees_the_network():
    _, media, *_ = attacked(lambda message: message, (1_000, "alice", HangUp("bob")))
    payloads = [passed.octets[12:] for packets in media.values() for passed in packets]
    assert len(payloads) > 40
    assert len(set(payloads)) == len(payloads)


def test_new_offers_pass_after_one_that_was_refused():
    _, media, here, there = attacked(
        changed(forged, b"INVITE", b"From: <sip:bob", b"CSeq: 1 INVITE"),
        (1_000, "bob", ReKey("alice")),
        (3_000, "alice", HangUp("bob")),
    )
    assert media["bob"]
    assert over(here, there)


# -- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("owner", "pairs"), [("alice", 0), ("alice", 1), ("bob", 0), ("bob", 1)])
def test_without_ports_a_call_is_refused_with_a_time_to_try_again(owner: str, pairs: int):
    edges = {name: edge(name, pairs=pairs if name == owner else 16) for name in ("alice", "bob")}
    busy = [phone("alice"), phone("bob", answering=Answering(decide_after_us=None))]
    steps = [CALL] if pairs == 0 else [CALL, (500, "alice", Call("carol")), (500, "carol", Call("bob"))]
    carol = secured("carol", answering=Answering(decide_after_us=None))
    records = run(*busy, carol, *edges.values(), edge("carol"), proxy(), steps=steps, end_us=Micros(400_000 * MS))
    limited = edges[owner]
    assert limited.status().refused == 1
    assert "no media ports are left" in limited.status().warnings[0]
    retry = [
        record.octets
        for record in records
        if record.party == limited.name and getattr(record, "summary", "").startswith("503")
    ]
    assert b"Retry-After: 30\r\n" in retry[0]
    assert over(*edges.values())


def test_more_calls_than_there_may_be_are_refused_and_the_first_goes_on():
    here, there = edge("alice", limits=EdgeLimits(calls=1)), edge("bob")
    records = run(
        phone("alice"),
        phone("bob"),
        secured("carol"),
        here,
        there,
        proxy(),
        steps=[CALL, (1_000, "carol", Call("alice")), (3_000, "alice", HangUp("bob"))],
    )
    assert heard(records, "alice") == [(20, 20)]
    refused = [record for record in records if isinstance(record, CallChanged) and record.party == "carol"][-1]
    assert refused.state == "rejected"
    assert here.status().refused == 1
    assert over(here, there)


# -- parties that are gone ---------------------------------------------------------------------------------------


def test_a_call_that_nobody_answers_is_taken_back():
    here, there = edge("alice", limits=EdgeLimits(ring_us=20_000 * MS)), edge("bob")
    records = run(
        phone("alice"), phone("bob", answering=Answering(decide_after_us=None)), here, there, proxy(), steps=[CALL]
    )
    ended = [record for record in records if isinstance(record, CallChanged) and record.party == "alice"][-1]
    assert (ended.state, ended.status) == ("rejected", 408)
    assert states(records, "bob")[-1] == "cancelled"
    assert here.status().reaped == 1
    assert over(here, there)


class Vanishing:
    """Somebody on the way to a phone who lets nothing through after a while."""

    def __init__(self, at_us: int) -> None:
        self.name = "mallory"
        self.addresses = (Address("192.0.2.66", 5060),)
        self._at_us = at_us

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if isinstance(event, DatagramIntercepted) and now_us < self._at_us:
            datagram: Datagram = event.datagram
            return [SendDatagram(datagram=datagram)]
        return []


def test_a_phone_that_vanishes_is_noticed_and_the_call_is_ended_at_the_other_side():
    here, there = edge("alice", limits=EdgeLimits(silent_us=10_000 * MS)), edge("bob")
    records = run(
        phone("alice"),
        phone("bob"),
        here,
        there,
        proxy(),
        Vanishing(2_000 * MS),
        steps=[CALL],
        taps={frozenset({"alice", "alice edge"}): "mallory"},
    )
    assert states(records, "bob")[-1] == "ended"
    assert here.status().reaped == 1
    assert "silent for too long" in here.status().warnings[0]
    assert over(here, there)


def test_a_phone_that_is_not_there_is_given_up():
    here, there = edge("alice"), edge("bob")
    records = run(phone("alice"), here, there, proxy(), steps=[CALL])
    ended = [record for record in records if isinstance(record, CallChanged) and record.party == "alice"][-1]
    assert (ended.state, ended.status) == ("rejected", 408)
    assert over(here, there)


def test_a_call_lasts_no_longer_than_any_may():
    here = edge("alice", limits=EdgeLimits(call_us=5_000 * MS, silent_us=4_000 * MS))
    there = edge("bob")
    records = run(
        phone("alice", streams=ON_AND_ON), phone("bob", streams=ON_AND_ON), here, there, proxy(), steps=[CALL]
    )
    assert states(records, "alice")[-1] == states(records, "bob")[-1] == "ended"
    assert "lasts for too long" in here.status().warnings[0]
    assert over(here, there)


def test_lost_messages_are_made_good_and_nothing_is_done_twice():
    here, there = edge("alice"), edge("bob")
    lose = {
        ("alice", "alice edge"): frozenset({0, 1}),
        ("alice edge", "proxy"): frozenset({1}),
        ("proxy", "alice edge"): frozenset({0, 1}),
        ("bob edge", "bob"): frozenset({0, 2}),
    }
    records = run(
        phone("alice"), phone("bob"), here, there, proxy(), steps=[CALL, (20_000, "alice", HangUp("bob"))], lose=lose
    )
    assert heard(records, "bob") == [(20, 20)]
    assert states(records, "alice")[-1] == "ended"
    assert over(here, there)


# -- told to end -------------------------------------------------------------------------------------------------


def test_an_edge_that_closes_ends_its_calls_and_takes_no_more():
    here, there = edge("alice"), edge("bob")
    records = run(
        phone("alice"),
        phone("bob"),
        here,
        there,
        proxy(),
        steps=[CALL, (2_000, "alice edge", ShutDown()), (3_000, "alice", Call("bob"))],
    )
    assert states(records, "bob")[-1] == "ended"
    refused = [record for record in records if isinstance(record, CallChanged) and record.party == "alice"][-1]
    assert (refused.state, refused.status) == ("rejected", 503)
    assert over(here, there)


def test_one_call_is_ended_by_its_number_and_another_goes_on():
    here, there = edge("alice"), edge("bob")
    alice, bob = phone("alice"), phone("bob", answering=Answering(decide_after_us=None))
    records = run(
        alice,
        bob,
        here,
        there,
        proxy(),
        steps=[CALL, (1_000, "alice edge", EndCall(2)), (2_000, "alice edge", EndCall(99))],
    )
    ended = [record for record in records if isinstance(record, CallChanged) and record.party == "alice"][-1]
    assert (ended.state, ended.status) == ("rejected", 480)
    assert states(records, "bob")[-1] == "cancelled"
    assert over(here, there)


def test_the_status_shows_a_call_with_its_mode_peer_fingerprints_and_packets():
    here, there = edge("alice"), edge("bob")

    class Reader:
        """Reads the status of the edge in the middle of the call."""

        name = "reader"
        addresses = (Address("192.0.2.77", 5060),)

        def handle(self, event: Event, now_us: Micros) -> list[Action]:
            if isinstance(event, CommandGiven):
                seen.extend(here.status().calls)
            return []

    seen: list[CallStatus] = []
    run(
        phone("alice"),
        phone("bob"),
        here,
        there,
        proxy(),
        Reader(),
        steps=[CALL, (2_000, "reader", "look"), (3_000, "alice", HangUp("bob"))],
    )
    (call,) = seen
    assert (call.account, call.peer, call.outgoing) == ("sip:alice@example.com", "sip:bob@example.com", True)
    assert (call.state, call.mode, call.phone, len(call.fingerprints)) == ("answered", "PSK", "sdes", 2)
    (stream,) = call.streams
    assert (stream.from_phone, stream.to_phone, stream.refused, stream.strangers) == (20, 20, 0, 0)

"""What a user agent makes of nonsense, what it keeps of calls that are over, and that a run can be run again."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.clock import Micros
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.credentials import NullCredential
from mikey_sdp.nodes.attackers import Eavesdropper, KeyMgmtStripper, Replayer
from mikey_sdp.nodes.commands import Call, Cancel, HangUp, Hold, ReKey, Resume
from mikey_sdp.nodes.config import Answering, Reaction
from mikey_sdp.nodes.contract import (
    CommandGiven,
    Datagram,
    DatagramIntercepted,
    DatagramReceived,
    Link,
    Report,
    SendDatagram,
    Transport,
)
from mikey_sdp.trace import MediaCounted, Warned
from tests.exchange.nodes.phones import MS, TAPPED, address, lines, phone, run, states, uri

ROOT = Path(__file__).parents[3]
CALL = (0, "alice", Call("bob"))


def invite(body: str, *, content_type: str = "application/sdp", from_: str = "<sip:alice@example.com>;tag=1") -> bytes:
    head = [
        "INVITE sip:bob@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        f"From: {from_}",
        "To: <sip:bob@example.com>",
        "Call-ID: 1@192.0.2.1",
        "CSeq: 1 INVITE",
        "Contact: <sip:alice@192.0.2.1:5060>",
        "Max-Forwards: 70",
        *([f"Content-Type: {content_type}"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def from_alice(octets: bytes, transport: Transport = Transport.UDP) -> DatagramReceived:
    return DatagramReceived(
        Datagram(source=address("alice"), destination=address("bob"), transport=transport, octets=octets)
    )


def alices_offer() -> str:
    """What alice offers bob."""
    (sent,) = [
        action
        for action in phone("alice").handle(CommandGiven(Call("bob")), Micros(0))
        if isinstance(action, SendDatagram)
    ]
    return sent.datagram.octets.split(b"\r\n\r\n", 1)[1].decode()


def answers(octets: bytes) -> list[str]:
    """The first lines that bob sends back to a message."""
    actions = phone("bob").handle(from_alice(octets), Micros(0))
    return [action.summary for action in actions if isinstance(action, SendDatagram)]


def test_an_invite_without_an_offer_from_somebody_without_a_key_is_refused_with_a_reason():
    actions = phone("bob", credentials=()).handle(from_alice(invite("")), Micros(0))
    (sent,) = [action for action in actions if isinstance(action, SendDatagram)]
    assert sent.summary == "488 Not Acceptable Here (INVITE)"
    assert b'Warning: 399 192.0.2.2 "Key management: ' in sent.datagram.octets


@pytest.mark.parametrize(
    "body",
    [
        "no description at all",
        "v=0\r\nm=audio\r\n",
        "v=0\r\no=x 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio 99999 RTP/SAVP 0\r\n",
    ],
)
def test_an_offer_that_is_no_description_is_a_bad_request(body: str):
    assert answers(invite(body)) == ["400 Bad Request (INVITE)"]


def test_malformed_signalling_is_warned_about_and_costs_nothing():
    bob = phone("bob")
    actions = bob.handle(from_alice(b"\x00\xff not SIP"), Micros(5))
    (warned,) = [action.record for action in actions if isinstance(action, Report)]
    assert isinstance(warned, Warned)
    assert (warned.at_us, warned.party) == (5, "bob")
    assert "192.0.2.1:5060 was malformed" in warned.text


@given(st.binary(max_size=400))
def test_no_octets_whatever_upset_a_phone(octets: bytes):
    bob = phone("bob")
    bob.handle(from_alice(octets), Micros(0))
    bob.handle(from_alice(octets, Transport.MEDIA), Micros(0))


@given(st.binary(max_size=200), st.sampled_from([Transport.UDP, Transport.MEDIA]))
def test_no_octets_whatever_upset_an_attacker(octets: bytes, transport: Transport):
    datagram = from_alice(octets, transport).datagram
    for attacker in (
        Eavesdropper("mallory", address("mallory")),
        KeyMgmtStripper("mallory", address("mallory"), protocol="mikey"),
        Replayer("mallory", address("mallory"), after_us=0, seed=b""),
    ):
        (sent,) = attacker.handle(DatagramIntercepted(datagram), Micros(0))
        assert isinstance(sent, SendDatagram)
        assert sent.datagram == datagram
        attacker.handle(DatagramReceived(datagram), Micros(0))


@given(st.text(max_size=200))
def test_no_offer_whatever_upsets_a_phone(body: str):
    assert len(answers(invite(body.encode("ascii", "ignore").decode()))) >= 1


def test_a_request_that_is_not_known_is_refused_and_options_are_answered():
    options = invite("").replace(b"INVITE", b"OPTIONS")
    assert answers(options) == ["200 OK (OPTIONS)"]
    assert answers(options.replace(b"OPTIONS", b"PUBLISH")) == ["405 Method Not Allowed (PUBLISH)"]


def test_an_object_that_is_no_command_is_a_mistake_of_the_scenario():
    with pytest.raises(UsageError, match="str is no command"):
        phone("alice").handle(CommandGiven("call bob"), Micros(0))
    with pytest.raises(UsageError, match="alice has no contact 'zoe'"):
        phone("alice").handle(CommandGiven(Call("zoe")), Micros(0))


@pytest.mark.requirement("4567-7.1-7")
def test_nothing_is_kept_of_calls_that_are_over():
    outcomes = [
        (Answering(), [(0, "alice", Call("bob")), (200, "alice", HangUp("bob"))]),
        (Answering(reaction=Reaction.REJECT), [(0, "alice", Call("bob"))]),
        (Answering(reaction=Reaction.IGNORE), [(0, "alice", Call("bob"))]),
        (Answering(decide_after_us=None), [(0, "alice", Call("bob")), (300, "alice", Cancel("bob"))]),
        (Answering(), [(0, "alice", Call("bob")), (200, "bob", ReKey("alice")), (900, "bob", HangUp("alice"))]),
    ]
    for answering, steps in outcomes:
        alice, bob = phone("alice"), phone("bob", answering=answering)
        many = [(at + 1_000 * n, party, command) for n in range(10) for at, party, command in steps]
        run(alice, bob, steps=many)
        assert (alice.calls, bob.calls) == (0, 0)
        assert (alice.open_bundles, bob.open_bundles) == (0, 0)


def test_a_phone_without_the_key_keeps_nothing_of_a_call_it_refused():
    alice, bob = phone("alice"), phone("bob", credentials=[NullCredential()])
    records = run(alice, bob, steps=[CALL])
    assert states(records, "bob") == ["rejected"]
    assert (alice.calls, bob.calls, alice.open_bundles, bob.open_bundles) == (0, 0, 0, 0)


def eventful() -> bytes:
    """A run with everything in it that draws lots, as octets."""
    steps = [
        CALL,
        (10, "carol", Call("bob")),
        (600, "alice", ReKey("bob")),
        (600, "bob", ReKey("alice")),
        (900, "carol", Hold("bob")),
        (1_500, "carol", Resume("bob")),
        (4_000, "bob", HangUp("carol")),
        (6_000, "alice", HangUp("bob")),
    ]
    bad = Link(delay_us=30 * MS, jitter_us=60 * MS, loss=0.2, reorder=0.1)
    records = run(
        phone("alice"),
        phone("bob"),
        phone("carol"),
        Replayer("mallory", address("mallory"), after_us=700 * MS, seed=b"mallory"),
        steps=steps,
        signalling=bad,
        media=bad,
        taps=TAPPED,
        seed=11,
    )
    return msgspec.json.encode(records)


def test_the_same_plan_gives_the_same_octets_again_and_under_another_hash_seed():
    first = hashlib.sha256(eventful()).hexdigest()
    assert hashlib.sha256(eventful()).hexdigest() == first
    script = "import hashlib\nfrom tests.exchange.nodes.test_robustness import eventful\n"
    script += "print(hashlib.sha256(eventful()).hexdigest())"
    for seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == first


def test_a_bad_network_loses_packets_and_no_call():
    records = run(
        phone("alice"),
        phone("bob"),
        steps=[CALL, (20_000, "alice", HangUp("bob"))],
        signalling=Link(delay_us=20 * MS, loss=0.3),
        media=Link(delay_us=5 * MS, loss=0.1, jitter_us=50 * MS),
        seed=3,
    )
    received = [r for r in records if isinstance(r, MediaCounted) and r.direction == "received"]
    assert all(30 <= r.packets < 50 and r.decrypted == r.packets for r in received)
    assert states(records, "alice") == ["calling", "answered", "confirmed", "ended"]
    assert any(" LOST" in line for line in lines(records))


def test_a_stranger_is_named_by_his_identity():
    bob = phone("bob", contacts={})
    records = run(phone("alice"), bob, steps=[CALL])
    assert f"40 bob answered {uri('alice')} 200" in lines(records)


def test_a_bye_while_it_rings_ends_the_early_call():
    bob = phone("bob", answering=Answering(decide_after_us=None))
    (ringing,) = [a for a in bob.handle(from_alice(invite(alices_offer())), Micros(0)) if isinstance(a, SendDatagram)]
    to = next(line for line in ringing.datagram.octets.split(b"\r\n") if line.startswith(b"To:"))
    bye = (
        invite("").replace(b"INVITE sip:bob@example.com", b"BYE sip:bob@192.0.2.2:5060").replace(b"1 INVITE", b"2 BYE")
    )
    bye = bye.replace(b"To: <sip:bob@example.com>", to).replace(b"z9hG4bK1", b"z9hG4bK2")
    actions = bob.handle(from_alice(bye), Micros(1_000))
    assert [a.summary for a in actions if isinstance(a, SendDatagram)] == [
        "200 OK (BYE)",
        "487 Request Terminated (INVITE)",
    ]
    assert [a.record.state for a in actions if isinstance(a, Report)] == ["ended"]
    assert bob.open_bundles == 0


def test_a_phone_that_ignores_calls_still_reads_what_else_comes():
    bob = phone("bob", answering=Answering(reaction=Reaction.IGNORE))
    assert bob.handle(from_alice(invite("")), Micros(0)) == []
    assert bob.calls == 0
    (warned,) = bob.handle(from_alice(b"INVITE nonsense"), Micros(0))
    assert isinstance(warned, Report)
    options = bob.handle(from_alice(invite("").replace(b"INVITE", b"OPTIONS")), Micros(0))
    assert [action.summary for action in options if isinstance(action, SendDatagram)] == ["200 OK (OPTIONS)"]

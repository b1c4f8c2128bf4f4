"""The one who alters messages on their way: which octet of which, and nothing else."""

from __future__ import annotations

import base64
import re

import pytest
from msgspec.structs import replace

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import (
    Address,
    Datagram,
    DatagramIntercepted,
    Report,
    SendDatagram,
    TimerFired,
    Transport,
)
from mikey_sdp.nodes.tampering import Tamperer
from mikey_sdp.trace import AttackMade

ALICE, BOB = Address("192.0.2.1", 5060), Address("192.0.2.2", 5060)
NOW = Micros(7)
# HDR (19 octets, one CS), T (10), RAND (2 + 16), V (2): each behind the Next payload field of the one before.
HDR = bytes.fromhex("01 00 05 80 11223344 01 00 00 0a0b0c0d 00000000")
MESSAGE = HDR + bytes.fromhex("0b 00 0123456789abcdef 09 10") + bytes(range(16)) + bytes.fromhex("00 00")
INVITE = "INVITE sip:bob@example.com SIP/2.0"
OK = "SIP/2.0 200 OK"


def datagram(first: str, body: str, *, method: str = "INVITE", number: int = 1) -> Datagram:
    text = (
        f"{first}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n"
        "From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\n"
        f"Call-ID: {number}@192.0.2.1\r\nCSeq: 1 {method}\r\nContact: <sip:alice@192.0.2.1>\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    return Datagram(source=ALICE, destination=BOB, transport=Transport.UDP, octets=text.encode())


def body(*messages: bytes, protocol: str = "mikey") -> str:
    lines = "".join(f"a=key-mgmt:{protocol} {base64.b64encode(one).decode()}\r\n" for one in messages)
    return f"v=0\r\ns=-\r\n{lines}m=audio 4000 RTP/SAVP 0\r\n"


def carried(octets: bytes) -> list[bytes]:
    return [base64.b64decode(found) for found in re.findall(rb"a=key-mgmt:\w+ (\S+)", octets)]


def tamperer(*, answers: bool = False, payload: str | None = None, octet: int | None = None) -> Tamperer:
    return Tamperer("mallory", Address("198.51.100.1", 5060), answers=answers, payload=payload, octet=octet)


def passes(node: Tamperer, one: Datagram) -> tuple[Datagram, list[str]]:
    """What goes on of a datagram, and what the attacker says that he did."""
    sent, *reports = node.handle(DatagramIntercepted(one), NOW)
    assert isinstance(sent, SendDatagram)
    said = []
    for report in reports:
        assert isinstance(report, Report)
        assert isinstance(report.record, AttackMade)
        said.append(report.record.text)
    return sent.datagram, said


def altered(node: Tamperer, one: Datagram) -> list[int]:
    """Where the first MIKEY message of a datagram was changed."""
    went, _ = passes(node, one)
    before, after = carried(one.octets)[0], carried(went.octets)[0]
    assert len(before) == len(after)
    assert all(x ^ y in (0, 1) for x, y in zip(before, after, strict=True))
    return [at for at, (x, y) in enumerate(zip(before, after, strict=True)) if x != y]


@pytest.mark.parametrize(
    ("payload", "octet", "where"),
    [("HDR", None, 18), ("HDR", 4, 4), ("T", None, 28), ("T", 2, 21), ("RAND", 0, 29), ("V", None, 48)],
)
def test_the_octet_that_was_asked_for_is_flipped(payload: str, octet: int | None, where: int) -> None:
    assert altered(tamperer(payload=payload, octet=octet), datagram(INVITE, body(MESSAGE))) == [where]


def test_each_payload_has_its_turn_and_then_all_pass() -> None:
    node = tamperer()
    places = [altered(node, datagram(INVITE, body(MESSAGE), number=number)) for number in range(6)]
    assert places == [[18], [28], [46], [48], [], []]


def test_what_sip_repeats_is_altered_in_the_same_way_and_told_once() -> None:
    node, one = tamperer(), datagram(INVITE, body(MESSAGE))
    first, said = passes(node, one)
    assert said == ["changed octet 18 of a MIKEY message, in HDR"]
    assert passes(node, one) == (first, [])
    assert altered(node, datagram(INVITE, body(MESSAGE), number=2)) == [28]


def test_the_rest_of_the_message_stays_as_it_was() -> None:
    one = datagram(INVITE, body(MESSAGE, MESSAGE))
    went, _ = passes(tamperer(payload="T"), one)
    assert went != one
    assert (went.source, went.destination, went.transport) == (ALICE, BOB, Transport.UDP)
    before, after = sip.Message.parse(one.octets), sip.Message.parse(went.octets)
    assert carried(after.body)[1] == MESSAGE
    assert after.fields == before.fields
    assert len(after.body) == len(before.body)


@pytest.mark.parametrize(
    ("answers", "first", "method", "touched"),
    [
        (False, INVITE, "INVITE", True),
        (True, INVITE, "INVITE", False),
        (False, OK, "INVITE", False),
        (True, OK, "INVITE", True),
        (True, OK, "UPDATE", False),
        (True, "SIP/2.0 488 Not Acceptable Here", "INVITE", False),
        (False, "UPDATE sip:bob@example.com SIP/2.0", "UPDATE", False),
    ],
)
def test_offers_or_answers_are_touched_and_nothing_else(answers: bool, first: str, method: str, touched: bool) -> None:
    one = datagram(first, body(MESSAGE), method=method)
    went, said = passes(tamperer(answers=answers), one)
    assert (went.octets != one.octets) is touched
    assert bool(said) is touched


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(datagram(INVITE, "v=0\r\n"), id="no key management"),
        pytest.param(datagram(INVITE, body(MESSAGE, protocol="keyp1")), id="another protocol"),
        pytest.param(datagram(INVITE, body(b"\x01\x00\x05")), id="a MIKEY message that can't be read"),
        pytest.param(datagram(INVITE, "a=key-mgmt:mikey *\r\n"), id="no base64"),
        pytest.param(replace(datagram(INVITE, body(MESSAGE)), octets=b"\xff\r\n"), id="no SIP"),
        pytest.param(replace(datagram(INVITE, body(MESSAGE)), transport=Transport.MEDIA), id="media"),
    ],
)
def test_what_he_can_not_alter_passes(one: Datagram) -> None:
    assert passes(tamperer(), one) == (one, [])


def test_an_octet_or_payload_that_is_not_there_is_left_alone() -> None:
    one = datagram(INVITE, body(MESSAGE))
    assert passes(tamperer(payload="RAND", octet=18), one) == (one, [])
    assert passes(tamperer(payload="KEMAC"), one) == (one, [])


def test_nothing_else_moves_him() -> None:
    assert tamperer().handle(TimerFired("x"), NOW) == []

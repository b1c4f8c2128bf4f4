"""What a request gets that can't be read: 400 or 505 where its header shows the way back, otherwise nothing."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import Hop, Message, Send
from mikey_sdp.sip.refusal import refuse
from tests.unit.sip.samples import INVITE, joined, request, response

SOURCE = Hop("UDP", "192.0.2.7", 5070)


def refusal(octets: bytes) -> Send | None:
    with pytest.raises(DecodeError) as caught:
        Message.parse(octets)
    return refuse(octets, SOURCE, caught.value, "tag9")


def test_a_body_cut_short_gets_400() -> None:
    sent = refusal(INVITE[:-5])
    assert sent is not None
    assert sent.hop == Hop("UDP", "192.0.2.7", 5060)
    answer = Message.parse(sent.octets)
    assert answer.summary == "400 Bad Request (body: the message ends before its body does) (INVITE)"
    assert answer.to.tag == "tag9"
    assert answer.get("Via") == "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;received=192.0.2.7"
    assert answer.get("From") == "Alice <sip:alice@example.com>;tag=1928301774"
    assert answer.call_id == "a84b4c76e66710@192.0.2.1"


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (request("OPTIONS", "no colon"), 400),
        (request("OPTIONS", "Contact: <"), 400),
        (request("OPTIONS", "bad name: x"), 400),
        (request("OPTIONS", uri="<sip:b@h>"), 400),
        (request("OPTIONS", "X: \xff").replace(b"\xc3\xbf", b"\xff"), 400),
        (request("OPTIONS").replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"), 505),
        (request("OPTIONS", "Max-Forwards: 300").replace(b"CSeq: ", b"CSeq:\r\n "), 400),
        (request("OPTIONS")[:-2], 400),
    ],
)
def test_malformed_requests(octets: bytes, status: int) -> None:
    sent = refusal(octets)
    assert sent is not None
    assert sent.octets.startswith(f"SIP/2.0 {status} ".encode())


@pytest.mark.parametrize(
    "octets",
    [
        request("ACK", "no colon"),
        response("200 OK", "no colon"),
        b"nonsense",
        joined("OPTIONS sip:b@h SIP/2.0", "Via: SIP/2.0/UDP h", "From: <sip:a@h>", "To: <sip:b@h>", "CSeq: 1 OPTIONS"),
        request("OPTIONS", "From: <sip:c@h>"),
        request("OPTIONS").replace(b"SIP/2.0/UDP h", b"SIP/2.0/UDP"),
        request("OPTIONS").replace(b"To: <sip:b@h>", b"To: <sip:b"),
        request("OPTIONS").replace(b"Via: ", b"Via "),
        request("OPTIONS").replace(b"CSeq: 1", b"CSeq: 36893488147419103232"),
        request("OPTIONS").replace(b"Call-ID: c", b"Call-ID: a\rb"),
        b"OPTIONS sip:b@h SIP/2.0\r\n",
    ],
)
def test_silence_where_nobody_could_be_answered(octets: bytes) -> None:
    assert refusal(octets) is None

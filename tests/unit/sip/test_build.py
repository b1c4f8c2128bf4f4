"""Messages that we make: complete, in order, and closed against what is put into them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    Message,
    Request,
    Response,
    Uri,
    build_ack,
    build_cancel,
    build_request,
    build_response,
    reason_for,
)
from mikey_sdp.sip.message import MAX_BODY_OCTETS
from tests.unit.sip.samples import INVITE, INVITE_LINES, SDP, joined, response

ROUTED = joined(
    *INVITE_LINES[:2],
    "Via: SIP/2.0/UDP b;branch=2, SIP/2.0/UDP c;branch=3",
    "Route: <sip:p1;lr>, <sip:p2;lr>",
    "Record-Route: <sip:p9;lr>",
    "Record-Route: <sip:p8;lr>;x=y",
    "Timestamp: 54",
    "Subject: lunch",
    *INVITE_LINES[2:],
    body=SDP,
)


def parsed(octets: bytes) -> Request:
    message = Message.parse(octets)
    assert isinstance(message, Request)
    return message


def made(**changed: object) -> Request:
    parts: dict[str, object] = {
        "via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "from_": "<sip:a@h>;tag=1",
        "to": "<sip:b@h>",
        "call_id": "c@h",
        "cseq": 7,
        "routes": ["<sip:p1;lr>", "<sip:p2;lr>"],
        "contact": "<sip:a@192.0.2.1>",
        "headers": [("Allow", "INVITE"), ("X-More", "")],
        "body": b"v=0",
    }
    method = str(changed.pop("method", "INVITE"))
    return build_request(method, Uri.parse("sip:b@h"), **(parts | changed))  # type: ignore[arg-type]


def test_a_request_is_whole_and_in_order() -> None:
    assert made().octets.decode().split("\r\n") == [
        "INVITE sip:b@h SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "Max-Forwards: 70",
        "Route: <sip:p1;lr>",
        "Route: <sip:p2;lr>",
        "From: <sip:a@h>;tag=1",
        "To: <sip:b@h>",
        "Call-ID: c@h",
        "CSeq: 7 INVITE",
        "Contact: <sip:a@192.0.2.1>",
        "Allow: INVITE",
        "X-More: ",
        "Content-Type: application/sdp",
        "Content-Length: 3",
        "",
        "v=0",
    ]
    assert Message.parse(made().octets) == made()


@pytest.mark.parametrize("part", ["via", "from_", "to", "call_id", "contact", "content_type", "method"])
def test_nothing_breaks_out_of_a_request(part: str) -> None:
    with pytest.raises(UsageError):
        made(**{part: "x\r\nEvil: yes"})
    with pytest.raises(UsageError):
        made(headers=[("X", "a\nb")])
    with pytest.raises(UsageError):
        made(headers=[("X: y\r\nZ", "a")])
    with pytest.raises(UsageError):
        made(routes=["<sip:p>\r\n"])
    with pytest.raises(UsageError, match="octets"):
        made(body=bytes(MAX_BODY_OCTETS + 1))


def test_a_response_takes_over_what_it_must() -> None:
    request = parsed(ROUTED)
    ringing = build_response(request, 180, to_tag="t9", contact="<sip:b@192.0.2.2>", record_route=True)
    assert ringing.octets.decode().split("\r\n") == [
        "SIP/2.0 180 Ringing",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds",
        "Via: SIP/2.0/UDP b;branch=2, SIP/2.0/UDP c;branch=3",
        "Record-Route: <sip:p9;lr>",
        "Record-Route: <sip:p8;lr>;x=y",
        "From: Alice <sip:alice@example.com>;tag=1928301774",
        "To: Bob <sip:bob@example.com>;tag=t9",
        "Call-ID: a84b4c76e66710@192.0.2.1",
        "CSeq: 314159 INVITE",
        "Contact: <sip:b@192.0.2.2>",
        "Content-Length: 0",
        "",
        "",
    ]
    assert Message.parse(ringing.octets) == ringing


def test_record_route_only_where_asked_timestamp_only_in_100() -> None:
    request = parsed(ROUTED)
    trying, refusal = build_response(request, 100), build_response(request, 486, to_tag="t9")
    assert (trying.get("Timestamp"), trying.to.tag, trying.get("Record-Route")) == ("54", "", None)
    assert (refusal.get("Timestamp"), refusal.to.tag, refusal.get("Record-Route")) == (None, "t9", None)


def test_a_to_tag_that_is_there_stays() -> None:
    inside = parsed(INVITE).with_field("To", "<sip:bob@h>;tag=there")
    assert build_response(inside, 200, to_tag="other").to.tag == "there"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda request: build_response(request, 99),
        lambda request: build_response(request, 700),
        lambda request: build_response(request, 200, "OK\r\nEvil: yes"),
        lambda request: build_response(request, 200, to_tag="x\r\nEvil: yes"),
        lambda request: build_response(request, 200, contact="x\r\n"),
        lambda request: build_response(request, 200, body=bytes(MAX_BODY_OCTETS + 1)),
    ],
)
def test_nothing_breaks_out_of_a_response(wrong: Callable[[Request], Response]) -> None:
    with pytest.raises(UsageError):
        wrong(parsed(INVITE))


def test_the_ack_of_a_refusal() -> None:
    refusal = Message.parse(
        response("486 Busy Here", method="INVITE").replace(b"To: <sip:b@h>", b"To: <sip:b@h>;tag=z")
    )
    assert isinstance(refusal, Response)
    assert build_ack(parsed(ROUTED), refusal).octets.decode().split("\r\n") == [
        "ACK sip:bob@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds",
        "Max-Forwards: 70",
        "Route: <sip:p1;lr>, <sip:p2;lr>",
        "From: Alice <sip:alice@example.com>;tag=1928301774",
        "Call-ID: a84b4c76e66710@192.0.2.1",
        "CSeq: 314159 ACK",
        "To: <sip:b@h>;tag=z",
        "Content-Length: 0",
        "",
        "",
    ]


def test_a_cancel_travels_like_its_request() -> None:
    cancel = build_cancel(parsed(ROUTED), [("Reason", "SIP;cause=200")])
    assert cancel.octets.decode().split("\r\n")[:9] == [
        "CANCEL sip:bob@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds",
        "Max-Forwards: 70",
        "Route: <sip:p1;lr>, <sip:p2;lr>",
        "From: Alice <sip:alice@example.com>;tag=1928301774",
        "To: Bob <sip:bob@example.com>",
        "Call-ID: a84b4c76e66710@192.0.2.1",
        "CSeq: 314159 CANCEL",
        "Reason: SIP;cause=200",
    ]
    assert Message.parse(cancel.octets) == cancel


def test_every_status_has_words() -> None:
    assert (reason_for(488), reason_for(487), reason_for(299), reason_for(699)) == (
        "Not Acceptable Here",
        "Request Terminated",
        "OK",
        "Busy Everywhere",
    )

"""Where messages go."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import Hop, Message, Request, Uri, locate_literal
from mikey_sdp.sip.routing import received_from, way_back
from tests.unit.sip.samples import joined


@pytest.mark.parametrize(
    ("uri", "hop"),
    [
        ("sip:a@192.0.2.1", Hop("UDP", "192.0.2.1", 5060)),
        ("sip:a@192.0.2.1:5070;transport=tcp", Hop("TCP", "192.0.2.1", 5070)),
        ("sip:192.0.2.1;transport=TLS", Hop("TLS", "192.0.2.1", 5061)),
        ("sips:192.0.2.1", Hop("TLS", "192.0.2.1", 5061)),
        ("sips:192.0.2.1;transport=tcp", Hop("TLS", "192.0.2.1", 5061)),
        ("sip:a@[2001:DB8::1]", Hop("UDP", "2001:db8::1", 5060)),
        ("sip:a@example.com;maddr=192.0.2.9", Hop("UDP", "192.0.2.9", 5060)),
        ("sip:a@example.com", None),
        ("sip:a@h1", None),
        ("tel:+123", None),
    ],
)
def test_the_next_hop_of_a_uri(uri: str, hop: Hop | None) -> None:
    assert locate_literal(Uri.parse(uri)) == hop


def arrived(via: str) -> Request:
    message = Message.parse(
        joined(
            "OPTIONS sip:b@h SIP/2.0",
            f"Via: {via}, SIP/2.0/UDP earlier;x=1",
            "From: <sip:a@h>;tag=1",
            "To: <sip:b@h>",
            "Call-ID: c",
            "CSeq: 1 OPTIONS",
        )
    )
    assert isinstance(message, Request)
    return message


SOURCE = Hop("UDP", "192.0.2.7", 9988)


@pytest.mark.parametrize(
    ("via", "noted", "back"),
    [
        ("SIP/2.0/UDP 192.0.2.7", "SIP/2.0/UDP 192.0.2.7", Hop("UDP", "192.0.2.7", 5060)),
        ("SIP/2.0/UDP 192.0.2.7:5070", "SIP/2.0/UDP 192.0.2.7:5070", Hop("UDP", "192.0.2.7", 5070)),
        ("SIP/2.0/UDP h:5070", "SIP/2.0/UDP h:5070;received=192.0.2.7", Hop("UDP", "192.0.2.7", 5070)),
        ("SIP/2.0/UDP 10.1.1.1", "SIP/2.0/UDP 10.1.1.1;received=192.0.2.7", Hop("UDP", "192.0.2.7", 5060)),
        (
            "SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff",
            "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.7",
            Hop("UDP", "192.0.2.7", 9988),
        ),
        (
            "SIP/2.0/UDP 192.0.2.7;rport;received=9.9.9.9",
            "SIP/2.0/UDP 192.0.2.7;rport=9988;received=192.0.2.7",
            Hop("UDP", "192.0.2.7", 9988),
        ),
        (
            "SIP/2.0/UDP 192.0.2.7:5070;maddr=192.0.2.8",
            "SIP/2.0/UDP 192.0.2.7:5070;maddr=192.0.2.8",
            Hop("UDP", "192.0.2.8", 5070),
        ),
    ],
)
def test_the_source_is_noted_and_the_answer_finds_back(via: str, noted: str, back: Hop) -> None:
    request = received_from(arrived(via), SOURCE)
    assert request.all("Via") == (f"{noted}, SIP/2.0/UDP earlier;x=1",)
    assert str(request.via) == noted
    assert way_back(request, SOURCE) == back


def test_a_request_that_tells_the_truth_is_left_alone() -> None:
    request = arrived("SIP/2.0/UDP [2001:DB8:0::1]:5060")
    assert received_from(request, Hop("UDP", "2001:db8::1", 5060)) is request


def test_over_a_connection_the_answer_takes_the_connection() -> None:
    source = Hop("TCP", "192.0.2.7", 50123)
    request = received_from(arrived("SIP/2.0/TCP h:5060;maddr=192.0.2.8"), source)
    assert way_back(request, source) == source

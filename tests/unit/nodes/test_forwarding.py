"""What a proxy changes in a message that it passes on, and which it does not pass on."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.forwarding import Forwarding, mark_of
from mikey_sdp.nodes.location import LocationTable
from mikey_sdp.nodes.proxy_config import Place, ServerConfig
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import Hop, Message, Request, TransactionLayer, Uri

PROXY = "192.0.2.100"


def forwarding(*, record_route: bool = False, transport: Transport = Transport.UDP) -> Forwarding:
    config = ServerConfig(
        name="proxy",
        address=Address(PROXY, 5060),
        transport=transport,
        domains=("example.com",),
        places={"example.net": Place(address=Address("192.0.2.101", 5070), transport=Transport.TCP)},
        record_route=record_route,
        seed=b"",
        epoch_unix_us=0,
    )
    layer = TransactionLayer(local=Hop(transport, PROXY, 5060), entropy=SeededEntropy(b"x"))
    return Forwarding(config, LocationTable(config), layer)


def request(*lines: str, method: str = "INVITE", uri: str = "sip:bob@example.com", hops: int | None = 70) -> Request:
    head = [
        f"{method} {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa",
        *([] if hops is None else [f"Max-Forwards: {hops}"]),
        "From: <sip:a@h>;tag=1",
        "To: <sip:b@h>",
        "Call-ID: c",
        f"CSeq: 7 {method}",
        *lines,
    ]
    message = Message.parse("\r\n".join([*head, "", ""]).encode())
    assert isinstance(message, Request)
    return message


def passed(message: Request, uri: str = "sip:bob@192.0.2.11", **settings: bool) -> tuple[Request, Hop]:
    found = forwarding(**settings).prepared(message, Uri.parse(uri), mark=mark_of(message), arrived_by="UDP")
    assert found is not None
    return found


def test_a_request_goes_on_with_one_hop_less_and_our_via_on_top() -> None:
    message, hop = passed(request("X-Kept:  as  it is "))
    assert message.octets.startswith(
        b"INVITE sip:bob@192.0.2.11 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bK"
    )
    assert (message.max_forwards, len(message.vias), hop) == (69, 2, Hop("UDP", "192.0.2.11", 5060))
    assert b"X-Kept:  as  it is \r\n" in message.octets
    assert message.via.branch.endswith(f"-{mark_of(request())}")
    assert passed(request(hops=None))[0].max_forwards == 70


def test_a_target_goes_out_without_what_a_request_uri_must_not_have() -> None:
    message, _ = passed(request(), "sip:bob@192.0.2.11;method=BYE;x=y?Subject=z")
    assert str(message.uri) == "sip:bob@192.0.2.11;x=y"


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (request(hops=0), 483),
        (request(uri="tel:+123"), 416),
        (request("Proxy-Require: x, y"), 420),
        (request(hops=1), None),
        (request(f"Via: SIP/2.0/UDP {PROXY}:5060;branch=z9hG4bK1-{mark_of(request())}"), 482),
        (request(f"Via: SIP/2.0/UDP {PROXY};branch=z9hG4bK1-{mark_of(request())}"), 482),
        (request(f"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1-{mark_of(request())}"), None),
        (request(f"Via: SIP/2.0/UDP {PROXY}:5060;branch=z9hG4bK1-{mark_of(request(uri='sip:other@h'))}"), None),
    ],
)
def test_what_goes_no_further(message: Request, status: int | None) -> None:
    refusal = forwarding().refusal(message)
    assert (refusal and refusal[0]) == status
    if status == 420:
        assert refusal == (420, (("Unsupported", "x, y"),))


def test_what_routes_a_request_makes_its_mark() -> None:
    same = request("Subject: x", method="CANCEL", hops=3)
    assert mark_of(same) == mark_of(request())
    others = [
        request(uri="sip:carol@example.com"),
        request("Route: <sip:p;lr>"),
        Message.parse(request().octets.replace(b"Call-ID: c", b"Call-ID: d")),
        Message.parse(request().octets.replace(b"To: <sip:b@h>", b"To: <sip:b@h>;tag=2")),
        Message.parse(request().octets.replace(b"CSeq: 7", b"CSeq: 8")),
    ]
    marks = {mark_of(other) for other in others if isinstance(other, Request)}
    assert len(marks | {mark_of(request())}) == 6


def test_our_own_routes_are_taken_off_and_the_next_is_followed() -> None:
    lines = [f"Route: <sip:{PROXY};lr>, <sip:{PROXY}:5060;transport=tcp;lr>", "Route: <sip:192.0.2.101:5070;lr>"]
    routed = forwarding().stripped(request(*lines))
    assert routed.all("Route") == ("<sip:192.0.2.101:5070;lr>",)
    message, hop = passed(routed)
    assert (hop, str(message.uri)) == (Hop("UDP", "192.0.2.101", 5070), "sip:bob@192.0.2.11")
    assert message.all("Route") == ("<sip:192.0.2.101:5070;lr>",)


def test_a_strict_router_before_us_hid_the_target_and_one_behind_us_gets_it_hidden() -> None:
    hidden = request("Route: <sip:192.0.2.50;lr>, <sip:bob@192.0.2.11>", uri=f"sip:{PROXY};lr")
    found = forwarding().stripped(hidden)
    assert (str(found.uri), found.all("Route")) == ("sip:bob@192.0.2.11", ("<sip:192.0.2.50;lr>",))
    message, hop = passed(request("Route: <sip:192.0.2.60>, <sip:192.0.2.61;lr>"))
    assert (str(message.uri), hop.host) == ("sip:192.0.2.60", "192.0.2.60")
    assert message.all("Route") == ("<sip:192.0.2.61;lr>", "<sip:bob@192.0.2.11>")


def test_a_host_name_leads_where_the_configuration_says() -> None:
    server = forwarding()
    assert server.locate(Uri.parse("sip:bob@Example.net")) == Hop("TCP", "192.0.2.101", 5070)
    assert server.locate(Uri.parse("sip:bob@example.net:9;transport=tls")) == Hop("TLS", "192.0.2.101", 9)
    assert server.locate(Uri.parse("sip:bob@elsewhere.example")) is None
    nowhere = Uri.parse("sip:bob@elsewhere.example")
    assert server.prepared(request(), nowhere, mark="", arrived_by="UDP") is None


def test_only_who_records_its_route_stays_on_the_way_and_only_of_invites() -> None:
    assert passed(request())[0].all("Record-Route") == ()
    assert passed(request(method="BYE"), record_route=True)[0].all("Record-Route") == ()
    first = passed(request(), record_route=True)[0]
    assert first.all("Record-Route") == (f"<sip:{PROXY}:5060;lr>",)
    second = passed(request("Record-Route: <sip:192.0.2.9;lr>"), record_route=True)[0]
    assert second.all("Record-Route") == (f"<sip:{PROXY}:5060;lr>", "<sip:192.0.2.9;lr>")


def test_a_change_of_transport_is_recorded_from_both_sides() -> None:
    message, hop = passed(request(), "sip:bob@192.0.2.11;transport=tcp", record_route=True)
    assert (hop.transport, message.via.transport) == ("TCP", "TCP")
    assert message.all("Record-Route") == (f"<sip:{PROXY}:5060;transport=tcp;lr>", f"<sip:{PROXY}:5060;lr>")


def test_an_ack_goes_on_with_a_branch_that_is_the_same_for_the_same_ack() -> None:
    ack = request(f"Route: <sip:{PROXY};lr>", method="ACK", uri="sip:bob@192.0.2.11")
    once, again = (forwarding().acknowledged(ack, "UDP") for _ in range(2))
    assert once is not None
    assert again is not None
    assert once[0].octets == again[0].octets
    assert (once[1], once[0].routes, once[0].max_forwards) == (Hop("UDP", "192.0.2.11", 5060), (), 69)
    other = forwarding().acknowledged(ack.with_field("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb"), "UDP")
    assert other is not None
    assert other[0].via.branch != once[0].via.branch
    assert forwarding().acknowledged(request(method="ACK", hops=0), "UDP") is None
    assert forwarding().acknowledged(request(method="ACK", uri="sip:bob@elsewhere.example"), "UDP") is None

"""Which transport a request takes, and what the Contact says about it."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import Hop, InviteReceived, Message, Request, Send, Uri
from tests.exchange.sip.call import CALLEE, CALLER, Call
from tests.exchange.sip.network import OFFER, Agent, Network

TLS = Hop("TLS", "192.0.2.2", 5061)


def sent(agent: Agent, outputs: list[object]) -> tuple[Request, Hop]:
    """The request that goes out."""
    (send,) = [out for out in outputs if isinstance(out, Send)]
    message = Message.parse(send.octets)
    assert isinstance(message, Request)
    return message, send.hop


@pytest.mark.parametrize(("octets", "transport"), [(0, "UDP"), (400, "UDP"), (1000, "TCP")])
def test_a_request_too_large_for_a_datagram_takes_tcp(octets: int, transport: str) -> None:
    alice = Network().agent("alice", 1, largest_datagram=1300)
    hop = Hop("UDP", "192.0.2.2", 5060)
    _, outputs = alice.core.invite(CALLEE, caller=CALLER, hop=hop, body=OFFER + bytes(octets))
    request, way = sent(alice, outputs)
    assert (way, request.via.transport) == (Hop(transport, "192.0.2.2", 5060), transport)
    assert len(request.vias) == 1
    assert (len(request.octets) > 1300) == (transport == "TCP")


def test_without_a_limit_and_over_tls_size_changes_nothing() -> None:
    body = OFFER + bytes(5000)
    alice = Network().agent("alice", 1)
    _, outputs = alice.core.invite(CALLEE, caller=CALLER, hop=TLS._replace(transport="UDP"), body=body)
    assert sent(alice, outputs)[1].transport == "UDP"
    alice = Network().agent("alice", 1, largest_datagram=1300)
    _, outputs = alice.core.invite(CALLEE, caller=CALLER, hop=TLS, body=body)
    assert sent(alice, outputs)[0].via.transport == "TLS"


def test_a_large_request_inside_a_dialog_takes_tcp_under_one_number() -> None:
    call = Call(largest_datagram=1300).talk()
    _, outputs = call.alice.core.reinvite(call.dialog(call.alice), body=OFFER + bytes(1300))
    request, way = sent(call.alice, outputs)
    assert (way.transport, request.via.transport, request.cseq.number) == ("TCP", "TCP", 2)


@pytest.mark.parametrize(
    "named",
    [
        {"uri": Uri.parse("sips:bob@192.0.2.2")},
        {"routes": ["<sips:192.0.2.2;lr>"]},
        {"routes": ["<sips:192.0.2.2;lr>"], "hop": TLS},
    ],
)
def test_a_secure_way_needs_a_secure_contact(named: dict[str, object]) -> None:
    alice = Network().agent("alice", 1)
    _, outputs = alice.core.invite(CALLEE, caller=CALLER, body=OFFER, **named)  # type: ignore[arg-type]
    request, way = sent(alice, outputs)
    assert str(request.contacts[0].uri) == "sips:alice@192.0.2.1:5060"
    assert way == TLS


@pytest.mark.parametrize(
    ("uri", "lines", "secure"),
    [
        ("sips:bob@192.0.2.2", ["Contact: <sip:a@192.0.2.1>"], True),
        ("sip:bob@192.0.2.2", ["Contact: <sips:a@192.0.2.1>"], True),
        ("sip:bob@192.0.2.2", ["Contact: <sip:a@192.0.2.1>", "Record-Route: <sips:p;lr>, <sip:q;lr>"], True),
        ("sip:bob@192.0.2.2", ["Contact: <sips:a@192.0.2.1>", "Record-Route: <sip:p;lr>, <sips:q;lr>"], False),
        ("sip:bob@192.0.2.2", ["Contact: <sip:a@192.0.2.1>"], False),
    ],
)
def test_the_callee_answers_a_secure_invite_with_a_secure_contact(uri: str, lines: list[str], secure: bool) -> None:
    bob = Network().agent("bob", 2)
    head = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1",
        "From: <sip:a@h>;tag=1",
        "To: <sip:b@h>",
    ]
    octets = "\r\n".join([*head, "Call-ID: c", "CSeq: 1 INVITE", *lines, "", ""]).encode()
    (event,) = [out for out in bob.core.receive(octets, TLS) if isinstance(out, InviteReceived)]
    outputs = bob.core.respond(event.incoming, 200)
    (send,) = [out for out in outputs if isinstance(out, Send)]
    expected = "sips:bob@192.0.2.2:5060" if secure else "sip:bob@192.0.2.2:5060;transport=tls"
    assert str(send.message.contacts[0].uri) == expected

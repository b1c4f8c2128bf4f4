"""What a user agent answers by itself, before anybody is asked."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import AckReceived, Discarded, Hop, InviteReceived, Message, RequestReceived, Response, Send
from tests.exchange.sip.network import Agent, Network

SOURCE = Hop("UDP", "192.0.2.1", 5060)


def bob() -> Agent:
    return Network().agent("bob", 2, supported=["100rel"], agent="test/1")


def request(
    method: str, *more: str, uri: str = "sip:bob@192.0.2.2", branch: str = "1", to: str = "", cseq: int = 1
) -> bytes:
    return "\r\n".join(
        [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{branch}",
            "From: <sip:a@h>;tag=1",
            f"To: <sip:b@h>{to}",
            "Call-ID: c",
            f"CSeq: {cseq} {method}",
            *more,
            "",
            "",
        ]
    ).encode()


CONTACT = "Contact: <sip:a@192.0.2.1>"


def answer(agent: Agent, octets: bytes) -> Response:
    """The only message that goes out, and nobody is told."""
    outputs = agent.core.receive(octets, SOURCE)
    (send,) = [out for out in outputs if isinstance(out, Send)]
    assert not any(isinstance(out, (InviteReceived, RequestReceived)) for out in outputs)
    message = Message.parse(send.octets)
    assert isinstance(message, Response)
    assert message.to.tag
    assert message.get("Server") == "test/1"
    return message


@pytest.mark.parametrize(
    ("octets", "status", "name", "value"),
    [
        (request("PUBLISH"), 405, "Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK"),
        (request("OPTIONS", uri="isbn:2983792873"), 416, "Allow", None),
        (
            request("OPTIONS", "Require: 100rel, nothingSupportsThis", "Require: x"),
            420,
            "Unsupported",
            "nothingSupportsThis, x",
        ),
        (request("INVITE"), 400, "Contact", None),
        (request("INVITE", CONTACT, CONTACT), 400, "Contact", None),
        (request("INVITE", "Contact: *"), 400, "Contact", None),
        (request("BYE"), 481, "Contact", None),
        (request("BYE", to=";tag=unknown"), 481, "Contact", None),
        (request("INVITE", CONTACT, to=";tag=unknown"), 481, "Contact", None),
        (request("OPTIONS", to=";tag=unknown"), 481, "Contact", None),
        (request("CANCEL"), 481, "Contact", None),
    ],
)
def test_unfit_requests_are_refused(octets: bytes, status: int, name: str, value: str | None) -> None:
    response = answer(bob(), octets)
    assert (response.status, response.get(name)) == (status, value)


def test_the_same_request_by_another_way_is_a_loop() -> None:
    agent = bob()
    assert isinstance(agent.core.receive(request("INVITE", CONTACT), SOURCE)[-1], InviteReceived)
    assert answer(agent, request("INVITE", CONTACT, branch="2")).status == 482
    assert isinstance(agent.core.receive(request("INVITE", CONTACT, branch="3", cseq=2), SOURCE)[-1], InviteReceived)


def test_a_request_that_requires_what_we_do_is_taken() -> None:
    assert isinstance(bob().core.receive(request("OPTIONS", "Require: 100rel"), SOURCE)[-1], RequestReceived)


def test_an_ack_for_nothing_gets_no_answer() -> None:
    (output,) = bob().core.receive(request("ACK", to=";tag=x"), SOURCE)
    assert isinstance(output, Discarded)


def test_a_cancel_for_a_request_that_was_refused_without_asking() -> None:
    agent = bob()
    assert answer(agent, request("INVITE")).status == 400
    assert answer(agent, request("CANCEL")).status == 200


def test_malformed_requests_are_told_so_and_reported() -> None:
    outputs = bob().core.receive(request("INVITE", "Contact: <"), SOURCE)
    assert [type(out) for out in outputs] == [Discarded, Send]
    assert isinstance(outputs[0], Discarded)
    assert outputs[0].error is not None
    assert outputs[0].error.field == "Contact"


def test_a_caller_of_old_has_no_tag() -> None:
    agent = bob()
    octets = request("INVITE", CONTACT).replace(b";tag=1", b"")
    (event,) = [out for out in agent.core.receive(octets, SOURCE) if isinstance(out, InviteReceived)]
    agent.core.respond(event.incoming, 200)
    dialog = event.incoming.dialog
    assert dialog is not None
    assert (dialog.remote_tag, str(dialog.remote)) == ("", "<sip:a@h>")
    bye = request("BYE", to=f";tag={dialog.local_tag}", branch="9", cseq=2).replace(b";tag=1", b"")
    assert answer(agent, bye).status == 200


def test_every_answer_of_one_request_has_the_same_tag() -> None:
    agent = bob()
    (event,) = [
        out for out in agent.core.receive(request("INVITE", CONTACT), SOURCE) if isinstance(out, InviteReceived)
    ]
    said = [agent.core.respond(event.incoming, status) for status in (100, 180, 183, 200)]
    sent = [out.message for outputs in said for out in outputs if isinstance(out, Send)]
    assert [message.to.tag != "" for message in sent] == [False, True, True, True]
    assert len({message.to.tag for message in sent[1:]}) == 1
    assert [len(message.contacts) for message in sent] == [0, 1, 1, 1]


def test_a_number_that_was_used_is_out_of_order() -> None:
    agent = bob()
    (event,) = [
        out for out in agent.core.receive(request("INVITE", CONTACT), SOURCE) if isinstance(out, InviteReceived)
    ]
    agent.core.respond(event.incoming, 200)
    tag = f";tag={event.incoming.tag}"
    assert answer(agent, request("OPTIONS", to=tag, branch="2")).status == 500
    assert isinstance(agent.core.receive(request("OPTIONS", to=tag, branch="3", cseq=9), SOURCE)[-1], RequestReceived)
    assert answer(agent, request("OPTIONS", to=tag, branch="4", cseq=9)).status == 500
    assert answer(agent, request("OPTIONS", to=tag, branch="5", cseq=8)).status == 500


def test_an_ack_of_another_invite_confirms_nothing() -> None:
    agent = bob()
    (event,) = [
        out for out in agent.core.receive(request("INVITE", CONTACT), SOURCE) if isinstance(out, InviteReceived)
    ]
    agent.core.respond(event.incoming, 200)
    tag = f";tag={event.incoming.tag}"
    assert agent.core.receive(request("ACK", to=tag, branch="2", cseq=2), SOURCE) == []
    assert agent.core.timer_fired("sip/2xx/1") != []
    confirmed = agent.core.receive(request("ACK", to=tag, branch="3"), SOURCE)
    assert isinstance(confirmed[-1], AckReceived)
    assert agent.core.timer_fired("sip/2xx/1") == []


def test_a_route_is_copied_into_what_makes_a_dialog() -> None:
    agent = bob()
    lines = ("Record-Route: <sip:192.0.2.31;lr>, <sip:192.0.2.32;lr>", "Record-Route: <sip:192.0.2.33;lr>", CONTACT)
    (event,) = [out for out in agent.core.receive(request("INVITE", *lines), SOURCE) if isinstance(out, InviteReceived)]
    said = [agent.core.respond(event.incoming, status) for status in (100, 183, 200)]
    sent = [out.message for outputs in said for out in outputs if isinstance(out, Send)]
    assert [len(message.record_routes) for message in sent] == [0, 3, 3]
    dialog = event.incoming.dialog
    assert dialog is not None
    assert [str(route.uri.host) for route in dialog.route_set] == ["192.0.2.31", "192.0.2.32", "192.0.2.33"]
    agent.core.receive(request("ACK", branch="7", to=f";tag={dialog.local_tag}"), SOURCE)
    bye = agent.core.request(dialog, "BYE")[1][0]
    assert isinstance(bye, Send)
    assert bye.hop == ("UDP", "192.0.2.31", 5060)
    assert len(bye.message.routes) == 3


def test_timers_that_fire_too_late_do_nothing() -> None:
    agent = bob()
    for name in ("sip/2xx/1", "sip/ack/1", "sip/cancel/1", "sip/2xx/x", "sip/2xx/", "sip/A/1", "other"):
        assert agent.core.timer_fired(name) == []
    assert not agent.core.owns_timer("media/1")

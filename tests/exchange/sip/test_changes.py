"""Requests while two user agents talk: changes of the session, glare, order, and requests outside of dialogs."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    AckReceived,
    AnswerReceived,
    DialogState,
    InviteReceived,
    InviteRefused,
    RequestReceived,
    ResponseReceived,
)
from tests.exchange.sip.call import CALLER, Call
from tests.exchange.sip.network import ANSWER, OFFER


def test_either_side_may_change_the_session() -> None:
    call = Call().talk()
    for agent, peer in ((call.alice, call.bob), (call.bob, call.alice)):
        peer.on(
            InviteReceived,
            lambda event, peer=peer: peer.core.respond(event.incoming, 200, body=b"again", headers=[("X", "y")]),
        )
        agent.on(AnswerReceived, lambda event, agent=agent: agent.core.acknowledge(event.invite, event.dialog))
        since = len(call.net.ladder)
        again, outputs = agent.core.reinvite(call.dialog(agent), body=OFFER)
        call.net.do(agent, outputs)
        assert call.dialog(agent).invite_open
        call.net.run(call.net.now_us + 1_000_000)
        assert call.net.first_lines(since=since) == [f"{agent.name} INVITE", f"{peer.name} 200", f"{agent.name} ACK"]
        received = peer.all(InviteReceived)[-1]
        assert received.dialog is call.dialog(peer)
        assert received.request.to.tag == call.dialog(peer).local_tag
        assert agent.all(AnswerReceived)[-1].dialog is call.dialog(agent)
        assert peer.told[-1] == "AckReceived"
        assert not call.dialog(agent).invite_open
        assert not call.dialog(peer).invite_open
        assert again.dialog is call.dialog(agent)
    call.hang_up(call.bob)
    call.finish()
    assert [send.message.cseq.number for send in call.net.sent if send.message.summary.startswith("INVITE")] == [
        1,
        2,
        1,
    ]


def test_two_changes_that_meet_get_491() -> None:
    call = Call().talk()
    for agent in (call.alice, call.bob):
        call.net.do(agent, agent.core.reinvite(call.dialog(agent), body=OFFER)[1])
    call.net.run(2_000_000)
    assert call.net.first_lines(since=4) == [
        "alice INVITE",
        "bob INVITE",
        "bob 491",
        "alice 491",
        "alice ACK",
        "bob ACK",
    ]
    assert [agent.one(InviteRefused).status for agent in (call.alice, call.bob)] == [491, 491]
    assert call.dialog(call.alice).state == DialogState.CONFIRMED
    waits = {
        agent.name: {agent.core.glare_delay_us(call.dialog(agent)) for _ in range(200)}
        for agent in (call.alice, call.bob)
    }
    assert min(waits["alice"]) >= 2_100_000
    assert max(waits["alice"]) <= 4_000_000
    assert max(waits["bob"]) <= 2_000_000
    assert all(wait % 10_000 == 0 for wait in waits["alice"] | waits["bob"])
    assert len(waits["bob"]) > 50


def test_a_second_invite_before_the_first_is_answered_gets_500() -> None:
    call = Call().talk()
    dialog = call.dialog(call.alice)
    call.net.do(call.alice, call.alice.core.reinvite(dialog, body=OFFER)[1])
    call.net.run(1_100_000)
    with pytest.raises(UsageError, match=r"14\.1"):
        call.alice.core.reinvite(dialog, body=OFFER)
    dialog.own_invite = None
    dialog.negotiation.pending = None
    call.net.do(call.alice, call.alice.core.reinvite(dialog, body=OFFER)[1])
    call.net.run(1_200_000)
    answer = call.net.message("500")
    assert answer.retry_after is not None
    assert 0 <= answer.retry_after <= 10
    incoming = call.bob.all(InviteReceived)[-1].incoming
    call.net.do(call.bob, call.bob.core.respond(incoming, 488))
    assert not call.dialog(call.bob).invite_open


def test_a_change_after_a_lost_ack_settles_what_went_before() -> None:
    call = Call()
    call.net.lose = lambda send: send.message.summary.startswith("ACK")
    call.dial()
    call.net.run(400_000)
    first = call.bob.one(InviteReceived).incoming
    assert call.dialog(call.bob).awaiting_ack is first
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 200))
    call.net.do(call.alice, call.alice.core.reinvite(call.dialog(call.alice), body=OFFER)[1])
    call.net.lose = lambda _send: False
    call.net.run(40_000_000)
    assert call.net.first_lines(since=4) == ["alice INVITE", "bob 200", "alice ACK"]
    assert call.bob.one(AckReceived).incoming is call.bob.all(InviteReceived)[-1].incoming
    assert call.bob.told[-1] == "AckReceived"
    assert not call.dialog(call.bob).invite_open


def test_a_refused_change_changes_nothing() -> None:
    call = Call().talk()
    before = call.dialog(call.bob).remote_target
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 488))
    outputs = call.alice.core.reinvite(call.dialog(call.alice), body=OFFER, headers=[("X", "y")])[1]
    octets = outputs[0].octets.replace(b"alice@192.0.2.1:5060>", b"alice@192.0.2.99:5060>")  # type: ignore[union-attr]
    call.net.do(call.bob, call.bob.core.receive(octets, call.alice.address))
    assert call.dialog(call.bob).remote_target == before
    assert call.dialog(call.bob).state == DialogState.CONFIRMED
    assert not call.dialog(call.bob).invite_open


def test_an_accepted_change_moves_the_target() -> None:
    call = Call().talk()
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 200))
    outputs = call.alice.core.reinvite(call.dialog(call.alice), body=OFFER)[1]
    octets = outputs[0].octets.replace(b"alice@192.0.2.1:5060>", b"alice@192.0.2.99:5060>")  # type: ignore[union-attr]
    call.net.do(call.bob, call.bob.core.receive(octets, call.alice.address))
    assert str(call.dialog(call.bob).remote_target) == "sip:alice@192.0.2.99:5060"


def test_requests_out_of_order_get_500() -> None:
    call = Call(allow=["INVITE", "ACK", "CANCEL", "BYE", "INFO"]).talk()
    first = call.alice.core.request(call.dialog(call.alice), "INFO")[1][0]
    second = call.alice.core.request(call.dialog(call.alice), "INFO", body=b"x", content_type="text/plain")[1][0]
    call.net.do(call.bob, call.bob.core.receive(second.octets, call.alice.address))  # type: ignore[union-attr]
    call.net.do(call.bob, call.bob.core.receive(first.octets, call.alice.address))  # type: ignore[union-attr]
    assert call.bob.one(RequestReceived).request.body == b"x"
    assert call.net.message("500").summary == "500 Server Internal Error (CSeq out of order) (INFO)"
    assert call.bob.one(RequestReceived).dialog is call.dialog(call.bob)


def test_other_requests_are_passed_up_and_answered() -> None:
    call = Call(allow=["INVITE", "ACK", "CANCEL", "BYE", "UPDATE"]).talk()
    call.bob.on(RequestReceived, lambda event: call.bob.core.respond(event.incoming, 200, body=ANSWER))
    outgoing, outputs = call.alice.core.request(call.dialog(call.alice), "UPDATE", body=OFFER)
    call.net.do(call.alice, outputs)
    call.net.run(2_000_000)
    received = call.alice.one(ResponseReceived)
    assert (received.outgoing, received.status, received.dialog) == (outgoing, 200, call.dialog(call.alice))
    assert received.response is not None
    assert (received.response.body, len(received.response.contacts), outgoing.method) == (ANSWER, 1, "UPDATE")
    assert len(call.net.message("UPDATE").contacts) == 1
    assert outgoing.request.octets == call.net.message("UPDATE").octets


def test_an_accepted_update_moves_the_target_of_both() -> None:
    call = Call(allow=["INVITE", "ACK", "CANCEL", "BYE", "UPDATE"]).talk()
    call.bob.on(RequestReceived, lambda event: call.bob.core.respond(event.incoming, 200))
    call.dialog(call.alice).contact = "<sip:alice@192.0.2.1:5061>"
    call.dialog(call.bob).contact = "<sip:bob@192.0.2.2:5062>"
    call.net.do(call.alice, call.alice.core.request(call.dialog(call.alice), "UPDATE")[1])
    call.net.run(2_000_000)
    assert str(call.dialog(call.bob).remote_target) == "sip:alice@192.0.2.1:5061"
    assert str(call.dialog(call.alice).remote_target) == "sip:bob@192.0.2.2:5062"


def test_requests_outside_of_any_dialog() -> None:
    call = Call()
    call.bob.on(RequestReceived, lambda event: call.bob.core.respond(event.incoming, 200))
    outgoing, outputs = call.alice.core.request_outside("OPTIONS", "sip:bob@192.0.2.2", caller=CALLER)
    call.net.do(call.alice, outputs)
    call.finish()
    assert call.alice.one(ResponseReceived).outgoing is outgoing
    assert call.bob.one(RequestReceived).dialog is None
    assert call.bob.one(RequestReceived).incoming.method == "OPTIONS"
    for method in ("INVITE", "ACK", "CANCEL", "BYE"):
        with pytest.raises(UsageError):
            call.alice.core.request_outside(method, "sip:bob@192.0.2.2", caller=CALLER)


def test_a_request_that_nobody_answers() -> None:
    call = Call().talk()
    call.net.lose = lambda _send: True
    call.hang_up(call.alice)
    call.net.run()
    received = call.alice.one(ResponseReceived)
    assert (received.status, received.response) == (408, None)
    assert call.alice.core.held == 0

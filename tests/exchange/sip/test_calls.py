"""Calls between two user agents from the INVITE to the ACK: who sends what and when, what each is told."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import (
    AckMissing,
    AckReceived,
    AnswerReceived,
    DialogEnded,
    DialogState,
    Hop,
    InviteReceived,
    InviteRefused,
    ProvisionalReceived,
    Request,
    Response,
    Timers,
)
from tests.exchange.sip.call import Call
from tests.exchange.sip.network import ANSWER, OFFER


def test_a_plain_call() -> None:
    call = Call().talk()
    call.hang_up(call.alice)
    call.finish()
    assert call.net.ladder == [
        "0 alice INVITE",
        "10 bob 180",
        "310 bob 200",
        "320 alice ACK",
        "1000 alice BYE",
        "1010 bob 200",
    ]
    assert call.alice.told == ["ProvisionalReceived", "AnswerReceived", "ResponseReceived"]
    assert call.bob.told == ["InviteReceived", "AckReceived", "ByeReceived"]


def test_what_the_messages_of_a_call_carry() -> None:
    call = Call(agent="test/1", supported=["timer"]).talk()
    call.hang_up(call.bob)
    invite, ringing, answer, ack, bye = (
        call.net.message(start) for start in ("INVITE", "180", "200 OK (INVITE)", "ACK", "BYE")
    )
    assert isinstance(invite, Request)
    assert (str(invite.uri), invite.to.display, invite.to.tag) == ("sip:bob@example.com", "Bob", "")
    assert (invite.body, invite.content_type, invite.max_forwards) == (OFFER, "application/sdp", 70)
    assert (invite.options("Allow")[0], invite.get("Supported"), invite.get("User-Agent")) == (
        "INVITE",
        "timer",
        "test/1",
    )
    assert ringing.to.tag == answer.to.tag == ack.to.tag == bye.from_.tag != ""
    assert invite.from_.tag == ack.from_.tag == bye.to.tag != ""
    assert {message.call_id for message in (invite, ringing, answer, ack, bye)} == {invite.call_id}
    assert [message.cseq for message in (invite, ack, bye)] == [(1, "INVITE"), (1, "ACK"), (1, "BYE")]
    assert invite.via.branch == answer.via.branch != ack.via.branch
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert (str(ack.uri), str(bye.uri)) == ("sip:bob@192.0.2.2:5060", "sip:alice@192.0.2.1:5060")
    assert [str(message.contacts[0].uri) for message in (ringing, answer)] == ["sip:bob@192.0.2.2:5060"] * 2
    assert (answer.body, answer.get("Server"), answer.options("Supported")) == (ANSWER, "test/1", ("timer",))
    assert ringing.body == b""
    assert bye.contacts == ()


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_over_a_connection_a_call_needs_no_repetition(transport: str) -> None:
    call = Call(transport).talk()
    call.hang_up(call.bob)
    call.finish()
    assert call.net.first_lines() == ["alice INVITE", "bob 180", "bob 200", "alice ACK", "bob BYE", "alice 200"]
    assert {send.hop.transport for send in call.net.sent} == {transport}
    assert {str(send.message.via.transport) for send in call.net.sent} == {transport}
    contact = call.net.message("INVITE").contacts[0].uri
    assert contact.transport == transport


LOSSES = {
    "INVITE": ["alice INVITE lost", "alice INVITE again", "bob 180", "bob 200", "alice ACK"],
    "180": ["alice INVITE", "bob 180 lost", "bob 200", "alice ACK"],
    "200": ["alice INVITE", "bob 180", "bob 200 lost", "bob 200 again", "alice ACK"],
    "ACK": ["alice INVITE", "bob 180", "bob 200", "alice ACK lost", "bob 200 again", "alice ACK again"],
}


@pytest.mark.parametrize("what", LOSSES)
def test_each_message_may_be_lost_once(what: str) -> None:
    call = Call()
    lost: list[str] = []

    def lose(send: object) -> bool:
        summary = send.message.summary  # type: ignore[attr-defined]
        if summary.startswith(what) and not lost:
            lost.append(summary)
            return True
        return False

    call.net.lose = lose
    call.dial()
    call.net.run(3_000_000)
    assert call.net.first_lines() == LOSSES[what]
    assert [event for event in call.bob.told if event != "InviteReceived"] == ["AckReceived"]
    assert call.alice.told.count("AnswerReceived") == 1
    assert call.dialog(call.alice).state == call.dialog(call.bob).state == DialogState.CONFIRMED


def test_a_2xx_is_repeated_until_hope_is_given_up() -> None:
    call = Call()
    call.net.lose = lambda send: send.message.summary.startswith("ACK")
    call.talk()
    call.bob.on(AckMissing, lambda event: call.bob.core.request(event.dialog, "BYE")[1])
    call.net.run(40_000_000)
    again = [int(entry.split()[0]) for entry in call.net.ladder if entry.endswith("bob 200 again")]
    assert again == [810, 1810, 3810, 7810, 11810, 15810, 19810, 23810, 27810, 31810]
    assert call.net.ladder[-2:] == ["32310 bob BYE", "32320 alice 200"]
    assert call.bob.told[-2:] == ["AckMissing", "ResponseReceived"]
    assert call.alice.told[-1] == "ByeReceived"
    call.finish()


def test_nobody_there() -> None:
    call = Call()
    call.net.lose = lambda _send: True
    call.dial()
    call.finish()
    refused = call.alice.one(InviteRefused)
    assert (refused.status, refused.response) == (408, None)
    assert len(call.net.ladder) == 7
    assert call.net.now_us == 32_000_000


def test_a_network_that_refuses() -> None:
    call = Call().dial()
    call.net.do(call.alice, call.alice.core.transport_failed(Hop("UDP", "192.0.2.2", 5060)))
    assert (call.alice.one(InviteRefused).status, call.invite.open) == (503, False)


def test_a_refusal_with_a_warning() -> None:
    call = Call()
    call.bob.on(
        InviteReceived,
        lambda event: call.bob.core.respond(
            event.incoming, 488, warnings=[(306, 'no "mikey"'), (399, "x")], headers=[("X-Why", "keys")], body=b"error"
        ),
    )
    call.dial()
    call.finish()
    refused = call.alice.one(InviteRefused)
    assert isinstance(refused.response, Response)
    assert refused.response.reason == "Not Acceptable Here"
    assert refused.response.warnings == ((306, "192.0.2.2", 'no "mikey"'), (399, "192.0.2.2", "x"))
    assert (refused.response.body, refused.response.get("X-Why")) == (b"error", "keys")
    assert call.net.first_lines() == ["alice INVITE", "bob 488", "alice ACK"]
    assert not call.invite.open
    assert not call.invite.answered


def test_a_refusal_ends_the_early_dialogs() -> None:
    call = Call(answers=False).dial()
    call.net.run(100_000)
    (incoming,) = [event.incoming for event in call.bob.all(InviteReceived)]
    assert call.dialog(call.alice).state == call.dialog(call.bob).state == DialogState.EARLY
    call.net.do(call.bob, call.bob.core.respond(incoming, 486))
    assert call.bob.core._party.dialogs == {}
    call.finish()
    assert call.alice.told == ["ProvisionalReceived", "DialogEnded", "InviteRefused"]
    ended = call.alice.one(DialogEnded)
    assert (ended.why, ended.dialog.state) == ("refused", DialogState.TERMINATED)


def test_an_offer_in_the_2xx_is_answered_in_the_ack() -> None:
    call = Call()
    call.alice.on(AnswerReceived, lambda event: call.alice.core.acknowledge(event.invite, event.dialog, body=OFFER))
    call.talk()
    received = call.bob.one(AckReceived)
    assert (received.request.body, received.request.content_type) == (OFFER, "application/sdp")
    assert received.dialog is call.dialog(call.bob)
    assert received.incoming is call.bob.one(InviteReceived).incoming


def test_an_ack_takes_the_credentials_of_its_invite() -> None:
    call = Call().dial(headers=[("Authorization", 'Digest username="a"')])
    call.net.run(1_000_000)
    assert call.net.message("ACK").get("Authorization") == 'Digest username="a"'


def test_an_invite_that_is_not_answered_gets_100() -> None:
    call = Call(answers=False)
    call.bob.on(InviteReceived, lambda _event: [])
    call.dial()
    call.net.run(1_000_000)
    assert call.net.ladder == ["0 alice INVITE", "210 bob 100"]
    assert call.alice.one(ProvisionalReceived).dialog is None


def test_faster_timers() -> None:
    call = Call(timers=Timers(t1_us=100_000))
    call.net.lose = lambda _send: True
    call.dial()
    call.finish()
    assert call.net.now_us == 6_400_000

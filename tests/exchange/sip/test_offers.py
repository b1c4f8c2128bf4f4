"""Offers that meet, or come before the last one is answered: UPDATE and INVITE, early and confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    AnswerReceived,
    InviteReceived,
    InviteRefused,
    ProvisionalReceived,
    RequestReceived,
    ResponseReceived,
    Side,
)
from tests.exchange.sip.call import Call
from tests.exchange.sip.network import ANSWER, OFFER, Agent

ALLOW = ["INVITE", "ACK", "CANCEL", "BYE", "UPDATE"]


class Updating(Call):
    """A call whose parties know UPDATE."""

    def __init__(self, **named: Any) -> None:
        super().__init__(allow=ALLOW, supported=["100rel"], **named)

    def update(self, agent: Agent, body: bytes = OFFER) -> None:
        self.net.do(agent, agent.core.request(self.dialog(agent), "UPDATE", body=body)[1])

    def answer(self, agent: Agent, status: int = 200, **named: Any) -> None:
        """That side answers the last UPDATE that it got."""
        event = agent.all(RequestReceived)[-1]
        self.net.do(agent, agent.core.respond(event.incoming, status, **named))

    def wait(self, milliseconds: int = 50) -> None:
        self.net.run(self.net.now_us + milliseconds * 1_000)

    def pending(self) -> tuple[Side | None, Side | None]:
        """Whose offer is open as the caller and as the callee see it."""
        return self.dialog(self.alice).negotiation.pending, self.dialog(self.bob).negotiation.pending


def early() -> Updating:
    """A call whose description was answered in a reliable 183."""
    call = Updating(answers=False)
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 183, body=ANSWER, reliable=True))
    call.alice.on(
        ProvisionalReceived, lambda event: (event.dialog and call.alice.core.prack(event.invite, event.dialog)[1]) or ()
    )
    call.dial()
    call.wait(100)
    return call


def test_the_offer_of_an_invite_is_open_until_its_2xx() -> None:
    call = Updating()
    call.dial()
    call.net.run(100_000)
    assert call.pending() == (Side.OWN, Side.PEER)
    with pytest.raises(UsageError, match="waits for its answer"):
        call.update(call.alice)
    call.net.run(1_000_000)
    assert call.pending() == (None, None)


def test_an_answer_in_a_reliable_183_makes_room_for_an_update_of_either_side() -> None:
    call = early()
    assert call.pending() == (None, None)
    for asks, answers in ((call.alice, call.bob), (call.bob, call.alice)):
        call.update(asks)
        call.wait()
        assert set(call.pending()) == {Side.OWN, Side.PEER}
        call.answer(answers, body=ANSWER)
        call.wait()
        assert asks.all(ResponseReceived)[-1].status == 200
        assert call.pending() == (None, None)


def test_a_description_in_an_unreliable_183_answers_nothing() -> None:
    call = Updating(answers=False)
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 183, body=ANSWER))
    call.dial()
    call.wait()
    assert call.pending() == (Side.OWN, Side.PEER)


def test_two_updates_that_meet_get_491() -> None:
    call = Updating().talk()
    for agent in (call.alice, call.bob):
        call.update(agent)
    call.wait()
    assert [agent.one(ResponseReceived).status for agent in (call.alice, call.bob)] == [491, 491]
    assert call.bob.all(RequestReceived) == call.alice.all(RequestReceived) == []
    assert call.pending() == (None, None)
    call.update(call.bob)
    call.wait()
    call.answer(call.alice, body=ANSWER)
    call.wait()
    assert call.bob.all(ResponseReceived)[-1].status == 200


def test_an_update_and_an_invite_that_meet_get_491() -> None:
    call = Updating().talk()
    call.update(call.alice)
    call.net.do(call.bob, call.bob.core.reinvite(call.dialog(call.bob), body=OFFER)[1])
    call.wait()
    assert call.alice.one(ResponseReceived).status == 491
    assert call.bob.one(InviteRefused).status == 491
    assert call.pending() == (None, None)


def test_a_second_update_before_the_first_is_answered_gets_500() -> None:
    call = Updating().talk()
    call.update(call.alice)
    call.wait()
    call.update(call.alice, body=b"")
    call.wait()
    refused = call.net.message("500")
    assert refused.cseq.method == "UPDATE"
    assert refused.retry_after is not None
    assert 0 <= refused.retry_after <= 10
    call.answer(call.bob, body=ANSWER)
    call.wait()
    call.update(call.alice, body=b"")
    call.wait()
    assert len(call.bob.all(RequestReceived)) == 2


def test_an_offer_before_the_answer_to_the_last_one_gets_500() -> None:
    call = Updating(answers=False)
    call.dial()
    call.wait()
    call.dialog(call.alice).negotiation.pending = None
    call.update(call.alice)
    call.wait()
    refused = call.net.message("500")
    assert (refused.cseq.method, refused.retry_after is not None) == ("UPDATE", True)
    assert call.bob.all(RequestReceived) == []


@pytest.mark.parametrize("status", [488, 500])
def test_a_refused_offer_is_off_the_table(status: int) -> None:
    call = Updating().talk()
    call.update(call.alice)
    call.wait()
    call.answer(call.bob, status)
    call.wait()
    assert call.pending() == (None, None)
    call.update(call.alice)


def test_an_update_that_nobody_answers_is_off_the_table() -> None:
    call = Updating().talk()
    call.net.lose = lambda send: send.message.summary.startswith("UPDATE")
    call.update(call.alice)
    call.wait(40_000)
    assert call.alice.one(ResponseReceived).status == 408
    assert call.dialog(call.alice).negotiation.pending is None


def test_an_update_without_a_description_may_cross_an_offer() -> None:
    call = Updating().talk()
    call.update(call.alice)
    call.update(call.bob, body=b"")
    call.wait()
    assert len(call.alice.all(RequestReceived)) == len(call.bob.all(RequestReceived)) == 1
    with pytest.raises(UsageError, match="waits for its answer"):
        call.alice.core.reinvite(call.dialog(call.alice), body=OFFER)


def test_the_offer_of_a_2xx_is_open_until_its_ack() -> None:
    call = Updating()
    call.alice.on(AnswerReceived, lambda _event: ())
    call.talk()
    call.alice.reactions[AnswerReceived] = lambda _event: ()
    call.net.do(call.alice, call.alice.core.acknowledge(call.invite, call.dialog(call.alice)))
    call.wait()
    again, outputs = call.alice.core.reinvite(call.dialog(call.alice))
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 200, body=OFFER))
    call.net.do(call.alice, outputs)
    call.wait()
    assert call.pending() == (Side.PEER, Side.OWN)
    call.net.do(call.alice, call.alice.core.acknowledge(again, call.dialog(call.alice), body=ANSWER))
    call.wait()
    assert call.pending() == (None, None)


def test_a_refused_change_by_invite_is_off_the_table() -> None:
    call = Updating().talk()
    call.bob.on(InviteReceived, lambda event: call.bob.core.respond(event.incoming, 488))
    call.net.do(call.alice, call.alice.core.reinvite(call.dialog(call.alice), body=OFFER)[1])
    call.wait()
    assert call.alice.one(InviteRefused).status == 488
    assert call.pending() == (None, None)

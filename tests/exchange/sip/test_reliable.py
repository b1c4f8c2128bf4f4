"""Provisional responses that must arrive: numbered, repeated until their PRACK comes, and what waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    Discarded,
    IncomingRequest,
    InviteReceived,
    InviteRefused,
    Message,
    PrackMissing,
    PrackReceived,
    ProvisionalReceived,
    RAck,
    Request,
    RequestReceived,
    Response,
    ResponseReceived,
    Send,
    build_response,
)
from tests.exchange.sip.call import Call
from tests.exchange.sip.network import ANSWER, OFFER


class Progress(Call):
    """Both sides know 100rel; the caller confirms at once, the callee is played by the test."""

    def __init__(self, *, confirms: bool = True, **named: Any) -> None:
        settings = {"supported": ["100rel"], "allow": ["INVITE", "ACK", "CANCEL", "BYE", "UPDATE"]} | named
        super().__init__(answers=False, **settings)
        self.bob.on(InviteReceived, lambda _event: ())
        if confirms:
            self.alice.on(ProvisionalReceived, self._confirm)

    def _confirm(self, event: ProvisionalReceived) -> list[Any]:
        if not event.reliable or event.dialog is None:
            return []
        return self.alice.core.prack(event.invite, event.dialog)[1]

    def incoming(self) -> IncomingRequest:
        """The INVITE at the callee."""
        if not self.bob.events:
            self.dial()
            self.net.run(self.net.now_us + 10_000)
        return self.bob.one(InviteReceived).incoming

    def say(self, status: int, **named: Any) -> None:
        """The callee answers the INVITE."""
        incoming = self.incoming()
        self.net.do(self.bob, self.bob.core.respond(incoming, status, **named))

    def wait(self, milliseconds: int) -> None:
        self.net.run(self.net.now_us + milliseconds * 1_000)


def test_a_reliable_response_is_numbered_and_confirmed() -> None:
    call = Progress()
    call.say(183, body=ANSWER, reliable=True)
    call.wait(1_000)
    assert call.net.ladder == ["0 alice INVITE", "10 bob 183", "20 alice PRACK", "30 bob 200"]
    said, prack = call.net.message("183"), call.net.message("PRACK")
    assert isinstance(prack, Request)
    assert said.options("Require") == ("100rel",)
    assert said.rseq is not None
    assert 1 <= said.rseq < 1 << 31
    assert prack.rack == RAck(said.rseq, call.invite.request.cseq)
    assert (prack.cseq.number, prack.to.tag, str(prack.uri)) == (2, said.to.tag, "sip:bob@192.0.2.2:5060")
    assert call.alice.one(ProvisionalReceived).reliable
    received = call.bob.one(PrackReceived)
    assert (received.invite, received.incoming, received.request.method) == (call.incoming(), None, "PRACK")
    assert call.alice.one(ResponseReceived).status == 200


def test_the_invite_says_that_both_ways_are_known() -> None:
    call = Progress()
    assert call.incoming().takes_reliable
    assert not call.incoming().wants_reliable
    assert call.net.message("INVITE").options("Supported") == ("100rel",)
    assert "PRACK" in call.net.message("INVITE").options("Allow")


def test_it_is_repeated_at_doubling_gaps_without_limit_until_it_is_confirmed() -> None:
    call = Progress(confirms=False)
    call.say(183, reliable=True)
    call.net.run()
    repeated = [line for line in call.net.ladder if "183" in line]
    assert repeated == [
        "10 bob 183",
        "510 bob 183 again",
        "1510 bob 183 again",
        "3510 bob 183 again",
        "7510 bob 183 again",
        "15510 bob 183 again",
        "31510 bob 183 again",
    ]
    assert "32010 bob 504" in call.net.ladder
    missing = call.bob.one(PrackMissing)
    assert (missing.invite, missing.response.status) == (call.incoming(), 183)
    assert call.alice.one(InviteRefused).status == 504
    assert len(call.alice.all(ProvisionalReceived)) == 1
    assert call.alice.core.held == call.bob.core.held == 0


def test_a_lost_response_and_a_lost_prack_are_sent_again() -> None:
    call = Progress()
    call.say(100)
    lost = iter([True, False, True])
    call.net.lose = lambda send: not send.message.summary.startswith("100") and next(lost, False)
    call.say(180, reliable=True)
    call.wait(3_000)
    assert call.net.ladder[1:] == [
        "10 bob 100",
        "10 bob 180 lost",
        "510 bob 180 again",
        "520 alice PRACK lost",
        "1020 alice PRACK again",
        "1030 bob 200",
    ]
    assert len(call.bob.all(PrackReceived)) == 1


def test_a_second_one_waits_for_the_confirmation_of_the_first() -> None:
    call = Progress()
    call.say(180, reliable=True)
    call.say(182, reliable=True)
    call.say(183, reliable=True)
    call.wait(1_000)
    assert call.net.first_lines(since=1) == [
        "bob 180",
        "alice PRACK",
        "bob 200",
        "bob 182",
        "alice PRACK",
        "bob 200",
        "bob 183",
        "alice PRACK",
        "bob 200",
    ]
    first, second, third = (call.net.message(start).rseq for start in ("180", "182", "183"))
    assert first is not None
    assert (second, third) == (first + 1, first + 2)
    assert [event.response.status for event in call.alice.all(ProvisionalReceived)] == [180, 182, 183]


def test_a_2xx_waits_for_a_description_to_be_confirmed() -> None:
    call = Progress(confirms=False)
    call.say(183, body=ANSWER, reliable=True)
    call.say(200)
    call.wait(100)
    assert call.net.first_lines(since=1) == ["bob 183"]
    assert (call.incoming().decided, call.incoming().open, call.incoming().answered) == (True, False, False)
    with pytest.raises(UsageError, match="answered already"):
        call.bob.core.respond(call.incoming(), 486)
    event = call.alice.one(ProvisionalReceived)
    assert event.dialog is not None
    call.net.do(call.alice, call.alice.core.prack(event.invite, event.dialog)[1])
    call.wait(100)
    assert call.net.first_lines(since=2) == ["alice PRACK", "bob 200", "bob 200", "alice ACK"]


def test_a_2xx_does_not_wait_for_mere_ringing() -> None:
    call = Progress(confirms=False)
    call.say(180, reliable=True)
    call.say(200, body=ANSWER)
    call.wait(2_000)
    assert call.net.first_lines(since=1) == ["bob 180", "bob 200", "alice ACK"]
    # A PRACK that comes after all is answered, though nothing waits for it.
    event = call.alice.one(ProvisionalReceived)
    assert event.dialog is not None
    call.net.do(call.alice, call.alice.core.prack(event.invite, event.dialog)[1])
    call.wait(100)
    assert call.net.first_lines(since=4) == ["alice PRACK", "bob 200"]


def test_a_refusal_does_not_wait_and_drops_what_was_held() -> None:
    call = Progress(confirms=False)
    call.say(183, body=ANSWER, reliable=True)
    call.say(180, reliable=True)
    call.say(486)
    call.net.run()
    assert call.net.first_lines(since=1) == ["bob 183", "bob 486", "alice ACK"]
    assert call.bob.core.held == 0


def test_a_timer_that_runs_out_after_the_refusal_repeats_nothing() -> None:
    call = Progress(confirms=False)
    call.say(183, body=ANSWER, reliable=True)
    call.say(486)
    for name in ("sip/1xx/1", "sip/prack/1", "sip/1xx/9", "sip/prack/9"):
        assert call.bob.core.timer_fired(name) == []


def test_what_was_held_is_dropped_when_a_2xx_goes_out_before_it() -> None:
    call = Progress(confirms=False)
    call.say(180, reliable=True)
    call.say(182, reliable=True)
    call.say(200, body=ANSWER)
    call.wait(100)
    event = call.alice.one(ProvisionalReceived)
    assert event.dialog is not None
    call.net.do(call.alice, call.alice.core.prack(event.invite, event.dialog)[1])
    call.net.run()
    assert call.net.first_lines(since=1) == ["bob 180", "bob 200", "alice ACK", "alice PRACK", "bob 200"]
    assert call.bob.all(PrackMissing) == []


def test_a_2xx_waits_for_a_description_that_is_held_itself() -> None:
    call = Progress()
    call.say(180, reliable=True)
    call.say(183, body=ANSWER, reliable=True)
    call.say(200)
    call.wait(500)
    assert [line for line in call.net.first_lines(since=1) if line.startswith("bob")] == [
        "bob 180",
        "bob 200",
        "bob 183",
        "bob 200",
        "bob 200",
    ]
    assert call.net.first_lines()[-1] == "alice ACK"


def test_a_cancel_ends_a_call_whose_answer_was_held() -> None:
    call = Progress(confirms=False)
    call.say(183, body=ANSWER, reliable=True)
    call.say(200)
    call.wait(50)
    call.net.do(call.alice, call.alice.core.cancel(call.invite))
    call.net.run()
    assert call.net.first_lines(since=2) == ["alice CANCEL", "bob 200", "bob 487", "alice ACK"]
    assert call.alice.one(InviteRefused).status == 487
    assert call.bob.core.held == 0


def test_who_insists_gets_every_provisional_response_reliably() -> None:
    call = Progress()
    call.dial(headers=[("Require", "100rel")])
    call.wait(10)
    call.say(100)
    call.say(180)
    call.wait(100)
    assert call.incoming().wants_reliable
    assert call.net.message("100").rseq is None
    assert call.net.message("180").rseq is not None
    assert call.net.first_lines(since=1) == ["bob 100", "bob 180", "alice PRACK", "bob 200"]


def test_nothing_is_sent_reliably_to_who_does_not_know_it_nor_what_is_not_provisional() -> None:
    call = Progress(supported=[])
    incoming = call.incoming()
    assert not incoming.takes_reliable
    with pytest.raises(UsageError, match="100rel"):
        call.bob.core.respond(incoming, 183, reliable=True)
    knows = Progress()
    for status in (100, 200):
        with pytest.raises(UsageError, match="101 to 199"):
            knows.bob.core.respond(knows.incoming(), status, reliable=True)


def test_a_prack_for_nothing_gets_481() -> None:
    call = Progress()
    call.say(183, reliable=True)
    call.wait(100)
    since = len(call.net.ladder)
    again = (
        call.net.message("PRACK").octets.replace(b"CSeq: 2", b"CSeq: 3").replace(b"branch=z9hG4bK", b"branch=z9hG4bK7")
    )
    call.net.do(call.bob, call.bob.core.receive(again, call.alice.address))
    assert call.net.first_lines(since=since) == ["bob 481"]
    assert len(call.bob.all(PrackReceived)) == 1


def test_the_offer_of_an_empty_invite_comes_reliably_and_is_answered_in_the_prack() -> None:
    call = Progress(confirms=False)
    hop = call.bob.address
    call.invite, outputs = call.alice.core.invite("sip:bob@example.com", caller="sip:alice@example.com", hop=hop)
    call.net.do(call.alice, outputs)
    call.wait(10)
    call.say(183, body=OFFER, reliable=True)
    call.wait(10)
    event = call.alice.one(ProvisionalReceived)
    assert event.dialog is not None
    with pytest.raises(UsageError, match="must answer the offer"):
        call.alice.core.prack(event.invite, event.dialog)
    call.net.do(call.alice, call.alice.core.prack(event.invite, event.dialog, body=ANSWER)[1])
    call.wait(10)
    received = call.bob.one(PrackReceived)
    assert received.incoming is not None
    assert (received.request.body, received.incoming.confirms) == (ANSWER, call.incoming())
    assert call.dialog(call.alice).negotiation.pending is call.dialog(call.bob).negotiation.pending is None
    call.say(200)
    call.net.do(call.bob, call.bob.core.respond(received.incoming, 200))
    call.wait(100)
    assert call.net.first_lines(since=1) == ["bob 183", "alice PRACK", "bob 200", "bob 200", "alice ACK"]


def test_an_offer_in_a_prack_is_answered_in_its_2xx() -> None:
    call = Progress(confirms=False)
    call.say(183, body=ANSWER, reliable=True)
    call.say(182, reliable=True)
    call.wait(20)
    event = call.alice.one(ProvisionalReceived)
    assert event.dialog is not None
    call.net.do(call.alice, call.alice.core.prack(event.invite, event.dialog, body=OFFER)[1])
    call.wait(20)
    received = call.bob.one(PrackReceived)
    assert received.incoming is not None
    # What waited for the PRACK goes out behind its answer.
    assert call.net.first_lines(since=2) == ["alice PRACK"]
    call.net.do(call.bob, call.bob.core.respond(received.incoming, 200, body=ANSWER))
    call.wait(20)
    assert call.net.first_lines(since=3) == ["bob 200", "bob 182"]
    answered = call.alice.one(ResponseReceived).response
    assert answered is not None
    assert answered.body == ANSWER


class Hand(Progress):
    """The callee's responses are written by hand."""

    def get(self, status: int, rseq: int | None, tag: str = "desk", *more: tuple[str, str]) -> None:
        request = Message.parse(self.invite.request.octets)
        assert isinstance(request, Request)
        sure = [] if rseq is None else [("Require", "100rel"), ("RSeq", str(rseq))]
        response = build_response(request, status, to_tag=tag, contact="<sip:bob@192.0.2.2>", headers=[*sure, *more])
        assert isinstance(response, Response)
        self.net.do(self.alice, self.alice.core.receive(response.octets, self.bob.address))

    @property
    def confirmed(self) -> list[str]:
        """What the caller has confirmed so far."""
        sent = [send.message for send in self.net.sent if isinstance(send, Send)]
        return [message.get("RAck") or "" for message in sent if message.summary.startswith("PRACK")]


def test_what_comes_twice_or_too_early_is_not_confirmed() -> None:
    call = Hand()
    call.dial()
    for rseq in (70, 70, 72, 71, 72, 71):
        call.get(183, rseq)
    assert call.confirmed == ["70 1 INVITE", "71 1 INVITE", "72 1 INVITE"]
    assert [event.why for event in call.alice.all(Discarded)] == ["a reliable provisional response out of order"]
    assert len(call.alice.all(ProvisionalReceived)) == 3


def test_each_branch_of_a_fork_counts_for_itself() -> None:
    call = Hand()
    call.dial()
    call.get(183, 7, "desk")
    call.get(183, 900, "mobile")
    call.get(180, 8, "desk")
    assert call.confirmed == ["7 1 INVITE", "900 1 INVITE", "8 1 INVITE"]
    pracks = [Message.parse(send.octets) for send in call.net.sent if send.message.summary.startswith("PRACK")]
    assert [(prack.to.tag, prack.cseq.number) for prack in pracks] == [("desk", 2), ("mobile", 2), ("desk", 3)]


def test_100_is_never_reliable_nor_is_anything_to_who_never_said_it_could() -> None:
    call = Hand()
    call.dial()
    call.get(100, 5)
    assert call.confirmed == []
    assert not call.alice.one(ProvisionalReceived).reliable
    deaf = Hand(supported=[])
    deaf.dial()
    deaf.get(183, 5)
    assert (deaf.confirmed, deaf.alice.one(ProvisionalReceived).reliable) == ([], False)
    event = deaf.alice.one(ProvisionalReceived)
    assert event.dialog is not None
    with pytest.raises(UsageError, match="no reliable"):
        deaf.alice.core.prack(event.invite, event.dialog)
    with pytest.raises(UsageError, match="sent with prack"):
        deaf.alice.core.request(event.dialog, "PRACK")


def test_requests_of_other_kinds_reach_the_callee_in_an_early_dialog() -> None:
    call = Progress()
    call.say(183, body=ANSWER, reliable=True)
    call.wait(100)
    dialog = call.dialog(call.alice)
    call.net.do(call.alice, call.alice.core.request(dialog, "UPDATE", body=OFFER)[1])
    call.wait(100)
    update = call.bob.one(RequestReceived)
    call.net.do(call.bob, call.bob.core.respond(update.incoming, 200, body=ANSWER))
    call.wait(100)
    assert [event.status for event in call.alice.all(ResponseReceived)] == [200, 200]

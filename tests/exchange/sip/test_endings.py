"""How calls end: taken back, hung up, lost; and that nothing is left of them."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    AckMissing,
    ByeReceived,
    DialogEnded,
    DialogState,
    Discarded,
    Hop,
    InviteCancelled,
    InviteReceived,
    InviteRefused,
    Request,
    ResponseReceived,
    build_cancel,
)
from tests.exchange.sip.call import CALLEE, CALLER, Call
from tests.exchange.sip.network import ANSWER, OFFER, Network


def test_a_call_taken_back_while_it_rings() -> None:
    call = Call(answers=False).dial()
    call.net.run(100_000)
    call.net.do(call.alice, call.alice.core.cancel(call.invite, headers=[("Reason", "SIP;cause=487")]))
    assert call.alice.core.cancel(call.invite) == []
    call.finish()
    assert call.net.first_lines() == ["alice INVITE", "bob 180", "alice CANCEL", "bob 200", "bob 487", "alice ACK"]
    assert call.bob.told == ["InviteReceived", "InviteCancelled"]
    assert call.alice.told == ["ProvisionalReceived", "DialogEnded", "InviteRefused"]
    assert (call.alice.one(DialogEnded).why, call.alice.one(InviteRefused).status) == ("cancelled", 487)
    assert call.bob.one(InviteCancelled).request.get("Reason") == "SIP;cause=487"
    assert call.net.message("200 OK (CANCEL)").to.tag == call.net.message("487").to.tag
    assert not call.bob.one(InviteReceived).incoming.open


def test_a_cancel_waits_for_the_first_sign_of_life() -> None:
    call = Call(answers=False)
    call.net.lose = lambda _send: True
    call.dial()
    assert call.alice.core.cancel(call.invite, headers=[("Reason", "x")]) == []
    assert call.invite.cancelled
    call.net.lose = lambda _send: False
    call.finish()
    assert call.net.first_lines()[1:4] == ["alice INVITE again", "bob 180", "alice CANCEL"]
    assert call.net.message("CANCEL").get("Reason") == "x"
    assert call.alice.told[-1] == "InviteRefused"


def test_an_answer_that_crosses_the_cancel_counts() -> None:
    call = Call(answers=False).dial()
    call.net.run(100_000)
    incoming = call.bob.one(InviteReceived).incoming
    call.net.do(call.alice, call.alice.core.cancel(call.invite))
    call.net.do(call.bob, call.bob.core.respond(incoming, 200, body=ANSWER))
    call.net.run(1_000_000)
    assert call.alice.told[-1] == "AnswerReceived"
    assert call.net.first_lines()[2:] == ["alice CANCEL", "bob 200", "bob 200", "alice ACK"]
    assert call.invite.answered
    call.hang_up(call.alice)
    call.finish()


def test_a_cancel_that_changes_nothing_is_given_up() -> None:
    call = Call(answers=False).dial()
    call.net.run(100_000)
    call.net.do(call.alice, call.alice.core.cancel(call.invite))
    call.net.lose = lambda _send: True
    call.net.run(33_000_000)
    refused = call.alice.one(InviteRefused)
    assert (refused.status, refused.response, call.alice.core.held) == (487, None, 0)
    assert call.alice.core.timer_fired("sip/cancel/1") == []


def test_a_cancel_for_nothing() -> None:
    call = Call().talk()
    invite = call.net.message("INVITE")
    assert isinstance(invite, Request)
    source = Hop("UDP", "192.0.2.1", 5060)
    late = call.bob.core.receive(build_cancel(invite).octets, source)
    stray = call.bob.core.receive(
        build_cancel(invite.with_field("Call-ID", "other")).octets.replace(b"z9hG4bK", b"z9hG4bKx"), source
    )
    assert [out.message.summary for out in (late[0], stray[0])] == [  # type: ignore[union-attr]
        "200 OK (CANCEL)",
        "481 Call/Transaction Does Not Exist (CANCEL)",
    ]
    assert call.bob.told == ["InviteReceived", "AckReceived"]


def test_hanging_up_at_the_same_moment() -> None:
    call = Call().talk()
    for agent in (call.alice, call.bob):
        call.hang_up(agent)
    call.finish()
    assert call.net.first_lines(since=4) == ["alice BYE", "bob BYE", "bob 200", "alice 200"]
    assert "ByeReceived" not in call.alice.told + call.bob.told


def test_a_call_that_is_over_is_over() -> None:
    call = Call().talk()
    dialog, other = call.dialog(call.alice), call.dialog(call.bob)
    call.hang_up(call.alice)
    with pytest.raises(UsageError, match="over"):
        call.alice.core.request(dialog, "BYE")
    info = call.bob.core.request(other, "INFO")[1][0]
    assert call.alice.core.receive(info.octets, call.bob.address)[0].message.status == 405  # type: ignore[union-attr]
    options = call.bob.core.request(other, "OPTIONS")[1][0]
    assert call.alice.core.receive(options.octets, call.bob.address)[0].message.status == 481  # type: ignore[union-attr]
    call.net.run(1_100_000)
    assert call.bob.one(ByeReceived).dialog is other
    assert other.state is DialogState.TERMINATED


def test_a_dialog_can_be_forgotten() -> None:
    call = Call().talk()
    call.alice.core.end_dialog(call.dialog(call.alice))
    call.hang_up(call.bob)
    call.finish()
    assert call.bob.one(ResponseReceived).status == 481


def test_bye_ends_an_unanswered_change_with_487() -> None:
    call = Call().talk()
    call.net.do(call.alice, call.alice.core.reinvite(call.dialog(call.alice), body=OFFER)[1])
    call.net.run(1_100_000)
    call.hang_up(call.alice)
    call.finish()
    assert call.net.first_lines(since=4) == ["alice INVITE", "alice BYE", "bob 200", "bob 487", "alice ACK"]
    assert call.alice.one(InviteRefused).status == 487


def test_the_caller_may_bye_an_early_dialog_the_callee_may_not() -> None:
    call = Call(answers=False).dial()
    call.net.run(100_000)
    with pytest.raises(UsageError, match="early"):
        call.hang_up(call.bob)
    call.hang_up(call.alice)
    call.finish()
    assert call.net.first_lines(since=2) == ["alice BYE", "bob 200", "bob 487", "alice ACK"]
    assert call.bob.told == ["InviteReceived", "ByeReceived"]


def test_the_callee_hangs_up_only_after_the_ack() -> None:
    call = Call().dial()
    call.net.run(315_000)
    assert call.dialog(call.bob).awaiting_ack is not None
    with pytest.raises(UsageError, match="ACK"):
        call.hang_up(call.bob)
    call.net.run(1_000_000)
    call.hang_up(call.bob)
    call.finish()


def test_bye_before_the_ack_ends_the_repetitions() -> None:
    call = Call()
    call.net.lose = lambda send: send.message.summary.startswith("ACK")
    call.dial()
    call.net.run(330_000)
    call.hang_up(call.alice)
    call.finish()
    assert "bob 200 again" not in call.net.first_lines()


def test_stray_acks_and_responses_are_dropped() -> None:
    call = Call().talk()
    ack, answer = call.net.message("ACK"), call.net.message("200")
    assert call.bob.core.receive(ack.octets, call.alice.address) == []
    stray = call.alice.core.receive(ack.octets, call.bob.address)
    assert [type(out) for out in stray] == [Discarded]
    assert [type(out) for out in call.bob.core.receive(answer.octets, call.alice.address)] == [Discarded]


def test_answering_twice_is_a_mistake() -> None:
    call = Call().talk()
    incoming = call.bob.one(InviteReceived).incoming
    assert incoming.answered
    with pytest.raises(UsageError, match="already"):
        call.bob.core.respond(incoming, 486)
    with pytest.raises(UsageError, match="no 2xx"):
        call.alice.core.acknowledge(call.invite, call.dialog(call.bob))


def test_mistakes_of_the_caller_are_named() -> None:
    core = Network().agent("alice", 1).core
    with pytest.raises(UsageError, match="no SIP address"):
        core.invite("bob", caller=CALLER)
    with pytest.raises(UsageError, match="hop="):
        core.invite(CALLEE, caller=CALLER)
    with pytest.raises(UsageError, match="line ends"):
        core.invite("sip:bob@192.0.2.2", caller=CALLER, headers=[("X", "a\r\nb")])
    assert core.held == 0
    call = Call().talk()
    with pytest.raises(UsageError, match="reinvite"):
        call.alice.core.request(call.dialog(call.alice), "INVITE")
    with pytest.raises(UsageError, match="acknowledge"):
        call.alice.core.request(call.dialog(call.alice), "ACK")


@pytest.mark.parametrize("late", [False, True])
def test_a_2xx_of_a_call_that_is_over_is_repeated_no_more(late: bool) -> None:
    call = Call()
    call.net.lose = lambda send: send.message.summary.startswith("ACK")
    call.dial()
    call.net.run(31_900_000 if late else 330_000)
    dialog, repeated = call.dialog(call.bob), call.net.first_lines().count("bob 200 again")
    call.bob.core.end_dialog(dialog)
    call.net.run()
    assert call.net.first_lines().count("bob 200 again") == repeated
    assert call.bob.all(AckMissing) == []
    assert dialog.awaiting_ack is None
    assert call.bob.core.held == 0


def test_memory_does_not_grow_with_finished_calls() -> None:
    call = Call()
    for _ in range(20):
        call.dial()
        call.net.run(call.net.now_us + 1_000_000)
        call.hang_up(call.alice)
        call.net.run(call.net.now_us + 40_000_000)
        assert call.alice.core.held == call.bob.core.held == 0

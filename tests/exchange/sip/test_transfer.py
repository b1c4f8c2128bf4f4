"""REFER with what is heard of it, and Replaces: how calls are handed over."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    AnswerReceived,
    ByeReceived,
    Dialog,
    DialogState,
    InviteReceived,
    InviteRefused,
    NameAddr,
    ReferralReported,
    ReferReceived,
    Replaces,
    ResponseReceived,
    Uri,
    refer_to,
    referred_headers,
)
from tests.exchange.sip.call import CALLER, Call
from tests.exchange.sip.network import ANSWER, OFFER, Agent

ALLOW = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REFER", "NOTIFY", "INFO"]
CAROL = "<sip:carol@192.0.2.3>"


class Transfer(Call):
    """A call whose parties know REFER and Replaces."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**({"allow": ALLOW, "supported": ["replaces"]} | named))

    def wait(self) -> None:
        self.net.run(self.net.now_us + 100_000)

    def refer(self, target: str = CAROL, **named: Any) -> ReferReceived:
        """Alice asks Bob; the event at his side."""
        self.outgoing, outputs = self.alice.core.refer(self.dialog(self.alice), target, **named)
        self.net.do(self.alice, outputs)
        self.wait()
        return self.bob.all(ReferReceived)[-1]


def test_a_reference_is_accepted_and_its_progress_told() -> None:
    call = Transfer().talk()
    since = len(call.net.ladder)
    event = call.refer(headers=[("Referred-By", "<sip:alice@example.com>")])
    assert (event.target.uri.user, event.dialog) == ("carol", call.dialog(call.bob))
    assert event.request.get("Referred-By") == "<sip:alice@example.com>"
    referral, outputs = call.bob.core.accept_referral(event.incoming)
    call.net.do(call.bob, outputs)
    call.net.do(call.bob, call.bob.core.report_referral(referral, 180))
    call.net.do(call.bob, call.bob.core.report_referral(referral, 200))
    call.wait()
    assert call.net.first_lines(since=since) == [
        "alice REFER",
        "bob 202",
        *["bob NOTIFY"] * 3,
        *["alice 200"] * 3,
    ]
    reported = call.alice.all(ReferralReported)
    assert [(event.status, event.reason, event.over) for event in reported] == [
        (100, "Trying", False),
        (180, "Ringing", False),
        (200, "OK", True),
    ]
    assert {event.referral for event in reported} == {call.outgoing.referral}
    assert call.alice.one(ResponseReceived).status == 202
    first, last = call.net.message("NOTIFY"), call.net.message("NOTIFY", 2)
    assert (first.get("Event"), first.get("Subscription-State")) == ("refer;id=2", "active;expires=180")
    assert (first.content_type, first.body) == ("message/sipfrag", b"SIP/2.0 100 Trying\r\n")
    assert last.get("Subscription-State") == "terminated;reason=noresource"
    assert (call.dialog(call.alice).referrals, call.dialog(call.bob).referrals) == ([], [])
    with pytest.raises(UsageError, match="told already"):
        call.bob.core.report_referral(referral, 200)


def test_two_references_are_told_apart_by_their_numbers() -> None:
    call = Transfer().talk()
    first, _ = call.refer(), call.outgoing
    second, outgoing = call.refer("<sip:dave@192.0.2.4>"), call.outgoing
    for event, status in ((second, 603), (first, 200)):
        referral, outputs = call.bob.core.accept_referral(event.incoming)
        call.net.do(call.bob, [*outputs, *call.bob.core.report_referral(referral, status)])
    call.wait()
    over = [event for event in call.alice.all(ReferralReported) if event.over]
    assert [(event.status, event.referral is outgoing.referral) for event in over] == [(603, True), (200, False)]


def test_a_refused_reference_is_followed_by_nothing() -> None:
    call = Transfer().talk()
    event = call.refer()
    call.net.do(call.bob, call.bob.core.respond(event.incoming, 603))
    call.wait()
    assert call.dialog(call.alice).referrals == []
    assert call.alice.one(ResponseReceived).status == 603


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ([("Event", "refer;id=99")], b"SIP/2.0 200 OK\r\n", 481),
        ([("Event", "refer;id=x")], b"SIP/2.0 200 OK\r\n", 400),
        ([("Event", "refer")], b"200 OK\r\n", 400),
        ([("Event", "presence")], b"SIP/2.0 200 OK\r\n", 489),
        ([], b"SIP/2.0 200 OK\r\n", 489),
        ([("Event", "refer")], b"SIP/2.0 200 OK\r\n", 200),
    ],
)
def test_only_what_was_asked_for_is_heard(headers: list[tuple[str, str]], body: bytes, status: int) -> None:
    call = Transfer().talk()
    call.refer()
    state = ("Subscription-State", "active")
    call.net.do(
        call.bob, call.bob.core.request(call.dialog(call.bob), "NOTIFY", headers=[*headers, state], body=body)[1]
    )
    call.wait()
    assert call.bob.one(ResponseReceived).status == status
    assert len(call.alice.all(ReferralReported)) == (status == 200)


@pytest.mark.parametrize("lines", [[], ["<sip:a@h>", "<sip:b@h>"], ["<sip:a@h>, <sip:b@h>"], ["<"]])
def test_a_reference_to_nobody_or_to_two_is_refused(lines: list[str]) -> None:
    call = Transfer().talk()
    outputs = call.alice.core.request(call.dialog(call.alice), "INFO", headers=[("Refer-To", line) for line in lines])[
        1
    ]
    octets = outputs[0].octets.replace(b"INFO", b"REFER")  # type: ignore[union-attr]
    call.net.do(call.bob, call.bob.core.receive(octets, call.alice.address))
    assert call.net.message("400").summary == "400 Bad Request (one Refer-To is needed) (REFER)"
    assert call.bob.all(ReferReceived) == []


def test_no_more_references_than_can_be_kept() -> None:
    call = Transfer().talk()
    for _ in range(8):
        call.net.do(call.bob, call.bob.core.accept_referral(call.refer().incoming)[1])
    with pytest.raises(UsageError, match="are open"):
        call.refer()
    call.dialog(call.alice).referrals.clear()
    call.net.do(call.alice, call.alice.core.refer(call.dialog(call.alice), CAROL)[1])
    call.wait()
    assert call.net.message("500").retry_after is not None


def test_a_reference_ends_with_its_dialog() -> None:
    call = Transfer().talk()
    referral, outputs = call.bob.core.accept_referral(call.refer().incoming)
    call.net.do(call.bob, outputs)
    call.hang_up(call.alice)
    call.wait()
    assert call.bob.one(ByeReceived).dialog.state is DialogState.TERMINATED
    assert call.bob.core.report_referral(referral, 200) == []
    call.finish()


def test_only_a_reference_can_be_accepted_as_one() -> None:
    call = Transfer().talk()
    invite = call.bob.one(InviteReceived).incoming
    with pytest.raises(UsageError, match="refers to nobody"):
        call.bob.core.accept_referral(invite)
    with pytest.raises(UsageError, match="sent with refer"):
        call.alice.core.request(call.dialog(call.alice), "REFER")


# -- Replaces ----------------------------------------------------------------------------------------------------


class Replacing(Transfer):
    """Carol calls Bob in Alice's place."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.carol: Agent = self.net.agent("carol", 3, allow=ALLOW, supported=["replaces"])
        self.carol.on(AnswerReceived, lambda event: self.carol.core.acknowledge(event.invite, event.dialog))

    def replace(self, replaces: Replaces, to: Agent | None = None) -> None:
        target = to or self.bob
        uri = f"sip:{target.name}@{target.address.host}"
        headers = referred_headers(NameAddr.parse(refer_to(Uri.parse(uri), replaces)).uri)
        assert [name for name, _ in headers] == ["Replaces"]
        _, outputs = self.carol.core.invite(uri, caller="sip:carol@example.com", headers=headers, body=OFFER)
        self.net.do(self.carol, outputs)
        self.wait()


def dialog_between(call: Call) -> Dialog:
    return call.dialog(call.alice)


def test_a_confirmed_call_is_taken_over() -> None:
    call = Replacing().talk()
    bobs = call.dialog(call.bob)
    call.replace(dialog_between(call).replaces)
    event = call.bob.all(InviteReceived)[-1]
    assert event.replaces is bobs
    call.net.do(call.bob, call.bob.core.respond(event.incoming, 200, body=ANSWER))
    call.net.do(call.bob, call.bob.core.request(bobs, "BYE")[1])
    call.wait()
    assert call.carol.one(AnswerReceived).dialog.state is DialogState.CONFIRMED
    assert call.alice.one(ByeReceived).dialog.state is DialogState.TERMINATED


def test_an_early_call_of_ours_is_taken_over_and_one_that_rings_here_is_not() -> None:
    call = Replacing(answers=False)
    call.dial()
    call.wait()
    alices = dialog_between(call)
    call.replace(call.dialog(call.bob).replaces, to=call.alice)
    assert call.alice.one(InviteReceived).replaces is alices
    assert alices.own_invite is call.invite
    call.replace(alices.replaces)
    assert call.carol.one(InviteRefused).status == 481
    assert len(call.bob.all(InviteReceived)) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"call_id": "other@h"}, 481),
        ({"to_tag": "other"}, 481),
        ({"from_tag": "0"}, 481),
        ({"early_only": True}, 486),
    ],
)
def test_what_matches_no_dialog_that_may_be_replaced_is_refused(change: dict[str, Any], status: int) -> None:
    call = Replacing().talk()
    named = dialog_between(call).replaces
    values = {name: getattr(named, name) for name in ("call_id", "to_tag", "from_tag", "early_only")}
    call.replace(Replaces(**(values | change)))
    assert call.carol.one(InviteRefused).status == status
    assert len(call.bob.all(InviteReceived)) == 1


def test_a_call_that_is_being_ended_is_not_taken_over() -> None:
    call = Replacing().talk()
    replaces = dialog_between(call).replaces
    call.net.do(call.bob, call.bob.core.request(call.dialog(call.bob), "BYE")[1])
    call.net.run(call.net.now_us + 5_000)
    headers = [("Replaces", str(replaces))]
    outputs = call.carol.core.invite("sip:bob@192.0.2.2", caller=CALLER, headers=headers, body=OFFER)[1]
    call.net.do(call.bob, call.bob.core.receive(outputs[0].octets, call.carol.address))  # type: ignore[union-attr]
    assert call.net.message("603").cseq.method == "INVITE"


def test_a_tag_of_0_stands_for_a_peer_of_old_who_has_none() -> None:
    call = Replacing(answers=False)
    call.dial()
    octets = call.net.sent[0].octets.replace(f";tag={call.invite.request.from_.tag}".encode(), b"")
    call.bob.reactions.clear()
    call.net.do(call.bob, call.bob.core.receive(octets, call.alice.address))
    incoming = call.bob.one(InviteReceived).incoming
    call.net.do(call.bob, call.bob.core.respond(incoming, 200, body=ANSWER))
    call.replace(Replaces(call_id=incoming.request.call_id, to_tag=incoming.tag, from_tag="0"))
    assert call.bob.all(InviteReceived)[-1].replaces is incoming.dialog


def test_only_an_invite_can_replace() -> None:
    call = Replacing().talk()
    headers = [("Replaces", str(dialog_between(call).replaces))]
    call.net.do(call.alice, call.alice.core.request(call.dialog(call.alice), "INFO", headers=headers)[1])
    call.wait()
    assert call.alice.one(ResponseReceived).status == 400


def test_who_does_not_know_replaces_takes_the_call_as_a_new_one() -> None:
    call = Replacing(supported=[]).talk()
    call.replace(dialog_between(call).replaces)
    assert call.bob.all(InviteReceived)[-1].replaces is None

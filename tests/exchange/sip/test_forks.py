"""One INVITE, several who answer: a dialog for each, an ACK for each 2xx, an end for those who did not answer."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import (
    AnswerReceived,
    DialogEnded,
    DialogState,
    Discarded,
    InviteRefused,
    Message,
    OutgoingInvite,
    ProvisionalReceived,
    Request,
    Send,
    build_response,
)
from mikey_sdp.sip.uac import MAX_FORKS
from tests.exchange.sip.network import ANSWER, OFFER, Agent, Network

BOB, CALLER = "sip:bob@192.0.2.9", "sip:alice@example.com"


class Fork:
    """Alice has called; responses are written by hand."""

    def __init__(self) -> None:
        self.net = Network()
        self.alice: Agent = self.net.agent("alice", 1)
        self.invite: OutgoingInvite
        self.invite, outputs = self.alice.core.invite(BOB, caller=CALLER, body=OFFER)
        self.net.do(self.alice, outputs)

    def get(self, status: int, tag: str = "", route: str = "", contact: str = "", **named: Any) -> None:
        """A response of the party with that tag."""
        request = Message.parse(self.invite.request.octets)
        assert isinstance(request, Request)
        if route:
            request = request.with_field("Record-Route", *route.split())
        response = build_response(request, status, to_tag=tag, contact=contact, record_route=bool(route), **named)
        self.net.do(self.alice, self.alice.core.receive(response.octets, self.invite.hop))

    def acknowledge(self, **named: Any) -> Request:
        """Acknowledge the last answer; the ACK."""
        event = self.alice.all(AnswerReceived)[-1]
        (send,) = self.alice.core.acknowledge(event.invite, event.dialog, **named)
        assert isinstance(send, Send)
        self.net.do(self.alice, [send])
        message = Message.parse(send.octets)
        assert isinstance(message, Request)
        return message


def test_each_tag_is_a_dialog() -> None:
    fork = Fork()
    fork.get(100)
    fork.get(180, "desk", contact="<sip:bob@192.0.2.11>")
    fork.get(183, "mobile", contact="<sip:bob@192.0.2.12>", body=ANSWER)
    fork.get(183, "desk", contact="<sip:bob@192.0.2.11>", body=ANSWER)
    events = fork.alice.all(ProvisionalReceived)
    assert [event.dialog and event.dialog.remote_tag for event in events] == [None, "desk", "mobile", "desk"]
    assert events[1].dialog is events[3].dialog is fork.invite.dialogs["desk"]
    assert {dialog.state for dialog in fork.invite.dialogs.values()} == {DialogState.EARLY}
    assert len(fork.alice.core._party.dialogs) == 2


def test_every_2xx_is_acknowledged_in_its_own_dialog_and_again_when_it_is_repeated() -> None:
    fork = Fork()
    fork.get(180, "desk", contact="<sip:bob@192.0.2.11>")
    fork.get(200, "desk", contact="<sip:bob@192.0.2.11>", body=ANSWER)
    first = fork.acknowledge()
    fork.get(200, "mobile", contact="<sip:bob@192.0.2.12>", body=ANSWER)
    second = fork.acknowledge(body=b"x", content_type="text/plain")
    assert [(str(ack.uri), ack.to.tag) for ack in (first, second)] == [
        ("sip:bob@192.0.2.11", "desk"),
        ("sip:bob@192.0.2.12", "mobile"),
    ]
    assert first.via.branch != second.via.branch
    since = len(fork.net.sent)
    fork.get(200, "mobile", contact="<sip:bob@192.0.2.12>")
    fork.get(200, "desk", contact="<sip:bob@192.0.2.11>")
    assert [send.octets for send in fork.net.sent[since:]] == [second.octets, first.octets]
    assert all(send.again for send in fork.net.sent[since:])
    assert len(fork.alice.all(AnswerReceived)) == 2
    assert fork.invite.answered


def test_a_2xx_repeated_before_it_was_acknowledged_is_not_told_twice() -> None:
    fork = Fork()
    fork.get(200, "desk", contact="<sip:bob@192.0.2.11>")
    fork.get(200, "desk", contact="<sip:bob@192.0.2.11>")
    assert len(fork.alice.all(AnswerReceived)) == 1
    fork.acknowledge()
    assert fork.net.first_lines() == ["alice INVITE", "alice ACK"]


def test_who_did_not_answer_in_time_is_forgotten() -> None:
    fork = Fork()
    fork.get(180, "desk", contact="<sip:bob@192.0.2.11>")
    fork.get(180, "mobile", contact="<sip:bob@192.0.2.12>")
    fork.get(200, "mobile", contact="<sip:bob@192.0.2.12>")
    fork.acknowledge()
    fork.net.run(31_000_000)
    assert fork.alice.all(DialogEnded) == []
    fork.net.run()
    ended = fork.alice.one(DialogEnded)
    assert (ended.dialog.remote_tag, ended.why) == ("desk", "another branch answered")
    assert list(fork.alice.core._party.dialogs) == [fork.invite.dialogs["mobile"].id]
    fork.get(200, "desk", contact="<sip:bob@192.0.2.11>")
    assert fork.alice.told[-1] == "Discarded"


def test_a_refusal_ends_them_all() -> None:
    fork = Fork()
    fork.get(180, "desk", contact="<sip:bob@192.0.2.11>")
    fork.get(180, "mobile", contact="<sip:bob@192.0.2.12>")
    fork.get(603, "proxy")
    assert [event.dialog.remote_tag for event in fork.alice.all(DialogEnded)] == ["desk", "mobile"]
    assert fork.alice.one(InviteRefused).status == 603
    assert fork.alice.core._party.dialogs == {}


def test_a_2xx_after_all_for_an_early_dialog_that_we_ended() -> None:
    fork = Fork()
    fork.get(180, "desk", contact="<sip:bob@192.0.2.11>")
    dialog = fork.invite.dialogs["desk"]
    fork.net.do(fork.alice, fork.alice.core.request(dialog, "BYE")[1])
    fork.get(200, "desk", contact="<sip:bob@192.0.2.11>")
    assert fork.alice.one(AnswerReceived).dialog is dialog
    assert dialog.state is DialogState.CONFIRMED
    fork.acknowledge()
    assert fork.alice.core.request(dialog, "BYE")[1]


def test_no_flood_of_tags_is_remembered() -> None:
    fork = Fork()
    for number in range(MAX_FORKS):
        fork.get(180, f"t{number}", contact="<sip:bob@192.0.2.11>")
    fork.get(180, "one-more", contact="<sip:bob@192.0.2.11>")
    fork.get(180, "t0", contact="<sip:bob@192.0.2.11>")
    fork.get(200, "and-more", contact="<sip:bob@192.0.2.11>")
    assert fork.alice.told[-3:] == ["Discarded", "ProvisionalReceived", "Discarded"]
    assert [event.why for event in fork.alice.all(Discarded)] == [f"more than {MAX_FORKS} answers to one INVITE"] * 2
    assert len(fork.invite.dialogs) == MAX_FORKS
    fork.net.run()
    assert (fork.alice.one(InviteRefused).status, fork.alice.core.held) == (408, 0)


ROUTE = "<sip:192.0.2.22;lr>;x=y <sip:192.0.2.21:5070;transport=tcp;lr>"


def test_requests_of_the_dialog_take_the_recorded_route_backwards() -> None:
    fork = Fork()
    fork.get(200, "desk", route=ROUTE, contact="<sip:bob@192.0.2.11>")
    ack = fork.acknowledge()
    assert ack.all("Route") == ("<sip:192.0.2.21:5070;transport=tcp;lr>", "<sip:192.0.2.22;lr>;x=y")
    assert str(ack.uri) == "sip:bob@192.0.2.11"
    assert fork.net.sent[-1].hop == ("TCP", "192.0.2.21", 5070)
    assert ack.via.transport == "TCP"


def test_requests_of_an_early_dialog_take_its_route_too() -> None:
    fork = Fork()
    fork.get(180, "desk", route=ROUTE, contact="<sip:bob@192.0.2.11>")
    bye = fork.alice.core.request(fork.invite.dialogs["desk"], "BYE")[1][0]
    assert isinstance(bye, Send)
    assert bye.hop == ("TCP", "192.0.2.21", 5070)
    assert bye.message.all("Route") == ("<sip:192.0.2.21:5070;transport=tcp;lr>", "<sip:192.0.2.22;lr>;x=y")


def test_the_route_of_the_2xx_replaces_that_of_the_early_dialog() -> None:
    fork = Fork()
    fork.get(180, "desk", route=ROUTE, contact="<sip:bob@192.0.2.11>")
    assert len(fork.invite.dialogs["desk"].route_set) == 2
    fork.get(200, "desk", contact="<sip:bob@192.0.2.13>")
    ack = fork.acknowledge()
    assert (ack.all("Route"), str(ack.uri)) == ((), "sip:bob@192.0.2.13")


def test_a_strict_router_gets_itself_as_target() -> None:
    fork = Fork()
    fork.get(
        200, "desk", route="<sip:192.0.2.22;lr> <sip:192.0.2.21;method=INVITE;x=y?a=b>", contact="<sip:bob@192.0.2.11>"
    )
    ack = fork.acknowledge()
    assert str(ack.uri) == "sip:192.0.2.21;x=y"
    assert ack.all("Route") == ("<sip:192.0.2.22;lr>", "<sip:bob@192.0.2.11>")
    assert fork.net.sent[-1].hop == ("UDP", "192.0.2.21", 5060)


@pytest.mark.parametrize("contact", ["", "<sip:bob@phone.example.com>", "<tel:+123>"])
def test_a_target_that_leads_nowhere_is_reached_where_its_answer_came_from(contact: str) -> None:
    fork = Fork()
    fork.get(200, "desk", contact=contact)
    ack = fork.acknowledge()
    assert fork.net.sent[-1].hop == ("UDP", "192.0.2.9", 5060)
    assert str(ack.uri) == ("sip:bob@phone.example.com" if "phone" in contact else "sip:bob@192.0.2.9")


def test_a_party_without_a_tag_is_a_dialog_all_the_same() -> None:
    fork = Fork()
    fork.get(180)
    assert fork.alice.one(ProvisionalReceived).dialog is None
    fork.get(200, contact="<sip:bob@192.0.2.11>")
    ack = fork.acknowledge()
    assert ack.to.tag == ""
    assert str(fork.alice.one(AnswerReceived).dialog.replaces).endswith(
        ";to-tag=0;from-tag=" + fork.invite.request.from_.tag
    )


def test_what_names_a_dialog_to_others() -> None:
    fork = Fork()
    fork.get(180, "desk", contact="<sip:bob@192.0.2.11>")
    dialog = fork.invite.dialogs["desk"]
    assert str(dialog.replaces) == f"{fork.invite.call_id};to-tag=desk;from-tag={dialog.local_tag}"
    assert (dialog.caller, dialog.invite_open, dialog.local_cseq, dialog.remote_cseq) == (True, True, 1, None)
    with pytest.raises(UsageError, match="under way"):
        fork.alice.core.reinvite(dialog, body=OFFER)

"""Calls of the network that a proxy sends to several phones of one account behind one edge."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes.commands import Call, HangUp, Register
from mikey_sdp.nodes.config import Answering, Contact
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import EdgeLimits
from mikey_sdp.nodes.edge_forks import MAX_CALLS
from mikey_sdp.sip import Request, Response
from tests.exchange.nodes.phones import MS, states, uri
from tests.unit.nodes.edge_town import HOSTS, address, edge, heard, phone, proxy, run, secured
from tests.unit.nodes.edge_wire import (
    BEYOND,
    HERE,
    OUTSIDE,
    PHONE,
    PLAIN,
    SDES,
    TYPE,
    Bob,
    Wire,
    methods,
    reply,
    request,
)

PLACES = (PHONE, Address("192.0.2.8", 5060))


class Household:
    """Alice's edge with two phones of hers, which registered, and bob, who calls."""

    def __init__(self, **settings: object) -> None:
        self.wire = Wire(edge("alice", account={"contact": ""}, **settings))
        self.uris = [self._registered(place, number) for number, place in enumerate(PLACES, 1)]
        self.bob = Bob().end

    def _registered(self, place: Address, number: int) -> str:
        text = request("REGISTER", "sip:example.com", number).replace("To: <sip:bob@", "To: <sip:alice@")
        text = text.replace(f"<sip:alice@{HOSTS['alice']}:5060>", f"<sip:alice@{place.host}:{place.port}>")
        sent = self.wire.give(text, place, HERE)[0]
        assert isinstance(sent, Request)
        self.wire.give(reply(sent, "200 OK", f"Contact: {sent.get('Contact')}", "Expires: 600"), BEYOND, OUTSIDE)
        return sent.contacts[0].uri.text

    def invites(self, phone: int, branch: str, body: str, *, call: str = "one@bob") -> list[Request | Response]:
        """A branch of bob's call arrives for that phone."""
        text = "\n".join(
            [
                f"INVITE {self.uris[phone]} SIP/2.0",
                f"Via: SIP/2.0/UDP {BEYOND.host}:5060;branch=z9hG4bK{branch}",
                "Max-Forwards: 70",
                "From: <sip:bob@example.com>;tag=b1",
                "To: <sip:alice@example.com>",
                f"Call-ID: {call}",
                "CSeq: 1 INVITE",
                f"Contact: <sip:bob@{HOSTS['bob']}:5060>",
                TYPE,
            ]
        )
        return self.wire.give(text, BEYOND, OUTSIDE, body)

    def answers(self, invite: Request, number: int, status: str = "200 OK") -> Request | Response:
        """That phone answers."""
        place = PLACES[number]
        kept = [one.raw for one in invite.fields if one.key in ("via", "from", "call-id", "cseq", "record-route")]
        body = SDES.replace("192.0.2.1", place.host) if status.startswith("2") else ""
        contact = f"Contact: <sip:alice@{place.host}:5060>"
        fields = [*kept, f"To: <{invite.to.uri}>;tag=a{number}", contact, *([TYPE] if body else [])]
        return self.wire.give("\n".join([f"SIP/2.0 {status}", *fields]), place, HERE, body)[-1]


def test_both_phones_ring_and_whichever_answers_has_keys():
    for first in range(2):
        home = Household()
        offer = home.bob.offer(PLAIN, to=uri("alice"))
        branches = [home.invites(number, f"branch{number}", offer.sdp)[0] for number in range(2)]
        assert methods(branches) == ["INVITE", "INVITE"]
        assert [home.wire.sent[-2].destination, home.wire.sent[-1].destination] == list(PLACES)
        invite = branches[first]
        assert isinstance(invite, Request)
        answer = home.answers(invite, first)
        assert offer.accept(answer.body.decode()).peer == uri("alice")
        assert answer.status == 200  # type: ignore[union-attr]


def test_both_phones_in_early_media_or_answering_at_once_send_under_ssrcs_of_their_own():
    home = Household()
    offer = home.bob.offer(PLAIN, to=uri("alice"))
    calls = [home.invites(number, f"branch{number}", offer.sdp)[0] for number in range(2)]
    for number, invite in enumerate(calls):
        assert isinstance(invite, Request)
        home.answers(invite, number)
    ssrcs = []
    for call in home.wire.edge.desk.calls.values():
        (leg,) = call.legs
        ssrcs.append(leg.crossings[0]._outward)
    assert ssrcs[0] is None
    assert ssrcs[1] is not None


def test_the_same_branch_by_two_ways_is_told_so():
    home = Household()
    offer = home.bob.offer(PLAIN, to=uri("alice"))
    home.invites(0, "way1", offer.sdp)
    assert methods(home.invites(0, "way2", offer.sdp)) == ["482 INVITE"]
    assert home.wire.edge.open_calls == 1


def test_the_next_phone_is_tried_after_the_first_refused():
    home = Household()
    offer = home.bob.offer(PLAIN, to=uri("alice"))
    (invite,) = home.invites(0, "one", offer.sdp)
    assert isinstance(invite, Request)
    home.answers(invite, 0, "486 Busy Here")
    (second,) = home.invites(1, "two", offer.sdp)
    assert isinstance(second, Request)
    assert offer.accept(home.answers(second, 1).body.decode()).peer == uri("alice")


def test_a_call_that_was_taken_or_is_another_is_a_replay_at_every_phone():
    home = Household()
    offer = home.bob.offer(PLAIN, to=uri("alice"))
    (invite,) = home.invites(0, "one", offer.sdp)
    assert isinstance(invite, Request)
    assert methods(home.invites(1, "other", offer.sdp, call="two@mallory")) == ["488 INVITE"]
    home.answers(invite, 0)
    assert methods(home.invites(1, "late", offer.sdp)) == ["488 INVITE"]
    assert methods(home.invites(0, "again", offer.sdp)) == ["488 INVITE"]


def test_an_older_offer_under_the_name_of_a_call_that_rings_is_a_replay():
    home = Household()
    old, new = (home.bob.offer(PLAIN, to=uri("alice")) for _ in range(2))
    (invite,) = home.invites(0, "old", old.sdp, call="old@bob")
    assert isinstance(invite, Request)
    home.answers(invite, 0, "486 Busy Here")
    home.invites(0, "new", new.sdp)
    assert methods(home.invites(1, "mallory", old.sdp)) == ["488 INVITE"]
    assert methods(home.invites(1, "fork", new.sdp)) == ["INVITE"]


def test_a_branch_that_comes_late_and_repeated_phones_are_replays():
    home = Household(limits=EdgeLimits(ring_us=10_000 * MS))
    offer = home.bob.offer(PLAIN, to=uri("alice"))
    (invite,) = home.invites(0, "one", offer.sdp)
    assert isinstance(invite, Request)
    home.answers(invite, 0, "486 Busy Here")
    assert methods(home.invites(0, "two", offer.sdp)) == ["488 INVITE"]
    home.wire.now = 10_000 * MS
    assert methods(home.invites(1, "three", offer.sdp)) == ["488 INVITE"]


def test_no_more_is_remembered_than_has_room():
    home = Household(limits=EdgeLimits(calls=MAX_CALLS * 2), pairs=MAX_CALLS * 4)
    for number in range(MAX_CALLS + 5):
        body = home.bob.offer(PLAIN, to=uri("alice")).sdp
        assert methods(home.invites(0, f"n{number}", body, call=f"{number}@bob")) == ["INVITE"]
    assert len(home.wire.edge.desk.forks._known) == MAX_CALLS


@pytest.mark.parametrize("taker", ["alice", "carol"])
def test_a_registrar_s_proxy_lets_both_phones_ring_and_the_one_that_answers_talks(taker: str):
    """Alice has two phones, the second of which stands for carol's in the plan."""
    here = edge("alice", account={"contact": ""})
    own = {"registrar": Contact(uri=uri("alice"), address=address("alice edge"))}
    phones = [
        phone(
            name,
            identity=uri("alice"),
            by="alice edge",
            contacts=own,
            answering=Answering(decide_after_us=(500 if name == taker else 5_000) * MS),
        )
        for name in ("alice", "carol")
    ]
    records = run(
        *phones,
        secured("bob"),
        here,
        proxy(services={}),
        steps=[
            (0, "alice", Register("registrar")),
            (100, "carol", Register("registrar")),
            (1_000, "bob", Call("alice")),
            (4_000, "bob", HangUp("alice")),
        ],
    )
    other = "carol" if taker == "alice" else "alice"
    assert states(records, taker)[-2:] == ["confirmed", "ended"]
    assert states(records, other)[-1] == "cancelled"
    assert heard(records, taker) == heard(records, "bob") == [(20, 20)]
    assert here.status().taken == 1
    assert here.held == here.ports.open == 0

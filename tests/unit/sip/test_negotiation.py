"""Whose offer is open, message by message."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import Message, Request, Response, Side, build_response
from mikey_sdp.sip.negotiation import Negotiation, carries_sdp
from tests.unit.sip.samples import SDP, request

OWN, PEER = Side.OWN, Side.PEER


def asked(method: str, body: bytes = SDP) -> Request:
    message = Message.parse(request(method, "Content-Type: application/sdp", body=body))
    assert isinstance(message, Request)
    return message


def said(to: Request, status: int, body: bytes = b"") -> Response:
    return build_response(to, status, body=body)


INVITE, EMPTY, UPDATE = asked("INVITE"), asked("INVITE", b""), asked("UPDATE")


@pytest.mark.parametrize("by", [OWN, PEER])
def test_an_offer_is_open_until_the_other_side_s_first_reliable_description(by: Side) -> None:
    state = Negotiation()
    state.request(INVITE, by)
    state.response(INVITE, said(INVITE, 183, SDP), by.other)
    state.response(INVITE, said(INVITE, 180), by.other, reliable=True)
    assert state.pending is by
    state.response(INVITE, said(INVITE, 183, SDP), by.other, reliable=True)
    assert state.pending is None
    # What later responses repeat is no offer.
    state.response(INVITE, said(INVITE, 200, SDP), by.other)
    assert state.pending is None


def test_only_the_first_description_for_an_empty_invite_is_an_offer() -> None:
    state = Negotiation()
    state.request(EMPTY, OWN)
    state.response(EMPTY, said(EMPTY, 183, SDP), PEER, reliable=True)
    assert state.pending is PEER
    state.request(asked("PRACK"), OWN)
    assert state.pending is None
    state.response(EMPTY, said(EMPTY, 200, SDP), PEER)
    assert state.pending is None


def test_an_ack_ends_what_a_2xx_offered_and_nothing_else() -> None:
    state = Negotiation()
    state.request(EMPTY, OWN)
    state.response(EMPTY, said(EMPTY, 200, SDP), PEER)
    assert state.pending is PEER
    state.acknowledged()
    assert state.pending is None
    state.request(UPDATE, PEER)
    state.acknowledged()
    assert state.pending is PEER


def test_a_prack_with_a_description_offers_where_no_offer_of_the_peer_is_open() -> None:
    state = Negotiation()
    state.request(asked("PRACK"), OWN)
    assert state.pending is OWN
    state.response(asked("PRACK"), said(asked("PRACK"), 200, SDP), PEER)
    assert state.pending is None


@pytest.mark.parametrize("status", [200, 491])
def test_a_final_response_ends_the_offer_of_its_own_request_only(status: int) -> None:
    state = Negotiation()
    state.request(UPDATE, OWN)
    bare = asked("PRACK", b"")
    state.response(bare, said(bare, status), PEER)
    assert state.pending is OWN
    state.response(UPDATE, said(UPDATE, status), OWN)
    assert state.pending is OWN
    state.response(UPDATE, said(UPDATE, status), PEER)
    assert state.pending is None


def test_what_counts_as_a_description() -> None:
    assert carries_sdp(asked("INVITE"))
    assert not carries_sdp(asked("INVITE", b""))
    assert carries_sdp(Message.parse(request("INVITE", "c: Application/SDP ; charset=x", body=SDP)))
    for line in ("Content-Type: message/sipfrag", "Content-Type: ;", "X: application/sdp"):
        assert not carries_sdp(Message.parse(request("INVITE", line, body=SDP)))

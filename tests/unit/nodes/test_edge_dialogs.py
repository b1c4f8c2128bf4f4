"""Messages of one dialog through an edge, one by one."""

from __future__ import annotations

import re

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CommandGiven,
    Datagram,
    DatagramReceived,
    SendDatagram,
    TimerFired,
    Transport,
)
from mikey_sdp.nodes.edge_contract import EdgeLimits, EndCall, PeerRule
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sip import Request, Response
from mikey_sdp.srtp.rtp import rtp_octets
from tests.exchange.nodes.phones import MS, uri
from tests.unit.nodes.edge_town import HOSTS
from tests.unit.nodes.edge_wire import (
    BEYOND,
    BOB,
    CONTACT,
    HELD,
    OUTSIDE,
    OWN_KEY,
    PLAIN,
    SDES,
    TYPE,
    Bob,
    Dialog,
    methods,
    reply,
    to_phone,
)


def test_a_reliable_offer_is_answered_in_prack():
    dialog = Dialog()
    invite = dialog.invite("Supported: 100rel", body="")
    assert invite.body == b""
    offer = dialog.bob.offer()
    early = dialog.back(reply(invite, "183 Session Progress", CONTACT, TYPE, "Require: 100rel", "RSeq: 7"), offer.sdp)
    (heard_of,) = early
    assert isinstance(heard_of, Response)
    assert (heard_of.rseq, b"a=crypto" in heard_of.body, b"key-mgmt" in heard_of.body) == (7, True, False)
    (prack,) = dialog.from_phone("PRACK", 2, "RAck: 7 1 INVITE", body=SDES)
    assert prack.get("RAck") == "7 1 INVITE"
    assert offer.accept(prack.body.decode()).mode == "PSK"
    assert methods(dialog.back(reply(prack, "200 OK"))) == ["200 PRACK"]  # type: ignore[arg-type]
    assert methods(dialog.back(reply(invite, "200 OK", CONTACT))) == ["200 INVITE"]
    assert methods(dialog.from_phone("ACK", 1)) == ["ACK"]
    assert dialog.wire.edge.status().calls[0].state == "answered"


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_offers_of_either_side_within_a_call_repeat_the_keys_that_stand(method: str):
    dialog = Dialog()
    first = SessionDescription.parse(dialog.up().body).session.attribute("key-mgmt")
    (sent,) = dialog.from_phone(method, 2, body=SDES)
    assert isinstance(sent, Request)
    assert SessionDescription.parse(sent.body).session.attribute("key-mgmt") == first
    assert methods(dialog.back(reply(sent, "200 OK", CONTACT, TYPE), dialog.bob.answer(sent, HELD))) == [
        f"200 {method}"
    ]
    if method == "INVITE":
        dialog.from_phone("ACK", 2)
    offer = dialog.bob.offer(HELD)
    (asked,) = dialog.from_bob(method, 1, body=offer.sdp)
    assert isinstance(asked, Request)
    assert b"a=sendonly" in asked.body
    assert b"RTP/SAVP" in asked.body
    answered = dialog.phone_says(to_phone(asked, "200 OK", TYPE), SDES + "a=recvonly\r\n")
    assert methods(answered) == [f"200 {method}"]
    assert offer.accept(answered[0].body.decode()).mode == "PSK"


def test_offers_that_cross_are_told_so_and_the_next_ones_pass():
    dialog = Dialog()
    dialog.up()
    (sent,) = dialog.from_phone("INVITE", 2, body=SDES)
    crossing = dialog.from_bob("INVITE", 1, body=dialog.bob.offer(HELD).sdp)
    assert methods(crossing) == ["491 INVITE"]
    assert isinstance(sent, Request)
    passed = dialog.back(reply(sent, "491 Request Pending"))
    assert methods(passed) == ["ACK", "491 INVITE"]
    (again,) = dialog.from_bob("INVITE", 2, body=dialog.bob.offer(HELD).sdp)
    assert isinstance(again, Request)


def test_a_2xx_that_comes_again_gets_the_same_through_and_an_ack_each_time():
    dialog = Dialog()
    invite = dialog.invite()
    text, body = reply(invite, "200 OK", CONTACT, TYPE), dialog.bob.answer(invite)
    once, again = dialog.back(text, body), dialog.back(text, body)
    assert [one.octets for one in once] == [one.octets for one in again]
    assert dialog.wire.edge.status().taken == 1
    assert methods(dialog.from_phone("ACK", 1)) == methods(dialog.from_phone("ACK", 1)) == ["ACK"]


def test_a_2xx_without_good_keys_is_confirmed_as_often_as_it_comes_and_hung_up_on_once():
    dialog = Dialog()
    invite = dialog.invite()
    text, body = reply(invite, "200 OK", CONTACT, TYPE), PLAIN.replace("AVP", "SAVP")
    assert methods(dialog.back(text, body)) == ["ACK", "BYE", "488 INVITE"]
    assert methods(dialog.back(text, body)) == ["ACK"]
    assert dialog.wire.edge.open_calls == dialog.wire.edge.ports.open == 0


def test_a_second_party_that_answers_gets_keys_of_its_own_and_one_too_late_is_hung_up_on():
    dialog = Dialog(limits=EdgeLimits(branches=2))
    invite = dialog.invite()
    other = Bob()
    for bob, tag in ((dialog.bob, "b1"), (other, "b2")):
        passed = dialog.back(reply(invite, "200 OK", CONTACT, TYPE, tag=tag), bob.answer(invite))
        assert methods(passed) == ["200 INVITE"]
    assert len(dialog.wire.edge.status().calls[0].streams) == 2
    assert dialog.back(reply(invite, "200 OK", CONTACT, TYPE, tag="b3"), PLAIN) == []


def test_media_under_keys_that_branches_share_waits_for_the_answer_of_its_own_branch():
    dialog = Dialog()
    invite = dialog.invite()
    other, wire = Bob(), dialog.wire
    elsewhere = PLAIN.replace("192.0.2.2", "192.0.2.3")
    first, second = dialog.bob.answer(invite), other.answer(invite, elsewhere)
    assert other.leg is not None
    speech = other.leg.keys.session(0).protect(
        rtp_octets(payload_type=0, sequence=1, timestamp=0, ssrc=9, payload=b"speech")
    )

    def heard_by_phone(actions: list[Action]) -> list[int]:
        """The ports from which media went to the phone."""
        sent = [action.datagram for action in actions if isinstance(action, SendDatagram)]
        return [one.source.port for one in sent if one.transport is Transport.MEDIA]

    def arrives(text: str, body: str) -> list[int]:
        head = text.replace("\n", "\r\n")
        octets = f"{head}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        message = Datagram(source=BEYOND, destination=OUTSIDE, transport=Transport.UDP, octets=octets)
        return heard_by_phone(wire.edge.handle(DatagramReceived(message), Micros(0)))

    assert arrives(reply(invite, "183 Session Progress", CONTACT, TYPE), first) == []
    place = Address(HOSTS["carol"], 5000)
    port = next(one for one in wire.edge.ports.addresses if one.port == 30_000)
    media = Datagram(source=place, destination=port, transport=Transport.MEDIA, octets=speech)
    assert heard_by_phone(wire.edge.handle(DatagramReceived(media), Micros(0))) == []
    assert arrives(reply(invite, "183 Session Progress", CONTACT, TYPE, tag="b2"), second) == [20_002]


def test_a_call_that_was_given_up_is_hung_up_on_when_it_is_answered_after_all():
    dialog = Dialog()
    invite = dialog.invite()
    number = next(iter(dialog.wire.edge.desk.passages))
    given_up = dialog.wire.messages(dialog.wire.edge.handle(TimerFired(f"edge/ring/{number}"), Micros(1)))
    assert methods(given_up) == ["408 INVITE"]
    late = dialog.back(reply(invite, "200 OK", CONTACT, TYPE), dialog.bob.answer(invite))
    assert methods(late) == ["ACK", "BYE"]
    assert dialog.wire.edge.ports.open == 0


def test_session_timers_pass_and_say_how_long_a_call_may_be_silent():
    dialog = Dialog(limits=EdgeLimits(silent_us=60_000 * MS))
    assert dialog.invite("Session-Expires: 1800").get("Session-Expires") == "1800"
    dialog = Dialog(limits=EdgeLimits(silent_us=60_000 * MS))
    dialog.up("Session-Expires: 1800;refresher=uac")
    wire = dialog.wire
    for minutes in (5, 29):
        assert wire.edge.handle(TimerFired("edge/idle/2"), Micros(minutes * 60_000 * MS))
        assert wire.edge.open_calls == 1
    ended = wire.messages(wire.edge.handle(TimerFired("edge/idle/2"), Micros(36 * 60_000 * MS)))
    assert methods(ended) == ["BYE", "BYE"]
    assert {one.cseq.number for one in ended} == {1, 2}
    assert wire.edge.open_calls == 0


def test_requests_of_the_edge_itself_follow_the_route_and_the_numbers_of_the_dialog():
    dialog = Dialog()
    invite = dialog.invite()
    routed = reply(invite, "200 OK", CONTACT, TYPE, f"Record-Route: <sip:{BEYOND.host};lr>")
    own = [entry.raw for entry in invite.fields if entry.key == "record-route"]
    lines = [line for line in routed.split("\n") if line not in own]
    dialog.back("\n".join([*lines, *own]), dialog.bob.answer(invite))
    ack = dialog.from_phone("ACK", 1, f"Route: <sip:{BEYOND.host};lr>")
    assert methods(ack) == ["ACK"]
    dialog.from_phone("INFO", 9)
    number = dialog.wire.edge.status().calls[0].number
    ended = dialog.wire.messages(dialog.wire.edge.handle(CommandGiven(EndCall(number)), Micros(1)))
    outward = next(one for one in ended if one.from_.tag == "a1")
    assert isinstance(outward, Request)
    assert (outward.uri.text, outward.cseq.number) == (BOB.strip("<>"), 10)
    assert [route.uri.host for route in outward.routes] == [BEYOND.host]


def test_new_keys_of_the_phone_are_new_keys_of_mikey():
    dialog = Dialog()
    first = SessionDescription.parse(dialog.up().body).session.attribute("key-mgmt")
    renewed = re.sub(r"a=crypto:.*\r\n", OWN_KEY, SDES)
    (sent,) = dialog.from_phone("INVITE", 2, body=renewed)
    assert SessionDescription.parse(sent.body).session.attribute("key-mgmt") != first


def test_a_stream_that_an_edge_cannot_carry_is_refused_and_nothing_of_the_phone_s_place_is_told():
    dialog = Dialog()
    more = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n"
    body = dialog.invite(
        body=SDES + "a=ssrc:5 cname:alice@home\r\na=rtcp:4001 IN IP4 192.0.2.1\r\n" + more
    ).body.decode()
    assert "m=application 0 UDP/DTLS/SCTP" in body
    assert "192.0.2.1\r\n" not in body
    assert "candidate" not in body
    assert "ssrc" not in body


@pytest.mark.parametrize("inside", [False, True])
def test_a_plain_stream_beside_secured_ones_is_refused_in_its_place(inside: bool):
    dialog = Dialog()
    if inside:
        dialog.up()
    invite = None if inside else dialog.invite(body="")
    offer = dialog.bob.offer(PLAIN + "m=video 5004 RTP/AVP 96\r\n").sdp.replace("RTP/SAVP 96", "RTP/AVP 96")
    if invite is None:
        (asked,) = dialog.from_bob("INVITE", 1, body=offer)
    else:
        (asked,) = dialog.back(reply(invite, "200 OK", CONTACT, TYPE), offer)
    lines = [media.lines[0].value for media in SessionDescription.parse(asked.body).media]
    assert lines == ["audio 20000 RTP/SAVP 0", "video 0 RTP/AVP 96"]


def test_a_best_effort_offer_keeps_its_profile_towards_the_phone():
    dialog = Dialog()
    invite = dialog.invite(body=SDES.replace("SAVP", "AVP"))
    assert b"RTP/SAVP" in invite.body
    (answer,) = dialog.back(reply(invite, "200 OK", CONTACT, TYPE), dialog.bob.answer(invite))
    assert b"RTP/AVP 0" in answer.body
    assert b"a=crypto" in answer.body


def test_an_answer_that_makes_another_kind_of_stream_of_one_carries_nothing():
    dialog = Dialog(peers=(PeerRule(match="example.com", plain=True),))
    invite = dialog.invite()
    (answer,) = dialog.back(reply(invite, "200 OK", CONTACT, TYPE), PLAIN.replace("RTP/AVP 0", "udptl t38"))
    assert b"m=audio 0 " in answer.body
    assert dialog.wire.edge.status().calls[0].mode == "PLAIN"


def test_a_redirection_of_a_plain_call_to_somebody_else_is_offered_keys():
    dialog = Dialog(peers=(PeerRule(match=uri("bob"), plain=True),))
    invite = dialog.invite()
    assert b"RTP/AVP" in invite.body
    moved = dialog.back(reply(invite, "302 Moved Temporarily", "Contact: <sip:carol@example.com>"))
    again = moved[-1]
    assert isinstance(again, Request)
    assert again.uri.text == "sip:carol@example.com"
    assert b"RTP/SAVP" in again.body
    assert b"key-mgmt" in again.body
    assert dialog.wire.edge.status().calls[0].peer == uri("carol")

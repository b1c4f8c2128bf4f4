"""What strangers on either side of an edge try: to use it as a relay, to be its phone, to fill it, to read its keys."""

from __future__ import annotations

import re

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import Address, Datagram, DatagramReceived, SendDatagram, Transport
from mikey_sdp.nodes.edge_contract import EdgeLimits, Side
from mikey_sdp.nodes.edge_guard import InTheClear
from mikey_sdp.nodes.edge_media import MAX_WAITING_OCTETS, Crossing
from mikey_sdp.nodes.edge_reception import MAX_PLACES, Reception
from mikey_sdp.nodes.sdes import data_sa
from mikey_sdp.sdp.crypto import cryptos
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sip import Request, Response
from mikey_sdp.srtp.rtcp import ReceiverReport, encode_compound
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.srtp.sender import SrtpSender
from tests.exchange.nodes.phones import uri
from tests.unit.nodes.edge_town import HOSTS, edge
from tests.unit.nodes.edge_wire import (
    BEYOND,
    CONTACT,
    HERE,
    OUTSIDE,
    PHONE,
    PLAIN,
    SDES,
    TYPE,
    Bob,
    Dialog,
    Wire,
    methods,
    reply,
    request,
)
from tests.unit.nodes.test_edge_media import BEYOND as MEDIA_BEYOND
from tests.unit.nodes.test_edge_media import FAR, NEAR, Ports

MALLORY = Address("203.0.113.9", 5060)
INSIDE = "192.168.0.9"
"""Something on the phone's side that is no phone."""
KEY = "AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"


def by_mallory(method: str, target: str, *more: str, to: str, to_tag: str = "") -> str:
    """A request of somebody on the network."""
    tag = f";tag={to_tag}" if to_tag else ""
    return "\n".join(
        [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {MALLORY.host}:5060;branch=z9hG4bK{method}",
            "Max-Forwards: 70",
            "From: <sip:mallory@example.com>;tag=m1",
            f"To: <{to}>{tag}",
            "Call-ID: one@mallory",
            f"CSeq: 1 {method}",
            *more,
        ]
    )


# -- from the network to the phone's side ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["MESSAGE", "NOTIFY", "REFER", "BYE"])
def test_a_request_of_no_dialog_of_ours_reaches_nothing_but_a_phone(method: str):
    wire = Wire(edge("alice"))
    elsewhere = by_mallory(method, f"sip:x@{INSIDE}:5060", to="sip:x@example.com", to_tag="x")
    assert methods(wire.give(elsewhere, MALLORY, OUTSIDE)) == [f"481 {method}"]
    phone = by_mallory(method, f"sip:alice@{HOSTS['alice']}:5060", to=uri("alice"), to_tag="x")
    assert methods(wire.give(phone.replace("z9hG4bK", "z9hG4bK2"), MALLORY, OUTSIDE)) == [method]
    assert wire.sent[-1].destination == PHONE


@pytest.mark.parametrize("method", ["INFO", "BYE", "ACK"])
def test_a_route_of_the_network_s_leads_nowhere_on_the_phone_s_side(method: str):
    dialog = Dialog()
    dialog.up()
    assert methods(dialog.from_bob(method, 1, f"Route: <sip:{INSIDE};lr>")) == [method]
    assert dialog.wire.sent[-1].destination == PHONE


def test_nobody_registers_with_a_phone():
    wire = Wire(edge("alice"))
    text = by_mallory("REGISTER", "sip:alice@example.com", "Contact: *", to=uri("alice"))
    assert methods(wire.give(text, MALLORY, OUTSIDE)) == ["403 REGISTER"]


# -- on the phone's side -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "REFER"])
@pytest.mark.parametrize("stranger", ["another user", "another place"])
def test_the_edge_relays_for_nobody_but_the_phones_of_its_accounts(method: str, stranger: str):
    wire = Wire(edge("alice"))
    text, source = request(method, uri("bob"), 1), PHONE
    if stranger == "another user":
        text = text.replace("From: <sip:alice@", "From: <sip:eve@")
    else:
        source = Address(INSIDE, 5060)
    assert methods(wire.give(text, source, HERE)) == [f"403 {method}"]


def test_nobody_else_confirms_for_the_phone():
    dialog = Dialog()
    invite = dialog.invite()
    dialog.back(reply(invite, "200 OK", CONTACT, TYPE), dialog.bob.answer(invite))
    text = request("ACK", "sip:bob@192.0.2.2", 1, to_tag="b1")
    assert methods(dialog.wire.give(text, Address(INSIDE, 5060), HERE)) == []
    assert methods(dialog.wire.give(text, PHONE, HERE)) == ["ACK"]


def registers(wire: Wire, contact: str, source: Address, number: int, granted: str = "") -> Request:
    """One phone of alice's registers; the registrar lists what is `granted` too."""
    text = request("REGISTER", "sip:example.com", number).replace("To: <sip:bob@", "To: <sip:alice@")
    text = re.sub("Contact: .*", f"Contact: <{contact}>" if contact else "X-Nothing: 1", text)
    sent = wire.give(text, source, HERE)[0]
    assert isinstance(sent, Request)
    mine = ", ".join(filter(None, [granted, sent.get("Contact") or ""]))
    wire.give(reply(sent, "200 OK", f"Contact: {mine}", "Expires: 600"), BEYOND, OUTSIDE)
    return sent


@pytest.mark.parametrize("second", ["sip:alice@192.0.2.8:5060", ""])
def test_who_registers_or_asks_takes_over_no_other_phone_s_place(second: str):
    wire = Wire(edge("alice", account={"contact": ""}))
    first = registers(wire, "sip:alice@192.0.2.1:5060", PHONE, 1)
    listed = first.get("Contact") or ""
    registers(wire, second, Address("192.0.2.8", 5060), 2, listed)
    target = first.contacts[0].uri.text
    called = by_mallory("MESSAGE", target, to=uri("alice"))
    assert methods(wire.give(called, MALLORY, OUTSIDE)) == ["MESSAGE"]
    assert wire.sent[-1].destination == PHONE


def test_without_a_proxy_only_the_registrar_of_the_domain_says_where_phones_are():
    account = {"identity": "sip:alice@192.0.2.100", "contact": ""}
    wire = Wire(edge("alice", account=account, outbound=None))
    text = request("REGISTER", "sip:192.0.2.100", 1).replace("To: <sip:bob@example.com", "To: <sip:alice@192.0.2.100")
    assert methods(wire.give(text, PHONE, HERE)) == ["REGISTER"]
    other = text.replace("sip:192.0.2.100 SIP", f"sip:{INSIDE} SIP").replace("z9hG4bK", "z9hG4bK2")
    assert methods(wire.give(other, PHONE, HERE)) == ["403 REGISTER"]
    routed = f"{text.replace('z9hG4bK', 'z9hG4bK3')}\nRoute: <sip:{INSIDE};lr>"
    assert methods(wire.give(routed, PHONE, HERE)) == ["403 REGISTER"]


# -- how much one may take ---------------------------------------------------------------------------------------


def test_a_description_of_many_streams_takes_no_ports():
    node = edge("alice", pairs=40)
    wire, opened = Wire(node), []
    take = node.ports.open_ports

    def counted(side, rtp, rtcp):
        opened.append(side)
        return take(side, rtp, rtcp)

    node.ports.open_ports = counted  # type: ignore[method-assign]
    most = EdgeLimits().streams
    audio = "m=audio 5000 RTP/SAVP 0\r\n"
    offer = PLAIN.partition("m=")[0] + audio * (most + 1)
    text = by_mallory("INVITE", uri("alice"), TYPE, to=uri("alice"))
    answer = wire.give(text, MALLORY, OUTSIDE, offer)[0]
    assert isinstance(answer, Response)
    assert answer.status == 488
    assert answer.warnings[0].text == f"more than {most} streams"
    assert opened == []
    wire.give(text.replace("one@", "two@").replace("z9hG4bK", "z9hG4bK2"), MALLORY, OUTSIDE, offer[: -len(audio)])
    assert opened == [Side.NETWORK] * most
    assert node.ports.open == node.open_calls == 0


def test_one_place_a_stream_goes_on_of_the_many_that_it_names():
    sent = Dialog().invite(body=SDES + "c=IN IP4 192.0.2.1\r\n" * 2_000).body.decode()
    assert [line for line in sent.split("\r\n") if line.startswith("c=")] == ["c=IN IP4 192.0.2.51"] * 2


def test_packets_larger_than_media_don_t_wait_for_keys():
    reception = Reception(limit=4)
    for extra in (0, 1):
        octets = rtp_octets(
            payload_type=0, sequence=1, timestamp=0, ssrc=1, payload=bytes(MAX_WAITING_OCTETS - 12 + extra)
        )
        reception.take(octets, MALLORY)
    assert (reception.waiting, reception.strangers) == (1, 1)


def test_places_of_media_are_remembered_up_to_a_limit():
    reception, pair = Reception(limit=1), Ports(30_000)
    crossing = Crossing(0, "audio", pair, limit=1)
    crossing.attach(Ports(20_000))
    crossing.connect(near=NEAR, phone=InTheClear(), far=MEDIA_BEYOND, network=InTheClear())
    crossing.roams = True
    reception.admit(crossing)
    for port in range(MAX_PLACES + 5):
        octets = rtp_octets(payload_type=0, sequence=port, timestamp=0, ssrc=1, payload=b"x")
        reception.take(octets, Address(FAR.host, 7_000 + port))
    assert len(reception._by_source) == MAX_PLACES
    assert (crossing.received, reception.strangers) == (MAX_PLACES + 5, 0)


# -- keys of the phone's hop -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"a=acap:1 crypto:1 {KEY}",
        f"a=CRYPTO:1 {KEY}",
        f"a= crypto:1 {KEY}",
        f"a=crypto :1 {KEY}",
        f"A=crypto:1 {KEY}",
        "a=altc:1 IP4 192.168.0.9 6000",
        "C=IN IP4 192.168.0.9",
    ],
)
def test_keys_and_places_of_one_hop_go_no_further_however_they_are_written(line: str):
    kept = Dialog().invite(body=f"{SDES}{line}\r\na=ptime:20\r\n").body.decode()
    assert "inline" not in kept
    assert INSIDE not in kept
    assert "a=ptime:20" in kept


@pytest.mark.parametrize("kind", ["text/plain", "application/x-sdp"])
def test_a_description_under_another_name_is_not_passed_on(kind: str):
    wire = Wire(edge("alice"))
    answer = wire.give(request("INVITE", uri("bob"), 1, f"Content-Type: {kind}"), PHONE, HERE, SDES)
    assert methods(answer) == ["415 INVITE"]
    assert wire.edge.open_calls == 0


def test_a_stream_on_several_ports_is_not_carried():
    sent = Dialog().invite(body=SDES + "m=audio 5000/3 RTP/SAVP 0\r\n" + f"a=crypto:1 {KEY}\r\n").body.decode()
    assert [line.split(" ")[1] for line in re.findall("m=.*", sent)] == ["30000", "0/3"]


# -- one key, one stream -----------------------------------------------------------------------------------------


def test_branches_that_share_keys_are_sent_different_streams():
    dialog = Dialog()
    invite, wire = dialog.invite(), dialog.wire
    here = Address(PHONE.host, 4000)
    names = []
    for tag in ("b1", "b2"):
        (early,) = dialog.back(reply(invite, "183 Session Progress", CONTACT, TYPE, tag=tag), Bob().answer(invite))
        there = Address(HERE.host, int(re.findall(rb"m=audio (\d+)", early.body)[0]))
        sender = SrtpSender((data_sa(1, cryptos(SessionDescription.parse(SDES), 0)[0]),))
        speech = rtp_octets(payload_type=0, sequence=1, timestamp=0, ssrc=7, payload=tag.encode())
        for octets in (sender.protect(speech), sender.protect_rtcp(encode_compound([ReceiverReport(ssrc=7)]))):
            datagram = Datagram(source=here, destination=there, transport=Transport.MEDIA, octets=octets)
            (sent,) = wire.edge.handle(DatagramReceived(datagram), Micros(0))
            assert isinstance(sent, SendDatagram)
            names.append(sent.datagram.octets)
    assert names[0][8:12] == names[1][4:8] == b"\0\0\0\x07"
    assert names[2][8:12] == names[3][4:8] != names[0][8:12]


def test_what_a_peer_calls_its_stream_harms_no_status_page():
    dialog = Dialog()
    offer = dialog.bob.end.offer(PLAIN + "m=a\x1b[2J\udcff 5002 RTP/AVP 0\r\n", to=uri("alice")).sdp
    text = by_mallory("INVITE", uri("alice"), TYPE, to=uri("alice")).replace("sip:mallory@", "sip:bob@")
    head = f"{text}\nContent-Length: {len(offer)}\n\n".replace("\n", "\r\n").encode()
    octets = head + offer.encode("utf-8", "surrogateescape")
    datagram = Datagram(source=MALLORY, destination=OUTSIDE, transport=Transport.UDP, octets=octets)
    assert methods(dialog.wire.messages(dialog.wire.edge.handle(DatagramReceived(datagram), Micros(0)))) == ["INVITE"]
    (call,) = dialog.wire.edge.status().calls
    assert [stream.kind for stream in call.streams] == ["audio", "a?[2J?"]

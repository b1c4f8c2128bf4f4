"""Who speaks to an edge from where, what it ends by itself, and how it names its own addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import (
    Address,
    Datagram,
    DatagramReceived,
    SendDatagram,
    Transport,
)
from mikey_sdp.nodes.edge import Edge
from mikey_sdp.nodes.edge_contract import EdgeAccount, EdgeConfig, Interface, PhoneMedia
from mikey_sdp.nodes.edge_ports import DrivenEdge, DrivenPorts
from mikey_sdp.nodes.edge_ways import Ways
from mikey_sdp.nodes.proxy_config import Destination
from mikey_sdp.nodes.sdes import data_sa
from mikey_sdp.sdp.crypto import cryptos
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import Hop, Request, Response
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.srtp.sender import SrtpSender
from tests.exchange.nodes.phones import EPOCH_UNIX_US, psk, uri
from tests.unit.nodes.edge_town import HOSTS, address, edge, heard, network_address, phone, proxy, run
from tests.unit.nodes.edge_wire import (
    BEYOND,
    BOB,
    CONTACT,
    HELD,
    HERE,
    OUTSIDE,
    PLAIN,
    SDES,
    TYPE,
    Dialog,
    Wire,
    methods,
    reply,
    request,
    to_phone,
)


@pytest.mark.parametrize("inside", [False, True])
def test_nobody_else_on_the_phone_s_side_speaks_for_it(inside: bool):
    dialog = Dialog()
    elsewhere = Address("192.0.2.200", 5060)
    if inside:
        dialog.up()
        text = request("INVITE", BOB.strip("<>"), 2, TYPE, to_tag="b1")
    else:
        text = request("INVITE", uri("bob"), 1, TYPE)
    assert methods(dialog.wire.give(text, elsewhere, HERE, SDES)) == ["403 INVITE"]
    assert dialog.wire.edge.open_calls == inside


def test_a_branch_whose_early_answer_is_bad_is_hung_up_on_and_again_if_it_answers_all_the_same():
    dialog = Dialog()
    invite = dialog.invite()
    bad = PLAIN.replace("AVP", "SAVP")
    early = dialog.back(reply(invite, "183 Session Progress", CONTACT, TYPE), bad)
    assert methods(early) == ["BYE"]
    late = dialog.back(reply(invite, "200 OK", CONTACT, TYPE), bad)
    assert methods(late) == ["ACK", "BYE", "488 INVITE"]
    assert late[1].cseq.number == early[0].cseq.number + 1
    assert dialog.wire.edge.status().failed == 1


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_a_bad_answer_within_a_call_hangs_up_on_both(method: str):
    dialog = Dialog()
    dialog.up()
    (sent,) = dialog.from_phone(method, 2, body=SDES)
    assert isinstance(sent, Request)
    ended = dialog.back(reply(sent, "200 OK", CONTACT, TYPE), PLAIN)
    acknowledged = ["ACK"] if method == "INVITE" else []
    assert methods(ended) == [*acknowledged, f"488 {method}", "BYE", "BYE"]
    assert {one.from_.tag for one in ended[-2:]} == {"a1", "b1"}
    assert dialog.wire.edge.open_calls == dialog.wire.edge.ports.open == 0


def test_an_offer_that_takes_the_keys_away_does_not_reach_the_phone():
    dialog = Dialog()
    dialog.up()
    assert methods(dialog.from_bob("INVITE", 1, body=HELD)) == ["488 INVITE"]
    assert dialog.wire.edge.open_calls == 1


def test_new_keys_of_the_network_are_sent_under_once_it_has_our_answer():
    dialog = Dialog()
    dialog.up()
    wire, sender = dialog.wire, SrtpSender((data_sa(1, cryptos(SessionDescription.parse(SDES), 0)[0]),))
    mkis = []

    def speak(number: int) -> None:
        octets = sender.protect(rtp_octets(payload_type=0, sequence=number, timestamp=0, ssrc=1, payload=b"speech"))
        port = next(stream for stream in wire.edge.ports.addresses if stream.port == 20_000)
        datagram = Datagram(
            source=Address(HOSTS["alice"], 4000), destination=port, transport=Transport.MEDIA, octets=octets
        )
        (sent,) = wire.edge.handle(DatagramReceived(datagram), Micros(number))
        assert isinstance(sent, SendDatagram)
        mkis.append(sent.datagram.octets[-11])

    speak(1)
    assert dialog.bob.leg is not None
    offer = dialog.bob.leg.offer(PLAIN.replace("1 1", "1 2"), rekey=True)
    (asked,) = dialog.from_bob("INVITE", 1, body=offer.sdp)
    assert isinstance(asked, Request)
    dialog.phone_says(to_phone(asked, "200 OK", TYPE), SDES)
    speak(2)
    assert methods(dialog.from_bob("ACK", 1)) == ["ACK"]
    speak(3)
    assert mkis[0] == mkis[1] != mkis[2]


# -- addresses ---------------------------------------------------------------------------------------------------


def test_both_phones_may_stand_behind_one_edge():
    own = edge("alice")
    both = tuple(
        EdgeAccount(
            identity=uri(name),
            credentials=psk(name, "bob" if name == "alice" else "alice"),
            contact=f"sip:{name}@{HOSTS[name]}:5060",
        )
        for name in ("alice", "bob")
    )
    config = replace(own.config, accounts=both)
    one = DrivenEdge(config, ports=own.ports, entropy=SeededEntropy(b"one"))
    place = network_address("alice")
    records = run(
        phone("alice"),
        phone("bob", contacts={"alice": Contact(uri=uri("alice"), address=address("alice edge"))}),
        one,
        proxy(Destination(uri=f"sip:bob@{place.host}:{place.port}")),
        steps=[(0, "alice", Call("bob")), (3_000, "bob", HangUp("alice"))],
    )
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]
    assert one.held == one.ports.open == 0


def sixth(**settings: Any) -> Wire:
    """An edge that speaks IPv6, and TLS towards the network."""
    ports = DrivenPorts(Address("2001:db8::5", 20_000), Address("2001:db8::5", 30_000), pairs=4)
    config = EdgeConfig(
        name="edge",
        phone_side=(Interface(address=Address("2001:db8::5", 5060)),),
        network_side=(Interface(address=Address("2001:db8::5", 5081), transports=(Transport.TLS,)),),
        accounts=(EdgeAccount(identity=uri("alice"), credentials=psk("alice", "bob"), phone=PhoneMedia.SDES),),
        outbound=Hop("TLS", "2001:db8::99", 5061),
        epoch_unix_us=EPOCH_UNIX_US,
        **settings,
    )
    return Wire(DrivenEdge(config, ports=ports, entropy=SeededEntropy(b"six")))


def test_ipv6_and_tls_are_named_in_every_field_and_line():
    wire = sixth()
    text = request("INVITE", uri("bob"), 1, TYPE).replace("192.0.2.1", "[2001:db8::1]")
    body = SDES.replace("IP4 192.0.2.1", "IP6 2001:db8::1")
    invite = wire.give(text, Address("2001:db8::1", 5060), Address("2001:db8::5", 5060), body)[0]
    assert isinstance(invite, Request)
    assert wire.sent[-1].transport is Transport.TLS
    assert wire.sent[-1].destination == Address("2001:db8::99", 5061)
    assert str(invite.vias[0]).startswith("SIP/2.0/TLS [2001:db8::5]:5081;")
    assert [str(route.uri) for route in invite.record_routes] == [
        "sip:[2001:db8::5]:5081;transport=tls;lr",
        "sip:[2001:db8::5]:5060;lr",
    ]
    assert "c=IN IP6 2001:db8::5\r\n" in invite.body.decode()
    assert "m=audio 30000 RTP/SAVP 0" in invite.body.decode()


def test_addresses_that_two_lines_share_and_a_side_without_any_are_refused():
    config = edge("alice").config
    for settings in ({"network_side": config.phone_side}, {"phone_side": ()}):
        with pytest.raises(UsageError):
            Ways(replace(config, **settings), SeededEntropy(b""))
    with pytest.raises(UsageError):
        Edge(
            replace(config, accounts=(EdgeAccount(identity=uri("alice"), contact="sip:alice@nowhere.example"),)),
            ports=edge("alice").ports,
            entropy=SeededEntropy(b""),
        )


def test_an_edge_that_is_asked_whether_it_lives_says_so():
    wire = Wire(edge("alice"))
    target = f"sip:{OUTSIDE.host}:{OUTSIDE.port}"
    answer = wire.give(request("OPTIONS", target, 1), BEYOND, OUTSIDE)[0]
    assert isinstance(answer, Response)
    assert answer.status == 200

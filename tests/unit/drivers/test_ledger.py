from __future__ import annotations

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.crossing import Crossing
from mikey_sdp.drivers.ledger import Ledger, described
from mikey_sdp.drivers.topology import Topology
from mikey_sdp.nodes.contract import SendDatagram, Transport
from mikey_sdp.trace import AttackMade, MessageArrived, MessageLost, MessageSent
from tests.unit.drivers.scripted import ScriptedNode, datagram, plan, send

_OPTIONS = (
    b"OPTIONS sip:bob SIP/2.0\r\nVia: SIP/2.0/UDP alice;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\n"
    b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def _sent(ledger: Ledger, action: SendDatagram, at_us: int = 1) -> Crossing:
    topology = Topology(plan(ScriptedNode("alice"), ScriptedNode("bob")))
    ends = action.datagram.source, action.datagram.destination
    route = topology.route(topology.parties["alice"], *ends, media=action.datagram.transport is Transport.MEDIA)
    return ledger.sent("alice", action, route, ends, at_us)


def test_a_message_is_numbered_and_its_arrival_bears_the_number():
    capture = Capture()
    ledger = Ledger(None, capture)
    _sent(ledger, send("alice", "bob", b"one"))
    crossing = _sent(ledger, send("alice", "bob", b"two"), 5)
    assert capture.passed[1].arrived_us is None
    ledger.arrived("bob", crossing, Micros(9))
    assert ledger.records[1:] == [
        MessageSent(at_us=5, party="alice", number=1, to="bob", transport="UDP", summary="two", octets=b"two"),
        MessageArrived(at_us=9, party="bob", number=1),
    ]
    assert [one.arrived_us for one in capture.passed] == [None, 9]
    assert ledger.last_us == 9


def test_media_is_kept_in_the_capture_alone():
    capture = Capture()
    ledger = Ledger(None, capture)
    crossing = _sent(ledger, send("alice", "bob", b"rtp", Transport.MEDIA))
    ledger.arrived("bob", crossing, Micros(2))
    ledger.lost("alice", crossing, 2)
    assert ledger.records == []
    assert [(one.octets, one.arrived_us) for one in capture.passed] == [(b"rtp", 2)]


def test_what_the_network_loses_is_told_by_its_number():
    ledger = Ledger(None, None)
    ledger.lost("alice", _sent(ledger, send("alice", "bob")), 3)
    assert ledger.records[1:] == [MessageLost(at_us=3, party="alice", number=0)]


def test_an_attack_is_about_the_message_sent_in_the_same_moment():
    seen: list[object] = []
    ledger = Ledger(seen.append, None)
    _sent(ledger, send("alice", "bob"), 5)
    ledger.reported("alice", AttackMade(at_us=5, party="alice", text="this one"))
    ledger.reported("alice", AttackMade(at_us=6, party="alice", text="another time"))
    ledger.reported("bob", AttackMade(at_us=5, party="bob", text="somebody else"))
    assert [record.number for record in ledger.records[1:] if isinstance(record, AttackMade)] == [0, None, None]
    assert seen == ledger.records


def test_what_a_program_sends_is_described_as_a_node_would():
    assert described(datagram("alice", "bob", _OPTIONS)).summary.startswith("OPTIONS sip:bob")
    assert described(datagram("alice", "bob", b"\0\1")).summary == "(no SIP)"
    assert described(datagram("alice", "bob", _OPTIONS, Transport.MEDIA)).summary == ""

from __future__ import annotations

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import Address, Datagram, Transport
from mikey_sdp.nodes.lobby import MAX_PLACES, Lobby
from mikey_sdp.nodes.media import NoProtection
from mikey_sdp.nodes.plain import PlainOffer
from mikey_sdp.nodes.session_body import LocalStream, SessionBody

OWN, THERE = Address("192.0.2.1", 4_000), Address("192.0.2.2", 6_000)
RTP = bytes.fromhex("80000001000000000000002a") + b"speech"


def body(*ports: int) -> SessionBody:
    streams = tuple(LocalStream(kind="audio", port=port, ssrc=1) for port in ports)
    return SessionBody(user="alice", host=OWN.host, session_id=1, streams=streams)


def packet(source: Address = THERE, destination: Address = OWN) -> Datagram:
    return Datagram(source=source, destination=destination, transport=Transport.MEDIA, octets=RTP)


def test_without_a_call_nothing_is_taken() -> None:
    lobby = Lobby(8)
    assert not lobby.receive(packet(), Micros(0))
    lobby.open("1", body(4_000), None)
    assert lobby.receive(packet(), Micros(0))
    assert not lobby.receive(packet(destination=Address(OWN.host, 4_002)), Micros(0))
    ((media, source, _),) = lobby.close("1")
    assert (media, source) == (0, THERE)
    assert not lobby.receive(packet(), Micros(0))
    assert [*lobby.close("1")] == []


def test_what_came_from_a_place_goes_to_the_leg_that_has_it() -> None:
    lobby = Lobby(8)
    lobby.open("1", body(4_000, 4_002), None)
    other = Address("192.0.2.3", 6_000)
    for source in (THERE, THERE, other):
        lobby.receive(packet(source), Micros(5))
    receiver = lobby.claim("1", (OWN, THERE))
    assert receiver is not None
    assert receiver.packets == 2
    assert lobby.claim("1", (OWN, THERE)) is None
    assert lobby.claim("2", (OWN, other)) is None
    receiver.use(NoProtection(), Micros(9))
    assert (receiver.late, receiver.first_us) == (2, 9)
    assert [source for _, source, _ in lobby.close("1")] == [other]


def test_an_offer_without_keys_of_its_own_needs_no_answer_to_be_heard() -> None:
    lobby = Lobby(8)
    lobby.open("1", body(4_000), PlainOffer(sdp=""))
    lobby.receive(packet(), Micros(5))
    receiver = lobby.claim("1", (OWN, THERE))
    assert receiver is not None
    assert (receiver.opened, receiver.undecryptable) == (1, 0)
    assert lobby.early_keys("1", THERE.host) is None


def test_of_two_calls_on_one_port_the_latest_has_what_comes() -> None:
    lobby = Lobby(8)
    lobby.open("1", body(4_000), None)
    lobby.open("2", body(4_000), None)
    lobby.receive(packet(), Micros(0))
    assert [*lobby.close("1")] == []
    assert len([*lobby.close("2")]) == 1


def test_strangers_take_only_so_much_room() -> None:
    lobby = Lobby(8)
    lobby.open("1", body(4_000), None)
    taken = [lobby.receive(packet(Address("192.0.2.9", port)), Micros(0)) for port in range(1, MAX_PLACES + 11)]
    assert taken.count(True) == MAX_PLACES
    assert len([*lobby.close("1")]) == MAX_PLACES

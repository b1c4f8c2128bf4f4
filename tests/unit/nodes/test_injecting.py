"""Who adds media of his own: behind which packets, under which SSRC and keys, and what a receiver makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    Datagram,
    DatagramIntercepted,
    Report,
    RunEnded,
    SendDatagram,
    Transport,
)
from mikey_sdp.nodes.injecting import Injector, Loot
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.refusal import PacketRefused, RefusalKind
from mikey_sdp.srtp.rtp import rtp_octets, rtp_sequence, rtp_ssrc
from mikey_sdp.srtp.sender import SrtpSender
from mikey_sdp.trace import AttackMade
from tests.unit.srtp.given import sa

BOB, ALICE = Address("192.0.2.2", 40_000), Address("192.0.2.1", 40_000)
NOW = Micros(7)
SSRC = 0x01020304
SA = replace(sa(), ssrc=SSRC)


def injector(*, keys: Sequence[DataSa] | None = (SA,), another: bool = True, packets: int = 2) -> Injector:
    loot = None if keys is None else Loot(of="desk", keys=keys)
    address = Address("198.51.100.1", 5060)
    return Injector("mallory", address, to=ALICE.host, packets=packets, another_ssrc=another, loot=loot, seed=b"noise")


def speech(packets: int = 4, *, to: Address = ALICE) -> list[Datagram]:
    sender = SrtpSender((SA,))
    plain = (
        rtp_octets(payload_type=0, sequence=9 + at, timestamp=160 * at, ssrc=SSRC, payload=bytes(160))
        for at in range(packets)
    )
    return [
        Datagram(source=BOB, destination=to, transport=Transport.MEDIA, octets=sender.protect(rtp)) for rtp in plain
    ]


def sent(actions: Sequence[Action]) -> list[Datagram]:
    return [action.datagram for action in actions if isinstance(action, SendDatagram)]


def told(actions: Sequence[Action]) -> list[str]:
    records = [action.record for action in actions if isinstance(action, Report)]
    return [record.text for record in records if isinstance(record, AttackMade)]


def taken(node: Injector, passing: Sequence[Datagram]) -> list[bytes]:
    """What he adds to packets that pass, each right behind one of them."""
    added = []
    for one in passing:
        first, *more = sent(node.handle(DatagramIntercepted(one), NOW))
        assert first == one
        assert all((own.source, own.destination, own.transport) == (BOB, ALICE, Transport.MEDIA) for own in more)
        added += [own.octets for own in more]
    return added


@pytest.mark.requirement("5197-3-21")
def test_a_stream_of_his_own_under_the_right_key_is_refused_for_its_ssrc_and_for_nothing_else() -> None:
    added = taken(injector(), speech())
    assert [rtp_sequence(one) for one in added] == [10, 11]
    assert {rtp_ssrc(one) for one in added} == {SSRC ^ 1}
    receiver = SrtpReceiver((SA,))
    for one in added:
        with pytest.raises(PacketRefused) as refused:
            receiver.unprotect(one)
        assert refused.value.kind is RefusalKind.FOREIGN_SSRC
    unbound = SrtpReceiver((replace(SA, ssrc=0),))
    assert [len(unbound.unprotect(one)) for one in added] == [172, 172]


def test_under_the_ssrc_that_passes_his_packets_are_taken_and_push_out_the_real_ones() -> None:
    passing = speech()
    added = taken(injector(another=False), passing)
    receiver = SrtpReceiver((SA,))
    receiver.unprotect(passing[0].octets)
    assert rtp_ssrc(receiver.unprotect(added[0])) == SSRC
    with pytest.raises(PacketRefused):
        receiver.unprotect(passing[1].octets)


@pytest.mark.parametrize(("another", "ssrc"), [(True, SSRC ^ 1), (False, SSRC)])
def test_without_keys_what_passes_is_sent_again_with_nothing_but_its_ssrc_changed(another: bool, ssrc: int) -> None:
    passing = speech()
    added = taken(injector(keys=None, another=another), passing)
    assert added == [one.octets[:8] + ssrc.to_bytes(4, "big") + one.octets[12:] for one in passing[:2]]


def test_keys_that_open_nothing_are_no_use_and_those_that_come_later_are() -> None:
    keys: list[DataSa] = [sa(1)]
    node = injector(keys=keys)
    passing = speech()
    assert taken(node, passing[:2]) == []
    assert node.handle(RunEnded(), NOW) == []
    keys.append(SA)
    assert len(taken(node, passing[2:])) == 2


def test_media_to_others_signalling_and_what_is_no_rtp_pass() -> None:
    away = speech(1, to=Address("192.0.2.9", 40_000))[0]
    signalling = Datagram(source=BOB, destination=ALICE, transport=Transport.UDP, octets=b"\x80" * 40)
    broken = Datagram(source=BOB, destination=ALICE, transport=Transport.MEDIA, octets=b"\x80\x00")
    assert taken(injector(keys=None), [away, signalling, broken]) == []


def test_he_tells_once_how_much_he_sent() -> None:
    node = injector()
    texts = [told(node.handle(DatagramIntercepted(one), NOW)) for one in speech()]
    said = "sent 2 media packets behind those that passed, his own under the keys of desk, with SSRC 01020305"
    assert texts == [[], [said], [], []]
    assert node.handle(RunEnded(), NOW) == []
    cut_short = injector(packets=9)
    taken(cut_short, speech())
    assert told(cut_short.handle(RunEnded(), NOW)) == [said.replace("sent 2", "sent 4")]

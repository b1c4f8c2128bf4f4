"""The attacker and security descriptions: he has each key whose description he saw, and that one only."""

from __future__ import annotations

from mikey_sdp.nodes.sdes import SdesEndpoint
from mikey_sdp.scenario.attack import Seen, attack, proved, rests_on_a_secret
from mikey_sdp.secret import SeededEntropy
from tests.unit.scenario.recorded_calls import SDP, in_sip, packet, passed

PLAIN = packet(0xABCD, 7, b"a secret word" * 8)


def test_each_description_gives_away_the_key_of_its_writer() -> None:
    offer = SdesEndpoint(SeededEntropy(b"alice")).offer(SDP.format("192.0.2.1"))
    answer = SdesEndpoint(SeededEntropy(b"bob")).answer(offer.sdp, SDP.format("192.0.2.2"))
    assert answer.sdp is not None
    keys = offer.accept(answer.sdp)
    spoken = passed(keys.session(0).protect(PLAIN))
    (found,) = attack(Seen.of([in_sip(offer.sdp), in_sip(offer.sdp, transport="TCP"), spoken]))
    assert found.proof is not None
    assert found.proof.plain == PLAIN
    assert found.sa.master_key == keys.media[0].send[0].master_key
    assert rests_on_a_secret(found)
    (other,) = attack(Seen.of([in_sip(answer.sdp), spoken]))
    assert other.sa.master_key == keys.media[0].receive[0].master_key
    assert not proved([other])


def test_what_can_not_be_read_gives_nothing() -> None:
    assert not attack(Seen.of([in_sip(SDP.format("192.0.2.1") + "a=crypto:1\r\n"), in_sip("a=crypto:1 AES")]))
    assert not attack(Seen.of([passed(b"a=crypto:1 of no message", transport="UDP")]))

"""The decrypted twin of a capture: every packet that a key of the run opens is opened, the rest stays as it was."""

from __future__ import annotations

import msgspec
import pytest

from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import loads
from mikey_sdp.scenario.plain import decrypted
from mikey_sdp.scenario.witness import Witness
from tests.unit.scenario.runs import CALL

TEXT = f"name: A call\nshows: what a test needs\n{CALL}expect: []\n"


@pytest.fixture
def witness() -> Witness:
    seen = Witness()
    run(loads(TEXT.encode()), witness=seen)
    return seen


def test_every_packet_is_opened_and_keeps_its_place(witness: Witness) -> None:
    twin = list(decrypted(witness))
    assert [(one.at_us, one.party, one.to, one.source) for one in twin] == [
        (one.at_us, one.party, one.to, one.source) for one in witness.capture.passed
    ]
    media = [(was, now) for was, now in zip(witness.capture.passed, twin, strict=True) if was.is_media]
    assert len(media) == 100
    assert all(now.octets[:12] == was.octets[:12] and len(now.octets) == 172 for was, now in media)


def test_the_sdp_says_what_the_packets_are_now_and_its_length_is_right(witness: Witness) -> None:
    offers = [one.octets for one in decrypted(witness) if one.octets.startswith(b"INVITE")]
    assert offers
    for offer in offers:
        head, _, body = offer.partition(b"\r\n\r\n")
        assert b" RTP/AVP 0" in body
        assert f"Content-Length: {len(body)}".encode() in head


def test_a_packet_that_no_key_opens_stays_as_it_is(witness: Witness) -> None:
    at, packet = next((at, one) for at, one in enumerate(witness.capture.passed) if one.is_media)
    broken = packet.octets[:-1] + bytes([packet.octets[-1] ^ 1])
    witness.capture.passed[at] = msgspec.structs.replace(packet, octets=broken)
    twin = list(decrypted(witness))
    assert twin[at].octets == broken
    assert sum(len(one.octets) == 172 for one in twin if one.is_media) == 99


def test_a_copy_of_a_packet_opens_as_the_packet_did(witness: Witness) -> None:
    packet = next(one for one in witness.capture.passed if one.is_media)
    witness.capture.passed.append(packet)
    twin = list(decrypted(witness))
    first = next(one for one in twin if one.is_media)
    assert twin[-1].octets == first.octets
    assert twin[-1].octets != packet.octets


def test_without_keys_nothing_is_opened(witness: Witness) -> None:
    witness.keys.clear()
    media = [(was, now) for was, now in zip(witness.capture.passed, decrypted(witness), strict=True) if was.is_media]
    assert all(was == now for was, now in media)

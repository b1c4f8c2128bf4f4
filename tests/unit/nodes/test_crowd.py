"""A member's protection opens what any member sends, once, under the keys of now, and nothing in its own name."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint.sessions import MediaKeys
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.payloads.validity import SpiValidity
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.nodes.crowd import MAX_MEMBERS, Crowd
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.refusal import PacketRefused, RefusalKind
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.srtp.sender import SrtpSender
from mikey_sdp.srtp.session import SrtpSession

OWN = 0x0101


def sa(cs_id: int, ssrc: int, *, generation: int = 1) -> DataSa:
    return DataSa(
        cs_id=cs_id,
        ssrc=ssrc,
        roc=0,
        policy_no=0,
        parameters=DEFAULT_SRTP,
        master_key=Secret(bytes([cs_id, generation]) * 8),
        master_salt=Secret(bytes(14)),
        mki=bytes([generation]),
        validity=SpiValidity(spi=bytes([generation])),
    )


def keys(generation: int = 1) -> MediaKeys:
    """Those of a member that was called: it receives under crypto session 1 and sends under 2."""
    return MediaKeys(csb_id=7, send=(sa(2, OWN, generation=generation),), receive=(sa(1, 0xF0, generation=generation),))


def crowd() -> Crowd:
    own = keys()
    return Crowd(SrtpSession(SrtpSender(own.send), SrtpReceiver(own.receive)), own)


def packet(cs_id: int, ssrc: int, *, sequence: int = 1, generation: int = 1) -> bytes:
    """What another end sends."""
    plain = rtp_octets(payload_type=0, sequence=sequence, timestamp=0, ssrc=ssrc, payload=b"speech")
    return SrtpSender((sa(cs_id, ssrc, generation=generation),)).protect(plain)


def test_packets_of_everybody_are_opened_under_both_keys() -> None:
    member = crowd()
    for cs_id, ssrc in ((1, 0xF0), (1, 0xF1), (2, 0x22), (2, 0x23)):
        assert member.unprotect(packet(cs_id, ssrc)).endswith(b"speech")


def test_a_packet_is_opened_once() -> None:
    member = crowd()
    member.unprotect(packet(2, 0x22))
    with pytest.raises(PacketRefused) as caught:
        member.unprotect(packet(2, 0x22))
    assert caught.value.kind in (RefusalKind.REPLAY, RefusalKind.AUTHENTICATION)


def test_what_bears_the_own_ssrc_is_refused() -> None:
    member = crowd()
    own = member.protect(rtp_octets(payload_type=0, sequence=1, timestamp=0, ssrc=OWN, payload=b"mine"))
    with pytest.raises(PacketRefused, match="our own"):
        member.unprotect(own)


def test_another_key_opens_nothing_until_it_is_given() -> None:
    member = crowd()
    with pytest.raises(PeerError):
        member.unprotect(packet(2, 0x22, generation=2))
    member.go_on(keys(2))
    assert member.unprotect(packet(2, 0x22, generation=2))
    assert member.unprotect(packet(2, 0x23))  # still under way
    member.forget_old()
    with pytest.raises(PeerError):
        member.unprotect(packet(2, 0x24))


def test_to_be_given_the_same_keys_again_changes_nothing() -> None:
    member = crowd()
    member.go_on(keys())
    member.unprotect(packet(1, 0xF0))
    with pytest.raises(PeerError):
        member.unprotect(packet(1, 0xF0))


def test_no_more_streams_are_followed_than_a_conference_has() -> None:
    member = crowd()
    for number in range(MAX_MEMBERS):
        member.unprotect(packet(2, 0x1000 + number))
    with pytest.raises(PeerError):
        member.unprotect(packet(2, 0x2000))


def test_another_under_our_ssrc_is_heard_and_told_of() -> None:
    own, told = keys(), []
    session = SrtpSession(SrtpSender(own.send), SrtpReceiver(own.receive))
    member = Crowd(session, own, collided=lambda: told.append("collided"))
    assert member.unprotect(packet(2, OWN, sequence=7)).endswith(b"speech")
    assert told == ["collided"]


def test_nothing_is_told_of_our_own_packets_or_of_what_nobody_protected() -> None:
    own, told = keys(), []
    session = SrtpSession(SrtpSender(own.send), SrtpReceiver(own.receive))
    member = Crowd(session, own, collided=lambda: told.append("collided"))
    ours = member.protect(rtp_octets(payload_type=0, sequence=1, timestamp=0, ssrc=OWN, payload=b"speech"))
    for octets in (ours, packet(2, OWN, generation=2), packet(2, OWN)[:-1] + b"?"):
        with pytest.raises(PeerError):
            member.unprotect(octets)
    assert not told

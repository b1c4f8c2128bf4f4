"""The vectors of RFC 3711 appendix B, and libsrtp's packets opened by our own reading of the RFC."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender
from tests.unit.srtp.given import (
    CM_32,
    CM_80,
    GCM_128,
    GCM_256,
    KEY,
    SALT,
    SSRC,
    key_octets,
    rtcp,
    rtp,
    sa,
    salt_octets,
)
from tests.unit.srtp.rfc3711 import (
    aes_cm,
    derive,
    open_cm,
    open_cm_rtcp,
    open_gcm,
    open_gcm_rtcp,
)

AUTH_KEY_94 = bytes.fromhex(
    "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF722709863"
    "71C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2"
)


def test_b2_key_stream() -> None:
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    offset = int("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", 16)
    stream = aes_cm(key, offset, 1_044_512)
    assert stream[:48].hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
    )
    assert stream[-48:].hex().upper() == (
        "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44"
    )


def test_b3_key_derivation() -> None:
    assert derive(KEY, SALT, 0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derive(KEY, SALT, 2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derive(KEY, SALT, 1, 94) == AUTH_KEY_94


def test_a_packet_of_libsrtp_is_what_b3_says_written_out() -> None:
    """By hand from the published session keys, with none of the helpers that the other tests share."""
    srtp = SrtpSender([sa()]).protect(rtp(0x1234))
    session_key = bytes.fromhex("C61E7A93744F39EE10734AFE3FF7A087")
    session_salt = int("30CBBC08863D8C85D49DB34A9AE1", 16)
    stream = aes_cm(session_key, session_salt << 16 ^ SSRC << 64 ^ 0x1234 << 16, 20)
    assert srtp[:12] == rtp(0x1234)[:12]
    assert srtp[12:32] == bytes(octet ^ 0x5A for octet in stream)
    assert srtp[32:] == hmac.new(AUTH_KEY_94[:20], srtp[:32] + bytes(4), hashlib.sha1).digest()[:10]


@pytest.mark.parametrize("mki", [b"", b"\x07", b"\x01\x02\x03\x04"])
@pytest.mark.parametrize(("parameters", "tag"), [(CM_80, 10), (CM_32, 4)])
def test_aes_cm_packets_open_by_the_rfc_alone(parameters, tag, mki) -> None:
    sender = SrtpSender([sa(parameters=parameters, mki=mki)])
    receiver = SrtpReceiver([sa(parameters=parameters, mki=mki)])
    for sequence in (0xFFFE, 0xFFFF, 0x10000, 0x10001):
        srtp = sender.protect(rtp(sequence))
        assert len(srtp) == len(rtp(sequence)) + len(mki) + tag
        opened = open_cm(srtp, KEY, SALT, roc=sequence >> 16, tag=tag, mki=len(mki))
        assert (opened.plain, opened.mki) == (rtp(sequence), mki)
        assert receiver.unprotect(srtp) == rtp(sequence)


@pytest.mark.parametrize("mki", [b"", b"\x07", b"\x01\x02\x03\x04"])
@pytest.mark.parametrize("parameters", [CM_80, CM_32])
def test_srtcp_has_a_tag_of_ten_octets_even_beside_a_short_srtp_tag(parameters, mki) -> None:
    sender = SrtpSender([sa(parameters=parameters, mki=mki)])
    receiver = SrtpReceiver([sa(parameters=parameters, mki=mki)])
    for number in (1, 2, 3):
        srtcp = sender.protect_rtcp(rtcp())
        assert len(srtcp) == len(rtcp()) + 4 + len(mki) + 10
        opened = open_cm_rtcp(srtcp, KEY, SALT, tag=10, mki=len(mki))
        assert (opened.plain, opened.mki, opened.rtcp_index) == (rtcp(), mki, number)
        assert receiver.unprotect_rtcp(srtcp) == rtcp()


@pytest.mark.parametrize("mki", [b"", b"\x07\x08"])
@pytest.mark.parametrize("parameters", [GCM_128, GCM_256])
def test_aes_gcm_packets_open_by_the_rfc_alone(parameters, mki) -> None:
    sender = SrtpSender([sa(parameters=parameters, mki=mki)])
    receiver = SrtpReceiver([sa(parameters=parameters, mki=mki)])
    key, salt = key_octets(0, parameters), salt_octets(parameters)
    for sequence in (0xFFFF, 0x10000):
        srtp = sender.protect(rtp(sequence))
        assert len(srtp) == len(rtp(sequence)) + 16 + len(mki)
        opened = open_gcm(srtp, key, salt, roc=sequence >> 16, mki=len(mki))
        assert (opened.plain, opened.mki) == (rtp(sequence), mki)
        assert receiver.unprotect(srtp) == rtp(sequence)
    srtcp = sender.protect_rtcp(rtcp())
    assert len(srtcp) == len(rtcp()) + 16 + 4 + len(mki)
    opened = open_gcm_rtcp(srtcp, key, salt, mki=len(mki))
    assert (opened.plain, opened.mki, opened.rtcp_index) == (rtcp(), mki, 1)
    assert receiver.unprotect_rtcp(srtcp) == rtcp()

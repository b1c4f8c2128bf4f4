"""Keys between an edge and its phone."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.nodes.edge_contract import PhoneMedia
from mikey_sdp.nodes.edge_guard import InTheClear
from mikey_sdp.nodes.edge_phone import PhoneKeys
from mikey_sdp.nodes.sdes import data_sa
from mikey_sdp.sdp.crypto import Crypto, cryptos
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.srtp.sender import SrtpSender

BODY = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
OWN = SessionDescription.parse(BODY)


def described(crypto: Crypto | None, profile: str = "RTP/SAVP") -> SessionDescription:
    line = f"a={crypto.attribute}\r\n" if crypto is not None else ""
    return SessionDescription.parse(BODY.replace("RTP/AVP", profile) + line)


def fresh(seed: bytes) -> Crypto:
    return Crypto.fresh(SeededEntropy(seed))


def phone_keys(demand: PhoneMedia = PhoneMedia.SDES) -> PhoneKeys:
    return PhoneKeys(demand, SeededEntropy(b"edge"), called=True)


def packet(number: int) -> bytes:
    return rtp_octets(payload_type=0, sequence=number, timestamp=0, ssrc=1, payload=b"speech")


def under(answer: str) -> SrtpSender:
    """What the phone expects of us, by the answer that it got."""
    return SrtpSender((data_sa(1, cryptos(SessionDescription.parse(answer), 0)[0]),))


def test_new_keys_of_ours_are_sent_under_once_the_phone_has_them():
    keys = phone_keys()
    keys.offered(described(fresh(b"one")))
    first = keys.answer(described(fresh(b"one")), OWN)
    guard = keys.guard(0)
    assert keys.offered(described(fresh(b"two")))
    second = keys.answer(described(fresh(b"two")), OWN)
    assert keys.guard(0) is guard
    assert guard.protect(packet(1)) == under(first).protect(packet(1))
    keys.confirm()
    assert guard.protect(packet(2)) == under(second).protect(packet(2))
    renewed = SrtpSender((data_sa(1, fresh(b"two")),)).protect(packet(1))
    before = SrtpSender((data_sa(1, fresh(b"one")),)).protect(packet(2))
    assert [guard.unprotect(octets) for octets in (renewed, before)] == [packet(1), packet(2)]


def test_the_same_keys_are_no_new_ones():
    keys = phone_keys()
    assert not keys.offered(described(fresh(b"one")))
    assert not keys.offered(described(fresh(b"one")))


@pytest.mark.parametrize("demand", list(PhoneMedia))
def test_a_plain_phone_is_taken_only_where_that_was_said(demand: PhoneMedia):
    keys = phone_keys(demand)
    if demand is PhoneMedia.SDES:
        with pytest.raises(PeerError, match="offers no a=crypto"):
            keys.offered(described(None, "RTP/AVP"))
        return
    keys.offered(described(None, "RTP/AVP"))
    assert "crypto" not in keys.answer(described(None, "RTP/AVP"), OWN)
    assert isinstance(keys.guard(0), InTheClear)


@pytest.mark.parametrize("answer", [described(None), described(None, "RTP/AVP")])
def test_an_answer_of_the_phone_without_keys_is_none(answer: SessionDescription):
    keys = phone_keys()
    assert "a=crypto" in keys.offer(OWN)
    with pytest.raises(PeerError):
        keys.accept(answer)
    with pytest.raises(PeerError, match="no key"):
        keys.guard(0)


def test_keys_that_were_given_back_open_nothing():
    keys = phone_keys()
    keys.offered(described(fresh(b"one")))
    keys.answer(described(fresh(b"one")), OWN)
    keys.close()
    with pytest.raises(PeerError, match="no key"):
        keys.guard(0)

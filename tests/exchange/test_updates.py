"""Updating a CSB: re-keying, more crypto sessions, other policies, and collisions of CSB IDs."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.keys import fresh_tgk
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import KeyDataTransport, Rand, SecurityPolicy, SrtpIdEntry, Timestamp
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from tests.exchange.pair import ALICE, PSK, Pair, chain, teks

FOUR = (SrtpIdEntry(ssrc=0x11111111), SrtpIdEntry(), SrtpIdEntry(ssrc=0x33333333), SrtpIdEntry())
SHORT_TAG = replace(DEFAULT_SRTP, tag_octets=4)


def opened() -> tuple[Pair, Bundle]:
    """A pair that shares a bundle."""
    pair = Pair()
    initiator = pair.psk_initiator()
    bundle = initiator.complete(pair.respond(initiator.message.octets).reply or b"").bundle
    return pair, bundle


def remac(message: Message, bundle: Bundle) -> bytes:
    covered = message.octets[:-20]
    key = bundle.context.message_keys(PSK).auth_key.reveal()
    return covered + hmac.new(key, covered, hashlib.sha1).digest()


@pytest.mark.requirement("3830-4.5-3", "3830-4.5-4", "3830-4.5-5", "3830-3-3")
def test_a_rekey_keeps_csb_id_and_rand_and_has_a_time_of_its_own() -> None:
    pair, before = opened()
    times = set()
    bundle = before
    for _ in range(3):
        after = bundle.updated(keys=(fresh_tgk(pair.entropy),))
        update = pair.psk_initiator(after, previous=bundle)
        assert update.message.header.csb_id == before.csb_id
        assert update.message.find(Rand) is None
        times.add(update.message.find(Timestamp).value)
        response = pair.respond(update.message.octets)
        bundle = update.complete(response.reply or b"").bundle
        assert bundle.rand == before.rand
        assert teks(bundle) == teks(response.established.bundle)
        assert bundle.generation == response.established.bundle.generation
    assert len(times) == 3
    assert teks(bundle) != teks(before)


@pytest.mark.requirement("3830-4.5-2", "3830-4.5-11")
def test_an_update_leaves_out_what_is_known() -> None:
    pair, before = opened()
    update = pair.psk_initiator(before.updated(keys=(fresh_tgk(pair.entropy),)), previous=before, peer=None)
    assert chain(update.message.octets) == ["T", "ID", "KEMAC"]
    pair.require_idr = False
    assert pair.respond(update.message.octets).reply


@pytest.mark.requirement("3830-4.5-7", "3830-6.2-5")
def test_an_update_without_keys_keeps_them() -> None:
    pair, before = opened()
    after = before.updated(policies={0: SHORT_TAG})
    update = pair.psk_initiator(after, previous=before, new_keys=False)
    assert update.message.find(KeyDataTransport).encr_data == b""
    theirs = pair.respond(update.message.octets).established.bundle
    assert teks(theirs) == teks(before)
    assert theirs.policies == {0: SHORT_TAG}
    assert theirs.generation == 0


@pytest.mark.requirement("3830-4.5-6", "3830-4.5-1")
def test_an_update_adds_crypto_sessions() -> None:
    pair, before = opened()
    after = before.updated(sessions=FOUR)
    update = pair.psk_initiator(after, previous=before)
    assert update.message.find(SecurityPolicy) is None
    response = pair.respond(update.message.octets, ssrcs={2: 2, 4: 4})
    theirs = response.established.bundle
    assert [entry.ssrc for entry in theirs.sessions] == [0x11111111, 2, 0x33333333, 4]
    assert teks(theirs)[:2] == teks(before)
    assert len(set(teks(theirs))) == 4
    assert update.complete(response.reply or b"").bundle.sessions == theirs.sessions


def test_an_update_without_a_map_leaves_it() -> None:
    pair, before = opened()
    update = pair.psk_initiator(before.updated(keys=(fresh_tgk(pair.entropy),)), previous=before)
    message = Message.build(dataclasses.replace(update.message.header, sessions=()), update.message.payloads)
    response = pair.respond(remac(message, before))
    assert response.established.bundle.sessions == before.sessions
    assert Message.decode(response.reply or b"").header.sessions == ()


def test_an_update_can_not_drop_sessions() -> None:
    pair, before = opened()
    update = pair.psk_initiator(before, previous=before)
    message = Message.build(dataclasses.replace(update.message.header, sessions=FOUR[:1]), update.message.payloads)
    with pytest.raises(PeerError, match="drop"):
        pair.respond(remac(message, before))
    assert pair.bundles.get(ALICE, before.csb_id).sessions == before.sessions


@pytest.mark.requirement("3830-4.5-3")
def test_an_update_of_a_bundle_that_nobody_knows() -> None:
    pair, before = opened()
    pair.bundles.close(ALICE, before.csb_id)
    update = pair.psk_initiator(before.updated(keys=(fresh_tgk(pair.entropy),)), previous=before)
    with pytest.raises(PeerError, match="RAND") as caught:
        pair.respond(update.message.octets)
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED
    assert len(pair.bundles) == 0


@pytest.mark.requirement("3830-4.5-5", "3830-6.1-13")
def test_a_first_message_for_a_bundle_that_exists() -> None:
    pair, before = opened()
    again = pair.psk_initiator(pair.bundle(csb_id=before.csb_id))
    with pytest.raises(PeerError, match="update brings no RAND") as caught:
        pair.respond(again.message.octets)
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED
    assert teks(pair.bundles.get(ALICE, before.csb_id)) == teks(before)


@pytest.mark.requirement("3830-4.5-4")
def test_an_update_can_not_be_replayed() -> None:
    pair, before = opened()
    octets = pair.psk_initiator(before.updated(keys=(fresh_tgk(pair.entropy),)), previous=before).message.octets
    pair.respond(octets)
    with pytest.raises(PeerError, match="replay"):
        pair.respond(octets)


def test_an_update_keeps_the_prf() -> None:
    pair, before = opened()
    update = pair.psk_initiator(before.updated(keys=(fresh_tgk(pair.entropy),)), previous=before)
    octets = bytearray(update.message.octets)
    octets[3] |= 0x01
    with pytest.raises(PeerError) as caught:
        pair.respond(remac(Message.decode(bytes(octets)), before))
    assert caught.value.mikey_error == ErrorNo.INVALID_PRF


def test_a_refused_update_changes_nothing() -> None:
    pair, before = opened()
    after = before.updated(keys=(fresh_tgk(pair.entropy),), policies={0: replace(DEFAULT_SRTP, tag_octets=7)})
    with pytest.raises(PeerError) as caught:
        pair.respond(pair.psk_initiator(after, previous=before).message.octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR
    assert teks(pair.bundles.get(ALICE, before.csb_id)) == teks(before)


def test_keys_of_an_update_come_under_the_names_they_had() -> None:
    pair, before = opened()
    keys = (fresh_tgk(pair.entropy, mki=b"\x05", salt_octets=14),)
    update = pair.psk_initiator(before.updated(keys=keys), previous=before)
    theirs = pair.respond(update.message.octets).established.bundle
    assert {sa.mki for cs_id in theirs.cs_ids for sa in theirs.data_sas(cs_id)} == {b"\x05"}

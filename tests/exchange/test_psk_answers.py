"""The answers of a pre-shared key exchange: what a Responder fills in, and what an Initiator takes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import (
    Header,
    Identity,
    SrtpIdEntry,
    Timestamp,
    Verification,
)
from mikey_sdp.mikey.registry import DataType, ErrorNo, MacAlg, TsType
from tests.exchange.pair import (
    ALICE,
    BOB,
    Pair,
    changed,
    pair_keys,
)


@pytest.mark.requirement("3830-5.2-3", "3830-3.1-6")
def test_every_octet_of_the_answer_is_covered_by_v() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = pair.respond(initiator.message.octets).reply
    assert reply is not None
    accepted = []
    for offset in range(len(reply)):
        try:
            initiator.complete(changed(reply, offset))
        except (PeerError, DecodeError):
            continue
        accepted.append(offset)
    assert accepted == []


@pytest.mark.requirement("3830-6.1.1-4")
def test_the_responder_fills_in_its_ssrcs() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    response = pair.respond(initiator.message.octets, ssrcs={1: 0x99999999, 2: 0x22222222})
    assert response.reply is not None
    ours = initiator.complete(response.reply).bundle
    assert [entry.ssrc for entry in ours.sessions] == [0x11111111, 0x22222222]
    assert ours.sessions == response.established.bundle.sessions


@pytest.mark.parametrize(
    "sessions",
    [
        (SrtpIdEntry(ssrc=0x11111112), SrtpIdEntry()),
        (SrtpIdEntry(ssrc=0x11111111), SrtpIdEntry(policy_no=1)),
        (SrtpIdEntry(ssrc=0x11111111, roc=1), SrtpIdEntry()),
        (SrtpIdEntry(ssrc=0x11111111),),
        (SrtpIdEntry(ssrc=0x11111111), SrtpIdEntry(), SrtpIdEntry()),
    ],
)
def test_a_responder_that_changes_the_map_is_refused(sessions: tuple[SrtpIdEntry, ...]) -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = Message.decode(pair.respond(initiator.message.octets).reply or b"")
    with pytest.raises(PeerError) as caught:
        initiator.complete(resigned(initiator, replace(reply.header, sessions=sessions), reply))
    assert caught.value.mikey_error is None


def resigned(initiator: PskInitiator, header: Header, reply: Message) -> bytes:
    """An answer with another header and a V that fits it."""
    payloads = list(reply.payloads)
    draft = Message.build(header, payloads).octets[:-20]
    covered = draft + ALICE.encode() + BOB.encode() + initiator.message.find(Timestamp).value_octets
    tag = hmac.new(pair_keys(initiator).auth_key.reveal(), covered, hashlib.sha1).digest()
    return draft + tag


@pytest.mark.requirement("3830-6.1-15")
def test_an_answer_without_crypto_sessions_leaves_the_map() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = Message.decode(pair.respond(initiator.message.octets).reply or b"")
    octets = resigned(initiator, replace(reply.header, sessions=()), reply)
    assert initiator.complete(octets).bundle.sessions == initiator.early_bundle.sessions


@pytest.mark.requirement("3830-6.1-7")
def test_the_v_flag_of_an_answer_means_nothing() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = Message.decode(pair.respond(initiator.message.octets).reply or b"")
    assert reply.header.v is False
    assert initiator.complete(resigned(initiator, replace(reply.header, v=True), reply)).peer == BOB


@pytest.mark.requirement("3830-6.1-14", "3830-5.2-7", "3830-5.4-6")
def test_answers_to_other_messages_are_refused_in_silence() -> None:
    pair = Pair()
    one, other = pair.psk_initiator(), pair.psk_initiator()
    reply = Message.decode(pair.respond(one.message.octets).reply or b"")
    stamp = reply.find(Timestamp)
    foreign = {
        "another CSB": resigned(one, replace(reply.header, csb_id=other.message.header.csb_id), reply),
        "another data type": resigned(one, replace(reply.header, data_type=DataType.PK_VER_MSG), reply),
        "another time": resigned(
            one, reply.header, replace(reply, payloads=(replace(stamp, value=stamp.value + 1), *reply.payloads[1:]))
        ),
        "another type of time": resigned(
            one, reply.header, replace(reply, payloads=(replace(stamp, ts_type=TsType.NTP), *reply.payloads[1:]))
        ),
        "the message itself": one.message.octets,
    }
    for name, octets in foreign.items():
        with pytest.raises(PeerError) as caught:
            one.complete(octets)
        assert caught.value.mikey_error is None, name
    with pytest.raises(PeerError) as caught:
        pair.respond(reply.octets)
    assert (caught.value.mikey_error, caught.value.reply) == (None, None)


def test_v_without_a_mac_proves_nothing() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = Message.decode(pair.respond(initiator.message.octets).reply or b"")
    bare = Message.build(reply.header, (*reply.payloads[:-1], Verification(auth_alg=MacAlg.NULL, mac=b"")))
    with pytest.raises(PeerError) as caught:
        initiator.complete(bare.octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_MAC


def test_several_answers_complete_one_message() -> None:
    initiator = Pair().psk_initiator()
    replies = [Pair().respond(initiator.message.octets, ssrcs={2: ssrc}).reply for ssrc in (5, 6)]
    bundles = [initiator.complete(reply or b"").bundle for reply in replies]
    assert [bundle.sessions[1].ssrc for bundle in bundles] == [5, 6]


def test_whom_an_offer_does_not_name_the_answer_does() -> None:
    pair = Pair(require_idr=False)
    initiator = pair.psk_initiator(peer=None)
    reply = Message.decode(pair.respond(initiator.message.octets).reply or b"")
    assert initiator.complete(reply.octets).peer == BOB
    nameless = Message.build(reply.header, [p for p in reply.payloads if not isinstance(p, Identity)])
    draft = nameless.octets[:-20]
    covered = draft + ALICE.encode() + initiator.message.find(Timestamp).value_octets
    tag = hmac.new(pair_keys(initiator).auth_key.reveal(), covered, hashlib.sha1).digest()
    assert initiator.complete(draft + tag).peer == ""


def test_an_answer_ends_with_v() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = Message.decode(pair.respond(initiator.message.octets).reply or b"")
    octets = Message.build(reply.header, (*reply.payloads, identity_of(BOB))).octets
    with pytest.raises(DecodeError):
        initiator.complete(octets)


@pytest.mark.requirement("3830-3.1-2", "3830-5.3-8")
def test_without_v_nobody_answers() -> None:
    pair = Pair()
    response = pair.respond(pair.psk_initiator(verification=False).message.octets)
    assert response.reply is None
    assert len(pair.bundles) == 1

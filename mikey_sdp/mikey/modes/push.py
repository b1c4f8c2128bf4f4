"""What PSK and NULL share: the Initiator pushes keys in a KEMAC that closes its message, the Responder takes them.

Source: RFC 3830 sections 3.1, 4.5, 5.2 and 6.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.derive import MIN_RAND_OCTETS, KeyContext, MessageKeys
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.crypto.protection import decrypt, encrypt, mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs, missing, read_answer
from mikey_sdp.mikey.modes.contract import (
    Authenticated,
    Established,
    InitiatorSetup,
    Mode,
    Request,
    ResponderSetup,
    Response,
)
from mikey_sdp.mikey.modes.error_message import Proof
from mikey_sdp.mikey.modes.roles import text_of
from mikey_sdp.mikey.modes.verification import check_v, close_with_v
from mikey_sdp.mikey.payloads import Payload, decode_key_data, encode_key_data
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS, KeyDataTransport
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo, MacAlg, MapType, PayloadType
from mikey_sdp.mikey.srtp_policy import SrtpParameters

SECTION: Final = "RFC 3830 section 3.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How a pushing mode protects its messages; without keys there is none."""

    encr_alg: EncrAlg
    mac_alg: MacAlg
    keys: MessageKeys | None


def build_i_message(setup: InitiatorSetup, protection: Protection) -> Message:
    """HDR, T, [RAND], IDi, [IDr], {SP}, {General Extension}, KEMAC. # [3830-3.1-1]

    RAND stands in the first message of a CSB only # [3830-3-2] [3830-4.5-5]; an update repeats the SP payloads that
    are new.
    """
    bundle, previous = setup.bundle, setup.previous
    header = Header(
        data_type=DataType.PRE_SHARED,
        v=setup.verification,
        prf_func=bundle.prf_func,
        csb_id=bundle.csb_id,
        map_type=MapType.SRTP_ID,
        sessions=bundle.sessions,
    )
    known: Mapping[int, SrtpParameters] = previous.policies if previous else {}
    payloads = (
        setup.timestamp,
        *(() if previous else (Rand(octets=bundle.rand),)),
        setup.own,
        *((setup.peer,) if setup.peer else ()),
        *(p.to_payload(number) for number, p in bundle.policies.items() if known.get(number) != p),
        *setup.extensions,
    )
    wrapped = protection.encr_alg == EncrAlg.AES_KW_128
    plain = encode_key_data(bundle.keys, zero_fill=wrapped) if setup.sends_keys else b""
    data = plain
    if protection.keys is not None:
        data = encrypt(
            protection.encr_alg,
            protection.keys,
            csb_id=bundle.csb_id,
            timestamp=setup.timestamp,
            plain=plain,
        )
    return _close_with_kemac(header, payloads, data, protection)


def _close_with_kemac(header: Header, payloads: tuple[Payload, ...], data: bytes, protection: Protection) -> Message:
    """Encrypt, then MAC: over everything from the first octet of HDR up to and including Mac alg. # [3830-5.2-3]"""
    tag_octets = MAC_OCTETS[protection.mac_alg]
    draft = Message.build(
        header,
        (
            *payloads,
            KeyDataTransport(
                encr_alg=protection.encr_alg, encr_data=data, mac_alg=protection.mac_alg, mac=bytes(tag_octets)
            ),
        ),
    )
    if protection.keys is None:
        return draft
    tag = mac(protection.mac_alg, protection.keys, draft.octets[: len(draft.octets) - tag_octets])
    kemac = KeyDataTransport(encr_alg=protection.encr_alg, encr_data=data, mac_alg=protection.mac_alg, mac=tag)
    return draft.sealed(kemac, tag)


def complete(
    octets: bytes, *, mode: Mode, setup: InitiatorSetup, sent: Message, keys: MessageKeys | None
) -> Established:
    """Take an R_MESSAGE: HDR, T, [IDr], V.

    The Responder is who V proves: the IDr of the answer if there is one, else the one that was sent.
    """
    idr_sent = setup.peer.data if setup.peer else b""
    proof = Proof(keys=keys, idi=setup.own.data, idr=idr_sent) if keys else None
    answer = read_answer(octets, sent, setup.timestamp, DataType.PSK_VER_MSG, proof)
    responder = answer.find(Identity) or setup.peer
    idr = responder.data if responder else b""
    check_v(answer, keys=keys, idi=setup.own.data, idr=idr, timestamp=setup.timestamp)
    bundle = setup.bundle.with_ssrcs(filled_ssrcs(sent, answer))
    return Established(mode=mode, bundle=bundle, peer=text_of(responder) if responder else "")


def previous_of(request: Request, setup: ResponderSetup) -> Bundle | None:
    """The CSB that a message updates; None for the first message of a CSB.

    Raises: PeerError with Unspecified error (12) where RAND and what we know of the CSB don't fit together.
    """
    message = request.message
    known = setup.bundles.get(request.peer, message.header.csb_id)
    rand = message.find(Rand)
    if rand is None and known is None:  # [3830-3-2] [3830-4.5-3]
        raise missing("a RAND, which the first message of a CSB needs")
    if rand is not None and known is not None:
        raise PeerError(
            f"CSB {message.header.csb_id:08x} exists, and an update brings no RAND",
            mikey_error=ErrorNo.UNSPECIFIED,
            section="RFC 3830 section 4.5",
        )
    if rand is not None and len(rand.octets) < MIN_RAND_OCTETS // 2:
        raise PeerError(
            f"a RAND of {len(rand.octets)} octets is too short", mikey_error=ErrorNo.UNSPECIFIED, section=SECTION
        )
    return known


def context_of(request: Request, previous: Bundle | None) -> KeyContext:
    """What enters the derivations for a message, from its own RAND or the CSB's.

    Raises: PeerError with Invalid PRF (2) for a function that is not implemented, or not the CSB's.
    """
    header = request.message.header
    if previous is not None:
        if header.prf_func != previous.prf_func:
            raise PeerError(
                f"an update can't change the PRF func to {header.prf_func}",
                mikey_error=ErrorNo.INVALID_PRF,
                section="RFC 3830 section 4.5",
            )
        return previous.context
    rand = request.message.find(Rand)
    return KeyContext(csb_id=header.csb_id, rand=rand.octets if rand else b"", prf=prf_of(header.prf_func))


def kemac_of(message: Message) -> KeyDataTransport:
    """The KEMAC that closes a pushed message."""
    kemac = message.find(KeyDataTransport)
    if kemac is None:
        raise missing("a KEMAC")
    return kemac


def accept(proof: Authenticated, setup: ResponderSetup, mode: Mode) -> Response:
    """Take the keys and policies of an authentic message, and answer if an answer is asked for. # [3830-3.1-2]"""
    request = proof.request
    message = request.message
    kemac = kemac_of(message)
    plain = kemac.encr_data
    if proof.keys is not None:
        plain = decrypt(
            kemac.encr_alg,
            proof.keys,
            csb_id=message.header.csb_id,
            timestamp=request.timestamp,
            data=kemac.encr_data,
        )
    keys = _keys_in(plain, zero_fill=kemac.encr_alg == EncrAlg.AES_KW_128)
    if not keys and proof.previous is None:
        raise missing("a key, which the first message of a CSB needs")
    bundle = _bundle(message, proof.previous, keys, setup).with_ssrcs(request.envelope.ssrcs)
    request.envelope.approve(bundle)
    established = Established(mode=mode, bundle=bundle, peer=request.peer)
    reply = _answer(request, bundle, proof.keys, setup) if message.header.v else None
    return Response(established=established, reply=reply)


def _keys_in(plain: bytes, *, zero_fill: bool) -> tuple[KeyData, ...]:
    if not plain:
        return ()
    payloads = decode_key_data(plain, first=PayloadType.KEY_DATA, zero_fill=zero_fill)
    keys = tuple(payload for payload in payloads if isinstance(payload, KeyData))
    if len(keys) != len(payloads):
        raise PeerError(
            "only Key data can stand in this KEMAC", mikey_error=ErrorNo.UNSPECIFIED, section="RFC 3830 section 6.2"
        )
    return keys


def _bundle(message: Message, previous: Bundle | None, keys: tuple[KeyData, ...], setup: ResponderSetup) -> Bundle:
    header = message.header
    policies = {sp.policy_no: SrtpParameters.from_payload(sp) for sp in message.all(SecurityPolicy)}
    for parameters in policies.values():
        setup.accept(parameters)
    if previous is not None:
        sessions = header.sessions or None
        return previous.updated(sessions=sessions, policies=policies, keys=keys, own=False)
    rand = message.find(Rand)
    return Bundle(
        csb_id=header.csb_id,
        prf_func=header.prf_func,
        rand=rand.octets if rand else b"",
        sessions=header.sessions,
        policies=policies,
        keys=keys,
        own=False,
    )


def _answer(request: Request, bundle: Bundle, keys: MessageKeys | None, setup: ResponderSetup) -> bytes:
    """HDR, T, IDr, V, with our SSRCs filled in and the Initiator's own T."""
    header = Header(
        data_type=DataType.PSK_VER_MSG,
        v=False,
        prf_func=request.message.header.prf_func,
        csb_id=bundle.csb_id,
        map_type=MapType.SRTP_ID,
        sessions=bundle.sessions if request.message.header.sessions else (),
    )
    message = close_with_v(
        header,
        (request.timestamp, setup.own),
        keys=keys,
        idi=request.idi,
        idr=setup.own.data,
        timestamp=request.timestamp,
    )
    return message.octets

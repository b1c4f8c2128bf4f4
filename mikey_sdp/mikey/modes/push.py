"""What the modes have in common in which the Initiator pushes keys in a KEMAC and the Responder answers with V.

Source: RFC 3830 sections 3.1, 3.2, 4.5, 5.2 and 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.protection import decrypt, encrypt, mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs, missing, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, bundle_of, offer_header, offer_payloads
from mikey_sdp.mikey.modes.error_proof import ProofByV
from mikey_sdp.mikey.modes.roles import check_holder, text_of
from mikey_sdp.mikey.modes.tolerant import readings_of_v
from mikey_sdp.mikey.modes.verification import check_v, close_with_v
from mikey_sdp.mikey.payloads import Payload, decode_key_data, encode_key_data
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS, KeyDataTransport
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.readings import OtherReadings
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo, MacAlg, PayloadType

SECTION: Final = "RFC 3830 section 3.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How a pushing mode protects its messages; without keys there is none."""

    encr_alg: EncrAlg
    mac_alg: MacAlg
    keys: MessageKeys | None


def build_i_message(setup: InitiatorSetup, protection: Protection) -> Message:
    """HDR, T, [RAND], IDi, [IDr], {SP}, {General Extension}, KEMAC. # [3830-3.1-1]"""
    wrapped = protection.encr_alg == EncrAlg.AES_KW_128
    plain = encode_key_data(setup.bundle.keys, zero_fill=wrapped) if setup.new_keys else b""
    data = plain
    if protection.keys is not None:
        data = encrypt(
            protection.encr_alg,
            protection.keys,
            csb_id=setup.bundle.csb_id,
            timestamp=setup.timestamp,
            plain=plain,
        )
    header = offer_header(setup, DataType.PRE_SHARED, v=setup.verification)
    return close_with_kemac(header, offer_payloads(setup), data, protection)


def close_with_kemac(header: Header, payloads: tuple[Payload, ...], data: bytes, protection: Protection) -> Message:
    """A message that ends in KEMAC, with a MAC over everything from the first octet of HDR up to and including Mac
    alg. # [3830-5.2-3]"""
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
    octets: bytes,
    *,
    mode: Mode,
    setup: InitiatorSetup,
    sent: Message,
    keys: MessageKeys | None,
    answer_type: DataType = DataType.PSK_VER_MSG,
    holder: str | None = None,
) -> Established:
    """Take an R_MESSAGE: HDR, T, [IDr], V.

    V proves that the Responder holds the key. Where one party only can hold it, that is `holder`, and the answer can't
    be in another name; otherwise the Responder is who the answer says, or else who was sent for.
    """
    idr_sent = setup.peer.data if setup.peer else b""
    proof = ProofByV(keys=keys, idi=setup.own.data, idr=idr_sent) if keys else None
    acceptance = Acceptance(setup.profile)
    answer = read_answer(octets, sent, setup.timestamp, answer_type, proof, acceptance)
    responder = answer.find(Identity) or setup.peer
    idr = responder.data if responder else b""
    others = readings_of_v(answer, sent, setup.own.data, idr, setup.timestamp)
    check_v(
        answer,
        keys=keys,
        idi=setup.own.data,
        idr=idr,
        timestamp=setup.timestamp,
        others=OtherReadings(coverages=others, acceptance=acceptance),
    )
    check_holder(responder, holder)
    bundle = setup.bundle.with_ssrcs(filled_ssrcs(sent, answer))
    peer = text_of(responder) if responder else ""
    return Established(mode=mode, bundle=bundle, peer=peer, tolerated=acceptance.tolerated)


def kemac_of(message: Message) -> KeyDataTransport:
    """The KEMAC of a message that pushes keys."""
    kemac = message.find(KeyDataTransport)
    if kemac is None:
        raise missing("a KEMAC")
    return kemac


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """An authentic message that pushes keys.

    Keeps: `keys`, those that protect messages of this CSB (None: none exist, as in NULL).
    """

    request: Request
    setup: ResponderSetup
    mode: Mode
    keys: MessageKeys | None
    previous: Bundle | None

    @property
    def error_proof(self) -> ProofByV | None:
        """V with the keys of the exchange."""
        if self.keys is None:
            return None
        return ProofByV(keys=self.keys, idi=self.request.idi, idr=self.request.idr)

    def accept(self) -> Response:
        """Take the keys and policies, and answer if an answer is asked for. # [3830-3.1-2]"""
        request = self.request
        message = request.message
        kemac = kemac_of(message)
        plain = kemac.encr_data
        if self.keys is not None:
            plain = decrypt(
                kemac.encr_alg,
                self.keys,
                csb_id=message.header.csb_id,
                timestamp=request.timestamp,
                data=kemac.encr_data,
            )
        keys = _keys_in(plain, zero_fill=kemac.encr_alg == EncrAlg.AES_KW_128)
        if not keys and self.previous is None:
            raise missing("a key, which the first message of a CSB needs")
        bundle = bundle_of(request, self.previous, keys, self.setup)
        established = Established(mode=self.mode, bundle=bundle, peer=request.peer)
        reply = None
        if message.header.v:
            reply = verification_of(request, self.setup.own, self.keys, answer_type=DataType.PSK_VER_MSG, bundle=bundle)
        return Response(established=established, reply=reply)


def keys_in_clear(message: Message) -> tuple[KeyData, ...]:
    """The keys of a message that hides none.

    Raises: DecodeError, PeerError.
    """
    return _keys_in(kemac_of(message).encr_data, zero_fill=False)


def _keys_in(plain: bytes, *, zero_fill: bool) -> tuple[KeyData, ...]:
    if not plain:
        return ()
    return only_keys(decode_key_data(plain, first=PayloadType.KEY_DATA, zero_fill=zero_fill))


def only_keys(payloads: tuple[Payload, ...]) -> tuple[KeyData, ...]:
    """The sub-payloads of a KEMAC, all of which must be Key data.

    Raises: PeerError with Unspecified error (12).
    """
    keys = tuple(payload for payload in payloads if isinstance(payload, KeyData))
    if len(keys) != len(payloads):
        raise PeerError(
            "only Key data can stand here in a KEMAC", mikey_error=ErrorNo.UNSPECIFIED, section="RFC 3830 section 6.2"
        )
    return keys


def verification_of(
    request: Request, own: Identity, keys: MessageKeys | None, *, answer_type: DataType, bundle: Bundle
) -> bytes:
    """HDR, T, IDr, V, with the Initiator's own T."""
    message = close_with_v(
        answer_header(request, bundle, answer_type),
        (request.timestamp, own),
        keys=keys,
        idi=request.idi,
        idr=own.data,
        timestamp=request.timestamp,
    )
    return message.octets

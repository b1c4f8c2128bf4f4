"""DHHMAC: Diffie-Hellman authenticated by a pre-shared key, for exactly two parties.

Source: RFC 4650.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import ANY_PEER, PskCredential
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.protection import verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.answer import filled_ssrcs, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import (
    answer_header,
    bundle_of,
    context_of,
    offer_header,
    offer_payloads,
    previous_of,
)
from mikey_sdp.mikey.modes.dh_exchange import contribute, half_key_of_offer, key_from_answer, with_later_psk
from mikey_sdp.mikey.modes.psk import psk_of
from mikey_sdp.mikey.modes.roles import addressed_parties, check_holder, text_of
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo, MacAlg

SECTION: Final = "RFC 4650 section 4.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofByKemac:
    """Error messages that end in an empty KEMAC with a MAC: V has no place in DHHMAC. # [4650-4.1-3]"""

    keys: MessageKeys

    def close(self, header: Header, payloads: tuple[Payload, ...], _timestamp: Timestamp) -> Message:
        """The message with KEMAC behind its payloads."""
        return _authenticated(header, payloads, self.keys)

    def holds(self, message: Message, _timestamp: Timestamp, acceptance: Acceptance) -> bool:
        """Whether there is a KEMAC, which must verify then."""
        if message.find(KeyDataTransport) is None:
            return False
        _check(message, self.keys, acceptance)
        return True


def _authenticated(header: Header, payloads: tuple[Payload, ...], keys: MessageKeys) -> Message:
    """A message that ends in a KEMAC without key data. # [4650-4.2-2] [4650-4.2-4]

    Source: RFC 4650 section 4.2.
    Deviation: NULL encryption is 0 and HMAC-SHA-1 is 1, as RFC 3830 and IANA have it; the tables of RFC 4650 print 2
    and 0.
    """
    protection = push.Protection(encr_alg=EncrAlg.NULL, mac_alg=MacAlg.HMAC_SHA_1_160, keys=keys)
    return push.close_with_kemac(header, payloads, b"", protection)


def _check(message: Message, keys: MessageKeys, acceptance: Acceptance) -> None:
    """Verify the MAC over the whole message as received. # [4650-3-14]

    Raises: PeerError: Invalid EA or MAC (4, 3) for algorithms that can't stand here, Auth failure (0).
    """
    kemac = push.kemac_of(message)
    is_null = kemac.encr_alg == EncrAlg.NULL or (
        kemac.encr_alg == EncrAlg.AES_KW_128 and acceptance.lets(Tolerance.NULL_ENCRYPTION_IS_2)
    )
    if not is_null or kemac.encr_data:  # [4650-4.2-3] [4650-4.2-5]
        raise PeerError("a DHHMAC message hides no data", mikey_error=ErrorNo.INVALID_EA, section=SECTION)
    if kemac.mac_alg != MacAlg.HMAC_SHA_1_160:  # [4650-4.2-10]
        raise PeerError(f"MAC {kemac.mac_alg} can't stand here", mikey_error=ErrorNo.INVALID_MAC, section=SECTION)
    covered = message.octets[: len(message.octets) - len(kemac.mac)]
    verify_mac(kemac.mac_alg, keys, covered, kemac.mac, section="RFC 4650 section 3")


class DhhmacInitiator:
    """The end of a DHHMAC exchange that speaks first."""

    mode: Final = Mode.DHHMAC
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup, credential: PskCredential) -> None:
        self._setup = setup
        self._holder = None if credential.peer == ANY_PEER else credential.peer
        self._keys = setup.bundle.context.message_keys(credential.key)
        self._half_key = half_key_of_offer(setup)
        values = (self._half_key.payload,) if self._half_key else ()
        header = offer_header(setup, DataType.DHHMAC_INIT, v=True)
        self.message: Final[Message] = _authenticated(header, (*offer_payloads(setup), *values), self._keys)

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder: HDR, T, [IDr], IDi, DHr, DHi, KEMAC.

        The MAC is verified before the exponentiation. # [4650-5.3-2]
        Raises: DecodeError, PeerError.
        """
        setup = self._setup
        proof = ProofByKemac(keys=self._keys)
        acceptance = Acceptance(setup.profile)
        answer = read_answer(octets, self.message, setup.timestamp, DataType.DHHMAC_RESP, proof, acceptance)
        _check(answer, self._keys, acceptance)
        parties = addressed_parties(answer, setup.own, acceptance)
        responder = parties.idr or setup.peer
        check_holder(responder, self._holder)
        keys = key_from_answer(answer, self._half_key)
        bundle = setup.bundle.updated(keys=keys, own=False).with_ssrcs(filled_ssrcs(self.message, answer))
        bundle = with_later_psk(bundle, setup.choices)
        peer = text_of(responder) if responder else ""
        return Established(mode=self.mode, bundle=bundle, peer=peer, tolerated=acceptance.tolerated)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticOffer:
    """A DHHMAC I_MESSAGE whose MAC holds; no exponentiation was spent on it yet."""

    request: Request
    setup: ResponderSetup
    keys: MessageKeys
    previous: Bundle | None

    @property
    def error_proof(self) -> ProofByKemac:
        """The MAC of a KEMAC."""
        return ProofByKemac(keys=self.keys)

    def accept(self) -> Response:
        """Make our half-key and answer, whatever flag V says: HDR, T, IDr, IDi, DHr, DHi, KEMAC.

        # [4650-3-5] [4650-3-6]
        """
        request, setup = self.request, self.setup
        share = contribute(request.message, setup.entropy, update=self.previous is not None)
        bundle = bundle_of(request, self.previous, share.keys, setup)
        bundle = with_later_psk(bundle, setup.choices)
        payloads = (request.timestamp, setup.own, request.initiator, *share.payloads)  # [4650-1.1-2]
        reply = _authenticated(answer_header(request, bundle, DataType.DHHMAC_RESP), payloads, self.keys)
        established = Established(mode=Mode.DHHMAC, bundle=bundle, peer=request.peer)
        return Response(established=established, reply=reply.octets)


class DhhmacResponder:
    """The end of a DHHMAC exchange that answers."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> AuthenticOffer:
        """Verify the MAC, before anything dear. # [4650-5.3-2]

        Raises: PeerError.
        """
        previous = previous_of(request, setup)
        keys = context_of(request, previous).message_keys(psk_of(request, setup).key)
        _check(request.message, keys, request.acceptance)
        return AuthenticOffer(request=request, setup=setup, keys=keys, previous=previous)

"""DHSIGN: Diffie-Hellman authenticated by signatures.

Source: RFC 3830 section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, bundle_of, context_of, offer_header, offer_payloads, previous_of
from mikey_sdp.mikey.modes.dh_exchange import contribute, half_key_of_offer, key_from_answer, with_later_psk
from mikey_sdp.mikey.modes.quota import AnswerQuota
from mikey_sdp.mikey.modes.roles import addressed_parties, text_of
from mikey_sdp.mikey.modes.signing import (
    ProofBySign,
    check_sign,
    close_with_sign,
    own_certificates,
    proof_expected,
    signed_request,
    signer_of,
)
from mikey_sdp.mikey.registry import DataType


class DhsignInitiator:
    """The end of a DHSIGN exchange that speaks first: HDR, T, RAND, [IDi|CERTi], [IDr], {SP}, DHi, SIGNi."""

    mode: Final = Mode.DHSIGN
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup, credential: CertificateCredential) -> None:
        self._setup = setup
        self._credential = credential
        self._answers = AnswerQuota(setup.limits)
        self._half_key = half_key_of_offer(setup)
        values = (self._half_key.payload,) if self._half_key else ()
        payloads = (*offer_payloads(setup, own_certificates(credential, setup.choices)), *values)
        header = offer_header(setup, DataType.DH_INIT, v=True)  # [3830-6.1-8]
        self.message: Final[Message] = close_with_sign(header, payloads, credential=credential, choices=setup.choices)

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder: HDR, T, [IDr|CERTr], IDi, DHr, DHi, SIGNr.

        Certificate and signature come before the exponentiation. # [3830-9.5-4]
        Raises: DecodeError, PeerError.
        """
        setup, credential = self._setup, self._credential
        proof = proof_expected(setup, credential, self._answers)
        acceptance = Acceptance(setup.profile)
        answer = read_answer(octets, self.message, setup.timestamp, DataType.DH_RESP, proof, acceptance)
        parties = addressed_parties(answer, setup.own, acceptance)
        self._answers.spend()
        signer = signer_of(answer, text_of(parties.idr) if parties.idr else "", credential, setup.now)
        check_sign(answer, signer, setup.choices)
        keys = key_from_answer(answer, self._half_key)
        bundle = setup.bundle.updated(keys=keys, own=False).with_ssrcs(filled_ssrcs(self.message, answer))
        bundle = with_later_psk(bundle, setup.choices)
        return Established(mode=self.mode, bundle=bundle, peer=signer.identity, tolerated=acceptance.tolerated)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOffer:
    """A DHSIGN I_MESSAGE whose signature holds; no exponentiation was spent on it yet."""

    request: Request
    setup: ResponderSetup
    credential: CertificateCredential
    previous: Bundle | None

    @property
    def error_proof(self) -> ProofBySign:
        """Our signature."""
        return ProofBySign(credential=self.credential, choices=self.setup.choices, signer_known=lambda: None)

    def accept(self) -> Response:
        """Make our half-key and answer, whatever flag V says. # [3830-6.1-9]"""
        request, setup = self.request, self.setup
        share = contribute(request.message, setup.entropy, update=self.previous is not None)
        bundle = bundle_of(request, self.previous, share.keys, setup)
        bundle = with_later_psk(bundle, setup.choices)
        certificates = own_certificates(self.credential, setup.choices)
        payloads = (request.timestamp, setup.own, *certificates, request.initiator, *share.payloads)
        reply = close_with_sign(
            answer_header(request, bundle, DataType.DH_RESP),
            payloads,
            credential=self.credential,
            choices=setup.choices,
        )
        established = Established(mode=Mode.DHSIGN, bundle=bundle, peer=request.peer)
        return Response(established=established, reply=reply.octets)


class DhsignResponder:
    """The end of a DHSIGN exchange that answers."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> SignedOffer:
        """Verify certificate and signature, before the exponentiation. # [3830-9.5-4]

        Raises: PeerError.
        """
        signed = signed_request(request, setup)
        request = signed.request
        previous = previous_of(request, setup)
        context_of(request, previous)
        return SignedOffer(request=request, setup=setup, credential=signed.credential, previous=previous)

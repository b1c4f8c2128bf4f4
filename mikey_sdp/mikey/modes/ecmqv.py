"""ECMQV: both ends have a certified key and a fresh one on a curve; the four together give the TGK and the MAC key.

Source: draft-ietf-msec-mikey-ecc-03 sections 5 and 6.1, whose gaps decision note 10 closes; RFC 5197 section 4.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.usage import Purpose, check_purpose
from mikey_sdp.mikey.crypto import mqv
from mikey_sdp.mikey.crypto.curves import number_of
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.points import require
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs, missing, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, bundle_of, context_of, offer_header, offer_payloads, previous_of
from mikey_sdp.mikey.modes.dh_exchange import with_later_psk
from mikey_sdp.mikey.modes.quota import AnswerQuota
from mikey_sdp.mikey.modes.roles import addressed_parties, identity_of, text_of
from mikey_sdp.mikey.modes.signing import (
    ProofBySign,
    close_with_sign,
    own_certificates,
    proof_expected,
    signed_request,
    signer_of,
)
from mikey_sdp.mikey.modes.tolerant import readings_of_v
from mikey_sdp.mikey.modes.verification import check_v, close_with_v
from mikey_sdp.mikey.payloads.eccpt import EccPoint
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.readings import OtherReadings
from mikey_sdp.mikey.registry import DataType, ErrorNo, KeyDataType, MacAlg
from mikey_sdp.secret import Secret

SECTION: Final = "draft-ietf-msec-mikey-ecc-03 section 5"
TGK_OCTETS: Final = 16
_AUTH_KEY_OCTETS: Final = 20


def _curve_key(credential: CertificateCredential) -> ec.EllipticCurvePrivateKey:
    """Our static key.

    Raises: PeerError with Invalid Cert (8) for a key that is on no curve.
    """
    if not isinstance(credential.key, ec.EllipticCurvePrivateKey):
        raise PeerError("our own key is on no curve", mikey_error=ErrorNo.INVALID_CERT, section=SECTION)
    return credential.key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreed:
    """What the four keys give: the TGK, and the key of V."""

    tgk: KeyData
    keys: MessageKeys


def _agree(
    static: ec.EllipticCurvePrivateKey, ephemeral: mqv.EphemeralKey, their_static: object, theirs: EccPoint
) -> _Agreed:
    """Raises: PeerError: Invalid Cert (8) or Invalid DH (6) for keys that don't fit ours."""
    if not isinstance(their_static, ec.EllipticCurvePublicKey):
        raise PeerError("the peer's key is on no curve", mikey_error=ErrorNo.INVALID_CERT, section=SECTION)
    if theirs.curve != number_of(static.curve):
        raise PeerError("the peer's point is on another curve", mikey_error=ErrorNo.INVALID_DH, section=SECTION)
    shared = mqv.agree(static, ephemeral, their_static, theirs.point)
    tgk, auth_key = mqv.keys(shared, static.curve, theirs.tgk_octets, _AUTH_KEY_OCTETS)
    nothing = Secret(b"")
    return _Agreed(
        tgk=KeyData(key_type=KeyDataType.TGK, key=tgk, salt=None, validity=theirs.validity),
        keys=MessageKeys(encr_key=nothing, auth_key=auth_key, salt_key=nothing),
    )


class EcmqvInitiator:
    """The end of an ECMQV exchange that speaks first: HDR, T, RAND, [IDi|CERTi], [IDr], {SP}, ECCPTi, SIGNi.

    Raises: BackendUnavailable, since no answer could be taken.
    """

    mode: Final = Mode.ECMQV
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup, credential: CertificateCredential) -> None:
        require()
        self._setup = setup
        self._credential = credential
        self._answers = AnswerQuota(setup.limits)
        self._static = _curve_key(credential)
        self._ephemeral = mqv.EphemeralKey.draw(self._static.curve, setup.entropy)
        self._point = EccPoint(
            curve=number_of(self._static.curve),
            point=self._ephemeral.point,
            auth_alg=MacAlg.HMAC_SHA_1_160,
            tgk_octets=TGK_OCTETS,
            validity=setup.validity,
        )
        payloads = (*offer_payloads(setup, own_certificates(credential, setup.choices)), self._point)
        header = offer_header(setup, DataType.ECMQV_I_MSG, v=True)
        self.message: Final[Message] = close_with_sign(header, payloads, credential=credential, choices=setup.choices)

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder: HDR, T, [IDr|CERTr], IDi, ECCPTr, ECCPTi, V.

        His certificate says which static key is his, and V that he has it.
        Raises: DecodeError, PeerError.
        """
        setup, credential = self._setup, self._credential
        proof = proof_expected(setup, credential, self._answers)
        acceptance = Acceptance(setup.profile)
        answer = read_answer(octets, self.message, setup.timestamp, DataType.ECMQV_R_MSG, proof, acceptance)
        parties = addressed_parties(answer, setup.own, acceptance)
        self._answers.spend()
        owner = signer_of(answer, text_of(parties.idr) if parties.idr else "", credential, setup.now)
        check_purpose(owner.certificate, Purpose.AGREE)
        theirs, echo = answer.all(EccPoint)
        if echo != self._point or replace(theirs, point=echo.point) != echo or theirs == echo:
            raise PeerError(
                "the answer does not go with the point that was sent", mikey_error=ErrorNo.INVALID_DH, section=SECTION
            )
        agreed = _agree(self._static, self._ephemeral, owner.key, theirs)
        idr = parties.idr or identity_of(owner.identity)
        others = readings_of_v(answer, self.message, setup.own.data, idr.data, setup.timestamp)
        check_v(
            answer,
            keys=agreed.keys,
            idi=setup.own.data,
            idr=idr.data,
            timestamp=setup.timestamp,
            others=OtherReadings(coverages=others, acceptance=acceptance),
        )
        bundle = setup.bundle.updated(keys=(agreed.tgk,), own=False).with_ssrcs(filled_ssrcs(self.message, answer))
        bundle = with_later_psk(bundle, setup.choices)
        return Established(mode=self.mode, bundle=bundle, peer=owner.identity, tolerated=acceptance.tolerated)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPoint:
    """An ECMQV I_MESSAGE whose signature holds; no point was multiplied yet."""

    request: Request
    setup: ResponderSetup
    credential: CertificateCredential
    their_static: object = field(repr=False)
    previous: Bundle | None

    @property
    def error_proof(self) -> ProofBySign:
        """Our signature."""
        return ProofBySign(credential=self.credential, choices=self.setup.choices, signer_known=lambda: None)

    def accept(self) -> Response:
        """Make our ephemeral key, and answer."""
        request, setup = self.request, self.setup
        theirs = request.message.find(EccPoint)
        if theirs is None:
            raise missing("a point")
        if theirs.auth_alg != MacAlg.HMAC_SHA_1_160:
            raise PeerError(f"V by {theirs.auth_alg}", mikey_error=ErrorNo.INVALID_MAC, section=SECTION)
        static = _curve_key(self.credential)
        ephemeral = mqv.EphemeralKey.draw(static.curve, setup.entropy)
        agreed = _agree(static, ephemeral, self.their_static, theirs)
        bundle = bundle_of(request, self.previous, (agreed.tgk,), setup)
        bundle = with_later_psk(bundle, setup.choices)
        reply = close_with_v(
            answer_header(request, bundle, DataType.ECMQV_R_MSG),
            (
                request.timestamp,
                setup.own,
                *own_certificates(self.credential, setup.choices),
                request.initiator,
                replace(theirs, point=ephemeral.point),
                theirs,
            ),
            keys=agreed.keys,
            idi=request.idi,
            idr=setup.own.data,
            timestamp=request.timestamp,
        )
        established = Established(mode=Mode.ECMQV, bundle=bundle, peer=request.peer)
        return Response(established=established, reply=reply.octets)


class EcmqvResponder:
    """The end of an ECMQV exchange that answers."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> SignedPoint:
        """Verify certificate and signature, before the points are multiplied.

        Raises: PeerError.
        """
        signed = signed_request(request, setup)
        request = signed.request
        previous = previous_of(request, setup)
        context_of(request, previous)
        check_purpose(signed.signer.certificate, Purpose.AGREE)
        return SignedPoint(
            request=request,
            setup=setup,
            credential=signed.credential,
            their_static=signed.signer.key,
            previous=previous,
        )

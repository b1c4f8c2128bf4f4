"""Messages that end in SIGN, and who signed them.

Source: RFC 3830 sections 3.2, 3.3, 4.3.1 and 5.2; RFC 4738 section 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.certificates.chain import MAX_CHAIN, Purpose, verify_chain
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.identity import covers, identity_of_certificate
from mikey_sdp.mikey.certificates.payloads import chain_of, payloads_of, payloads_of_two
from mikey_sdp.mikey.crypto.signatures import VerifyingKey, signature_lengths, signatures, usual_type, verify
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import InitiatorSetup, Request, ResponderSetup
from mikey_sdp.mikey.modes.quota import AnswerQuota
from mikey_sdp.mikey.modes.roles import identity_of, text_of
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import ErrorNo

SECTION: Final = "RFC 3830 section 4.3.1"


def own_certificates(credential: CertificateCredential, choices: Choices) -> tuple[Certificate, ...]:
    """The CERT payloads of our messages, as many as the choices say."""
    if credential.encryption is not None:
        return payloads_of_two(credential.certificates, credential.encryption.certificate, choices.certificates)
    return payloads_of(credential.certificates, choices.certificates, url=choices.certificate_url)


def close_with_sign(
    header: Header,
    payloads: tuple[Payload, ...],
    *,
    credential: CertificateCredential,
    choices: Choices,
    appended: bytes = b"",
) -> Message:
    """A message that ends in SIGN, over all of it but the signature itself, and over what is `appended` but not sent.

    The length of a signature is signed with it. Where it is not known before (DER of two integers) it is guessed
    until a signature comes out as long as it says: one that is the same on every run, or where none of those fits, as
    happens once in some hundred messages, one that chance makes. # [3830-5.2-3]
    Source: RFC 3830 section 5.2.
    Deviation: RFC 4738 section 3.6 leaves the whole SIGN payload out of what SIGNr covers.
    """
    key = credential.key
    sign_type = usual_type(key) if choices.sign_type is None else choices.sign_type
    for by_chance, octets in product((False, True), signature_lengths(key)):
        draft = Message.build(header, (*payloads, Signature(sign_type=sign_type, signature=bytes(octets))))
        covered = draft.octets[: len(draft.octets) - octets] + appended
        for signature in signatures(key, sign_type, choices.sign_hash, covered, by_chance=by_chance):
            if len(signature) == octets:
                return draft.sealed(Signature(sign_type=sign_type, signature=signature), signature)
    raise UsageError("no signature of the key has the length that it states")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whoever signed a message, as his certificate proves him."""

    identity: str
    certificate: x509.Certificate

    @property
    def key(self) -> VerifyingKey:
        """The certified key.

        Raises: PeerError with Invalid Cert (8) for a key of a kind that signs nothing here.
        """
        key = self.certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise unusable("the certificate has a key of a kind that is not supported")
        return key

    @property
    def encryption_key(self) -> rsa.RSAPublicKey:
        """The certified key, to encrypt an envelope key to.

        Raises: PeerError with Invalid Cert (8) for a key that only signs.
        """
        key = self.key
        if not isinstance(key, rsa.RSAPublicKey):
            raise unusable(f"the certified key of {self.identity} can't be encrypted to")
        return key


def signer_of(message: Message, claimed: str, credential: CertificateCredential, now: NtpTime) -> Signer:
    """Who signed a message: the claimed identity, if its certificate covers it, else the certificate's own one.

    The certificate is the message's, or without one that which is known of the claimed identity. Whom it names is
    looked at before its signatures. # [3830-5.3-1]
    Raises: PeerError: Invalid Cert (8) where it can't be had or can't be trusted, Invalid ID (7) where it is
    somebody else's.
    """
    payloads = message.all(Certificate)
    if payloads:
        chain = chain_of(payloads, credential.trust, MAX_CHAIN)
    else:
        known = credential.trust.certificate_of(claimed, Purpose.SIGN) if claimed else None
        if known is None:
            raise unusable(f"no certificate of {claimed or 'the peer'} came or is known")
        chain = (known,)
    identity = claimed or identity_of_certificate(chain[0]) or ""
    if not identity:
        raise unusable("the certificate names no SIP identity")
    if not covers(chain[0], identity):
        raise not_his(identity)
    return Signer(identity=identity, certificate=verify_chain(credential.trust, chain, now=now, purpose=Purpose.SIGN))


def check_sign(message: Message, signer: Signer, choices: Choices, *, appended: bytes = b"") -> None:
    """Verify SIGN over the octets as received. # [3830-3.3-7] [3830-3.2-7]

    Raises: PeerError with Auth failure (0).
    """
    signature = message.find(Signature)
    if signature is None:
        raise missing("a signature")
    covered = message.octets[: len(message.octets) - len(signature.signature)] + appended
    verify(signer.key, signature.sign_type, choices.sign_hashes, covered, signature.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofBySign:
    """Error messages signed by the Responder; `signer_known` finds his certificate at the Initiator."""

    credential: CertificateCredential
    choices: Choices
    signer_known: Callable[[], Signer | None]

    def close(self, header: Header, payloads: tuple[Payload, ...], _timestamp: Timestamp) -> Message:
        """The message with SIGN behind its payloads."""
        return close_with_sign(header, payloads, credential=self.credential, choices=self.choices)

    def holds(self, message: Message, _timestamp: Timestamp, _acceptance: Acceptance) -> bool:
        """Whether there is a signature and its signer is known, in which case it must verify."""
        signer = None if message.find(Signature) is None else self.signer_known()
        if signer is None:
            return False
        check_sign(message, signer, self.choices)
        return True


def proof_expected(setup: InitiatorSetup, credential: CertificateCredential, answers: AnswerQuota) -> ProofBySign:
    """How an Initiator judges Error messages: by the certificate of whom it called, where that is known."""
    called = text_of(setup.peer) if setup.peer else ""

    def signer_known() -> Signer | None:
        answers.spend()
        return known_signer(credential, called, setup.now) if called else None

    return ProofBySign(credential=credential, choices=setup.choices, signer_known=signer_known)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request whose signature holds, with the signer as its peer, and our credential for him."""

    request: Request
    credential: CertificateCredential
    signer: Signer


def signed_request(request: Request, setup: ResponderSetup) -> SignedRequest:
    """Verify certificate and signature of a request; a sender without a name is who his certificate says.

    Raises: PeerError.
    """
    credential = certificate_for(request.peer, setup.credentials.find(CertificateCredential, request.peer or None))
    signer = proved_signer(request, credential, setup)
    if not request.peer:
        request = replace(request, peer=signer.identity, initiator=identity_of(signer.identity))
    return SignedRequest(request=request, credential=credential, signer=signer)


def proved_signer(request: Request, credential: CertificateCredential, setup: ResponderSetup) -> Signer:
    """Who signed a request: his certificate and signature hold, and what that costs is within his quota.

    Raises: PeerError.
    """
    setup.quota.spend(request.peer, request.now)
    signer = signer_of(request.message, request.peer, credential, request.now)
    check_sign(request.message, signer, setup.choices)
    setup.quota.proved(signer.identity, request.now)
    return signer


def known_signer(credential: CertificateCredential, identity: str, now: NtpTime) -> Signer | None:
    """A peer whose certificate was known beforehand, if it is valid now. Error messages carry none."""
    certificate = credential.trust.certificate_of(identity, Purpose.SIGN)
    if certificate is None:
        return None
    try:
        verified = verify_chain(credential.trust, (certificate,), now=now, purpose=Purpose.SIGN)
    except PeerError:
        return None
    return Signer(identity=identity, certificate=verified)


def certificate_for(peer: str, peers: CertificateCredential | None) -> CertificateCredential:
    """Our certificate and trust for a peer.

    Raises: PeerError with Invalid Cert (8) where no certificate can be verified or shown.
    """
    if peers is None:
        raise unusable(f"no certificates are in use with {peer or 'a peer without an identity'}")
    return peers


def unusable(reason: str) -> PeerError:
    """The refusal of a certificate that can't be had, or can't do what it must."""
    return PeerError(reason, mikey_error=ErrorNo.INVALID_CERT, section=SECTION)


def not_his(identity: str) -> PeerError:
    """The refusal of a certificate that names somebody else."""
    return PeerError(f"the certificate is not that of {identity}", mikey_error=ErrorNo.INVALID_ID, section=SECTION)

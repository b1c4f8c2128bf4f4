"""Keys under an envelope key, which is encrypted to the Responder's certified key; the Initiator signs: RSA and ECIES.

The two differ in nothing but the kind of the certified keys.
Source: RFC 3830 section 3.2; draft-ietf-msec-mikey-ecc-03 section 4.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from cryptography import x509

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.chain import Purpose
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.digest import digest_of
from mikey_sdp.mikey.certificates.identity import covers
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.envelope import fresh_envelope_key, seal, unseal
from mikey_sdp.mikey.crypto.signatures import VerifyingKey
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import bundle_of, context_of, offer_header, offer_payloads, previous_of
from mikey_sdp.mikey.modes.error_proof import ProofByV
from mikey_sdp.mikey.modes.key_transport import (
    SentKeys,
    check_seal,
    opened_keys,
    pke_of,
    sealed_keys,
    with_envelope_key,
)
from mikey_sdp.mikey.modes.recipients import recipient_of
from mikey_sdp.mikey.modes.roles import identity_of, text_of
from mikey_sdp.mikey.modes.signing import (
    Signer,
    certificate_for,
    close_with_sign,
    own_certificates,
    proved_signer,
)
from mikey_sdp.mikey.payloads.chash import CertificateHash
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.registry import DataType, ErrorNo, HashFunc, SignType
from mikey_sdp.secret import Secret

SECTION: Final = "RFC 3830 section 3.2"


class PublicKeyInitiator:
    """The end that speaks first.

    I_MESSAGE = HDR, T, RAND, [IDi|CERTi], [IDr], {SP}, KEMAC, [CHASH], PKE, SIGNi. # [3830-3.2-1]
    """

    def __init__(self, mode: Mode, setup: InitiatorSetup, credential: CertificateCredential) -> None:
        self.mode: Final = mode
        recipient = recipient_of(setup, credential)
        envelope_key = fresh_envelope_key(setup.entropy)
        bundle, choices = setup.bundle, setup.choices
        self._setup = replace(setup, bundle=with_envelope_key(bundle, envelope_key, choices.cache))
        self._recipient = recipient.identity
        self._keys = bundle.context.message_keys(envelope_key)
        kemac = sealed_keys(
            self._keys,
            encr_alg=setup.encr_alg,
            csb_id=bundle.csb_id,
            timestamp=setup.timestamp,
            sender=setup.own,
            key_data=bundle.keys if setup.new_keys else (),
        )
        hashes = (_chash(recipient.certificate),) if choices.certificate_hash else ()
        pke = EnvelopeKey(cache=choices.cache, data=seal(recipient.key, envelope_key, setup.entropy, oaep=choices.oaep))
        payloads = (*offer_payloads(setup, own_certificates(credential, choices)), kemac, *hashes, pke)
        header = offer_header(setup, DataType.PUBLIC_KEY, v=setup.verification)
        self.message: Final[Message] = close_with_sign(header, payloads, credential=credential, choices=choices)

    @property
    def early_bundle(self) -> Bundle:
        """The CSB as offered: usable at once, since the Responder adds nothing to the keys."""
        return self._setup.bundle

    def complete(self, octets: bytes) -> Established:
        """Take the verification message: HDR, T, [IDr], V. # [3830-3.2-8]

        Raises: DecodeError, PeerError.
        """
        return push.complete(
            octets,
            mode=self.mode,
            setup=self._setup,
            sent=self.message,
            keys=self._keys,
            answer_type=DataType.PK_VER_MSG,
            holder=self._recipient,
        )


def _chash(certificate: x509.Certificate) -> CertificateHash:
    func = HashFunc.SHA_1
    return CertificateHash(hash_func=func, digest=digest_of(certificate, func))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedOffer:
    """An I_MESSAGE whose signature and MAC hold."""

    mode: Mode
    request: Request
    setup: ResponderSetup
    keys: MessageKeys
    sent: SentKeys
    envelope_key: Secret
    previous: Bundle | None

    @property
    def error_proof(self) -> ProofByV:
        """V with the keys of the exchange."""
        return ProofByV(keys=self.keys, idi=self.request.idi, idr=self.request.idr)

    def accept(self) -> Response:
        """Take the keys and policies, and answer if an answer is asked for. # [3830-3.2-2]"""
        request, setup = self.request, self.setup
        if not self.sent.keys and self.previous is None:
            raise missing("a key, which the first message of a CSB needs")
        bundle = bundle_of(request, self.previous, self.sent.keys, setup)
        bundle = with_envelope_key(bundle, self.envelope_key, pke_of(request.message).cache)
        established = Established(mode=self.mode, bundle=bundle, peer=request.peer)
        reply = None
        if request.message.header.v:
            reply = push.verification_of(request, setup.own, self.keys, answer_type=DataType.PK_VER_MSG, bundle=bundle)
        return Response(established=established, reply=reply)


class PublicKeyResponder:
    """The end that answers."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def authenticate(self, request: Request, setup: ResponderSetup) -> OpenedOffer:
        """Verify certificate and signature, then decrypt, and hold the encrypted IDi against the sender.

        # [3830-9.5-3]
        Raises: PeerError; a decryption that fails is a MAC that does not verify.
        """
        message = request.message
        credential = certificate_for(request.peer, setup.credentials.find(CertificateCredential, request.peer or None))
        kemac = message.find(KeyDataTransport)
        if kemac is not None:
            check_seal(kemac)
        _check_addressed(message, credential)
        signer = proved_signer(request, credential, setup)
        named = bool(request.peer)
        request = request if named else replace(request, peer=signer.identity)
        previous = previous_of(request, setup)
        if kemac is None and previous is None:
            raise missing("a KEMAC, without which only an update can be")
        context = context_of(request, previous)
        envelope_key = unseal(credential.opening_key, pke_of(message).data, setup.entropy, oaep=setup.choices.oaep)
        keys = context.message_keys(envelope_key)
        if kemac is None:
            sent = SentKeys(sender=request.initiator if named else identity_of(request.peer), keys=())
        else:
            sent = opened_keys(message, kemac, keys, csb_id=message.header.csb_id, timestamp=request.timestamp)
        _check_sender(sent, request, signer, named=named)
        return OpenedOffer(
            mode=self._mode,
            request=replace(request, initiator=sent.sender),
            setup=setup,
            keys=keys,
            sent=sent,
            envelope_key=envelope_key,
            previous=previous,
        )


def _check_addressed(message: Message, credential: CertificateCredential) -> None:
    """A CHASH must name the certificate that we hold. # [3830-3.2-4]"""
    chash = message.find(CertificateHash)
    if chash is not None and chash.digest != digest_of(credential.addressed, chash.hash_func):
        raise PeerError(
            "the envelope key is for another certificate", mikey_error=ErrorNo.INVALID_CERT, section=SECTION
        )


def _check_sender(sent: SentKeys, request: Request, signer: Signer, *, named: bool) -> None:
    """The encrypted IDi is the clear one octet for octet, or else one that the certificate covers. # [3830-3.2-9]"""
    same = sent.sender == request.initiator if named else covers(signer.certificate, text_of(sent.sender))
    if not same:
        raise PeerError("the encrypted IDi is not the sender", mikey_error=ErrorNo.INVALID_ID, section=SECTION)


def known_keys(credential: CertificateCredential, peer: str, kind: type[VerifyingKey]) -> bool:
    """Whether our key is of that kind, and that of the peer, whose certificate must be known."""
    theirs = credential.trust.certificate_of(peer, Purpose.ENCRYPT)
    return theirs is not None and all(
        isinstance(key, kind) for key in (theirs.public_key(), credential.key.public_key())
    )


def signed_by(message: Message, types: Collection[SignType]) -> bool:
    """Whether the signature of a message is of one of those S types."""
    signature = message.find(Signature)
    return signature is not None and signature.sign_type in types

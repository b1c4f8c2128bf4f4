"""Signatures as an onlooker judges them: by the certificates that he was given, else by the one in the message.

Source: RFC 3830 sections 3.2, 3.3, 4.3.1 and 5.2.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mikey_sdp.dissect.certified import certificates_in
from mikey_sdp.dissect.opened import OWN_SIGN_CHECK, SIGN_CHECK, Check, Missing, Opened, checked
from mikey_sdp.dissect.recording import Recording
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.signing import check_issued_by
from mikey_sdp.mikey.crypto.signatures import verify
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Signature
from mikey_sdp.mikey.registry import HashFunc

SECTION: Final = "RFC 3830 section 5.2"
_UNRELATED: Final = "none of the given certificates issued or is the certificate in the message"
_HASHES: Final = (HashFunc.SHA_1, HashFunc.SHA_256)


def signed_offer(recording: Recording, message: Message) -> Opened | None:
    """A message of which nothing but the signature can be judged without its answer."""
    if not is_judged(recording, message):
        return None
    return Opened(checks=(signature_check(recording, message),))


def is_judged(recording: Recording, message: Message) -> bool:
    """Whether there is anything to judge a signature by: what was given, or the certificate in the message."""
    return recording.known.reads_signed_messages or bool(certificates_in(message))


def signature_check(recording: Recording, message: Message, appended: bytes = b"") -> Check:
    """Whether SIGN is right. With certificates given, it must be by one of them, or by one that one of them issued;
    without, the name of the check says that nobody vouches for the signer. Where those given have nothing to do with
    those in the message, nothing is known of the signature: it may well be right."""
    given, sent = recording.known.certificates, certificates_in(message)
    if not given and sent:
        return checked(OWN_SIGN_CHECK, lambda: _verify(message, sent, appended))
    issued = tuple(one for one in sent if any(_issued(one, issuer) for issuer in given))
    check = checked(SIGN_CHECK, lambda: _verify(message, (*given, *issued), appended))
    if check.held is False and sent and not issued and not set(given) & set(sent):
        return replace(check, held=None, reason=_UNRELATED, section="")
    return check


def _issued(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        check_issued_by(child, issuer, accept_sha1=True)
    except PeerError:
        return False
    return True


def _verify(message: Message, signers: tuple[x509.Certificate, ...], appended: bytes) -> None:
    signature = message.find(Signature)
    if signature is None or message.payloads[-1] is not signature:
        raise PeerError("the message does not end with a signature", mikey_error=None, section=SECTION)
    covered = [message.octets[: len(message.octets) - len(signature.signature)] + appended]
    if appended:  # RFC 4738 leaves out the whole payload of SIGNr, RFC 3830 the signature alone
        covered.append(message.octets[: message.span(signature).offset] + appended)
    fault: PeerError | Missing = Missing("no certificate of the signer is known")
    for signer, octets in product(signers, covered):
        key = signer.public_key()
        if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            try:
                verify(key, signature.sign_type, _HASHES, octets, signature.signature)
            except PeerError as error:
                fault = error
            else:
                return
    raise fault

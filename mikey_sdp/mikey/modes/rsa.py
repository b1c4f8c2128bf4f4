"""RSA: the envelope key is encrypted to an RSA key, and an RSA key signs.

Source: RFC 3830 section 3.2.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.crypto.signatures import RSA_TYPES
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.sign import Signature


def fits(credential: CertificateCredential, peer: str) -> bool:
    """Whether both keys are RSA, ours and the peer's, whose certificate must be known."""
    theirs = credential.trust.certificate_of(peer)
    return (
        theirs is not None
        and isinstance(theirs.public_key(), rsa.RSAPublicKey)
        and isinstance(credential.key, rsa.RSAPrivateKey)
    )


def recognises(message: Message) -> bool:
    """Whether a public key I_MESSAGE is signed by an RSA key."""
    signature = message.find(Signature)
    return signature is not None and signature.sign_type in RSA_TYPES

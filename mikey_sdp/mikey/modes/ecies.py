"""ECIES: the messages of RSA mode with keys on elliptic curves, which the S type tells.

Source: draft-ietf-msec-mikey-ecc-03 section 4, RFC 5197 section 4.1.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.crypto.signatures import EC_TYPES
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.sign import Signature


def fits(credential: CertificateCredential, peer: str) -> bool:
    """Whether both keys are on a curve, ours and the peer's, whose certificate must be known."""
    theirs = credential.trust.certificate_of(peer)
    return (
        theirs is not None
        and isinstance(theirs.public_key(), ec.EllipticCurvePublicKey)
        and isinstance(credential.key, ec.EllipticCurvePrivateKey)
    )


def recognises(message: Message) -> bool:
    """Whether a public key I_MESSAGE is signed by a key on a curve."""
    signature = message.find(Signature)
    return signature is not None and signature.sign_type in EC_TYPES

"""RSA: the envelope key is encrypted to an RSA key, and an RSA key signs.

Source: RFC 3830 section 3.2.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.crypto.signatures import RSA_TYPES
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.public_key import known_keys, signed_by


def fits(credential: CertificateCredential, peer: str) -> bool:
    """Whether both ends have keys of this kind, as far as we know."""
    return known_keys(credential, peer, rsa.RSAPublicKey)


def recognises(message: Message) -> bool:
    """Whether a public key I_MESSAGE is of this mode."""
    return signed_by(message, RSA_TYPES)

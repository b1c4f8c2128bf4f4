"""ECIES: the messages of RSA mode with keys on elliptic curves, which the S type tells.

Source: draft-ietf-msec-mikey-ecc-03 section 4, RFC 5197 section 4.1.1.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.crypto.signatures import EC_TYPES
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.public_key import known_keys, signed_by


def fits(credential: CertificateCredential, peer: str) -> bool:
    """Whether both ends have keys of this kind, as far as we know."""
    return known_keys(credential, peer, ec.EllipticCurvePublicKey)


def recognises(message: Message) -> bool:
    """Whether a public key I_MESSAGE is of this mode."""
    return signed_by(message, EC_TYPES)

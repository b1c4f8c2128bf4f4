"""A third party's signature over a user's Diffie-Hellman key, against a SIP domain that would put in a key of its own.

Source: RFC 5197 section 3.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml.assertion import Assertion, KeyEndorsement, moment, refused

_LABEL: Final = b"mikey_sdp DHSAML key\x00"


def endorse(
    *,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    subject: str,
    group: DhGroup,
    public: bytes,
) -> KeyEndorsement:
    """A third party's signature over the user, the group and the key, for an assertion to carry.

    Raises: UsageError for a key that is not the certificate's.
    """
    if key.public_key() != certificate.public_key():
        raise UsageError("the key that endorses is not the one in the certificate; hand in the pair")
    signed = _signed(subject, group, public)
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return KeyEndorsement(fingerprint=certificate.fingerprint(hashes.SHA256()), signature=signature)


def check_endorsement(assertion: Assertion, third_parties: Sequence[x509.Certificate], now: NtpTime) -> None:
    """Refuse an assertion whose key none of these third parties stands up for.

    Raises: PeerError with Invalid Cert (8).
    """
    endorsement = assertion.third_party
    if endorsement is None:
        raise refused("bad key: no third party signed it")
    for certificate in third_parties:
        if certificate.fingerprint(hashes.SHA256()) == endorsement.fingerprint:
            break
    else:
        raise refused("bad key: signed by a third party that is not trusted")
    if not certificate.not_valid_before_utc <= moment(now) <= certificate.not_valid_after_utc:
        raise refused("bad key: the third party's certificate is not valid now")
    _verify(certificate, endorsement.signature, _signed(assertion.subject, assertion.group, assertion.public))


def _verify(certificate: x509.Certificate, signature: bytes, signed: bytes) -> None:
    public = certificate.public_key()
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        else:
            raise refused("bad key: the third party's certificate holds neither an RSA nor an EC key")
    except InvalidSignature:
        raise refused("bad key: the third party's signature is wrong") from None


def _signed(subject: str, group: DhGroup, public: bytes) -> bytes:
    return b"\x00".join((_LABEL, canonical_identity(subject).encode(), bytes((group,)) + public))

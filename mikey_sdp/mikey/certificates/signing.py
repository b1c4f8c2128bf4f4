"""Whether the signatures on certificates, and on news about them, hold."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.load import REMEMBERED, invalid, shown


def check_hash(algorithm: hashes.HashAlgorithm | None, *, accept_sha1: bool, what: str) -> None:
    """Refuse a signature made with a hash that proves nothing any more. Schemes with a hash of their own have None.

    Raises: PeerError (Invalid Cert).
    """
    if isinstance(algorithm, hashes.MD5) or (isinstance(algorithm, hashes.SHA1) and not accept_sha1):
        raise invalid(f"{what} is signed with {algorithm.name}, which is not accepted")


def check_issued_by(child: x509.Certificate, issuer: x509.Certificate, *, accept_sha1: bool) -> None:
    """Refuse a certificate that the issuer's key did not sign.

    A signature that held is remembered for the octets of both certificates, and nothing else of them is: times, uses
    and revocation are the caller's to judge, every time.
    Raises: PeerError (Invalid Cert); a wrong kind of key, an unknown algorithm and a wrong signature are all the same.
    """
    try:
        algorithm = child.signature_hash_algorithm
        if isinstance(algorithm, hashes.MD5 | hashes.SHA1):
            check_hash(algorithm, accept_sha1=accept_sha1, what=f"the certificate of {shown(child.subject)}")
        _check_made_by(child, issuer)
    except PeerError:
        raise
    except Exception as error:
        raise invalid(
            f"the certificate of {shown(child.subject)} has a bad signature; {shown(issuer.subject)} did not make it"
        ) from error


@lru_cache(maxsize=REMEMBERED)
def _check_made_by(child: x509.Certificate, issuer: x509.Certificate) -> None:
    """Certificates are equal where all their octets are. A signature that does not hold raises, so it's not kept."""
    algorithm = child.signature_hash_algorithm
    if isinstance(algorithm, hashes.SHA1):  # which the library's own check refuses
        check_signature(issuer.public_key(), child.signature, child.tbs_certificate_bytes, algorithm)
    else:
        child.verify_directly_issued_by(issuer)


def check_signature(
    key: CertificatePublicKeyTypes, signature: bytes, signed: bytes, algorithm: hashes.HashAlgorithm | None
) -> None:
    """Check a signature of the scheme that goes with the key: RSA PKCS#1 v1.5, ECDSA or EdDSA.

    Raises: InvalidSignature when it does not hold, or when no such scheme goes with this key and hash.
    """
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey) and algorithm is None:
        key.verify(signature, signed)
    elif isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
        key.verify(signature, signed, ec.ECDSA(algorithm))
    else:
        raise InvalidSignature

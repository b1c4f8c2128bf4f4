"""Signatures by S type: RSA PKCS#1 v1.5 and PSS, ECDSA and ECGDSA.

Source: RFC 3830 sections 4.2.6 and 6.5; draft-ietf-msec-mikey-ecc-03 section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.crypto import ecgdsa
from mikey_sdp.mikey.crypto.curves import hash_of_curve
from mikey_sdp.mikey.registry import ErrorNo, HashFunc, SignType

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
VerifyingKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
SECTION: Final = "RFC 3830 section 4.2.6"
EC_TYPES: Final = frozenset({SignType.ECDSA, SignType.ECGDSA})
_ATTEMPTS: Final = 16
RSA_TYPES: Final = frozenset({SignType.RSA_PKCS1_V1_5, SignType.RSA_PSS})
_HASHES: Final[Mapping[HashFunc, Callable[[], hashes.HashAlgorithm]]] = MappingProxyType(
    {HashFunc.SHA_1: hashes.SHA1, HashFunc.SHA_256: hashes.SHA256}
)


def usual_type(key: SigningKey) -> SignType:
    """The S type of a key where nobody asked for another."""
    return SignType.RSA_PKCS1_V1_5 if isinstance(key, rsa.RSAPrivateKey) else SignType.ECDSA


def signature_lengths(key: SigningKey) -> tuple[int, ...]:
    """How long signatures of the key may be, the likeliest first: one length for RSA, those of two DER integers for a
    curve.

    The length stands in the message and is signed with it, so it is settled before the signature is made.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        return (key.key_size // 8,)
    octets = (key.curve.key_size + 7) // 8
    longest = 2 * (octets + 1 + 2) + (3 if octets > 61 else 2)  # two INTEGERs with a sign octet, in a SEQUENCE
    return (longest - 1, longest, *range(longest - 2, 7, -1))


def signatures(
    key: SigningKey, sign_type: SignType, hash_func: HashFunc, octets: bytes, *, by_chance: bool = False
) -> tuple[bytes, ...]:
    """Signatures to choose from, all equally good: with (r, s) also (r, n - s) is one, and often of another length.

    They are the same on every run; `by_chance` asks for ECDSA with nonces that are drawn.
    The hash of EC signatures follows from the curve; `hash_func` is that of RSA. # [3830-4.2.6-1]
    Raises: UsageError for an S type that the key can't make.
    """
    if isinstance(key, rsa.RSAPrivateKey) and sign_type in RSA_TYPES:
        algorithm = _HASHES[hash_func]()
        return (key.sign(octets, _padding(sign_type, algorithm), algorithm),)
    if isinstance(key, ec.EllipticCurvePrivateKey) and sign_type == SignType.ECDSA:
        rule = ec.ECDSA(hash_of_curve(key.curve), deterministic_signing=not by_chance)
        made = [key.sign(octets, rule) for _ in range(_ATTEMPTS if by_chance else 1)]
        return tuple(either for one in made for either in (one, _twin(key, one)))
    if isinstance(key, ec.EllipticCurvePrivateKey) and sign_type == SignType.ECGDSA:
        return tuple(
            ecgdsa.sign(key, octets, hash_of_curve(key.curve), attempt=attempt) for attempt in range(_ATTEMPTS)
        )
    raise UsageError(f"this key makes no signatures of type {sign_type}")


def _twin(key: ec.EllipticCurvePrivateKey, signature: bytes) -> bytes:
    """The other signature that goes with one of ECDSA."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, key.curve.group_order - s)


def verify(
    key: VerifyingKey, sign_type: SignType, accepted: Collection[HashFunc], octets: bytes, signature: bytes
) -> None:
    """Check a signature; for RSA its hash is one of those accepted. # [3830-4.2.6-2]

    Raises: PeerError with Auth failure (0) for a signature that does not hold, Invalid Cert (8) for a key that can't
    have made it.
    """
    if isinstance(key, rsa.RSAPublicKey) and sign_type in RSA_TYPES:
        held = any(_rsa_holds(key, sign_type, _HASHES[func](), octets, signature) for func in accepted)
    elif isinstance(key, ec.EllipticCurvePublicKey) and sign_type in EC_TYPES:
        held = _ec_holds(key, sign_type, octets, signature)
    else:
        raise PeerError(
            f"the certified key makes no signatures of type {sign_type}",
            mikey_error=ErrorNo.INVALID_CERT,
            section=SECTION,
        )
    if not held:
        raise PeerError("the signature does not verify", mikey_error=ErrorNo.AUTH_FAILURE, section=SECTION)


def _rsa_holds(
    key: rsa.RSAPublicKey, sign_type: SignType, algorithm: hashes.HashAlgorithm, octets: bytes, signature: bytes
) -> bool:
    try:
        key.verify(signature, octets, _padding(sign_type, algorithm), algorithm)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _ec_holds(key: ec.EllipticCurvePublicKey, sign_type: SignType, octets: bytes, signature: bytes) -> bool:
    algorithm = hash_of_curve(key.curve)
    try:
        if sign_type == SignType.ECGDSA:
            ecgdsa.verify(key, signature, octets, algorithm)
        else:
            key.verify(signature, octets, ec.ECDSA(algorithm))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _padding(sign_type: SignType, algorithm: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if sign_type == SignType.RSA_PSS:
        return padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
    return padding.PKCS1v15()

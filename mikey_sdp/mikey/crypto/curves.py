"""The NIST curves over prime fields: their code points, keys drawn on them, and points on the wire.

Source: draft-ietf-msec-mikey-ecc-03 sections 3 and 6.1; SEC 1 section 2.3.
Deviation: the binary curves of the draft are left out; nothing that computes on them safely is at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.registry import EccCurve, ErrorNo
from mikey_sdp.secret import Entropy

SECTION: Final = "draft-ietf-msec-mikey-ecc-03 section 6.1"
_WIDE_OCTETS: Final = 8
"""How much longer than the order the octets are from which a scalar is reduced, so that no value is likelier."""

CURVES: Final[Mapping[EccCurve, ec.EllipticCurve]] = MappingProxyType(
    {
        EccCurve.SECP192R1: ec.SECP192R1(),
        EccCurve.SECP224R1: ec.SECP224R1(),
        EccCurve.SECP256R1: ec.SECP256R1(),
        EccCurve.SECP384R1: ec.SECP384R1(),
        EccCurve.SECP521R1: ec.SECP521R1(),
    }
)


_HASHES: Final[tuple[tuple[int, Callable[[], hashes.HashAlgorithm]], ...]] = (
    (192, hashes.SHA1),
    (233, hashes.SHA224),
    (283, hashes.SHA256),
    (409, hashes.SHA384),
)
"""The hash by the largest key size that takes it. Source: draft-ietf-msec-mikey-ecc-03 section 2."""


def hash_of_curve(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    """The hash that signatures by keys on that curve use."""
    return next((make() for bits, make in _HASHES if curve.key_size <= bits), hashes.SHA512())


def curve_of(number: EccCurve) -> ec.EllipticCurve:
    """The curve that an ECCPT payload names.

    Raises: PeerError with Invalid DH (6) for a curve that is not implemented.
    """
    if number not in CURVES:
        raise invalid_point(f"curve {number} is not supported")
    return CURVES[number]


def number_of(curve: ec.EllipticCurve) -> EccCurve:
    """The number by which an ECCPT payload names the curve of a certificate.

    Raises: PeerError with Invalid DH (6) for a curve that is not implemented.
    """
    for number, ours in CURVES.items():
        if ours.name == curve.name:
            return number
    raise invalid_point(f"curve {curve.name} is not supported")


def is_supported(curve: ec.EllipticCurve) -> bool:
    """Whether the curve has a code point here."""
    return any(curve.name == known.name for known in CURVES.values())


def field_octets(curve: ec.EllipticCurve) -> int:
    """The length of a coordinate, and so of a shared secret: L of SEC 1, 66 for P-521."""
    return (curve.key_size + 7) // 8


def draw_key(curve: ec.EllipticCurve, entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    """A fresh key, from 64 bits more than the order has."""
    drawn = int.from_bytes(entropy(field_octets(curve) + _WIDE_OCTETS), "big")
    return ec.derive_private_key(drawn % (curve.group_order - 1) + 1, curve)


def key_of(curve: ec.EllipticCurve, octets: bytes) -> ec.EllipticCurvePrivateKey:
    """The key whose scalar these octets are, most significant first: of a known answer, or of a recorded exchange.

    Raises: UsageError for a scalar that is 0 or not below the order.
    """
    scalar = int.from_bytes(octets, "big")
    if not 0 < scalar < curve.group_order:
        raise UsageError(f"the private octets are no scalar of {curve.name}")
    return ec.derive_private_key(scalar, curve)


def encode_point(public: ec.EllipticCurvePublicKey) -> bytes:
    """A point as it travels, uncompressed.

    Wire: 0x04 || X || Y, with all leading zeros.
    """
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def decode_point(curve: ec.EllipticCurve, octets: bytes) -> ec.EllipticCurvePublicKey:
    """The point that a peer sent. Curves here have cofactor 1, so a point on the curve is in the group.

    Raises: PeerError with Invalid DH (6) for one that is not uncompressed, not on the curve, or at infinity.
    """
    if len(octets) != 1 + 2 * field_octets(curve):
        raise invalid_point("the peer's point has another length than the group's points")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, octets)
    except ValueError:
        raise invalid_point("the peer's point is not on the curve") from None


def invalid_point(reason: str) -> PeerError:
    """What a peer is told whose curve or point won't do."""
    return PeerError(reason, mikey_error=ErrorNo.INVALID_DH, section=SECTION)

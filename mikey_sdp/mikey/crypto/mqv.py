"""ECMQV: a TGK from two certified keys and two ephemeral ones, authenticated by the computation itself.

Source: draft-ietf-msec-mikey-ecc-03 section 5 (two passes), draft-ietf-msec-mikey-ecc-00 section 5 (one pass);
SEC 1 section 3.4.
Deviation: the draft names no key derivation; it is that of ANSI X9.63 with the hash of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.curves import (
    decode_point,
    draw_key,
    encode_point,
    field_octets,
    hash_of_curve,
    invalid_point,
    key_of,
    number_of,
)
from mikey_sdp.mikey.crypto.points import x_of_sum
from mikey_sdp.mikey.crypto.x963 import x963_kdf
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import Entropy, Secret

SECTION: Final = "draft-ietf-msec-mikey-ecc-03 section 5"
MIN_TGK_OCTETS: Final = 16


@dataclass(frozen=True, slots=True)
class EphemeralKey:
    """The key of one exchange; once it is gone, nothing makes the TGK again."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def draw(cls, curve: ec.EllipticCurve, entropy: Entropy) -> Self:
        """A fresh key."""
        return cls(draw_key(curve, entropy))

    @classmethod
    def of(cls, curve: ec.EllipticCurve, octets: bytes) -> Self:
        """The key whose scalar these octets are: of a known answer, or of a recorded exchange."""
        return cls(key_of(curve, octets))

    @property
    def point(self) -> bytes:
        """The point for the ECCPT payload."""
        return encode_point(self.private.public_key())


def agree(
    static: ec.EllipticCurvePrivateKey,
    ephemeral: EphemeralKey,
    peer_static: ec.EllipticCurvePublicKey,
    peer_point: bytes,
) -> Secret:
    """The shared secret of two passes, in which both ends have an ephemeral key.

    Units: as long as a coordinate, leading zeros kept.
    Raises: PeerError with Invalid DH (6) for a point or a curve that won't do; BackendUnavailable without pycryptodome.
    """
    return _shared(static, ephemeral.private, peer_static, decode_point(static.curve, peer_point))


def agree_as_initiator(
    static: ec.EllipticCurvePrivateKey, ephemeral: EphemeralKey, peer_static: ec.EllipticCurvePublicKey
) -> Secret:
    """The Initiator's side of one pass: the Responder's static key takes the place of its ephemeral key.

    Raises: as for two passes.
    """
    return _shared(static, ephemeral.private, peer_static, peer_static)


def agree_as_responder(
    static: ec.EllipticCurvePrivateKey, peer_static: ec.EllipticCurvePublicKey, peer_point: bytes
) -> Secret:
    """The Responder's side of one pass: its static key serves twice.

    Raises: as for two passes.
    """
    return _shared(static, static, peer_static, decode_point(static.curve, peer_point))


def keys(shared: Secret, curve: ec.EllipticCurve, tgk_octets: int, auth_octets: int) -> tuple[Secret, Secret]:
    """TGK and auth_key, one after the other out of the key derivation.

    Raises: PeerError for a TGK below 128 bits.
    """
    if tgk_octets < MIN_TGK_OCTETS:
        raise PeerError(f"a TGK of {tgk_octets} octets", mikey_error=ErrorNo.UNSPECIFIED, section=SECTION)
    material = x963_kdf(shared, tgk_octets + auth_octets, hash_of_curve(curve))
    return Secret(material[:tgk_octets]), Secret(material[tgk_octets:])


def _shared(
    static: ec.EllipticCurvePrivateKey,
    ephemeral: ec.EllipticCurvePrivateKey,
    peer_static: ec.EllipticCurvePublicKey,
    peer_ephemeral: ec.EllipticCurvePublicKey,
) -> Secret:
    """x of s * (Qe' + avf(Qe') * Qs'), where s = de + avf(Qe) * ds modulo the order."""
    curve = static.curve
    number_of(curve)
    if len({key.curve.name for key in (static, ephemeral, peer_static, peer_ephemeral)}) != 1:
        raise invalid_point("the keys of the exchange are not all of one curve")
    order = curve.group_order
    own_weight = _weight(ephemeral.public_key(), order)
    s = (_scalar(ephemeral) + own_weight * _scalar(static)) % order
    x = x_of_sum(s, peer_ephemeral, s * _weight(peer_ephemeral, order) % order, peer_static)
    if x is None:
        raise invalid_point("the shared point is at infinity")
    return Secret(x.to_bytes(field_octets(curve), "big"))


def _weight(point: ec.EllipticCurvePublicKey, order: int) -> int:
    """avf: the lower half of the bits of x, with one bit set above them."""
    half = 1 << (order.bit_length() + 1) // 2
    return point.public_numbers().x % half + half


def _scalar(key: ec.EllipticCurvePrivateKey) -> int:
    return key.private_numbers().private_value

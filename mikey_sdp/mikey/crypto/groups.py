"""The Diffie-Hellman groups by number: finite fields and, as private code points, NIST curves.

Source: RFC 3830 sections 4.2.7 and 6.4, RFC 2412 appendix E, RFC 3526; draft-ietf-msec-mikey-ecc-03 section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final, Protocol

import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.crypto.curves import decode_point, draw_key, encode_point, field_octets, key_of
from mikey_sdp.mikey.registry import DhGroup, ErrorNo
from mikey_sdp.secret import Entropy, Secret

SECTION: Final = "RFC 3830 section 6.4"
EXPONENT_OCTETS: Final = 32
"""256 bits: twice the strength of the largest group here, and far below the order of any."""
_GENERATOR: Final = 2


class PrivateValue(Protocol):
    """One end's secret exponent or scalar."""

    @property
    def public(self) -> bytes:
        """The DH-value to send."""

    def agree(self, peer: bytes) -> Secret:
        """The shared secret with the peer's DH-value, of the group's full length, leading zeros kept.

        Raises: PeerError with Invalid DH (6) for a value that is no honest one.
        """


class Group(Protocol):
    """A group in which a TGK is agreed on."""

    @property
    def secret_octets(self) -> int:
        """The length of the shared secret."""

    def draw(self, entropy: Entropy) -> PrivateValue:
        """A fresh private value."""

    def private(self, octets: bytes) -> PrivateValue:
        """The private value that these octets are: of a known answer, or of a recorded exchange."""


def _modp(bits: int, offset: int) -> int:
    """The primes of RFC 2412 and RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + offset)."""
    with gmpy2.context(precision=bits + 64):
        pi = int(gmpy2.floor(gmpy2.mul_2exp(gmpy2.const_pi(), bits - 130)))
    return (1 << bits) - (1 << (bits - 64)) - 1 + ((pi + offset) << 64)


@dataclass(frozen=True, slots=True)
class FiniteField:
    """The integers modulo a safe prime, with generator 2.

    Units: `bits` of the prime. Exponents have 256 bits.
    """

    bits: int
    offset: int
    prime: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prime", _modp(self.bits, self.offset))

    @property
    def secret_octets(self) -> int:
        """The length of the prime."""
        return self.bits // 8

    def draw(self, entropy: Entropy) -> PrivateValue:
        """A fresh exponent."""
        return self.private(entropy(EXPONENT_OCTETS))

    def private(self, octets: bytes) -> PrivateValue:
        """The exponent that these octets are, most significant first.

        Raises: UsageError for an exponent of 0.
        """
        exponent = int.from_bytes(octets, "big")
        if exponent == 0:
            raise UsageError("an exponent of 0 hides nothing")
        return _Exponent(self, exponent)


class _Exponent:
    """A secret exponent. The exponentiations take the same time for all exponents of a length."""

    __slots__ = ("_exponent", "_field", "public")

    def __init__(self, in_field: FiniteField, exponent: int) -> None:
        self._field = in_field
        self._exponent = exponent
        self.public: Final = self._power(_GENERATOR)

    def _power(self, base: int) -> bytes:
        value = int(gmpy2.powmod_sec(base, self._exponent, self._field.prime))
        return value.to_bytes(self._field.secret_octets, "big")

    def agree(self, peer: bytes) -> Secret:
        """g^(xi*xr); 0, 1, p-1 and whatever is not below p would give it away."""
        value = int.from_bytes(peer, "big")
        if len(peer) != self._field.secret_octets or not 1 < value < self._field.prime - 1:
            raise _invalid("the peer's Diffie-Hellman value is out of range")
        return Secret(self._power(value))


@dataclass(frozen=True, slots=True)
class PrimeCurve:
    """A NIST curve over a prime field; its values are uncompressed points, its secrets their x-coordinates."""

    curve: ec.EllipticCurve

    @property
    def secret_octets(self) -> int:
        """The length of a field element."""
        return field_octets(self.curve)

    def draw(self, entropy: Entropy) -> PrivateValue:
        """A fresh scalar."""
        return _Scalar(draw_key(self.curve, entropy))

    def private(self, octets: bytes) -> PrivateValue:
        """The scalar that these octets are, most significant first.

        Raises: UsageError for one that is 0 or not below the order.
        """
        return _Scalar(key_of(self.curve, octets))


class _Scalar:
    """A secret scalar; the library computes with it in constant time and checks every point."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public: Final = encode_point(key.public_key())

    def agree(self, peer: bytes) -> Secret:
        """The x-coordinate of the common point."""
        return Secret(self._key.exchange(ec.ECDH(), decode_point(self._key.curve, peer)))


GROUPS: Final[Mapping[DhGroup, Callable[[], Group]]] = MappingProxyType(
    {
        DhGroup.OAKLEY_5: lambda: FiniteField(1536, 741804),
        DhGroup.OAKLEY_1: lambda: FiniteField(768, 149686),
        DhGroup.OAKLEY_2: lambda: FiniteField(1024, 129093),
        DhGroup.MODP_2048: lambda: FiniteField(2048, 124476),
        DhGroup.MODP_3072: lambda: FiniteField(3072, 1690314),
        DhGroup.ECP_P_192: lambda: PrimeCurve(ec.SECP192R1()),
        DhGroup.ECP_P_224: lambda: PrimeCurve(ec.SECP224R1()),
        DhGroup.ECP_P_256: lambda: PrimeCurve(ec.SECP256R1()),
        DhGroup.ECP_P_384: lambda: PrimeCurve(ec.SECP384R1()),
        DhGroup.ECP_P_521: lambda: PrimeCurve(ec.SECP521R1()),
    }
)


@cache
def _made(number: DhGroup) -> Group:
    return GROUPS[number]()


def group_of(number: DhGroup) -> Group:
    """The group that a message names. # [3830-4.2.7-1]

    Raises: PeerError with Invalid DH (6) for a number that is not implemented.
    """
    if number not in GROUPS:
        raise _invalid(f"Diffie-Hellman group {number} is not supported")
    return _made(number)


def _invalid(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_DH, section=SECTION)

"""ECGDSA: the German variant of ECDSA, which never inverts the nonce.

A private key here is an ordinary EC key x, with Q = x * G in its certificate. The scalar d of ECGDSA, whose public key
is defined as (d^-1) * G, is then x^-1 modulo the order, so keys and certificates are made as for ECDSA.
Source: draft-ietf-msec-mikey-ecc-03 section 2; ISO/IEC 14888-3 (15946-2); RFC 6979 for the nonce.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.crypto.points import x_of_sum

_LABEL: Final = b"mikey_sdp ECGDSA"
"""Keeps the nonces apart from those of ECDSA: one nonce under both equations would give the key away."""
_CARRIER: Final = hashes.SHA512
_CARRIER_BITS: Final = 512


def sign(
    private: ec.EllipticCurvePrivateKey, octets: bytes, algorithm: hashes.HashAlgorithm, *, attempt: int = 0
) -> bytes:
    """A signature in DER, always the same for the same `attempt`.

    Other attempts give other nonces, for a caller who needs a signature of another length.
    """
    e = _digest_bits(octets, algorithm, private.curve.group_order)
    while True:
        made = _signed(private, _nonce(private, e, algorithm, attempt), e)
        if made is not None:
            return made
        attempt += 1 << 32


def sign_with_nonce(
    private: ec.EllipticCurvePrivateKey, nonce: int, octets: bytes, algorithm: hashes.HashAlgorithm
) -> bytes:
    """The signature with a given nonce, of a known answer; a nonce that serves twice gives the key away.

    Raises: UsageError for a nonce that makes no signature.
    """
    made = _signed(private, nonce, _digest_bits(octets, algorithm, private.curve.group_order))
    if made is None:
        raise UsageError("this nonce makes no signature; take another")
    return made


def verify(public: ec.EllipticCurvePublicKey, signature: bytes, octets: bytes, algorithm: hashes.HashAlgorithm) -> None:
    """Check a signature: x of (e/r) * G + (s/r) * Q is r.

    (r, s) is an ECGDSA signature of e exactly where (r, r^2/s) is an ECDSA signature of r*e/s, and so the library
    checks it. On P-521 that number does not fit into a digest, and the points are added up.
    Raises: cryptography's InvalidSignature; BackendUnavailable on P-521 without pycryptodome.
    """
    order = public.curve.group_order
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        raise InvalidSignature from None
    if not (0 < r < order and 0 < s < order):
        raise InvalidSignature
    e = _digest_bits(octets, algorithm, order)
    if order.bit_length() > _CARRIER_BITS:
        _verify_by_points(public, r, s, e)
        return
    quotient = r * pow(s, -1, order) % order
    digest = (quotient * e % order << _CARRIER_BITS - order.bit_length()).to_bytes(_CARRIER_BITS // 8, "big")
    public.verify(encode_dss_signature(r, r * quotient % order), digest, ec.ECDSA(Prehashed(_CARRIER())))


def _verify_by_points(public: ec.EllipticCurvePublicKey, r: int, s: int, e: int) -> None:
    order = public.curve.group_order
    inverse = pow(r, -1, order)
    base = ec.derive_private_key(1, public.curve).public_key()
    x = x_of_sum(inverse * e % order, base, inverse * s % order, public)
    if x is None or x % order != r:
        raise InvalidSignature


def _signed(private: ec.EllipticCurvePrivateKey, nonce: int, e: int) -> bytes | None:
    """s = (k*r - e) * d; None where r or s is 0."""
    order = private.curve.group_order
    r = ec.derive_private_key(nonce, private.curve).public_key().public_numbers().x % order
    d = pow(private.private_numbers().private_value, -1, order)
    s = (nonce * r - e) * d % order
    return encode_dss_signature(r, s) if r and s else None


def _digest_bits(octets: bytes, algorithm: hashes.HashAlgorithm, order: int) -> int:
    """The digest as a number, cut to the bits of the order."""
    hasher = hashes.Hash(algorithm)
    hasher.update(octets)
    return int.from_bytes(hasher.finalize(), "big") >> max(0, 8 * algorithm.digest_size - order.bit_length())


def _nonce(private: ec.EllipticCurvePrivateKey, e: int, algorithm: hashes.HashAlgorithm, attempt: int) -> int:
    """The nonce of RFC 6979 section 3.6, with our label and the attempt as additional data."""
    order = private.curve.group_order
    length = (order.bit_length() + 7) // 8
    seed = private.private_numbers().private_value.to_bytes(length, "big") + (e % order).to_bytes(length, "big")
    seed += _LABEL + attempt.to_bytes(8, "big")
    key, value = bytes(algorithm.digest_size), b"\x01" * algorithm.digest_size
    for separator in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + separator + seed, algorithm.name)
        value = hmac.digest(key, value, algorithm.name)
    while True:
        drawn = b""
        while len(drawn) < length:
            value = hmac.digest(key, value, algorithm.name)
            drawn += value
        candidate = int.from_bytes(drawn, "big") >> max(0, 8 * len(drawn) - order.bit_length())
        if 0 < candidate < order:
            return candidate
        key = hmac.digest(key, value + b"\x00", algorithm.name)
        value = hmac.digest(key, value, algorithm.name)

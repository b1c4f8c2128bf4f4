"""ECIES: the envelope key for the holder of an elliptic-curve key.

Source: draft-ietf-msec-mikey-ecc-03 section 4; SEC 1 section 5.1.
Deviation: what the draft leaves open is settled thus: SHA-1 in the key derivation, as in the SEC 1 of its time; a zero
IV, since each key encrypts once; PKCS#7 padding; an uncompressed point; no SharedInfo.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.curves import decode_point, draw_key, encode_point, field_octets
from mikey_sdp.mikey.crypto.x963 import x963_kdf
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import Entropy, Secret

SECTION: Final = "draft-ietf-msec-mikey-ecc-03 section 4"
_MAC_OCTETS: Final = 20
_CIPHERS: Final[tuple[tuple[int, int, Callable[[bytes], AES | TripleDES]], ...]] = (
    (192, 24, TripleDES),
    (283, 16, AES),
    (571, 32, AES),
)
"""Key length and cipher, by the largest key size that takes them."""


def encrypt(public: ec.EllipticCurvePublicKey, plain: bytes, entropy: Entropy) -> bytes:
    """The PKE Data: `plain` for the holder of the private key, under a key of its own.

    Wire: ephemeral point || CBC ciphertext || HMAC-SHA-1 of the ciphertext.
    """
    return encrypt_from(draw_key(public.curve, entropy), public, plain)


def encrypt_from(ephemeral: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, plain: bytes) -> bytes:
    """The same with a given ephemeral key: of a known answer, or of a recorded exchange."""
    cipher, mac_key = _keys(ephemeral, public)
    padder = PKCS7(_block_bits(cipher)).padder()
    encryptor = cipher.encryptor()
    masked = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return encode_point(ephemeral.public_key()) + masked + hmac.digest(mac_key, masked, "sha1")


def decrypt(private: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """What `data` hides. The MAC is checked before anything is decrypted.

    Raises: PeerError with Auth failure (0), the same for every fault, so that it can't serve as an oracle.
    """
    point_octets = 1 + 2 * field_octets(private.curve)
    try:
        if len(data) < point_octets + _MAC_OCTETS:
            raise ValueError("too short")
        masked, mac = data[point_octets:-_MAC_OCTETS], data[-_MAC_OCTETS:]
        cipher, mac_key = _keys(private, decode_point(private.curve, data[:point_octets]))
        if not hmac.compare_digest(hmac.digest(mac_key, masked, "sha1"), mac):
            raise ValueError("MAC")
        decryptor = cipher.decryptor()
        unpadder = PKCS7(_block_bits(cipher)).unpadder()
        return unpadder.update(decryptor.update(masked) + decryptor.finalize()) + unpadder.finalize()
    except (PeerError, ValueError):
        raise PeerError("ECIES: does not decrypt", mikey_error=ErrorNo.AUTH_FAILURE, section=SECTION) from None


def _keys(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey) -> tuple[Cipher[CBC], bytes]:
    """The cipher and the MAC key, from the x-coordinate of the common point; encryption key first."""
    key_octets, algorithm = next((octets, made) for bits, octets, made in _CIPHERS if own.curve.key_size <= bits)
    shared = Secret(own.exchange(ec.ECDH(), other))
    material = x963_kdf(shared, key_octets + _MAC_OCTETS, hashes.SHA1())  # noqa: S303 - both ends must use it
    keyed = algorithm(material[:key_octets])
    return Cipher(keyed, CBC(bytes(keyed.block_size // 8))), material[key_octets:]


def _block_bits(cipher: Cipher[CBC]) -> int:
    return 8 * len(cipher.mode.initialization_vector)

"""The key derivation of ANSI X9.63, by which ECIES and ECMQV make keys of a shared x-coordinate.

Source: ANSI X9.63; SEC 1 section 3.6.1.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from mikey_sdp.secret import Secret


def x963_kdf(shared: Secret, octets: int, algorithm: hashes.HashAlgorithm) -> bytes:
    """That many octets of key material, without SharedInfo.

    Wire: Hash(Z || 0x00000001) || Hash(Z || 0x00000002) || ..., cut to length.
    """
    return X963KDF(algorithm, octets, None).derive(shared.reveal())

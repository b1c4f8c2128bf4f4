"""The public key calls that a piece of work makes, told by watching it, and the same calls made bare.

Watching tells which call was made, of which kind of key, but not its arguments: the bare ones have other octets of the
same sizes, with the keys and groups that the timed exchanges use: RSA-2048, P-256 and OAKLEY 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Final

import gmpy2
from Crypto.PublicKey import ECC
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mikey_sdp.mikey.crypto.groups import EXPONENT_OCTETS, FiniteField, group_of
from mikey_sdp.mikey.registry import DhGroup
from tests.pki import Authority, ec_key, rsa_key

POINT_SUM: Final = "point sum"
"""The sum of two multiples of points, which is no call of one library but a few."""
_MESSAGE: Final = bytes(1_000)
_ENVELOPE: Final = bytes(16)


def stock() -> Mapping[str, Callable[[], object]]:
    """The calls that count towards a floor, each by the name under which watching tells it."""
    issuer = Authority.create("A root")
    certificate = issuer.issue("sip:someone@example.com").certificate
    of_rsa, of_curve = rsa_key("bare"), ec_key("bare")
    rsa_public, point = of_rsa.public_key(), of_curve.public_key()
    pkcs_1, sha_1, ecdsa = padding.PKCS1v15(), hashes.SHA1(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    rsa_signature, ec_signature = of_rsa.sign(_MESSAGE, pkcs_1, sha_1), of_curve.sign(_MESSAGE, ecdsa)
    sealed = rsa_public.encrypt(_ENVELOPE, pkcs_1)
    encoded = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    scalar = of_curve.private_numbers().private_value
    field = group_of(DhGroup.OAKLEY_5)
    assert isinstance(field, FiniteField)
    exponent = int.from_bytes(b"\xa5" * EXPONENT_OCTETS, "big")
    bases = cycle((2, gmpy2.powmod_sec(3, exponent, field.prime)))  # one end's half-key, and the other's taken further
    return {
        "RSAPrivateKey.sign": lambda: of_rsa.sign(_MESSAGE, pkcs_1, sha_1),
        "RSAPublicKey.verify": lambda: rsa_public.verify(rsa_signature, _MESSAGE, pkcs_1, sha_1),
        "RSAPublicKey.encrypt": lambda: rsa_public.encrypt(_ENVELOPE, pkcs_1),
        "RSAPrivateKey.decrypt": lambda: of_rsa.decrypt(sealed, pkcs_1),
        "ECPrivateKey.sign": lambda: of_curve.sign(_MESSAGE, ecdsa),
        "ECPublicKey.verify": lambda: point.verify(ec_signature, _MESSAGE, ecdsa),
        "ECPrivateKey.exchange": lambda: of_curve.exchange(ec.ECDH(), point),
        "derive_private_key": lambda: ec.derive_private_key(scalar, of_curve.curve),
        "ECPublicKey.public_bytes": lambda: point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "from_public_bytes": lambda: ec.EllipticCurvePublicKey.from_encoded_point(of_curve.curve, encoded),
        "Certificate.verify_directly_issued_by": lambda: certificate.verify_directly_issued_by(issuer.certificate),
        "powmod_sec": lambda: gmpy2.powmod_sec(next(bases), exponent, field.prime),
        "X963KDF.derive": lambda: X963KDF(hashes.SHA256(), 36, None).derive(bytes(32)),
        POINT_SUM: lambda: _point_sum(point, scalar),
    }


def _point_sum(key: ec.EllipticCurvePublicKey, scalar: int) -> int:
    numbers = key.public_numbers()
    points = [ECC.EccPoint(numbers.x, numbers.y, key.curve.name) for _ in range(2)]
    return int((points[0] * scalar + points[1] * (scalar - 1)).x)

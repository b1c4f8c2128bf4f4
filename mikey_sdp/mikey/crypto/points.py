"""Sums of multiples of points, which ECMQV and, on P-521, ECGDSA need and the common library does not offer.

The one place that needs pycryptodome.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.errors import BackendUnavailable


def require() -> None:
    """Load the library now, where it would be too late to miss it when the peer's answer has come.

    Raises: BackendUnavailable where pycryptodome is not installed.
    """
    _library()


def x_of_sum(
    first: int, first_point: ec.EllipticCurvePublicKey, second: int, second_point: ec.EllipticCurvePublicKey
) -> int | None:
    """The x-coordinate of first * first_point + second * second_point; None where the sum is the point at infinity.

    Keeps: both points are of one NIST curve over a prime field, both scalars not negative.
    Raises: BackendUnavailable where pycryptodome is not installed.
    """
    point_of = _library().EccPoint
    name = first_point.curve.name
    one, other = first_point.public_numbers(), second_point.public_numbers()
    point = point_of(one.x, one.y, name) * first + point_of(other.x, other.y, name) * second
    return None if point.is_point_at_infinity() else int(point.x)


def _library() -> Any:
    try:
        return import_module("Crypto.PublicKey.ECC")
    except ImportError:
        raise BackendUnavailable(
            "point arithmetic on elliptic curves (pycryptodome)", install="pip install 'mikey_sdp[ec]'"
        ) from None

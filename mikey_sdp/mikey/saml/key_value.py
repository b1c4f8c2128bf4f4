"""The Diffie-Hellman key of an assertion, as XML and as the octets of a DH payload.

Source: XML Encryption 1.1 section 5.6.1 (DHKeyValue), XML Signature 1.1 section 4.5.2.3.1 (ECKeyValue).
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.mikey.crypto.groups import FiniteField, PrimeCurve, group_of
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml.assertion import DSIG11, XENC, refused
from mikey_sdp.mikey.saml.shape import Element, children, leaf_text, only_attributes

FINITE_FIELDS: Final = (
    DhGroup.OAKLEY_5,
    DhGroup.OAKLEY_1,
    DhGroup.OAKLEY_2,
    DhGroup.MODP_2048,
    DhGroup.MODP_3072,
)
CURVE_URNS: Final[Mapping[DhGroup, str]] = MappingProxyType(
    {
        DhGroup.ECP_P_192: "urn:oid:1.2.840.10045.3.1.1",
        DhGroup.ECP_P_224: "urn:oid:1.3.132.0.33",
        DhGroup.ECP_P_256: "urn:oid:1.2.840.10045.3.1.7",
        DhGroup.ECP_P_384: "urn:oid:1.3.132.0.34",
        DhGroup.ECP_P_521: "urn:oid:1.3.132.0.35",
    }
)
_GENERATOR: Final = b"\x02"


def base64_text(octets: bytes) -> str:
    """Base64 in one line."""
    return b64encode(octets).decode("ascii")


def octets_of(text: str) -> bytes:
    """The octets that a line of base64 stands for; there is one text for them and no other.

    Raises: PeerError with Invalid Cert (8).
    """
    try:
        octets = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refused("malformed assertion: base64 that can't be read") from None
    if base64_text(octets) != text:
        raise refused("malformed assertion: base64 with stray bits")
    return octets


def check_key(group: DhGroup, public: bytes) -> None:
    """Refuse a DH-value that is none of the group's, or that would give the secret away.

    Raises: PeerError with Invalid Cert (8), or Invalid DH (6) for a group that is not implemented.
    """
    found = group_of(group)
    if isinstance(found, FiniteField):
        value = int.from_bytes(public, "big")
        if len(public) != found.secret_octets or not 1 < value < found.prime - 1:
            raise refused("bad key: the Diffie-Hellman value is out of range")
    elif isinstance(found, PrimeCurve):
        if len(public) != 1 + 2 * found.secret_octets or public[0] != 4:
            raise refused("bad key: not an uncompressed point of the curve")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(found.curve, public)
        except ValueError:
            raise refused("bad key: the point is not on the curve") from None


def key_xml(group: DhGroup, public: bytes) -> str:
    """The key as the child of a ds:KeyValue; integers without leading zeros."""
    found = group_of(group)
    if not isinstance(found, FiniteField):
        return (
            f'<dsig11:ECKeyValue xmlns:dsig11="{DSIG11}"><dsig11:NamedCurve URI="{CURVE_URNS[group]}"/>'
            f"<dsig11:PublicKey>{base64_text(public)}</dsig11:PublicKey></dsig11:ECKeyValue>"
        )
    prime = base64_text(found.prime.to_bytes(found.secret_octets, "big"))
    return (
        f'<xenc:DHKeyValue xmlns:xenc="{XENC}"><xenc:P>{prime}</xenc:P>'
        f"<xenc:Generator>{base64_text(_GENERATOR)}</xenc:Generator>"
        f"<xenc:Public>{base64_text(public.lstrip(bytes(1)))}</xenc:Public></xenc:DHKeyValue>"
    )


def read_key(element: Element) -> tuple[DhGroup, bytes]:
    """Group and DH-value of the child of a ds:KeyValue.

    Raises: PeerError with Invalid Cert (8) for a group we don't know and for a value that is no honest one.
    """
    only_attributes(element)
    group, public = _read_field(element) if element.tag == f"{{{XENC}}}DHKeyValue" else _read_curve(element)
    check_key(group, public)
    return group, public


def _read_field(element: Element) -> tuple[DhGroup, bytes]:
    parts = children(element, f"{{{XENC}}}P", f"{{{XENC}}}Generator", f"{{{XENC}}}Public")
    prime, generator, public = (octets_of(leaf_text(part)) for part in parts)
    for number in FINITE_FIELDS:
        found = group_of(number)
        if isinstance(found, FiniteField) and prime == found.prime.to_bytes(found.secret_octets, "big"):
            if generator != _GENERATOR or public[:1] == bytes(1):
                raise refused("bad key: another generator, or a number with leading zeros")
            return number, public.rjust(found.secret_octets, bytes(1))
    raise refused("bad key: a prime that is none of our groups'")


def _read_curve(element: Element) -> tuple[DhGroup, bytes]:
    if element.tag != f"{{{DSIG11}}}ECKeyValue":
        raise refused("bad key: neither a DHKeyValue nor an ECKeyValue")
    curve, public = children(element, f"{{{DSIG11}}}NamedCurve", f"{{{DSIG11}}}PublicKey")
    children(curve)
    (urn,) = only_attributes(curve, "URI")
    for number, known in CURVE_URNS.items():
        if urn == known:
            return number, octets_of(leaf_text(public))
    raise refused("bad key: a curve that is none of our groups'")

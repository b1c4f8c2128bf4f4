"""How an assertion travels in a CERT payload: as it is, or deflated, and never longer than a fixed bound."""

from __future__ import annotations

import zlib
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.registry import CertType
from mikey_sdp.mikey.saml.assertion import refused

MAX_XML_OCTETS: Final = 16_384
"""Over twice what an assertion with a 4096-bit RSA signature, its certificate and a 3072-bit key takes."""
_RAW: Final = -15


def deflate(xml: bytes) -> bytes:
    """The assertion as Cert type 242 carries it: raw DEFLATE, without header and checksum.

    Source: RFC 1951.
    """
    if len(xml) > MAX_XML_OCTETS:
        raise UsageError(f"an assertion has at most {MAX_XML_OCTETS} octets, this one {len(xml)}")
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return packer.compress(xml) + packer.flush()


def inflate(data: bytes) -> bytes:
    """The assertion that was deflated; at most MAX_XML_OCTETS are ever unpacked.

    Raises: PeerError with Invalid Cert (8) for what is damaged, cut, too long or followed by something.
    """
    unpacker = zlib.decompressobj(_RAW)
    try:
        xml = unpacker.decompress(data, MAX_XML_OCTETS + 1)
    except zlib.error:
        raise refused("malformed assertion: not raw DEFLATE") from None
    if len(xml) > MAX_XML_OCTETS:
        raise refused(f"malformed assertion: more than {MAX_XML_OCTETS} octets when inflated")
    if not unpacker.eof or unpacker.unused_data:
        raise refused("malformed assertion: the DEFLATE stream is cut or followed by something")
    return xml


def decode_cert(payload: Certificate) -> bytes:
    """The XML of the assertion that a CERT payload carries.

    Raises: PeerError with Invalid Cert (8).
    """
    if payload.cert_type == CertType.SAML_DEFLATE:
        return inflate(payload.data)
    if payload.cert_type != CertType.SAML_XML:
        raise refused(f"Cert type {payload.cert_type} carries no SAML assertion")
    if len(payload.data) > MAX_XML_OCTETS:
        raise refused(f"malformed assertion: more than {MAX_XML_OCTETS} octets")
    return payload.data

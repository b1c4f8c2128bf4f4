"""The names and numbers by which other protocols refer to MIKEY."""

from __future__ import annotations

from typing import Final, NamedTuple

from mikey_sdp.wire import OpenEnum

MIKEY_PORT: Final = 2269
KEY_MGMT_IDENTIFIER: Final = "mikey"
MEDIA_TYPE: Final = "application/mikey"
MEDIA_TYPE_VERSION: Final = 1


class RtspStatus(OpenEnum, bits=16, private=range(0)):
    """What an RTSP server answers when key management failed.

    Source: RFC 4567 section 4.2, RFC 7826 section 17.4.30.
    """

    KEY_MANAGEMENT_FAILURE = 463, "RTSP 1.0 status Key management failure", "RFC4567"
    KEY_MANAGEMENT_ERROR = 466, "RTSP 2.0 status Key Management Error", "RFC7826 17.4.30"


class TransportName(NamedTuple):
    """One way in which a protocol around MIKEY names it: what is written there, what it is, and who said so."""

    value: str
    label: str
    reference: str


TRANSPORT_NAMES: Final = (
    TransportName(f"{MIKEY_PORT}/tcp,{MIKEY_PORT}/udp", "mikey", "RFC5197 s6"),
    TransportName(KEY_MGMT_IDENTIFIER, "KMPID in a=key-mgmt", "RFC4567"),
    TransportName(MEDIA_TYPE, "media type", "RFC3830 10.1"),
    *(TransportName(str(status.value), status.label, status.reference) for status in RtspStatus),
)
"""Everything in this file as a table, for listings."""

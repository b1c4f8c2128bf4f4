"""The code points of time, identity, certificate and key data."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class TsType(OpenEnum):
    """How the timestamp counts.

    Source: RFC 3830 section 6.6.
    """

    NTP_UTC = 0, "NTP-UTC", "RFC3830"
    NTP = 1, "NTP", "RFC3830"
    COUNTER = 2, "COUNTER", "RFC3830"
    NTP_UTC_32 = 3, "NTP-UTC-32", "RFC6043"


class IdType(OpenEnum):
    """How a party is named.

    Source: RFC 3830 section 6.7.
    """

    NAI = 0, "NAI", "RFC3830"
    URI = 1, "URI", "RFC3830"
    BYTE_STRING = 2, "Byte string", "RFC6043"


class CertType(OpenEnum):
    """What a CERT payload carries and what the key in it is good for.

    Source: RFC 3830 section 6.7.
    """

    X509V3 = 0, "X.509v3", "RFC3830"
    X509V3_URL = 1, "X.509v3 URL", "RFC3830"
    X509V3_SIGN = 2, "X.509v3 Sign", "RFC3830"
    X509V3_ENCR = 3, "X.509v3 Encr", "RFC3830"
    SAML_XML = 241, "SAML 2.0 assertion, UTF-8 XML", "mikey_sdp private"
    SAML_DEFLATE = 242, "SAML 2.0 assertion, raw DEFLATE", "mikey_sdp private"


class KeyDataType(OpenEnum, bits=4):
    """Which key is transported, and whether a salt comes with it.

    Source: RFC 3830 section 6.13.
    """

    TGK = 0, "TGK", "RFC3830"
    TGK_SALT = 1, "TGK+SALT", "RFC3830"
    TEK = 2, "TEK", "RFC3830"
    TEK_SALT = 3, "TEK+SALT", "RFC3830"
    GTGK = 4, "GTGK", "RFC6043"
    GTGK_SALT = 5, "GTGK+SALT", "RFC6043"
    MPK = 6, "MPK", "RFC6043"
    K_PR = 7, "K_PR", "RFC6267"


class KvType(OpenEnum, bits=4):
    """How the validity of a key is told.

    Source: RFC 3830 section 6.13.
    """

    NULL = 0, "Null", "RFC3830"
    SPI = 1, "SPI", "RFC3830"
    INTERVAL = 2, "Interval", "RFC3830"

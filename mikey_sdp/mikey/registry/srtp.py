"""The code points of the security policy and of SRTP."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class ProtType(OpenEnum):
    """The security protocol that a policy is for.

    Source: RFC 3830 section 6.10.
    """

    SRTP = 0, "SRTP", "RFC3830"
    TESLA = 1, "TESLA", "RFC4442"
    IPSEC4 = 7, "IPSEC4", "minisip libmikey"
    DHSAML_ROUND_2 = 241, "DHSAML round-2 policy", "mikey_sdp private"


class SrtpParam(OpenEnum):
    """Which parameter of SRTP a policy entry sets.

    Source: RFC 3830 section 6.10.1.
    """

    ENCRYPTION_ALGORITHM = 0, "Encryption algorithm", "RFC3830"
    SESSION_ENCR_KEY_LENGTH = 1, "Session Encr. key length", "RFC3830"
    AUTHENTICATION_ALGORITHM = 2, "Authentication algorithm", "RFC3830"
    SESSION_AUTH_KEY_LENGTH = 3, "Session Auth. key length", "RFC3830"
    SESSION_SALT_KEY_LENGTH = 4, "Session Salt key length", "RFC3830"
    SRTP_PRF = 5, "SRTP Pseudo Random Function", "RFC3830"
    KEY_DERIVATION_RATE = 6, "Key derivation rate", "RFC3830"
    SRTP_ENCRYPTION = 7, "SRTP encryption off/on", "RFC3830"
    SRTCP_ENCRYPTION = 8, "SRTCP encryption off/on", "RFC3830"
    FEC_ORDER = 9, "sender's FEC order", "RFC3830"
    SRTP_AUTHENTICATION = 10, "SRTP authentication off/on", "RFC3830"
    AUTHENTICATION_TAG_LENGTH = 11, "Authentication tag length", "RFC3830"
    SRTP_PREFIX_LENGTH = 12, "SRTP prefix length", "RFC3830"
    ROC_TRANSMISSION_RATE = 13, "ROC transmission rate", "RFC4771"
    SRTP_AUTH_ALGORITHM = 14, "SRTP Auth. algorithm", "RFC4771"
    SRTCP_AUTH_ALGORITHM = 15, "SRTCP Auth. algorithm", "RFC4771"
    SRTP_SESSION_AUTH_KEY_LENGTH = 16, "SRTP Session Auth. key len", "RFC4771"
    SRTCP_SESSION_AUTH_KEY_LENGTH = 17, "SRTCP Session Auth. key len", "RFC4771"
    SRTP_AUTHENTICATION_TAG_LENGTH = 18, "SRTP Authentication tag len", "RFC4771"
    SRTCP_AUTHENTICATION_TAG_LENGTH = 19, "SRTCP Authentication tag len", "RFC4771"
    AEAD_AUTHENTICATION_TAG_LENGTH = 20, "AEAD authentication tag length", "RFC7714"


class SrtpEncrAlg(OpenEnum):
    """The cipher of SRTP.

    Source: RFC 3830 section 6.10.1.
    """

    NULL = 0, "NULL", "RFC3830"
    AES_CM = 1, "AES-CM", "RFC3830"
    AES_F8 = 2, "AES-F8", "RFC3830"
    SEED_CTR = 3, "SEED-CTR", "RFC5748"
    SEED_CCM = 4, "SEED-CCM", "RFC5748"
    SEED_GCM = 5, "SEED-GCM", "RFC5748"
    AES_GCM = 6, "AES-GCM", "RFC7714"
    ARIA_CTR = 7, "ARIA-CTR", "RFC8269"
    ARIA_GCM = 8, "ARIA-GCM", "RFC8269"


class SrtpAuthAlg(OpenEnum):
    """The message authentication of SRTP.

    Source: RFC 3830 section 6.10.1.
    """

    NULL = 0, "NULL", "RFC3830"
    HMAC_SHA_1 = 1, "HMAC-SHA-1", "RFC3830"
    RCCM1 = 2, "RCCm1", "RFC4771"
    RCCM2 = 3, "RCCm2", "RFC4771"
    RCCM3 = 4, "RCCm3", "RFC4771"


class SrtpPrf(OpenEnum):
    """How SRTP derives its session keys.

    Source: RFC 3830 section 6.10.1.
    """

    AES_CM = 0, "AES-CM", "RFC3830"
    SEED_CTR = 1, "SEED-CTR", "RFC5748"
    ARIA_CTR = 2, "ARIA-CTR", "RFC8269"


class FecOrder(OpenEnum):
    """Whether the sender applies forward error correction before SRTP.

    Source: RFC 3830 section 6.10.1.
    """

    FEC_SRTP = 0, "FEC-SRTP", "RFC3830"

"""The code points of what protects a message: encryption, MAC, signature, hash, and the labels of the PRF."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class EncrAlg(OpenEnum):
    """How the keys inside KEMAC are encrypted.

    Source: RFC 3830 table 6.2.a.
    """

    NULL = 0, "NULL", "RFC3830"
    AES_CM_128 = 1, "AES-CM-128", "RFC3830"
    AES_KW_128 = 2, "AES-KW-128", "RFC3830"
    AES_CM_256 = 3, "AES-CM-256", "RFC6043"


class EncrAlgRfc4650(OpenEnum, private=range(0)):
    """What the text of RFC 4650 says Encr alg means; it contradicts RFC 3830 and is never sent.

    Source: RFC 4650 section 4.2.
    """

    NULL = 2, "NULL", "RFC4650 s4.2"


class MacAlg(OpenEnum):
    """How KEMAC and V authenticate a message.

    Source: RFC 3830 table 6.2.b.
    """

    NULL = 0, "NULL", "RFC3830"
    HMAC_SHA_1_160 = 1, "HMAC-SHA-1-160", "RFC3830"
    HMAC_SHA_256_256 = 2, "HMAC-SHA-256-256", "RFC6043"


class MacAlgRfc4650(OpenEnum, private=range(0)):
    """What the table of RFC 4650 says Mac alg means; it swaps the values of RFC 3830 and is never sent.

    Source: RFC 4650 table 4.2.a.
    """

    HMAC_SHA_1 = 0, "HMAC-SHA-1", "RFC4650 Table 4.2.a"
    NULL = 1, "NULL", "RFC4650 Table 4.2.a"


class CacheIndicator(OpenEnum, bits=2):
    """Whether the envelope key may serve later messages.

    Source: RFC 3830 section 6.3.
    """

    NO_CACHE = 0, "No cache", "RFC3830"
    CACHE = 1, "Cache", "RFC3830"
    CACHE_FOR_CSB = 2, "Cache for CSB", "RFC3830"


class SignType(OpenEnum, bits=4):
    """How the message is signed. The field has no private use range.

    Source: RFC 3830 section 6.5.
    """

    RSA_PKCS1_V1_5 = 0, "RSA/PKCS#1/1.5", "RFC3830"
    RSA_PSS = 1, "RSA/PSS", "RFC3830"
    ECCSI = 2, "ECCSI", "RFC6509"
    ECDSA = 14, "ECDSA (draft mikey-ecc rules)", "mikey_sdp private"
    ECGDSA = 15, "ECGDSA (draft mikey-ecc rules)", "mikey_sdp private"


class SignTypeDraft(OpenEnum, bits=4):
    """Signature types that a draft wanted and IANA never assigned; kept apart since they collide with SignType.

    Source: draft-ietf-msec-mikey-ecc-03 section 2.
    """

    ECDSA = 2, "ECDSA", "draft-ietf-msec-mikey-ecc-03 s2"
    ECGDSA = 3, "ECGDSA", "draft-ietf-msec-mikey-ecc-03 s2"


class HashFunc(OpenEnum):
    """How the certificate named by CHASH was hashed.

    Source: RFC 3830 section 6.8.
    """

    SHA_1 = 0, "SHA-1", "RFC3830"
    MD5 = 1, "MD5", "RFC3830"
    SHA_256 = 2, "SHA-256", "RFC6043"


class PrfConstant(OpenEnum, bits=32):
    """The four octets that open the label of each derivation and keep the derived keys apart.

    Source: RFC 3830 sections 4.1.3 and 4.1.4.
    """

    TEK_FROM_TGK = 0x2AD01C64, "TEK from TGK", "RFC3830 4.1.3"
    AUTH_KEY_FROM_TGK = 0x1B5C7973, "auth key from TGK", "RFC3830 4.1.3"
    ENCR_KEY_FROM_TGK = 0x15798CEF, "encr key from TGK", "RFC3830 4.1.3"
    SALT_FROM_TGK = 0x39A2C14B, "salt from TGK", "RFC3830 4.1.3"
    ENCR_KEY_FROM_PSK = 0x150533E1, "encr key from PSK/env", "RFC3830 4.1.4"
    AUTH_KEY_FROM_PSK = 0x2D22AC75, "auth key from PSK/env", "RFC3830 4.1.4"
    SALT_FROM_PSK = 0x29B88916, "salt from PSK/env", "RFC3830 4.1.4"
    MPKR_PRIME = 0x2B288856, "MPKr-prime (fork)", "RFC6043 5.1.1"
    TGK_PRIME = 0x1512B54A, "TGK-prime (fork)", "RFC6043 5.1.1"
    MPKI = 0x220E99A2, "MPKi (base ticket) / MPK (IBAKE)", "RFC6043 A.2.2, RFC6267 5.1"
    MPKR = 0x1F4D675B, "MPKr (base ticket) / TGK (IBAKE)", "RFC6043 A.2.2, RFC6267 5.1"

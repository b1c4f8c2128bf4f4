"""The code points that TESLA, MBMS and OMA BCAST brought to MIKEY."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class TeslaParam(OpenEnum, private=range(0)):
    """Which parameter of TESLA a policy entry sets; RFC 4442 opened no registry for them.

    Source: RFC 4442 section 4.1.
    """

    PRF_ID = 1, "PRF id (f and f-prime)", "RFC4442"
    PRF_F_PRIME_OUTPUT_LENGTH = 2, "Length of PRF f-prime output", "RFC4442"
    MAC_ID = 3, "TESLA MAC id", "RFC4442"
    MAC_OUTPUT_LENGTH = 4, "Length of TESLA MAC output", "RFC4442"
    START_OF_SESSION = 5, "Start of session", "RFC4442"
    INTERVAL_DURATION = 6, "Interval duration (msec)", "RFC4442"
    KEY_DISCLOSURE_DELAY = 7, "Key disclosure delay", "RFC4442"
    KEY_CHAIN_LENGTH = 8, "Key chain length (intervals)", "RFC4442"
    LOCAL_TIMESTAMP_MEDIA_RECEIVER = 9, "Local timestamp media receiver", "RFC4442"


class TeslaPrf(OpenEnum):
    """The pseudo-random function of TESLA.

    Source: RFC 4442 section 4.1.
    """

    HMAC_SHA1 = 0, "HMAC-SHA1", "RFC4442"


class TeslaMac(OpenEnum):
    """The message authentication of TESLA.

    Source: RFC 4442 section 4.1.
    """

    HMAC_SHA1 = 0, "HMAC-SHA1", "RFC4442"


class KeyIdType(OpenEnum):
    """Which MBMS key a Key ID extension names.

    Source: RFC 4563 section 4.
    """

    MBMS_KEY_DOMAIN_ID = 0, "MBMS Key Domain ID", "RFC4563"
    MBMS_SERVICE_KEY_ID = 1, "MBMS Service Key ID", "RFC4563"
    MBMS_TRAFFIC_KEY_ID = 2, "MBMS Traffic Key ID", "RFC4563"


class OmaBcastSubtype(OpenEnum, private=range(0)):
    """What an OMA BCAST extension carries.

    Source: RFC 5410 section 3.
    """

    LTKM = 1, "LTKM", "RFC5410"
    STKM = 2, "STKM", "RFC5410"
    LTKM_REPORTING = 3, "LTKM Reporting", "RFC5410"
    PARENTAL_CONTROL = 4, "Parental Control", "RFC5410"

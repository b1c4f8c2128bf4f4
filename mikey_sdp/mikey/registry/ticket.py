"""The code points of MIKEY-TICKET, MIKEY-IBAKE and MIKEY-SAKKE. Named for decoding; no exchange here uses them."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class TsRole(OpenEnum, private=range(240, 255)):
    """Which moment a TR payload tells.

    Source: RFC 6043 section 6.4.
    """

    RESERVED_0 = 0, "Reserved", "RFC6043"
    TIME_OF_ISSUE = 1, "Time of issue (TRi)", "RFC6043"
    START_OF_VALIDITY = 2, "Start of validity (TRs)", "RFC6043"
    END_OF_VALIDITY = 3, "End of validity (TRe)", "RFC6043"
    REKEYING_INTERVAL = 4, "Rekeying interval (TRr)", "RFC6043"
    RESERVED_255 = 255, "Reserved", "RFC6043"


class IdRole(OpenEnum, private=range(240, 255)):
    """Whose identity an IDR payload tells.

    Source: RFC 6043 section 6.6.
    """

    RESERVED_0 = 0, "Reserved", "RFC6043"
    INITIATOR = 1, "Initiator (IDRi)", "RFC6043"
    RESPONDER = 2, "Responder (IDRr)", "RFC6043"
    KMS = 3, "KMS (IDRkms)", "RFC6043"
    PRE_SHARED_KEY = 4, "Pre-Shared Key (IDRpsk)", "RFC6043"
    APPLICATION = 5, "Application (IDRapp)", "RFC6043"
    INITIATORS_KMS = 6, "Initiator's KMS (IDRkmsi)", "RFC6509"
    RESPONDERS_KMS = 7, "Responder's KMS (IDRkmsr)", "RFC6509"
    HASHED_INITIATOR = 8, "Hashed Initiator (IDRuidi)", "3GPP TS 33.180 E.7"
    HASHED_RESPONDER = 9, "Hashed Responder (IDRuidr)", "3GPP TS 33.180 E.7"
    RESERVED_255 = 255, "Reserved", "RFC6043"


class RandRole(OpenEnum, private=range(240, 255)):
    """Whose random value a RANDR payload holds.

    Source: RFC 6043 section 6.8.
    """

    RESERVED_0 = 0, "Reserved", "RFC6043"
    INITIATOR = 1, "Initiator (RANDRi)", "RFC6043"
    RESPONDER = 2, "Responder (RANDRr)", "RFC6043"
    KMS = 3, "KMS (RANDRkms)", "RFC6043"
    RESERVED_255 = 255, "Reserved", "RFC6043"


class TicketType(OpenEnum, bits=16, private=range(61440, 65535)):
    """Which kind of ticket a TICKET payload holds.

    Source: RFC 6043 section 6.10.
    """

    RESERVED_0 = 0, "Reserved", "RFC6043"
    MIKEY_BASE_TICKET = 1, "MIKEY base ticket", "RFC6043"
    BASE_TICKET_3GPP = 2, "3GPP base ticket", "RFC6043"
    RESERVED_65535 = 65535, "Reserved", "RFC6043"


class SkType(OpenEnum, bits=4):
    """What an SK sub-payload of MIKEY-IBAKE carries.

    Source: RFC 6267 section 6.1.5.
    """

    RESERVED_0 = 0, "Reserved", "RFC6267"
    SK = 1, "Secret Key (SK)", "RFC6267"


class SakkeParams(OpenEnum, private=range(240, 255)):
    """The parameter set of MIKEY-SAKKE.

    Source: RFC 6509 section 4.2.
    """

    RESERVED_0 = 0, "Reserved", "RFC6509"
    PARAMETER_SET_1 = 1, "Parameter Set 1", "RFC6509"
    RESERVED_255 = 255, "Reserved", "RFC6509"


class SakkeIdScheme(OpenEnum, private=range(240, 255)):
    """How MIKEY-SAKKE turns identities into public keys.

    Source: RFC 6509 section 4.2.
    """

    RESERVED_0 = 0, "Reserved", "RFC6509"
    TEL_URI_MONTHLY_KEYS = 1, "tel URI with monthly keys", "RFC6509"
    MCX_HASHED_UID = 2, "3GPP MCX hashed UID", "3GPP TS 33.180 F.2.1"
    RESERVED_255 = 255, "Reserved", "RFC6509"

"""The code points of the common header, of errors and of general extensions."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class Version(OpenEnum, private=range(0)):
    """The version octet that opens every message; only 1 exists.

    Source: RFC 3830 section 6.1, RFC 6309.
    """

    MIKEY_1 = 1, "MIKEY version 1", "RFC3830"


class DataType(OpenEnum):
    """What a message is: which exchange it belongs to and which end of it wrote it.

    Source: RFC 3830 table 6.1.a.
    """

    PRE_SHARED = 0, "Pre-shared", "RFC3830"
    PSK_VER_MSG = 1, "PSK ver msg", "RFC3830"
    PUBLIC_KEY = 2, "Public key", "RFC3830"
    PK_VER_MSG = 3, "PK ver msg", "RFC3830"
    DH_INIT = 4, "D-H init", "RFC3830"
    DH_RESP = 5, "D-H resp", "RFC3830"
    ERROR = 6, "Error", "RFC3830"
    DHHMAC_INIT = 7, "DHHMAC init", "RFC4650"
    DHHMAC_RESP = 8, "DHHMAC resp", "RFC4650"
    RSA_R_I_MSG = 9, "RSA-R I_MSG", "RFC4738"
    RSA_R_R_MSG = 10, "RSA-R R_MSG", "RFC4738"
    REQUEST_INIT_PSK = 11, "REQUEST_INIT_PSK", "RFC6043"
    REQUEST_INIT_PK = 12, "REQUEST_INIT_PK", "RFC6043"
    REQUEST_RESP = 13, "REQUEST_RESP", "RFC6043"
    TRANSFER_INIT = 14, "TRANSFER_INIT", "RFC6043"
    TRANSFER_RESP = 15, "TRANSFER_RESP", "RFC6043"
    RESOLVE_INIT_PSK = 16, "RESOLVE_INIT_PSK", "RFC6043"
    RESOLVE_INIT_PK = 17, "RESOLVE_INIT_PK", "RFC6043"
    RESOLVE_RESP = 18, "RESOLVE_RESP", "RFC6043"
    REQUEST_KEY_PSK = 19, "REQUEST_KEY_PSK", "RFC6267"
    REQUEST_KEY_PKE = 20, "REQUEST_KEY_PKE", "RFC6267"
    REQUEST_KEY_RESP = 21, "REQUEST_KEY_RESP", "RFC6267"
    I_MESSAGE_1 = 22, "I_MESSAGE_1", "RFC6267"
    R_MESSAGE_1 = 23, "R_MESSAGE_1", "RFC6267"
    I_MESSAGE_2 = 24, "I_MESSAGE_2", "RFC6267"
    R_MESSAGE_2 = 25, "R_MESSAGE_2", "RFC6267"
    SAKKE_MSG = 26, "SAKKE msg", "RFC6509"
    SAKKE_RESP = 27, "SAKKE_RESP / CSID_RESP", "Streamwide libmikey source"
    DHSAML_I_MSG_1 = 241, "DHSAML I_MSG_1", "mikey_sdp private"
    DHSAML_R_MSG_1 = 242, "DHSAML R_MSG_1", "mikey_sdp private"
    DHSAML_I_MSG_2 = 243, "DHSAML I_MSG_2 (liveness/group)", "mikey_sdp private"
    DHSAML_R_MSG_2 = 244, "DHSAML R_MSG_2", "mikey_sdp private"
    ECMQV_I_MSG = 245, "ECMQV I_MSG", "mikey_sdp private"
    ECMQV_R_MSG = 246, "ECMQV R_MSG", "mikey_sdp private"


class PayloadType(OpenEnum):
    """Which payload follows; every payload but SIGN names its successor.

    Source: RFC 3830 table 6.1.b.
    """

    LAST = 0, "Last payload", "RFC3830"
    KEMAC = 1, "KEMAC", "RFC3830"
    PKE = 2, "PKE", "RFC3830"
    DH = 3, "DH", "RFC3830"
    SIGN = 4, "SIGN", "RFC3830"
    T = 5, "T", "RFC3830"
    ID = 6, "ID", "RFC3830"
    CERT = 7, "CERT", "RFC3830"
    CHASH = 8, "CHASH", "RFC3830"
    V = 9, "V", "RFC3830"
    SP = 10, "SP", "RFC3830"
    RAND = 11, "RAND", "RFC3830"
    ERR = 12, "ERR", "RFC3830"
    TR = 13, "TR", "RFC6043"
    IDR = 14, "IDR", "RFC6043"
    RANDR = 15, "RANDR", "RFC6043"
    TP = 16, "TP", "RFC6043"
    TICKET = 17, "TICKET", "RFC6043"
    KEY_DATA = 20, "Key data", "RFC3830"
    GENERAL_EXT = 21, "General Ext.", "RFC3830"
    IBAKE = 22, "IBAKE", "RFC6267"
    ESK = 23, "ESK", "RFC6267"
    SK = 24, "SK", "RFC6267"
    ECCPT = 25, "ECCPT", "RFC6267"
    SAKKE = 26, "SAKKE", "RFC6509"


class PrfFunc(OpenEnum, bits=7, private=range(112, 128)):
    """The function by which all keys of the exchange are derived; seven bits beside the V flag.

    Source: RFC 3830 table 6.1.c.
    """

    MIKEY_1 = 0, "MIKEY-1 (HMAC-SHA-1)", "RFC3830"
    HMAC_SHA_256 = 1, "PRF-HMAC-SHA-256", "RFC6043"
    MIKEY_PRF_384 = 2, "MIKEY-PRF-384", "minisip/Streamwide headers only"
    MIKEY_PRF_512 = 3, "MIKEY-PRF-512", "minisip/Streamwide headers only"


class MapType(OpenEnum):
    """How the header names the streams that are to be keyed.

    Source: RFC 3830 table 6.1.d.
    """

    SRTP_ID = 0, "SRTP-ID", "RFC3830"
    EMPTY_MAP = 1, "Empty map", "RFC4563"
    GENERIC_ID = 2, "GENERIC-ID", "RFC6043"
    IPSEC4_ID = 7, "IPSEC4-ID", "minisip libmikey"


class ErrorNo(OpenEnum):
    """Why a peer refused.

    Source: RFC 3830 section 6.12.
    """

    AUTH_FAILURE = 0, "Auth failure", "RFC3830"
    INVALID_TS = 1, "Invalid TS", "RFC3830"
    INVALID_PRF = 2, "Invalid PRF", "RFC3830"
    INVALID_MAC = 3, "Invalid MAC", "RFC3830"
    INVALID_EA = 4, "Invalid EA", "RFC3830"
    INVALID_HA = 5, "Invalid HA", "RFC3830"
    INVALID_DH = 6, "Invalid DH", "RFC3830"
    INVALID_ID = 7, "Invalid ID", "RFC3830"
    INVALID_CERT = 8, "Invalid Cert", "RFC3830"
    INVALID_SP = 9, "Invalid SP", "RFC3830"
    INVALID_SPPAR = 10, "Invalid SPpar", "RFC3830"
    INVALID_DT = 11, "Invalid DT", "RFC3830"
    UNSPECIFIED = 12, "Unspecified error", "RFC3830"
    UNSUPPORTED_MESSAGE_TYPE = 13, "Unsupported message type", "RFC4738"
    INVALID_TICKET = 14, "Invalid TICKET", "RFC6043"
    INVALID_TPPAR = 15, "Invalid TPpar", "RFC6043"


class ExtensionType(OpenEnum):
    """What a General Extension carries.

    Source: RFC 3830 section 6.15.
    """

    VENDOR_ID = 0, "Vendor ID", "RFC3830"
    SDP_IDS = 1, "SDP IDs", "RFC3830"
    TESLA_I_KEY = 2, "TESLA I-Key", "RFC4442"
    KEY_ID = 3, "Key ID", "RFC4563"
    CSB_ID = 4, "CSB_ID", "RFC4738"
    OMA_BCAST = 5, "OMA BCAST", "RFC5410"
    SAKKE_TO_SELF = 6, "SAKKE-to-self", "3GPP TS 33.180 E.5"
    KEY_PARAMETERS_3GPP = 7, "3GPP key parameters", "3GPP TS 33.180 E.6"

"""Every code point of MIKEY, one open enum a name space.

The label of a member is the name in the registry, its reference the document that assigned it; numbers that IANA did
not assign say so in the reference (`standing` sorts them).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from mikey_sdp.mikey.registry.extensions import KeyIdType, OmaBcastSubtype, TeslaMac, TeslaParam, TeslaPrf
from mikey_sdp.mikey.registry.groups import DhGroup, DhGroupDraft, EccCurve
from mikey_sdp.mikey.registry.identity import CertType, IdType, KeyDataType, KvType, TsType
from mikey_sdp.mikey.registry.message import DataType, ErrorNo, ExtensionType, MapType, PayloadType, PrfFunc, Version
from mikey_sdp.mikey.registry.protection import (
    CacheIndicator,
    EncrAlg,
    EncrAlgRfc4650,
    HashFunc,
    MacAlg,
    MacAlgRfc4650,
    PrfConstant,
    SignType,
    SignTypeDraft,
)
from mikey_sdp.mikey.registry.srtp import FecOrder, ProtType, SrtpAuthAlg, SrtpEncrAlg, SrtpParam, SrtpPrf
from mikey_sdp.mikey.registry.ticket import IdRole, RandRole, SakkeIdScheme, SakkeParams, SkType, TicketType, TsRole
from mikey_sdp.wire import OpenEnum

ALL_REGISTRIES: Final[Mapping[str, type[OpenEnum]]] = MappingProxyType(
    {
        "version": Version,
        "data type": DataType,
        "next payload": PayloadType,
        "PRF func": PrfFunc,
        "CS ID map type": MapType,
        "KEMAC encr alg": EncrAlg,
        "KEMAC encr alg (DHHMAC text)": EncrAlgRfc4650,
        "MAC alg": MacAlg,
        "MAC alg (DHHMAC text)": MacAlgRfc4650,
        "PKE C (cache)": CacheIndicator,
        "DH-Group": DhGroup,
        "DH-Group (draft only)": DhGroupDraft,
        "S type": SignType,
        "S type (draft only)": SignTypeDraft,
        "TS type": TsType,
        "ID type": IdType,
        "Cert type": CertType,
        "Hash func (CHASH)": HashFunc,
        "SP prot type": ProtType,
        "SRTP SP param": SrtpParam,
        "SRTP encr alg": SrtpEncrAlg,
        "SRTP auth alg": SrtpAuthAlg,
        "SRTP PRF": SrtpPrf,
        "FEC order": FecOrder,
        "Error no": ErrorNo,
        "Key data type": KeyDataType,
        "KV type": KvType,
        "General Extension type": ExtensionType,
        "Key ID type": KeyIdType,
        "OMA BCAST subtype": OmaBcastSubtype,
        "TESLA SP param": TeslaParam,
        "TESLA-PRF": TeslaPrf,
        "TESLA-MAC": TeslaMac,
        "TS Role": TsRole,
        "ID Role": IdRole,
        "RAND Role": RandRole,
        "Ticket Type": TicketType,
        "ECC curve": EccCurve,
        "SK sub-payload type": SkType,
        "SAKKE params": SakkeParams,
        "SAKKE ID scheme": SakkeIdScheme,
        "PRF label constant": PrfConstant,
    }
)
"""Every registry under the name of its name space, in the order in which a reader looks for them."""

ERROR_FOR: Final[Mapping[type[OpenEnum], ErrorNo]] = MappingProxyType(
    {
        DataType: ErrorNo.INVALID_DT,
        PrfFunc: ErrorNo.INVALID_PRF,
        EncrAlg: ErrorNo.INVALID_EA,
        MacAlg: ErrorNo.INVALID_MAC,
        DhGroup: ErrorNo.INVALID_DH,
        EccCurve: ErrorNo.INVALID_DH,
        TsType: ErrorNo.INVALID_TS,
        IdType: ErrorNo.INVALID_ID,
        CertType: ErrorNo.INVALID_CERT,
        HashFunc: ErrorNo.INVALID_HA,
        ProtType: ErrorNo.INVALID_SP,
        SrtpParam: ErrorNo.INVALID_SPPAR,
        SrtpEncrAlg: ErrorNo.INVALID_SPPAR,
        SrtpAuthAlg: ErrorNo.INVALID_SPPAR,
        SrtpPrf: ErrorNo.INVALID_SPPAR,
        FecOrder: ErrorNo.INVALID_SPPAR,
    }
)
"""The Error no that tells a peer which of its numbers isn't supported; for any other name space UNSPECIFIED is right.

Source: RFC 3830 section 6.12. # [3830-6.12-3]
"""


def standing(
    point: OpenEnum,
) -> Literal["standard", "draft", "experimental", "unverified", "private use", "unassigned"]:
    """Who stands behind a number: an RFC, a draft that never became one, this toolkit, or another implementation."""
    if not point.known:
        return "private use" if point.is_private else "unassigned"
    if point.reference.startswith("RFC"):
        return "standard"
    if point.reference.startswith("draft-"):
        return "draft"
    return "experimental" if point.reference == "mikey_sdp private" else "unverified"


__all__ = [
    "ALL_REGISTRIES",
    "ERROR_FOR",
    "CacheIndicator",
    "CertType",
    "DataType",
    "DhGroup",
    "DhGroupDraft",
    "EccCurve",
    "EncrAlg",
    "EncrAlgRfc4650",
    "ErrorNo",
    "ExtensionType",
    "FecOrder",
    "HashFunc",
    "IdRole",
    "IdType",
    "KeyDataType",
    "KeyIdType",
    "KvType",
    "MacAlg",
    "MacAlgRfc4650",
    "MapType",
    "OmaBcastSubtype",
    "PayloadType",
    "PrfConstant",
    "PrfFunc",
    "ProtType",
    "RandRole",
    "SakkeIdScheme",
    "SakkeParams",
    "SignType",
    "SignTypeDraft",
    "SkType",
    "SrtpAuthAlg",
    "SrtpEncrAlg",
    "SrtpParam",
    "SrtpPrf",
    "TeslaMac",
    "TeslaParam",
    "TeslaPrf",
    "TicketType",
    "TsRole",
    "TsType",
    "Version",
    "standing",
]

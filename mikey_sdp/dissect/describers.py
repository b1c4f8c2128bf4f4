"""The fields of each payload as plain values, one describer a payload.

Fields have the RFC's names in snake_case; code points are value and name, octet strings hex, lengths octets. Key octets
are in it only where `reveal` asks for them; otherwise a fingerprint stands for each key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from mikey_sdp.dissect.times import utc_of
from mikey_sdp.mikey.modes.dhsaml_policy import term_in_words
from mikey_sdp.mikey.payloads import (
    Certificate,
    CertificateHash,
    DhValue,
    EccPoint,
    EnvelopeKey,
    ErrorPayload,
    GeneralExtension,
    Identity,
    IntervalValidity,
    KeyData,
    KeyDataTransport,
    KeyValidity,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Signature,
    SpiValidity,
    Timestamp,
    Verification,
)
from mikey_sdp.mikey.registry import (
    EncrAlg,
    ExtensionType,
    FecOrder,
    ProtType,
    SrtpAuthAlg,
    SrtpEncrAlg,
    SrtpParam,
    SrtpPrf,
)
from mikey_sdp.secret import Secret
from mikey_sdp.wire import OpenEnum

Fields = dict[str, Any]
"""Field names and values that JSON can hold."""

_LONGEST_NUMBER_OCTETS: Final = 8


def code_point(point: OpenEnum) -> Fields:
    """A number and what it means."""
    return {"value": int(point), "name": point.label}


def secret_fields(name: str, secret: Secret, *, reveal: bool) -> Fields:
    """A key by its length and fingerprint, and by its octets where they were asked for."""
    shown = {f"{name}_len": len(secret), f"{name}_fingerprint": secret.fingerprint()}
    return shown | {name: secret.reveal().hex()} if reveal else shown


def one_payload(payload: Payload, *, reveal: bool = False) -> Fields:
    """The fields of one payload, without its place."""
    return DESCRIBERS[type(payload)](payload, reveal)


def _kemac(payload: KeyDataTransport, reveal: bool) -> Fields:
    fields: Fields = {"encr_alg": code_point(payload.encr_alg), "encr_data_len": len(payload.encr_data)}
    if reveal or payload.encr_alg != EncrAlg.NULL:
        fields["encr_data"] = payload.encr_data.hex()
    return fields | {"mac_alg": code_point(payload.mac_alg), "mac": payload.mac.hex()}


def _pke(payload: EnvelopeKey, _reveal: bool) -> Fields:
    return {"c": code_point(payload.cache), "data_len": len(payload.data), "data": payload.data.hex()}


def _dh(payload: DhValue, _reveal: bool) -> Fields:
    fields = {"dh_group": code_point(payload.group), "dh_value": payload.value.hex(), "reserved": payload.reserved}
    return fields | _validity(payload.validity)


def _eccpt(payload: EccPoint, _reveal: bool) -> Fields:
    fields: Fields = {"ecc_curve": code_point(payload.curve), "ecc_point": payload.point.hex()}
    fields |= {"auth_alg": code_point(payload.auth_alg), "tgk_len": payload.tgk_octets, "reserved": payload.reserved}
    return fields | _validity(payload.validity)


def _sign(payload: Signature, _reveal: bool) -> Fields:
    return {
        "s_type": code_point(payload.sign_type),
        "signature_len": len(payload.signature),
        "signature": payload.signature.hex(),
    }


def _t(payload: Timestamp, _reveal: bool) -> Fields:
    fields: Fields = {"ts_type": code_point(payload.ts_type), "ts_value": payload.value}
    utc = utc_of(payload)
    return fields if utc is None else fields | {"utc": utc}


def _id(payload: Identity, _reveal: bool) -> Fields:
    return {
        "id_type": code_point(payload.id_type),
        "id_len": len(payload.data),
        "id_data": payload.data.hex(),
        "text": payload.text,
    }


def _cert(payload: Certificate, _reveal: bool) -> Fields:
    return {
        "cert_type": code_point(payload.cert_type),
        "cert_len": len(payload.data),
        "cert_data": payload.data.hex(),
    }


def _chash(payload: CertificateHash, _reveal: bool) -> Fields:
    return {"hash_func": code_point(payload.hash_func), "hash": payload.digest.hex()}


def _v(payload: Verification, _reveal: bool) -> Fields:
    return {"auth_alg": code_point(payload.auth_alg), "ver_data": payload.mac.hex()}


def _sp(payload: SecurityPolicy, _reveal: bool) -> Fields:
    return {
        "policy_no": payload.policy_no,
        "prot_type": code_point(payload.prot_type),
        "policy_param": [
            _term(param)
            if payload.prot_type == ProtType.DHSAML_ROUND_2
            else _param(payload.prot_type, param.type, param.value)
            for param in payload.params
        ],
    }


def _term(param: PolicyParam) -> Fields:
    """A parameter of the second round of DHSAML."""
    name, meaning = term_in_words(param)
    fields: Fields = {
        "type": {"value": param.type, "name": name},
        "length": len(param.value),
        "value": param.value.hex(),
    }
    return fields | ({"meaning": {"value": param.value[0], "name": meaning}} if meaning else {})


def _param(prot_type: ProtType, kind: int, value: bytes) -> Fields:
    fields: Fields = {"type": {"value": kind, "name": ""}, "length": len(value), "value": value.hex()}
    if prot_type != ProtType.SRTP:
        return fields
    param = SrtpParam(kind)
    fields["type"] = code_point(param)
    if 0 < len(value) <= _LONGEST_NUMBER_OCTETS:
        number = int.from_bytes(value, "big")
        registry = _PARAM_VALUES.get(param)
        fields["meaning"] = code_point(registry(number)) if registry and number < 1 << registry.bits else number
    return fields


def _rand(payload: Rand, _reveal: bool) -> Fields:
    return {"rand_len": len(payload.octets), "rand": payload.octets.hex()}


def _err(payload: ErrorPayload, _reveal: bool) -> Fields:
    return {"error_no": code_point(payload.error_no), "reserved": payload.reserved}


def _general_ext(payload: GeneralExtension, _reveal: bool) -> Fields:
    fields: Fields = {
        "ext_type": code_point(payload.ext_type),
        "length": len(payload.data),
        "data": payload.data.hex(),
    }
    if payload.ext_type == ExtensionType.CSB_ID:
        fields["csb_id"] = payload.csb_id
    elif payload.ext_type in (ExtensionType.SDP_IDS, ExtensionType.VENDOR_ID):
        fields["text"] = payload.data.decode("utf-8", "backslashreplace")
    return fields


def _key_data(payload: KeyData, reveal: bool) -> Fields:
    fields: Fields = {"key_type": code_point(payload.key_type)}
    fields |= secret_fields("key_data", payload.key, reveal=reveal)
    if payload.salt is not None:
        fields |= secret_fields("salt_data", payload.salt, reveal=reveal)
    return fields | _validity(payload.validity)


def _validity(validity: KeyValidity) -> Fields:
    fields: Fields = {"kv": code_point(validity.kv_type)}
    if isinstance(validity, SpiValidity):
        fields["spi"] = validity.spi.hex()
    elif isinstance(validity, IntervalValidity):
        fields |= {"valid_from": validity.valid_from.hex(), "valid_to": validity.valid_to.hex()}
    return fields


_PARAM_VALUES: Final[Mapping[SrtpParam, type[OpenEnum]]] = MappingProxyType(
    {
        SrtpParam.ENCRYPTION_ALGORITHM: SrtpEncrAlg,
        SrtpParam.AUTHENTICATION_ALGORITHM: SrtpAuthAlg,
        SrtpParam.SRTP_PRF: SrtpPrf,
        SrtpParam.FEC_ORDER: FecOrder,
        SrtpParam.SRTP_AUTH_ALGORITHM: SrtpAuthAlg,
        SrtpParam.SRTCP_AUTH_ALGORITHM: SrtpAuthAlg,
    }
)

DESCRIBERS: Final[Mapping[type[Payload], Callable[[Any, bool], Fields]]] = MappingProxyType(
    {
        KeyDataTransport: _kemac,
        EnvelopeKey: _pke,
        DhValue: _dh,
        EccPoint: _eccpt,
        Signature: _sign,
        Timestamp: _t,
        Identity: _id,
        Certificate: _cert,
        CertificateHash: _chash,
        Verification: _v,
        SecurityPolicy: _sp,
        Rand: _rand,
        ErrorPayload: _err,
        KeyData: _key_data,
        GeneralExtension: _general_ext,
    }
)
"""Who describes which payload; a new payload is a new row."""

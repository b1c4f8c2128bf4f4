"""Remarks on single payloads: RAND, keys and what protects them, policies, and numbers that not everybody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Final

from mikey_sdp.dissect.describe import sub_payloads
from mikey_sdp.dissect.remark import Context, Remark, Severity, error, note, warning
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.payloads import KeyData, KeyDataTransport, PolicyParam, Rand, SecurityPolicy, Verification
from mikey_sdp.mikey.registry import (
    DataType,
    EncrAlg,
    KeyDataType,
    MacAlg,
    MapType,
    ProtType,
    SrtpAuthAlg,
    SrtpEncrAlg,
    SrtpParam,
    standing,
)
from mikey_sdp.wire import OpenEnum

USUAL_RAND_OCTETS: Final = 16
LEAST_RAND_OCTETS: Final = 8
LEAST_KEY_OCTETS: Final = 16
KEY_AND_SALT_OCTETS: Final = 30
_TAG_LENGTHS: Final = (4, 10)
_TEKS: Final = (KeyDataType.TEK, KeyDataType.TEK_SALT)
_RAND: Final = "RFC 3830 section 6.11"
_KEMAC: Final = "RFC 3830 section 4.2.4"
_NULL: Final = "RFC 3830 section 4.2.3"
_KEY: Final = "RFC 3830 section 6.13"
_SP: Final = "RFC 3830 section 6.10"
_PARAM: Final = "RFC 3830 section 6.10.1"
_REGISTRIES: Final = "RFC 3830 section 10"
_LONGEST_PERIOD: Final = 4


def rand(context: Context) -> Iterator[Remark]:
    """RAND that is too short, or that no generator gave."""
    payload = context.message.find(Rand)
    if payload is None:
        return
    octets = payload.octets
    if len(octets) < LEAST_RAND_OCTETS:
        yield error(f"RAND has {len(octets)} octets; a strict peer refuses fewer than {LEAST_RAND_OCTETS}", _RAND)
    elif len(octets) < USUAL_RAND_OCTETS:
        yield warning(f"RAND has {len(octets)} octets, less than the {USUAL_RAND_OCTETS} that it should have", _RAND)
    if octets and not any(octets):
        yield warning("RAND is all zeros: the keys of this bundle are not fresh", _RAND)
    elif _repeats(octets):
        yield warning("RAND repeats a pattern; no random generator gave it", _RAND)
    elif len(octets) >= LEAST_RAND_OCTETS and len({(b - a) % 256 for a, b in pairwise(octets)}) == 1:
        yield warning("RAND counts up or down; no random generator gave it", _RAND)


def _repeats(octets: bytes) -> bool:
    periods = range(1, min(_LONGEST_PERIOD, len(octets) // 2) + 1)
    return any(octets[period:] == octets[:-period] for period in periods)


def protection(context: Context) -> Iterator[Remark]:
    """Encryption and authentication that are not there."""
    kemac = context.message.find(KeyDataTransport)
    if kemac is not None:
        if kemac.encr_alg == EncrAlg.NULL and kemac.encr_data:
            yield warning("NULL encryption: whoever sees this message has the keys", _NULL)
        if kemac.mac_alg == MacAlg.NULL and context.message.header.data_type in _MAC_IS_ALL:
            yield warning("NULL MAC: anyone may have written or changed this message", _KEMAC)
            if kemac.encr_alg != EncrAlg.NULL:
                yield error(f"NULL MAC beside {kemac.encr_alg.label} encryption protects nothing", _KEMAC)
    v = context.message.find(Verification)
    if v is not None and v.auth_alg == MacAlg.NULL:
        yield warning("V is NULL: it proves nothing about the Responder", _KEMAC)


_MAC_IS_ALL: Final = (DataType.PRE_SHARED, DataType.DHHMAC_INIT, DataType.DHHMAC_RESP)


def clear_keys(context: Context) -> Iterator[Remark]:
    """What can be said of keys that travel without encryption."""
    kemac = context.message.find(KeyDataTransport)
    if kemac is None or kemac.encr_alg != EncrAlg.NULL:
        return
    try:
        inside = sub_payloads(kemac, context.message.header.data_type)
    except DecodeError as fault:
        yield error(f"the key data inside KEMAC is malformed: {fault.reason}", fault.section)
        return
    yield from keys(tuple(payload for payload in inside if isinstance(payload, KeyData)))


def keys(carried: tuple[KeyData, ...]) -> Iterator[Remark]:
    """What can be said of keys, however they became known, without telling them."""
    for key in carried:
        if key.key_type in _TEKS and len(key.key) == KEY_AND_SALT_OCTETS:
            yield warning("a TEK of 30 octets: key and salt in one, as some cameras and GStreamer send it", _KEY)
        elif len(key.key) < LEAST_KEY_OCTETS:
            yield error(
                f"a key of {len(key.key)} octets is shorter than the {LEAST_KEY_OCTETS} that it must have", _KEY
            )
        if not any(key.key.reveal()):
            yield warning("a key is all zeros", _KEY)


def policies(context: Context) -> Iterator[Remark]:
    """Policies against the map that refers to them, and each for itself."""
    message = context.message
    given = Counter(policy.policy_no for policy in message.all(SecurityPolicy))
    for number, times in given.items():
        if times > 1:
            yield error(f"policy {number} is given {times} times", _SP)
    if context.is_offer and message.header.map_type == MapType.SRTP_ID and given:
        named = {entry.policy_no for entry in message.header.sessions}
        for number in sorted(named - set(given)):
            yield error(f"a crypto session names policy {number}, which no SP payload gives", "RFC 3830 section 6.1.1")
        for number in sorted(set(given) - named):
            yield note(f"no crypto session uses policy {number}", _SP)
    for policy in message.all(SecurityPolicy):
        if policy.prot_type == ProtType.SRTP:
            yield from _srtp_policy(policy)


def _srtp_policy(policy: SecurityPolicy) -> Iterator[Remark]:
    where = f"policy {policy.policy_no}"
    repeated = [kind for kind, times in Counter(param.type for param in policy.params).items() if times > 1]
    for kind in repeated:
        yield warning(f"{where} gives {SrtpParam(kind).label} more than once", _PARAM)
    values = {param.type: int.from_bytes(param.value, "big") for param in reversed(policy.params) if param.value}
    if _is_tag_length_by_mistake(values):
        length = values[SrtpParam.SESSION_AUTH_KEY_LENGTH]
        yield warning(
            f"{where} asks for an authentication key of {length} octets; probably the tag length is meant", _PARAM
        )
    for kind, value, severity, text in _UNUSUAL_VALUES:
        if values.get(kind) == value:
            yield Remark(severity=severity, text=f"{where}: {text}", section=_PARAM)
    tag = values.get(SrtpParam.AUTHENTICATION_TAG_LENGTH)
    if tag is not None and tag not in _TAG_LENGTHS:
        yield warning(f"{where}: an authentication tag of {tag} octets is unusual; 10 and 4 are in use", _PARAM)
    yield from (_empty(where, param) for param in policy.params if not param.value)


def _is_tag_length_by_mistake(values: dict[int, int]) -> bool:
    return (
        values.get(SrtpParam.SESSION_AUTH_KEY_LENGTH) in _TAG_LENGTHS
        and values.get(SrtpParam.AUTHENTICATION_ALGORITHM, SrtpAuthAlg.HMAC_SHA_1) == SrtpAuthAlg.HMAC_SHA_1
        and SrtpParam.AUTHENTICATION_TAG_LENGTH not in values
    )


def _empty(where: str, param: PolicyParam) -> Remark:
    return error(f"{where}: {SrtpParam(param.type).label} has no value", _PARAM)


_UNUSUAL_VALUES: Final[tuple[tuple[SrtpParam, int, Severity, str], ...]] = (
    (SrtpParam.ENCRYPTION_ALGORITHM, SrtpEncrAlg.NULL, "warning", "media are not encrypted"),
    (SrtpParam.SRTP_ENCRYPTION, 0, "warning", "SRTP encryption is switched off"),
    (SrtpParam.SRTCP_ENCRYPTION, 0, "note", "SRTCP encryption is switched off"),
    (SrtpParam.AUTHENTICATION_ALGORITHM, SrtpAuthAlg.NULL, "warning", "media are not authenticated"),
    (SrtpParam.SRTP_AUTHENTICATION, 0, "warning", "SRTP authentication is switched off"),
    (SrtpParam.AUTHENTICATION_TAG_LENGTH, 4, "note", "a tag of 32 bits: forgeries pass once in 2^32"),
)


def code_points(context: Context) -> Iterator[Remark]:
    """Numbers that the registry does not have, or that not every peer knows."""
    seen: set[tuple[type[OpenEnum], int]] = set()
    for point in _points((context.message.header, *context.message.payloads)):
        if (type(point), int(point)) in seen:
            continue
        seen.add((type(point), int(point)))
        remark = _standing(point)
        if remark:
            yield remark


def _standing(point: OpenEnum) -> Remark | None:
    name = f"{type(point).__name__} {int(point)}"
    match standing(point):
        case "standard":
            return None
        case "experimental":
            return warning(
                f"{name} ({point.label}) is an experiment of this toolkit; others don't know it", _REGISTRIES
            )
        case "unverified" | "draft":
            return note(f"{name} ({point.label}) is in use but not assigned: {point.reference}", _REGISTRIES)
        case "private use":
            return note(f"{name} is for private use; only the peers know what it means", _REGISTRIES)
        case _:
            return warning(f"{name} is not assigned", _REGISTRIES)


def _points(value: object) -> Iterator[OpenEnum]:
    """All code points in a payload, policy parameters of SRTP included."""
    if isinstance(value, OpenEnum):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _points(item)
    elif isinstance(value, SecurityPolicy):
        yield value.prot_type
        yield from (SrtpParam(param.type) for param in value.params if value.prot_type == ProtType.SRTP)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _points(getattr(value, field.name))

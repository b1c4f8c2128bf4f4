"""Which payloads make up which message: the figures of the exchanges as a table, one row a data type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import SecurityPolicy, UnknownCodePoint
from mikey_sdp.mikey.payloads.payload import MAX_PAYLOADS
from mikey_sdp.mikey.registry import DataType, PayloadType

Times = Sequence[int]
"""How often a payload may occur, the largest number last."""

ONCE: Final[Times] = (1,)
AT_MOST_ONCE: Final[Times] = (0, 1)
AT_MOST_TWICE: Final[Times] = (0, 1, 2)
ONCE_OR_TWICE: Final[Times] = (1, 2)
NONE_OR_BOTH: Final[Times] = (0, 2)
ANY_NUMBER: Final[Times] = range(MAX_PAYLOADS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What one kind of message consists of, beside the header.

    Keeps: `times`, how often each payload may occur (a payload without an entry may not); `last`, the payload that
    must stand at the end; `closing`, payloads that must stand at the end where they occur, and exclude each other.
    """

    section: str
    times: Mapping[PayloadType, Times]
    last: PayloadType | None = None
    closing: Collection[PayloadType] = field(default=())


_COMMON: Final = {PayloadType.T: ONCE, PayloadType.GENERAL_EXT: ANY_NUMBER}
"""In every message. # [3830-6.15-3]"""

_OFFER: Final = {
    **_COMMON,
    PayloadType.RAND: AT_MOST_ONCE,
    PayloadType.ID: AT_MOST_TWICE,
    PayloadType.SP: ANY_NUMBER,
}
"""In every message of an Initiator. RAND opens a bundle and is missing in updates; which of them it is, modes know."""

_VERIFICATION: Final = {**_COMMON, PayloadType.ID: AT_MOST_ONCE, PayloadType.V: ONCE}

_DH_RESPONSE: Final = {**_COMMON, PayloadType.ID: ONCE_OR_TWICE, PayloadType.DH: NONE_OR_BOTH}
"""IDi is not optional, and DHr never comes without the echoed DHi. # [3830-3.3-3] [4650-1.1-4]"""

_DHSAML_ROUND_2: Final = Composition(
    section="RFC 5197 section 3.6", times={**_COMMON, PayloadType.KEMAC: ONCE}, last=PayloadType.KEMAC
)

COMPOSITIONS: Final[Mapping[DataType, Composition]] = MappingProxyType(
    {
        DataType.PRE_SHARED: Composition(
            section="RFC 3830 section 3.1", times={**_OFFER, PayloadType.KEMAC: ONCE}, last=PayloadType.KEMAC
        ),
        DataType.PSK_VER_MSG: Composition(section="RFC 3830 section 3.1", times=_VERIFICATION, last=PayloadType.V),
        DataType.PUBLIC_KEY: Composition(
            section="RFC 3830 section 3.2",
            times={
                **_OFFER,
                PayloadType.CERT: ANY_NUMBER,
                PayloadType.KEMAC: AT_MOST_ONCE,
                PayloadType.CHASH: AT_MOST_ONCE,
                PayloadType.PKE: ONCE,
                PayloadType.SIGN: ONCE,
            },
            last=PayloadType.SIGN,
        ),
        DataType.PK_VER_MSG: Composition(section="RFC 3830 section 3.2", times=_VERIFICATION, last=PayloadType.V),
        DataType.DH_INIT: Composition(
            section="RFC 3830 section 3.3",
            times={
                **_OFFER,
                PayloadType.CERT: ANY_NUMBER,
                PayloadType.DH: AT_MOST_ONCE,
                PayloadType.SIGN: ONCE,
            },
            last=PayloadType.SIGN,
        ),
        DataType.DH_RESP: Composition(
            section="RFC 3830 section 3.3",
            times={**_DH_RESPONSE, PayloadType.CERT: ANY_NUMBER, PayloadType.SIGN: ONCE},
            last=PayloadType.SIGN,
        ),
        DataType.ERROR: Composition(
            section="RFC 3830 section 5.1.2",
            times={
                **_COMMON,
                PayloadType.ERR: ANY_NUMBER,
                PayloadType.SP: ANY_NUMBER,
                PayloadType.V: AT_MOST_ONCE,
                PayloadType.SIGN: AT_MOST_ONCE,
                PayloadType.KEMAC: AT_MOST_ONCE,
            },
            closing=(PayloadType.V, PayloadType.SIGN, PayloadType.KEMAC),
        ),
        DataType.DHHMAC_INIT: Composition(
            section="RFC 4650 section 3",
            times={
                **_OFFER,
                PayloadType.ID: ONCE_OR_TWICE,
                PayloadType.DH: AT_MOST_ONCE,
                PayloadType.KEMAC: ONCE,
            },
            last=PayloadType.KEMAC,
        ),
        DataType.DHHMAC_RESP: Composition(
            section="RFC 4650 section 3",
            times={**_DH_RESPONSE, PayloadType.KEMAC: ONCE},
            last=PayloadType.KEMAC,
        ),
        DataType.RSA_R_I_MSG: Composition(
            section="RFC 4738 section 3.1",
            times={**_OFFER, PayloadType.CERT: ANY_NUMBER, PayloadType.SIGN: ONCE},
            last=PayloadType.SIGN,
        ),
        DataType.RSA_R_R_MSG: Composition(
            section="RFC 4738 section 3.1",
            times={
                **_COMMON,
                PayloadType.RAND: AT_MOST_ONCE,
                PayloadType.ID: AT_MOST_ONCE,
                PayloadType.CERT: ANY_NUMBER,
                PayloadType.SP: ANY_NUMBER,
                PayloadType.KEMAC: ONCE,
                PayloadType.PKE: ONCE,
                PayloadType.SIGN: ONCE,
            },
            last=PayloadType.SIGN,
        ),
        DataType.ECMQV_I_MSG: Composition(
            section="draft-ietf-msec-mikey-ecc-03 section 5",
            times={
                **_OFFER,
                PayloadType.CERT: ANY_NUMBER,
                PayloadType.ECCPT: ONCE,
                PayloadType.SIGN: ONCE,
            },
            last=PayloadType.SIGN,
        ),
        DataType.ECMQV_R_MSG: Composition(
            section="draft-ietf-msec-mikey-ecc-03 section 5",
            times={
                **_COMMON,
                PayloadType.ID: ONCE_OR_TWICE,
                PayloadType.CERT: ANY_NUMBER,
                PayloadType.ECCPT: (2,),
                PayloadType.V: ONCE,
            },
            last=PayloadType.V,
        ),
        DataType.DHSAML_I_MSG_1: Composition(
            section="RFC 5197 section 3.6",
            times={
                **_COMMON,
                PayloadType.RAND: ONCE,
                PayloadType.CERT: ONCE,
                PayloadType.DH: AT_MOST_ONCE,
                PayloadType.ID: AT_MOST_ONCE,
                PayloadType.SP: ANY_NUMBER,
            },
        ),
        DataType.DHSAML_R_MSG_1: Composition(
            section="RFC 5197 section 3.6",
            times={
                **_COMMON,
                PayloadType.CERT: ONCE,
                PayloadType.ID: ONCE,
                PayloadType.DH: ONCE,
                PayloadType.RAND: ONCE,
                PayloadType.SP: ANY_NUMBER,
                PayloadType.V: AT_MOST_ONCE,
            },
            closing=(PayloadType.V,),
        ),
        DataType.DHSAML_I_MSG_2: _DHSAML_ROUND_2,
        DataType.DHSAML_R_MSG_2: _DHSAML_ROUND_2,
    }
)
"""What each data type consists of. A new mode is a new row."""


def check_composition(
    message: Message, *, tolerated: Collection[PayloadType] = (), dispensable: Collection[PayloadType] = ()
) -> None:
    """Refuse a message that lacks a payload, has one too many or one that has no place in it, or ends wrongly.

    Any order is fine but for the last payload. `tolerated` names payloads that may stand where the table has none,
    `dispensable` payloads that may be missing where the table wants one.
    Raises: DecodeError at the offending payload, or at the end of the message for a missing one; UnknownCodePoint for
    a data type without a row. Both have the whole message in `partial`.
    """
    data_type = message.header.data_type
    composition = COMPOSITIONS.get(data_type)
    partial = (message.header, *message.payloads)
    if composition is None:  # [3830-6.1-4]
        error: DecodeError = UnknownCodePoint(
            data_type, offset=1, field="HDR data type", section="RFC 3830 section 6.1"
        )
        error.partial = partial
        raise error
    try:
        _check_times(message, composition, tolerated, dispensable)
        _check_last(message, composition)
        _check_policies(message)
    except DecodeError as error:
        error.partial = partial
        raise


def _check_times(
    message: Message,
    composition: Composition,
    tolerated: Collection[PayloadType],
    dispensable: Collection[PayloadType],
) -> None:
    counts = dict.fromkeys(composition.times, 0)
    for position, payload in enumerate(message.payloads):
        kind = payload.payload_type
        times = composition.times.get(kind)
        if times is None and kind in tolerated:
            continue
        if times is None:
            offset = message.spans[position].offset
            raise _refuse(f"{kind.label} has no place in {_name(message)}", kind, offset, composition)
        counts[kind] += 1
        if counts[kind] > times[-1]:
            offset = message.spans[position].offset
            raise _refuse(f"{kind.label} too often in {_name(message)}", kind, offset, composition)
    for kind, times in composition.times.items():
        if counts[kind] not in times and (counts[kind] or kind not in dispensable):
            wanted = "no" if not counts[kind] else f"only {counts[kind]}"
            raise _refuse(f"{wanted} {kind.label} in {_name(message)}", kind, len(message.octets), composition)


def _check_last(message: Message, composition: Composition) -> None:
    final = message.payloads[-1].payload_type
    if composition.last is not None and final != composition.last:
        raise _refuse(
            f"{_name(message)} must end with {composition.last.label}",
            final,
            message.spans[-1].offset,
            composition,
        )
    if not composition.closing:
        return
    for payload, span in zip(message.payloads[:-1], message.spans, strict=False):
        if payload.payload_type in composition.closing:
            kind = payload.payload_type
            raise _refuse(f"{kind.label} must be the last payload of {_name(message)}", kind, span.offset, composition)


def _check_policies(message: Message) -> None:
    seen: set[int] = set()
    for policy in message.all(SecurityPolicy):
        if policy.policy_no in seen:  # [3830-6.10-2]
            raise DecodeError(
                f"a second SP with Policy no {policy.policy_no}",
                offset=message.span(policy).offset,
                field="SP Policy no",
                section=SecurityPolicy.section,
            )
        seen.add(policy.policy_no)


def _name(message: Message) -> str:
    return f"the {message.header.data_type.label} message"


def _refuse(reason: str, kind: PayloadType, offset: int, composition: Composition) -> DecodeError:
    return DecodeError(reason, offset=offset, field=kind.label, section=composition.section)

"""A message as plain values: what `decode --json` prints, and what the tree for people is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.dissect.describers import Fields, code_point, one_payload
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message, Span
from mikey_sdp.mikey.payloads import Header, KeyDataTransport, Payload, decode_key_data
from mikey_sdp.mikey.registry import DataType, EncrAlg, PayloadType
from mikey_sdp.wire import Writer

KEMAC_BEGINS_WITH_ID: Final = frozenset({DataType.PUBLIC_KEY, DataType.RSA_R_R_MSG})
"""The messages whose KEMAC names its sender before the keys."""


def header_fields(header: Header) -> Fields:
    """The common header."""
    return {
        "data_type": code_point(header.data_type),
        "v": int(header.v),
        "prf_func": code_point(header.prf_func),
        "csb_id": header.csb_id,
        "cs_id_map_type": code_point(header.map_type),
        "cs": [
            {"cs_id": cs_id, "policy_no": entry.policy_no, "ssrc": entry.ssrc, "roc": entry.roc}
            for cs_id, entry in enumerate(header.sessions, start=1)
        ],
    }


def payload_fields(message: Message, *, reveal: bool = False, opened: Sequence[Payload] | None = None) -> list[Fields]:
    """Every payload of a message with its place; `opened` is what KEMAC was found to hold once it was decrypted."""
    data_type = message.header.data_type
    return [
        _placed(payload, span, data_type, reveal, opened)
        for payload, span in zip(message.payloads, message.spans, strict=True)
    ]


def partial_fields(partial: Sequence[object], *, reveal: bool = False) -> list[Fields]:
    """The header and payloads that were read before a fault, as `DecodeError.partial` has them."""
    header = next((part for part in partial if isinstance(part, Header)), None)
    payloads = [part for part in partial if isinstance(part, Payload)]
    if header is None:
        return []
    return [
        _placed(payload, span, header.data_type, reveal, None)
        for payload, span in zip(payloads, partial_spans(header, payloads), strict=True)
    ]


def partial_spans(header: Header, payloads: Sequence[Payload]) -> list[Span]:
    """Where payloads lie that were read one after the other behind a header: a payload is as long as it is written."""
    spans = []
    writer = Writer()
    if payloads:
        header.encode(writer, payloads[0].payload_type)
    for payload in payloads:
        start = len(writer)
        payload.encode(writer, PayloadType.LAST)
        spans.append(Span(start, len(writer) - start))
    return spans


def _placed(
    payload: Payload, span: Span, data_type: DataType, reveal: bool, opened: Sequence[Payload] | None
) -> Fields:
    fields = one_payload(payload, reveal=reveal)
    if isinstance(payload, KeyDataTransport):
        fields |= _inside_kemac(payload, data_type, opened, reveal)
    return {"type": payload.payload_type.name, "offset": span.offset, "octets": span.octets} | fields


def sub_payloads(kemac: KeyDataTransport, data_type: DataType) -> tuple[Payload, ...]:
    """What a KEMAC without encryption holds.

    Raises: DecodeError.
    """
    first = PayloadType.ID if data_type in KEMAC_BEGINS_WITH_ID else PayloadType.KEY_DATA
    return decode_key_data(kemac.encr_data, first=first)


def _inside_kemac(
    kemac: KeyDataTransport, data_type: DataType, opened: Sequence[Payload] | None, reveal: bool
) -> Fields:
    if opened is None and kemac.encr_alg != EncrAlg.NULL:
        return {}
    try:
        inside = sub_payloads(kemac, data_type) if opened is None else opened
    except DecodeError as error:
        return {"key_data_error": str(error)}
    return {
        "key_data": [{"type": payload.payload_type.name} | one_payload(payload, reveal=reveal) for payload in inside]
    }

"""What every payload is put through: golden octets, round trip, every prefix cut, a surplus octet."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message, Span
from mikey_sdp.mikey.payloads import Header, Payload, decode_key_data, encode_key_data
from mikey_sdp.mikey.registry import DataType

HEADER = Header(data_type=DataType.PRE_SHARED, csb_id=0x01020304)
HEADER_OCTETS = 10
VALIDITY_SECTION = "RFC 3830 section 6.14"


def message_hex(payload: Payload | int, payload_hex: str) -> str:
    """A message of the plainest header and one payload given as hex."""
    number = payload if isinstance(payload, int) else payload.payload_type.value
    return f"0100{number:02x}000102030400 00" + payload_hex


def read(payload: Payload | int, payload_hex: str) -> Payload:
    """The one payload of such a message."""
    (read_payload,) = Message.decode(bytes.fromhex(message_hex(payload, payload_hex))).payloads
    return read_payload


def refuse(payload: Payload | int, payload_hex: str) -> DecodeError:
    """The error that such a message raises; it keeps the header, which was read."""
    with pytest.raises(DecodeError) as caught:
        Message.decode(bytes.fromhex(message_hex(payload, payload_hex)))
    assert caught.value.partial[0] == HEADER
    return caught.value


def check_golden(payload: Payload, payload_hex: str) -> None:
    """The payload and its octets, Next payload LAST, are the same thing, and no octet may be missing or too many."""
    octets = bytes.fromhex(message_hex(payload, payload_hex))
    built = Message.build(HEADER, [payload])
    assert built.octets == octets
    assert Message.decode(octets) == built
    assert built.payloads == (payload,)
    assert built.spans == (Span(HEADER_OCTETS, len(octets) - HEADER_OCTETS),)
    assert repr(built.payloads[0]) == repr(payload)
    for end in range(len(octets)):
        with pytest.raises(DecodeError) as caught:
            Message.decode(octets[:end])
        assert caught.value.offset <= end
        if end > HEADER_OCTETS:
            assert caught.value.section in {payload.section, VALIDITY_SECTION}
    with pytest.raises(DecodeError) as caught:
        Message.decode(octets + b"\x00")
    assert caught.value.offset == len(octets)
    assert caught.value.partial == (HEADER, payload)


def check_golden_inside(payload: Payload, payload_hex: str) -> None:
    """The same for what lies inside KEMAC."""
    octets = bytes.fromhex(payload_hex)
    kind = payload.payload_type
    assert encode_key_data([payload]) == octets
    assert decode_key_data(octets, first=kind) == (payload,)
    for end in range(1, len(octets)):
        with pytest.raises(DecodeError) as caught:
            decode_key_data(octets[:end], first=kind)
        assert caught.value.offset <= end
        assert caught.value.section in {payload.section, VALIDITY_SECTION}
    with pytest.raises(DecodeError) as caught:
        decode_key_data(octets + b"\x00", first=kind)
    assert caught.value.offset == len(octets)
    assert caught.value.partial == (payload,)

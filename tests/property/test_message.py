"""For all messages: what was written is what is read. For all octets: a message or a DecodeError."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.composition import check_composition
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Payload, UnknownCodePoint, decode_key_data, encode_key_data
from mikey_sdp.mikey.registry import PayloadType
from tests.property.mikey_messages import key_chains, messages, policies_differ


@given(messages)
def test_a_built_message_reads_back_as_itself(message: Message) -> None:
    read = Message.decode(message.octets)
    assert read == message
    assert [type(value) for value in read.payloads] == [type(value) for value in message.payloads]
    end = message.header_octets
    for payload, span in zip(message.payloads, message.spans, strict=True):
        assert message.span(payload) == span
        assert span.offset == end
        end = span.end
    assert end == len(message.octets)


@given(messages, st.data())
def test_no_message_is_the_beginning_of_another(message: Message, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(message.octets) - 1))
    with pytest.raises(DecodeError) as caught:
        Message.decode(message.octets[:end])
    assert 0 <= caught.value.offset <= end
    complete = [payload for payload, span in zip(message.payloads, message.spans, strict=True) if span.end <= end]
    assert list(caught.value.partial[1:]) == complete
    with pytest.raises(DecodeError):
        Message.decode(message.octets + b"\x00")


def refusal(read: Callable[[], object]) -> DecodeError | None:
    """The DecodeError that reading ends with, if it does; any other exception fails the test."""
    try:
        read()
    except DecodeError as error:
        return error
    return None


def judge(octets: bytes) -> None:
    """Octets are a message that survives, or a DecodeError that points into them."""
    error = refusal(lambda: Message.decode(octets))
    if error is not None:
        assert 0 <= error.offset <= len(octets)
        assert error.section.startswith("RFC ")
        assert error.field
        assert str(error)
        return
    message = Message.decode(octets)
    assert message.octets == octets
    misfit = refusal(lambda: check_composition(message))
    assert misfit is None or 0 <= misfit.offset <= len(octets)
    if policies_differ(list(message.payloads)):
        assert Message.build(message.header, message.payloads) == message


@given(st.binary(max_size=300))
@example(b"")
@example(bytes.fromhex("0100050000000000ff00"))
def test_any_octets_are_a_message_or_an_error(octets: bytes) -> None:
    judge(octets)


@given(messages, st.data())
def test_a_damaged_message_is_a_message_or_an_error(message: Message, data: st.DataObject) -> None:
    octets = bytearray(message.octets)
    for place in data.draw(st.lists(st.integers(0, len(octets) - 1), min_size=1, max_size=4)):
        octets[place] = data.draw(st.integers(0, 255))
    judge(bytes(octets))


@given(key_chains, st.booleans())
def test_the_plain_text_of_kemac_reads_back_as_itself(chain: list[Payload], zero_fill: bool) -> None:
    octets = encode_key_data(chain, zero_fill=zero_fill)
    first = chain[0].payload_type if chain else PayloadType.KEY_DATA
    assert decode_key_data(octets, first=first, zero_fill=zero_fill) == tuple(chain)
    assert not zero_fill or len(octets) % 8 == 0


@given(st.binary(max_size=120), st.sampled_from([PayloadType.ID, PayloadType.KEY_DATA]), st.booleans())
def test_any_plain_text_is_keys_or_an_error(octets: bytes, first: PayloadType, zero_fill: bool) -> None:
    error = refusal(lambda: decode_key_data(octets, first=first, zero_fill=zero_fill))
    if error is not None:
        assert 0 <= error.offset <= len(octets)
        return
    chain = decode_key_data(octets, first=first, zero_fill=zero_fill)
    assert octets.startswith(encode_key_data(chain))


@given(messages)
def test_whatever_can_not_be_read_on_is_named(message: Message) -> None:
    octets = bytearray(message.octets)
    octets[2] = 99
    with pytest.raises(UnknownCodePoint) as caught:
        Message.decode(bytes(octets))
    assert caught.value.code_point == 99
    assert caught.value.partial == (message.header,)

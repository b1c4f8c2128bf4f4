"""PKE: the cache indicator shares its octets with the length."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import EnvelopeKey
from mikey_sdp.mikey.registry import CacheIndicator, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse


@pytest.mark.requirement("3830-6.3-1")
@pytest.mark.parametrize(
    ("cache", "length_hex", "octets"),
    [
        (CacheIndicator.NO_CACHE, "0003", 3),
        (CacheIndicator.CACHE, "4001", 1),
        (CacheIndicator.CACHE_FOR_CSB, "8100", 256),
        (CacheIndicator.NO_CACHE, "0000", 0),
    ],
)
def test_golden(cache: CacheIndicator, length_hex: str, octets: int) -> None:
    check_golden(EnvelopeKey(cache=cache, data=b"\xee" * octets), f"00 {length_hex}" + "ee" * octets)


def test_the_longest_data_fill_fourteen_bits() -> None:
    longest = Message.build(HEADER, [EnvelopeKey(cache=CacheIndicator.CACHE, data=bytes(16383))])
    assert longest.octets[10:13] == bytes.fromhex("00 7fff")
    assert Message.decode(longest.octets) == longest
    with pytest.raises(UsageError, match="14 bits"):
        Message.build(HEADER, [EnvelopeKey(cache=CacheIndicator.CACHE, data=bytes(16384))])


def test_an_unassigned_cache_indicator_is_read_as_it_is() -> None:
    payload = read(PayloadType.PKE, "00 c001 ee")
    assert payload == EnvelopeKey(cache=CacheIndicator(3), data=b"\xee")
    assert not CacheIndicator(3).known


@pytest.mark.requirement("3830-10-2")
def test_a_cache_indicator_of_three_bits_is_not_written() -> None:
    with pytest.raises(ValueError, match="4"):
        CacheIndicator(4)
    with pytest.raises(UsageError, match="PKE C"):
        Message.build(HEADER, [EnvelopeKey(cache=4, data=b"")])  # type: ignore[arg-type]


@pytest.mark.parametrize("length", ["0001", "0003", "3fff"])
def test_a_wrong_data_len_is_noticed(length: str) -> None:
    refuse(PayloadType.PKE, f"00 {length} eeee")

"""RAND and ERR."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import ErrorPayload, Rand
from mikey_sdp.mikey.registry import ErrorNo, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse


@pytest.mark.requirement("3830-6.11-1")
@pytest.mark.parametrize("octets", [0, 1, 15, 16, 255])
def test_golden_rand(octets: int) -> None:
    payload = Rand(octets=b"\x5a" * octets)
    check_golden(payload, f"00 {octets:02x}" + "5a" * octets)
    assert Message.build(HEADER, [payload]).spans[0].octets == 2 + octets


@pytest.mark.parametrize("length", ["01", "03", "ff"])
def test_a_wrong_rand_len_is_noticed(length: str) -> None:
    refuse(PayloadType.RAND, f"00 {length} 5a5a")


def test_a_rand_of_256_octets_is_not_cut() -> None:
    with pytest.raises(UsageError, match="8 bits"):
        Message.build(HEADER, [Rand(octets=bytes(256))])


@pytest.mark.requirement("3830-6.12-1")
def test_golden_err() -> None:
    check_golden(ErrorPayload(error_no=ErrorNo.INVALID_DH), "00 06 0000")


@pytest.mark.requirement("3830-6.12-1")
def test_reserved_bits_mean_nothing_but_survive() -> None:
    payload = read(PayloadType.ERR, "00 06 beef")
    assert isinstance(payload, ErrorPayload)
    assert payload.error_no is ErrorNo.INVALID_DH
    check_golden(payload, "00 06 beef")


@pytest.mark.requirement("3830-6.12-2", "4738-3.9.2-1")
def test_the_error_numbers_are_those_of_the_documents() -> None:
    names = (
        *("AUTH_FAILURE", "INVALID_TS", "INVALID_PRF", "INVALID_MAC", "INVALID_EA", "INVALID_HA", "INVALID_DH"),
        *("INVALID_ID", "INVALID_CERT", "INVALID_SP", "INVALID_SPPAR", "INVALID_DT", "UNSPECIFIED"),
        "UNSUPPORTED_MESSAGE_TYPE",
    )
    for number, name in enumerate(names):
        assert read(PayloadType.ERR, f"00 {number:02x} 0000") == ErrorPayload(error_no=ErrorNo[name])


@pytest.mark.requirement("3830-6.12-2")
def test_an_unknown_error_number_shows_as_a_number() -> None:
    payload = read(PayloadType.ERR, "00 4d 0000")
    assert isinstance(payload, ErrorPayload)
    assert payload.error_no == 77
    assert str(payload.error_no) == "unassigned 77 (77)"

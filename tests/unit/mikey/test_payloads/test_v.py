"""V: the length follows from the algorithm."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import UnknownCodePoint, Verification
from mikey_sdp.mikey.registry import ErrorNo, MacAlg, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, refuse


@pytest.mark.requirement("3830-6.9-1")
@pytest.mark.parametrize(
    ("auth_alg", "number", "octets"),
    [(MacAlg.NULL, 0, 0), (MacAlg.HMAC_SHA_1_160, 1, 20), (MacAlg.HMAC_SHA_256_256, 2, 32)],
)
def test_golden(auth_alg: MacAlg, number: int, octets: int) -> None:
    mac = b"\xee" * octets
    payload = Verification(auth_alg=auth_alg, mac=mac)
    check_golden(payload, f"00 {number:02x} {mac.hex()}")
    assert Message.build(HEADER, [payload]).spans[0].octets == 2 + octets


@pytest.mark.parametrize("number", [3, 9, 255])
def test_the_length_of_an_unknown_algorithm_is_not_guessed(number: int) -> None:
    error = refuse(PayloadType.V, f"00 {number:02x}" + "ee" * 20)
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (number, MacAlg, 11)
    assert error.mikey_error == ErrorNo.INVALID_MAC


@pytest.mark.parametrize(("auth_alg", "octets"), [(MacAlg.NULL, 20), (MacAlg.HMAC_SHA_1_160, 0), (MacAlg(3), 0)])
def test_a_mac_of_the_wrong_length_is_not_written(auth_alg: MacAlg, octets: int) -> None:
    with pytest.raises(UsageError, match="V Ver data"):
        Message.build(HEADER, [Verification(auth_alg=auth_alg, mac=bytes(octets))])

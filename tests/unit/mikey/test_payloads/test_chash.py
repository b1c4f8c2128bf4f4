"""CHASH: the length follows from the hash function."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import CertificateHash, UnknownCodePoint
from mikey_sdp.mikey.registry import ErrorNo, HashFunc, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, refuse


@pytest.mark.requirement("3830-6.8-1", "3830-6.8-2")
@pytest.mark.parametrize(
    ("hash_func", "number", "octets"), [(HashFunc.SHA_1, 0, 20), (HashFunc.MD5, 1, 16), (HashFunc.SHA_256, 2, 32)]
)
def test_golden(hash_func: HashFunc, number: int, octets: int) -> None:
    digest = b"\xcc" * octets
    payload = CertificateHash(hash_func=hash_func, digest=digest)
    check_golden(payload, f"00 {number:02x} {digest.hex()}")
    assert Message.build(HEADER, [payload]).spans[0].octets == 2 + octets


@pytest.mark.requirement("3830-6.8-2")
@pytest.mark.parametrize("number", [3, 5, 255])
def test_the_length_of_an_unknown_function_is_not_guessed(number: int) -> None:
    error = refuse(PayloadType.CHASH, f"00 {number:02x}" + "cc" * 20)
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (number, HashFunc, 11)
    assert error.mikey_error == ErrorNo.INVALID_HA
    with pytest.raises(UsageError, match="not known"):
        Message.build(HEADER, [CertificateHash(hash_func=HashFunc(number), digest=bytes(20))])


@pytest.mark.parametrize(
    ("hash_func", "octets"), [(HashFunc.SHA_1, 19), (HashFunc.MD5, 20), (HashFunc(5), 20)], ids=str
)
def test_a_digest_of_the_wrong_length_is_not_written(hash_func: HashFunc, octets: int) -> None:
    with pytest.raises(UsageError, match="CHASH Hash"):
        Message.build(HEADER, [CertificateHash(hash_func=hash_func, digest=bytes(octets))])

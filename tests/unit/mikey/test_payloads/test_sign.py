"""SIGN: type and length share sixteen bits, and nothing follows."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Rand, Signature
from mikey_sdp.mikey.registry import SignType
from tests.unit.mikey.golden import HEADER

RAND = Rand(octets=b"\xaa")
BEFORE_HEX = "01 00 0b 00 01020304 00 00 04 01 aa"


def read(signature_hex: str) -> Signature:
    payload = Message.decode(bytes.fromhex(BEFORE_HEX + signature_hex)).payloads[-1]
    assert isinstance(payload, Signature)
    return payload


@pytest.mark.requirement("3830-6.5-1", "3830-6.5-3")
@pytest.mark.parametrize(
    ("sign_type", "octets", "start"),
    [
        (SignType.RSA_PKCS1_V1_5, 256, "0100"),
        (SignType.RSA_PSS, 3, "1003"),
        (SignType.ECCSI, 129, "2081"),
        (SignType.ECDSA, 64, "e040"),
        (SignType(5), 0, "5000"),
    ],
)
def test_golden(sign_type: SignType, octets: int, start: str) -> None:
    signature = Signature(sign_type=sign_type, signature=b"\x5a" * octets)
    built = Message.build(HEADER, [RAND, signature])
    assert built.octets == bytes.fromhex(BEFORE_HEX + start + "5a" * octets)
    assert Message.decode(built.octets) == built
    for end in range(13, len(built.octets)):
        with pytest.raises(DecodeError) as caught:
            Message.decode(built.octets[:end])
        assert caught.value.partial == (HEADER, RAND)


@pytest.mark.requirement("3830-6.5-2", "3830-6.15-3")
def test_nothing_follows_the_signature() -> None:
    with pytest.raises(DecodeError, match="surplus") as caught:
        Message.decode(bytes.fromhex(BEFORE_HEX + "0001 5a" + "0001aa"))
    assert caught.value.offset == 16
    with pytest.raises(UsageError, match="last payload"):
        Message.build(HEADER, [RAND, Signature(sign_type=SignType.RSA_PSS, signature=b""), RAND])


@pytest.mark.requirement("3830-6.5-4")
def test_the_longest_signature_has_4095_octets() -> None:
    longest = Signature(sign_type=SignType.RSA_PKCS1_V1_5, signature=b"\x5a" * 4095)
    assert read("0fff" + "5a" * 4095) == longest
    assert Message.build(HEADER, [RAND, longest]).octets == bytes.fromhex(BEFORE_HEX + "0fff" + "5a" * 4095)
    with pytest.raises(UsageError, match="12 bits"):
        Message.build(HEADER, [RAND, Signature(sign_type=SignType.RSA_PSS, signature=bytes(4096))])


@pytest.mark.requirement("3830-6.5-4")
@pytest.mark.parametrize("length", ["0001", "0003", "0fff"])
def test_a_wrong_signature_len_is_noticed(length: str) -> None:
    with pytest.raises(DecodeError):
        read(f"{length} 5a5a")


@pytest.mark.requirement("3830-10-2")
def test_a_type_of_five_bits_is_not_written() -> None:
    with pytest.raises(ValueError, match="16"):
        SignType(16)
    with pytest.raises(UsageError, match="S type"):
        Message.build(HEADER, [RAND, Signature(sign_type=16, signature=b"")])  # type: ignore[arg-type]

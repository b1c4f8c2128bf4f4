"""ECCPT: the length follows from the curve, the padding from the start of the payload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.crypto.curves import CURVES, field_octets
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import EccPoint, IntervalValidity, SpiValidity, UnknownCodePoint
from mikey_sdp.mikey.payloads.eccpt import POINT_OCTETS
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.registry import EccCurve, ErrorNo, KvType, MacAlg, PayloadType
from mikey_sdp.wire import Reader, Writer
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse

KNOWN = json.loads((Path(__file__).parents[3] / "vectors" / "mikey_ecc_kat.json").read_text())
LAYOUT = {
    EccCurve.SECP192R1: (1, 49, 1, 56),
    EccCurve.SECP224R1: (5, 57, 1, 64),
    EccCurve.SECP256R1: (8, 65, 1, 72),
    EccCurve.SECP384R1: (11, 97, 1, 104),
    EccCurve.SECP521R1: (14, 133, 1, 140),
}
"""Number, point, padding and whole payload, in octets."""
EACH = pytest.mark.parametrize("curve", LAYOUT, ids=lambda curve: curve.name)
POINT = b"\x04" + b"\xcc" * 64
GOLDEN = f"00 08 {POINT.hex()} 00 01 0010 00"


def on_p256(**changed: object) -> EccPoint:
    fields: dict[str, object] = {"curve": EccCurve.SECP256R1, "point": POINT, "auth_alg": MacAlg.HMAC_SHA_1_160}
    return EccPoint(**{**fields, "tgk_octets": 16, **changed})  # type: ignore[arg-type]


@EACH
def test_golden_of_each_curve(curve: EccCurve) -> None:
    number, octets, padding, whole = LAYOUT[curve]
    point = b"\x04" + b"\xaa" * (octets - 1)
    payload = EccPoint(curve=curve, point=point, auth_alg=MacAlg.HMAC_SHA_256_256, tgk_octets=0x0120)
    check_golden(payload, f"00 {number:02x} {point.hex()} {'00' * padding} 02 0120 00")
    assert Message.build(HEADER, [payload]).spans[0].octets == 2 + octets + padding + 4
    assert 2 + octets + padding + 4 == -(-(2 + octets) // 4) * 4 + 4
    assert whole == 2 + octets + padding + 4


@pytest.mark.parametrize("name", KNOWN)
def test_the_known_answers(name: str) -> None:
    octets = bytes.fromhex(KNOWN[name]["eccpt_i_next4_auth1_tgk16"])
    payload, following = EccPoint.decode(Reader(octets, section=EccPoint.section))
    assert (following, payload.auth_alg, payload.tgk_octets) == (PayloadType.SIGN, MacAlg.HMAC_SHA_1_160, 16)
    writer = Writer()
    payload.encode(writer, following)
    assert writer.getvalue() == octets
    assert CURVES[payload.curve].key_size == int(name[2:])


@pytest.mark.parametrize(
    ("validity", "tail_hex"),
    [
        (SpiValidity(spi=b"\x01\x02"), "01 02 0102"),
        (IntervalValidity(valid_from=bytes(6), valid_to=b"\xff" * 6), "02 06 000000000000 06 ffffffffffff"),
    ],
    ids=["MKI", "interval"],
)
def test_golden_of_each_validity(validity: SpiValidity | IntervalValidity, tail_hex: str) -> None:
    check_golden(on_p256(validity=validity), f"00 08 {POINT.hex()} 00 01 0010 {tail_hex}")


@pytest.mark.parametrize("octets", [16, 17, 18, 19])
def test_padding_counts_from_the_payload_and_not_from_the_message(octets: int) -> None:
    before: list[Payload] = [Rand(octets=bytes(octets)), on_p256()]
    built = Message.build(HEADER, before)
    assert built.spans[1].octets == 72
    assert Message.decode(built.octets) == built


def test_padding_that_is_not_zero_is_refused() -> None:
    error = refuse(PayloadType.ECCPT, f"00 08 {POINT.hex()} 01 01 0010 00")
    assert (error.field, error.offset) == ("ECCPT padding", 10 + 2 + 65)


@pytest.mark.parametrize("form", [0, 2, 3, 5, 6, 7, 255])
def test_points_of_another_form_are_refused(form: int) -> None:
    error = refuse(PayloadType.ECCPT, f"00 08 {form:02x} {POINT[1:].hex()} 00 01 0010 00")
    assert (error.field, error.offset) == ("ECCPT ECC point", 12)
    with pytest.raises(UsageError, match="uncompressed"):
        Message.build(HEADER, [on_p256(point=bytes([form]) + POINT[1:])])


@pytest.mark.parametrize("number", [0, 2, 3, 4, 6, 7, 16, 17, 240, 255])
def test_the_length_on_an_unknown_curve_is_not_guessed(number: int) -> None:
    error = refuse(PayloadType.ECCPT, f"00 {number:02x} {POINT.hex()} 00 01 0010 00")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (number, EccCurve, 11)
    assert error.mikey_error == ErrorNo.INVALID_DH
    with pytest.raises(UsageError, match="not known"):
        Message.build(HEADER, [on_p256(curve=EccCurve.of(number))])


@pytest.mark.parametrize("kv", range(3, 16))
def test_a_kv_without_meaning_is_refused(kv: int) -> None:
    error = refuse(PayloadType.ECCPT, f"00 08 {POINT.hex()} 00 01 0010 {kv:02x}")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace) == (kv, KvType)


def test_reserved_bits_and_unknown_algorithms_survive() -> None:
    payload = on_p256(reserved=15, auth_alg=MacAlg.of(250), tgk_octets=0xFFFF)
    assert read(PayloadType.ECCPT, f"00 08 {POINT.hex()} 00 fa ffff f0") == payload
    check_golden(payload, f"00 08 {POINT.hex()} 00 fa ffff f0")


@pytest.mark.parametrize("octets", [0, 64, 66])
def test_a_point_of_another_length_is_not_written(octets: int) -> None:
    with pytest.raises(UsageError, match="65"):
        Message.build(HEADER, [on_p256(point=b"\x04" * octets)])


def test_what_does_not_fit_is_not_cut() -> None:
    for changed in ({"tgk_octets": 0x10000}, {"reserved": 16}):
        with pytest.raises(UsageError, match="ECCPT"):
            Message.build(HEADER, [on_p256(**changed)])


def test_lengths_are_those_of_the_curves() -> None:
    assert dict(POINT_OCTETS) == {number: 1 + 2 * field_octets(curve) for number, curve in CURVES.items()}


@pytest.mark.parametrize("end", range(72))
def test_a_payload_cut_short_says_where(end: int) -> None:
    octets = bytes.fromhex(GOLDEN)[:end]
    with pytest.raises(DecodeError) as caught:
        EccPoint.decode(Reader(octets, section=EccPoint.section))
    assert caught.value.offset <= end

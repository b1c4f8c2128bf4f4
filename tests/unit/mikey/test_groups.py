"""Diffie-Hellman groups: known primes and answers, fixed lengths, and values that no honest peer sends."""

from __future__ import annotations

import json
from pathlib import Path

import gmpy2
import pytest

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.crypto.groups import GROUPS, FiniteField, group_of
from mikey_sdp.mikey.payloads.dh import DH_VALUE_OCTETS
from mikey_sdp.mikey.registry import DhGroup, ErrorNo
from mikey_sdp.secret import SeededEntropy

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "rfc3830_prf_and_exchanges.json").read_text())
EC = json.loads((Path(__file__).parents[2] / "vectors" / "mikey_ecc_kat.json").read_text())
CURVES = {f"P-{bits}": DhGroup[f"ECP_P_{bits}"] for bits in (192, 224, 256, 384, 521)}
FIELDS = [number for number in GROUPS if isinstance(group_of(number), FiniteField)]
ALL = pytest.mark.parametrize("number", list(GROUPS), ids=lambda number: number.name)


def prime(number: DhGroup) -> int:
    made = group_of(number)
    assert isinstance(made, FiniteField)
    return made.prime


@pytest.mark.parametrize("number", ["0", "1", "2"])
@pytest.mark.requirement("3830-4.2.7-1")
def test_the_oakley_primes(number: str) -> None:
    assert prime(DhGroup.of(int(number))) == int(VECTORS["dh_groups"][number]["prime"], 16)


@pytest.mark.parametrize("number", FIELDS, ids=lambda number: number.name)
def test_primes_are_safe(number: DhGroup) -> None:
    assert gmpy2.is_prime(prime(number))
    assert gmpy2.is_prime((prime(number) - 1) // 2)
    assert prime(number).bit_length() == 8 * DH_VALUE_OCTETS[number]


def test_the_known_answer_of_group_0() -> None:
    known = VECTORS["dh_group0"]
    group = group_of(DhGroup.OAKLEY_5)
    ours, theirs = group.private(bytes.fromhex(known["xi"])), group.private(bytes.fromhex(known["xr"]))
    assert (ours.public.hex(), theirs.public.hex()) == (known["DHi"], known["DHr"])
    assert ours.agree(theirs.public) == theirs.agree(ours.public)
    assert ours.agree(theirs.public).reveal().hex() == known["TGK"]


@pytest.mark.requirement("3830-6.4-5")
def test_values_keep_their_leading_zeros() -> None:
    known = VECTORS["dh_group0_leading_zero"]
    made = group_of(DhGroup.OAKLEY_5).private(bytes.fromhex(known["x"]))
    assert made.public.hex() == known["value_192_octets"]
    assert made.public[0] == 0


@pytest.mark.parametrize("name", CURVES)
def test_the_known_answers_of_curves(name: str) -> None:
    known, group = EC[name], group_of(CURVES[name])
    ours, theirs = (group.private(int(known[end], 16).to_bytes(66, "big")) for end in ("d_eph_i", "d_eph_r"))
    assert ours.agree(theirs.public).reveal().hex() == known["ecdh_x"]
    assert len(ours.agree(theirs.public)) == group.secret_octets


@ALL
def test_both_ends_agree(number: DhGroup) -> None:
    group, entropy = group_of(number), SeededEntropy(b"both")
    ours, theirs = group.draw(entropy), group.draw(entropy)
    assert ours.agree(theirs.public) == theirs.agree(ours.public)
    assert len(ours.agree(theirs.public)) == group.secret_octets
    assert len(ours.public) == DH_VALUE_OCTETS[number]
    assert ours.public != theirs.public


@pytest.mark.parametrize("number", FIELDS, ids=lambda number: number.name)
@pytest.mark.parametrize("value", [0, 1, -1, 0.0, 2.0], ids=["0", "1", "p-1", "p", "p+2"])
def test_values_that_give_the_secret_away(number: DhGroup, value: float) -> None:
    p = prime(number)
    sent = p + int(value) if isinstance(value, float) or value < 0 else value
    with pytest.raises(PeerError) as refused:
        group_of(number).draw(SeededEntropy(b"x")).agree(sent.to_bytes(DH_VALUE_OCTETS[number], "big"))
    assert refused.value.mikey_error == ErrorNo.INVALID_DH


@ALL
def test_values_of_other_lengths(number: DhGroup) -> None:
    ours, theirs = (group_of(number).draw(SeededEntropy(seed)) for seed in (b"1", b"2"))
    for value in (b"", theirs.public[:-1], theirs.public + b"\x00", b"\x00" + theirs.public):
        with pytest.raises(PeerError) as refused:
            ours.agree(value)
        assert refused.value.mikey_error == ErrorNo.INVALID_DH


@pytest.mark.parametrize("number", CURVES.values(), ids=lambda number: number.name)
def test_points_off_the_curve(number: DhGroup) -> None:
    ours, theirs = (group_of(number).draw(SeededEntropy(seed)) for seed in (b"1", b"2"))
    altered = theirs.public[:-1] + bytes([theirs.public[-1] ^ 1])
    for value in (altered, bytes(len(altered)), b"\x06" + theirs.public[1:]):
        with pytest.raises(PeerError):
            ours.agree(value)


@ALL
def test_private_octets_that_hide_nothing(number: DhGroup) -> None:
    for octets in (b"", bytes(32)):
        with pytest.raises(UsageError):
            group_of(number).private(octets)


@pytest.mark.parametrize(
    ("number", "floor"), [(DhGroup.MODP_2048, 124476), (DhGroup.MODP_3072, 1690314)], ids=lambda value: str(value)
)
def test_the_ends_of_the_modp_primes(number: DhGroup, floor: int) -> None:
    """RFC 3526: 64 ones at both ends, and the offset that its formula adds to the digits of pi."""
    p, bits = prime(number), 8 * DH_VALUE_OCTETS[number]
    assert p % 2**64 == p >> (bits - 64) == 2**64 - 1
    with gmpy2.context(precision=bits + 64):
        digits = int(gmpy2.floor(gmpy2.mul_2exp(gmpy2.const_pi(), bits - 130)))
    assert ((p + 1 + 2 ** (bits - 64)) % 2**bits >> 64) - digits % 2 ** (bits - 64) == floor


@pytest.mark.parametrize("number", [3, 10, 240, 255])
def test_groups_that_are_not_implemented(number: int) -> None:
    with pytest.raises(PeerError) as refused:
        group_of(DhGroup.of(number))
    assert refused.value.mikey_error == ErrorNo.INVALID_DH

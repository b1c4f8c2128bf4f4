"""ECMQV: published and independent answers, both ends of one and two passes, and points that no honest peer sends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.errors import BackendUnavailable, PeerError, UsageError
from mikey_sdp.mikey.crypto.curves import CURVES, curve_of, decode_point, encode_point, field_octets, key_of, number_of
from mikey_sdp.mikey.crypto.mqv import EphemeralKey, agree, agree_as_initiator, agree_as_responder, keys
from mikey_sdp.mikey.crypto.x963 import x963_kdf
from mikey_sdp.mikey.registry import EccCurve, ErrorNo
from mikey_sdp.secret import Secret, SeededEntropy
from tests.unit.mikey.affine import P_256, SECP160R1

VECTORS = Path(__file__).parents[2] / "vectors"
KNOWN = json.loads((VECTORS / "mikey_ecc_kat.json").read_text())
PUBLISHED = json.loads((VECTORS / "published_ec.json").read_text())
NAMED = {f"P-{curve.key_size}": curve for curve in CURVES.values()}
EACH = pytest.mark.parametrize("name", NAMED)


def scalar(digits: str) -> bytes:
    return bytes.fromhex(digits.zfill(-(-len(digits) // 2) * 2))


def coordinates(digits: list[str]) -> tuple[int, int]:
    x, y = (int(each, 16) for each in digits)
    return x, y


def public(curve: ec.EllipticCurve, digits: list[str]) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicNumbers(*coordinates(digits), curve).public_key()


def ends(name: str, kind: str) -> list[ec.EllipticCurvePrivateKey]:
    return [key_of(NAMED[name], scalar(KNOWN[name][f"d_{kind}_{end}"])) for end in "ir"]


@EACH
def test_the_known_answers_of_two_passes(name: str) -> None:
    (static_i, static_r), (drawn_i, drawn_r) = ends(name, "static"), ends(name, "eph")
    ours, theirs = EphemeralKey(drawn_i), EphemeralKey.of(NAMED[name], scalar(KNOWN[name]["d_eph_r"]))
    shared = agree(static_i, ours, static_r.public_key(), theirs.point)
    assert shared == agree(static_r, theirs, static_i.public_key(), ours.point)
    assert shared.reveal().hex() == KNOWN[name]["mqv2_Z"]
    tgk, auth_key = keys(shared, NAMED[name], 16, 20)
    assert (tgk.reveal().hex(), auth_key.reveal().hex()) == (KNOWN[name]["tgk16"], KNOWN[name]["auth_key20"])
    assert theirs.point == encode_point(drawn_r.public_key())


@pytest.mark.parametrize("case", PUBLISHED["one_pass_mqv"]["cases"], ids=lambda case: case["curve"])
def test_the_published_answers_of_one_pass(case: dict[str, Any]) -> None:
    curve = NAMED[case["curve"]]
    static = key_of(curve, scalar(case["static_private"]))
    point = encode_point(public(curve, case["peer_ephemeral_public"]))
    shared = agree_as_responder(static, public(curve, case["peer_static_public"]), point)
    assert shared.reveal().hex() == case["z"].lower()


@EACH
def test_both_ends_of_one_pass_agree(name: str) -> None:
    static_i, static_r = ends(name, "static")
    drawn = EphemeralKey.draw(NAMED[name], SeededEntropy(b"one"))
    shared = agree_as_initiator(static_i, drawn, static_r.public_key())
    assert shared == agree_as_responder(static_r, static_i.public_key(), drawn.point)
    assert len(shared) == field_octets(NAMED[name])
    assert shared != agree_as_responder(static_i, static_r.public_key(), drawn.point)


def test_the_published_answer_of_two_passes_and_ours_by_one_reference() -> None:
    """No published case lies on a curve that the toolkit offers: the reference gives both, that case and ours."""
    case = PUBLISHED["two_pass_mqv"]["cases"][0]
    u1, u2, v1, v2 = (int(case[name][1], 16) for name in ("u1", "u2", "v1", "v2"))
    for name in ("u1", "u2", "v1", "v2"):
        assert SECP160R1.public(int(case[name][1], 16))[0] == int(case[name][0][2:], 16)
    shared = {
        SECP160R1.mqv(u1, u2, SECP160R1.public(v1), SECP160R1.public(v2)),
        SECP160R1.mqv(v1, v2, SECP160R1.public(u1), SECP160R1.public(u2)),
    }
    assert shared == {int(case["z"], 16)}
    entropy = SeededEntropy(b"reference")
    static, drawn, peer, point = (EphemeralKey.draw(ec.SECP256R1(), entropy) for _ in range(4))
    ours = agree(static.private, drawn, peer.private.public_key(), point.point)
    d = [key.private.private_numbers().private_value for key in (static, drawn, peer, point)]
    assert int.from_bytes(ours.reveal(), "big") == P_256.mqv(d[0], d[1], P_256.public(d[2]), P_256.public(d[3]))


@EACH
def test_what_each_key_of_the_exchange_does(name: str) -> None:
    """Whoever lacks one of the two private keys gets another secret."""
    (static_i, static_r), (drawn_i, drawn_r) = ends(name, "static"), ends(name, "eph")
    other = EphemeralKey.draw(NAMED[name], SeededEntropy(b"other"))
    point = encode_point(drawn_r.public_key())
    shared = agree(static_i, EphemeralKey(drawn_i), static_r.public_key(), point)
    assert agree(other.private, EphemeralKey(drawn_i), static_r.public_key(), point) != shared
    assert agree(static_i, other, static_r.public_key(), point) != shared
    assert agree(static_i, EphemeralKey(drawn_i), other.private.public_key(), point) != shared


@EACH
def test_points_that_no_honest_peer_sends(name: str) -> None:
    static_i, static_r = ends(name, "static")
    drawn = EphemeralKey.draw(NAMED[name], SeededEntropy(b"own"))
    good = EphemeralKey.draw(NAMED[name], SeededEntropy(b"peer")).point
    bad = [good[:end] for end in range(len(good))]
    bad += [good + b"\x00", good[:-1] + bytes([good[-1] ^ 1]), bytes(len(good)), b"\x04" + b"\xff" * (len(good) - 1)]
    bad += [bytes([form]) + good[1:] for form in (0, 2, 3, 5, 6, 7)]
    for point in bad:
        with pytest.raises(PeerError) as refused:
            agree(static_i, drawn, static_r.public_key(), point)
        assert refused.value.mikey_error == ErrorNo.INVALID_DH


@EACH
def test_a_shared_point_at_infinity(name: str) -> None:
    """A peer whose certified key is its ephemeral key, divided by minus the weight, cancels itself out."""
    curve = NAMED[name]
    order = curve.group_order
    drawn = EphemeralKey.draw(curve, SeededEntropy(b"drawn"))
    half = 1 << (order.bit_length() + 1) // 2
    weight = drawn.private.public_key().public_numbers().x % half + half
    scalar_of = drawn.private.private_numbers().private_value
    static = ec.derive_private_key(-scalar_of * pow(weight, -1, order) % order, curve)
    with pytest.raises(PeerError, match="infinity") as refused:
        agree(ends(name, "static")[0], drawn, static.public_key(), drawn.point)
    assert refused.value.mikey_error == ErrorNo.INVALID_DH


def test_keys_of_several_curves() -> None:
    entropy = SeededEntropy(b"several")
    one, other, foreign = (
        EphemeralKey.draw(curve, entropy) for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.BrainpoolP256R1())
    )
    for static, drawn, peer in ((one, one, other), (one, other, one), (other, one, other), (foreign, foreign, foreign)):
        with pytest.raises(PeerError) as refused:
            agree_as_initiator(static.private, drawn, peer.private.public_key())
        assert refused.value.mikey_error == ErrorNo.INVALID_DH


def test_numbers_of_curves() -> None:
    assert {number_of(curve_of(number)) for number in CURVES} == set(CURVES)
    for number in (EccCurve.RESERVED_0, EccCurve.SECT163K1, EccCurve.of(240)):
        with pytest.raises(PeerError) as refused:
            curve_of(number)
        assert refused.value.mikey_error == ErrorNo.INVALID_DH
    with pytest.raises(PeerError, match="brainpool"):
        number_of(ec.BrainpoolP256R1())


@EACH
def test_scalars_out_of_range(name: str) -> None:
    order = NAMED[name].group_order
    for value in (0, order, order + 1):
        with pytest.raises(UsageError):
            key_of(NAMED[name], value.to_bytes(67, "big"))
    assert key_of(NAMED[name], (order - 1).to_bytes(67, "big"))


def test_points_keep_their_leading_zeros() -> None:
    entropy = SeededEntropy(b"zeros")
    made = next(
        key
        for key in iter(lambda: EphemeralKey.draw(ec.SECP256R1(), entropy), None)
        if key.private.public_key().public_numbers().x < 1 << 248
    )
    assert made.point[:2] == b"\x04\x00"
    assert encode_point(decode_point(ec.SECP256R1(), made.point)) == made.point


def test_a_short_tgk_is_refused_and_none_prints() -> None:
    shared = Secret(b"z" * 32)
    with pytest.raises(PeerError):
        keys(shared, ec.SECP256R1(), 15, 20)
    tgk, auth_key = keys(shared, ec.SECP256R1(), 33, 32)
    assert (len(tgk), len(auth_key)) == (33, 32)
    drawn = EphemeralKey.draw(ec.SECP256R1(), SeededEntropy(b"p"))
    assert repr(drawn) == "EphemeralKey()"


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "Crypto.PublicKey.ECC", None)
    static_i, static_r = ends("P-256", "static")
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[ec\]"):
        agree_as_initiator(static_i, EphemeralKey(static_i), static_r.public_key())


def test_the_published_answer_of_the_key_derivation() -> None:
    case = PUBLISHED["x963_kdf"]["cases"][0]
    made = x963_kdf(Secret(bytes.fromhex(case["z"])), case["octets"], hashes.SHA256())
    assert made.hex() == case["key"]

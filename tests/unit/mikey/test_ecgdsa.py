"""ECGDSA: published signatures, both ways of verifying, and nonces that never serve twice."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from mikey_sdp.errors import BackendUnavailable, UsageError
from mikey_sdp.mikey.crypto import ecgdsa
from mikey_sdp.mikey.crypto.curves import CURVES, draw_key, hash_of_curve
from mikey_sdp.mikey.crypto.ecgdsa import sign, sign_with_nonce, verify
from mikey_sdp.secret import SeededEntropy

PUBLISHED = json.loads((Path(__file__).parents[2] / "vectors" / "published_ec.json").read_text())
BRAINPOOL = {curve.name: curve for curve in (ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1())}
HASHES = {
    made.name: made for made in (hashes.SHA1(), hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
}
ALL_CURVES = [*CURVES.values(), *BRAINPOOL.values()]
EACH = pytest.mark.parametrize("curve", ALL_CURVES, ids=lambda curve: curve.name)
CASES = [case for case in PUBLISHED["ecgdsa"]["cases"] if case["curve"] in BRAINPOOL]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['curve']} {case['hash']}")
def test_the_published_signatures(case: dict[str, Any]) -> None:
    """The scalar of the publication is the inverse of that of the key."""
    curve, algorithm, message = BRAINPOOL[case["curve"]], HASHES[case["hash"]], case["message"].encode()
    private = ec.derive_private_key(pow(int(case["private"], 16), -1, curve.group_order), curve)
    half = len(case["signature_r_s"]) // 2
    r, s = int(case["signature_r_s"][:half], 16), int(case["signature_r_s"][half:], 16)
    made = sign_with_nonce(private, int(case["nonce"], 16), message, algorithm)
    assert decode_dss_signature(made) == (r, s)
    verify(private.public_key(), encode_dss_signature(r, s), message, algorithm)


@EACH
def test_what_is_signed_verifies_and_nothing_else_does(curve: ec.EllipticCurve) -> None:
    private, other = (draw_key(curve, SeededEntropy(seed)) for seed in (b"own", b"other"))
    algorithm = hash_of_curve(curve)
    made = sign(private, b"message", algorithm)
    verify(private.public_key(), made, b"message", algorithm)
    r, s = decode_dss_signature(made)
    order = curve.group_order
    pairs = [(r, order - s), (s, r), (r ^ 1, s), (r, s ^ 1), (0, s), (r, 0), (order, s), (r, order), (r, s + order)]
    pairs += [(r + order, s), (1, 1)]
    for wrong in pairs:
        with pytest.raises(InvalidSignature):
            verify(private.public_key(), encode_dss_signature(*wrong), b"message", algorithm)
    for public, octets in ((other.public_key(), b"message"), (private.public_key(), b"messagf")):
        with pytest.raises(InvalidSignature):
            verify(public, made, octets, algorithm)


@EACH
def test_octets_that_are_no_signature(curve: ec.EllipticCurve) -> None:
    private, algorithm = draw_key(curve, SeededEntropy(b"own")), hash_of_curve(curve)
    made = sign(private, b"message", algorithm)
    for octets in [made[:end] for end in range(len(made))] + [made + b"\x00", b"\x31" + made[1:]]:
        with pytest.raises(InvalidSignature):
            verify(private.public_key(), octets, b"message", algorithm)


@pytest.mark.parametrize("curve", CURVES.values(), ids=lambda curve: curve.name)
@pytest.mark.parametrize("algorithm", HASHES.values(), ids=HASHES)
def test_both_ways_of_verifying_agree(
    curve: ec.EllipticCurve, algorithm: hashes.HashAlgorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = draw_key(curve, SeededEntropy(b"ways"))
    made = sign(private, b"message", algorithm)
    verify(private.public_key(), made, b"message", algorithm)
    monkeypatch.setattr(ecgdsa, "_CARRIER_BITS", 0)
    verify(private.public_key(), made, b"message", algorithm)
    with pytest.raises(InvalidSignature):
        verify(private.public_key(), made, b"another", algorithm)


def test_only_the_largest_curve_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "Crypto.PublicKey.ECC", None)
    for curve in ALL_CURVES:
        private, algorithm = draw_key(curve, SeededEntropy(b"extra")), hash_of_curve(curve)
        made = sign(private, b"message", algorithm)
        if curve.name == "secp521r1":
            with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[ec\]"):
                verify(private.public_key(), made, b"message", algorithm)
        else:
            verify(private.public_key(), made, b"message", algorithm)


@EACH
def test_no_nonce_serves_twice(curve: ec.EllipticCurve) -> None:
    private, algorithm = draw_key(curve, SeededEntropy(b"nonce")), hash_of_curve(curve)
    made = [sign(private, octets, algorithm, attempt=attempt) for octets in (b"1", b"2") for attempt in range(3)]
    made += [private.sign(b"1", ec.ECDSA(algorithm, deterministic_signing=True))]
    assert len({decode_dss_signature(each)[0] for each in made}) == len(made)
    assert sign(private, b"1", algorithm) == made[0]
    for attempt in range(3):
        verify(private.public_key(), made[attempt], b"1", algorithm)


def test_the_nonce_follows_rfc_6979(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our additional data the nonce is that of appendix A.2.5 of the RFC: P-256, SHA-256, "sample"."""
    x = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    k = 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60
    private = ec.derive_private_key(x, ec.SECP256R1())

    class NoOctets:
        def to_bytes(self, length: int, byteorder: str) -> bytes:
            return b""

    monkeypatch.setattr(ecgdsa, "_LABEL", b"")
    e = int.from_bytes(hashlib.sha256(b"sample").digest(), "big")
    assert ecgdsa._nonce(private, e, hashes.SHA256(), NoOctets()) == k  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("curve", "name"),
    list(zip(CURVES.values(), ("sha1", "sha224", "sha256", "sha384", "sha512"), strict=True)),
    ids=lambda value: getattr(value, "name", value),
)
def test_the_hash_of_each_curve(curve: ec.EllipticCurve, name: str) -> None:
    assert hash_of_curve(curve).name == name


def test_a_nonce_without_a_signature_is_refused() -> None:
    private = draw_key(ec.SECP256R1(), SeededEntropy(b"zero"))
    r = ec.derive_private_key(5, ec.SECP256R1()).public_key().public_numbers().x
    digest = (5 * r % private.curve.group_order).to_bytes(32, "big")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ecgdsa, "_digest_bits", lambda *_: int.from_bytes(digest, "big"))
        with pytest.raises(UsageError):
            sign_with_nonce(private, 5, b"", hashes.SHA256())

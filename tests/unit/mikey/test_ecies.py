"""ECIES: known answers of every curve, the parts of a published one, and one answer to every fault."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.curves import CURVES, draw_key, encode_point, field_octets, key_of
from mikey_sdp.mikey.crypto.ecies import decrypt, encrypt, encrypt_from
from mikey_sdp.mikey.crypto.x963 import x963_kdf
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import Secret, SeededEntropy
from tests.unit.mikey.affine import SECP160R1

VECTORS = Path(__file__).parents[2] / "vectors"
KNOWN = json.loads((VECTORS / "mikey_ecc_kat.json").read_text())
PUBLISHED = json.loads((VECTORS / "published_ec.json").read_text())
NAMED = {f"P-{curve.key_size}": curve for curve in CURVES.values()}
EACH = pytest.mark.parametrize("name", NAMED)
ENVELOPE = bytes(range(16))


def key(name: str, which: str) -> ec.EllipticCurvePrivateKey:
    return key_of(NAMED[name], int(KNOWN[name][which], 16).to_bytes(66, "big"))


@EACH
def test_the_known_answers(name: str) -> None:
    known = KNOWN[name]
    recipient = key(name, "d_static_r")
    data = encrypt_from(key(name, "d_eph_i"), recipient.public_key(), bytes.fromhex(known["ecies_plain"]))
    assert data.hex() == known["ecies_cipher"]
    assert decrypt(recipient, data).hex() == known["ecies_plain"]


def test_the_parts_of_the_published_answer() -> None:
    """Another profile on a curve that the toolkit does not offer: it shows the key derivation and the order of keys."""
    case = PUBLISHED["ecies"]["cases"][0]
    ephemeral, receiver = int(case["ephemeral_private_decimal"]), int(case["receiver_private_decimal"])
    data = bytes.fromhex(case["ciphertext_compressed_point"])
    point, masked, mac = data[:21], data[21:-32], data[-32:]
    assert int.from_bytes(point[1:], "big") == SECP160R1.public(ephemeral)[0]
    shared = SECP160R1.times(ephemeral, SECP160R1.public(receiver))
    assert shared is not None
    material = x963_kdf(Secret(shared[0].to_bytes(20, "big")), 32 + 20, hashes.SHA1())
    assert hmac.digest(material[32:], masked, "sha256") == mac
    decryptor = Cipher(AES(material[:32]), CBC(bytes(16))).decryptor()
    assert decryptor.update(masked) + decryptor.finalize() == b"\x00" + b"\x0f" * 15


@EACH
@pytest.mark.parametrize("octets", [0, 1, 7, 8, 15, 16, 17, 32, 255])
def test_every_length_comes_back(name: str, octets: int) -> None:
    recipient = key(name, "d_static_r")
    data = encrypt(recipient.public_key(), b"\x5a" * octets, SeededEntropy(b"length"))
    assert decrypt(recipient, data) == b"\x5a" * octets


def test_each_encryption_has_a_key_of_its_own() -> None:
    recipient, entropy = key("P-256", "d_static_r"), SeededEntropy(b"fresh")
    one, other = (encrypt(recipient.public_key(), ENVELOPE, entropy) for _ in range(2))
    assert one[:65] != other[:65]
    assert one[65:] != other[65:]


@EACH
def test_every_fault_is_answered_alike(name: str) -> None:
    recipient = key(name, "d_static_r")
    data = encrypt(recipient.public_key(), ENVELOPE, SeededEntropy(b"fault"))
    faulty = [data[:end] for end in range(len(data))] + [data + b"\x00"]
    faulty += [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(len(data))]
    told = set()
    for each in faulty:
        with pytest.raises(PeerError) as refused:
            decrypt(recipient, each)
        assert refused.value.__cause__ is None
        told.add((str(refused.value), refused.value.mikey_error))
    assert len(told) == 1
    assert told.pop()[1] == ErrorNo.AUTH_FAILURE


@pytest.mark.parametrize("masked", [b"", b"\x00" * 15, b"\x00" * 16], ids=["none", "no whole block", "no padding"])
def test_a_peer_that_authenticates_nonsense_is_told_the_same(masked: bytes) -> None:
    recipient, ephemeral = key("P-256", "d_static_r"), draw_key(ec.SECP256R1(), SeededEntropy(b"nonsense"))
    shared = Secret(ephemeral.exchange(ec.ECDH(), recipient.public_key()))
    material = x963_kdf(shared, 16 + 20, hashes.SHA1())
    data = encode_point(ephemeral.public_key()) + masked + hmac.digest(material[16:], masked, "sha1")
    with pytest.raises(PeerError, match="does not decrypt") as refused:
        decrypt(recipient, data)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@EACH
def test_only_the_recipient_decrypts(name: str) -> None:
    data = encrypt(key(name, "d_static_r").public_key(), ENVELOPE, SeededEntropy(b"other"))
    with pytest.raises(PeerError):
        decrypt(key(name, "d_static_i"), data)
    assert len(data) == 1 + 2 * field_octets(NAMED[name]) + (24 if name == "P-192" else 32) + 20

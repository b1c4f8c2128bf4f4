"""The PRF, the derivations and the protection of KEMAC, against known answers and independent computations."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.crypto.derive import KeyContext, MessageKeys, label_of
from mikey_sdp.mikey.crypto.prf import mikey_1, prf_of
from mikey_sdp.mikey.crypto.protection import aes_cm_iv, decrypt, encrypt, mac, verify_mac
from mikey_sdp.mikey.payloads import Timestamp
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg, PrfConstant, PrfFunc, TsType
from mikey_sdp.secret import Secret

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "rfc3830_prf_and_exchanges.json").read_text())
T = Timestamp(value=0xC8E350EA00000000)
CSB_ID = 0xCD177E50
RAND = bytes.fromhex(VECTORS["psk_message_keys"]["rand"])
CONTEXT = KeyContext(csb_id=CSB_ID, rand=RAND, prf=mikey_1)
PSK = Secret(bytes.fromhex(VECTORS["psk_message_keys"]["psk"]))
KEYS = CONTEXT.message_keys(PSK)


def independent_prf(inkey: bytes, label: bytes, bits: int) -> bytes:
    """Section 4.1.2 written a second time, by its formulas and with another HMAC interface."""

    def one(key: bytes, data: bytes) -> bytes:
        return hmac.new(key, data, hashlib.sha1).digest()

    rounds = (bits + 159) // 160
    result = bytes(20 * rounds)
    for block in (inkey[i : i + 32] for i in range(0, len(inkey), 32)):
        chain, out = [label], b""
        for _ in range(rounds):
            chain.append(one(block, chain[-1]))
            out += one(block, chain[-1] + label)
        result = bytes(a ^ b for a, b in zip(result, out, strict=True))
    return result[: bits // 8]


@pytest.mark.requirement("3830-4.2.2-2")
@pytest.mark.parametrize("vector", VECTORS["prf_mikey1"])
def test_mikey_1_known_answers(vector: dict[str, str]) -> None:
    inkey, label = bytes.fromhex(vector["inkey"]), bytes.fromhex(vector["label"])
    out = prf_of(PrfFunc.MIKEY_1)(inkey, label, int(vector["outbits"]))
    assert out.hex() == vector["out"]
    assert out == independent_prf(inkey, label, int(vector["outbits"]))


@pytest.mark.requirement("3830-4.1.2-2")
@pytest.mark.parametrize("octets", [1, 16, 31, 32, 33, 64, 96, 192])
def test_whole_blocks_bring_no_empty_one(octets: int) -> None:
    inkey = bytes(range(1, octets + 1))
    assert mikey_1(inkey, b"label", 320) == independent_prf(inkey, b"label", 320)


@pytest.mark.requirement("3830-4.1.2-3")
def test_shorter_outputs_are_prefixes() -> None:
    longest = mikey_1(b"k" * 40, b"label", 336)
    assert [mikey_1(b"k" * 40, b"label", bits) for bits in (112, 128, 160, 176)] == [
        longest[:14],
        longest[:16],
        longest[:20],
        longest[:22],
    ]


def test_an_empty_inkey_is_refused() -> None:
    with pytest.raises(UsageError, match="inkey"):
        mikey_1(b"", b"label", 128)


@pytest.mark.parametrize("bits", [0, -8, 127])
def test_lengths_are_whole_octets(bits: int) -> None:
    with pytest.raises(UsageError):
        mikey_1(b"k", b"label", bits)


@pytest.mark.requirement("3830-4.2.2-3")
@pytest.mark.parametrize("number", [1, 2, 126])
def test_other_prfs_are_refused_by_number(number: int) -> None:
    with pytest.raises(PeerError) as caught:
        prf_of(PrfFunc(number))
    assert caught.value.mikey_error == ErrorNo.INVALID_PRF


@pytest.mark.requirement("3830-4.1.3-1", "3830-4.1.3-2")
def test_keys_from_a_tgk() -> None:
    vector = VECTORS["tgk_keys"]
    tgk = Secret(bytes.fromhex(vector["tgk"]))
    wanted = {
        "tek": (PrfConstant.TEK_FROM_TGK, 128),
        "salt": (PrfConstant.SALT_FROM_TGK, 112),
        "auth": (PrfConstant.AUTH_KEY_FROM_TGK, 160),
        "encr": (PrfConstant.ENCR_KEY_FROM_TGK, 128),
    }
    for cs_id in (1, 2):
        for name, (constant, bits) in wanted.items():
            assert CONTEXT.traffic_key(tgk, constant, cs_id, bits).reveal().hex() == vector[f"{name}_cs{cs_id}"]


@pytest.mark.requirement("3830-4.1.3-1")
def test_the_label_puts_its_parts_together() -> None:
    label = label_of(PrfConstant.TEK_FROM_TGK, 1, CSB_ID, RAND)
    assert label == bytes.fromhex("2ad01c6401cd177e50") + RAND
    assert len(label) == 25


@pytest.mark.requirement("3830-4.1.1-1")
@pytest.mark.parametrize(("cs_id", "csb_id"), [(256, 0), (-1, 0), (0, 1 << 32), (0, -1)])
def test_ids_that_do_not_fit_are_refused(cs_id: int, csb_id: int) -> None:
    with pytest.raises(UsageError):
        label_of(PrfConstant.TEK_FROM_TGK, cs_id, csb_id, RAND)


@pytest.mark.requirement("3830-4.1.4-1", "3830-4.1.4-2", "3830-4.2.4-2")
def test_keys_from_a_psk() -> None:
    vector = VECTORS["psk_message_keys"]
    assert KEYS.encr_key.reveal().hex() == vector["encr_key"]
    assert KEYS.auth_key.reveal().hex() == vector["auth_key"]
    assert KEYS.salt_key.reveal().hex() == vector["salt_key"]
    assert len(KEYS.auth_key) == 20


@pytest.mark.requirement("3830-4.1.4-4")
def test_another_csb_or_rand_gives_other_message_keys() -> None:
    others = [
        KeyContext(csb_id=CSB_ID + 1, rand=RAND, prf=mikey_1).message_keys(PSK),
        KeyContext(csb_id=CSB_ID, rand=RAND[::-1], prf=mikey_1).message_keys(PSK),
    ]
    assert all(other.auth_key != KEYS.auth_key and other.encr_key != KEYS.encr_key for other in others)


@pytest.mark.requirement("3830-4.2.3-2")
def test_the_iv_of_aes_cm() -> None:
    assert aes_cm_iv(KEYS, CSB_ID, T).hex() == VECTORS["aes_cm_iv"]["iv"]


@pytest.mark.requirement("3830-6.6-3")
def test_a_counter_enters_the_iv_with_leading_zeros() -> None:
    counter = Timestamp(ts_type=TsType.COUNTER, value=5)
    assert aes_cm_iv(KEYS, CSB_ID, counter).hex() == VECTORS["aes_cm_iv"]["iv_for_COUNTER_5"]


@pytest.mark.requirement("3830-4.2.3-2")
def test_aes_cm_is_counter_mode_from_that_iv() -> None:
    plain = bytes(range(50))
    stream = Cipher(AES(KEYS.encr_key.reveal()), CTR(bytes.fromhex(VECTORS["aes_cm_iv"]["iv"]))).encryptor()
    sealed = encrypt(EncrAlg.AES_CM_128, KEYS, csb_id=CSB_ID, timestamp=T, plain=plain)
    assert sealed == stream.update(plain)
    assert decrypt(EncrAlg.AES_CM_128, KEYS, csb_id=CSB_ID, timestamp=T, data=sealed) == plain


@pytest.mark.requirement("3830-4.2.3-3")
def test_no_more_than_a_kemac_holds() -> None:
    with pytest.raises(UsageError, match="don't fit"):
        encrypt(EncrAlg.AES_CM_128, KEYS, csb_id=CSB_ID, timestamp=T, plain=bytes(65536))


@pytest.mark.requirement("3830-4.2.3-10")
def test_aes_kw_is_rfc_3394_with_the_salt_for_initial_value() -> None:
    plain = bytes(range(24))
    default_iv = Secret(b"\xa6" * 8 + bytes(6))
    textbook = MessageKeys(encr_key=KEYS.encr_key, auth_key=KEYS.auth_key, salt_key=default_iv)
    wrapped = encrypt(EncrAlg.AES_KW_128, textbook, csb_id=CSB_ID, timestamp=T, plain=plain)
    assert aes_key_unwrap(KEYS.encr_key.reveal(), wrapped) == plain
    salted = encrypt(EncrAlg.AES_KW_128, KEYS, csb_id=CSB_ID, timestamp=T, plain=plain)
    assert salted != wrapped
    assert decrypt(EncrAlg.AES_KW_128, KEYS, csb_id=CSB_ID, timestamp=T, data=salted) == plain


def test_altered_wrapped_keys_are_refused() -> None:
    salted = encrypt(EncrAlg.AES_KW_128, KEYS, csb_id=CSB_ID, timestamp=T, plain=bytes(24))
    for broken in (salted[:-1] + bytes([salted[-1] ^ 1]), salted[:-8][:16], salted[:-3]):
        with pytest.raises(PeerError) as caught:
            decrypt(EncrAlg.AES_KW_128, KEYS, csb_id=CSB_ID, timestamp=T, data=broken)
        assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.parametrize("octets", [8, 20])
def test_wrapping_takes_whole_blocks(octets: int) -> None:
    with pytest.raises(UsageError):
        encrypt(EncrAlg.AES_KW_128, KEYS, csb_id=CSB_ID, timestamp=T, plain=bytes(octets))


@pytest.mark.requirement("3830-4.2.4-1")
def test_the_mac_is_hmac_sha_1_of_160_bits() -> None:
    tag = mac(MacAlg.HMAC_SHA_1_160, KEYS, b"covered")
    assert tag == hmac.new(KEYS.auth_key.reveal(), b"covered", hashlib.sha1).digest()
    verify_mac(MacAlg.HMAC_SHA_1_160, KEYS, b"covered", tag, section="")
    for covered, received in ((b"Covered", tag), (b"covered", tag[:-1]), (b"covered", bytes(20)), (b"covered", b"")):
        with pytest.raises(PeerError) as caught:
            verify_mac(MacAlg.HMAC_SHA_1_160, KEYS, covered, received, section="")
        assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("3830-4.1.3-6")
def test_the_constants_are_decimals_of_e() -> None:
    decimals = [718281828, 459045235, 360287471, 352662497, 757247093, 699959574, 966967627]
    wanted = [
        PrfConstant.TEK_FROM_TGK,
        PrfConstant.AUTH_KEY_FROM_TGK,
        PrfConstant.ENCR_KEY_FROM_TGK,
        PrfConstant.ENCR_KEY_FROM_PSK,
        PrfConstant.AUTH_KEY_FROM_PSK,
        PrfConstant.SALT_FROM_PSK,
        PrfConstant.SALT_FROM_TGK,
    ]
    assert decimals == [int(constant) for constant in wanted]

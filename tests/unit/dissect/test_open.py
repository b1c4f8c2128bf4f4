"""Opening messages with the pre-shared key: MAC, V, decryption, TEKs; true, false, and not checked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.opened import DATA_SAS, DECRYPTION, MAC_CHECK, V_CHECK, Check, Opened
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.crypto.protection import encrypt, mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    ErrorPayload,
    Header,
    Identity,
    KeyData,
    KeyDataTransport,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Signature,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
    Verification,
    encode_key_data,
)
from mikey_sdp.mikey.registry import (
    DataType,
    EncrAlg,
    ErrorNo,
    IdType,
    KeyDataType,
    MacAlg,
    PrfFunc,
    SignType,
    SrtpParam,
)
from mikey_sdp.secret import Secret
from tests.samples import DHHMAC_I, DHHMAC_R, I_MESSAGE, PSK, R_MESSAGE, RFC4567_OFFER, TGK, VECTORS

TEK_1 = VECTORS["tgk_keys"]["tek_cs1"]
SALT_1 = VECTORS["tgk_keys"]["salt_cs1"]
RAND = Rand(octets=bytes.fromhex(VECTORS["psk_message_keys"]["rand"]))
CSB_ID = 0xCD177E50
T = Timestamp(value=0xC8E350EA << 32)


def opened_all(*messages: bytes, psk: bytes | None = PSK) -> list[Explained]:
    found = [Found(where=Where(), octets=octets, origin="here") for octets in messages]
    return list(explain(found, known=Known(psk=None if psk is None else Secret(psk))))


def opened(*messages: bytes, psk: bytes | None = PSK) -> Opened:
    last = opened_all(*messages, psk=psk)[-1].opened
    assert last is not None
    return last


def verdicts(found: Opened) -> dict[str, bool | None]:
    return {check.name: check.held for check in found.checks}


def pushed(
    *payloads: Payload,
    keys: tuple[KeyData, ...] = (),
    header: Header | None = None,
    encr_alg: EncrAlg = EncrAlg.AES_CM_128,
    rand: bytes = RAND.octets,
) -> bytes:
    """A PSK message that is authentic, put together from the primitives."""
    header = header or Header(data_type=DataType.PRE_SHARED, csb_id=CSB_ID, sessions=(SrtpIdEntry(),))
    message_keys = KeyContext(csb_id=CSB_ID, rand=rand, prf=mikey_1).message_keys(Secret(PSK))
    plain = encode_key_data(keys, zero_fill=encr_alg == EncrAlg.AES_KW_128)
    data = encrypt(encr_alg, message_keys, csb_id=CSB_ID, timestamp=T, plain=plain)
    kemac = KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20))
    draft = Message.build(header, (*payloads, kemac)).octets
    tag = mac(MacAlg.HMAC_SHA_1_160, message_keys, draft[:-20])
    return draft[:-20] + tag


KEY = KeyData(key_type=KeyDataType.TGK, key=Secret(TGK))
POLICY = SecurityPolicy(policy_no=0)


def test_the_exchange_of_the_vectors_opens_with_its_key() -> None:
    offer, answer = (one.opened for one in opened_all(I_MESSAGE, R_MESSAGE))
    assert offer is not None
    assert answer is not None
    assert verdicts(offer) == {MAC_CHECK: True, DECRYPTION: True, DATA_SAS: True}
    assert verdicts(answer) == {V_CHECK: True}
    (data_sa,) = offer.data_sas
    assert (data_sa.cs_id, data_sa.ssrc, data_sa.roc) == (1, 0, 0)
    assert data_sa.master_key == Secret(bytes.fromhex(TEK_1))
    assert data_sa.master_salt == Secret(bytes.fromhex(SALT_1))
    assert offer.key_data is not None
    assert isinstance(offer.key_data[0], KeyData)
    assert offer.key_data[0].key == Secret(TGK)


def test_the_answer_may_come_before_the_offer() -> None:
    first, _ = opened_all(R_MESSAGE, I_MESSAGE)
    assert first.opened is not None
    assert verdicts(first.opened) == {V_CHECK: True}


def test_keys_show_as_fingerprints_until_they_are_revealed() -> None:
    (one,) = opened_all(I_MESSAGE)
    hidden, shown = json.dumps(one.fields()), json.dumps(one.fields(reveal=True))
    for key in (TGK.hex(), TEK_1, SALT_1, PSK.hex()):
        assert key not in hidden
    for key in (TGK.hex(), TEK_1, SALT_1):
        assert key in shown
    assert PSK.hex() not in shown
    assert Secret(bytes.fromhex(TEK_1)).fingerprint() in hidden


@pytest.mark.parametrize("message", [I_MESSAGE, DHHMAC_I])
def test_a_wrong_key_and_a_changed_octet_are_found(message: bytes) -> None:
    assert verdicts(opened(message, psk=bytes(16))) == {MAC_CHECK: False}
    for place in (19, 40, 90, len(message) - 1):
        changed = bytearray(message)
        changed[place] ^= 1
        one = opened_all(bytes(changed))[0]
        assert one.error is not None or one.opened is None or verdicts(one.opened)[MAC_CHECK] is False


def test_v_covers_the_answer_and_what_was_asked() -> None:
    assert verdicts(opened(I_MESSAGE, R_MESSAGE[:-1] + b"\x00")) == {V_CHECK: False}
    assert verdicts(opened(I_MESSAGE, R_MESSAGE, psk=bytes(16))) == {V_CHECK: False}
    other_name = I_MESSAGE.replace(b"donald", b"gustav")
    assert verdicts(opened(other_name, R_MESSAGE)) == {V_CHECK: False}


def test_an_answer_without_its_offer_is_not_checked() -> None:
    found = opened(R_MESSAGE)
    assert verdicts(found) == {V_CHECK: None}
    assert not found.all_held
    assert "not in the input" in found.checks[0].reason
    assert verdicts(opened(DHHMAC_R)) == {MAC_CHECK: None}


def test_dhhmac_is_authenticated_by_the_same_key() -> None:
    both = [one.opened for one in opened_all(DHHMAC_I, DHHMAC_R)]
    assert [verdicts(one) for one in both if one] == [{MAC_CHECK: True}, {MAC_CHECK: True}]


def test_key_wrap() -> None:
    message = pushed(T, RAND, POLICY, keys=(KEY,), encr_alg=EncrAlg.AES_KW_128)
    found = opened(message)
    assert found.all_held
    assert found.data_sas[0].master_key == Secret(bytes.fromhex(TEK_1))


def test_an_update_uses_the_rand_of_the_first_message() -> None:
    update = pushed(T, keys=(replace(KEY, key=Secret(b"another TGK here")),))
    _, found = opened_all(I_MESSAGE, update)
    assert found.opened is not None
    assert found.opened.all_held
    expected = KeyContext(csb_id=CSB_ID, rand=RAND.octets, prf=mikey_1)
    assert found.opened.data_sas[0].master_key != Secret(bytes.fromhex(TEK_1))
    assert len(found.opened.data_sas[0].master_key) == 16
    assert expected.csb_id == CSB_ID
    assert verdicts(opened(update)) == {MAC_CHECK: None}


def test_keys_that_fit_no_policy_are_told() -> None:
    found = opened(pushed(T, RAND, keys=(KEY,)))
    assert verdicts(found) == {MAC_CHECK: True, DECRYPTION: True, DATA_SAS: False}
    assert "policy 0" in found.checks[-1].reason


def test_a_first_message_without_keys_has_no_data_sas() -> None:
    assert opened(pushed(T, RAND, POLICY)).data_sas == ()


def test_a_prf_or_mac_that_is_not_known_is_told() -> None:
    header = Header(data_type=DataType.PRE_SHARED, csb_id=CSB_ID, prf_func=PrfFunc.HMAC_SHA_256)
    found = opened(pushed(T, RAND, header=header))
    assert verdicts(found) == {MAC_CHECK: False}
    assert "PRF" in found.checks[0].reason
    sha256 = KeyDataTransport(
        encr_alg=EncrAlg.AES_CM_128, encr_data=b"", mac_alg=MacAlg.HMAC_SHA_256_256, mac=bytes(32)
    )
    plain = Header(data_type=DataType.PRE_SHARED, csb_id=CSB_ID)
    assert verdicts(opened(Message.build(plain, (T, RAND, sha256)).octets)) == {MAC_CHECK: False}


@pytest.mark.parametrize(
    "payloads",
    [
        (T, RAND),
        (T, RAND, KeyDataTransport(encr_alg=EncrAlg.AES_CM_128, encr_data=b"x", mac_alg=MacAlg.NULL, mac=b"")),
        (KeyDataTransport(encr_alg=EncrAlg.AES_CM_128, encr_data=b"x", mac_alg=MacAlg.NULL, mac=b""), T, RAND),
    ],
)
def test_messages_without_a_closing_mac_are_told(payloads: tuple[Payload, ...]) -> None:
    message = Message.build(Header(data_type=DataType.PRE_SHARED, csb_id=CSB_ID), payloads)
    assert verdicts(opened(message.octets)) == {MAC_CHECK: False}


def test_a_message_of_another_kind_stays_closed() -> None:
    signed = Message.build(
        Header(data_type=DataType.DH_INIT, csb_id=1), (T, Signature(sign_type=SignType.RSA_PSS, signature=b"x"))
    )
    assert opened_all(signed.octets)[0].opened is None
    assert opened_all(I_MESSAGE, psk=None)[0].opened is None
    assert verdicts(opened(RFC4567_OFFER)) == {MAC_CHECK: False}


NULL = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"", mac_alg=MacAlg.NULL, mac=b"")


def null(*payloads: Payload, key: KeyData = KEY, sessions: int = 1) -> bytes:
    header = Header(data_type=DataType.PRE_SHARED, csb_id=CSB_ID, sessions=(SrtpIdEntry(),) * sessions)
    return Message.build(header, (*payloads, replace(NULL, encr_data=encode_key_data((key,))))).octets


def test_an_unprotected_message_needs_no_key() -> None:
    found = opened(null(T, RAND, POLICY), psk=None)
    assert verdicts(found) == {DECRYPTION: True, DATA_SAS: True}
    assert found.data_sas[0].master_key == Secret(bytes.fromhex(TEK_1))


def test_a_tek_needs_no_rand_and_a_tgk_does() -> None:
    tek = KeyData(key_type=KeyDataType.TEK_SALT, key=Secret(b"k" * 16), salt=Secret(b"s" * 14))
    assert opened(null(T, POLICY, key=tek), psk=None).data_sas[0].master_key == Secret(b"k" * 16)
    assert verdicts(opened(null(T, POLICY), psk=None))[DATA_SAS] is None


def test_the_null_v_of_an_unprotected_exchange() -> None:
    answer = Message.build(
        Header(data_type=DataType.PSK_VER_MSG, csb_id=CSB_ID), (T, Verification(auth_alg=MacAlg.NULL, mac=b""))
    )
    assert verdicts(opened(null(T, RAND, POLICY), answer.octets, psk=None)) == {V_CHECK: True}


def test_an_error_message_is_believed_as_far_as_its_v() -> None:
    header = Header(data_type=DataType.ERROR, csb_id=CSB_ID)
    report = (T, ErrorPayload(error_no=ErrorNo.INVALID_SPPAR))
    assert opened_all(I_MESSAGE, Message.build(header, report).octets)[1].opened is None
    draft = Message.build(header, (*report, Verification(auth_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20)))).octets
    names = [identity.data for identity in Message.decode(I_MESSAGE).all(Identity)]
    keys = KeyContext(csb_id=CSB_ID, rand=RAND.octets, prf=mikey_1).message_keys(Secret(PSK))
    tag = mac(MacAlg.HMAC_SHA_1_160, keys, draft[:-20] + b"".join(names) + T.value_octets)
    assert verdicts(opened(I_MESSAGE, draft[:-20] + tag)) == {V_CHECK: True}
    assert verdicts(opened(I_MESSAGE, draft)) == {V_CHECK: False}


def test_a_message_that_asks_for_too_many_keys_gets_none() -> None:
    keys = tuple(replace(KEY, validity=SpiValidity(spi=bytes((n,)))) for n in range(255))
    plain = replace(NULL, encr_data=encode_key_data(keys))
    header = Header(data_type=DataType.PRE_SHARED, csb_id=CSB_ID, sessions=(SrtpIdEntry(),) * 255)
    found = opened(Message.build(header, (T, RAND, POLICY, plain)).octets, psk=None)
    assert verdicts(found) == {DECRYPTION: True, DATA_SAS: None}
    assert "too many" in found.checks[-1].reason
    assert found.data_sas == ()


def test_a_check_that_was_not_made_has_not_held() -> None:
    assert Opened(checks=()).all_held
    assert not Opened(checks=(Check(name="x", held=None),)).all_held
    assert Identity(id_type=IdType.NAI, data=b"a").text == "a"


@pytest.mark.parametrize("kind", [SrtpParam.SESSION_ENCR_KEY_LENGTH, SrtpParam.SESSION_SALT_KEY_LENGTH])
def test_a_policy_that_asks_for_gigabytes_gets_none(kind: SrtpParam) -> None:
    greedy = SecurityPolicy(policy_no=0, params=(PolicyParam(type=kind, value=b"\xff" * 4),))
    found = opened(null(T, RAND, greedy), psk=None)
    assert verdicts(found) == {DECRYPTION: True, DATA_SAS: False}
    assert "more than 64 octets" in found.checks[-1].reason

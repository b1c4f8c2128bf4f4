"""Messages as plain values: the exact fields of the examples of RFC 4567, and one describer for every payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mikey_sdp.dissect.carriers import find
from mikey_sdp.dissect.describers import DESCRIBERS, one_payload
from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    PAYLOADS,
    Certificate,
    CertificateHash,
    DhValue,
    EnvelopeKey,
    ErrorPayload,
    GeneralExtension,
    Header,
    Identity,
    IntervalValidity,
    KeyData,
    KeyDataTransport,
    Payload,
    PolicyParam,
    SecurityPolicy,
    Signature,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
    Verification,
    encode_key_data,
)
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    CertType,
    DataType,
    DhGroup,
    EncrAlg,
    ErrorNo,
    ExtensionType,
    HashFunc,
    IdType,
    KeyDataType,
    MacAlg,
    ProtType,
    SignType,
    SrtpParam,
    TsType,
)
from mikey_sdp.secret import Secret
from tests.samples import DHHMAC_I, I_MESSAGE, RFC4567_ANSWER, RFC4567_OFFER, TGK, sdp

SECRET_KEY = bytes(range(0x60, 0x70))
SECRET_SALT = bytes(range(0x40, 0x4E))


def explained(octets: bytes) -> Explained:
    (one,) = explain([Found(where=Where(), octets=octets, origin="here")])
    return one


def point(value: int, name: str) -> dict[str, Any]:
    return {"value": value, "name": name}


def test_the_offer_of_rfc_4567() -> None:
    (one,) = explain(find(sdp(RFC4567_OFFER, media=(None, None))).found)
    assert one.fields() == {
        "where": {"level": "session", "media": None, "frame": None},
        "octets": 132,
        "header": {
            "data_type": point(0, "Pre-shared"),
            "v": 1,
            "prf_func": point(0, "MIKEY-1 (HMAC-SHA-1)"),
            "csb_id": 0xCD177E50,
            "cs_id_map_type": point(0, "SRTP-ID"),
            "cs": [{"cs_id": 1, "policy_no": 0, "ssrc": 0, "roc": 0}],
        },
        "payloads": [
            {
                "type": "T",
                "offset": 19,
                "octets": 10,
                "ts_type": point(0, "NTP-UTC"),
                "ts_value": 0xC8E350EA00000000,
                "utc": "2006-10-20T13:43:06Z",
            },
            {
                "type": "RAND",
                "offset": 29,
                "octets": 18,
                "rand_len": 16,
                "rand": "4a28da979ee21a7651a0d7f19136d98c",
            },
            {
                "type": "ID",
                "offset": 47,
                "octets": 19,
                "id_type": point(0, "NAI"),
                "id_len": 15,
                "id_data": b"donald@duck.com".hex(),
                "text": "donald@duck.com",
            },
            {
                "type": "SP",
                "offset": 66,
                "octets": 5,
                "policy_no": 0,
                "prot_type": point(0, "SRTP"),
                "policy_param": [],
            },
            {
                "type": "KEMAC",
                "offset": 71,
                "octets": 61,
                "encr_alg": point(1, "AES-CM-128"),
                "encr_data_len": 36,
                "encr_data": RFC4567_OFFER[75:111].hex(),
                "mac_alg": point(1, "HMAC-SHA-1-160"),
                "mac": RFC4567_OFFER[112:].hex(),
            },
        ],
        "remarks": one.fields()["remarks"],
    }
    assert [remark["text"].split(":")[0] for remark in one.fields()["remarks"]] == [
        "no SDP IDs extension",
        "#CS is 1; two for each of 2 m= lines would make 4",
        "T is 2006-10-20T13",
        "SSRC 0 in every CS",
        "one identity only",
    ]


def test_the_answer_of_rfc_4567() -> None:
    fields = explained(RFC4567_ANSWER).fields()
    assert fields["octets"] == 71
    assert fields["header"]["data_type"] == point(1, "PSK ver msg")
    assert fields["header"]["csb_id"] == 0xCD177E50
    assert [(one["type"], one["offset"], one["octets"]) for one in fields["payloads"]] == [
        ("T", 19, 10),
        ("ID", 29, 20),
        ("V", 49, 22),
    ]
    assert fields["payloads"][1]["text"] == "mickey@mouse.com"
    assert fields["payloads"][2]["auth_alg"] == point(1, "HMAC-SHA-1-160")
    assert fields["payloads"][2]["ver_data"] == RFC4567_ANSWER[51:].hex()


def test_every_payload_of_the_codec_has_a_describer() -> None:
    assert set(DESCRIBERS) == set(PAYLOADS.values())


CASES: list[tuple[Payload, dict[str, Any]]] = [
    (
        EnvelopeKey(cache=CacheIndicator.CACHE, data=b"\x01\x02"),
        {"c": point(1, "Cache"), "data_len": 2, "data": "0102"},
    ),
    (
        DhValue(group=DhGroup.OAKLEY_1, value=bytes(95) + b"\x02", validity=SpiValidity(spi=b"\x07")),
        {
            "dh_group": point(1, "OAKLEY 1"),
            "dh_value": "00" * 95 + "02",
            "reserved": 0,
            "kv": point(1, "SPI"),
            "spi": "07",
        },
    ),
    (
        Signature(sign_type=SignType.RSA_PSS, signature=b"\xab"),
        {"s_type": point(1, "RSA/PSS"), "signature_len": 1, "signature": "ab"},
    ),
    (Timestamp(ts_type=TsType.COUNTER, value=7), {"ts_type": point(2, "COUNTER"), "ts_value": 7}),
    (
        Timestamp(ts_type=TsType.NTP_UTC_32, value=0xC8E350EA),
        {"ts_type": point(3, "NTP-UTC-32"), "ts_value": 0xC8E350EA, "utc": "2006-10-20T13:43:06Z"},
    ),
    (
        Identity(id_type=IdType.URI, data=b"sip:\xff"),
        {"id_type": point(1, "URI"), "id_len": 5, "id_data": "7369703aff", "text": "sip:\\xff"},
    ),
    (
        Certificate(cert_type=CertType.X509V3_URL, data=b"u"),
        {"cert_type": point(1, "X.509v3 URL"), "cert_len": 1, "cert_data": "75"},
    ),
    (
        CertificateHash(hash_func=HashFunc.MD5, digest=bytes(16)),
        {"hash_func": point(1, "MD5"), "hash": "00" * 16},
    ),
    (Verification(auth_alg=MacAlg.NULL, mac=b""), {"auth_alg": point(0, "NULL"), "ver_data": ""}),
    (
        ErrorPayload(error_no=ErrorNo.INVALID_SPPAR, reserved=3),
        {"error_no": point(10, "Invalid SPpar"), "reserved": 3},
    ),
    (
        GeneralExtension.of_csb_id(0x01020304),
        {"ext_type": point(4, "CSB_ID"), "length": 4, "data": "01020304", "csb_id": 0x01020304},
    ),
    (
        GeneralExtension(ext_type=ExtensionType.VENDOR_ID, data=b"acme"),
        {"ext_type": point(0, "Vendor ID"), "length": 4, "data": "61636d65", "text": "acme"},
    ),
    (
        GeneralExtension(ext_type=ExtensionType(200), data=b""),
        {"ext_type": point(200, "unassigned 200"), "length": 0, "data": ""},
    ),
    (
        SecurityPolicy(
            policy_no=3,
            params=(
                PolicyParam(type=SrtpParam.ENCRYPTION_ALGORITHM, value=b"\x01"),
                PolicyParam(type=SrtpParam.SESSION_ENCR_KEY_LENGTH, value=b"\x00\x20"),
                PolicyParam(type=77, value=bytes(9)),
            ),
        ),
        {
            "policy_no": 3,
            "prot_type": point(0, "SRTP"),
            "policy_param": [
                {
                    "type": point(0, "Encryption algorithm"),
                    "length": 1,
                    "value": "01",
                    "meaning": point(1, "AES-CM"),
                },
                {"type": point(1, "Session Encr. key length"), "length": 2, "value": "0020", "meaning": 32},
                {"type": point(77, "unassigned 77"), "length": 9, "value": "00" * 9},
            ],
        },
    ),
    (
        SecurityPolicy(policy_no=0, prot_type=ProtType.TESLA, params=(PolicyParam(type=1, value=b"\x00"),)),
        {
            "policy_no": 0,
            "prot_type": point(1, "TESLA"),
            "policy_param": [{"type": point(1, ""), "length": 1, "value": "00"}],
        },
    ),
    (
        SecurityPolicy(
            policy_no=255,
            prot_type=ProtType.DHSAML_ROUND_2,
            params=(
                PolicyParam(type=1, value=b"\x01"),
                PolicyParam(type=2, value=b"\x02"),
                PolicyParam(type=3, value=b"\x07"),
                PolicyParam(type=9, value=b""),
            ),
        ),
        {
            "policy_no": 255,
            "prot_type": point(241, "DHSAML round-2 policy"),
            "policy_param": [
                {"type": point(1, "round 2"), "length": 1, "value": "01", "meaning": point(1, "liveness")},
                {"type": point(2, "variant"), "length": 1, "value": "02", "meaning": point(2, "ephemeral")},
                {"type": point(3, ""), "length": 1, "value": "07"},
                {"type": point(9, ""), "length": 0, "value": ""},
            ],
        },
    ),
]


@pytest.mark.parametrize(("payload", "fields"), CASES, ids=lambda case: type(case).__name__)
def test_the_fields_of_each_payload(payload: Payload, fields: dict[str, Any]) -> None:
    assert one_payload(payload) == fields
    json.dumps(fields)


KEY = KeyData(
    key_type=KeyDataType.TEK_SALT,
    key=Secret(SECRET_KEY),
    salt=Secret(SECRET_SALT),
    validity=IntervalValidity(valid_from=bytes(6), valid_to=b"\xff" * 6),
)


def null_message(*, data_type: DataType = DataType.PRE_SHARED, inside: tuple[Payload, ...] = (KEY,)) -> Message:
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=encode_key_data(inside), mac_alg=MacAlg.NULL, mac=b"")
    header = Header(data_type=data_type, csb_id=7, sessions=(SrtpIdEntry(ssrc=5),))
    return Message.build(header, (Timestamp(value=0xC8E350EA << 32), SecurityPolicy(policy_no=0), kemac))


def test_keys_in_clear_show_their_structure_but_no_octet() -> None:
    one = explained(null_message().octets)
    kemac = one.fields()["payloads"][-1]
    assert kemac["key_data"] == [
        {
            "type": "KEY_DATA",
            "key_type": point(3, "TEK+SALT"),
            "key_data_len": 16,
            "key_data_fingerprint": Secret(SECRET_KEY).fingerprint(),
            "salt_data_len": 14,
            "salt_data_fingerprint": Secret(SECRET_SALT).fingerprint(),
            "kv": point(2, "Interval"),
            "valid_from": "000000000000",
            "valid_to": "ffffffffffff",
        }
    ]
    assert "encr_data" not in kemac
    said = json.dumps(one.fields())
    assert SECRET_KEY.hex() not in said
    assert SECRET_SALT.hex() not in said


def test_keys_are_revealed_on_demand() -> None:
    kemac = explained(null_message().octets).fields(reveal=True)["payloads"][-1]
    assert kemac["key_data"][0]["key_data"] == SECRET_KEY.hex()
    assert kemac["key_data"][0]["salt_data"] == SECRET_SALT.hex()
    assert SECRET_KEY.hex() in kemac["encr_data"]


def test_a_kemac_that_begins_with_an_id() -> None:
    inside = (Identity(id_type=IdType.URI, data=b"sip:a"), KEY)
    kemac = explained(null_message(data_type=DataType.PUBLIC_KEY, inside=inside).octets).fields()["payloads"][-1]
    assert [one["type"] for one in kemac["key_data"]] == ["ID", "KEY_DATA"]


def test_key_data_that_is_malformed_is_told_without_its_octets() -> None:
    inside = b"\x00\x00\x00\x20" + SECRET_KEY
    broken = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=inside, mac_alg=MacAlg.NULL, mac=b"")
    message = Message.build(Header(data_type=DataType.PRE_SHARED, csb_id=7), (Timestamp(value=1), broken))
    fields = explained(message.octets).fields()
    assert "wanted 32, left 16" in fields["payloads"][-1]["key_data_error"]
    assert any("key data inside KEMAC is malformed" in remark["text"] for remark in fields["remarks"])
    assert SECRET_KEY.hex() not in json.dumps(fields)


@pytest.mark.parametrize("message", [I_MESSAGE, DHHMAC_I, null_message().octets], ids=["psk", "dhhmac", "null"])
def test_a_message_that_breaks_off_shows_what_was_read(message: bytes) -> None:
    whole = explained(message).fields()["payloads"]
    for end in range(len(message)):
        one = explained(message[:end])
        fields = one.fields()
        assert fields["error"]["offset"] <= end
        assert fields["remarks"] == []
        complete = [payload for payload in whole if payload["offset"] + payload["octets"] <= end]
        assert fields["payloads"] == (complete if fields["header"] else [])
        json.dumps(fields)


def test_a_carrier_that_could_not_be_read_is_an_object_too() -> None:
    bad = find(sdp(I_MESSAGE))
    fault = explained(b"").error
    assert fault is not None
    (one,) = explain([Found(where=Where(frame=3), octets=b"", origin="frame 3", error=fault)])
    assert one.fields()["error"]["field"] == fault.field
    assert (one.fields()["header"], one.fields()["payloads"]) == (None, [])
    assert bad.found[0].octets == I_MESSAGE


def test_the_tgk_of_the_vectors_stays_hidden() -> None:
    assert TGK.hex() not in json.dumps(explained(I_MESSAGE).fields())

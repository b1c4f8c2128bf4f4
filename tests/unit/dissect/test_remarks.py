"""Remarks: each appears where it must and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.dissect.explain import explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.remark import Remark
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    DhValue,
    ErrorPayload,
    GeneralExtension,
    Header,
    Identity,
    KeyData,
    KeyDataTransport,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Signature,
    SrtpIdEntry,
    Timestamp,
    Verification,
    encode_key_data,
)
from mikey_sdp.mikey.registry import (
    DataType,
    DhGroup,
    EncrAlg,
    ErrorNo,
    ExtensionType,
    IdType,
    KeyDataType,
    MacAlg,
    ProtType,
    SignType,
    SrtpParam,
    TsType,
)
from mikey_sdp.secret import Secret
from tests.samples import I_MESSAGE, R_MESSAGE, T_UNIX_US

T = Timestamp(value=0xC8E350EA << 32)
RAND = Rand(octets=bytes.fromhex("4a28da979ee21a7651a0d7f19136d98c"))
IDS = (Identity(id_type=IdType.URI, data=b"sip:a@x"), Identity(id_type=IdType.URI, data=b"sip:b@x"))
POLICY = SecurityPolicy(policy_no=0)
SDP_IDS = GeneralExtension.of_sdp_ids(["mikey"])
KEMAC = KeyDataTransport(encr_alg=EncrAlg.AES_CM_128, encr_data=b"x", mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20))
SESSIONS = (SrtpIdEntry(ssrc=1), SrtpIdEntry(ssrc=2))
NOW = T_UNIX_US + 250_000


def header(data_type: DataType = DataType.PRE_SHARED, **fields: Any) -> Header:
    return Header(**{"data_type": data_type, "csb_id": 7, "v": True, "sessions": SESSIONS, **fields})


def build(*payloads: Payload, **fields: Any) -> bytes:
    return Message.build(header(**fields), payloads).octets


def offer(**changed: Any) -> bytes:
    """A PSK offer with nothing to remark upon but its time; `changed` names payloads or header fields."""
    parts: dict[str, Any] = {"t": T, "rand": RAND, "ids": IDS, "policies": (POLICY,), "extensions": (SDP_IDS,)}
    parts["kemac"] = KEMAC
    parts |= {name: changed.pop(name) for name in list(changed) if name in parts}
    rand = () if parts["rand"] is None else (parts["rand"],)
    chain = (parts["t"], *rand, *parts["ids"], *parts["policies"], *parts["extensions"], parts["kemac"])
    return build(*chain, **changed)


def remarks(octets: bytes, *, now: int | None = NOW, **found: Any) -> tuple[Remark, ...]:
    place = Found(where=Where(), octets=octets, origin="here", **{"identifiers": "mikey", "streams": 1, **found})
    (one,) = explain([place], now_unix_us=now)
    assert one.error is None, one.error
    return one.remarks


def said(octets: bytes, **how: Any) -> str:
    return "\n".join(f"{one.severity}: {one.text}" for one in remarks(octets, **how))


def test_a_good_offer_gets_its_time_and_nothing_else() -> None:
    assert said(offer()) == "note: T is 2006-10-20T13:43:06Z, 0.25 s before now"


def kemac(encr_alg: EncrAlg, *keys: KeyData, mac_alg: MacAlg = MacAlg.NULL, octets: bytes = b"") -> KeyDataTransport:
    data = octets or encode_key_data(keys)
    return KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=mac_alg, mac=bytes(20 * mac_alg))


def tek(octets: bytes) -> KeyData:
    return KeyData(key_type=KeyDataType.TEK, key=Secret(octets))


def sp(*params: tuple[int, bytes], number: int = 0, **fields: Any) -> SecurityPolicy:
    made = tuple(PolicyParam(type=kind, value=value) for kind, value in params)
    return SecurityPolicy(policy_no=number, params=made, **fields)


def ext(number: int, data: bytes = b"") -> tuple[GeneralExtension, ...]:
    return (SDP_IDS, GeneralExtension(ext_type=ExtensionType(number), data=data))


def twice_policy_0() -> bytes:
    octets = bytearray(offer(policies=(POLICY, sp(number=1))))
    second = Message.decode(bytes(octets)).spans[5]
    octets[second.offset + 1] = 0
    return bytes(octets)


V_NULL = Verification(auth_alg=MacAlg.NULL, mac=b"")
SIGNED = Signature(sign_type=SignType.RSA_PSS, signature=b"x")
DH = DhValue(group=DhGroup.OAKLEY_5, value=bytes(191) + b"\x02")
GOOD_KEY = b"0123456789abcdef"

RAND_CASES = [
    (offer(rand=Rand(octets=bytes(16))), "warning: RAND is all zeros"),
    (offer(rand=Rand(octets=b"abcd" * 4)), "warning: RAND repeats a pattern"),
    (offer(rand=Rand(octets=bytes(range(16)))), "warning: RAND counts up or down"),
    (offer(rand=Rand(octets=bytes(range(200, 184, -1)))), "warning: RAND counts up or down"),
    (offer(rand=Rand(octets=RAND.octets[:15])), "warning: RAND has 15 octets"),
    (offer(rand=Rand(octets=RAND.octets[:7])), "error: RAND has 7 octets"),
    (offer(rand=None), "note: no RAND: this updates a CSB"),
]
KEMAC_CASES = [
    (offer(kemac=kemac(EncrAlg.NULL, tek(GOOD_KEY))), "warning: NULL encryption"),
    (offer(kemac=kemac(EncrAlg.NULL, tek(GOOD_KEY))), "warning: NULL MAC"),
    (offer(kemac=kemac(EncrAlg.AES_CM_128, octets=b"x")), "error: NULL MAC beside AES-CM-128"),
    (offer(kemac=kemac(EncrAlg.NULL, tek(bytes(range(30))))), "warning: a TEK of 30 octets"),
    (offer(kemac=kemac(EncrAlg.NULL, tek(b"short"))), "error: a key of 5 octets is shorter than the 16"),
    (offer(kemac=kemac(EncrAlg.NULL, tek(bytes(16)))), "warning: a key is all zeros"),
    (offer(kemac=kemac(EncrAlg.NULL, octets=b"x")), "error: the key data inside KEMAC is malformed"),
]
POLICY_CASES = [
    (
        offer(policies=(sp((SrtpParam.SESSION_AUTH_KEY_LENGTH, b"\x0a")),)),
        "warning: policy 0 asks for an auth",
    ),
    (offer(policies=(sp((SrtpParam.SESSION_AUTH_KEY_LENGTH, b"\x04")),)), "probably the tag length is meant"),
    (offer(policies=(sp((SrtpParam.ENCRYPTION_ALGORITHM, b"\x00")),)), "warning: policy 0: media are not encrypted"),
    (offer(policies=(sp((SrtpParam.SRTP_ENCRYPTION, b"\x00")),)), "warning: policy 0: SRTP encryption is switched off"),
    (offer(policies=(sp((SrtpParam.SRTCP_ENCRYPTION, b"\x00")),)), "note: policy 0: SRTCP encryption is switched off"),
    (offer(policies=(sp((SrtpParam.AUTHENTICATION_ALGORITHM, b"\x00")),)), "warning: policy 0: media are not authent"),
    (offer(policies=(sp((SrtpParam.SRTP_AUTHENTICATION, b"\x00")),)), "SRTP authentication is switched off"),
    (offer(policies=(sp((SrtpParam.AUTHENTICATION_TAG_LENGTH, b"\x04")),)), "note: policy 0: a tag of 32 bits"),
    (offer(policies=(sp((SrtpParam.AUTHENTICATION_TAG_LENGTH, b"\x08")),)), "tag of 8 octets is unusual"),
    (offer(policies=(sp((SrtpParam.SRTP_PRF, b"")),)), "error: policy 0: SRTP Pseudo Random Function has no value"),
    (offer(policies=(sp((1, b"\x10"), (1, b"\x20")),)), "warning: policy 0 gives Session Encr. key length more than"),
    (twice_policy_0(), "error: policy 0 is given 2 times"),
    (offer(policies=(sp(number=1),)), "error: a crypto session names policy 0"),
    (offer(policies=(POLICY, sp(number=9))), "note: no crypto session uses policy 9"),
]
CARRIER_CASES = [
    (offer(extensions=()), "warning: no SDP IDs extension"),
    (offer(extensions=ext(1, b"mikey;keyp1")[1:]), "error: SDP IDs say mikey;keyp1, the SDP offers mikey"),
    (offer(extensions=ext(1, b"mikey;")[1:]), "error: the SDP IDs extension is malformed"),
    (offer(sessions=(SrtpIdEntry(), SrtpIdEntry(ssrc=3))), "note: SSRC 0 in CS 1:"),
    (offer(sessions=(SrtpIdEntry(), SrtpIdEntry())), "note: SSRC 0 in every CS"),
    (offer(sessions=(SrtpIdEntry(ssrc=3),)), "warning: #CS is 1; two for each of 1 m= line would make 2"),
    (offer(sessions=(SrtpIdEntry(ssrc=3),) * 2), "warning: two crypto sessions have the same SSRC"),
]
TIME_CASES = [
    (offer(t=Timestamp(ts_type=TsType.COUNTER, value=5)), "note: T counts messages"),
    (
        offer(t=Timestamp(value=0x01D38E19_12345678)),
        "warning: T is 2037-01-26T22:03:05.071111Z as NTP, but",
    ),
    (offer(t=Timestamp(value=0x01D38E19_12345678)), "Windows FILETIME of 2018-01-15"),
    (offer(t=Timestamp(value=0x5F000000 << 32)), "looks like Unix time of 2020-07-04"),
    (offer(t=Timestamp(ts_type=TsType.NTP_UTC_32, value=0xC8E350E9)), "T is 2006-10-20T13:43:05Z, 1.25 s before now"),
]
NUMBER_CASES = [
    (offer(extensions=ext(77)), "warning: ExtensionType 77 is not assigned"),
    (offer(extensions=ext(250)), "note: ExtensionType 250 is for private use"),
    (offer(policies=(POLICY, sp(number=1, prot_type=ProtType.DHSAML_ROUND_2))), "warning: ProtType 241"),
    (offer(policies=(POLICY, sp(number=1, prot_type=ProtType.IPSEC4))), "note: ProtType 7 (IPSEC4) is in use but not"),
    (offer(policies=(sp((99, b"\x01")),)), "warning: SrtpParam 99 is not assigned"),
    (build(T, Signature(sign_type=SignType.ECDSA, signature=b"x"), data_type=DataType.RSA_R_I_MSG), "SignType 14"),
]
EXCHANGE_CASES = [
    (offer(ids=()), "note: no identities"),
    (offer(ids=IDS[:1]), "note: one identity only"),
    (offer(v=False), "note: V=0: the Initiator expects no answer"),
    (build(T, RAND, *IDS, POLICY, SDP_IDS), "error: no KEMAC in the Pre-shared message"),
    (build(T, V_NULL, data_type=DataType.PSK_VER_MSG), "note: V=1 means nothing in a message of a Responder"),
    (build(T, V_NULL, data_type=DataType.PSK_VER_MSG), "warning: V is NULL"),
    (build(T, RAND, V_NULL, data_type=DataType.PSK_VER_MSG), "warning: RAND has no place in the answer"),
    (build(T, RAND, DH, SIGNED, data_type=DataType.DH_INIT, v=False), "note: V=0 means nothing here"),
    (build(T, ErrorPayload(error_no=ErrorNo.INVALID_TS), data_type=DataType.ERROR), "note: nothing authenticates this"),
    (build(T, data_type=DataType.ERROR), "warning: an Error message without an ERR payload"),
]
ALL_CASES = [
    *(*RAND_CASES, *KEMAC_CASES, *POLICY_CASES, *CARRIER_CASES, *TIME_CASES, *NUMBER_CASES, *EXCHANGE_CASES),
]


@pytest.mark.parametrize(("octets", "expected"), ALL_CASES)
def test_what_is_remarked(octets: bytes, expected: str) -> None:
    assert expected in said(octets)
    assert expected not in said(offer())


DHHMAC = kemac(EncrAlg.NULL, mac_alg=MacAlg.HMAC_SHA_1_160)


@pytest.mark.parametrize(
    ("octets", "absent"),
    [
        (offer(kemac=DHHMAC), "NULL encryption"),
        (offer(policies=(sp((3, b"\x0a"), (11, b"\x0a")),)), "probably the tag length is meant"),
        (offer(policies=(sp((3, b"\x0a"), (2, b"\x00")),)), "probably the tag length is meant"),
        (offer(policies=(sp((11, b"\x0a")),)), "unusual"),
        (offer(sessions=()), "#CS is"),
        (offer(policies=(), rand=None), "names policy"),
        (build(T, RAND, IDS[1], DH, DHHMAC, data_type=DataType.DHHMAC_INIT), "one identity only"),
        (build(T, SIGNED, data_type=DataType.RSA_R_I_MSG), "no RAND"),
        (build(T, RAND, DH, SIGNED, data_type=DataType.DH_INIT), "V=1"),
        (build(T, SIGNED, data_type=DataType.RSA_R_I_MSG), "V=1"),
        (R_MESSAGE, "SSRC 0"),
        (R_MESSAGE, "SDP IDs"),
        (R_MESSAGE, "identit"),
    ],
)
def test_what_is_not_remarked(octets: bytes, absent: str) -> None:
    assert absent not in said(octets)


def test_the_sdp_around_the_message_counts_only_where_there_is_one() -> None:
    bare = said(offer(extensions=()), identifiers=None, streams=None)
    assert "SDP IDs" not in bare
    assert "#CS" not in said(offer(sessions=(SrtpIdEntry(ssrc=3),)), identifiers=None, streams=None)
    assert "two for each of 2 m= lines would make 4" in said(offer(), streams=2)


@pytest.mark.parametrize(
    ("distance_s", "expected"),
    [
        (0, "note: T is 2006-10-20T13:43:06Z, 0 s before now"),
        (299, "note: T is 2006-10-20T13:43:06Z, 5 min before now"),
        (-299, "note: T is 2006-10-20T13:43:06Z, 5 min after now"),
        (301, "note: T is 2006-10-20T13:43:06Z, 5 min before now; a Responder that allows 5 min discards it"),
        (-301, "warning: T is 2006-10-20T13:43:06Z, 5 min after now; a Responder that allows 5 min discards it"),
        (10 * 86_400, "note: T is 2006-10-20T13:43:06Z, 10 days before now; a Responder that allows 5 min discards it"),
    ],
)
def test_the_distance_from_now(distance_s: int, expected: str) -> None:
    assert said(offer(), now=T_UNIX_US + distance_s * 1_000_000) == expected


def test_without_a_now_only_the_time_is_told() -> None:
    assert said(offer(), now=None) == "note: T is 2006-10-20T13:43:06Z"


def test_in_a_capture_the_time_of_the_frame_counts() -> None:
    assert said(offer(), captured_us=T_UNIX_US + 90_000_000, now=0) == (
        "note: T is 2006-10-20T13:43:06Z, 90 s before the frame was captured"
    )
    assert said(offer(), captured_us=T_UNIX_US + 900_000_000, now=0).startswith(
        "warning: T is 2006-10-20T13:43:06Z, 15 min"
    )


def test_the_ntp_era_is_the_one_nearest_to_now() -> None:
    after_the_wrap = Timestamp(value=0x00000005 << 32)
    now = 2_085_978_496_000_000
    assert "T is 2036-02-07T06:28:21Z, 5 s after now" in said(offer(t=after_the_wrap), now=now)
    assert "T is 2036-02-07T06:28:21Z" in said(offer(t=after_the_wrap), now=None)


def test_a_real_time_that_only_looks_like_a_filetime_is_left_alone() -> None:
    value = 0x01D38E19_12345678
    unix_us = 2_085_978_496_000_000 + (value * 1_000_000 >> 32)
    assert "FILETIME" not in said(offer(t=Timestamp(value=value)), now=unix_us)
    assert "FILETIME" in said(offer(t=Timestamp(value=value)), now=None)


def test_repetition_is_told() -> None:
    places = [Found(where=Where(), octets=octets, origin="here") for octets in (I_MESSAGE, R_MESSAGE, I_MESSAGE)]
    repeated = ["same octets" in "".join(r.text for r in one.remarks) for one in explain(places)]
    assert repeated == [False, False, True]


def test_keys_that_only_the_psk_opens_are_remarked_upon_too() -> None:
    from tests.unit.dissect.test_open import POLICY as POLICY_0
    from tests.unit.dissect.test_open import PSK, pushed
    from tests.unit.dissect.test_open import RAND as RAND_0
    from tests.unit.dissect.test_open import T as T_0

    zero = KeyData(key_type=KeyDataType.TGK, key=Secret(bytes(16)))
    place = Found(where=Where(), octets=pushed(T_0, RAND_0, POLICY_0, keys=(zero,)), origin="here")
    (one,) = explain([place], known=Known(psk=Secret(PSK)))
    assert "a key is all zeros" in [remark.text for remark in one.remarks]


def test_errors_come_first_then_warnings_then_notes() -> None:
    found = remarks(offer(rand=Rand(octets=bytes(5)), ids=(), extensions=()))
    order = [one.severity for one in found]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert set(order) == {"error", "warning", "note"}
    assert all(one.section.startswith("RFC ") for one in found)


def test_tolerance_of_the_carrier_is_told() -> None:
    assert "note: folded" in said(offer(), notes=("folded",))

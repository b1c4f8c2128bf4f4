"""tshark as an independent decoder: it must read the same fields at the same places from our messages as we do.

Not compared, since tshark 4.0 has no field for them or reads them wrongly: certificates, CHASH, the data of general
extensions other than SDP IDs, the places of Type and Length of policy parameters, the Next payload of Key data, and
all Key data but the first.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.dissect.carriers import find
from mikey_sdp.dissect.explain import explain
from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import (
    DhValue,
    EnvelopeKey,
    ErrorPayload,
    Header,
    IntervalValidity,
    KeyData,
    KeyDataTransport,
    NullValidity,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Signature,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
    encode_key_data,
)
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    DataType,
    DhGroup,
    EncrAlg,
    ErrorNo,
    KeyDataType,
    MacAlg,
    PayloadType,
    SignType,
    SrtpParam,
)
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret, SeededEntropy
from tests import captures
from tests.interop.conftest import LIMIT_S, Need
from tests.samples import DHHMAC_I, DHHMAC_R, I_MESSAGE, R_MESSAGE, ok, sdp, sip

Leaf = tuple[str, int, int, int]
"""A field as both sides see it: tshark's name, offset in the message, octets, value as a number."""


_MISPLACED = {"mikey.sp.param.type", "mikey.sp.param.len"}


@dataclass(frozen=True, slots=True)
class Dissector:
    """tshark on captures."""

    path: str
    folder: Path

    def messages(self, capture: bytes) -> list[list[Leaf]]:
        """The leaves of every MIKEY message that tshark finds."""
        file = self.folder / "capture"
        file.write_bytes(capture)
        command = [self.path, "-n", "-r", str(file), "-T", "pdml"]
        ran = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True)
        return [list(_leaves(proto)) for proto in ElementTree.fromstring(ran.stdout).iter("proto") if _is_mikey(proto)]


def _is_mikey(element: ElementTree.Element) -> bool:
    return element.get("name") == "mikey"


def _leaves(proto: ElementTree.Element) -> Iterator[Leaf]:
    """Offsets count from the message's first octet, wherever in the frame that lies."""
    start = next(int(field.get("pos", "")) for field in proto.iter("field") if field.get("name") == "mikey.version")
    for field in proto.iter("field"):
        value = field.get("value", "")
        if value:
            name, place = field.get("name", ""), int(field.get("pos", "")) - start
            yield name, 0 if name in _MISPLACED else place, int(field.get("size", "")), int(value, 16)


@pytest.fixture
def tshark(need: Need, tmp_path: Path) -> Dissector:
    return Dissector(need("tshark"), tmp_path)


def over_udp(*payloads: bytes) -> bytes:
    return captures.pcap([captures.ethernet(captures.udp(payload)) for payload in payloads])


class Ours:
    """The leaves of a message as our own description has them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._leaves: list[Leaf] = []
        self._at = 0
        following = [*(PayloadType[one["type"]] for one in fields["payloads"][1:]), PayloadType.LAST]
        self._header(fields["header"], PayloadType[fields["payloads"][0]["type"]])
        for payload, upcoming in zip(fields["payloads"], following, strict=True):
            self._at = payload["offset"]
            if payload["type"] != "SIGN":
                self._put("next_payload", 1, int(upcoming))
            _PAYLOADS[payload["type"]](self, payload)
            assert self._at == payload["offset"] + payload["octets"]

    def __iter__(self) -> Iterator[Leaf]:
        return iter(self._leaves)

    def _put(self, name: str, octets: int, value: int | str) -> None:
        if octets:
            number = int(value, 16) if isinstance(value, str) else value
            full = f"mikey.{name}"
            self._leaves.append((full, 0 if full in _MISPLACED else self._at, octets, number))
        self._at += octets

    def _octets(self, name: str, value: str) -> None:
        self._put(name, len(value) // 2, value or "0")

    def _header(self, header: dict[str, Any], first: PayloadType) -> None:
        self._put("version", 1, 1)
        self._put("type", 1, header["data_type"]["value"])
        self._put("next_payload", 1, int(first))
        self._put("v.set", 1, header["v"])
        self._at -= 1
        self._put("prf_func", 1, header["prf_func"]["value"])
        self._put("csb_id", 4, header["csb_id"])
        self._put("cs_count", 1, len(header["cs"]))
        self._put("cs_id_map_type", 1, header["cs_id_map_type"]["value"])
        for entry in header["cs"]:
            self._put("srtp_id.policy_no", 1, entry["policy_no"])
            self._put("srtp_id.ssrc", 4, entry["ssrc"])
            self._put("srtp_id.roc", 4, entry["roc"])

    def _t(self, one: dict[str, Any]) -> None:
        self._put("t.ts_type", 1, one["ts_type"]["value"])
        self._put("t.ntp", 8, one["ts_value"])

    def _rand(self, one: dict[str, Any]) -> None:
        self._put("rand.len", 1, one["rand_len"])
        self._octets("rand.data", one["rand"])

    def _id(self, one: dict[str, Any]) -> None:
        self._put("id.type", 1, one["id_type"]["value"])
        self._put("id.len", 2, one["id_len"])
        self._octets("id.data", one["id_data"])

    def _sp(self, one: dict[str, Any]) -> None:
        self._put("sp.no", 1, one["policy_no"])
        self._put("sp.proto_type", 1, one["prot_type"]["value"])
        self._put("sp.param_len", 2, sum(2 + param["length"] for param in one["policy_param"]))
        for param in one["policy_param"]:
            self._put("sp.param.type", 1, param["type"]["value"])
            self._put("sp.param.len", 1, param["length"])
            self._put("sp.patam.value", param["length"], param["value"])  # spelt so by tshark
            self._at -= param["length"]
            self._octets(_SP_VALUES[param["type"]["value"]], param["value"])

    def _ext(self, one: dict[str, Any]) -> None:
        self._put("ext.type", 1, one["ext_type"]["value"])
        self._put("ext.len", 2, one["length"])
        self._octets("ext.value", one["data"])

    def _kemac(self, one: dict[str, Any]) -> None:
        self._put("kemac.encr_alg", 1, one["encr_alg"]["value"])
        self._put("kemac.key_data_len", 2, one["encr_data_len"])
        if one.get("key_data"):
            (key,) = one["key_data"]
            self._key_data(key)
        else:
            self._octets("kemac.key_data", one["encr_data"])
        self._put("kemac.mac_alg", 1, one["mac_alg"]["value"])
        self._octets("kemac.mac", one["mac"])

    def _key_data(self, one: dict[str, Any]) -> None:
        self._at += 1
        self._put("key.type", 1, one["key_type"]["value"])
        self._at -= 1
        self._put("key.kv", 1, one["kv"]["value"])
        self._put("key.data.len", 2, one["key_data_len"])
        self._octets("key.data", one["key_data"])
        if "salt_data" in one:
            self._put("key.salt.len", 2, one["salt_data_len"])
            self._octets("key.salt", one["salt_data"])
        for name, field in (("spi", "spi"), ("from", "valid_from"), ("to", "valid_to")):
            if field in one:
                self._put(f"key.kv.{name}.len", 1, len(one[field]) // 2)
                self._octets(f"key.kv.{name}", one[field])

    def _v(self, one: dict[str, Any]) -> None:
        self._put("v.auth_alg", 1, one["auth_alg"]["value"])
        self._octets("v.ver_data", one["ver_data"])

    def _dh(self, one: dict[str, Any]) -> None:
        self._put("dh.group", 1, one["dh_group"]["value"])
        self._octets("dh.value", one["dh_value"])
        self._put("dh.reserv", 1, one["reserved"])
        self._at -= 1
        self._put("dh.kv", 1, one["kv"]["value"])

    def _pke(self, one: dict[str, Any]) -> None:
        self._put("pke.c", 2, one["c"]["value"])
        self._at -= 2
        self._put("pke.len", 2, one["data_len"])
        self._octets("pke.data", one["data"])

    def _sign(self, one: dict[str, Any]) -> None:
        self._put("sign.type", 2, one["s_type"]["value"])
        self._at -= 2
        self._put("sign.len", 2, one["signature_len"])
        self._octets("sign.data", one["signature"])

    def _err(self, one: dict[str, Any]) -> None:
        self._put("err.no", 1, one["error_no"]["value"])
        self._put("err.reserved", 2, one["reserved"])


_PAYLOADS: dict[str, Callable[[Ours, dict[str, Any]], None]] = {
    "T": Ours._t,
    "RAND": Ours._rand,
    "ID": Ours._id,
    "SP": Ours._sp,
    "GENERAL_EXT": Ours._ext,
    "KEMAC": Ours._kemac,
    "V": Ours._v,
    "DH": Ours._dh,
    "PKE": Ours._pke,
    "SIGN": Ours._sign,
    "ERR": Ours._err,
}
_SP_VALUES = {
    SrtpParam.ENCRYPTION_ALGORITHM: "sp.encr_alg",
    SrtpParam.SESSION_ENCR_KEY_LENGTH: "sp.encr_len",
    SrtpParam.AUTHENTICATION_ALGORITHM: "sp.auth_alg",
    SrtpParam.SESSION_AUTH_KEY_LENGTH: "sp.auth_key_len",
    SrtpParam.SESSION_SALT_KEY_LENGTH: "sp.salt_len",
    SrtpParam.SRTP_PRF: "sp.prf",
    SrtpParam.KEY_DERIVATION_RATE: "sp.kd_rate",
    SrtpParam.SRTP_ENCRYPTION: "sp.srtp_encr",
    SrtpParam.SRTCP_ENCRYPTION: "sp.srtcp_encr",
    SrtpParam.FEC_ORDER: "sp.fec",
    SrtpParam.SRTP_AUTHENTICATION: "sp.srtp_auth",
    SrtpParam.AUTHENTICATION_TAG_LENGTH: "sp.auth_tag_len",
    SrtpParam.SRTP_PREFIX_LENGTH: "sp.srtp_prefix",
}


def compare(tshark: Dissector, capture: bytes, *, messages: int = 1) -> None:
    """Every message of a capture, field by field, in the order of the octets."""
    ours = [sorted(Ours(one.fields(reveal=True))) for one in explain(find(capture).found)]
    theirs = [sorted(leaves) for leaves in tshark.messages(capture)]
    assert len(ours) == len(theirs) == messages
    for mine, its in zip(ours, theirs, strict=True):
        assert [leaf for leaf in its if leaf not in mine] == []
        assert [leaf for leaf in mine if leaf not in its] == []
        assert its == mine


ALICE, BOB = "sip:alice@example.com", "sip:bob@example.com"
PSK = PskCredential("*", Secret(b"a key of sixteen"))
NULL = NullCredential("*")
PLAIN = sdp().replace(b"SAVP", b"AVP").decode()


def end(identity: str, **options: Any) -> Endpoint:
    return Endpoint(
        identity,
        credentials=[PSK, NULL],
        clock=lambda: NtpTime.from_unix_us(1_700_000_000_000_000),
        entropy=SeededEntropy(identity.encode()),
        options=Options(**options),
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"salt": True, "mki_octets": 4},
        {"verification": False, "mki_octets": 0},
        {"srtp": SrtpParameters(tag_octets=4)},
    ],
)
def test_our_offers_in_sip(options: dict[str, Any], tshark: Dissector) -> None:
    offer = end(ALICE, **options).offer(PLAIN, to=BOB)
    compare(tshark, over_udp(sip(offer.sdp.encode())))


def test_our_offer_and_its_answer_in_sip_over_tcp(tshark: Dissector) -> None:
    offer = end(ALICE).offer(PLAIN, to=BOB)
    answer = end(BOB).answer(offer.sdp, PLAIN, caller=ALICE)
    assert answer.sdp is not None
    streams = (
        (sip(offer.sdp.encode()), captures.ALICE, captures.BOB),
        (ok(answer.sdp.encode()), captures.BOB, captures.ALICE),
    )
    segments = [
        captures.tcp(stream[start : start + 300], 1 + start, source, destination)
        for stream, source, destination in streams
        for start in range(0, len(stream), 300)
    ]
    compare(tshark, captures.pcapng([captures.ethernet(segment) for segment in segments]), messages=2)


def test_our_unprotected_offer_with_its_keys(tshark: Dissector) -> None:
    alice = Endpoint(
        ALICE,
        credentials=[NULL],
        modes=[Mode.NULL],
        clock=lambda: NtpTime.from_unix_us(1_700_000_000_000_000),
        entropy=SeededEntropy(b"null"),
    )
    compare(tshark, over_udp(sip(alice.offer(PLAIN, to=BOB, secure_carrier=True).sdp.encode())))


@pytest.mark.parametrize("messages", [(I_MESSAGE, R_MESSAGE), (DHHMAC_I, DHHMAC_R)], ids=["psk", "dhhmac"])
def test_the_vectors(messages: tuple[bytes, bytes], tshark: Dissector) -> None:
    offer, answer = messages
    compare(tshark, over_udp(sip(sdp(offer)), ok(sdp(answer))), messages=2)


def test_mikey_at_its_own_port(tshark: Dissector) -> None:
    packets = [captures.udp(I_MESSAGE, ("192.0.2.1", 40_000), ("192.0.2.2", 2269))]
    compare(tshark, captures.pcap([captures.ethernet(packet) for packet in packets]))


SESSIONS = (SrtpIdEntry(policy_no=7, ssrc=0xDEADBEEF, roc=3), SrtpIdEntry(ssrc=1))
T = Timestamp(value=0xE8FEA500_12345678)
EVERY_PARAM = SecurityPolicy(
    policy_no=7, params=tuple(PolicyParam(type=kind, value=bytes((kind % 2,))) for kind in _SP_VALUES)
)
KEYS = (
    KeyData(key_type=KeyDataType.TGK, key=Secret(bytes(range(16))), validity=SpiValidity(spi=b"\x01\x02")),
    KeyData(key_type=KeyDataType.TEK_SALT, key=Secret(bytes(range(16, 32))), salt=Secret(bytes(range(14)))),
    KeyData(
        key_type=KeyDataType.TEK,
        key=Secret(bytes(range(32, 48))),
        validity=IntervalValidity(valid_from=b"\x00" * 5 + b"\x01", valid_to=b"\xff" * 6),
    ),
    KeyData(key_type=KeyDataType.TGK_SALT, key=Secret(bytes(20)), salt=Secret(b"\x01"), validity=NullValidity()),
)


def kemac(encr_alg: EncrAlg, data: bytes, mac_alg: MacAlg) -> KeyDataTransport:
    return KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=mac_alg, mac=bytes(range(20 * mac_alg)))


def in_clear(key: KeyData) -> KeyDataTransport:
    return kemac(EncrAlg.NULL, encode_key_data([key]), MacAlg.NULL)


@pytest.mark.parametrize(
    ("data_type", "payloads"),
    [
        *((DataType.PRE_SHARED, (T, EVERY_PARAM, in_clear(key))) for key in KEYS),
        (DataType.PRE_SHARED, (T, Rand(octets=bytes(range(255))), kemac(EncrAlg.AES_KW_128, b"k" * 24, MacAlg.NULL))),
        (
            DataType.PUBLIC_KEY,
            (
                T,
                Rand(octets=bytes(16)),
                kemac(EncrAlg.AES_CM_128, b"x" * 40, MacAlg.HMAC_SHA_1_160),
                EnvelopeKey(cache=CacheIndicator.CACHE, data=b"p" * 256),
                Signature(sign_type=SignType.RSA_PKCS1_V1_5, signature=b"s" * 256),
            ),
        ),
        (
            DataType.DH_INIT,
            (
                T,
                DhValue(group=DhGroup.OAKLEY_2, value=b"\x05" * 128),
                Signature(sign_type=SignType.RSA_PSS, signature=b"s"),
            ),
        ),
        (DataType.ERROR, (T, ErrorPayload(error_no=ErrorNo.INVALID_SPPAR), ErrorPayload(error_no=ErrorNo.UNSPECIFIED))),
    ],
    ids=["tgk mki", "tek salt", "tek interval", "tgk salt", "key wrap", "public key", "signed dh", "error"],
)
def test_every_payload_that_tshark_knows(data_type: DataType, payloads: tuple[Payload, ...], tshark: Dissector) -> None:
    header = Header(data_type=data_type, v=True, csb_id=0xFFFF0001, sessions=SESSIONS)
    compare(tshark, over_udp(sip(sdp(Message.build(header, payloads).octets))))


def test_captures_that_wiresharks_tools_wrote(need: Need, tshark: Dissector, tmp_path: Path) -> None:
    """Each format and link type as editcap and text2pcap write it, read by us."""
    source = tmp_path / "source.pcap"
    source.write_bytes(over_udp(sip(sdp(I_MESSAGE)), ok(sdp(R_MESSAGE))))
    written = tmp_path / "written"
    for kind in ("pcap", "nsecpcap", "pcapng"):
        subprocess.run([need("editcap"), "-F", kind, str(source), str(written)], timeout=LIMIT_S, check=True)
        found = find(written.read_bytes()).found
        assert [one.octets for one in found] == [I_MESSAGE, R_MESSAGE], kind
        assert [one.captured_us for one in found] == [captures.START_S * 1_000_000, (captures.START_S + 1) * 1_000_000]
    compare(tshark, written.read_bytes(), messages=2)
    text = tmp_path / "dump"
    text.write_text("".join(f"{n:06x} {octet:02x}\n" for n, octet in enumerate(sip(sdp(I_MESSAGE)))))
    for addresses in (["-4", "10.0.0.1,10.0.0.2"], ["-6", "2001:db8::1,2001:db8::2"]):
        command = [need("text2pcap"), "-q", "-u", "5060,5060", *addresses, str(text), str(written)]
        subprocess.run(command, timeout=LIMIT_S, check=True, capture_output=True)
        assert [one.octets for one in find(written.read_bytes()).found] == [I_MESSAGE]

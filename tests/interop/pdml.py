"""The same message twice as a list of fields: as tshark's PDML has it, and as our own description has it.

Not among them, since tshark 4.0 has no field for them or reads them wrongly: certificates, CHASH, the data of general
extensions other than SDP IDs, the places of Type and Length of policy parameters, the Next payload of Key data, and
all Key data but the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

from mikey_sdp.mikey.registry import PayloadType, SrtpParam

Leaf = tuple[str, int, int, int]
"""A field as both sides see it: tshark's name, offset in the message, octets, value as a number."""


_MISPLACED = {"mikey.sp.param.type", "mikey.sp.param.len"}


def read_pdml(pdml: bytes) -> list[list[Leaf]]:
    """The leaves of every MIKEY message that tshark found."""
    protos = ElementTree.fromstring(pdml).iter("proto")
    return [list(_leaves(proto)) for proto in protos if proto.get("name") == "mikey"]


class Named(NamedTuple):
    """One payload by tshark's name for it, empty where it has none."""

    name: str
    offset: int
    octets: int


class Reading(NamedTuple):
    """The message in one packet as tshark reads it.

    Keeps: `payloads`, none where it gives the message up as a whole; `said`, what it complains of.
    """

    payloads: tuple[Named, ...]
    octets: int
    said: tuple[str, ...]


def read_payloads(pdml: bytes) -> list[Reading]:
    """What tshark reads in each packet."""
    return [_reading(packet) for packet in ElementTree.fromstring(pdml).iter("packet")]


def _reading(packet: ElementTree.Element) -> Reading:
    complaints = [field.get("show", "") for field in packet.iter("field") if field.get("name") == "_ws.expert.message"]
    proto = next((proto for proto in packet.iter("proto") if proto.get("name") == "mikey"), None)
    fields = [] if proto is None else proto.findall("field")
    start = int(fields[0].get("pos", "")) if fields else 0
    payloads = (
        Named(field.get("name", ""), int(field.get("pos", "")) - start, int(field.get("size", ""))) for field in fields
    )
    octets = 0 if proto is None else int(proto.get("size", ""))
    return Reading(payloads=tuple(payloads), octets=octets, said=tuple(dict.fromkeys(complaints)))


def _leaves(proto: ElementTree.Element) -> Iterator[Leaf]:
    """Offsets count from the message's first octet, wherever in the frame that lies."""
    start = next(int(field.get("pos", "")) for field in proto.iter("field") if field.get("name") == "mikey.version")
    for field in proto.iter("field"):
        value = field.get("value", "")
        if value:
            name, place = field.get("name", ""), int(field.get("pos", "")) - start
            yield name, 0 if name in _MISPLACED else place, int(field.get("size", "")), int(value, 16)


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
            self._octets(POLICY_FIELDS[param["type"]["value"]], param["value"])

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
POLICY_FIELDS = {
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
"""The policy parameters that tshark has a field for."""

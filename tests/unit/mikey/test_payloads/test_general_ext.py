"""General Extension: what it carries, known or not."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import GeneralExtension
from mikey_sdp.mikey.registry import ExtensionType, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse


@pytest.mark.requirement("3830-6.15-1", "3830-6.15-2", "4650-4.4-3", "4738-3.9.3-1")
@pytest.mark.parametrize(
    ("payload", "payload_hex"),
    [
        (GeneralExtension(ext_type=ExtensionType.VENDOR_ID, data=b"\x00\xff"), "00 00 0002 00ff"),
        (GeneralExtension.of_sdp_ids(["mikey"]), "00 01 0005 6d696b6579"),
        (GeneralExtension(ext_type=ExtensionType.TESLA_I_KEY, data=b""), "00 02 0000"),
        (GeneralExtension(ext_type=ExtensionType.KEY_ID, data=b"\x01"), "00 03 0001 01"),
        (GeneralExtension.of_csb_id(0xCD177E50), "00 04 0004 cd177e50"),
        (GeneralExtension(ext_type=ExtensionType.OMA_BCAST, data=b"\x02"), "00 05 0001 02"),
        (GeneralExtension(ext_type=ExtensionType(240), data=b"?"), "00 f0 0001 3f"),
    ],
    ids=["vendor", "SDP IDs", "TESLA", "Key ID", "CSB_ID", "OMA", "unknown"],
)
def test_golden(payload: GeneralExtension, payload_hex: str) -> None:
    check_golden(payload, payload_hex)


@pytest.mark.parametrize("length", ["0001", "0003", "ffff"])
def test_a_wrong_length_is_noticed(length: str) -> None:
    refuse(PayloadType.GENERAL_EXT, f"00 00 {length} eeee")


@pytest.mark.requirement("4738-3.9.3-1")
@pytest.mark.parametrize("octets", [0, 3, 5])
def test_a_csb_id_has_four_octets(octets: int) -> None:
    error = refuse(PayloadType.GENERAL_EXT, f"00 04 {octets:04x}" + "cd" * octets)
    assert (error.offset, error.section) == (12, "RFC 4738 section 3.9.3")
    with pytest.raises(UsageError, match="4 octets"):
        Message.build(HEADER, [GeneralExtension(ext_type=ExtensionType.CSB_ID, data=bytes(octets))])


def test_a_csb_id_is_a_number() -> None:
    payload = read(PayloadType.GENERAL_EXT, "00 04 0004 cd177e50")
    assert isinstance(payload, GeneralExtension)
    assert payload.csb_id == 0xCD177E50
    with pytest.raises(UsageError, match="not CSB_ID"):
        _ = GeneralExtension.of_sdp_ids(["mikey"]).csb_id
    with pytest.raises(UsageError, match="32 bits"):
        GeneralExtension.of_csb_id(1 << 32)


def test_sdp_ids_are_a_list_in_the_order_of_the_offer() -> None:
    extension = GeneralExtension.of_sdp_ids(["mikey", "keyp1", "MIKEY", "mikey"])
    assert extension.data == b"mikey;keyp1;MIKEY;mikey"
    assert extension.sdp_ids == ("mikey", "keyp1", "MIKEY", "mikey")
    with pytest.raises(UsageError, match="not SDP IDs"):
        _ = GeneralExtension.of_csb_id(1).sdp_ids


@pytest.mark.parametrize("data", [b"", b";", b"mikey;", b";mikey", b"mi key", b"mikey\x00", b"mikey; keyp1", b"m\xff"])
def test_what_is_no_list_of_identifiers_is_refused_when_asked_for(data: bytes) -> None:
    extension = GeneralExtension(ext_type=ExtensionType.SDP_IDS, data=data)
    with pytest.raises(DecodeError, match="list of identifiers") as caught:
        _ = extension.sdp_ids
    assert (caught.value.section, caught.value.offset) == ("RFC 4567 section 4.1.4", 0)


@pytest.mark.parametrize("identifiers", [[], [""], ["mikey", ""], ["mikey;keyp1"], ["mi-key"], ["mikéy"]])
def test_what_is_no_identifier_is_not_written(identifiers: list[str]) -> None:
    with pytest.raises(UsageError, match="letters and digits"):
        GeneralExtension.of_sdp_ids(identifiers)

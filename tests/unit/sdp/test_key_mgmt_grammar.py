"""The grammar of the attribute and of the identifier list, to the letter of RFC 4567 sections 3.1 and 4.1.4."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.key_mgmt import (
    MIKEY,
    KeyMgmt,
    identifier_list,
    insert_key_mgmt,
    join_identifiers,
    parse_identifier_list,
)
from mikey_sdp.sdp.lines import SessionDescription


def described(session: str, *sections: str) -> SessionDescription:
    return SessionDescription.parse("v=0\r\n" + session + "".join(sections))


@pytest.mark.requirement("4567-3.1-1")
def test_one_space_behind_the_colon_is_tolerated_and_never_written() -> None:
    assert KeyMgmt.parse(" mikey AQAF") == KeyMgmt.parse("mikey AQAF") == KeyMgmt(kmpid="mikey", data=b"\x01\x00\x05")
    assert KeyMgmt.parse(" mikey AQAF").attribute == "key-mgmt:mikey AQAF"


@pytest.mark.requirement("4567-3.1-1", "4567-3-1", "4567-3-2")
@pytest.mark.parametrize(
    ("value", "offset", "reason"),
    [
        ("", 0, "no protocol identifier"),
        (" ", 1, "no protocol identifier"),
        ("  mikey AQAF", 1, "no protocol identifier"),
        ("\tmikey AQAF", 0, "no protocol identifier"),
        ("-mikey AQAF", 0, "no protocol identifier"),
        ("m\N{LATIN SMALL LETTER I WITH DIAERESIS}key AQAF", 1, "not followed by a space"),
        ("\N{ARABIC-INDIC DIGIT ONE} AQAF", 0, "no protocol identifier"),
        ("mi-key AQAF", 2, "not followed by a space"),
        ("mikey", 5, "not followed by a space"),
        ("mikey\tAQAF", 5, "not followed by a space"),
        ("mikey:AQAF", 5, "not followed by a space"),
        ("mikey  AQAF", 6, "not base64"),
        ("mikey AQAF ", 10, "not base64"),
        ("mikey AQ AF", 8, "not base64"),
        ("mikey AQ\tF", 8, "not base64"),
        ("mikey AQ-_", 8, "not base64"),
        ("mikey AQ\N{CYRILLIC CAPITAL LETTER A}F", 8, "not base64"),
        ("mikey AQ==AQ==", 8, "not base64"),
        ("mikey =AQA", 6, "not base64"),
        ("mikey AQA", 9, "not padded"),
        ("mikey A", 7, "not padded"),
        ("mikey AQ=", 8, "not padded"),
        ("mikey AQAF=", 10, "not padded"),
        ("mikey AQAF====", 10, "not padded"),
        ("mikey A===", 7, "not padded"),
        ("mikey ====", 6, "not padded"),
        ("mikey AR==", 8, "stray bits"),
        ("mikey AQB=", 9, "stray bits"),
    ],
)
def test_what_the_grammar_does_not_know_is_refused_with_its_place(value: str, offset: int, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        KeyMgmt.parse(value, offset=100)
    assert (caught.value.offset, caught.value.field) == (100 + offset, "a=key-mgmt")
    assert value.strip() == "" or value not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "data"), [("x ", b""), ("9 AQ==", b"\x01"), ("Aa0 AQA=", b"\x01\x00"), ("m +/+/", b"\xfb\xff\xbf")]
)
def test_what_the_grammar_knows_is_read_and_written_the_same(value: str, data: bytes) -> None:
    read = KeyMgmt.parse(value)
    assert read.data == data
    assert read.value == value


@pytest.mark.requirement("4567-7-1", "4567-3-3")
def test_mikey_is_called_mikey() -> None:
    assert KeyMgmt(kmpid=MIKEY, data=b"\x01\x00\x05").attribute == "key-mgmt:mikey AQAF"


@pytest.mark.parametrize(
    "kmpid", ["", "mi-key", "mikey ", "m\N{LATIN SMALL LETTER I WITH DIAERESIS}key", "mikey\r\na=x"]
)
def test_an_identifier_that_the_grammar_does_not_know_is_never_written(kmpid: str) -> None:
    with pytest.raises(UsageError):
        _ = KeyMgmt(kmpid=kmpid, data=b"").value
    with pytest.raises(UsageError):
        join_identifiers(["mikey", kmpid])


@pytest.mark.requirement("4567-4.1.4-5", "4567-4.1.4-6")
def test_the_identifier_list_has_an_entry_a_line_in_document_order() -> None:
    # The example of RFC 4567 section 4.1.4.
    sd = described("".join(f"a=key-mgmt:{kmpid} AQAF\r\n" for kmpid in ("mikey", "keyp1", "keyp2")))
    assert identifier_list(sd) == "mikey;keyp1;keyp2"
    swapped = described("".join(f"a=key-mgmt:{kmpid} AQAF\r\n" for kmpid in ("keyp1", "mikey", "keyp2")))
    assert identifier_list(swapped) == "keyp1;mikey;keyp2"
    levels = described(
        "a=key-mgmt:mikey AQAF\r\n",
        "m=audio 1 RTP/AVP 0\r\na=key-mgmt:keyp1 AQAF\r\na=key-mgmt:mikey AQAG\r\n",
        "m=audio 0 RTP/SAVP 0\r\na=key-mgmt:mikey AQAG\r\n",
    )
    assert identifier_list(levels) == "mikey;keyp1;mikey;mikey"
    assert identifier_list(described("a=key-mgmt:MIKEY AQAF\r\n")) == "MIKEY"
    assert identifier_list(described("s=-\r\n")) == ""
    assert join_identifiers(["mikey", "keyp1"]) == "mikey;keyp1"
    assert join_identifiers(["mikey"]) == "mikey"
    with pytest.raises(UsageError):
        join_identifiers([])


def test_the_list_of_an_offer_in_the_making_counts_the_lines_without_a_message_yet() -> None:
    sd = insert_key_mgmt(
        described("", "m=audio 1 RTP/SAVP 0\r\na=key-mgmt:mikey AQAF\r\n"), None, [KeyMgmt(kmpid="mikey", data=b"")]
    )
    assert identifier_list(sd) == "mikey;mikey"


@pytest.mark.requirement("4567-4.1.4-7")
@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        (b"", 0),
        (b";", 0),
        (b"mikey;", 6),
        (b";mikey", 0),
        (b"mikey;;keyp1", 6),
        (b"mikey; keyp1", 6),
        (b"mikey;key-p", 6),
        (b"mikey\0", 0),
        (b"keyp1;mike\xff", 6),
        (b"mikey,keyp1", 0),
    ],
)
def test_a_list_that_the_grammar_does_not_know_is_refused(octets: bytes, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_identifier_list(octets)
    assert (caught.value.offset, caught.value.field) == (offset, "prtcl-list")


@pytest.mark.parametrize("found", [("mikey",), ("mikey", "keyp1"), ("mikey", "mikey"), ("MIKEY", "9")])
def test_a_list_is_read_in_order(found: tuple[str, ...]) -> None:
    assert parse_identifier_list(join_identifiers(found).encode()) == found


@pytest.mark.parametrize("octets", [b"v=0\r\na=key-mgmt", b"v=0\r\na=key-mgmt\r\n"])
def test_a_line_without_colon_is_placed_inside_the_description(octets: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        identifier_list(SessionDescription.parse(octets))
    assert caught.value.offset == len(b"v=0\r\na=key-mgmt")

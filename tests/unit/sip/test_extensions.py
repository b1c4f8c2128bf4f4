"""Values of RFC 3262, 3515 and 3891, the order of Contacts, and dates."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import (
    CSeq,
    Message,
    NameAddr,
    RAck,
    Replaces,
    Uri,
    by_preference,
    format_date,
    parse_date,
    q_of,
    q_text,
    refer_to,
    referred_headers,
)
from mikey_sdp.sip.extensions import parse_rseq, parse_sipfrag
from tests.unit.sip.samples import request, response


def test_what_a_prack_confirms() -> None:
    rack = RAck.parse("776656 1 INVITE")
    assert rack == RAck(776656, CSeq(1, "INVITE"))
    assert str(rack) == "776656 1 INVITE"
    assert RAck.parse("4294967295  \t1 INVITE").rseq == (1 << 32) - 1


@pytest.mark.parametrize(
    "text", ["", "1", "1 INVITE", "0 1 INVITE", "x 1 INVITE", "4294967296 1 INVITE", "1 1", "-1 1 A"]
)
def test_what_is_no_rack_is_refused(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        RAck.parse(text)
    assert caught.value.field in ("RAck", "CSeq")


@pytest.mark.parametrize("text", ["0", "", "1.5", "4294967296", "99999999999999999999"])
def test_what_is_no_rseq_is_refused(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_rseq(text)
    assert caught.value.field == "RSeq"


def test_a_message_that_is_malformed_there_is_no_message() -> None:
    assert Message.parse(response("183 X", "RSeq: 988789")).rseq == 988789
    assert Message.parse(request("PRACK", "RAck: 988789 1 INVITE")).rack == RAck(988789, CSeq(1, "INVITE"))
    assert Message.parse(request("INVITE", "Replaces: c@h;to-tag=1;from-tag=2")).replaces is not None
    for octets in (
        response("183 X", "RSeq: 0"),
        request("PRACK", "RAck: 1 INVITE"),
        request("INVITE", "Replaces: c@h;to-tag=1"),
        request("INVITE", "Replaces: c@h;to-tag=1;from-tag=2", "Replaces: c@h;to-tag=1;from-tag=3"),
    ):
        with pytest.raises(DecodeError):
            Message.parse(octets)


def test_the_dialog_to_replace() -> None:
    replaces = Replaces.parse("98asjd8@test.com;from-tag=x ;early-only; to-tag=7743;other=1")
    assert replaces == Replaces(call_id="98asjd8@test.com", to_tag="7743", from_tag="x", early_only=True)
    assert str(replaces) == "98asjd8@test.com;to-tag=7743;from-tag=x;early-only"
    assert Replaces.parse(str(replaces)) == replaces


@pytest.mark.parametrize(
    "text",
    ["", ";to-tag=1;from-tag=2", "c", "c;to-tag=1", "c;from-tag=1", "c;to-tag=1;from-tag=2 x"],
)
def test_what_names_no_dialog_is_refused(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        Replaces.parse(text)
    assert caught.value.field == "Replaces"


def test_a_reference_carries_the_dialog_to_replace_and_nothing_else_is_taken_from_it() -> None:
    bob = Uri.parse("sip:bob@192.0.2.2")
    replaces = Replaces(call_id="c@h", to_tag="1", from_tag="2")
    value = refer_to(bob, replaces)
    assert value == "<sip:bob@192.0.2.2?Replaces=c%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>"
    assert referred_headers(NameAddr.parse(value).uri) == [("Replaces", str(replaces))]
    assert refer_to(bob) == "<sip:bob@192.0.2.2>"
    assert referred_headers(bob) == []
    sly = NameAddr.parse("<sip:bob@h?From=x%40h&Subject=%0d%0aVia&replaces=c%3bto-tag%3d1%3bfrom-tag%3d2>").uri
    assert referred_headers(sly) == [("Replaces", "c;to-tag=1;from-tag=2")]
    with pytest.raises(DecodeError):
        referred_headers(NameAddr.parse("<sip:bob@h?Replaces=c%0d%0a>").uri)


def test_the_status_that_a_notification_tells() -> None:
    assert parse_sipfrag(b"SIP/2.0 200 OK") == (200, "OK")
    assert parse_sipfrag(b"SIP/2.0 603 Declined\r\nWarning: x\r\n") == (603, "Declined")
    for body in (b"", b"SIP/2.0 099 X", b"SIP/2.0 700 X", b"HTTP/1.1 200 OK", b"\xff\xfe"):
        with pytest.raises(DecodeError):
            parse_sipfrag(body)


@pytest.mark.parametrize(
    ("parameter", "q"),
    [("", 1000), (";q=1", 1000), (";q=1.000", 1000), (";q=0.5", 500), (";q=0.05", 50), (";q=0", 0), (";q=0.", 0)],
)
def test_preference(parameter: str, q: int) -> None:
    assert q_of(NameAddr.parse(f"<sip:b@h>{parameter}")) == q


@pytest.mark.parametrize("text", ["2", "1.5", "0.1234", ".5", "-1", "x", "\N{ARABIC-INDIC DIGIT ZERO}"])
def test_what_is_no_preference_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        q_of(NameAddr.parse(f'<sip:b@h>;q="{text}"'))


def test_preferences_as_text() -> None:
    assert [q_text(q) for q in (1000, 500, 50, 7, 990, 0)] == ["1.0", "0.5", "0.05", "0.007", "0.99", "0.0"]


def test_equals_keep_their_order() -> None:
    contacts = NameAddr.parse_list("<sip:a@h>;q=0.5, <sip:b@h>, <sip:c@h>;q=0.5, <sip:d@h>;q=1.0")
    assert [contact.uri.user for contact in by_preference(contacts)] == ["b", "d", "a", "c"]


def test_dates() -> None:
    assert format_date(1_289_692_199_999_999) == "Sat, 13 Nov 2010 23:49:59 GMT"
    assert parse_date("Sat, 13 Nov 2010 23:49:59 GMT") == 1_289_692_199_000_000
    assert format_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sat, 13 Nov 2010 23:49:59 UTC",
        "Sat, 31 Nov 2010 23:49:59 GMT",
        "13 Nov 2010 23:49:59 GMT",
        "Sat, 13 Nov 0000 25:49:59 GMT",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_date(text)
    assert caught.value.field == "Date"


def test_the_first_of_several_hops_is_taken_off() -> None:
    message = Message.parse(request("OPTIONS", "Route: <sip:p1;lr>, <sip:p2;lr>", "Route: <sip:p3;lr>", "X: y"))
    rest = []
    while message.routes:
        rest.append([str(route.uri) for route in message.routes])
        message = message.without_top("Route")
    assert rest == [["sip:p1;lr", "sip:p2;lr", "sip:p3;lr"], ["sip:p2;lr", "sip:p3;lr"], ["sip:p3;lr"]]
    assert message.without_top("Route") == message
    assert (message.get("X"), message.without_top("Via").get("Via")) == ("y", None)

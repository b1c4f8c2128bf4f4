"""Addresses, Via, CSeq and Warning as they stand in header fields."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import CSeq, NameAddr, SipWarning, Via
from mikey_sdp.sip.values import MAX_VALUES, parse_number


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ("<sip:a@b>", "", "sip:a@b", ""),
        ("sip:a@b;tag=1", "", "sip:a@b", "1"),
        ("Bob  <sip:a@b;x=y>;tag=1", "Bob", "sip:a@b;x=y", "1"),
        ('"J R \\\\\\""       <sip:jr@example.com> ; tag = 98asjd8', 'J R \\"', "sip:jr@example.com", "98asjd8"),
        ('"a, <b>; \t\x07\x00"\t<sip:a@b>', "a, <b>; \t\x07\x00", "sip:a@b", ""),
        ("caller<sip:caller@example.com>;tag=323", "caller", "sip:caller@example.com", "323"),
        ("<isbn:2983792873>;tag=a%41", "", "isbn:2983792873", "a%41"),
        ("t1~` t2'+_ t3*%!.- <sip:mundane@example.com>", "t1~` t2'+_ t3*%!.-", "sip:mundane@example.com", ""),
    ],
)
def test_an_address_is_read(text: str, display: str, uri: str, tag: str) -> None:
    address = NameAddr.parse(text)
    assert (address.display, str(address.uri), address.tag) == (display, uri, tag)
    assert NameAddr.parse(str(address)) == address


def test_commas_part_addresses_only_outside_of_quotes_and_brackets() -> None:
    both = NameAddr.parse_list('"x" <sip:a@b>, "y, z" <sip:c,d@e>;p="q, <r>" ,sip:f@g')
    assert [str(address.uri) for address in both] == ["sip:a@b", "sip:c,d@e", "sip:f@g"]


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "<sip:a@b>,", "<sip:a@b> x", "<sip:a@b>;", "<sip:a@b>;tag=1;Tag=2", "<sip:a@b>;tag=", "< sip:a@b>"),
        *(
            "<sip:a@b >",
            'A "B" <sip:a@b>',
            "Bell, Alexander <sip:a@b>",
            '"unclosed <sip:a@b>',
            "<sip:a@b>;x=\xe4",
            "<>",
        ),
        *('"a" sip:a@b', "sip:a@b?x=y", "<sip:a@b>;x=(y)"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        NameAddr.parse_list(text)


def test_an_address_with_another_tag() -> None:
    address = NameAddr.parse("<sip:a@b>;x=y;tag=1")
    assert str(address.with_tag("2")) == "<sip:a@b>;x=y;tag=2"
    assert str(address.with_tag("")) == "<sip:a@b>;x=y"


def test_no_list_is_longer_than_a_route_can_be() -> None:
    assert len(NameAddr.parse_list(",".join(["<sip:h>"] * MAX_VALUES))) == MAX_VALUES
    with pytest.raises(DecodeError, match="more than"):
        NameAddr.parse_list(",".join(["<sip:h>"] * (MAX_VALUES + 1)))
    with pytest.raises(DecodeError, match="more than"):
        Via.parse_list(",".join(["SIP/2.0/UDP h"] * (MAX_VALUES + 1)))


def test_via_with_all_the_space_that_is_allowed() -> None:
    first, second = Via.parse_list(
        "SIP  / 2.0\t/ tcp     spindle.example.com : 5061 ; branch  =   z9hG4bK9ikj8 ; rport,SIP/2.0/UDP [2001:db8::1]"
    )
    assert (first.transport, first.host, first.port, first.branch) == (
        "TCP",
        "spindle.example.com",
        5061,
        "z9hG4bK9ikj8",
    )
    assert first.sent_by == ("spindle.example.com", 5061)
    assert str(first) == "SIP/2.0/TCP spindle.example.com:5061;branch=z9hG4bK9ikj8;rport"
    assert second.sent_by == ("[2001:db8::1]", 5060)
    assert second.branch == ""
    assert Via.parse_list("SIP/2.0/TLS H")[0].sent_by == ("h", 5061)


@pytest.mark.parametrize(
    "text",
    [
        *("", "SIP/2.0/UDP", "SIP/2.0 UDP h", "SIP/7.0/UDP h", "HTTP/2.0/UDP h", "SIP/2.0/UDP h,", "SIP/2.0/UDP h x"),
        *("SIP/2.0/UDP h:65536", "SIP/2.0/UDP h;branch=1;branch=2", "SIP/2.0/UDP 2001:db8::1", "SIP/2.0/UDP h_"),
        "SIP/2.0/ h",
    ],
)
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        Via.parse_list(text)


def test_cseq_counts_below_two_to_the_31() -> None:
    assert CSeq.parse("0009 \t INVITE") == (9, "INVITE")
    assert CSeq.parse("2147483647 X") == (2147483647, "X")
    assert str(CSeq(7, "BYE")) == "7 BYE"
    for text in ("2147483648 X", "9" * 5000 + " X", "-1 X", "1", "1 ", "X 1", "1 X Y", "\u0661 X", ""):
        with pytest.raises(DecodeError):
            CSeq.parse(text)


def test_numbers_of_any_length_are_measured_not_converted() -> None:
    assert parse_number("0" * 9000 + "7", field="x", most=9) == 7
    assert parse_number("0", field="x", most=9) == 0
    with pytest.raises(DecodeError, match="more than 9"):
        parse_number("9" * 9000, field="x", most=9)


def test_warnings() -> None:
    value = '306 isi.edu:5060 "Attribute, \\"not\\" understood", 399 "x' + '" "y"'
    with pytest.raises(DecodeError):
        SipWarning.parse_list(value)
    found = SipWarning.parse_list('306 isi.edu:5060 "Attribute, \\"not\\" understood" , 399 [::1] "" ')
    assert found == ((306, "isi.edu:5060", 'Attribute, "not" understood'), (399, "[::1]", ""))
    assert str(found[0]) == '306 isi.edu:5060 "Attribute, \\"not\\" understood"'
    for text in ("", "306 h", '306 h "x" 399 h "y"', '30 h "x"', '306 h "x",', "306 h x"):
        with pytest.raises(DecodeError):
            SipWarning.parse_list(text)

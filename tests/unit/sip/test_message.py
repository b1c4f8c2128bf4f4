"""Messages: read without loss, edited without spill, refused with the place where they go wrong."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sip import Message, Request, Response, Uri, Via
from mikey_sdp.sip.fields import MAX_FIELD_OCTETS, MAX_FIELDS
from mikey_sdp.sip.message import MAX_BODY_OCTETS, MAX_HEAD_OCTETS
from tests.unit.sip.samples import INVITE, INVITE_LINES, SDP, joined, request, response


def refused(octets: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        Message.parse(octets)
    assert 0 <= caught.value.offset <= len(octets)
    return caught.value


def test_an_invite_is_read() -> None:
    message = Message.parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, str(message.uri)) == ("INVITE", "sip:bob@example.com")
    assert message.summary == "INVITE sip:bob@example.com"
    assert message.via == Via.parse_list("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds")[0]
    assert (message.from_.display, message.from_.tag, message.to.tag) == ("Alice", "1928301774", "")
    assert message.cseq == (314159, "INVITE")
    assert message.call_id == "a84b4c76e66710@192.0.2.1"
    assert str(message.contacts[0].uri) == "sip:alice@192.0.2.1:5060"
    assert (message.content_type, message.body) == ("application/sdp", SDP)
    assert (message.max_forwards, message.expires, message.retry_after) == (70, None, None)
    assert (message.routes, message.record_routes, message.warnings) == ((), (), ())


def test_a_response_is_read() -> None:
    message = Message.parse(
        response(
            "488 Not Acceptable Here",
            'Warning: 306 h "no \\"a\\""',
            'Warning: 399 h "x", 399 h "y"',
            "Retry-After: 18000 (in a meeting);duration=3600",
            "Expires: 0060",
            "Require: 100rel , , timer",
            "Require: x",
            "Record-Route: <sip:p1;lr>, <sip:p2;lr>",
            "Record-Route: <sip:p3>",
        )
    )
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (488, "Not Acceptable Here")
    assert message.summary == "488 Not Acceptable Here (OPTIONS)"
    assert [(warning.code, warning.text) for warning in message.warnings] == [(306, 'no "a"'), (399, "x"), (399, "y")]
    assert (message.retry_after, message.expires) == (18000, 60)
    assert message.options("require") == ("100rel", "timer", "x")
    assert [str(route.uri) for route in message.record_routes] == ["sip:p1;lr", "sip:p2;lr", "sip:p3"]
    assert message.content_type == ""


ODD = joined(
    "OPTIONS sip:b@h SIP/2.0",
    "v:SIP/2.0/UDP h;branch=z9hG4bK1",
    "VIA  :\tSIP/2.0/UDP\r\n  i ;branch=2",
    "f: <sip:a@h>;tag=1",
    "T: <sip:b@h>",
    "i:  c",
    "CSEQ: 1\r\n\tOPTIONS",
    "X-Thing:",
    "x-thing: \u00fc; \t ",
    "l: 3",
    body=b"\xff\x00\n",
)


def test_order_spelling_space_and_folding_survive() -> None:
    message = Message.parse(ODD)
    assert bytes(message) == ODD
    assert message.octets is ODD
    assert [field.key for field in message.fields[:3]] == ["via", "via", "from"]
    assert [via.host for via in message.vias] == ["h", "i"]
    assert message.all("X-THING") == ("", "\u00fc;")
    assert message.get("x-none") is None
    assert message.get("Content-Length") == message.get("L") == "3"
    assert message.body == b"\xff\x00\n"


def test_an_edit_touches_what_it_names_and_nothing_else() -> None:
    message = Message.parse(ODD)
    assert message.with_field("X-New", "1").octets == ODD.replace(b"l: 3\r\n", b"l: 3\r\nX-New: 1\r\n")
    assert message.with_top("Via", "SIP/2.0/TCP p").octets == ODD.replace(b"v:", b"Via: SIP/2.0/TCP p\r\nv:")
    assert message.with_top("Route", "<sip:p;lr>").octets == ODD.replace(b"v:", b"Route: <sip:p;lr>\r\nv:")
    replaced = message.with_field("x-THING", "1", "2")
    assert replaced.all("x-thing") == ("1", "2")
    assert [field.key for field in replaced.fields] == [field.key for field in message.fields]
    assert message.without("X-thing").octets == ODD.replace(b"X-Thing:\r\nx-thing: \xc3\xbc; \t \r\n", b"")
    bodied = message.with_body(b"12345", "text/plain")
    assert (bodied.body, bodied.content_type, bodied.get("Content-Length")) == (b"12345", "text/plain", "5")
    empty = bodied.with_body(b"", "")
    assert (empty.body, empty.get("Content-Type"), empty.get("Content-Length")) == (b"", None, "0")
    assert Message.parse(empty.octets) == empty
    assert message.octets is ODD


def test_an_edited_field_is_read_anew() -> None:
    message = Message.parse(INVITE)
    assert message.with_field("To", "<sip:carol@h>;tag=9").to.tag == "9"
    assert message.without("Contact").contacts == ()
    assert len(message.with_top("Via", "SIP/2.0/UDP p;branch=1").vias) == 2
    assert message.with_field("CSeq", "2 INVITE").cseq.number == 2
    assert message.with_uri(Uri.parse("sip:carol@h")).octets == INVITE.replace(
        b"INVITE sip:bob@example.com", b"INVITE sip:carol@h"
    )
    via = Via(transport="UDP", host="h", port=1)
    two = Message.parse(request("OPTIONS", "Via: SIP/2.0/UDP last")).with_field(
        "Via", "SIP/2.0/UDP a, SIP/2.0/UDP b", "SIP/2.0/UDP c"
    )
    rewritten = two.with_top_via(via)
    assert rewritten.all("Via") == ("SIP/2.0/UDP h:1, SIP/2.0/UDP b", "SIP/2.0/UDP c")
    assert rewritten.vias == (via, *two.vias[1:])


@pytest.mark.parametrize("text", ["a\r\nEvil: yes", "a\rb", "a\nb", "\r\n"])
def test_no_value_breaks_out_of_its_line(text: str) -> None:
    message = Message.parse(INVITE)
    for edit in (
        lambda: message.with_field("Subject", text),
        lambda: message.with_top("Via", text),
        lambda: message.with_body(b"x", text),
        lambda: message.with_field("Sub" + text, "x"),
    ):
        with pytest.raises(UsageError):
            edit()


def test_no_name_that_is_no_token_and_no_body_beyond_the_bound() -> None:
    message = Message.parse(INVITE)
    for name in ("", "a b", "a:", "\u00fc"):
        with pytest.raises(UsageError, match="token"):
            message.with_field(name, "x")
    with pytest.raises(UsageError, match="octets"):
        message.with_body(bytes(MAX_BODY_OCTETS + 1), "x/y")
    assert len(message.with_body(bytes(MAX_BODY_OCTETS), "x/y").body) == MAX_BODY_OCTETS


def test_content_length_cuts_the_body() -> None:
    assert Message.parse(INVITE + b"surplus").octets == INVITE
    without = joined(*INVITE_LINES[:-1], body=SDP)
    assert Message.parse(without).body == SDP
    error = refused(INVITE[:-1])
    assert (error.wanted, error.left, error.section) == (len(SDP), len(SDP) - 1, "RFC 3261 section 18.3")
    assert refused(request("OPTIONS", "Content-Length: 99999999999")).field == "Content-Length"
    assert "more than" in refused(request("OPTIONS", f"l: {1 << 17}", body=bytes(1 << 17))).reason
    assert "more than" in refused(request("OPTIONS", body=bytes(MAX_BODY_OCTETS + 1))).reason
    assert len(Message.parse(request("OPTIONS", body=bytes(MAX_BODY_OCTETS))).body) == MAX_BODY_OCTETS


def test_every_proper_prefix_is_refused() -> None:
    for end in range(len(INVITE)):
        refused(INVITE[:end])


@pytest.mark.parametrize("lost", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_what_every_message_must_have_is_missed(lost: str) -> None:
    error = refused(joined(*(line for line in INVITE_LINES if not line.startswith(lost)), body=SDP))
    assert error.field.lower() == lost.lower()
    assert error.reason == "the field is missing"


@pytest.mark.parametrize("twice", ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type"])
def test_what_may_stand_once_stands_once(twice: str) -> None:
    again = next(line for line in INVITE_LINES if line.startswith(twice))
    assert refused(joined(*INVITE_LINES, again, body=SDP)).reason == "the field stands twice"


def test_the_method_of_cseq_is_the_method() -> None:
    assert refused(INVITE.replace(b"314159 INVITE", b"314159 OPTIONS")).reason == "CSeq names another method"
    assert refused(INVITE.replace(b"314159 INVITE", b"314159 invite")).reason == "CSeq names another method"


def test_a_compact_name_is_no_way_around() -> None:
    assert refused(joined(*INVITE_LINES, "l: 0", body=SDP)).reason == "the field stands twice"
    assert refused(joined(*INVITE_LINES, "f: <sip:mallory@h>", body=SDP)).reason == "the field stands twice"


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("", "start line"),
        ("INVITE sip:b@h", "start line"),
        ("INVITE  sip:b@h SIP/2.0", "start line"),
        ("INVITE sip:b@h  SIP/2.0", "start line"),
        ("INVITE sip:b@h SIP/2.0 ", "start line"),
        ("INV@TE sip:b@h SIP/2.0", "start line"),
        ("INVITE sip:b@h SIP/3.0", "version"),
        ("INVITE <sip:b@h> SIP/2.0", "Request-URI"),
        ("SIP/2.0 200", "start line"),
        ("SIP/2.0 2000 OK", "start line"),
        ("SIP/2.0 099 No", "status"),
        ("SIP/2.0 700 No", "status"),
        ("SIP/2.0 4294967301 better not break", "start line"),
        ("SIP/1.0 200 OK", "version"),
        ("HTTP/1.1 200 OK", "start line"),
        ("\x00", "start line"),
    ],
)
def test_first_lines_that_are_none(head: str, field: str) -> None:
    assert refused(joined(head, *INVITE_LINES[1:], body=SDP)).field == field


def test_a_reason_may_be_empty_or_in_any_script() -> None:
    assert Message.parse(response("100 ")).octets == response("100 ")
    odd = response("200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e")
    assert Message.parse(odd).octets == odd
    lower = request().replace(b"SIP/2.0\r\nVia", b"sip/2.0\r\nVia")
    assert Message.parse(lower).octets == lower


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no colon", "a header line without a colon"),
        ("Supported", "a header line without a colon"),
        ("k", "a header line without a colon"),
        (": x", "a field name that is no token"),
        ("a b: x", "a field name that is no token"),
        ("\u00fc: x", "a field name that is no token"),
        ("X: a\rb", "a line end that is not CRLF"),
        ("X: a\nb", "a line end that is not CRLF"),
        ("Via: SIP/2.0/UDP", "not SIP/2.0/TRANSPORT host"),
        ("Contact: ", "neither <URI> nor URI"),
        ("Route: <sip:a@b>,", "neither <URI> nor URI"),
        ("Route: sip:a@b c", "a comma is missing between two addresses"),
        ("Record-Route: <sip:>", "not a URI"),
        ("Max-Forwards: 256", "more than 255"),
        ("Max-Forwards: -1", "not a number"),
        ("Content-Length: 0x1", "not a number"),
        ("Content-Length: \u0661", "not a number"),
    ],
)
def test_lines_that_are_no_fields(line: str, reason: str) -> None:
    octets = request("OPTIONS", "X-Before: \u00fc", line)
    error = refused(octets)
    assert error.reason == reason
    assert error.offset >= octets.index(b"X-Before")


def test_an_error_points_at_the_octet() -> None:
    octets = request("OPTIONS", "X: \u00fc\u00fc", "Contact:  <sip:\u00fc>, <sip:a@b")
    assert octets[refused(octets).offset :].startswith("sip:\u00fc>".encode())
    octets = request("OPTIONS", "X: \u00fc\u00fc", "bad")
    assert octets[refused(octets).offset :].startswith(b"bad")
    octets = request("OPTIONS", "X: \u00fc", 'Contact: "\u00fc" <sip:a@b>, <sip:c@d> e')
    assert octets[refused(octets).offset :].startswith(b"e\r\n")
    octets = request("OPTIONS", "X: ").replace(b"X: ", b"X: \xff")
    assert octets[refused(octets).offset] == 0xFF
    octets = request("OPTIONS", "X: a\nb")
    assert octets[refused(octets).offset] == ord("\n")


@pytest.mark.parametrize("line", ["Content-Type: nonsense", "Expires: soon", "Retry-After: ", "Warning: 30 x y"])
def test_fields_that_nothing_rests_on_fail_when_they_are_asked_for(line: str) -> None:
    message = Message.parse(request("OPTIONS", line))
    with pytest.raises(DecodeError) as caught:
        _ = message.content_type, message.expires, message.retry_after, message.warnings
    assert message.octets[caught.value.offset - 2 :].startswith(b": ")


@pytest.mark.parametrize(
    ("call_id", "fine"),
    [
        ("a@b", True),
        ("()<>:\\\"/[]?{}-.!%*_+`'~@x", True),
        ("a@b@c", False),
        ("a b", False),
        ("", False),
        ("a@", False),
    ],
)
def test_call_ids(call_id: str, fine: bool) -> None:
    octets = request().replace(b"Call-ID: c", f"Call-ID: {call_id}".encode())
    if fine:
        assert Message.parse(octets).call_id == call_id
    else:
        assert refused(octets).field == "Call-ID"


def test_bounds() -> None:
    few = [f"X: {n}" for n in range(MAX_FIELDS - 5)]
    assert len(Message.parse(request("OPTIONS", *few)).fields) == MAX_FIELDS
    assert "fields" in refused(request("OPTIONS", *few, "X: y")).reason
    assert Message.parse(request("OPTIONS", "X: " + "a" * (MAX_FIELD_OCTETS - 3)))
    assert "field of more than" in refused(request("OPTIONS", "X: " + "a" * (MAX_FIELD_OCTETS - 2))).reason
    wide = [f"X: {'a' * 16_000}"] * 5
    assert refused(request("OPTIONS", *wide)).reason == "no empty line ends the header"
    assert len(joined(*wide)) > MAX_HEAD_OCTETS


def test_a_contact_that_stands_for_all_is_none() -> None:
    assert Message.parse(request("REGISTER", "Contact: *")).contacts == ()

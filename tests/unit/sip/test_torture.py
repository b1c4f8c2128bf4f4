"""Messages in the shape of RFC 4475 and RFC 5118: weird and right, or innocent-looking and wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import Message, Request
from tests.unit.sip.samples import joined

ALLOWED_SPACE = joined(
    "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
    "TO :",
    " sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
    'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
    "  ;",
    "  tag = 98asjd8",
    "MaX-fOrWaRdS: 0068",
    "Call-ID: wsinv.ndaksdj@192.0.2.1",
    "Content-Length   : 4",
    "cseq: 0009",
    "  INVITE",
    "Via  : SIP  /   2.0",
    " /UDP",
    "    192.0.2.2;branch=390skdjuw",
    "s :",
    "NewFangledHeader:   newfangled value",
    " continued newfangled value",
    "UnknownHeaderWithUnusualValue: ;;,,;;,;",
    "Content-Type: application/sdp",
    "Route:",
    " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
    "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
    "  branch  =   z9hG4bK9ikj8  ,",
    " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
    " z9hG4bK30239",
    'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
    "      newvalue ;",
    "  secondparam ; q = 0.33",
    body=b"v=0\n",
)


def test_every_space_that_the_grammar_allows() -> None:
    message = Message.parse(ALLOWED_SPACE)
    assert message.octets == ALLOWED_SPACE
    assert (message.to.tag, message.from_.tag) == ("1918181833n", "98asjd8")
    assert message.from_.display == 'J Rosenberg \\"'
    assert (message.max_forwards, message.cseq) == (68, (9, "INVITE"))
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert message.contacts[0].display == 'Quoted string ""'
    assert message.contacts[0].parameters.get("q") == "0.33"
    assert message.get("subject") == ""
    assert message.get("NewFangledHeader") == "newfangled value continued newfangled value"


ODD_CHARACTERS = joined(
    "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    ":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
    "Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
    'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
    "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\""
    "\u0440\u0430\u0431\u043e\u0442\u0430\u044e\u0449\u0438\u0439\";tag=_token~1'+`*%!-.",
    "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
    "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~",
    "extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb",
    "Content-Length: 0",
)


def test_every_character_that_the_grammar_allows() -> None:
    message = Message.parse(ODD_CHARACTERS)
    assert isinstance(message, Request)
    assert message.octets == ODD_CHARACTERS
    assert message.to.display == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert (
        message.from_.parameters.get("fromParam''~+*_!.-%")
        == "\u0440\u0430\u0431\u043e\u0442\u0430\u044e\u0449\u0438\u0439"
    )
    assert message.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.via.branch == "z9hG4bK-.!%66*_+`'~"
    assert message.get("extensionheader-!.%*+_`'~") == "\ufeff\u5927\u505c\u96fb"


def lines(**changed: str) -> bytes:
    """A plain request with some lines changed or added."""
    found = {
        "start": "OPTIONS sip:user@example.com SIP/2.0",
        "Via": "SIP/2.0/UDP host4.example.com;branch=z9hG4bKkdju43234",
        "To": "<sip:user@example.com>",
        "From": "caller<sip:caller@example.com>;tag=32394234",
        "Call-ID": "x.asd88asd66b@192.0.2.1",
        "CSeq": "234234 OPTIONS",
        "Max-Forwards": "70",
        "Content-Length": "0",
    }
    found |= {name.replace("_", "-"): value for name, value in changed.items()}
    return joined(found.pop("start"), *(f"{name}: {value}" for name, value in found.items()))


VALID: dict[str, tuple[bytes, Callable[[Message], object], object]] = {
    "escapes that stand for themselves": (
        lines(start="OPTIONS sip:sips%3Auser%40example.com@example.net SIP/2.0"),
        lambda message: message.summary,
        "OPTIONS sip:sips%3Auser%40example.com@example.net",
    ),
    "escaped NULs in the user": (
        lines(To="sip:null-%00-null@example.com"),
        lambda message: message.to.identity,
        "sip:null-%00-null@example.com",
    ),
    "a percent sign that escapes nothing": (
        lines(start="RE%47IST%45R sip:registrar.example.com SIP/2.0", CSeq="1 RE%47IST%45R"),
        lambda message: message.cseq.method,
        "RE%47IST%45R",
    ),
    "no space between display name and bracket": (lines(), lambda message: message.from_.display, "caller"),
    "a long list of long hops": (
        lines(Via=",".join(f"SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK{'v' * 150}" for n in range(34))),
        lambda message: len(message.vias),
        34,
    ),
    "a tag of a thousand octets": (
        lines(From=f"<sip:a@h>;tag={'f' * 1000}"),
        lambda message: len(message.from_.tag),
        1000,
    ),
    "extra digits and letters in transports": (
        lines(Via="SIP/2.0/SCTP t1.example.com;branch=z9hG4bK1, SIP/2.0/UNKNOWN t3.example.com;branch=z9hG4bK2"),
        lambda message: [via.transport for via in message.vias],
        ["SCTP", "UNKNOWN"],
    ),
    "a semicolon in the user": (
        lines(start="OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"),
        lambda message: str(message.uri.user),
        "user;par=u%40example.net",
    ),
    "IPv6 everywhere": (
        lines(
            start="OPTIONS sip:user@[2001:db8::10]:5070 SIP/2.0",
            Via="SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111",
            Contact='"Caller" <sip:caller@[2001:db8::1]>',
        ),
        lambda message: (message.via.parameters.get("received"), message.uri.port, message.contacts[0].uri.host),
        ("2001:db8::9:255", 5070, "[2001:db8::1]"),
    ),
    "an unknown scheme as target": (
        lines(start="OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
        lambda message: message.uri.scheme,
        "nobodyknowsthisscheme",
    ),
    "unknown schemes as parties": (
        lines(To="<isbn:2983792873>;tag=9", From="<http://www.example.com>;tag=3234"),
        lambda message: (str(message.to.uri), message.from_.tag),
        ("isbn:2983792873", "3234"),
    ),
    "a URI that carries headers": (
        lines(Contact="<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
        lambda message: message.contacts[0].uri.headers,
        "Route=%3Csip:sip.example.com%3E",
    ),
    "names that differ only in an escape": (
        lines(Contact="<sip:alias2@host2.example.com;x=%72;%72>"),
        lambda message: message.contacts[0].uri.parameters,
        (("x", "%72"), ("%72", None)),
    ),
    "only one Via and a bare host": (lines(Via="SIP/2.0/UDP h1"), lambda message: message.via.sent_by, ("h1", 5060)),
}


@pytest.mark.parametrize("name", VALID)
def test_weird_and_right(name: str) -> None:
    octets, look, expected = VALID[name]
    message = Message.parse(octets)
    assert look(message) == expected
    assert message.octets == octets


INVALID: dict[str, bytes] = {
    "stray separators in Via": lines(Via="SIP/2.0/UDP 192.0.2.15;;,;,,"),
    "stray separators in Contact": lines(Contact='"Joe" <sip:joe@example.org>;;;;'),
    "stray separators in a route": lines(Route="<sip:a;lr>,,<sip:b;lr>"),
    "a negative length": lines(Content_Length="-999"),
    "a length beyond the datagram": lines(Content_Length="9999"),
    "a CSeq of 2^65": lines(CSeq="36893488147419103232 OPTIONS"),
    "Max-Forwards of 300": lines(Max_Forwards="300"),
    "a CSeq of another method": lines(CSeq="8 INVITE"),
    "an unterminated quoted string": lines(To='"Mr. J. User <sip:j.user@example.com>'),
    "a quote that is escaped away": lines(To='"Mr. J. User\\" <sip:j.user@example.com>'),
    "brackets around the target": lines(start="OPTIONS <sip:user@example.com> SIP/2.0"),
    "space in the target": lines(start="OPTIONS sip:user@example.com; lr SIP/2.0"),
    "two spaces in the start line": lines(start="OPTIONS  sip:user@example.com  SIP/2.0"),
    "space at the end of the start line": lines(start="OPTIONS sip:remote-target@example.com SIP/2.0  "),
    "headers of a URI outside of brackets": lines(Contact="sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
    "space inside the brackets": lines(To='"Watson, Thomas" < sip:t.watson@example.org >'),
    "a comma in an unquoted name": lines(From="Bell, Alexander <sip:a.g.bell@example.com>;tag=43"),
    "a later version": lines(start="OPTIONS sip:user@example.com SIP/7.0"),
    "a status of ten digits": lines(start="SIP/2.0 4294967301 better not break the receiver"),
    "a target without a host": lines(start="OPTIONS sip:user@ SIP/2.0"),
    "an IPv6 address without brackets": lines(start="OPTIONS sip:user@2001:db8::10 SIP/2.0"),
    "an IPv6 address with three colons": lines(Via="SIP/2.0/UDP [2001:db8:::192.0.2.1];branch=z9hG4bK1"),
    "two tags": lines(From="<sip:a@h>;tag=1;tag=2"),
    "two callers": lines(From='"x" <sip:a@b>, "y" <sip:c@d>'),
    "no space after the display name's end but text": lines(From='"x"y <sip:a@b>;tag=1'),
    "a tab in the start line": lines(start="OPTIONS\tsip:user@example.com SIP/2.0"),
    "the first line folded": lines(start="OPTIONS sip:user@example.com\r\n SIP/2.0"),
    "a header that begins with a fold": joined("OPTIONS sip:u@h SIP/2.0", " Via: SIP/2.0/UDP h"),
    "octets that are not UTF-8": lines(Subject="x").replace(b"Subject: x", b"Subject: \xe9"),
    "an overlong encoding": lines(Subject="x").replace(b"Subject: x", b"Subject: \xc0\xaf"),
    "a request where the header should be": lines(Subject="a\r\n\r\nOPTIONS sip:u@h SIP/2.0").replace(
        b"Call-ID", b"Call"
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_wrong(name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        Message.parse(INVALID[name])
    assert caught.value.section.startswith("RFC 3261 section")


@pytest.mark.parametrize(
    "hostile",
    [
        lines(To='"' * 16_000),
        lines(To='"\\' * 8_000),
        lines(To="a " * 8_000 + "<"),
        lines(From="<sip:a@h>" + ';a=""' * 3_000 + "!"),
        lines(Contact='"a" <sip:h>,' * 1_000 + "!"),
        lines(Via="SIP/2.0/UDP h;a=b" + " " * 16_000 + "!"),
        lines(Via="SIP/2.0/UDP " + "a." * 8_000 + "!"),
        lines(start="OPTIONS sip:" + "a%41" * 1_000 + "! SIP/2.0"),
        lines(start="OPTIONS sip:" + "a-" * 2_000 + " SIP/2.0"),
        lines(start="OPTIONS sip:h" + ";a=b" * 1_000 + "; SIP/2.0"),
        lines(start="OPTIONS sip:h?" + "a=b&" * 1_000 + " SIP/2.0"),
        lines(Call_ID="<" * 16_000 + "@@"),
        joined("OPTIONS sip:u@h SIP/2.0", *([" "] * 20_000)),
        b"\r\n" * 20_000,
        b":" * 65_000 + b"\r\n\r\n",
    ],
    ids=range(15),
)
def test_hostile_repetition_is_refused_at_once(hostile: bytes) -> None:
    with pytest.raises(DecodeError):
        Message.parse(hostile)

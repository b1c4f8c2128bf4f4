"""URIs: what is one, who is meant by it, and which lead to the same place."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sip import NameAddr, Parameters, Uri, identity, parameter, sip_uri

WHOLE = "SIPS:a;b?c:p%20w@[2001:DB8::1]:5061;transport=tcp;lr;maddr=192.0.2.9?Replaces=x%40y%3Bto-tag%3D1&Subject="


def test_every_part_is_kept_as_written() -> None:
    uri = Uri.parse(WHOLE)
    assert (uri.scheme, uri.user, uri.password) == ("sips", "a;b?c", "p%20w")
    assert (uri.host, uri.port) == ("[2001:DB8::1]", 5061)
    assert uri.parameters == (("transport", "tcp"), ("lr", None), ("maddr", "192.0.2.9"))
    assert uri.headers == "Replaces=x%40y%3Bto-tag%3D1&Subject="
    assert str(uri) == WHOLE
    assert uri.transport == "TCP"


@pytest.mark.parametrize(
    "text",
    [
        *("sip:bob", "sip:h1", "sip:pc33", "sip:a@b-c", "sip:a@3com.com", "sip:a@localhost.", "sip:a@192.0.2.1:0"),
        *("sip:+1-212-555-1212:1234@gw", "sip:null-%00-null@example.com", "sip:1_unusual.!~*'()&=+$,;?/@h"),
        *("sip:a@[::1]", "sip:a@[::ffff:192.0.2.1]", "sip:a:@h", "sip:h;x=[2001:db8::1]", "sip:h?a=b&c="),
    ],
)
def test_what_rfc_3261_allows_is_read(text: str) -> None:
    assert str(Uri.parse(text)) == text
    assert Uri.parse(text).is_sip


@pytest.mark.parametrize("text", ["isbn:2983792873", "tel:+358-555-1234567;postd=pp22", "urn:service:sos", "a+b.c-d:x"])
def test_other_schemes_are_kept_whole(text: str) -> None:
    uri = Uri.parse(text)
    assert str(uri) == text
    assert not uri.is_sip


@pytest.mark.parametrize(
    "text",
    [
        *("", "sip:", "sip:@h", "sip:a@", "sip:a@b@c", "sip:a b@c", "sip:a@-b", "sip:a@b-", "sip:a@b..c", "sip:a@b.1"),
        *("sip:a@1.2.3", "sip:a@256.1.1.1", "sip:a@[::g]", "sip:a@[1:2:3:4:5:6:7:8:9]", "sip:a@::1", "sip:a@b:65536"),
        *(
            "sip:a@b:",
            "sip:a@b;",
            "sip:a@b;;c",
            "sip:a@b;c=",
            "sip:a@b;c=d=e",
            "sip:a@b?",
            "sip:a@b?c",
            "sip:a@b?c=d=e",
        ),
        *("sip:a@b?=c", "sip:a%4@b", "sip:\xe4@b", "sip:a@b\n", "sip:a@b;c\r\nd", "<sip:a@b>", "sip:a@b;x;X", "1a:b"),
        *("sip:a@b:\u0661", "sip:" + "a" * 4093 + "@h", "sip:a@" + "h" * 256),
        "sip:h" + "".join(f";p{n}" for n in range(65)),
    ],
)
def test_what_is_no_uri_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        Uri.parse(text, field="Request-URI", offset=7)
    assert caught.value.offset == 7
    assert caught.value.field == "Request-URI"


@pytest.mark.parametrize(
    ("value", "person"),
    [
        ("sip:Alice@Example.COM", "sip:Alice@example.com"),
        ("sip:%61lice@example.com.", "sip:alice@example.com"),
        ("sip:a%3ab@h", "sip:a%3Ab@h"),
        ("sip:a%3Bb@h", "sip:a;b@h"),
        ("<sip:alice:secret@h;transport=tcp?x=y>", "sip:alice@h"),
        ("sip:alice@h:5060", "sip:alice@h"),
        ("sips:alice@h:5061", "sip:alice@h"),
        ("sip:alice@h:5061", "sip:alice@h:5061"),
        ("sip:a@[2001:DB8:0:0::1]", "sip:a@[2001:db8::1]"),
        ("SIP:h", "sip:h"),
        ("tel:+1-(201)-555.0123;ext=5", "tel:+12015550123"),
        ("urn:Service:sos", "urn:Service:sos"),
        ('"sip:mallory@evil" <sip:alice@h>;tag=1', "sip:alice@h"),
        ('"\\"<sip:mallory@evil>" <sip:alice@h>', "sip:alice@h"),
        ("Alice <sip:alice@h>", "sip:alice@h"),
        (" sip:alice@h;tag=x ", "sip:alice@h"),
    ],
)
def test_identity_is_who_is_meant(value: str, person: str) -> None:
    assert identity(value) == person


@pytest.mark.parametrize(
    "value",
    [
        '"x" <sip:a@b>, "y" <sip:c@d>',
        "<sip:a@b>, <sip:c@d>",
        "sip:a@b, sip:c@d",
        "<sip:a@b> <sip:c@d>",
        '"x <sip:a@b>',
        "<sip:a@b",
        "sip:a@b>",
        "*",
        "",
    ],
)
def test_two_people_or_none_have_no_identity(value: str) -> None:
    with pytest.raises(DecodeError):
        identity(value)


EQUIVALENT = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com"),
    ("sip:h;transport=tcp;method=X?to=sip:b%40b.com", "sip:h;method=X;transport=tcp?to=sip:b%40b.com"),
    ("sip:a@h?subject=project%20x&priority=urgent", "sip:a@h?priority=urgent&subject=project%20x"),
    ("urn:x", "urn:x"),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:a;b@h", "sip:a%3Bb@h"),
    ("sip:a@h", "sips:a@h"),
    ("sip:a@h", "sip:a:pw@h"),
    ("sip:a@h;maddr=192.0.2.1", "sip:a@h"),
    ("sip:h", "urn:h"),
]


@pytest.mark.parametrize(("one", "other"), EQUIVALENT)
def test_equivalence(one: str, other: str) -> None:
    assert Uri.parse(one).equivalent(Uri.parse(other))
    assert Uri.parse(other).equivalent(Uri.parse(one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_difference(one: str, other: str) -> None:
    assert not Uri.parse(one).equivalent(Uri.parse(other))
    assert not Uri.parse(other).equivalent(Uri.parse(one))


def test_parts_make_a_uri() -> None:
    assert (
        str(sip_uri("bob", "192.0.2.1", 5070, Parameters([("lr", None), ("a", "b")])))
        == "sip:bob@192.0.2.1:5070;lr;a=b"
    )
    assert str(sip_uri(None, "h", scheme="sips")) == "sips:h"
    assert str(Uri.parse("sip:a:b@h;x?y=z").with_parameters(Parameters([("t", "u")]))) == "sip:a:b@h;t=u"
    with pytest.raises(UsageError, match="no URI"):
        sip_uri("bob", "h\r\nEvil: yes")


def test_parameters_are_found_without_case_and_kept_as_written() -> None:
    parameters = NameAddr.parse('<sip:h>;Tag="a\\"b";x;Y=[::1]').parameters
    assert parameters == (("Tag", '"a\\"b"'), ("x", None), ("Y", "[::1]"))
    assert parameters.get("TAG") == 'a"b'
    assert parameters.get("x") is None
    assert parameters.has("X")
    assert not parameters.has("z")
    assert str(parameters.replaced("y", "1").replaced("z", None)) == ';Tag="a\\"b";x;Y=1;z'
    assert str(parameters.without("TAG", "y")) == ";x"


def test_a_parameter_to_send_is_quoted_where_it_must_be() -> None:
    assert parameter("reason", "it's 5 o'clock") == ("reason", "\"it's 5 o'clock\"")
    assert parameter("tag", "abc") == ("tag", "abc")
    assert parameter("lr") == ("lr", None)
    with pytest.raises(UsageError, match="token"):
        parameter("a b")


@pytest.mark.parametrize("text", ["sip:", "sip:a@host:99999", "sip:a@host?x", "sip:a@host;p;p"])
def test_a_fault_names_the_field_and_the_place_of_each_reading(text: str) -> None:
    for field, offset in (("To", 7), ("Contact", 0)):
        with pytest.raises(DecodeError) as caught:
            Uri.parse(text, field=field, offset=offset)
        assert (caught.value.field, caught.value.offset) == (field, offset)

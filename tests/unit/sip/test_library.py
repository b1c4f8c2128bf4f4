"""What the library `sipmessage` gets right we agree with; what it gets wrong is why its grammar is mended."""

from __future__ import annotations

import sipmessage
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.sip import Message, NameAddr, Request, Uri
from tests.unit.sip.samples import INVITE, INVITE_LINES, SDP, joined, request

WORD = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789", min_size=1, max_size=8)
LABEL = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
HOST = st.lists(LABEL, min_size=2, max_size=3).map(".".join) | st.just("192.0.2.1")
PARAMETERS = st.dictionaries(WORD.map(str.lower), WORD, max_size=3)


@given(WORD, WORD, HOST, PARAMETERS, WORD, WORD, st.integers(0, 2**31 - 1))
def test_ordinary_messages_read_the_same(
    user: str, name: str, host: str, parameters: dict[str, str], tag: str, branch: str, number: int
) -> None:
    suffix = "".join(f";{key}={value}" for key, value in parameters.items())
    octets = joined(
        f"INVITE sip:{user}@{host}{suffix} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:5070;branch=z9hG4bK{branch}{suffix}",
        f'From: "{name}" <sip:{user}@{host}{suffix}>;tag={tag}',
        f"To: {name} <sip:{user}@{host}>",
        f"Call-ID: {tag}@{host}",
        f"CSeq: {number} INVITE",
        f"Contact: <sip:{user}@{host}>, <sip:{user}@{host}>;expires=7",
        f"Content-Type: application/sdp{suffix}",
        "Content-Length: 3",
        body=b"v=0",
    )
    ours, theirs = Message.parse(octets), sipmessage.Message.parse(octets)
    assert isinstance(ours, Request)
    assert isinstance(theirs, sipmessage.Request)
    assert (ours.method, str(ours.uri), ours.body) == (theirs.method, str(theirs.uri), theirs.body)
    assert [(via.transport, via.host, via.port, via.branch) for via in ours.vias] == [
        (via.transport, via.host, via.port, via.parameters["branch"]) for via in theirs.via
    ]
    for mine, other in ((ours.from_, theirs.from_address), (ours.to, theirs.to_address)):
        assert (mine.display, str(mine.uri)) == (other.name, str(other.uri))
        assert mine.tag == other.parameters.get("tag", "")
    assert [str(contact.uri) for contact in ours.contacts] == [str(contact.uri) for contact in theirs.contact]
    assert (ours.call_id, ours.cseq.number) == (theirs.call_id, theirs.cseq.sequence)
    assert theirs.content_type is not None
    assert ours.content_type == theirs.content_type.mime_type


def test_one_address_is_not_two() -> None:
    both = '"x" <sip:a@b>, "y" <sip:c@d>'
    assert [str(address.uri) for address in NameAddr.parse_list(both)] == ["sip:a@b", "sip:c@d"]


def test_a_quote_in_a_parameter_ends_where_it_ends() -> None:
    found = NameAddr.parse_list('<sip:a@h>;x="1;y=2";z="3", <sip:b@h>;x="4"')
    assert [address.parameters for address in found] == [(("x", '"1;y=2"'), ("z", '"3"')), (("x", '"4"'),)]


def test_tags_that_differ_only_by_an_escape_differ() -> None:
    assert NameAddr.parse("<sip:a@h>;tag=a%41").tag != NameAddr.parse("<sip:a@h>;tag=aA").tag


def test_a_parameter_of_any_name_is_read() -> None:
    assert Uri.parse("sip:a@h;self=1;cls").parameters == (("self", "1"), ("cls", None))


def test_hosts_of_one_label() -> None:
    for host in ("pc33", "h1", "node-a", "3com", "localhost"):
        assert Uri.parse(f"sip:a@{host}").host == host
        assert Uri.parse(f"sip:{host}").host == host


def test_folds_are_read() -> None:
    folded = request("OPTIONS", "Subject: one\r\n two\r\n\tthree")
    assert Message.parse(folded).get("Subject") == "one two\tthree"
    assert Message.parse(folded).octets == folded


def test_content_length_is_heeded() -> None:
    assert Message.parse(INVITE + b"more").body == SDP


def test_lines_stay_where_they_are() -> None:
    octets = joined(
        *INVITE_LINES[:2], "X: 1", "Route: <sip:a;lr>", "Y: 2", "Route: <sip:b;lr>", *INVITE_LINES[2:], body=SDP
    )
    assert Message.parse(octets).octets == octets
    edited = Message.parse(octets).without("X").octets
    assert edited == octets.replace(b"X: 1\r\n", b"")

"""What is typed into the command-line telephone, and what it says of keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp import Endpoint, NullCredential, PskCredential, Secret
from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.softphone.edge_places import Listener
from mikey_sdp.softphone.phone_plan import PhonePlan
from mikey_sdp.softphone.phone_words import (
    MAX_LINE,
    VERBS,
    Packets,
    Typed,
    fingerprints,
    help_lines,
    keys_line,
    typed,
    uri_of,
    warnings_on,
)

ALICE, BOB = "sip:alice@example.com", "sip:bob@example.com"
SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"


def keys(credential: Credential, *, secure_carrier: bool = False) -> tuple[KeySet, KeySet]:
    """Alice's and Bob's keys of a call."""
    alice, bob = (Endpoint(who, credentials=[credential]) for who in (ALICE, BOB))
    offer = alice.offer(SDP, to=BOB, secure_carrier=secure_carrier)
    answer = bob.answer(offer.sdp, SDP, caller=ALICE, secure_carrier=secure_carrier)
    assert answer.keys is not None
    return offer.accept(answer.sdp or ""), answer.keys


@pytest.mark.parametrize(
    ("line", "verb", "words"),
    [
        ("call sip:bob@example.com", "call", (BOB,)),
        ("CALL bob@example.com", "call", (BOB,)),
        ("dial bob@192.0.2.2:5070 sip:bob@example.com", "call", ("sip:bob@192.0.2.2:5070", BOB)),
        ("  transfer sips:carol@example.com ", "transfer", ("sips:carol@example.com",)),
        ("hang up", "hangup", ()),
        ("hangup", "hangup", ()),
        ("bye", "hangup", ()),
        ("unhold", "resume", ()),
        ("exit", "quit", ()),
        ("?", "help", ()),
        *((verb, verb, ()) for verb in VERBS if not VERBS[verb].least),
    ],
)
def test_commands(line: str, verb: str, words: tuple[str, ...]) -> None:
    assert typed(line) == Typed(verb=verb, words=words)


@pytest.mark.parametrize("line", ["", "   ", "\t\r"])
def test_an_empty_line_is_no_command(line: str) -> None:
    assert typed(line) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("anwser", "there is no command 'anwser'; did you mean 'answer'?"),
        ("xyzzy", f"there is no command 'xyzzy'; there are {', '.join(VERBS)}"),
        ("call", "call is used as: call URI [IDENTITY]"),
        ("call a@b c@d e@f", "call is used as: call URI [IDENTITY]"),
        ("hold on", "hold is used as: hold (alone)"),
        ("call <bob>", "'<bob>' is no SIP URI such as sip:bob@example.com: "),
        ("\x1b[2J", "there is no command '?[2J'"),
        ("x" * (MAX_LINE + 1), f"a command has at most {MAX_LINE} letters"),
    ],
)
def test_what_is_no_command_is_told_in_words(line: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        typed(line)
    assert str(refused.value).startswith(said)
    assert str(refused.value).isprintable()


def told(line: str) -> str:
    """What is said of a line; empty where it is taken."""
    try:
        typed(line)
    except UsageError as fault:
        return str(fault)
    return ""


@given(st.text(max_size=60))
def test_any_line_is_a_command_or_is_told_in_words(line: str) -> None:
    assert all(told(text).isprintable() for text in (line, f"call {line}", f"transfer {line}"))


def test_a_uri_can_not_carry_another_header_field() -> None:
    for text in ("bob@example.com\r\nVia: x", "bob@example.com?Replaces=x", "bob@exa mple.com", "tel:+1"):
        with pytest.raises(UsageError):
            uri_of(text)


def test_both_ends_show_the_same_keys_the_other_way_round() -> None:
    ours, theirs = keys(PskCredential("*", Secret(bytes(range(16)))))
    (out, into), (their_out, their_into) = fingerprints(ours), fingerprints(theirs)
    assert out.removeprefix("out ") == their_into.removeprefix("in ")
    assert into.removeprefix("in ") == their_out.removeprefix("out ")
    assert keys_line(ours) == f"PSK with {BOB} (proved), keys {out} {into}"
    key = ours.media[0].send[0].master_key.reveal().hex()
    assert key[:8] not in keys_line(ours)


def test_unprotected_keys_are_only_claimed_and_come_with_a_warning() -> None:
    ours, _ = keys(NullCredential(), secure_carrier=True)
    assert f"NULL with {BOB} (claimed only)" in keys_line(ours)
    assert any("NULL" in warning for warning in warnings_on(ours))


def test_packets_add_up() -> None:
    total = Packets(sent=3, received=2, lost=1).plus(sent=10, received=20, lost=30)
    assert str(total) == "13 packets sent, 22 received, 31 lost"


def test_help_names_every_command_once() -> None:
    assert [line.split()[0] for line in help_lines()] == list(VERBS)


def test_a_plan_says_where_it_listens() -> None:
    places = [Listener(transport=one, address=Address("192.0.2.1", 5060)) for one in (Transport.UDP, Transport.TCP)]
    plan = PhonePlan(listen=tuple(places), record=Path("x.wav"))
    assert plan.places == "udp:192.0.2.1:5060, tcp:192.0.2.1:5060"

"""The Mermaid diagram: one line a statement, every text harmless, branches folded."""

from __future__ import annotations

import re

import msgspec

from mikey_sdp.report.mermaid import mermaid
from mikey_sdp.trace import MessageSent, Warned
from tests.unit.report.forked import Fork
from tests.unit.report.given import CALL, TAPPED, result, sent

EVIL = 'wrap: x; end # %% --> <b> "q" {a} [b]\nloop x\r\nend'
STATEMENT = re.compile(
    r"sequenceDiagram"
    r"|    participant p\d+ as .+"
    r"|    Note (?:over|right of) p\d+(?:,p\d+)?: .+"
    r"|    p\d+(?:->>|-x|--\))p\d+: .+"
)


def test_a_call_as_a_diagram() -> None:
    lines = mermaid(result()).splitlines()
    assert lines[:5] == [
        "sequenceDiagram",
        "    participant p0 as alice",
        "    participant p1 as bob",
        "    Note over p0: 0 s",
        "    p0-xp1: INVITE sip:bob@example.com (lost)",
    ]
    assert "    p1->>p0: 200 OK (INVITE)" in lines
    assert "    p0--)p1: audio: 47 of 50 packets decrypted, 1 undecryptable, 2 lost" in lines
    assert "    Note right of p1: key: PSK keys: send bbbbbbbb, receive aaaaaaaa" in lines


def test_every_line_is_a_statement_whatever_peers_say() -> None:
    records = tuple(
        msgspec.structs.replace(record, summary=EVIL, notes=(EVIL,), to=EVIL)
        if isinstance(record, MessageSent)
        else record
        for record in (*CALL, *TAPPED, Warned(at_us=9_000_000, party=EVIL, text=EVIL))
    )
    lines = mermaid(result(records, ("alice", "mallory", EVIL))).splitlines()
    assert [line for line in lines if not STATEMENT.fullmatch(line)] == []
    said = [line.split(": ", 1)[-1].split(" as ", 1)[-1] for line in lines]
    assert [text for text in said if re.search(r"[;#](?<!#\d;)", re.sub(r"#\d+;", "", text))] == []
    assert [text for text in said if re.search(r"\bend\b|^wrap:", text, re.IGNORECASE)] == []


def test_an_attack_is_told_at_the_message_that_it_sent() -> None:
    lines = mermaid(result(TAPPED, ("alice", "mallory", "bob"))).splitlines()
    at = lines.index("    p1->>p2: INVITE sip:bob@example.com")
    assert lines[at + 1] == "    Note over p1,p2: took one away"
    assert "    p0->>p1: INVITE sip:bob@example.com" in lines


def test_thirty_branches_share_a_participant() -> None:
    text = mermaid(Fork().run())
    assert "participant p2 as phone-01 … phone-30 \N{MULTIPLICATION SIGN}29\n" in text
    assert len(text.splitlines()) < 70


def test_strangers_and_empty_runs_have_a_diagram() -> None:
    assert "as 203.0.113.9:5060" in mermaid(result((sent(0, 1, "alice", "203.0.113.9:5060", "OPTIONS x"),)))
    assert mermaid(result((), (), ())) == "sequenceDiagram\n"

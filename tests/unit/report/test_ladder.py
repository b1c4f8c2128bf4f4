"""The ladder: arrows from column to column, losses, attackers, notes, keys, media; and never wider than asked."""

from __future__ import annotations

import msgspec
import pytest

from mikey_sdp.report.canvas import ASCII, UNICODE, fit_summary
from mikey_sdp.report.ladder import ladder
from mikey_sdp.report.verdicts import verdict_lines
from mikey_sdp.trace import MessageSent, RunResult
from tests.unit.report.given import CALL, FAILED, TAPPED, counted, result, sent

EXPECTED = """\
            alice                                                            bob
     UDP      │                                                               │
     0 s      │─ INVITE sip:bob@example.com ────────────────────────── ✗ lost │
              │  MIKEY PSK I_MESSAGE                                          │
  500 ms      │─ INVITE sip:bob@example.com ─────────────────────────────────▶│
              │  repeated, octet for octet                                    │
  720 ms      │                   PSK keys: send bbbbbbbb, receive aaaaaaaa ◆ │
              │◀──────────────────────────────────────────── 200 OK (INVITE) ─│
              │  MIKEY PSK R_MESSAGE                                          │
  741 ms      │ ! a clock that is 3 s ahead                                   │
  760 ms      │═ audio: 47 of 50 packets decrypted, 1 undecryptable, 2 lost ═▶│
              │◀══════════════════════════ video: 50 of 50 packets decrypted ═│
  900 ms      │                         refused: seen before (MIKEY error 1) ✗ │"""


def text(run: RunResult, width: int = 80) -> list[str]:
    return [line.plain for line in ladder(run, width=width)]


def test_a_call_is_drawn() -> None:
    drawn = text(result())
    expected = EXPECTED.splitlines()
    assert drawn[:-1] == expected[:-1]
    assert drawn[-1].split() == expected[-1].split()


def test_an_attacker_takes_messages_on_their_way_and_is_named() -> None:
    drawn = text(result(TAPPED, ("alice", "mallory", "bob")))
    assert drawn[2] == "     0 s      │─ INVITE sip:bob@example.com ─▶│                               │"
    assert drawn[4] == "              │                               │─ INVITE sip:bob@example.com ─▶│"
    assert drawn[5].strip("│ ") == "took one away"
    assert drawn[6].strip("│ ") == "one protocol"


def test_what_is_only_passed_on_is_not_explained_twice() -> None:
    drawn = "\n".join(text(result(TAPPED, ("alice", "mallory", "bob"))))
    assert drawn.count("MIKEY Error message") == 1
    assert drawn.count("488 Not Acceptable Here") == 2


def test_an_attackers_last_word_stands_at_his_line() -> None:
    assert text(result(TAPPED, ("alice", "mallory", "bob")))[-1].strip("│ ").startswith("50 ms")
    assert "✗ read 2 messages" in text(result(TAPPED, ("alice", "mallory", "bob")))[-1]


def test_an_arrow_crosses_the_lines_between() -> None:
    drawn = text(result((sent(0, 1, "alice", "carol", "INVITE x"),), ("alice", "bob", "carol")))
    assert drawn[2].count("┼") == 1
    assert drawn[2].endswith("▶│")


@pytest.mark.parametrize("width", [40, 60, 72, 80, 100, 120, 200])
@pytest.mark.parametrize("parties", [("alice", "bob"), ("alice", "mallory", "bob"), tuple(f"p{n}" for n in range(12))])
def test_no_line_is_wider_than_asked(width: int, parties: tuple[str, ...]) -> None:
    long = "a note that goes on and on " * 8
    records = (*CALL, *TAPPED) if "alice" in parties else ()
    more = (
        sent(6_000_000, 90, parties[-1], parties[0], "BYE sip:someone@a-very-long-name.example.com", long),
        sent(6_000_000, 91, parties[0], "203.0.113.9:5060", "OPTIONS x", long),
    )
    drawn = text(result((*records, *more), parties), width)
    assert max(len(line) for line in drawn) <= width
    assert any("a note that" in line for line in drawn)


def test_too_many_parties_make_a_list() -> None:
    parties = tuple(f"phone-{number}" for number in range(10))
    drawn = text(result((sent(0, 1, "phone-0", "phone-9", "INVITE x", "MIKEY"),), parties))
    assert drawn == ["     0 s  phone-0 ▶ phone-9  INVITE x", "              MIKEY"]


def test_a_list_tells_of_losses_attacks_media_and_refusals() -> None:
    parties = ("alice", "bob", "mallory", *(f"phone-{number}" for number in range(10)))
    drawn = "\n".join(text(result(tuple(sorted((*CALL, *TAPPED), key=lambda record: record.at_us)), parties)))
    for part in ("✗ lost", "took one away", "audio: 47 of 50 packets decrypted", "refused: seen before", "taken by"):
        assert part in drawn


def test_plain_signs_are_used_where_the_output_knows_no_others() -> None:
    drawn = "\n".join(line.plain for line in ladder(result(), glyphs=ASCII))
    assert drawn.isascii()
    assert "->|" in drawn


def test_colours_tell_lost_media_from_whole() -> None:
    styles = {
        str(span.style)
        for line in ladder(result())
        for span in line.spans
        if "packets decrypted" in line.plain[span.start : span.end]
    }
    assert styles == {"yellow", "green"}


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (40, "488 Not Acceptable Here (INVITE)"),
        (25, "488 Not Acceptable Here"),
        (10, "488"),
        (2, "4…"),
    ],
)
def test_a_summary_gives_way_bit_by_bit(room: int, said: str) -> None:
    assert fit_summary("488 Not Acceptable Here (INVITE)", room, UNICODE) == said


def test_a_request_loses_its_host_first() -> None:
    assert fit_summary("INVITE sip:bob@example.com", 12, UNICODE) == "INVITE bob"


def test_a_stranger_stands_beside_whoever_speaks_with_him() -> None:
    records = (
        sent(0, 1, "alice", "203.0.113.9:5060", "OPTIONS x"),
        counted(9, "alice", "sip:eve@example.net", "received", 3),
    )
    drawn = text(result(records))
    assert drawn[2].endswith("▶│")
    assert "0 of 0 packets decrypted, 3 undecryptable" in drawn[3]
    assert "OPTIONS x" in text(result((sent(0, 1, "eve", "bob", "OPTIONS x"),)))[2]


@pytest.mark.parametrize("width", [40, 80])
def test_strangers_cannot_write_on_the_terminal(width: int) -> None:
    evil = "x\x1b[2J\r\n\x9b31m\u202ey"
    records = (sent(0, 1, "alice", "bob", f"INVITE {evil}", evil), *CALL)
    drawn = text(result(records, verdicts=(msgspec.structs.replace(FAILED, came=evil, expectation=evil),)), width)
    verdicts = [line.plain for line in verdict_lines(result(verdicts=(msgspec.structs.replace(FAILED, came=evil),)))]
    assert all(line.isprintable() for line in (*drawn, *verdicts))
    assert any("x?[2J" in line for line in drawn)


def test_transports_are_named_once() -> None:
    records = tuple(
        MessageSent(at_us=0, party="alice", number=at, to="bob", transport=transport, summary="X", octets=b"")
        for at, transport in enumerate(("TLS", "UDP", "TLS"))
    )
    assert text(result(records))[1].startswith(" TLS/UDP")

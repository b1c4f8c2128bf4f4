"""`mikey-sdp interop`: lines on standard input and output, one answer each."""

from __future__ import annotations

import io
import json

import pytest

from mikey_sdp.cli.interop import lines
from mikey_sdp.interop import MAX_LINE_OCTETS
from tests.exchange.pair import PSK
from tests.unit.cli.conftest import Program

HEX = PSK.reveal().hex()


def said(program: Program, *given: str | bytes) -> list[dict[str, object]]:
    stdin = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in given)
    ran = program("interop", stdin=stdin)
    assert (ran.status, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def test_each_line_gets_an_answer(program: Program) -> None:
    answers = said(
        program, json.dumps({"cmd": "init", "psk": HEX}), "", "nonsense", b"\xff", '{"cmd":"keys"}\r', '{"cmd":"modes"}'
    )
    assert [one["ok"] for one in answers] == [True, False, False, False, True, True]


def test_an_exchange_of_two_programs(program: Program) -> None:
    """Each end's lines in one go: what the second says to the first is not needed for its own keys."""
    (sent, early) = said(program, json.dumps({"cmd": "init", "psk": HEX, "v": 0}), '{"cmd":"keys"}')
    (taken,) = said(program, json.dumps({"cmd": "respond", "psk": HEX, "message": sent["message"]}))
    assert taken["message"] is None
    assert (taken["tgk"], taken["cs"]) == (early["tgk"], early["cs"])


def test_a_line_that_is_too_long_does_not_disturb_the_next(program: Program) -> None:
    long = b"x" * (3 * MAX_LINE_OCTETS)
    first, second = said(program, long, '{"cmd":"modes"}')
    assert "a line has at most" in str(first)
    assert second["ok"]


def test_no_input_is_no_fault(program: Program) -> None:
    assert said(program) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\r\n\nb", [b"a", b"", b"b"]),
    ],
)
def test_lines(data: bytes, expected: list[bytes]) -> None:
    assert list(lines(io.BytesIO(data))) == expected


def test_no_more_of_a_long_line_is_kept_than_shows_that_it_is_long() -> None:
    found = list(lines(io.BytesIO(b"x" * (5 * MAX_LINE_OCTETS) + b"\ny")))
    assert [len(line) for line in found] == [MAX_LINE_OCTETS + 2, 1]


def test_answers_are_written_one_by_one(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for an answer before he asks on must not wait for ever."""
    import sys

    flushed: list[int] = []
    original = sys.stdout.flush
    monkeypatch.setattr(sys.stdout, "flush", lambda: (flushed.append(1), original())[1])
    said(program, '{"cmd":"modes"}', '{"cmd":"modes"}')
    assert len(flushed) >= 2

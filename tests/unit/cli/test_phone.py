"""`mikey-sdp phone` before any socket is opened: what is refused, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Program

ALICE = "sip:alice@example.com"


@pytest.fixture
def key(tmp_path: Path) -> str:
    file = tmp_path / "alice.psk"
    file.write_text("00112233445566778899aabbccddeeff\n", encoding="ascii")
    return f"@{file}"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "there is nothing to prove IDENTITY by; give --psk @FILE, or --certificate FILE and --key @FILE"),
        (("--psk", "00112233445566778899aabbccddeeff"), "--psk does not take the secret itself"),
        (("--psk", "-"), "--psk can't be standard input, where commands are typed"),
        (("--psk", "@nobody.psk"), "nobody.psk can't be read: No such file or directory"),
        (("--psk", "sip:bob@example.com=@nobody.psk"), "nobody.psk can't be read: No such file or directory"),
        (("--key", "@x"), "--certificate and --key come together"),
        (("--certificate", "own.pem", "--key", "-"), "--key can't be standard input"),
        (("--listen", "tls:127.0.0.1:5061"), "--listen takes udp and tcp, not tls"),
        (("--listen", "udp:[::1]:5060"), "--listen takes an IPv4 address, not ::1"),
        (("--listen", "127.0.0.1"), "expected a place such as"),
        (("--tone", "440", "--play", "x.wav"), "--tone and --play are both instead of the microphone"),
        (("--play", "no.wav"), "no.wav can't be read"),
        (("--call", "a@b c@d e@f"), "call is used as: call URI [IDENTITY]"),
        (("--call", "<b>"), "'<b>' is no SIP URI"),
        (("--proxy", "<b>"), "'<b>' is no SIP URI"),
    ],
)
def test_what_can_not_be_used_is_told_in_one_line(program: Program, arguments: tuple[str, ...], told: str) -> None:
    ran = program("phone", ALICE, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"mikey-sdp: {told}")
    assert len(ran.err.splitlines()) == 1


def test_who_we_are_is_a_sip_uri(program: Program, key: str) -> None:
    ran = program("phone", "alice and bob", "--psk", key)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("mikey-sdp: 'alice and bob' is no SIP URI such as sip:bob@example.com")


def test_a_mode_that_is_not_there(program: Program, key: str) -> None:
    ran = program("phone", ALICE, "--psk", key, "--mode", "null")
    assert ran.status == 2
    assert "'null' is not one of" in ran.err


def test_a_secret_never_stands_in_a_complaint(program: Program, tmp_path: Path) -> None:
    secret = "correct horse battery staple"
    (tmp_path / "key").write_text(secret, encoding="ascii")
    ran = program("phone", ALICE, "--certificate", str(tmp_path / "key"), "--key", f"@{tmp_path / 'key'}")
    assert ran.status in (1, 2)
    assert secret not in ran.err


def test_help_tells_the_commands(program: Program) -> None:
    ran = program("phone", "--help")
    assert ran.status == 0
    for word in ("call", "answer", "hold", "resume", "transfer", "rekey", "hangup", "status", "quit"):
        assert word in ran.out

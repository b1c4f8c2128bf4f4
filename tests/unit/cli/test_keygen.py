"""Keys from `keygen`: fresh, long enough, and never on the screen when they have another place."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from mikey_sdp.cli.common import StandardInput, read_secret
from mikey_sdp.secret import Secret
from tests.unit.cli.conftest import Program


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if service == "locked":
            raise keyring.errors.PasswordSetError
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    made = Drawer()
    monkeypatch.setattr(keyring, "get_password", made.get_password)
    monkeypatch.setattr(keyring, "set_password", made.set_password)
    return made


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> bytes:
    octets = bytes(range(0xA0, 0xB0))
    monkeypatch.setattr(os, "urandom", lambda count: (octets * 16)[:count])
    return octets


@pytest.mark.requirement("3830-4.2.2-1")
def test_keys_come_from_the_systems_randomness(known: bytes, program: Program) -> None:
    assert program("keygen").out == f"{known.hex()}\n"


def test_two_keys_differ(program: Program) -> None:
    first, second = program("keygen"), program("keygen")
    assert first.status == second.status == 0
    assert first.out != second.out
    assert len(bytes.fromhex(first.out)) == 16


def test_forms(known: bytes, program: Program) -> None:
    assert program("keygen", "--format", "base64").out == base64.b64encode(known).decode() + "\n"
    assert program("keygen", "--format", "raw").raw == known
    assert program("keygen", "--octets", "32").out == (known * 2).hex() + "\n"


@pytest.mark.parametrize("form", ["hex", "base64", "raw"])
def test_a_file_is_the_owners_alone_and_reads_back(form: str, known: bytes, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "alice.psk"
    shown = program("keygen", "--out", str(path), "--format", form)
    assert shown.status == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret(f"@{path}", "--psk", StandardInput()).secret == Secret(known)
    assert known.hex() not in shown.out
    assert Secret(known).fingerprint() in shown.out


def test_a_file_is_never_overwritten(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "alice.psk"
    path.write_text("mine")
    shown = program("keygen", "--out", str(path))
    assert shown.status == 2
    assert "exists" in shown.err
    assert path.read_text() == "mine"


def test_a_file_that_cannot_be_written(program: Program, tmp_path: Path) -> None:
    shown = program("keygen", "--out", str(tmp_path / "no" / "such" / "folder"))
    assert shown.status == 2
    assert "can't be written: No such file or directory" in shown.err


def test_the_keyring(drawer: Drawer, known: bytes, program: Program) -> None:
    shown = program("keygen", "--keyring", "sip", "alice")
    assert shown.status == 0
    assert known.hex() not in shown.out
    assert "keyring:sip/alice" in shown.out
    assert read_secret("keyring:sip/alice", "--psk", StandardInput()).secret == Secret(known)
    assert drawer.entries == {("sip", "alice"): f"hex:{known.hex()}"}


def test_a_keyring_that_refuses(drawer: Drawer, program: Program) -> None:
    shown = program("keygen", "--keyring", "locked", "alice")
    assert shown.status == 2
    assert "the keyring does not answer: PasswordSetError" in shown.err
    assert drawer.entries == {}


def test_json(known: bytes, program: Program, tmp_path: Path) -> None:
    shown = json.loads(program("keygen", "--json").out)
    assert shown == {"octets": 16, "fingerprint": Secret(known).fingerprint(), "hex": known.hex()}
    path = tmp_path / "key"
    placed = json.loads(program("keygen", "--json", "--out", str(path)).out)
    assert placed == {"octets": 16, "fingerprint": Secret(known).fingerprint(), "place": f"@{path}"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--octets", "15"),
        ("--octets", "257"),
        ("--octets", "many"),
        ("--format", "roman"),
        ("--out", "a", "--keyring", "b", "c"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], program: Program) -> None:
    shown = program("keygen", *arguments)
    assert shown.status == 2
    assert shown.out == ""

"""`decode` as a user meets it: every input, secrets by their ways, statuses, and no key that was not asked for."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.cli import common, decode
from mikey_sdp.cli.common import secret_of
from mikey_sdp.errors import UsageError
from mikey_sdp.secret import Secret
from tests import captures
from tests.samples import (
    DHHMAC_I,
    I_MESSAGE,
    PSK,
    R_MESSAGE,
    RFC4567_ANSWER,
    RFC4567_OFFER,
    T_UNIX_US,
    TGK,
    VECTORS,
    line,
    ok,
    sdp,
    sip,
)
from tests.unit.cli.conftest import Program
from tests.unit.dissect.test_describe import SECRET_KEY, SECRET_SALT, null_message
from tests.unit.leaks import Leaks

ROOT = Path(__file__).parents[3]
NOW = ("--now", "2006-10-20T13:43:06Z")
CALL = captures.pcap(
    [captures.ethernet(captures.udp(sip(sdp(I_MESSAGE)))), captures.ethernet(captures.udp(ok(sdp(R_MESSAGE))))],
    start=T_UNIX_US / 1_000_000,
)
KEYS = Leaks([PSK, TGK, SECRET_KEY, SECRET_SALT, *map(bytes.fromhex, VECTORS["tgk_keys"].values())])


@pytest.fixture
def psk(tmp_path: Path) -> str:
    path = tmp_path / "psk"
    path.write_text(f"{PSK.hex()}\n")
    return f"@{path}"


def as_json(program: Program, *arguments: str, stdin: bytes = b"", status: int = 0) -> list[dict[str, Any]]:
    shown = program("decode", "--json", *arguments, stdin=stdin)
    assert shown.status == status, shown.err
    decoded: list[dict[str, Any]] = json.loads(shown.out)
    return decoded


@pytest.mark.parametrize(
    "data",
    [
        base64.b64encode(I_MESSAGE),
        line(I_MESSAGE).encode(),
        sdp(I_MESSAGE),
        sip(sdp(I_MESSAGE)),
        I_MESSAGE,
        I_MESSAGE.hex(" ").encode(),
    ],
    ids=["base64", "line", "sdp", "sip", "octets", "hex"],
)
def test_every_input_by_file_and_by_standard_input(data: bytes, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(data)
    (from_file,) = as_json(program, str(path))
    assert from_file["octets"] == len(I_MESSAGE)
    assert as_json(program, "-", *NOW, stdin=data) == as_json(program, *NOW, stdin=data)
    assert as_json(program, *NOW, stdin=data) == as_json(program, str(path), *NOW)


def test_text_in_place(program: Program) -> None:
    (one,) = as_json(program, line(I_MESSAGE))
    assert one["header"]["csb_id"] == 0xCD177E50
    assert as_json(program, base64.b64encode(R_MESSAGE).decode())[0]["header"]["data_type"]["name"] == "PSK ver msg"


def test_the_objects_have_the_agreed_form(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"
    path.write_bytes(CALL)
    offer, answer = as_json(program, str(path))
    assert set(offer) == {"where", "octets", "header", "payloads", "remarks"}
    assert offer["where"] == {"level": "session", "media": None, "frame": 1}
    assert answer["where"] == {"level": "session", "media": None, "frame": 2}
    assert set(offer["header"]) == {"data_type", "v", "prf_func", "csb_id", "cs_id_map_type", "cs"}
    assert offer["header"]["cs"] == [{"cs_id": 1, "policy_no": 0, "ssrc": 0, "roc": 0}]
    assert [(one["type"], one["offset"], one["octets"]) for one in offer["payloads"]] == [
        ("T", 19, 10),
        ("RAND", 29, 18),
        ("ID", 47, 19),
        ("ID", 66, 20),
        ("SP", 86, 5),
        ("GENERAL_EXT", 91, 9),
        ("KEMAC", 100, 45),
    ]
    assert all(set(remark) == {"severity", "text", "section"} for remark in offer["remarks"])


def test_media_level(program: Program) -> None:
    (one,) = as_json(program, stdin=sdp(media=(None, I_MESSAGE)))
    assert one["where"] == {"level": "media", "media": 1, "frame": None}


def test_both_examples_of_rfc_4567(program: Program) -> None:
    text = f"{line(RFC4567_OFFER)}\n{line(RFC4567_ANSWER)}\n"
    shown = program("decode", "-", *NOW, stdin=text.encode())
    assert shown.status == 0
    assert "MIKEY message 1 of 2: Pre-shared, I_MESSAGE of the pre-shared key mode, 132 octets" in shown.out
    assert "MIKEY message 2 of 2: PSK ver msg, R_MESSAGE of the pre-shared key mode, 71 octets" in shown.out
    assert "in words: donald@duck.com" in shown.out
    assert "in words: mickey@mouse.com" in shown.out
    assert "\x1b" not in shown.out


def test_the_key_opens_a_captured_call(psk: str, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"
    path.write_bytes(CALL)
    shown = program("decode", str(path), "--psk", psk)
    assert shown.status == 0
    assert "MAC of KEMAC: right" in shown.out
    assert "── V: right" in shown.out
    offer, answer = as_json(program, str(path), "--psk", psk)
    assert [check["held"] for check in offer["opened"]["checks"]] == [True, True, True]
    assert answer["opened"]["checks"] == [{"name": "V", "held": True, "reason": "", "section": ""}]
    (data_sa,) = offer["opened"]["data_sas"]
    assert data_sa["tek_fingerprint"] == Secret(bytes.fromhex(VECTORS["tgk_keys"]["tek_cs1"])).fingerprint()


def test_offer_and_answer_in_two_files(psk: str, program: Program, tmp_path: Path) -> None:
    for name, body in (("offer", sdp(I_MESSAGE)), ("answer", sdp(R_MESSAGE))):
        (tmp_path / name).write_bytes(body)
    shown = program("decode", str(tmp_path / "offer"), str(tmp_path / "answer"), "--psk", psk)
    assert shown.status == 0
    assert "── V: right" in shown.out


def test_revealed_keys_are_those_of_the_vectors(psk: str, program: Program) -> None:
    (one,) = as_json(program, line(I_MESSAGE), "--psk", psk, "--reveal-keys")
    assert one["payloads"][-1]["key_data"][0]["key_data"] == TGK.hex()
    (data_sa,) = one["opened"]["data_sas"]
    assert (data_sa["tek"], data_sa["salt"]) == (VECTORS["tgk_keys"]["tek_cs1"], VECTORS["tgk_keys"]["salt_cs1"])


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_key_is_shown_that_was_not_asked_for(form: tuple[str, ...], psk: str, program: Program) -> None:
    for stdin in (CALL, null_message().octets, null_message().octets[:-3], line(I_MESSAGE).encode()):
        for keyed in ((), ("--psk", psk)):
            shown = program("decode", *form, *keyed, stdin=stdin)
            assert KEYS.found_in(shown.out + shown.err) == []
    revealed = program("decode", *form, "--reveal-keys", stdin=null_message().octets).out
    assert KEYS.found_in(revealed)


def test_a_wrong_key_fails_and_tells_how_it_was_read(program: Program) -> None:
    shown = program("decode", line(I_MESSAGE), "--psk", "-", stdin=b"text:0123456789abcdeX")
    assert shown.status == 1
    assert "MAC of KEMAC: WRONG" in shown.out
    assert "the key was read as text, 16 octets" in shown.err


def test_an_answer_alone_is_not_checked_and_that_is_no_success(psk: str, program: Program) -> None:
    shown = program("decode", line(R_MESSAGE), "--psk", psk)
    assert shown.status == 1
    assert "V: not checked" in shown.out


def test_a_key_that_says_nothing_is_no_success(psk: str, program: Program) -> None:
    other = bytes((1, 4)) + RFC4567_OFFER[2:]
    shown = program("decode", line(other), "--psk", psk)
    assert shown.status == 1
    assert "the key says nothing about these messages" in shown.err


def test_a_malformed_message_says_where(program: Program) -> None:
    shown = program("decode", stdin=I_MESSAGE[:60])
    assert shown.status == 1
    assert "malformed at offset 51, ID ID data: the octets end too soon (wanted 15, left 9)" in shown.out
    (one,) = as_json(program, stdin=I_MESSAGE[:60], status=1)
    assert one["error"] == {
        "reason": "the octets end too soon",
        "offset": 51,
        "field": "ID ID data",
        "section": "RFC 3830 section 6.7",
    }
    assert [payload["type"] for payload in one["payloads"]] == ["T", "RAND"]


def test_a_malformed_line_says_where(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "offer.sdp"
    path.write_bytes(sdp(I_MESSAGE).replace(b"mikey AQ", b"mikey A("))
    shown = program("decode", str(path))
    assert shown.status == 1
    assert shown.err.startswith(f"mikey-sdp: {path}: at offset ")
    assert "a character that is not base64" in shown.err


@pytest.mark.parametrize(
    ("stdin", "said"),
    [(b"", "the input is empty"), (sdp(), "the SDP has 1 m= line and no a=key-mgmt"), (captures.pcap([]), "0 frames")],
)
def test_nothing_found(stdin: bytes, said: str, program: Program) -> None:
    shown = program("decode", stdin=stdin)
    assert shown.status == 3
    assert said in shown.err
    assert shown.out == ""
    assert as_json(program, stdin=stdin, status=3) == []


def test_a_file_that_is_not_there(program: Program) -> None:
    shown = program("decode", "offer.sdp")
    assert (shown.status, shown.err) == (2, "mikey-sdp: there is no file 'offer.sdp'\n")
    words = program("decode", "no such thing")
    assert words.status == 2
    assert "there is no file 'no such thing'; read as text it is nothing that can be decoded" in words.err


def test_what_cannot_be_recognised_in_a_file(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("remember the milk")
    shown = program("decode", str(path))
    assert shown.status == 1
    assert "nothing that can be decoded" in shown.err
    assert len(shown.err.splitlines()) == 1


def test_the_kind_may_be_given(program: Program) -> None:
    assert as_json(program, "--as", "hex", stdin=I_MESSAGE.hex().encode())[0]["octets"] == len(I_MESSAGE)
    assert program("decode", "--as", "pcap", stdin=I_MESSAGE).status == 1
    assert program("decode", "--as", "postcard").status == 2


def test_notes_go_to_standard_error(program: Program) -> None:
    body = sdp(I_MESSAGE).replace(b"a=key", b"a=key-mgmt:keyp1 AAAA\r\na=key", 1)
    shown = program("decode", "--json", stdin=body)
    assert shown.err == "note: a key-mgmt line of protocol keyp1 was passed over\n"
    json.loads(shown.out)


def test_now_comes_from_the_clock_or_the_user(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode.time, "time_ns", lambda: (T_UNIX_US + 7_000_000) * 1000)
    assert "7 s before now" in program("decode", line(I_MESSAGE)).out
    assert "1 s after now" in program("decode", line(I_MESSAGE), "--now", "2006-10-20T15:43:05+02:00").out
    assert "1 s after now" in program("decode", line(I_MESSAGE), "--now", "2006-10-20T13:43:05").out
    assert program("decode", line(I_MESSAGE), "--now", "tea time").status == 2


def test_a_bare_secret_is_refused_and_not_repeated(program: Program) -> None:
    shown = program("decode", line(I_MESSAGE), "--psk", PSK.hex())
    assert shown.status == 2
    assert "@FILE, - for standard input, or keyring:SERVICE/USER" in shown.err
    assert "history" in shown.err
    assert KEYS.found_in(shown.err + shown.out) == []


def test_standard_input_serves_one_purpose_only(program: Program) -> None:
    shown = program("decode", "-", "--psk", "-", stdin=PSK.hex().encode())
    assert shown.status == 2
    assert "can't be both the secret of --psk and what to decode" in shown.err


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("@/no/such/file", "/no/such/file can't be read: No such file or directory"),
        ("keyring:nothing", "names no entry"),
        ("keyring:/user", "names no entry"),
    ],
)
def test_a_place_without_a_secret(spec: str, said: str, program: Program) -> None:
    shown = program("decode", line(I_MESSAGE), "--psk", spec)
    assert shown.status == 2
    assert said in shown.err


def test_a_folder_is_no_input(program: Program, tmp_path: Path) -> None:
    shown = program("decode", str(tmp_path))
    assert shown.status == 2
    assert "can't be read: Is a directory" in shown.err


def test_the_keyring_without_its_library(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    shown = program("decode", line(I_MESSAGE), "--psk", "keyring:a/b")
    assert shown.status == 2
    assert "pip install 'mikey_sdp[keyring]'" in shown.err


def test_the_keyring_without_the_entry(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "keyring_call", lambda *_arguments: None)
    shown = program("decode", line(I_MESSAGE), "--psk", "keyring:a/b")
    assert shown.status == 2
    assert "no entry for service 'a' and user 'b'" in shown.err


def test_an_input_that_is_too_long(program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(common.read_file, "__kwdefaults__", {"most": 10})
    path = tmp_path / "long"
    path.write_bytes(bytes(11))
    shown = program("decode", str(path))
    assert shown.status == 2
    assert "more than 10 octets" in shown.err


@pytest.mark.parametrize(
    ("content", "secret", "read_as"),
    [
        (b"30313233343536373839616263646566\n", PSK, "hex"),
        (b"  3031 \r\nsecond line", b"01", "hex"),
        (b"MDEyMw==\n", b"0123", "base64"),
        (b"correct horse battery staple\n", b"correct horse battery staple", "text"),
        (b"hex:3031\n", b"01", "hex"),
        (b"base64:MDE=\n", b"01", "base64"),
        (b"text:3031\n", b"3031", "text"),
        (b"text: 3031 \n", b"3031", "text"),
        (b"other:3031\n", b"other:3031", "text"),
        (b"303", b"303", "text"),
        (b"\x00\x0a\xff\x0a", b"\x00\x0a\xff\x0a", "raw octets"),
        (b"key\x80\n", b"key\x80\n", "raw octets"),
    ],
)
def test_how_a_secret_file_is_read(content: bytes, secret: bytes, read_as: str) -> None:
    found = secret_of(content, "--psk")
    assert (found.secret, found.read_as) == (Secret(secret), read_as)
    assert secret.hex() not in repr(found)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n30", "empty"),
        (b"hex:", "empty"),
        (b"hex:xyz", "not the hex"),
        (b"base64:!", "not the base64"),
    ],
)
def test_a_secret_file_that_holds_none(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        secret_of(content, "--psk")
    assert "xyz" not in str(caught.value)


@pytest.mark.parametrize("damage", range(0, len(I_MESSAGE), 7))
def test_no_octets_make_it_fall_over(damage: int, program: Program, psk: str) -> None:
    octets = bytearray(I_MESSAGE)
    octets[damage] ^= 0xFF
    shown = program("decode", "--psk", psk, "--as", "octets", stdin=bytes(octets))
    assert shown.status == 1
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals_that_want_them(no_color: str, coloured: bool) -> None:
    script = "import sys; from mikey_sdp.cli.main import main; main(sys.argv[1:])"
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": no_color, "COLUMNS": "60"}
    terminal, end = pty.openpty()
    try:
        command = [sys.executable, "-c", script, "decode", line(RFC4567_OFFER)]
        subprocess.run(command, cwd=ROOT, env=environment, stdout=end, check=True)
        os.close(end)
        shown = b"".join(iter(lambda: _read(terminal), b"")).decode()
    finally:
        os.close(terminal)
    assert ("\x1b[33m" in shown or "\x1b[36m" in shown) is coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 60


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_the_name_of_a_secrets_file_without_its_sign(program: Program, psk: str) -> None:
    path = psk.removeprefix("@")
    shown = program("decode", line(I_MESSAGE), "--psk", path)
    assert shown.status == 2
    assert f"did you mean --psk @{path}?" in shown.err


def test_a_pem_text_is_no_secret(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n")
    for option in ("--psk", "--dh-private"):
        shown = program("decode", line(I_MESSAGE), option, f"@{path}")
        assert shown.status == 2
        assert f"{option} takes a secret as it is, and this is a PEM text" in shown.err


def test_octets_of_something_else_are_doubted(program: Program) -> None:
    shown = program("decode", stdin=b"\x7fELF\x02\x01\x01" + bytes(40))
    assert shown.status == 1
    assert "the first octet is 127, not 1, the version of MIKEY: probably this is no MIKEY message" in shown.err
    assert "probably" not in program("decode", stdin=I_MESSAGE[:40]).err


def test_the_trace_of_a_run(program: Program, tmp_path: Path) -> None:
    sent = {
        "kind": "message sent",
        "party": "alice",
        "to": "bob",
        "octets": base64.b64encode(sip(sdp(I_MESSAGE))).decode(),
    }
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"name": "a run", "records": [sent]}))
    (shown,) = as_json(program, str(path))
    assert shown["where"]["level"] == "session"
    assert "alice to bob: INVITE" in program("decode", "--as", "trace", str(path)).out


def test_what_v_says_where_an_answer_always_comes(program: Program) -> None:
    shown = program("decode", stdin=DHHMAC_I).out
    assert "V: 1 (of no account: this exchange always has an answer)" in shown
    assert "V=1" not in shown

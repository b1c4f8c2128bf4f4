"""Key material never shows: everything runs at its most talkative, and what came out is searched for planted keys."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from mikey_sdp.cli.main import main
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.secret import Secret
from mikey_sdp.trace import MessageSent, RunResult
from tests.unit.endpoint.ends import ALICE, BOB, Call, Ends, body, call, rtp
from tests.unit.leaks import Leaks, planted, printed_forms, reachable

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.call.yaml"))
PSK = bytes.fromhex("d3c0ffee5ec2e7a19b7c3a5510d2874e6af1b92c08e3d77f4b5d9e61a2c83f04")
OTHER_PSK = bytes.fromhex("7b1e9d0f4c5a83e2b6d7f08192a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5")


def ends_with(key: bytes) -> Call:
    """A call with a carried salt and MKI, so that every kind of key is in it."""
    ends = Ends()
    options = {"salt": True, "mki_octets": 2}
    alice = ends.alice(**options)
    bob = ends.bob(**options)
    for endpoint, peer in ((alice, BOB), (bob, ALICE)):
        endpoint._core.credentials = type(endpoint._core.credentials)([PskCredential(peer, Secret(key))])
    return call(alice, bob, "audio", "video")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """The octets of every Secret that is made from now on, however short it lives."""
    octets: set[bytes] = set()
    original = Secret.__init__

    def remembering(self: Secret, value: bytes) -> None:
        original(self, value)
        octets.add(bytes(value))

    monkeypatch.setattr(Secret, "__init__", remembering)
    return octets


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def a_busy_call() -> tuple[Call, list[object]]:
    """A call with media, a re-key by either side and a hold; with all that it leaves behind."""
    running = ends_with(PSK)
    left: list[object] = [running]
    for leg, other in ((running.alices_leg, running.bobs_leg), (running.bobs_leg, running.alices_leg)):
        offer = leg.offer(body("audio", "video"), rekey=True)
        answer = other.answer(offer.sdp, body("audio", "video", host=2))
        assert answer.sdp is not None
        keys = offer.accept(answer.sdp)
        other.confirm()
        left += [offer, answer, keys, leg.offer(body("audio", "video"))]
    assert running.answer.keys is not None
    packet = running.keys.session(0).protect(rtp())
    assert running.answer.keys.session(0).unprotect(packet) == rtp()
    return running, left


def test_no_object_of_a_call_prints_a_key(made: set[bytes], logged: pytest.LogCaptureFixture) -> None:
    _, left = a_busy_call()
    assert PSK in planted(left)
    leaks = Leaks(made)
    assert len(leaks.secrets) > 20
    talkative = [thing for thing in reachable(left) if not isinstance(thing, (bytes, bytearray, str, int))]
    assert len(talkative) > 100
    assert [type(thing).__qualname__ for thing in talkative if _shows(leaks, thing)] == []
    assert leaks.found_in(logged.text) == []


def _shows(leaks: Leaks, thing: object) -> bool:
    return any(leaks.found_in(text) for text in (*printed_forms(thing), pretty_repr(thing)))


def tampered(sdp: str) -> str:
    """A body whose MIKEY message has one character changed near its end."""
    lines = sdp.splitlines(keepends=True)
    (number,) = [number for number, line in enumerate(lines) if line.startswith("a=key-mgmt:mikey ")]
    line = lines[number]
    place = len(line) - 12
    lines[number] = line[:place] + ("A" if line[place] != "A" else "B") + line[place + 1 :]
    return "".join(lines)


def failures() -> Iterator[Callable[[], object]]:
    """Operations that raise, each at another depth of the toolkit."""
    running = ends_with(PSK)
    ends = Ends()
    offer = running.alice.offer(body(), to=BOB)
    answer = running.bob.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.sdp is not None
    answered = answer.sdp
    session = running.keys.session(0)
    yield lambda: offer.accept(tampered(answered))
    yield lambda: offer.accept(body(host=2))
    yield lambda: offer.accept("v=0\r\nnonsense")
    yield lambda: offer.accept(answered.replace("a=key-mgmt:mikey ", "a=key-mgmt:mikey !"))
    yield lambda: session.unprotect(rtp() + bytes(20))
    yield lambda: session.unprotect_rtcp(bytes(40))
    yield lambda: running.alice.offer(body(), to="sip:nobody@example.com")
    yield lambda: running.keys.session(7)
    yield lambda: PskCredential(BOB, Secret(PSK[:8]))
    yield lambda: ends.end(ALICE, NullCredential()).offer(body(), to=BOB)
    yield lambda: Secret(PSK).__reduce__()
    yield lambda: hash(Secret(PSK))


@pytest.mark.parametrize("number", range(12))
def test_no_exception_tells_a_key_even_with_all_locals(
    number: int, made: set[bytes], logged: pytest.LogCaptureFixture
) -> None:
    failing = list(failures())[number]
    with pytest.raises((MikeySdpError, TypeError)) as caught:
        failing()
    fault = caught.value
    leaks = Leaks(made)
    beyond_this_test = fault.__traceback__.tb_next if fault.__traceback__ else None
    fault = fault.with_traceback(beyond_this_test)
    console = Console(file=io.StringIO(), width=2000)
    trace = Traceback.from_exception(
        type(fault), fault, beyond_this_test, show_locals=True, locals_max_length=None, locals_max_string=None
    )
    console.print(trace)
    shown = console.file.getvalue()
    shown += "".join(traceback.TracebackException.from_exception(fault, capture_locals=True).format())
    shown += repr(fault) + str(fault) + repr(vars(fault))
    assert "Secret(" in shown or "Endpoint(" in shown or len(shown) > 500
    assert leaks.found_in(shown) == []
    assert leaks.found_in(logged.text) == []


def run_cli(*arguments: str) -> str:
    """All that a command prints."""
    done = CliRunner().invoke(_program, arguments, env={"COLUMNS": "4000"})
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.stdout + done.stderr


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def _program(arguments: tuple[str, ...]) -> None:
    """The whole program, for click's runner, which wants a command."""
    main(arguments)


WITHOUT_KEYS = {"redirections-in-a-circle.call", "preconditions-not-known.call"}
"""Runs that come to nothing before a key is made."""


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_no_run_tells_a_key(file: Path, tmp_path: Path, made: set[bytes], logged: pytest.LogCaptureFixture) -> None:
    trace, junit = tmp_path / "trace.json", tmp_path / "junit.xml"
    page, diagram = tmp_path / "page.html", tmp_path / "diagram.mmd"
    shown = run_cli("run", "--ladder", str(file))
    places = (f"--trace={trace}", f"--junit={junit}", f"--html={page}", f"--mermaid={diagram}")
    shown += run_cli("run", "--json", *places, str(file))
    leaks = Leaks(made)
    assert leaks.secrets or file.stem in WITHOUT_KEYS
    assert leaks.found_in(shown) == []
    assert leaks.found_in(trace.read_text() + junit.read_text()) == []
    assert leaks.found_in(page.read_text() + diagram.read_text()) == []
    assert leaks.found_in(wire_of_text(page.read_bytes())) == []
    assert leaks.found_in(logged.text) == []
    # What crossed the wire hides every key, but in NULL mode and SDES, whose nature it is to hide none.
    in_the_clear = ("MIKEY NULL I_MESSAGE", "SDES key in the clear")
    assert bool(leaks.found_in(wire_of(trace))) == any(note in trace.read_text() for note in in_the_clear)


def wire_of(trace: Path) -> bytes:
    """The octets of every message of a run, and those of the MIKEY messages inside."""
    result = msgspec.json.decode(trace.read_bytes(), type=RunResult)
    signalling = b"".join(record.octets for record in result.records if isinstance(record, MessageSent))
    assert signalling
    return wire_of_text(signalling)


def wire_of_text(text: bytes) -> bytes:
    """A text, and the octets of the MIKEY messages and SDES keys that stand in it."""
    inside = re.findall(rb"(?:key-mgmt:mikey |crypto:[^\r\n]*inline:)([A-Za-z0-9+/=]+)", text)
    return text + b"".join(base64.b64decode(one) for one in inside)


def test_decoding_tells_keys_only_when_asked_to(tmp_path: Path, made: set[bytes]) -> None:
    running = ends_with(PSK)
    offer, answer = running.offer.sdp, running.answer.sdp
    assert answer is not None
    places = [tmp_path / "offer.sdp", tmp_path / "answer.sdp"]
    for place, text in zip(places, (offer, answer), strict=True):
        place.write_bytes(text.encode())
    key = tmp_path / "psk"
    key.write_text(PSK.hex())
    leaks = Leaks(made)
    files = [*map(str, places), f"--psk=@{key}"]
    for arguments in (["decode", *files], ["decode", "--json", *files]):
        shown = run_cli(*arguments)
        assert "I_MESSAGE" in shown or json.loads(shown)
        assert leaks.found_in(shown) == []
        assert leaks.found_in(run_cli(*arguments, "--reveal-keys"))


def test_decoding_with_the_wrong_key_tells_neither(tmp_path: Path) -> None:
    place, key = tmp_path / "offer.sdp", tmp_path / "psk"
    place.write_bytes(ends_with(PSK).offer.sdp.encode())
    key.write_text(OTHER_PSK.hex())
    shown = run_cli("decode", str(place), f"--psk=@{key}") + run_cli("decode", "--json", str(place), f"--psk=@{key}")
    assert Leaks([PSK, OTHER_PSK]).found_in(shown) == []


def test_a_secret_on_the_command_line_is_refused_without_being_repeated() -> None:
    shown = run_cli("decode", "--psk", PSK.hex(), "AAAA")
    assert "does not take the secret itself" in shown
    assert Leaks([PSK]).found_in(shown) == []


def test_a_new_key_in_a_file_is_not_printed(tmp_path: Path) -> None:
    place = tmp_path / "new.psk"
    shown = run_cli("keygen", f"--out={place}") + run_cli("keygen", "--json", f"--out={tmp_path / 'other.psk'}")
    octets = [bytes.fromhex(file.read_text()) for file in tmp_path.iterdir()]
    assert len(octets) == 2
    assert Leaks(octets).found_in(shown) == []

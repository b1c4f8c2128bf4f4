"""The programs in examples/ do what they say, as they stand there, and the README says what they are."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.interop.conftest import Need
from tests.interop.sockets import HOST
from tests.interop.tones import seconds_of
from tests.interop.typed_phones import LIMIT_S, TypedPhone, places

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "examples"
MOST_LINES: Final = 80
RUN_S: Final = 45.0
ALICE, BOB = "sip:alice@example.com", "sip:bob@example.com"


def run(*command: str, folder: Path) -> str:
    """What a program printed that ended well."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=RUN_S, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_readme_shows_what_is_added_to_a_plain_program() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^```diff\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert shown is not None
    plain, secure = ((EXAMPLES / f"pjsua2_{name}.py").read_text().splitlines() for name in ("plain", "secure"))
    changes = [line[0] + line[2:] for line in difflib.ndiff(plain, secure) if line[0] in "+-"]
    real = {line for line in changes if line[1:].strip() and '"""' not in line}
    assert set(shown[1].splitlines()) == real
    assert len([line for line in real if line.startswith("+")]) <= 10


def test_two_of_the_telephone_for_programmers_talk_and_renew_their_keys(need: Need, tmp_path: Path) -> None:
    need("pjsua2")
    program = EXAMPLES / "phone.py"
    assert len(program.read_text().splitlines()) < MOST_LINES
    (tmp_path / "key.psk").write_text("5eb6f1c2a8d3940e7f6b21c0d9e84a37\n")
    at = places(2)
    running = [
        TypedPhone(who, str(tmp_path / "key.psk"), str(at[n].port), program=(str(program),))
        for n, who in enumerate((ALICE, BOB))
    ]
    try:
        alice, bob = running
        for phone in running:
            phone.wait("CREATED")
        alice.type(f"call sip:bob@{HOST}:{at[1].port} {BOB}")
        for phone, other in ((alice, BOB), (bob, ALICE)):
            phone.wait(f"^secured keyed by PSK with {other}")
            phone.wait("^CONFIRMED$")
        alice.type("rekey")
        for phone in running:
            phone.wait("^secured keyed by PSK")
        alice.type("hangup")
        for phone in running:
            phone.wait("^DISCONN")
            assert phone.process.stdin is not None
            phone.process.stdin.close()
            assert phone.process.wait(LIMIT_S) == 0
    finally:
        for phone in running:
            phone.close()


def test_baresip_and_linphone_talk_through_two_edges(need: Need, tmp_path: Path) -> None:
    need("baresip")
    need("linphonec")
    shown = json.loads(run(sys.executable, str(EXAMPLES / "edge_two_phones.py"), str(tmp_path), folder=tmp_path))
    call = shown["call"]
    assert (call["mode"], call["peer"], call["state"]) == ("PSK", BOB, "answered")
    for file, hertz, own in zip(shown["heard"], (1_000, 440), (440, 1_000), strict=True):
        assert seconds_of(Path(file), hertz) > 0.5
        assert seconds_of(Path(file), own) == 0


def test_a_call_is_forked_to_three_phones_that_are_heard_before_one_answers(tmp_path: Path) -> None:
    capture = tmp_path / "call.pcapng"
    printed = run(sys.executable, str(EXAMPLES / "forking_demo.py"), str(capture), folder=tmp_path)
    assert "6 of 6 expectations held" in printed
    assert capture.read_bytes().startswith(b"\x0a\x0d\x0d\x0a")


def test_a_group_of_thirty(tmp_path: Path, need: Need) -> None:
    need("kamailio")
    program = tmp_path / "mikey-sdp"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mikey_sdp "$@"\n')
    program.chmod(0o700)
    shell = shutil.which("sh") or "/bin/sh"
    command = f'PATH="{tmp_path}:$PATH" exec "{EXAMPLES / "pickup_30.sh"}"'
    printed = run(shell, "-c", command, folder=tmp_path)
    assert re.search(r"^. (\d+) of \1 expectations held", printed, re.MULTILINE)

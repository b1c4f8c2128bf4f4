"""Calls of pjsua2 phones that go further than two ends: forked, redirected and transferred; and the examples."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop.conftest import Need
from tests.interop.pjsua2_phones import LIMIT_S, PhoneProcess, Switch, loudness

ALICE: Final = "sip:alice@example.com"
BOB: Final = "sip:bob@example.com"
KEY: Final = "5eb6f1c2a8d3940e7f6b21c0d9e84a37"
OTHER_KEY: Final = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
EXAMPLES: Final = Path(__file__).parents[2] / "examples"
MOST_LINES: Final = 10


class Phones:
    """The phones and switches of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.all: list[PhoneProcess] = []
        self.switches: list[Switch] = []

    def phone(self, name: str, tone: int, **start: Any) -> PhoneProcess:
        record = str(self.folder / f"{name}.wav")
        made = PhoneProcess(name, tone=tone, record=record, **{"answers": [200], **start})
        self.all.append(made)
        return made

    def switch(self, *ports: int, moved_to: str = "", to_itself: bool = False) -> Switch:
        made = Switch(ports, moved_to=moved_to, to_itself=to_itself)
        self.switches.append(made)
        return made

    def hears(self, name: str, tone: int) -> bool:
        return loudness(self.folder / f"{name}.wav", (tone,))[tone] > 0.9

    def close(self) -> None:
        for one in self.all:
            one.tell("quit")
        for one in (*self.all, *self.switches):
            one.close()
        self.all.clear()
        self.switches.clear()


@pytest.fixture
def phones(need: Need, tmp_path: Path) -> Iterator[Phones]:
    need("pjsua2")
    made = Phones(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("mode", ["DHHMAC", "PSK"])
def test_each_branch_of_a_forked_call_has_its_keys_and_the_one_that_answers_is_heard(phones: Phones, mode: str) -> None:
    bobs = [
        phones.phone(f"B{tone}", tone, identity=BOB, modes=[mode], psk={ALICE: KEY}, answers=[183])
        for tone in (600, 1_000)
    ]
    a = phones.phone("A", 440, identity=ALICE, modes=[mode], psk={BOB: KEY})
    switch = phones.switch(*(bob.port for bob in bobs))
    assert a.port
    a.tell("call", uri=f"sip:bob@127.0.0.1:{switch.port}", peer=BOB)
    early = [a.wait("keys"), a.wait("keys")]
    theirs = [bob.wait("keys") for bob in bobs]
    assert {(one["send"], one["receive"]) for one in early} == {(one["receive"], one["send"]) for one in theirs}
    bobs[0].tell("answer", status=200)
    a.wait("state", state="CONFIRMED")
    time.sleep(1.2)
    phones.close()
    assert phones.hears("A", 600)
    assert phones.hears("B600", 440)
    assert (early[0]["receive"] == early[1]["receive"]) == (mode == "PSK")


def carol_at(phones: Phones, peer: str) -> str:
    """A third phone, named after its place, as redirections and transfers name whom they lead to."""
    free = phones.switch()
    carol = f"sip:carol@127.0.0.1:{free.port}"
    free.close()
    phones.switches.clear()
    c = phones.phone("C", 1_000, identity=carol, port=free.port, modes=["DHHMAC"], psk={peer: OTHER_KEY})
    assert c.port == free.port
    return carol


def test_a_redirected_call_brings_the_new_target_an_offer_of_its_own(phones: Phones) -> None:
    carol = carol_at(phones, ALICE)
    a = phones.phone("A", 440, identity=ALICE, modes=["DHHMAC"], psk={BOB: KEY, carol: OTHER_KEY})
    switch = phones.switch(moved_to=carol)
    assert a.port
    a.tell("call", uri=f"sip:bob@127.0.0.1:{switch.port}", peer=BOB)
    a.wait("mikey", kind="redirected")
    a.wait("state", state="CONFIRMED")
    assert a.wait("mikey")["peer"] == carol
    time.sleep(0.8)
    assert len(switch.invitations) == 1
    phones.close()
    assert phones.hears("A", 1_000)
    assert phones.hears("C", 440)


def test_a_call_that_is_redirected_in_a_circle_ends(phones: Phones) -> None:
    switch = phones.switch(to_itself=True)
    a = phones.phone("A", 440, identity=ALICE, modes=["DHHMAC"], psk={BOB: KEY, switch.place: OTHER_KEY})
    assert a.port
    a.tell("call", uri=f"sip:bob@127.0.0.1:{switch.port}", peer=BOB)
    refused = a.wait("mikey", kind="refused")
    assert "redirected 5 times already" in refused["text"]
    assert len(set(switch.invitations)) == 6


def test_a_transferred_party_makes_a_secured_call_to_the_new_one(phones: Phones) -> None:
    carol = carol_at(phones, BOB)
    b = phones.phone("B", 600, identity=BOB, modes=["DHHMAC"], psk={ALICE: KEY, carol: OTHER_KEY})
    a = phones.phone("A", 440, identity=ALICE, modes=["DHHMAC"], psk={BOB: KEY})
    assert a.port
    a.tell("call", uri=f"sip:bob@127.0.0.1:{b.port}", peer=BOB)
    a.wait("mikey", kind="secured")
    assert b.wait("mikey")["peer"] == ALICE
    b.wait("state", state="CONFIRMED")
    a.tell("transfer", uri=carol)
    came = b.wait("mikey")
    assert came["peer"] == carol, came


def test_a_call_with_assertions_is_short_enough_and_makes_its_second_round(need: Need) -> None:
    need("pjsua2")
    root = Path(__file__).parents[2]
    program = [sys.executable, str(Path(__file__).with_name("pjsua2_saml.py"))]
    ran = subprocess.run(
        program, capture_output=True, text=True, timeout=20, check=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    said = ran.stdout.splitlines()
    called = [line for line in said if "DHSAML with sip:alice@example.com" in line]
    assert ["not yet proved" in line for line in called] == [True, False]
    sizes = [int(line.split()[1]) for line in said if line.startswith("sent ")]
    assert max(sizes) < 4_000


def test_the_secured_example_adds_ten_lines_at_most_to_the_plain_one() -> None:
    plain, secure = ((EXAMPLES / f"pjsua2_{name}.py").read_text().splitlines() for name in ("plain", "secure"))
    changes = list(difflib.ndiff(plain, secure))
    added = [line for line in changes if line.startswith("+ ") and line[2:].strip() and '"""' not in line]
    removed = [line for line in changes if line.startswith("- ") and line[2:].strip() and '"""' not in line]
    assert len(added) <= MOST_LINES
    assert len(removed) <= len(added)


def test_two_of_the_secured_example_talk(need: Need, tmp_path: Path) -> None:
    need("pjsua2")
    (tmp_path / "key").write_text(KEY)
    said = []
    common = {**os.environ, "NO_SOUND": "1", "KEY_FILE": str(tmp_path / "key"), "PYTHONPATH": str(EXAMPLES.parent)}
    probe = Switch()
    port, caller_port = probe.port, Switch()
    other = caller_port.port
    probe.close()
    caller_port.close()
    running = []
    for own, peer, at, target, seconds in (
        (BOB, ALICE, port, [], 4),
        (ALICE, BOB, other, [f"sip:bob@127.0.0.1:{port}"], 3),
    ):
        environment = {**common, "IDENTITY": own, "PEER": peer, "PORT": str(at), "SECONDS": str(seconds)}
        program = [sys.executable, str(EXAMPLES / "pjsua2_secure.py"), *target]
        running.append(subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True))
        time.sleep(1)
    for one in running:
        said.append(one.communicate(timeout=LIMIT_S)[0])
        assert one.returncode == 0
    for text in said:
        assert "keyed by PSK" in text
        assert "CONFIRMED" in text

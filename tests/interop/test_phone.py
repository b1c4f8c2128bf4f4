"""`mikey-sdp phone`: processes that are typed at call each other."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from typing import Final

import pytest

from mikey_sdp.nodes.contract import Address
from tests.interop.conftest import Need
from tests.interop.sockets import HOST
from tests.interop.tones import seconds_of
from tests.interop.typed_phones import LIMIT_S, TypedPhone, certified, phones, places

ALICE: Final = "sip:alice@example.com"
BOB: Final = "sip:bob@example.com"
CAROL: Final = "sip:carol@example.com"
SECURED: Final = r"^secured: (\S+) with (\S+) \(proved\), keys out ([0-9a-f]{8}) in ([0-9a-f]{8})$"


@pytest.fixture(autouse=True)
def _needs_pjsua2(need: Need) -> None:
    need("pjsua2")


def key_file(folder: Path, name: str = "key.psk", key: str = "5eb6f1c2a8d3940e7f6b21c0d9e84a37") -> str:
    (folder / name).write_text(key + "\n")
    return f"@{folder / name}"


def listening(at: Address) -> list[str]:
    return ["--listen", f"udp:{at.host}:{at.port}"]


def secured(phone: TypedPhone, mode: str, peer: str) -> tuple[str, str]:
    found = phone.wait("^secured: ")
    told = re.search(SECURED, found.string)
    assert told is not None, found.string
    assert told.group(1, 2) == (mode, peer)
    return told[3], told[4]


def both_secured(alice: TypedPhone, bob: TypedPhone, mode: str) -> tuple[str, str]:
    """The fingerprints at the first, which are the second's the other way round."""
    ours, theirs = secured(alice, mode, BOB), secured(bob, mode, ALICE)
    assert ours == theirs[::-1]
    assert ours[0] != ours[1]
    return ours


def test_a_call_with_certificates_new_keys_hold_and_the_end(tmp_path: Path) -> None:
    at = places(2)
    held = certified(tmp_path, ALICE, BOB)
    ends = [
        [who, *held[who], "--mode", "dhsign", *listening(at[n]), "--tone", str(tone), "--record", f"{tmp_path}/{n}.wav"]
        for n, (who, tone) in enumerate(((ALICE, 440), (BOB, 1_000)))
    ]
    with phones(*ends) as (alice, bob):
        alice.type(f"call sip:bob@{HOST}:{at[1].port} {BOB}")
        bob.wait(r"^call from .*alice.*: answer or hangup\?$")
        alice.wait("^180 Ringing$")
        bob.type("answer")
        keys = [both_secured(alice, bob, "DHSIGN")]
        for phone in (alice, bob):
            phone.wait("^talking with ")
        time.sleep(0.8)
        alice.type("rekey")
        keys.append(both_secured(alice, bob, "DHSIGN"))
        bob.type("rekey")
        keys.append(both_secured(alice, bob, "DHSIGN"))
        alice.type("hold")
        time.sleep(0.5)
        alice.type("status")
        held_at = counted(alice)
        assert held_at[0] > 40
        time.sleep(0.5)
        alice.type("status")
        assert counted(alice)[1] - held_at[1] <= 2
        alice.type("resume")
        time.sleep(0.8)
        alice.type("status")
        sent, received, lost = counted(alice)
        assert sent > held_at[0] + 20
        assert received > held_at[1] + 20
        assert lost <= 2
        bob.type("rekey")
        keys.append(both_secured(alice, bob, "DHSIGN"))
        assert len({fingerprint for pair in keys for fingerprint in pair}) == 8
        alice.type("hang up")
        for phone in (alice, bob):
            phone.wait("^ended: 200 ")
            phone.type("quit")
            assert phone.leave() == 0
    for number, (theirs, own) in enumerate(((1_000, 440), (440, 1_000))):
        assert seconds_of(tmp_path / f"{number}.wav", theirs) > 0.2
        assert seconds_of(tmp_path / f"{number}.wav", own) == 0


def counted(phone: TypedPhone) -> tuple[int, int, int]:
    phone.wait(r"^confirmed for \d+ s, .*, DHSIGN with sip:bob@example.com \(proved\), keys out ")
    found = phone.wait(r"^(\d+) packets sent, (\d+) received, (\d+) lost$")
    return int(found[1]), int(found[2]), int(found[3])


def test_a_wrong_key_is_told_in_words_and_by_the_status(tmp_path: Path) -> None:
    at = places(2)
    bob_key = key_file(tmp_path, "bob.psk", "00" * 16)
    bob = [BOB, "--psk", bob_key, *listening(at[1]), "--auto-answer", "--no-sound"]
    alice = [ALICE, "--psk", key_file(tmp_path), *listening(at[0]), "--no-sound"]
    with phones(bob) as (called,):
        calling = TypedPhone(*alice, "--call", f"sip:bob@{HOST}:{at[1].port} {BOB}")
        try:
            called.wait("^refused: .*MAC")
            calling.wait("^the other end does not take this call as it was offered: .*MAC")
            calling.wait("^ended: 488 ")
            calling.type("quit")
            assert calling.leave() == 1
        finally:
            calling.close()


def test_whoever_else_is_there_does_not_take_the_call(tmp_path: Path) -> None:
    at = places(2)
    held = certified(tmp_path, ALICE, CAROL)
    carol = [CAROL, *held[CAROL], *listening(at[1]), "--auto-answer", "--no-sound"]
    alice = [ALICE, *held[ALICE], "--mode", "DHSIGN", *listening(at[0]), "--no-sound"]
    with phones(carol, alice) as (_, calling):
        calling.type(f"call sip:bob@{HOST}:{at[1].port} {BOB}")
        calling.wait("^the other end does not take this call as it was offered: .*for sip:bob@example.com")
        calling.wait("^ended: ")
        calling.type("quit")
        assert calling.leave() == 1


def test_a_call_handed_on_is_keyed_with_the_third_and_a_fourth_finds_the_line_busy(tmp_path: Path) -> None:
    at = places(4)
    key = key_file(tmp_path)
    carol_uri = f"sip:carol@{HOST}:{at[2].port}"
    ends = [
        [who, "--psk", key, *listening(at[n]), "--auto-answer", "--no-sound"]
        for n, who in enumerate((ALICE, BOB, carol_uri, CAROL))
    ]
    with phones(*ends) as (alice, bob, carol, fourth):
        alice.type(f"call sip:bob@{HOST}:{at[1].port} {BOB}")
        both_secured(alice, bob, "PSK")
        bob.wait("^talking with ")
        fourth.type(f"call sip:bob@{HOST}:{at[1].port} {BOB}")
        fourth.wait("^ended: 486 ")
        alice.type(f"transfer {carol_uri}")
        assert secured(bob, "PSK", carol_uri) == secured(carol, "PSK", BOB)[::-1]
        alice.wait("^transfer: 200 ")
        alice.wait("^ended: 200 ")
        bob.type("status")
        bob.wait("^confirmed .*carol")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_hangs_up_and_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    at = places(2)
    key = key_file(tmp_path)
    ends = [[who, "--psk", key, *listening(at[n]), "--auto-answer", "--no-sound"] for n, who in enumerate((ALICE, BOB))]
    with phones(*ends) as (alice, bob):
        alice.type(f"call sip:bob@{HOST}:{at[1].port} {BOB}")
        bob.wait("^talking with ")
        alice.process.send_signal(number)
        bob.wait("^ended: ")
        assert alice.process.wait(LIMIT_S) == 0


def test_the_end_of_input_and_a_port_that_is_taken(tmp_path: Path) -> None:
    (at,) = places(1)
    arguments = [ALICE, "--psk", key_file(tmp_path), *listening(at), "--no-sound"]
    with phones(arguments) as (alice,):
        second = TypedPhone(*arguments)
        try:
            second.wait(f"^mikey-sdp: .*{HOST}:{at.port}")
            assert second.leave() == 2
        finally:
            second.close()
        alice.type("\x1b[2Jcall nobody")
        line = alice.wait("there is no command").string
        assert "\x1b" not in line
        assert alice.process.stdin is not None
        alice.process.stdin.close()
        assert alice.leave() == 0

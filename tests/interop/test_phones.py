"""Phones of others, called and heard: each end must hear the other's tone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.drivers.kamailio import Kamailio
from mikey_sdp.drivers.kamailio_plan import ProxyPlan
from mikey_sdp.drivers.phones import CallState, Media, Phone, PhonePlan
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.phones_pjsua2 import Pjsua2
from mikey_sdp.drivers.phones_sipp import Sipp, SippScript
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import ProgramFailed
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, Transport
from tests.interop.conftest import Need
from tests.interop.sockets import HOST
from tests.interop.tones import seconds_of, write_tone

LIMIT_S = 25.0
TALK_S = 0.9
LEAST_S = 0.5


class Booth:
    """Makes phones, each with a tone of its own, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports()
        self.phones: list[Phone] = []
        # A host each, of this process alone: baresip wants the port behind its own too, and nobody else may have it.
        own = f"127.{1 + os.getpid() // 250 % 250}.{1 + os.getpid() % 250}"
        self.hosts = (f"{own}.{number}" for number in range(1, 255))

    async def phone(
        self, kind: Callable[..., Any], name: str, hertz: int, *, script: SippScript | None = None, **more: Any
    ) -> Any:
        host = next(self.hosts)
        plan = PhonePlan(
            name=name,
            sip=self.ports.sip(host, Transport.UDP, Transport.TCP),
            rtp=self.ports.media(host, rtcp=True),
            tone=write_tone(self.folder / f"{name}.wav", hertz),
            **more,
        )
        phone = kind(plan, self.folder, *([script] if script else []))
        self.phones.append(phone)
        await phone.start(ports=self.ports)
        return phone

    async def stop(self) -> None:
        await asyncio.gather(*(phone.stop() for phone in self.phones))
        self.ports.close()


def play(folder: Path, main: Callable[[Booth], Awaitable[None]]) -> None:
    async def scene() -> None:
        booth = Booth(folder)
        async with asyncio.timeout(LIMIT_S):
            try:
                await main(booth)
            finally:
                await booth.stop()

    asyncio.run(scene())


async def talk(caller: Phone, callee: Phone) -> None:
    """One call from its beginning to its end, after which both phones are stopped."""
    await caller.call(callee.plan.uri)
    if not callee.plan.answers:
        await callee.until(CallState.INCOMING, within_s=4)
        await caller.until(CallState.RINGING, within_s=4)
        await callee.answer()
    for phone in (caller, callee):
        await phone.until(CallState.TALKING, within_s=4)
    await asyncio.sleep(TALK_S)
    await caller.hang_up()
    for phone in (caller, callee):
        await phone.until(CallState.ENDED, within_s=4)
        await phone.stop()


def heard(phone: Phone, hertz: int) -> float:
    assert phone.recording is not None
    return seconds_of(phone.recording, hertz)


@pytest.mark.parametrize("media", list(Media))
def test_two_baresips_hear_each_other(need: Need, tmp_path: Path, media: Media):
    need("baresip")

    async def main(booth: Booth) -> None:
        alice = await booth.phone(Baresip, "alice", 440, media=media)
        bob = await booth.phone(Baresip, "bob", 1_000, media=media)
        await talk(alice, bob)
        assert heard(alice, 1_000) > LEAST_S
        assert heard(bob, 440) > LEAST_S
        assert heard(alice, 440) == 0

    play(tmp_path, main)


@pytest.mark.parametrize("media", list(Media))
@pytest.mark.parametrize("linphone_calls", [True, False])
def test_linphone_and_baresip_hear_each_other(need: Need, tmp_path: Path, media: Media, linphone_calls: bool):
    need("baresip")
    need("linphonec")

    async def main(booth: Booth) -> None:
        alice = await booth.phone(Linphone, "alice", 440, media=media)
        bob = await booth.phone(Baresip, "bob", 1_000, media=media)
        await talk(*((alice, bob) if linphone_calls else (bob, alice)))
        assert heard(alice, 1_000) > LEAST_S
        assert heard(bob, 440) > LEAST_S

    play(tmp_path, main)


def test_a_phone_that_refuses_or_is_not_there_ends_the_call(need: Need, tmp_path: Path):
    need("baresip")

    async def main(booth: Booth) -> None:
        alice = await booth.phone(Baresip, "alice", 440)
        bob = await booth.phone(Baresip, "bob", 1_000)
        await alice.call(bob.plan.uri)
        await bob.until(CallState.INCOMING, within_s=4)
        await bob.hang_up()
        await alice.until(CallState.ENDED, within_s=4)
        with pytest.raises(ProgramFailed, match="the call ended and never was talking"):
            await alice.until(CallState.TALKING, within_s=4)
        secured = await booth.phone(Baresip, "carol", 1_000, media=Media.SDES, answers=True)
        await alice.call(secured.plan.uri)
        with pytest.raises(ProgramFailed, match=r"(?s)ended and never was talking.*\|"):
            await alice.until(CallState.TALKING, within_s=4)

    play(tmp_path, main)


def test_what_a_phone_prints_is_in_its_failure_and_nothing_is_left_running(need: Need, tmp_path: Path):
    need("baresip")

    async def main(booth: Booth) -> None:
        alice = await booth.phone(Baresip, "alice", 440)
        with pytest.raises(ProgramFailed, match=r"(?s)the call is idle, not talking, after 0.05 s.*baresip is ready"):
            await alice.until(CallState.TALKING, within_s=0.05)
        await alice.stop()
        with pytest.raises(UsageError, match="can't be had"):
            await Baresip(replace(alice.plan, sip=booth.ports.sip(HOST)), tmp_path).start()

    play(tmp_path, main)


@pytest.mark.parametrize("media", list(Media))
@pytest.mark.parametrize("pjsua2_calls", [True, False])
def test_pjsua2_and_baresip_hear_each_other(need: Need, tmp_path: Path, media: Media, pjsua2_calls: bool):
    need("baresip")
    need("pjsua2")

    async def main(booth: Booth) -> None:
        alice = await booth.phone(Pjsua2, "alice", 440, media=media)
        bob = await booth.phone(Baresip, "bob", 1_000, media=media)
        await talk(*((alice, bob) if pjsua2_calls else (bob, alice)))
        assert heard(alice, 1_000) > LEAST_S
        assert heard(bob, 440) > LEAST_S

    play(tmp_path, main)


KEYED = (
    "v=0\r\no=- 1 1 IN IP4 [local_ip]\r\ns=-\r\nc=IN IP4 [media_ip]\r\nt=0 0\r\na=key-mgmt:mikey "
    + "AQAFgAAA" * 800
    + "\r\nm=audio [media_port] RTP/SAVP 0\r\n"
)


@pytest.mark.parametrize("early", [False, True])
def test_sipp_carries_a_key_management_line_there_and_back(need: Need, tmp_path: Path, early: bool):
    need("sipp")

    async def main(booth: Booth) -> None:
        script = SippScript(body=KEYED, early=early, talks_ms=100)
        bob = await booth.phone(Sipp, "bob", 440, answers=True, script=script)
        alice = await booth.phone(Sipp, "alice", 440, script=script)
        await alice.call(bob.plan.uri)
        for state in (CallState.RINGING, CallState.TALKING, CallState.ENDED):
            await alice.until(state, within_s=4)
        await bob.until(CallState.ENDED, within_s=4)
        line = "a=key-mgmt:mikey " + "AQAFgAAA" * 800 + "\n"
        for phone in (alice, bob):
            assert phone.messages.replace("\r\n", "\n").count(line) == (3 if early else 2)

    play(tmp_path, main)


def test_sipp_sends_a_caller_his_own_voice(need: Need, tmp_path: Path):
    need("sipp")
    need("baresip")

    async def main(booth: Booth) -> None:
        bob = await booth.phone(Sipp, "bob", 1_000, answers=True)
        alice = await booth.phone(Baresip, "alice", 440)
        await talk(alice, bob)
        assert heard(alice, 440) > LEAST_S

    play(tmp_path, main)


def test_sipp_refuses_what_it_can_not_do(tmp_path: Path):
    plan = PhonePlan(name="bob", sip=Address(HOST, 1), rtp=Address(HOST, 2))
    with pytest.raises(UsageError, match="neither secures media nor registers"):
        Sipp(replace(plan, media=Media.SDES), tmp_path)
    with pytest.raises(UsageError, match=r"take \[field0\] in a description"):
        SippScript(body="v=0\r\na=[field0]\r\n")
    with pytest.raises(UsageError, match="hangs up when its script says so"):
        asyncio.run(Sipp(plan, tmp_path).hang_up())


async def registered(alice: Phone, bob: Phone) -> None:
    """Call until the registrar knows where bob is: until then it says that he has no place."""
    for _ in range(20):
        await alice.call("sip:bob@example.com")
        try:
            for phone in (alice, bob):
                await phone.until(CallState.TALKING, within_s=4)
        except ProgramFailed:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("bob never registered")


KINDS = {"baresip": Baresip, "linphonec": Linphone, "pjsua2": Pjsua2}


@pytest.mark.parametrize(
    ("caller", "callee"), [("baresip", "pjsua2"), ("pjsua2", "linphonec"), ("linphonec", "baresip")]
)
def test_phones_register_at_kamailio_and_call_each_other_by_name(need: Need, tmp_path: Path, caller: str, callee: str):
    for program in ("kamailio", caller, callee):
        need(program)

    async def main(booth: Booth) -> None:
        at = booth.ports.sip(next(booth.hosts), Transport.UDP, Transport.TCP)
        plan = ProxyPlan(name="proxy", address=at, domains=("example.com",), record_route=True)
        async with Kamailio(plan, tmp_path, ports=booth.ports):
            shared = {"outbound": at, "registers": True}
            alice = await booth.phone(KINDS[caller], "alice", 440, identity="sip:alice@example.com", **shared)
            bob = await booth.phone(KINDS[callee], "bob", 1_000, identity="sip:bob@example.com", answers=True, **shared)
            await registered(alice, bob)
            await asyncio.sleep(TALK_S)
            await bob.hang_up()
            for phone in (alice, bob):
                await phone.until(CallState.ENDED, within_s=4)
                await phone.stop()
        assert heard(alice, 1_000) > LEAST_S
        assert heard(bob, 440) > LEAST_S

    play(tmp_path, main)

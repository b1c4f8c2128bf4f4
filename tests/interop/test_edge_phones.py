"""Real telephones through two edges: each hears the other's tone, and MIKEY keyed what passed between the edges."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.drivers.phones import CallState, Media, Phone, PhonePlan
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.ports import Ports, bound
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.edge_contract import CallStatus, PhoneMedia
from tests.interop.conftest import Need
from tests.interop.edged import ALICE, BOB, Pair, Setting, two_edges
from tests.interop.sockets import HOST, within_limit
from tests.interop.tones import seconds_of, write_tone

LIMIT_S = 25.0
TALK_S = 1.5
LEAST_S = 0.8
TONES = (440, 1_000)
PROGRAMS = {Baresip: "baresip", Linphone: "linphonec"}
KNOWS = {Media.SDES: PhoneMedia.SDES, Media.PLAIN: PhoneMedia.PLAIN}


def home_of(ports: Ports) -> tuple[Address, socket.socket]:
    """Where a phone listens, and what holds the port behind that until it starts: baresip takes TLS there, asked or
    not."""
    for _ in range(50):
        home = ports.sip(HOST, Transport.UDP, Transport.TCP)
        with contextlib.suppress(OSError, OverflowError):
            return home, bound(Address(HOST, home.port + 1), reliable=True)
    pytest.fail("no two ports in a row are free")


async def talk(phones: list[Phone], pair: Pair) -> list[CallStatus]:
    """One call from the first phone to the second, and what the edges said of it meanwhile."""
    caller, callee = phones
    await caller.call(BOB)
    for phone in phones:
        await phone.until(CallState.TALKING, within_s=6)
    await asyncio.sleep(TALK_S)
    calls = [call for edge in pair.edges for call in edge.status.edge.calls]
    await caller.hang_up()
    await callee.until(CallState.ENDED, within_s=4)
    return calls


def heard(phone: Phone, hertz: int) -> float:
    assert phone.recording is not None
    return seconds_of(phone.recording, hertz)


@pytest.mark.parametrize("media", [(Media.SDES, Media.SDES), (Media.PLAIN, Media.SDES), (Media.SDES, Media.PLAIN)])
@pytest.mark.parametrize("kinds", [(Baresip, Linphone), (Linphone, Baresip)])
def test_each_hears_the_other(
    need: Need, tmp_path: Path, kinds: tuple[type[Any], type[Any]], media: tuple[Media, Media]
) -> None:
    for kind in kinds:
        need(PROGRAMS[kind])
    setting = Setting(caller=KNOWS[media[0]], called=KNOWS[media[1]], modes=(Mode.DHHMAC,))

    async def main() -> None:
        ports = Ports()
        homes, behind = zip(*(home_of(ports) for _ in kinds), strict=True)
        phones: list[Phone] = []
        async with two_edges(setting, homes) as pair:
            try:
                for number, kind in enumerate(kinds):
                    plan = PhonePlan(
                        name=("alice", "bob")[number],
                        identity=(ALICE, BOB)[number],
                        sip=homes[number],
                        rtp=ports.media(HOST, rtcp=True),
                        outbound=pair.towards_phone(number),
                        media=media[number],
                        answers=number == 1,
                        tone=write_tone(tmp_path / f"{number}.wav", TONES[number]),
                    )
                    phones.append(kind(plan, tmp_path))
                    behind[number].close()
                    await phones[-1].start(ports=ports)
                calls = await talk(phones, pair)
            finally:
                await asyncio.gather(*(phone.stop() for phone in phones))
                ports.close()
            assert [(call.mode, call.state) for call in calls] == [("DHHMAC", "answered")] * 2
            assert set(calls[0].fingerprints) == set(calls[1].fingerprints)
            assert heard(phones[0], TONES[1]) > LEAST_S
            assert heard(phones[1], TONES[0]) > LEAST_S
            assert [edge.status.open_pairs for edge in pair.edges] == [0, 0]

    within_limit(main, LIMIT_S)

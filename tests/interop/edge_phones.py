"""Telephones of others behind two edges: where they are, a call between them, and what it was worth."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from mikey_sdp.drivers.phones import CallState, Media, Phone, PhonePlan
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.phones_pjsua2 import Pjsua2
from mikey_sdp.drivers.ports import Ports, bound
from mikey_sdp.endpoint import Endpoint, KeySet
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.session import SrtpReceiver
from mikey_sdp.system import system_clock
from tests import pki
from tests.interop.between import Between, opened, receivers
from tests.interop.edged import ALICE, BOB
from tests.interop.sockets import HOST
from tests.interop.tones import seconds_of, write_tone

LIMIT_S: Final = 20.0
TALK_S: Final = 0.9
LEAST_S: Final = 0.5
NETWORK: Final = "127.0.0.2"
"""Where edges meet."""
TONES: Final = (440, 1_000)
NAMES: Final = ("alice", "bob")
IDENTITIES: Final = (ALICE, BOB)
PROGRAMS: Final[dict[type[Any], str]] = {Baresip: "baresip", Linphone: "linphonec", Pjsua2: "pjsua2"}
DESCRIPTION: Final = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
)


@dataclass(frozen=True)
class Homes:
    """Where the phones are.

    Keeps: `behind`, what holds the port behind each until its phone starts: baresip takes TLS there, asked or not.
    """

    ports: Ports
    sip: tuple[Address, ...]
    behind: tuple[socket.socket, ...]

    def plan(self, number: int, folder: Path, outbound: Address, media: Media) -> PhonePlan:
        self.behind[number].close()
        return PhonePlan(
            name=NAMES[number],
            identity=IDENTITIES[number],
            sip=self.sip[number],
            rtp=self.ports.media(HOST, rtcp=True),
            outbound=outbound,
            media=media,
            answers=number == 1,
            tone=write_tone(folder / f"{number}.wav", TONES[number], seconds=6),
        )


@contextmanager
def homes() -> Iterator[Homes]:
    ports = Ports()
    try:
        found = [_home(ports) for _ in NAMES]
        yield Homes(ports, tuple(home for home, _ in found), tuple(behind for _, behind in found))
    finally:
        ports.close()


def _home(ports: Ports) -> tuple[Address, socket.socket]:
    # Of this host too: baresip sends media from there wherever it says that it is.
    for _ in range(50):
        home = ports.sip(HOST, Transport.UDP, Transport.TCP)
        with suppress(OSError, OverflowError):
            return home, bound(Address(HOST, home.port + 1), reliable=True)
    pytest.fail("no two ports in a row are free")


@asynccontextmanager
async def at_home(
    kinds: Sequence[type[Any]], here: Homes, folder: Path, edges: Sequence[Address], media: Sequence[Media]
) -> AsyncIterator[list[Phone]]:
    """Two phones, each behind its edge, until the block ends."""
    phones = [kind(here.plan(n, folder, edges[n], media[n]), folder) for n, kind in enumerate(kinds)]
    try:
        for phone in phones:
            await phone.start(ports=here.ports)
        yield phones
    finally:
        await asyncio.gather(*(phone.stop() for phone in phones))


async def talk(phones: list[Phone]) -> None:
    """A call of alice's to bob, who takes it, until both talk for a while."""
    await phones[0].call(BOB)
    for phone in phones:
        await phone.until(CallState.TALKING, within_s=6)
    await asyncio.sleep(TALK_S)


async def hang_up(phones: list[Phone]) -> None:
    await phones[0].hang_up()
    await phones[1].until(CallState.ENDED, within_s=4)


def heard(phones: list[Phone]) -> None:
    """Each phone, stopped by now, has the other's tone in its ear for most of the call, and not its own."""
    for number, phone in enumerate(phones):
        assert phone.recording is not None
        assert seconds_of(phone.recording, TONES[1 - number]) > LEAST_S
        assert seconds_of(phone.recording, TONES[number]) == 0


def secured(wire: Between, keys: Callable[[int], list[SrtpReceiver]]) -> None:
    """All media that an edge sent, 0 or 1, opens with fresh receivers of its keys, and with those of nobody else."""
    others = stranger()
    for edge in range(2):
        packets = [packet for packet in wire.packets if packet.edge == edge]
        assert len([packet for packet in packets if not packet.is_control]) > 50 * LEAST_S
        right, wrong = keys(edge), [*keys(1 - edge), *receivers([others]), *receivers([others], way="send")]
        assert [packet for packet in packets if not opened(packet, right)] == []
        assert [packet for packet in packets if opened(packet, wrong)] == []


def endpoint(identity: str, key: Secret) -> Endpoint:
    """Somebody with a pre-shared key."""
    held = [PskCredential("*", key)]
    return Endpoint(identity, credentials=held, clock=system_clock, entropy=os.urandom)


def stranger() -> KeySet:
    """Keys of a call of somebody else."""
    key = Secret(bytes(16))
    offer = endpoint(ALICE, key).offer(DESCRIPTION, to=BOB)
    answer = endpoint(BOB, key).answer(offer.sdp, DESCRIPTION, caller=ALICE)
    assert answer.keys is not None
    return answer.keys


def certified() -> tuple[pki.Authority, list[pki.Holder]]:
    """An authority, and a certificate for each of both users, good today."""
    now = datetime.now(UTC)
    dates = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
    root = pki.Authority.create("root", **dates)
    return root, [root.issue(identity, **dates) for identity in IDENTITIES]

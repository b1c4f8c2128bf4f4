"""Garbage on every socket of two edges while a call runs through them, for as long as one likes:

    python -m tests.interop.edge_fuzz --seconds 1200

What is sent: octets of chance, SIP messages of nobody's calls, and what passed between the edges itself, media and the
INVITE of the call, as it was and with octets changed; to each SIP and media port, over UDP and TCP. The call's phones
speak SDES, so that what they count as decrypted is what the other phone said.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import socket
import time
from dataclasses import asdict, dataclass
from typing import Final

from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import CallStatus, EdgeLimits
from mikey_sdp.sip import Timers
from mikey_sdp.softphone.edge_service import EdgeService
from tests.interop.between import Between
from tests.interop.edged import ALICE, BOB, Scene, Setting, edged
from tests.interop.sockets import HOST, until

QUICK: Final = Timers(t1_us=20_000, t2_us=80_000, t4_us=20_000)
KEPT: Final = 200
"""How many packets of the call are kept, to be sent again."""
RATE: Final = 50
METHODS: Final = ("INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "REFER", "REGISTER", "OPTIONS", "NOTIFY")
BODIES: Final = (
    "",
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=key-mgmt:mikey AQAF\r\n"
    "m=audio 4000 RTP/SAVP 0\r\n",
    "v=0\r\nm=audio",
)
STARTS: Final = (
    b"",
    b"INVITE sip:",
    b"SIP/2.0 200",
    b"\x80\x00",
    b"\x80\xc8\x00\x01",
    b"\0\x01\0\0!\x12\xa4B",
    b"\r\n",
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a call fared.

    Keeps: of the two phones what was `said` to each, `heard` (decrypted) and `spoilt` (not to be opened); `sent`
    datagrams and `streams` of garbage; `faults` of the relays; `files` and `kilobytes` that this process holds, early
    and at the end.
    """

    seconds: float
    said: int
    heard: tuple[int, ...]
    spoilt: tuple[int, ...]
    sent: int
    streams: int
    received: int
    faults: int
    files: tuple[int, int]
    kilobytes: tuple[int, int]


def call_at(edge: EdgeService) -> CallStatus | None:
    """Alice's call with bob."""
    parties = {ALICE, BOB}
    return next((one for one in edge.status.edge.calls if {one.account, one.peer} == parties and one.streams), None)


def passed(edge: EdgeService) -> tuple[int, int]:
    """Packets of the first media line from and to the phone."""
    call = call_at(edge)
    return (0, 0) if call is None else (call.streams[0].from_phone, call.streams[0].to_phone)


def message(chance: random.Random, at: Address) -> bytes:
    """A SIP message that might be of somebody's call."""
    method, who = chance.choice(METHODS), chance.choice(("alice", "bob", "eve"))
    body, number = chance.choice(BODIES), chance.randrange(3)
    first = f"{method} sip:bob@example.com SIP/2.0"
    if chance.random() < 0.4:
        first = f"SIP/2.0 {chance.choice((100, 183, 200, 302, 488))} Any"
    return (
        f"{first}\r\nVia: SIP/2.0/UDP {at.host}:{at.port};branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:{who}@example.com>;tag={number}\r\nTo: <sip:bob@example.com>{chance.choice(('', ';tag=1'))}\r\n"
        f"Call-ID: {number}@example.com\r\nCSeq: {number} {method}\r\nContact: <sip:{who}@{at.host}:{at.port}>\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def spoilt(chance: random.Random, octets: bytes) -> bytes:
    """Some octets of it are others, and it may end early."""
    changed = bytearray(octets)
    for _ in range(chance.choice((0, 1, 3))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.choice((len(changed), chance.randrange(len(changed))))])


def garbage(chance: random.Random, at: Address, known: list[bytes]) -> bytes:
    """Octets of chance, some of which begin like something; messages of nobody; or what is known, once more."""
    kind = chance.random()
    if kind < 0.4:
        return chance.choice(STARTS) + chance.randbytes(chance.choice((0, 1, 7, 12, 40, 172, 1400, 9000)))
    return spoilt(chance, chance.choice(known) if known and kind < 0.7 else message(chance, at))


async def nonsense(address: Address, octets: bytes) -> None:
    """A stream that begins with that, and ends."""
    _, writer = await asyncio.open_connection(*address)
    writer.write(octets)
    writer.close()


def _known(wire: Between) -> list[bytes]:
    """The call's INVITE and its latest packets; the wire is not to keep everything."""
    del wire.packets[:-KEPT], wire.messages[KEPT:]
    invites = [octets for _, octets in wire.messages if octets.startswith(b"INVITE")][:1]
    return [*invites, *(packet.octets for packet in wire.packets)]


def _held() -> tuple[int, int]:
    """Open files and kilobytes of memory of this process."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[1])
    return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def fuzzed(seconds: float, seed: int = 7) -> Outcome:
    """A call of so many seconds under garbage, from its beginning to its end."""
    chance, packets, wire = random.Random(seed), int(RATE * seconds), Between(HOST)
    given = Setting(packets=packets, pairs=32, timers=QUICK, limits=EdgeLimits(calls=8))
    sent = streams = 0
    async with edged(given, wire) as scene:
        scene.phones[0].give(Call("bob"))
        await until(lambda: all(min(passed(edge)) >= 5 for edge in scene.edges))
        begun, early = time.monotonic(), (0, 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            stranger.bind((HOST, 0))
            own = Address(*stranger.getsockname())
            while not all(min(passed(edge)) >= packets for edge in scene.edges):
                if time.monotonic() - begun > 1.2 * seconds + 5:
                    break
                known = _known(wire)
                for target in (*scene.sip_addresses, *scene.media_addresses):
                    for _ in range(5):
                        sent += _sent(stranger, garbage(chance, own, known), target)
                await nonsense(chance.choice(scene.sip_addresses), garbage(chance, own, known))
                streams += 1
                await asyncio.sleep(0.005)
                if early == (0, 0) and time.monotonic() - begun > seconds / 4:
                    early = _held()
        late, took = _held(), time.monotonic() - begun
        return await _outcome(scene, packets, took, (sent, streams), early, late)


def _sent(stranger: socket.socket, octets: bytes, target: Address) -> bool:
    try:
        stranger.sendto(octets, target)
    except OSError:
        return False
    return True


def _stands(edge: EdgeService, number: int) -> bool:
    """Whether a call goes on; what is fuzzed may have made others between the same two."""
    return any(one.number == number for one in edge.status.edge.calls)


async def _outcome(
    scene: Scene, said: int, took: float, made: tuple[int, int], early: tuple[int, int], late: tuple[int, int]
) -> Outcome:
    calls = [(edge, call.number) for edge in scene.edges if (call := call_at(edge)) is not None]
    scene.phones[0].give(HangUp("bob"))
    await until(lambda: "ended" in scene.states("bob") and not any(_stands(edge, number) for edge, number in calls))
    for phone in scene.phones:
        phone.end()
    # What reached a phone from nobody has streams of its own, of which nothing could be opened.
    heard = [one for who in ("alice", "bob") for one in scene.received(who) if one.packets]
    relays = [edge.status.relay for edge in scene.edges]
    return Outcome(
        seconds=round(took, 1),
        said=said,
        heard=tuple(one.decrypted for one in heard),
        spoilt=tuple(one.undecryptable for one in heard),
        sent=made[0],
        streams=made[1],
        received=sum(one.received for one in relays),
        faults=sum(one.faults for one in relays),
        files=(early[0], late[0]),
        kilobytes=(early[1], late[1]),
    )


def main() -> None:
    """Run it and print the outcome as JSON; exits 1 where the call was harmed."""
    parser = argparse.ArgumentParser(description="Garbage on every socket of two edges while a call runs.")
    parser.add_argument("--seconds", type=float, default=1_200.0)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    outcome = asyncio.run(fuzzed(given.seconds, given.seed))
    print(json.dumps(asdict(outcome)))
    raise SystemExit(outcome.heard != (outcome.said, outcome.said) or any(outcome.spoilt) or outcome.faults > 0)


if __name__ == "__main__":
    main()

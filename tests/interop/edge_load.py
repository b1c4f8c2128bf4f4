"""Calls' media through the relay of an edge, in a process of its own, as fast as asked: what is lost, what it adds.

    python -m tests.interop.edge_load --calls 100 --seconds 60

One process is the edge's: relay, crossings, keys. This one plays phones and branches. It notes when each packet left,
and the kernel when it arrived, so that how busy this process is does not count. What the same packets take without an
edge is measured first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import Side
from mikey_sdp.nodes.edge_media import Crossing, Far
from mikey_sdp.nodes.edge_reception import Reception
from mikey_sdp.softphone.relay import MediaRelay, RelayPair
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession
from tests.interop.free_ports import free_range
from tests.unit.srtp.given import sa

HOST: Final = "127.0.0.1"
HEADER_OCTETS: Final = 12
PAYLOAD: Final = bytes(range(160))
INTERVAL_S: Final = 0.02
STAMP_NS: Final = getattr(socket, "SO_TIMESTAMPNS", 35)
_LAST_PACKETS_S: Final = 0.3


@dataclass(frozen=True)
class Loaded:
    """What came of it. Units: microseconds, and octets of resident memory."""

    calls: int
    seconds: float
    sent: int
    arrived: int
    direct_median_us: float
    median_us: float
    p99_us: float
    worst_us: float
    relay_cpu: float
    memory_octets: tuple[int, int]
    unsent: int = 0
    late_ticks: int = 0

    @property
    def lost(self) -> int:
        return self.sent - self.arrived

    @property
    def added_median_us(self) -> float:
        return self.median_us - self.direct_median_us


def sessions(number: int) -> tuple[SrtpSession, SrtpSession]:
    """Both ends of a secured stream: who sends under one key receives under the other."""
    one, other = (sa(1 + (2 * number + way) % 250, ssrc=0) for way in range(2))
    ends = [(one, other), (other, one)]
    first, second = (SrtpSession(SrtpSender([send]), SrtpReceiver([receive])) for send, receive in ends)
    return first, second


# The process of the edge


async def serve(calls: int) -> None:
    """Open a crossing for each call, and say on standard output where; connect them to what standard input says."""
    with free_range(3 * calls) as ports:  # some more than are needed, as others may take one meanwhile
        pass
    relay = MediaRelay(
        {Side.PHONE: HOST, Side.NETWORK: HOST}, ports, complain=lambda text: print(text, file=sys.stderr)
    )
    lines: list[tuple[Crossing, Reception, RelayPair, RelayPair]] = []
    for number in range(calls):
        reception = Reception(limit=64)
        network = relay.open_ports(Side.NETWORK, reception.take, reception.take)
        assert network is not None
        reception.attach(network)
        crossing = Crossing(0, "audio", network, limit=64)
        phone = relay.open_ports(Side.PHONE, crossing.from_phone, crossing.from_phone)
        assert phone is not None
        crossing.attach(phone)
        lines.append((crossing, reception, phone, network))
        print(number, phone.rtp.port, network.rtp.port, flush=True)
    places = json.loads(await asyncio.to_thread(sys.stdin.readline))
    for number, ((near, far), (crossing, reception, _, _)) in enumerate(zip(places, lines, strict=True)):
        crossing.connect(near=at(near), phone=sessions(2 * number)[1], far=at(far), network=sessions(2 * number + 1)[0])
        crossing.roams = True
        reception.admit(crossing)
    print("ready", flush=True)
    first, memory = time.process_time(), resident()
    started = time.monotonic()
    await asyncio.to_thread(sys.stdin.readline)
    told = {
        "cpu": (time.process_time() - first) / (time.monotonic() - started),
        "memory": [memory, resident()],
        **asdict(relay.counts),
    }
    relay.close()
    print(json.dumps(told), flush=True)


def at(port: int) -> Far:
    return Far(rtp=Address(HOST, port), rtcp=Address(HOST, port + 1), hosts=frozenset({HOST}))


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


# The process of phones and branches


@dataclass
class End:
    """One end of a stream, a phone or a branch: what it sent when, and what reached it how much later."""

    session: SrtpSession
    made: socket.socket
    to: Address
    ssrc: bytes
    peer: End | None = None
    sent_ns: list[int] = field(default_factory=list)
    delays_ns: list[int] = field(default_factory=list)
    opened: int = 0

    def send(self) -> None:
        number = len(self.sent_ns)
        packet = b"\x80\0%b%b%b%b" % (
            (number & 0xFFFF).to_bytes(2, "big"),
            (160 * number & 0xFFFFFFFF).to_bytes(4, "big"),
            self.ssrc,
            PAYLOAD,
        )
        protected = self.session.protect(packet)
        self.sent_ns.append(time.time_ns())
        self.made.sendto(protected, self.to)

    def receive(self) -> None:
        """All that has arrived, with the kernel's times; of the packets the one in sixteen is opened."""
        receive, peer, delays = self.made.recvmsg, self.peer, self.delays_ns
        assert peer is not None
        while True:
            try:
                octets, notes, _, _ = receive(2048, 64)
            except BlockingIOError:
                return
            number = octets[2] << 8 | octets[3]
            number += len(peer.sent_ns) - 1 - number & ~0xFFFF
            stamp = notes[0][2]
            seconds, nanos = int.from_bytes(stamp[:8], sys.byteorder), int.from_bytes(stamp[8:16], sys.byteorder)
            delays.append(seconds * 1_000_000_000 + nanos - peer.sent_ns[number])
            if not number % 16:
                assert self.session.unprotect(octets)[HEADER_OCTETS:] == PAYLOAD
                self.opened += 1


def paired(one: End, other: End) -> list[End]:
    one.peer, other.peer = other, one
    return [one, other]


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((HOST, 0))
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, STAMP_NS, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    return made


def drive(ends: list[End], seconds: float) -> int:
    """Each end sends a packet every 20 ms, all of them spread evenly; how often that was late by more than 2 ms."""
    selector = selectors.DefaultSelector()
    for end in ends:
        selector.register(end.made, selectors.EVENT_READ, end)
    late, turn, step = 0, 0, INTERVAL_S / len(ends)
    start = time.monotonic()
    total = round(seconds / step)
    while turn < total:
        now = time.monotonic() - start
        late += now - turn * step > 0.002
        while turn < total and turn * step <= now:
            ends[turn % len(ends)].send()
            turn += 1
        for key, _ in selector.select(max(0.0, min(0.001, turn * step - (time.monotonic() - start)))):
            key.data.receive()
    until = time.monotonic() + _LAST_PACKETS_S
    while time.monotonic() < until:
        for key, _ in selector.select(0.05):
            key.data.receive()
    selector.close()
    return late


def direct(calls: int, seconds: float) -> float:
    """The median of what the same packets take from end to end without an edge between."""
    ends: list[End] = []
    for number in range(calls):
        one, other = bound(), bound()
        ways = zip(sessions(number), (one, other), (other, one), (b"near", b"afar"), strict=True)
        ends += paired(*(End(session, made, Address(*to.getsockname()), ssrc) for session, made, to, ssrc in ways))
    drive(ends, seconds)
    for end in ends:
        end.made.close()
    return median(delay for end in ends for delay in end.delays_ns) / 1_000


def load(calls: int, seconds: float) -> Loaded:
    """Run it."""
    bare = direct(calls, min(seconds, 2.0))
    command = [sys.executable, "-m", "tests.interop.edge_load", "--serve", "--calls", str(calls)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as edge:
        assert edge.stdin is not None
        assert edge.stdout is not None
        try:
            ends, places = [], []
            for number in range(calls):
                _, phone_port, network_port = edge.stdout.readline().split()
                phone = End(sessions(2 * number)[0], bound(), Address(HOST, int(phone_port)), b"near")
                branch = End(sessions(2 * number + 1)[1], bound(), Address(HOST, int(network_port)), b"afar")
                ends += paired(phone, branch)
                places.append((phone.made.getsockname()[1], branch.made.getsockname()[1]))
            edge.stdin.write(json.dumps(places) + "\n")
            edge.stdin.flush()
            assert edge.stdout.readline() == "ready\n"
            late = drive(ends, seconds)
            edge.stdin.write("end\n")
            edge.stdin.flush()
            told: dict[str, Any] = json.loads(edge.stdout.readline())
        finally:
            edge.stdin.close()
            if edge.poll() is None:
                try:
                    edge.wait(2)
                except subprocess.TimeoutExpired:
                    edge.kill()
    for end in ends:
        end.made.close()
    delays = sorted(delay / 1_000 for end in ends for delay in end.delays_ns)
    return Loaded(
        calls=calls,
        seconds=seconds,
        sent=sum(len(end.sent_ns) for end in ends),
        arrived=len(delays),
        direct_median_us=bare,
        median_us=median(delays),
        p99_us=delays[int(0.99 * (len(delays) - 1))],
        worst_us=delays[-1],
        relay_cpu=told["cpu"],
        memory_octets=tuple(told["memory"]),
        unsent=told["unsent"],
        late_ticks=late,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.calls))
        return
    loaded = load(given.calls, given.seconds)
    print(json.dumps({**asdict(loaded), "lost": loaded.lost, "added_median_us": round(loaded.added_median_us, 1)}))


if __name__ == "__main__":
    main()

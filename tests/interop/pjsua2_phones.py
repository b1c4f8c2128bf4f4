"""pjsua2 phones as processes, the relay that their packets pass, and what a recording sounds like."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import select
import socket
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

LIMIT_S: Final = 8.0
RATE: Final = 8_000
REVEALING: Final = Path(__file__).with_name("pjsua2_revealing.py")


class PhoneProcess:
    """A phone in a process of its own; `wait` gives its events in their order."""

    def __init__(self, name: str, **start: Any) -> None:
        self.name = name
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, str(REVEALING)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        self.events: list[dict[str, Any]] = []
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self._complaints: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._note, daemon=True).start()
        self.tell("start", **start)

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                self._queue.put(json.loads(line))

    def _note(self) -> None:
        self._complaints += self._process.stderr or ()

    def tell(self, cmd: str, **words: Any) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it may be gone already
            stdin.write(json.dumps({"cmd": cmd, **words}) + "\n")
            stdin.flush()

    def wait(self, event: str, **facts: Any) -> dict[str, Any]:
        """The next event like this one, within the limit."""
        until = time.monotonic() + LIMIT_S
        while True:
            try:
                came = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                seen = "\n".join(map(str, [*self.events[-12:], *self._complaints[-5:]]))
                raise AssertionError(f"{self.name} never said {event} {facts}, but:\n{seen}") from None
            self.events.append(came)
            if came["event"] == event and facts.items() <= came.items():
                return came

    def so_far(self) -> list[dict[str, Any]]:
        """All events up to now."""
        while not self._queue.empty():
            self.events.append(self._queue.get())
        return self.events

    @property
    def port(self) -> int:
        ready = next((came for came in self.events if came["event"] == "ready"), None) or self.wait("ready")
        return int(ready["port"])

    def close(self) -> None:
        try:
            self.tell("quit")
            self._process.wait(3)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(3)


class Relay:
    """The path between two phones: SIP by one socket a side, RTP and RTCP by one a side and stream.

    It writes itself into every description, so that all packets pass it; `edit` may change a SIP message on its way.
    Keeps: `packets`, side that sent it and octets; `messages`, the same of SIP.
    """

    def __init__(self, edit: Callable[[str, bytes], bytes | None] | None = None) -> None:
        self.packets: list[tuple[str, bytes]] = []
        self.messages: list[tuple[str, bytes]] = []
        self._edit = edit or (lambda _side, octets: octets)
        self.sip = {side: _socket() for side in "AB"}
        self._media = {(side, kind): _socket() for side in "AB" for kind in ("rtp", "rtcp")}
        self._places: dict[tuple[str, str], tuple[str, int]] = {}
        self._over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def port(self, side: str) -> int:
        """Where the phone of that side sends its SIP."""
        return int(self.sip[side].getsockname()[1])

    def place(self, side: str, port: int) -> None:
        """Where the SIP of the phone on that side is."""
        self._places[side, "sip"] = ("127.0.0.1", port)

    def of(self, side: str) -> list[bytes]:
        return [octets for sender, octets in self.packets if sender == side]

    def close(self) -> None:
        self._over = True
        self._thread.join(2)
        for one in (*self.sip.values(), *self._media.values()):
            one.close()

    def _run(self) -> None:
        sockets = {one: (side, "sip") for side, one in self.sip.items()}
        sockets |= {one: key for key, one in self._media.items()}
        while not self._over:
            for one in select.select(list(sockets), [], [], 0.05)[0]:
                side, kind = sockets[one]
                octets, _sender = one.recvfrom(65_536)
                self._pass(side, kind, octets)

    def _pass(self, side: str, kind: str, octets: bytes) -> None:
        other = "B" if side == "A" else "A"
        if kind == "sip":
            self.messages.append((side, octets))
            edited = self._edit(side, octets)
            if edited is None:
                return
            octets = self._rewritten(side, other, edited)
            sender = self.sip[other]
        else:
            self.packets.append((side, octets))
            sender = self._media[other, kind]
        if (other, kind) in self._places:
            sender.sendto(octets, self._places[other, kind])

    def _rewritten(self, side: str, other: str, octets: bytes) -> bytes:
        head, _, body = octets.partition(b"\r\n\r\n")
        lines = body.split(b"\r\n")
        for number, line in enumerate(lines):
            words = line.split(b" ")
            if line.startswith(b"m=audio") and words[1] != b"0":
                rtp = int(words[1])
                self._places[side, "rtp"], self._places[side, "rtcp"] = ("127.0.0.1", rtp), ("127.0.0.1", rtp + 1)
                words[1] = str(self._media[other, "rtp"].getsockname()[1]).encode()
            elif line.startswith(b"a=rtcp:"):
                port = self._media[other, "rtcp"].getsockname()[1]
                words[0] = b"a=rtcp:" + str(port).encode()
            lines[number] = b" ".join(words)
        body = b"\r\n".join(lines)
        mine, theirs = str(self._places[side, "sip"][1]).encode(), str(self.port(other)).encode()
        heads = []
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                line = b"Content-Length: " + str(len(body)).encode()
            if line.lower().startswith(b"contact:"):
                line = line.replace(b":" + mine, b":" + theirs)
            heads.append(line)
        return b"\r\n".join(heads) + b"\r\n\r\n" + body


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


class Switch:
    """What a caller's INVITE reaches: all of these phones, or a redirection to the one place given, or to itself."""

    def __init__(self, ports: tuple[int, ...] = (), *, moved_to: str = "", to_itself: bool = False) -> None:
        self._socket = _socket()
        self.port = int(self._socket.getsockname()[1])
        self.place = f"sip:carol@127.0.0.1:{self.port}"
        self._ports, self._moved_to = ports, self.place if to_itself else moved_to
        self.invitations: list[bytes] = []
        self._caller = ("127.0.0.1", 0)
        self._over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over = True
        self._thread.join(2)
        self._socket.close()

    def _run(self) -> None:
        self._socket.settimeout(0.05)
        while not self._over:
            try:
                octets, sender = self._socket.recvfrom(65_536)
            except TimeoutError:
                continue
            if octets.startswith(b"SIP/2.0"):
                self._back(octets)
            elif octets.startswith((b"INVITE", b"CANCEL")):
                self._caller = sender
                self._on(octets)

    def _on(self, octets: bytes) -> None:
        line, _, rest = octets.partition(b"\r\n")
        if octets.startswith(b"INVITE"):
            self.invitations.append(octets)
        if self._moved_to:
            head = [one for one in rest.partition(b"\r\n\r\n")[0].split(b"\r\n") if one.lower().startswith(_COPIED)]
            head = [one + b";tag=switch" if one.lower().startswith(b"to:") else one for one in head]
            contact = b"Contact: <" + self._moved_to.encode() + b">"
            answer = [b"SIP/2.0 302 Moved Temporarily", *head, contact, b"Content-Length: 0", b"", b""]
            self._socket.sendto(b"\r\n".join(answer), self._caller)
            return
        for number, port in enumerate(self._ports):
            via = f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKswitch{number}\r\n".encode()
            self._socket.sendto(line + b"\r\n" + via + rest, ("127.0.0.1", port))

    def _back(self, octets: bytes) -> None:
        line, _, rest = octets.partition(b"\r\n")
        if line.split()[1] in (b"180", b"183", b"200"):
            _own, _, others = rest.partition(b"\r\n")
            self._socket.sendto(line + b"\r\n" + others, self._caller)


_COPIED: Final = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")


def loudness(recording: Path, frequencies: tuple[int, ...]) -> Mapping[int, float]:
    """How much of each frequency is in the last half second of a recording: 1 for nothing but that tone (Goertzel)."""
    with wave.open(str(recording), "rb") as file:
        rate, octets = file.getframerate(), file.readframes(file.getnframes())
    samples = memoryview(octets[: len(octets) // 2 * 2]).cast("h")[-rate // 2 :]
    power = sum(sample * sample for sample in samples) or 1
    return {frequency: _goertzel(samples, frequency, rate) * 2 / (len(samples) * power) for frequency in frequencies}


def _goertzel(samples: Any, frequency: int, rate: int) -> float:
    turn = 2 * math.cos(2 * math.pi * frequency / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    return last * last + before * before - turn * last * before

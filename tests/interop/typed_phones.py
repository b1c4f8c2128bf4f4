"""`mikey-sdp phone` as a user runs it: a process that is typed at, and whose lines are read."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.nodes.contract import Address, Transport
from tests.interop.sockets import HOST
from tests.pki import Authority, rsa_key

LIMIT_S: Final = 10.0


class TypedPhone:
    """One telephone: `type` a line, `wait` for a line like this."""

    def __init__(self, *arguments: str, program: tuple[str, ...] = ("-m", "mikey_sdp", "phone")) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        self.said: list[str] = []
        self._unread: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self._queue.put(line.rstrip("\n"))

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, pattern: str) -> re.Match[str]:
        """The first line in which the pattern is found, and which no other wait has had."""
        until = time.monotonic() + LIMIT_S
        while True:
            for at, line in enumerate(self._unread):
                found = re.search(pattern, line)
                if found is not None:
                    del self._unread[at]
                    return found
            try:
                line = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"never said {pattern!r}, but:\n" + "\n".join(self.said)) from None
            self.said.append(line)
            self._unread.append(line)

    def leave(self) -> int:
        """Its status once it has ended."""
        return self.process.wait(LIMIT_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT_S)


@contextmanager
def phones(*arguments: list[str]) -> Iterator[list[TypedPhone]]:
    running: list[TypedPhone] = []
    try:
        for one in arguments:
            running.append(TypedPhone(*one))
            running[-1].wait("called at ")
        yield running
    finally:
        for phone in running:
            phone.close()


def places(number: int) -> list[Address]:
    """Free addresses for telephones."""
    ports = Ports()
    found = [ports.sip(HOST, Transport.UDP, Transport.TCP) for _ in range(number)]
    ports.close()
    return found


def certified(folder: Path, *identities: str) -> dict[str, list[str]]:
    """Files with a certificate for each, and the options that name them."""
    now = datetime.now(UTC)
    dates = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
    root = Authority.create("a root", **dates)
    (folder / "root.pem").write_text(root.pem)
    options: dict[str, list[str]] = {}
    for number, who in enumerate(identities):
        holder = root.issue(who, key=rsa_key(who), **dates)
        own, key = folder / f"{number}.pem", folder / f"{number}.key"
        own.write_text(holder.pem)
        key.write_text(holder.key_pem)
        trust = str(folder / "root.pem")
        options[who] = ["--certificate", str(own), "--key", f"@{key}", "--trust", trust]
    return options

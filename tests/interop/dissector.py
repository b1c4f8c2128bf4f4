"""tshark as a program: what it reads in captures."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests import captures
from tests.interop.pdml import Leaf, Reading, read_payloads, read_pdml

LIMIT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Dissector:
    """tshark on captures, which it is handed in a file of that folder."""

    path: str
    folder: Path

    @property
    def version(self) -> str:
        """Its release, such as 4.0.17."""
        ran = subprocess.run([self.path, "--version"], capture_output=True, timeout=LIMIT_S, check=True)
        return ran.stdout.decode().partition("\n")[0].split()[2].rstrip(".")

    def messages(self, capture: bytes) -> list[list[Leaf]]:
        """The leaves of every MIKEY message that tshark finds."""
        return read_pdml(self._pdml(capture))

    def payloads(self, capture: bytes) -> list[Reading]:
        """The payloads of the MIKEY message in each packet, as far as tshark reads them."""
        return read_payloads(self._pdml(capture))

    def _pdml(self, capture: bytes) -> bytes:
        file = self.folder / "capture"
        file.write_bytes(capture)
        command = [self.path, "-n", "-r", str(file), "-T", "pdml"]
        return subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True).stdout


def over_udp(*payloads: bytes) -> bytes:
    """A capture of datagrams."""
    return captures.pcap(_frames(payloads))


def _frames(payloads: Iterable[bytes]) -> list[bytes]:
    return [captures.ethernet(captures.udp(payload)) for payload in payloads]

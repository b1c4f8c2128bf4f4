"""A phone of others behind a `mikey-sdp edge` process, together one party of a live run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mikey_sdp.drivers.outside import Onlooker, Outside
from mikey_sdp.drivers.phones import READY_S, Media, authority
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, vacate
from mikey_sdp.nodes.contract import Address, Transport

_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSetup:
    """How an edge is set up.

    Keeps: `network`, where the others find it, `inner`, where its phone does; `home`, where the phone is;
    `media_ports`, first and last, eight or more, on the hosts of both sides; `account`,
    the words of its account that name credentials, and `peers`, by identity the file of the key shared with him;
    `files`, what these files hold, by their names.
    """

    identity: str
    network: Address
    inner: Address
    home: Address
    proxy: Address | None
    media: Media
    media_ports: tuple[int, int]
    modes: tuple[str, ...] | None
    account: Mapping[str, str]
    peers: Mapping[str, str]
    files: Mapping[str, str]

    def text(self) -> str:
        """The configuration file."""
        user = self.identity.removeprefix("sip:").partition("@")[0]
        lines = [
            "[phone]",
            f'listen = ["udp:{authority(self.inner)}"]',
            f'media = "{self.media}"',
            "[network]",
            f'listen = ["udp:{authority(self.network)}"]',
            *([] if self.proxy is None else [f'proxy = "udp:{authority(self.proxy)}"']),
            "[[accounts]]",
            f'identity = "{self.identity}"',
            f'contact = "sip:{user}@{authority(self.home)}"',
            *(f"{word} = {value}" for word, value in self.account.items()),
        ]
        for peer, file in self.peers.items():
            lines += ["[[peers]]", f'identity = "{peer}"', f'psk = "@{file}"']
        if self.modes is not None:
            lines += ["[policy]", f"modes = {json.dumps(self.modes)}"]
        first, last = self.media_ports
        return "\n".join([*lines, "[media]", f"ports = [{first}, {last}]", "[limits]", "calls = 2", ""])


class EdgedPhone:
    """One party: the edge at its address, and behind it a phone at ports of its own that only the edge talks to."""

    def __init__(self, setup: EdgeSetup, phone: Outside, folder: Path, ports: Ports) -> None:
        self._setup: Final = setup
        self._phone: Final = phone
        self._folder: Final = folder
        self._ports: Final = ports
        self._edge: Program | None = None

    async def start(self, run: Onlooker) -> None:
        """Start the edge, then the phone; back when both take calls. Secrets stand in files that only we can read."""
        setup = self._setup
        self._write_files()
        for address in (setup.network, setup.inner):
            vacate(address, Transport.UDP, Transport.TCP, ports=self._ports)
        launch = Launch(
            name=f"edge of {setup.identity}",
            program=sys.executable,
            arguments=("-m", "mikey_sdp", "edge", "edge.toml", "--json"),
            folder=self._folder,
            environment={"PYTHONPATH": str(_ROOT)},
        )
        self._edge = await Program.started(launch)
        await self._edge.expect_json(within_s=READY_S)
        await self._phone.start(run)

    def _write_files(self) -> None:
        self._folder.mkdir(mode=0o700)
        for name, text in {**self._setup.files, "edge.toml": self._setup.text()}.items():
            new = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(new, "w", encoding="utf-8") as file:
                file.write(text)

    def give(self, command: object) -> None:
        """Tell the phone."""
        self._phone.give(command)

    async def stop(self) -> None:
        """End the phone and its edge."""
        await self._phone.stop()
        if self._edge is not None:
            await self._edge.stop()

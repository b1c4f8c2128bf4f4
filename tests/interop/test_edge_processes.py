"""Two `mikey-sdp edge CONFIG` processes with telephones of others behind them, as their users would start them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.drivers.phones import Media
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.sip import Message
from mikey_sdp.srtp.session import SrtpReceiver
from tests.interop.between import Between, receivers
from tests.interop.conftest import Need
from tests.interop.edge_phones import (
    DESCRIPTION,
    IDENTITIES,
    LEAST_S,
    LIMIT_S,
    NAMES,
    NETWORK,
    at_home,
    certified,
    endpoint,
    hang_up,
    heard,
    homes,
    secured,
    talk,
)
from tests.interop.edged import ALICE, BOB, KEY
from tests.interop.free_ports import free_range
from tests.interop.sockets import HOST, within_limit

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One edge's addresses, its phone's, and its next hop."""

    phone_side: Address
    network_side: Address
    proxy: Address
    home: Address
    media: Media


def proofs(folder: Path, mode: Mode) -> None:
    """What each user proves himself by, in files of his own."""
    root, holders = certified()
    for name, holder in zip(NAMES, holders, strict=True):
        own = folder / name
        own.mkdir()
        (own / "root.pem").write_text(root.pem, encoding="ascii")
        (own / "own.pem").write_text(holder.pem, encoding="ascii")
        (own / "own.key").write_text(holder.key_pem if mode is Mode.DHSIGN else KEY.reveal().hex(), encoding="ascii")


def configured(folder: Path, number: int, place: Place, mode: Mode) -> Path:
    """The configuration file of an edge."""
    by = 'psk = "@own.key"'
    if mode is Mode.DHSIGN:
        by = 'certificate = "own.pem"\nkey = "@own.key"\ntrust = ["root.pem"]'
    with free_range(4) as ports:
        pass
    file = folder / NAMES[number] / "edge.toml"
    text = f"""
[phone]
listen = ["udp:{place.phone_side.host}:{place.phone_side.port}"]
media = "{place.media}"
[network]
listen = ["udp:{place.network_side.host}:{place.network_side.port}"]
proxy = "udp:{place.proxy.host}:{place.proxy.port}"
[[accounts]]
identity = "{IDENTITIES[number]}"
{by}
contact = "sip:{NAMES[number]}@{place.home.host}:{place.home.port}"
[policy]
modes = ["{mode}"]
[media]
ports = [{ports[0]}, {ports[1]}]
[limits]
calls = 2
"""
    file.write_text(text, encoding="utf-8")
    return file


@asynccontextmanager
async def started(files: Sequence[Path]) -> AsyncIterator[list[Program]]:
    """An edge process for each file, until the block ends; each must end well."""
    edges: list[Program] = []
    try:
        for file in files:
            launch = Launch(
                name=f"edge of {file.parent.name}",
                program=sys.executable,
                arguments=("-m", "mikey_sdp", "edge", str(file), "--json", "--every", "0.1"),
                folder=file.parent,
                environment={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            )
            edges.append(await Program.started(launch))
        for edge in edges:
            await edge.expect_json(within_s=8)
        yield edges
    finally:
        await asyncio.gather(*(edge.stop() for edge in edges))
    assert [edge.returncode for edge in edges] == [0, 0]


async def shown(edge: Program) -> dict[str, Any]:
    """The call that an edge shows once it is answered and media went both ways."""
    for _ in range(40):
        told = await edge.expect_json(within_s=2)
        for call in told["edge"]["calls"]:
            if call["state"] == "answered" and all(min(s["from_phone"], s["to_phone"]) > 5 for s in call["streams"]):
                return dict(call)
    pytest.fail(f"no answered call: {json.dumps(told)}")


def of_pre_shared_key(wire: Between) -> tuple[list[SrtpReceiver], list[SrtpReceiver], set[str]]:
    """The keys that the holder of the pre-shared key reads from the first INVITE, by sender, and their fingerprints."""
    invite = next(Message.parse(octets) for edge, octets in wire.messages if octets.startswith(b"INVITE"))
    answer = endpoint(BOB, KEY).answer(invite.body.decode(), DESCRIPTION, caller=ALICE)
    assert answer.keys is not None
    media = answer.keys.media[0]
    prints = {sa.master_key.fingerprint() for sa in (*media.send, *media.receive)}
    return receivers([answer.keys]), receivers([answer.keys], way="send"), prints


@pytest.mark.parametrize(
    ("kinds", "media", "mode"),
    [
        ((Baresip, Linphone), (Media.SDES, Media.SDES), Mode.PSK),
        ((Linphone, Baresip), (Media.PLAIN, Media.SDES), Mode.DHSIGN),
    ],
    ids=["PSK", "DHSIGN"],
)
def test_two_edges_started_by_their_users_carry_a_call(
    need: Need, tmp_path: Path, kinds: tuple[type[Any], type[Any]], media: tuple[Media, Media], mode: Mode
) -> None:
    need("baresip")
    need("linphonec")
    proofs(tmp_path, mode)

    async def main() -> None:
        wire, ports = Between(NETWORK), Ports()
        with homes() as here:
            sides = [(ports.sip(HOST, Transport.UDP), ports.sip(NETWORK, Transport.UDP)) for _ in NAMES]
            proxies = await wire.join((sides[0][1], sides[1][1]))
            ports.close()
            files = []
            for number, (phone_side, network_side) in enumerate(sides):
                place = Place(
                    phone_side=phone_side,
                    network_side=network_side,
                    proxy=proxies[number],
                    home=here.sip[number],
                    media=media[number],
                )
                files.append(configured(tmp_path, number, place, mode))
            try:
                phone_sides = [side for side, _ in sides]
                async with started(files) as edges, at_home(kinds, here, tmp_path, phone_sides, media) as phones:
                    await talk(phones)
                    calls = [await shown(edge) for edge in edges]
                    await hang_up(phones)
            finally:
                wire.close()
        assert [(call["mode"], call["phone"]) for call in calls] == [(mode, media[0]), (mode, media[1])]
        assert set(calls[0]["fingerprints"]) == set(calls[1]["fingerprints"])
        heard(phones)
        if mode is Mode.PSK:
            assert of_pre_shared_key(wire)[2] == set(calls[0]["fingerprints"])
            secured(wire, lambda edge: of_pre_shared_key(wire)[edge])
        for edge in range(2):
            # Speech in the clear, a tone in PCMU, has few values; what is encrypted has them all.
            speech = [one.octets[12:172] for one in wire.packets if one.edge == edge and not one.is_control]
            assert len(speech) > 50 * LEAST_S
            assert len(set(b"".join(speech))) > 250

    within_limit(main, LIMIT_S)

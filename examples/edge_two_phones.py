"""baresip calls Linphone; each knows SDES only, and `mikey-sdp edge` in front of each gives them MIKEY between.

`python edge_two_phones.py [FOLDER]` needs baresip and linphonec. Each plays a tone of its own. It prints what the edge
of the caller says of the call, and which files hold what each phone heard; they stay there if a folder is given.
"""

import asyncio
import contextlib
import json
import math
import sys
import tempfile
import wave
from array import array
from pathlib import Path

from mikey_sdp.drivers.phones import CallState, Media, PhonePlan
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.ports import Ports, bound
from mikey_sdp.drivers.processes import Launch, Program
from mikey_sdp.nodes.contract import Address, Transport

HOST, NETWORK = "127.0.0.1", "127.0.0.2"
NAMES = ("alice", "bob")
EDGE = """
[phone]
listen = ["udp:{phone}"]
media = "sdes"
[network]
listen = ["udp:{network}"]
proxy = "udp:{proxy}"
[[accounts]]
identity = "sip:{name}@example.com"
psk = "@shared.psk"
contact = "sip:{name}@{home}"
[media]
ports = [{first}, {last}]
[limits]
calls = 2
"""


def tone(file: Path, hertz: int) -> Path:
    """Six seconds of a tone, as phones play it."""
    samples = (int(8_000 * math.sin(2 * math.pi * hertz * at / 8_000)) for at in range(48_000))
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8_000)
        written.writeframes(array("h", samples).tobytes())
    return file


def room(ports: Ports) -> Address:
    """A place for a phone with nobody behind it: baresip opens the next port too."""
    for _ in range(50):
        place = ports.sip(HOST, Transport.UDP, Transport.TCP)
        with contextlib.suppress(OSError, OverflowError), bound(Address(HOST, place.port + 1), reliable=True):
            return place
    raise SystemExit("no two ports in a row are free")


async def edge(folder: Path, name: str, **places: object) -> Program:
    """`mikey-sdp edge` with a configuration of that user's."""
    file = folder / f"{name}.toml"
    file.write_text(EDGE.format(name=name, **places))
    arguments = ("-m", "mikey_sdp", "edge", str(file), "--json", "--every", "0.5")
    root = str(Path(__file__).parents[1])
    launch = Launch(
        name=f"{name}'s edge",
        program=sys.executable,
        arguments=arguments,
        folder=folder,
        environment={"PYTHONPATH": root},
    )
    started = await Program.started(launch)
    await started.expect_json(within_s=8)
    return started


async def main(folder: Path) -> None:
    """The call, from the start of all four programs to their end."""
    (folder / "shared.psk").write_text("5eb6f1c2a8d3940e7f6b21c0d9e84a37\n")
    ports = Ports()
    held = Ports()
    homes = [room(held) for _ in NAMES]
    audio = [held.media(HOST, rtcp=True) for _ in NAMES]
    inside, outside = ([ports.sip(host) for _ in NAMES] for host in (HOST, NETWORK))
    pools = [ports.media(HOST, 4, rtcp=True).port for _ in NAMES]
    ports.close()
    running: list[Program | Baresip | Linphone] = []
    try:
        for n, name in enumerate(NAMES):
            phone, network, proxy, home = (
                f"{one.host}:{one.port}" for one in (inside[n], outside[n], outside[1 - n], homes[n])
            )
            places = {"phone": phone, "network": network, "proxy": proxy, "home": home}
            running.append(await edge(folder, name, **places, first=pools[n], last=pools[n] + 7))
        phones = [
            kind(
                PhonePlan(
                    name=name,
                    identity=f"sip:{name}@example.com",
                    sip=homes[n],
                    rtp=audio[n],
                    outbound=inside[n],
                    transport=Transport.UDP,
                    media=Media.SDES,
                    answers=n == 1,
                    tone=tone(folder / f"{name}.wav", (440, 1_000)[n]),
                ),
                folder,
            )
            for n, (name, kind) in enumerate(zip(NAMES, (Baresip, Linphone), strict=True))
        ]
        for one in phones:
            running.append(one)
            await one.start(ports=held)
        await phones[0].call("sip:bob@example.com")
        for one in phones:
            await one.until(CallState.TALKING, within_s=8)
        await asyncio.sleep(2)
        shown = await talking(running[0])
        await phones[0].hang_up()
        await phones[1].until(CallState.ENDED, within_s=4)
    finally:
        held.close()
        await asyncio.gather(*(one.stop() for one in reversed(running)))
    print(json.dumps({"call": shown, "heard": [str(one.recording) for one in phones]}, indent=2))


async def talking(program: Program) -> dict[str, object]:
    """The call as an edge shows it once media went both ways."""
    for _ in range(10):
        for call in (await program.expect_json(within_s=4))["edge"]["calls"]:
            if call["streams"] and all(stream["from_phone"] and stream["to_phone"] for stream in call["streams"]):
                return dict(call)
    raise SystemExit("no media went both ways")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else Path(scratch)))

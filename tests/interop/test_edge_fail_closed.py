"""Somebody on the wire between two edges breaks key management at each step: nothing leaves an edge in the clear.

Counted twice: what arrives between the edges, and what the edges' media sockets hand to the system.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, Hold, ReKey
from mikey_sdp.nodes.contract import Action, Address, DatagramReceived, Event
from mikey_sdp.nodes.edge_contract import PhoneMedia
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.secret import Secret
from mikey_sdp.sip import Message, Response
from mikey_sdp.srtp.rtp import rtp_octets
from tests import pki
from tests.interop.between import Between, Change, Packet, keys_by_edge, opened, receivers, sent_by_relays, unchanged
from tests.interop.edge_fuzz import passed
from tests.interop.edged import ALICE, BOB, KEY, Scene, Setting, edged
from tests.interop.sockets import HOST, until, within_limit
from tests.unit.nodes.test_edge_failing import changed, forged, in_plain, without_body, without_keys

NETWORK = "127.0.0.2"
"""Where the edges meet, so that an address says on which side of an edge it is."""
SSRC = 0x0BADCAFE
RECEIVER_REPORT = b"\x80\xc9\x00\x01" + SSRC.to_bytes(4, "big")
NAMES = ("edge-alice", "edge-bob")
PARTIES = ("alice", "bob")
SPEECH = 10
"""Packets each way before something happens within a call."""


def of_unknown_mode(message: bytes) -> bytes:
    """The description with a MIKEY message of a data type that nobody knows."""
    found = re.search(rb"a=key-mgmt:mikey ([^\r]*)", message)
    assert found is not None
    octets = bytearray(base64.b64decode(found[1]))
    octets[1] = 99
    return message.replace(found[1], base64.b64encode(bytes(octets)))


@dataclass
class Broken:
    """A call that somebody interferes with.

    Keeps: `left`, what the media sockets of both edges sent: from where, what, whereto; `told`, what the phones got.
    """

    scene: Scene
    wire: Between
    left: list[tuple[Address, bytes, Address]]
    keys: dict[str, list[KeySet]]
    told: list[tuple[str, bytes]]

    @property
    def towards_network(self) -> list[bytes]:
        """What left the edges' media sockets on the side of the network."""
        return [octets for source, octets, _ in self.left if source.host == NETWORK]

    def unprotected(self) -> list[Packet]:
        """Packets between the edges that do not open with the keys under which their sender was to send."""
        own = [receivers(self.keys.get(name, []), way="send") for name in NAMES]
        return [packet for packet in self.wire.packets if not opened(packet, own[packet.edge])]

    def warnings(self, party: str, status: int) -> list[str]:
        """The Warning in each response of that status that a phone got."""
        messages = [Message.parse(octets) for name, octets in self.told if name == party]
        answers = [one for one in messages if isinstance(one, Response) and one.status == status]
        return [one.get("Warning") or "" for one in answers]

    async def all_arrived(self) -> None:
        """What left the edges is what was seen between them."""
        await until(lambda: len(self.wire.packets) == len(self.towards_network))

    async def over(self) -> None:
        await until(lambda: not any(edge.open_calls or edge.status.open_pairs for edge in self.scene.edges))


def with_calls(
    monkeypatch: pytest.MonkeyPatch, change: Change, play: Callable[[Broken], Any], setting: Setting | None = None
) -> None:
    """Play something on two edges, on whose messages to each other that change is made."""
    left, keys, told = sent_by_relays(monkeypatch), keys_by_edge(monkeypatch), told_to_phones(monkeypatch)

    async def main() -> None:
        wire = Between(NETWORK, change)
        async with edged(replace(setting or Setting(), between=NETWORK, packets=None), wire) as scene:
            talking = asyncio.create_task(chatter(scene))
            try:
                await play(Broken(scene, wire, left, keys, told))
            finally:
                talking.cancel()

    within_limit(main)


async def chatter(scene: Scene) -> None:
    """RTP and RTCP in the clear from the phones' host to every port of the edges on that side, from its opening on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.setblocking(False)
        phone.bind((HOST, 0))
        ports: list[Address] = []
        for number in itertools.count():
            rtp = rtp_octets(payload_type=0, sequence=number & 0xFFFF, timestamp=0, ssrc=SSRC, payload=b"in the clear")
            with suppress(UsageError):  # an edge that is stopped takes none
                ports = scene.media_addresses
            for address in ports:
                if address.host == HOST:
                    with suppress(OSError):
                        phone.sendto(rtp if address.port % 2 == 0 else RECEIVER_REPORT, address)
            await asyncio.sleep(0.002)


def told_to_phones(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """By name the messages that phones get from now on."""
    kept: list[tuple[str, bytes]] = []
    handle = UserAgent.handle

    def watched(phone: UserAgent, event: Event, now_us: Micros) -> list[Action]:
        if isinstance(event, DatagramReceived) and event.datagram.octets.startswith(b"SIP/2.0"):
            kept.append((phone.name, event.datagram.octets))
        return handle(phone, event, now_us)

    monkeypatch.setattr(UserAgent, "handle", watched)
    return kept


async def refused(broken: Broken) -> None:
    """Alice calls and her phone is told 488 and why; her edge sends no media towards the network.

    Bob's sends none either, or what its keys protect: an answer that is broken on its way was good where it was made.
    """
    scene = broken.scene
    scene.phones[0].give(Call("bob"))
    await until(lambda: {"rejected", "ended"} & set(scene.states("alice")))
    await broken.over()
    assert "confirmed" not in scene.states("alice")
    assert [text[:4] for text in broken.warnings("alice", 488)] == ["399 "]
    assert [packet for packet in broken.wire.packets if packet.edge == 0] == []
    await broken.all_arrived()
    assert broken.unprotected() == []
    if not scene.states("bob"):
        assert broken.towards_network == []


@pytest.mark.parametrize("media", PhoneMedia)
@pytest.mark.parametrize("change", [without_keys, in_plain, without_body, forged, of_unknown_mode])
def test_an_answer_without_good_keys_lets_no_packet_out(
    monkeypatch: pytest.MonkeyPatch, change: Change, media: PhoneMedia
) -> None:
    of_answer = changed(change, b"SIP/2.0 200", b"CSeq: 1 INVITE")
    with_calls(monkeypatch, of_answer, refused, Setting(caller=media, called=media))


@pytest.mark.parametrize("media", PhoneMedia)
@pytest.mark.parametrize("change", [without_keys, in_plain, forged, of_unknown_mode])
def test_an_offer_without_good_keys_lets_no_packet_out(
    monkeypatch: pytest.MonkeyPatch, change: Change, media: PhoneMedia
) -> None:
    with_calls(monkeypatch, changed(change, b"INVITE"), refused, Setting(caller=media, called=media))


@pytest.mark.parametrize("number", range(2))
def test_another_key_lets_no_packet_out(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    held = [(PskCredential("*", KEY),), (PskCredential("*", KEY),)]
    held[number] = (PskCredential("*", Secret(bytes(16))),)
    with_calls(monkeypatch, unchanged, refused, Setting(credentials=(held[0], held[1])))


@pytest.mark.parametrize("number", range(2))
def test_a_certificate_of_somebody_else_lets_no_packet_out(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    now = datetime.now(UTC)
    dates = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
    root = pki.Authority.create("root", **dates)
    names = [ALICE, BOB]
    names[number] = "sip:carol@example.com"
    holders = [root.issue(name, **dates) for name in names]
    held = [
        (CertificateCredential((one.certificate,), one.key, Trust(anchors=(root.certificate,)), names_owner=False),)
        for one in holders
    ]
    setting = Setting(credentials=(held[0], held[1]), modes=(Mode.DHSIGN,))
    with_calls(monkeypatch, unchanged, refused, setting)


async def in_a_call(broken: Broken) -> None:
    """Alice and bob talk."""
    scene = broken.scene
    scene.phones[0].give(Call("bob"))
    await until(lambda: all(min(passed(edge)) >= SPEECH for edge in scene.edges))
    await until(lambda: all("confirmed" in scene.states(name) for name in PARTIES))


@pytest.mark.parametrize(
    ("media", "change", "caller"),
    [
        *itertools.product(
            (PhoneMedia.SDES,), (without_keys, in_plain, without_body, forged, of_unknown_mode), range(2)
        ),
        *itertools.product((PhoneMedia.PLAIN,), (in_plain, without_body), range(2)),
        # The answer to an offer that repeats what it once answered itself has no message that could be broken.
        *itertools.product((PhoneMedia.PLAIN,), (forged, of_unknown_mode), (0,)),
    ],
)
def test_new_keys_without_a_good_answer_end_the_call_and_nothing_goes_on_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, change: Change, media: PhoneMedia, caller: int
) -> None:
    """Either phone makes another offer, with keys of its own if it has any; the answer of the other edge is broken."""
    again = ReKey if media is PhoneMedia.SDES else Hold

    async def play(broken: Broken) -> None:
        scene = broken.scene
        await in_a_call(broken)
        scene.phones[caller].give(again(PARTIES[1 - caller]))
        await until(lambda: all("ended" in scene.states(name) for name in PARTIES))
        await broken.over()
        assert [text[:4] for text in broken.warnings(PARTIES[caller], 488)] == ["399 "]
        assert {packet.edge for packet in broken.wire.packets} == {0, 1}
        await broken.all_arrived()
        assert broken.unprotected() == []

    with_calls(monkeypatch, answers_within(change, caller), play, Setting(caller=media, called=media))


def answers_within(change: Change, caller: int) -> Change:
    """Changes the answers to further offers of that phone; the second INVITE of alice's is her first such."""
    made = changed(change, b"SIP/2.0 200", b" INVITE\r\n", f"From: <sip:{PARTIES[caller]}".encode())
    return lambda one: one if caller == 0 and b"CSeq: 1 INVITE" in one else made(one)


@pytest.mark.parametrize("caller", range(2))
def test_an_answer_without_the_keys_that_an_offer_only_repeats_leaves_them_as_they_are(
    monkeypatch: pytest.MonkeyPatch, caller: int
) -> None:
    async def play(broken: Broken) -> None:
        scene = broken.scene
        await in_a_call(broken)
        before = len(broken.wire.packets)
        scene.phones[caller].give(Hold(PARTIES[1 - caller]))
        await until(lambda: all("held" in scene.states(name) for name in PARTIES))
        await until(lambda: len(broken.wire.packets) > before + SPEECH)
        assert broken.unprotected() == []

    plain = Setting(caller=PhoneMedia.PLAIN, called=PhoneMedia.PLAIN)
    with_calls(monkeypatch, answers_within(without_keys, caller), play, plain)


@pytest.mark.parametrize("media", PhoneMedia)
def test_a_call_that_nobody_breaks_sends_what_its_keys_open_and_no_others(
    monkeypatch: pytest.MonkeyPatch, media: PhoneMedia
) -> None:
    """What the counts above are worth: media is seen, and what is no SRTP under the right keys would be noticed."""

    async def play(broken: Broken) -> None:
        scene, wire = broken.scene, broken.wire
        await in_a_call(broken)
        await scene.edges[0].stop()
        await until(lambda: "ended" in scene.states("bob"))
        await broken.all_arrived()
        assert len(wire.packets) >= 2 * SPEECH
        # A phone of plain RTP is known by its host, so that what is said above in its name goes on as its own.
        assert {packet.edge for packet in wire.packets if packet.is_control} == ({0, 1} if media == "plain" else set())
        assert broken.unprotected() == []
        theirs, own = (
            [receivers(broken.keys[name], way=way) for name in reversed(NAMES)] for way in ("receive", "send")
        )
        for packet in wire.packets:
            assert opened(packet, theirs[packet.edge])
            assert not opened(packet, own[packet.edge])

    with_calls(monkeypatch, unchanged, play, Setting(caller=media, called=media))

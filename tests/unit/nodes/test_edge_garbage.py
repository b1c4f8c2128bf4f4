"""Messages changed at random, while a call runs through the edge that gets them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.commands import Call, HangUp, Hold, ReKey
from mikey_sdp.nodes.config import Answering
from mikey_sdp.nodes.contract import Action, Datagram, DatagramReceived, Event, Transport
from mikey_sdp.nodes.edge_contract import EdgeLimits
from mikey_sdp.nodes.edge_ports import DrivenEdge
from tests.exchange.nodes.phones import MS
from tests.unit.nodes.edge_town import edge, heard, phone, proxy, run

WORDS = (
    *(b"INVITE", b"ACK", b"BYE", b"CANCEL", b"UPDATE", b"PRACK", b"REGISTER", b"*", b"0", b"65536", b"-1", b"sip:"),
    *(b"tel:+1", b"sips:x@y", b"[::1]", b"0.0.0.0", b"224.0.0.1", b"IP6", b"RTP/AVP", b"UDP/TLS/RTP/SAVPF", b";lr"),
    *(b"<>", b'"', b"multipart/mixed", b"Route: <sip:192.0.2.51:5060;lr>\r\n", b"m=video 0 RTP/SAVP 96\r\n"),
)


def changed(octets: bytes, chance: random.Random) -> bytes:
    """The message with one to four faults in it."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(octets) + 1)
        lines = octets.split(b"\r\n")
        line = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                octets = octets[:at] + bytes([chance.randrange(256)]) + octets[at + 1 :]
            case 1:
                octets = octets[:at] + octets[at + chance.randint(1, 30) :]
            case 2:
                octets = octets[:at] + chance.choice(WORDS) + octets[at:]
            case 3:
                octets = b"\r\n".join(lines[:line] + lines[line + 1 :])
            case _:
                words = lines[line].split(b" ")
                words[chance.randrange(len(words))] = chance.choice(WORDS)
                octets = b"\r\n".join([*lines[:line], b" ".join(words), *lines[line + 1 :]])
    head, empty, body = octets.partition(b"\r\n\r\n")
    return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + empty + body


class Pestered:
    """An edge that gets a changed copy of each message from a stranger first, or instead of the message."""

    def __init__(self, inner: DrivenEdge, chance: random.Random, *, instead: float) -> None:
        self.edge = inner
        self.name: str = inner.name
        self._chance = chance
        self._instead = instead

    @property
    def addresses(self) -> Sequence[object]:
        return self.edge.addresses

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if not isinstance(event, DatagramReceived) or event.datagram.transport is Transport.MEDIA:
            return self.edge.handle(event, now_us)
        whole = event.datagram
        garbage = Datagram(
            source=whole.source,
            destination=whole.destination,
            transport=whole.transport,
            octets=changed(whole.octets, self._chance),
        )
        if self._chance.random() < self._instead:
            return self.edge.handle(DatagramReceived(garbage), now_us)
        return self.edge.handle(event, now_us)


@pytest.mark.parametrize("seed", range(24))
def test_no_message_makes_an_edge_fail_and_nothing_is_left_of_calls_that_went_wrong(seed: int):
    limits = EdgeLimits(silent_us=20_000 * MS, ring_us=30_000 * MS)
    chance = random.Random(seed)
    edges = [edge(name, limits=limits) for name in ("alice", "bob")]
    pestered = [Pestered(one, chance, instead=0.3 if seed % 2 else 0.1) for one in edges]
    early = Answering(early_media_after_us=100 * MS, decide_after_us=900 * MS, reliable=True)
    run(
        phone("alice"),
        phone("bob", answering=early if seed % 3 else Answering()),
        *pestered,
        proxy(),
        steps=[
            (0, "alice", Call("bob", offerless=seed % 5 == 0)),
            (2_000, "alice", ReKey("bob")),
            (3_000, "bob", Hold("alice")),
            (4_000, "alice", HangUp("bob")),
        ],
        end_us=Micros(400_000 * MS),
    )
    for one in edges:
        assert one.held == one.ports.open == 0


def test_a_flood_of_garbage_from_a_stranger_leaves_the_call_unharmed():
    here, there = edge("alice"), edge("bob")
    chance = random.Random(1)
    alice, bob = phone("alice"), phone("bob")
    spoken: list[bytes] = []

    class Noisy(DrivenEdge):
        """Hears every message of the call changed, from a stranger, after it was said."""

        def handle(self, event: Event, now_us: Micros) -> list[Action]:
            actions = super().handle(event, now_us)
            if isinstance(event, DatagramReceived) and event.datagram.transport is not Transport.MEDIA:
                spoken.append(event.datagram.octets)
                for octets in spoken[-4:]:
                    stranger = Datagram(
                        source=event.datagram.source._replace(host="203.0.113.66"),
                        destination=event.datagram.destination,
                        transport=event.datagram.transport,
                        octets=changed(octets, chance),
                    )
                    super().handle(DatagramReceived(stranger), now_us)
            return actions

    noisy = Noisy(here.config, ports=here.ports, entropy=here.desk.entropy)
    records = run(alice, bob, noisy, there, proxy(), steps=[(0, "alice", Call("bob")), (3_000, "alice", HangUp("bob"))])
    assert len(spoken) >= 5
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]

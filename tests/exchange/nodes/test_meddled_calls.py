"""Calls of every kind on a network that loses, repeats, changes and mixes up messages: nobody breaks, nothing stays."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from msgspec import structs

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import AddMedia, Call, Cancel, HangUp, Hold, ReKey, Resume, Transfer
from mikey_sdp.nodes.config import Answering, EarlyAnswers, EarlyOffers, Keeps, Reaction, Speaks, Streams
from mikey_sdp.nodes.contract import Action, Datagram, DatagramIntercepted, Event, SendDatagram, Transport
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.sdp.preconditions import Strength
from tests.exchange.nodes.phones import MS, address, run, uri
from tests.exchange.nodes.secured import ALICE, EPOCH, device, forking
from tests.exchange.nodes.servers import BOB

CAROL = uri("carol")
PARTIES = ("alice", "desk", "mobile", "carol", "proxy")
STATUSES = (b"180", b"183", b"200", b"302", b"420", b"486", b"488", b"491", b"580")


class Chaos:
    """Someone on many paths at once who does what chance says to signalling."""

    name = "mallory"
    addresses = (address("mallory"),)

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._seen: list[Datagram] = []

    def handle(self, event: Event, now_us: int) -> list[Action]:
        if not isinstance(event, DatagramIntercepted):
            return []
        whole = event.datagram
        if whole.transport is Transport.MEDIA:
            return [SendDatagram(datagram=whole)]
        self._seen.append(whole)
        return [SendDatagram(datagram=one) for one in self._turned(whole)]

    def _turned(self, whole: Datagram) -> list[Datagram]:
        what = self._chance.choices(("pass", "lose", "twice", "old", "line", "status"), (11, 2, 2, 2, 3, 1))[0]
        if what == "status" and whole.octets.startswith(b"SIP/2.0 "):
            return [structs.replace(whole, octets=b"SIP/2.0 " + self._chance.choice(STATUSES) + whole.octets[11:])]
        if what == "line":
            return [structs.replace(whole, octets=self._other_line(whole.octets))]
        return {"lose": [], "twice": [whole, whole], "old": [whole, self._chance.choice(self._seen)]}.get(what, [whole])

    def _other_line(self, message: bytes) -> bytes:
        lines, chance = message.split(b"\r\n"), self._chance
        lines[chance.randrange(len(lines))] = chance.choice(chance.choice(self._seen).octets.split(b"\r\n"))
        head, gap, body = b"\r\n".join(lines).partition(b"\r\n\r\n")
        return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + gap + body


def phone_of(name: str, chance: random.Random, mode: Mode, identity: str, peers: tuple[str, ...]) -> UserAgent:
    pick = chance.choice
    answering = Answering(
        reaction=pick([Reaction.ANSWER, Reaction.ANSWER, Reaction.ANSWER, Reaction.REJECT]),
        ringing_after_us=pick([None, 0, 50 * MS]),
        decide_after_us=pick([None, 0, 100 * MS, 500 * MS]),
        early_media_after_us=pick([None, 0, 70 * MS]),
        reliable=pick([True, False]),
        speaks=pick([*Speaks]),
        early_packets=pick([None, 3]),
    )
    settings: dict[str, object] = {
        "keeps": pick([*Keeps]),
        "early_answers": pick([*EarlyAnswers]),
        "early_offers": pick([*EarlyOffers]),
        "preconditions": pick([None, None, *Strength]),
        "follows_redirects": pick([True, False]),
        "accepts_retarget": pick([True, False]),
        "tries_other_modes": pick([True, False]),
        "responder_ssrc": pick([None, 77]),
        "streams": Streams(packets=pick([5, 40])),
    }
    return device(name, mode, answering, identity=identity, peers=peers, **settings)


def command(chance: random.Random) -> tuple[int, str, object]:
    who, peer, to = chance.choice(
        [("alice", "bob", "carol"), ("alice", "carol", "bob"), ("desk", "alice", "carol"), ("carol", "alice", "bob")]
    )
    made: list[Callable[[], object]] = [
        lambda: HangUp(peer),
        lambda: ReKey(peer),
        lambda: Hold(peer),
        lambda: Resume(peer),
        lambda: Cancel(peer),
        lambda: AddMedia(peer, "video"),
        lambda: Call(peer, offerless=chance.random() < 0.3),
        lambda: Transfer(peer, to, attended=chance.random() < 0.5),
    ]
    return chance.choice([50, 150, 300, 700, 1_500, 2_500]), who, chance.choice(made)()


@pytest.mark.parametrize("seed", range(48))
def test_whatever_happens_to_messages_calls_come_to_an_end(seed: int) -> None:
    chance = random.Random(seed)
    mode = chance.choice([Mode.PSK, Mode.DHHMAC])
    phones = [
        phone_of("alice", chance, mode, ALICE, (BOB, CAROL)),
        phone_of("desk", chance, mode, BOB, (ALICE, CAROL)),
        phone_of("mobile", chance, mode, BOB, (ALICE, CAROL)),
        phone_of("carol", chance, mode, CAROL, (ALICE, BOB)),
    ]
    taps = {frozenset({a, b}): "mallory" for a in PARTIES for b in PARTIES if a < b and chance.random() < 0.7}
    steps = [(0, "alice", Call("bob", offerless=chance.random() < 0.3)), *(command(chance) for _ in range(4))]
    ends = [(8_000 + at, who, what) for at in (0, 4_000) for who, what in everybody_hangs_up()]
    run(
        *phones,
        forking("desk", "mobile"),
        Chaos(chance),
        steps=[*steps, *ends],
        taps=taps,
        end_us=300_000 * MS,
        **EPOCH,
    )
    assert [(phone.calls, phone.open_bundles) for phone in phones] == [(0, 0)] * 4


def everybody_hangs_up() -> list[tuple[str, object]]:
    peers = {"alice": ("bob", "carol", "desk", "mobile"), "desk": ("alice", "carol"), "mobile": ("alice", "carol")}
    peers["carol"] = ("alice", "bob", "desk", "mobile")
    return [(who, HangUp(peer)) for who, whom in peers.items() for peer in whom]

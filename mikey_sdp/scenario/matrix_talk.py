"""What is said in a conference whose members share a key, who understands it, and who else could.

Source: RFC 5197 section 5.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.report.matrix_run import Attempt
from mikey_sdp.scenario.attack import Seen
from mikey_sdp.scenario.matrix_group import Room
from mikey_sdp.scenario.matrix_judge import NothingShown, attempt
from mikey_sdp.scenario.pads import two_time_pads
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.srtp.sender import SrtpSender
from mikey_sdp.trace import Passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Everybody who has keys says something, once for all.

    Keeps: `bundles`, the keys of each, and `packets` by speaker; `unheard`, who did not understand whom.
    """

    bundles: Mapping[str, Bundle]
    packets: Mapping[str, bytes] = field(repr=False)
    unheard: tuple[str, ...]


def talked(room: Room, bundles: Mapping[str, Bundle], number: int) -> Talk:
    """Everybody who has keys says something; `number` tells it from what was said before."""
    packets = {
        name: SrtpSender(bundle.data_sas(_place(room, name))).protect(_packet(bundle, _place(room, name), number))
        for name, bundle in bundles.items()
    }
    unheard = tuple(
        f"{listener} does not understand {speaker}"
        for speaker, packet in packets.items()
        for listener, bundle in bundles.items()
        if listener != speaker and not _opens(bundle, _place(room, speaker), packet)
    )
    return Talk(bundles=bundles, packets=packets, unheard=unheard)


def _place(room: Room, name: str) -> int:
    """The crypto session of somebody's stream."""
    return list(room.ends).index(name) + 1


def _packet(bundle: Bundle, place: int, number: int) -> bytes:
    ssrc = bundle.sessions[place - 1].ssrc
    return rtp_octets(payload_type=0, sequence=number, timestamp=160 * number, ssrc=ssrc, payload=bytes([place]) * 160)


def _opens(bundle: Bundle, place: int, packet: bytes) -> bool:
    try:
        SrtpReceiver(bundle.data_sas(place)).unprotect(packet)
    except (PeerError, DecodeError):
        return False
    return True


def attempts(room: Room, talk: Talk, *, members: tuple[str, ...]) -> Iterator[Attempt]:
    """Everybody who is not there tries, with all that he ever read and holds; so does somebody who holds nothing."""
    for name in ("", *room.ends):
        if name not in members:
            yield _attempt(room, name, talk)


def _attempt(room: Room, name: str, talk: Talk) -> Attempt:
    secrets = room.ends[name].actor.secrets if name else ()
    seen = Seen.of_messages(room.read_by(name), talk.packets.values())
    return attempt(name or "a listener", tuple(talk.packets), seen, secrets)


def check_attacker(room: Room, talks: Iterable[Talk], run: str) -> None:
    """The attacker, given all secrets of those who are there, finds keys.

    Raises: NothingShown.
    """
    for talk in talks:
        if not any(_attempt(room, name, talk).opened for name in talk.packets):
            raise NothingShown(f"{run}: the attacker opens nothing with all secrets of the members")


def pads(room: Room, talks: Iterable[Talk]) -> Iterator[str]:
    """Key streams that were used twice."""
    passed = [
        Passed(
            at_us=0,
            arrived_us=0,
            party=name,
            to="all",
            transport="MEDIA",
            source=room.ends[name].actor.address,
            destination=room.focus.actor.address,
            octets=packet,
        )
        for talk in talks
        for name, packet in talk.packets.items()
    ]
    bundles = [bundle for talk in talks for bundle in talk.bundles.values()]
    keys = [sa for bundle in bundles for cs_id in bundle.cs_ids for sa in bundle.data_sas(cs_id)]
    for pad in two_time_pads(passed, keys):
        yield f"{pad.first.party} and {pad.second.party} used one key, SSRC and index twice"

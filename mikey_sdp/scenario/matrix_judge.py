"""What a run of the matrix came to: whether the call worked, and whether its keys stayed with its members.

The attacker plays everybody who is in the run and no member of a call, each with all that he holds, with all that
passes outside of TLS, and with what TLS brought to him; and he is given the members' secrets too, to show that he
would have found the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mikey_sdp.dissect.known import Known
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.modes.table import row_of_message
from mikey_sdp.scenario.attack import Seen, attack, proved
from mikey_sdp.scenario.matrix_cast import CALLER
from mikey_sdp.scenario.matrix_scene import Played
from mikey_sdp.scenario.pads import two_time_pads
from mikey_sdp.trace import KeysInstalled, Passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run as the matrix counts it.

    Keeps: `chosen`, the mode of the call where the policy was free to choose it; `notes`, in words what did not work
    and who could read what.
    """

    run: str
    works: bool
    secure: bool
    chosen: str = ""
    notes: tuple[str, ...] = ()


class NothingShown(UsageError):
    """A run that proves nothing: the attacker found no key though he was given all secrets of a call that has keys."""


def judge(played: Played, *, late: bool = False) -> Outcome:
    """Works: the phones that were meant to answer did, and every packet that counts was decrypted when it arrived, or
    with `late` when its keys did.

    Raises: NothingShown.
    """
    faults = (*_missing(played), *_undecrypted(played, late=late))
    leaks = tuple(dict.fromkeys((*_leaks(played), *_common_keys(played), *_pads(played))))
    return Outcome(
        run=played.scene.name,
        works=not faults,
        secure=not leaks,
        chosen=_chosen(played) if played.scene.case.free_choice else "",
        notes=(*faults, *leaks),
    )


def merged(name: str, outcomes: Iterable[Outcome]) -> Outcome:
    """Several runs as one, which holds where all of them do."""
    every = tuple(outcomes)
    return Outcome(
        run=name,
        works=all(one.works for one in every),
        secure=all(one.secure for one in every),
        chosen=" or ".join(dict.fromkeys(one.chosen for one in every if one.chosen)),
        notes=tuple(f"{one.run.rpartition('/')[2]}: {note}" for one in every for note in one.notes),
    )


def _chosen(played: Played) -> str:
    """The mode of the caller's last offer."""
    offered = [row_of_message(message) for message in Seen.of(played.capture.at(CALLER)).messages]
    modes = [str(row.mode) for row in offered if row is not None]
    return modes[-1] if modes else ""


def _missing(played: Played) -> Iterator[str]:
    for name in played.scene.answers:
        if name not in played.confirmed:
            yield f"{name} did not become a party to the call"


def _undecrypted(played: Played, *, late: bool) -> Iterator[str]:
    """Both ways together: what all answering phones sent, and what the caller sent."""
    phones = [name for name in played.scene.actors if name != CALLER]
    for senders, takers in ((phones, [CALLER]), ([CALLER], phones)):
        sent = sum(stream.packets for name in senders for stream in played.counted(name, "sent"))
        received = [stream for name in takers for stream in played.counted(name, "received")]
        opened = sum(stream.decrypted + (stream.decrypted_late if late else 0) for stream in received)
        whom = " and ".join(takers if takers == [CALLER] else played.scene.answers)
        if not sent:
            yield f"nobody sent anything to {whom}"
        elif opened < sent:
            yield f"{sent - opened} of {sent} packets to {whom} were not decrypted"


def _leaks(played: Played) -> Iterator[str]:
    """Whom else the keys of each confirmed call are known to."""
    for phone in dict.fromkeys(played.confirmed):
        media = _media_between(played, CALLER, phone)
        if not media:
            continue
        members = (CALLER, phone)
        _check_attacker(played, members, media)
        for name, secrets in _outsiders(played, members):
            if reads(played, name, secrets, media):
                yield f"{name} reads what {CALLER} and {phone} say"


def reads(played: Played, place: str, secrets: Sequence[Known], media: Sequence[Passed]) -> bool:
    """Whether somebody at a place, with these secrets, opens one of the packets."""
    seen = Seen.of(played.capture.open_to(place), media)
    wanted = {one.octets for one in media}
    own = Seen(messages=seen.messages, packets=tuple(octets for octets in seen.packets if octets in wanted))
    return bool(proved(attack(own, secrets)))


def _check_attacker(played: Played, members: tuple[str, str], media: Sequence[Passed]) -> None:
    secrets = [known for name in members for known in played.scene.actors[name].secrets]
    seen = Seen.of(played.capture.open_to(*members))
    own = Seen(messages=seen.messages, packets=tuple(one.octets for one in media))
    if not proved(attack(own, secrets)):
        raise NothingShown(
            f"{played.scene.name}: the attacker opens nothing with all secrets of {' and '.join(members)}"
        )


def _outsiders(played: Played, members: tuple[str, str]) -> Iterator[tuple[str, Sequence[Known]]]:
    """Everybody else, with what he holds; who holds nothing still has what he saw."""
    for name, actor in played.scene.actors.items():
        if name not in members:
            yield name, actor.secrets
    for server in played.scene.servers:
        yield server.name, server.holds
    if not played.scene.servers:
        yield "a listener", ()


def _media_between(played: Played, one: str, other: str) -> tuple[Passed, ...]:
    """The packets of one call."""
    hosts = {played.scene.actors[name].address.host for name in (one, other)}
    return tuple(
        packet
        for packet in played.capture.passed
        if packet.is_media and {packet.source[0], packet.destination[0]} == hosts
    )


def _common_keys(played: Played) -> Iterator[str]:
    """Keys that two phones hold both: each branch of a call is to have its own."""
    held: dict[str, str] = {}
    for record in played.records:
        if isinstance(record, KeysInstalled) and record.party != CALLER:
            first = held.setdefault(record.fingerprint, record.party)
            if first != record.party:
                yield f"{first} and {record.party} have a key in common"


def _pads(played: Played) -> Iterator[str]:
    media = [one for one in played.capture.passed if one.is_media]
    for pad in two_time_pads(media, played.keys):
        yield f"{pad.first.party} and {pad.second.party} used one key, SSRC and index twice"

"""Whether what was said in a run of the matrix stayed with those who were meant to hear it.

The attacker plays everybody who is in the run and no member of a call, each with all that he holds, with all that
passes outside of TLS, and with what TLS brought to him; and he is given a member's secrets too, to show that he
would have found the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mikey_sdp.dissect.known import Known
from mikey_sdp.errors import UsageError
from mikey_sdp.report.matrix_run import Attempt
from mikey_sdp.scenario.attack import Derived, Seen, attack, proved, rests_on_a_secret
from mikey_sdp.scenario.matrix_cast import CALLER
from mikey_sdp.scenario.matrix_outcome import checked
from mikey_sdp.scenario.matrix_scene import Played
from mikey_sdp.scenario.pads import two_time_pads
from mikey_sdp.trace import KeysInstalled, Passed, Verdict


class NothingShown(UsageError):
    """A run that proves nothing: the attacker found no key though he was given all secrets of a call that has keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Packets, and those who were meant to hear them."""

    members: tuple[str, ...]
    media: tuple[Passed, ...] = field(repr=False)


def calls(played: Played) -> Iterator[Conversation]:
    """Each confirmed call of the caller's."""
    for phone in dict.fromkeys(played.confirmed):
        hosts = {played.scene.actors[name].address.host for name in (CALLER, phone)}
        media = tuple(
            packet
            for packet in played.capture.passed
            if packet.is_media and {packet.source[0], packet.destination[0]} == hosts
        )
        if media:
            yield Conversation(members=(CALLER, phone), media=media)


def attempts(played: Played, conversations: Iterable[Conversation]) -> Iterator[Attempt]:
    """Everybody who is no member of a conversation tries to read it.

    Raises: NothingShown.
    """
    reading = _Reading(played)
    for one in conversations:
        yield from _attempt_of_members(reading, one)
        for name, secrets in _outsiders(played, one.members):
            seen = reading.of((name,), one.media)
            derived = attack(seen, secrets)
            yield Attempt(
                who=name,
                members=one.members,
                secrets=len(secrets),
                messages=len(seen.messages),
                derived=_names(derived),
                opened=_names(proved(derived)),
            )


class _Reading:
    """What people read of a run; the same signalling is taken apart once."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self._met: dict[tuple[int, ...], Seen] = {}

    def of(self, places: Sequence[str], media: Iterable[Passed]) -> Seen:
        """The messages that these could read together, and the packets."""
        signalling = tuple(one for one in self.played.capture.open_to(*places) if not one.is_media)
        name = tuple(map(id, signalling))
        if name not in self._met:
            self._met[name] = Seen.of(signalling)
        return replace(self._met[name], packets=Seen.of((), media).packets)


def _attempt_of_members(reading: _Reading, conversation: Conversation) -> Iterator[Attempt]:
    """With the secrets of a member the attacker must succeed; what he makes then of no secret, anybody makes."""
    members = conversation.members
    for name in members:
        seen = reading.of((name,), conversation.media)
        found = proved(attack(seen, reading.played.scene.actors[name].secrets))
        if found:
            break
    else:
        raise NothingShown(
            f"{reading.played.scene.name}: the attacker opens nothing with all secrets of {' and '.join(members)}"
        )
    bare = _names(one for one in found if not rests_on_a_secret(one))
    if bare:
        yield Attempt(who="anybody", members=members, secrets=0, messages=len(seen.messages), derived=bare, opened=bare)


def _outsiders(played: Played, members: Sequence[str]) -> Iterator[tuple[str, Sequence[Known]]]:
    """Everybody else, with what he holds; who holds nothing still has what he saw."""
    for name, actor in played.scene.actors.items():
        if name not in members:
            yield name, actor.secrets
    for server in played.scene.servers:
        yield server.name, server.holds
    if not played.scene.servers:
        yield "a listener", ()


def _names(derived: Iterable[Derived]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.sa.master_key.fingerprint() for one in derived))


def unread(tried: Iterable[Attempt]) -> Iterator[Verdict]:
    """That nobody who tried reads what was not meant for him."""
    for one in tried:
        faults = (f"{one.who} reads what {one.said} say",) if one.opened else ()
        yield from checked(f"{one.who} can't read what {one.said} say", faults)


def own_keys(played: Played) -> Iterator[Verdict]:
    """That no two phones have a key in common: each branch of a call is to have its own."""
    held: dict[str, str] = {}
    faults = []
    for record in played.records:
        if isinstance(record, KeysInstalled) and record.party != CALLER:
            first = held.setdefault(record.fingerprint, record.party)
            if first != record.party:
                faults.append(f"{first} and {record.party} have a key in common")
    yield from checked("no two phones have a key in common", faults)


def no_pads(played: Played) -> Iterator[Verdict]:
    """That no key stream was used twice; a packet that is passed on as it came is none of its own."""
    media = {one.octets: one for one in reversed(played.capture.passed) if one.is_media}
    faults = (
        f"{pad.first.party} and {pad.second.party} used one key, SSRC and index twice"
        for pad in two_time_pads(reversed(media.values()), played.keys)
    )
    yield from checked("no key, SSRC and packet index are used twice", faults)

"""Shared-key conferencing in the matrix: who may begin, what two steps bring, and who reads what when members change.

Source: RFC 5197 section 5.4, RFC 3830 sections 2.1 and 8, RFC 4738 section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import CredentialStore, PskCredential
from mikey_sdp.mikey.group import GroupPush
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.groups import Group
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.report.matrix_run import Attempt, MatrixRun, Told
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.matrix_group import FOCUS, Room
from mikey_sdp.scenario.matrix_judge import NO_PADS, Outcome, checked, outcome_of, unread, verdicts_of
from mikey_sdp.scenario.matrix_talk import Talk, attempts, check_attacker, pads, talked
from mikey_sdp.scenario.mode_cases import ModeCase

MEMBERS: Final = 3
_LATER: Final = NtpTime.from_unix_us(EPOCH_UNIX_US + 1_000_000)
_LAST: Final = NtpTime.from_unix_us(EPOCH_UNIX_US + 2_000_000)
_FAULTS: Final = (PeerError, PolicyRefused, DecodeError)
_Keying = Callable[[], Mapping[str, Bundle]]


def baseline(case: ModeCase, name: str) -> Outcome:
    """The focus begins, and pushes the key where the mode can do that; in RSA-R the members ask for it."""
    room = Room.of(case, MEMBERS + 1)
    members = room.members[:MEMBERS]
    if case.mode is Mode.RSA_R:
        return _one_talk(room, name, members, lambda: _asked(room, members))
    if MODES[case.mode].group:
        return _one_talk(room, name, members, lambda: _pushed(room, members))
    return _one_talk(room, name, members, lambda: _by_focus(room, members))


def other_way_round(case: ModeCase, name: str) -> Outcome:
    """Who waited begins: members call in with keys of their own, and in RSA-R the focus calls out."""
    room = Room.of(case, MEMBERS + 1)
    members = room.members[:MEMBERS]
    begin = _by_focus if case.mode is Mode.RSA_R else _by_members
    return _one_talk(room, name, members, lambda: begin(room, members))


def two_steps(case: ModeCase, name: str) -> Outcome:
    """First a Diffie-Hellman exchange with each member, whose TGK is the pre-shared key under which the focus then
    pushes the key of all."""
    room = Room.of(case, MEMBERS + 1, tgk_as_psk=True)
    members = room.members[:MEMBERS]

    def keyed() -> dict[str, Bundle]:
        _by_focus(room, members)
        return _pushed(room, members, _pair_keys(room, members))

    return _one_talk(room, name, members, keyed)


def join_and_leave(case: ModeCase, name: str) -> Outcome:
    """Two talk; then one joins, and one leaves: each time the focus makes new keys for those who are there."""
    room = Room.of(case, MEMBERS + 1)
    first, second, third = room.members[:MEMBERS]
    there = ((first, second), (first, second, third), (first, third))
    talks, faults = [], []
    try:
        phases = _asked_in_turn(room, there) if case.mode is Mode.RSA_R else _pushed_in_turn(room, there)
        for number, bundles in enumerate(phases, start=1):
            talks.append(talked(room, bundles, number))
    except _FAULTS as fault:
        faults.append(str(fault))
    tried = [
        one
        for talk, present in zip(talks, there, strict=False)
        for one in attempts(room, talk, members=(FOCUS, *present))
    ]
    if len(talks) == len(there):
        check_attacker(room, talks, name)
    return _outcome(room, name, talks, faults, tried)


def _one_talk(room: Room, name: str, members: tuple[str, ...], keyed: _Keying) -> Outcome:
    try:
        talk = talked(room, keyed(), 1)
    except _FAULTS as fault:
        return _outcome(room, name, (), (str(fault),), ())
    tried = tuple(attempts(room, talk, members=(FOCUS, *members)))
    check_attacker(room, [talk], name)
    return _outcome(room, name, (talk,), (), tried)


def _outcome(room: Room, name: str, talks: Sequence[Talk], faults: Iterable[str], tried: Sequence[Attempt]) -> Outcome:
    unheard = [text for talk in talks for text in talk.unheard]
    use = (*checked("everybody gets the key of the conference", faults), *checked("all understand all", unheard))
    secrecy = (*unread(tried), *checked(NO_PADS, pads(room, talks)))
    result = verdicts_of(name, room.ends, (*use, *secrecy))
    return outcome_of(
        MatrixRun(result=result, attempts=tuple(tried), told=tuple(_told_in(room))), use=use, secrecy=secrecy
    )


def _told_in(room: Room) -> Iterator[Told]:
    """What passed between the ends, without what was in it."""
    for one in room.said:
        if one.octets:
            kind = Message.decode(one.octets).header.data_type
            yield Told(sender=one.sender, to=one.to, kind=kind.label, octets=len(one.octets))


# How keys come to the members


def _pushed(room: Room, members: Iterable[str], keys: Iterable[PskCredential] | None = None) -> dict[str, Bundle]:
    """The focus pushes one key to each, under what it shares with each, or under these keys."""
    push, bundles = _push(room, keys)
    for member in members:
        bundles[member] = _invite(room, push, member, _LATER)
    return bundles


def _push(room: Room, keys: Iterable[PskCredential] | None = None) -> tuple[GroupPush, dict[str, Bundle]]:
    focus = room.focus
    bundle = focus.bundle(len(room.ends), keys=focus.fresh_keys())
    push = GroupPush(
        focus.identity,
        bundle,
        mode=room.case.mode if keys is None else Mode.PSK,
        credentials=focus.credentials if keys is None else CredentialStore(keys),
        entropy=focus.actor.entropy,
        verification=True,
        secure_carrier=room.case.mode is Mode.NULL,
    )
    return push, {FOCUS: bundle}


def _invite(room: Room, push: GroupPush, member: str, now: NtpTime) -> Bundle:
    identity = room.ends[member].identity
    return _told(room, push, member, push.invite(identity, now))


def _told(room: Room, push: GroupPush, member: str, octets: bytes) -> Bundle:
    end = room.ends[member]
    bundle, reply = end.respond(room.tell(FOCUS, member, octets))
    push.verified(end.identity, room.tell(member, FOCUS, reply))
    return bundle


def _asked(room: Room, members: tuple[str, ...]) -> dict[str, Bundle]:
    """Each member asks the focus for the key of all."""
    group = _group(room, members)
    return {FOCUS: group.bundle, **{member: room.ask(member, group) for member in members}}


def _group(room: Room, members: tuple[str, ...]) -> Group:
    focus = room.focus
    admitted = {room.ends[member].identity for member in members}
    bundle = focus.bundle(len(room.ends), keys=focus.fresh_keys())
    return Group(bundle=bundle, admits=admitted.__contains__)


def _by_focus(room: Room, members: tuple[str, ...]) -> dict[str, Bundle]:
    """The focus opens a CSB with each member; what it says to all it says under the first."""
    focus = room.focus
    made = {member: room.exchange(FOCUS, member, focus.bundle(len(room.ends), keys=())) for member in members}
    return {FOCUS: made[members[0]][0], **{member: both[1] for member, both in made.items()}}


def _by_members(room: Room, members: tuple[str, ...]) -> dict[str, Bundle]:
    """Each member opens a CSB with the focus."""
    made = {}
    for member in members:
        end = room.ends[member]
        keys = end.fresh_keys() if MODES[room.case.mode].pushes else ()
        made[member] = room.exchange(member, FOCUS, end.bundle(len(room.ends), keys=keys))
    return {FOCUS: made[members[0]][1], **{member: both[0] for member, both in made.items()}}


def _pair_keys(room: Room, members: Iterable[str]) -> list[PskCredential]:
    """What the first step left the focus with."""
    found = (
        (room.ends[member].identity, room.focus.bundles.pair_key(room.ends[member].identity)) for member in members
    )
    return [PskCredential(identity, key) for identity, key in found if key is not None]


def _pushed_in_turn(room: Room, there: Iterable[tuple[str, ...]]) -> Iterator[dict[str, Bundle]]:
    """Keys for those who are there first, and new ones at every change: an update for who stays, an I_MESSAGE for who
    joins."""
    push, bundles = _push(room)
    for number, present in enumerate(there):
        now = (_LATER, _LAST, NtpTime.from_unix_us(EPOCH_UNIX_US + 3_000_000))[number]
        staying = [member for member in present if member in bundles]
        if number:
            identities = {room.ends[member].identity: member for member in staying}
            updates = push.rekeyed(room.focus.fresh_keys(), identities, now)
            bundles = {
                identities[identity]: _told(room, push, identities[identity], octets)
                for identity, octets in updates.items()
            }
        for member in present:
            if member not in bundles:
                bundles[member] = _invite(room, push, member, now)
        bundles = {**bundles, FOCUS: push.bundle}
        yield bundles


def _asked_in_turn(room: Room, there: Iterable[tuple[str, ...]]) -> Iterator[dict[str, Bundle]]:
    """A new group at every change, for which everybody asks who is there."""
    for present in there:
        yield _asked(room, present)

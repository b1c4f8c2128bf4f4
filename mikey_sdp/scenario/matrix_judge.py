"""What a run of the matrix came to: whether the call worked, and whether its keys stayed with its members.

The attacker plays everybody who is in the run and no member of a call, each with all that he holds, with all that
passes outside of TLS, and with what TLS brought to him; and he is given the members' secrets too, to show that he
would have found the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from mikey_sdp.dissect.known import Known
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.modes.table import row_of_message
from mikey_sdp.report.matrix_run import Attempt, MatrixRun
from mikey_sdp.scenario.attack import Seen, attack, proved, rests_on_a_secret
from mikey_sdp.scenario.matrix_cast import CALLER
from mikey_sdp.scenario.matrix_scene import Played
from mikey_sdp.scenario.pads import two_time_pads
from mikey_sdp.trace import AnyRecord, KeysInstalled, Passed, RunResult, Verdict

OWN_KEYS: Final = "no two phones have a key in common"
NO_PADS: Final = "no key, SSRC and packet index are used twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run as the matrix counts it.

    Keeps: `chosen`, the mode of the call where the policy was free to choose it; `notes`, in words what did not work
    and who could read what; `runs`, all that there is to see of it, for whoever keeps that.
    """

    run: str
    works: bool
    secure: bool
    chosen: str = ""
    notes: tuple[str, ...] = ()
    runs: tuple[MatrixRun, ...] = field(default=(), repr=False, compare=False)


Keep = Callable[[str, MatrixRun], None]
"""Takes a run to show it later, and the name of the condition's run that it is part of."""


def forget(_name: str, _run: MatrixRun) -> None:
    """Keep nothing of a run but its outcome."""


def hand_over(outcome: Outcome, shows: str, keep: Keep) -> None:
    """Give the runs behind an outcome to whoever keeps them."""
    for run in outcome.runs:
        keep(outcome.run, replace(run, result=msgspec.structs.replace(run.result, shows=shows)))


class NothingShown(UsageError):
    """A run that proves nothing: the attacker found no key though he was given all secrets of a call that has keys."""


def judge(played: Played, *, late: bool = False) -> Outcome:
    """Works: the phones that were meant to answer did, and every packet that counts was decrypted when it arrived, or
    with `late` when its keys did.

    Raises: NothingShown.
    """
    attempts = tuple(_attempts(played))
    use = (*_answered(played), *_decrypted(played, late=late))
    secrecy = (*unread(attempts), *checked(OWN_KEYS, _common_keys(played)), *checked(NO_PADS, _pads(played)))
    parties = (*played.scene.actors, *(server.name for server in played.scene.servers))
    chosen = _chosen(played) if played.scene.case.free_choice else ""
    run = MatrixRun(
        result=verdicts_of(played.scene.name, parties, (*use, *secrecy), played.records, commands=1), attempts=attempts
    )
    return outcome_of(run, use=use, secrecy=secrecy, chosen=chosen)


def outcome_of(run: MatrixRun, *, use: Sequence[Verdict], secrecy: Sequence[Verdict], chosen: str = "") -> Outcome:
    """A run as it counts: all that makes a call of use must hold for works, all that keeps its keys for secure."""
    return Outcome(
        run=run.result.name,
        works=all(one.held for one in use),
        secure=all(one.held for one in secrecy),
        chosen=chosen,
        notes=tuple(one.came for one in (*use, *secrecy) if not one.held),
        runs=(run,),
    )


def verdicts_of(
    name: str, parties: Iterable[str], verdicts: Iterable[Verdict], records: Iterable[AnyRecord] = (), commands: int = 0
) -> RunResult:
    """A run of the matrix in the form of any other run."""
    return RunResult(
        name=name,
        shows="",
        file="",
        parties=tuple(parties),
        records=tuple(records),
        verdicts=tuple(verdicts),
        commands=commands,
    )


def checked(expectation: str, faults: Iterable[str]) -> Iterator[Verdict]:
    """One expectation, held, or as many failed ones as there are faults."""
    found = tuple(dict.fromkeys(faults))
    if not found:
        yield Verdict(expectation=expectation, held=True)
    yield from (Verdict(expectation=expectation, held=False, came=fault) for fault in found)


def merged(name: str, outcomes: Iterable[Outcome]) -> Outcome:
    """Several runs as one, which holds where all of them do."""
    every = tuple(outcomes)
    return Outcome(
        run=name,
        works=all(one.works for one in every),
        secure=all(one.secure for one in every),
        chosen=" or ".join(dict.fromkeys(one.chosen for one in every if one.chosen)),
        notes=tuple(f"{one.run.rpartition('/')[2]}: {note}" for one in every for note in one.notes),
        runs=tuple(run for one in every for run in one.runs),
    )


def _chosen(played: Played) -> str:
    """The mode of the caller's last offer."""
    offered = [row_of_message(message) for message in Seen.of(played.capture.at(CALLER)).messages]
    modes = [str(row.mode) for row in offered if row is not None]
    return modes[-1] if modes else ""


def _answered(played: Played) -> Iterator[Verdict]:
    for name in played.scene.answers:
        faults = () if name in played.confirmed else (f"{name} did not become a party to the call",)
        yield from checked(f"{name} becomes a party to the call", faults)


def _decrypted(played: Played, *, late: bool) -> Iterator[Verdict]:
    """Both ways together: what all answering phones sent, and what the caller sent."""
    phones = [name for name in played.scene.actors if name != CALLER]
    for senders, takers in ((phones, [CALLER]), ([CALLER], phones)):
        sent = sum(stream.packets for name in senders for stream in played.counted(name, "sent"))
        received = [stream for name in takers for stream in played.counted(name, "received")]
        opened = sum(stream.decrypted + (stream.decrypted_late if late else 0) for stream in received)
        whom = " and ".join(takers if takers == [CALLER] else played.scene.answers)
        faults = []
        if not sent:
            faults.append(f"nobody sent anything to {whom}")
        elif opened < sent:
            faults.append(f"{sent - opened} of {sent} packets to {whom} were not decrypted")
        when = "when its keys are there" if late else "when it arrives"
        yield from checked(f"every packet to {whom} is decrypted {when}", faults)


def unread(attempts: Iterable[Attempt]) -> Iterator[Verdict]:
    """That nobody who tried reads a call that is not his."""
    for one in attempts:
        faults = (f"{one.who} reads what {one.said} say",) if one.opened else ()
        yield from checked(f"{one.who} can't read what {one.said} say", faults)


def attempt(who: str, members: tuple[str, ...], seen: Seen, secrets: Sequence[Known]) -> Attempt:
    """Somebody tries to read a call, with what he saw of it and with his own secrets."""
    derived = attack(seen, secrets)
    return Attempt(
        who=who,
        members=members,
        secrets=len(secrets),
        messages=len(seen.messages),
        derived=tuple(dict.fromkeys(one.sa.master_key.fingerprint() for one in derived)),
        opened=tuple(dict.fromkeys(one.sa.master_key.fingerprint() for one in proved(derived))),
    )


def _attempts(played: Played) -> Iterator[Attempt]:
    """Everybody else tries to read each confirmed call."""
    for phone in dict.fromkeys(played.confirmed):
        media = _media_between(played, CALLER, phone)
        if not media:
            continue
        members = (CALLER, phone)
        yield from _attempt_of_members(played, members, media)
        for name, secrets in _outsiders(played, members):
            seen = Seen.of(played.capture.open_to(name), media)
            wanted = {one.octets for one in media}
            own = replace(seen, packets=tuple(octets for octets in seen.packets if octets in wanted))
            yield attempt(name, members, own, secrets)


def _attempt_of_members(played: Played, members: tuple[str, str], media: Sequence[Passed]) -> Iterator[Attempt]:
    """With all secrets of the members the attacker must succeed; what he makes then of no secret, anybody makes."""
    secrets = [known for name in members for known in played.scene.actors[name].secrets]
    seen = Seen.of(played.capture.open_to(*members))
    own = Seen(messages=seen.messages, packets=tuple(one.octets for one in media))
    found = proved(attack(own, secrets))
    if not found:
        raise NothingShown(
            f"{played.scene.name}: the attacker opens nothing with all secrets of {' and '.join(members)}"
        )
    bare = tuple(dict.fromkeys(one.sa.master_key.fingerprint() for one in found if not rests_on_a_secret(one)))
    if bare:
        yield Attempt(who="anybody", members=members, secrets=0, messages=len(seen.messages), derived=bare, opened=bare)


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

"""Who was in a conference when, what he was meant to hear, and what he did hear.

Source: RFC 5197 section 5.4, RFC 3830 section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mikey_sdp.clock import Micros
from mikey_sdp.scenario.matrix_cast import CALLER
from mikey_sdp.scenario.matrix_outcome import checked
from mikey_sdp.scenario.matrix_scene import Played
from mikey_sdp.scenario.matrix_secrecy import Conversation
from mikey_sdp.trace import CallChanged, KeysInstalled, Passed, Verdict

_FOREVER = Micros(1 << 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A conference that was played: its members, each from when he has keys to when he leaves, and what they said.

    Keeps: `said`, each packet once, as its speaker sent it; `there`, by member his time in it.
    """

    played: Played
    there: dict[str, tuple[Micros, Micros]]
    said: tuple[Passed, ...]

    @classmethod
    def of(cls, played: Played) -> Hearing:
        """What the records of a run show of it."""
        since: dict[str, Micros] = {}
        until: dict[str, Micros] = {}
        for record in played.records:
            if not isinstance(record, KeysInstalled | CallChanged) or record.party == CALLER:
                continue
            at_us = Micros(record.at_us)
            if isinstance(record, KeysInstalled):
                since.setdefault(record.party, at_us)
            elif record.state == "ended":
                until[record.party] = at_us
                if at_us < played.scene.counts_from_us:  # that was another call
                    del since[record.party], until[record.party]
        there = {name: (at_us, until.get(name, _FOREVER)) for name, at_us in since.items()}
        said = (one for one in played.capture.passed if one.is_media and one.party in there)
        return cls(
            played=played, there=there, said=tuple(one for one in said if one.at_us >= played.scene.counts_from_us)
        )

    def present(self, at_us: int) -> tuple[str, ...]:
        """The members at that time."""
        return tuple(name for name, (since, until) in self.there.items() if since <= at_us < until)

    def conversations(self) -> Iterator[Conversation]:
        """What was said, by those who were there then: who joins later and who has left are meant to hear no more of
        it than a stranger."""
        by_members: dict[tuple[str, ...], list[Passed]] = {}
        for packet in self.said:
            by_members.setdefault(self.present(packet.at_us), []).append(packet)
        for members, media in by_members.items():
            yield Conversation(members=(CALLER, *members), media=tuple(media))

    def understood(self) -> Iterator[Verdict]:
        """That everybody decrypts, when it arrives, every packet of anybody else that was sent while he was there."""
        for name in (CALLER, *self.played.scene.answers):
            due = sum(name != one.party and name in (CALLER, *self.present(one.at_us)) for one in self.said)
            opened = sum(stream.decrypted for stream in self.played.counted(name, "received"))
            faults = []
            if not due:
                faults.append(f"nobody said anything to {name}")
            elif opened < due:
                faults.append(f"{due - opened} of {due} packets to {name} were not decrypted")
            yield from checked(f"{name} decrypts every packet of the others when it arrives", faults)

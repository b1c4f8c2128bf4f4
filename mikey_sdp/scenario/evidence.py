"""What a run left behind, arranged for questions: SIP messages read from their octets, steps, times in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from mikey_sdp.errors import DecodeError
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.sense import command_of
from mikey_sdp.scenario.units import micros, say_us
from mikey_sdp.sip.message import Message, Request
from mikey_sdp.trace import AnyRecord, MessageArrived, MessageLost, MessageSent

R = TypeVar("R")

_SPOKEN: Final = {"call": "calls", "hang_up": "hangs up on", "cancel": "cancels the call to", "re_key": "re-keys with"}
_SPOKEN_MORE: Final = {"hold": "holds", "resume": "resumes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SipSeen:
    """One SIP message of the run.

    Keeps: `name`, the method, re-INVITE for an INVITE within a dialog, or the status of an answer to an INVITE (with
    the method behind it for other answers); `repeats`, whether the same octets had gone the same way before.
    """

    sent: MessageSent
    name: str
    call_id: str
    body: bytes
    lost: bool
    arrived: bool
    repeats: bool

    def __str__(self) -> str:
        return f"{self.sent.summary} from {self.sent.party} to {self.sent.to} at {say_us(self.sent.at_us)}"


@dataclass(frozen=True)
class Evidence:
    """The records of one run of one scenario."""

    scenario: Scenario
    records: Sequence[AnyRecord]

    def of(self, kind: type[R], fits: Callable[[R], bool] = lambda _record: True) -> list[R]:
        """The records of one kind that fit, in the order of time."""
        return [record for record in self.records if isinstance(record, kind) and fits(record)]

    @cached_property
    def messages(self) -> tuple[SipSeen, ...]:
        """Every SIP message that was sent, in the order of time."""
        lost = {record.number for record in self.of(MessageLost)}
        arrived = {record.number for record in self.of(MessageArrived)}
        before: set[tuple[str, str, bytes]] = set()
        seen = []
        for sent in self.of(MessageSent):
            way = (sent.party, sent.to, sent.octets)
            name, call_id, body = _read(sent.octets)
            seen.append(
                SipSeen(
                    sent=sent,
                    name=name,
                    call_id=call_id,
                    body=body,
                    lost=sent.number in lost,
                    arrived=sent.number in arrived,
                    repeats=way in before,
                )
            )
            before.add(way)
        return tuple(seen)

    def named(self, sender: str, name: str, to: str | None = None) -> list[SipSeen]:
        """The messages of that name that a party sent, repetitions included."""
        return [
            seen
            for seen in self.messages
            if seen.sent.party == sender and seen.name == name and (to is None or seen.sent.to == to)
        ]

    def step(self, at_us: int, *parties: str) -> str:
        """The step of the scenario that led to what these parties did by a time, in words."""
        said = "no step of the scenario"
        for number, step in enumerate(self.scenario.steps, start=1):
            for name, command in step.commands.items():
                word, other = command_of(command)
                if micros(step.at) <= at_us and (name in parties or other in parties):
                    spoken = {**_SPOKEN, **_SPOKEN_MORE}[word]
                    said = f"step {number}, at {say_us(micros(step.at))}: {name} {spoken} {other}"
        return said

    def call_step(self, caller: str, callee: str | None = None) -> str:
        """The step that places a party's call, in words."""
        for number, step in enumerate(self.scenario.steps, start=1):
            command = step.commands.get(caller)
            if command is None or command_of(command)[0] != "call" or callee not in (None, command.call):
                continue
            return f"step {number}, at {say_us(micros(step.at))}: {caller} calls {command.call}"
        return self.step(1 << 62, caller)


def nearest_message(candidates: Iterable[SipSeen], at_us: int | None = None) -> str:
    """The message closest to a time, or the last one, in words; empty without any."""
    found = list(candidates)
    if not found:
        return ""
    return str(found[-1] if at_us is None else min(found, key=lambda seen: abs(seen.sent.at_us - at_us)))


def _read(octets: bytes) -> tuple[str, str, bytes]:
    """Name, Call-ID and body of a message; what an attacker garbled beyond reading has neither."""
    try:
        message = Message.parse(octets)
    except DecodeError:
        return "unreadable", "", b""
    if isinstance(message, Request):
        again = message.method == "INVITE" and message.to.tag
        name = "re-INVITE" if again else message.method
    else:
        method = message.cseq.method
        name = str(message.status) if method == "INVITE" else f"{message.status} {method}"
    return name, message.call_id, message.body

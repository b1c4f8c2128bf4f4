"""What a run left behind, arranged for questions: SIP messages read from their octets, steps, times in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from mikey_sdp.errors import DecodeError
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.reading import command_of
from mikey_sdp.scenario.units import micros, say_us
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.sip.message import Message, Request
from mikey_sdp.trace import AnyRecord, MessageArrived, MessageLost, MessageSent, StepTaken

R = TypeVar("R")

_SPOKEN: Final = {"call": "calls", "hang_up": "hangs up on", "cancel": "cancels the call to", "re_key": "re-keys with"}
_CALLS: Final = frozenset({"call", "call_without_offer"})
_ENDS: Final = frozenset({"hang_up", "cancel"})
_SPOKEN_MORE: Final = {
    "call_without_offer": "calls, without an offer,",
    "hold": "holds",
    "resume": "resumes",
    "transfer": "transfers",
    "register": "registers at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SipSeen:
    """One SIP message of the run.

    Keeps: `name`, the method, re-INVITE for an INVITE within a dialog, or the status of an answer to an INVITE (with
    the method behind it for other answers); `user`, for whom the Request-URI asks; `repeats`, whether the same octets
    had gone the same way before.
    """

    sent: MessageSent
    name: str
    user: str
    call_id: str
    body: bytes
    lost: bool
    arrived: bool
    repeats: bool

    def __str__(self) -> str:
        return f"{self.sent.summary} from {self.sent.party} to {self.sent.to} at {say_us(self.sent.at_us)}"


@dataclass(frozen=True)
class Evidence:
    """The records of one run of one scenario, and its witness where there was one."""

    scenario: Scenario
    records: Sequence[AnyRecord]
    witness: Witness | None = None

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
            name, user, call_id, body = _read(sent.octets)
            seen.append(
                SipSeen(
                    sent=sent,
                    name=name,
                    user=user,
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

    def step(self, at_us: int, *parties: str) -> StepTaken | None:
        """The step of the scenario that led to what these parties did by a time: the last one that did not end a call,
        if there is one."""
        known = [
            (word, taken)
            for word, taken, other in self._steps()
            if taken.at_us <= at_us and (taken.party in parties or other in parties)
        ]
        begun = [taken for word, taken in known if word not in _ENDS]
        return next(reversed(begun or [taken for _, taken in known]), None)

    def call_step(self, caller: str, callee: str | None = None) -> StepTaken | None:
        """The step that places a party's call."""
        for number, step in enumerate(self.scenario.steps, start=1):
            command = step.commands.get(caller)
            word, called = ("", "") if command is None else command_of(command)
            if word in _CALLS and callee in (None, called):
                return _taken(number, micros(step.at), caller, word, called)
        return self.step(1 << 62, caller)

    def _steps(self) -> Iterator[tuple[str, StepTaken, str]]:
        """Every command: its word, the step, and whom it is about."""
        for number, step in enumerate(self.scenario.steps, start=1):
            for name, command in step.commands.items():
                word, other = command_of(command)
                yield word, _taken(number, micros(step.at), name, word, other), other


def _taken(number: int, at_us: int, name: str, word: str, other: str) -> StepTaken:
    spoken = {**_SPOKEN, **_SPOKEN_MORE}[word]
    return StepTaken(number=number, at_us=at_us, party=name, text=f"{name} {spoken} {other}")


def nearest_message(candidates: Iterable[SipSeen], at_us: int | None = None) -> str:
    """The message closest to a time, or the last one, in words; empty without any."""
    found = list(candidates)
    if not found:
        return ""
    return str(found[-1] if at_us is None else min(found, key=lambda seen: abs(seen.sent.at_us - at_us)))


def _read(octets: bytes) -> tuple[str, str, str, bytes]:
    """Name, user asked for, Call-ID and body of a message; what an attacker garbled beyond reading has none of them."""
    try:
        message = Message.parse(octets)
    except DecodeError:
        return "unreadable", "", "", b""
    user = ""
    if isinstance(message, Request):
        user = message.uri.user or ""
        again = message.method == "INVITE" and message.to.tag
        name = "re-INVITE" if again else message.method
    else:
        method = message.cseq.method
        name = str(message.status) if method == "INVITE" else f"{message.status} {method}"
    return name, user, message.call_id, message.body

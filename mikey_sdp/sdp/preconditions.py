"""Security preconditions: what has to be agreed on before anybody's phone rings.

Source: RFC 5027 section 3, RFC 3312 sections 4 and 5.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import Direction

TYPE: Final = "sec"
END_TO_END: Final = "e2e"
SECTION: Final = "RFC 3312 section 4"
_WORDS: Final = {
    Direction.INACTIVE: "none",
    Direction.SENDONLY: "send",
    Direction.RECVONLY: "recv",
    Direction.SENDRECV: "sendrecv",
}
_DIRECTIONS: Final = {word: direction for direction, word in _WORDS.items()}
_BY_FLOW: Final = {(direction.sends, direction.receives): direction for direction in Direction}


class Strength(enum.StrEnum):
    """How much a precondition matters: failure and unknown are what a refusal says of it."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    NONE = "none"
    FAILURE = "failure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPrecondition:
    """What one m= line says of its keys, each way as its writer sends and receives.

    Wire: `a=curr:sec e2e DIRECTION`, `a=des:sec STRENGTH e2e DIRECTION`, `a=conf:sec e2e DIRECTION`.
    Keeps: `current`, the ways in which keys are agreed on; `send` and `recv`, how much that matters; `confirm`, of
    which ways the other side is to tell.
    """

    current: Direction = Direction.INACTIVE
    send: Strength = Strength.MANDATORY
    recv: Strength = Strength.MANDATORY
    confirm: Direction | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The lines that say so, without their "a="."""
        if self.send == self.recv:
            wanted = [(self.send, Direction.SENDRECV)]
        else:
            wanted = [(self.send, Direction.SENDONLY), (self.recv, Direction.RECVONLY)]
        lines = [f"curr:{TYPE} {END_TO_END} {_WORDS[self.current]}"]
        lines += [f"des:{TYPE} {strength} {END_TO_END} {_WORDS[way]}" for strength, way in wanted]
        if self.confirm is not None:
            lines.append(f"conf:{TYPE} {END_TO_END} {_WORDS[self.confirm]}")
        return tuple(lines)

    @property
    def is_mandatory(self) -> bool:
        """Whether a call is to wait for it."""
        return Strength.MANDATORY in (self.send, self.recv)

    @property
    def is_wanted(self) -> bool:
        """Whether its writer asks for it at all."""
        return self.is_mandatory or Strength.OPTIONAL in (self.send, self.recv)

    @property
    def is_met(self) -> bool:
        """Whether nothing that has to be agreed on is open."""
        waits = (self.send is Strength.MANDATORY and not self.current.sends) or (
            self.recv is Strength.MANDATORY and not self.current.receives
        )
        return not waits

    def answered(self, own: Direction) -> SecurityPrecondition:
        """What the other side says in return, which has keys for its `own` ways: it waits, and asks to be told.

        What is optional becomes mandatory, so that nothing of the media is clipped. # [5027-3-11]
        """
        current = either(own, self.current.seen_by_peer)
        answer = SecurityPrecondition(current=current, send=_raised(self.recv), recv=_raised(self.send))
        if answer.is_met:
            return answer
        return SecurityPrecondition(current=current, send=answer.send, recv=answer.recv, confirm=Direction.SENDRECV)

    def failed(self) -> SecurityPrecondition:
        """What a refusal says of it."""
        return SecurityPrecondition(send=Strength.FAILURE, recv=Strength.FAILURE)

    @classmethod
    def of(cls, sd: SessionDescription, media: int) -> Self | None:
        """What an m= line's section says; None if it says nothing of security end to end. # [5027-3-5]

        Raises: DecodeError for a line of this type that can't be read.
        """
        said = dict(_said(sd, media))
        if not said:
            return None
        wanted = {way: Strength(words[0]) for (name, way), words in said.items() if name == "des"}
        current = [way for name, way in said if name == "curr"]
        confirm = [way for name, way in said if name == "conf"]
        return cls(
            current=either(*current),
            send=_strongest(strength for way, strength in wanted.items() if way.sends),
            recv=_strongest(strength for way, strength in wanted.items() if way.receives),
            confirm=either(*confirm) if confirm else None,
        )


def security_preconditions(sd: SessionDescription) -> tuple[SecurityPrecondition | None, ...]:
    """What each m= line says of security preconditions.

    Raises: DecodeError.
    """
    return tuple(SecurityPrecondition.of(sd, media) for media in range(len(sd.media)))


def either(*ways: Direction) -> Direction:
    """The ways that one of these has."""
    return _BY_FLOW[any(way.sends for way in ways), any(way.receives for way in ways)]


def _raised(strength: Strength) -> Strength:
    return Strength.MANDATORY if strength is Strength.OPTIONAL else strength


def _strongest(strengths: Iterator[Strength]) -> Strength:
    order = [*Strength]
    return min(strengths, key=order.index, default=Strength.NONE)


def _said(sd: SessionDescription, media: int) -> Iterator[tuple[tuple[str, Direction], tuple[str, ...]]]:
    """The lines of this type that speak of both ends: name and direction, and what stands before the status type."""
    for position, line in enumerate(sd.media[media].lines):
        if line.name not in ("curr", "des", "conf"):
            continue
        kind, *words = line.argument.split() or [""]
        if kind != TYPE:
            continue
        *before, status, way = words if len(words) > 1 else ("", "", "")
        strengths = [*Strength] if line.name == "des" else []
        if way not in _DIRECTIONS or len(before) != bool(strengths) or not all(word in strengths for word in before):
            reason = f"a={line.name} can't say {line.argument[:80]!r}"
            raise sd.fault(reason, media, position, field=line.name, section=SECTION)
        if status == END_TO_END:
            yield (line.name, _DIRECTIONS[way]), tuple(before)

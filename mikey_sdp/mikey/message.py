"""A whole message: the header and the chain of payloads behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.payloads import PAYLOADS, Header, KeyData, Payload, SecurityPolicy, UnknownCodePoint
from mikey_sdp.mikey.payloads.payload import MAX_PAYLOADS
from mikey_sdp.mikey.registry import PayloadType
from mikey_sdp.wire import Reader, Writer

MAX_MESSAGE_OCTETS: Final = 1 << 17
"""The longest message that is read or built: twice the largest KEMAC. With MAX_PAYLOADS it bounds time and memory."""

P = TypeVar("P", bound=Payload)

_LAST: Final = PayloadType.LAST
_IN_CLEAR: Final[Mapping[PayloadType, type[Payload]]] = {
    number: kind for number, kind in PAYLOADS.items() if number != PayloadType.KEY_DATA
}
_HDR_NEXT_PAYLOAD: Final = 2
"""The offset of the header's next payload field."""


class Span(NamedTuple):
    """Where a payload lies in the octets of its message.

    Units: octets from the start of the message; `octets` counts the Next payload field too.
    """

    offset: int
    octets: int

    @property
    def end(self) -> int:
        """The offset of the octet after the payload."""
        return self.offset + self.octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One MIKEY message with the octets it came in; MACs and signatures are checked over these.

    Keeps: `ends`, the offset behind each of `payloads` in `octets`; the header lies in the first `header_octets`.
    """

    header: Header
    payloads: tuple[Payload, ...]
    octets: bytes
    header_octets: int
    ends: tuple[int, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where each of the payloads lies in the octets."""
        return tuple(Span(start, end - start) for start, end in pairwise((self.header_octets, *self.ends)))

    def __repr__(self) -> str:
        chain = ", ".join(payload.payload_type.name for payload in self.payloads)
        return f"Message({self.header.data_type.label}: HDR, {chain}; {len(self.octets)} octets)"

    @classmethod
    def decode(cls, octets: bytes, *, whole: bool = True) -> Message:
        """Read a whole message, and nothing but the message; with `whole` False leave what is behind it unread.

        Raises: DecodeError, whose `partial` holds the header and the payloads read before the fault.
        """
        if len(octets) > MAX_MESSAGE_OCTETS:
            raise DecodeError(
                f"more than {MAX_MESSAGE_OCTETS} octets", offset=0, field="message", section=Header.section
            )
        octets = bytes(octets)
        reader = Reader(octets, section=Header.section)
        header, upcoming = Header.decode(reader)
        header_octets = reader.offset
        payloads: list[Payload] = []
        ends: list[int] = []
        named_at = _HDR_NEXT_PAYLOAD
        try:
            while upcoming != _LAST:
                kind = _IN_CLEAR.get(upcoming)
                if kind is None or len(payloads) == MAX_PAYLOADS:
                    raise _no_way_on(upcoming, named_at, len(payloads))
                named_at = reader.offset
                reader.at_section(kind.section)
                payload, upcoming = kind.decode(reader)
                payloads.append(payload)
                ends.append(reader.offset)
            if whole:
                reader.expect_end("message")  # [3830-6.1-6]
        except DecodeError as error:
            error.partial = (header, *payloads)
            raise
        return cls(
            header=header,
            payloads=tuple(payloads),
            octets=octets,
            header_octets=header_octets,
            ends=tuple(ends),
        )

    @classmethod
    def build(cls, header: Header, payloads: Iterable[Payload]) -> Message:
        """Write a message: fills in the chain of Next payload fields.

        Raises: UsageError for a chain that no message can have, and for values that don't fit their fields.
        """
        chain = tuple(payloads)
        if not chain:
            raise UsageError("a message needs a payload after its header")
        if len(chain) > MAX_PAYLOADS:
            raise UsageError(f"a message has at most {MAX_PAYLOADS} payloads, not {len(chain)}")
        kinds = [payload.__class__ for payload in chain]
        if KeyData in kinds:
            raise UsageError("Key data travels only inside KEMAC")
        policies = [payload.policy_no for payload in chain if payload.__class__ is SecurityPolicy]
        if len(set(policies)) != len(policies):  # [3830-6.10-2]
            raise UsageError("each SP of a message needs a Policy no of its own")
        writer = Writer()
        header.encode(writer, chain[0].payload_type)
        header_octets = len(writer)
        ends = []
        for payload, following in zip(chain, (*chain[1:], None), strict=True):
            payload.encode(writer, _LAST if following is None else following.payload_type)
            ends.append(len(writer))
        if len(writer) > MAX_MESSAGE_OCTETS:
            raise UsageError(f"a message has at most {MAX_MESSAGE_OCTETS} octets, not {len(writer)}")
        return cls(
            header=header,
            payloads=chain,
            octets=writer.getvalue(),
            header_octets=header_octets,
            ends=tuple(ends),
        )

    def sealed(self, last: Payload, tag: bytes) -> Message:
        """This message with its last payload, built with a tag of zeros, replaced by the one that has the tag."""
        return Message(
            header=self.header,
            payloads=(*self.payloads[:-1], last),
            octets=self.octets[: len(self.octets) - len(tag)] + tag,
            header_octets=self.header_octets,
            ends=self.ends,
        )

    def find(self, kind: type[P]) -> P | None:
        """The first payload of that class, or None."""
        for payload in self.payloads:
            if payload.__class__ is kind:
                return payload
        return None

    def all(self, kind: type[P]) -> tuple[P, ...]:
        """All payloads of that class, in the order of the message."""
        return tuple([payload for payload in self.payloads if payload.__class__ is kind])

    def span(self, payload: Payload) -> Span:
        """Where a payload of this message lies in its octets.

        Raises: UsageError for a payload of another message.
        """
        for candidate, span in zip(self.payloads, self.spans, strict=True):
            if candidate is payload:
                return span
        raise UsageError(f"{payload.payload_type.label} is no payload of this message")


def _no_way_on(upcoming: PayloadType, offset: int, payloads: int) -> DecodeError:
    """Why the walk ends, so many payloads on, at the Next payload field that named `upcoming`."""
    section = Header.section
    if payloads == MAX_PAYLOADS:
        return DecodeError(f"more than {MAX_PAYLOADS} payloads", offset=offset, field="Next payload", section=section)
    if upcoming == PayloadType.KEY_DATA:  # [3830-6.13-4]
        return DecodeError(
            "Key data outside KEMAC", offset=offset, field="Next payload", section="RFC 3830 section 6.13"
        )
    return UnknownCodePoint(upcoming, offset=offset, field="Next payload", section=section)

"""Media streams put together from what their two ends counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.trace import AnyRecord, MediaCounted, MessageSent

_MEDIA_LINE: Final = re.compile(rb"^m=([A-Za-z]{1,16}) ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One direction of one m= line of one call: what was sent, and what became of it at the other end.

    Keeps: `counted`, whether the receiving end reported at all; `first_us`, when the first packet left, or else when
    the first one was decrypted; `decrypted_from_us`, when the first one was decrypted, None if none was; `until_us`,
    when an end counted for the last time; `late`, those of the undecryptable that were decrypted when their keys had
    come.
    """

    call_id: str
    media: int
    kind: str
    sender: str
    receiver: str
    sent: int
    arrived: int
    decrypted: int
    undecryptable: int
    late: int
    first_us: int
    counted: bool
    decrypted_from_us: int | None
    until_us: int

    @property
    def clipped(self) -> int:
        """Packets that were sent and not decrypted on arrival."""
        return max(0, self.sent - self.decrypted)

    @property
    def whole(self) -> bool:
        """Whether something was sent and all of it was decrypted on arrival."""
        return self.sent > 0 and self.decrypted == self.sent and not self.undecryptable

    def __str__(self) -> str:
        said = f"{self.decrypted} of {self.sent} packets decrypted"
        if self.late:
            said += f", {self.late} more when their keys had come"
        if self.undecryptable > self.late:
            said += f", {self.undecryptable - self.late} undecryptable"
        lost = self.sent - self.arrived
        return f"{said}, {lost} lost" if lost > 0 and self.counted else said


def streams(records: Iterable[AnyRecord]) -> tuple[Stream, ...]:
    """Every stream of a run, in the order in which they began."""
    records = tuple(records)
    kinds = media_kinds(records)
    ends: dict[tuple[str, int, str, str], list[MediaCounted]] = {}
    for record in records:
        if isinstance(record, MediaCounted):
            sender, receiver = record.party, record.peer
            if record.direction == "received":
                sender, receiver = receiver, sender
            ends.setdefault((record.call_id, record.media, sender, receiver), []).append(record)
    found = [_stream(key, counted, kinds) for key, counted in ends.items()]
    return tuple(sorted(found, key=lambda stream: stream.first_us))


def media_kinds(records: Iterable[AnyRecord]) -> dict[int, str]:
    """What each m= line of a run carries, by its index; read from the SDP of the message with most of them."""
    most: list[bytes] = []
    for record in records:
        if isinstance(record, MessageSent):
            kinds = _MEDIA_LINE.findall(record.octets)
            most = kinds if len(kinds) > len(most) else most
    return {at: kind.decode("ascii") for at, kind in enumerate(most)}


def _stream(key: tuple[str, int, str, str], counted: list[MediaCounted], kinds: dict[int, str]) -> Stream:
    call_id, media, sender, receiver = key
    sent = [record for record in counted if record.direction == "sent"]
    received = [record for record in counted if record.direction == "received"]
    decrypted = [record.first_us for record in received if record.first_us is not None]
    starts = [record.first_us for record in sent if record.first_us is not None] or decrypted
    return Stream(
        call_id=call_id,
        media=media,
        kind=kinds.get(media, f"media {media}"),
        sender=sender,
        receiver=receiver,
        sent=sum(record.packets for record in sent),
        arrived=sum(record.packets for record in received),
        decrypted=sum(record.decrypted for record in received),
        undecryptable=sum(record.undecryptable for record in received),
        late=sum(record.decrypted_late for record in received),
        first_us=min(starts) if starts else counted[0].at_us,
        counted=bool(received),
        decrypted_from_us=min(decrypted, default=None),
        until_us=max(record.at_us for record in counted),
    )

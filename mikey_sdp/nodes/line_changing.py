"""A party on the path who takes away, moves or spoils one of several MIKEY lines of an offer."""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.attacker import Attacker, message_in, passed_on, with_message
from mikey_sdp.nodes.contract import Action, Address, DatagramIntercepted, Event
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmt

_KEY_MGMT: Final = b"a=key-mgmt:"
_FLIPPED: Final = 0x01


class LineChange(enum.StrEnum):
    """What is done to lines; to corrupt one is to flip the lowest bit of its message's last octet."""

    REMOVE = "remove"
    SWAP = "swap"
    CORRUPT = "corrupt"


_DONE: Final = {LineChange.REMOVE: "removed", LineChange.SWAP: "swapped", LineChange.CORRUPT: "corrupted"}


class LineChanger(Attacker):
    """Changes a=key-mgmt lines of MIKEY in every INVITE that has as many as that takes, and lets the rest pass.

    Keeps: `change`; `numbers`, of the line, or of the two that change places, counted from 1 in the order of the body.
    Source: RFC 4567 section 4.1.4.
    """

    def __init__(self, name: str, address: Address, *, change: LineChange, numbers: tuple[int, ...]) -> None:
        super().__init__(name, address)
        self._change: Final = change
        self._numbers: Final = numbers

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if not isinstance(event, DatagramIntercepted):
            return []
        datagram = event.datagram
        message = message_in(datagram)
        if not isinstance(message, sip.Request) or message.method != "INVITE":
            return [passed_on(datagram, message)]
        lines = message.body.splitlines(keepends=True)
        found = [at for at, line in enumerate(lines) if _carried(line) is not None]
        if len(found) < max(self._numbers):
            return [passed_on(datagram, message)]
        self._change_lines(lines, [found[number - 1] for number in self._numbers])
        changed = message.with_body(b"".join(lines), message.content_type)
        which = " and ".join(str(number) for number in self._numbers)
        what = f"{_DONE[self._change]} MIKEY line {which} of the {len(found)} in an INVITE"
        return [passed_on(with_message(datagram, changed), changed), self._attack(what, now_us)]

    def _change_lines(self, lines: list[bytes], at: list[int]) -> None:
        first, last = at[0], at[-1]
        if self._change is LineChange.REMOVE:
            del lines[first]
        elif self._change is LineChange.SWAP:
            lines[first], lines[last] = lines[last], lines[first]
        else:
            lines[first] = _corrupted(lines[first])


def _carried(line: bytes) -> KeyMgmt | None:
    """The MIKEY message of a line; None for any other line, and for one that can't be read."""
    if not line.startswith(_KEY_MGMT):
        return None
    try:
        carried = KeyMgmt.parse(line[len(_KEY_MGMT) :].decode("ascii").rstrip("\r\n"))
    except (DecodeError, UnicodeDecodeError):
        return None
    return carried if carried.kmpid == MIKEY and carried.data else None


def _corrupted(line: bytes) -> bytes:
    carried = _carried(line)
    if carried is None:
        return line
    data = carried.data[:-1] + bytes([carried.data[-1] ^ _FLIPPED])
    return f"a={replace(carried, data=data).attribute}\r\n".encode("ascii")

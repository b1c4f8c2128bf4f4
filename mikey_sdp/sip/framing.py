"""Cutting a TCP or TLS stream into SIP messages."""

from __future__ import annotations

import re
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.message import MAX_BODY_OCTETS, MAX_HEAD_OCTETS

_LENGTH: Final = re.compile(rb"\r\n(?:content-length|l)[ \t]*+:[ \t]*+(?:\r\n[ \t]++)?(\d{1,10}+)[ \t]*+(?=\r\n)", re.I)


class StreamFramer:
    """What one end of a connection has received and not yet used.

    A stream says where a body ends only by Content-Length, so a message without one, or with two that differ, ends the
    use of the connection. Line ends between messages are keep-alives.
    Keeps: at most one unfinished message.
    Source: RFC 3261 sections 7.5 and 18.3.
    """

    __slots__ = ("_broken", "_buffer", "_consumed", "_searched", "_whole")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._consumed = 0
        self._searched = 0
        self._whole = 0
        self._broken: DecodeError | None = None

    @property
    def pending_octets(self) -> int:
        """How much of an unfinished message is held."""
        return len(self._buffer)

    def feed(self, octets: bytes) -> list[bytes]:
        """Take what the connection brought; return the messages that are now whole, in order.

        Raises: DecodeError once the stream can't be cut any more, and on every later call; its `partial` holds the
        messages cut from the same octets before that, its `offset` counts from the start of the connection.
        """
        if self._broken is not None:
            raise self._broken
        self._buffer += octets
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except DecodeError as error:
            error.partial = tuple(messages)
            self._broken = error
            self._buffer.clear()
            raise
        return messages

    def _next(self) -> bytes | None:
        if not self._whole:
            self._skip_line_ends()
            self._find_end()
        if not self._whole or len(self._buffer) < self._whole:
            return None
        message = bytes(self._buffer[: self._whole])
        self._drop(self._whole)
        return message

    def _find_end(self) -> None:
        """Learn how long the message at the start of the buffer is, if its header is whole."""
        end = self._buffer.find(b"\r\n\r\n", self._searched, MAX_HEAD_OCTETS + 4)
        if end >= 0:
            self._whole = end + 4 + self._body_octets(end)
        elif len(self._buffer) > MAX_HEAD_OCTETS + 4:
            raise self._fault(f"a header of more than {MAX_HEAD_OCTETS} octets", "header")
        else:
            self._searched = max(0, len(self._buffer) - 3)

    def _skip_line_ends(self) -> None:
        start = 0
        while self._buffer.startswith(b"\r\n", start):
            start += 2
        if start:
            self._drop(start)

    def _drop(self, octets: int) -> None:
        del self._buffer[:octets]
        self._consumed += octets
        self._searched = self._whole = 0

    def _body_octets(self, end: int) -> int:
        found = {int(digits) for digits in _LENGTH.findall(self._buffer, 0, end + 2)}
        if len(found) != 1:
            raise self._fault("no Content-Length" if not found else "two that differ", "Content-Length")
        length = found.pop()
        if length > MAX_BODY_OCTETS:
            raise self._fault(f"a body of more than {MAX_BODY_OCTETS} octets", "Content-Length")
        return length

    def _fault(self, reason: str, field: str) -> DecodeError:
        return grammar.fault(reason, field=field, offset=self._consumed, section="RFC 3261 section 18.3")

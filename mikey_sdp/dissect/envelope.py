"""The envelope around an SDP or MIKEY body: a SIP, RTSP or HTTP message, read with all tolerance.

This reads what was captured or pasted, so it takes single-label hosts, folded headers and bare LF where a SIP party
must not; nothing here decides about anyone's identity. `MessageStream` finds such messages in what TCP carried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.errors import DecodeError

MAX_START_LINE_OCTETS: Final = 8192
MAX_HEAD_OCTETS: Final = 65_536
MAX_BODY_OCTETS: Final = 262_144
MAX_PARTS: Final = 32
_SECTION: Final = "RFC 3261 section 7"

_START_LINE: Final = re.compile(
    rb"(?:[A-Za-z][A-Za-z_-]{0,31} [^ \r\n]{1,4096} (?:SIP/2\.0|RTSP/[12]\.0|HTTP/1\.[01])"
    rb"|(?:SIP/2\.0|RTSP/[12]\.0|HTTP/1\.[01]) [1-9][0-9][0-9][^\r\n]{0,4096})[ \t]*\r?\n"
)
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))', re.IGNORECASE)
_COMPACT: Final = {"c": "content-type", "l": "content-length", "e": "content-encoding", "i": "call-id", "f": "from"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A body, or one part of a multipart body.

    Units: `offset` counts from the first octet of the message.
    """

    content_type: str
    transfer_encoding: str
    octets: bytes
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message as far as it must be known to find what it carries."""

    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: Part

    @property
    def is_request(self) -> bool:
        """Whether it asks rather than answers."""
        return not self.start_line.startswith(("SIP/", "RTSP/", "HTTP/"))

    @property
    def label(self) -> str:
        """What a person calls it: `INVITE`, `200 OK`, with the method that a response answers."""
        if self.is_request:
            return self.start_line.split(" ", 1)[0]
        method = self.header("cseq").rpartition(" ")[2]
        status = self.start_line.partition(" ")[2].strip()
        return f"{status} to {method}" if method.isalpha() else status

    @property
    def content_length(self) -> int | None:
        """How many octets the body has by its own account; None where that is missing or no number."""
        length = self.header("content-length")
        return int(length) if re.fullmatch("[0-9]{1,9}", length) else None

    def header(self, name: str) -> str:
        """The first value of a header by its long name in lower case; empty where there is none."""
        return next((value for other, value in self.headers if other == name), "")

    def all_headers(self, name: str) -> tuple[str, ...]:
        """All values of a header."""
        return tuple(value for other, value in self.headers if other == name)

    def parts(self) -> tuple[Part, ...]:
        """The body, or where it is multipart its parts."""
        boundary = _BOUNDARY.search(self.body.content_type)
        if not self.body.content_type.lower().startswith("multipart/") or boundary is None:
            return (self.body,)
        return tuple(_split(self.body, (boundary[1] or boundary[2]).encode("utf-8", "surrogateescape")))


def is_envelope(octets: bytes) -> bool:
    """Whether the octets open with the start line of a SIP, RTSP or HTTP message."""
    return _START_LINE.match(octets) is not None


def read(octets: bytes) -> Envelope:
    """One whole message. A body longer than what is there is taken as far as it goes.

    Raises: DecodeError.
    """
    start = _START_LINE.match(octets)
    if start is None:
        raise DecodeError(
            "no start line of a SIP, RTSP or HTTP message", offset=0, field="start line", section=_SECTION
        )
    end = _HEAD_END.search(octets, start.end() - 2)
    head_end, body_start = (end.start(), end.end()) if end else (len(octets), len(octets))
    headers = tuple(_headers(_text(octets[start.end() : head_end])))
    envelope = Envelope(
        start_line=_text(start[0]).strip(), headers=headers, body=_part(headers, octets[body_start:], body_start)
    )
    length = envelope.content_length
    return (
        envelope if length is None else replace(envelope, body=_part(headers, octets[body_start:][:length], body_start))
    )


class MessageStream:
    """Cuts what one direction of a TCP connection carried into messages, by Content-Length; skips what is none.

    Works in one pass: no octet is searched again because another one arrived.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._searched = 0
        self._started = False
        self._whole: int | None = None

    def __len__(self) -> int:
        """How many octets wait for the rest of their message."""
        return len(self._held)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """The messages that these octets complete."""
        self._held += octets
        while self._held:
            if not self._started:
                if not self._start():
                    return
            elif self._whole is None:
                if not self._measure():
                    return
            elif len(self._held) < self._whole:
                return
            else:
                yield bytes(self._held[: self._whole])
                self._drop(self._whole)

    def _start(self) -> bool:
        """Look at the first line: a start line stays, anything else goes."""
        line = self._held.find(b"\n", self._searched)
        if line < 0:
            return self._wait(MAX_START_LINE_OCTETS)
        if _START_LINE.match(self._held, 0, line + 1):
            self._started = True
            self._searched = line - 1
        else:
            self._drop(line + 1)
        return True

    def _measure(self) -> bool:
        """Look for the end of the headers, and learn from them how long the message is."""
        end = _HEAD_END.search(self._held, max(self._searched - 3, 0))
        if end is None:
            return self._wait(MAX_HEAD_OCTETS)
        head = read(bytes(self._held[: end.end()]))
        self._whole = end.end() + min(head.content_length or 0, MAX_BODY_OCTETS)
        return True

    def _wait(self, most: int) -> bool:
        """Wait for more octets, unless there are too many already: then drop them all."""
        self._searched = len(self._held)
        if len(self._held) < most:
            return False
        self._drop(len(self._held))
        return True

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._searched = 0
        self._started = False
        self._whole = None


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _headers(head: str) -> Iterator[tuple[str, str]]:
    """Names in lower case and long form; a folded header is one line again."""
    name, values = "", list[str]()
    for line in head.split("\n"):
        if line[:1] in (" ", "\t"):
            values.append(line.strip())
            continue
        if name:
            yield name, " ".join(values).strip()
        name, colon, value = line.partition(":")
        name = name.strip().lower() if colon else ""
        name, values = _COMPACT.get(name, name), [value.strip()]
    if name:
        yield name, " ".join(values).strip()


def _part(headers: tuple[tuple[str, str], ...], octets: bytes, offset: int) -> Part:
    found = dict(reversed(headers))
    return Part(
        content_type=found.get("content-type", ""),
        transfer_encoding=found.get("content-transfer-encoding", "").lower(),
        octets=octets,
        offset=offset,
    )


def _split(body: Part, boundary: bytes) -> Iterator[Part]:
    """The parts of a multipart body; text before the first and after the last delimiter is none."""
    delimiter = b"\n--" + boundary
    position = body.offset - 1
    for number, piece in enumerate((b"\n" + body.octets).split(delimiter, MAX_PARTS + 1)[: MAX_PARTS + 1]):
        position += len(delimiter) if number else 0
        if number and not piece.startswith(b"--"):
            # The delimiter's line ends in white space; the line break before the next delimiter is no part of this.
            line = piece.find(b"\n") + 1
            end = _HEAD_END.search(piece, max(line - 2, 0))
            start = end.end() if end else line
            headers = tuple(_headers(_text(piece[line : end.start() if end else line])))
            yield _part(headers, piece[start:].removesuffix(b"\r"), position + start)
        position += len(piece)

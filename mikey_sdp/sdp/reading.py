"""From text or octets to the lines of a session description, and nothing that couldn't be turned back.

Source: RFC 4566 section 5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mikey_sdp.errors import DecodeError, UsageError

MAX_OCTETS: Final = 65_536
"""More than a UDP datagram carries, and room for a certificate chain at each of a dozen m= lines."""
MAX_LINES: Final = 4_096
"""Several times what gateways with ICE candidates for many streams send."""
MAX_MEDIA: Final = 127
"""Every m= line takes two CS IDs (RFC 4567 section 7.1), and a CS ID is one octet that starts at 1."""

_SECTION: Final = "RFC 4566 section 5"
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Line(NamedTuple):
    """One line of a description: its type letter, its value and the line end that follows it.

    Values may hold keys (k=, a=crypto, a=key-mgmt without encryption), hence they don't show in `repr`.
    Wire: `kind` "=" `value` `ending`, where `ending` is CRLF or LF.
    """

    kind: str
    value: str
    ending: str = "\r\n"

    def __repr__(self) -> str:
        return f"Line(kind={self.kind!r}, ending={self.ending!r})"

    def __str__(self) -> str:
        return f"{self.kind}={self.value}{self.ending}"

    @property
    def name(self) -> str:
        """The attribute's name, or nothing when this is no a= line."""
        return self.value.partition(":")[0] if self.kind == "a" else ""

    @property
    def argument(self) -> str:
        """What follows the attribute's colon; nothing for a property attribute such as `a=inactive`."""
        return self.value.partition(":")[2] if self.kind == "a" else ""


def new_line(kind: str, value: str, ending: str) -> Line:
    """A line made by us; refused where a receiver would read something else from it."""
    if kind not in _LETTERS or any(character in value for character in "\r\n\0"):
        raise UsageError("a line has a letter, and a value without line ends and NUL")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError("a line's value has a character that has no octets") from error
    return Line(kind=kind, value=value, ending=ending)


def fault(
    reason: str, text: str, at: int, in_octets: bool, *, field: str = "SDP", section: str = _SECTION
) -> DecodeError:
    """The error to raise for character `at` of `text`, which counts octets if `in_octets`."""
    offset = len(text[:at].encode("utf-8", "surrogateescape")) if in_octets else at
    return DecodeError(reason, offset=offset, field=field, section=section)


def read_text(source: str | bytes) -> tuple[str, bool]:
    """The text of what came in, and whether octets did."""
    in_octets = isinstance(source, bytes)
    # Ahead of decoding, so that a giant costs nothing; a character has at least one octet.
    if len(source) > MAX_OCTETS:
        raise fault(f"more than {MAX_OCTETS} octets", "", 0, in_octets)
    text = source.decode("utf-8", "surrogateescape") if isinstance(source, bytes) else source
    try:
        octets = len(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError as error:
        raise fault("a character that has no octets", text, error.start, in_octets) from error
    if octets > MAX_OCTETS:
        raise fault(f"more than {MAX_OCTETS} octets", "", 0, in_octets)
    return text, in_octets


def read_lines(text: str, in_octets: bool) -> tuple[list[Line], bool, str]:
    """The lines of a description, whether its last line end is missing, and the empty lines behind it."""
    body = text.rstrip("\r\n")
    end = text[len(body) :]
    if not body.startswith("v="):
        raise fault("a description starts with v=", text, 0, in_octets, field="v")
    if end.replace("\r\n", "").strip("\n"):
        raise fault("a CR that ends no line", text, len(body), in_octets)
    rows = body.split("\n")
    if len(rows) > MAX_LINES:
        raise fault(f"more than {MAX_LINES} lines", text, len(text), in_octets)
    lines: list[Line] = []
    at = 0
    for row in rows:
        content = row.removesuffix("\r")
        wrong = _row_fault(content, first=not lines)
        if wrong is not None:
            reason, column = wrong
            raise fault(reason, text, at + column, in_octets, field=f"line {len(lines) + 1}")
        lines.append(Line(content[0], content[2:], "\n" if row == content else "\r\n"))
        at += len(row) + 1
    # A last line without its end gets the one of the line before it, should more lines follow one day.
    ending = "\r\n" if end.startswith("\r\n") else end[:1]
    lines[-1] = lines[-1]._replace(ending=ending or (lines[-2].ending if len(lines) > 1 else "\r\n"))
    return lines, not end, end[len(ending) :]


def _row_fault(content: str, *, first: bool) -> tuple[str, int] | None:
    """What is wrong with a line and at which character of it, if anything is."""
    if content[:1] not in _LETTERS or content[1:2] != "=":
        return "not of the form x=value", 0
    if "\0" in content:
        return "NUL", content.index("\0")
    if "\r" in content:
        return "a CR that ends no line", content.index("\r")
    if content[0] == "v" and not first:
        return "a second description begins (RFC 3264 section 5)", 0
    return None

"""Octets out of text as people paste it: base64, hex, indented and folded lines.

What is tolerated is told in a note, since a peer would not tolerate it.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from mikey_sdp.errors import DecodeError

BASE64_SECTION: Final = "RFC 4567 section 3"

_SPACE: Final = re.compile(r"[ \t\r\n]+")
_BASE64_CHARACTERS: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_HEX_SEPARATOR: Final = re.compile(r"[\s:,\-]+|\\x|0x(?=[0-9A-Fa-f]{2})", re.IGNORECASE)
_FOLDED: Final = re.compile(r"[ \t]*([A-Za-z0-9+/]+={0,2})[ \t]*")
_CARRIES_BASE64: Final = re.compile(r"(?:a=)?key-mgmt:[^\r\n]*[A-Za-z0-9+/]", re.IGNORECASE)


def from_base64(text: str) -> bytes:
    """The octets; white space between the characters is passed over.

    Units: the offset of an error counts characters of `text`.
    Raises: DecodeError.
    """
    digits = _SPACE.sub("", text)
    good = _BASE64_CHARACTERS.match(digits)
    end = good.end() if good else 0
    if end < len(digits):
        raise _fault(f"{digits[end]!r} has no place in base64", _place(text, end), "base64")
    if len(digits) % 4:
        raise _fault(f"{len(digits)} characters are no multiple of four; some are missing", len(text), "base64")
    try:
        return binascii.a2b_base64(digits, strict_mode=True)
    except binascii.Error as error:
        raise _fault(f"no base64: {str(error).lower()}", len(text), "base64") from None


def from_hex(text: str) -> bytes:
    """The octets; white space, colons, commas, hyphens and 0x between them are passed over.

    Units: the offset of an error counts characters of `text`.
    Raises: DecodeError.
    """
    position, digits = 0, 0
    while position < len(text):
        separator = _HEX_SEPARATOR.match(text, position)
        if separator:
            position = separator.end()
        elif text[position] in "0123456789abcdefABCDEF":
            position, digits = position + 1, digits + 1
        else:
            raise _fault(f"{text[position]!r} is no hexadecimal digit", position, "hex")
    if digits % 2:
        raise _fault(f"{digits} hexadecimal digits make no whole number of octets", len(text), "hex")
    return bytes.fromhex(_HEX_SEPARATOR.sub("", text))


def tidy(text: str) -> tuple[str, tuple[str, ...]]:
    """Pasted lines as a sender would have written them, with notes on what was put right: no common indentation, no
    blank lines in front, base64 that was folded over several lines in one line again."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    while lines and not lines[0].strip():
        del lines[0]
    notes = []
    indent = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    if indent:
        lines = [line[indent:] if line.strip() else line.lstrip(" \t") for line in lines]
        notes.append(f"the text was indented by {indent}; the indentation was taken away")
    unfolded, folded = _unfold(lines)
    if folded:
        notes.append("base64 was folded over several lines and joined; RFC 4567 section 3 allows no line breaks in it")
    return unfolded, tuple(notes)


def _unfold(lines: list[str]) -> tuple[str, bool]:
    """The text with each folded base64 value in one line, and whether there was one."""
    pieces: list[str] = []
    folded = value_is_open = False
    ending = ""
    for line in lines:
        content = line.rstrip("\r\n")
        rest = _FOLDED.fullmatch(content) if value_is_open else None
        if rest:
            folded = True
            pieces.append(rest[1])
            value_is_open = not rest[1].endswith("=")
            continue
        pieces.append(ending)
        value_is_open = _CARRIES_BASE64.match(content) is not None and not content.rstrip().endswith("=")
        pieces.append(content.rstrip() if value_is_open else content)
        ending = line[len(content) :]
    return "".join((*pieces, ending)), folded


def _place(text: str, nth: int) -> int:
    """Where the nth character that is no white space stands."""
    for position, character in enumerate(text):
        if character in " \t\r\n":
            continue
        if not nth:
            return position
        nth -= 1
    return len(text)


def _fault(reason: str, offset: int, field: str) -> DecodeError:
    return DecodeError(reason, offset=offset, field=field, section=BASE64_SECTION)

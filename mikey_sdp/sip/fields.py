"""The header of a message as its lines: order, spelling and folding survive; names are found without case."""

from __future__ import annotations

from typing import Final, NamedTuple

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sip import grammar

MAX_FIELDS: Final = 256
MAX_FIELD_OCTETS: Final = 16_384

_SPELLINGS: Final = (
    *("Accept", "Allow", "Call-ID", "Contact", "Content-Length", "Content-Type", "CSeq", "Event", "Expires", "From"),
    *("Max-Forwards", "RAck", "Reason", "Record-Route", "Refer-To", "Referred-By", "Replaces", "Require"),
    *("Retry-After", "Route", "RSeq", "Server", "Session-Expires", "Subject", "Supported", "To", "Unsupported"),
    *("User-Agent", "Via", "Warning"),
)
_KEYS: Final[dict[str, str]] = {name: name.lower() for name in _SPELLINGS}
_KEYS.update({letter: name for short, name in grammar.COMPACT.items() for letter in (short, short.upper())})

ONCE: Final = frozenset(
    {"call-id", "content-length", "content-type", "cseq", "expires", "from", "max-forwards", "rack", "replaces"}
    | {"retry-after", "rseq", "to"}
)
"""Fields that may stand only once in a message (RFC 3261 section 7.3.1 and each field's own grammar)."""


class Field(NamedTuple):
    """One header field line: `key` to find it by, `name` as spelt, `value` unfolded, `raw` as it goes on the wire."""

    key: str
    name: str
    value: str
    raw: str


def key_of(name: str) -> str:
    """The lower-case full name that a field of that name is found by."""
    return _KEYS.get(name) or name.lower()


def make_field(name: str, value: str) -> Field:
    """A field to send.

    Raises: UsageError if the name is no token or if the value could break out of its line.
    """
    key = _KEYS.get(name)
    if key is None:
        if grammar.TOKEN.fullmatch(name) is None:
            raise UsageError(f"a header field's name must be a token, not {name!r}")
        key = name.lower()
    check_line(value, what=f"the value of {name}")
    return Field(key, name, value, f"{name}: {value}")


def check_line(text: str, *, what: str) -> None:
    """Refuse text that would end the line it is put on.

    Raises: UsageError.
    """
    if "\r" in text or "\n" in text:
        raise UsageError(f"{what} must not contain line ends: {text!r}")


def parse_fields(text: str, start: int) -> tuple[Field, ...]:
    """The fields in the header text that follows the start line; `start` is where it begins in the message.

    Raises: DecodeError.
    """
    folded = "\r\n " in text or "\r\n\t" in text
    lines = _unfolded_lines(text) if folded else text.split("\r\n")
    if len(lines) > MAX_FIELDS:
        raise _fault(f"more than {MAX_FIELDS} fields", "header", start)
    fields, keys, at = [], set[str](), start
    for line in lines:
        if len(line) > MAX_FIELD_OCTETS:
            raise _fault(f"a field of more than {MAX_FIELD_OCTETS} octets", "header", at)
        name, colon, value = line.partition(":")
        if not colon:
            raise _fault("a header line without a colon", "header", at)
        key = _KEYS.get(name) or _key(name, at)
        if key in keys and key in ONCE:
            raise _fault("the field stands twice", name, at)
        keys.add(key)
        if folded:
            value = value.replace("\r\n", "")
        fields.append(Field(key, name, value.strip(" \t"), line))
        at += len(line) + 2
    return tuple(fields)


def point_into(error: DecodeError, start_line: str, fields: tuple[Field, ...], entry: Field) -> None:
    """Make an error that counts characters of a field's value count octets of the message."""
    before = [start_line, *(other.raw for other in fields[: fields.index(entry)]), ""]
    name = entry.raw[: entry.raw.index(":") + 1]
    indent = len(entry.raw) - len(name) - len(entry.raw[len(name) :].lstrip(" \t"))
    start = len(("\r\n".join(before) + name).encode()) + indent
    error.offset = start + len(entry.value[: error.offset].encode())


def _unfolded_lines(text: str) -> list[str]:
    """Logical lines, each still holding its folds."""
    lines: list[list[str]] = []
    for line in text.split("\r\n"):
        if lines and line[:1] in (" ", "\t"):
            lines[-1].append(line)
        else:
            lines.append([line])
    return ["\r\n".join(parts) for parts in lines]


def _key(name: str, at: int) -> str:
    """The key of a field whose name is not among the usual spellings."""
    bare = name.rstrip(" \t")
    if grammar.TOKEN.fullmatch(bare) is None:
        raise _fault("a field name that is no token", "header", at)
    return _KEYS.get(bare) or bare.lower()


def _fault(reason: str, field: str, offset: int) -> DecodeError:
    return grammar.fault(reason, field=field, offset=offset, section="RFC 3261 section 7.3.1")

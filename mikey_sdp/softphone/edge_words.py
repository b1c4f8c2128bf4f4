"""What an edge's TOML file may say, and where in it something is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, inspect

from mikey_sdp.nodes.edge_contract import PhoneMedia
from mikey_sdp.report.printable import printable
from mikey_sdp.softphone.edge_faults import Faults, Path, nearest

MAX_CONFIG_OCTETS: Final = 1 << 20
_MISFIT: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_TYPES: Final = {
    "`str`": "a text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a table",
    "`null`": "nothing",
}

Seconds = Annotated[float, Meta(gt=0, le=604_800)]


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the file."""


class PhoneWords(Words, frozen=True):
    """Where phones find the edge, and what they understand unless an account says otherwise: SDES, or plain RTP."""

    listen: list[str]
    media: PhoneMedia = PhoneMedia.SDES


class NetworkWords(Words, frozen=True):
    """Where the network finds the edge, and where the edge sends all that the phone says."""

    listen: list[str]
    proxy: str | None = None
    follow_redirects: bool = True


class TlsWords(Words, frozen=True):
    """The certificate that the edge shows where it speaks TLS, and who may vouch for others there."""

    certificate: str | None = None
    key: str | None = None
    trust: list[str] = []


class AccountWords(Words, frozen=True):
    """A user whose phone is behind the edge, and by what he proves who he is."""

    identity: str
    psk: str | None = None
    certificate: str | None = None
    key: str | None = None
    trust: list[str] = []
    media: PhoneMedia | None = None
    contact: str | None = None


class PeerWords(Words, frozen=True):
    """Whom a call may be with: a key shared with him, his certificate, and what is allowed with him."""

    identity: str
    psk: str | None = None
    certificate: str | None = None
    plain: bool = False
    retarget: bool = False


class PolicyWords(Words, frozen=True):
    """Which modes are offered and taken."""

    modes: list[str] = []
    forward_secrecy: bool = False
    both_contribute: bool = False
    compatible: bool = False


class MediaWords(Words, frozen=True):
    """The UDP ports of media, first and last."""

    ports: tuple[int, int] = (20_000, 20_999)


class LimitWords(Words, frozen=True):
    """How much there may be at once, and how long what nobody ends is kept: ringing, silent, or any call."""

    calls: Annotated[int, Meta(ge=1, le=10_000)] = 100
    ringing_s: Seconds = 180.0
    silent_s: Seconds = 120.0
    call_s: Seconds = 14_400.0


class LogWords(Words, frozen=True):
    """Where one line a fault goes; standard error without a file."""

    file: str | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"


class FileWords(Words, frozen=True):
    """The whole file."""

    phone: PhoneWords
    network: NetworkWords
    accounts: Annotated[list[AccountWords], Meta(min_length=1)]
    tls: TlsWords = TlsWords()
    peers: list[PeerWords] = []
    policy: PolicyWords = PolicyWords()
    media: MediaWords = MediaWords()
    limits: LimitWords = LimitWords()
    log: LogWords = LogWords()


def read_words(octets: bytes, faults: Faults) -> FileWords:
    """The file as it stands, by its own rules only.

    Raises: EdgeConfigError for what is no TOML, for unknown and for missing words, and for values of a wrong kind.
    """
    if len(octets) > MAX_CONFIG_OCTETS:
        faults.note((), f"a configuration has at most {MAX_CONFIG_OCTETS} octets")
        faults.end()
    try:
        tree = tomllib.loads(octets.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        faults.note((), f"no TOML: {printable(str(error))}")
        faults.end()
    for path, known in _unknown(tree, inspect.type_info(FileWords), ()):
        faults.note(path, f"unknown word; expected one of {', '.join(known)}", nearest(str(path[-1]), known))
    try:
        words = msgspec.convert(tree, FileWords)
    except msgspec.ValidationError as error:
        if not faults.found:  # what msgspec finds first might be one of the unknown words
            faults.note(*_told(str(error)))
    faults.end()
    return words


def _unknown(tree: object, kind: inspect.Type, path: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every key that the schema hasn't, and what it has there."""
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.StructType) and isinstance(tree, dict):
        fields = {one.encode_name: one.type for one in kind.fields}
        for key, value in tree.items():
            if key in fields:
                yield from _unknown(value, fields[key], (*path, key))
            else:
                yield (*path, key), list(fields)
    elif isinstance(kind, inspect.ListType) and isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _unknown(value, kind.item_type, (*path, number))


def _told(error: str) -> tuple[Path, str, str | None]:
    """What msgspec complains of, in our words: place, reason, hint."""
    found = _MISFIT.fullmatch(error)
    what, place = (found["what"], found["path"] or "") if found else (error, "")
    path = _path(place)
    if what.startswith("Object missing required field"):
        return (*path, what.split("`")[1]), "is missing", None
    if what.startswith("Invalid enum value"):
        given, valid = what.split("'")[1], _choices(path)
        return path, f"expected one of {', '.join(valid)}, not {given!r}", nearest(given, valid)
    for theirs, ours in _TYPES.items():
        what = what.replace(theirs, ours)
    return path, printable(what[:1].lower() + what[1:]), None


def _path(place: str) -> Path:
    steps: list[str | int] = []
    for name, number in re.findall(r"\.([^.\[]+)|\[(\d+)\]", place):
        steps.append(name or int(number))
    return tuple(steps)


def _choices(path: Path) -> list[str]:
    """The fixed words that may stand at a place."""
    kind: inspect.Type = inspect.type_info(FileWords)
    for step in path:
        kind = kind.type if isinstance(kind, inspect.Metadata) else kind
        if isinstance(step, int) and isinstance(kind, inspect.ListType):
            kind = kind.item_type
        elif isinstance(kind, inspect.StructType):
            kind = next(one.type for one in kind.fields if one.encode_name == step)
    if isinstance(kind, inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.EnumType):
        return [str(one.value) for one in kind.cls]
    return [str(value) for value in kind.values] if isinstance(kind, inspect.LiteralType) else []

"""The attribute that carries key management: one message of one protocol a line, at session or media level.

What the messages say is not known here; MIKEY's are octets like any other protocol's. # [4567-6-4]

Source: RFC 4567 sections 3, 3.1, 4.1.2 and 4.1.4.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.media import MediaLine, media_lines

MIKEY: Final = "mikey"
"""MIKEY's identifier as IANA registered it. # [4567-7-1]"""

_NAME: Final = "key-mgmt"
_KMPID: Final = re.compile(r"[A-Za-z0-9]+")
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")
_SECTION: Final = "RFC 4567 section 3.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMgmt:
    """One message of a key management protocol, ready to stand in an a=key-mgmt line.

    A MIKEY message in NULL mode holds its keys in the clear, hence `data` doesn't show in `repr`.
    Wire: `key-mgmt:` [SP] `kmpid` SP base64 of `data`; written without the optional space.
    Source: RFC 4567 section 3.1.
    """

    kmpid: str
    data: bytes = field(repr=False)

    @classmethod
    def parse(cls, value: str, *, offset: int = 0) -> Self:
        """Read what stands behind `key-mgmt:`; `offset` is where that is in the whole.

        Raises: DecodeError.
        """
        start = 1 if value.startswith(" ") else 0
        kmpid = _KMPID.match(value, start)
        if kmpid is None:  # [4567-3-2]
            raise _fault("no protocol identifier of letters and digits", offset + start)
        if value[kmpid.end() : kmpid.end() + 1] != " ":  # [4567-3.1-1]
            raise _fault("the identifier is not followed by a space", offset + kmpid.end())
        start = kmpid.end() + 1
        return cls(kmpid=kmpid[0], data=_unbase64(value[start:], offset + start))

    @property
    def value(self) -> str:
        """What to write behind `key-mgmt:`. # [4567-3-1]"""
        if not _KMPID.fullmatch(self.kmpid):
            raise UsageError("a key management protocol's identifier has letters and digits only")
        return f"{self.kmpid} {binascii.b2a_base64(self.data, newline=False).decode('ascii')}"

    @property
    def attribute(self) -> str:
        """The whole attribute, without `a=`."""
        return f"{_NAME}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMgmtLine:
    """An a=key-mgmt line that stands in a description.

    Keeps: `value`, what stood behind the colon, for telling repetition from news; `position` in its section's lines.
    """

    level: Level
    position: int
    kmpid: str
    data: bytes = field(repr=False)
    value: str = field(repr=False)


def key_mgmt_lines(sd: SessionDescription) -> tuple[KeyMgmtLine, ...]:
    """All lines of a description in document order; at one level the first is the preferred. # [4567-3.1-2]

    Raises: DecodeError, with its place in the description, if any of them is malformed, whatever its protocol.
    """
    known: tuple[KeyMgmtLine, ...] | None = sd.memo.get("key-mgmt lines")
    if known is None:
        known = sd.memo["key-mgmt lines"] = tuple(
            _line(sd, section.level, position)
            for section in sd.sections()
            for position in section.positions("a", _NAME)
        )
    return known


def governing_lines(sd: SessionDescription) -> tuple[tuple[KeyMgmtLine, ...], ...]:
    """For each m= line the lines that key it, in order of preference; none for RTP/AVP and rejected streams.

    A stream that has lines of its own takes nothing from the session's, of whatever protocol. # [4567-3.1-3]
    Raises: DecodeError.
    """
    lines = key_mgmt_lines(sd)
    by_level: dict[Level, list[KeyMgmtLine]] = {}
    for line in lines:
        by_level.setdefault(line.level, []).append(line)
    session = by_level.get(None, [])
    return tuple(tuple(by_level.get(media.level, session)) if media.takes_keys else () for media in media_lines(sd))


def why_ignored(line: KeyMgmtLine, media: Sequence[MediaLine]) -> str | None:
    """Why a line is not handed to its protocol, None if it is: RTP/AVP and rejected streams take no keys.

    Session level lines always go to the protocol, also when no stream is left for them. # [4567-4.1.2-9]
    """
    if line.level is None:
        return None
    stream = media[line.level]
    if not stream.is_secure:
        return f"the stream's profile {stream.profile} takes no keys from key management"
    return "the stream is rejected" if stream.is_rejected else None


def insert_key_mgmt(sd: SessionDescription, level: Level, offers: Sequence[KeyMgmt]) -> SessionDescription:
    """A copy with lines added at a level, in that order, behind those that stand there already.

    The first go behind the section's i=, c=, b=, t= and k= lines and before its other attributes.
    """
    attributes = [offer.attribute for offer in offers]
    present = sd.section(level).positions("a", _NAME)
    if not present:
        return sd.with_attributes(level, attributes, first=True)
    return sd.with_lines(level, present[-1] + 1, [("a", attribute) for attribute in attributes])


def replace_key_mgmt(sd: SessionDescription, line: KeyMgmtLine, offer: KeyMgmt) -> SessionDescription:
    """A copy in which one line carries another message."""
    found = sd.section(line.level).lines[line.position]
    if found.name != _NAME or found.argument != line.value:
        raise UsageError("the line to replace does not stand in this description")
    return sd.with_value(line.level, line.position, offer.attribute)


def remove_key_mgmt(sd: SessionDescription, level: Level, kmpid: str | None = None) -> SessionDescription:
    """A copy without the lines of a level, or without those of one protocol.

    Raises: DecodeError if a protocol is named and a line can't be read.
    """
    if kmpid is None:
        return sd.without_attributes(level, _NAME)
    present = sd.section(level).positions("a", _NAME)
    return sd.without_lines(level, [position for position in present if _line(sd, level, position).kmpid == kmpid])


def identifier_list(sd: SessionDescription) -> str:
    """The identifiers that a description offers, one a line in document order, as protocols are to authenticate it.

    Nothing ("") for a description that offers none. # [4567-4.1.4-5] # [4567-4.1.4-6]
    Raises: DecodeError.
    """
    return ";".join(line.kmpid for line in key_mgmt_lines(sd))


def join_identifiers(kmpids: Iterable[str]) -> str:
    """The list of the given identifiers as protocols authenticate it: `mikey;keyp1`."""
    found = tuple(kmpids)
    if not found or not all(_KMPID.fullmatch(kmpid) for kmpid in found):
        raise UsageError("the list has at least one identifier, each of letters and digits only")
    return ";".join(found)


def parse_identifier_list(octets: bytes) -> tuple[str, ...]:
    """Read an authenticated list, such as the SDP IDs extension of a MIKEY message holds. # [4567-4.1.4-7]

    Raises: DecodeError.
    """
    text = octets.decode("latin-1")
    found = text.split(";")
    at = 0
    for kmpid in found:
        if not _KMPID.fullmatch(kmpid):
            reason = "an identifier that is not of letters and digits" if kmpid else "an empty identifier"
            raise DecodeError(reason, offset=at, field="prtcl-list", section="RFC 4567 section 4.1.4")
        at += len(kmpid) + 1
    return tuple(found)


def _line(sd: SessionDescription, level: Level, position: int) -> KeyMgmtLine:
    value = sd.section(level).lines[position].argument
    try:
        offer = KeyMgmt.parse(value)
    except DecodeError as error:
        raise sd.placed(error, level, position, column=len("a=key-mgmt:")) from None
    return KeyMgmtLine(level=level, position=position, kmpid=offer.kmpid, data=offer.data, value=value)


def _unbase64(text: str, offset: int) -> bytes:
    """The octets that strict base64 stands for: padded, nothing between, one text only for the same octets."""
    digits = text.rstrip("=")
    foreign = _NOT_BASE64.search(digits)
    if foreign is not None:  # [4567-3-1]
        raise _fault("a character that is not base64", offset + foreign.start())
    if len(text) % 4 or len(text) - len(digits) > 2:
        raise _fault("base64 that is not padded to groups of four", offset + len(digits))
    octets = binascii.a2b_base64(text)
    if binascii.b2a_base64(octets, newline=False).decode("ascii") != text:
        raise _fault("base64 with stray bits in its last character", offset + len(digits))
    return octets


def _fault(reason: str, offset: int) -> DecodeError:
    return DecodeError(reason, offset=offset, field="a=key-mgmt", section=_SECTION)

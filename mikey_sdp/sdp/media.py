"""What keying needs to know of each media stream: where it goes, which way, under which profile, from which sources.

All of it is read here: sdp-transform mistakes `4000/2`, keeps the last of several c= lines, turns words into numbers
and ends lines at characters that end none in SDP. What it reads well, codecs and SDES suites, is in `codecs`.
Only the lines that keying uses must be well-formed; other attributes may say what they like.

Source: RFC 4566 section 5.14, RFC 3264, RFC 3605, RFC 5576, RFC 8843.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.connection import Connection
from mikey_sdp.sdp.lines import Section, SessionDescription

_SECURE: Final = {"RTP/AVP": "RTP/SAVP", "RTP/AVPF": "RTP/SAVPF"}
_PLAIN: Final = {secure: plain for plain, secure in _SECURE.items()}
_M_LINE: Final = re.compile(
    r"(?P<kind>[^ ]+) +(?P<port>[0-9]{1,5})(?:/(?P<count>[0-9]{1,5}))? +(?P<profile>[^ ]+)(?P<formats>(?: .*)?)"
)
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_LAST_PORT: Final = 65_535
_KEY_ATTRIBUTES: Final = frozenset({"key-mgmt", "crypto", "fingerprint", "zrtp-hash"})
_K_LINE: Final = "k="
_KEYING: Final = ("key-mgmt", "crypto", "fingerprint", "zrtp-hash", _K_LINE)


class Direction(enum.Enum):
    """Which way a stream flows, seen by whoever wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the writer of the description sends media."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the writer of the description takes media."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @property
    def seen_by_peer(self) -> Direction:
        """The same flow as the other side would write it."""
        swapped = {Direction.SENDONLY: Direction.RECVONLY, Direction.RECVONLY: Direction.SENDONLY}
        return swapped.get(self, self)


_DIRECTIONS: Final = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLine:
    """One stream of a description as key management sees it.

    Keeps: `connection`, the media's own c= line, else the session's; `rtcp_port`, None where there is no RTP or port 0;
    `ssrcs` as announced, in order, each once; `bundle`, the mids of the group this stream is in; `keying`, the names
    of the attributes present that offer keys, and "k=" for a k= line, of this section or the session's.
    Source: RFC 4566 section 5.14.
    """

    level: int
    kind: str
    port: int
    port_count: int
    profile: str
    formats: tuple[str, ...]
    direction: Direction
    connection: Connection | None
    rtcp_port: int | None
    rtcp_mux: bool
    ssrcs: tuple[int, ...]
    mid: str | None
    bundle: tuple[str, ...]
    bundle_only: bool
    keying: tuple[str, ...]

    @property
    def is_secure(self) -> bool:
        """Whether SRTP carries it and its keys come from the signalling; DTLS-SRTP profiles key themselves."""
        return self.profile in _PLAIN

    @property
    def is_rejected(self) -> bool:
        """Whether port 0 says that the stream is refused or over; a bundle-only stream has port 0 and is neither."""
        return self.port == 0 and not self.bundle_only

    @property
    def takes_keys(self) -> bool:
        """Whether key management has anything to do for it. # [4567-5.2-1]"""
        return self.is_secure and not self.is_rejected

    @property
    def has_crypto(self) -> bool:
        """Whether SDES keys (a=crypto) are offered for it."""
        return "crypto" in self.keying


def secure_profile(profile: str) -> str:
    """The SRTP twin of an RTP profile; any other profile as it is."""
    return _SECURE.get(profile, profile)


def plain_profile(profile: str) -> str:
    """The RTP twin of an SRTP profile; any other profile as it is."""
    return _PLAIN.get(profile, profile)


def media_lines(sd: SessionDescription) -> tuple[MediaLine, ...]:
    """Every stream of a description, in order; the place of a stream is its level and gives it its CS IDs.

    Raises: DecodeError if an m= line, or a c=, a=ssrc or a=rtcp line that holds for a stream, can't be read.
    """
    known: tuple[MediaLine, ...] | None = sd.memo.get("media lines")
    if known is None:
        known = sd.memo["media lines"] = _read_media_lines(sd)
    return known


def _read_media_lines(sd: SessionDescription) -> tuple[MediaLine, ...]:
    shared: _Shared | None = sd.session.memo.get("shared")
    if shared is None:
        shared = sd.session.memo["shared"] = _shared(sd)
    return tuple([_media_line(sd, level, shared) for level in range(len(sd.media))])


def with_profile(sd: SessionDescription, level: int, profile: str) -> SessionDescription:
    """A copy in which one m= line has another transport profile and is otherwise the same, octet for octet.

    Raises: DecodeError if that m= line can't be read.
    """
    if not profile or " " in profile:
        raise UsageError("a profile is one word")
    start, end = _m_line(sd, level).span("profile")
    value = sd.media[level].lines[0].value
    return sd.with_value(level, 0, value[:start] + profile + value[end:])


def with_port(sd: SessionDescription, level: int, port: int) -> SessionDescription:
    """A copy in which one m= line has another port (0: rejected) and is otherwise the same; a port count stays.

    Raises: DecodeError if that m= line can't be read.
    """
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"{port} is no port")
    start, end = _m_line(sd, level).span("port")
    value = sd.media[level].lines[0].value
    return sd.with_value(level, 0, f"{value[:start]}{port}{value[end:]}")


def _m_line(sd: SessionDescription, level: int) -> re.Match[str]:
    match = _M_LINE.fullmatch(sd.section(level).lines[0].value)
    if match is None or int(match["port"]) > _LAST_PORT:
        reason = "not of the form media port[/count] profile formats"
        raise sd.fault(reason, level, 0, column=2, field="m", section="RFC 4566 section 5.14")
    return match


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the session part says for all streams that don't say otherwise."""

    direction: Direction
    connection: Connection | None
    keying: frozenset[str]
    bundles: Mapping[str, tuple[str, ...]]


def _shared(sd: SessionDescription) -> _Shared:
    groups = [_words(value)[1:] for value in sd.session.attributes("group") if value.startswith("BUNDLE ")]
    return _Shared(
        direction=_direction(sd.session) or Direction.SENDRECV,
        connection=_connection(sd, sd.session),
        keying=_keying(sd.session),
        bundles={mid: group for group in groups for mid in group},
    )


def _media_line(sd: SessionDescription, level: int, shared: _Shared) -> MediaLine:
    """One stream; a section that an edit left as it is was read before, and is read again only if the session part
    says something else."""
    memo = sd.media[level].memo
    known: tuple[_Shared, MediaLine] | None = memo.get("media line")
    if known is None or known[0] != shared:
        known = shared, _read_media_line(sd, level, shared)
        memo["media line"] = known
    return known[1]


def _read_media_line(sd: SessionDescription, level: int, shared: _Shared) -> MediaLine:
    section = sd.media[level]
    match = _m_line(sd, level)
    port, profile = int(match["port"]), match["profile"]
    mux = section.attribute("rtcp-mux") is not None
    mid = section.attribute("mid")
    keying = shared.keying | _keying(section)
    return MediaLine(
        level=level,
        kind=match["kind"],
        port=port,
        port_count=int(match["count"] or 1),
        profile=profile,
        formats=_words(match["formats"]),
        direction=_direction(section) or shared.direction,
        connection=_connection(sd, section) or shared.connection,
        rtcp_port=_rtcp_port(sd, level, port, mux=mux) if port and "RTP/" in profile else None,
        rtcp_mux=mux,
        ssrcs=_ssrcs(sd, level),
        mid=mid,
        bundle=shared.bundles.get(mid or "", ()),
        bundle_only=section.attribute("bundle-only") is not None,
        keying=tuple([name for name in _KEYING if name in keying]) if keying else (),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple([word for word in text.split(" ") if word])


def _direction(section: Section) -> Direction | None:
    for line in section.lines:
        if line.kind == "a" and line.value in _DIRECTIONS:
            return _DIRECTIONS[line.value]
    return None


def _keying(section: Section) -> frozenset[str]:
    found = section.attributes_at.keys() & _KEY_ATTRIBUTES
    return frozenset(found if section.value("k") is None else {*found, _K_LINE})


def _connection(sd: SessionDescription, section: Section) -> Connection | None:
    """The section's first c= line; several are a hierarchy of multicast groups, of which the first is the base."""
    for position, line in enumerate(section.lines):
        if line.kind == "c":
            try:
                return Connection.parse(line.value)
            except DecodeError as error:
                raise sd.placed(error, section.level, position, column=2) from None
    return None


def _rtcp_port(sd: SessionDescription, level: int, port: int, *, mux: bool) -> int | None:
    positions = sd.media[level].positions("a", "rtcp")
    if not positions:
        return port if mux else port + 1 if port < _LAST_PORT else None
    given = sd.media[level].lines[positions[0]].argument.partition(" ")[0]
    if not _NUMBER.fullmatch(given) or int(given) > _LAST_PORT:
        raise sd.fault("no port", level, positions[0], column=7, field="a=rtcp", section="RFC 3605 section 2.1")
    return int(given)


def _ssrcs(sd: SessionDescription, level: int) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for position in sd.media[level].positions("a", "ssrc"):
        given = sd.media[level].lines[position].argument.partition(" ")[0]
        if not _NUMBER.fullmatch(given) or int(given) >= 1 << 32:
            raise sd.fault("no SSRC", level, position, column=7, field="a=ssrc", section="RFC 5576 section 4.1")
        found[int(given)] = None
    return tuple(found)

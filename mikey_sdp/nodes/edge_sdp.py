"""Session descriptions on their way through an edge: freed of what was for one hop only, with our ports in them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import PortPair
from mikey_sdp.nodes.edge_guard import Far
from mikey_sdp.sdp.connection import Connection
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.media import MediaLine, media_lines, plain_profile, secure_profile, with_port, with_profile
from mikey_sdp.sdp.reading import Line

_HOP_ONLY: Final = frozenset(
    {"crypto", "key-mgmt", "fingerprint", "setup", "zrtp-hash", "tls-id", "dtls-id", "identity"}
    | {"candidate", "remote-candidates", "end-of-candidates", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite"}
    | {"acap", "tcap", "pcfg", "acfg", "creq", "csup", "lcfg", "mcap", "omcap", "mfcap", "mscap", "sescap"}
    | {"alt", "altc"}
    | {"ice-mismatch", "ice-pacing", "rtcp", "ssrc", "ssrc-group", "bundle-only", "group", "msid", "msid-semantic"}
)
"""Attributes that key, place or name the media of one hop, which an edge ends; or propose others that do (RFC 5939)."""
_KINDS: Final = frozenset("vosiuepcbtrzam")
"""The lines that go on: all that there are but k=."""


def is_carried(line: MediaLine) -> bool:
    """Whether an edge can carry a stream: RTP or SRTP keyed by the signalling, on one port."""
    keyed = line.is_secure or secure_profile(line.profile) != line.profile
    return keyed and line.port_count == 1 and not line.is_rejected


def live_lines(sd: SessionDescription) -> dict[int, MediaLine]:
    """The m= lines that are carried, by their index."""
    return {line.level: line for line in media_lines(sd) if is_carried(line)}


def cleaned(sd: SessionDescription) -> SessionDescription:
    """The description without keys, candidates and names of one hop; streams that can't be carried are refused.

    Raises: DecodeError.
    """
    carried = live_lines(sd)
    levels: tuple[Level, ...] = (None, *range(len(sd.media)))
    for level in levels:
        lines = sd.section(level).lines
        further = sd.section(level).positions("c")[1:]  # of layered multicast
        gone = [at for at, line in enumerate(lines) if line.kind not in _KINDS or _name(line) in _HOP_ONLY]
        gone = sorted({*gone, *further})
        if gone:
            sd = sd.without_lines(level, gone)
        if level is not None and level not in carried:
            sd = with_port(sd, level, 0)
    return sd


def _name(line: Line) -> str:
    """An attribute's name as the most lenient reader would take it."""
    return line.name.strip().lower()


def placed(sd: SessionDescription, ports: Mapping[int, PortPair]) -> SessionDescription:
    """The description with our ports in its live m= lines; old phones' 0.0.0.0, which is a hold, stays.

    Raises: DecodeError.
    """
    if not ports:
        return sd
    host = next(iter(ports.values())).rtp.host
    where = f"IN {'IP6' if ':' in host else 'IP4'} {host}"
    levels: tuple[Level, ...] = (None, *range(len(sd.media)))
    for level in levels:
        for position in sd.section(level).positions("c"):
            if not _is_hold(sd.section(level).lines[position].value):
                sd = sd.with_value(level, position, where)
    for position in sd.session.positions("o"):
        words = sd.session.lines[position].value.split(" ")
        sd = sd.with_value(None, position, " ".join([*words[:3], where]))
    for line in media_lines(sd):
        pair = ports.get(line.level)
        if pair is None or line.is_rejected:
            continue
        sd = with_port(sd, line.level, pair.rtp.port)
        if not line.rtcp_mux and pair.rtcp.port != pair.rtp.port + 1:
            sd = sd.with_attributes(line.level, [f"rtcp:{pair.rtcp.port}"])
    return sd


def _is_hold(value: str) -> bool:
    try:
        return Connection.parse(value).is_unspecified
    except DecodeError:
        return False


def rejecting(sd: SessionDescription) -> SessionDescription:
    """An answer to a description that takes none of its streams."""
    sd = cleaned(sd)
    for level in range(len(sd.media)):
        sd = with_port(sd, level, 0)
    return sd


def secure_only(sd: SessionDescription) -> SessionDescription:
    """The description without its streams of plain RTP, which are refused beside secured ones."""
    for level, line in live_lines(sd).items():
        if not line.is_secure:
            sd = with_port(sd, level, 0)
    return sd


def profiled(sd: SessionDescription, like: SessionDescription) -> SessionDescription:
    """An answer under the profiles of the offer `like`, line by line."""
    for mine, its in zip(media_lines(sd), media_lines(like), strict=False):
        if not mine.is_rejected and is_carried(its):
            sd = with_profile(sd, mine.level, its.profile)
    return sd


def in_plain(sd: SessionDescription) -> SessionDescription:
    """The description with RTP without protection on each of its m= lines."""
    for line in media_lines(sd):
        sd = with_profile(sd, line.level, plain_profile(line.profile))
    return sd


def far_end(line: MediaLine, *, mux: bool, host: str = "") -> Far:
    """Where a stream's other side takes media; `host` is one more from which it may come.

    Nothing is sent to a host name, a group or a stream on hold by 0.0.0.0.
    """
    connection = line.connection
    hosts = frozenset({host} if host else ())
    if connection is None or line.is_rejected or connection.is_unspecified or connection.is_multicast:
        return Far(rtp=None, rtcp=None, hosts=hosts)
    try:
        literal = str(ipaddress.ip_address(connection.address))
    except ValueError:
        return Far(rtp=None, rtcp=None, hosts=hosts)
    rtp = Address(literal, line.port)
    rtcp = rtp if mux else None if line.rtcp_port is None else Address(literal, line.rtcp_port)
    return Far(rtp=rtp, rtcp=rtcp, mux=mux, hosts=hosts | {literal})


def ends_of(sd: SessionDescription, other: SessionDescription, *, host: str = "") -> dict[int, Far]:
    """For each m= line that is live in both an offer and its answer, where the author of `sd` takes media."""
    theirs = {line.level: line for line in media_lines(other)}
    return {
        level: far_end(line, mux=line.rtcp_mux and theirs[level].rtcp_mux, host=host)
        for level, line in live_lines(sd).items()
        if level in theirs and not theirs[level].is_rejected
    }

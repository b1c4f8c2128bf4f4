"""The session description that a user agent writes of itself, before any key management is put in.

Source: RFC 4566, RFC 3264.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from mikey_sdp.nodes.contract import Address
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import Direction, MediaLine, media_lines
from mikey_sdp.sdp.preconditions import SecurityPrecondition, either, security_preconditions

MAX_STREAMS: Final = 8
"""How many m= lines a user agent has ports for."""

_FORMATS: Final = {"audio": ("0", "PCMU/8000"), "video": ("96", "H264/90000")}
KINDS: Final = frozenset(_FORMATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStream:
    """One m= line as this party writes it; port 0 stands for a stream that is refused or over.

    Keeps: `refused_as`, profile and formats of a refused stream as they were offered; `precondition`, what has to be
    agreed on before it rings.
    """

    kind: str
    port: int
    ssrc: int
    direction: Direction = Direction.SENDRECV
    refused_as: str = ""
    precondition: SecurityPrecondition | None = None

    def lines(self, cname: str) -> list[str]:
        """The m= line and its attributes."""
        number, name = _FORMATS.get(self.kind, ("0", ""))
        if not self.port:
            return [f"m={self.kind} 0 {self.refused_as or f'RTP/AVP {number}'}"]
        return [
            f"m={self.kind} {self.port} RTP/AVP {number}",
            f"a=rtpmap:{number} {name}",
            f"a=ssrc:{self.ssrc} cname:{cname}",
            f"a={self.direction.value}",
            *(f"a={said}" for said in (self.precondition.attributes if self.precondition is not None else ())),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBody:
    """All that a party says of its media in one call.

    Keeps: `version`, one more at every offer or answer, as key management changes even where streams don't.
    Source: RFC 3264 section 8.
    """

    user: str
    host: str
    session_id: int
    version: int = 1
    streams: tuple[LocalStream, ...]

    def __str__(self) -> str:
        lines = [
            "v=0",
            f"o={self.user} {self.session_id} {self.version} IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
        ]
        for stream in self.streams:
            lines += stream.lines(f"{self.user}@{self.host}")
        return "".join(f"{line}\r\n" for line in lines)

    def with_streams(self, streams: Iterable[LocalStream]) -> Self:
        """The next version of the description, with these streams."""
        return replace(self, version=self.version + 1, streams=tuple(streams))

    def stating(self, current: Direction) -> Self:
        """The next version, which says in which ways keys are agreed on by now, and asks for nothing."""
        return self.with_streams(
            replace(stream, precondition=replace(stream.precondition, current=current, confirm=None))
            if stream.precondition is not None
            else stream
            for stream in self.streams
        )

    def learning(self, remote: Sequence[RemoteStream]) -> Self:
        """The next version, which takes what the peer says of its keys into account, and asks for what is still open.

        Source: RFC 3312 section 5.
        """
        streams = []
        for media, stream in enumerate(self.streams):
            own, peer = stream.precondition, remote[media].precondition if media < len(remote) else None
            if own is not None and peer is not None:
                known = replace(own, current=either(own.current, peer.current.seen_by_peer), confirm=None)
                own = known if known.is_met else replace(known, confirm=Direction.SENDRECV)
            streams.append(replace(stream, precondition=own))
        return self.with_streams(streams)

    def asking_again(self) -> Self:
        """The next version, for new keys: what is to be agreed on first is open once more. # [5027-3-19]"""
        return self.with_streams(
            replace(stream, precondition=replace(stream.precondition, current=Direction.INACTIVE, confirm=None))
            if stream.precondition is not None
            else stream
            for stream in self.streams
        )

    def answering_again(self, remote: Sequence[RemoteStream]) -> Self:
        """What an offer of new keys is answered with: the way back is open until the offerer has our answer."""
        streams = []
        for media, stream in enumerate(self.streams):
            peer = remote[media].precondition if media < len(remote) else None
            if stream.precondition is not None and peer is not None and not peer.current.sends:
                stream = replace(stream, precondition=peer.answered(Direction.RECVONLY))
            streams.append(stream)
        return replace(self, streams=tuple(streams))

    @property
    def may_ring(self) -> bool:
        """Whether nothing that has to be agreed on first is open."""
        return all(stream.precondition is None or stream.precondition.is_met for stream in self.streams)

    def failing(self) -> Self:
        """The same description, saying that what had to be agreed on first is not to be had."""
        return replace(
            self,
            streams=tuple(
                replace(stream, precondition=stream.precondition.failed()) if stream.precondition else stream
                for stream in self.streams
            ),
        )

    def turned(self, direction: Direction) -> Self:
        """The description with all streams flowing that way."""
        return self.with_streams(replace(stream, direction=direction) for stream in self.streams)

    def with_stream(self, stream: LocalStream) -> Self:
        """The description with one stream more."""
        return self.with_streams((*self.streams, stream))

    def without_stream(self, media: int) -> Self:
        """The description with the m= line of that index at port 0."""
        streams = list(self.streams)
        streams[media] = replace(streams[media], port=0)
        return self.with_streams(streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteStream:
    """One m= line of the peer: where it takes media, None if it doesn't, and which way it flows as the peer sees it.

    Keeps: `precondition`, what the peer wants agreed on before it rings; of a stream that is not secured nothing;
    `ssrc`, what the peer says that it sends under, 0 where it does not.
    """

    kind: str
    address: Address | None
    direction: Direction
    protocol: str
    precondition: SecurityPrecondition | None = None
    ssrc: int = 0

    @classmethod
    def of(cls, line: MediaLine, precondition: SecurityPrecondition | None = None) -> Self:
        """What of an m= line matters for answering it and for sending to it."""
        takes = not line.is_rejected and line.connection is not None and not line.connection.is_unspecified
        return cls(
            kind=line.kind,
            address=Address(line.connection.address, line.port) if takes and line.connection else None,
            direction=line.direction,
            protocol=f"{line.profile} {' '.join(line.formats)}",
            precondition=precondition if line.is_secure else None,  # [5027-3-2]
            ssrc=line.ssrcs[0] if line.ssrcs else 0,
        )

    @property
    def is_usable(self) -> bool:
        """Whether this toolkit's parties can take part in it: its kind and one of its formats are theirs."""
        return (
            self.address is not None
            and self.kind in _FORMATS
            and self.protocol.startswith("RTP/")
            and _FORMATS[self.kind][0] in self.protocol.split()[1:]
        )


def remote_streams(sdp: str) -> tuple[RemoteStream, ...]:
    """The m= lines of a peer's description.

    Raises: DecodeError.
    """
    description = SessionDescription.parse(sdp)
    return tuple(map(RemoteStream.of, media_lines(description), security_preconditions(description)))


def answering_direction(offered: Direction, *, holding: bool) -> Direction:
    """Which way a stream flows for the answerer: what was offered, less what he doesn't take while he holds.

    Source: RFC 3264 section 6.1.
    """
    sends, receives = offered.receives, offered.sends and not holding
    return _BY_FLOW[sends, receives]


_BY_FLOW: Final = {(direction.sends, direction.receives): direction for direction in Direction}

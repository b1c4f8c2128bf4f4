"""How a user agent comes to its own descriptions: the first offer, an answer, and what a change makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.commands import AddMedia, ChangeSsrc, Hold, RemoveMedia, Resume
from mikey_sdp.nodes.config import UserAgentConfig
from mikey_sdp.nodes.leg import Change
from mikey_sdp.nodes.session_body import (
    KINDS,
    MAX_STREAMS,
    LocalStream,
    RemoteStream,
    SessionBody,
    answering_direction,
)
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmt, insert_key_mgmt
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import Direction
from mikey_sdp.sdp.offer_answer import secured
from mikey_sdp.sdp.preconditions import SecurityPrecondition
from mikey_sdp.secret import Entropy


class BodyMaker:
    """Writes the descriptions of one user agent; SSRCs and session ids come from its entropy."""

    def __init__(self, config: UserAgentConfig, entropy: Entropy) -> None:
        self._config: Final = config
        self._entropy: Final = entropy

    def first_offer(self, *, asks: bool = True) -> SessionBody:
        """What a new call offers; only an offer that a caller makes `asks` for preconditions.

        Raises: UsageError for more streams than there are ports, or for a kind of media that nobody here knows.
        """
        strength = self._config.preconditions if asks else None
        wanted = None if strength is None else SecurityPrecondition(send=strength, recv=strength)
        kinds = enumerate(self._config.streams.kinds)
        return self._body([self._stream(media, kind, precondition=wanted) for media, kind in kinds])

    def first_answer(self, offered: Sequence[RemoteStream]) -> SessionBody:
        """What a call that comes in is answered with: each stream taken if its kind is among ours."""
        return self._body([self._answering(media, stream, holding=False) for media, stream in enumerate(offered)])

    def refusing(self, offered: Sequence[RemoteStream]) -> SessionBody:
        """An answer that takes nothing of what is offered."""
        return self._body([LocalStream(kind=one.kind, port=0, ssrc=0, refused_as=one.protocol) for one in offered])

    def next_answer(self, body: SessionBody, offered: Sequence[RemoteStream], *, holding: bool) -> SessionBody:
        """What an offer within the call is answered with: known streams as the offer wants them, new ones if we can."""
        streams = []
        for media, stream in enumerate(offered):
            own = body.streams[media] if media < len(body.streams) else None
            if own is None or (not own.port and stream.is_usable):
                streams.append(self._answering(media, stream, holding=holding))
            elif stream.is_usable:
                direction = answering_direction(stream.direction, holding=holding)
                streams.append(replace(own, direction=direction))
            else:
                streams.append(replace(own, port=0, refused_as=stream.protocol))
        return body.with_streams(streams)

    def changed(self, body: SessionBody, change: Change) -> SessionBody:
        """What a change offers.

        Raises: UsageError for a stream that there is not, or that there is no room for.
        """
        if isinstance(change, Hold):
            return body.turned(Direction.SENDONLY)
        if isinstance(change, Resume):
            return body.turned(Direction.SENDRECV)
        if isinstance(change, AddMedia):
            return body.with_stream(self._stream(len(body.streams), change.kind))
        if isinstance(change, ChangeSsrc):
            streams = list(body.streams)
            streams[change.media] = replace(streams[change.media], ssrc=self._fresh_ssrc())
            return body.with_streams(streams)
        if isinstance(change, RemoveMedia):
            if not 0 <= change.media < len(body.streams):
                raise UsageError(f"there is no m= line {change.media} to remove, the call has {len(body.streams)}")
            return body.without_stream(change.media)
        return body.with_streams(body.streams)

    def _body(self, streams: Sequence[LocalStream]) -> SessionBody:
        return SessionBody(
            user=self._config.name,
            host=self._config.address.host,
            session_id=int.from_bytes(self._entropy(4), "big"),
            streams=tuple(streams),
        )

    def _stream(
        self,
        media: int,
        kind: str,
        direction: Direction = Direction.SENDRECV,
        precondition: SecurityPrecondition | None = None,
        *,
        ssrc: int | None = None,
    ) -> LocalStream:
        if kind not in KINDS:
            raise UsageError(f"no media of the kind {kind!r}; there are: {', '.join(sorted(KINDS))}")
        if media >= MAX_STREAMS:
            raise UsageError(f"a user agent has ports for {MAX_STREAMS} m= lines")
        return LocalStream(
            kind=kind,
            port=self._config.media_port + 2 * media,
            ssrc=self._fresh_ssrc() if ssrc is None else ssrc,
            direction=direction,
            precondition=precondition,
        )

    def _fresh_ssrc(self) -> int:
        return int.from_bytes(self._entropy(4), "big") | 1  # 0 stands for unknown ones

    def _answering(self, media: int, offered: RemoteStream, *, holding: bool) -> LocalStream:
        if media >= MAX_STREAMS or not offered.is_usable or offered.kind not in self._config.streams.kinds:
            return LocalStream(kind=offered.kind, port=0, ssrc=0, refused_as=offered.protocol)
        fixed = self._config.responder_ssrc
        wanted = offered.precondition if self._config.preconditions is not None else None
        return self._stream(
            media,
            offered.kind,
            answering_direction(offered.direction, holding=holding),
            # The answerer can receive whatever the mode; of the way back he waits to hear. # [5027-4-2]
            None if wanted is None or not wanted.is_wanted else wanted.answered(Direction.RECVONLY),
            ssrc=None if fixed is None else fixed + media,
        )


def failure_body(body: SessionBody, mikey_message: bytes) -> bytes:
    """What a refusal carries: our description with the MIKEY Error message that says why. # [4567-4.1.2-7]"""
    described = secured(SessionDescription.parse(str(body)))
    return insert_key_mgmt(described, None, [KeyMgmt(kmpid=MIKEY, data=mikey_message)]).octets


def sdp_octets(sdp: str) -> bytes:
    """A description as a message carries it, octet for octet as it was read."""
    return sdp.encode("utf-8", "surrogateescape")

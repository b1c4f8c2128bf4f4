"""The receiving direction of one m= line: which key a packet is tried with, and whose stream it may belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pylibsrtp import Error

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.srtp.context import InboundContext
from mikey_sdp.srtp.index import estimate
from mikey_sdp.srtp.keyring import KeyRing, MasterKey, NamedKey
from mikey_sdp.srtp.mki import MkiSplice
from mikey_sdp.srtp.refusal import PacketRefused, RefusalKind, most_telling, refused
from mikey_sdp.srtp.rtcp import HEADER_OCTETS, check_rtcp
from mikey_sdp.srtp.rtp import rtp_header_octets, rtp_sequence
from mikey_sdp.srtp.sender import refuse_rollover

_PLAIN_HEADER: Final = 0x80
_SRTCP_INDEX_OCTETS: Final = 4
_Attempt = tuple[NamedKey, bytes]


class _Stream:
    """One SSRC: the contexts of the keys that were tried on it.

    Keeps: `sole`, the context to try without a search, for all packets if `mki` is empty, else for those of that MKI;
    `floor`, how far the stream had come under keys that are forgotten.
    """

    __slots__ = ("contexts", "floor", "mki", "sole", "ssrc")

    def __init__(self, ssrc: bytes = b"", floor: int = 0) -> None:
        self.ssrc = ssrc
        self.contexts: dict[MasterKey, InboundContext] = {}
        self.floor = floor
        self.sole: InboundContext | None = None
        self.mki = b""

    @property
    def highest(self) -> int:
        """The highest packet index that authenticated, under whatever key."""
        return max(self.floor, *[context.highest for context in self.contexts.values()], 0)

    def context(self, master: MasterKey) -> InboundContext:
        """The context of a key, brought up to where the stream stands."""
        context = self.contexts.get(master)
        if context is None:
            context = self.contexts[master] = InboundContext(master)
        if highest := self.highest:
            context.advance(highest, self.ssrc)
        return context


class SrtpReceiver:
    """Unprotects what the other side sends on one m= line.

    An MKI in the packet chooses the key, or the packet's index chooses by validity interval. A stream whose SSRC the
    Data SA doesn't name is bound by the first packet that authenticates; from then on other SSRCs are refused, unless
    `max_ssrcs` allows for more of them. An onlooker who comes late expects a stream that is named from about the index
    `begins_at` on. After a re-key the keys before it stay good until `forget_old`.
    Raises: PeerError with Invalid SPpar (10) when the policy can't be run, or when the stream doesn't start at rollover
    counter 0; UsageError when the Data SAs don't belong together.
    """

    def __init__(self, sas: Sequence[DataSa], *, max_ssrcs: int = 1, begins_at: int = 0) -> None:
        refuse_rollover(sas, (0,))
        self._begins_at = begins_at
        if max_ssrcs < 1:
            raise UsageError("a receiver has to take at least one SSRC")
        self._max_ssrcs = max_ssrcs
        self._streams: dict[bytes, _Stream] = {}
        self._spare = _Stream()
        self._rings: tuple[KeyRing, ...] = ()
        self._install((KeyRing.of(sas),))

    @property
    def ssrcs(self) -> tuple[int, ...]:
        """The SSRCs whose packets are let through, in the order in which they were bound."""
        return tuple(int.from_bytes(ssrc, "big") for ssrc in self._streams)

    @property
    def roc(self) -> int:
        """The rollover counter of the first bound stream, as far as its packets tell."""
        return next((stream.highest >> 16 for stream in self._streams.values()), 0)

    @property
    def holds_old(self) -> bool:
        """Whether packets under the keys before the last re-key are still let through."""
        return len(self._rings) > 1

    def unprotect(self, srtp: bytes) -> bytes:
        """The RTP packet of an SRTP packet.

        Raises: DecodeError for what is no RTP packet, PacketRefused (a PeerError) for a packet to be dropped.
        """
        stream = self._streams.get(srtp[8:12])
        if stream is None or srtp[0] != _PLAIN_HEADER:
            rtp_header_octets(srtp)
        if stream is not None and (context := stream.sole) is not None:
            bare = srtp
            if stream.mki:
                splice = self._splice
                if srtp[splice.name] != stream.mki:
                    return self._try_all(srtp, srtp[8:12], self._attempts, _unprotect)
                bare = srtp[splice.head] + srtp[splice.tail]
            try:
                rtp = context.unprotect(bare)
            except (Error, ValueError) as error:
                if self.holds_old:
                    return self._try_all(srtp, srtp[8:12], self._attempts, _unprotect)
                raise refused(error) from None
            highest = context.highest
            ahead = (srtp[2] << 8 | srtp[3]) - highest & 0xFFFF
            if 0 < ahead < 0x8000:
                context.highest = highest + ahead
            elif ahead:
                context.highest = max(highest, estimate(highest, srtp[2] << 8 | srtp[3]))
            return rtp
        return self._try_all(srtp, srtp[8:12], self._attempts, _unprotect)

    def unprotect_rtcp(self, srtcp: bytes) -> bytes:
        """The compound RTCP packet of an SRTCP packet.

        Raises: as `unprotect`.
        """
        check_rtcp(srtcp)
        return self._try_all(srtcp, srtcp[4:8], self._rtcp_attempts, _unprotect_rtcp)

    def replace(self, sas: Sequence[DataSa], *, keep_old: bool = True) -> None:
        """Take the keys of a re-key first; with `keep_old` the ones in use now stay good until `forget_old`.

        Never more than two generations of keys are held. A key that is given again keeps its replay list.
        Raises: PeerError for keys that can't be used.
        """
        ring = self._next_ring(sas)
        self._install((ring, *self._rings[:1]) if keep_old else (ring,))

    def check(self, sas: Sequence[DataSa]) -> None:
        """Raise what `replace` would raise for these Data SAs, and change nothing."""
        self._next_ring(sas)

    def _next_ring(self, sas: Sequence[DataSa]) -> KeyRing:
        roc = self.roc
        refuse_rollover(sas, (0, roc - 1, roc, roc + 1) if self._streams else (0,))
        return KeyRing.of(sas, (key.master for one in self._rings for key in one.keys))

    def forget_old(self) -> None:
        """Packets under the keys before the last re-key are refused from now on."""
        self._install(self._rings[:1])

    def _install(self, rings: tuple[KeyRing, ...]) -> None:
        self._rings = rings
        self._spare = _Stream()
        newest = rings[0]
        self._splice = newest.splice
        if newest.ssrc:
            named = self._streams.get(newest.ssrc) or _Stream(newest.ssrc, self._begins_at)
            if not self.holds_old and self._max_ssrcs == 1:
                self._streams.clear()
            self._streams[newest.ssrc] = named
        held = {key.master for ring in rings for key in ring.keys}
        for stream in self._streams.values():
            stream.floor = stream.highest
            stream.contexts = {master: context for master, context in stream.contexts.items() if master in held}
            self._settle(stream)

    def _settle(self, stream: _Stream) -> None:
        newest = self._rings[0]
        stream.mki = b""
        stream.sole = stream.context(newest.keys[0].master) if newest.plain else None

    def _stream_of(self, ssrc: bytes) -> _Stream:
        stream = self._streams.get(ssrc)
        if stream is not None:
            return stream
        if len(self._streams) >= self._max_ssrcs:
            raise PacketRefused(RefusalKind.FOREIGN_SSRC, ssrc.hex())
        return self._spare

    def _try_all(
        self,
        octets: bytes,
        ssrc: bytes,
        attempts: Callable[[KeyRing, bytes, _Stream], Iterable[_Attempt]],
        run: Callable[[InboundContext, bytes], bytes],
    ) -> bytes:
        """Try the keys that the packet may be under, the newest first; bind the stream if one opens it."""
        stream = self._stream_of(ssrc)
        refusals: list[PacketRefused] = []
        for ring in self._rings:
            try:
                for key, bare in attempts(ring, octets, stream):
                    try:
                        plain = run(stream.context(key.master), bare)
                    except (Error, ValueError) as error:
                        refusals.append(refused(error))
                        continue
                    self._bind(stream, ssrc)
                    if key.mki and ring is self._rings[0]:
                        stream.sole, stream.mki = stream.contexts[key.master], key.mki
                    return plain
            except PacketRefused as refusal:
                refusals.append(refusal)
        raise most_telling(refusals)

    def _bind(self, stream: _Stream, ssrc: bytes) -> None:
        if stream is not self._spare:
            return
        stream.ssrc = ssrc
        self._streams[ssrc] = stream
        self._spare = _Stream()
        self._settle(stream)

    def _attempts(self, ring: KeyRing, srtp: bytes, stream: _Stream) -> Iterable[_Attempt]:
        if len(srtp) < rtp_header_octets(srtp) + ring.profile.trailer_octets + ring.mki_octets:
            raise PacketRefused(RefusalKind.TOO_SHORT, "no room for the tag and MKI of an SRTP packet")
        if ring.mki_octets:
            return (_by_mki(ring, srtp, ring.splice),)
        key = ring.at(estimate(stream.highest, rtp_sequence(srtp)))
        if key is None:
            raise PacketRefused(RefusalKind.NO_KEY)
        return ((key, srtp),)

    def _rtcp_attempts(self, ring: KeyRing, srtcp: bytes, stream: _Stream) -> Iterable[_Attempt]:
        profile = ring.profile
        tag_octets = max(profile.rtcp_tag_octets, profile.trailer_octets)
        least = HEADER_OCTETS + _SRTCP_INDEX_OCTETS + tag_octets + ring.mki_octets
        if len(srtcp) < least:
            raise PacketRefused(RefusalKind.TOO_SHORT, "no room for the index, tag and MKI of an SRTCP packet")
        if ring.mki_octets:
            return (_by_mki(ring, srtcp, ring.rtcp_splice),)
        return ((key, srtcp) for key in _keys_near(ring, stream.highest))


def _by_mki(ring: KeyRing, octets: bytes, splice: MkiSplice) -> _Attempt:
    mki, bare = splice.split(octets)
    key = ring.by_mki(mki)
    if key is None:
        raise PacketRefused(RefusalKind.UNKNOWN_MKI, mki.hex())
    return key, bare


def _keys_near(ring: KeyRing, index: int) -> Sequence[NamedKey]:
    """The key whose interval holds an index, then its neighbours: an SRTCP packet may overtake the SRTP stream."""
    keys = ring.keys
    here = next((place for place, key in enumerate(keys) if index <= key.last), len(keys) - 1)
    return (keys[here], *keys[max(0, here - 1) : here], *keys[here + 1 : here + 2])


def _unprotect(context: InboundContext, srtp: bytes) -> bytes:
    rtp = context.unprotect(srtp)
    context.highest = max(context.highest, estimate(context.highest, rtp_sequence(srtp)))
    return rtp


def _unprotect_rtcp(context: InboundContext, srtcp: bytes) -> bytes:
    return context.unprotect_rtcp(srtcp)

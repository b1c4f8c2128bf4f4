"""The sending direction of one m= line: which key protects a packet, and when no key may."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from pylibsrtp import Error

from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.context import OutboundContext
from mikey_sdp.srtp.index import MAX_INDEX, estimate
from mikey_sdp.srtp.keyring import KeyRing, MasterKey, NamedKey
from mikey_sdp.srtp.limits import KeyLimits
from mikey_sdp.srtp.mki import MkiSplice
from mikey_sdp.srtp.refusal import not_protected
from mikey_sdp.srtp.rtcp import check_rtcp
from mikey_sdp.srtp.rtp import rtp_header_octets

REMEMBERED_KEYS: Final = 64
_PLAIN_HEADER: Final = 0x80


class SrtpSender:
    """Protects what one party sends on one m= line.

    The SSRC is the one of the Data SA, or else that of the first packet, and stays: two streams under one key would be
    a two-time pad. Of several keys with MKIs the last given one is used, or the one named by `mki`; of keys with
    validity intervals the one whose interval holds the packet's index.
    Keeps: the packet index and the SRTCP index through a re-key; the number of packets under each key.
    Raises: PeerError with Invalid SPpar (10) when the policy can't be run, or when the stream doesn't start at rollover
    counter 0; UsageError when the Data SAs don't belong together.
    """

    def __init__(self, sas: Sequence[DataSa], *, mki: bytes | None = None, limits: KeyLimits | None = None) -> None:
        refuse_rollover(sas, (0,))
        self._limits = limits or KeyLimits()
        self._contexts: dict[MasterKey, OutboundContext] = {}
        self._retired: deque[str] = deque(maxlen=REMEMBERED_KEYS)
        self._highest = 0
        self._rtcp_sent = 0
        self._stream: bytes | None = None
        self._max_packets = self._limits.srtp_packets
        self._rings: tuple[KeyRing, ...] = ()
        self._install(KeyRing.of(sas), mki)

    @property
    def ssrc(self) -> int | None:
        """The SSRC that is bound to this direction, if one is yet."""
        return int.from_bytes(self._stream, "big") if self._stream else None

    @property
    def roc(self) -> int:
        """The rollover counter now, as the HDR of a re-keying I_MESSAGE wants it."""
        return self._highest >> 16

    @property
    def packets(self) -> int:
        """SRTP packets protected under the key in use."""
        return self._context.packets

    @property
    def rekey_due(self) -> bool:
        """Whether the key in use works still but should be replaced. # [3830-9.2-3]"""
        return self._limits.due(self._context.packets, self._context.rtcp_packets)

    def protect(self, rtp: bytes) -> bytes:
        """The SRTP packet for an RTP packet.

        Raises: DecodeError for what is no RTP packet, UsageError for another SSRC, a repeated sequence number or a
        packet that is too long, PolicyRefused when no key may be used for it any more.
        """
        if rtp[8:12] != self._stream or rtp[0] != _PLAIN_HEADER:
            rtp_header_octets(rtp)
            self._bind(rtp[8:12])
        highest = self._highest
        ahead = (rtp[2] << 8 | rtp[3]) - highest & 0xFFFF
        index = highest + ahead if ahead < 0x8000 else estimate(highest, rtp[2] << 8 | rtp[3])
        context = self._context
        if not self._first <= index <= self._last or context.packets >= self._max_packets:
            context = self._turn_to(index)
        try:
            srtp = context.protect(rtp)
        except (Error, ValueError) as error:
            raise not_protected(error, len(rtp)) from None
        context.packets += 1
        if index > highest:
            self._highest = index
        return self._splice.insert(srtp, self._mki) if self._mki else srtp

    def protect_rtcp(self, rtcp: bytes) -> bytes:
        """The SRTCP packet for a compound RTCP packet, under the key that SRTP uses now.

        Raises: as `protect`.
        """
        check_rtcp(rtcp)
        self._bind(rtcp[4:8])
        context = self._context
        if context.rtcp_packets >= self._limits.srtcp_packets:
            raise _exhausted("SRTCP", context.rtcp_packets)
        context.advance_rtcp(self._rtcp_sent, rtcp[4:8])
        try:
            srtcp = context.protect_rtcp(rtcp)
        except (Error, ValueError) as error:
            raise not_protected(error, len(rtcp)) from None
        context.rtcp_packets += 1
        self._rtcp_sent += 1
        return self._rtcp_splice.insert(srtcp, self._mki) if self._mki else srtcp

    def use(self, mki: bytes) -> None:
        """Protect from now on with the key of that MKI.

        Raises: UsageError when there is none.
        """
        key = self._rings[0].by_mki(mki)
        if key is None or not mki:
            raise UsageError(f"no key has the MKI {mki.hex() or '(none)'}")
        self._park()
        self._switch(key)

    def replace(self, sas: Sequence[DataSa], *, mki: bytes | None = None) -> None:
        """Go on under the keys of a re-key. Indexes run on; a key that is given again is taken up where it stands.

        With validity intervals the old keys stay in use until an interval of the new ones begins.
        Raises: PeerError for keys that can't be used, or that were replaced before.
        """
        ring = self._next_ring(sas)
        self._park()
        self._install(ring, mki)

    def move(self, ssrc: int) -> None:
        """Go on as another stream under the same keys, whose indexes begin anew; the SSRC must never have been used.

        How much each key has protected counts on, whatever the SSRC.
        Source: RFC 3550 section 8.2, RFC 3711 section 9.1.
        """
        self._stream = ssrc.to_bytes(4, "big")
        self._highest = self._rtcp_sent = 0
        before, self._contexts = self._contexts, {master: OutboundContext(master) for master in self._contexts}
        for master, context in self._contexts.items():
            context.packets, context.rtcp_packets = before[master].packets, before[master].rtcp_packets
        self._switch((self._key_at(0) or self._rings[0].keys[0]) if self._rings[0].by_interval else self._key)

    def check(self, sas: Sequence[DataSa]) -> None:
        """Raise what `replace` would raise for these Data SAs, and change nothing."""
        self._next_ring(sas)

    def _next_ring(self, sas: Sequence[DataSa]) -> KeyRing:
        refuse_rollover(sas, (0, self.roc - 1, self.roc, self.roc + 1) if self._stream else (0,))
        ring = KeyRing.of(sas, self._contexts)
        if ring.ssrc and self._stream and ring.ssrc != self._stream:
            raise UsageError("a re-key keeps the SSRC; another stream has a sender of its own")
        for key in ring.keys:
            if key.master.key.fingerprint() in self._retired:
                raise PeerError(
                    "a re-key brings back a key that was replaced before",
                    mikey_error=ErrorNo.UNSPECIFIED,
                    section="RFC 3711 section 9.2",
                )
        return ring

    def _install(self, ring: KeyRing, mki: bytes | None) -> None:
        chosen = ring.keys[-1] if mki is None else ring.by_mki(mki)
        if chosen is None:
            raise UsageError("no key has the MKI that was asked for")
        self._rings = (ring, *self._rings[:1]) if ring.by_interval else (ring,)
        kept = {key.master for one in self._rings for key in one.keys}
        self._retired.extend(master.key.fingerprint() for master in self._contexts if master not in kept)
        self._contexts = {
            master: self._contexts.get(master) or OutboundContext(master)
            for one in self._rings
            for master in (key.master for key in one.keys)
        }
        self._stream = self._stream or ring.ssrc or None
        if ring.by_interval:
            chosen = self._key_at(self._highest) or ring.keys[0]
        self._switch(chosen)

    def _park(self) -> None:
        """Note where the key in use stands, in case it is taken up again."""
        self._context.highest = self._highest

    def _switch(self, key: NamedKey) -> None:
        """Make a key the one in use, and bring it up to where the stream stands."""
        context = self._contexts[key.master]
        if self._stream:
            context.advance(self._highest, self._stream)
        self._key, self._context = key, context
        newest = self._rings[0]
        self._first = key.first
        self._last = key.last if key in newest.keys else min(key.last, newest.keys[0].first - 1)
        self._mki = key.mki
        profile = key.master.profile
        self._splice = MkiSplice(len(key.mki), profile.tag_octets)
        self._rtcp_splice = MkiSplice(len(key.mki), profile.rtcp_tag_octets)

    def _key_at(self, index: int) -> NamedKey | None:
        """The key for a packet index; where the newest keys have intervals, those before them hold until the first."""
        newest, *before = self._rings
        if before and index < newest.keys[0].first:
            return before[0].at(index)
        return newest.at(index)

    def _turn_to(self, index: int) -> OutboundContext:
        """Find a key for an index that the key in use must not protect."""
        key = self._key_at(index) if index <= MAX_INDEX else None
        if key is None:
            raise PolicyRefused("key validity", "no key is valid for this packet index", facts={"index": index})
        if key is not self._key and self._rings[0].by_interval:
            self._park()
            self._switch(key)
        if self._context.packets >= self._max_packets:
            raise _exhausted("SRTP", self._context.packets)
        return self._context

    def _bind(self, ssrc: bytes) -> None:
        if self._stream is None:
            self._stream = ssrc
        if ssrc != self._stream:
            raise UsageError(
                f"this direction is bound to SSRC {self._stream.hex()}; a packet of SSRC {ssrc.hex()} under its keys "
                "could be a two-time pad"
            )


def refuse_rollover(sas: Sequence[DataSa], known: Sequence[int]) -> None:
    """Refuse Data SAs of a stream that runs already at a rollover counter that we don't know from the stream itself."""
    for sa in sas:
        if sa.roc not in known:
            raise PeerError(
                f"crypto session {sa.cs_id} starts at rollover counter {sa.roc}; only a stream that starts at 0 can be "
                "joined",
                mikey_error=ErrorNo.INVALID_SPPAR,
                section="RFC 3830 section 6.1.1",
            )


def _exhausted(what: str, packets: int) -> PolicyRefused:
    return PolicyRefused(
        "key lifetime",
        f"the key has protected as many {what} packets as it may; a re-key is needed",
        facts={"packets": packets},
    )

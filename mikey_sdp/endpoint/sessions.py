"""The SRTP sessions of one call leg, the keys they run under, and what keys must be like to be run at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.keyring import MAX_KEYS, KeyRing
from mikey_sdp.srtp.sender import refuse_rollover
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession

MAX_MOVES: Final = 64
"""How often the streams of a call may change their SSRCs."""
_NOT_BEGUN: Final = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaKeys:
    """The Data SAs of one m= line: what we send under and what we receive under, one each a key.

    Keeps: `csb_id` of the CSB that they come from.
    """

    csb_id: int
    send: tuple[DataSa, ...]
    receive: tuple[DataSa, ...]

    @property
    def initiated(self) -> bool:
        """Whether we are the Initiator of the CSB, who sends the odd crypto sessions."""
        return self.send[0].cs_id % 2 == 1

    def moved(self, *, sent: int | None, received: int | None) -> MediaKeys:
        """The same keys for streams of other SSRCs; None leaves one as it is."""
        return replace(self, send=_with_ssrc(self.send, sent), receive=_with_ssrc(self.receive, received))

    def shares_a_key_with(self, other: MediaKeys) -> bool:
        """Whether a master key of ours is one of the others' in the same direction."""
        pairs = ((self.send, other.send), (self.receive, other.receive))
        return any(one.master_key == two.master_key for ours, theirs in pairs for one in ours for two in theirs)


def _with_ssrc(sas: tuple[DataSa, ...], ssrc: int | None) -> tuple[DataSa, ...]:
    return sas if ssrc is None else tuple(replace(sa, ssrc=ssrc, roc=0) for sa in sas)


class LiveSessions:
    """SRTP sessions by m= line: made when first asked for, the same objects through re-keys.

    A line that is switched off keeps its session. Switched on again it goes on where it stopped as long as a key is the
    same, for to start over would use packet indexes twice; under other keys it starts afresh.
    Keeps: what each line in use receives under and sends under, two things between an answer and its confirmation; what
    lines that are off received under last.
    """

    def __init__(self) -> None:
        self._running: dict[int, SrtpSession] = {}
        self._receiving: dict[int, MediaKeys] = {}
        self._sending: dict[int, MediaKeys] = {}
        self._off: dict[int, MediaKeys] = {}
        self._left: set[tuple[int, int]] = set()
        self._over = False

    def of(self, media: int, keys: MediaKeys) -> SrtpSession:
        """The session of an m= line, made under the line's keys of now, or these where it has none yet.

        Raises: PeerError for keys that can't be run, UsageError when the call is over.
        """
        if self._over:
            raise UsageError("the call is over and its keys are forgotten")
        session = self._running.get(media)
        if session is None:
            receiving = self._receiving.setdefault(media, keys)
            sending = self._sending.setdefault(media, receiving)
            session = SrtpSession(SrtpSender(sending.send), SrtpReceiver(sending.receive))
            if receiving != sending:
                session.send.check(receiving.send)
                session.receive.replace(receiving.receive)
            self._running[media] = session
        return session

    def rollover(self, media: int) -> tuple[int, int] | None:
        """The rollover counters of what we send and receive on an m= line; None where nothing runs."""
        session = self._running.get(media) if media in self._receiving else None
        return (session.send.roc, session.receive.roc) if session else None

    def check(self, keys: Mapping[int, MediaKeys]) -> None:
        """Look for what keeps running sessions from going over to these keys, and change nothing.

        Raises: PeerError.
        """
        for media, new in keys.items():
            session, before = self._running.get(media), self._before(media, new)
            if session is None or before is None or before == new:
                continue
            if session.send.ssrc and new.send[0].ssrc not in (0, session.send.ssrc):
                raise PeerError(
                    f"the SSRC of our stream on m= line {media + 1} can't be changed to {new.send[0].ssrc:08x}",
                    mikey_error=ErrorNo.UNSPECIFIED,
                    section="RFC 3830 section 6.1.1",
                )
            session.send.check(new.send)
            session.receive.check(new.receive)

    def receive_under(self, keys: Mapping[int, MediaKeys]) -> None:
        """These are the lines in use, and their keys: receive under them at once, beside those before.

        Keys that came last and were never confirmed are forgotten: the peer sends under those before them.
        """
        for media in self._receiving.keys() - keys.keys():
            self._off[media] = self._receiving.pop(media)
            del self._sending[media]
        for media, new in keys.items():
            before = self._before(media, new)
            if before is None:
                self._running.pop(media, None)
                before = new
            self._off.pop(media, None)
            confirmed = self._sending.setdefault(media, before)
            session = self._running.get(media)
            if session is not None and before != new:
                if before != confirmed:
                    session.receive.replace(confirmed.receive, keep_old=False)
                session.receive.replace(new.receive)
            self._receiving[media] = new

    def send_as_received(self) -> None:
        """The peer has the keys too: send under what we receive under."""
        for media, keys in self._receiving.items():
            if media in self._running and self._sending[media] != keys:
                self._running[media].send.replace(keys.send)
            self._sending[media] = keys

    def move(self, media: int, *, sent: int | None, received: int | None) -> None:
        """A stream of an m= line goes on under another SSRC, ours (`sent`) or the peer's (`received`), with its keys.

        Raises: PeerError for an SSRC that the line has left before, whose packet indexes were used, or where the line
        changes without end.
        """
        now = self._receiving[media]
        gone = {(media, sa.ssrc) for sa in (*(now.send if sent else ()), *(now.receive if received else ()))}
        if (media, sent or received) in self._left or len(self._left) >= MAX_MOVES:
            raise PeerError(
                f"the stream of m= line {media + 1} can't go on as SSRC {sent or received or 0:08x}",
                mikey_error=None,
                section="RFC 3711 section 9.1",
            )
        self._left |= gone
        for held in (self._receiving, self._sending):
            held[media] = held[media].moved(sent=sent, received=received)
        session = self._running.get(media)
        if session is not None and sent is not None:
            session.send.move(sent)
        if session is not None and received is not None:
            session.receive.replace(self._receiving[media].receive)

    def close(self) -> None:
        """Forget every session; none is made any more, since it would start over under keys that were used."""
        for held in (self._running, self._receiving, self._sending, self._off):
            held.clear()
        self._over = True

    def _before(self, media: int, new: MediaKeys) -> MediaKeys | None:
        """The keys from which a line goes on to new ones; None where it starts afresh."""
        off = self._off.get(media)
        if off is not None and off.shares_a_key_with(new):
            return off
        return self._receiving.get(media)


def check_runnable(bundle: Bundle, cs_ids: Iterable[int], *, begun: bool) -> None:
    """Look for what keeps crypto sessions from being run, before their exchange is answered.

    Streams that have not `begun` here must start at rollover counter 0.
    Raises: PeerError with Invalid SPpar (10) or Unspecified error (12).
    """
    seen: set[tuple[int, int]] = set()
    for cs_id in cs_ids:
        entry = bundle.sessions[cs_id - 1]
        if (entry.policy_no, entry.roc) in seen:  # the keys are the same kind for all
            continue
        seen.add((entry.policy_no, entry.roc))
        sas = bundle.data_sas(cs_id)
        if len(sas) > MAX_KEYS:
            raise PeerError(
                f"a stream has {len(sas)} keys; {MAX_KEYS} are the most",
                mikey_error=ErrorNo.UNSPECIFIED,
                section="RFC 3830 appendix A.1",
            )
        KeyRing.of(sas)
        if not begun:
            refuse_rollover(sas, _NOT_BEGUN)

"""The SRTP sessions of one call leg, and what an exchange must give for them to go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mikey_sdp.endpoint.media_keys import MediaKeys
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.keyring import MAX_KEYS, KeyRing
from mikey_sdp.srtp.sender import refuse_rollover
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession

_UNUSED: Final = (0,)


class LiveSessions:
    """SRTP sessions by m= line: made when first asked for, the same objects through re-keys.

    A line that is switched off keeps its session. Switched on again under the same keys it goes on where it stopped, for
    to start over would use packet indexes twice; under other keys it starts afresh.
    Keeps: what each line in use receives under and sends under, two things between an answer and its confirmation; what
    lines that are off last received under.
    """

    def __init__(self) -> None:
        self._running: dict[int, SrtpSession] = {}
        self._receiving: dict[int, MediaKeys] = {}
        self._sending: dict[int, MediaKeys] = {}
        self._off: dict[int, MediaKeys] = {}
        self._over = False

    def of(self, media: int, keys: MediaKeys) -> SrtpSession:
        """The session of an m= line, made under the keys in use now, or else under these.

        Raises: PeerError for keys that can't be run, UsageError when the call is over.
        """
        if self._over:
            raise UsageError("the call is over, and its keys are forgotten")
        session = self._running.get(media)
        if session is None:
            receiving = self._receiving.setdefault(media, keys)
            sending = self._sending.setdefault(media, receiving)
            session = SrtpSession(SrtpSender(sending.send), SrtpReceiver(sending.receive))
            if receiving != sending:
                session.receive.replace(receiving.receive)
            self._running[media] = session
        return session

    def rollover(self, media: int) -> tuple[int, int] | None:
        """The rollover counters of what we send and receive on an m= line; None before anything runs there."""
        session = self._running.get(media) if media in self._receiving else None
        return (session.send.roc, session.receive.roc) if session else None

    def check(self, keys: Mapping[int, MediaKeys]) -> None:
        """Look for what keeps running sessions from going over to these keys, and change nothing.

        Raises: PeerError.
        """
        for media, new in keys.items():
            session = self._running.get(media)
            if session is None or new == self._receiving.get(media, new):
                continue
            if session.send.ssrc and new.send[0].ssrc not in (0, session.send.ssrc):
                raise PeerError(
                    f"the message gives our stream of m= line {media + 1} another SSRC",
                    mikey_error=ErrorNo.UNSPECIFIED,
                    section="RFC 3830 section 6.1.1",
                )
            session.send.check(new.send)
            session.receive.check(new.receive)

    def receive_under(self, keys: Mapping[int, MediaKeys]) -> None:
        """These are the lines in use and their keys: receive under them at once, beside those before.

        Keys before that were never confirmed go: the peer doesn't send under them.
        """
        for media in self._receiving.keys() - keys.keys():
            self._off[media] = self._receiving.pop(media)
            del self._sending[media]
        for media, new in keys.items():
            if self._off.pop(media, new) != new:
                del self._running[media]
            old = self._receiving.get(media, new)
            session = self._running.get(media)
            if session is not None and old != new:
                if old != self._sending[media]:
                    session.receive.replace(self._sending[media].receive, keep_old=False)
                session.receive.replace(new.receive)
            self._receiving[media] = new
            self._sending.setdefault(media, new)

    def send_as_received(self) -> None:
        """The peer has the keys too: send under what we receive under."""
        for media, keys in self._receiving.items():
            if media in self._running and self._sending[media] != keys:
                self._running[media].send.replace(keys.send)
            self._sending[media] = keys

    def close(self) -> None:
        """Forget every session; none is made any more, since it would start over under keys that were used."""
        for held in (self._running, self._receiving, self._sending, self._off):
            held.clear()
        self._over = True


def check_runnable(bundle: Bundle, cs_ids: Iterable[int], *, fresh: bool) -> None:
    """Look for what keeps these crypto sessions from being run, before the exchange is answered.

    `fresh` says that their streams have not begun here, so that they have to start at rollover counter 0.
    Raises: PeerError with Invalid SPpar (10) or Unspecified error (12).
    """
    seen: set[tuple[int, int]] = set()
    for cs_id in cs_ids:
        entry = bundle.sessions[cs_id - 1]
        if (entry.policy_no, entry.roc) in seen:  # keys are the same for all
            continue
        seen.add((entry.policy_no, entry.roc))
        sas = bundle.data_sas(cs_id)
        if len(sas) > MAX_KEYS:
            raise PeerError(
                f"{len(sas)} keys for one stream; {MAX_KEYS} are the most",
                mikey_error=ErrorNo.UNSPECIFIED,
                section="RFC 3830 appendix A.1",
            )
        KeyRing.of(sas)
        if fresh:
            refuse_rollover(sas, _UNUSED)

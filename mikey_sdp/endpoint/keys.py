"""The keys that a call has at one end, per m= line and direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mikey_sdp.endpoint.sessions import LiveSessions, MediaKeys
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.acceptance import Tolerance
from mikey_sdp.mikey.advice import advice_on
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.sdp.offer_answer import KeyedLevel
from mikey_sdp.srtp.session import SrtpSession

if TYPE_CHECKING:
    from mikey_sdp.endpoint.leg import CallLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedMedia:
    """A CSB, what it keys, and which end of it we are."""

    keyed: KeyedLevel
    bundle: Bundle
    initiated: bool

    def of(self, media: int) -> MediaKeys:
        """The keys of one m= line. The Initiator sends the odd crypto session of the pair."""
        pair = self.keyed.cs_pair(media)
        ours, theirs = (pair.initiator, pair.responder) if self.initiated else (pair.responder, pair.initiator)
        bundle = self.bundle
        return MediaKeys(csb_id=bundle.csb_id, send=bundle.data_sas(ours), receive=bundle.data_sas(theirs))


class KeySet:
    """What an exchange gave: mode, authenticated peer and the keys of every m= line that is in use.

    Keeps: `media`, by the index of the m= line; `csb_ids`, those of the CSBs behind it # [4567-7.1-5]; `peer`, the
    identity that was authenticated (in NULL mode only claimed); `advice`, what is allowed in it and unwise;
    `tolerated`, the departures from the standards that the peer's messages were forgiven (`Options.profile`); `leg`,
    the call leg that goes on with these keys, None for keys that were offered and not answered yet; `further_round`,
    whether it is our turn to make another offer at once (DHSAML), without which the exchange is not over; `live`, False
    while the peer's part may be made or repeated by anybody (DHSAML), which only a further round of his shows to be
    otherwise; `sessions`, what runs or
    will run under these keys.
    """

    def __init__(
        self,
        parts: Iterable[KeyedMedia],
        *,
        in_use: Iterable[int],
        mode: Mode,
        peer: str,
        sessions: LiveSessions,
        leg: CallLeg | None = None,
        tolerated: Iterable[Tolerance] = (),
    ) -> None:
        parts = tuple(parts)
        used = frozenset(in_use)
        self.mode = mode
        self.peer = peer
        self.leg = leg
        self.tolerated = tuple(dict.fromkeys(tolerated))
        self.advice = tuple(dict.fromkeys(text for part in parts for text in advice_on(part.bundle)))
        self.csb_ids = tuple(part.bundle.csb_id for part in parts)
        initiated = [part.initiated for part in parts if part.bundle.continuation is not None]
        self.further_round = any(initiated)
        self.live = not any(part.bundle.unproved for part in parts)
        self.media: Mapping[int, MediaKeys] = {
            media: part.of(media) for part in parts for media in part.keyed.media if media in used
        }
        self.sessions = sessions

    def __repr__(self) -> str:
        csbs = ", ".join(f"{csb_id:08x}" for csb_id in self.csb_ids)
        return f"KeySet(mode={self.mode}, peer={self.peer!r}, CSB {csbs}, m= lines {sorted(self.media)})"

    def session(self, media: int) -> SrtpSession:
        """The live SRTP session of an m= line: the same object through re-keys of the call.

        Raises: UsageError for a line that has no keys, or when the call is over; PeerError for a stream that runs
        already and can't be joined.
        """
        if media not in self.media:
            raise UsageError(f"m= line {media + 1} has no keys; those of lines {sorted(self.media)} are there")
        return self.sessions.of(media, self.media[media])

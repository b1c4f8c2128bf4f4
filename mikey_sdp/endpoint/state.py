"""What one leg of a call remembers between offers: the CSBs, and the MIKEY messages that stand in its bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.keys import KeyedMedia, KeySet
from mikey_sdp.endpoint.sessions import LiveSessions
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL, Expectations
from mikey_sdp.mikey.acceptance import Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.sdp.lines import Level
from mikey_sdp.sdp.offer_answer import KeyedLevel, LevelChoice
from mikey_sdp.sdp.protocols import OfferedProtocol

if TYPE_CHECKING:
    from mikey_sdp.endpoint.leg import CallLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelState:
    """One CSB of a leg, with the messages by which it came about.

    Keeps: `peer`, the identity that the exchange proved; `sent` and `received`, the last MIKEY messages of this level
    in our bodies and in the peer's: an offer that repeats one of them changes no key and is no replay;
    `tolerated`, what the last of the peer's messages was forgiven.
    """

    keyed: KeyedLevel
    bundle: Bundle
    initiated: bool
    mode: Mode
    peer: str
    sent: bytes | None = field(repr=False)
    received: bytes | None = field(repr=False)
    tolerated: tuple[Tolerance, ...] = ()

    def repeats(self, data: bytes) -> bool:
        """Whether octets in the peer's body are what stood there before."""
        return data in (self.received, self.sent)

    @property
    def standing(self) -> bytes:
        """What our offers carry while no key changes: our last message, or the peer's where we never had one."""
        return self.sent if self.sent is not None else self.received or b""

    def over(self, keyed: KeyedLevel) -> Self:
        """The same CSB over the m= lines of a newer body."""
        return replace(self, keyed=keyed)


@dataclass(slots=True, kw_only=True)
class LegState:
    """One leg: the peer, the CSBs by level and the SRTP sessions by m= line.

    Keeps: `srtp`, the policy that our offers ask for; `names_peer`, whether our messages say whom they are for
    (announcements don't); `retired`, peer and CSB ID of CSBs to close once the peer has confirmed; `expects`, what is
    to be expected of the call; `holder`, what tells the CSBs of this leg from those of other branches of the same call;
    `group_keys`, by CSB ID what a further round of ours gives to a group.
    """

    core: Core
    peer: str
    secure_carrier: bool
    choice: LevelChoice
    others: tuple[OfferedProtocol, ...]
    srtp: SrtpParameters
    names_peer: bool = True
    found: Callable[[LegState], CallLeg]
    levels: dict[Level, LevelState] = field(default_factory=dict)
    sessions: LiveSessions = field(default_factory=LiveSessions)
    retired: set[tuple[str, int]] = field(default_factory=set)
    expects: Expectations = NOTHING_SPECIAL
    in_use: tuple[int, ...] = ()
    group_keys: dict[int, tuple[tuple[KeyData, ...], bytes]] = field(default_factory=dict, repr=False)
    holder: object = field(default_factory=object)

    @property
    def apart(self) -> frozenset[int]:
        """The m= lines that have a CSB of their own."""
        return frozenset(level for level in self.levels if level is not None)

    def install(self, levels: Mapping[Level, LevelState], in_use: Iterable[int], *, send_now: bool) -> KeySet:
        """Go on with these CSBs: receive under their keys at once, send under them at once or after `confirm`.

        A CSB that none of them is any more is closed at `confirm`.
        Raises: PeerError for keys that a running stream can't go on under; nothing has changed then.
        """
        keys = self._key_set(levels, in_use)
        self.sessions.check(keys.media)
        self.retired |= self._names_of(self.levels)
        self.retired -= self._names_of(levels)
        for state in levels.values():
            self.core.bundles.put(state.peer, state.bundle, holder=self.holder)
        self.peer = keys.peer
        self.levels = dict(levels)
        self.choice = "session" if None in levels else "media"
        self.in_use = tuple(keys.media)
        self.sessions.receive_under(keys.media)
        if send_now:
            self.confirm()
        return keys

    def move(self, media: int, *, sent: int | None = None, received: int | None = None) -> None:
        """A stream has another SSRC from now on: in the map of its CSB, which later updates repeat, and in SRTP.

        Raises: PeerError.
        Source: RFC 3830 section 6.1.1, RFC 3550 section 8.2.
        """
        self.sessions.move(media, sent=sent, received=received)
        for level, state in self.levels.items():
            if media not in state.keyed.media:
                continue
            pair, entries = state.keyed.cs_pair(media), list(state.bundle.sessions)
            ours, theirs = pair if state.initiated else reversed(pair)
            for cs_id, ssrc in ((ours, sent), (theirs, received)):
                if ssrc is not None:
                    entries[cs_id - 1] = replace(entries[cs_id - 1], ssrc=ssrc, roc=0)
            bundle = replace(state.bundle, sessions=tuple(entries))
            self.levels[level] = replace(state, bundle=bundle)
            self.core.bundles.put(state.peer, bundle, holder=self.holder)

    def confirm(self) -> None:
        """The peer has the new keys too: send under them, and close CSBs that were replaced."""
        self.sessions.send_as_received()
        self._close(self.retired)
        self.retired.clear()

    def close(self) -> None:
        """Forget every key of the leg."""
        self._close(self._names_of(self.levels) | self.retired)
        self.levels.clear()
        self.sessions.close()
        self.retired.clear()
        self.in_use = ()

    def key_set(self) -> KeySet:
        """The keys in use as the application sees them."""
        return self._key_set(self.levels, self.in_use)

    def _key_set(self, levels: Mapping[Level, LevelState], in_use: Iterable[int]) -> KeySet:
        states = tuple(levels.values())
        return KeySet(
            (KeyedMedia(keyed=s.keyed, bundle=s.bundle, initiated=s.initiated) for s in states),
            in_use=in_use,
            mode=states[0].mode,
            peer=states[0].peer,
            sessions=self.sessions,
            leg=self.found(self),
            tolerated=[tolerance for state in states for tolerance in state.tolerated],
        )

    def _names_of(self, levels: Mapping[Level, LevelState]) -> set[tuple[str, int]]:
        return {(canonical_identity(state.peer), state.bundle.csb_id) for state in levels.values()}

    def _close(self, names: Iterable[tuple[str, int]]) -> None:
        for peer, csb_id in names:
            self.core.bundles.close(peer, csb_id, holder=self.holder)

"""What one leg of a call remembers between offers: the CSBs, and the MIKEY messages that stand in its bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.keys import KeyedMedia, KeySet, MediaKeys
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.sdp.lines import Level
from mikey_sdp.sdp.offer_answer import KeyedLevel, LevelChoice
from mikey_sdp.sdp.protocols import OfferedProtocol
from mikey_sdp.srtp.session import SrtpSession

if TYPE_CHECKING:
    from mikey_sdp.endpoint.leg import CallLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelState:
    """One CSB of a leg, with the messages by which it came about.

    Keeps: `peer`, the identity that the exchange proved; `sent` and `received`, the last MIKEY messages of this level
    in our bodies and in the peer's: an offer that repeats one of them changes no key and is no replay.
    """

    keyed: KeyedLevel
    bundle: Bundle
    initiated: bool
    mode: Mode
    peer: str
    sent: bytes | None = field(repr=False)
    received: bytes | None = field(repr=False)

    def repeats(self, data: bytes) -> bool:
        """Whether octets in the peer's body are what stood there before."""
        return data in (self.received, self.sent)

    @property
    def standing(self) -> bytes:
        """What our bodies carry while no key changes: our last message, or the peer's where we never had one."""
        return self.sent if self.sent is not None else self.received or b""

    def over(self, keyed: KeyedLevel) -> Self:
        """The same CSB over the m= lines of a newer body."""
        return replace(self, keyed=keyed)


@dataclass(slots=True, kw_only=True)
class LegState:
    """One leg: the peer, the CSBs by level and the SRTP sessions by m= line.

    Keeps: `pending`, the keys to send under once the peer has confirmed, by m= line; `names_peer`, whether our messages
    say whom they are for (announcements don't).
    """

    core: Core
    peer: str
    secure_carrier: bool
    choice: LevelChoice
    others: tuple[OfferedProtocol, ...]
    names_peer: bool = True
    found: Callable[[LegState], CallLeg]
    levels: dict[Level, LevelState] = field(default_factory=dict)
    sessions: dict[int, SrtpSession] = field(default_factory=dict)
    pending: dict[int, MediaKeys] = field(default_factory=dict)
    retired: set[int] = field(default_factory=set)
    in_use: tuple[int, ...] = ()

    @property
    def apart(self) -> frozenset[int]:
        """The m= lines that have a CSB of their own."""
        return frozenset(level for level in self.levels if level is not None)

    def rollover(self, media: int) -> tuple[int, int] | None:
        """The rollover counters of what we send and receive on an m= line; None before anything runs there."""
        session = self.sessions.get(media)
        return (session.send.roc, session.receive.roc) if session else None

    def install(self, levels: Mapping[Level, LevelState], in_use: Iterable[int], *, send_now: bool) -> None:
        """Go on with these CSBs: receive under their keys at once, send under them at once or after `confirm`.

        A CSB that none of them is any more is closed at `confirm`.
        """
        self.peer = next(state.peer for state in levels.values())
        for state in levels.values():
            self.core.bundles.put(self.peer, state.bundle)
        now = {state.bundle.csb_id for state in levels.values()}
        self.retired |= {state.bundle.csb_id for state in self.levels.values()} - now
        changed = {level for level, state in levels.items() if self._keys_changed(level, state)}
        self.levels = dict(levels)
        self.choice = "session" if None in levels else "media"
        self.in_use = tuple(in_use)
        for level in changed:
            self._rekey_sessions(self.levels[level])
        if send_now:
            self.confirm()

    def confirm(self) -> None:
        """The peer has the new keys too: send under them, and close CSBs that were replaced."""
        for media, keys in self.pending.items():
            self.sessions[media].send.replace(keys.send)
        self.pending.clear()
        for csb_id in self.retired:
            self.core.bundles.close(self.peer, csb_id)
        self.retired.clear()

    def close(self) -> None:
        """Forget every key of the leg."""
        for state in self.levels.values():
            self.core.bundles.close(self.peer, state.bundle.csb_id)
        for csb_id in self.retired:
            self.core.bundles.close(self.peer, csb_id)
        self.levels.clear()
        self.sessions.clear()
        self.pending.clear()
        self.retired.clear()
        self.in_use = ()

    def key_set(self) -> KeySet:
        """The keys in use as the application sees them."""
        states = tuple(self.levels.values())
        return KeySet(
            (KeyedMedia(keyed=s.keyed, bundle=s.bundle, initiated=s.initiated) for s in states),
            in_use=self.in_use,
            mode=states[0].mode,
            peer=self.peer,
            sessions=self.sessions,
            leg=self.found(self),
        )

    def _keys_changed(self, level: Level, state: LevelState) -> bool:
        before = self.levels.get(level)
        return before is not None and (
            before.bundle.csb_id != state.bundle.csb_id or before.bundle.generation != state.bundle.generation
        )

    def _rekey_sessions(self, state: LevelState) -> None:
        keyed = KeyedMedia(keyed=state.keyed, bundle=state.bundle, initiated=state.initiated)
        for media in state.keyed.media:
            session = self.sessions.get(media)
            if session is not None:
                keys = keyed.of(media)
                session.receive.replace(keys.receive, keep_old=True)
                self.pending[media] = keys

"""How much work strangers and peers may make: a bound on the signatures that are verified, at either end.

A message that is refused here cost a look at its claimed sender, and is told nothing.
Source: RFC 3830 sections 5.3 and 9.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.credentials import canonical_identity

SECTION: Final = "RFC 3830 section 9.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many signed messages one end looks at.

    Keeps: `per_peer`, those in the name of one peer; `strangers`, those in names that have not proved themselves yet,
    all together; both at once or within `window_us`, and as many in each window after it; `known_peers`, how many
    peers that did prove themselves are remembered; `answers`, how many answers to one message of ours are verified,
    forks included.
    Units: `window_us` microseconds. With the defaults strangers can take less than two seconds of RSA-2048 a minute.
    Raises: UsageError for a number below 1.
    """

    per_peer: int = 4096
    strangers: int = 8192
    window_us: int = 60_000_000
    known_peers: int = 4096
    answers: int = 256

    def __post_init__(self) -> None:
        numbers = (self.per_peer, self.strangers, self.window_us, self.known_peers, self.answers)
        if min(numbers) < 1 or self.window_us < max(self.per_peer, self.strangers):
            raise UsageError("limits are at least 1, and a window has a microsecond for each message")


DEFAULT_LIMITS: Final = Limits()


class SignatureQuota:
    """Counts the signed messages that one Responder looks at, by the name in which they come.

    A name is only claimed at this point, so whoever sends in it uses up its share; that of peers who have proved
    themselves is apart from what strangers share, so that made-up names can't lock them out.
    Keeps: for each name the moment at which all that it used is earned back: `known_peers` and twice `strangers` names
    at the most.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._last: NtpTime | None = None
        self._elapsed_us = 0
        self._known: dict[str, int] = {}
        self._claimed: dict[str, int] = {}
        self._strangers = 0

    def __len__(self) -> int:
        return len(self._known) + len(self._claimed)

    def spend(self, peer: str, now: NtpTime) -> None:
        """Take one verification from the share of that name, before it is made. # [3830-5.3-1]

        Strangers without a name share what all strangers have.
        Raises: PeerError without an Error no where the share is used up.
        """
        limits, moment, name = self._limits, self._moment(now), canonical_identity(peer)
        if name in self._known:
            self._known[name] = self._used(self._known[name], moment, limits.per_peer, peer)
            return
        used = self._used(self._claimed.get(name, moment), moment, limits.per_peer, peer) if name else moment
        self._strangers = self._used(self._strangers, moment, limits.strangers, "strangers")
        if name:
            self._make_room(moment)
            self._claimed[name] = used

    def proved(self, peer: str, now: NtpTime) -> None:
        """A signature in that name held: from now on it has a share of its own."""
        name = canonical_identity(peer)
        used = self._claimed.pop(name, self._moment(now))
        self._known[name] = self._known.pop(name, used)  # the last to prove himself is the last to be forgotten
        if len(self._known) > self._limits.known_peers:
            del self._known[next(iter(self._known))]

    def _used(self, earned_back: int, moment: int, limit: int, who: str) -> int:
        """One more taken from a share that would be earned back by then."""
        window = self._limits.window_us
        taken = max(earned_back, moment) + window // limit
        if taken > moment + window:
            raise PeerError(f"too many signed messages from {who}", mikey_error=None, section=SECTION)
        return taken

    def _moment(self, now: NtpTime) -> int:
        """Microseconds since the first message that was counted; a clock that is set back stands still for once."""
        if self._last is not None:
            self._elapsed_us += max(0, now.since_us(self._last))
        self._last = now
        return self._elapsed_us

    def _make_room(self, moment: int) -> None:
        if len(self._claimed) >= 2 * self._limits.strangers:
            self._claimed = {name: back for name, back in self._claimed.items() if back > moment}


class AnswerQuota:
    """Counts the answers to one message of ours whose signatures were verified."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.answers

    def spend(self) -> None:
        """Take one, before the answer costs more than its reading.

        Raises: PeerError without an Error no after the last.
        """
        if not self._left:
            raise PeerError("too many answers to one message", mikey_error=None, section=SECTION)
        self._left -= 1

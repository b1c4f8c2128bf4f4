"""The branches that a proxy forks a request into, and the response that comes of them all.

Source: RFC 3261 sections 16.6 to 16.10.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.proxy_config import Destination, Forking
from mikey_sdp.sip import ClientTransaction, Hop, Request, Response, Uri, by_preference, q_of

MAX_BRANCHES: Final = 1_000
"""How many branches one request may have; redirections that are followed could go on for ever."""
_CHALLENGES: Final = (401, 407, 415, 420, 484)
"""The refusals that tell a caller what to change, preferred among the 4xx (section 16.7 step 6)."""


@dataclass(slots=True, eq=False, kw_only=True)
class Branch:
    """One place to which a request was passed on.

    Keeps: `rings`, whether something came back; `cancelled`, whether we take it back; `overdue`, whether that is for
    ringing too long, so that nobody waits for its end; `done`, whether it is over.
    """

    uri: Uri
    request: Request
    hop: Hop
    transaction: ClientTransaction
    rings: bool = False
    cancelled: bool = False
    overdue: bool = False
    done: bool = False


@dataclass(slots=True, kw_only=True)
class Fork:
    """How far the branches of one request have come.

    Keeps: `branches`, by the number of their transaction, until that is over; `groups`, places not tried yet; `late`,
    those of the present group that wait for their time; `tried`, by identity all that ever were in it, and `count`, how
    many; `refusals`, final responses so far; `over`, whether no new branch may begin; `answered`, whether the caller
    has had a final response.
    """

    groups: deque[list[Destination]] = field(default_factory=deque)
    late: dict[int, Destination] = field(default_factory=dict)
    branches: dict[int, Branch] = field(default_factory=dict)
    tried: dict[str, list[Uri]] = field(default_factory=dict)
    count: int = 0
    refusals: list[Response] = field(default_factory=list)
    over: bool = False
    answered: bool = False

    @property
    def pending(self) -> list[Branch]:
        """The branches that have no final response."""
        return [branch for branch in self.branches.values() if not branch.done]

    @property
    def is_idle(self) -> bool:
        """Whether nothing of the present group is to be waited for."""
        return not self.late and all(branch.done or branch.overdue for branch in self.branches.values())

    def was_tried(self, uri: Uri) -> bool:
        """Whether a place has been in this request's target set (section 16.5)."""
        return any(uri.equivalent(other) for other in self.tried.get(uri.identity, ()))

    def first_time(self, uri: Uri) -> bool:
        """Whether a place is to be tried: it has not been, and there were not too many; from now on it has been."""
        if self.count >= MAX_BRANCHES or self.was_tried(uri):
            return False
        self.count += 1
        self.tried.setdefault(uri.identity, []).append(uri)
        return True

    def give_up(self) -> None:
        """No new branch begins."""
        self.over = True
        self.groups.clear()
        self.late.clear()


def in_groups(destinations: Sequence[Destination], forking: Forking) -> Iterable[list[Destination]]:
    """The places in the order in which they are tried, those of one list at once."""
    if forking is Forking.PARALLEL:
        return [list(destinations)]
    ordered = sorted(destinations, key=lambda one: -one.q)
    if forking is Forking.SERIAL:
        return [[one] for one in ordered]
    return [list(group) for _, group in groupby(ordered, key=lambda one: one.q)]


def redirected(response: Response, fork: Fork) -> list[Destination]:
    """The places of a redirection where the request has not been yet; none where the Contacts can't be read."""
    try:
        contacts = [contact for contact in by_preference(response.contacts) if contact.uri.is_sip]
    except DecodeError:
        return []
    return [
        Destination(uri=contact.uri.text, q=q_of(contact)) for contact in contacts if not fork.was_tried(contact.uri)
    ]


def best_of(refusals: Iterable[Response]) -> Response | None:
    """The response that tells the caller most (section 16.7 step 6)."""
    return min(refusals, key=_rank, default=None)


def _rank(response: Response) -> tuple[int, int]:
    """A 6xx before all, then the lowest class; in it what the caller can mend, and 503 last."""
    kind = response.status // 100
    if kind == 6:
        return 0, 0
    if response.status in _CHALLENGES:
        return kind, 0
    return kind, 2 if response.status == 503 else 1

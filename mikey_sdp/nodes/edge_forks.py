"""Calls that reach several phones of one account: the branches of one INVITE, which all bring the same MIKEY message.

A phone of an account is a device of its own: it answers the offer as it would behind an edge of its own, though the
same message has come for another phone before. That is a replay wherever it is not this very call, or comes to the same
phone again.

Source: RFC 3261 sections 8.2.2.2 and 16.7, RFC 3830 section 5.4.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.nodes.edge_call import Passage
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.sip import Request

MAX_CALLS: Final = 256
"""Of how many calls that nobody took yet branches may still come."""
MERGED: Final = 482

ForkKey = tuple[str, str, int]


@dataclass(slots=True)
class _Fork:
    """The branches of one INVITE: by phone the latest, until when others may come, and the offer of them all."""

    body: bytes = field(repr=False)
    until_us: int
    places: dict[str, Passage] = field(default_factory=dict)


class Forks:
    """The INVITEs of the network that went to a phone and that nobody took yet.

    Units: `last_us`, how long after the first branch another one may come.
    """

    def __init__(self, *, last_us: int, branches: int) -> None:
        self._last_us: Final = last_us
        self._branches: Final = branches
        self._known: Final[OrderedDict[ForkKey, _Fork]] = OrderedDict()

    def number(self, passage: Passage, now_us: int) -> int:
        """Which phone of its account an INVITE is for: 0 for the first, so also for what is no branch of a known call.

        Raises: Refused (482) for one that is under way to that phone already.
        """
        self._sweep(now_us)
        fork = self._known.get(_key(passage.request))
        if fork is None:
            return 0
        before = fork.places.get(passage.uri.text)
        if before is not None and not before.answered:
            raise Refused("the same call came to this phone by another way", status=MERGED)
        if before is not None:
            return list(fork.places).index(passage.uri.text)
        other = fork.body != passage.request.body or len(fork.places) >= self._branches
        return 0 if other else len(fork.places)

    def begun(self, passage: Passage, now_us: int) -> None:
        """The offer was taken, and goes to the phone."""
        known = self._known.get(_key(passage.request))
        if known is None:
            known = self._known[_key(passage.request)] = _Fork(passage.request.body, now_us + self._last_us)
            if len(self._known) > MAX_CALLS:
                self._known.popitem(last=False)
        known.places[passage.uri.text] = passage

    def taken(self, passage: Passage) -> None:
        """A phone took the call: what comes of it from now on is late, or a replay."""
        self._known.pop(_key(passage.request), None)

    def _sweep(self, now_us: int) -> None:
        while self._known:
            key, oldest = next(iter(self._known.items()))
            if oldest.until_us > now_us:
                return
            del self._known[key]


def _key(request: Request) -> ForkKey:
    return request.call_id, request.from_.tag, request.cseq.number

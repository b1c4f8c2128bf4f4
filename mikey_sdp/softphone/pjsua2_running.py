"""Which keys the streams of a call run under, and which ones they must never start under again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import PolicyRefused
from mikey_sdp.softphone.pjsua2_keys import StreamKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One answerer of our offer, by the tag of To.

    Keeps: `streams`, the keys by m= line; `sdp`, the answer that gave them.
    """

    tag: str
    keys: KeySet
    streams: Mapping[int, StreamKeys] = field(repr=False)
    sdp: str = field(repr=False)


class Running:
    """The streams of one call, by m= line.

    PJSIP's SRTP counts from 0 whenever keys are installed. So nothing is installed that runs already: a stream that is
    held or has another address goes on as it is. Before the call is established its media may go back and forth between
    branches, which PJSIP starts anew each time, while the sequence numbers of RTP go on. Those of SRTCP don't, so that
    where branches share what we send under, new keys are to follow as soon as the call is established.
    """

    def __init__(self) -> None:
        self._running: dict[int, tuple[str, StreamKeys]] = {}
        self._spent: list[StreamKeys] = []
        self._restarted: set[int] = set()

    @property
    def restarted(self) -> bool:
        """Whether a stream that is running started under keys that were sent under before."""
        return bool(self._restarted)

    def due(self, branch: Branch, *, confirmed: bool) -> dict[int, StreamKeys]:
        """The streams that are to run under other keys than they do.

        Raises: PolicyRefused for keys that ran before and were stopped: SRTP would start over under them.
        Source: RFC 3711 section 9.1.
        """
        for media in [media for media in self._running if media not in branch.streams]:
            self._spent.append(self._running.pop(media)[1])
        due = {media: keys for media, keys in branch.streams.items() if self._running.get(media) != (branch.tag, keys)}
        if confirmed and any(keys in self._spent for keys in due.values()):
            raise PolicyRefused("no-key-twice", "a stream can't start over under keys that it was stopped under")
        return due

    def installed(self, branch: Branch, media: int, keys: StreamKeys) -> None:
        """The stream of that m= line runs under these keys from now on."""
        before = self._running.get(media)
        used = [*self._spent, *([] if before is None else [before[1]])]
        again = any(one.send == keys.send for one in used)
        self._restarted = self._restarted | {media} if again else self._restarted - {media}
        if before is not None and before[1] != keys:
            self._spent.append(before[1])
        self._running[media] = (branch.tag, keys)

    def clear(self) -> None:
        """The call is over."""
        self._running.clear()
        self._restarted.clear()
        self._spent.clear()

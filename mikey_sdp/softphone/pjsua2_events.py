"""What the plug-in tells an application about the keys of a call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import MikeySdpError


class EventKind(StrEnum):
    """What happened to a call's keys."""

    SECURED = "secured"
    REFUSED = "refused"
    PLAIN = "plain"
    REDIRECTED = "redirected"


@dataclass(frozen=True, slots=True, kw_only=True)
class MikeyEvent:
    """One thing that an application may want to show.

    Keeps: `text`, for people; `keys`, those that streams run under now; `cause`, why a call was refused or ended.
    """

    kind: EventKind
    text: str
    keys: KeySet | None = None
    cause: MikeySdpError | None = None


def secured(keys: KeySet) -> MikeyEvent:
    """The streams run under keys, first or new ones."""
    csbs = ", ".join(f"{csb_id:08x}" for csb_id in keys.csb_ids)
    live = "" if keys.live else ", not yet proved to be live"
    return MikeyEvent(
        kind=EventKind.SECURED, text=f"keyed by {keys.mode} with {keys.peer}, CSB {csbs}{live}", keys=keys
    )


def refused(cause: MikeySdpError) -> MikeyEvent:
    """The call is turned down or ended, since it can't be secured."""
    return MikeyEvent(kind=EventKind.REFUSED, text=str(cause), cause=cause)

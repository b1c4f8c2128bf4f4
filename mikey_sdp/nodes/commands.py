"""What a scenario can tell a user agent to do, one class a command.

`peer` is a name of the user agent's contacts, the one that was called or the one that answered.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """Start a call to a contact; `offerless` leaves it to the called party to make the offer."""

    peer: str
    offerless: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give up a call that nobody has answered yet."""

    peer: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End an answered call."""

    peer: str


@dataclass(frozen=True, slots=True)
class ReKey:
    """Offer fresh keys for a running call in a re-INVITE."""

    peer: str


@dataclass(frozen=True, slots=True)
class FurtherRound:
    """Finish a key exchange that takes two rounds; nobody has to tell a user agent, which does it by itself."""

    peer: str


@dataclass(frozen=True, slots=True)
class ChangeSsrc:
    """Offer another SSRC for one stream of ours; nobody has to tell a user agent, which does it where two collide."""

    peer: str
    media: int


@dataclass(frozen=True, slots=True)
class Refresh:
    """Repeat the last offer, so that the session goes on; nobody has to tell a user agent, which does it in time."""

    peer: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Offer to send only: the peer is to stop sending."""

    peer: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Offer to send and receive again after a hold."""

    peer: str


@dataclass(frozen=True, slots=True)
class AddMedia:
    """Offer one more media line of that kind ("audio" or "video") in a running call."""

    peer: str
    kind: str


@dataclass(frozen=True, slots=True)
class RemoveMedia:
    """Offer the media line of that index (from 0) with port 0."""

    peer: str
    media: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Have the peer of a call call somebody else instead; `attended`, to take our call with him over."""

    peer: str
    to: str
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Register:
    """Tell the registrar at a contact that we are reached here for that many seconds; 0 for not any more."""

    registrar: str
    expires_s: int = 3600


Command = Call | Cancel | HangUp | ReKey | Hold | Resume | AddMedia | RemoveMedia | Transfer | Register

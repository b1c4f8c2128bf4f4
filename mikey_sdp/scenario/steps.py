"""What a `*.call.yaml` file may tell its parties to do, and when."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.parts import CalledName, Part, PartyName, ServerName
from mikey_sdp.scenario.units import Duration


class Transfer(Part, frozen=True, kw_only=True):
    """Have the other side of a call call somebody else instead."""

    call_with: CalledName
    to: CalledName
    attended: Annotated[bool, Meta(description="It takes over the call that we have with that one already.")] = False


class Registration(Part, frozen=True, kw_only=True):
    """Tell a server that the user is reached at this phone, for some time; 0s for not any more."""

    at: ServerName
    for_: Duration = field(name="for", default="3600s")


class Command(Part, frozen=True, kw_only=True):
    """What a party is told to do; with whom."""

    one_of: ClassVar[frozenset[str]] = frozenset(
        {
            "call",
            "call without offer",
            "hang up",
            "cancel",
            "re-key",
            "hold",
            "resume",
            "transfer",
            "register",
        }
    )

    call: CalledName | UnsetType = UNSET
    call_without_offer: Annotated[
        CalledName | UnsetType, Meta(description="The INVITE has no SDP, so that the called party makes the offer.")
    ] = UNSET
    hang_up: CalledName | UnsetType = UNSET
    cancel: CalledName | UnsetType = UNSET
    re_key: CalledName | UnsetType = field(name="re-key", default=UNSET)
    hold: CalledName | UnsetType = UNSET
    resume: CalledName | UnsetType = UNSET
    transfer: Transfer | UnsetType = UNSET
    register: Registration | UnsetType = UNSET


class Step(Part, frozen=True, kw_only=True):
    """A moment of the time line, and what each party named here is told then."""

    names_in: ClassVar[str | None] = "commands"

    at: Duration
    commands: dict[PartyName, Command]

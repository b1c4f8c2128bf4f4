"""What a `*.call.yaml` file may expect of a run: one structure a kind; `checks` holds the function of each.

A count is a number, or bounds: `{at least: 1, at most: 5}`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.expect_keys import KeysExpected
from mikey_sdp.scenario.parts import Amount, AnyName, AttackerName, CalledName, ModeWord, Part, PartyName, Status
from mikey_sdp.scenario.units import Duration


class Bounds(Part, frozen=True, kw_only=True):
    """A count that may vary: no fewer than one number, no more than another."""

    some_of: ClassVar[frozenset[str]] = frozenset({"at least", "at most"})

    at_least: Amount | UnsetType = UNSET
    at_most: Amount | UnsetType = UNSET


Count = Amount | Bounds
CountOrAll = Amount | Literal["all"] | Bounds
StateWord = Literal[
    "calling",
    "ringing",
    "early",
    "answered",
    "confirmed",
    "held",
    "resumed",
    "rekeyed",
    "redirected",
    "transferring",
    "transferred",
    "not transferred",
    "rejected",
    "cancelled",
    "ended",
]


States = Annotated[tuple[StateWord, ...], Meta(min_length=1)]


class CallExpected(Part, frozen=True, kw_only=True):
    """How a call went in the eyes of the one who placed it."""

    some_of: ClassVar[frozenset[str]] = frozenset(
        {"answered by", "redirected to", "rejected with", "reaches", "never reaches"}
    )

    from_: PartyName = field(name="from")
    to: CalledName | UnsetType = UNSET
    answered_by: PartyName | UnsetType = UNSET
    within: Annotated[Duration | UnsetType, Meta(description="Counted from the caller's first INVITE.")] = UNSET
    redirected_to: Annotated[
        CalledName | UnsetType, Meta(description="A 3xx came, and the caller called this one of its own accord.")
    ] = UNSET
    rejected_with: Status | UnsetType = UNSET
    warning: Annotated[int, Meta(ge=300, le=399, description="The warn-code of the Warning header.")] | UnsetType = (
        UNSET
    )
    reaches: Annotated[States | UnsetType, Meta(description="These states, in this order.")] = UNSET
    never_reaches: States | UnsetType = UNSET


class MikeyExpected(Part, frozen=True, kw_only=True):
    """What a SIP message of that name carries in its SDP, read from its octets."""

    some_of: ClassVar[frozenset[str]] = frozenset({"mode", "level", "messages", "protocols", "same as"})

    from_: AnyName = field(name="from")
    in_: Annotated[
        str | int, Meta(description="INVITE, re-INVITE, another method, or the status of an answer to an INVITE.")
    ] = field(name="in")
    nth: Annotated[
        Annotated[int, Meta(ge=1, le=1000)],
        Meta(description="Which of several such messages; repetitions don't count."),
    ] = 1
    mode: ModeWord | UnsetType = UNSET
    level: Literal["session", "media"] | UnsetType = UNSET
    messages: Annotated[Count | UnsetType, Meta(description="How many MIKEY messages.")] = UNSET
    protocols: Annotated[
        tuple[str, ...] | UnsetType, Meta(description="The protocols of all a=key-mgmt lines, in their order.")
    ] = UNSET
    same_as: Annotated[
        AnyName | UnsetType,
        Meta(description="The very octets that the first message of that name from this one carries."),
    ] = UNSET


class MediaExpected(Part, frozen=True, kw_only=True):
    """What became of the media that one party sent to another, counted from protected packets at their ends."""

    some_of: ClassVar[frozenset[str]] = frozenset(
        {"sent", "decrypted", "decrypted late", "undecryptable", "clipped", "heard within"}
    )

    from_: PartyName = field(name="from")
    to: PartyName
    line: Annotated[Amount | UnsetType, Meta(description="The m= line, counted from 0; all lines if left out.")] = UNSET
    sent: Count | UnsetType = UNSET
    decrypted: Annotated[CountOrAll | UnsetType, Meta(description="all: as many as were sent, and at least one.")] = (
        UNSET
    )
    decrypted_late: Annotated[
        Count | UnsetType, Meta(description="Came before their keys, waited in a buffer and were decrypted then.")
    ] = UNSET
    undecryptable: Annotated[Count | UnsetType, Meta(description="Not decrypted on arrival.")] = UNSET
    clipped: Annotated[Count | UnsetType, Meta(description="Sent, but not decrypted on arrival.")] = UNSET
    heard_within: Annotated[
        Duration | UnsetType,
        Meta(description="When the first packet is decrypted, be it late, counted from the call's INVITE."),
    ] = UNSET


class KeyManagementFailedExpected(Part, frozen=True, kw_only=True):
    """A party refused a key exchange, and what it said."""

    at: PartyName
    with_: Annotated[PartyName | UnsetType, Meta(description="Whose message it refused.")] = field(
        name="with", default=UNSET
    )
    mikey_error: Annotated[
        Annotated[int, Meta(ge=0, le=255)] | Literal["none"] | UnsetType,
        Meta(description="The Error no of RFC 3830 6.12."),
    ] = UNSET
    status: Status | UnsetType = UNSET
    because: Annotated[str | UnsetType, Meta(description="Words of the reason.")] = UNSET


class AttackExpected(Part, frozen=True, kw_only=True):
    """What an attacker did; `failed` asks that nobody answered him, or keyed media on account of his messages."""

    some_of: ClassVar[frozenset[str]] = frozenset({"made", "failed"})

    by: AttackerName
    made: Count | UnsetType = UNSET
    failed: bool | UnsetType = UNSET


class MessagesExpected(Part, frozen=True, kw_only=True):
    """How many SIP messages of one name a party sent, repetitions included, and how many of them were lost."""

    some_of: ClassVar[frozenset[str]] = frozenset({"sent", "lost", "arrived"})

    from_: AnyName = field(name="from")
    named: Annotated[str | int, Meta(description="INVITE, re-INVITE, another method, or a status.")]
    to: AnyName | UnsetType = UNSET
    sent: Count | UnsetType = UNSET
    lost: Count | UnsetType = UNSET
    arrived: Count | UnsetType = UNSET


class ReKeyedExpected(Part, frozen=True, kw_only=True):
    """How often a party's call took fresh keys."""

    at: PartyName
    times: Count


class Expectation(Part, frozen=True, kw_only=True):
    """One thing that must be true of the run."""

    one_of: ClassVar[frozenset[str]] = frozenset(
        {
            "call",
            "mikey",
            "media",
            "keys",
            "key management failed",
            "attack",
            "messages",
            "re-keyed",
            "early dialogs",
            "two-time pad",
        }
    )

    call: CallExpected | UnsetType = UNSET
    mikey: MikeyExpected | UnsetType = UNSET
    media: MediaExpected | UnsetType = UNSET
    keys: KeysExpected | UnsetType = UNSET
    key_management_failed: KeyManagementFailedExpected | UnsetType = UNSET
    attack: AttackExpected | UnsetType = UNSET
    messages: MessagesExpected | UnsetType = UNSET
    re_keyed: ReKeyedExpected | UnsetType = field(name="re-keyed", default=UNSET)
    early_dialogs: Annotated[
        Count | UnsetType, Meta(description="How many phones answered provisionally, in all calls together.")
    ] = UNSET
    two_time_pad: Annotated[
        Literal["never", "found"] | UnsetType,
        Meta(description="Whether two packets of the run were encrypted with one key stream."),
    ] = field(name="two-time pad", default=UNSET)

"""What a `*.call.yaml` file may say of how a party behaves: how it meets calls, how its clock goes, what it sends."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.parts import ModeWord, Part, PartyName, Status
from mikey_sdp.scenario.units import Duration


class Answers(Part, frozen=True, kw_only=True):
    """How a party meets a call: it rings, then answers, rejects or stays silent. Times count from the INVITE."""

    ringing: Annotated[Duration | None, Meta(description="When the 180 leaves; null for none.")] = "0s"
    answer: Annotated[
        Duration | None, Meta(description="When the call is answered or rejected; null to ring for ever.")
    ] = "200ms"
    reject: Annotated[Status | UnsetType, Meta(description="Reject with this status instead of answering.")] = UNSET
    ignore: Annotated[bool, Meta(description="Take no notice of calls.")] = False
    early_media: Annotated[
        Duration | UnsetType, Meta(description="When a 183 leaves that brings the answer before the call is answered.")
    ] = UNSET
    reliable: Annotated[bool, Meta(description="That 183 has to be confirmed with a PRACK.")] = False
    talks_from: Annotated[
        Literal["confirmation", "answer", "offer"],
        Meta(
            description="When media begins. confirmation: the caller has shown that the answer came (ACK, PRACK of a "
            "reliable 183); answer: it leaves in a 183 or 200, so that media may overtake it; offer: the offer is "
            "accepted, before anything of that leaves."
        ),
    ] = "confirmation"
    early_packets: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)] | UnsetType,
        Meta(description="How many packets each stream sends before the call is up; all if left out."),
    ] = UNSET


class Clock(Part, frozen=True, kw_only=True):
    """How far a party's clock is from the right time."""

    one_of: ClassVar[frozenset[str]] = frozenset({"ahead", "behind"})

    ahead: Duration | UnsetType = UNSET
    behind: Duration | UnsetType = UNSET


class Talk(Part, frozen=True, kw_only=True):
    """The packets that a party sends on each media line once a call is up; 0 packets for a party that only listens."""

    packets: Annotated[int, Meta(ge=0, le=100_000)] = 50
    every: Duration = "20ms"
    first_sequence: Annotated[
        Annotated[int, Meta(ge=0, le=32_767)] | UnsetType,
        Meta(description="The sequence number of each stream's first packet; drawn by chance if left out."),
    ] = UNSET


class Expects(Part, frozen=True, kw_only=True):
    """What a party knows beforehand of the calls that it places, which the selection policy weighs."""

    forking: Annotated[bool, Meta(description="Several phones may answer.")] = False
    retargeting: Annotated[bool, Meta(description="Somebody else may answer, and is welcome.")] = False
    early_media: Annotated[bool, Meta(description="Media may come before the answer.")] = False
    answers: Annotated[int, Meta(ge=1, le=10_000, description="How many there may be.")] = 1
    conference: Annotated[
        Literal["none", "focus", "member"],
        Meta(
            description="Its part in a conference whose members share one key. A member asks for that key in rsa-r, "
            "and opens what any other member sends."
        ),
    ] = "none"


class ModeCost(Part, frozen=True, kw_only=True):
    """How long a party works on an exchange in one mode, as it would have measured."""

    offer: Annotated[Duration, Meta(description="On the offer.")]
    answer: Annotated[Duration, Meta(description="On each answer to it.")]


class Budget(Part, frozen=True, kw_only=True):
    """What a key exchange may cost a party that offers one; modes that cost more are not offered."""

    some_of: ClassVar[frozenset[str]] = frozenset({"octets", "time"})

    octets: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType,
        Meta(description="How large the MIKEY messages of an offer may be together."),
    ] = UNSET
    time: Annotated[
        Duration | UnsetType, Meta(description="How long it may work on its offer and all answers that it expects.")
    ] = UNSET
    costs: Annotated[
        dict[ModeWord, ModeCost], Meta(description="How long it does, by mode; a mode that is not here costs nothing.")
    ] = field(default_factory=dict)


class Conference(Part, frozen=True, kw_only=True):
    """A party that conducts a conference: it owns the key, renews it whenever somebody joins or leaves, and passes on
    what each member sends."""

    media: Annotated[
        Literal["relayed", "mixed"],
        Meta(
            description="relayed: as it came, since all members hold its key; mixed: opened, and protected for each "
            "member anew under what the two share."
        ),
    ] = "relayed"
    members: Annotated[
        tuple[PartyName, ...] | UnsetType, Meta(description="Who may take part; everybody in the file if left out.")
    ] = UNSET

"""What a `*.call.yaml` file may say of the network between its parties, and of those who sit in it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.schema import NewName, Part, PartyName
from mikey_sdp.scenario.units import Duration, Share

PayloadWord = Literal[
    "each",
    "HDR",
    "KEMAC",
    "PKE",
    "DH",
    "SIGN",
    "T",
    "ID",
    "CERT",
    "CHASH",
    "V",
    "SP",
    "RAND",
    "ERR",
    "ECCPT",
    "general extension",
]


class Times(Part, frozen=True, kw_only=True):
    """One span for signalling and one for media."""

    signalling: Duration = "0s"
    media: Duration = "0s"


class Shares(Part, frozen=True, kw_only=True):
    """One share for signalling and one for media."""

    signalling: Share = "0%"
    media: Share = "0%"


class LinkBetween(Part, frozen=True, kw_only=True):
    """How the network treats what passes between two parties, both ways, where it differs from the rest."""

    between: tuple[PartyName, PartyName]
    delay: Times | UnsetType = UNSET
    jitter: Times | UnsetType = UNSET
    loss: Shares | UnsetType = UNSET
    reorder: Shares | UnsetType = UNSET


class Lose(Part, frozen=True, kw_only=True):
    """An exact script of losses: which signalling messages from one party to another never arrive, counted from 1."""

    from_: PartyName = field(name="from")
    to: PartyName
    messages: Annotated[tuple[Annotated[int, Meta(ge=1, le=10_000)], ...], Meta(min_length=1)]


class Replay(Part, frozen=True, kw_only=True):
    """Send the first INVITE that carried key management once more, as a call of its own."""

    after: Duration = "1s"


class Tamper(Part, frozen=True, kw_only=True):
    """Flip the lowest bit of one octet in the first MIKEY message of each offer, or of each answer, that passes."""

    in_: Literal["offers", "answers"] = field(name="in", default="offers")
    payload: Annotated[
        PayloadWord,
        Meta(
            description="each: the header of the first message, the next payload of the next one, and so on; whatever "
            "comes when all had their turn passes as it is."
        ),
    ] = "each"
    octet: Annotated[
        Annotated[int, Meta(ge=0, le=65_535)] | UnsetType,
        Meta(description="Counted from the start of the payload; its last one if left out."),
    ] = UNSET


class Attacker(Part, frozen=True, kw_only=True):
    """Someone on the path between two parties, and the one thing that he does there."""

    one_of: ClassVar[frozenset[str]] = frozenset({"replay", "strip", "tamper", "eavesdrop"})

    between: tuple[PartyName, PartyName]
    replay: Replay | UnsetType = UNSET
    strip: Annotated[
        Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType,
        Meta(description="Take the a=key-mgmt lines of this protocol out of every INVITE."),
    ] = UNSET
    tamper: Tamper | UnsetType = UNSET
    eavesdrop: Annotated[bool | UnsetType, Meta(description="Pass everything on and count what could be read.")] = UNSET


class Network(Part, frozen=True, kw_only=True):
    """What lies between the parties."""

    transport: Annotated[
        Literal["udp", "tcp", "tls"],
        Meta(description="What carries SIP. The parties declare tls secure, which MIKEY NULL asks for."),
    ] = "udp"
    delay: Times = Times(signalling="10ms", media="10ms")
    jitter: Times = Times()
    loss: Shares = Shares()
    reorder: Shares = Shares()
    links: tuple[LinkBetween, ...] = ()
    lose: tuple[Lose, ...] = ()
    attackers: dict[NewName, Attacker] = field(default_factory=dict)

"""What a `*.call.yaml` file may say of the network between its parties, and of those who sit in it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.parts import CalledName, NewName, NodeName, Part, PartyName, PlaceName
from mikey_sdp.scenario.units import Duration, Preference, Share

PROXY: Final = "proxy"
"""What the one proxy of `network: proxy` is called."""
REDIRECT_SERVER: Final = "redirect-server"
"""What the server of `network: redirect server` is called."""

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
    """How the network treats what passes between two parties or servers, both ways, where it differs from the rest."""

    between: tuple[NodeName, NodeName]
    delay: Times | UnsetType = UNSET
    jitter: Times | UnsetType = UNSET
    loss: Shares | UnsetType = UNSET
    reorder: Shares | UnsetType = UNSET


class Lose(Part, frozen=True, kw_only=True):
    """An exact script of losses: which signalling messages from one to another never arrive, counted from 1."""

    from_: NodeName = field(name="from")
    to: NodeName
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


class Inject(Part, frozen=True, kw_only=True):
    """Send a media packet of one's own behind each one that passes to a party, from the address that it came from."""

    to: PartyName
    keys_of: Annotated[
        PartyName | UnsetType,
        Meta(
            description="Protected with this party's keys, if one of them opens what passes. Left out: the packet that "
            "passes once more."
        ),
    ] = UNSET
    ssrc: Annotated[
        Literal["another", "the same"], Meta(description="What the header says, compared with what passes.")
    ] = "another"
    packets: Annotated[int, Meta(ge=1, le=10_000, description="How many in all.")] = 10


LineNumber = Annotated[int, Meta(ge=1, le=64)]


class MikeyLines(Part, frozen=True, kw_only=True):
    """Change the MIKEY lines of every INVITE that has so many, counted from 1 in the order of the body."""

    one_of: ClassVar[frozenset[str]] = frozenset({"remove", "swap", "corrupt"})

    remove: LineNumber | UnsetType = UNSET
    swap: tuple[LineNumber, LineNumber] | UnsetType = UNSET
    corrupt: Annotated[
        LineNumber | UnsetType, Meta(description="The lowest bit of the message's last octet is flipped.")
    ] = UNSET


class Attacker(Part, frozen=True, kw_only=True):
    """Someone on the path between two parties or servers, and the one thing that he does there."""

    one_of: ClassVar[frozenset[str]] = frozenset({"replay", "strip", "tamper", "mikey lines", "inject", "eavesdrop"})

    between: tuple[NodeName, NodeName]
    replay: Replay | UnsetType = UNSET
    strip: Annotated[
        Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType,
        Meta(description="Take the a=key-mgmt lines of this protocol out of every INVITE."),
    ] = UNSET
    tamper: Tamper | UnsetType = UNSET
    mikey_lines: MikeyLines | UnsetType = UNSET
    inject: Inject | UnsetType = UNSET
    eavesdrop: Annotated[bool | UnsetType, Meta(description="Pass everything on and count what could be read.")] = UNSET


class Destination(Part, frozen=True, kw_only=True):
    """One place where an address can be reached, with what is particular about it."""

    at: PlaceName
    q: Annotated[Preference, Meta(description="How much it is preferred.")] = "1"
    after: Annotated[Duration, Meta(description="How much later than the others it is tried: a late branch.")] = "0s"


Places = Annotated[tuple[PlaceName | Destination, ...], Meta(min_length=1, max_length=64)]


class Address(Part, frozen=True, kw_only=True):
    """What a proxy does with a call to one address: whom it tries in which order, or whom it means instead."""

    to: Annotated[
        Places | UnsetType, Meta(description="Left out: the party of that name, and every phone that registers for it.")
    ] = UNSET
    fork: Annotated[
        Literal["parallel", "serial", "by q"],
        Meta(description="All places at once, one after the other, or all of the same q at once; the highest q first."),
    ] = "by q"
    retarget: Annotated[
        CalledName | UnsetType,
        Meta(description="The Request-URI is rewritten to this one, of which the caller is not told."),
    ] = UNSET
    follow_redirects: Annotated[
        bool, Meta(description="A 3xx is followed here, of which the caller is not told either.")
    ] = False
    patience: Annotated[
        Duration | UnsetType, Meta(description="How long one place, or those tried at once, may ring before the next.")
    ] = UNSET


class Proxy(Part, frozen=True, kw_only=True):
    """A proxy: what it does with calls to each address that it knows; calls to any other go where they belong.

    Several can stand one behind another: a place can be an address of another proxy, or that proxy itself for the
    same address.
    """

    names_in: ClassVar[str | None] = "addresses"

    addresses: dict[NewName, Address]
    record_route: Annotated[bool, Meta(description="It stays on the way of a call's later messages.")] = False
    stands_before: Annotated[
        tuple[PartyName, ...], Meta(description="Whose calls go out through it, wherever they go.")
    ] = ()


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
    proxy: Annotated[Proxy | UnsetType, Meta(description="A proxy called 'proxy', where there is one only.")] = UNSET
    proxies: Annotated[dict[NewName, Proxy], Meta(description="Several proxies, by their names.")] = field(
        default_factory=dict
    )
    redirect_server: Annotated[
        dict[NewName, Places],
        Meta(description="By address where else to try, as the server called 'redirect-server' tells callers."),
    ] = field(default_factory=dict)
    links: tuple[LinkBetween, ...] = ()
    lose: tuple[Lose, ...] = ()
    attackers: dict[NewName, Attacker] = field(default_factory=dict)

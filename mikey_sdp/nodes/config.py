"""How a party of a scripted call is set up: who it is, whom it knows, how it answers, what it sends."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mikey_sdp.endpoint.core import Options
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Someone whom a user agent can call: the identity to reach, and the next hop towards it."""

    uri: str
    address: Address
    transport: Transport = Transport.UDP


class Reaction(enum.StrEnum):
    """What a called party does in the end; to ignore a call is not even to ring."""

    ANSWER = "answer"
    REJECT = "reject"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How a called party behaves.

    Units: times count from the arrival of the INVITE; `ringing_after_us` None stands for no 180 at all,
    `decide_after_us` None for a party that lets it ring for ever.
    Keeps: `status`, the final response of a party that rejects.
    """

    reaction: Reaction = Reaction.ANSWER
    ringing_after_us: int | None = 0
    decide_after_us: int | None = 0
    status: int = 486


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The media of each call: which m= lines are offered, and how much each stream sends once confirmed.

    Keeps: `packets` None stands for sending until the call ends.
    """

    kinds: tuple[str, ...] = ("audio",)
    packets: int | None = 50
    interval_us: int = 20_000
    payload_octets: int = 160


class Security(enum.StrEnum):
    """What a user agent demands of its media."""

    MIKEY = "mikey"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgentConfig:
    """A user agent as a scenario describes it.

    Keeps: `contacts`, by the names that commands and records use; `transport`, what its own Contact asks for (a call
    goes out over the transport of the contact called); `modes`, what the policy may choose from (None: all); `level`,
    where offers carry MIKEY; `other_protocols`, key management protocols that are offered beside MIKEY, as pairs of
    identifier and data; `options`, where the standards leave the key exchange a choice; `keep_on_rekey_failure`,
    whether a failed re-key leaves the call standing.
    Units: `media_port` is the port of the first m= line, each further one adds 2; `clock_skew_us` is what this party's
    wall clock shows too much. `seed` decides all its tokens, keys and packets.
    """

    name: str
    identity: str
    address: Address
    transport: Transport = Transport.UDP
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    media_port: int = 40_000
    credentials: Sequence[Credential] = ()
    modes: Sequence[Mode] | None = None
    security: Security = Security.MIKEY
    level: Literal["session", "media"] = "session"
    other_protocols: tuple[tuple[str, bytes], ...] = ()
    answering: Answering = field(default_factory=Answering)
    streams: Streams = field(default_factory=Streams)
    keep_on_rekey_failure: bool = False
    options: Options | None = None
    seed: bytes
    epoch_unix_us: int
    clock_skew_us: int = 0

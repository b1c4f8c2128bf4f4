"""How a party of a scripted call is set up: who it is, whom it knows, how it answers, what it sends."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL, Expectations, Recipient
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.secret import Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Someone whom a user agent can call: the identity to reach, and the next hop towards it.

    Keeps: `phone`, where the contact's own phone is, by which it is known when it answers; the next hop if left out;
    `recipients`, whom a call may reach there if the offer is to have a MIKEY message for each of them.
    """

    uri: str
    address: Address
    transport: Transport = Transport.UDP
    phone: Address | None = None
    recipients: tuple[Recipient, ...] = ()


class Reaction(enum.StrEnum):
    """What a called party does in the end; to ignore a call is not even to ring."""

    ANSWER = "answer"
    REJECT = "reject"
    IGNORE = "ignore"


class Speaks(enum.StrEnum):
    """From when on a called party sends media: the caller has shown that it has the answer (ACK, or PRACK of a reliable
    183); the answer leaves in a 183 or 200, so that media may overtake it; the offer is accepted, before anything of
    that leaves."""

    CONFIRMED = "confirmed"
    ANSWERED = "answered"
    OFFERED = "offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How a called party behaves.

    Units: times count from the arrival of the INVITE; `ringing_after_us` None stands for no 180 at all,
    `decide_after_us` None for a party that lets it ring for ever, `early_media_after_us` is when a 183 brings the
    answer, None for never; `early_packets` is how many packets each stream sends before the call is up, None for as
    many as there are.
    Keeps: `status`, the final response of a party that rejects; `reliable`, whether the 183 has to be confirmed with a
    PRACK where the caller knows how; `speaks`.
    """

    reaction: Reaction = Reaction.ANSWER
    ringing_after_us: int | None = 0
    decide_after_us: int | None = 0
    status: int = 486
    early_media_after_us: int | None = None
    reliable: bool = False
    speaks: Speaks = Speaks.CONFIRMED
    early_packets: int | None = None

    def moments(self, *, describes: bool) -> dict[str, int]:
        """What it does when, in the order of equal times: what would come when all is decided never does."""
        decide, early = self.decide_after_us, self.early_media_after_us if describes else None
        times = {"ring": self.ringing_after_us, "early": early, "decide": decide}
        return {
            what: at
            for what, at in times.items()
            if at is not None and (what == "decide" or decide is None or at < decide)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The media of each call: which m= lines are offered, and how much each stream sends once confirmed.

    Keeps: `packets` None stands for sending until the call ends; `first_sequence`, the number of each stream's first
    packet, None to draw it.
    """

    kinds: tuple[str, ...] = ("audio",)
    packets: int | None = 50
    interval_us: int = 20_000
    payload_octets: int = 160
    first_sequence: int | None = None


class EarlyAnswers(enum.StrEnum):
    """When a caller works on an answer that comes in a provisional response: at once; or, of a response that is not
    reliable, when media comes from who sent it or when he takes the call."""

    AT_ONCE = "at once"
    ON_MEDIA = "on media"


class Keeps(enum.StrEnum):
    """What a caller does when several answer one call: keep the first and hang up on the others, or keep all."""

    FIRST = "first"
    ALL = "all"


class EarlyOffers(enum.StrEnum):
    """Where a caller puts an offer before the call is up: into the PRACK of a reliable 183, or an UPDATE after it."""

    PRACK = "PRACK"
    UPDATE = "UPDATE"


class Security(enum.StrEnum):
    """What a user agent demands of its media."""

    MIKEY = "mikey"
    SDES = "sdes"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgentConfig:
    """A user agent as a scenario describes it.

    Keeps: `contacts`, by the names that commands and records use; `transport`, what its own Contact asks for (a call
    goes out over the transport of the contact called); `modes`, what the policy may choose from (None: all); `level`,
    where offers carry MIKEY; `other_protocols`, key management protocols that are offered beside MIKEY, as pairs of
    identifier and data; `options`, where the standards leave the key exchange a choice; `keep_on_rekey_failure`,
    whether a failed re-key leaves the call standing; `supported`, the SIP extensions that it says it knows;
    `early_answers` and `keeps`, how it meets several answers; `follows_redirects`, whether it calls again where a 3xx
    points; `tries_other_modes`, whether it offers the next mode after a 488; `preconditions`, how much it matters to
    this party that keys are agreed on before a phone rings, None for a party that knows nothing of that;
    `early_offers`, in which request it makes a further offer before the call is up; `accepts_retarget`, whether
    somebody else than was called may answer; `takes_referrals`, whether a peer may have it call somebody;
    `session_expires_s`, after how many seconds a call is to be over that nobody refreshes, for a party with `timer`
    among what it supports;
    `responder_ssrc`, what it calls the first stream of its answers, so that two can collide (None: drawn);
    `clock_from_registrar`, whether it sets its clock by the Date of a registrar's answers; `names_peer`, whether its
    offers say whom they are for; `expects`, what it knows beforehand of its calls: a member of a conference opens what
    any other member sends, as does who `hears_all` whatever he expects; `group`, the key of a conference that is its
    own; `entropy`, where the chance of its key exchanges comes from instead of the seed; `key_log`, told of each key
    when it comes into use, for whoever examines the run afterwards.
    Units: `media_port` is the port of the first m= line, each further one adds 2; `clock_skew_us` is what this party's
    wall clock shows too much; `buffer_packets` is how many packets of a stream wait for keys. `seed` decides all its
    tokens, keys and packets.
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
    supported: tuple[str, ...] = ("100rel", "replaces")
    early_answers: EarlyAnswers = EarlyAnswers.AT_ONCE
    keeps: Keeps = Keeps.FIRST
    follows_redirects: bool = False
    tries_other_modes: bool = False
    preconditions: Strength | None = None
    early_offers: EarlyOffers = EarlyOffers.PRACK
    accepts_retarget: bool = False
    takes_referrals: bool = True
    session_expires_s: int = 1800
    responder_ssrc: int | None = None
    clock_from_registrar: bool = False
    names_peer: bool = True
    expects: Expectations = NOTHING_SPECIAL
    hears_all: bool = False
    buffer_packets: int = 64
    options: Options | None = None
    group: GroupKeys | None = None
    entropy: Entropy | None = None
    key_log: Callable[[DataSa], None] | None = None
    seed: bytes
    epoch_unix_us: int
    clock_skew_us: int = 0

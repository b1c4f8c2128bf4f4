"""What every key exchange of MIKEY has in common: what its two ends are told, and what they give back.

An Initiator makes its message once and may complete it with several answers (forks); a Responder is given one message
and answers or refuses it. Both leave nothing behind when they fail.
Source: RFC 3830 sections 3 and 5.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mikey_sdp.clock import NtpTime
from mikey_sdp.mikey.acceptance import Acceptance, Profile, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES, Choices
from mikey_sdp.mikey.modes.error_proof import ErrorProof
from mikey_sdp.mikey.modes.groups import GroupSource, no_groups
from mikey_sdp.mikey.modes.quota import DEFAULT_LIMITS, Limits, SignatureQuota
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.validity import ANY_PACKET, KeyValidity
from mikey_sdp.mikey.registry import EncrAlg
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Entropy


class Mode(enum.StrEnum):
    """The key exchange modes, by the names of RFC 5197 section 3."""

    PSK = "PSK"
    NULL = "NULL"
    RSA = "RSA"
    DHSIGN = "DHSIGN"
    DHHMAC = "DHHMAC"
    RSA_R = "RSA-R"
    ECIES = "ECIES"
    ECMQV = "ECMQV"
    DHSAML = "DHSAML"


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiatorSetup:
    """What an Initiator is told, whatever the mode.

    Keeps: `bundle`, the CSB as it is to be after the exchange, without keys where the answer makes or brings them;
    `previous`, the CSB that it updates, or None for a first exchange; `peer`, whose identity goes into the message as
    IDr, None to leave it out; `verification`, whether an answer is asked for (flag V); `new_keys`, whether the exchange
    brings keys: always the first, later those that re-key # [3830-4.5-7]; `validity`, how packets name a key that both
    ends make together; `now`, the time at which certificates must be valid; `profile`, how strictly answers are read;
    `limits`, how many of them are verified; `group`, whether the keys of a group are asked for, in the mode in which
    the Responder makes them: whoever asks brings neither streams nor policies nor a RAND.
    """

    own: Identity
    peer: Identity | None
    bundle: Bundle
    previous: Bundle | None = None
    timestamp: Timestamp
    now: NtpTime
    entropy: Entropy
    verification: bool = True
    new_keys: bool = True
    validity: KeyValidity = ANY_PACKET
    extensions: tuple[GeneralExtension, ...] = ()
    encr_alg: EncrAlg = EncrAlg.AES_CM_128
    choices: Choices = DEFAULT_CHOICES
    limits: Limits = DEFAULT_LIMITS
    profile: Profile = Profile.STRICT
    group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Established:
    """A finished exchange, at either end.

    Keeps: `peer`, the identity that was authenticated (for NULL: claimed), in the form in which it came; `tolerated`,
    the departures from the standards that the peer's message was forgiven.
    """

    mode: Mode
    bundle: Bundle
    peer: str
    tolerated: tuple[Tolerance, ...] = ()


class Initiator(Protocol):
    """The end of an exchange that speaks first."""

    @property
    def mode(self) -> Mode:
        """Which exchange this is."""

    @property
    def message(self) -> Message:
        """The I_MESSAGE."""

    @property
    def early_bundle(self) -> Bundle | None:
        """The CSB as far as it is usable before any answer; None where the answer contributes to the key."""

    def complete(self, octets: bytes) -> Established:
        """Take one answer. May be called again, for another branch's answer or after a refusal.

        Raises: DecodeError, PeerError.
        """


def _nobody(_addressed: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderSetup:
    """What one end needs to answer exchanges of any mode; its stores are shared by all of them.

    Keeps: `accept`, raises PeerError for SRTP policies that can't be run; `supported`, what an Error message names
    as our capabilities # [3830-5.1.2-3]; `require_idr`, refuse messages that don't say whom they are for
    # [3830-9.5-2]; `report_unauthenticated`, tell strangers why they were refused # [3830-5.1.2-5]; `fresh_keys`,
    makes keys for a CSB under that policy, in the modes in which the Responder chooses them; `profile`, how strictly
    messages are read; `quota`, how many signatures are verified for whom; `groups`, the groups
    whose keys we hand out; `answers_for`, for whom else we take messages, such as those forwarded to us.
    """

    own: Identity
    credentials: CredentialStore
    replay: ReplayCache
    bundles: BundleStore
    accept: Callable[[SrtpParameters], None]
    entropy: Entropy
    fresh_keys: Callable[[SrtpParameters, Bundle | None], tuple[KeyData, ...]]
    choices: Choices = DEFAULT_CHOICES
    supported: Sequence[SrtpParameters] = (DEFAULT_SRTP,)
    require_idr: bool = True
    report_unauthenticated: bool = False
    quota: SignatureQuota = field(default_factory=SignatureQuota)
    profile: Profile = Profile.STRICT
    groups: GroupSource = no_groups
    answers_for: Callable[[str], bool] = _nobody


def _any_mode(_mode: Mode, _message: Message) -> None:
    return None


def _no_judgement(_message: Message) -> None:
    return None


def _no_objection(_bundle: Bundle) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the protocol around a message knows of it.

    Keeps: `peer`, the Initiator's identity as the signalling gives it, for messages without IDi; `secure_carrier`,
    whether the carrier is declared to protect what it carries; `ssrcs`, our own SSRCs by CS ID; `admit`, a first look
    at the mode of the message, before anything is spent on it, which raises PeerError where it is not accepted;
    `judge`, a last look at the authentic message, which raises PeerError where the two contradict each other;
    `approve`, a last look at the CSB before it is answered, which raises PeerError where the streams can't be run
    under it.
    """

    peer: str | None = None
    secure_carrier: bool = False
    ssrcs: Mapping[int, int] = field(default_factory=dict)
    admit: Callable[[Mode, Message], None] = _any_mode
    judge: Callable[[Message], None] = _no_judgement
    approve: Callable[[Bundle], None] = _no_objection


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One I_MESSAGE on its way through a Responder.

    Keeps: `peer`, the Initiator's identity as the message or else the envelope gives it, and `initiator`, the same as
    an ID payload; `idi` and `idr`, the octets that V covers, empty where nobody gave them; `acceptance`, what was let
    pass in the message so far.
    """

    message: Message
    timestamp: Timestamp
    now: NtpTime
    envelope: Envelope
    peer: str
    initiator: Identity
    idr: bytes
    acceptance: Acceptance

    @property
    def idi(self) -> bytes:
        """The data of IDi."""
        return self.initiator.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An accepted exchange at the Responder: the CSB, and the octets to send back, if any."""

    established: Established
    reply: bytes | None = field(repr=False)


class Authenticated(Protocol):
    """A request whose sender has proved who he is, as far as its mode can prove it."""

    @property
    def request(self) -> Request:
        """What was authenticated; its peer is who proved himself."""

    @property
    def error_proof(self) -> ErrorProof | None:
        """What makes our Error messages believable to him; None where nothing does, since he
        has proved nothing, as in NULL."""

    def accept(self) -> Response:
        """Take keys and policies, and build the answer.

        Raises: PeerError, DecodeError.
        """


class ModeResponder(Protocol):
    """How one mode answers; the replay cache is filled between authentication and acceptance."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> Authenticated:
        """Prove the sender, cheap checks before expensive ones. # [3830-5.3-1]

        Raises: PeerError.
        """

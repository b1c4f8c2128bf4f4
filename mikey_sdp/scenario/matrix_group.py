"""A conference whose members share one key, as exchanges between a focus and its members, with packets for all.

The focus sends every packet once, for everybody, and so does each member: that is what a shared key is for. The
exchanges are real; what carries them is left out, and stands in only as far as it hides NULL messages from others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore
from mikey_sdp.mikey.keys import fresh_rand, fresh_tgk
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Envelope, Initiator, InitiatorSetup, Mode, ResponderSetup
from mikey_sdp.mikey.modes.groups import Group, GroupSource, no_groups
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import KeyData, SrtpIdEntry
from mikey_sdp.mikey.registry import PrfFunc
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.matrix_cast import CALLER, Actor, Role, cast
from mikey_sdp.scenario.mode_cases import ALICE, ModeCase
from mikey_sdp.srtp.profile import profile_of

FOCUS: Final = CALLER
ROOM: Final = "sip:room@example.com"
"""The address of the conference itself, at which members of a group ask for its keys."""
NOW: Final = NtpTime.from_unix_us(EPOCH_UNIX_US)
_FIRST_SSRC: Final = 0xC0FE0000
_MEMBERS_HOST: Final = 31


@dataclass(slots=True, kw_only=True)
class End:
    """The focus or a member: what it holds, and the CSBs that it has with others."""

    actor: Actor
    case: ModeCase
    choices: Choices
    bundles: BundleStore = field(default_factory=BundleStore)
    replay: ReplayCache = field(default_factory=ReplayCache)
    stamps: TimestampSource = field(default_factory=TimestampSource)

    @property
    def identity(self) -> str:
        """Who it is."""
        return self.actor.role.identity

    @property
    def credentials(self) -> CredentialStore:
        """What it holds."""
        return CredentialStore(self.actor.credentials)

    def fresh_keys(self) -> tuple[KeyData, ...]:
        """A key that it makes."""
        return (fresh_tgk(self.actor.entropy),)

    def bundle(self, streams: int, *, keys: tuple[KeyData, ...]) -> Bundle:
        """A CSB that it opens, with a stream for everybody."""
        return Bundle(
            csb_id=self.bundles.draw_csb_id(self.actor.entropy),
            prf_func=PrfFunc.MIKEY_1,
            rand=fresh_rand(self.actor.entropy),
            sessions=tuple(SrtpIdEntry(ssrc=_FIRST_SSRC + place) for place in range(1, streams + 1)),
            policies={0: DEFAULT_SRTP},
            keys=keys,
            own=True,
        )

    def initiate(self, mode: Mode, peer: str, bundle: Bundle, *, group: bool = False) -> Initiator:
        """The first message of an exchange."""
        credential = self.credentials.find(MODES[mode].credential, peer)
        setup = InitiatorSetup(
            own=identity_of(self.identity),
            peer=identity_of(peer),
            bundle=bundle,
            timestamp=self.stamps.stamp(NOW),
            now=NOW,
            entropy=self.actor.entropy,
            choices=self.choices,
            group=group,
        )
        return MODES[mode].initiate(setup, credential, mode is Mode.NULL)

    def respond(self, octets: bytes, *, groups: GroupSource = no_groups) -> tuple[Bundle, bytes]:
        """Take a message; the CSB, and the answer, empty where none is asked for.

        Raises: PeerError, DecodeError.
        """
        setup = ResponderSetup(
            own=identity_of(self.identity),
            credentials=self.credentials,
            replay=self.replay,
            bundles=self.bundles,
            accept=_accept,
            entropy=self.actor.entropy,
            fresh_keys=lambda _policy, _previous: self.fresh_keys(),
            choices=self.choices,
            groups=groups,
            answers_for=lambda addressed: addressed == ROOM,
        )
        envelope = Envelope(secure_carrier=self.case.mode is Mode.NULL)
        response = Responder(setup).respond(octets, now=NOW, envelope=envelope)
        self.keep(response.established.peer, response.established.bundle)
        return response.established.bundle, response.reply or b""

    def keep(self, peer: str, bundle: Bundle) -> None:
        """Hold a CSB for later exchanges with that peer."""
        self.bundles.put(peer, bundle)


def _accept(parameters: object) -> None:
    if parameters != DEFAULT_SRTP:
        profile_of(parameters)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message between two, empty where an answer was due and none asked for; `readers`, who can read it."""

    sender: str
    to: str
    readers: frozenset[str]
    octets: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Room:
    """A focus, those who may be members, and all that they said to each other.

    Keeps: `said`, in the order in which it was sent.
    """

    case: ModeCase
    ends: Mapping[str, End]
    said: list[Said] = field(default_factory=list)

    @classmethod
    def of(cls, case: ModeCase, members: int, *, tgk_as_psk: bool = False) -> Room:
        """A focus and as many who know it, and whom it knows."""
        roles = {FOCUS: Role(identity=ALICE, host=1)} | {
            f"member{number}": Role(
                identity=f"sip:member{number}@example.com", host=_MEMBERS_HOST + number, knows_caller=True
            )
            for number in range(1, members + 1)
        }
        choices = Choices(dh_group=case.dh_group, tgk_as_psk=tgk_as_psk)
        return cls(
            case=case,
            ends={name: End(actor=actor, case=case, choices=choices) for name, actor in cast(case, roles).items()},
        )

    @property
    def focus(self) -> End:
        """Who owns the conference."""
        return self.ends[FOCUS]

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody else."""
        return tuple(name for name in self.ends if name != FOCUS)

    def tell(self, one: str, other: str, octets: bytes) -> bytes:
        """A message passes between two; who can read it besides is everybody, unless TLS has to hide it."""
        readers = (one, other) if self.case.mode is Mode.NULL else ("", *self.ends)
        self.said.append(Said(sender=one, to=other, readers=frozenset(readers), octets=octets))
        return octets

    def read_by(self, name: str) -> list[bytes]:
        """The messages that somebody read."""
        return [one.octets for one in self.said if one.octets and name in one.readers]

    def exchange(self, asking: str, answering: str, bundle: Bundle) -> tuple[Bundle, Bundle]:
        """A whole exchange between two ends; the CSB as each of them has it."""
        one, other = self.ends[asking], self.ends[answering]
        initiator = one.initiate(self.case.mode, other.identity, bundle)
        theirs, reply = other.respond(self.tell(asking, answering, initiator.message.octets))
        established = initiator.complete(self.tell(answering, asking, reply))
        one.keep(established.peer, established.bundle)
        return established.bundle, theirs

    def ask(self, member: str, group: Group) -> Bundle:
        """A member asks for the keys of the group, in the mode in which the Responder makes them.

        Raises: PeerError for somebody who is not to have them.
        """
        end = self.ends[member]
        asking = end.initiate(Mode.RSA_R, ROOM, end.bundle(0, keys=()), group=True)
        octets = self.tell(member, FOCUS, asking.message.octets)
        _, reply = self.focus.respond(octets, groups=lambda addressed: group if addressed == ROOM else None)
        return asking.complete(self.tell(FOCUS, member, reply)).bundle

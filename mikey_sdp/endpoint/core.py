"""What all calls of one end share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mikey_sdp.clock import Clock
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore, canonical_identity
from mikey_sdp.mikey.keys import fresh_tgk, next_mki
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES, Choices
from mikey_sdp.mikey.modes.contract import Mode, ResponderSetup
from mikey_sdp.mikey.modes.groups import no_groups
from mikey_sdp.mikey.modes.quota import DEFAULT_LIMITS, Limits, SignatureQuota
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.validity import ANY_PACKET, KeyValidity, SpiValidity
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.policy import Cost
from mikey_sdp.secret import Entropy
from mikey_sdp.srtp.profile import SUPPORTED, profile_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an end behaves where the standards leave a choice.

    Keeps: `srtp`, the policy that offers ask for; `verification`, ask Responders to prove themselves (flag V);
    `mki_octets`, the length of the MKI by which re-keyed streams tell old packets from new, 0 for none
    # [3830-4.5-10]; `salt`, carry the SRTP salt instead of deriving it; `renegotiate`, answer an offer whose policy
    can't be run with a MIKEY Error message and wait for another offer # [4567-4.1.1-16], instead of 488;
    `require_idr`, refuse messages that don't say whom they are for # [3830-9.5-2]; `choices`, those of the exchanges:
    Diffie-Hellman group, signatures, certificates, caching of envelope keys;
    `answers_for`, identities whose calls are taken too, such as those that are forwarded to us;
    `forward_secrecy`, choose and accept only modes in which a key that leaks later opens nothing that was recorded
    before; `both_contribute`, only those in which both ends have a part in the key; `accepts`, the modes in which
    offers are accepted, None for all that a credential allows # [5197-5-6]; `max_octets`, how large the MIKEY messages
    of an offer may be together; `max_time_us`, how long our part of an exchange may take, with `costs`, how long it
    does, by mode; `several_messages`, pass over messages of an offer that are for somebody else, up to the first for
    us, instead of reading the first only; `responder_ssrc`, what our offers call the first stream of whoever answers,
    the next ones one more each, None to leave that to him # [3830-6.1.1-4]: if two answer, both send under it;
    `limits`, how many signatures are verified, for whom; `profile`, how strictly peers are read: strict, or compat
    with what implementations in the field are known to get wrong (`KeySet.tolerated` tells).
    """

    srtp: SrtpParameters = DEFAULT_SRTP
    verification: bool = True
    mki_octets: int = 1
    salt: bool = False
    renegotiate: bool = False
    require_idr: bool = True
    choices: Choices = DEFAULT_CHOICES
    forward_secrecy: bool = False
    both_contribute: bool = False
    accepts: frozenset[Mode] | None = None
    max_octets: int | None = None
    max_time_us: int | None = None
    costs: Mapping[Mode, Cost] = field(default_factory=dict)
    several_messages: bool = False
    responder_ssrc: int | None = None
    answers_for: frozenset[str] = frozenset()
    profile: Profile = Profile.STRICT
    limits: Limits = DEFAULT_LIMITS


def _accept_policy(parameters: SrtpParameters) -> None:
    profile_of(parameters)


@dataclass(slots=True, kw_only=True)
class Core:
    """Identity, credentials and stores of one end; every offer and call leg works on the same ones."""

    identity: str
    credentials: CredentialStore
    modes: frozenset[Mode] | None
    clock: Clock
    entropy: Entropy
    options: Options
    replay: ReplayCache
    group: GroupKeys | None = None
    bundles: BundleStore = field(default_factory=BundleStore)
    stamps: TimestampSource = field(default_factory=TimestampSource)
    quota: SignatureQuota = field(init=False)

    def __post_init__(self) -> None:
        self.quota = SignatureQuota(self.options.limits)

    def responder(self, *, require_idr: bool | None = None) -> Responder:
        """A Responder on this end's stores."""
        return Responder(
            ResponderSetup(
                own=identity_of(self.identity),
                credentials=self.credentials,
                replay=self.replay,
                bundles=self.bundles,
                accept=_accept_policy,
                entropy=self.entropy,
                fresh_keys=self.fresh_keys,
                choices=self.options.choices,
                quota=self.quota,
                profile=self.options.profile,
                supported=SUPPORTED,
                require_idr=self.options.require_idr if require_idr is None else require_idr,
                answers_for=self._answers_for,
                groups=no_groups if self.group is None else self.group.at,
            )
        )

    def answers_to(self, addressed: str) -> bool:
        """Whether messages for that identity are taken here."""
        return canonical_identity(addressed) == canonical_identity(self.identity) or self._answers_for(addressed)

    def _answers_for(self, addressed: str) -> bool:
        return canonical_identity(addressed) in map(canonical_identity, self.options.answers_for)

    def fresh_keys(self, srtp: SrtpParameters, previous: Bundle | None) -> tuple[KeyData, ...]:
        """One new TGK for that policy, under an MKI that no key of the bundle before it has."""
        salt_octets = srtp.salt_octets if self.options.salt else 0
        return (fresh_tgk(self.entropy, salt_octets=salt_octets, mki=self._next_mki(previous)),)

    def next_validity(self, previous: Bundle | None) -> KeyValidity:
        """How packets are to name a key that both ends make together."""
        mki = self._next_mki(previous)
        return SpiValidity(spi=mki) if mki else ANY_PACKET

    def _next_mki(self, previous: Bundle | None) -> bytes:
        return next_mki(previous.keys if previous else (), self.options.mki_octets)

"""What an offer says at one level: which mode, which CSB, which message.

Source: RFC 3830 section 4.5, RFC 4567 section 4.1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography import x509

from mikey_sdp.endpoint.state import LegState, LevelState
from mikey_sdp.errors import PolicyRefused, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.modes.contract import Initiator, InitiatorSetup, Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.responder import unaltered
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.registry import PrfFunc
from mikey_sdp.policy import Conference
from mikey_sdp.sdp.offer_answer import CS_PER_MEDIA, KeyedLevel

POLICY_NO = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How one message of an offer is to be made.

    Keeps: `mode`, of a new CSB; `certificate`, which of the peer's to encrypt to, None for the one that is known;
    `extensions`, what the message says of the offer around it; `taken`, CSB IDs of the offer's other messages.
    """

    mode: Mode
    certificate: x509.Certificate | None = None
    extensions: tuple[GeneralExtension, ...] = ()
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an offer says at one level: a new message of ours, or the one that stood there (`initiator` None).

    Keeps: `peer`, whom it is for.
    """

    keyed: KeyedLevel
    peer: str
    initiator: Initiator | None
    before: LevelState | None

    @property
    def octets(self) -> bytes:
        """The message as it stands in the offer."""
        if self.initiator is not None:
            return self.initiator.message.octets
        return self.before.standing if self.before else b""

    @property
    def mode(self) -> Mode:
        """The mode of the message, or of the CSB whose message is repeated."""
        return self.initiator.mode if self.initiator is not None else self._standing.mode

    @property
    def csb_id(self) -> int:
        """The CSB that the message opens, updates or leaves as it is."""
        return self.initiator.message.header.csb_id if self.initiator is not None else self._standing.bundle.csb_id

    @property
    def _standing(self) -> LevelState:
        if self.before is None:
            raise UsageError("a level without a message of its own goes on with the one before")
        return self.before


def opens_csb(leg: LegState, keyed: KeyedLevel, rekey: bool) -> bool:
    """Whether an offer at that level opens a CSB, for which a mode must be chosen."""
    before = leg.levels.get(keyed.level)
    if before is None:
        return True
    return _changes(before, keyed, rekey) and not _is_further_round_due(before) and _mode_of_update(leg, before) is None


def propose(
    leg: LegState,
    keyed: KeyedLevel,
    target: Target,
    ssrcs: Mapping[int, int],
    rekey: bool,
    *,
    sends: bool,
) -> Proposal:
    """The message of one level: the one that stands there while nothing changes, else an update or a new CSB.

    A further round of the exchange comes before everything else.
    Who only listens (`sends` is false) names no crypto session where the Responder can map all of them. # [4738-3.4-7]
    Raises: PolicyRefused.
    """
    before = leg.levels.get(keyed.level)
    sessions = keyed.sessions(ssrcs, theirs=leg.core.options.responder_ssrc)
    if before is not None:
        if not _changes(before, keyed, rekey):
            return Proposal(keyed=keyed, peer=leg.peer, initiator=None, before=before)
        kept = _with_rollover(leg, keyed, tuple(replace(entry, roc=0) for entry in before.bundle.sessions))
        grown = before.bundle.updated(sessions=kept + sessions[len(kept) :])
        mode_of_update = _mode_of_update(leg, before)
        if _is_further_round_due(before):
            bundle = _with_group_key(leg, grown)
            return _proposal(leg, keyed, replace(target, mode=before.mode), bundle, before, new_keys=False)
        if mode_of_update is not None:
            bundle = grown.updated(
                policies={POLICY_NO: leg.srtp} if rekey else None,
                keys=_keys_to_push(leg, mode_of_update, before) if rekey else (),
            )
            return _proposal(leg, keyed, replace(target, mode=mode_of_update), bundle, before, new_keys=rekey)
    core, mode = leg.core, target.mode
    group = core.group if MODES[mode].group else None
    # A first round between two has the CSB ID of the group already whose key the second one is to bring.
    named = core.group if mode is Mode.DHSAML and core.options.choices.saml.round_2 is RoundTwo.GROUP else group
    bundle = Bundle(
        csb_id=core.bundles.draw_csb_id(core.entropy, leg.peer, taken=target.taken) if named is None else named.csb_id,
        prf_func=PrfFunc.MIKEY_1,
        rand=fresh_rand(core.entropy) if group is None else group.rand,
        sessions=_with_rollover(leg, keyed, sessions) if sends or mode is not Mode.RSA_R else (),
        policies={POLICY_NO: leg.srtp},
        keys=_keys_to_push(leg, mode, before),
        own=True,
    )
    return _proposal(leg, keyed, target, bundle, before, new_keys=True)


def _changes(before: LevelState, keyed: KeyedLevel, rekey: bool) -> bool:
    """Whether there is anything to say about a CSB that stands: new keys, a further round, or more streams."""
    return rekey or _is_further_round_due(before) or CS_PER_MEDIA * keyed.positions > len(before.bundle.sessions)


def _is_further_round_due(before: LevelState) -> bool:
    """Whether an exchange that we began has a round to come."""
    return before.initiated and before.bundle.continuation is not None


def _with_group_key(leg: LegState, bundle: Bundle) -> Bundle:
    """The CSB for a further round; where that is for a group, with a key and a RAND of our own for the group.

    They are drawn once, or the conference's: a second attempt, after a glare, is encrypted with the same key stream.
    """
    due = bundle.continuation
    if due is None or due.round_2 is not RoundTwo.GROUP:
        return bundle
    core = leg.core
    if core.group is not None:
        leg.group_keys.setdefault(bundle.csb_id, (core.group.keys, core.group.rand))
    elif bundle.csb_id not in leg.group_keys:
        leg.group_keys[bundle.csb_id] = (core.fresh_keys(leg.srtp, bundle), fresh_rand(core.entropy))
    keys, rand = leg.group_keys[bundle.csb_id]
    return replace(bundle.updated(keys=keys), rand=rand)


def _mode_of_update(leg: LegState, before: LevelState) -> Mode | None:
    """How a CSB that we opened can be updated, None where only a new one can follow it.

    An envelope key that both ends keep is the pre-shared key of the update, which saves all public key operations.
    # [3830-4.5-12] [4738-3.6-19]
    """
    if not before.initiated or _asks_for_group(leg, before.mode):
        return None
    if before.bundle.envelope_key is not None:
        return Mode.PSK
    return before.mode if MODES[before.mode].updates else None


def _asks_for_group(leg: LegState, mode: Mode) -> bool:
    """Whether we ask for the key of a group, which is asked for again when it changes. # [4738-3.2-2]"""
    return leg.expects.conference is Conference.MEMBER and mode is Mode.RSA_R


def _keys_to_push(leg: LegState, mode: Mode, before: LevelState | None) -> tuple[KeyData, ...]:
    """New keys for the offer, in the modes in which the Initiator makes them; those of the conference if we own one."""
    if leg.core.group is not None and MODES[mode].group:
        return leg.core.group.keys
    return leg.core.fresh_keys(leg.srtp, before.bundle if before else None) if MODES[mode].pushes else ()


def _with_rollover(leg: LegState, keyed: KeyedLevel, sessions: tuple[SrtpIdEntry, ...]) -> tuple[SrtpIdEntry, ...]:
    """The map with the rollover counters of streams that run already, as the Initiator has them. # [3830-6.1.1-6]"""
    rocs: dict[int, int] = {}
    for media in keyed.media:
        running = leg.sessions.rollover(media)
        if running is not None:
            rocs |= dict(zip(keyed.cs_pair(media), running, strict=True))
    return tuple(replace(entry, roc=rocs.get(cs_id, entry.roc)) for cs_id, entry in enumerate(sessions, start=1))


def _proposal(
    leg: LegState,
    keyed: KeyedLevel,
    target: Target,
    bundle: Bundle,
    before: LevelState | None,
    *,
    new_keys: bool,
) -> Proposal:
    core = leg.core
    now = core.clock()
    updates = before is not None and before.bundle.csb_id == bundle.csb_id
    setup = InitiatorSetup(
        own=identity_of(core.identity),
        peer=identity_of(leg.peer) if leg.names_peer else None,  # [4738-3.4-17]
        bundle=bundle,
        previous=before.bundle if before and updates else None,
        timestamp=core.stamps.stamp(now),
        now=now,
        entropy=core.entropy,
        verification=core.options.verification,
        new_keys=new_keys,
        validity=core.next_validity(before.bundle if before else None),
        extensions=target.extensions,
        choices=replace(core.options.choices, certificate_hash=True) if target.certificate else core.options.choices,
        limits=core.options.limits,
        profile=core.options.profile,
        group=_asks_for_group(leg, target.mode),
    )
    credential = _credential(leg, target.mode, setup)
    if target.certificate is not None and isinstance(credential, CertificateCredential):
        credential = replace(credential, trust=replace(credential.trust, known=(target.certificate,)))
    initiator = MODES[target.mode].initiate(setup, credential, leg.secure_carrier)
    if setup.peer is None:  # without IDr it could come back to us in somebody else's name
        core.replay.remember(unaltered(initiator.message), setup.timestamp, now)
    return Proposal(keyed=keyed, peer=leg.peer, initiator=initiator, before=before)


def _credential(leg: LegState, mode: Mode, setup: InitiatorSetup) -> Credential:
    if mode is Mode.PSK and setup.previous is not None and setup.previous.envelope_key is not None:
        return PskCredential(leg.peer, setup.previous.envelope_key)
    credential = leg.core.credentials.find(MODES[mode].credential, leg.peer)
    cached = leg.core.bundles.pair_key(leg.peer) if mode is Mode.PSK else None
    # A key that both ends made themselves, where they agreed on that, comes before one that is older than both.
    if cached is not None and (credential is None or leg.core.options.choices.tgk_as_psk):  # [3830-3.2-10]
        return PskCredential(leg.peer, cached)
    if credential is None:
        raise PolicyRefused("no-credential", f"{leg.peer} is known by no credential for {mode}")
    return credential

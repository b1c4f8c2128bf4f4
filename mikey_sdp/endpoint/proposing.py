"""What an offer says at one level: which mode, which CSB, which message.

Source: RFC 3830 section 4.5, RFC 4567 section 4.1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.state import LegState, LevelState
from mikey_sdp.errors import PolicyRefused
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.modes.contract import Initiator, InitiatorSetup, Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.table import MODES, modes_with
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.registry import PrfFunc
from mikey_sdp.policy import Decision, Facts, select
from mikey_sdp.sdp.offer_answer import KeyedLevel, identifiers_extension

POLICY_NO = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an offer says at one level: a new message of ours, or the one that stood there (`initiator` None)."""

    keyed: KeyedLevel
    initiator: Initiator | None
    before: LevelState | None


def choose_mode(core: Core, peer: str, *, secure_carrier: bool) -> Decision:
    """The mode for an offer to that peer, by the selection policy.

    Raises: PolicyRefused where no mode fits. # [4567-8-3]
    """
    modes = modes_with(core.credentials, peer)
    if core.modes is not None and core.bundles.pair_key(peer) is not None:
        modes |= core.modes & {Mode.PSK}  # an envelope key that is cached for the pair, used where PSK is asked for
    if core.options.forward_secrecy and core.options.choices.saml.variant is Variant.STATIC:
        modes -= {Mode.DHSAML}  # which has no forward secrecy under the keys of assertions alone
    held = frozenset(mode.value for mode in modes)
    allowed = None if core.modes is None else frozenset(mode.value for mode in core.modes)
    return select(
        Facts(
            credentials=held,
            secure_carrier=secure_carrier,
            allowed=allowed,
            forward_secrecy=core.options.forward_secrecy,
        )
    )


def propose(
    leg: LegState,
    keyed: KeyedLevel,
    mode: Mode,
    identifiers: str,
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
    sessions = keyed.sessions(ssrcs)
    if before is not None:
        due = _is_further_round_due(before)
        if not (rekey or due or len(sessions) > len(before.bundle.sessions)):
            return Proposal(keyed=keyed, initiator=None, before=before)
        kept = _with_rollover(leg, keyed, tuple(replace(entry, roc=0) for entry in before.bundle.sessions))
        grown = before.bundle.updated(sessions=kept + sessions[len(kept) :])
        mode_of_update = _mode_of_update(before)
        if due:
            bundle = _with_group_key(leg, grown)
            return _proposal(leg, keyed, before.mode, identifiers, bundle, before, new_keys=False)
        if mode_of_update is not None:
            bundle = grown.updated(
                policies={POLICY_NO: leg.srtp} if rekey else None,
                keys=_keys_to_push(leg, mode_of_update, before) if rekey else (),
            )
            return _proposal(leg, keyed, mode_of_update, identifiers, bundle, before, new_keys=rekey)
    core = leg.core
    bundle = Bundle(
        csb_id=core.bundles.draw_csb_id(core.entropy, leg.peer),
        prf_func=PrfFunc.MIKEY_1,
        rand=fresh_rand(core.entropy),
        sessions=_with_rollover(leg, keyed, sessions) if sends or mode is not Mode.RSA_R else (),
        policies={POLICY_NO: leg.srtp},
        keys=_keys_to_push(leg, mode, before),
        own=True,
    )
    return _proposal(leg, keyed, mode, identifiers, bundle, before, new_keys=True)


def _is_further_round_due(before: LevelState) -> bool:
    """Whether an exchange that we began has a round to come."""
    return before.initiated and before.bundle.continuation is not None


def _with_group_key(leg: LegState, bundle: Bundle) -> Bundle:
    """The CSB for a further round; where that is for a group, with a key and a RAND of our own for the group."""
    due = bundle.continuation
    if due is None or due.round_2 is not RoundTwo.GROUP:
        return bundle
    core = leg.core
    return replace(bundle.updated(keys=core.fresh_keys(leg.srtp, bundle)), rand=fresh_rand(core.entropy))


def _mode_of_update(before: LevelState) -> Mode | None:
    """How a CSB that we opened can be updated, None where only a new one can follow it.

    An envelope key that both ends keep is the pre-shared key of the update, which saves all public key operations.
    # [3830-4.5-12] [4738-3.6-19]
    """
    if not before.initiated:
        return None
    if before.bundle.envelope_key is not None:
        return Mode.PSK
    return before.mode if MODES[before.mode].updates else None


def _keys_to_push(leg: LegState, mode: Mode, before: LevelState | None) -> tuple[KeyData, ...]:
    """New keys for the offer, in the modes in which the Initiator makes them."""
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
    mode: Mode,
    identifiers: str,
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
        extensions=(identifiers_extension(identifiers),),
        choices=core.options.choices,
        limits=core.options.limits,
        profile=core.options.profile,
    )
    row = MODES[mode]
    initiator = row.initiate(setup, _credential(leg, mode, setup), leg.secure_carrier)
    if setup.peer is None:  # without IDr it could come back to us in somebody else's name
        core.replay.remember(initiator.message.octets, setup.timestamp, now)
    return Proposal(keyed=keyed, initiator=initiator, before=before)


def _credential(leg: LegState, mode: Mode, setup: InitiatorSetup) -> Credential:
    if mode is Mode.PSK and setup.previous is not None and setup.previous.envelope_key is not None:
        return PskCredential(leg.peer, setup.previous.envelope_key)
    credential = leg.core.credentials.find(MODES[mode].credential, leg.peer)
    cached = leg.core.bundles.pair_key(leg.peer) if mode is Mode.PSK else None
    if credential is None and cached is not None:  # [3830-3.2-10]
        return PskCredential(leg.peer, cached)
    if credential is None:
        raise PolicyRefused("no-credential", f"{leg.peer} is known by no credential for {mode}")
    return credential

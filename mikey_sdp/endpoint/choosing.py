"""The selection policy at work: what an end knows as facts, and how the mode of an offer follows from them.

Source: RFC 5197 section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import rsa

from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.state import LegState, LevelState
from mikey_sdp.endpoint.wishes import Recipient
from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import Variant, terms_of
from mikey_sdp.mikey.modes.table import modes_with
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.policy import Cost, Decision, Facts, after_rejection, check_offered, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How the mode of one offer is chosen: by which facts, and after which modes were rejected."""

    facts: Facts
    tried: frozenset[str] = frozenset()

    def decide(self) -> Decision:
        """The mode, and what else there would be.

        Raises: PolicyRefused where no mode fits. # [4567-8-3]
        """
        return after_rejection(self.facts, self.tried) if self.tried else select(self.facts)

    def rejected(self, modes: Iterable[Mode]) -> Choice:
        """The choice after the peer refused an offer in these modes."""
        return replace(self, tried=self.tried | {mode.value for mode in modes})

    def measured(self, mode: str, octets: int) -> Choice:
        """The choice when it is known how large an offer in that mode is."""
        before = self.facts.costs.get(mode, Cost(octets=0, offer_us=0, answer_us=0))
        costs = {**self.facts.costs, mode: replace(before, octets=octets)}
        return replace(self, facts=replace(self.facts, costs=costs))


def choice_for(leg: LegState) -> Choice:
    """The choice for a first offer to the leg's peer, or for one that opens another CSB with him."""
    core, options, expects = leg.core, leg.core.options, leg.expects
    return Choice(
        facts=Facts(
            credentials=frozenset(mode.value for mode in _possible(core, leg.peer)),
            secure_carrier=leg.secure_carrier,
            forward_secrecy=options.forward_secrecy,
            both_contribute=options.both_contribute,
            forking=expects.forking,
            retargeting=expects.retargeting,
            early_media=expects.early_media,
            conference=expects.conference,
            allowed=_names(core.modes),
            costs={str(mode): cost for mode, cost in options.costs.items()},
            octets=options.max_octets,
            time_us=options.max_time_us,
            answers=expects.answers,
        )
    )


def choice_for_target(leg: LegState, before: Iterable[Mode]) -> Choice:
    """The choice for the new target of a redirected call, whose offers `before` were in these modes."""
    choice = choice_for(leg)
    return replace(choice, facts=replace(choice.facts, protected_before=any(mode is not Mode.NULL for mode in before)))


def choice_of_recipient(leg: LegState, recipient: Recipient) -> Choice:
    """The choice for a message that was asked for: a mode that is named must stand up to the policy like any other."""
    choice = choice_for(leg)
    mode = recipient.mode
    if recipient.certificate is not None:
        mode = Mode.RSA if isinstance(recipient.certificate.public_key(), rsa.RSAPublicKey) else Mode.ECIES
        if recipient.mode not in (None, mode):
            raise PolicyRefused("certificate-and-mode", f"{recipient.mode} encrypts nothing to that certificate")
        choice = replace(choice, facts=replace(choice.facts, credentials=choice.facts.credentials | {mode.value}))
    if mode is None:
        return choice
    allowed = frozenset({mode.value})
    if choice.facts.allowed is not None:
        allowed &= choice.facts.allowed
    return replace(choice, facts=replace(choice.facts, allowed=allowed))


def _possible(core: Core, peer: str) -> frozenset[Mode]:
    """The modes that are possible with a peer, by what is at hand."""
    modes = modes_with(core.credentials, peer)
    if core.modes is not None and core.bundles.pair_key(peer) is not None:
        modes |= core.modes & {Mode.PSK}  # an envelope key that is cached for the pair, used where PSK is asked for
    if core.options.forward_secrecy and core.options.choices.saml.variant is Variant.STATIC:
        modes -= {Mode.DHSAML}  # which has no forward secrecy under the keys of assertions alone
    return modes


def admission_of(core: Core, before: LevelState | None, *, alone: bool = True) -> Callable[[Mode, Message], None]:
    """The check that an offered mode is one that we accept, made before anything else is done with the message.

    An update is exempt: its mode is judged by that of its CSB, `before`. The refusal is Invalid DT (11): it is the kind
    of message that is not supported here, not a certificate that could be replaced. # [5197-5-6]
    An unprotected message must stand `alone` at its level: whoever changes the offer on its way could have put it
    before the others.
    What it returns raises PeerError.
    """
    options = core.options
    own = Facts(
        credentials=frozenset(),
        allowed=_names(options.accepts),
        forward_secrecy=options.forward_secrecy,
        both_contribute=options.both_contribute,
    )

    def admit(mode: Mode, message: Message) -> None:
        if before is not None and before.bundle.csb_id == message.header.csb_id and message.find(Rand) is None:
            return
        try:
            check_offered(mode.value, own)
        except PolicyRefused as refusal:
            raise _not_accepted(refusal.reason) from refusal
        if mode is Mode.NULL and not alone:
            raise _not_accepted("an unprotected message can't stand beside others")
        if own.forward_secrecy and mode is Mode.DHSAML and terms_of(message).variant is Variant.STATIC:
            raise _not_accepted("DHSAML under the keys of assertions alone has no forward secrecy")

    return admit


def _names(modes: Iterable[Mode] | None) -> frozenset[str] | None:
    return None if modes is None else frozenset(mode.value for mode in modes)


def _not_accepted(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_DT, section="RFC 5197 section 5")

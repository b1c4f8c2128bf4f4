"""SAML-assisted Diffie-Hellman, the first round: each SIP domain vouches for the key of its user.

Source: RFC 5197 section 3.6, whose figures decision note 11 completes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.continuation import Continuation
from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs, missing, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request
from mikey_sdp.mikey.modes.csb import check_rand, offer_header
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Terms, Variant
from mikey_sdp.mikey.modes.dhsaml_seal import check_proof
from mikey_sdp.mikey.modes.dhsaml_secrets import (
    Direction,
    OwnKeys,
    TheirKeys,
    message_keys,
    protection_key_of,
    rands_of,
    shared_secret,
    tgk_of,
)
from mikey_sdp.mikey.modes.quota import AnswerQuota
from mikey_sdp.mikey.modes.roles import identity_of, names, parties_of_dh_answer
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.payloads.dh import DhValue
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.payloads.validity import KeyValidity
from mikey_sdp.mikey.registry import DataType, ErrorNo, KeyDataType
from mikey_sdp.mikey.saml import Assertion, SamlCredential
from mikey_sdp.mikey.saml.backend import require
from mikey_sdp.secret import Entropy, Secret

SECTION: Final = "RFC 5197 section 3.6"


def own_keys(credential: SamlCredential, terms: Terms, entropy: Entropy) -> OwnKeys:
    """The key of our assertion and, in the variant that has one, a fresh key."""
    fresh = group_of(credential.group).draw(entropy) if terms.variant is Variant.EPHEMERAL else None
    return OwnKeys(static=credential.key, ephemeral=fresh)


def check_key(assertion: Assertion, shown: DhValue | None, credential: SamlCredential) -> None:
    """The peer's keys are in the group of ours, and none is our own.

    Raises: PeerError with Invalid DH (6).
    """
    groups = {assertion.group} if shown is None else {assertion.group, shown.group}
    if groups != {credential.group}:
        raise bad_key("the peer's Diffie-Hellman key is in another group than ours")
    if credential.key.public in (assertion.public, shown.value if shown else b""):
        raise bad_key("the peer shows our own key")


def exchange_of(
    shared: Secret, rands: tuple[bytes, bytes], terms: Terms, timestamp: Timestamp, transcript: bytes, peer: str
) -> Continuation:
    """What the rest of the exchange builds on, at the Responder, as of the messages of `transcript`."""
    return Continuation(
        peer=peer,
        initiated=False,
        timestamp=timestamp,
        round_2=terms.round_2,
        protection_key=protection_key_of(shared, *rands),
        rands=rands_of(*rands),
        transcript=transcript,
    )


def tgks_of(shared: Secret, rands: tuple[bytes, bytes], validity: KeyValidity) -> tuple[KeyData, ...]:
    """The TGK of the first round."""
    return (KeyData(key_type=KeyDataType.TGK, key=tgk_of(shared, *rands), salt=None, validity=validity),)


def finished(
    bundle: Bundle, rands: tuple[bytes, bytes], exchange: Continuation, answer: Message, entropy: Entropy
) -> Bundle:
    """The CSB after the first round, with what a second one needs where one is to follow.

    V proves the Responder; nothing proves the Initiator yet.
    """
    continuation = None
    if exchange.round_2 is not RoundTwo.NONE:
        transcript = exchange.transcript + answer.octets
        continuation = replace(exchange, transcript=transcript, own_rand=fresh_rand(entropy))
    return replace(bundle, rand=b"".join(rands), continuation=continuation, unproved=not exchange.initiated)


class DhsamlInitiator:
    """The end that speaks first: HDR, T, RAND1, CREDi, [DHi], [IDr], {SP}."""

    mode: Final = Mode.DHSAML
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup, credential: SamlCredential) -> None:
        require()
        self._setup = setup
        self._credential = credential
        self._answers = AnswerQuota(setup.limits)
        self._terms = terms = setup.choices.saml.terms
        self._keys = own_keys(credential, terms, setup.entropy)
        policies = setup.bundle.policies
        fresh = self._keys.ephemeral
        self._fresh = DhValue(group=credential.group, value=fresh.public, validity=setup.validity) if fresh else None
        self.message: Final[Message] = Message.build(
            offer_header(setup, DataType.DHSAML_I_MSG_1, v=True),
            (
                setup.timestamp,
                Rand(octets=setup.bundle.rand),
                credential.to_payload(compressed=setup.choices.saml.deflate),
                *((self._fresh,) if self._fresh else ()),
                *((setup.peer,) if setup.peer else ()),
                *(parameters.to_payload(number) for number, parameters in policies.items()),
                terms.to_payload(policies),
                *setup.extensions,
            ),
        )

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder: HDR, T, CREDr, IDi, DHr, RAND2, {SP}, V.

        Who he is his assertion says; V shows that he has its key, and that nobody changed either message.
        Raises: DecodeError, PeerError.
        """
        setup, credential, sent = self._setup, self._credential, self.message
        acceptance = Acceptance(setup.profile)
        answer = read_answer(octets, sent, setup.timestamp, DataType.DHSAML_R_MSG_1, None, acceptance)
        idi, shown, rand = parties_of_dh_answer(answer).idi, answer.find(DhValue), answer.find(Rand)
        if idi is None or shown is None or rand is None:
            raise missing("IDi, DHr or RAND2")
        if not names(idi, setup.own):
            raise PeerError("the answer is for another Initiator", mikey_error=ErrorNo.INVALID_ID, section=SECTION)
        check_rand(rand)
        _check_policies(answer, sent)
        self._answers.spend()
        assertion = assertion_of(answer, credential, setup, None)
        check_key(assertion, shown, credential)
        theirs = self._keys_of_answer(assertion, shown)
        shared = shared_secret(self._keys, theirs, initiator=True)
        rands = (setup.bundle.rand, rand.octets)
        exchange = replace(
            exchange_of(shared, rands, self._terms, setup.timestamp, sent.octets, assertion.subject), initiated=True
        )
        if not setup.choices.saml.literal or answer.find(Verification) is not None:
            keys = message_keys(exchange, answer.header, Direction.R_MSG_1)
            appended = (sent.octets, idi.data, identity_of(assertion.subject).data)
            check_proof(answer, keys=keys, appended=appended)
        bundle = setup.bundle.updated(keys=tgks_of(shared, rands, shown.validity), own=False)
        bundle = bundle.with_ssrcs(filled_ssrcs(sent, answer))
        return Established(
            mode=self.mode,
            bundle=finished(bundle, rands, exchange, answer, setup.entropy),
            peer=assertion.subject,
            tolerated=acceptance.tolerated,
        )

    def _keys_of_answer(self, assertion: Assertion, shown: DhValue) -> TheirKeys:
        """Raises: PeerError with Invalid DH (6) for a DHr that does not go with the variant that was asked for."""
        if self._fresh is None:
            if shown.value != assertion.public:
                raise bad_key("DHr is not the key of the assertion")
            return TheirKeys(static=assertion.public)
        if shown.value in (self._fresh.value, assertion.public) or shown.validity != self._fresh.validity:
            raise bad_key("DHr is no fresh key, or names the TGK otherwise than DHi")
        return TheirKeys(static=assertion.public, ephemeral=shown.value)


def assertion_of(
    message: Message, credential: SamlCredential, moment: InitiatorSetup | Request, subject: str | None
) -> Assertion:
    """What the sender's assertion says, at the moment at which `moment` was handed in.

    Raises: PeerError with Invalid Cert (8); BackendUnavailable.
    """
    payload = message.find(Certificate)
    if payload is None:
        raise missing("an assertion")
    return credential.check(payload, now=moment.now, subject=subject)


def _check_policies(answer: Message, sent: Message) -> None:
    """A Responder may repeat policies; others than those that were offered he can't bring in.

    Raises: PeerError with Invalid SP (9).
    """
    offered = sent.all(SecurityPolicy)
    if any(policy not in offered for policy in answer.all(SecurityPolicy)):
        raise PeerError("the answer has a policy that was not offered", mikey_error=ErrorNo.INVALID_SP, section=SECTION)


def bad_key(reason: str) -> PeerError:
    """What a peer is told whose Diffie-Hellman keys won't do."""
    return PeerError(reason, mikey_error=ErrorNo.INVALID_DH, section=SECTION)

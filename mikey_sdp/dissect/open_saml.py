"""Opening the first round of SAML-assisted Diffie-Hellman, with the private values of one end.

Source: RFC 5197 section 3.6; decision note 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.dissect.opened import V_CHECK, Missing, Opened, checked
from mikey_sdp.dissect.recording import Recording
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.dhsaml import exchange_of, tgks_of
from mikey_sdp.mikey.modes.dhsaml_policy import Variant, terms_of
from mikey_sdp.mikey.modes.dhsaml_seal import check_proof
from mikey_sdp.mikey.modes.dhsaml_secrets import Direction, OwnKeys, TheirKeys, message_keys, shared_secret
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import Certificate, DhValue, Identity, KeyData, Rand, Timestamp
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml import Assertion, decode_cert
from mikey_sdp.mikey.saml.check import read_unverified

SECTION: Final = "RFC 5197 section 3.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    asked: Message
    keys: tuple[KeyData, ...]
    context: KeyContext


def saml_answer(recording: Recording, message: Message) -> Opened | None:
    """The answer of the first round: TGK and V. V alone tells that the private values are right, so without it there
    are no keys."""
    known = recording.known
    if known.dh_private is None and known.static is None:
        return None
    made: list[_Made] = []
    check = checked(V_CHECK, lambda: made.append(_made(recording, message)))
    if not made:
        return Opened(checks=(check,))
    return recording.with_keys(made[0].asked, (check,), made[0].keys, answer=message, context=made[0].context)


def _made(recording: Recording, answer: Message) -> _Made:
    asked = recording.asked_by(answer)
    shown, fresh = answer.find(DhValue), asked.find(DhValue)
    rands, timestamp, idi = (asked.find(Rand), answer.find(Rand)), asked.find(Timestamp), answer.find(Identity)
    if shown is None or rands[0] is None or rands[1] is None or timestamp is None or idi is None:
        raise _refused("the exchange lacks DHr, a RAND, T or IDi")
    terms = terms_of(asked)
    ours = _own_keys(recording, shown.group, variant=terms.variant)
    both = (_assertion(asked), _assertion(answer))
    initiates = _initiates(ours, fresh, shown, both)
    theirs = TheirKeys(
        static=both[1 if initiates else 0].public,
        ephemeral=None if fresh is None else (shown if initiates else fresh).value,
    )
    shared = shared_secret(ours, theirs, initiator=initiates)
    octets = (rands[0].octets, rands[1].octets)
    exchange = exchange_of(shared, octets, terms, timestamp, asked.octets, both[0].subject)
    keys = message_keys(exchange, answer.header, Direction.R_MSG_1)
    check_proof(answer, keys=keys, appended=(asked.octets, idi.data, identity_of(both[1].subject).data))
    context = KeyContext(csb_id=asked.header.csb_id, rand=b"".join(octets), prf=prf_of(asked.header.prf_func))
    return _Made(asked=asked, keys=tgks_of(shared, octets, shown.validity), context=context)


def _own_keys(recording: Recording, group: DhGroup, *, variant: Variant) -> OwnKeys:
    """The private values of one end: that of the assertion and, in the variant that has it, the fresh one."""
    known = recording.known
    given = None if known.dh_private is None else group_of(group).private(known.dh_private.reveal())
    static = None if known.static is None else group_of(group).private(known.static.reveal())
    if variant is not Variant.EPHEMERAL:
        static = static or given
    if static is None or (variant is Variant.EPHEMERAL and given is None):
        raise Missing("V takes the private value of an assertion, and the fresh one where there is one")
    return OwnKeys(static=static, ephemeral=given if variant is Variant.EPHEMERAL else None)


def _initiates(ours: OwnKeys, fresh: DhValue | None, shown: DhValue, both: tuple[Assertion, Assertion]) -> bool:
    """Whether the private values are those of the Initiator.

    Raises: PeerError where they are neither end's.
    """
    ends = (
        (both[0].public, fresh.value if fresh else None, True),
        (both[1].public, shown.value if fresh else None, False),
    )
    mine = (ours.static.public, ours.ephemeral.public if ours.ephemeral else None)
    for public, ephemeral, initiates in ends:
        if mine == (public, ephemeral):
            return initiates
    raise _refused("the private values are those of neither end")


def _assertion(message: Message) -> Assertion:
    payload = message.find(Certificate)
    if payload is None:
        raise _refused("a message has no assertion")
    return read_unverified(decode_cert(payload))


def _refused(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=None, section=SECTION)

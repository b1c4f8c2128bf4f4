"""Opening both rounds of SAML-assisted Diffie-Hellman, with the private values of one end.

Source: RFC 5197 section 3.6; decision note 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.dissect.opened import DATA_SAS, MAC_CHECK, V_CHECK, Missing, Opened, checked
from mikey_sdp.dissect.recording import Further, Recording
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.continuation import Continuation
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs
from mikey_sdp.mikey.modes.dhsaml import exchange_of, tgks_of
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant, terms_of
from mikey_sdp.mikey.modes.dhsaml_round2 import after_round_two, csb_id_of
from mikey_sdp.mikey.modes.dhsaml_seal import check_contents, check_proof, contents_of
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
    due: Continuation


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
    first = made[0]
    opened = recording.with_keys(first.asked, (check,), first.keys, answer=message, context=first.context)
    if opened.bundle is not None and first.due.round_2 is not RoundTwo.NONE:
        further = Further(due=first.due, before=opened.bundle)
        recording.further.setdefault(message.header.csb_id, []).append(further)
    return opened


def further_offer(recording: Recording, message: Message) -> Opened | None:
    """The request of the second round, whose MAC tells which first round it goes on with."""
    waiting = recording.further.get(message.header.csb_id, [])
    if not waiting:
        return None
    return Opened(checks=(checked(MAC_CHECK, lambda: _ask(waiting, message)),))


def _ask(waiting: Sequence[Further], message: Message) -> None:
    fault: PeerError = _refused("the MAC is of none of the exchanges that are known")
    for one in waiting:
        keys = message_keys(one.due, message.header, Direction.I_MSG_2)
        try:
            check_contents(message, keys=keys, appended=one.due.transcript)
        except PeerError as error:
            fault = error
            continue
        one.said = contents_of(message, keys=keys, timestamp=one.due.timestamp)
        one.asked = message
        return
    raise fault


def further_answer(recording: Recording, message: Message) -> Opened | None:
    """The answer of the second round: a group's key, a stronger one, or none."""
    asked = [one for one in recording.further.get(message.header.csb_id, []) if one.said is not None]
    if not asked:
        return None
    made: list[Bundle] = []
    check = checked(MAC_CHECK, lambda: made.append(_finished(asked, message)))
    if not made:
        return Opened(checks=(check,))
    recording.bundles[message.header.csb_id] = made[0]
    data_sas: list[DataSa] = []
    derived = checked(DATA_SAS, lambda: data_sas.extend(recording.data_sas(made[0])))
    return Opened(checks=(check, derived), bundle=made[0], data_sas=tuple(data_sas))


def _finished(asked: Sequence[Further], answer: Message) -> Bundle:
    fault: PeerError = _refused("the MAC is of none of the exchanges that are known")
    for one in asked:
        sent, said = one.asked, one.said
        if sent is None or said is None:
            continue
        keys = message_keys(one.due, sent.header, Direction.R_MSG_2)
        try:
            check_contents(answer, keys=keys, appended=one.due.transcript + sent.octets)
        except PeerError as error:
            fault = error
            continue
        theirs = contents_of(answer, keys=keys, timestamp=one.due.timestamp)
        before = replace(one.before, sessions=sent.header.sessions)
        after = after_round_two(before, one.due, first=said, second=theirs, own=said)
        csb_id = csb_id_of(answer) if theirs.keys else after.csb_id
        return replace(after, csb_id=csb_id).with_ssrcs(filled_ssrcs(sent, answer))
    raise fault


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
    due = replace(exchange, transcript=exchange.transcript + answer.octets)
    return _Made(asked=asked, keys=tgks_of(shared, octets, shown.validity), context=context, due=due)


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

"""Taking an offer, and making the answer or the refusal.

Source: RFC 4567 sections 4.1.1 and 4.1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.endpoint.admission import check_count, check_mode, check_mode_of_update, check_place, check_streams
from mikey_sdp.endpoint.choosing import admission_of
from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.endpoint.peer import check_peer
from mikey_sdp.endpoint.recipients import message_for_us
from mikey_sdp.endpoint.state import LegState, LevelState
from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Envelope
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.line_order import judge_order, mikey_lines_at
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.media import media_lines
from mikey_sdp.sdp.offer_answer import (
    SECTION,
    ReceivedLevel,
    answered,
    check_offer_is_keyed,
    check_offer_stays_secure,
    check_reply_stays_secure,
    insert_message,
    judge_identifiers,
    own_ssrcs,
    parse,
    received_levels,
)

NOT_ACCEPTABLE_HERE: Final = 488
ATTRIBUTE_NOT_UNDERSTOOD: Final = 306
MISCELLANEOUS: Final = 399
RENEGOTIABLE: Final = frozenset(
    {
        ErrorNo.INVALID_PRF,
        ErrorNo.INVALID_MAC,
        ErrorNo.INVALID_EA,
        ErrorNo.INVALID_HA,
        ErrorNo.INVALID_DH,
        ErrorNo.INVALID_SP,
        ErrorNo.INVALID_SPPAR,
    }
)
"""Causes that another offer could mend; the others are the end of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why an offer is refused, as SIP says it. # [4567-4.1.2-6]

    Keeps: `warning`, code and text of the Warning header; `mikey_error`, the Error no behind it, if MIKEY has one;
    `mikey_message`, the MIKEY Error message for the peer, where he is owed one. # [4567-4.1.2-7]
    """

    status: int = NOT_ACCEPTABLE_HERE
    warning: tuple[int, str]
    mikey_error: int | None = None
    mikey_message: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of an offer: an answer and keys, or a rejection.

    Keeps: `sdp`, the body to send back, None where the offer is refused outright; a rejection beside an SDP is carried
    in it as a MIKEY Error message and waits for another offer # [4567-4.1.2-4]; `keys`, None beside an SDP also where
    it takes no stream that has a key.
    """

    sdp: str | None = field(default=None, repr=False)
    keys: KeySet | None = None
    peer: str | None = None
    rejection: Rejection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """One level of an offer that was accepted, and what to answer there (None: nothing)."""

    state: LevelState
    reply: bytes | None = field(repr=False)


def make_answer(leg: LegState, offer: str, sdp: str, *, caller: str | None) -> Answer:
    """Take an offer on a leg, first or later; on failure no key and no CSB of it is left. # [4567-4.1.2-10]

    `caller` is the identity of the signalling, None where it has none.
    Raises: DecodeError and UsageError for our own body only; what is wrong with the offer is in the rejection.
    """
    own = parse(sdp, "own SDP")
    rekey = bool(leg.levels)
    try:
        body = parse(offer, "offer")
        levels = _levels_of(body, leg)
        reply = answered(body, own)
        check_reply_stays_secure(body, reply)
    except (DecodeError, PeerError) as fault:
        return Answer(rejection=_rejection(fault, rekey))
    taken: dict[Level, _Taken] = {}
    peer = caller or leg.peer or None
    for received in levels:
        try:
            item = _take(leg, received, body, reply, peer, taken)
        except (DecodeError, PeerError) as fault:
            return _refused(leg.core, fault, reply, received.line.level, rekey)
        taken[received.line.level] = item
        peer = item.state.peer
    in_use = [line.level for line in media_lines(reply) if line.takes_keys]
    used = {level: item for level, item in taken.items() if level is None or level in in_use}
    if not used:
        return Answer(sdp=str(reply), peer=peer)
    for level, item in used.items():
        if item.reply is not None:
            reply = insert_message(reply, level, item.reply)
    try:
        keys = leg.install({level: item.state for level, item in used.items()}, in_use, send_now=not rekey)
    except PeerError as fault:
        return Answer(rejection=_rejection(fault, rekey))
    return Answer(sdp=str(reply), keys=keys, peer=keys.peer)


def _levels_of(offer: SessionDescription, leg: LegState) -> tuple[ReceivedLevel, ...]:
    levels = received_levels(offer)
    if not levels:
        protocols = sorted({line.kmpid for line in key_mgmt_lines(offer)})
        what = f"only {', '.join(protocols)}, which is not supported" if protocols else "no key management"
        raise PeerError(f"the offer has {what}", mikey_error=None, section=SECTION)  # [4567-4.1.2-14]
    check_offer_is_keyed(offer, levels)
    check_offer_stays_secure(offer, leg.in_use)
    return levels


def _take(
    leg: LegState,
    received: ReceivedLevel,
    offer: SessionDescription,
    own: SessionDescription,
    peer: str | None,
    beside: Mapping[Level, _Taken],
) -> _Taken:
    """One MIKEY message of the offer: news goes to MIKEY, a repetition does not. # [4567-4.1.1-6]

    `beside` are the levels of the offer that were taken before.
    """
    core, level = leg.core, received.line.level
    if core.options.several_messages:
        received = message_for_us(core, offer, received, peer)
    data, before = received.line.data, leg.levels.get(level)
    if before is not None and before.repeats(data):
        check_count(before.bundle, received.keyed)
        return _Taken(state=before.over(received.keyed), reply=before.sent)
    others = [taken.state for taken in beside.values()]

    def judge(message: Message) -> None:
        judge_identifiers(offer)(message)
        judge_order(offer, received.line)(message)
        check_place(message, before, {state.bundle.csb_id for state in others})

    def approve(bundle: Bundle) -> None:
        check_streams(bundle, received.keyed, begun=leg.in_use)

    response = core.responder().respond(
        data,
        now=core.clock(),
        envelope=Envelope(
            peer=peer,
            secure_carrier=leg.secure_carrier,
            ssrcs=received.keyed.responder_ssrcs(own_ssrcs(own)),
            admit=admission_of(core, before, alone=len(mikey_lines_at(offer, received.line)) == 1),
            judge=judge,
            approve=approve,
        ),
    )
    established = response.established
    if peer is not None:
        check_peer(expected=peer, proved=established.peer)
    check_mode(established.mode, others, leg.levels.values())
    check_mode_of_update(established.mode, established.bundle, before)
    state = LevelState(
        keyed=received.keyed,
        bundle=established.bundle,
        initiated=False,
        mode=established.mode,
        peer=established.peer,
        sent=response.reply,
        received=data,
        tolerated=established.tolerated,
    )
    return _Taken(state=state, reply=response.reply)


def _refused(
    core: Core, fault: DecodeError | PeerError, reply: SessionDescription, level: Level, rekey: bool
) -> Answer:
    """The refusal of one level's message, which is the refusal of all. # [4567-4.1.1-8]"""
    rejection = _rejection(fault, rekey)
    mendable = rejection.mikey_message is not None and rejection.mikey_error in RENEGOTIABLE
    if core.options.renegotiate and mendable and rejection.mikey_message is not None:
        return Answer(sdp=str(insert_message(reply, level, rejection.mikey_message)), rejection=rejection)
    return Answer(rejection=rejection)


def _rejection(fault: DecodeError | PeerError, rekey: bool) -> Rejection:
    """The SIP side of a fault. A failed re-key says at least 306. # [4567-4.1.2-21]

    The text may quote the peer, whose characters must not end a header.
    """
    number = fault.mikey_error
    unsupported = number in RENEGOTIABLE or rekey
    reason = "".join(character if character.isprintable() else "?" for character in fault.reason)
    return Rejection(
        warning=(ATTRIBUTE_NOT_UNDERSTOOD if unsupported else MISCELLANEOUS, f"Key management: {reason}"),
        mikey_error=number,
        mikey_message=fault.reply,
    )

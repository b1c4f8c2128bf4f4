"""Descriptions that go one way (SAP, a web page): an offer that nobody answers.

Source: RFC 4567 section 4.1.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from mikey_sdp.endpoint.admission import check_place, check_streams
from mikey_sdp.endpoint.choosing import admission_of
from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.keys import KeyedMedia, KeySet
from mikey_sdp.endpoint.offering import make_offer
from mikey_sdp.endpoint.peer import check_peer
from mikey_sdp.endpoint.sessions import LiveSessions
from mikey_sdp.endpoint.state import LegState
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.acceptance import Tolerance
from mikey_sdp.mikey.modes.contract import Envelope, Mode
from mikey_sdp.sdp.offer_answer import KeyedLevel, parse, received_levels

SECTION: Final = "RFC 4567 section 4.1.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A description to distribute and the keys of its streams."""

    sdp: str = field(repr=False)
    keys: KeySet


def announce(leg: LegState, sdp: str) -> Announcement:
    """A description whose MIKEY message asks for no answer; one protocol only. # [4567-4.1.3-2]

    Raises: UsageError for a mode whose keys need an answer # [4567-4.1.3-3]; DecodeError, PolicyRefused.
    """
    if leg.others:
        raise UsageError("an announcement offers one key management protocol only")
    options = replace(leg.core.options, verification=False)
    offer = make_offer(replace(leg, core=replace(leg.core, options=options), names_peer=False), sdp, rekey=False)
    if offer.keys is None:
        raise UsageError(f"{offer.mode} needs an answer and can't be announced one way")
    return Announcement(sdp=offer.sdp, keys=offer.keys)


def listen(leg: LegState, sdp: str, *, announcer: str) -> KeySet:
    """The keys of an announced description, to receive under.

    The announcer does not name each listener, and lists of protocols are not needed. # [4567-4.1.3-4]
    Raises: DecodeError, PeerError.
    """
    levels = received_levels(parse(sdp, "announcement"))
    if not levels:
        raise PeerError("the announcement has no MIKEY message", mikey_error=None, section=SECTION)
    core = leg.core
    responder = core.responder(require_idr=False)
    parts: list[KeyedMedia] = []
    modes: list[Mode] = []
    tolerated: list[Tolerance] = []
    for received in levels:
        response = responder.respond(
            received.line.data, now=core.clock(), envelope=_envelope(core, received.keyed, announcer, parts)
        )
        if response.reply is not None:
            raise PeerError("the announcement asks for an answer", mikey_error=None, section=SECTION)
        established = response.established
        check_peer(expected=announcer, proved=established.peer)
        modes.append(established.mode)
        tolerated += established.tolerated
        parts.append(KeyedMedia(keyed=received.keyed, bundle=established.bundle, initiated=False))
    in_use = [media for part in parts for media in part.keyed.media]
    return KeySet(parts, in_use=in_use, mode=modes[0], peer=announcer, sessions=LiveSessions(), tolerated=tolerated)


def _envelope(core: Core, keyed: KeyedLevel, announcer: str, beside: Iterable[KeyedMedia]) -> Envelope:
    """An announcement opens a CSB and updates none."""
    csb_ids = {part.bundle.csb_id for part in beside}
    return Envelope(
        peer=announcer,
        admit=admission_of(core, None),
        judge=lambda message: check_place(message, None, csb_ids),
        approve=lambda bundle: check_streams(bundle, keyed),
    )

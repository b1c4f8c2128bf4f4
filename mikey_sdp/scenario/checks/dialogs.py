"""Expectations on early dialogs: how many phones answered before any of them took the call."""

from __future__ import annotations

from mikey_sdp.errors import DecodeError
from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.words import fits, say_count
from mikey_sdp.scenario.evidence import Evidence, SipSeen, nearest_message
from mikey_sdp.scenario.expect import Bounds
from mikey_sdp.sip.message import Message


def check_early_dialogs(asked: int | Bounds, evidence: Evidence) -> Failure | None:
    """Callers got provisional responses of that many dialogs."""
    came = [seen for seen in evidence.messages if seen.arrived and seen.name in _PROVISIONAL]
    heard = [seen for seen in came if seen.sent.to in evidence.scenario.parties]
    dialogs = {(seen.call_id, tag) for seen in heard if (tag := _tag(seen))}
    if fits(len(dialogs), asked):
        return None
    return Failure(
        expected=f"{say_count(asked)} early dialogs", came=f"{len(dialogs)}", nearest=nearest_message(heard or came)
    )


_PROVISIONAL = frozenset(map(str, range(101, 200)))


def _tag(seen: SipSeen) -> str:
    """By which the callee's end of a dialog is told; empty where there is no dialog."""
    try:
        return Message.parse(seen.sent.octets).to.tag or ""
    except DecodeError:
        return ""

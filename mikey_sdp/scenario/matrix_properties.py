"""The second table of RFC 5197 section 5.5 and the criteria of section 3, each mode measured in calls of its own."""

from __future__ import annotations

from typing import Final

from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.scenario.matrix_trust import (
    calls_work,
    certificates_of,
    pinned,
    without_acquaintance,
    without_authority,
)
from mikey_sdp.scenario.matrix_words import PRINTED_PROPERTIES
from mikey_sdp.scenario.mode_cases import Held, ModeCase, held
from mikey_sdp.scenario.mode_table import Measured, opened_with, record
from mikey_sdp.trace import CriteriaRow, PropertyRow

USERS: Final = 10
"""How large the population is for which what must be provisioned is counted."""


def properties(case: ModeCase, measured: Measured, variant: str) -> PropertyRow:
    """The row of a mode in the second table."""
    parties = held(case)
    by_hand = pinned(parties)
    keys = _keys(parties)
    found = {
        "manual-keys": _yes(keys > 0),
        "needs-pki": _yes(not calls_work(case, without_authority(parties))),
        "pfs": _yes(measured.forward_secrecy is True),
        "key-generation": _who(measured.fresheners),
    }
    printed = None if variant else PRINTED_PROPERTIES.get(str(case.mode))
    return PropertyRow(
        mode=str(case.mode),
        variant=variant,
        manual_keys=keys > 0,
        keys=keys,
        needs_pki=found["needs-pki"] == "Yes",
        pfs=measured.forward_secrecy,
        key_generation=found["key-generation"],
        without_rand=None if measured.fresheners_without_rand is None else _who(measured.fresheners_without_rand),
        secret_by=_who(measured.contributors),
        opened_by=_opened_by(case, parties),
        certificates=certificates_of(parties),
        pinned=None if by_hand is None else calls_work(case, by_hand),
        printed=None if printed is None else dict(printed),
        agrees={} if printed is None else {name: words.rstrip("*") == found[name] for name, words in printed.items()},
    )


def criteria(case: ModeCase, measured: Measured, variant: str, *, group_keying: bool) -> CriteriaRow:
    """The row of a mode by the criteria of section 3."""
    parties = held(case)
    keys, certificates = _keys(parties), certificates_of(parties) // 2
    mandatory = MODES[case.mode].mandatory
    beforehand = keys > 0 or not calls_work(case, without_acquaintance(parties))
    return CriteriaRow(
        mode=str(case.mode),
        variant=variant,
        mandatory=None if variant or mandatory is None else _yes(mandatory),
        keys_per_pair=keys,
        certificates_per_user=certificates,
        peer_beforehand=beforehand,
        objects=keys * USERS * (USERS - 1) // 2 + certificates * USERS + (certificates > 0),
        group_keying=group_keying,
        messages=len(record(case, parties, verification=False).messages),
        i_message_octets=measured.i_message_octets,
        r_message_octets=measured.r_message_octets,
        initiator_us=measured.initiator_ns / 1000,
        responder_us=measured.responder_ns / 1000,
    )


def _keys(parties: Held) -> int:
    """How many symmetric keys two ends were given for each other: both have the same one."""
    return sum(isinstance(credential, PskCredential) for credential in (parties.alice, parties.bob)) // 2


def _opened_by(case: ModeCase, parties: Held) -> tuple[str, ...]:
    """The ends whose long-term secrets alone open a recording. A secret that both hold is that of both."""
    recorded = record(case, parties)
    ends = ("Initiator", "Responder")
    secrets = parties.long_term if len(parties.long_term) > 1 else parties.long_term * 2
    return tuple(end for end, known in zip(ends, secrets, strict=True) if opened_with(recorded, [known]) is not None)


def _who(ends: tuple[str, ...] | None) -> str:
    if ends is None:
        return "unknown"
    return "Both" if len(ends) > 1 else "".join(ends) or "Neither"


def _yes(holds: bool) -> str:
    return "Yes" if holds else "No"

"""All remarks on a message: what weakens it, what peers often get wrong, what a reader would have to look up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from mikey_sdp.dissect import remarks_on_exchange, remarks_on_payloads
from mikey_sdp.dissect.remark import Context, Remark, note

REMARKS: Final[tuple[Callable[[Context], Iterator[Remark]], ...]] = (
    remarks_on_exchange.composition,
    remarks_on_payloads.protection,
    remarks_on_payloads.clear_keys,
    remarks_on_payloads.rand,
    remarks_on_exchange.time,
    remarks_on_exchange.sdp_ids,
    remarks_on_exchange.streams,
    remarks_on_payloads.policies,
    remarks_on_exchange.identities,
    remarks_on_exchange.verification_flag,
    remarks_on_exchange.place_in_exchange,
    remarks_on_exchange.reported_errors,
    remarks_on_payloads.code_points,
)
"""Every remark that exists, the weightiest first; a new one is a new row."""

_SEVERITIES: Final = ("error", "warning", "note")


def remarks_of(context: Context) -> tuple[Remark, ...]:
    """What is to be said of a message, errors first, in a steady order; what its carrier needed tolerance for, too."""
    found = [remark for remarks in REMARKS for remark in remarks(context)]
    found += [note(text, "RFC 4567 section 3.1") for text in context.found.notes]
    return tuple(sorted(found, key=lambda remark: _SEVERITIES.index(remark.severity)))

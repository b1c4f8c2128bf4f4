"""The words of the matrix: its columns, the conditions of each, and what RFC 5197 prints, which nothing else is.

Source: RFC 5197 sections 3 and 5.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Column = Literal["early-media", "secure-forking", "retarget", "redirect", "shared-key-conference"]
BASELINE: Final = "baseline"

CONDITIONS: Final[Mapping[Column, tuple[str, ...]]] = MappingProxyType(
    {
        "early-media": (BASELINE, "answer-in-183", "reliable-183", "preconditions", "buffered"),
        "secure-forking": (
            BASELINE,
            "nothing-shared",
            "private-key-shared",
            "one-answers-early",
            "both-answer",
            "one-responder-ssrc",
        ),
        "retarget": (BASELINE, "strict-identity", "psk-shared-with-target", "proxy-recursion"),
        "redirect": (BASELINE, "target-at-hand", "choice-by-policy"),
        "shared-key-conference": (BASELINE, "other-way-round", "offerless", "two-steps", "join-and-leave"),
    }
)
"""The situations of each column, its baseline first; those that a mode can't be in are left out of its cells."""

PRINTED: Final[Mapping[str, Mapping[Column, str]]] = MappingProxyType(
    {
        "PSK": {"early-media": "Yes", "shared-key-conference": "Yes*"},
        "RSA": {"early-media": "Yes", "shared-key-conference": "Yes*"},
        "DHSIGN": {"secure-forking": "Yes*", "retarget": "Yes", "redirect": "Yes"},
        "NULL": {"early-media": "Yes"},
        "DHHMAC": {},
        "RSA-R": {
            "secure-forking": "Yes",
            "retarget": "Yes",
            "redirect": "Yes",
            "shared-key-conference": "Yes",
        },
    }
)
"""The first table; what is not here is blank there."""

PRINTED_PROPERTIES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        mode: MappingProxyType(dict(zip(("manual-keys", "needs-pki", "pfs", "key-generation"), words, strict=True)))
        for mode, words in {
            "PSK": ("Yes", "No", "No", "Initiator"),
            "RSA": ("No", "Yes", "No", "Initiator"),
            "DHSIGN": ("No", "Yes", "Yes", "Both"),
            "NULL": ("No", "No", "No", "Initiator"),
            "DHHMAC": ("Yes", "No", "Yes", "Both"),
            "RSA-R": ("No", "Yes", "No", "Both*"),
        }.items()
    }
)
"""The second table."""

MANDATORY: Final[Mapping[str, str]] = MappingProxyType({"PSK": "Yes", "RSA": "Yes", "DHSIGN": "No"})
"""What RFC 3830 section 3 says of its own modes."""


def printed_in(mode: str, variant: str, column: Column) -> str | None:
    """What the first table prints in a cell; None where it has no such row."""
    row = None if variant else PRINTED.get(mode)
    return None if row is None else row.get(column, "")

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
            "message-per-device",
            "one-answers-early",
            "both-answer",
            "prefilled-ssrc",
        ),
        "retarget": (BASELINE, "strict-identity", "psk-shared-with-target", "message-per-user", "proxy-recursion"),
        "redirect": (BASELINE, "target-at-hand", "choice-by-policy"),
        "shared-key-conference": (BASELINE, "other-way-round", "offerless", "two-steps", "join-and-leave"),
    }
)
"""The situations of each column, its baseline first; those that a mode can't be in are left out of its cells."""

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "early-media": {
            BASELINE: "Bob's phone sends as soon as it has taken the offer; its packets arrive long before any answer.",
            "answer-in-183": "The answer comes in a 183, on a way that is no slower than the media's.",
            "reliable-183": "The answer comes in a reliable 183, and media waits for its PRACK (RFC 3262).",
            "preconditions": "Both ends insist on keys before anything is heard (RFC 5027).",
            "buffered": "As in the baseline, and the caller keeps the packets until their keys are there.",
        },
        "secure-forking": {
            BASELINE: "Two devices of Bob ring, and each of them answers in a run of its own. They share his "
            "pre-shared key. Certificates and assertions each has its own; the caller encrypts to that of the desk.",
            "nothing-shared": "The devices have nothing in common: each has credentials of its own.",
            "private-key-shared": "Both devices have one certificate and its private key.",
            "message-per-device": "Each device has a certificate of its own; the caller knows both, and the offer has "
            "a message for each.",
            "one-answers-early": "The desk brings its answer in a provisional response, the mobile takes the call.",
            "both-answer": "Both devices answer at once, and the caller keeps both calls.",
            "prefilled-ssrc": "Both devices answer at once, and the caller's CS ID map names the SSRC of whoever "
            "answers.",
        },
        "retarget": {
            BASELINE: "A proxy rewrites the request to Carol, who has credentials of her own under the same "
            "authority. The offer names nobody, and the caller takes any certified answer.",
            "strict-identity": "The offer says that it is for Bob, and the caller takes no answer of anybody else.",
            "psk-shared-with-target": "Carol holds the pre-shared key which the caller shares with Bob as well.",
            "message-per-user": "The caller knows whom the call may be sent on to, shares a key with her or has her "
            "certificate, and the offer has a message for each.",
            "proxy-recursion": "The proxy itself follows the 302 of the place that it tried first.",
        },
        "redirect": {
            BASELINE: "A 302 sends the caller to Carol, with whom only an authority is shared.",
            "target-at-hand": "The caller has a key in common with Carol, or her certificate.",
            "choice-by-policy": "Everybody has a certificate too, and the policy chooses for each target what is at "
            "hand for it.",
        },
        "shared-key-conference": {
            BASELINE: "Alice is the focus. She calls three members, and pushes her key where the mode can; in RSA-R "
            "the members call and ask for it. What one says she relays to the others as it came.",
            "other-way-round": "Who waited begins: the members call in, and in RSA-R the focus calls out.",
            "offerless": "Whoever calls in the other way round leaves the offer to the other side, with an INVITE "
            "without a description.",
            "two-steps": "A Diffie-Hellman call with each member comes first; its TGK is the pre-shared key under "
            "which the focus pushes the key of all in a second call. DHSAML does it in the second round of one call.",
            "join-and-leave": "Two talk; then one joins, and one leaves. At each change the focus makes a new key.",
        },
    }
)
"""What is done in each situation, as a reader of the tables is told."""

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


def printed_in(mode: str, variant: str, column: Column) -> str | None:
    """What the first table prints in a cell; None where it has no such row."""
    row = None if variant else PRINTED.get(mode)
    return None if row is None else row.get(column, "")

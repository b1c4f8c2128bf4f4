"""The twins of the scenarios in which somebody adds media of his own, or changes one of several MIKEY lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import Change, held, holds

_FOR_BOTH: Final = ", messages for: {bob: [bob-desk, bob-mobile]}"
_LINES: Final = {"remover": "remove: 1", "mover": "swap: [1, 2]", "spoiler": "corrupt: 1"}

ATTACKERS: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "fork-loser-injects": {
        "mallory only listens": (
            ("inject: {to: alice, keys of: bob-desk, ssrc: another, packets: 10}", "eavesdrop: true"),
        ),
        "mallory speaks under the winner's SSRC": (("ssrc: another", "ssrc: the same"),),
        "mallory has no keys": (("keys of: bob-desk, ssrc: another, packets: 10", "packets: 9"),),
        "each branch has a key of its own": (
            holds("alice", "psk, offers: psk", "certificate, offers: dhsign"),
            held("bob-desk", "psk", "certificate"),
            held("bob-mobile", "psk", "certificate"),
        ),
        "the loser holds another key": (held("bob-desk", "psk", "{psk: {label: x}}"),),
        "nobody answers": (("answer: 500ms", "answer: null"),),
    },
    "media-under-another-ssrc": {
        "both only listen": (
            ("inject: {to: bob, ssrc: the same, packets: 10}", "eavesdrop: true"),
            ("inject: {to: carol, ssrc: another, packets: 10}", "eavesdrop: true"),
        ),
        "bob and carol hold other keys": (
            holds("bob", "psk", "{psk: {label: x}}"),
            holds("carol", "psk", "{psk: {label: x}}"),
        ),
    },
    "conference-member-injects": {
        "mallory only listens": (("inject: {to: ann, keys of: ben, packets: 10}", "eavesdrop: true"),),
        "ann takes one stream only": (
            (
                "ann: {credentials: psk, offers: psk, expects: {conference: member}",
                "ann: {credentials: psk, offers: psk",
            ),
        ),
        "ben holds another key": (holds("ben", "psk", "{psk: {label: x}}"),),
    },
    "several-messages-attacked": {
        "all three only listen": tuple((f"mikey lines: {{{act}}}", "eavesdrop: true") for act in _LINES.values()),
        "there is one message": tuple(
            (f"  {name}: {{credentials: certificate, offers: rsa{_FOR_BOTH}", f"  {name}: {{credentials: certificate")
            for name in ("alice", "anna", "amy")
        ),
    },
}

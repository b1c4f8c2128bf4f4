"""The twins of the scenarios in which a branch, a leg or a phone is not what it should be, and of those beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import TAMPERED, Change, held, holds

_CURVE: Final = "{certificate: {key: ec}}"
_GROUP: Final = "{psk: {label: group, of group: true}}"
_OTHER: Final = "{psk: {label: x}}"

MISHAPS: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "peer-that-vanishes": {
        "alice knows no timers": (("supports: [timer], session expires: 200s", "supports: []"),),
        "alice re-keys": (
            (
                "  - {at: 0s, alice: {call: bob}}\n",
                "  - {at: 0s, alice: {call: bob}}\n  - {at: 5s, alice: {re-key: bob}}\n",
            ),
        ),
        "bob holds another key": (("bob: {credentials: psk", "bob: {credentials: {psk: {label: x}}"),),
    },
    "fork-tampered-leg": {
        "mallory only listens": (("tamper: {in: offers, payload: DH}", "eavesdrop: true"),),
        "unprotected keys": (
            holds("alice", "certificate, offers: dhsign", "unprotected, offers: unprotected"),
            held("bob-desk", "certificate", "unprotected"),
            held("bob-mobile", "certificate", "unprotected"),
            ("network:\n", "network:\n  transport: tls\n"),
        ),
        "the desk takes no notice": (("answers: {ringing: 50ms, answer: 900ms}", "answers: {ignore: true}"),),
    },
    "fork-impostor-answers-first": {
        "bob is quicker": (("answer: 800ms", "answer: 100ms"),),
        "the phone is bob's": (("{certificate: {stolen: true}}", "certificate"),),
    },
    "fork-impostor-answers-early": {
        "the phone is bob's": (("{certificate: {stolen: true}}", "certificate"),),
        "bob takes no notice": (("answers: {ringing: 50ms, answer: 1s}", "answers: {ignore: true}"),),
    },
    "fork-with-a-wrong-clock": {
        "the clock is right": (("clock: {ahead: 120min}, ", ""),),
    },
    "fork-given-up": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "the mobile answers": (("answer: 9s", "answer: 1s"),),
        "the desk takes no notice": (("answers: {ringing: 50ms, answer: null}", "answers: {ignore: true}"),),
    },
    "fork-sound-and-picture": {
        "one key for both": ((", key-mgmt level: media", ""),),
        "the desk has no camera": (held("bob-desk", "certificate, media: [audio, video]", "certificate"),),
        "the mobile has a camera": (held("bob-mobile", "certificate", "certificate, media: [audio, video]"),),
        "the mobile takes no notice": (("answers: {ringing: 50ms, answer: 900ms}", "answers: {ignore: true}"),),
        "one shared key does for all": (
            holds("alice", "certificate, offers: dhsign", "psk, offers: psk"),
            held("bob-desk", "certificate", "psk"),
            held("bob-mobile", "certificate", "psk"),
        ),
    },
    "fork-plain-phone": {
        "it knows MIKEY": (("security: none", "credentials: psk"),),
        "the desk takes no notice": (("answers: {ringing: 50ms, answer: 700ms}", "answers: {ignore: true}"),),
    },
    "same-ssrc-signed-dh": {
        "PSK mode": (("offers: dhsign", "offers: psk"),),
        "nobody answers": (("answer: 2s", "answer: null"),),
        "the desk takes no notice": (("talks from: answer, answer: null", "ignore: true"),),
    },
    "same-ssrc-reverse-rsa": {
        "unprotected keys": (("offers: rsa-r", "offers: unprotected"),),
        "nobody speaks early": (("answers: {early media: 50ms", "answers: {ignore: true, early media: 50ms"),),
    },
    "rekey-after-a-shared-fork": {
        "the desk holds another key": (held("bob-desk", "psk", _OTHER),),
        "nobody re-keys": (("  - {at: 1s, alice: {re-key: bob-mobile}}\n", ""),),
        "the proxy is not on the way": ((", record route: true", ""),),
        "the call is over too soon": (("at: 5s", "at: 2s"),),
    },
    "redirect-twice": {
        "redirections are not followed": ((", follows redirects: true", ""),),
        "another mode": (("offers: rsa-r", "offers: dhsign"),),
        "unprotected keys": (
            holds("alice", "{certificate: {knows: []}}, offers: rsa-r", "unprotected, offers: unprotected"),
            holds("carol", "{certificate: {knows: []}}", "none"),
            ("network:\n", "network:\n  transport: tls\n"),
        ),
    },
    "retarget-dhhmac-in-a-group": {
        "PSK mode": (("offers: dhhmac", "offers: psk"),),
        "carol holds another key": (holds("carol", _GROUP, _OTHER),),
    },
    "transfer-to-a-fork": {
        "PSK mode": (("offers: dhhmac, ", "offers: psk, "),),
        "the front takes no notice": (("answers: {ringing: 50ms, answer: 500ms}", "answers: {ignore: true}"),),
        "bob takes no referrals": (("  bob: {", "  bob: {takes referrals: false, "),),
    },
    "preconditions-optional": {
        "the caller insists": (("preconditions: optional", "preconditions: mandatory"),),
        "the phone knows them": (holds("bob", "certificate", "certificate, preconditions: optional"),),
    },
    "preconditions-not-known": {
        "the caller doesn't insist": (("preconditions: mandatory", "preconditions: optional"),),
        "the phone knows them": (holds("bob", "certificate", "certificate, preconditions: mandatory"),),
    },
    "preconditions-in-a-fork": {
        "there are none": (
            ("dh group: p-256, preconditions: mandatory", "dh group: p-256"),
            held("one: &phone", f"{_CURVE}, preconditions: mandatory", _CURVE, user="group"),
            held("three", f"{_CURVE}, preconditions: mandatory", _CURVE, user="group"),
        ),
        "three takes no notice": (("answers: {ringing: 50ms, answer: 900ms}", "answers: {ignore: true}"),),
        "one shared key does for all": (
            holds("alice", f"{_CURVE}, offers: dhsign, dh group: p-256", "psk, offers: psk"),
            held("one: &phone", _CURVE, "psk", user="group"),
            held("three", _CURVE, "psk", user="group"),
        ),
    },
    "lost-confirmed-183": {
        "nothing is lost": (
            (
                "  lose:\n    - {from: bob, to: alice, messages: [1]}\n    - {from: alice, to: bob, messages: [3]}\n",
                "",
            ),
        ),
        "the tone doesn't wait": (("reliable: true", "talks from: offer"),),
        "nobody answers": (("answer: 4s", "answer: null"),),
    },
}
"""Twins by the name of the file and by what is wrong."""

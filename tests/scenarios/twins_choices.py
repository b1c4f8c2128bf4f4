"""The twins of the scenarios about which mode is chosen, by whom, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import Change, held, holds

_CURVE: Final = "{certificate: {key: ec}}"

_GROUP: Final = "{psk: {label: group, of group: true}"
_NOBODY_KNOWN: Final = "{certificate: {knows: []}}"
_NARROW: Final = "[psk, certificate], budget: {octets: 600}, expects: {forking: true}"

CHOICES: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "several-messages-for-certificates": {
        "the mobile reads the first message only": (
            held("bob-mobile", "certificate, several messages: true", "certificate"),
        ),
        "there is one message": ((", messages for: {bob: [bob-desk, bob-mobile]}", ""),),
        "both have one certificate": (
            held("bob-mobile", "certificate, several", "{certificate: {same as: bob-desk}}, several"),
        ),
    },
    "policy-by-credentials": {
        "there is a certificate where there was a key": (holds("alice", "psk", "certificate"),),
        "erin does not know bob's certificate": (holds("erin", "certificate", _NOBODY_KNOWN),),
        "frank does not mind": (holds("frank", f"{_NOBODY_KNOWN}, forward secrecy: true", _NOBODY_KNOWN),),
        "gina knows bob's certificate": (holds("gina", _NOBODY_KNOWN, "certificate"),),
        "bob holds nothing": (holds("bob", "[psk, certificate]", "none"),),
    },
    "always-reverse-rsa": {
        "alice offers RSA mode": (("offers: rsa-r", "offers: rsa"),),
        "dave has no certificate": (holds("dave", "certificate", "psk"),),
        "carol has no certificate": (holds("carol", "certificate, offers: rsa", "psk"),),
        "bob takes no mode but his own": (holds("bob", "certificate", "certificate, accepts: [dhsign]"),),
    },
    "impersonated-in-a-group": {
        "mallory holds another key": (held("mallory", _GROUP, "{psk: {label: x, of group: true}"),),
        "mallory's certificate names bob": (("names: carol", "expired: false"),),
        "the group has no key": (holds("alice", "{psk: {label: group, of group: true}, ", "{"),),
    },
    "calls-from-one-of-two-phones": {
        "the mobile holds another key": (held("bob-mobile", "psk", "{psk: {label: x}}"),),
        "DHHMAC mode": (("offers: psk", "offers: dhhmac"),),
        "the desk says nothing": (held("bob-desk", "psk", "psk, talks: {packets: 0}"),),
    },
    "full-mesh": {
        "one key does for all": tuple(
            holds(name, "psk", "{psk: {label: x}}, offers: psk") for name in ("alice", "bob", "carol")
        ),
        "bob holds nothing": (holds("bob", "psk", "none"), holds("alice", "psk", "{psk: {shared with: [carol, bob]}}")),
        "carol and alice share nothing": (holds("carol", "psk", "{psk: {shared with: [bob]}}"),),
    },
    "next-mode-after-488": {
        "the caller gives up": ((", tries other modes: true", ""),),
        "bob takes whatever comes": (("accepts: [dhsign], ", ""),),
        "bob has no certificate that is known": (
            holds("alice", "certificate, offers: [rsa, dhsign]", "{certificate: {knows: []}}, offers: dhsign"),
        ),
        "the caller is bound to RSA mode": (("offers: [rsa, dhsign]", "offers: rsa"),),
    },
    "policy-expects-a-fork": {
        "no fork is expected": ((", expects: {forking: true}", ""),),
        "the mobile holds another key": (held("bob-mobile", "psk", "{psk: {label: x}}"),),
    },
    "policy-minds-the-size": {
        "alice has room enough": (("budget: {octets: 600}", "budget: {octets: 60000}"),),
        "erin has no more room": (holds("erin", "[psk, certificate], expects: {forking: true}", _NARROW),),
        "the mobile holds other keys": (held("bob-mobile", "[psk, certificate]", "{psk: {label: x}}"),),
    },
    "policy-minds-the-time": {
        "alice expects few answers": (("answers: 30", "answers: 3"),),
        "erin expects many": (("answers: 2}", "answers: 20}"),),
        "the mobile holds other keys": (held("bob-mobile", "[psk, certificate]", "{psk: {label: x}}"),),
    },
    "policy-wants-both-to-contribute": {
        "bob takes whatever comes": (("bob: {credentials: psk, both contribute: true", "bob: {credentials: psk"),),
        "bob holds another key": (holds("bob", "psk, both", "{psk: {label: x}}, both"),),
        "all want a part in the key": (holds("alice", "psk", "psk, both contribute: true"),),
        "nobody but bob does": (holds("erin", "psk, both contribute: true", "psk"),),
    },
    "offer-left-to-the-callee": {
        "the caller makes the offer": (("call without offer", "call"),),
        "bob offers another mode": (holds("bob", "psk, offers: psk", "psk, offers: dhhmac"),),
        "bob holds another key": (holds("bob", "psk", "{psk: {label: x}}"),),
    },
    "answers-read-when-media-comes": {
        "each answer is read at once": ((", early answers: on media", ""), ("media: 40ms", "media: 5ms")),
        "the desk takes no notice": (("answers: {early media: 70ms", "answers: {ignore: true, early media: 70ms"),),
        "the queue says nothing": (("talks: {packets: 30}", "talks: {packets: 0}"),),
        "one shared key does for all": (
            holds("alice", f"{_CURVE}, offers: dhsign, dh group: p-256", "psk, offers: psk"),
            *(held(phone, _CURVE, "psk", user="group") for phone in ("queue", "silent", "desk")),
        ),
    },
}
"""Twins by the name of the file and by what is wrong."""

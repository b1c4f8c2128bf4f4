"""The twins of the scenarios about media that comes before the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import Change, held, holds

EARLY: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "early-media-psk": {
        "DHHMAC mode": (("offers: psk", "offers: dhhmac"),),
        "nobody answers": (("answer: 500ms", "answer: null"),),
        "the caller says nothing": (("  alice: {", "  alice: {talks: {packets: 0}, "),),
    },
    "early-media-rsa": {
        "DHSIGN mode": (("offers: rsa,", "offers: dhsign,"),),
        "a verification message is asked for": ((", asks for proof: false", ""),),
        "there is no picture": (("certificate, media: [audio, video], answers", "certificate, answers"),),
        "bob waits until the answer is confirmed": ((", talks from: offer", ""),),
        "nobody answers": (("answer: 400ms", "answer: null"),),
    },
    "early-media-unprotected": {
        "bob waits until the answer is confirmed": ((", talks from: offer", ""),),
        "the proxy is not on the way": ((", record route: true", ""),),
        "another mode": (
            holds("alice", "unprotected, offers: unprotected", "certificate, offers: rsa"),
            holds("bob", "unprotected", "certificate"),
        ),
    },
    "early-media-signed-dh": {
        "RSA mode": (("offers: dhsign", "offers: rsa"),),
        "there is room for all": (("buffer: 10", "buffer: 100"),),
        "nobody answers": (("answer: 500ms", "answer: null"),),
        "the caller says nothing": (("  alice: {", "  alice: {talks: {packets: 0}, "),),
    },
    "early-media-rsa-r": {
        "RSA mode": (("offers: rsa-r", "offers: rsa"),),
        "there is room": (("buffer: 0", "buffer: 100"),),
        "nobody answers": (("answer: 300ms", "answer: null"),),
    },
    "early-media-in-183": {
        "there is no 183": (("early media: 80ms, talks from: answer", "talks from: offer"),),
        "signalling is slow": (("signalling: 10ms", "signalling: 60ms"),),
        "nobody answers": (("answer: 3s", "answer: null"),),
    },
    "early-media-confirmed-183": {
        "nobody confirms it": (("reliable: true", "talks from: answer"),),
        "the caller knows no 100rel": (("  alice: {", "  alice: {supports: [], "),),
        "RSA-R mode": (("offers: dhsign", "offers: rsa-r"),),
        "nobody answers": (("answer: 2s", "answer: null"),),
        "bob has no certificate": (holds("bob", "certificate", "none"),),
    },
    "media-overtakes-the-answer": {
        "RSA mode": (("offers: dhsign", "offers: rsa"),),
        "nothing is kept": (("  alice: {", "  alice: {buffer: 0, "),),
        "nobody answers": (("answer: 600ms", "answer: null"),),
        "the last leg loses the offer": (("  delay: ", "  lose: [{from: core, to: bob, messages: [1]}]\n  delay: "),),
    },
    "early-media-at-two-branches": {
        "PSK mode": (
            holds("alice", "saml, offers: dhsaml", "psk, offers: psk"),
            held("queue", "saml", "psk", user="office"),
            held("desk", "saml", "psk", user="office"),
        ),
        "the queue takes no notice": (("answers: {early media: 50ms", "answers: {ignore: true, early media: 50ms"),),
        "the desk doesn't answer": (("answer: 2s", "answer: null"),),
    },
    "sdes-early-media": {
        "MIKEY in RSA mode": (
            ("  alice: {security: sdes,", "  alice: {credentials: certificate, offers: rsa,"),
            ("  bob: {security: sdes,", "  bob: {credentials: certificate,"),
        ),
        "there is room for alice": (("security: sdes, buffer: 0", "security: sdes, buffer: 100"),),
        "carol calls in RSA mode": (("offers: rsa-r", "offers: rsa"),),
        "bob knows plain RTP only": (("  bob: {security: sdes,", "  bob: {security: none,"),),
    },
    "sdes-what-proxies-learn": {
        "MIKEY in RSA mode": (
            ("  alice: {security: sdes}", "  alice: {credentials: certificate, offers: rsa}"),
            ("  bob: {security: sdes,", "  bob: {credentials: certificate,"),
        ),
        "carol's keys are in the clear too": (
            holds("carol", "certificate, offers: rsa", "unprotected, offers: unprotected"),
            holds("dave", "certificate", "unprotected"),
        ),
        "bob knows plain RTP only": (("  bob: {security: sdes,", "  bob: {security: none,"),),
    },
    "preconditions-signed-dh": {
        "there are none": (
            ("preconditions: mandatory}", "preconditions: none}"),
            ("preconditions: mandatory, answers", "answers"),
        ),
        "bob has no certificate": (holds("bob", "certificate", "none"),),
        "RSA-R mode": (("offers: dhsign", "offers: rsa-r"),),
    },
}
"""Twins by the name of the file and by what is wrong."""

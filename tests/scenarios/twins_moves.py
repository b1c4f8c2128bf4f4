"""The twins of the scenarios in which a call ends up elsewhere: redirected, retargeted, transferred, registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import TAMPERED, Change, holds

MOVES: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "redirect-to-a-stranger": {
        "a key is shared with carol": (("shared with: [bob, dave, erin]", "shared with: [bob, carol, dave, erin]"),),
        "none is shared with dave": (("shared with: [bob, dave, erin]", "shared with: [bob, erin]"),),
        "only one is redirected": (
            ("redirect server: {bob: [carol], erin: [dave]}", "redirect server: {erin: [dave]}"),
        ),
    },
    "redirect-past-a-stranger": {
        "a key is shared with carol": (("shared with: [bob, dave]", "shared with: [bob, carol, dave]"),),
        "none is shared with dave": (("shared with: [bob, dave]", "shared with: [bob]"),),
    },
    "redirect-with-a-key": {
        "redirections are not followed": ((", follows redirects: true", ""),),
        "no key is shared with carol": (holds("alice", "psk", "{psk: {shared with: [bob]}}"),),
        "all share one key": (
            holds("alice", "psk", "{psk: {label: x}}"),
            holds("bob", "psk", "{psk: {label: x}}"),
            holds("carol", "psk", "{psk: {label: x}}"),
        ),
    },
    "redirect-chooses-another-mode": {
        "the caller is bound to PSK mode": (("  alice: {", "  alice: {offers: psk, "),),
        "the caller is bound to certificates": (("  alice: {", "  alice: {offers: dhsign, "),),
        "all share one key": (
            ("{psk: {shared with: [bob]}, certificate: {knows: []}}", "{psk: {label: x}}"),
            holds("bob", "psk", "{psk: {label: x}}"),
            holds("carol", "certificate", "{psk: {label: x}}"),
        ),
    },
    "redirect-signed-dh": {
        "another authority made carol's certificate": (
            holds("carol", "{certificate: {knows: []}}", "{certificate: {issuer: another}}"),
        ),
        "redirections are not followed": ((", follows redirects: true", ""),),
        "RSA-R mode": (("offers: dhsign", "offers: rsa-r"),),
    },
    "redirect-rsa": {
        "the certificate of carol is not known": (("knows: [bob, carol]", "knows: [bob]"),),
        "RSA-R mode": (("offers: rsa,", "offers: rsa-r,"),),
        "all have one certificate": (holds("bob", "certificate", "{certificate: {same as: carol}}"),),
    },
    "redirect-unprotected": {
        "without TLS": (("  transport: tls\n", ""),),
    },
    "redirect-dhhmac": {
        "all share a key with carol": (
            holds("erin", "{psk: {shared with: [bob]}}", "psk"),
            holds("carol", "{psk: {shared with: [alice]}}", "psk"),
        ),
        "nobody shares a key with carol": (holds("alice", "psk", "{psk: {shared with: [bob]}}"),),
    },
    "retarget-psk": {
        "the proxy tries both": (("bob: {retarget: carol}", "bob: {to: [bob, carol]}"),),
        "all share one key": (
            holds(
                "alice",
                "{psk: {shared with: [bob]}}",
                "{psk: {label: x, of group: true}}, names peer: false, accepts retarget: true",
            ),
            holds("carol", "{psk: {shared with: [bob]}}", "{psk: {label: x, of group: true}}, must be named: false"),
        ),
    },
    "retarget-group-psk": {
        "carol holds another key": (holds("carol", "{psk: {label: group", "{psk: {label: x"),),
        "the offer names bob": ((", names peer: false", ""),),
        "bob holds another key": (holds("bob", "{psk: {label: group", "{psk: {label: x"),),
        "the proxy tries both": (("bob: {retarget: carol}", "bob: {to: [bob, carol]}"),),
    },
    "retarget-rsa": {
        "the proxy tries both": (("bob: {retarget: carol}", "bob: {to: [bob, carol]}"),),
        "DHSIGN mode": (("offers: rsa", "offers: dhsign"),),
    },
    "retarget-signed-dh": {
        "the caller insists on bob": ((", accepts retarget: true", ""),),
        "the proxy tries both": (("bob: {retarget: carol}", "bob: {to: [bob, carol]}"),),
        "RSA-R mode": (("offers: dhsign", "offers: rsa-r"),),
    },
    "retarget-strict-identity": {
        "carol takes calls for bob": (
            ("must be named: false", "answers for: [bob], must be named: false"),
            ("names peer: false", "accepts retarget: true, names peer: false"),
        ),
    },
    "retarget-reverse-rsa": {
        "another authority made carol's certificate": (
            holds("carol", "{certificate: {knows: []}}", "{certificate: {issuer: another}}"),
        ),
        "another mode": (("  alice: {", "  alice: {offers: dhsign, "),),
        "unprotected keys": (
            holds("alice", "{certificate: {knows: []}}", "unprotected"),
            holds("carol", "{certificate: {knows: []}}", "unprotected"),
            ("network:\n", "network:\n  transport: tls\n"),
        ),
    },
    "retarget-unprotected": {
        "carol doesn't allow it": (holds("carol", "unprotected", "none"),),
        "signed Diffie-Hellman": (
            holds("alice", "unprotected, offers: unprotected", "certificate, offers: dhsign"),
            holds("bob", "unprotected", "certificate, must be named: false"),
            holds("carol", "unprotected", "certificate"),
        ),
    },
    "retarget-dhhmac": {
        "carol holds bob's key": (
            ("{psk: {label: with-carol}}", "{psk: {label: with-bob}}"),
            holds("alice", "{psk: {label: with-bob}}", "{psk: {label: with-bob, of group: true}}"),
        ),
        "PSK mode": (("offers: dhhmac", "offers: psk"),),
    },
    "retarget-by-recursion": {
        "the proxy passes redirections on": ((", follow redirects: true", ""),),
        "carol has no certificate": (holds("carol", "{certificate: {key: ec, knows: []}}", "none"),),
        "the redirect server is not asked": (("to: [redirect-server]", "to: [carol]"),),
        "unprotected keys": (
            holds(
                "alice",
                "{certificate: {key: ec, knows: []}}, offers: dhsign, dh group: p-256",
                "unprotected, offers: unprotected",
            ),
            holds("carol", "{certificate: {key: ec, knows: []}}", "unprotected"),
            ("network:\n", "network:\n  transport: tls\n"),
        ),
    },
    "redirections-in-a-circle": {
        "carol is at home": (
            ("carol: {to: [redirect-server]}", "carol: {to: [carol]}"),
            ("  alice: {", "  alice: {names peer: false, "),
            ("carol: {credentials: certificate", "carol: {must be named: false, credentials: certificate"),
        ),
        "nobody follows": ((", follow redirects: true", ""),),
    },
    "transfer-unattended": {
        "bob shares nothing with carol": (
            holds("bob", "[psk, certificate], offers: [psk, dhsign]", "psk, offers: psk"),
        ),
        "bob takes no referrals": (("  bob: {", "  bob: {takes referrals: false, "),),
        "all share one key": (
            holds("alice", "psk", "{psk: {label: x}}"),
            holds("bob", "[psk, certificate], offers: [psk, dhsign]", "{psk: {label: x}}, offers: psk"),
            holds("carol", "certificate", "{psk: {label: x}}"),
        ),
        "carol says nothing": (("  carol: {", "  carol: {talks: {packets: 0}, "),),
    },
    "transfer-attended": {
        "it is not attended": ((", attended: true", ""),),
        "bob takes no referrals": (("  bob: {", "  bob: {takes referrals: false, "),),
        "carol shares nothing with alice": (
            holds("carol", "psk", "{psk: {shared with: [bob]}}"),
            holds("alice", "psk", "{psk: {shared with: [bob]}}"),
        ),
    },
    "transfer-fails": {
        "bob shares a key with carol": (holds("bob", "{psk: {shared with: [alice]}}", "psk"),),
        "nobody hangs up": (("  - {at: 6s, alice: {hang up: bob}}\n", ""),),
    },
    "clock-from-registrar": {
        "bob keeps his own time": ((", clock from registrar: true", ""),),
        "bob's clock is right": (("clock: {behind: 180min}, ", ""),),
        "bob doesn't register": (("  - {at: 1s, bob: {register: {at: proxy}}}\n", ""),),
    },
    "phones-come-and-go": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "the desk phone doesn't register": (("  - {at: 0s, bob-desk: {register: {at: proxy}}}\n", ""),),
        "the mobile stays": (("  - {at: 9s, bob-mobile: {register: {at: proxy, for: 0s}}}\n", ""),),
        "the mobile doesn't register": (("  - {at: 4s, bob-mobile: {register: {at: proxy, for: 60s}}}\n", ""),),
    },
}
"""Twins by the name of the file and by what is wrong."""

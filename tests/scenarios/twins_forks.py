"""The twins of the scenarios in which a call is forked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import TAMPERED, Change, held, holds

ONE_KEY_ONE_SSRC: Final = (
    "responder ssrc: 7, talks: {first sequence: 9}, answers: {early media: 50ms, talks from: answer, "
)
"""How two phones behave that make a two-time pad between them, if they have a key in common."""

FORKS: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "fork-shared-psk": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "the desk phone holds another key": (held("bob-desk", "psk", "{psk: {label: x}}"),),
        "nobody answers": (("answer: 1s", "answer: null"),),
        "another mode is offered": (("offers: psk", "offers: dhhmac"),),
        "both speak early under one SSRC": (
            ("psk, answers: {ringing: 100ms, ", f"psk, {ONE_KEY_ONE_SSRC}ringing: 100ms, "),
            ("psk, answers: {ringing: 150ms, ", f"psk, {ONE_KEY_ONE_SSRC}ringing: 150ms, "),
        ),
    },
    "fork-psk-at-one-phone": {
        "both hold the key": (held("bob-mobile", "none", "psk"),),
        "none holds the key": (
            held("bob-desk", "psk", "none"),
            holds("alice", "psk", "{psk: {shared with: [bob-desk]}}"),
        ),
        "nobody says anything": (("alice: {credentials: psk", "alice: {talks: {packets: 0}, credentials: psk"),),
    },
    "fork-rsa-own-keys": {
        "both have one certificate": (held("bob-mobile", "certificate", "{certificate: {same as: bob-desk}}"),),
        "the caller knows the other one": (("knows: [bob-desk]", "knows: [bob-mobile]"),),
        "another mode is offered": (("offers: rsa}", "offers: rsa-r}"),),
        "nobody is called any more": (("answer: 900ms", "answer: null"),),
    },
    "fork-rsa-one-key": {
        "each has its own": (("{certificate: {same as: bob-desk}}", "certificate"),),
        "nobody answers": (("answer: 400ms", "answer: null"),),
        "the proxy tries one": (("to: [bob-desk, bob-mobile]", "to: [bob-mobile]"),),
    },
    "fork-signed-dh": {
        "the mobile has no certificate": (held("bob-mobile", "certificate", "none"),),
        "signalling is fast": (("signalling: 40ms, media: 10ms", "signalling: 10ms, media: 40ms"),),
        "one shared key does for all": (
            holds("alice", "certificate, offers: dhsign", "psk, offers: psk"),
            (
                "bob-desk: {identity: bob, credentials: certificate",
                "bob-desk: {identity: bob, responder ssrc: 7, talks: {first sequence: 9}, credentials: psk",
            ),
            held("bob-mobile", "certificate, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
        ),
        "the answer comes late": (("answer: 2s", "answer: 4s"),),
        "the mobile lets media overtake its answer": (("150ms, answer: 2s", "150ms, talks from: offer, answer: 2s"),),
        "everything is read in RSA mode": (("offers: dhsign", "offers: rsa"),),
    },
    "fork-rsa-r-three-phones": {
        "they answer in another mode": (("offers: rsa-r", "offers: dhsign"),),
        "one phone takes no notice": (("answers: {early media: 120ms", "answers: {ignore: true, early media: 120ms"),),
        "the mobile doesn't answer": (("answer: 1500ms", "answer: null"),),
        "no phone sends a word before the other half has the keys": (
            ("signalling: 10ms, media: 25ms", "signalling: 60ms, media: 5ms"),
        ),
        "unprotected in the end": (
            held("desk", "certificate", "psk"),
            held("lobby", "certificate", "psk"),
            held("mobile", "certificate", "psk"),
            holds("alice", "{certificate: {knows: []}}, offers: rsa-r}", "psk, offers: psk}"),
        ),
    },
    "fork-dhhmac-shared-psk": {
        "PSK mode": (("offers: dhhmac", "offers: psk"),),
        "the mobile holds another key": (held("bob-mobile", "psk", "{psk: {label: x}}"),),
        "nothing is confirmed": (("reliable: true, ", ""),),
        "nothing comes early": (("early media: 100ms, reliable: true, ", ""),),
    },
    "fork-dhhmac-key-at-one": {
        "both hold the user's": (("{psk: {label: another}}", "psk"),),
        "none holds it": (
            held("bob-desk", "psk", "none"),
            holds("alice", "psk", "{psk: {shared with: [bob-desk]}}"),
        ),
        "both hold it, in PSK mode": (("{psk: {label: another}}", "psk"), ("offers: dhhmac", "offers: psk")),
        "the last place is tried first, and declines for all": (
            ("q: 0.4", "q: 1"),
            ("answer: 600ms", "answer: 600ms, reject: 603"),
        ),
    },
    "fork-unprotected-over-tls": {
        "another mode is offered": (
            holds("alice", "unprotected, offers: unprotected", "certificate, offers: dhsign"),
            held("bob-desk", "unprotected", "certificate"),
            held("bob-mobile", "unprotected", "certificate"),
        ),
        "without TLS": (("  transport: tls\n", ""),),
    },
    "fork-to-different-users": {
        "carol takes calls for the office": (holds("carol", "certificate", "certificate, answers for: [office]"),),
        "alice wants the office itself": ((", accepts retarget: true", ""),),
        "bob doesn't answer": (("answer: 900ms", "answer: null"),),
    },
    "fork-late-branch": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "it comes much later": (("after: 2s", "after: 8s"),),
        "the mobile takes no notice": (("answers: {ringing: 50ms, answer: 700ms}", "answers: {ignore: true}"),),
        "another mode is offered": (("offers: dhsign, dh group: p-256", "offers: ecmqv"),),
        "an envelope for both": (
            ("offers: dhsign, dh group: p-256", "offers: ecies"),
            held("bob-mobile", "{certificate: {key: ec}}", "{certificate: {key: ec, same as: bob-desk}}"),
        ),
    },
    "fork-serial": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "the desk phone answers": (("{ringing: 100ms, answer: null}", "{ringing: 100ms, answer: 1s}"),),
        "both are tried at once": (("fork: serial", "fork: parallel"),),
        "the mobile holds nothing": (held("bob-mobile", "saml", "none"),),
        "all read along": (
            holds("alice", "saml, offers: dhsaml", "psk, offers: psk"),
            held("bob-desk", "saml", "psk"),
            held("bob-mobile", "saml", "psk"),
        ),
    },
    "fork-by-preference": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "the lobby answers": ((", reject: 480", ""),),
        "PSK mode": (("offers: dhhmac", "offers: psk"),),
        "nobody answers": (
            held(
                "house", "psk, answers: {ringing: 50ms, answer: 300ms}}", "psk, answers: {answer: 300ms, reject: 486}}"
            ),
        ),
    },
    "fork-all-refuse": {
        "the desk phone is merely busy": (("reject: 603", "reject: 486"),),
        "the mobile holds the key": (held("bob-mobile", "none", "psk"),),
    },
    "fork-declined-for-all": {
        "the mobile is busy": (("reject: 603", "reject: 486"),),
        "the desk phone speaks early": (("{ringing: 100ms, answer: 2s}", "{talks from: offer, answer: 2s}"),),
    },
    "fork-lossy-legs": {
        "mallory alters what the proxy gets": (TAMPERED,),
        "nothing is lost": (
            (
                "  lose:\n    - {from: proxy, to: bob-desk, messages: [1, 3]}\n"
                "    - {from: bob-mobile, to: proxy, messages: [2]}\n",
                "",
            ),
        ),
        "everything is lost": (
            ("messages: [1, 3]", "messages: [1, 2, 3, 4, 5, 6, 7, 8, 9]"),
            ("messages: [2]", "messages: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"),
        ),
        "an envelope for both": (
            ("offers: ecmqv", "offers: ecies"),
            held("bob-mobile", "{certificate: {key: ec}}", "{certificate: {key: ec, same as: bob-desk}}"),
        ),
    },
    "group-pickup": {
        "nine takes no notice": (("answers: {early media: 60ms", "answers: {ignore: true, early media: 60ms"),),
        "nothing is confirmed": (("reliable: true, ", ""),),
        "PSK mode": (
            holds("alice", "{certificate: {key: ec}}, offers: dhsign, dh group: p-256}", "psk, offers: psk}"),
            (
                "one: &phone {identity: group, credentials: {certificate: {key: ec}}",
                "one: &phone {identity: group, credentials: psk",
            ),
            held("nine", "{certificate: {key: ec}}", "psk", user="group"),
        ),
        "nine doesn't answer": (("answer: 1s", "answer: null"),),
    },
    "fork-to-thirty": {
        "one phone after the other": (("fork: parallel", "fork: serial"),),
        "nothing is confirmed": (("reliable: true, ", ""),),
        "nobody answers": (("answer: 1500ms", "answer: null"),),
        "PSK mode": (
            (
                "alice: {credentials: {certificate: {key: ec}}, offers: dhsign, dh group: p-256}",
                "alice: {credentials: psk, offers: psk}",
            ),
            *(
                (
                    f"{phone} {{identity: group, credentials: {{certificate: {{key: ec}}}}",
                    f"{phone} {{identity: group, credentials: psk",
                )
                for phone in ("&early", "&silent", "phone-30:")
            ),
        ),
    },
    "two-answers-signed-dh": {
        "the mobile is later": (("answer: 510ms", "answer: 3s"),),
        "both are kept": (("offers: dhsign", "offers: dhsign, keeps: all"),),
        "one shared key does for all": (
            holds("alice", "certificate, offers: dhsign", "psk, offers: psk"),
            held("bob-desk", "certificate, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
            held("bob-mobile", "certificate, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
        ),
        "the desk phone has no certificate": (held("bob-desk", "certificate", "none"),),
    },
    "two-answers-kept": {
        "the first one is kept": ((", keeps: all", ""),),
        "one shared key does for all": (
            holds("alice", "certificate, offers: dhsign", "psk, offers: psk"),
            held("bob-desk", "certificate, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
            held("bob-mobile", "certificate, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
        ),
        "the mobile answers first": (("answer: 500ms", "answer: 3s"),),
    },
    "two-answers-shared-psk": {
        "DHHMAC mode": (("offers: psk", "offers: dhhmac"),),
        "the desk phone is later": (("answer: 500ms", "answer: 2s"), ("answer: 510ms", "answer: null")),
        "both speak early under one SSRC": (
            held("bob-desk", "psk, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
            held("bob-mobile", "psk, answers: {", f"psk, {ONE_KEY_ONE_SSRC}"),
        ),
        "the first one is kept": ((", keeps: all", ""),),
        "nobody shares a key": (held("bob-desk", "psk", "none"),),
    },
    "two-time-pad": {
        "each has an SSRC of its own": (held("mobile", "psk, responder ssrc: 4711", "psk, responder ssrc: 815"),),
        "DHHMAC mode": (("offers: psk", "offers: dhhmac"),),
        "the mobile holds another key": (held("mobile", "psk", "{psk: {label: x}}"),),
    },
}
"""Twins by the name of the file and by what is wrong."""

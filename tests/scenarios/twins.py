"""For each scenario its negative twins: changes of the file under which some of its expectations must fail.

Between them the twins of a file make every one of its expectations fail, so that none of them is idle.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.scenarios.changes import Change
from tests.scenarios.twins_attackers import ATTACKERS
from tests.scenarios.twins_choices import CHOICES
from tests.scenarios.twins_conference import CONFERENCES
from tests.scenarios.twins_early import EARLY
from tests.scenarios.twins_forks import FORKS
from tests.scenarios.twins_mishaps import MISHAPS
from tests.scenarios.twins_moves import MOVES

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted((ROOT / "scenarios").rglob("*.call.yaml"))

WRONG_KEY: Final = ("bob: {credentials: psk", "bob: {credentials: {psk: {label: another}}")
CURVE_KEY: Final = "{certificate: {key: ec}}"
DEAF: Final = "ignore: true"

SHARED: Final = ("psk", "dhhmac")
CERTIFIED: Final = ("rsa", "rsa-r", "dhsign")
ON_CURVES: Final = ("ecdh", "ecies", "ecmqv")
CALLEES: Final = dict.fromkeys((*SHARED, *CERTIFIED), "bob") | dict.fromkeys(ON_CURVES, "carol") | {"dhsaml": "dave"}
"""Whom each caller calls in the scenarios that go through all modes."""

HELPLESS: Final = (
    ("bob: {credentials: [psk, certificate]", "bob: {credentials: none"),
    (f"carol: {{credentials: {CURVE_KEY}", "carol: {credentials: none"),
    ("dave: {credentials: saml", "dave: {credentials: none"),
)


def mended(fault: str, instead: str) -> tuple[Change, ...]:
    """The certificates and assertions of all callers without that fault."""
    return tuple(
        (f"  {name}: {{credentials: {{{kind}{fault}}}}}", f"  {name}: {{credentials: {{{kind}{instead}}}}}")
        for names, kind in (
            (CERTIFIED, "certificate: {"),
            (ON_CURVES, "certificate: {key: ec, "),
            (("dhsaml",), "saml: {"),
        )
        for name in names
    )


def listening(attack: str) -> tuple[Change, ...]:
    """All attackers only listen."""
    return tuple(
        (
            f"by-{name}: {{between: [{name}, {callee}], {attack}}}",
            f"by-{name}: {{between: [{name}, {callee}], eavesdrop: true}}",
        )
        for name, callee in CALLEES.items()
    )


def re_keyed(credential: str, mode: str, other: str) -> Mapping[str, tuple[Change, ...]]:
    """The twins of a call in that mode that is re-keyed once; `other` is a mode that works with the same credential."""
    return {
        "alice offers another mode": ((f"offers: {mode}", f"offers: {other}"),),
        "bob holds nothing": ((f"bob: {{credentials: {credential}", "bob: {credentials: none"),),
        "nobody re-keys": (("  - {at: 2s, alice: {re-key: bob}}\n", ""),),
        "the call is over too soon": (("at: 6s", "at: 3s"),),
    }


TWINS: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    **FORKS,
    **EARLY,
    **MOVES,
    **CHOICES,
    **MISHAPS,
    **CONFERENCES,
    **ATTACKERS,
    "basic-call": {
        "bob holds another key": (WRONG_KEY,),
        "bob answers too late": (("answer: 1s", "answer: 2s"),),
        "bob never hangs on": (("  - {at: 4s, alice: {hang up: bob}}\n", ""),),
        "MIKEY stands at media level": (
            ("alice: {credentials: psk}", "alice: {credentials: psk, key-mgmt level: media}"),
        ),
        "alice says nothing": (("alice: {credentials: psk}", "alice: {credentials: psk, talks: {packets: 0}}"),),
    },
    "null-over-tls": {
        "the carrier is open": (("transport: tls", "transport: tcp"),),
        "bob doesn't allow it": (("bob: {credentials: unprotected,", "bob: {credentials: none,"),),
    },
    "callee-without-key": {
        "bob holds his key": (("bob: {credentials: none}", "bob: {credentials: psk}"),),
        "alice holds none": (("{psk: {shared with: [bob, carol]}}", "none"),),
        "carol holds another key": (("carol: {credentials: psk}", "carol: {credentials: {psk: {label: another}}}"),),
    },
    "rekey-by-reinvite": {
        "nobody re-keys": (
            ("  - {at: 2s, alice: {re-key: bob}}\n", ""),
            ("  - {at: 4s, bob: {re-key: alice}}\n", ""),
        ),
        "bob holds another key": (WRONG_KEY,),
        "the call is over too soon": (("at: 10s", "at: 5s"),),
    },
    "replayed-invite": {
        "mallory only listens": (("replay: {after: 2s}", "eavesdrop: true"),),
        "bob holds another key": (WRONG_KEY,),
    },
    "bidding-down": {
        "mallory strips something else": (("strip: keyp1", "strip: keyp2"),),
        "mallory strips MIKEY": (("strip: keyp1", "strip: mikey"),),
        "alice offers one protocol": ((", other protocols: [keyp1]", ""),),
        "carol holds another key": (("carol: {credentials: psk}", "carol: {credentials: {psk: {label: another}}}"),),
    },
    "lost-packets": {
        "no message is lost": (
            (
                "  lose:\n    - {from: alice, to: bob, messages: [1]}\n    - {from: bob, to: alice, messages: [1]}\n",
                "",
            ),
        ),
        "nearly all media is lost": (("loss: {media: 5%}", "loss: {media: 90%}"),),
        "no media is lost": (("loss: {media: 5%}", "loss: {media: 0%}"),),
        "more is lost than SIP repeats": (
            ("{from: alice, to: bob, messages: [1]}", "{from: alice, to: bob, messages: [1, 2, 3, 4, 5, 6, 7, 8]}"),
        ),
    },
    "audio-video-media-level": {
        "MIKEY stands at session level": ((", key-mgmt level: media", ""),),
        "bob has no picture": (("bob: {credentials: psk, media: [audio, video]}", "bob: {credentials: psk}"),),
        "bob holds another key": (WRONG_KEY,),
    },
    "dhhmac": re_keyed("psk", "dhhmac", "psk"),
    "dhsaml-call": {
        "no second round is asked for": (("second round: liveness, ", ""),),
        "alice offers another mode": (
            ("alice: {credentials: saml, offers: dhsaml", "alice: {credentials: psk, offers: psk"),
            ("bob: {credentials: saml", "bob: {credentials: psk"),
        ),
        "alice's assertion is over": (("alice: {credentials: saml", "alice: {credentials: {saml: {expired: true}}"),),
        "a stranger vouches for bob": (("bob: {credentials: saml", "bob: {credentials: {saml: {issuer: another}}"),),
        "the call is over too soon": (("at: 4s", "at: 2s"),),
    },
    "dhsaml": {
        "no second round is asked for": (("second round: stronger key, ", ""),),
        "alice offers another mode": (
            ("alice: {credentials: {saml: {group: oakley-5}}, offers: dhsaml", "alice: {credentials: psk, offers: psk"),
            ("bob: {credentials: {saml: {group: oakley-5}}", "bob: {credentials: psk"),
        ),
        "bob's key is in another group": (("bob: {credentials: {saml: {group: oakley-5}}", "bob: {credentials: saml"),),
        "alice is called by another name": (
            ("alice: {credentials: {saml: {group: oakley-5}}", "alice: {credentials: {saml: {names: bob}}"),
        ),
        "nobody re-keys": (("  - {at: 2s, alice: {re-key: bob}}\n", ""),),
        "the call is over too soon": (("at: 6s", "at: 3s"),),
    },
    "dhsign": re_keyed("{certificate: {knows: []}}", "dhsign", "rsa-r"),
    "dhsign-p-256": re_keyed(CURVE_KEY, "dhsign", "ecies"),
    "ecies": re_keyed(CURVE_KEY, "ecies", "ecmqv"),
    "ecmqv": re_keyed(CURVE_KEY, "ecmqv", "dhsign"),
    "rsa": re_keyed("certificate", "rsa", "dhsign"),
    "rsa-r": re_keyed("{certificate: {knows: []}}", "rsa-r", "dhsign"),
    "audio-video-every-mode": {
        "nobody is called who has a picture": (
            ("[psk, certificate], media: [audio, video]}", "[psk, certificate]}"),
            (
                "carol: {credentials: {certificate: {key: ec}}, media: [audio, video]}",
                f"carol: {{credentials: {CURVE_KEY}}}",
            ),
            ("dave: {credentials: saml, media: [audio, video]}", "dave: {credentials: saml}"),
        ),
        "all offer other modes": (
            ("dhsaml: {credentials: saml, offers: dhsaml", "dhsaml: {credentials: psk, offers: psk"),
            *(
                (f"{name}: {{credentials: {held}, offers: {mode}", f"{name}: {{credentials: {held}, offers: {other}")
                for name, held, mode, other in (
                    ("psk", "psk", "psk", "dhhmac"),
                    ("dhhmac", "psk", "dhhmac", "psk"),
                    ("rsa", "certificate", "rsa", "dhsign"),
                    ("rsa-r", "certificate", "rsa-r", "rsa"),
                    ("dhsign", "certificate", "dhsign", "rsa-r"),
                    ("ecdh", CURVE_KEY, "dhsign", "ecies"),
                    ("ecies", CURVE_KEY, "ecies", "ecmqv"),
                    ("ecmqv", CURVE_KEY, "ecmqv", "ecies"),
                )
            ),
        ),
        "bob, carol and dave hold nothing": HELPLESS,
    },
    "wrong-keys": {
        "all hold the right keys": (
            *(
                (f"  {name}: {{credentials: {{psk: {{label: another}}}}", f"  {name}: {{credentials: psk")
                for name in SHARED
            ),
            *mended("stolen: true", "stolen: false"),
        ),
    },
    "expired-certificates": {"they are valid": mended("expired: true", "expired: false")},
    "unknown-issuers": {"the authority made them": mended("issuer: another", "issuer: own")},
    "wrong-identities": {"each is its holder's own": mended("names: frank", "expired: false")},
    "callees-with-bad-certificates": {
        f"the {name}'s is in order": tuple(
            (
                f"  {name}{kind}: {{credentials: {{{proof}{fault}}}}}}}",
                f"  {name}{kind}: {{credentials: {{{proof}expired: false}}}}}}",
            )
            for kind, proof in (("", "certificate: {"), ("-ec", "certificate: {key: ec, "), ("-saml", "saml: {"))
        )
        for name, fault in (
            ("thief", "stolen: true"),
            ("bygone", "expired: true"),
            ("stranger", "issuer: another"),
            ("namesake", "names: frank"),
        )
    },
    "replays": {
        "all attackers only listen": listening("replay: {after: 2s}"),
        "bob, carol and dave hold nothing": HELPLESS,
    },
    "tampered-offers": {
        "all attackers only listen": listening("tamper: {in: offers, payload: each}"),
        "bob, carol and dave hold nothing": HELPLESS,
    },
    "tampered-answers": {
        "all attackers only listen": listening("tamper: {in: answers, payload: each}"),
        "bob, carol and dave hold nothing": HELPLESS,
    },
}
"""Twins by the name of the file and by what is wrong."""


def changed(file: Path, changes: tuple[Change, ...]) -> bytes:
    """A scenario file with those changes."""
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1, f"{file.name}: {before!r} stands there {text.count(before)} times"
        text = text.replace(before, after)
    return text.encode()


def stem(file: Path) -> str:
    """The name of a scenario file without its endings."""
    return file.name.removesuffix(".call.yaml")

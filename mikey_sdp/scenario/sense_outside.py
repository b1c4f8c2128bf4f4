"""Whether what a scenario asks of parties that other programs play is in these programs' power, and can be judged."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from mikey_sdp.scenario.behaviour import Answers
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.expect import (
    Bounds,
    CallExpected,
    Expectation,
    KeyManagementFailedExpected,
    MediaExpected,
    ReKeyedExpected,
)
from mikey_sdp.scenario.meetings import Meetings
from mikey_sdp.scenario.reading import command_of, credentials_of, expectation_of, offered_modes
from mikey_sdp.scenario.schema import Party
from mikey_sdp.scenario.source import Path, Source

_KNOWN: Final = frozenset({"kind", "identity", "credentials", "offers", "answers", "security"})
_ANSWERS: Final = frozenset({"ringing", "answer"})
_COMMANDS: Final = {
    "pjsua2": frozenset({"call", "hang_up", "cancel", "re_key"}),
    "baresip": frozenset({"call", "hang_up", "cancel"}),
    "linphone": frozenset({"call", "hang_up", "cancel"}),
    "sipp": frozenset({"call"}),
}
_BEHIND_EDGES: Final = frozenset({"baresip", "linphone"})
_MODES: Final = {
    "pjsua2": frozenset({"psk", "rsa", "rsa-r", "dhsign", "dhhmac"}),
    "baresip": frozenset({"psk", "rsa-r", "dhsign", "dhhmac"}),
    "linphone": frozenset({"psk", "rsa-r", "dhsign", "dhhmac"}),
}


def outsiders_of(scenario: Scenario) -> dict[str, Party]:
    """The parties that other programs play."""
    return {name: party for name, party in scenario.parties.items() if party.kind != "node"}


def check_outside(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for everything that such a party can't do, and for all that nobody could tell of it."""
    outsiders = outsiders_of(scenario)
    if not outsiders:
        return
    if scenario.network.transport != "udp":
        source.note(("network", "transport"), f"{', '.join(outsiders)} take part over udp")
    meetings = Meetings(scenario)
    for name, party in outsiders.items():
        _check_party(source, ("parties", name), party)
        if len(partners := meetings.partners(name)) > 1:
            reason = (
                f"{party.kind} doesn't tell its calls with {' and '.join(partners)} apart; bring it together with one"
            )
            source.note(("parties", name), reason)
    for at, step in enumerate(scenario.steps):
        for name, command in step.commands.items():
            word, _ = command_of(command)
            if name in outsiders and word not in _COMMANDS[outsiders[name].kind]:
                said = word.replace("_", " ")
                source.note(("steps", at, name), f"{outsiders[name].kind} can't be told to {said}")
    for at, expectation in enumerate(scenario.expect):
        _check_expected(outsiders, source, at, expectation)


def _check_party(source: Source, path: Path, party: Party) -> None:
    fresh = Party()
    for field, word in zip(Party.__struct_fields__, Party.__struct_encode_fields__, strict=True):
        if field not in _KNOWN and getattr(party, field) != getattr(fresh, field):
            source.note((*path, word), f"{party.kind} can't be told that")
    answers = Answers()
    for field, word in zip(Answers.__struct_fields__, Answers.__struct_encode_fields__, strict=True):
        if field not in _ANSWERS and getattr(party.answers, field) != getattr(answers, field):
            source.note((*path, "answers", word), f"{party.kind} can't be told that")
    if party.security == "sdes":
        source.note((*path, "security"), "MIKEY by pjsua2's plug-in or by an edge before the phone, or none")
    elif party.kind == "pjsua2" or (party.kind in _BEHIND_EDGES and party.security == "mikey"):
        _check_keyed(source, path, party)
    elif party.security != "none":
        source.note(path, f"{party.kind} knows nothing of MIKEY; say so: security: none")
    elif party.credentials is not UNSET:
        source.note((*path, "credentials"), f"{party.kind} has no use for credentials")


def _check_keyed(source: Source, path: Path, party: Party) -> None:
    held = credentials_of(party)
    if party.security != "mikey":
        source.note((*path, "security"), "a pjsua2 is keyed by MIKEY here; for a plain phone take another kind")
    for mode in offered_modes(party) or ():
        if mode not in _MODES[party.kind]:
            source.note((*path, "offers"), f"a {party.kind} has no credentials for {mode!r} here")
    if held.saml is not UNSET or held.unprotected is not UNSET:
        source.note((*path, "credentials"), f"a {party.kind} takes psk and certificate only")
    elif held.certificate is not UNSET and held.certificate.stolen:
        source.note((*path, "credentials"), f"a {party.kind} has a certificate and the key that belongs to it")


def _check_expected(outsiders: dict[str, Party], source: Source, at: int, expectation: Expectation) -> None:
    """An expectation that rests on what a program doesn't tell is none."""
    kind, asked = expectation_of(expectation)
    place = ("expect", at, kind)
    if kind in ("two-time pad", "attack"):
        source.note(place, f"the keys of {', '.join(outsiders)} are not known here")
    elif kind == "keys":
        for name in sorted({*_names_in(asked)} & outsiders.keys()):
            source.note(place, f"the keys of {name} are not known here")
    elif isinstance(asked, ReKeyedExpected):
        _check_teller(outsiders, source, (*place, "at"), asked.at, tells=())
    elif isinstance(asked, KeyManagementFailedExpected):
        _check_teller(outsiders, source, (*place, "at"), asked.at)
        if asked.at in outsiders and (asked.mikey_error is not UNSET or asked.status is not UNSET):
            source.note((*place, "at"), f"{asked.at} tells the reason of a refusal only; write because")
    elif isinstance(asked, CallExpected):
        _check_teller(outsiders, source, (*place, "from"), asked.from_)
    elif isinstance(asked, MediaExpected):
        _check_sent(outsiders, source, place, asked)
        _check_heard(outsiders, source, place, asked)


def _check_sent(outsiders: dict[str, Party], source: Source, place: Path, asked: MediaExpected) -> None:
    if asked.from_ not in outsiders:
        return
    for word in ("sent", "clipped"):
        if getattr(asked, word) is not UNSET:
            source.note((*place, word), f"how much {asked.from_} sends is up to {outsiders[asked.from_].kind}")
    if asked.decrypted == "all":
        source.note((*place, "decrypted"), f"nobody knows all that {asked.from_} sends; write {{at least: ...}}")


def _check_heard(outsiders: dict[str, Party], source: Source, place: Path, asked: MediaExpected) -> None:
    if asked.to not in outsiders:
        return
    _check_teller(outsiders, source, (*place, "to"), asked.to)
    for word in ("decrypted_late", "undecryptable", "clipped", "heard_within"):
        if getattr(asked, word) is not UNSET:
            source.note((*place, word.replace("_", " ")), f"{asked.to} doesn't tell that")
    if asked.decrypted is not UNSET and not isinstance(asked.decrypted, Bounds):
        source.note((*place, "decrypted"), f"{asked.to} counts until shortly before the end; write {{at least: ...}}")


def _check_teller(
    outsiders: dict[str, Party], source: Source, place: Path, name: str, *, tells: tuple[str, ...] = ("pjsua2",)
) -> None:
    party = outsiders.get(name)
    if party is not None and party.kind not in tells:
        source.note(place, f"{name} is a {party.kind}, which doesn't tell that")


def _names_in(asked: object) -> list[str]:
    """All names that an expectation on keys holds, however deep."""
    if isinstance(asked, str):
        return [asked]
    if isinstance(asked, dict):
        return [name for pair in asked.items() for one in pair for name in _names_in(one)]
    if isinstance(asked, tuple | list):
        return [name for one in asked for name in _names_in(one)]
    fields = getattr(type(asked), "__struct_fields__", ())
    return [name for field in fields for name in _names_in(getattr(asked, field))]

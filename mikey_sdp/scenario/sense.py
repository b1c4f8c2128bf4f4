"""Whether a scenario whose words are all right makes sense: commands that can be carried out, credentials that have a
counterpart; `judgeable` asks the same of what is expected."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from mikey_sdp.scenario.behaviour import Answers
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.modes import CERTIFIED_KEYS, CREDENTIALS
from mikey_sdp.scenario.reading import credentials_of, offered_modes
from mikey_sdp.scenario.schema import Certified, Credentials, Party, SharedKey
from mikey_sdp.scenario.sense_network import check_network
from mikey_sdp.scenario.sense_steps import check_steps
from mikey_sdp.scenario.source import Path, Source
from mikey_sdp.scenario.units import micros

_SHORTEST_SESSION_US: Final = 90_000_000


def check_sense(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for everything that can't be meant."""
    for name, party in scenario.parties.items():
        _check_party(scenario, source, ("parties", name), party)
    check_network(scenario, source)
    check_steps(scenario, source)


def _check_party(scenario: Scenario, source: Source, path: Path, party: Party) -> None:
    held = credentials_of(party)
    for mode in offered_modes(party) or ():
        _check_offered(source, path, mode, held)
    _check_answers(source, path, party.answers)
    if micros(party.talks.every) == 0:
        source.note((*path, "talks", "every"), "packets need some time between them")
    if party.budget is not UNSET and (party.budget.time is UNSET) == bool(party.budget.costs):
        source.note((*path, "budget"), "a budget of time says what the modes cost, and costs count against one only")
    if micros(party.session_expires) < _SHORTEST_SESSION_US:
        source.note((*path, "session expires"), "no session may expire after less than 90s (RFC 4028)")
    if isinstance(held.psk, SharedKey):
        _check_shared_key(scenario, source, path, held.psk)
    if isinstance(held.certificate, Certified):
        _check_certified(scenario, source, path, held.certificate)


def _check_answers(source: Source, path: Path, answers: Answers) -> None:
    name, place = path[-1], (*path, "answers")
    for word, at in (("ringing", answers.ringing), ("early media", answers.early_media)):
        if at and answers.answer and micros(at) > micros(answers.answer):
            does = "rings" if word == "ringing" else "sends a 183"
            source.note((*place, word), f"{name} {does} after {at}, but has decided after {answers.answer}")
    if answers.ignore and answers.reject is not UNSET:
        source.note((*place, "reject"), f"{name} can't reject calls of which it takes no notice")
    if answers.reliable and answers.early_media is UNSET:
        source.note((*place, "reliable"), "there is no 183 to be confirmed; say when: early media")
    early = answers.talks_from != "confirmation" or answers.reliable
    if answers.early_packets is not UNSET and not early:
        source.note((*place, "early packets"), f"{name} sends nothing before the call is up; say so: talks from")


def _check_offered(source: Source, path: Path, mode: str, held: Credentials) -> None:
    if getattr(held, CREDENTIALS[mode]) is UNSET:
        source.note((*path, "offers"), f"{path[-1]} is to offer {mode!r} without a credential for it")
    elif mode in CERTIFIED_KEYS and held.certificate is not UNSET and held.certificate.key != CERTIFIED_KEYS[mode]:
        wanted = f"write credentials: {{certificate: {{key: {CERTIFIED_KEYS[mode]}}}}}"
        source.note((*path, "offers"), f"{mode!r} doesn't work with a certified {held.certificate.key} key; {wanted}")


def _check_certified(scenario: Scenario, source: Source, path: Path, certified: Certified) -> None:
    for at, other in enumerate(certified.knows or ()):
        if credentials_of(scenario.parties[other]).certificate is UNSET:
            source.note((*path, "credentials", "certificate", "knows", at), f"{other} holds no certificate")
    if certified.names == path[-1]:
        source.note((*path, "credentials", "certificate", "names"), f"a certificate names {path[-1]} anyway")
    if certified.same_as is not UNSET:
        _check_same(scenario, source, (*path, "credentials", "certificate"), certified)


def _check_same(scenario: Scenario, source: Source, path: Path, certified: Certified) -> None:
    """Who has another's certificate says nothing of a certificate of its own."""
    other = credentials_of(scenario.parties[certified.same_as or ""]).certificate
    if other is UNSET or other.same_as is not UNSET:
        source.note((*path, "same as"), f"{certified.same_as} holds no certificate of its own")
    elif certified != Certified(same_as=certified.same_as, knows=certified.knows, key=certified.key):
        source.note((*path, "same as"), f"what the certificate is like is said where {certified.same_as} holds it")
    elif certified.key != other.key:
        source.note((*path, "key"), f"the key of {certified.same_as} is an {other.key} key")


def _check_shared_key(scenario: Scenario, source: Source, path: Path, psk: SharedKey) -> None:
    if psk.label is not UNSET and psk.key_file is not UNSET:
        source.note((*path, "credentials", "psk"), "the key comes from a label or from a file, not from both")
    if psk.of_group and psk.label is UNSET and psk.key_file is UNSET:
        source.note((*path, "credentials", "psk", "of group"), "a key of a group has a label, or comes from a file")
    for at, other in enumerate(psk.shared_with or ()):
        place = (*path, "credentials", "psk", "shared with", at)
        if other == path[-1]:
            source.note(place, f"{other} can't share a key with itself")
        elif scenario.parties[other].credentials is UNSET:
            # Who says `none` means it: a party that lost its key, or never had one.
            source.note(place, f"{other} holds no psk; give it one, or say credentials: none")

"""Whether a scenario whose words are all right makes sense: commands that can be carried out, expectations that can be
judged, credentials that have a counterpart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.expect import Expectation
from mikey_sdp.scenario.modes import CERTIFIED_KEYS, CREDENTIALS
from mikey_sdp.scenario.schema import Asserted, Certified, Command, Credentials, Party, SharedKey, Unprotected
from mikey_sdp.scenario.source import Path, Source, nearest
from mikey_sdp.scenario.units import micros, say_us

METHODS: Final = ("INVITE", "re-INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "REFER", "REGISTER")


def parties_of(scenario: Scenario) -> tuple[str, ...]:
    """All columns of a ladder: the parties in the order of the file, each attacker right behind the first of the two
    between whom he sits."""
    order = list(scenario.parties)
    for name, attacker in scenario.network.attackers.items():
        order.insert(min(order.index(party) for party in attacker.between) + 1, name)
    return tuple(order)


def credentials_of(party: Party) -> Credentials:
    """A party's credentials in their long form."""
    given = party.credentials
    if isinstance(given, Credentials):
        return given
    if given is UNSET:
        return Credentials()
    words = (given,) if isinstance(given, str) else given
    return Credentials(
        psk=SharedKey() if "psk" in words else UNSET,
        unprotected=Unprotected() if "unprotected" in words else UNSET,
        certificate=Certified() if "certificate" in words else UNSET,
        saml=Asserted() if "saml" in words else UNSET,
    )


def offered_modes(party: Party) -> tuple[str, ...] | None:
    """The modes that a party narrows its choice to, None where the policy is free."""
    if party.offers == "policy":
        return None
    return (party.offers,) if isinstance(party.offers, str) else party.offers


def command_of(command: Command) -> tuple[str, str]:
    """The one thing that a command tells a party, and the other party's name."""
    for word in type(command).__struct_fields__:
        value = getattr(command, word)
        if value is not UNSET:
            return word, value
    raise ValueError("a command without a word")


def expectation_of(expectation: Expectation) -> tuple[str, object]:
    """The kind of an expectation as the file spells it, and what it asks."""
    shape = type(expectation)
    for name, encoded in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        value = getattr(expectation, name)
        if value is not UNSET:
            return encoded, value
    raise ValueError("an expectation without a kind")


def check_sense(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for everything that can't be meant."""
    for name, party in scenario.parties.items():
        _check_party(scenario, source, ("parties", name), party)
    _check_network(scenario, source)
    _check_steps(scenario, source)
    for at, expectation in enumerate(scenario.expect):
        _check_expectation(scenario, source, ("expect", at), expectation)


def _check_party(scenario: Scenario, source: Source, path: Path, party: Party) -> None:
    held = credentials_of(party)
    for mode in offered_modes(party) or ():
        _check_offered(source, path, mode, held)
    answers = party.answers
    if answers.ringing and answers.answer and micros(answers.ringing) > micros(answers.answer):
        late = f"rings after {answers.ringing}, but has decided after {answers.answer}"
        source.note((*path, "answers", "ringing"), f"{path[-1]} {late}")
    if answers.ignore and answers.reject is not UNSET:
        source.note((*path, "answers", "reject"), f"{path[-1]} can't reject calls of which it takes no notice")
    if micros(party.talks.every) == 0:
        source.note((*path, "talks", "every"), "packets need some time between them")
    if isinstance(held.psk, SharedKey):
        _check_shared_key(scenario, source, path, held.psk)
    if isinstance(held.certificate, Certified):
        _check_certified(scenario, source, path, held.certificate)


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


def _check_shared_key(scenario: Scenario, source: Source, path: Path, psk: SharedKey) -> None:
    if psk.label is not UNSET and psk.key_file is not UNSET:
        source.note((*path, "credentials", "psk"), "the key comes from a label or from a file, not from both")
    for at, other in enumerate(psk.shared_with or ()):
        place = (*path, "credentials", "psk", "shared with", at)
        if other == path[-1]:
            source.note(place, f"{other} can't share a key with itself")
        elif scenario.parties[other].credentials is UNSET:
            # Who says `none` means it: a party that lost its key, or never had one.
            source.note(place, f"{other} holds no psk; give it one, or say credentials: none")


def _check_network(scenario: Scenario, source: Source) -> None:
    network = scenario.network
    taken: dict[frozenset[str], str] = {}
    for name, attacker in network.attackers.items():
        path = ("network", "attackers", name)
        if name in scenario.parties:
            source.note(path, f"a party is called {name!r} already")
        pair = frozenset(attacker.between)
        if pair in taken:
            source.note(path, f"{taken[pair]!r} sits between the two already")
        taken[pair] = name
        if attacker.eavesdrop is False:
            source.note((*path, "eavesdrop"), "an attacker who doesn't eavesdrop does nothing; leave him out")
    for place, pair_of in _pairs(scenario):
        if pair_of[0] == pair_of[1]:
            source.note(place, f"between {pair_of[0]} and itself there is no network")
    if network.lose and network.transport != "udp":
        source.note(("network", "lose"), f"{network.transport} loses nothing; losses need transport: udp")


def _pairs(scenario: Scenario) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Every pair of parties that the network part names."""
    for name, attacker in scenario.network.attackers.items():
        yield ("network", "attackers", name, "between"), attacker.between
    for at, link in enumerate(scenario.network.links):
        yield ("network", "links", at, "between"), link.between
    for at, lose in enumerate(scenario.network.lose):
        yield ("network", "lose", at), (lose.from_, lose.to)


def _check_steps(scenario: Scenario, source: Source) -> None:
    for at, step in enumerate(scenario.steps):
        if not step.commands:
            source.note(("steps", at), "nobody is told anything; name a party and a command")
        if scenario.ends is not UNSET and micros(step.at) >= micros(scenario.ends):
            source.note(("steps", at, "at"), f"the run ends at {say_us(micros(scenario.ends))}, before this step")
        for name, command in step.commands.items():
            word, other = command_of(command)
            if other == name:
                source.note(("steps", at, name), f"{name} can't {word.replace('_', ' ')} itself")


def calls_of(scenario: Scenario) -> set[tuple[str, str]]:
    """Who calls whom, by the steps."""
    return {
        (name, command.call)
        for step in scenario.steps
        for name, command in step.commands.items()
        if isinstance(command.call, str)
    }


def _check_expectation(scenario: Scenario, source: Source, path: Path, expectation: Expectation) -> None:
    kind, asked = expectation_of(expectation)
    place = (*path, kind)
    if kind == "call":
        _check_call_expected(scenario, source, place, asked)
    for word in ("in_", "named"):
        name = getattr(asked, word, None)
        if name is not None and not _is_message_name(str(name)):
            reason = f"{str(name)[:40]!r} names no SIP message; write a method such as INVITE, re-INVITE, or a status"
            source.note((*place, word.rstrip("_")), reason, nearest(str(name), METHODS))
    line = getattr(asked, "line", UNSET)
    lines = max(len(party.media) for party in scenario.parties.values())
    if isinstance(line, int) and line >= lines:
        source.note((*place, "line"), f"no call has a media line {line}; they count from 0")


def _check_call_expected(scenario: Scenario, source: Source, place: Path, asked: object) -> None:
    """An expectation on a call that no step places would never be judged."""
    calls = calls_of(scenario)
    caller = getattr(asked, "from_", "")
    callees = sorted(to for origin, to in calls if origin == caller)
    if not callees:
        callers = sorted({origin for origin, _ in calls})
        reason = f"no step has {caller} call anyone"
        source.note((*place, "from"), reason, callers[0] if len(callers) == 1 else None)
        return
    to = getattr(asked, "to", UNSET)
    if to is not UNSET and to not in callees:
        source.note((*place, "to"), f"no step has {caller} call {to}; it calls {', '.join(callees)}")


def _is_message_name(name: str) -> bool:
    return name in METHODS or (name.isascii() and name.isdigit() and 100 <= int(name[:4]) <= 699)

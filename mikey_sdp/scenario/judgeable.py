"""Whether what a scenario expects can be judged at all: of a call that nobody places nothing can be said, so to expect
something of it is a mistake, however true it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import UNSET, UnsetType

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.expect import CallExpected, MediaExpected
from mikey_sdp.scenario.expect_keys import KeysExpected
from mikey_sdp.scenario.meetings import Meetings
from mikey_sdp.scenario.reading import calls_of, expectation_of
from mikey_sdp.scenario.source import Path, Source, nearest

METHODS: Final = ("INVITE", "re-INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "REFER", "REGISTER")


def check_expectations(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for every expectation that no run of the scenario could decide."""
    meetings = Meetings(scenario)
    for at, expectation in enumerate(scenario.expect):
        kind, asked = expectation_of(expectation)
        place = ("expect", at, kind)
        if kind in _CHECKS:
            _CHECKS[kind](meetings, source, place, asked)
        _check_names(source, place, asked)
        _check_line(scenario, source, place, asked)


def _check_names(source: Source, place: Path, asked: object) -> None:
    for word in ("in_", "named"):
        name = getattr(asked, word, None)
        if name is not None and not _is_message_name(str(name)):
            reason = f"{str(name)[:40]!r} names no SIP message; write a method such as INVITE, re-INVITE, or a status"
            source.note((*place, word.rstrip("_")), reason, nearest(str(name), METHODS))


def _is_message_name(name: str) -> bool:
    return name in METHODS or (name.isascii() and name.isdigit() and 100 <= int(name[:4]) <= 699)


def _check_line(scenario: Scenario, source: Source, place: Path, asked: object) -> None:
    line = getattr(asked, "line", UNSET)
    lines = max(len(party.media) for party in scenario.parties.values())
    if isinstance(line, int) and line >= lines:
        source.note((*place, "line"), f"no call has a media line {line}; they count from 0")


def _check_call(meetings: Meetings, source: Source, place: Path, asked: CallExpected) -> None:
    calls = calls_of(meetings.scenario)
    callees = sorted(to for origin, to in calls if origin == asked.from_)
    if not callees:
        callers = sorted({origin for origin, _ in calls})
        reason = f"no step has {asked.from_} call anyone"
        source.note((*place, "from"), reason, callers[0] if len(callers) == 1 else None)
        return
    if asked.to is not UNSET and asked.to not in callees:
        source.note((*place, "to"), f"no step has {asked.from_} call {asked.to}; it calls {', '.join(callees)}")
    if asked.within is not UNSET and asked.answered_by is UNSET:
        source.note((*place, "within"), "a span is asked of an answer; say by whom: answered by")


def _check_media(meetings: Meetings, source: Source, place: Path, asked: MediaExpected) -> None:
    if asked.from_ == asked.to:
        source.note((*place, "to"), f"{asked.to} sends nothing to itself")
    elif meetings.first_us(asked.from_, asked.to) is None:
        partners = meetings.partners(asked.from_)
        reason = f"no step brings {asked.from_} and {asked.to} into a call"
        source.note((*place, "to"), reason, partners[0] if len(partners) == 1 else None)


def _check_keys(meetings: Meetings, source: Source, place: Path, asked: KeysExpected) -> None:
    """Keys that nobody could ever hold are not absent, and not different either."""
    for word in type(asked).__struct_fields__:
        parties: Iterable[str] | UnsetType = getattr(asked, word)
        for name in () if parties is UNSET else parties:
            _check_present(meetings, source, (*place, word.replace("_", " ")), name)


def _check_party_of(word: str) -> Callable[[Meetings, Source, Path, Any], None]:
    """The check that the party under a word of the expectation is in a call at all."""

    def check(meetings: Meetings, source: Source, place: Path, asked: Any) -> None:
        _check_present(meetings, source, (*place, word), getattr(asked, word))

    return check


def _check_present(meetings: Meetings, source: Source, place: Path, name: str) -> None:
    if not meetings.partners(name):
        source.note(place, f"{name} is in no call of this scenario, so that nothing can be told of it")


_CHECKS: Final[dict[str, Callable[[Meetings, Source, Path, Any], None]]] = {
    "call": _check_call,
    "media": _check_media,
    "keys": _check_keys,
    "key management failed": _check_party_of("at"),
    "re-keyed": _check_party_of("at"),
}

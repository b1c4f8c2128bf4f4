"""Whether the steps of a scenario make sense: each command can be carried out when its time comes."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.meetings import Meetings
from mikey_sdp.scenario.reading import command_of, identity_of, proxies_of
from mikey_sdp.scenario.source import Path, Source
from mikey_sdp.scenario.steps import Registration, Transfer
from mikey_sdp.scenario.units import micros, say_us

_ON_CALLS: Final = {
    "hang_up": "hang up",
    "cancel": "cancel",
    "re_key": "re-key",
    "hold": "hold",
    "resume": "resume",
    "transfer": "transfer",
}
"""The commands about a call that stands or is being placed, as the file spells them."""


def check_steps(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for everything that nobody could do when told to."""
    meetings = Meetings(scenario)
    for at, step in enumerate(scenario.steps):
        if not step.commands:
            source.note(("steps", at), "nobody is told anything; name a party and a command")
        if scenario.ends is not UNSET and micros(step.at) >= micros(scenario.ends):
            source.note(("steps", at, "at"), f"the run ends at {say_us(micros(scenario.ends))}, before this step")
        for name, command in step.commands.items():
            word, other = command_of(command)
            if other == name:
                source.note(("steps", at, name), f"{name} can't {word.replace('_', ' ')} itself")
            elif word in _ON_CALLS:
                _check_placed(meetings, source, ("steps", at, name), micros(step.at))
            if command.transfer:
                _check_transfer(meetings, source, ("steps", at, name, "transfer"), command.transfer)
            if command.register:
                _check_register(scenario, source, ("steps", at, name, "register", "at"), command.register)


def _check_placed(meetings: Meetings, source: Source, place: Path, at_us: int) -> None:
    """A command about a call that nobody has placed by then can't be carried out."""
    name = str(place[-1])
    word, other = command_of(meetings.scenario.steps[int(place[1])].commands[name])
    told, said = word.replace("_", " "), (*place, _ON_CALLS[word])
    placed_us = meetings.first_us(name, other)
    if placed_us is None:
        source.note(said, f"{name} can't {told} {other}: no step has one of them call the other")
    elif placed_us > at_us:
        source.note(said, f"{name} can't {told} {other} yet: the call is placed at {say_us(placed_us)}")


def _check_transfer(meetings: Meetings, source: Source, place: Path, asked: Transfer) -> None:
    name = str(place[2])
    if asked.to in (name, asked.call_with):
        source.note((*place, "to"), f"{asked.call_with} is in a call with {name} already; transfer it to somebody else")
    elif asked.attended and meetings.first_us(name, asked.to) is None:
        source.note((*place, "to"), f"{name} is in no call with {asked.to} that could be taken over")


def _check_register(scenario: Scenario, source: Source, place: Path, asked: Registration) -> None:
    if asked.at not in proxies_of(scenario):
        return  # the network was put aside for another error, and the name was looked up in it before that
    user = identity_of(scenario, str(place[2]))
    known = proxies_of(scenario)[asked.at].addresses
    if user not in known:
        source.note(place, f"{asked.at} knows no address {user}; give it one", f"{user}: {{}}")
    elif known[user].retarget is not UNSET:
        source.note(place, f"{user} stands for {known[user].retarget} at {asked.at}, wherever it registers")

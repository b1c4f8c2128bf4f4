"""Who can find himself in a call with whom, as far as a scenario's file tells."""

from __future__ import annotations

from typing import Final

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.reading import calls_placed, phones_of
from mikey_sdp.scenario.routes import reached


class Meetings:
    """All meetings that the steps of a scenario bring about, looked up in one go.

    Keeps: `scenario`.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario: Final = scenario
        self._first_us: Final[dict[frozenset[str], int]] = {}
        self._partners: Final[dict[str, set[str]]] = {}
        met: dict[tuple[str, str], set[str]] = {}
        for at_us, asked, called in calls_placed(scenario):
            # Who is transferred may be any phone of a user.
            for caller in (asked,) if asked in scenario.parties else phones_of(scenario, asked):
                if (caller, called) not in met:
                    met[caller, called] = {called, *reached(scenario, caller, called)} - {caller}
                for other in met[caller, called]:
                    self._note(caller, other, at_us)

    def _note(self, one: str, other: str, at_us: int) -> None:
        pair = frozenset((one, other))
        self._first_us[pair] = min(at_us, self._first_us.get(pair, at_us))
        self._partners.setdefault(one, set()).add(other)
        self._partners.setdefault(other, set()).add(one)

    def first_us(self, one: str, other: str) -> int | None:
        """When the first call is placed in which these two can meet; None if there is none.

        Either can be an address instead, which is met by whoever calls it.
        """
        return self._first_us.get(frozenset((one, other)))

    def partners(self, name: str) -> list[str]:
        """With whom a party can find itself in a call, in the order of the file."""
        met = self._partners.get(name, set())
        return [party for party in self.scenario.parties if party in met]

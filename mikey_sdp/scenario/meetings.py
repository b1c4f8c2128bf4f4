"""Who can find himself in a call with whom, as far as a scenario's file tells."""

from __future__ import annotations

from typing import Final

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.reading import calls_placed
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
        for at_us, caller, called in calls_placed(scenario):
            if (caller, called) not in met:
                met[caller, called] = {called, *reached(scenario, caller, called)} - {caller}
            for other in met[caller, called]:
                pair = frozenset((caller, other))
                self._first_us[pair] = min(at_us, self._first_us.get(pair, at_us))
                self._partners.setdefault(caller, set()).add(other)
                self._partners.setdefault(other, set()).add(caller)

    def first_us(self, one: str, other: str) -> int | None:
        """When the first call is placed in which these two can meet; None if there is none.

        Either can be an address instead, which is met by whoever calls it.
        """
        return self._first_us.get(frozenset((one, other)))

    def partners(self, name: str) -> list[str]:
        """With whom a party can find itself in a call, in the order of the file."""
        met = self._partners.get(name, set())
        return [party for party in self.scenario.parties if party in met]

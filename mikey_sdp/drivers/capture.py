"""What passed over the network in a run, and what of it each place could see."""

from __future__ import annotations

from typing import Final

from mikey_sdp.trace import Passed


class Capture:
    """Every datagram of a run, in the order in which they were sent; give an empty one to the driver.

    Keeps: `passed`.
    """

    def __init__(self) -> None:
        self.passed: Final[list[Passed]] = []

    def at(self, place: str) -> tuple[Passed, ...]:
        """What a party sent and got itself, whatever carried it: all that its own software reads."""
        return tuple(
            one for one in self.passed if one.party == place or (one.to == place and one.arrived_us is not None)
        )

    def between(self, one_end: str, other_end: str) -> tuple[Passed, ...]:
        """What somebody reads who listens on the link between two parties; of TLS he reads nothing."""
        ends = {one_end, other_end}
        return tuple(one for one in self.passed if {one.party, one.to} == ends and not one.is_hidden)

    def open_to(self, *places: str) -> tuple[Passed, ...]:
        """What these parties read together if they listen on every link besides: all but the TLS of others."""
        return tuple(one for one in self.passed if not one.is_hidden or one.party in places or one.to in places)

"""How the calls of a user agent end: told to hang up, hung up on, or left without an answer to an answer."""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.nodes.commands import Cancel, HangUp
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Stage
from mikey_sdp.nodes.switchboard import Switchboard
from mikey_sdp.nodes.ua_caller import Caller
from mikey_sdp.nodes.ua_refusing import Refusals


class Ends:
    """Ends calls."""

    def __init__(self, desk: Desk, board: Switchboard, caller: Caller, refusals: Refusals) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._caller: Final = caller
        self._refusals: Final = refusals

    def hang_up(self, command: HangUp) -> None:
        """End whatever there is with that peer, in whatever way its stage asks for."""
        legs = list(self._desk.legs_with(command.peer))
        for leg in legs:
            if leg.stage is not Stage.EARLY:
                self._board.hang_up(leg, "hung up")
            elif leg.incoming is not None:
                self._refusals.decline(leg, leg.incoming)
        if not legs or any(leg.invite is not None and leg.stage is Stage.EARLY for leg in legs):
            self._caller.cancel(Cancel(command.peer))

    def bye(self, event: sip.ByeReceived) -> None:
        """The peer hung up."""
        leg = self._desk.leg_of(event.dialog)
        if leg is not None:
            self._board.end(leg, reason="the other side hung up")

    def ack_missing(self, event: sip.AckMissing) -> None:
        """Nobody acknowledged our 200."""
        leg = self._desk.leg_of(event.dialog)
        if leg is not None:
            self._board.hang_up(leg, "no ACK came")

"""What an edge writes down while it runs: one line a fault, and never so many that they are the fault."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from mikey_sdp.report.printable import printable
from mikey_sdp.trace import AnyRecord, CallChanged, KeyManagementFailed, KeysInstalled, Warned

LOGGER: Final = logging.getLogger("mikey_sdp.edge")
_LONGEST_LINE: Final = 500


class Tap:
    """Lets lines through at a steady pace, some at once after a pause, and counts what it holds back.

    Units: `pace` is lines a second.
    """

    def __init__(self, seconds: Callable[[], float], *, at_once: int, pace: float) -> None:
        self._seconds: Final = seconds
        self._at_once: Final = at_once
        self._pace: Final = pace
        self._left = float(at_once)
        self._since = seconds()
        self._held = 0

    def lets(self) -> int | None:
        """How many lines were held back since the last that went through, if one more may; otherwise None."""
        now = self._seconds()
        self._left = min(self._at_once, self._left + (now - self._since) * self._pace)
        self._since = now
        if self._left < 1:
            self._held += 1
            return None
        self._left -= 1
        held, self._held = self._held, 0
        return held


class EdgeLog:
    """Turns what the edge reports into lines of a log: faults as warnings, calls as information, keys for debugging.

    What a peer wrote is made safe for a terminal. No line holds key material; keys go by fingerprint.
    """

    def __init__(self, seconds: Callable[[], float], *, at_once: int = 20, pace: float = 5.0) -> None:
        self._taps: Final = {
            level: Tap(seconds, at_once=at_once, pace=pace)
            for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
        }

    def record(self, record: AnyRecord) -> None:
        """Write down what a node reported."""
        if isinstance(record, Warned):
            self.line(logging.WARNING, record.text)
        elif isinstance(record, KeyManagementFailed):
            number = "" if record.mikey_error is None else f" (MIKEY error {record.mikey_error})"
            self.line(logging.WARNING, f"call with {record.peer}: no keys: {record.reason}{number}")
        elif isinstance(record, CallChanged):
            status = f" {record.status}" if record.status else ""
            reason = f" {record.reason}" if record.reason else ""
            self.line(logging.INFO, f"call with {record.peer}: {record.state}{status}{reason}")
        elif isinstance(record, KeysInstalled):
            key = f"{record.mode}, media {record.media + 1}, {record.direction}, key {record.fingerprint}"
            self.line(logging.DEBUG, f"call with {record.peer}: {key}")

    def complain(self, text: str) -> None:
        """Write down what went wrong with the sockets."""
        self.line(logging.WARNING, text)

    def failed(self, _name: str, error: Exception) -> None:
        """Write down a mistake of the edge itself; what was at hand is lost, and it goes on."""
        self.line(logging.ERROR, f"an event was lost: {type(error).__name__}: {error}")
        LOGGER.debug("where it happened", exc_info=error)

    def line(self, level: int, text: str) -> None:
        """One line, if the log takes this level and has not had too many lately."""
        if not LOGGER.isEnabledFor(level):
            return
        held = self._taps[level].lets()
        if held is not None:
            more = f" ({held} more lines like this were left out before)" if held else ""
            LOGGER.log(level, "%s%s", printable(text)[:_LONGEST_LINE], more)

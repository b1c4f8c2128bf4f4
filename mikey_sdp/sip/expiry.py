"""Session-Expires and Min-SE: how long a session goes on without a refresh, and who refreshes it.

Source: RFC 4028 sections 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.parameters import parse_parameters
from mikey_sdp.sip.values import parse_number

TIMER: Final = "timer"
"""The option tag of those who know session timers."""
LEAST_S: Final = 90
"""The shortest time that anybody may ask for."""
MOST_S: Final = (1 << 31) - 1

Refresher = Literal["uac", "uas"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionExpires:
    """After how many seconds a session is over that nobody refreshed; `refresher` is None where that is left open.

    Wire: `delta-seconds[;refresher=uac|uas]`, by the roles in the transaction that says it.
    """

    seconds: int
    refresher: Refresher | None = None

    @classmethod
    def parse(cls, text: str) -> SessionExpires:
        """Read the value of a Session-Expires field.

        Raises: DecodeError.
        """
        digits = text.partition(";")[0].rstrip(" \t")
        seconds = parse_number(digits, field="Session-Expires", most=MOST_S)
        parameters, end = parse_parameters(text, len(digits), field="Session-Expires")
        if end != len(text):
            raise grammar.fault("text behind it", field="Session-Expires", offset=end, section="RFC 4028 section 4")
        said = (parameters.get("refresher") or "").lower()
        return cls(seconds=seconds, refresher="uac" if said == "uac" else "uas" if said == "uas" else None)

    def __str__(self) -> str:
        return f"{self.seconds}" if self.refresher is None else f"{self.seconds};refresher={self.refresher}"


def session_expires(message: Request | Response) -> SessionExpires | None:
    """What a message says of when the session ends; None if it says nothing that can be read."""
    try:
        value = message.get("Session-Expires")
        return None if value is None else SessionExpires.parse(value)
    except DecodeError:
        return None


def min_se(message: Request | Response) -> int:
    """The shortest time that those on the way let a message ask for."""
    value = (message.get("Min-SE") or "").partition(";")[0].strip(" \t")
    try:
        return max(LEAST_S, parse_number(value, field="Min-SE", most=MOST_S)) if value else LEAST_S
    except DecodeError:
        return LEAST_S

"""What a peer's refusal says to people."""

from __future__ import annotations

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import Response


def warnings_of(response: Response | None) -> str:
    """The Warnings of a response as one line; what can't be read says so, for no call rests on it.

    Source: RFC 3261 section 20.43.
    """
    try:
        return "; ".join(f"{one.code} {one.text}" for one in (response.warnings if response is not None else ()))
    except DecodeError:
        return "a Warning that can't be read"


def after_status(response: Response | None) -> str:
    """The same behind a status, empty where there is none."""
    told = warnings_of(response)
    return f"; {told}" if told else ""

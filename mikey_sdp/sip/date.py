"""The Date field: the wall clock of a registrar, from which a phone without one can set its own.

Source: RFC 3261 section 20.17.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from mikey_sdp.sip import grammar

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
    re.ASCII,
)


def format_date(unix_us: int) -> str:
    """That time, in microseconds since 1970, as the value of a Date field; fractions of a second are lost."""
    return format_datetime(_EPOCH + timedelta(seconds=unix_us // 1_000_000), usegmt=True)


def parse_date(text: str) -> int:
    """The time that a Date field gives, in microseconds since 1970.

    Raises: DecodeError.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise grammar.fault("not Day, DD Mon YYYY HH:MM:SS GMT", field="Date", section="RFC 3261 section 20.17")
    day, month, year, hour, minute, second = found.groups()
    try:
        date = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        raise grammar.fault("no such time", field="Date", section="RFC 3261 section 20.17") from None
    return (date - _EPOCH) // _MICROSECOND

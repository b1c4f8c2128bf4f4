"""The formats of a stream, read by sdp-transform, which knows the attributes' inner forms.

It is handed one line at a time, and only lines in which its readings and ours can't part: ASCII, no control characters,
of ordinary length.

Source: RFC 4566 section 6 (rtpmap), RFC 3551 section 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sdp_transform

from mikey_sdp.sdp.lines import Section

_READABLE: Final = re.compile(r"[ -~]{1,1000}")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_STATIC: Final = {
    0: ("PCMU", 8000),
    3: ("GSM", 8000),
    4: ("G723", 8000),
    8: ("PCMA", 8000),
    9: ("G722", 8000),
    13: ("CN", 8000),
    18: ("G729", 8000),
    26: ("JPEG", 90000),
    31: ("H261", 90000),
    34: ("H263", 90000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One format of an RTP stream: its payload type and what a=rtpmap, or else RFC 3551, says that it is.

    Units: `clock_rate` in Hz; `channels` 1 unless said otherwise.
    """

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1


def codecs(section: Section) -> tuple[Codec, ...]:
    """The formats of an m= line in its order of preference; one that nothing explains is left out."""
    if section.level is None:
        return ()
    known = {number: Codec(payload_type=number, name=name, clock_rate=rate) for number, (name, rate) in _STATIC.items()}
    known |= {codec.payload_type: codec for codec in _mapped(section)}
    words = section.lines[0].value.split(" ")[3:]
    numbers = [int(word) for word in words if _NUMBER.fullmatch(word)]
    return tuple(known[number] for number in numbers if number in known)


def _mapped(section: Section) -> Iterator[Codec]:
    for found in _maps(section):
        number, rate, channels = found.get("payload"), found.get("rate"), found.get("encoding", 1)
        if isinstance(number, int) and isinstance(rate, int) and rate < 1 << 32:
            yield Codec(
                payload_type=number,
                name=str(found["codec"]),
                clock_rate=rate,
                channels=channels if isinstance(channels, int) else 1,
            )


def _maps(section: Section) -> Iterator[dict[str, Any]]:
    for line in section.lines:
        if line.name == "rtpmap" and _READABLE.fullmatch(line.value):
            read = sdp_transform.parse(f"m=audio 0 RTP/AVP 0\r\na={line.value}\r\n")
            yield from read["media"][0].get("rtp", ())

"""The page docs/tshark.md: which of our messages tshark reads, and where it stops in the others.

`python -m tests.interop.tshark_page` writes it from a run of the tshark that is installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mikey_sdp.mikey.message import Message
from tests.interop.dissector import Dissector, over_udp
from tests.interop.exchanges import JUDGED, NOT_JUDGED, Exchange
from tests.interop.pdml import Reading
from tests.samples import ok, sdp, sip

PAGE: Final = Path(__file__).parents[2] / "docs" / "tshark.md"


def readings(tshark: Dissector, exchange: Exchange) -> list[tuple[Message, Reading]]:
    """Both messages of an exchange, and what tshark makes of each."""
    offer, answer = exchange.messages()
    capture = over_udp(sip(sdp(offer.octets)), ok(sdp(answer.octets)))
    return list(zip((offer, answer), tshark.payloads(capture), strict=True))


def page(tshark: Dissector) -> str:
    """The whole page."""
    lines = [
        "# What tshark makes of our messages",
        "",
        f"Written by `python -m tests.interop.tshark_page` from a run of tshark {tshark.version}; don't edit.",
        "",
        "## Read to the end",
        "",
        "Every payload up to the last has the name, the place and the length that we gave it.",
        "",
        "| exchange | I_MESSAGE | R_MESSAGE |",
        "| --- | --- | --- |",
    ]
    for exchange in JUDGED:
        sizes = " | ".join(f"{chain_of(message)}; {len(message.octets)} octets" for message in exchange.messages())
        lines.append(f"| {exchange.name} | {sizes} |")
    lines += [
        "",
        "## Exchanges not read to the end",
        "",
        "These it can't judge: it does not know how long the payload is at which it stops, or takes every certificate "
        "for",
        "DER. What stands behind that payload it counts to it, or leaves out. An exchange is here with both of its "
        "messages, even",
        "where it is only one of them.",
        "",
        "| exchange | our message | tshark's reading | its words |",
        "| --- | --- | --- | --- |",
    ]
    for exchange in NOT_JUDGED:
        for message, reading in readings(tshark, exchange):
            lines.append(f"| {exchange.name} | {_ours(message)} | {_theirs(reading)} | {_words(message, reading)} |")
    return "\n".join([*lines, ""])


def chain_of(message: Message) -> str:
    """The payloads of a message by name."""
    return ", ".join(["HDR", *(payload.payload_type.name for payload in message.payloads)])


def _ours(message: Message) -> str:
    sizes = zip(message.payloads, message.spans, strict=True)
    return _sized([("HDR", message.header_octets), *((one.payload_type.name, span.octets) for one, span in sizes)])


def _theirs(reading: Reading) -> str:
    return _sized((one.name.removeprefix("mikey."), one.octets) for one in reading.payloads) or "nothing"


def _sized(payloads: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name or 'a payload without a name'} {octets}" for name, octets in payloads)


def _words(message: Message, reading: Reading) -> str:
    if len(reading.payloads) == len(message.payloads) + 1:
        return "none: it is read to the end"
    return "; ".join(reading.said) or "none: it stops in silence"


if __name__ == "__main__":
    found = shutil.which("tshark")
    if found is None:
        raise SystemExit("tshark is missing; apt-get install tshark brings it")
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(Dissector(found, Path(folder))), encoding="utf-8")
    print("wrote docs/tshark.md")

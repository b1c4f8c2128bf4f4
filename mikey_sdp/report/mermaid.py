"""A run as a Mermaid sequence diagram, for pages that draw those: read-mes, wikis, issue threads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mikey_sdp.report.canvas import TIMES
from mikey_sdp.report.entries import Arrow, Flow, Remark, entries
from mikey_sdp.report.folding import Line, fold, involved
from mikey_sdp.report.printable import printable
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import RunResult

_PLAIN: Final = re.compile(
    r"[^A-Za-z0-9 .,:@()/=_\N{HORIZONTAL ELLIPSIS}\N{MULTIPLICATION SIGN}+-]|\bend\b|^\s*(?:no)?wrap:", re.IGNORECASE
)
_SIGNS: Final = {"key": "key: ", "bad": "✗ ", "warning": "! ", "state": ""}


def mermaid(result: RunResult) -> str:
    """The text of the diagram: a participant a column, parties that do the same sharing one."""
    found = entries(result.records, result.verdicts)
    outside = (party for entry in found for party in involved(entry))
    parties = tuple(dict.fromkeys((*result.parties, *(record.party for record in result.records), *outside)))
    folded = fold(parties, found)
    names = {party: f"p{at}" for at, column in enumerate(folded.columns) for party in column.parties}
    lines = ["sequenceDiagram"]
    for at, column in enumerate(folded.columns):
        count = f" {TIMES}{column.count}" if column.count > 1 else ""
        lines.append(f"    participant p{at} as {_text(column.title() + count)}")
    time = ""
    for line in folded.lines:
        now = say_time(line.entry.at_us)
        if now != time and folded.columns:
            lines.append(f"    Note over p0: {_text(now)}")
            time = now
        lines += (f"    {said}" for said in _line(line, names))
    return "\n".join(lines) + "\n"


def _line(line: Line, names: dict[str, str]) -> Iterator[str]:
    entry = line.entry
    times = line.times()
    if isinstance(entry, Arrow):
        yield from _arrow(entry, times, names)
    elif isinstance(entry, Flow):
        stream = entry.stream
        told = _text(f"{stream.kind}: {stream}{times}")
        yield f"{names[stream.sender]}--){names[stream.receiver]}: {told}"
    else:
        yield _remark(entry, times, names)


def _arrow(arrow: Arrow, times: str, names: dict[str, str]) -> Iterator[str]:
    sender, to = names[arrow.sender], names[arrow.taken_by or arrow.to]
    sign = "-x" if arrow.lost else "->>"
    lost = " (lost)" if arrow.lost else ""
    yield f"{sender}{sign}{to}: {_text(arrow.summary + times + lost)}"
    for note in (arrow.attack, *arrow.notes):
        if note:
            yield f"Note over {sender},{to}: {_text(note)}"


def _remark(remark: Remark, times: str, names: dict[str, str]) -> str:
    return f"Note right of {names[remark.party]}: {_text(_SIGNS[remark.tone] + remark.text + times)}"


def _text(text: str) -> str:
    """A text that means nothing to Mermaid: signs that could are written as numbers, its word `end` too."""
    return _PLAIN.sub(lambda found: "".join(f"#{ord(sign)};" for sign in found[0]), printable(text)) or " "

"""What an edge shows of itself: a page for a terminal, the same as plain lines, or one line of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from rich.text import Text

from mikey_sdp.nodes.edge_contract import UNPROTECTED, CallStatus, StreamStatus
from mikey_sdp.report.printable import printable
from mikey_sdp.softphone.edge_service import ServiceStatus

_HEAD: Final = ("no", "state", "who", "mode", "phone", "keys", "from phone", "to phone", "for")
_RIGHT: Final = frozenset({0, 6, 7, 8})
_WHO: Final = 2
_LEAST_WHO: Final = 12
_GAP: Final = "  "
_MOST_WARNINGS: Final = 8
_STYLES: Final = {"answered": "green", "early": "yellow", "calling": "yellow", "ended": "dim"}


def page(status: ServiceStatus, *, width: int, most_calls: int | None = None) -> Iterator[Text]:
    """The whole page, no line wider than `width` if that can be; of the calls the `most_calls` latest."""
    yield from _summary(status)
    calls = status.edge.calls if most_calls is None else status.edge.calls[-most_calls:]
    if calls:
        yield Text("")
        yield from _calls(calls, status.up_us, width)
    if len(calls) < len(status.edge.calls):
        yield Text(f"and {len(status.edge.calls) - len(calls)} more calls", style="dim")
    if status.edge.registered:
        yield Text("")
        yield from (Text(f"{who} is at {where}") for who, where in _safe(status.edge.registered))
    if status.edge.warnings:
        yield Text("")
        yield from (Text(_cut(printable(one), width), style="yellow") for one in status.edge.warnings[-_MOST_WARNINGS:])


def json_line(status: ServiceStatus) -> str:
    """Everything, as one line."""
    return msgspec.json.encode(status).decode()


def _summary(status: ServiceStatus) -> Iterator[Text]:
    edge, relay = status.edge, status.relay
    running = sum(call.state != "ended" for call in edge.calls)
    yield Text.assemble(
        ("edge", "bold"),
        f", up {clock(status.up_us)}: {_count(running, 'call')} running, {edge.taken} taken, {edge.refused} refused, "
        f"{edge.failed} without keys, {edge.reaped} given up",
    )
    wrong = [f"{number} {what}" for number, what in _wrong(status) if number]
    yield Text.assemble(
        f"media: {relay.received} packets in, {relay.sent} out, {_count(status.open_pairs, 'pair')} of ports open",
        (f"; {', '.join(wrong)}" if wrong else "", "yellow"),
    )


def _wrong(status: ServiceStatus) -> Iterable[tuple[int, str]]:
    relay = status.relay
    return (
        (relay.unsent, "not sent"),
        (relay.faults, "not taken"),
        (relay.exhausted, "times no port was left"),
        (status.unsent, "messages not sent"),
    )


def _calls(calls: Sequence[CallStatus], now_us: int, width: int) -> Iterator[Text]:
    rows = [_row(call, now_us) for call in calls]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    others = sum(widths) - widths[_WHO] + len(_GAP) * (len(widths) - 1)
    widths[_WHO] = min(widths[_WHO], max(_LEAST_WHO, width - others))
    yield Text(_line(_HEAD, widths), style="bold")
    for call, row in zip(calls, rows, strict=True):
        style = "bold red" if call.mode == UNPROTECTED else _STYLES.get(call.state, "")
        yield Text(_line(row, widths), style=style)
        for stream in call.streams:
            told = _trouble(stream)
            if told:
                yield Text(f"{' ' * widths[0]}{_GAP}{stream.kind} {stream.media + 1}: {told}", style="yellow")
        for warning in call.warnings[-2:]:
            yield Text(_cut(f"{' ' * widths[0]}{_GAP}{printable(warning)}", width), style="yellow")


def _row(call: CallStatus, now_us: int) -> tuple[str, ...]:
    arrow = "to" if call.outgoing else "from"
    return (
        str(call.number),
        call.state,
        printable(f"{call.account} {arrow} {call.peer}"),
        call.mode or "-",
        call.phone,
        " ".join(one[:8] for one in call.fingerprints) or "-",
        str(sum(stream.from_phone for stream in call.streams)),
        str(sum(stream.to_phone for stream in call.streams)),
        clock(now_us - call.since_us),
    )


def _trouble(stream: StreamStatus) -> str:
    """What did not get through, if anything."""
    counted = (
        (stream.waiting, "waiting for keys"),
        (stream.refused, "refused"),
        (stream.strangers, "from strangers"),
    )
    return ", ".join(f"{number} {what}" for number, what in counted if number)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [
        f"{_cut(cell, width):>{width}}" if column in _RIGHT else f"{_cut(cell, width):<{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return _GAP.join(fitted).rstrip()


def clock(micros: int) -> str:
    """A length of time as minutes and seconds, with hours where there are any."""
    seconds = max(0, micros) // 1_000_000
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "~"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _safe(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((printable(one), printable(other)) for one, other in pairs)

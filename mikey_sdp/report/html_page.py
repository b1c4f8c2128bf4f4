"""A run as one HTML page that needs nothing but itself: verdicts, ladder, messages, keys and media over time.

It holds what peers wrote, so nothing in it is markup but what this package makes, and a browser is told to carry out
and load nothing else. Keys appear by their fingerprints only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mikey_sdp.report.decoded import Decoding
from mikey_sdp.report.entries import Arrow, entries
from mikey_sdp.report.holdings import holdings
from mikey_sdp.report.html_keys import Colours, key_lanes, key_table
from mikey_sdp.report.html_ladder import Ladder, draw_ladder
from mikey_sdp.report.html_media import media_lanes
from mikey_sdp.report.html_messages import message_panels
from mikey_sdp.report.html_style import SCRIPT, STYLE, policy
from mikey_sdp.report.markup import Element, add, document, element, source
from mikey_sdp.report.verdicts import summary
from mikey_sdp.trace import MessageSent, RunResult, Verdict

_NO_DECODING: Final[Decoding] = MappingProxyType({})
_MANY_KEYS: Final = 12
_MANY_HELD: Final = 24
_TWO_COLUMNS: Final = 7


def html_page(
    result: RunResult,
    decoding: Decoding = _NO_DECODING,
    *,
    above: Iterable[Element] = (),
    below_verdicts: Iterable[Element] = (),
) -> str:
    """The page of a run; `decoding` says what is known of the MIKEY in its messages.

    `above` and `below_verdicts` are what somebody who knows more of the run adds to it.
    """
    page, main = frame(result.name)
    main.extend(above)
    _head(main, result)
    _verdicts(main, result)
    main.extend(below_verdicts)
    if result.records:
        _drawings(main, result, decoding)
    source(page, "script", SCRIPT)
    return document(page)


def _drawings(main: Element, result: RunResult, decoding: Decoding) -> None:
    """All that comes of the records of a run."""
    ladder = draw_ladder(result)
    _ladder(main, ladder)
    _keys(main, result, ladder)
    _media(main, result)
    add(main, "footer", f"{len(result.records)} records of {result.file or 'a run'}, drawn by mikey_sdp")
    arrows = [entry for entry in entries(result.records) if isinstance(entry, Arrow)]
    octets: Mapping[int, bytes] = {
        record.number: record.octets for record in result.records if isinstance(record, MessageSent)
    }
    main.extend(message_panels(arrows, octets, decoding, ladder.shared))


def frame(title: str, style: str = STYLE) -> tuple[Element, Element]:
    """An empty page in our style, and the element that its content goes into."""
    page = element("html", lang="en")
    head = add(page, "head")
    add(head, "meta", charset="utf-8")
    add(head, "meta", http_equiv="Content-Security-Policy", content=policy(style))
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    add(head, "title", title)
    source(head, "style", style)
    return page, add(add(page, "body"), "main")


def _head(main: Element, result: RunResult) -> None:
    head = add(main, "header")
    add(head, "h1", result.name)
    add(head, "p", result.shows, class_="shows")
    facts = add(head, "div", class_="facts")
    verdict_pill(facts, result)
    sent = [record for record in result.records if isinstance(record, MessageSent)]
    transports = "/".join(sorted({record.transport for record in sent}))
    add(facts, "span", f"{len(result.parties)} parties", class_="pill")
    if not result.records:
        add(facts, "span", "no trace", class_="pill")
        return
    add(facts, "span", f"{len(sent)} messages over {transports}" if sent else "no messages", class_="pill")
    keys = {holding.key.fingerprint for holding in holdings(result.records)}
    add(facts, "span", f"{len(keys)} keys in use" if keys else "no keys in use", class_="pill")


def verdict_pill(parent: Element, result: RunResult) -> None:
    """How many expectations held, in the colour of the outcome."""
    tone = ("good" if result.held else "bad") if result.verdicts else "warning"
    add(parent, "span", summary(result).plain, class_=f"pill {tone}")


def _verdicts(main: Element, result: RunResult) -> None:
    """What failed in full, first; what held after it, folded away where it is much."""
    add(main, "h2", "Expectations")
    panel = add(main, "div", class_="panel")
    for held in (False, True):
        some = [verdict for verdict in result.verdicts if verdict.held == held]
        if not some:
            continue
        where = panel
        if held and len(some) > _MANY_HELD:
            where = add(panel, "details", class_="held")
            add(where, "summary", f"{len(some)} held")
        listed = add(where, "ul", class_="verdicts many" if held and len(some) > _TWO_COLUMNS else "verdicts")
        for verdict in some:
            _verdict(listed, verdict)
    if not result.verdicts:
        add(panel, "p", "nothing was expected", class_="hint padded")


def _verdict(listed: Element, verdict: Verdict) -> None:
    item = add(listed, "li", class_="good" if verdict.held else "bad")
    add(item, "span", verdict.expectation)
    if verdict.held:
        return
    if verdict.line is not None:
        add(item, "span", f"  line {verdict.line}", class_="place")
    told = add(item, "dl")
    parts = (("expected", verdict.expected), ("came", verdict.came), ("nearest", verdict.nearest))
    for label, text in parts:
        if text:
            add(told, "dt", label)
            add(told, "dd", text)


def _ladder(main: Element, ladder: Ladder) -> None:
    add(main, "h2", "Ladder", id="ladder")
    add(
        main,
        "p",
        "Time goes down. Choose a message to read it and the MIKEY inside; arrow keys go on, Esc closes.",
        class_="hint",
    )
    panel = add(main, "div", class_="panel ladder")
    scrolled = add(panel, "div", class_="wide" if ladder.is_wide else "scrolled")
    heads = add(scrolled, "div", class_="heads")
    heads.append(ladder.heads)
    scrolled.append(ladder.body)


def _keys(main: Element, result: RunResult, ladder: Ladder) -> None:
    held = holdings(result.records)
    if not held:
        return
    colours = Colours(held)
    add(main, "h2", "Keys over time")
    add(
        main,
        "p",
        "A colour is a key, by its fingerprint. Point at a bar to see everybody who holds the same.",
        class_="hint",
    )
    panel = add(main, "div", class_="panel padded scrolled")
    panel.append(key_lanes(result, ladder.folded.columns, colours))
    table = key_table(result, colours)
    add(main, "h2", "Who holds which key")
    panel = add(main, "div", class_="panel padded scrolled")
    if len({holding.key.fingerprint for holding in held}) > _MANY_KEYS:
        panel = add(panel, "details")
        add(panel, "summary", "show all keys")
    panel.append(table)


def _media(main: Element, result: RunResult) -> None:
    lanes = media_lanes(result)
    if lanes is None:
        return
    add(main, "h2", "Media over time")
    hint = "From a stream's first packet to its last count. Green from the first packet that was decrypted on arrival."
    add(main, "p", hint, class_="hint")
    panel = add(main, "div", class_="panel padded scrolled")
    panel.append(lanes)

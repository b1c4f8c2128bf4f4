"""The messages of a run inside a page: where each went, the MIKEY inside, and its octets as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from mikey_sdp.report.decoded import Branch, Decoded, Decoding
from mikey_sdp.report.entries import Arrow
from mikey_sdp.report.markup import Element, add, element
from mikey_sdp.report.times import say_time

_KEYED: Final = re.compile(r"(key-mgmt:mikey[ \t]+\S+)")
_INLINE: Final = re.compile(r"(inline:)[^\s|]+")
_WITHHELD: Final = "(withheld: it carries a key in the clear)"
_UNKNOWN: Final = Decoded(trees=())


def message_panels(
    arrows: Sequence[Arrow], octets: Mapping[int, bytes], decoding: Decoding, shared: Mapping[int, tuple[int, ...]]
) -> Iterator[Element]:
    """A panel for each message, shown when a link of the ladder points at it."""
    for at, arrow in enumerate(arrows):
        before = arrows[at - 1].number if at else None
        after = arrows[at + 1].number if at + 1 < len(arrows) else None
        panel = element("article", class_="message", id=f"m{arrow.number}")
        _ways_on(panel, before, after)
        _head(panel, arrow)
        decoded = decoding.get(arrow.number, _UNKNOWN)
        if arrow.number in shared:
            _alike(panel, shared[arrow.number])
        if decoded.trees:
            add(panel, "h4", "MIKEY inside")
            listed = add(panel, "ul", class_="tree")
            for tree in decoded.trees:
                _branch(listed, tree, is_open=True)
        add(panel, "h4", f"{len(octets[arrow.number])} octets")
        _text(panel, octets[arrow.number], decoded.in_the_clear)
        yield panel


def _ways_on(panel: Element, before: int | None, after: int | None) -> None:
    nav = add(panel, "nav")
    if before is not None:
        add(nav, "a", "← before", href=f"#m{before}", class_="before")
    if after is not None:
        add(nav, "a", "after →", href=f"#m{after}", class_="after")
    add(nav, "a", "close", href="#closed", class_="close")


def _head(panel: Element, arrow: Arrow) -> None:
    add(panel, "h3", arrow.summary)
    way = f"message {arrow.number}, {arrow.sender} → {arrow.to}"
    if arrow.taken_by is not None:
        way += f", taken by {arrow.taken_by}"
    way += f"; sent at {say_time(arrow.at_us)}"
    if arrow.arrived_us is not None:
        way += f", arrived at {say_time(arrow.arrived_us)}"
    add(panel, "p", way, class_="way")
    if arrow.lost:
        add(panel, "p", "lost: it reached nobody", class_="note bad")
    if arrow.attack:
        add(panel, "p", arrow.attack, class_="note bad")
    for note in arrow.notes:
        add(panel, "p", note, class_="note")


def _alike(panel: Element, numbers: Iterable[int]) -> None:
    """Links to the messages that share a line with this one."""
    line = add(panel, "p", class_="way")
    add(line, "span", "others like it: ")
    for number in numbers:
        link = add(line, "a", str(number), href=f"#m{number}")
        link.tail = " "


def _branch(parent: Element, branch: Branch, *, is_open: bool) -> None:
    item = add(parent, "li")
    if not branch.below:
        add(item, "span", branch.text, class_=branch.tone)
        return
    details = add(item, "details")
    if is_open:
        details.set("open", "open")
    add(details, "summary", branch.text, class_=branch.tone)
    listed = add(details, "ul")
    for below in branch.below:
        _branch(listed, below, is_open=False)


def _text(panel: Element, octets: bytes, in_the_clear: bool) -> None:
    """The message as text, the key management marked; keys that stand in it for all to read are left out."""
    text = octets.decode("utf-8", "replace").replace("\r\n", "\n")
    first, _, rest = _INLINE.sub(rf"\1{_WITHHELD}", text).partition("\n")
    shown = add(panel, "pre")
    add(shown, "span", first, class_="first").tail = "\n"
    for at, part in enumerate(_KEYED.split(rest)):
        if at % 2 and in_the_clear:
            add(shown, "span", f"key-mgmt:mikey {_WITHHELD}", class_="withheld")
        else:
            add(shown, "span", part, class_="mikey" if at % 2 else "plain")

"""A run of the matrix on a page of its own: that of any run, and who tried to read the call and with what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mikey_sdp.report.decoded import Decoding
from mikey_sdp.report.html_page import html_page
from mikey_sdp.report.markup import Element, add, element
from mikey_sdp.report.matrix_run import Attempt, MatrixRun

INDEX: Final = "index.html"
_SHOWN_KEYS: Final = 4
_KEYLESS: Final = "No call came about, so that it had no key to lose."
_TRIED: Final = (
    "Everybody who is no member of the call tries, with all that he holds and all that he could read of the "
    "signalling, and each is given the packets. A key counts as opened only if it decrypted one of them. "
    "The same attacker did open the call when he was given the secrets of its members."
)


def html_matrix_run(run: MatrixRun, decoding: Decoding) -> str:
    """The page of the run, which leads back to the tables."""
    back = element("nav", class_="back")
    add(back, "a", "← the matrix", href=INDEX)
    return html_page(run.result, decoding, above=(back,), below_verdicts=[*_attempts(run.attempts)])


def _attempts(attempts: Sequence[Attempt]) -> Iterable[Element]:
    yield element("h2", "Who else could read it")
    yield element("p", _TRIED if attempts else _KEYLESS, class_="hint")
    if attempts:
        panel = element("div", class_="panel padded scrolled")
        table = _table(
            panel, "who tried", "the call of", "secrets held", "MIKEY messages read", "keys derived", "opened"
        )
        for one in attempts:
            _attempt(add(table, "tr"), one)
        yield panel


def _attempt(row: Element, one: Attempt) -> None:
    add(add(row, "td"), "b", one.who)
    for text in (one.said, str(one.secrets), str(one.messages), _keys(one.derived)):
        add(row, "td", text)
    tone, text = ("bad", f"✗ yes, with {_keys(one.opened)}") if one.opened else ("good", "✓ nothing")
    add(add(row, "td"), "span", text, class_=f"pill {tone}")


def _keys(fingerprints: Sequence[str]) -> str:
    named = ", ".join(fingerprints[:_SHOWN_KEYS])
    more = len(fingerprints) - _SHOWN_KEYS
    return f"{named} and {more} more" if more > 0 else named or "none"


def _table(parent: Element, *heads: str) -> Element:
    table = add(parent, "table")
    head = add(table, "tr")
    for text in heads:
        add(head, "th", text)
    return table

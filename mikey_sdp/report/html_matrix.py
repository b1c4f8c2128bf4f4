"""The matrix as an HTML page: RFC 5197's tables as measured, each cell with its conditions and links to their runs.

How a cell came out is told by a sign, a word and a colour, so that nobody has to tell colours apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.report.html_matrix_panels import cell_panels
from mikey_sdp.report.html_matrix_style import MATRIX_STYLE
from mikey_sdp.report.html_matrix_words import (
    EXPLAINED,
    Meanings,
    Pages,
    name_of,
    place_of,
    printed_words,
    run_links,
    sign,
    title_of,
    word_of,
)
from mikey_sdp.report.html_page import frame
from mikey_sdp.report.html_style import SCRIPT
from mikey_sdp.report.markup import Element, add, document, source
from mikey_sdp.trace import CriteriaRow, Matrix, MatrixCell, MatrixRow, PolicyChoice, PropertyRow

_SHOWS: Final = (
    "Which mode of MIKEY fits which call. Every cell comes from runs of real messages and media, with an attacker at "
    "every place in them; only what RFC 5197 prints is copied. Choose a cell to see its conditions and the pages of "
    "its runs."
)
_PROPERTIES: Final = ("manual-keys", "needs-pki", "pfs", "key-generation")
_OPENED_BY: Final = "Opened by: the ends whose long-term secrets, stolen later, open a recording."
_CRITERIA: Final = (
    "Beforehand: keys and certificates that ten users need to call each other. Octets and processor time: the "
    "Initiator's and the Responder's, on the machine that measured."
)
_POLICY: Final = (
    "Everybody holds a pre-shared key and certificates, as far as the situation grants them, and the caller says only "
    "what it expects of the call."
)


def html_matrix(measured: Matrix, pages: Pages, meanings: Meanings, *, beside: Sequence[tuple[str, str]] = ()) -> str:
    """The page of the tables; `pages` are those of the runs, `meanings` what is done in each condition, `beside` other
    pages of measurements and their files."""
    page, main = frame("RFC 5197, measured", MATRIX_STYLE)
    _head(main, measured, pages)
    for text, file in beside:
        add(add(main, "p", class_="back"), "a", f"{text} →", href=file)
    _first(main, measured.table1)
    _differing(main, measured.table1, pages)
    _second(main, measured.table2)
    _third(main, measured.table3)
    if measured.policy:
        _policy(main, measured.policy, pages)
    add(main, "footer", "Measured by mikey_sdp; docs/matrix.md of its sources tells how, and discusses what differs.")
    main.extend(cell_panels(measured.table1, pages, meanings))
    source(page, "script", SCRIPT)
    return document(page)


def _head(main: Element, measured: Matrix, pages: Pages) -> None:
    head = add(main, "header")
    add(head, "h1", "RFC 5197, measured")
    add(head, "p", _SHOWS, class_="shows")
    facts = add(head, "div", class_="facts")
    agreeing = [cell.agrees for row in measured.table1 for cell in row.cells.values() if cell.agrees is not None]
    if agreeing:
        add(facts, "span", f"{sum(agreeing)} of {len(agreeing)} printed cells agree", class_="pill good")
    if not all(agreeing):
        add(facts, "span", f"{agreeing.count(False)} differ", class_="pill differs-text")
    add(facts, "span", f"{len(measured.table1)} modes", class_="pill")
    add(facts, "span", f"{sum(map(len, pages.values()))} runs", class_="pill")
    legend = add(main, "div", class_="keys-of-signs")
    for word, text in EXPLAINED.items():
        line = add(legend, "span")
        sign(line, word)
        add(line, "span", word, class_=f"word {word}")
        add(line, "span", f": {text}", class_="said")
    add(add(legend, "span"), "span", "≠ framed: RFC 5197 prints something else", class_="differs-text")
    add(add(legend, "span"), "span", "5/6: in so many of its conditions a cell is yes", class_="said")


def _first(main: Element, rows: Sequence[MatrixRow]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row.cells))
    body = _table(main, "cells", *map(title_of, columns))
    for row in rows:
        line = add(body, "tr")
        _name(line, row)
        if row.error:
            add(line, "td", f"not measured: {row.error}", class_="missing", colspan=max(1, len(columns)))
        for column, cell in row.cells.items():
            _cell(add(line, "td", data_label=title_of(column)), row, column, cell)


def _cell(parent: Element, row: MatrixRow, column: str, cell: MatrixCell) -> None:
    word = word_of(cell)
    differs = cell.agrees is False
    link = add(parent, "a", href=f"#{place_of(row, column)}", class_=f"cell {word}{' differs' if differs else ''}")
    sign(link, word)
    add(link, "span", word, class_="word")
    held = sum(word_of(one) == "yes" for one in cell.conditions)
    hint = f"yes in {held} of {len(cell.conditions)} conditions"
    add(link, "span", f"{held}/{len(cell.conditions)}", class_="more", title=hint)
    add(link, "span", f"{'≠ ' if differs else ''}{printed_words(cell.printed)}", class_="printed")


def _differing(main: Element, rows: Sequence[MatrixRow], pages: Pages) -> None:
    found = [(row, column, cell) for row in rows for column, cell in row.cells.items() if cell.agrees is False]
    if not found:
        return
    add(main, "h2", "Where that is not what RFC 5197 prints")
    listed = add(add(main, "div", class_="panel"), "ul", class_="differing")
    for row, column, cell in found:
        item = add(listed, "li")
        add(item, "a", f"{name_of(row)}, {title_of(column)}", href=f"#{place_of(row, column)}")
        add(item, "span", f": measured {word_of(cell)}, {printed_words(cell.printed)}. ")
        first = cell.conditions[0]
        run_links(item, pages.get(first.run, ()))
        add(item, "p", "; ".join(first.notes) or f"{EXPLAINED[word_of(cell)].capitalize()}.")


def _second(main: Element, rows: Sequence[PropertyRow]) -> None:
    add(main, "h2", "What a mode needs, and who makes its keys")
    body = _table(_panel(main), "", "manual keys", "needs PKI", "forward secrecy", "keys made by", "opened by")
    for row in rows:
        line = add(body, "tr")
        _name(line, row)
        pfs = "?" if row.pfs is None else _yes(row.pfs)
        found = (_yes(row.manual_keys), _yes(row.needs_pki), pfs, row.key_generation)
        labels = ("manual keys", "needs PKI", "forward secrecy", "keys made by")
        for name, label, text in zip(_PROPERTIES, labels, found, strict=True):
            _property(add(line, "td", data_label=label), row, name, text)
        if row.without_rand is not None:
            add(line[-1], "span", f"without RAND: {row.without_rand}", class_="printed")
        add(add(line, "td", data_label="opened by"), "span", " and ".join(row.opened_by) or "nobody")
    add(main, "p", _OPENED_BY, class_="hint below")


def _property(parent: Element, row: PropertyRow, name: str, text: str) -> None:
    add(parent, "span", text)
    if row.printed is None:
        return
    differs = row.agrees.get(name) is False
    words = f"{'≠ ' if differs else ''}{printed_words(row.printed.get(name))}"
    add(parent, "span", words, class_="printed differs-text" if differs else "printed")


def _third(main: Element, rows: Sequence[CriteriaRow]) -> None:
    add(main, "h2", "The criteria of section 3")
    heads = ("mandatory", "beforehand", "group keying", "messages", "octets", "µs of processor time")
    body = _table(_panel(main), "", *heads)
    for row in rows:
        line = add(body, "tr")
        _name(line, row)
        cells = (
            row.mandatory or "not in RFC 3830",
            f"{row.objects}{' and those of peers' if row.peer_beforehand and not row.keys_per_pair else ''}",
            _yes(row.group_keying),
            str(row.messages),
            f"{row.i_message_octets} + {row.r_message_octets}",
            f"{row.initiator_us:.0f} + {row.responder_us:.0f}",
        )
        for label, text in zip(heads, cells, strict=True):
            add(add(line, "td", data_label=label, class_="number"), "span", text)
    add(main, "p", _CRITERIA, class_="hint below")


def _policy(main: Element, choices: Sequence[PolicyChoice], pages: Pages) -> None:
    add(main, "h2", "What the selection policy chooses")
    add(main, "p", _POLICY, class_="hint")
    body = _table(_panel(main), "", "chosen", "outcome", "runs")
    column = ""
    for one in choices:
        if one.column != column:
            column = one.column
            add(add(body, "tr", class_="group"), "th", title_of(column), colspan=4)
        line = add(body, "tr")
        add(line, "th", title_of(one.condition), scope="row")
        add(add(line, "td", data_label="chosen"), "span", one.chosen or "none")
        _outcome(add(add(line, "td", data_label="outcome"), "span"), one)
        run_links(add(line, "td", data_label="runs"), pages.get(one.run, ()))


def _outcome(parent: Element, one: PolicyChoice) -> None:
    word = word_of(one)
    sign(parent, word)
    add(parent, "span", word, class_=f"word {word}")
    if one.better:
        add(parent, "span", f" ≠ better: {', '.join(one.better)}", class_="differs-text")


def _panel(main: Element) -> Element:
    return add(main, "div", class_="panel padded scrolled")


def _table(parent: Element, kind: str, *heads: str) -> Element:
    table = add(parent, "table", class_=f"tables {kind}".strip())
    line = add(add(table, "thead"), "tr")
    add(line, "th", class_="corner")
    for text in heads:
        add(line, "th", text, scope="col")
    return add(table, "tbody")


def _name(line: Element, row: MatrixRow | PropertyRow | CriteriaRow) -> None:
    head = add(line, "th", row.mode, scope="row")
    if row.variant:
        add(head, "span", row.variant, class_="variant")


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"

"""What opens when one chooses a cell of the matrix: its conditions, how each came out, and the runs behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from mikey_sdp.report.markup import Element, add, element
from mikey_sdp.trace import MatrixCell, MatrixCondition, MatrixRow


def cell_panels(rows: Sequence[MatrixRow], pages: Pages, meanings: Meanings) -> Iterator[Element]:
    """A panel for each cell, in the order of the table."""
    cells = [(row, column, cell) for row in rows for column, cell in row.cells.items()]
    places = [place_of(row, column) for row, column, _ in cells]
    for at, (row, column, cell) in enumerate(cells):
        panel = element("article", class_="message", id=places[at])
        nav = add(panel, "nav")
        if at:
            add(nav, "a", "← before", href=f"#{places[at - 1]}", class_="before")
        if at + 1 < len(places):
            add(nav, "a", "after →", href=f"#{places[at + 1]}", class_="after")
        add(nav, "a", "close", href="#closed", class_="close")
        add(panel, "h3", f"{name_of(row)}, {title_of(column)}")
        _verdict(panel, cell)
        for condition in cell.conditions:
            _condition(panel, condition, pages, meanings.get(column, {}).get(condition.condition, ""))
        yield panel


def _verdict(panel: Element, cell: MatrixCell) -> None:
    word = word_of(cell)
    line = add(panel, "p", class_="verdict")
    sign(line, word)
    add(line, "span", word, class_=f"word {word}")
    add(line, "span", f": {EXPLAINED[word]}. ")
    if cell.agrees is False:
        add(line, "span", f"≠ {printed_words(cell.printed)}", class_="differs-text")
    else:
        add(line, "span", printed_words(cell.printed), class_="printed")


def _condition(panel: Element, condition: MatrixCondition, pages: Pages, meaning: str) -> None:
    word = word_of(condition)
    section = add(panel, "section", class_="condition")
    head = add(section, "h4")
    add(head, "span", title_of(condition.condition))
    shown = add(head, "span", class_=f"word {word}")
    sign(shown, word)
    add(shown, "span", f"{word}, by {condition.chosen}" if condition.chosen else word)
    if meaning:
        add(section, "p", meaning)
    if condition.notes:
        listed = add(section, "ul")
        for note in condition.notes:
            add(listed, "li", note)
    found = pages.get(condition.run, ())
    if found:
        run_links(add(section, "p", class_="runs"), found)

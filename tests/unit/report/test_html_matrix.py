"""The matrix as a page: every cell with sign, word and print, a panel of conditions, and links that lead somewhere."""

from __future__ import annotations

import msgspec

from mikey_sdp.report.html_matrix import html_matrix
from mikey_sdp.report.html_matrix_run import html_matrix_run
from mikey_sdp.report.html_matrix_style import MATRIX_STYLE
from mikey_sdp.report.html_matrix_words import SIGNS, file_of
from mikey_sdp.report.html_style import SCRIPT
from mikey_sdp.report.matrix_run import Attempt, MatrixRun
from mikey_sdp.trace import Matrix, MatrixRow
from tests.unit.report.given import result
from tests.unit.report.tables import PAGES, TABLES
from tests.unit.report.test_html import EVIL, Page, tags

MEANINGS = {"early-media": {"baseline": "media comes first"}}
MOBILE = Attempt(who="mobile", members=("alice", "desk"), secrets=1, messages=2, derived=("aa", "bb"), opened=("bb",))
PROXY = Attempt(who="proxy", members=("alice", "desk"), secrets=0, messages=2, derived=(), opened=())


def page(tables: Matrix = TABLES) -> Page:
    return Page(html_matrix(tables, PAGES, MEANINGS))


def test_a_cell_tells_how_it_came_out_by_sign_word_and_colour() -> None:
    found = page()
    cells = [attributes["class"].split()[1:] for attributes in found.all("a", "cell")]
    assert cells == [["yes"], ["open"], ["no", "differs"], ["yes", "differs"], ["yes"]]
    before_policy = found.texts[: found.texts.index("Where that is not what RFC 5197 prints")]
    after_head = before_policy[before_policy.index("PSK") :]
    shown = [text for text in after_head if text in (*SIGNS.values(), *SIGNS)]
    assert shown == ["✓", "yes", "!", "open", "✕", "no", "✓", "yes", "✓", "yes"]
    printed = [text for text in after_head if "RFC" in text]
    assert printed == ["RFC: Yes", "RFC: blank", "≠ RFC: Yes", "≠ RFC: blank", "not in RFC 5197"]


def test_the_head_counts_what_agrees() -> None:
    found = page()
    for text in ("2 of 4 printed cells agree", "2 differ", "2 modes", "3 runs"):
        assert text in found.texts


def test_a_cell_opens_its_conditions_with_their_meaning_notes_and_runs() -> None:
    found = page()
    assert [panel["id"] for panel in found.all("article")] == [
        "cell-psk-early-media",
        "cell-psk-secure-forking",
        "cell-psk-retarget",
        "cell-psk-redirect",
        "cell-psk-shared-key-conference",
    ]
    panels = found.texts[found.texts.index("PSK, early media") :]
    for text in ("media comes first", "mobile reads it", "desk answers", "mobile answers"):
        assert text in panels


def test_every_link_leads_to_a_place_on_the_page_or_to_the_page_of_a_run() -> None:
    found = page()
    places = {f"#{attributes['id']}" for _, attributes in found.elements if "id" in attributes} | {"#closed"}
    files = {file for pages in PAGES.values() for _, file in pages}
    links = {attributes["href"] for _, attributes in found.elements if "href" in attributes}
    assert {link for link in links if not link.startswith("#")} == files
    assert {link for link in links if link.startswith("#")} <= places


def test_what_differs_is_told_with_what_was_measured() -> None:
    text = page().text
    assert "PSK, retarget\n: measured no, RFC: Yes. " in text
    assert "bob did not become a party to the call" in text
    assert "PSK, redirect\n: measured yes, RFC: blank. " in text
    agreeing = msgspec.structs.replace(TABLES, table1=())
    assert "Where that is not" not in page(agreeing).text


def test_the_other_tables_and_what_was_not_measured() -> None:
    text = page().text
    for part in (
        "≠ RFC: Initiator",
        "165 + 83",
        "12 + 7",
        " ≠ better: RSA-R",
        "not measured: pycryptodome is not available",
    ):
        assert part in text


def test_keys_without_a_rand_of_the_initiator_are_told_beside_those_with_one() -> None:
    assert "without RAND: Responder" in page().texts


def test_nothing_that_a_text_holds_becomes_markup() -> None:
    clean = page()
    row = MatrixRow(mode=EVIL, variant=EVIL, cells=TABLES.table1[0].cells)
    failed = msgspec.structs.replace(TABLES.table1[1], error=EVIL)
    evil = Page(
        html_matrix(msgspec.structs.replace(TABLES, table1=(row, failed)), PAGES, {"early-media": {"baseline": EVIL}})
    )
    assert tags(evil).count("script") == tags(clean).count("script") == 1
    assert "img" not in tags(evil)
    assert "\u202e" not in evil.text
    assert not [name for _, attributes in evil.elements for name in attributes if name.startswith("on")]


def test_the_page_needs_nothing_but_itself_and_comes_out_the_same_twice() -> None:
    once, again = (html_matrix(TABLES, PAGES, MEANINGS) for _ in range(2))
    assert once == again
    assert MATRIX_STYLE in once
    assert SCRIPT in once
    assert "default-src 'none'" in once
    assert not [attributes for _, attributes in page().elements if "src" in attributes]


def test_the_page_of_a_run_says_who_tried_to_read_it_and_with_what() -> None:
    found = Page(html_matrix_run(MatrixRun(result=result(), attempts=(MOBILE, PROXY)), {}))
    assert "index.html" in [link.get("href") for link in found.all("a")]
    start = found.texts.index("who tried")
    assert found.texts[start + 6 : start + 18] == [
        *("mobile", "alice and desk", "1", "2", "aa, bb", "✗ yes, with bb"),
        *("proxy", "alice and desk", "0", "2", "none", "✓ nothing"),
    ]
    assert "Ladder" in found.texts


def test_the_page_of_a_run_in_which_no_call_came_about_says_so() -> None:
    found = Page(html_matrix_run(MatrixRun(result=result()), {}))
    assert "No call came about, so that it had no key to lose." in found.texts
    assert "who tried" not in found.texts


def test_a_run_s_page_is_named_after_it() -> None:
    assert file_of("DHSIGN P-256/secure-forking/baseline/desk answers") == (
        "dhsign-p-256-secure-forking-baseline-desk-answers.html"
    )

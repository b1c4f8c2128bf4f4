"""The page of a run: well-formed, self-contained, with everything in it, and nothing that a peer could make it do."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

import msgspec
import pytest

from mikey_sdp.report.decoded import Branch, Decoded
from mikey_sdp.report.html_index import html_index
from mikey_sdp.report.html_page import html_page
from mikey_sdp.report.html_style import SCRIPT, STYLE
from mikey_sdp.trace import CallChanged, KeysInstalled, MessageSent, RunResult, StepTaken
from tests.unit.report.forked import Fork
from tests.unit.report.given import CALL, FAILED, HELD, SDP, TAPPED, result, sent

VOID: Final = frozenset({"meta", "br", "hr", "img", "link", "input"})
EVIL: Final = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&lt;</svg></pre></style>\x1b[2J\u202e\x00"


class Page(HTMLParser):
    """A page taken apart: its elements with their attributes, its texts, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, class_: str = "") -> list[dict[str, str]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and (not class_ or class_ in attributes.get("class", "").split())
        ]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def tags(page: Page) -> list[str]:
    return [name for name, _ in page.elements]


def test_a_page_has_verdicts_ladder_messages_keys_and_media() -> None:
    page = Page(html_page(result()))
    assert page.texts[page.texts.index("A call") :]
    for part in ("✗ 1 of 2 expectations held", "Ladder", "Keys over time", "Who holds which key", "Media over time"):
        assert part in page.texts
    assert len(page.all("a", "arrow")) == 3
    assert [panel["id"] for panel in page.all("article")] == ["m1", "m2", "m3"]
    assert len(page.all("g", "flow")) == 2
    assert len(page.all("a", "lost")) == 1
    assert len(page.all("path", "mark")) == 3


def test_every_link_leads_somewhere_on_the_page() -> None:
    page = Page(html_page(Fork().run()))
    targets = {f"#{attributes['id']}" for _, attributes in page.elements if "id" in attributes}
    links = {attributes["href"] for _, attributes in page.elements if "href" in attributes}
    assert links - targets == {"#closed"}
    assert len(links) > 90


def test_a_failed_expectation_stands_first_and_in_full() -> None:
    step = StepTaken(number=2, at_us=1, party="alice", text="calls bob")
    run = result(verdicts=(HELD, msgspec.structs.replace(FAILED, step=step)))
    page = Page(html_page(run))
    assert page.text.index(FAILED.expectation) < page.text.index(HELD.expectation)
    for part in ("line 12", FAILED.expected, FAILED.came, FAILED.nearest):
        assert part in page.text
    assert len(page.all("li", "bad")) == 1
    assert len(page.all("li", "good")) == 1
    assert any("step 2: calls bob" in text for text in page.texts)


def test_nothing_expected_is_no_success() -> None:
    page = Page(html_page(result(verdicts=())))
    assert len(page.all("span", "warning")) == 1
    assert page.all("span", "good") == []


def test_a_message_opens_with_its_octets_and_the_mikey_inside() -> None:
    tree = Branch(
        text="MIKEY message", below=(Branch(text="HDR", below=(Branch(text="V: 1"),)), Branch(text="bad", tone="bad"))
    )
    page = Page(html_page(result(), {2: Decoded(trees=(tree,))}))
    assert len(page.all("details")) == 2
    assert [attributes.get("class") for attributes in page.all("span", "bad")].count("bad") == 1
    assert "V: 1" in page.texts
    assert any("m=audio 40000 RTP/SAVP 0" in text for text in page.texts)
    assert f"{len(SDP)} octets" in page.texts


def test_thirty_branches_are_one_column_and_lead_to_every_message() -> None:
    run = Fork().run()
    page = Page(html_page(run))
    assert len(page.all("line", "life")) == 4
    assert "29 that do the same" in page.texts
    assert len(page.all("article")) == sum(isinstance(record, MessageSent) for record in run.records)
    assert len(page.all("a", "row")) < 25
    widths = [float(svg["width"]) for svg in page.all("svg") if "width" in svg]
    assert max(widths) <= 1310


def test_who_holds_which_key_from_when_until_when() -> None:
    page = Page(html_page(result()))
    bars = page.all("rect", "bar")
    assert [bar["data-key"] for bar in bars] == ["aaaaaaaa00000000", "bbbbbbbb00000000"]
    assert bars[0]["fill"] != bars[1]["fill"]
    titles = page.text
    assert "bob receives from alice\nkey aaaaaaaa00000000, PSK, CS 1\n720 ms to 5 s" in titles


def test_a_key_has_one_colour_at_all_parties() -> None:
    bars = Page(html_page(Fork().run())).all("rect", "bar")
    fills: dict[str, set[str]] = {}
    for bar in bars:
        fills.setdefault(bar["data-key"], set()).add(bar["fill"])
    assert len(fills) == 60
    assert all(len(colours) == 1 for colours in fills.values())


def test_media_that_was_not_decrypted_shows() -> None:
    page = Page(html_page(result()))
    assert len(page.all("g", "partial")) == 1
    assert len(page.all("g", "whole")) == 1
    assert any(text == "47 of 50 decrypted, 1 never, 2 lost" for text in page.texts)
    assert len(page.all("rect", "fill-bad")) == 1


def evil_run() -> RunResult:
    """A run in which every text that a stranger may choose tries to leave its place."""
    octets = f"INVITE {EVIL} SIP/2.0\r\nSubject: {EVIL}\r\n\r\na=key-mgmt:mikey {EVIL}\r\n".encode()
    attacked = tuple(
        msgspec.structs.replace(record, summary=EVIL, notes=(EVIL,), octets=octets, to=EVIL)
        if isinstance(record, MessageSent)
        else msgspec.structs.replace(record, text=EVIL)
        if hasattr(record, "text")
        else msgspec.structs.replace(record, peer=EVIL, call_id=EVIL, mode=EVIL)
        if isinstance(record, KeysInstalled)
        else record
        for record in (*CALL, *TAPPED)
    )
    changed = CallChanged(at_us=9, party=EVIL, call_id=EVIL, peer=EVIL, state="held", reason=EVIL, status=200)
    verdict = msgspec.structs.replace(FAILED, expectation=EVIL, came=EVIL, nearest=EVIL)
    run = result((*attacked, changed), ("alice", EVIL, "bob"), (verdict,))
    return msgspec.structs.replace(run, name=EVIL, shows=EVIL, file=EVIL)


def test_strangers_cannot_write_markup() -> None:
    tree = Branch(text=EVIL, tone="bad", below=(Branch(text=EVIL),))
    text = html_page(evil_run(), {2: Decoded(trees=(tree,))})
    page = Page(text)
    assert tags(page).count("script") == 1
    assert "img" not in tags(page)
    assert {name for _, attributes in page.elements for name in attributes if name.startswith("on")} == set()
    assert all(href.startswith("#") for _, attributes in page.elements if (href := attributes.get("href")) is not None)
    assert sum("<img src=x" in part for part in page.texts) > 10
    assert not set("\x1b\u202e\x00") & set(text)


def test_a_page_needs_nothing_and_lets_nothing_else_run() -> None:
    text = html_page(evil_run())
    page = Page(text)
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not {"src", "srcset", "style", "action", "formaction"} & {name for _, got in page.elements for name in got}
    assert re.findall(r"url\(|@import|https?://", STYLE + SCRIPT) == []


def test_keys_that_stand_in_messages_for_all_to_read_are_left_out() -> None:
    lines = (b"a=key-mgmt:mikey AAECAwQFBgcICQ==", b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20")
    octets = b"INVITE x\r\n\r\n" + b"\r\n".join(lines)
    run = result((sent(0, 1, "alice", "bob", "INVITE x", octets=octets),))
    shown, hidden = html_page(run), html_page(run, {1: Decoded(trees=(), in_the_clear=True)})
    assert "AAECAwQFBgcICQ==" in shown
    assert "AAECAwQFBgcICQ==" not in hidden
    assert "withheld" in hidden
    assert "c2VjcmV0" not in shown + hidden


def test_the_same_run_makes_the_same_page() -> None:
    assert html_page(Fork().run()) == html_page(Fork().run())


def test_octets_that_are_no_text_are_shown_as_far_as_they_go() -> None:
    run = result((sent(0, 1, "alice", "bob", "INVITE x", octets=bytes(range(256))),))
    assert "256 octets" in Page(html_page(run)).texts


@pytest.mark.parametrize("parties", [(), ("alice",)])
def test_an_empty_run_is_a_page_too(parties: tuple[str, ...]) -> None:
    page = Page(html_page(result((), parties, ())))
    assert "no trace" in page.texts
    assert "Keys over time" not in page.texts


def test_several_runs_are_listed_with_links_to_their_pages() -> None:
    good = msgspec.structs.replace(result(verdicts=(HELD,)), name=EVIL)
    page = Page(html_index([("a.html", good), ("b.html", result())]))
    assert "1 of 2 runs held" in page.texts
    assert [link["href"] for link in page.all("a")] == ["a.html", "b.html"]
    assert len(page.all("span", "good")) == 1
    assert len(page.all("span", "bad")) == 1
    assert "img" not in tags(page)

"""The page of a group pickup: figures under their heads, bars on one scale, and no text that makes it do anything."""

from __future__ import annotations

from mikey_sdp.report.html_pickup import Cost, html_pickup
from tests.unit.report.test_html import EVIL, Page


def cost(name: str, *, phones: int = 30, mikey_ms: float = 20.0, floor_ms: float = 5.0, works: bool = True) -> Cost:
    return Cost(
        name=name,
        phones=phones,
        answers=phones,
        counts=(phones, 0),
        unused=phones - 1,
        mikey_ms=mikey_ms,
        floor_ms=floor_ms,
        rest_ms=45.6,
        works=works,
    )


def page(*rows: Cost, matrix: str = "", name: str = "NULL") -> Page:
    text = html_pickup(
        [("with preconditions", rows)],
        operations=["signature checks", "exponentiations"],
        left_out=[(name, "Nothing to count.")],
        notes="The middle one of 3.",
        matrix=matrix,
    )
    return Page(text)


def test_every_figure_stands_under_its_head() -> None:
    found = page(cost("RSA-R"))
    assert [attributes["data-label"] for attributes in found.all("td")] == [
        "phones",
        "answers used",
        "signature checks",
        "exponentiations",
        "keys unused",
        "MIKEY, ms",
        "ratio",
        "rest, ms",
    ]
    shown = found.texts[found.texts.index("RSA-R") + 1 :]
    figures = [text for text in shown if text.strip()][:8]
    assert figures == ["30", "30", "30", "-", "29", "20.00, floor 5.00", "4.00", "45.6"]
    assert "With preconditions" in found.texts


def test_the_bars_of_a_table_have_one_scale() -> None:
    found = page(cost("RSA-R"), cost("PSK", mikey_ms=10.0))
    widths = [float(bar["width"]) for bar in found.all("rect")]
    assert widths == [42.5, 127.5, 42.5, 42.5]
    assert [bar["class"] for bar in found.all("rect")] == ["floor", "beyond"] * 2


def test_a_floor_that_noise_made_larger_than_the_whole_has_no_negative_bar() -> None:
    assert [float(bar["width"]) for bar in page(cost("PSK", mikey_ms=4.0)).all("rect")] == [170.0, 0.0]


def test_modes_without_a_row_say_why_and_a_deaf_group_is_told() -> None:
    found = page(cost("PSK", works=False))
    assert found.texts[found.texts.index("NULL") + 1] == "Nothing to count."
    assert "media was not decrypted" in found.texts
    assert "media was not decrypted" not in page(cost("PSK")).texts


def test_the_matrix_is_led_to_where_it_lies_beside() -> None:
    assert [link["href"] for link in page(cost("PSK"), matrix="index.html").all("a")] == ["index.html"]
    assert not page(cost("PSK")).all("a")


def test_the_page_needs_nothing_but_itself() -> None:
    found = page(cost(EVIL), name=EVIL)
    assert not [name for name, _ in found.elements if name in ("script", "img", "link", "iframe")]

"""Verdicts, the page of a run, JUnit XML, and times in words."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest

from mikey_sdp.report.junit import junit_xml
from mikey_sdp.report.page import page, plain_page
from mikey_sdp.report.times import say_time
from mikey_sdp.report.verdicts import summary, verdict_lines
from tests.unit.report.given import FAILED, HELD, result


def test_a_failed_expectation_says_what_was_expected_what_came_and_what_was_nearest() -> None:
    assert [line.plain for line in verdict_lines(result())] == [
        "✓ call: from alice, answered by bob",
        "✗ media: from alice, to bob, decrypted all  (line 12)",
        "    expected   all packets decrypted",
        "    came       47 of 50 packets decrypted",
        "    nearest    the first packet at 760 ms",
        "✗ 1 of 2 expectations held",
    ]


def test_long_verdicts_are_wrapped() -> None:
    long = msgspec.structs.replace(FAILED, came="a word " * 40, expectation="a word " * 30)
    assert max(len(line.plain) for line in verdict_lines(result(verdicts=(long,)), width=70)) <= 70


def test_nothing_expected_is_no_success() -> None:
    assert summary(result(verdicts=())).plain == "! nothing was expected"
    assert summary(result(verdicts=(HELD,))).plain == "✓ 1 of 1 expectations held"


def test_a_page_has_head_ladder_and_verdicts() -> None:
    text = plain_page(result())
    assert text.startswith("A call\nwhat a ladder looks like\n\n            alice")
    assert text.endswith("\n✗ 1 of 2 expectations held")
    assert "\x1b" not in text
    assert "alice    " not in "\n".join(line.plain for line in page(result(), with_ladder=False))


def test_junit_names_every_expectation_and_every_failure() -> None:
    suite = ElementTree.fromstring(junit_xml([result()]))[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("A call", "2", "1")
    held, failed = suite
    assert held.find("failure") is None
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "47 of 50 packets decrypted"
    assert failure.text == (
        "expected: all packets decrypted\ncame: 47 of 50 packets decrypted\nnearest: the first packet at 760 ms"
    )
    assert failed.get("line") == "12"


def test_junit_survives_signs_that_xml_lacks() -> None:
    odd = msgspec.structs.replace(FAILED, expectation="a\x00b\ud800c", came="\x1b[31m<&>")
    case = ElementTree.fromstring(junit_xml([result(verdicts=(odd,))]))[0][0]
    assert case.get("name") == "a?b?c"
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "?[31m<&>"


@pytest.mark.parametrize(
    ("us", "said"),
    [
        (0, "0 s"),
        (7, "7 us"),
        (40_000, "40 ms"),
        (1_040_000, "1.04 s"),
        (59_999_000, "60 s"),
        (65_000_000, "1 min 5 s"),
        (120_000_000, "2 min"),
    ],
)
def test_a_time_is_short(us: int, said: str) -> None:
    assert say_time(us) == said

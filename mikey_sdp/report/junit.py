"""Runs as JUnit XML: a test suite a run, a test case an expectation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree

from mikey_sdp.trace import RunResult, Verdict

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Iterable[RunResult]) -> bytes:
    """The document, in UTF-8."""
    suites = ElementTree.Element("testsuites")
    for result in results:
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=_clean(result.name),
            file=_clean(result.file),
            tests=str(len(result.verdicts)),
            failures=str(sum(not verdict.held for verdict in result.verdicts)),
        )
        for verdict in result.verdicts:
            _case(suite, result, verdict)
    octets: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return octets


def _case(suite: ElementTree.Element, result: RunResult, verdict: Verdict) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_clean(result.name), name=_clean(verdict.expectation), file=_clean(result.file)
    )
    if verdict.line is not None:
        case.set("line", str(verdict.line))
    if not verdict.held:
        failure = ElementTree.SubElement(case, "failure", message=_clean(verdict.came))
        parts = (("expected", verdict.expected), ("came", verdict.came), ("nearest", verdict.nearest))
        failure.text = "\n".join(f"{label}: {_clean(text)}" for label, text in parts if text)


def _clean(text: str) -> str:
    """A text without the signs that XML can't hold."""
    return _NOT_XML.sub("?", text)

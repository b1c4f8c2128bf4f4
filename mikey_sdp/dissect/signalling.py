"""MIKEY messages in signalling text: key-mgmt lines, session descriptions, and the SIP, RTSP or HTTP around them.

Source: RFC 4567 sections 3.1 and 3.2, RFC 3830 section 10.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mikey_sdp.dissect import envelope
from mikey_sdp.dissect.found import Findings, Found, Kind, Where, printable
from mikey_sdp.dissect.texts import from_base64, tidy
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.registry.transport import KEY_MGMT_IDENTIFIER, MEDIA_TYPE
from mikey_sdp.sdp.key_mgmt import KeyMgmt, KeyMgmtLine, identifier_list, key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription

SDP_TYPE: Final = "application/sdp"

_LINE: Final = re.compile(r"\bkey-mgmt:([^\r\n]*)")
_RTSP_HEADER: Final = re.compile(r"^[ \t]*keymgmt[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_SEPARATORS: Final = re.compile("([;,])")
_NO_VERSION: Final = "v=0\r\n"


def has_line(text: str) -> bool:
    """Whether a key-mgmt attribute or an RTSP KeyMgmt header stands in the text."""
    return _LINE.search(text) is not None or _RTSP_HEADER.search(text) is not None


def from_lines(data: bytes) -> Findings:
    """The messages of key-mgmt lines, wherever in a text they stand.

    Raises: DecodeError.
    """
    text, notes = tidy(_text(data))
    found, passed = [], []
    for match in _LINE.finditer(text):
        offer = KeyMgmt.parse(match[1].rstrip(" \t\"'"), offset=match.start(1))
        if offer.kmpid == KEY_MGMT_IDENTIFIER:
            found.append(Found(where=Where(), octets=offer.data, origin="a key-mgmt line", notes=notes))
        else:
            passed.append(_passed_over(offer.kmpid))
    for header in _RTSP_HEADER.finditer(text):
        found += _from_rtsp_header(header[1])
    if not found and not passed:
        raise DecodeError("no 'key-mgmt:' in the text", offset=0, field="a=key-mgmt", section="RFC 4567 section 3.1")
    return Findings(kind=Kind.LINE, found=tuple(found), notes=tuple(passed))


def from_sdp(data: bytes) -> Findings:
    """The messages of a session description, or of a piece of one that lacks its first lines.

    Raises: DecodeError.
    """
    text, notes = tidy(_text(data))
    missing = "" if text.startswith("v=") else _NO_VERSION
    if missing:
        notes += ("the text is a piece of an SDP: it lacks the v= line",)
    try:
        findings = in_sdp((missing + text).encode("utf-8", "surrogateescape"))
    except DecodeError as error:
        error.offset = max(error.offset - len(missing), 0)
        raise
    return replace(findings, found=tuple(replace(found, notes=notes) for found in findings.found))


def in_sdp(body: bytes) -> Findings:
    """The messages of a session description as it was sent.

    Raises: DecodeError.
    """
    description = SessionDescription.parse(body)
    lines = key_mgmt_lines(description)
    identifiers, streams = identifier_list(description), len(description.media)
    found = tuple(
        Found(
            where=Where(level="session" if line.level is None else "media", media=line.level),
            octets=line.data,
            origin=_place(line, description),
            identifiers=identifiers,
            streams=streams if line.level is None else 1,
        )
        for line in lines
        if line.kmpid == KEY_MGMT_IDENTIFIER
    )
    passed = tuple(_passed_over(line.kmpid) for line in lines if line.kmpid != KEY_MGMT_IDENTIFIER)
    if not lines:
        passed = (f"the SDP has {streams} m= {'line' if streams == 1 else 'lines'} and no a=key-mgmt",)
    return Findings(kind=Kind.SDP, found=found, notes=passed)


def from_sip(data: bytes) -> Findings:
    """The messages of a SIP, RTSP or HTTP message that was pasted or saved.

    Raises: DecodeError.
    """
    text, notes = tidy(_text(data))
    findings = in_envelope(text.encode("utf-8", "surrogateescape"))
    broken = next((found.error for found in findings.found if found.error), None)
    if broken is not None:
        raise broken
    return replace(findings, found=tuple(replace(found, notes=notes) for found in findings.found))


def in_envelope(octets: bytes) -> Findings:
    """The messages of a SIP, RTSP or HTTP message as it was sent; what is broken in its bodies is among the found.

    Raises: DecodeError where it is no such message.
    """
    message = envelope.read(octets)
    found: list[Found] = []
    notes: list[str] = []
    for value in message.all_headers("keymgmt"):
        found += _from_rtsp_header(value)
    for part in message.parts():
        findings = _in_part(part)
        found += findings.found
        notes += findings.notes
    label = printable(message.label, most=40)
    placed = tuple(replace(one, origin=f"{label}, {one.origin}") for one in found)
    if not placed and not notes:
        notes.append(f"{label} carries neither an SDP nor a MIKEY message")
    return Findings(kind=Kind.SIP, found=placed, notes=tuple(notes))


def _in_part(part: envelope.Part) -> Findings:
    kind = part.content_type.partition(";")[0].strip().lower()
    try:
        if kind == MEDIA_TYPE:
            base64 = part.transfer_encoding == "base64" or part.octets[:1] != b"\x01"
            octets = from_base64(_text(part.octets)) if base64 else part.octets
            return Findings(kind=Kind.SIP, found=(Found(where=Where(), octets=octets, origin=f"body of {MEDIA_TYPE}"),))
        if kind == SDP_TYPE or (not kind and part.octets.startswith(b"v=")):
            return in_sdp(part.octets)
    except DecodeError as error:
        if b"key-mgmt" not in part.octets and kind != MEDIA_TYPE:
            return Findings(kind=Kind.SIP, found=(), notes=(f"an SDP that can't be read: {error}",))
        # Offsets are to count from the start of what was handed in, not of the body.
        error.offset += part.offset
        return Findings(kind=Kind.SIP, found=(Found(where=Where(), octets=b"", origin="its body", error=error),))
    return Findings(kind=Kind.SIP, found=())


def _from_rtsp_header(value: str) -> Iterator[Found]:
    """The messages of a KeyMgmt header: for each specification prot, perhaps uri, and data."""
    for specification in _specifications(value):
        if specification.get("prot") == KEY_MGMT_IDENTIFIER and "data" in specification:
            uri = specification.get("uri")
            place = f"KeyMgmt header for {printable(uri)}" if uri else "KeyMgmt header"
            yield Found(where=Where(), octets=from_base64(specification["data"]), origin=place)


def _specifications(value: str) -> Iterator[dict[str, str]]:
    """The parts of a KeyMgmt header that commas separate, each as its parameters; neither counts inside quotes."""
    specification: dict[str, str] = {}
    parameter: list[str] = []
    for number, piece in enumerate(f"{value},".split('"')):
        for word in [piece] if number % 2 else _SEPARATORS.split(piece):
            if number % 2 or word not in (";", ","):
                parameter.append(word)
                continue
            name, _, said = "".join(parameter).partition("=")
            specification[name.strip().lower()] = said.strip()
            parameter = []
            if word == ",":
                yield specification
                specification = {}


def _place(line: KeyMgmtLine, description: SessionDescription) -> str:
    if line.level is None:
        return "session level of the SDP"
    kind = (description.section(line.level).value("m") or "").partition(" ")[0]
    return f"m= line {line.level} ({printable(kind, most=20)}) of the SDP"


def _passed_over(kmpid: str) -> str:
    return f"a key-mgmt line of protocol {printable(kmpid, most=40)} was passed over"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")

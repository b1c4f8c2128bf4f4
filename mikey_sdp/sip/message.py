"""SIP messages as values: what was received stays octet for octet, what is built can't be split by its contents."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.fields import Field, key_of, make_field, parse_fields, point_into
from mikey_sdp.sip.header import Header
from mikey_sdp.sip.uri import Uri
from mikey_sdp.sip.values import NameAddr, Via, parse_number

MAX_HEAD_OCTETS: Final = 65_536
MAX_BODY_OCTETS: Final = 65_536
VERSION: Final = "SIP/2.0"
_MAX_LENGTH: Final = (1 << 31) - 1
_OF_EXTENSIONS: Final = frozenset({"rseq", "rack", "replaces"})
_STRAY_LINE_END: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Header):
    """A request or a response: a start line, header fields in their order, and a body of octets.

    Wire: fields of a parsed message keep their spelling, spacing and folding, so its octets come out as they came in;
    an edit touches only the fields it names, and Content-Length. What stood behind the body is dropped.
    Source: RFC 3261 section 7.
    """

    body: bytes = b""

    @staticmethod
    def parse(octets: bytes) -> Request | Response:
        """Read one whole message, as a datagram brings it or a `StreamFramer` cuts it out.

        Raises: DecodeError, and nothing else, for any octets.
        """
        end = octets.find(b"\r\n\r\n", 0, MAX_HEAD_OCTETS + 4)
        if end < 0:
            raise _fault("no empty line ends the header", "header", len(octets))
        head = _head_text(octets[:end])
        line, _, rest = head.partition("\r\n")
        try:
            fields = parse_fields(rest, len(line) + 2) if rest else ()
        except DecodeError as error:
            error.offset = len(head[: error.offset].encode())
            raise
        body = _body(line, fields, octets, end + 4)
        message = _start(line, fields, body)
        message._check_essentials()
        whole = end + 4 + len(body)
        message._seen["octets"] = octets if whole == len(octets) else octets[:whole]
        return message

    @property
    def octets(self) -> bytes:
        """The message as it goes on the wire."""
        octets: bytes | None = self._seen.get("octets")
        if octets is None:
            lines = [self.start_line]
            lines.extend([entry.raw for entry in self.fields])
            octets = ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body
            self._seen["octets"] = octets
        return octets

    def __bytes__(self) -> bytes:
        return self.octets

    def with_field(self, name: str, *values: str) -> Self:
        """This message with those values in place of all fields of that name, at the place of the first of them."""
        key, made = key_of(name), [make_field(name, value) for value in values]
        place = next((at for at, entry in enumerate(self.fields) if entry.key == key), len(self.fields))
        kept = [entry for entry in self.fields[place:] if entry.key != key]
        return self._with((*self.fields[:place], *made, *kept), key)

    def with_top(self, name: str, value: str) -> Self:
        """This message with one more field of that name above those it has, or first of all."""
        key = key_of(name)
        place = next((at for at, entry in enumerate(self.fields) if entry.key == key), 0)
        return self._with((*self.fields[:place], make_field(name, value), *self.fields[place:]), key)

    def without(self, name: str) -> Self:
        """This message without the fields of that name."""
        key = key_of(name)
        return self._with(tuple([entry for entry in self.fields if entry.key != key]), key)

    def with_body(self, body: bytes, content_type: str) -> Self:
        """This message with another body; none takes its Content-Type away."""
        if len(body) > MAX_BODY_OCTETS:
            raise UsageError(f"a body has at most {MAX_BODY_OCTETS} octets")
        typed = self.with_field("Content-Type", content_type) if body else self.without("Content-Type")
        sized = typed.with_field("Content-Length", str(len(body)))
        return replace(sized, body=body)

    def with_top_via(self, via: Via) -> Self:
        """This message with its topmost hop written anew, the others as they are."""
        place = next(at for at, entry in enumerate(self.fields) if entry.key == "via")
        value = self.fields[place].value
        beside = Via.parse_list(value)[1:] if "," in value else ()
        line = make_field("Via", ", ".join([str(via), *map(str, beside)]))
        edited = self._with((*self.fields[:place], line, *self.fields[place + 1 :]), "via")
        edited._seen["via"] = (via, *self.vias[1:])
        return edited

    def without_top(self, name: str) -> Self:
        """This message without the first value of a list of hops (Via, Route), the others as they are."""
        key = key_of(name)
        place = next((at for at, entry in enumerate(self.fields) if entry.key == key), None)
        if place is None:
            return self
        value = self.fields[place].value
        read = Via.parse_list if key == "via" else NameAddr.parse_list
        beside = read(value)[1:] if "," in value else ()
        line = [make_field(name, ", ".join(map(str, beside)))] if beside else []
        return self._with((*self.fields[:place], *line, *self.fields[place + 1 :]), key)

    def _with(self, fields: tuple[Field, ...], changed: str) -> Self:
        seen = {key: value for key, value in self._seen.items() if key not in (changed, "octets")}
        return replace(self, fields=fields, _seen=seen)

    def _check_essentials(self) -> None:
        """Read what transactions and dialogs rest on, so that nothing above has to expect it to fail."""
        if not self.vias:
            raise _fault("the field is missing", "Via", 0, section="RFC 3261 section 8.1.1")
        _ = self.from_, self.to, self.cseq, self.call_id
        _ = self.max_forwards, self.contacts, self.routes, self.record_routes
        for entry in self.fields:
            if entry.key in _OF_EXTENSIONS:
                _ = self.rseq, self.rack, self.replaces
        if isinstance(self, Request) and self.cseq.method != self.method:
            raise _fault("CSeq names another method", "CSeq", 0, section="RFC 3261 section 8.1.1.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Message):
    """Somebody asks for something: method and Request-URI."""

    method: str
    uri: Uri

    @property
    def start_line(self) -> str:
        """`METHOD URI SIP/2.0`."""
        return f"{self.method} {self.uri.text} {VERSION}"

    @property
    def summary(self) -> str:
        """The first line as a ladder shows it."""
        return f"{self.method} {self.uri.text}"

    def with_uri(self, uri: Uri) -> Request:
        """This request aimed at another URI."""
        return replace(self, uri=uri, _seen={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Message):
    """What came of a request: status and reason."""

    status: int
    reason: str

    @property
    def start_line(self) -> str:
        """`SIP/2.0 STATUS REASON`."""
        return f"{VERSION} {self.status} {self.reason}"

    @property
    def summary(self) -> str:
        """The first line as a ladder shows it, with the method answered."""
        return f"{self.status} {self.reason} ({self.cseq.method})"


def _head_text(octets: bytes) -> str:
    """Start line and header as text: UTF-8, with no line end but CRLF."""
    try:
        head = octets.decode()
    except UnicodeDecodeError as error:
        raise _fault("not UTF-8", "header", error.start, section="RFC 3261 section 7") from None
    lines = head.count("\r\n")
    if head.count("\r") != lines or head.count("\n") != lines:
        stray = _STRAY_LINE_END.search(octets)
        raise _fault("a line end that is not CRLF", "header", stray.start() if stray else 0)
    return head


def _body(line: str, fields: tuple[Field, ...], octets: bytes, start: int) -> bytes:
    """The body as Content-Length cuts it; all that is left where there is no such field (section 18.3)."""
    left = len(octets) - start
    wanted = left
    for entry in fields:
        if entry.key == "content-length":
            try:
                wanted = parse_number(entry.value, field="Content-Length", most=_MAX_LENGTH)
            except DecodeError as error:
                point_into(error, line, fields, entry)
                raise
    if wanted > left:
        raise DecodeError(
            "the message ends before its body does",
            offset=len(octets),
            field="body",
            section="RFC 3261 section 18.3",
            wanted=wanted,
            left=left,
        )
    if wanted > MAX_BODY_OCTETS:
        raise _fault(f"a body of more than {MAX_BODY_OCTETS} octets", "body", start)
    return octets[start : start + wanted]


def _start(line: str, fields: tuple[Field, ...], body: bytes) -> Request | Response:
    found = grammar.REQUEST_LINE.fullmatch(line)
    if found is not None:
        method, uri, version = found.groups()
        _check_version(version)
        target = Uri.parse(uri, field="Request-URI", offset=len(method) + 1)
        return Request(method=method, uri=target, fields=fields, body=body)
    found = grammar.STATUS_LINE.fullmatch(line)
    if found is None:
        raise _fault("neither METHOD URI SIP/2.0 nor SIP/2.0 STATUS REASON", "start line", 0)
    _check_version(found["version"])
    status = int(found["status"])
    if not 100 <= status <= 699:
        raise _fault("a status is 100 to 699", "status", len("SIP/2.0 "), section="RFC 3261 section 7.2")
    return Response(status=status, reason=found["reason"], fields=fields, body=body)


def _check_version(version: str) -> None:
    if version != "2.0":
        raise _fault(f"version {version} of SIP", "version", 0, section="RFC 3261 section 7.1")


def _fault(reason: str, field: str, offset: int, *, section: str = "RFC 3261 section 7") -> DecodeError:
    return grammar.fault(reason, field=field, offset=offset, section=section)

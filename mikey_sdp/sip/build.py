"""Putting requests and responses together, fields in the order in which people expect to read them.

Raises: every function raises UsageError for text that would break out of its line, and for parts that don't fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.fields import Field, check_line, make_field
from mikey_sdp.sip.message import MAX_BODY_OCTETS, Request, Response
from mikey_sdp.sip.reasons import reason_for
from mikey_sdp.sip.uri import Uri
from mikey_sdp.sip.values import CSeq

MAX_FORWARDS: Final = 70
SDP: Final = "application/sdp"

HeaderPairs = Iterable[tuple[str, str]]
"""Further fields to put into a message: name and value."""


def build_request(
    method: str,
    uri: Uri,
    *,
    via: str,
    from_: str,
    to: str,
    call_id: str,
    cseq: int,
    max_forwards: int = MAX_FORWARDS,
    routes: Iterable[str] = (),
    contact: str = "",
    headers: HeaderPairs = (),
    body: bytes = b"",
    content_type: str = SDP,
) -> Request:
    """A request with all that one must have (RFC 3261 section 8.1.1)."""
    if grammar.TOKEN.fullmatch(method) is None:
        raise UsageError(f"a method must be a token, not {method!r}")
    fields = [make_field("Via", via), make_field("Max-Forwards", str(max_forwards))]
    fields += [make_field("Route", route) for route in routes]
    fields += [make_field("From", from_), make_field("To", to), make_field("Call-ID", call_id)]
    fields.append(make_field("CSeq", f"{cseq} {method}"))
    if contact:
        fields.append(make_field("Contact", contact))
    fields += [make_field(name, value) for name, value in headers]
    fields += _body_fields(body, content_type)
    return Request(method=method, uri=uri, fields=tuple(fields), body=body)


def build_response(
    request: Request,
    status: int,
    reason: str = "",
    *,
    to_tag: str = "",
    contact: str = "",
    record_route: bool = False,
    headers: HeaderPairs = (),
    body: bytes = b"",
    content_type: str = SDP,
) -> Response:
    """A response with what it must take over from its request (RFC 3261 section 8.2.6).

    `to_tag` is put behind the To field unless the request's To has a tag already; `record_route` copies the fields of
    that name, as responses that make a dialog do.
    """
    if not 100 <= status <= 699:
        raise UsageError(f"a status is 100 to 699, not {status}")
    reason = reason or reason_for(status)
    check_line(reason, what="the reason phrase")
    taken = _TAKEN_WITH_ROUTE if record_route else _TAKEN
    fields = [entry for entry in request.fields if entry.key in taken]
    if to_tag and not request.to.tag:
        fields = [_tagged(entry, to_tag) if entry.key == "to" else entry for entry in fields]
    if status == 100:
        fields += [entry for entry in request.fields if entry.key == "timestamp"]
    if contact:
        fields.append(make_field("Contact", contact))
    fields += [make_field(name, value) for name, value in headers]
    fields += _body_fields(body, content_type)
    return Response(status=status, reason=reason, fields=tuple(fields), body=body)


def build_ack(request: Request, response: Response) -> Request:
    """The ACK by which the transaction of an INVITE confirms a final response other than 2xx.

    Source: RFC 3261 section 17.1.1.3.
    """
    fields = [*_top_of(request, "ACK", "from"), *(entry for entry in response.fields if entry.key == "to")]
    return Request(method="ACK", uri=request.uri, fields=(*fields, *_body_fields(b"", "")))


def build_cancel(request: Request, headers: HeaderPairs = ()) -> Request:
    """The CANCEL that takes a request back.

    Source: RFC 3261 section 9.1.
    """
    fields = [*_top_of(request, "CANCEL", "from", "to"), *(make_field(name, value) for name, value in headers)]
    return Request(method="CANCEL", uri=request.uri, fields=(*fields, *_body_fields(b"", "")))


_TAKEN: Final = frozenset({"via", "from", "to", "call-id", "cseq"})
_TAKEN_WITH_ROUTE: Final = _TAKEN | {"record-route"}


def _top_of(request: Request, method: str, *copied: str) -> list[Field]:
    """The fields of a request that travels the way of `request`: one Via, its Routes, its number."""
    fields = [make_field("Via", str(request.via)), make_field("Max-Forwards", str(MAX_FORWARDS))]
    wanted = {"route", "call-id", *copied}
    fields += [entry for entry in request.fields if entry.key in wanted]
    fields.append(make_field("CSeq", str(CSeq(request.cseq.number, method))))
    return fields


def _tagged(entry: Field, tag: str) -> Field:
    return make_field("To", f"{entry.value};tag={tag}")


def _body_fields(body: bytes, content_type: str) -> list[Field]:
    if len(body) > MAX_BODY_OCTETS:
        raise UsageError(f"a body has at most {MAX_BODY_OCTETS} octets")
    length = make_field("Content-Length", str(len(body)))
    return [make_field("Content-Type", content_type), length] if body else [length]
